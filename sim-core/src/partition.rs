//! A part of the nodes of a simulation, with their own queue: the loop in which a run spends its time.

use std::hash::Hasher;

use crate::addr::NodeAddr;
use crate::fingerprint::Chain;
use crate::network::{Fate, Network, Transmission};
use crate::observer::{Cause, Observer, Step};
use crate::protocol::{Ctx, Host, OperationId, Protocol, TimerId, Wire};
use crate::queue::{Entry, EventKey, Queue, Source};
use crate::random::{NodeRng, StreamKey};
use crate::read_ahead::read_ahead;
use crate::time::{SimDuration, SimTime};
use crate::traffic::Traffic;
use crate::world::Departure;

/// How many events ahead of the current one its node is asked for.
const READ_AHEAD: usize = 12;

/// How much nodes may have told before the world hears it: it bounds memory, not the order.
const TOLD_AT_ONCE: usize = 1024;

/// What all partitions of a run share and none changes.
pub(crate) struct Environment<P: Protocol<Addr = NodeAddr>> {
    pub(crate) config: P::Config,
    pub(crate) network: Box<dyn Network>,
    /// The root of the nodes' streams.
    pub(crate) node_streams: StreamKey,
    /// The root of the network's draws.
    pub(crate) network_streams: StreamKey,
    pub(crate) split: Split,
}

/// Which addresses belong to which partition: ranges of equal length.
#[derive(Clone, Copy)]
pub(crate) struct Split {
    nodes: u32,
    span: u32,
}

impl Split {
    pub(crate) fn new(nodes: u32, partitions: u32) -> Self {
        Split {
            nodes,
            span: nodes.div_ceil(partitions).max(1),
        }
    }

    /// Whether there is such an address at all.
    pub(crate) fn has(self, addr: NodeAddr) -> bool {
        addr.0 < self.nodes
    }

    pub(crate) fn partition_of(self, addr: NodeAddr) -> usize {
        (addr.0 / self.span) as usize
    }

    fn range(self, partition: u32) -> std::ops::Range<u32> {
        (partition * self.span).min(self.nodes)..((partition + 1) * self.span).min(self.nodes)
    }
}

/// Something the world does to a node.
pub(crate) enum Action<P: Protocol> {
    Start(P::Init),
    Stop(Departure),
    Command(OperationId, P::Command),
}

/// An event addressed to a node.
pub(crate) struct Envelope<P: Protocol> {
    to: NodeAddr,
    body: Body<P>,
}

enum Body<P: Protocol> {
    Message(P::Msg),
    Timer { incarnation: u32, timer: P::Timer },
}

/// What the engine keeps for a host, whether a node is up there or not.
struct Core {
    chain: Chain,
    rng: NodeRng,
    /// Events caused so far, over all incarnations: it never goes back, so that no two events share a key.
    counter: u32,
    incarnation: u32,
    cancelled: Option<Box<Cancelled>>,
}

/// Timers of the present incarnation that were cancelled and are still in the queue.
#[derive(Default)]
struct Cancelled(Vec<TimerId>);

#[repr(align(64))]
struct Slot<P> {
    core: Core,
    state: Option<P>,
}

/// Something a node told, and the event during which it did.
pub(crate) struct Told<E> {
    pub(crate) cause: EventKey,
    pub(crate) node: NodeAddr,
    pub(crate) event: E,
}

/// A range of the nodes, and the events that are due at them.
pub(crate) struct Partition<P: Protocol<Addr = NodeAddr>> {
    base: u32,
    slots: Vec<Slot<P>>,
    queue: Queue<Envelope<P>>,
    /// Events for nodes of other partitions.
    outbox: Vec<Entry<Envelope<P>>>,
    told: Vec<Told<P::Event>>,
    traffic: Traffic,
    handled: u64,
}

/// All nodes of a run, for observers.
pub struct Nodes<'a, P> {
    slots: &'a [Slot<P>],
}

