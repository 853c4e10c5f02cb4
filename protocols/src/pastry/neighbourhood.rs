//! The neighbourhood set (section 2.1): the nodes that are nearest by the proximity metric.

use sim_core::addr::NodeAddr;
use sim_core::time::SimDuration;

use crate::id::{Contact, Id};

/// How far away a node is by the proximity metric: a delay, to 64 ns, at most 274 s. The table of a node has a hundred.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Distance(u32);

impl Distance {
    /// Not known: farther than any that is.
    pub const UNKNOWN: Distance = Distance(u32::MAX);

    const NANOS: u64 = 64;

    /// The delay, if it is known.
    pub fn delay(self) -> Option<SimDuration> {
        (self != Distance::UNKNOWN).then(|| SimDuration::from_nanos(u64::from(self.0) * Self::NANOS))
    }
}

impl From<SimDuration> for Distance {
    #[inline]
    fn from(delay: SimDuration) -> Self {
        let units = delay.as_nanos() / Self::NANOS;
        Distance(u32::try_from(units).map_or(u32::MAX - 1, |units| units.min(u32::MAX - 1)))
    }
}

/// A contact, and how far away it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Placed {
    /// Who.
    pub contact: Contact,
    /// How far away.
    pub distance: Distance,
}

/// The neighbourhood set of a node: up to `|M|` contacts. It plays no part in routing but for the rare case, and keeps
/// routing tables local (section 2.5).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NeighbourhoodSet {
    me: Id,
    size: u16,
    /// The nearest first; of those equally near, whoever was known first.
    members: Vec<Placed>,
}

impl NeighbourhoodSet {
    /// The set of a node that knows nobody, for up to `size` contacts.
    pub fn new(me: Id, size: usize) -> Self {
        NeighbourhoodSet {
            me,
            size: u16::try_from(size).unwrap_or(u16::MAX),
            members: Vec::new(),
        }
    }

    /// Everybody in it, the nearest first.
    pub fn placed(&self) -> &[Placed] {
        &self.members
    }

    /// Everybody in it, the nearest first.
    pub fn contacts(&self) -> impl Iterator<Item = Contact> {
        self.members.iter().map(|member| member.contact)
    }

    /// Whether [`NeighbourhoodSet::offer`] would bring somebody in.
    pub fn would_take(&self, contact: Contact, distance: Distance) -> bool {
        let last = usize::from(self.size).wrapping_sub(1);
        let nearer = self.members.get(last).is_none_or(|last| distance < last.distance);
        nearer && self.size > 0 && contact.id != self.me && self.contacts().all(|member| member.id != contact.id)
    }

    /// Takes a contact if there is room or it is nearer than another; tells whether anybody came or changed his address. A
    /// known identifier gets the new distance if it is no farther than the others.
    #[inline]
    pub fn offer(&mut self, contact: Contact, distance: Distance) -> bool {
        let size = usize::from(self.size);
        // Most are too far away, and are not looked for.
        if self
            .members
            .get(size.wrapping_sub(1))
            .is_some_and(|last| last.distance < distance)
        {
            return false;
        }
        contact.id != self.me && self.size > 0 && self.place(contact, distance)
    }

    fn place(&mut self, contact: Contact, distance: Distance) -> bool {
        let size = usize::from(self.size);
        let known = self.members.iter().position(|member| member.contact.id == contact.id);
        let before = known.map(|at| self.members.remove(at).contact);
        let at = self.members.partition_point(|member| member.distance <= distance);
        if at == size {
            return false;
        }
        self.members.truncate(size - 1);
        if self.members.len() == self.members.capacity() {
            self.members.reserve_exact((size - self.members.len()).min(8));
        }
        self.members.insert(at, Placed { contact, distance });
        before != Some(contact)
    }

    /// Forgets whoever has this address, and tells who it was: the last, if it was known by several identifiers.
    pub fn remove(&mut self, addr: NodeAddr) -> Option<Contact> {
        let gone = self.members.extract_if(.., |member| member.contact.addr == addr);
        gone.last().map(|member| member.contact)
    }

    /// Bytes on the heap.
    pub fn heap_bytes(&self) -> usize {
        self.members.capacity() * size_of::<Placed>()
    }

    /// Gives back what is allocated and not used.
    pub(super) fn shrink(&mut self) {
        self.members.shrink_to_fit();
    }
}
