//! Heartbeats between neighbours on the ring (2001, section 2.4).

use sim_core::addr::Address;
use sim_core::protocol::Ctx;

use super::ask::Ask;
use super::wire::{Part, State};
use super::{LeafSet, Msg, Pastry, Timer};
use crate::id::{Contact, Id};
use crate::kbr::Payload;
use crate::request::RequestId;

/// An exchange of leaf sets after which neither side knew of anybody whom the other one misses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Exchange<A> {
    with: A,
    /// The versions of both leaf sets.
    theirs: u32,
    mine: u32,
}

impl<B: Payload, A: Address> Pastry<B, A> {
    /// A round: pings the smaller half of the leaf set, and those of the larger half who have not pinged since the last one.
    pub(super) fn heartbeats(&mut self, ctx: &mut Ctx<'_, Self>) {
        if let Some(period) = ctx.config().heartbeat_period {
            ctx.set_timer(period, Timer::Heartbeat);
            let now = ctx.now();
            self.gone.retain(|(_, since)| now.since(*since) < period * 2);
        }
        self.mend_leaf_set(ctx);
        let leaf_set = &self.tables.leaf_set;
        let mut asked: Vec<Contact<A>> = leaf_set.smaller().collect();
        let silent = leaf_set
            .larger()
            .filter(|contact| !asked.contains(contact) && !self.heard.contains(&contact.addr));
        let silent: Vec<Contact<A>> = silent.collect();
        asked.extend(silent);
        for (place, contact) in asked.into_iter().enumerate() {
            let ask = if place == 0 { Ask::Exchange } else { Ask::Heartbeat };
            self.request(ctx, contact.addr, ask);
        }
        self.heard.clear();
    }

    /// Notes that somebody is alive.
    pub(super) fn heard_from(&mut self, addr: A) {
        if !self.heard.contains(&addr) && self.tables.leaf_set.larger().any(|contact| contact.addr == addr) {
            self.heard.push(addr);
        }
    }

    /// Somebody wants to know whether the node is there, and belongs into its leaf set perhaps.
    pub(super) fn pinged(&mut self, ctx: &mut Ctx<'_, Self>, from: A, request: RequestId, id: Option<Id>) {
        if let Some(sender) = id.map(|id| Contact { id, addr: from }) {
            let leaf_set = &self.tables.leaf_set;
            // The former holder of the sender's address must not be taken for alive.
            let is_former = |leaf: &Contact<A>| leaf.addr == from && leaf.id != sender.id;
            if leaf_set.would_take(sender) || leaf_set.contacts().iter().any(is_former) {
                self.met(ctx, sender);
            }
        }
        self.heard_from(from);
        let id = self.me().id;
        ctx.send(from, Msg::Pong { request, id });
    }

    /// What is asked for in the exchange with a neighbour: its leaf set, unless neither's has changed.
    pub(super) fn exchanged_part(&self, with: A) -> Part {
        let settled = self
            .exchange
            .filter(|exchange| exchange.with == with && exchange.mine == self.version);
        Part::LeafSet {
            unless: settled.map(|exchange| exchange.theirs),
        }
    }

    /// The next smaller neighbour has told its leaf set: learns from it, and tells it of those whom it misses.
    pub(super) fn exchanged(&mut self, ctx: &mut Ctx<'_, Self>, neighbour: Contact<A>, state: &State<A>) {
        let settled = Exchange {
            with: neighbour.addr,
            theirs: state.version,
            mine: self.version,
        };
        if self.exchange == Some(settled) && state.contacts.is_empty() {
            return;
        }
        self.met(ctx, neighbour);
        self.consider_leaves(ctx, &state.contacts);
        // Whoever is not taken now, since he does not answer or is gone by what is known here, may be taken the next time.
        let missing_here = state
            .contacts
            .iter()
            .any(|contact| self.tables.leaf_set.would_take(*contact));
        let missing_there = self.tell_of_missing(ctx, neighbour, &state.contacts);
        self.exchange = (!missing_here && !missing_there).then_some(settled);
    }

    /// Tells a neighbour, whose leaf set this is, of those whom it misses. Whether there are such.
    pub(super) fn tell_of_missing(
        &self,
        ctx: &mut Ctx<'_, Self>,
        neighbour: Contact<A>,
        leaf_set: &[Contact<A>],
    ) -> bool {
        let config = ctx.config();
        let mut theirs = LeafSet::new(neighbour, config.space(), config.leaves_a_side());
        for contact in leaf_set {
            theirs.insert(*contact);
        }
        let mut known = self.tables.leaf_set.contacts().iter().copied().chain([self.me()]);
        let misses = known.any(|contact| theirs.would_take(contact));
        if misses {
            let part = Part::LeafSet { unless: None };
            let state = Box::new(self.part(part));
            let request = None;
            ctx.send(neighbour.addr, Msg::State { request, part, state });
        }
        misses
    }
}
