//! The world of a scenario: who comes and goes, who looks up what, and what is read off the nodes.

mod arrivals;
mod attendance;
mod direct;
mod hearing;
mod observation;
mod storage;
mod workload;

use std::collections::{BTreeMap, BTreeSet};

use sim_core::addr::NodeAddr;
use sim_core::protocol::OperationId;
use sim_core::random::{NodeRng, StreamKey};
use sim_core::time::{SimDuration, SimTime};
use sim_core::traffic::Traffic;
use sim_core::world::{Control, World};

use super::load::Load;
use super::measure::Measured;
use super::members::Members;
use super::population::{Coming, Distance, Population};
use super::tunnels::Tunnels;
use crate::overlays::{ConfigOf, InitOf, Overlay, Surroundings};
use crate::run::Label;
use crate::scenario::{BringUp, By, Point, Reachability, Returning, Settings};
use arrivals::{REVIEW_PERIOD, fresh_identifier, schedule};
use attendance::Attending;
pub(super) use direct::DirectPaths;
use storage::Storing;
use workload::{Issued, Workload};

/// What happens in a scenario, apart from the protocol.
struct Plan {
    nodes: u32,
    bring_up: BringUp,
    returning: Returning,
    reachability: Option<Reachability>,
    rings: Option<SimDuration>,
    tables: Option<SimDuration>,
    snapshots: Vec<SimTime>,
    /// How many keys are spread over the members at the end.
    keys: Option<u64>,
}

impl Plan {
    fn of(point: &Point) -> Self {
        Plan {
            nodes: point.nodes,
            bring_up: point.bring_up,
            returning: point.churn.returning,
            reachability: point.observe.reachability,
            rings: point.observe.rings,
            tables: point.observe.tables,
            snapshots: point.observe.snapshots.clone(),
            keys: point.observe.load,
        }
    }
}

/// What the world has in its calendar.
pub(super) enum Turn {
    /// The beginning.
    Open,
    /// Somebody comes or goes.
    Coming(Coming),
    /// Joins that have failed are begun again.
    Review,
    /// An attendant fails: which of them.
    Fail(usize),
    /// It is back.
    Resume(usize),
    /// Measurement begins.
    Measure,
    /// Somebody looks something up.
    Lookup,
    /// A key is put for the first time.
    FirstPut,
    /// Somebody puts, gets or removes something.
    Operate,
    /// Copies of keys are counted.
    CountCopies,
    /// Paths are followed.
    Reach,
    /// Rings are counted.
    Rings,
    /// Tables are compared with what they should be.
    Tables,
    /// The overlay is written down.
    Snapshot,
}

/// The world of one run.
pub(super) struct ScenarioWorld<O: Overlay> {
    plan: Plan,
    config: ConfigOf<O>,
    /// The settings that the parameters come from.
    settings: Settings,
    streams: StreamKey,
    attendants: Vec<Attending<O::Protocol>>,
    founders: Vec<(u128, NodeAddr)>,
    population: Population,
    /// The identifier of each node.
    ids: Vec<u128>,
    members: Members,
    /// Every identifier that a node has, or will have when it first comes.
    identifiers: BTreeSet<u128>,
    /// Those who are up and no members: when their next attempt to join is due.
    joining: BTreeMap<NodeAddr, SimTime>,
    /// When an overlay was last begun anew.
    founding: Option<SimTime>,
    workload: Option<Workload>,
    storing: Option<Storing>,
    issued: BTreeMap<OperationId, Issued>,
    next_operation: u64,
    lookups: NodeRng,
    /// How keys are asked for, if they are.
    asked: Option<By>,
    paths: DirectPaths,
    measured: Measured,
}

impl<O: Overlay> ScenarioWorld<O> {
    /// About how many bytes the world keeps of a node: its host, its identifier, that again twice in order, and where it stands
    /// among the members. Trees of the standard library are two thirds full.
    pub(super) const PLACE_BYTES: usize = Population::HOST_BYTES
        + size_of::<u128>()
        + 3 * (2 * size_of::<u128>() + size_of::<NodeAddr>()) / 2
        + size_of::<(NodeAddr, u128)>();

    /// A world before its first event, which is [`Turn::Open`] at time zero.
    pub(super) fn new(
        point: &Point,
        config: ConfigOf<O>,
        streams: StreamKey,
        asked: Option<By>,
        paths: DirectPaths,
        distance: Option<Distance>,
    ) -> Self {
        let plan = Plan::of(point);
        let population = Population::new(point, O::founders(&config), streams, distance);
        let mut identifiers = BTreeSet::new();
        let ids = (0..plan.nodes).map(NodeAddr).map(|addr| {
            let id = fresh_identifier::<O>(&config, streams, addr, 0, &identifiers);
            identifiers.insert(id);
            id
        });
        let ids: Vec<u128> = ids.collect();
        let founders = population.founders().iter();
        let founders = founders.flat_map(|host| population.hosts().nodes(*host));
        let founders: Vec<(u128, NodeAddr)> = founders.map(|addr| (ids[addr.index()], addr)).collect();
        let mut measured = Measured::new(point);
        measured.tunnels = O::TUNNELS.map(|_| Tunnels::default());
        ScenarioWorld {
            members: Members::new(plan.nodes),
            joining: BTreeMap::new(),
            founding: None,
            identifiers,
            workload: point
                .lookups
                .clone()
                .map(|lookups| Workload::new(lookups, plan.nodes, point.hosts(), streams)),
            storing: point
                .storage
                .map(|storage| Storing::new(storage, streams, |rng| O::key(&config, rng))),
            issued: BTreeMap::new(),
            next_operation: 0,
            lookups: streams.purpose("lookups").rng(),
            asked,
            paths,
            measured,
            settings: point.protocol.clone(),
            attendants: Vec::new(),
            founders,
            population,
            plan,
            config,
            streams,
            ids,
        }
    }

