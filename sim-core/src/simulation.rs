//! A simulation: nodes of one protocol on one network, in one world.

use std::fmt;

use crate::act::Action;
use crate::addr::NodeAddr;
use crate::arena::Slot;
use crate::environment::{Environment, Split};
use crate::fingerprint::{Chain, fold_chains};
use crate::link_layer::{LinkLayer, Switched};
use crate::network::Network;
use crate::observer::{Observer, witness};
use crate::partition::Partition;
use crate::port::{Envelope, Told};
use crate::protocol::{LinkChange, Protocol};
use crate::queue::{Entry, EventKey, Source};
use crate::random::StreamKey;
use crate::time::{SimDuration, SimTime};
use crate::traffic::Traffic;
use crate::world::{Calendar, Control, World};

/// How many events nodes may handle before the world hears what they told: it bounds memory, not the order.
const EVENTS_AT_ONCE: u64 = 4096;

/// What a simulation is made of.
pub struct Setup<P: Protocol> {
    /// The parameters that all nodes share.
    pub config: P::Config,
    /// What lies between them.
    pub network: Box<dyn Network>,
    /// How many addresses there are: nodes come up at addresses below this.
    pub nodes: u32,
    /// The root of all random streams of the run.
    pub streams: StreamKey,
    /// Into how many parts the run is split, each with its own queue. The result does not depend on it.
    pub partitions: u32,
}

/// A run that an observer ended: an invariant did not hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Broken {
    /// When.
    pub time: SimTime,
    /// At which node.
    pub node: NodeAddr,
    /// At which event, counted from one over the whole run.
    pub event: u64,
    /// What does not hold.
    pub message: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "at {}, node {}, event {}: {}",
            self.time, self.node, self.event, self.message
        )
    }
}

impl std::error::Error for Broken {}

/// A run of protocol `P` in world `W`, watched by `O`.
pub struct Simulation<P: Protocol<Addr = NodeAddr>, W: World<P>, O: Observer<P> = ()> {
    environment: Environment<P>,
    partitions: Vec<Partition<P>>,
    calendar: Calendar<W::Event>,
    world: W,
    observer: O,
    now: SimTime,
    world_acts: u64,
}

impl<P: Protocol<Addr = NodeAddr>, W: World<P>> Simulation<P, W> {
    /// A simulation at time zero, with nobody up.
    pub fn new(setup: Setup<P>, world: W) -> Self {
        Simulation::observed(setup, world, ())
    }
}

impl<P: Protocol<Addr = NodeAddr>, W: World<P>, O: Observer<P>> Simulation<P, W, O> {
    /// A simulation at time zero, with nobody up, watched from the first event on.
    ///
    /// An observer needs the run in one piece: if it watches, the simulation is not split.
    pub fn observed(setup: Setup<P>, world: W, observer: O) -> Self {
        Simulation::made(setup, None, world, observer)
    }

    /// The same where neighbours talk over links. Between all others lies the network of `setup`: [`Nothing`] where only
    /// neighbours can talk.
    ///
    /// A medium of limited capacity needs the run in one piece, too.
    ///
    /// [`Nothing`]: crate::network::Nothing
    pub fn linked(setup: Setup<P>, links: LinkLayer, world: W, observer: O) -> Self {
        Simulation::made(setup, Some(links), world, observer)
    }

    fn made(setup: Setup<P>, links: Option<LinkLayer>, world: W, observer: O) -> Self {
        let whole = O::WATCHES || links.as_ref().is_some_and(|links| links.air().medium.is_some());
        let partitions = if whole { 1 } else { setup.partitions.max(1) };
        let split = Split::new(setup.nodes, partitions, setup.network.shared());
        let environment = Environment {
            config: setup.config,
            network: setup.network,
            links,
            node_streams: setup.streams.purpose("node"),
            network_streams: setup.streams.purpose("network"),
            split,
        };
        Simulation {
            partitions: (0..partitions)
                .map(|number| Partition::new(number, &environment))
                .collect(),
            environment,
            calendar: Calendar::new(),
            world,
            observer,
            now: SimTime::ZERO,
            world_acts: 0,
        }
    }

