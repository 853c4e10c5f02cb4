//! Handing messages on (2001, Table 1), and newcomers on the way to their place (section 2.4).
//!
//! A message that is handed on is out of the node's hands, or the node holds it until the next one has acknowledged it
//! ([`Config::acknowledge`](super::Config::acknowledge)). If it does not, it counts as dead: it is forgotten, its entry is
//! repaired, and the message takes the next best way.

use sim_core::addr::Address;
use sim_core::protocol::{Ctx, OperationId};

use sim_core::time::SimTime;

use super::ask::Ask;
use super::wire::Arrival;
use super::{Dropped, Event, Msg, Pastry};
use crate::id::Contact;
use crate::kbr::{Call, Payload, Routed, Step};
use crate::request::RequestId;

/// What is handed on from node to node.
#[derive(Clone, Debug)]
pub(super) enum Parcel<B, A> {
    Message(Box<Routed<B, A>>),
    Arrival(Arrival<A>),
}

/// The name of a parcel at the node that holds it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct HopId(u32);

/// A parcel that has been handed on and was not acknowledged so far.
#[derive(Debug)]
pub(super) struct Held<B, A> {
    id: HopId,
    /// Whom it was meant for.
    next: Contact<A>,
    pub(super) parcel: Parcel<B, A>,
    /// Who is not to be tried any more.
    avoid: Vec<A>,
    pub(super) sent: SimTime,
}

impl<B, A: Address> Parcel<B, A> {
    /// How often it has been handed on.
    fn hops(&self) -> u16 {
        match self {
            Parcel::Message(message) => message.hops,
            Parcel::Arrival(arrival) => arrival.hop,
        }
    }

    /// As it reaches the next node.
    fn into_msg(self, acknowledge: Option<RequestId>) -> Msg<B, A> {
        match self {
            Parcel::Message(mut message) => {
                message.hops = message.hops.saturating_add(1);
                Msg::Route { acknowledge, message }
            }
            Parcel::Arrival(mut arrival) => {
                arrival.hop = arrival.hop.saturating_add(1);
                Msg::Join { acknowledge, arrival }
            }
        }
    }
}

impl<B: Payload, A: Address> Pastry<B, A> {
    /// What is asked from above.
    pub(super) fn called(&mut self, ctx: &mut Ctx<'_, Self>, operation: OperationId, call: Call<B, A>) {
        match call {
            Call::Route { key, payload } => {
                let message = Box::new(Routed {
                    key: ctx.config().space().wrap(key.number()),
                    operation,
                    source: self.me(),
                    hops: 0,
                    timeouts: 0,
                    payload,
                });
                if self.is_known() {
                    self.routed(ctx, message);
                } else {
                    ctx.emit(Event::Undeliverable(message));
                }
            }
            Call::Forward { mut message, next } => {
                message.key = ctx.config().space().wrap(message.key.number());
                match next.filter(|next| next.addr != self.me().addr) {
                    Some(next) => self.hand_on(ctx, Parcel::Message(message), next, Vec::new()),
                    None => self.message_goes_on(ctx, message, Vec::new()),
                }
            }
        }
    }

    /// A message has come: from another node, or from the layer above, which may be asked whether it is to go on.
    pub(super) fn routed(&mut self, ctx: &mut Ctx<'_, Self>, message: Box<Routed<B, A>>) {
        if B::FORWARD
            && let Step::Owner(next) | Step::Closer(next) = self.next_step(ctx.config(), message.key, &[])
            && next != self.me()
        {
            return ctx.emit(Event::Forward { message, next });
        }
        self.message_goes_on(ctx, message, Vec::new());
    }

    /// Sends a message the next part of its way, which may end here.
    pub(super) fn message_goes_on(&mut self, ctx: &mut Ctx<'_, Self>, message: Box<Routed<B, A>>, avoid: Vec<A>) {
        match self.next_step(ctx.config(), message.key, &avoid) {
            Step::Owner(owner) if owner == self.me() && self.may_deliver() => ctx.emit(Event::Deliver(message)),
            Step::Owner(owner) if owner == self.me() => self.wait(Parcel::Message(message)),
            Step::Owner(next) => self.hand_on(ctx, Parcel::Message(message), next, avoid),
            Step::Closer(next) => {
                self.fill_cell(ctx, message.key, next);
                self.hand_on(ctx, Parcel::Message(message), next, avoid);
            }
            Step::DeadEnd if self.must_wait() => self.wait(Parcel::Message(message)),
            Step::DeadEnd => ctx.emit(Event::Undeliverable(message)),
        }
    }

