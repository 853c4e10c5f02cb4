//! The one interface between a protocol and the world: what a protocol is told, and what it may do.
//!
//! A protocol is written without input or output of its own (sans-IO): it is told of messages, timers and commands, and
//! answers through its [`Ctx`]. It cannot see the topology, other nodes or a clock other than simulated time.
//!
//! A layer is a protocol that owns a protocol. It hosts its child: each effect of the child goes to the layer's
//! implementation of [`Host`], which turns it into effects of its own. The engine is the outermost host; the
//! [`Recorder`](crate::recorder::Recorder) of the unit tests is another.

use std::hash::Hash;

use crate::addr::Address;
use crate::random::{NodeRng, StreamKey};
use crate::time::{SimDuration, SimTime};

/// The name of a request made from above, chosen by who makes it and repeated in the event that answers it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct OperationId(pub u64);

/// The name of a pending timer, given by the engine: the node's own counter at the moment of setting, never reused.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TimerId {
    /// When the timer is due.
    pub(crate) due: SimTime,
    /// The setting node's event counter.
    pub(crate) counter: u32,
}

/// A message as the network sees it: a kind, a size, and contents that the fingerprint covers.
pub trait Wire: Hash + Clone {
    /// How many kinds of message there are.
    const KINDS: usize;

    /// The kind of this message, below [`Wire::KINDS`]: the row it is counted in.
    fn kind(&self) -> usize;

    /// The name of a kind, as the tables print it.
    fn kind_name(kind: usize) -> &'static str;

    /// Size on the wire in bytes, headers included: the one place where a protocol's bytes are charged.
    fn wire_bytes(&self) -> u32;
}

/// What a node is told of its neighbourhood, where only neighbours can talk: a link layer that senses its carrier.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum LinkChange<A> {
    /// From now on there is a link to this node.
    Up(A),
    /// The link to this node is gone, or the node is.
    Down(A),
}

/// A node of a protocol, or of a layer of one.
///
/// Handlers return nothing: bad input from a peer is counted and dropped by the protocol, never an error of the run.
pub trait Protocol: Sized + Send {
    /// What this layer calls a peer.
    type Addr: Address;
    /// What a node is given when it starts: identifier, role, whom to ask, tables prepared in bulk.
    type Init: Send;
    /// What all nodes of a run share: parameters, never state.
    type Config: Sync + Send;
    /// What nodes say to each other.
    type Msg: Wire + Send;
    /// What a node says to its later self.
    type Timer: Copy + Hash + Send;
    /// What is asked from above: look up, put, join a group.
    type Command: Hash + Send;
    /// What is told upward: looked up, delivered, stored, a neighbour gained or lost.
    type Event: Send;

    /// A node about to start. `streams` names the random streams of this node's layer: `rng` of the [`Ctx`] is
    /// `streams.rng()`, a child layer's is `streams.purpose("...")`.
    fn new(me: Self::Addr, init: Self::Init, config: &Self::Config, streams: StreamKey) -> Self;

