//! A part of the nodes of a simulation, with their own queue: the loop in which a run spends its time.

use crate::act::Action;
use crate::addr::NodeAddr;
use crate::arena::{
    Core, Nodes, RECORD_COMMAND, RECORD_LINK, RECORD_MESSAGE, RECORD_START, RECORD_STOP, RECORD_TIMER, Slot,
};
use crate::environment::Environment;
use crate::fingerprint::Chain;
use crate::link_layer::Shared;
use crate::links::Links;
use crate::observer::{Observer, Step, Witness, reborrow, witness};
use crate::port::{Body, Envelope, Port, Told};
use crate::protocol::{Ctx, Protocol, Wire};
use crate::queue::{Entry, EventKey, Queue, Source};
use crate::random::NodeRng;
use crate::read_ahead::read_ahead;
use crate::time::SimTime;
use crate::traffic::Traffic;
use crate::world::Departure;

/// How many events ahead of the current one its node is asked for.
const NODES_AHEAD: usize = 12;
/// And what the node keeps elsewhere, when it is there itself.
const STATE_AHEAD: usize = 6;
/// At most so many cache lines of a node are asked for at once.
const NODE_LINES: usize = 6;

/// A range of the nodes, and the events that are due at them.
pub(crate) struct Partition<P: Protocol<Addr = NodeAddr>> {
    base: u32,
    slots: Vec<Slot<P>>,
    queue: Queue<Envelope<P>>,
    /// Events for nodes of other partitions.
    outbox: Vec<Entry<Envelope<P>>>,
    told: Vec<Told<P::Event>>,
    traffic: Traffic,
    /// Where messages queue, if the network has access links with a bandwidth.
    links: Option<Links>,
    /// What waits for the medium, if nodes share one of limited capacity.
    medium: Option<Shared<P::Msg>>,
    handled: u64,
}

impl<P: Protocol<Addr = NodeAddr>> Partition<P> {
    pub(crate) fn new(number: u32, environment: &Environment<P>) -> Self {
        let range = environment.split.range(number);
        let slot = |addr| Slot::new(environment.node_streams.index(addr));
        Partition {
            base: range.start,
            links: Links::of(&*environment.network, &range),
            medium: environment
                .links
                .as_ref()
                .and_then(|links| links.air().medium)
                .map(|medium| Shared::new(medium, range.end)),
            slots: range.map(u64::from).map(slot).collect(),
            queue: Queue::new(),
            outbox: Vec::new(),
            told: Vec::new(),
            traffic: Traffic::new::<P::Msg>(),
            handled: 0,
        }
    }

    pub(crate) fn next_time(&self) -> Option<SimTime> {
        let turn = self.medium.as_ref().and_then(Shared::next_turn);
        self.queue.next_time().into_iter().chain(turn).min()
    }

    pub(crate) fn handled(&self) -> u64 {
        self.handled
    }

