//! A host that writes down what a protocol does: for unit tests on effects, without network or queue.

use std::fmt;

use crate::protocol::{Ctx, Host, LinkChange, OperationId, Protocol, TimerId};
use crate::random::{NodeRng, StreamKey};
use crate::time::{SimDuration, SimTime};

/// One thing a protocol did.
pub enum Effect<P: Protocol> {
    /// A message was sent.
    Send {
        /// To whom.
        to: P::Addr,
        /// What.
        msg: P::Msg,
    },
    /// A message was sent to all neighbours.
    Broadcast(P::Msg),
    /// A timer was set.
    SetTimer {
        /// Its name.
        id: TimerId,
        /// How far ahead.
        delay: SimDuration,
        /// What the node will be told.
        timer: P::Timer,
    },
    /// A timer was cancelled.
    CancelTimer(TimerId),
    /// Something was told upward.
    Emit(P::Event),
}

// Derived implementations would ask the same of the protocol, of which an effect holds nothing.
impl<P> PartialEq for Effect<P>
where
    P: Protocol<Msg: PartialEq, Timer: PartialEq, Event: PartialEq>,
{
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Effect::Send { to, msg },
                Effect::Send {
                    to: other_to,
                    msg: other_msg,
                },
            ) => to == other_to && msg == other_msg,
            (Effect::Broadcast(msg), Effect::Broadcast(other_msg)) => msg == other_msg,
            (
                Effect::SetTimer { id, delay, timer },
                Effect::SetTimer {
                    id: other_id,
                    delay: other_delay,
                    timer: other_timer,
                },
            ) => (id, delay, timer) == (other_id, other_delay, other_timer),
            (Effect::CancelTimer(id), Effect::CancelTimer(other_id)) => id == other_id,
            (Effect::Emit(event), Effect::Emit(other_event)) => event == other_event,
            _ => false,
        }
    }
}

impl<P> fmt::Debug for Effect<P>
where
    P: Protocol<Msg: fmt::Debug, Timer: fmt::Debug, Event: fmt::Debug>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Effect::Send { to, msg } => write!(f, "send to {to:?}: {msg:?}"),
            Effect::Broadcast(msg) => write!(f, "broadcast: {msg:?}"),
            Effect::SetTimer { id, delay, timer } => write!(f, "set {id:?} in {delay}: {timer:?}"),
            Effect::CancelTimer(id) => write!(f, "cancel {id:?}"),
            Effect::Emit(event) => write!(f, "emit {event:?}"),
        }
    }
}

/// One node under test: the protocol's state, its stream, a clock that the test moves, and the effects since the last look.
pub struct Recorder<P: Protocol> {
    /// The node under test.
    pub node: P,
    /// The parameters it is given.
    pub config: P::Config,
    now: SimTime,
    me: P::Addr,
    rng: NodeRng,
    log: Log<P>,
}

struct Log<P: Protocol> {
    links: Vec<P::Addr>,
    effects: Vec<Effect<P>>,
    now: SimTime,
    next_timer: u32,
}

impl<P: Protocol> Host<P> for Log<P> {
    fn send(&mut self, to: P::Addr, msg: P::Msg) {
        self.effects.push(Effect::Send { to, msg });
    }

    fn broadcast(&mut self, msg: P::Msg) {
        self.effects.push(Effect::Broadcast(msg));
    }

    fn links(&self) -> &[P::Addr] {
        &self.links
    }

    fn set_timer(&mut self, delay: SimDuration, timer: P::Timer) -> TimerId {
        self.next_timer += 1;
        let id = TimerId {
            due: self.now + delay,
            counter: self.next_timer,
        };
        self.effects.push(Effect::SetTimer { id, delay, timer });
        id
    }

    fn cancel_timer(&mut self, id: TimerId) {
        self.effects.push(Effect::CancelTimer(id));
    }

    fn emit(&mut self, event: P::Event) {
        self.effects.push(Effect::Emit(event));
    }
}

impl<P: Protocol> Recorder<P> {
    /// A node that has been made but not started, with streams derived from `seed`.
    pub fn new(me: P::Addr, init: P::Init, config: P::Config, seed: u64) -> Self {
        let streams = StreamKey::root(seed, 0);
        Recorder {
            node: P::new(me, init, &config, streams),
            config,
            now: SimTime::ZERO,
            me,
            rng: streams.rng(),
            log: Log {
                links: Vec::new(),
                effects: Vec::new(),
                now: SimTime::ZERO,
                next_timer: 0,
            },
        }
    }

    /// Moves the clock ahead.
    pub fn advance(&mut self, span: SimDuration) {
        self.now += span;
        self.log.now = self.now;
    }

    /// Starts the node and returns what it did.
    pub fn start(&mut self) -> Vec<Effect<P>> {
        self.call(|node, ctx| node.on_start(ctx))
    }

    /// Delivers a message and returns what the node did.
    pub fn message(&mut self, from: P::Addr, msg: P::Msg) -> Vec<Effect<P>> {
        self.call(|node, ctx| node.on_message(ctx, from, msg))
    }

    /// Lays the links that the node starts with, without telling it: in ascending order.
    pub fn lay_links(&mut self, links: &[P::Addr]) {
        self.log.links = links.to_vec();
    }

    /// Lets a link come up or go down and returns what the node did.
    pub fn link(&mut self, change: LinkChange<P::Addr>) -> Vec<Effect<P>> {
        let links = &mut self.log.links;
        match change {
            LinkChange::Up(peer) => {
                links.push(peer);
                links.sort_unstable();
                links.dedup();
            }
            LinkChange::Down(peer) => links.retain(|known| *known != peer),
        }
        self.call(|node, ctx| node.on_link(ctx, change))
    }

    /// Fires a timer and returns what the node did.
    pub fn timer(&mut self, timer: P::Timer) -> Vec<Effect<P>> {
        self.call(|node, ctx| node.on_timer(ctx, timer))
    }

    /// Asks for something and returns what the node did.
    pub fn command(&mut self, operation: OperationId, command: P::Command) -> Vec<Effect<P>> {
        self.call(|node, ctx| node.on_command(ctx, operation, command))
    }

    /// Stops the node gracefully and returns what it did.
    pub fn stop(&mut self) -> Vec<Effect<P>> {
        self.call(|node, ctx| node.on_stop(ctx))
    }

    fn call(&mut self, handler: impl FnOnce(&mut P, &mut Ctx<'_, P>)) -> Vec<Effect<P>> {
        let mut ctx = Ctx::new(self.now, self.me, &self.config, &mut self.rng, &mut self.log);
        handler(&mut self.node, &mut ctx);
        std::mem::take(&mut self.log.effects)
    }
}
