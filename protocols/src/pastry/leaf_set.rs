//! The leaf set (section 2.1): the nodes whose identifiers are numerically closest, as many smaller ones as larger ones.

use sim_core::addr::{Address, NodeAddr};

use crate::id::{Contact, Id, IdSpace};

/// One of the two directions from a node around the ring.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Side {
    /// Counterclockwise.
    Smaller,
    /// Clockwise.
    Larger,
}

impl Side {
    /// The other direction.
    pub fn opposite(self) -> Self {
        match self {
            Side::Smaller => Side::Larger,
            Side::Larger => Side::Smaller,
        }
    }
}

/// The leaf set of a node: up to half of `|L|` contacts on either side.
///
/// While a node knows fewer than `|L|` others, the two sides together go around the whole ring and overlap: each takes the
/// nearest half of all that is known, and the set covers every key. Once both sides are full and share nobody, they stay
/// apart, also when some members are forgotten: what is missing then is to be asked of the farthest on that side
/// (section 2.4), not to be made up from the other one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LeafSet<A = NodeAddr> {
    me: Contact<A>,
    space: IdSpace,
    /// How many contacts a side holds.
    half: u32,
    /// Whether the two sides together go around the ring.
    wraps: bool,
    /// How many are on the larger side, if the sides do not wrap.
    larger: u32,
    /// Clockwise from the node.
    members: Vec<Contact<A>>,
}

impl<A: Address> LeafSet<A> {
    /// The longest set that grows by a few places at a time.
    const GROWS_EXACTLY: usize = 1024;

    /// The leaf set of a node that knows nobody, with up to `half` contacts a side.
    pub fn new(me: Contact<A>, space: IdSpace, half: usize) -> Self {
        LeafSet {
            me,
            space,
            half: u32::try_from(half.max(1)).unwrap_or(u32::MAX),
            wraps: true,
            larger: 0,
            members: Vec::new(),
        }
    }

    /// The node whose leaf set it is.
    #[inline]
    pub fn me(&self) -> Contact<A> {
        self.me
    }

    /// Everybody in it, clockwise from the node.
    pub fn contacts(&self) -> &[Contact<A>] {
        &self.members
    }

    /// The smaller side, the nearest first.
    pub fn smaller(&self) -> impl Iterator<Item = Contact<A>> {
        self.members.iter().rev().take(self.side_len(Side::Smaller)).copied()
    }

    /// The larger side, the nearest first.
    pub fn larger(&self) -> impl Iterator<Item = Contact<A>> {
        self.members.iter().take(self.side_len(Side::Larger)).copied()
    }

    /// The farthest on a side.
    pub fn farthest(&self, side: Side) -> Option<Contact<A>> {
        let len = self.side_len(side);
        let at = match side {
            Side::Smaller => self.members.len() - len,
            Side::Larger => len.wrapping_sub(1),
        };
        (len > 0).then(|| self.members[at])
    }

    /// Whether a side has lost members for which it has no others: the farthest on it is to be asked.
    pub fn lacks(&self, side: Side) -> bool {
        !self.wraps && self.side_len(side) < self.half as usize
    }

    /// Whether the two sides together go around the whole ring, as far as the node knows.
    pub fn wraps(&self) -> bool {
        self.wraps
    }

    fn side_len(&self, side: Side) -> usize {
        match (self.wraps, side) {
            (true, _) => self.members.len().min(self.half as usize),
            (false, Side::Larger) => self.larger as usize,
            (false, Side::Smaller) => self.members.len() - self.larger as usize,
        }
    }

    /// Where a contact with this identifier is, or would be. The node itself is before all others.
    fn position(&self, id: Id) -> Result<usize, usize> {
        let from_me = |contact: &Contact<A>| self.space.distance(self.me.id, contact.id);
        let wanted = self.space.distance(self.me.id, id);
        self.members.binary_search_by_key(&wanted, from_me)
    }

    /// Whether a contact would be taken: whether [`LeafSet::insert`] would change anything.
    pub fn would_take(&self, contact: Contact<A>) -> bool {
        if contact.id == self.me.id {
            return false;
        }
        match self.position(contact.id) {
            Ok(at) => self.members[at].addr != contact.addr,
            Err(_) if self.wraps => true,
            Err(at) => {
                let full = self.members.len() >= 2 * self.half as usize;
                at != self.larger as usize || !full
            }
        }
    }

    /// Takes a contact, if it is nearer than another one on its side or there is room; tells whether anything changed.
    ///
    /// A known identifier keeps its place, with the new address.
    pub fn insert(&mut self, contact: Contact<A>) -> bool {
        if contact.id == self.me.id {
            return false;
        }
        match self.position(contact.id) {
            Ok(at) => std::mem::replace(&mut self.members[at].addr, contact.addr) != contact.addr,
            Err(at) if self.wraps => {
                self.put(at, contact);
                let half = self.half as usize;
                if self.members.len() > 2 * half {
                    // Neither among the first half nor among the last.
                    self.members.remove(half);
                }
                if self.members.len() == 2 * half {
                    (self.wraps, self.larger) = (false, self.half);
                }
                true
            }
            Err(at) => self.insert_apart(at, contact),
        }
    }

