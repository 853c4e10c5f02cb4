//! Carrying messages to keys, for a layer above (key-based routing: Dabek et al. 2003).
//!
//! A message that is carried recursively goes from node to node as a recursive lookup does. One that is carried iteratively
//! stays where it is while its owner is looked up, and then goes there at once. Nobody acknowledges a message: what is lost
//! on the way is lost, as ToN has it for recursive lookups, and the layer above must know what to do.
//!
//! # Deviations
//!
//! - Iteratively, the layer above is asked about a message before its owner is looked up: at its source, and not at the
//!   nodes that are only asked for the way. Their number counts as hops all the same.
//! - A node that is named owner and knows a predecessor at or after the key asks him whether he is there. If he answers, he
//!   has joined and the sender has not heard of him yet: he gets the message, without another question to the layer above.
//!   If he does not, the sender knew better, and the message is at home.

use sim_core::addr::Address;
use sim_core::protocol::{Ctx, OperationId};

use super::ring::in_open_closed;
use super::{Chord, Config, Contact, Event, Id, LookupStyle, Msg, Stage, Step};
use crate::kbr::{Payload, Routed};

impl<B: Payload, A: Address> Chord<B, A> {
    /// `route(key, payload)`, from above.
    pub(super) fn set_out(&mut self, ctx: &mut Ctx<'_, Self>, operation: OperationId, key: Id, payload: B) {
        let message = Box::new(Routed {
            key: ctx.config().space().wrap(key.number()),
            operation,
            source: self.me,
            hops: 0,
            timeouts: 0,
            payload,
        });
        self.route_on(ctx, message);
    }

    /// The layer above lets a message go on, to a node of its choice or by this node's.
    pub(super) fn let_go(&mut self, ctx: &mut Ctx<'_, Self>, mut message: Box<Routed<B, A>>, next: Option<Contact<A>>) {
        message.key = ctx.config().space().wrap(message.key.number());
        let way = self.way(ctx.config(), message.key);
        match next {
            Some(next) if way.contact() != Some(next) => self.hand_over(ctx, message, Step::Closer(next)),
            _ => self.send_on(ctx, message, way),
        }
    }

    /// A message has come from another node, which may take this one for the owner of its key.
    pub(super) fn arrived(&mut self, ctx: &mut Ctx<'_, Self>, owner: Option<Id>, message: Box<Routed<B, A>>) {
        let named = owner == Some(self.me.id);
        match self.predecessor {
            Some(predecessor) if named && !self.owns(message.key) => {
                self.find_predecessor_of_stray(ctx, predecessor, message);
            }
            None if named => ctx.emit(Event::Delivered(message)),
            _ => self.route_on(ctx, message),
        }
    }

    /// Delivers a message, or sends it on, if the layer above agrees.
    fn route_on(&mut self, ctx: &mut Ctx<'_, Self>, message: Box<Routed<B, A>>) {
        let way = self.way(ctx.config(), message.key);
        match way.contact() {
            Some(next) if B::FORWARD && next != self.me => ctx.emit(Event::Forward { message, next }),
            _ => self.send_on(ctx, message, way),
        }
    }

    fn send_on(&mut self, ctx: &mut Ctx<'_, Self>, message: Box<Routed<B, A>>, way: Step<A>) {
        let there = way == Step::Owner(self.me);
        if ctx.config().lookup == LookupStyle::Iterative && !there && self.stage == Stage::Member {
            self.find_for_message(ctx, message);
        } else {
            self.hand_over(ctx, message, way);
        }
    }

    /// Takes a message to where its way leads, which may be this node.
    pub(super) fn hand_over(&mut self, ctx: &mut Ctx<'_, Self>, mut message: Box<Routed<B, A>>, way: Step<A>) {
        let limit = u16::from(ctx.config().hop_limit);
        let (to, owner) = match way {
            Step::Owner(owner) if owner == self.me => return ctx.emit(Event::Delivered(message)),
            // The owner comes after the last node that a lookup may visit.
            Step::Owner(owner) if message.hops <= limit => (owner, Some(owner.id)),
            Step::Closer(closer) if message.hops < limit => (closer, None),
            _ => return ctx.emit(Event::Undeliverable(message)),
        };
        message.hops += 1;
        ctx.send(to.addr, Msg::Route { owner, message });
    }

    /// Where a message to a key goes from here: as a lookup would go, except that a node knows the keys that it owns itself.
    pub(super) fn way(&self, config: &Config, key: Id) -> Step<A> {
        if self.stage != Stage::Member {
            Step::DeadEnd
        } else if self.owns(key) {
            Step::Owner(self.me)
        } else {
            self.route(config, key)
        }
    }

    /// Whether a key lies between the predecessor and this member. Without a predecessor it cannot tell, unless it is alone.
    pub(super) fn owns(&self, key: Id) -> bool {
        let between = |predecessor: Contact<A>| in_open_closed(predecessor.id, key, self.me.id);
        self.stage == Stage::Member && self.predecessor.map_or(self.successors.is_empty(), between)
    }
}
