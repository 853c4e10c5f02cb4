//! Rings built in bulk: the tables that joins and stabilisation end with, computed from the list of all nodes.

use sim_core::addr::{Address, NodeAddr};

use super::fingers::Fingers;
use super::ring::FingerStarts;
use super::{Config, Tables};
use crate::id::{Contact, Id};

/// All members of a ring, by identifier: who owns what, and the tables of a node that knows its place perfectly.
#[derive(Clone, Debug)]
pub struct Ring<A = NodeAddr> {
    starts: FingerStarts,
    successors: usize,
    /// How many nodes from a finger on are looked at.
    samples: usize,
    members: Vec<Contact<A>>,
}

impl<A: Address> Ring<A> {
    /// The ring of these members. Of members with the same identifier one is taken.
    pub fn new(config: &Config, members: impl IntoIterator<Item = Contact<A>>) -> Self {
        let mut members: Vec<Contact<A>> = members.into_iter().collect();
        members.sort_by_key(|contact| (contact.id, contact.addr));
        members.dedup_by_key(|contact| contact.id);
        Ring {
            starts: config.finger_starts(),
            successors: config.successors,
            samples: config.proximity.map_or(1, |proximity| proximity.samples),
            members,
        }
    }

    /// The members, by identifier.
    pub fn members(&self) -> &[Contact<A>] {
        &self.members
    }

    /// The true owner of a key: the first member at or after it. None if there are no members.
    pub fn owner(&self, key: Id) -> Option<Contact<A>> {
        let at = self.members.partition_point(|contact| contact.id < key);
        self.members.get(at).or(self.members.first()).copied()
    }

    /// The tables that a member with this identifier has when its ring is ideal: every pointer as it should be.
    pub fn tables(&self, id: Id) -> Tables<A> {
        let len = self.members.len();
        let after = self.members.partition_point(|contact| contact.id <= id);
        let others = len - usize::from(after > 0 && self.members[after - 1].id == id);
        let successors: Vec<Contact<A>> = (0..others.min(self.successors))
            .map(|step| self.members[(after + step) % len])
            .collect();
        let predecessor = (others > 0).then(|| self.members[(after + others - 1) % len]);
        let mut fingers = Fingers::new();
        if let Some(successor) = successors.first() {
            for index in self.starts.first_beyond(id, successor.id)..self.starts.count() {
                match self.owner(self.starts.start(id, index)) {
                    Some(owner) if owner.id != id => fingers.set(index, owner),
                    _ => {}
                }
            }
        }
        fingers.shrink();
        let followers = |finger: Contact<A>| self.after(finger.id).take(self.samples - 1).collect();
        let followers = if self.samples > 1 {
            fingers.contacts().map(followers).collect()
        } else {
            Vec::new()
        };
        Tables {
            predecessor,
            successors,
            fingers,
            followers,
        }
    }

    /// The members after this identifier, clockwise, up to its own.
    fn after(&self, id: Id) -> impl Iterator<Item = Contact<A>> {
        let (before, after) = self
            .members
            .split_at(self.members.partition_point(|contact| contact.id <= id));
        let all = after.iter().chain(before).copied();
        all.take_while(move |contact| contact.id != id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::addr::NodeAddr;

    fn ring(ids: &[u128]) -> Ring {
        let config = Config {
            id_bits: 3,
            successors: 2,
            ..Config::default()
        };
        let contact = |id: &u128| Contact {
            id: Id::new(*id),
            addr: NodeAddr(*id as u32),
        };
        Ring::new(&config, ids.iter().map(contact))
    }

    /// ToN, Fig. 3b and Fig. 4: the ring of nodes 0, 1 and 3 with three bits, as in 2001, Fig. 3.
    #[test]
    fn tables_are_those_of_the_papers_example() {
        let ring = ring(&[0, 1, 3]);
        let owners: Vec<u32> = (0..8)
            .filter_map(|key| ring.owner(Id::new(key)))
            .map(|owner| owner.addr.0)
            .collect();
        assert_eq!(owners, [0, 1, 3, 3, 0, 0, 0, 0]);
        let finger = |id: u128, index| {
            ring.tables(Id::new(id))
                .fingers
                .get(index)
                .map(|contact| contact.addr.0)
        };
        // Node 0: 1, 3, 0. The first is its successor, the last one itself: both are left out.
        assert_eq!([finger(0, 0), finger(0, 1), finger(0, 2)], [None, Some(3), None]);
        // Node 1: 3, 3, 0.
        assert_eq!([finger(1, 0), finger(1, 1), finger(1, 2)], [None, None, Some(0)]);
        // Node 3: 0, 0, 0, its successor.
        assert_eq!([finger(3, 0), finger(3, 1), finger(3, 2)], [None, None, None]);
        let tables = ring.tables(Id::new(1));
        assert_eq!(tables.predecessor.map(|contact| contact.addr.0), Some(0));
        assert_eq!(
            tables
                .successors
                .iter()
                .map(|contact| contact.addr.0)
                .collect::<Vec<_>>(),
            [3, 0]
        );
    }

    #[test]
    fn a_node_alone_knows_nobody() {
        assert_eq!(ring(&[5]).tables(Id::new(5)), Tables::default());
    }
}
