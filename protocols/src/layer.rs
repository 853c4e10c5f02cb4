//! A layer over another protocol: who hosts whom, written once.
//!
//! A layer owns the protocol below it, hosts its effects and hears its events before anybody else does. All such wiring is in
//! [`Over`]: a node of two parts, which to the engine is one. A layer implements [`Layer`] and nothing more: its own words,
//! and what it does when something happens to it. It acts through a [`Below`].
//!
//! What the protocol below tells during an event is kept until the layer has finished what it is doing, and is then told to it
//! in order, still within the same event: a layer that asks for something does not hear of it before its own method has
//! returned. A layer of a layer is an `Over` over an `Over`.

use std::collections::VecDeque;
use std::hash::Hash;

use sim_core::protocol::{Ctx, Host, LinkChange, OperationId, Protocol, TimerId, Wire};
use sim_core::random::{NodeRng, StreamKey};
use sim_core::time::SimDuration;

use crate::id::{Contact, Id};
use crate::kbr::{Call, KeyBased, Routed, Step};

/// What belongs to the layer, or to the protocol below it: a message, a timer, a command, an event.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Part<L, C> {
    /// The layer's own.
    Own(L),
    /// Of the protocol below.
    Below(C),
}

/// What a layer and the protocol below it are each given: parameters, or what they start with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Both<L, C> {
    /// The layer's own.
    pub own: L,
    /// Of the protocol below.
    pub below: C,
}

/// The kinds of the protocol below come first, so that its rows are the same with and without a layer.
impl<L: Wire, C: Wire> Wire for Part<L, C> {
    const KINDS: usize = C::KINDS + L::KINDS;

    fn kind(&self) -> usize {
        match self {
            Part::Own(msg) => C::KINDS + msg.kind(),
            Part::Below(msg) => msg.kind(),
        }
    }

    fn kind_name(kind: usize) -> &'static str {
        match kind.checked_sub(C::KINDS) {
            Some(kind) => L::kind_name(kind),
            None => C::kind_name(kind),
        }
    }

    fn wire_bytes(&self) -> u32 {
        match self {
            Part::Own(msg) => msg.wire_bytes(),
            Part::Below(msg) => msg.wire_bytes(),
        }
    }
}

/// What a layer does over a protocol `C`: as [`Protocol`], with a [`Below`] in place of the context.
pub trait Layer<C: Protocol>: Sized + Send {
    /// What a node of the layer is given when it starts.
    type Init: Send;
    /// What all nodes of the layer share.
    type Config: Sync + Send;
    /// What nodes of the layer say to each other directly.
    type Msg: Wire + Send;
    /// What a node of the layer says to its later self.
    type Timer: Copy + Hash + Send;
    /// What is asked of the layer. What is asked of the protocol below goes there without it.
    type Command: Hash + Send;
    /// What the layer tells upward.
    type Event: Send;

    /// A node about to start. `streams` names its random streams, that of the context among them; those of the protocol below
    /// are others.
    fn new(me: C::Addr, init: Self::Init, config: &Self::Config, streams: StreamKey) -> Self;

    /// The node comes up; the protocol below has started already.
    fn on_start(&mut self, below: &mut Below<'_, '_, Self, C>);

    /// The protocol below tells something. The layer passes on, by [`Below::tell_on`], what others are to hear too.
    fn on_told(&mut self, below: &mut Below<'_, '_, Self, C>, event: C::Event);

    /// A message of the layer arrives.
    fn on_message(&mut self, below: &mut Below<'_, '_, Self, C>, from: C::Addr, msg: Self::Msg);

    /// A timer of the layer is due.
    fn on_timer(&mut self, below: &mut Below<'_, '_, Self, C>, timer: Self::Timer);

    /// Something is asked from above.
    fn on_command(&mut self, below: &mut Below<'_, '_, Self, C>, operation: OperationId, command: Self::Command);

    /// The node is about to leave gracefully; the protocol below leaves after this.
    fn on_stop(&mut self, below: &mut Below<'_, '_, Self, C>);
}

/// A node of a layer over a protocol.
#[derive(Debug)]
pub struct Over<L, C> {
    layer: L,
    child: C,
    child_rng: NodeRng,
}

impl<L, C> Over<L, C> {
    /// What the layer keeps.
    pub fn layer(&self) -> &L {
        &self.layer
    }

    /// The node of the protocol below.
    pub fn below(&self) -> &C {
        &self.child
    }
}