    /// What was sent in all parts of a run.
    pub(crate) fn traffic_of(parts: &[Self]) -> Traffic {
        let mut sum = Traffic::new::<P::Msg>();
        for part in parts {
            sum.add(&part.traffic);
            if let Some(links) = &part.links {
                sum.links.get_or_insert_default().add(links.traffic());
            }
            sum.medium = part.medium.as_ref().map(|medium| *medium.traffic());
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

    /// Handles the events due before `end`, at most so many. Fails with the text of an observer, at the time and node it
    /// speaks of.
    pub(crate) fn run<O: Observer<P>>(
        &mut self,
        end: SimTime,
        most: u64,
        environment: &Environment<P>,
        observer: &mut O,
    ) -> Result<(), (SimTime, NodeAddr, String)> {
        let last = self.handled.saturating_add(most);
        if self.medium.is_some() {
            return self.run_with_turns(end, last, environment, observer);
        }
        while self.handled < last
            && let Some(entry) = self.queue.pop_before(end)
        {
            self.step(entry, environment, observer)?;
        }
        Ok(())
    }

    /// The same where nodes share a medium: of one instant, the turns of what waits for it come before the events.
    #[cold]
    fn run_with_turns<O: Observer<P>>(
        &mut self,
        end: SimTime,
        last: u64,
        environment: &Environment<P>,
        observer: &mut O,
    ) -> Result<(), (SimTime, NodeAddr, String)> {
        while self.handled < last {
            let turn = self.medium.as_ref().and_then(Shared::next_turn);
            let turn = turn.filter(|time| *time < end);
            match self.queue.pop_before(turn.unwrap_or(end)) {
                Some(entry) => self.step(entry, environment, observer)?,
                None if turn.is_some() => self.take_turn(environment, witness(observer)),
                None => break,
            }
        }
        Ok(())
    }

    /// Sends the frame whose turn it is, if the medium is idle.
    fn take_turn(&mut self, environment: &Environment<P>, mut witness: Option<&mut dyn Witness<P>>) {
        let Some((time, node, frame)) = self.medium.as_mut().and_then(Shared::turn) else {
            return;
        };
        let index = (node.0 - self.base) as usize;
        let cause = EventKey {
            time,
            source: Source::node(node),
            counter: self.slots[index].core.counter,
        };
        let (mut port, ..) = self.port(index, cause, environment, reborrow(&mut witness));
        port.take_turn(frame);
    }

    /// Handles an event. Fails as [`run`](Self::run).
    #[inline]
    fn step<O: Observer<P>>(
        &mut self,
        entry: Entry<Envelope<P>>,
        environment: &Environment<P>,
        observer: &mut O,
    ) -> Result<(), (SimTime, NodeAddr, String)> {
        self.look_ahead();
        if entry.item.at_link {
            self.receive(entry);
            return Ok(());
        }
        let (time, node) = (entry.key.time, entry.item.to);
        let watched = O::WATCHES && self.reaches(&entry);
        if watched {
            observer.event(&Step {
                time,
                node,
                cause: entry.item.cause(entry.key.source),
            });
        }
        self.handle(entry, environment, witness(observer));
        if watched {
            let state = observer.state(time, node, &self.nodes());
            state.map_err(|text| (time, node, text))?;
        }
        Ok(())
    }

    /// Asks the processor for what the events to come will need.
    #[inline]
    fn look_ahead(&self) {
        for coming in self.queue.coming(NODES_AHEAD) {
            if let Some(slot) = self.slots.get((coming.item.to.0 - self.base) as usize) {
                read_ahead(slot, NODE_LINES);
            }
        }
        for coming in self.queue.coming(STATE_AHEAD) {
            if let (Body::Message(msg), Some(from)) = (&coming.item.body, coming.key.source.addr())
                && let Some(node) = self.node(coming.item.to)
            {
                node.read_ahead(from, msg);
            }
        }
    }

    /// Whether there is a node to handle an event: one that is up, and for a timer the one that set it and did not cancel it.
    fn reaches(&self, entry: &Entry<Envelope<P>>) -> bool {
        let slot = self.slots.get((entry.item.to.0 - self.base) as usize);
        slot.filter(|slot| slot.state.is_some())
            .is_some_and(|slot| match entry.item.body {
                Body::Message(_) => true,
                Body::Timer { incarnation, .. } => slot.core.awaits(incarnation, entry.key),
            })
    }

    #[inline]
    fn handle(
        &mut self,
        entry: Entry<Envelope<P>>,
        environment: &Environment<P>,
        witness: Option<&mut dyn Witness<P>>,
    ) {
        let Entry {
            key,
            item: Envelope { to, body, .. },
        } = entry;
        let index = (to.0 - self.base) as usize;
        match body {
            Body::Message(msg) => {
                let Some(core) = self.core_of_up(index) else {
                    self.traffic.unreachable += 1;
                    return;
                };
                core.record(key, RECORD_MESSAGE, &msg);
                // Only nodes send: a message always has a sender.
                let Some(from) = key.source.addr() else { return };
                self.handled += 1;
                self.call(index, key, environment, witness, |node, ctx| {
                    node.on_message(ctx, from, msg)
                });
            }
            Body::Timer { incarnation, timer } => {
                let Some(core) = self.core_of_up(index) else { return };
                if incarnation != core.incarnation || core.forget_cancelled(key) {
                    return;
                }
                core.record(key, RECORD_TIMER, &timer);
                self.handled += 1;
                self.call(index, key, environment, witness, |node, ctx| node.on_timer(ctx, timer));
            }
        }
    }

    /// What is kept for a host at which a node is up.
    #[inline]
    fn core_of_up(&mut self, index: usize) -> Option<&mut Core> {
        let Slot { core, state } = self.slots.get_mut(index)?;
        state.is_some().then_some(core)
    }

    /// A message has come to the access link of its receiver's host: it is received when its last bit is, the event being
    /// the same and only later.
    #[cold]
    fn receive(&mut self, mut entry: Entry<Envelope<P>>) {
        let (Some(links), Body::Message(msg)) = (&mut self.links, &entry.item.body) else {
            return;
        };
        if let Some(time) = links.receive(entry.item.to, entry.key.time, msg.wire_bytes()) {
            entry.item.at_link = false;
            self.queue.push(EventKey { time, ..entry.key }, entry.item);
        }
    }

    /// Does what the world asks.
    pub(crate) fn act(
        &mut self,
        cause: EventKey,
        to: NodeAddr,
        action: Action<P>,
        environment: &Environment<P>,
        mut witness: Option<&mut dyn Witness<P>>,
    ) {
        let index = (to.0 - self.base) as usize;
        let Some(Slot { core, state }) = self.slots.get_mut(index) else {
            return;
        };
        if let Some(witness) = reborrow(&mut witness)
            && (state.is_some() || matches!(action, Action::Start(_)))
        {
            witness.event(&Step {
                time: cause.time,
                node: to,
                cause: action.cause(),
            });
        }
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
                self.call(index, cause, environment, witness, |node, ctx| node.on_start(ctx));
            }
            Action::Stop(departure) => {
                if state.is_none() {
                    return;
                }
                core.record(cause, RECORD_STOP, &departure);
                if departure == Departure::Graceful {
                    self.call(index, cause, environment, witness, |node, ctx| node.on_stop(ctx));
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
                self.call(index, cause, environment, witness, |node, ctx| {
                    node.on_command(ctx, operation, command)
                });
            }
            Action::Link(change) => {
                if state.is_none() {
                    return;
                }
                core.record(cause, RECORD_LINK, &change);
                self.call(index, cause, environment, witness, |node, ctx| {
                    node.on_link(ctx, change)
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
        mut witness: Option<&mut dyn Witness<P>>,
        handler: impl FnOnce(&mut P, &mut Ctx<'_, P>),
    ) {
        let (mut port, rng, state) = self.port(index, cause, environment, reborrow(&mut witness));
        let Some(node) = state else { return };
        let mut ctx = Ctx::new(cause.time, port.me, &environment.config, rng, &mut port);
        handler(node, &mut ctx);
    }

    /// The engine as host of a node, and what else of the node a call of it needs.
    #[inline]
    fn port<'a>(
        &'a mut self,
        index: usize,
        cause: EventKey,
        environment: &'a Environment<P>,
        witness: Option<&'a mut dyn Witness<P>>,
    ) -> (Port<'a, P>, &'a mut NodeRng, &'a mut Option<P>) {
        let local = self.base..self.base + self.slots.len() as u32;
        let Slot { core, state } = &mut self.slots[index];
        let port = Port {
            cause,
            me: NodeAddr(self.base + index as u32),
            local,
            counter: &mut core.counter,
            incarnation: core.incarnation,
            cancelled: &mut core.cancelled,
            queue: &mut self.queue,
            outbox: &mut self.outbox,
            told: &mut self.told,
            traffic: &mut self.traffic,
            links: self.links.as_mut(),
            medium: self.medium.as_mut(),
            environment,
            witness,
        };
        (port, &mut core.rng, state)
    }
}