impl<'a, P> Nodes<'a, P> {
    /// The state of a node that is up.
    pub fn get(&self, node: NodeAddr) -> Option<&'a P> {
        self.slots.get(node.index())?.state.as_ref()
    }

    /// The nodes that are up, by address.
    pub fn iter(&self) -> impl Iterator<Item = (NodeAddr, &'a P)> + use<'a, P> {
        let states = self.slots.iter().map(|slot| slot.state.as_ref());
        (0..)
            .map(NodeAddr)
            .zip(states)
            .filter_map(|(addr, state)| Some((addr, state?)))
    }
}

impl<P: Protocol<Addr = NodeAddr>> Partition<P> {
    pub(crate) fn new(number: u32, environment: &Environment<P>) -> Self {
        let range = environment.split.range(number);
        let slot = |addr| Slot {
            core: Core {
                chain: Chain::default(),
                rng: environment.node_streams.index(addr).rng(),
                counter: 0,
                incarnation: 0,
                cancelled: None,
            },
            state: None,
        };
        Partition {
            base: range.start,
            slots: range.map(u64::from).map(slot).collect(),
            queue: Queue::new(),
            outbox: Vec::new(),
            told: Vec::new(),
            traffic: Traffic::new::<P::Msg>(),
            handled: 0,
        }
    }

    pub(crate) fn next_time(&mut self) -> Option<SimTime> {
        self.queue.next_time()
    }

    pub(crate) fn handled(&self) -> u64 {
        self.handled
    }

    pub(crate) fn pending(&self) -> usize {
        self.queue.len()
    }

    /// What was sent in all parts of a run.
    pub(crate) fn traffic_of(parts: &[Self]) -> Traffic {
        let mut sum = Traffic::new::<P::Msg>();
        for part in parts {
            sum.add(&part.traffic);
        }
        sum
    }

    pub(crate) fn chains(&self) -> impl Iterator<Item = Chain> {
        self.slots.iter().map(|slot| slot.core.chain)
    }

    pub(crate) fn node(&self, addr: NodeAddr) -> Option<&P> {
        self.slots.get((addr.0 - self.base) as usize)?.state.as_ref()
    }