impl<C: Protocol, L: Layer<C>> Over<L, C> {
    /// Calls the protocol below, and tells the layer what it told meanwhile.
    pub(crate) fn tell_below(&mut self, ctx: &mut Ctx<'_, Self>, call: impl FnOnce(&mut C, &mut Ctx<'_, C>)) {
        self.turn(ctx, |_, below| below.call(call));
    }

    /// Does something, and tells the layer what the protocol below told meanwhile.
    #[inline]
    fn turn(&mut self, ctx: &mut Ctx<'_, Self>, act: impl FnOnce(&mut L, &mut Below<'_, '_, L, C>)) {
        let mut below = Below {
            ctx,
            child: &mut self.child,
            child_rng: &mut self.child_rng,
            told: VecDeque::new(),
        };
        act(&mut self.layer, &mut below);
        while let Some(event) = below.told.pop_front() {
            self.layer.on_told(&mut below, event);
        }
    }
}

impl<C: Protocol, L: Layer<C>> Protocol for Over<L, C> {
    type Addr = C::Addr;
    type Init = Both<L::Init, C::Init>;
    type Config = Both<L::Config, C::Config>;
    type Msg = Part<L::Msg, C::Msg>;
    type Timer = Part<L::Timer, C::Timer>;
    type Command = Part<L::Command, C::Command>;
    type Event = Part<L::Event, C::Event>;

    fn new(me: C::Addr, init: Self::Init, config: &Self::Config, streams: StreamKey) -> Self {
        let below = streams.purpose("below");
        Over {
            layer: L::new(me, init.own, &config.own, streams),
            child: C::new(me, init.below, &config.below, below),
            child_rng: below.rng(),
        }
    }

    fn on_start(&mut self, ctx: &mut Ctx<'_, Self>) {
        self.turn(ctx, |layer, below| {
            below.call(|child, ctx| child.on_start(ctx));
            layer.on_start(below);
        });
    }

    fn on_message(&mut self, ctx: &mut Ctx<'_, Self>, from: C::Addr, msg: Self::Msg) {
        self.turn(ctx, |layer, below| match msg {
            Part::Own(msg) => layer.on_message(below, from, msg),
            Part::Below(msg) => below.call(|child, ctx| child.on_message(ctx, from, msg)),
        });
    }

    fn on_timer(&mut self, ctx: &mut Ctx<'_, Self>, timer: Self::Timer) {
        self.turn(ctx, |layer, below| match timer {
            Part::Own(timer) => layer.on_timer(below, timer),
            Part::Below(timer) => below.call(|child, ctx| child.on_timer(ctx, timer)),
        });
    }

    fn on_link(&mut self, ctx: &mut Ctx<'_, Self>, change: LinkChange<C::Addr>) {
        self.turn(ctx, |_, below| below.call(|child, ctx| child.on_link(ctx, change)));
    }

    fn on_command(&mut self, ctx: &mut Ctx<'_, Self>, operation: OperationId, command: Self::Command) {
        self.turn(ctx, |layer, below| match command {
            Part::Own(command) => layer.on_command(below, operation, command),
            Part::Below(command) => below.ask(operation, command),
        });
    }

    fn on_stop(&mut self, ctx: &mut Ctx<'_, Self>) {
        self.turn(ctx, |layer, below| layer.on_stop(below));
        self.turn(ctx, |_, below| below.call(|child, ctx| child.on_stop(ctx)));
    }
}

/// What a layer may know and do during an event: what its own context allows, and to ask the protocol below.
pub struct Below<'a, 'b, L: Layer<C>, C: Protocol> {
    ctx: &'a mut Ctx<'b, Over<L, C>>,
    child: &'a mut C,
    child_rng: &'a mut NodeRng,
    /// What the protocol below has told and the layer has not heard yet.
    told: VecDeque<C::Event>,
}