    /// The node comes up.
    fn on_start(&mut self, ctx: &mut Ctx<'_, Self>);

    /// A message arrives.
    fn on_message(&mut self, ctx: &mut Ctx<'_, Self>, from: Self::Addr, msg: Self::Msg);

    /// A timer that this incarnation set, and did not cancel, is due.
    fn on_timer(&mut self, ctx: &mut Ctx<'_, Self>, timer: Self::Timer);

    /// A link came up or went down: only where [links](crate::link_layer) are simulated. A protocol that finds its neighbours by
    /// messages alone need not listen. The links that stand when a node starts are not told; [`Ctx::links`] has them.
    fn on_link(&mut self, _ctx: &mut Ctx<'_, Self>, _change: LinkChange<Self::Addr>) {}

    /// Something is asked from above. The event that answers it repeats `operation`.
    fn on_command(&mut self, ctx: &mut Ctx<'_, Self>, operation: OperationId, command: Self::Command);

    /// A message will arrive soon: the processor may be asked for what the node then needs, by
    /// [`read_ahead`](crate::read_ahead::read_ahead). It is called for some messages and not for others, and changes nothing.
    #[inline]
    fn read_ahead(&self, _from: Self::Addr, _msg: &Self::Msg) {}

    /// The node is about to leave gracefully: its last chance to tell others. A silent departure calls nothing.
    fn on_stop(&mut self, ctx: &mut Ctx<'_, Self>);
}

/// Where the effects of a protocol go: the engine, the layer above, or a test that records them.
pub trait Host<P: Protocol> {
    /// Hands a message to the network, or to the layer that plays it.
    fn send(&mut self, to: P::Addr, msg: P::Msg);

    /// Sets a timer `delay` ahead (at least 1 ns) and names it.
    fn set_timer(&mut self, delay: SimDuration, timer: P::Timer) -> TimerId;

    /// Forgets a timer. Harmless if it has fired already.
    fn cancel_timer(&mut self, id: TimerId);

    /// Tells whoever is above.
    fn emit(&mut self, event: P::Event);

    /// Hands one message to the link layer, for all neighbours at once. Without a link layer there is none to hear it.
    fn broadcast(&mut self, _msg: P::Msg) {}

    /// The neighbours to which there is a link at this moment, in ascending order: none without a link layer.
    fn links(&self) -> &[P::Addr] {
        &[]
    }

    /// The round trip of the direct path to a peer, where the host can tell: the engine can, a layer and a test need not.
    fn round_trip(&self, _to: P::Addr) -> Option<SimDuration> {
        None
    }

    /// How many routers lie on the direct path to a peer, where the host can tell and there are any.
    fn routers(&self, _to: P::Addr) -> Option<u32> {
        None
    }
}

/// What a handler may know and do.
pub struct Ctx<'a, P: Protocol> {
    now: SimTime,
    me: P::Addr,
    config: &'a P::Config,
    rng: &'a mut NodeRng,
    host: &'a mut dyn Host<P>,
}

impl<'a, P: Protocol> Ctx<'a, P> {
    /// A context for one call of a handler: made by the engine, by a layer for its child, or by a test.
    #[inline]
    pub fn new(
        now: SimTime,
        me: P::Addr,
        config: &'a P::Config,
        rng: &'a mut NodeRng,
        host: &'a mut dyn Host<P>,
    ) -> Self {
        Ctx {
            now,
            me,
            config,
            rng,
            host,
        }
    }

    /// The present instant of simulated time.
    #[inline]
    pub fn now(&self) -> SimTime {
        self.now
    }

    /// This node's address in this layer.
    #[inline]
    pub fn me(&self) -> P::Addr {
        self.me
    }

    /// The parameters that all nodes share. Lives as long as the call, so that it can be held while acting.
    #[inline]
    pub fn config(&self) -> &'a P::Config {
        self.config
    }

    /// This node's own random stream in this layer.
    #[inline]
    pub fn rng(&mut self) -> &mut NodeRng {
        self.rng
    }

    /// Sends a message. A message to oneself crosses no network and arrives a nanosecond later.
    #[inline]
    pub fn send(&mut self, to: P::Addr, msg: P::Msg) {
        self.host.send(to, msg);
    }

    /// Sends one message that all neighbours hear, each unless it is lost on the way to him: for protocols of the network layer.
    #[inline]
    pub fn broadcast(&mut self, msg: P::Msg) {
        self.host.broadcast(msg);
    }

    /// The neighbours to which there is a link at this moment, in ascending order, as a link layer that senses its carrier
    /// knows them: for protocols of the network layer whose paper takes this for known.
    #[inline]
    pub fn links(&self) -> &[P::Addr] {
        self.host.links()
    }

    /// Sets a timer `delay` ahead; a delay of zero means a nanosecond.
    #[inline]
    pub fn set_timer(&mut self, delay: SimDuration, timer: P::Timer) -> TimerId {
        self.host.set_timer(delay, timer)
    }

    /// Cancels a timer of this incarnation; one that has fired already is left alone.
    #[inline]
    pub fn cancel_timer(&mut self, id: TimerId) {
        self.host.cancel_timer(id);
    }

    /// The round trip of the direct path to a peer, without loss and with the mean where delays are random: an oracle. Only
    /// a protocol whose paper takes distances for known may ask, and only if its parameters say so.
    #[inline]
    pub fn round_trip(&self, to: P::Addr) -> Option<SimDuration> {
        self.host.round_trip(to)
    }

    /// How many routers lie on the direct path to a peer, where the base network has routers: for a protocol that configures
    /// each of them, and so must be told.
    #[inline]
    pub fn routers(&self, to: P::Addr) -> Option<u32> {
        self.host.routers(to)
    }

    /// Tells the layer above, or the observers of the run.
    #[inline]
    pub fn emit(&mut self, event: P::Event) {
        self.host.emit(event);
    }
}