    /// Takes a contact where the sides do not wrap.
    fn insert_apart(&mut self, at: usize, contact: Contact<A>) -> bool {
        let (half, larger) = (self.half as usize, self.larger as usize);
        let smaller = self.members.len() - larger;
        let joins_larger = match at.cmp(&larger) {
            std::cmp::Ordering::Less => true,
            std::cmp::Ordering::Greater => false,
            // Beyond the farthest of both sides: to the side with room, the nearer one if both have.
            std::cmp::Ordering::Equal => match (smaller < half, larger < half) {
                (false, false) => return false,
                (smaller_has_room, larger_has_room) => {
                    let after = self.space.distance(self.me.id, contact.id);
                    let before = self.space.distance(contact.id, self.me.id);
                    larger_has_room && (!smaller_has_room || after <= before)
                }
            },
        };
        self.put(at, contact);
        // Whoever is pushed off his side goes to the end of the other if there is room, and is forgotten if not.
        match joins_larger {
            true if larger < half => self.larger += 1,
            true if smaller < half => {}
            true => drop(self.members.remove(half)),
            false if smaller < half => {}
            false if larger < half => self.larger += 1,
            false => drop(self.members.remove(larger)),
        }
        true
    }

    fn put(&mut self, at: usize, contact: Contact<A>) {
        if self.members.len() == self.members.capacity() {
            // Most sets fill up and never grow any more; those that hold everybody grow as vectors do.
            let room = (2 * self.half as usize + usize::from(self.wraps)).saturating_sub(self.members.len());
            if room <= Self::GROWS_EXACTLY {
                self.members.reserve_exact(room.clamp(1, 8));
            }
        }
        self.members.insert(at, contact);
    }

    /// Forgets whoever has this address, and tells who it was: the last, if it was known by several identifiers.
    pub fn remove(&mut self, addr: A) -> Option<Contact<A>> {
        let mut removed = None;
        while let Some(at) = self.members.iter().position(|contact| contact.addr == addr) {
            if !self.wraps && at < self.larger as usize {
                self.larger -= 1;
            }
            removed = Some(self.members.remove(at));
        }
        removed
    }

    /// Takes note that nobody is there whom the node does not know: where the set [lacks](LeafSet::lacks) members, and the
    /// farthest on that side knows none, the two sides meet, and share what there is.
    pub fn close(&mut self) {
        self.wraps |= self.members.len() < 2 * self.half as usize;
    }

    /// Whether a key is within the range of the leaf set (Table 1, line 1), its ends included.
    #[inline]
    pub fn covers(&self, key: Id) -> bool {
        self.reach()
            .is_none_or(|(first, last)| self.space.distance(first, key) <= self.space.distance(first, last))
    }

    /// The ends of the range of the leaf set; none if that is the whole ring.
    #[inline]
    pub fn reach(&self) -> Option<(Id, Id)> {
        let end = |side| self.farthest(side).unwrap_or(self.me).id;
        (!self.wraps).then(|| (end(Side::Smaller), end(Side::Larger)))
    }

    /// The members and the node itself, the numerically closest to a key first.
    pub fn closest_first(&self, key: Id) -> impl Iterator<Item = Contact<A>> {
        // The ring of all that are known, the node itself at zero.
        let count = self.members.len() + 1;
        let known = move |at: usize| at.checked_sub(1).map_or(self.me, |at| self.members[at]);
        let mut after = match self.position(key) {
            _ if key == self.me.id => 0,
            Ok(at) | Err(at) => (at + 1) % count,
        };
        let mut before = (after + count - 1) % count;
        (0..count).map(move |_| {
            let (next, last) = (known(after), known(before));
            if self.space.distance(key, next.id) <= self.space.distance(last.id, key) {
                after = (after + 1) % count;
                next
            } else {
                before = (before + count - 1) % count;
                last
            }
        })
    }

    /// The numerically closest to a key of the members and the node itself, but for those to be avoided. The node itself is
    /// never avoided.
    #[inline]
    pub fn closest(&self, key: Id, avoid: &[A]) -> Contact<A> {
        let mut closest = self.closest_first(key);
        let found = closest.find(|contact| *contact == self.me || !avoid.contains(&contact.addr));
        found.unwrap_or(self.me)
    }

    /// Bytes on the heap.
    pub fn heap_bytes(&self) -> usize {
        self.members.capacity() * size_of::<Contact<A>>()
    }

    /// Gives back what is allocated and not used.
    pub(super) fn shrink(&mut self) {
        self.members.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests;