impl<'b, C: Protocol, L: Layer<C>> Below<'_, 'b, L, C> {
    /// The context of the node, in which everything is a [`Part`]: for the time, the stream, and what is shared by protocols.
    #[inline]
    pub fn ctx(&mut self) -> &mut Ctx<'b, Over<L, C>> {
        self.ctx
    }

    /// The parameters of the layer.
    #[inline]
    pub fn config(&self) -> &'b L::Config {
        &self.ctx.config().own
    }

    /// Sends a message of the layer straight to a node.
    #[inline]
    pub fn send(&mut self, to: C::Addr, msg: L::Msg) {
        self.ctx.send(to, Part::Own(msg));
    }

    /// Sets a timer of the layer.
    #[inline]
    pub fn set_timer(&mut self, delay: SimDuration, timer: L::Timer) -> TimerId {
        self.ctx.set_timer(delay, Part::Own(timer))
    }

    /// Tells whoever is above an event of the layer.
    #[inline]
    pub fn emit(&mut self, event: L::Event) {
        self.ctx.emit(Part::Own(event));
    }

    /// Tells whoever is above an event of the protocol below.
    #[inline]
    pub fn tell_on(&mut self, event: C::Event) {
        self.ctx.emit(Part::Below(event));
    }

    /// The node of the protocol below.
    #[inline]
    pub fn node(&self) -> &C {
        self.child
    }

    /// Asks something of the protocol below.
    #[inline]
    pub fn ask(&mut self, operation: OperationId, command: C::Command) {
        self.call(|child, ctx| child.on_command(ctx, operation, command));
    }

    #[inline]
    fn call(&mut self, call: impl FnOnce(&mut C, &mut Ctx<'_, C>)) {
        let (now, me, config) = (self.ctx.now(), self.ctx.me(), &self.ctx.config().below);
        let mut port = Port {
            ctx: self.ctx,
            told: &mut self.told,
        };
        call(self.child, &mut Ctx::new(now, me, config, self.child_rng, &mut port));
    }
}

/// What a layer asks of a structured overlay (see [`KeyBased`]).
impl<O: KeyBased, L: Layer<O>> Below<'_, '_, L, O> {
    /// Routes a payload to the root of a key.
    pub fn route(&mut self, operation: OperationId, key: Id, payload: O::Payload) {
        self.ask(operation, Call::Route { key, payload }.into());
    }

    /// Lets a message go on that the layer was asked about, to `next` or by the overlay's own choice.
    pub fn forward(&mut self, message: Box<Routed<O::Payload, O::Addr>>, next: Option<Contact<O::Addr>>) {
        self.ask(message.operation, Call::Forward { message, next }.into());
    }

    /// The node's identifier and address.
    pub fn contact(&self) -> Contact<O::Addr> {
        self.child.contact()
    }

    /// See [`KeyBased::next_hop`].
    pub fn next_hop(&self, key: Id) -> Step<O::Addr> {
        self.child.next_hop(&self.ctx.config().below, key)
    }

    /// See [`KeyBased::neighbour_set`].
    pub fn neighbour_set(&self, max: usize) -> Vec<Contact<O::Addr>> {
        self.child.neighbour_set(&self.ctx.config().below, max)
    }

    /// See [`KeyBased::replica_set`].
    pub fn replica_set(&self, key: Id, max_rank: usize) -> Vec<Contact<O::Addr>> {
        self.child.replica_set(&self.ctx.config().below, key, max_rank)
    }

    /// See [`KeyBased::is_root`].
    pub fn is_root(&self, key: Id) -> bool {
        self.child.is_root(&self.ctx.config().below, key)
    }
}

/// The layer as host of the protocol below, for one call.
struct Port<'a, 'b, L: Layer<C>, C: Protocol> {
    ctx: &'a mut Ctx<'b, Over<L, C>>,
    told: &'a mut VecDeque<C::Event>,
}

impl<C: Protocol, L: Layer<C>> Host<C> for Port<'_, '_, L, C> {
    fn send(&mut self, to: C::Addr, msg: C::Msg) {
        self.ctx.send(to, Part::Below(msg));
    }

    fn broadcast(&mut self, msg: C::Msg) {
        self.ctx.broadcast(Part::Below(msg));
    }

    fn links(&self) -> &[C::Addr] {
        self.ctx.links()
    }

    fn set_timer(&mut self, delay: SimDuration, timer: C::Timer) -> TimerId {
        self.ctx.set_timer(delay, Part::Below(timer))
    }

    fn cancel_timer(&mut self, id: TimerId) {
        self.ctx.cancel_timer(id);
    }

    fn emit(&mut self, event: C::Event) {
        self.told.push_back(event);
    }

    fn round_trip(&self, to: C::Addr) -> Option<SimDuration> {
        self.ctx.round_trip(to)
    }

    fn routers(&self, to: C::Addr) -> Option<u32> {
        self.ctx.routers(to)
    }
}

#[cfg(test)]
mod tests;