    /// How many bytes the engine takes for a host, with a node up there and so many events due at it; what the node keeps on
    /// the heap comes on top.
    pub const fn host_bytes(events: usize) -> usize {
        size_of::<Slot<P>>() + events * size_of::<Entry<Envelope<P>>>()
    }

    /// Puts an event into the world's calendar. It happens at `time`, before the node events of that instant; a time that
    /// has passed means now.
    pub fn schedule(&mut self, time: SimTime, event: W::Event) {
        self.calendar.schedule(time.max(self.now), event);
    }

    /// Runs every event that is due before `end`, or before the world [ends](Control::end) the run.
    ///
    /// # Errors
    ///
    /// The observer found that something does not hold. The simulation can be looked at, not continued.
    pub fn run_until(&mut self, end: SimTime) -> Result<(), Broken> {
        while !self.run_some(end, u64::MAX)? {}
        Ok(())
    }

    /// Runs events that are due before `end`, but not many more than `events` of them, so that whoever drives the
    /// simulation can look up from it. Says whether all have been run. Where a run pauses changes nothing.
    ///
    /// # Errors
    ///
    /// As [`run_until`](Self::run_until).
    pub fn run_some(&mut self, end: SimTime, events: u64) -> Result<bool, Broken> {
        let before = self.events();
        let mut turns = 0;
        loop {
            // These are times before which nothing happens; turning to one that proves too early makes it exact.
            let world_time = self.calendar.queue.next_time();
            let link_time = self.environment.links.as_ref().and_then(LinkLayer::next_time);
            let node_times = self.partitions.iter().filter_map(Partition::next_time);
            let end = self.calendar.ended.map_or(end, |ended| ended.min(end));
            let Some(next) = node_times
                .chain(world_time)
                .chain(link_time)
                .min()
                .filter(|time| *time < end)
            else {
                self.now = end;
                return Ok(true);
            };
            self.now = next;
            if link_time == Some(next) {
                self.links_turn(next)?;
            } else if world_time == Some(next) {
                self.world_turn(next)?;
            } else {
                let horizon = self.horizon(next);
                let most = (events - (self.events() - before)).min(EVENTS_AT_ONCE);
                let changes = world_time.into_iter().chain(link_time).min();
                self.nodes_turn(horizon.min(end).min(changes.unwrap_or(SimTime::MAX)), most)?;
            }
            // A turn may be one in which nothing happens: enough of those is a reason to look up, too.
            turns += 1;
            if turns + (self.events() - before) >= events {
                return Ok(false);
            }
        }
    }

    /// How far the partitions may run without hearing of each other: the lookahead.
    fn horizon(&self, next: SimTime) -> SimTime {
        match self.partitions.len() {
            1 => SimTime::MAX,
            _ => {
                let links = self.environment.links.as_ref().map(LinkLayer::min_delay);
                let delays = links.into_iter().chain([self.environment.network.min_delay()]);
                next + delays.min().unwrap_or_default().max(SimDuration::NANOSECOND)
            }
        }
    }

    /// Lets nodes handle what is due before `end`: all of it, or at most so many events if the run is not split.
    fn nodes_turn(&mut self, end: SimTime, most: u64) -> Result<(), Broken> {
        let alone = self.partitions.len() == 1;
        for partition in &mut self.partitions {
            let most = if alone { most } else { u64::MAX };
            let outcome = partition.run(end, most, &self.environment, &mut self.observer);
            if let Err((time, node, message)) = outcome {
                return Err(self.broken(time, node, message));
            }
        }
        self.exchange();
        let mut told = Vec::new();
        for partition in &mut self.partitions {
            partition.drain_told(&mut told);
        }
        if !alone {
            // Into the total order. Stable: what was told during one event stays in the order in which it was told.
            told.sort_by_key(|told| told.cause);
        }
        self.hear(told);
        Ok(())
    }

