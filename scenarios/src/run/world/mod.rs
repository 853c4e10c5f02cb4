//! The world of a scenario: who comes and goes, who looks up what, and what is read off the nodes.

mod arrivals;
mod observation;
mod workload;

use std::collections::{BTreeMap, BTreeSet};

use sim_core::addr::NodeAddr;
use sim_core::churn::{Churn, InitialState};
use sim_core::network::Hosts;
use sim_core::protocol::OperationId;
use sim_core::random::{NodeRng, StreamKey};
use sim_core::time::{SimDuration, SimTime};
use sim_core::traffic::Traffic;
use sim_core::world::{Control, World};

use super::load::Load;
use super::measure::Measured;
use super::members::Members;
use super::tally::Answer;
use crate::overlays::{ConfigOf, Overlay, Told};
use crate::scenario::{BringUp, MassFailureSpec, Point, Reachability};
use arrivals::{REVIEW_PERIOD, fresh_identifier};
use workload::{Issued, Workload};

/// What happens in a scenario, apart from the protocol.
struct Plan {
    nodes: u32,
    /// Which of them share a host, and come and go together.
    hosts: Hosts,
    bring_up: BringUp,
    churn: Churn,
    churn_start: SimTime,
    mass_failure: Option<MassFailureSpec>,
    reachability: Option<Reachability>,
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
            churn: point.churn.churn,
            churn_start: point.churn.start,
            mass_failure: point.mass_failure,
            reachability: point.observe.reachability,
            snapshots: point.observe.snapshots.clone(),
            keys: point.observe.load,
        }
    }
}

/// What the world has in its calendar.
pub(super) enum Turn {
    /// The beginning.
    Open,
    /// A node of the first population comes.
    BringUp(NodeAddr),
    /// A node comes, or returns, by the churn model.
    Arrive(NodeAddr),
    /// Joins that have failed are begun again.
    Review,
    /// A session ends.
    Depart(NodeAddr, u32),
    /// Many fail at once.
    MassFailure,
    /// Measurement begins.
    Measure,
    /// Somebody looks something up.
    Lookup,
    /// Paths are followed.
    Reach,
    /// The overlay is written down.
    Snapshot,
}

/// One place for a node.
struct Place {
    id: u128,
    /// Counts arrivals, so that what was planned for one does not befall the next.
    arrivals: u32,
    up: bool,
    /// Where the churn model has it stand when churn begins.
    first: InitialState,
    churn: NodeRng,
}

/// The world of one run.
pub(super) struct ScenarioWorld<O: Overlay> {
    plan: Plan,
    config: ConfigOf<O>,
    streams: StreamKey,
    founders: Vec<(u128, NodeAddr)>,
    places: Vec<Place>,
    members: Members,
    /// Every identifier that a node has, or will have when it first comes.
    identifiers: BTreeSet<u128>,
    /// Those who are up and no members: when their next attempt to join is due.
    joining: BTreeMap<NodeAddr, SimTime>,
    /// When an overlay was last begun anew.
    founding: Option<SimTime>,
    /// How many nodes the overlay has when it has been brought up, and how many arrivals of those have been planned.
    first_population: u32,
    brought_up: u32,
    workload: Option<Workload>,
    issued: BTreeMap<OperationId, Issued>,
    next_operation: u64,
    arrivals: NodeRng,
    lookups: NodeRng,
    network: DirectDelay,
    measured: Measured,
}

/// The delay of the direct path between two hosts, both ways together.
pub(super) type DirectDelay = Box<dyn Fn(NodeAddr, NodeAddr) -> SimDuration + Send>;

impl<O: Overlay> ScenarioWorld<O> {
    /// About how many bytes the world keeps of a node: its place, its identifier twice in order, and where it stands among the
    /// members. Trees of the standard library are two thirds full.
    pub(super) const PLACE_BYTES: usize =
        size_of::<Place>() + 3 * (2 * size_of::<u128>() + size_of::<NodeAddr>()) / 2 + size_of::<(NodeAddr, u128)>();

