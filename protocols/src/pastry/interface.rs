//! What Pastry offers to the layers above: [`KeyBased`].

use std::collections::BTreeMap;

use sim_core::addr::Address;

use super::{Config, Event, Pastry};
use crate::id::{Contact, Id, IdSpace};
use crate::kbr::{KeyBased, Payload, Step, Upcall};

impl<B: Payload, A: Address> KeyBased for Pastry<B, A> {
    type Payload = B;

    fn upcall(event: Event<B, A>) -> Result<Upcall<B, A>, Event<B, A>> {
        event.upcall()
    }

    fn space(config: &Config) -> IdSpace {
        config.space()
    }

    fn contact(&self) -> Contact<A> {
        self.me()
    }

    fn next_hop(&self, config: &Config, key: Id) -> Step<A> {
        self.tables.next_hop(config, key, &[])
    }

    /// The leaf set, by numerical closeness.
    fn neighbour_set(&self, _: &Config, max: usize) -> Vec<Contact<A>> {
        let me = self.me();
        let closest = self.tables.leaf_set.closest_first(me.id);
        closest.filter(|contact| *contact != me).take(max).collect()
    }

    /// The numerically closest to the key of the leaf set and the node itself, as far as nobody whom the node does not know can
    /// be closer: up to the nearer end of the leaf set.
    fn replica_set(&self, config: &Config, key: Id, max_rank: usize) -> Vec<Contact<A>> {
        let (leaf_set, space) = (&self.tables.leaf_set, config.space());
        let ends = leaf_set.reach().filter(|_| leaf_set.covers(key));
        let nearest_end = ends.map(|(first, last)| space.nearness(key, first).min(space.nearness(key, last)));
        let known = |contact: &Contact<A>| match nearest_end {
            Some(end) => space.nearness(key, contact.id) <= end,
            None => leaf_set.wraps(),
        };
        let replicas: Vec<Contact<A>> = leaf_set.closest_first(key).take(max_rank).take_while(known).collect();
        if replicas.contains(&self.me()) {
            replicas
        } else {
            Vec::new()
        }
    }

    /// So many as lie on the shorter side of a leaf set, and the node itself.
    fn most_replicas(config: &Config) -> usize {
        config.leaf_set / 2 + 1
    }

    /// The numerically closest members on the ring; of two equally far from the key the one after it comes first.
    fn roots<N: Copy>(config: &Config, key: Id, members: &BTreeMap<u128, N>, max_rank: usize) -> Vec<N> {
        let space = config.space();
        let number = key.number();
        let clockwise = members.range(number..).chain(members.range(..number));
        let counterclockwise = members.range(..number).rev().chain(members.range(number..).rev());
        let (mut after, mut before) = (clockwise.peekable(), counterclockwise.peekable());
        let nearness = |member: Option<&(&u128, &N)>| member.map(|(id, _)| space.nearness(key, Id::new(**id)));
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