    /// Handles the world's events of one instant.
    fn world_turn(&mut self, time: SimTime) -> Result<(), Broken> {
        let just_after = time + SimDuration::NANOSECOND;
        while let Some(entry) = self.calendar.queue.pop_before(just_after) {
            self.act(entry.key, |world, control| world.on_event(control, entry.item))?;
        }
        Ok(())
    }

    /// Makes the changes of links of one instant: before all else that happens then.
    fn links_turn(&mut self, time: SimTime) -> Result<(), Broken> {
        let switched = self.environment.links.as_mut().map(|links| links.turn(time));
        let cause = EventKey {
            time,
            source: Source::WORLD,
            counter: 0,
        };
        for Switched { between: (a, b), up } in switched.into_iter().flatten() {
            let change = if up { LinkChange::Up } else { LinkChange::Down };
            self.act(cause, |_, control| {
                control.act_alone(a, Action::Link(change(b)));
                control.act_alone(b, Action::Link(change(a)));
            })?;
        }
        Ok(())
    }

    /// Lets something act on the nodes from outside, and the world and the observer hear what came of it.
    fn act(&mut self, cause: EventKey, acts: impl FnOnce(&mut W, &mut Control<'_, P, W::Event>)) -> Result<(), Broken> {
        let (mut touched, mut told) = (Vec::new(), Vec::new());
        let mut control = Control {
            cause,
            environment: &mut self.environment,
            partitions: &mut self.partitions,
            calendar: &mut self.calendar,
            touched: &mut touched,
            witness: witness(&mut self.observer),
            told: &mut told,
        };
        acts(&mut self.world, &mut control);
        self.exchange();
        self.hear(told);
        self.world_acts += touched.len() as u64;
        if O::WATCHES {
            for node in touched {
                let outcome = self.observer.state(cause.time, node, &self.partitions[0].nodes());
                outcome.map_err(|message| self.broken(cause.time, node, message))?;
            }
        }
        Ok(())
    }

    /// Carries messages from partition to partition.
    fn exchange(&mut self) {
        let mut crossing = Vec::new();
        for partition in &mut self.partitions {
            partition.drain_outbox(&mut crossing);
        }
        for (to, entry) in crossing {
            self.partitions[self.environment.split.partition_of(to)].accept(entry);
        }
    }

    /// Lets the world hear what the nodes told.
    fn hear(&mut self, told: Vec<Told<P::Event>>) {
        for Told { cause, node, event } in told {
            self.world.on_node_event(cause.time, node, event);
        }
    }

    fn broken(&self, time: SimTime, node: NodeAddr, message: String) -> Broken {
        Broken {
            time,
            node,
            event: self.events(),
            message,
        }
    }

    /// The present instant.
    pub fn now(&self) -> SimTime {
        self.now
    }

    /// Events handled so far: messages received, timers fired, acts of the world.
    pub fn events(&self) -> u64 {
        self.world_acts + self.partitions.iter().map(Partition::handled).sum::<u64>()
    }

    /// Messages and bytes sent so far.
    pub fn traffic(&self) -> Traffic {
        Partition::traffic_of(&self.partitions)
    }

    /// The fingerprint of all that has happened: equal for equal runs, however they were split.
    pub fn fingerprint(&self) -> u64 {
        fold_chains(self.chains())
    }

    /// The fingerprint chains of the nodes, by address: where two runs differ, these say at which nodes.
    pub fn chains(&self) -> impl Iterator<Item = Chain> {
        self.partitions.iter().flat_map(Partition::chains)
    }

    /// Who are neighbours at this moment, where only neighbours can talk.
    pub fn links(&self) -> Option<&LinkLayer> {
        self.environment.links.as_ref()
    }

    /// The state of a node that is up.
    pub fn node(&self, node: NodeAddr) -> Option<&P> {
        self.partitions
            .get(self.environment.split.partition_of(node))?
            .node(node)
    }

    /// The world.
    pub fn world(&self) -> &W {
        &self.world
    }

    /// The world, with what it measured, at the end of a run.
    pub fn into_world(self) -> W {
        self.world
    }

    /// The observer.
    pub fn observer(&self) -> &O {
        &self.observer
    }
}
