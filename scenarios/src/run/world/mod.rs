//! The world of a scenario: who comes and goes, who looks up what, and what is read off the nodes.

mod arrivals;
mod attendance;
mod direct;
mod hearing;
mod observation;
mod process;
mod storage;
mod workload;

use std::collections::{BTreeMap, BTreeSet};

use sim_core::addr::NodeAddr;
use sim_core::churn::{Churn, ChurnModel, InitialState, Timetable};
use sim_core::network::Hosts;
use sim_core::protocol::OperationId;
use sim_core::random::{NodeRng, StreamKey};
use sim_core::time::{SimDuration, SimTime};
use sim_core::traffic::Traffic;
use sim_core::world::{Control, World};

use super::load::Load;
use super::measure::Measured;
use super::members::Members;
use super::tunnels::Tunnels;
use crate::overlays::{ConfigOf, InitOf, Overlay, Surroundings};
use crate::run::Label;
use crate::scenario::{BringUp, By, FlashCrowd, MassFailureSpec, Point, Reachability, Returning, Settings};
use arrivals::{REVIEW_PERIOD, Session, fresh_identifier};
use attendance::Attending;
pub(super) use direct::DirectPaths;
use process::{Processes, Pulse};
use storage::Storing;
use workload::{Issued, Workload};

/// What happens in a scenario, apart from the protocol.
struct Plan {
    nodes: u32,
    /// Which of them share a host.
    hosts: Hosts,
    bring_up: BringUp,
    /// The hosts that a churn model holds for: the first ones; the others are those of a flash crowd.
    residents: u32,
    churn_start: SimTime,
    returning: Returning,
    mass_failures: Vec<MassFailureSpec>,
    flash_crowd: Option<FlashCrowd>,
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
            hosts: point.hosts(),
            bring_up: point.bring_up,
            residents: point.churn.places,
            churn_start: point.churn.start,
            returning: point.churn.returning,
            mass_failures: point.mass_failures.clone(),
            flash_crowd: point.flash_crowd,
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
    /// A host of the first population comes.
    BringUp(NodeAddr),
    /// A host comes, or returns, by the churn model.
    Arrive(NodeAddr),
    /// Joins that have failed are begun again.
    Review,
    /// A session ends.
    Depart(NodeAddr, u32),
    /// An attendant fails: which of them.
    Fail(usize),
    /// It is back.
    Resume(usize),
    /// Many fail at once: which of the failures.
    MassFailure(usize),
    /// A process of the whole network has an event.
    Pulse(Pulse),
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

/// A host, which comes and goes with all of its nodes.
struct Machine {
    /// Counts arrivals, so that what was planned for one does not befall the next.
    arrivals: u32,
    up: bool,
    /// When it last came.
    since: SimTime,
    /// Where the churn model has it stand when churn begins.
    first: InitialState,
    churn: NodeRng,
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
    timetable: Timetable,
    /// What decides for the whole network who comes and goes, if anything does.
    processes: Option<Box<Processes>>,
    machines: Vec<Machine>,
    /// The identifier of each node.
    ids: Vec<u128>,
    members: Members,
    /// Every identifier that a node has, or will have when it first comes.
    identifiers: BTreeSet<u128>,
    /// Those who are up and no members: when their next attempt to join is due.
    joining: BTreeMap<NodeAddr, SimTime>,
    /// When an overlay was last begun anew.
    founding: Option<SimTime>,
    /// How many hosts the overlay has when it has been brought up, and how many arrivals of those have been planned.
    first_population: u32,
    brought_up: u32,
    workload: Option<Workload>,
    storing: Option<Storing>,
    issued: BTreeMap<OperationId, Issued>,
    next_operation: u64,
    arrivals: NodeRng,
    lookups: NodeRng,
    /// How keys are asked for, if they are.
    asked: Option<By>,
    paths: DirectPaths,
    /// How far a host lies from the places of regional failures, if there are any.
    distance: Option<Distance>,
    measured: Measured,
}

/// The distance of a host from a place.
pub(super) type Distance = Box<dyn Fn(NodeAddr, [f64; 2]) -> f64 + Send>;

impl<O: Overlay> ScenarioWorld<O> {
    /// About how many bytes the world keeps of a node: its host, its identifier, that again twice in order, and where it stands
    /// among the members. Trees of the standard library are two thirds full.
    pub(super) const PLACE_BYTES: usize = size_of::<Machine>()
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
        let churn = point.churn.churn.clone();
        let begins = plan.churn_start.since(SimTime::ZERO);
        let timetable = Timetable::new(churn, plan.residents, begins, streams);
        let mut identifiers = BTreeSet::new();
        let ids = (0..plan.nodes).map(NodeAddr).map(|addr| {
            let id = fresh_identifier::<O>(&config, streams, addr, 0, &identifiers);
            identifiers.insert(id);
            id
        });
        let ids: Vec<u128> = ids.collect();
        let machine = |host: NodeAddr| {
            let mut churn = Churn::stream(streams, host).rng();
            let first = if host.0 < plan.residents {
                timetable.initial(host, &mut churn)
            } else {
                InitialState {
                    up: false,
                    remaining: ChurnModel::NEVER,
                }
            };
            Machine {
                arrivals: 0,
                up: false,
                since: SimTime::ZERO,
                first,
                churn,
            }
        };
        let hosts = (0..plan.hosts.count(plan.nodes)).map(NodeAddr);
        let machines: Vec<Machine> = hosts.clone().map(machine).collect();
        let founds = |host: &NodeAddr| match plan.bring_up {
            BringUp::Bulk => machines[host.index()].first.up,
            BringUp::Joins { founders, .. } => {
                let founders = plan.hosts.count(founders.unwrap_or_else(|| O::founders(&config)));
                host.0 < founders.min(plan.residents)
            }
        };
        let reserved = |host: NodeAddr| machines[host.index()].first.up || founds(&host);
        let first_population = hosts.clone().filter(|host| reserved(*host)).count() as u32;
        let founders = hosts.filter(founds).flat_map(|host| plan.hosts.nodes(host));
        let founders: Vec<(u128, NodeAddr)> = founders.map(|addr| (ids[addr.index()], addr)).collect();
        let processes = Processes::of(timetable.churn().model(), plan.residents, reserved, streams);
        let mut measured = Measured::new(point);
        measured.tunnels = O::TUNNELS.map(|_| Tunnels::default());
        ScenarioWorld {
            members: Members::new(plan.nodes),
            joining: BTreeMap::new(),
            founding: None,
            identifiers,
            first_population,
            brought_up: 0,
            workload: point
                .lookups
                .clone()
                .map(|lookups| Workload::new(lookups, plan.nodes, plan.hosts, streams)),
            storing: point
                .storage
                .map(|storage| Storing::new(storage, streams, |rng| O::key(&config, rng))),
            issued: BTreeMap::new(),
            next_operation: 0,
            arrivals: streams.purpose("arrivals").rng(),
            lookups: streams.purpose("lookups").rng(),
            asked,
            paths,
            distance,
            measured,
            settings: point.protocol.clone(),
            attendants: Vec::new(),
            founders,
            timetable,
            processes,
            plan,
            config,
            streams,
            machines,
            ids,
        }
    }

