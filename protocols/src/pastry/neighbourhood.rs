//! The neighbourhood set (section 2.1): the nodes that are nearest by the proximity metric.

use sim_core::addr::{Address, NodeAddr};
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

    /// What stands for the distance of two nodes where proximity plays no part: a hash of both identifiers, so that each node
    /// prefers others than the next one does, and others in another run, whose identifiers are drawn anew. Were all equally far,
    /// everybody would have the entries of those who came first.
    #[inline]
    pub fn arbitrary(a: Id, b: Id) -> Self {
        let own = |id: Id| mix(mix(id.number() as u64) ^ (id.number() >> 64) as u64);
        // The same in both directions.
        Distance((mix(own(a).wrapping_add(own(b))) >> 33) as u32)
    }
}

/// The finaliser of SplitMix64 (Steele, Lea and Flood 2014).
fn mix(bits: u64) -> u64 {
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
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
pub struct Placed<A = NodeAddr> {
    /// Who.
    pub contact: Contact<A>,
    /// How far away.
    pub distance: Distance,
}

/// The neighbourhood set of a node: up to `|M|` contacts. It plays no part in routing but for the rare case, and keeps
/// routing tables local (section 2.5).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NeighbourhoodSet<A = NodeAddr> {
    me: Id,
    size: u16,
    /// The nearest first; of those equally near, whoever was known first.
    members: Vec<Placed<A>>,
}

impl<A: Address> NeighbourhoodSet<A> {
    /// The set of a node that knows nobody, for up to `size` contacts.
    pub fn new(me: Id, size: usize) -> Self {
        NeighbourhoodSet {
            me,
            size: u16::try_from(size).unwrap_or(u16::MAX),
            members: Vec::new(),
        }
    }

    /// Everybody in it, the nearest first.
    pub fn placed(&self) -> &[Placed<A>] {
        &self.members
    }

    /// Everybody in it, the nearest first.
    pub fn contacts(&self) -> impl Iterator<Item = Contact<A>> {
        self.members.iter().map(|member| member.contact)
    }

    /// Whether [`NeighbourhoodSet::offer`] would bring somebody in.
    pub fn would_take(&self, contact: Contact<A>, distance: Distance) -> bool {
        let last = usize::from(self.size).wrapping_sub(1);
        let nearer = self.members.get(last).is_none_or(|last| distance < last.distance);
        nearer && self.size > 0 && contact.id != self.me && self.contacts().all(|member| member.id != contact.id)
    }

    /// Takes a contact if there is room or it is nearer than another; tells whether anybody came or changed his address. A
    /// known identifier gets the new distance if it is no farther than the others.
    #[inline]
    pub fn offer(&mut self, contact: Contact<A>, distance: Distance) -> bool {
        let size = usize::from(self.size);
        // Most are too far away, and are not looked for.
        let farthest = self.members.get(size.wrapping_sub(1));
        if farthest.is_some_and(|farthest| farthest.distance < distance) {
            return false;
        }
        contact.id != self.me && size > 0 && self.place(contact, distance)
    }

    fn place(&mut self, contact: Contact<A>, distance: Distance) -> bool {
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
    pub fn remove(&mut self, addr: A) -> Option<Contact<A>> {
        let gone = self.members.extract_if(.., |member| member.contact.addr == addr);
        gone.last().map(|member| member.contact)
    }

    /// Bytes on the heap.
    pub fn heap_bytes(&self) -> usize {
        self.members.capacity() * size_of::<Placed<A>>()
    }

    /// Gives back what is allocated and not used.
    pub(super) fn shrink(&mut self) {
        self.members.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng;
    use sim_core::random::StreamKey;

    fn contact(id: u32) -> Contact {
        Contact {
            id: Id::new(u128::from(id)),
            addr: NodeAddr(id),
        }
    }

    fn distance(millis: u64) -> Distance {
        Distance::from(SimDuration::from_millis(millis))
    }

    #[test]
    fn the_nearest_stay() {
        let mut rng = StreamKey::root(11, 0).rng();
        for size in [0, 1, 5] {
            let mut set = NeighbourhoodSet::new(Id::new(0), size);
            let mut alive: Vec<(Distance, u32)> = Vec::new();
            for id in 1..200 {
                // Nobody is known twice, and no two are equally far.
                let far = distance(u64::from(rng.next_u32() % 1000 * 1000 + id));
                let would = set.would_take(contact(id), far);
                assert_eq!(set.offer(contact(id), far), would);
                alive.push((far, id));
                alive.sort();
                alive.truncate(size);
                if rng.next_u32().is_multiple_of(8) && !alive.is_empty() {
                    let (_, gone) = alive.remove(rng.next_u32() as usize % alive.len());
                    assert_eq!(set.remove(NodeAddr(gone)), Some(contact(gone)));
                }
                let expected: Vec<(Distance, u32)> = alive.clone();
                let kept = set
                    .placed()
                    .iter()
                    .map(|member| (member.distance, member.contact.addr.0));
                assert_eq!(kept.collect::<Vec<_>>(), expected);
            }
        }
    }

    #[test]
    fn a_known_identifier_moves_and_of_two_equally_far_the_first_stays() {
        let mut set = NeighbourhoodSet::new(Id::new(0), 2);
        assert!(!set.offer(contact(0), distance(1)), "a node is not in its own set");
        assert!(set.offer(contact(1), distance(5)) && set.offer(contact(2), distance(7)));
        assert!(!set.offer(contact(3), distance(7)));
        assert!(!set.offer(contact(2), distance(3)), "nobody came");
        assert_eq!(set.contacts().collect::<Vec<_>>(), [contact(2), contact(1)]);
        let moved = Contact {
            addr: NodeAddr(9),
            ..contact(1)
        };
        assert!(set.offer(moved, distance(5)));
        assert_eq!(set.contacts().collect::<Vec<_>>(), [contact(2), moved]);
    }

    #[test]
    fn distances_are_ordered_as_delays_are_and_never_unknown() {
        let delays = [0, 63, 64, 1_000_000, 274_000_000_000, u64::MAX];
        let distances = delays.map(|nanos| Distance::from(SimDuration::from_nanos(nanos)));
        assert!(distances.is_sorted() && distances[5] < Distance::UNKNOWN);
        assert!(distances[0] == distances[1] && distances[1] < distances[2]);
    }

    #[test]
    fn what_stands_for_a_distance_is_that_of_two_identifiers_in_either_order() {
        let ids = [3, 4, 5, 3 << 64, u128::MAX].map(Id::new);
        for (at, a) in ids.iter().enumerate() {
            let others = ids.iter().filter(|b| *b != a);
            let mut distances: Vec<Distance> = others.map(|b| Distance::arbitrary(*a, *b)).collect();
            assert!(
                ids.iter()
                    .all(|b| Distance::arbitrary(*a, *b) == Distance::arbitrary(*b, *a))
            );
            distances.sort();
            distances.dedup();
            assert_eq!(distances.len(), 4, "node {at} prefers one to the other");
            assert!(distances[3] < Distance::UNKNOWN);
        }
    }
}