    /// A world before its first event, which is [`Turn::Open`] at time zero.
    pub(super) fn new(point: &Point, config: ConfigOf<O>, streams: StreamKey, round_trip: DirectDelay) -> Self {
        let plan = Plan::of(point);
        let mut identifiers = BTreeSet::new();
        let places = (0..plan.nodes).map(NodeAddr).map(|addr| {
            let id = fresh_identifier::<O>(&config, streams, addr, 0, &identifiers);
            identifiers.insert(id);
            let mut churn = Churn::stream(streams, plan.hosts.of(addr)).rng();
            let first = plan.churn.model().initial(&mut churn);
            Place {
                id,
                arrivals: 0,
                up: false,
                first,
                churn,
            }
        });
        let places: Vec<Place> = places.collect();
        let founds = |(index, place): &(usize, &Place)| match plan.bring_up {
            BringUp::Bulk => place.first.up,
            BringUp::Joins { founders, .. } => {
                let founders = plan.hosts.count(founders.unwrap_or_else(|| O::founders(&config)));
                plan.hosts.of(NodeAddr(*index as u32)).0 < founders
            }
        };
        let founders = places.iter().enumerate().filter(founds);
        let first = places
            .iter()
            .enumerate()
            .filter(|place| place.1.first.up || founds(place));
        ScenarioWorld {
            founders: founders
                .map(|(index, place)| (place.id, NodeAddr(index as u32)))
                .collect(),
            members: Members::new(plan.nodes),
            joining: BTreeMap::new(),
            founding: None,
            identifiers,
            first_population: first.count() as u32,
            brought_up: 0,
            workload: point
                .lookups
                .clone()
                .map(|lookups| Workload::new(lookups, plan.nodes, plan.hosts, streams)),
            issued: BTreeMap::new(),
            next_operation: 0,
            arrivals: streams.purpose("arrivals").rng(),
            lookups: streams.purpose("lookups").rng(),
            network: round_trip,
            measured: Measured::new(point),
            plan,
            config,
            streams,
            places,
        }
    }

    /// Those who stand at time zero with perfect tables.
    pub(super) fn founders(&self) -> &[(u128, NodeAddr)] {
        &self.founders
    }

    /// What was measured, at the end of the run.
    pub(super) fn into_measured(mut self, traffic: &Traffic, end: SimTime) -> Measured {
        for Issued { at, .. } in self.issued.values() {
            self.measured.bins.unfinished(*at);
        }
        if let Some(keys) = self.plan.keys {
            let stream = self.streams.purpose("load");
            let members = self.members.by_identifier();
            self.measured.loads = Load::of::<O>(keys, &self.config, members, self.plan.hosts, stream);
        }
        self.measured.finish(traffic, end, self.members.len() as u64);
        self.measured
    }

    fn open(&mut self, control: &mut Control<'_, O::Protocol, Turn>) {
        for index in 0..self.plan.nodes {
            self.plan_first_session(control, NodeAddr(index));
        }
        for (init, (_, addr)) in O::perfect(&self.config, &self.founders)
            .into_iter()
            .zip(self.founders.clone())
        {
            self.place_up(control.now(), addr);
            control.start(addr, init);
        }
        control.schedule(REVIEW_PERIOD, Turn::Review);
        if let Some(MassFailureSpec { failure, .. }) = self.plan.mass_failure {
            control.schedule(failure.at().since(SimTime::ZERO), Turn::MassFailure);
        }
        if let Some(workload) = &self.workload {
            control.schedule(workload.start().since(SimTime::ZERO), Turn::Measure);
        }
        if let Some(reachability) = self.plan.reachability {
            control.schedule(reachability.every, Turn::Reach);
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
            Turn::BringUp(addr) => self.arrive(control, addr, true),
            Turn::Arrive(addr) => self.arrive(control, addr, false),
            Turn::Review => self.review(control),
            Turn::Depart(addr, arrival) => self.depart(control, addr, arrival),
            Turn::MassFailure => self.fail_many(control),
            Turn::Measure => self.measure(control),
            Turn::Lookup => self.look_up(control),
            Turn::Reach => self.reach(control),
            Turn::Snapshot => self.snapshot(control),
        }
    }

    fn on_node_event(
        &mut self,
        time: SimTime,
        node: NodeAddr,
        event: <O::Protocol as sim_core::protocol::Protocol>::Event,
    ) {
        match O::told(event) {
            Told::Joined => {
                let place = &self.places[node.index()];
                if place.up {
                    self.joining.remove(&node);
                    self.members.insert(node, place.id);
                }
            }
            Told::Out => {
                if self.places[node.index()].up {
                    self.members.remove(node);
                    self.joining.insert(node, time);
                }
            }
            Told::Other => {}
            Told::Found {
                operation,
                owner,
                hops,
                visited,
                timeouts,
                dead_owners,
            } => {
                let Some(Issued { at, from, key }) = self.issued.remove(&operation) else {
                    return;
                };
                let truth = O::owner(&self.config, key, self.members.by_identifier());
                let answer = Answer {
                    correct: truth == Some(owner),
                    hops,
                    visited,
                    timeouts,
                    dead_owners,
                    latency: time.since(at),
                    direct: (self.network)(from, owner),
                };
                self.measured.bins.found(at, &answer);
            }
            Told::NotFound { operation, timeouts } => {
                if let Some(Issued { at, .. }) = self.issued.remove(&operation) {
                    self.measured.bins.not_found(at, timeouts);
                }
            }
        }
    }
}