    /// The nodes, for the one partition that holds them all.
    pub(crate) fn nodes(&self) -> Nodes<'_, P> {
        debug_assert_eq!(self.base, 0);
        Nodes { slots: &self.slots }
    }

    /// Moves what is due elsewhere into `into`.
    pub(crate) fn drain_outbox(&mut self, into: &mut Vec<(NodeAddr, Entry<Envelope<P>>)>) {
        into.extend(self.outbox.drain(..).map(|entry| (entry.item.to, entry)));
    }

    pub(crate) fn accept(&mut self, entry: Entry<Envelope<P>>) {
        self.queue.push(entry.key, entry.item);
    }

    /// Moves what the nodes told into `into`, in the order in which it was told here.
    pub(crate) fn drain_told(&mut self, into: &mut Vec<Told<P::Event>>) {
        into.append(&mut self.told);
    }

    /// Handles the events due before `end`; if it is told to pause, only until the world has something to hear. Fails with
    /// the text of an observer, at the time and node it speaks of.
    pub(crate) fn run<O: Observer<P>>(
        &mut self,
        end: SimTime,
        pauses: bool,
        environment: &Environment<P>,
        observer: &mut O,
    ) -> Result<(), (SimTime, NodeAddr, String)> {
        while let Some(entry) = self.queue.pop_before(end) {
            for coming in self.queue.coming(READ_AHEAD) {
                if let Some(slot) = self.slots.get((coming.to.0 - self.base) as usize) {
                    read_ahead(slot);
                }
            }
            let (time, node) = (entry.key.time, entry.item.to);
            if O::WATCHES {
                observer.event(&Step {
                    time,
                    node,
                    cause: entry.item.cause(entry.key.source),
                });
            }
            self.handle(entry, environment);
            if O::WATCHES {
                observer
                    .state(time, node, &self.nodes())
                    .map_err(|text| (time, node, text))?;
            }
            if pauses && self.told.len() >= TOLD_AT_ONCE {
                break;
            }
        }
        Ok(())
    }

    #[inline]
    fn handle(&mut self, entry: Entry<Envelope<P>>, environment: &Environment<P>) {
        let Entry {
            key,
            item: Envelope { to, body },
        } = entry;
        let index = (to.0 - self.base) as usize;
        let Some(Slot { core, state: Some(_) }) = self.slots.get_mut(index) else {
            self.traffic.unreachable += u64::from(matches!(body, Body::Message(_)));
            return;
        };
        match body {
            Body::Message(msg) => {
                core.record(key, RECORD_MESSAGE, &msg);
                // Only nodes send: a message always has a sender.
                let Some(from) = key.source.addr() else { return };
                self.handled += 1;
                self.call(index, key, environment, |node, ctx| node.on_message(ctx, from, msg));
            }
            Body::Timer { incarnation, timer } => {
                if incarnation != core.incarnation || core.forget_cancelled(key) {
                    return;
                }
                core.record(key, RECORD_TIMER, &timer);
                self.handled += 1;
                self.call(index, key, environment, |node, ctx| node.on_timer(ctx, timer));
            }
        }
    }

    /// Does what the world asks.
    pub(crate) fn act(&mut self, cause: EventKey, to: NodeAddr, action: Action<P>, environment: &Environment<P>) {
        let index = (to.0 - self.base) as usize;
        let Some(Slot { core, state }) = self.slots.get_mut(index) else {
            return;
        };
        match action {
            Action::Start(init) => {
                core.record(cause, RECORD_START, &());
                core.incarnation += 1;
                core.cancelled = None;
                let streams = environment
                    .node_streams
                    .index(u64::from(to.0))
                    .index(u64::from(core.incarnation));
                core.rng = streams.rng();
                *state = Some(P::new(to, init, &environment.config, streams));
                self.call(index, cause, environment, |node, ctx| node.on_start(ctx));
            }
            Action::Stop(departure) => {
                if state.is_none() {
                    return;
                }
                core.record(cause, RECORD_STOP, &departure);
                if departure == Departure::Graceful {
                    self.call(index, cause, environment, |node, ctx| node.on_stop(ctx));
                }
                let slot = &mut self.slots[index];
                slot.state = None;
                slot.core.cancelled = None;
                // Timers of the departed must not reach whoever comes next.
                slot.core.incarnation += 1;
            }
            Action::Command(operation, command) => {
                if state.is_none() {
                    return;
                }
                core.record(cause, RECORD_COMMAND, &(operation, &command));
                self.call(index, cause, environment, |node, ctx| {
                    node.on_command(ctx, operation, command)
                });
            }
        }
    }

    /// Calls a handler of a node that is up.
    #[inline]
    fn call(
        &mut self,
        index: usize,
        cause: EventKey,
        environment: &Environment<P>,
        handler: impl FnOnce(&mut P, &mut Ctx<'_, P>),
    ) {
        let me = NodeAddr(self.base + index as u32);
        let local = self.base..self.base + self.slots.len() as u32;
        let Slot { core, state } = &mut self.slots[index];
        let Some(node) = state else { return };
        let mut port = Port {
            cause,
            me,
            local,
            counter: &mut core.counter,
            incarnation: core.incarnation,
            cancelled: &mut core.cancelled,
            queue: &mut self.queue,
            outbox: &mut self.outbox,
            told: &mut self.told,
            traffic: &mut self.traffic,
            environment,
        };
        let mut ctx = Ctx::new(cause.time, me, &environment.config, &mut core.rng, &mut port);
        handler(node, &mut ctx);
    }
}

const RECORD_START: u64 = 1;
const RECORD_STOP: u64 = 2;
const RECORD_COMMAND: u64 = 3;
const RECORD_MESSAGE: u64 = 4;
const RECORD_TIMER: u64 = 5;

impl Core {
    /// Adds an event to the node's fingerprint.
    #[inline]
    fn record(&mut self, cause: EventKey, kind: u64, contents: &impl std::hash::Hash) {
        self.chain.write_u64(cause.time.as_nanos());
        self.chain.write_u64(kind << 32 | u64::from(cause.source.0));
        self.chain.fold(contents);
    }