    /// A newcomer passes: it is told what is known here, and goes on.
    pub(super) fn arrival(&mut self, ctx: &mut Ctx<'_, Self>, arrival: Arrival<A>) {
        // Whoever held its address before is gone, if it is known here at all. MSPastry lets the newcomer's own probes tell: this
        // may be a copy of its message that comes when it is known already.
        if self.dependable.is_none() {
            self.dead(ctx, arrival.newcomer.addr);
        }
        let avoid = vec![arrival.newcomer.addr];
        match self.next_step(ctx.config(), arrival.newcomer.id, &avoid) {
            Step::Owner(owner) if owner == self.me() && !self.may_deliver() => self.wait(Parcel::Arrival(arrival)),
            Step::Owner(owner) if owner == self.me() => self.tell_newcomer(ctx, arrival, true),
            Step::Owner(next) | Step::Closer(next) => {
                self.tell_newcomer(ctx, arrival, false);
                self.hand_on(ctx, Parcel::Arrival(arrival), next, avoid);
            }
            // It will try again.
            Step::DeadEnd => {}
        }
    }

    /// A newcomer goes another way, or has come to its place after all.
    pub(super) fn arrival_goes_on(&mut self, ctx: &mut Ctx<'_, Self>, arrival: Arrival<A>, avoid: Vec<A>) {
        match self.next_step(ctx.config(), arrival.newcomer.id, &avoid) {
            Step::Owner(owner) if owner == self.me() && !self.may_deliver() => self.wait(Parcel::Arrival(arrival)),
            Step::Owner(owner) if owner == self.me() => self.tell_newcomer(ctx, arrival, true),
            Step::Owner(next) | Step::Closer(next) => self.hand_on(ctx, Parcel::Arrival(arrival), next, avoid),
            Step::DeadEnd => {}
        }
    }

    /// Hands a parcel to the next node. One that has come too far is given up; a newcomer notices that by its time-out.
    fn hand_on(&mut self, ctx: &mut Ctx<'_, Self>, parcel: Parcel<B, A>, next: Contact<A>, avoid: Vec<A>) {
        let config = ctx.config();
        if parcel.hops() >= config.hop_limit {
            if let Parcel::Message(message) = parcel {
                ctx.emit(Event::Undeliverable(message));
            }
        } else if config.acknowledge {
            let id = self.next_hop_id;
            self.next_hop_id = HopId(id.0.wrapping_add(1));
            if self.held.len() == self.held.capacity() {
                // Few are held at a time, and there may be a million nodes.
                self.held.reserve_exact(1);
            }
            let sent = ctx.now();
            self.held.push(Held {
                id,
                next,
                parcel,
                avoid,
                sent,
            });
            self.request(ctx, next.addr, Ask::Hop(id));
        } else {
            ctx.send(next.addr, parcel.into_msg(None));
        }
    }

    /// Sends a parcel that is held, for the first time or again.
    pub(super) fn post_held(&mut self, ctx: &mut Ctx<'_, Self>, to: A, request: RequestId, id: HopId) {
        if let Some(held) = self.held.iter().find(|held| held.id == id) {
            ctx.send(to, held.parcel.clone().into_msg(Some(request)));
            self.told(ctx.now(), to);
        }
    }

    pub(super) fn let_go(&mut self, id: HopId) -> Option<Held<B, A>> {
        let at = self.held.iter().position(|held| held.id == id)?;
        Some(self.held.swap_remove(at))
    }

    /// The next node has received a parcel. It may be another one than was meant, at the address of somebody who is gone: if
    /// he stayed in the tables, messages could go back and forth between the two.
    pub(super) fn acknowledged(&mut self, ctx: &mut Ctx<'_, Self>, by: Contact<A>, request: RequestId) {
        match self.requests.close(ctx, request, by.addr) {
            Some(Ask::Hop(hop)) => {
                if let Some(held) = self.let_go(hop) {
                    self.hop_answered(ctx, by.addr, &held);
                    if held.next.id != by.id {
                        self.met(ctx, by);
                    }
                }
            }
            _ => ctx.emit(Event::Dropped(Dropped::StaleAnswer)),
        }
    }

    /// The next node does not acknowledge a parcel: it takes the next best way.
    pub(super) fn hop_failed(&mut self, ctx: &mut Ctx<'_, Self>, hop: HopId, to: A) {
        if self.dependable.is_some() {
            return self.hop_silent(ctx, hop, to);
        }
        self.dead(ctx, to);
        let Some(Held { parcel, mut avoid, .. }) = self.let_go(hop) else {
            return;
        };
        avoid.push(to);
        match parcel {
            Parcel::Message(mut message) => {
                message.timeouts = message.timeouts.saturating_add(1);
                self.message_goes_on(ctx, message, avoid);
            }
            Parcel::Arrival(arrival) => self.arrival_goes_on(ctx, arrival, avoid),
        }
    }

    /// Gives up what is held: the node is out.
    pub(super) fn abandon_held(&mut self, ctx: &mut Ctx<'_, Self>) {
        for held in std::mem::take(&mut self.held) {
            if let Parcel::Message(message) = held.parcel {
                ctx.emit(Event::Undeliverable(message));
            }
        }
    }
}
