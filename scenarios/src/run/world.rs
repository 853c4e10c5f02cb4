//! The world of a scenario: who comes and goes, who looks up what.

use std::collections::{BTreeMap, BTreeSet};

use sim_core::addr::NodeAddr;
use sim_core::churn::{Churn, ChurnModel, InitialState};
use sim_core::distribution::Exponential;
use sim_core::math;
use sim_core::protocol::OperationId;
use sim_core::random::{NodeRng, StreamKey};
use sim_core::time::{SimDuration, SimTime};
use sim_core::traffic::Traffic;
use sim_core::world::{Control, Departure, World};

use super::measure::Measured;
use super::members::Members;
use super::reachability::{PathCount, arriving};
use super::snapshot::{SeenLink, SeenNode, Snapshot};
use super::tally::Answer;
use crate::overlays::{ConfigOf, Hop, Overlay, Told};
use crate::scenario::{Arrivals, BringUp, Lookups, MassFailureSpec, Point, Reachability};

/// How often it is looked for such joins.
const REVIEW_PERIOD: SimDuration = SimDuration::from_secs(5);

/// What happens in a scenario, apart from the protocol.
struct Plan {
    nodes: u32,
    bring_up: BringUp,
    churn: Churn,
    churn_start: SimTime,
    mass_failure: Option<MassFailureSpec>,
    lookups: Option<Lookups>,
    reachability: Option<Reachability>,
    snapshots: Vec<SimTime>,
}