    /// Whether a node is up: its host is.
    fn is_up(&self, node: NodeAddr) -> bool {
        self.machines[self.plan.hosts.of(node).index()].up
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
        let under_way = self.machines.iter().filter(|machine| machine.up);
        self.measured
            .comings
            .finish(end, under_way.map(|machine| machine.since));
        if let Some(keys) = self.plan.keys {
            let stream = self.streams.purpose("load");
            let members = self.members.by_identifier();
            self.measured.loads = Load::of::<O>(keys, &self.config, members, self.plan.hosts, stream);
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
        for host in 0..self.machines.len() as u32 {
            self.plan_first_session(control, NodeAddr(host));
        }
        let mut hosts: Vec<NodeAddr> = self
            .founders
            .iter()
            .map(|(_, addr)| self.plan.hosts.of(*addr))
            .collect();
        hosts.dedup();
        hosts.into_iter().for_each(|host| self.machine_up(control.now(), host));
        let addrs = self.founders.iter().map(|(_, addr)| *addr);
        let mut founding: Vec<(NodeAddr, InitOf<O>)> = addrs.zip(self.perfect(&self.founders)).collect();
        self.attend(control, &mut founding);
        for (addr, init) in founding {
            control.start(addr, init);
        }
        control.schedule(REVIEW_PERIOD, Turn::Review);
        for (number, MassFailureSpec { failure, .. }) in self.plan.mass_failures.iter().enumerate() {
            control.schedule(failure.at().since(SimTime::ZERO), Turn::MassFailure(number));
        }
        self.begin_processes(control);
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
            Turn::BringUp(addr) => self.arrive(control, addr, Session::Planned),
            Turn::Arrive(addr) => self.arrive(control, addr, Session::ByTimetable),
            Turn::Review => self.review(control),
            Turn::Depart(addr, arrival) => self.depart(control, addr, arrival),
            Turn::Fail(which) => self.fail_attendant(control, which),
            Turn::Resume(which) => self.resume_attendant(control, which),
            Turn::MassFailure(number) => self.fail_many(control, number),
            Turn::Pulse(pulse) => self.pulse(control, pulse),
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