    /// Whether the timer that is due was cancelled; if so, that need not be remembered any longer.
    #[inline]
    fn forget_cancelled(&mut self, key: EventKey) -> bool {
        let Some(cancelled) = &mut self.cancelled else {
            return false;
        };
        let id = TimerId {
            due: key.time,
            counter: key.counter,
        };
        let Some(at) = cancelled.0.iter().position(|other| *other == id) else {
            return false;
        };
        cancelled.0.swap_remove(at);
        true
    }
}

impl<P: Protocol<Addr = NodeAddr>> Envelope<P> {
    fn cause(&self, source: Source) -> Cause<'_, P> {
        match &self.body {
            Body::Message(msg) => Cause::Message {
                from: source.addr().unwrap_or(self.to),
                msg,
            },
            Body::Timer { timer, .. } => Cause::Timer(timer),
        }
    }
}

/// The engine as host of a node, for one call.
struct Port<'a, P: Protocol<Addr = NodeAddr>> {
    cause: EventKey,
    me: NodeAddr,
    local: std::ops::Range<u32>,
    counter: &'a mut u32,
    incarnation: u32,
    cancelled: &'a mut Option<Box<Cancelled>>,
    queue: &'a mut Queue<Envelope<P>>,
    outbox: &'a mut Vec<Entry<Envelope<P>>>,
    told: &'a mut Vec<Told<P::Event>>,
    traffic: &'a mut Traffic,
    environment: &'a Environment<P>,
}

impl<P: Protocol<Addr = NodeAddr>> Port<'_, P> {
    #[inline]
    fn transmit(&mut self, to: NodeAddr, bytes: u32) -> Fate {
        if to == self.me {
            return Fate::Arrives(SimDuration::NANOSECOND);
        }
        if !self.environment.split.has(to) {
            self.traffic.unreachable += 1;
            return Fate::Lost;
        }
        let fate = self.environment.network.transmit(&Transmission {
            now: self.cause.time,
            from: self.me,
            to,
            bytes,
            draw: self.environment.network_streams.pair(self.me.0, *self.counter),
        });
        self.traffic.lost += u64::from(fate == Fate::Lost);
        fate
    }

    #[inline]
    fn next_key(&mut self, delay: SimDuration) -> EventKey {
        let counter = *self.counter;
        *self.counter += 1;
        EventKey {
            time: self.cause.time + delay.max(SimDuration::NANOSECOND),
            source: Source::node(self.me),
            counter,
        }
    }
}

impl<P: Protocol<Addr = NodeAddr>> Host<P> for Port<'_, P> {
    fn send(&mut self, to: NodeAddr, msg: P::Msg) {
        let bytes = msg.wire_bytes();
        self.traffic.sent(msg.kind(), bytes);
        let fate = self.transmit(to, bytes);
        let Fate::Arrives(delay) = fate else {
            // A message that does not arrive has used its number all the same: that changes no other draw.
            *self.counter += 1;
            return;
        };
        let key = self.next_key(delay);
        let envelope = Envelope {
            to,
            body: Body::Message(msg),
        };
        if self.local.contains(&to.0) {
            self.queue.push(key, envelope);
        } else {
            self.outbox.push(Entry { key, item: envelope });
        }
    }

    fn set_timer(&mut self, delay: SimDuration, timer: P::Timer) -> TimerId {
        let key = self.next_key(delay);
        let body = Body::Timer {
            incarnation: self.incarnation,
            timer,
        };
        self.queue.push(key, Envelope { to: self.me, body });
        TimerId {
            due: key.time,
            counter: key.counter,
        }
    }

    fn cancel_timer(&mut self, id: TimerId) {
        let now = self.cause.time;
        if id.due < now {
            return;
        }
        let cancelled = &mut self.cancelled.get_or_insert_default().0;
        // What was cancelled after it had fired is never asked for again.
        cancelled.retain(|other| other.due >= now);
        cancelled.push(id);
    }

    fn emit(&mut self, event: P::Event) {
        self.told.push(Told {
            cause: self.cause,
            node: self.me,
            event,
        });
    }
}
