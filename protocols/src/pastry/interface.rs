//! What Pastry offers to the layers above: [`KeyBased`].

use std::collections::BTreeMap;

use sim_core::addr::NodeAddr;

use super::{Config, Event, Pastry};
use crate::id::{Contact, Id, IdSpace};
use crate::kbr::{KeyBased, Payload, Step, Upcall};

impl<B: Payload> KeyBased for Pastry<B> {
    type Payload = B;

    fn upcall(event: Event<B>) -> Result<Upcall<B>, Event<B>> {
        event.upcall()
    }

    fn space(config: &Config) -> IdSpace {
        config.space()
    }

    fn contact(&self) -> Contact {
        self.me()
    }

    fn next_hop(&self, config: &Config, key: Id) -> Step {
        self.tables.next_hop(config, key, &[])
    }

    /// The leaf set, by numerical closeness.
    fn neighbour_set(&self, _: &Config, max: usize) -> Vec<Contact> {
        let me = self.me();
        let closest = self.tables.leaf_set.closest_first(me.id);
        closest.filter(|contact| *contact != me).take(max).collect()
    }

    /// The numerically closest to the key of the leaf set and the node itself. What is said of ranks up to half the size of
    /// the leaf set is as right as the leaf set.
    fn replica_set(&self, _: &Config, key: Id, max_rank: usize) -> Vec<Contact> {
        let replicas: Vec<Contact> = self.tables.leaf_set.closest_first(key).take(max_rank).collect();
        if replicas.contains(&self.me()) {
            replicas
        } else {
            Vec::new()
        }
    }

    /// The numerically closest members on the ring; of two equally far from the key the one after it comes first.
    fn roots(config: &Config, key: Id, members: &BTreeMap<u128, NodeAddr>, max_rank: usize) -> Vec<NodeAddr> {
        let space = config.space();
        let number = key.number();
        let clockwise = members.range(number..).chain(members.range(..number));
        let counterclockwise = members.range(..number).rev().chain(members.range(number..).rev());
        let (mut after, mut before) = (clockwise.peekable(), counterclockwise.peekable());
        let nearness = |member: Option<&(&u128, &NodeAddr)>| member.map(|(id, _)| space.nearness(key, Id::new(**id)));
        let count = max_rank.min(members.len());
        let roots = (0..count).filter_map(|_| {
            let next = if nearness(after.peek()) <= nearness(before.peek()) {
                after.next()
            } else {
                before.next()
            };
            next.map(|(_, addr)| *addr)
        });
        roots.collect()
    }
}