impl Plan {
    fn of(point: &Point) -> Self {
        Plan {
            nodes: point.nodes,
            bring_up: point.bring_up,
            churn: point.churn.churn,
            churn_start: point.churn.start,
            mass_failure: point.mass_failure,
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

/// A lookup on its way.
struct Issued {
    at: SimTime,
    from: NodeAddr,
    key: u128,
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
    /// A world before its first event, which is [`Turn::Open`] at time zero.
    pub(super) fn new(point: &Point, config: ConfigOf<O>, streams: StreamKey, round_trip: DirectDelay) -> Self {
        let plan = Plan::of(point);
        let mut identifiers = BTreeSet::new();
        let places = (0..plan.nodes).map(NodeAddr).map(|addr| {
            let id = fresh_identifier::<O>(&config, streams, addr, 0, &identifiers);
            identifiers.insert(id);
            let mut churn = Churn::stream(streams, addr).rng();
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
            BringUp::Joins { founders, .. } => *index < founders.unwrap_or_else(|| O::founders(&config)) as usize,
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

    fn plan_first_session(&mut self, control: &mut Control<'_, O::Protocol, Turn>, addr: NodeAddr) {
        let place = &mut self.places[addr.index()];
        let InitialState { up, remaining } = place.first;
        // Founders are up whatever the churn model would have had them be: without them there is nobody to join.
        let founder = self
            .founders
            .binary_search_by_key(&addr, |(_, founder)| *founder)
            .is_ok();
        if up {
            self.schedule_change(control, Turn::Depart(addr, 1), remaining);
        } else if founder {
            let session = self.plan.churn.model().next_up(&mut place.churn);
            self.schedule_change(control, Turn::Depart(addr, 1), session);
        } else {
            self.schedule_change(control, Turn::Arrive(addr), remaining);
        }
        if let BringUp::Joins { over, arrivals, .. } = self.plan.bring_up
            && up
            && !founder
        {
            let share = self.arrival(arrivals);
            control.schedule(over.mul_f64(share), Turn::BringUp(addr));
        }
    }

    /// When the next node of the first population arrives, as a part of the time that all of them take.
    fn arrival(&mut self, arrivals: Arrivals) -> f64 {
        let part = sim_core::random::unit(&mut self.arrivals);
        let founders = self.founders.len() as f64;
        let size = founders + f64::from(self.brought_up) + part;
        self.brought_up += 1;
        match arrivals {
            Arrivals::Growing => math::ln(size / founders) / math::ln(f64::from(self.first_population) / founders),
            Arrivals::Uniform => part,
        }
    }

    /// Schedules a change of the churn model, counted from the start of churn.
    fn schedule_change(&self, control: &mut Control<'_, O::Protocol, Turn>, turn: Turn, remaining: SimDuration) {
        if remaining < ChurnModel::NEVER {
            control.schedule(self.plan.churn_start.since(control.now()) + remaining, turn);
        }
    }

    fn place_up(&mut self, now: SimTime, addr: NodeAddr) {
        let place = &mut self.places[addr.index()];
        place.up = true;
        place.arrivals += 1;
        self.measured.population(now, 1);
    }

    /// A node comes: for the first time, its session having been planned, or by the churn model, which plans it now.
    fn arrive(&mut self, control: &mut Control<'_, O::Protocol, Turn>, addr: NodeAddr, planned: bool) {
        self.place_up(control.now(), addr);
        self.measured.arrivals += 1;
        let arrivals = self.places[addr.index()].arrivals;
        if arrivals > 1 {
            let id = fresh_identifier::<O>(&self.config, self.streams, addr, arrivals, &self.identifiers);
            let former = std::mem::replace(&mut self.places[addr.index()].id, id);
            self.identifiers.remove(&former);
            self.identifiers.insert(id);
        }
        if !planned {
            let session = self.plan.churn.model().next_up(&mut self.places[addr.index()].churn);
            self.schedule_change(control, Turn::Depart(addr, arrivals), session);
        }
        self.join(control, addr);
    }

    /// Begins a join through a random member. Where there is none, since all have left or have lost each other, the node
    /// begins an overlay anew.
    fn join(&mut self, control: &mut Control<'_, O::Protocol, Turn>, addr: NodeAddr) {
        let id = self.places[addr.index()].id;
        self.joining
            .insert(addr, control.now() + O::join_patience(&self.config));
        match self.members.random(&mut self.arrivals) {
            Some(bootstrap) => control.start(addr, O::joining(&self.config, id, bootstrap)),
            // A founder is heard of when the world's event has ended: until then, one is enough.
            None if self.founding == Some(control.now()) => {
                self.joining.insert(addr, control.now());
            }
            None => {
                self.founding = Some(control.now());
                for init in O::perfect(&self.config, &[(id, addr)]) {
                    control.start(addr, init);
                }
            }
        }
    }

    fn review(&mut self, control: &mut Control<'_, O::Protocol, Turn>) {
        let due = |(addr, due): (&NodeAddr, &SimTime)| (*due <= control.now()).then_some(*addr);
        let overdue: Vec<NodeAddr> = self.joining.iter().filter_map(due).collect();
        for addr in overdue {
            self.measured.restarted_joins += 1;
            self.join(control, addr);
        }
        control.schedule(REVIEW_PERIOD, Turn::Review);
    }

    fn depart(&mut self, control: &mut Control<'_, O::Protocol, Turn>, addr: NodeAddr, arrival: u32) {
        let place = &mut self.places[addr.index()];
        if !place.up || place.arrivals != arrival {
            return;
        }
        let departure = if self.plan.churn.is_graceful(&mut place.churn) {
            Departure::Graceful
        } else {
            Departure::Silent
        };
        self.leave(control, addr, departure);
    }

    fn leave(&mut self, control: &mut Control<'_, O::Protocol, Turn>, addr: NodeAddr, departure: Departure) {
        let place = &mut self.places[addr.index()];
        place.up = false;
        let absence = self.plan.churn.model().next_down(&mut place.churn);
        self.members.remove(addr);
        self.joining.remove(&addr);
        self.measured.population(control.now(), -1);
        match departure {
            Departure::Graceful => self.measured.graceful_departures += 1,
            Departure::Silent => self.measured.silent_departures += 1,
        }
        control.stop(addr, departure);
        self.schedule_change(control, Turn::Arrive(addr), absence);
    }

    fn fail_many(&mut self, control: &mut Control<'_, O::Protocol, Turn>) {
        let Some(MassFailureSpec { failure, graceful }) = self.plan.mass_failure else {
            return;
        };
        let up: Vec<NodeAddr> = (0..self.plan.nodes)
            .map(NodeAddr)
            .filter(|addr| self.places[addr.index()].up)
            .collect();
        let streams = self.streams.purpose("mass failure");
        for addr in failure.victims(&up, streams.index(0)) {
            let is_graceful = streams.index(1).index(u64::from(addr.0)).unit() < graceful;
            self.leave(
                control,
                addr,
                if is_graceful {
                    Departure::Graceful
                } else {
                    Departure::Silent
                },
            );
        }
    }

    fn measure(&mut self, control: &mut Control<'_, O::Protocol, Turn>) {
        self.measured.begin(control.now(), control.traffic());
        self.schedule_lookup(control);
    }

    /// The processes of all places together are one Poisson process; a draw that falls on a place without a member is void.
    fn schedule_lookup(&mut self, control: &mut Control<'_, O::Protocol, Turn>) {
        let Some(lookups) = self.plan.lookups else { return };
        let Ok(pause) = Exponential::new(1.0 / (lookups.rate * f64::from(self.plan.nodes))) else {
            return;
        };
        let pause = SimDuration::from_secs_f64(pause.sample(&mut self.lookups));
        if control.now() + pause < lookups.until {
            control.schedule(pause, Turn::Lookup);
        }
    }

    fn look_up(&mut self, control: &mut Control<'_, O::Protocol, Turn>) {
        let from = NodeAddr((sim_core::random::unit(&mut self.lookups) * f64::from(self.plan.nodes)) as u32);
        if self.members.contains(from) {
            let operation = OperationId(self.next_operation);
            self.next_operation += 1;
            self.measured.bins.issued(control.now());
            let key = O::key(&self.config, &mut self.lookups);
            self.issued.insert(
                operation,
                Issued {
                    at: control.now(),
                    from,
                    key,
                },
            );
            control.command(from, operation, O::lookup(key));
        }
        self.schedule_lookup(control);
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

/// What is read off the nodes themselves.
impl<O: Overlay> ScenarioWorld<O> {
    /// Counts between which nodes there are paths. While nodes still come for the first time, those yet to come count as
    /// well: no path leads to them.
    fn reach(&mut self, control: &mut Control<'_, O::Protocol, Turn>) {
        let Some(Reachability { every, destinations }) = self.plan.reachability else {
            return;
        };
        let now = control.now();
        let coming = matches!(self.plan.bring_up, BringUp::Joins { over, .. } if now < SimTime::ZERO + over);
        let looked_at = |place: &Place| place.up || (coming && place.first.up);
        let nodes: Vec<NodeAddr> = (0..self.plan.nodes)
            .map(NodeAddr)
            .filter(|addr| looked_at(&self.places[addr.index()]))
            .collect();
        let targets = match destinations {
            Some(count) => sample(&nodes, count, self.streams.purpose("destinations").index(now.as_nanos())),
            None => nodes.clone(),
        };
        let mut working = 0;
        for &target in &targets {
            if self.members.contains(target) {
                let key = self.places[target.index()].id;
                let route = |at: NodeAddr| match control.node(at) {
                    Some(node) if self.members.contains(at) => O::route(&self.config, node, key),
                    _ => Hop::Nowhere,
                };
                working += arriving(self.plan.nodes, &nodes, target, route) as u64;
            }
        }
        self.measured.paths.push(PathCount {
            time: now,
            up: self.measured.up,
            members: self.members.len() as u64,
            pairs: targets.len() as u64 * (nodes.len() as u64).saturating_sub(1),
            working,
        });
        control.schedule(every, Turn::Reach);
    }

    fn snapshot(&mut self, control: &mut Control<'_, O::Protocol, Turn>) {
        let capacity = O::capacity(&self.config) as f64;
        let up = (0..self.plan.nodes).map(NodeAddr).filter(|addr| self.places[addr.index()].up);
        let up: Vec<(NodeAddr, &O::Protocol)> = up.filter_map(|addr| Some((addr, control.node(addr)?))).collect();
        let node = |(addr, _): &(NodeAddr, &O::Protocol)| {
            let id = self.places[addr.index()].id;
            SeenNode {
                addr: *addr,
                id,
                turn: id as f64 / capacity,
                member: self.members.contains(*addr),
            }
        };
        let links = up.iter().flat_map(|(from, node)| {
            let known = O::links(node).into_iter();
            known.map(|(kind, to)| SeenLink { from: *from, to, kind })
        });
        self.measured.snapshots.push(Snapshot {
            time: control.now(),
            nodes: up.iter().map(node).collect(),
            links: links.collect(),
        });
    }
}

/// So many of these nodes, each as likely as any other, in ascending order; all if there are no more.
fn sample(nodes: &[NodeAddr], count: u32, stream: StreamKey) -> Vec<NodeAddr> {
    let mut chosen = nodes.to_vec();
    chosen.sort_by_cached_key(|addr| (stream.index(u64::from(addr.0)).bits(), *addr));
    chosen.truncate(count as usize);
    chosen.sort();
    chosen
}

/// An identifier that nobody has: the first free one of the node's own stream.
fn fresh_identifier<O: Overlay>(
    config: &ConfigOf<O>,
    streams: StreamKey,
    addr: NodeAddr,
    arrival: u32,
    taken: &BTreeSet<u128>,
) -> u128 {
    let stream = streams
        .purpose("identifier")
        .index(u64::from(addr.0))
        .index(u64::from(arrival));
    let mut candidates = (0..).map(|attempt| O::identifier(config, stream.index(attempt)));
    candidates.find(|id| !taken.contains(id)).unwrap_or_default()
}
