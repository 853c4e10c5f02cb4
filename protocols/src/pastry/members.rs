//! All members of a network: who owns what.

use sim_core::addr::{Address, NodeAddr};

use super::Config;
use super::digits::Digits;
use super::leaf_set::LeafSet;
use super::tables::Tables;
use crate::id::{Contact, Id, IdSpace};

/// All members of a network, by identifier: what an oracle says of them.
#[derive(Clone, Debug)]
pub struct Members<A = NodeAddr> {
    space: IdSpace,
    leaves_a_side: usize,
    sorted: Vec<Contact<A>>,
}

impl<A: Address> Members<A> {
    /// These members. Of members with the same identifier one is taken.
    pub fn new(config: &Config, members: impl IntoIterator<Item = Contact<A>>) -> Self {
        let mut sorted: Vec<Contact<A>> = members.into_iter().collect();
        sorted.sort_by_key(|contact| (contact.id, contact.addr));
        sorted.dedup_by_key(|contact| contact.id);
        Members {
            space: config.space(),
            leaves_a_side: config.leaves_a_side(),
            sorted,
        }
    }

    /// The members, by identifier.
    pub fn contacts(&self) -> &[Contact<A>] {
        &self.sorted
    }

    /// Whether a contact is a member, at this address.
    pub fn contains(&self, contact: Contact<A>) -> bool {
        let found = self.sorted.binary_search_by_key(&contact.id, |member| member.id);
        found.is_ok_and(|at| self.sorted[at].addr == contact.addr)
    }

    /// The true owner of a key: the numerically closest member. None if there are no members.
    pub fn owner(&self, key: Id) -> Option<Contact<A>> {
        let after = self.sorted.partition_point(|member| member.id < key);
        let before = after.checked_sub(1).or(self.sorted.len().checked_sub(1))?;
        let near = [self.sorted[before], self.sorted[after % self.sorted.len()]];
        near.into_iter()
            .min_by_key(|member| self.space.nearness(key, member.id))
    }

    /// The leaf set of a node with this identifier when nobody is missing.
    pub fn leaf_set(&self, me: Contact<A>) -> LeafSet<A> {
        let mut set = LeafSet::new(me, self.space, self.leaves_a_side);
        let after = self.sorted.partition_point(|member| member.id < me.id);
        let (before, after) = self.sorted.split_at(after);
        // One more, since the node itself may be among them.
        let each_side = self.leaves_a_side.saturating_add(1);
        let clockwise = after.iter().chain(before).take(each_side);
        let counterclockwise = before.iter().rev().chain(after.iter().rev()).take(each_side);
        for contact in clockwise.chain(counterclockwise) {
            set.insert(*contact);
        }
        set
    }

    /// The tables of a node that has a leaf set only.
    pub(super) fn leaves_only(&self, config: &Config, me: Contact<A>) -> Tables<A> {
        let mut tables = Tables::new(config, me);
        tables.leaf_set = self.leaf_set(me);
        tables
    }

    /// The members that share the digits of an identifier before a place.
    fn sharing(&self, id: Id, digits: Digits, place: u8) -> &[Contact<A>] {
        let shared = |member: &Contact<A>| digits.shared_prefix(member.id, id) >= place;
        let from = self.sorted.partition_point(|member| member.id < id && !shared(member));
        let rest = &self.sorted[from..];
        &rest[..rest.partition_point(shared)]
    }

    /// Of each cell of a node's routing table for which there is a member, one that fits.
    pub(super) fn one_a_cell(&self, me: Id, digits: Digits) -> Vec<Contact<A>> {
        let mut fitting = Vec::new();
        for row in 0..digits.count() {
            let mut rest = self.sharing(me, digits, row);
            if rest.iter().all(|member| member.id == me) {
                break;
            }
            while let Some(first) = rest.first() {
                if digits.shared_prefix(first.id, me) == row {
                    fitting.push(*first);
                }
                rest = &rest[rest.partition_point(|member| digits.shared_prefix(member.id, first.id) > row)..];
            }
        }
        fitting
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng;
    use sim_core::addr::NodeAddr;
    use sim_core::random::StreamKey;
    use std::collections::BTreeSet;

    /// Owners, leaf sets and cells of random members on a ring of 64, by their definitions.
    #[test]
    fn what_the_oracle_says_follows_from_the_definitions() {
        let config = Config {
            id_bits: 6,
            b: 2,
            leaf_set: 4,
            ..Config::default()
        };
        let mut rng = StreamKey::root(13, 0).rng();
        for _ in 0..300 {
            let contact = |id: u32| Contact {
                id: Id::new(u128::from(id)),
                addr: NodeAddr(1000 - id),
            };
            let all: Vec<Contact> = (0..1 + rng.next_u32() % 30)
                .map(|_| contact(rng.next_u32() % 64))
                .collect();
            let members = Members::new(&config, all.iter().copied().chain(all.iter().copied()));
            for key in (0..64).map(Id::new) {
                let nearest = all
                    .iter()
                    .copied()
                    .min_by_key(|member| config.space().nearness(key, member.id));
                assert_eq!(members.owner(key), nearest);
            }
            for me in (0..64).map(contact) {
                let mut exact = LeafSet::new(me, config.space(), 2);
                let mut cells = BTreeSet::new();
                for other in &all {
                    exact.insert(*other);
                    cells.extend(Tables::new(&config, me).routing_table.cell(other.id));
                }
                assert_eq!(members.leaf_set(me), exact);
                let digits = config.digits();
                let fitting = members.one_a_cell(me.id, digits).into_iter();
                let fitting: Vec<_> = fitting
                    .map(|member| {
                        Tables::new(&config, me)
                            .routing_table
                            .cell(member.id)
                            .expect("another node")
                    })
                    .collect();
                assert_eq!(fitting, cells.into_iter().collect::<Vec<_>>(), "each once, by cell");
                assert_eq!(members.contains(me), all.contains(&me));
            }
        }
        let nobody = Members::<NodeAddr>::new(&config, []);
        assert_eq!(nobody.owner(Id::new(5)), None);
    }
}
