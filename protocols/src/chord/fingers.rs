//! The finger table, kept as its distinct entries.
//!
//! Of the `bits` fingers of a node in a ring of `N` nodes about `log2 N` differ. Equal neighbours are kept as one run,
//! and the fingers that are the successor itself are not kept at all (see [`FingerStarts::first_beyond`]), so that a
//! node in a ring of a million takes about 20 entries of 24 bytes however wide the identifiers are.
//!
//! [`FingerStarts::first_beyond`]: super::ring::FingerStarts::first_beyond

use sim_core::addr::{Address, NodeAddr};

use super::ring::in_open;
use crate::id::{Contact, Id};

/// Fingers `first..=last`, all of which point to `contact`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Run<A> {
    contact: Contact<A>,
    first: u16,
    last: u16,
}

/// The finger table of a node: for each index, counted from zero, a contact or nothing known.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fingers<A = NodeAddr> {
    /// By index, without overlaps.
    runs: Vec<Run<A>>,
}

impl<A: Address> Default for Fingers<A> {
    fn default() -> Self {
        Fingers::new()
    }
}

impl<A: Address> Fingers<A> {
    /// Nothing known.
    pub const fn new() -> Self {
        Fingers { runs: Vec::new() }
    }

    /// The finger with this index, if it is known.
    pub fn get(&self, index: u16) -> Option<Contact<A>> {
        let run = self.runs.iter().find(|run| (run.first..=run.last).contains(&index))?;
        Some(run.contact)
    }

    /// Points a finger to a contact.
    pub fn set(&mut self, index: u16, contact: Contact<A>) {
        if self.get(index) == Some(contact) {
            return;
        }
        self.forget(index);
        let at = self.runs.partition_point(|run| run.last < index);
        let extends_previous = at > 0 && {
            let previous = self.runs[at - 1];
            previous.contact == contact && previous.last + 1 == index
        };
        let extends_next = self
            .runs
            .get(at)
            .is_some_and(|next| next.contact == contact && next.first == index + 1);
        match (extends_previous, extends_next) {
            (true, true) => {
                self.runs[at - 1].last = self.runs[at].last;
                self.runs.remove(at);
            }
            (true, false) => self.runs[at - 1].last = index,
            (false, true) => self.runs[at].first = index,
            (false, false) => {
                self.runs.insert(
                    at,
                    Run {
                        contact,
                        first: index,
                        last: index,
                    },
                );
            }
        }
    }

    /// Forgets a finger.
    pub fn forget(&mut self, index: u16) {
        let Some(at) = self.runs.iter().position(|run| (run.first..=run.last).contains(&index)) else {
            return;
        };
        let run = self.runs[at];
        match (run.first == index, run.last == index) {
            (true, true) => {
                self.runs.remove(at);
            }
            (true, false) => self.runs[at].first = index + 1,
            (false, true) => self.runs[at].last = index - 1,
            (false, false) => {
                self.runs[at].last = index - 1;
                self.runs.insert(
                    at + 1,
                    Run {
                        first: index + 1,
                        ..run
                    },
                );
            }
        }
    }

    /// Forgets the fingers before an index.
    pub fn forget_before(&mut self, index: u16) {
        self.runs.retain(|run| run.last >= index);
        if let Some(run) = self.runs.first_mut() {
            run.first = run.first.max(index);
        }
    }

    /// Forgets all fingers that point to a node.
    pub(super) fn forget_node(&mut self, addr: A) {
        self.runs.retain(|run| run.contact.addr != addr);
    }

    /// The farthest finger that lies strictly between `me` and `key` and is not to be avoided.
    #[inline]
    pub fn closest_preceding(&self, me: Id, key: Id, avoid: &[A]) -> Option<Contact<A>> {
        let contacts = self.runs.iter().rev().map(|run| run.contact);
        contacts
            .into_iter()
            .find(|contact| in_open(me, contact.id, key) && (avoid.is_empty() || !avoid.contains(&contact.addr)))
    }

    /// The distinct neighbouring entries, by index.
    pub fn contacts(&self) -> impl Iterator<Item = Contact<A>> {
        self.runs.iter().map(|run| run.contact)
    }

    /// The distinct neighbouring entries, by index, each with the last index that points to it.
    pub(super) fn last_indices(&self) -> impl Iterator<Item = (u16, Contact<A>)> {
        self.runs.iter().map(|run| (run.last, run.contact))
    }

    /// Bytes on the heap.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.runs.capacity() * size_of::<Run<A>>()
    }

    /// Gives back what is allocated and not used.
    pub(crate) fn shrink(&mut self) {
        self.runs.shrink_to_fit();
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

    #[test]
    fn a_table_of_runs_behaves_as_an_array_of_entries() {
        let mut rng = StreamKey::root(7, 0).rng();
        for _ in 0..200 {
            let mut array = [None; 12];
            let mut fingers = Fingers::new();
            for _ in 0..60 {
                let index = (rng.next_u32() % 12) as u16;
                match rng.next_u32() % 5 {
                    0 => {
                        array[usize::from(index)] = None;
                        fingers.forget(index);
                    }
                    1 if index < 3 => {
                        array[..usize::from(index)].fill(None);
                        fingers.forget_before(index);
                    }
                    _ => {
                        let value = contact(rng.next_u32() % 3);
                        array[usize::from(index)] = Some(value);
                        fingers.set(index, value);
                    }
                }
                let kept: Vec<_> = (0..12).map(|index| fingers.get(index)).collect();
                assert_eq!(kept, array);
                let distinct = array.chunk_by(|a, b| a == b).filter(|chunk| chunk[0].is_some()).count();
                assert_eq!(fingers.runs.len(), distinct, "runs are merged: {array:?}");
            }
        }
    }

    #[test]
    fn the_closest_preceding_finger_is_the_farthest_before_the_key() {
        let mut fingers = Fingers::new();
        for (index, id) in [(3, 10), (4, 20), (5, 40)] {
            fingers.set(index, contact(id));
        }
        let closest = |key, avoid: &[NodeAddr]| fingers.closest_preceding(Id::new(1), Id::new(key), avoid);
        assert_eq!(closest(40, &[]), Some(contact(20)));
        assert_eq!(closest(41, &[]), Some(contact(40)));
        assert_eq!(closest(41, &[NodeAddr(40), NodeAddr(20)]), Some(contact(10)));
        assert_eq!(closest(10, &[]), None);
        assert_eq!(
            closest(1, &[]),
            Some(contact(40)),
            "a key that is the node's own identifier lies behind the whole ring"
        );
    }

    #[test]
    fn an_entry_takes_twenty_four_bytes() {
        assert_eq!(size_of::<Run<NodeAddr>>(), 24);
    }
}
