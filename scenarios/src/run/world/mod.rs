//! The world of a scenario: who comes and goes, who looks up what, and what is read off the nodes.

mod arrivals;
mod observation;
mod process;
mod workload;

use std::collections::{BTreeMap, BTreeSet};

use sim_core::addr::NodeAddr;
use sim_core::churn::{Churn, ChurnModel, InitialState, Timetable};
use sim_core::protocol::OperationId;
use sim_core::random::{NodeRng, StreamKey};
use sim_core::time::{SimDuration, SimTime};
use sim_core::traffic::Traffic;
use sim_core::world::{Control, World};

use super::measure::Measured;
use super::members::Members;
use super::tally::Answer;
use crate::overlays::{ConfigOf, Overlay, Told};
use crate::scenario::{BringUp, FlashCrowd, Lookups, MassFailureSpec, Point, Reachability, Returning};
use arrivals::{REVIEW_PERIOD, Session, fresh_identifier};
use process::{Processes, Pulse};
use workload::Issued;

/// What happens in a scenario, apart from the protocol.
struct Plan {
    nodes: u32,
    bring_up: BringUp,
    /// The places that a churn model holds for: the first ones; the others are those of a flash crowd.
    residents: u32,
    churn_start: SimTime,
    returning: Returning,
    mass_failures: Vec<MassFailureSpec>,
    flash_crowd: Option<FlashCrowd>,
    lookups: Option<Lookups>,
    reachability: Option<Reachability>,
    snapshots: Vec<SimTime>,
}

impl Plan {
    fn of(point: &Point) -> Self {
        Plan {
            nodes: point.nodes,
            bring_up: point.bring_up,
            residents: point.churn.places,
            churn_start: point.churn.start,
            returning: point.churn.returning,
            mass_failures: point.mass_failures.clone(),
            flash_crowd: point.flash_crowd,
            lookups: point.lookups,
            reachability: point.observe.reachability,
            snapshots: point.observe.snapshots.clone(),
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
    /// Many fail at once: which of the failures.
    MassFailure(usize),
    /// A process of the whole network has an event.
    Pulse(Pulse),
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
    streams: StreamKey,
    founders: Vec<(u128, NodeAddr)>,
    timetable: Timetable,
    /// What decides for the whole network who comes and goes, if anything does.
    processes: Option<Box<Processes>>,
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
    issued: BTreeMap<OperationId, Issued>,
    next_operation: u64,
    arrivals: NodeRng,
    lookups: NodeRng,
    network: DirectDelay,
    /// How far a node lies from the places of regional failures, if there are any.
    distance: Option<Distance>,
    measured: Measured,
}

/// The distance of a node from a place.
pub(super) type Distance = Box<dyn Fn(NodeAddr, [f64; 2]) -> f64 + Send>;

/// The delay of the direct path between two hosts, both ways together.
pub(super) type DirectDelay = Box<dyn Fn(NodeAddr, NodeAddr) -> SimDuration + Send>;

impl<O: Overlay> ScenarioWorld<O> {
    /// About how many bytes the world keeps of a node: its place, its identifier twice in order, and where it stands among the
    /// members. Trees of the standard library are two thirds full.
    pub(super) const PLACE_BYTES: usize =
        size_of::<Place>() + 3 * (2 * size_of::<u128>() + size_of::<NodeAddr>()) / 2 + size_of::<(NodeAddr, u128)>();

    /// A world before its first event, which is [`Turn::Open`] at time zero.
    pub(super) fn new(
        point: &Point,
        config: ConfigOf<O>,
        streams: StreamKey,
        round_trip: DirectDelay,
        distance: Option<Distance>,
    ) -> Self {
        let plan = Plan::of(point);
        let churn = point.churn.churn.clone();
        let begins = plan.churn_start.since(SimTime::ZERO);
        let timetable = Timetable::new(churn, plan.residents, begins, streams);
        let mut identifiers = BTreeSet::new();
        let places = (0..plan.nodes).map(NodeAddr).map(|addr| {
            let id = fresh_identifier::<O>(&config, streams, addr, 0, &identifiers);
            identifiers.insert(id);
            let mut churn = Churn::stream(streams, addr).rng();
            let first = if addr.0 < plan.residents {
                timetable.initial(addr, &mut churn)
            } else {
                InitialState {
                    up: false,
                    remaining: ChurnModel::NEVER,
                }
            };
            Place {
                id,
                arrivals: 0,
                up: false,
                since: SimTime::ZERO,
                first,
                churn,
            }
        });
        let places: Vec<Place> = places.collect();
        let founds = |(index, place): &(usize, &Place)| match plan.bring_up {
            BringUp::Bulk => place.first.up,
            BringUp::Joins { founders, .. } => {
                *index < founders.unwrap_or_else(|| O::founders(&config)).min(plan.residents) as usize
            }
        };
        let founders = places.iter().enumerate().filter(founds);
        let first = places
            .iter()
            .enumerate()
            .filter(|place| place.1.first.up || founds(place));
        let first_population = first.count() as u32;
        let founders: Vec<(u128, NodeAddr)> = founders
            .map(|(index, place)| (place.id, NodeAddr(index as u32)))
            .collect();
        let reserved = |addr: NodeAddr| {
            places[addr.index()].first.up || founders.binary_search_by_key(&addr, |(_, founder)| *founder).is_ok()
        };
        let processes = Processes::of(timetable.churn().model(), plan.residents, reserved, streams);
        ScenarioWorld {
            members: Members::new(plan.nodes),
            joining: BTreeMap::new(),
            founding: None,
            identifiers,
            first_population,
            brought_up: 0,
            issued: BTreeMap::new(),
            next_operation: 0,
            arrivals: streams.purpose("arrivals").rng(),
            lookups: streams.purpose("lookups").rng(),
            network: round_trip,
            distance,
            measured: Measured::new(point),
            founders,
            timetable,
            processes,
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
        let under_way = self.places.iter().filter(|place| place.up);
        self.measured.comings.finish(end, under_way.map(|place| place.since));
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
        for (number, MassFailureSpec { failure, .. }) in self.plan.mass_failures.iter().enumerate() {
            control.schedule(failure.at().since(SimTime::ZERO), Turn::MassFailure(number));
        }
        self.begin_processes(control);
        if let Some(lookups) = self.plan.lookups {
            control.schedule(lookups.start.since(SimTime::ZERO), Turn::Measure);
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
            Turn::BringUp(addr) => self.arrive(control, addr, Session::Planned),
            Turn::Arrive(addr) => self.arrive(control, addr, Session::ByTimetable),
            Turn::Review => self.review(control),
            Turn::Depart(addr, arrival) => self.depart(control, addr, arrival),
            Turn::MassFailure(number) => self.fail_many(control, number),
            Turn::Pulse(pulse) => self.pulse(control, pulse),
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
