//! Chord as an overlay that layers can be put over.

use std::collections::BTreeMap;

use sim_core::addr::Address;
use sim_core::protocol::Ctx;

use super::{Chord, Config, Contact, Event, Id, Stage, Step};
use crate::id::IdSpace;
use crate::kbr::{KeyBased, Payload, Upcall};

/// The root of a key is the first member at or after it, and its replicas are that member's successors (as in CFS, Dabek et
/// al., SOSP 2001). A node looks forward: it knows the replicas of a key if it is the root, and cannot tell otherwise,
/// since it knows one predecessor and would need as many as there are replicas. A layer that holds copies at other ranks
/// asks the root whether they are still wanted.
impl<B: Payload, A: Address> KeyBased for Chord<B, A> {
    type Payload = B;

    fn upcall(event: Event<B, A>) -> Result<Upcall<B, A>, Event<B, A>> {
        Ok(match event {
            Event::Joined => Upcall::Joined,
            Event::JoinFailed(_) | Event::Isolated => Upcall::Out,
            Event::Delivered(message) => Upcall::Deliver(message),
            Event::Forward { message, next } => Upcall::Forward { message, next },
            Event::Undeliverable(message) => Upcall::Undeliverable(message),
            Event::Update { neighbour, joined } => Upcall::Update { neighbour, joined },
            Event::LookupDone { .. } | Event::LookupFailed { .. } | Event::Dropped(_) => return Err(event),
        })
    }

    fn space(config: &Config) -> IdSpace {
        config.space()
    }

    fn contact(&self) -> Contact<A> {
        self.me
    }

    fn next_hop(&self, config: &Config, key: Id) -> Step<A> {
        self.way(config, key)
    }

    fn neighbour_set(&self, config: &Config, max: usize) -> Vec<Contact<A>> {
        let space = config.space();
        let distance = |contact: &Contact<A>| {
            let clockwise = space.distance(self.me.id, contact.id);
            clockwise.min(space.distance(contact.id, self.me.id))
        };
        let mut neighbours = self.known_neighbours();
        neighbours.sort_by_key(|contact| (distance(contact), contact.id, contact.addr));
        neighbours.truncate(max);
        neighbours
    }

    fn replica_set(&self, _: &Config, key: Id, max_rank: usize) -> Vec<Contact<A>> {
        if !self.owns(key) {
            return Vec::new();
        }
        let replicas = std::iter::once(&self.me).chain(&self.successors);
        replicas.take(max_rank).copied().collect()
    }

    fn most_replicas(config: &Config) -> usize {
        config.successors + 1
    }

    fn is_root(&self, _: &Config, key: Id) -> bool {
        self.owns(key)
    }

    fn roots<N: Copy>(_: &Config, key: Id, members: &BTreeMap<u128, N>, max_rank: usize) -> Vec<N> {
        let clockwise = members.range(key.number()..).chain(members.range(..key.number()));
        clockwise.take(max_rank).map(|(_, addr)| *addr).collect()
    }
}

impl<B: Payload, A: Address> Chord<B, A> {
    /// The successors, and the predecessor if he is not among them.
    fn known_neighbours(&self) -> Vec<Contact<A>> {
        let apart = self
            .predecessor
            .filter(|predecessor| !self.successors.contains(predecessor));
        self.successors.iter().copied().chain(apart).collect()
    }

    /// Does something, and tells the layer above of neighbours that come and go by it, if it wants to know. Those that a
    /// node has when it becomes a member go without saying.
    #[inline]
    pub(super) fn watched(&mut self, ctx: &mut Ctx<'_, Self>, act: impl FnOnce(&mut Self, &mut Ctx<'_, Self>)) {
        if !B::UPDATE || self.stage != Stage::Member {
            return act(self, ctx);
        }
        let before = self.known_neighbours();
        act(self, ctx);
        if self.stage != Stage::Member {
            return;
        }
        let after = self.known_neighbours();
        let gone = before.iter().filter(|contact| !after.contains(contact));
        let come = after.iter().filter(|contact| !before.contains(contact));
        for (neighbour, joined) in gone.map(|gone| (*gone, false)).chain(come.map(|come| (*come, true))) {
            ctx.emit(Event::Update { neighbour, joined });
        }
    }
}