    /// Whether a node is up: its host is.
    fn is_up(&self, node: NodeAddr) -> bool {
        self.population.is_up(node)
    }

    /// Those who stand at time zero with perfect tables.
    pub(super) fn founders(&self) -> &[(u128, NodeAddr)] {
        &self.founders
    }

    /// Those who are members now.
    pub(super) fn members(&self) -> impl Iterator<Item = NodeAddr> {
        self.members.by_identifier().values().copied()
    }

    /// What was measured, at the end of the run.
    pub(super) fn into_measured(mut self, traffic: &Traffic, end: SimTime) -> Measured {
        self.end_workload(end);
        self.measured.comings.finish(end, self.population.under_way());
        if let Some(keys) = self.plan.keys {
            let stream = self.streams.purpose("load");
            let members = self.members.by_identifier();
            self.measured.loads = Load::of::<O>(keys, &self.config, members, self.population.hosts(), stream);
        }
        self.measured.stored = self.storing.map(Storing::into_measured);
        self.measured.finish(traffic, end, self.members.len() as u64);
        let routing = O::ROUTING_KINDS.filter(|_| self.asked == Some(By::Route));
        self.measured.routing_kinds = routing.map(|kinds| kinds.iter().map(|kind| Label::from(*kind)).collect());
        self.measured
    }

    /// Perfect tables for these members.
    fn perfect(&self, members: &[(u128, NodeAddr)]) -> Vec<InitOf<O>> {
        let surroundings = Surroundings {
            round_trip: &|from, to| self.paths.round_trip(from, to),
            streams: self.streams.purpose("tables"),
        };
        O::perfect(&self.config, members, &surroundings)
    }

    fn open(&mut self, control: &mut Control<'_, O::Protocol, Turn>) {
        schedule(control, self.population.open(&mut self.measured));
        let addrs = self.founders.iter().map(|(_, addr)| *addr);
        let mut founding: Vec<(NodeAddr, InitOf<O>)> = addrs.zip(self.perfect(&self.founders)).collect();
        self.attend(control, &mut founding);
        for (addr, init) in founding {
            control.start(addr, init);
        }
        control.schedule(REVIEW_PERIOD, Turn::Review);
        schedule(control, self.population.plan_failures());
        schedule(control, self.population.begin_processes());
        let lookups = self.workload.as_ref().map(Workload::start);
        if let Some(start) = lookups.or_else(|| self.storing.as_ref().map(Storing::from)) {
            control.schedule(start.since(SimTime::ZERO), Turn::Measure);
        }
        self.begin_storing(control);
        if let Some(reachability) = self.plan.reachability {
            control.schedule(reachability.every, Turn::Reach);
        }
        if let Some(every) = self.plan.rings {
            control.schedule(every, Turn::Rings);
        }
        if let Some(every) = self.plan.tables {
            control.schedule(every, Turn::Tables);
        }
        for at in &self.plan.snapshots {
            control.schedule(at.since(SimTime::ZERO), Turn::Snapshot);
        }
    }
}

impl<O: Overlay> World<O::Protocol> for ScenarioWorld<O> {
    type Event = Turn;

    fn on_event(&mut self, control: &mut Control<'_, O::Protocol, Turn>, turn: Turn) {
        match turn {
            Turn::Open => self.open(control),
            Turn::Coming(coming) => self.come_and_go(control, coming),
            Turn::Review => self.review(control),
            Turn::Fail(which) => self.fail_attendant(control, which),
            Turn::Resume(which) => self.resume_attendant(control, which),
            Turn::Measure => self.measure(control),
            Turn::Lookup => self.look_up(control),
            Turn::FirstPut => self.put_first(control),
            Turn::Operate => self.operate(control),
            Turn::CountCopies => self.count_copies(control),
            Turn::Reach => self.reach(control),
            Turn::Rings => self.count_rings(control),
            Turn::Tables => self.compare_tables(control),
            Turn::Snapshot => self.snapshot(control),
        }
    }

    fn on_node_event(
        &mut self,
        time: SimTime,
        node: NodeAddr,
        event: <O::Protocol as sim_core::protocol::Protocol>::Event,
    ) {
        self.hear(time, node, O::told(event));
    }
}
