//! The world of a network layer: who is there, who sends what to whom, and what is read off the nodes.

use sim_core::addr::NodeAddr;
use sim_core::link_layer::Place;
use sim_core::protocol::Protocol;
use sim_core::random::StreamKey;
use sim_core::time::{SimDuration, SimTime};
use sim_core::traffic::Traffic as Sent;
use sim_core::world::{Control, World};

use super::groups::GroupTraffic;
use super::measured::{AddressTally, Disturbance, NetworkMeasured};
use super::observation::Standing;
use super::shortest::Shortest;
use super::traffic::Traffic;
use crate::network_layers::{ConfigOf, EventOf, NetworkLayer, Told};
use crate::run::Label;
use crate::run::measure::Measured;
use crate::run::population::{Coming, Move, Population};
use crate::scenario::{BringUp, Point, Reachability};

/// By how many leading bits snapshots tell areas apart where the scenario does not say: four areas.
const SNAPSHOT_BITS: u32 = 2;

/// What the world has in its calendar.
pub(super) enum Turn {
    /// The beginning.
    Open,
    /// Somebody comes or goes.
    Coming(Coming),
    /// Measurement begins.
    Measure,
    /// A packet of a Poisson process is sent.
    Packet,
    /// The next packet of a flow is sent.
    Flow(usize),
    /// An address is looked up.
    LookUp,
    /// A node sends to a group.
    ToGroup,
    /// The network is held against what it should be.
    Probe,
    /// The network is written down.
    Snapshot,
}

/// The world of one run.
pub(super) struct NetworkWorld<N: NetworkLayer> {
    pub(super) nodes: u32,
    pub(super) config: ConfigOf<N>,
    pub(super) streams: StreamKey,
    pub(super) population: Population,
    pub(super) traffic: Traffic,
    pub(super) groups: GroupTraffic,
    pub(super) shortest: Shortest,
    /// The address of each node, as it told.
    pub(super) addresses: Vec<Option<u128>>,
    /// The address that each node had last since it came.
    held: Vec<Option<u128>>,
    pub(super) convergence: Option<Reachability>,
    pub(super) snapshot_bits: u32,
    snapshots: Vec<SimTime>,
    measured_from: Option<SimTime>,
    pub(super) network: NetworkMeasured,
    pub(super) measured: Measured,
}

impl<N: NetworkLayer> NetworkWorld<N> {
    /// About how many bytes the world keeps of a node.
    pub(super) const PLACE_BYTES: usize = Population::HOST_BYTES + 2 * size_of::<Option<u128>>() + 4 * size_of::<u64>();

    /// A world before its first event, which is [`Turn::Open`] at time zero.
    pub(super) fn new(point: &Point, config: ConfigOf<N>, streams: StreamKey) -> Self {
        let start = point.packets.map(|packets| packets.span.start);
        NetworkWorld {
            nodes: point.nodes,
            config,
            streams,
            population: Population::new(point, 1, streams, None),
            traffic: Traffic::new(point, streams),
            groups: GroupTraffic::new(point, streams),
            shortest: Shortest::default(),
            addresses: vec![None; point.nodes as usize],
            held: vec![None; point.nodes as usize],
            convergence: point.observe.convergence,
            snapshot_bits: point.observe.snapshot_bits.unwrap_or(SNAPSHOT_BITS),
            snapshots: point.observe.snapshots.clone(),
            measured_from: point.measured_from(),
            network: NetworkMeasured {
                start: start.unwrap_or(SimTime::ZERO),
                width: point.measure.bin,
                addresses: N::ADDRESSES.map(|_| AddressTally::default()),
                disturbances: disturbances(point),
                groups_kind: point.groups.map(|groups| groups.kind),
                data_kinds: Label::all(N::DATA_KINDS),
                update_kinds: N::LOOKUP.map_or_else(Vec::new, |calls| Label::all(calls.update_kinds)),
                ..NetworkMeasured::default()
            },
            measured: Measured::new(point),
        }
    }

    /// The nodes that are up.
    pub(super) fn up(&self) -> Vec<NodeAddr> {
        let all = (0..self.nodes).map(NodeAddr);
        all.filter(|node| self.population.is_up(*node)).collect()
    }

    /// What was measured, at the end of the run.
    pub(super) fn into_measured(mut self, traffic: &Sent, end: SimTime, standing: Standing) -> Measured {
        self.end_traffic(end);
        self.end_groups(end);
        self.measured.comings.finish(end, self.population.under_way());
        let up = self.measured.up;
        self.measured.finish(traffic, end, up);
        standing.enter(&mut self.measured, &mut self.network);
        self.measured.network = Some(self.network);
        self.measured
    }

    fn open(&mut self, control: &mut Control<'_, N::Protocol, Turn>) {
        let first = self.population.open(&mut self.measured);
        schedule(control, first);
        for node in self.population.founders().to_vec() {
            self.start(control, node);
        }
        schedule(control, self.population.plan_failures());
        schedule(control, self.population.begin_processes());
        if let Some(from) = self.measured_from {
            control.schedule(from.since(SimTime::ZERO), Turn::Measure);
        }
        self.begin_traffic(control);
        self.begin_groups(control);
        if let Some(convergence) = self.convergence {
            control.schedule(convergence.every, Turn::Probe);
        }
        for at in &self.snapshots {
            control.schedule(at.since(SimTime::ZERO), Turn::Snapshot);
        }
    }

    fn start(&mut self, control: &mut Control<'_, N::Protocol, Turn>, node: NodeAddr) {
        control.start(node, N::init(&self.config, node));
        self.join_groups(control, node);
    }

    fn come_and_go(&mut self, control: &mut Control<'_, N::Protocol, Turn>, coming: Coming) {
        if let (Coming::MassFailure(_), Some(links)) = (coming, control.links()) {
            let now = control.now();
            let places: Vec<Option<Place>> = (0..self.nodes).map(|node| links.place(NodeAddr(node), now)).collect();
            self.population.set_distance(Box::new(move |node, [x, y]| {
                places[node.index()].map_or(f64::INFINITY, |place| place.squared_distance(Place { x, y }).sqrt())
            }));
        }
        let changes = self.population.turn(control.now(), coming, &mut self.measured);
        schedule(control, changes.due);
        for change in changes.moves {
            match change {
                Move::Comes(node, _) => self.start(control, node),
                Move::Goes(node, departure) => {
                    control.stop(node, departure);
                    self.addresses[node.index()] = None;
                    self.held[node.index()] = None;
                }
            }
        }
    }

    /// What was sent and what became of addresses before does not count.
    fn measure(&mut self, control: &Control<'_, N::Protocol, Turn>) {
        self.measured.begin(control.now(), control.traffic());
        if let Some(addresses) = &mut self.network.addresses {
            *addresses = AddressTally {
                last_change: addresses.last_change,
                ..AddressTally::default()
            };
        }
    }

    fn hear(&mut self, now: SimTime, node: NodeAddr, told: Told) {
        match told {
            Told::Packet(outcome) => {
                self.hear_of_packet(now, outcome);
                self.hear_of_message(now, outcome);
            }
            // Who leaves gives up his address, and nothing has become of it.
            Told::Address { .. } if !self.population.is_up(node) => {}
            Told::Address { from, to, migrated } => {
                self.addresses[node.index()] = to;
                let former = match to {
                    Some(_) => std::mem::replace(&mut self.held[node.index()], to),
                    None => None,
                };
                if let Some(addresses) = &mut self.network.addresses {
                    addresses.last_change = Some(now);
                    addresses.changes += u64::from(former.is_some() && former != to);
                    addresses.migrations += u64::from(migrated);
                    addresses.losses += u64::from(from.is_some() && to.is_none());
                }
            }
            Told::Refused => {
                if let Some(addresses) = &mut self.network.addresses {
                    addresses.refusals += 1;
                }
            }
            Told::Found {
                operation,
                address,
                hops,
                hops_back,
            } => self.hear_of_lookup(now, operation, Some((address, hops, hops_back))),
            Told::NotFound { operation } => self.hear_of_lookup(now, operation, None),
            Told::Other => {}
        }
    }
}

/// Puts what is due later into the calendar.
fn schedule<P: Protocol<Addr = NodeAddr>>(
    control: &mut Control<'_, P, Turn>,
    due: impl IntoIterator<Item = (SimDuration, Coming)>,
) {
    for (delay, coming) in due {
        control.schedule(delay, Turn::Coming(coming));
    }
}

/// What puts the network of a point out of order, in order of time: its beginning, which lasts until all have come, partitions that begin and that are healed, and
/// failures of many nodes.
fn disturbances(point: &Point) -> Vec<Disturbance> {
    let disturbance = |what: &'static str, time| Disturbance {
        what: what.into(),
        time,
    };
    let partitions = point.network.conditions.partitions.iter();
    let parted = partitions.flat_map(|partition| {
        [
            disturbance("partition", partition.from),
            disturbance("heal", partition.until),
        ]
    });
    let failures = point.mass_failures.iter();
    let failed = failures.map(|spec| disturbance("mass_failure", spec.failure.at()));
    let end = SimTime::ZERO + point.duration;
    let begun = match point.bring_up {
        BringUp::Joins { over, .. } => SimTime::ZERO + over,
        _ => SimTime::ZERO,
    };
    let all = [disturbance("start", begun)].into_iter().chain(parted).chain(failed);
    let mut all: Vec<Disturbance> = all.filter(|disturbance| disturbance.time < end).collect();
    all.sort_by_key(|disturbance| disturbance.time);
    all
}

impl<N: NetworkLayer> World<N::Protocol> for NetworkWorld<N> {
    type Event = Turn;

    fn on_event(&mut self, control: &mut Control<'_, N::Protocol, Turn>, turn: Turn) {
        match turn {
            Turn::Open => self.open(control),
            Turn::Coming(coming) => self.come_and_go(control, coming),
            Turn::Measure => self.measure(control),
            Turn::Packet => self.send_random(control),
            Turn::Flow(number) => self.send_of_flow(control, number),
            Turn::LookUp => self.look_up(control),
            Turn::ToGroup => self.send_to_group(control),
            Turn::Probe => self.probe(control),
            Turn::Snapshot => self.snapshot(control),
        }
    }

    fn on_node_event(&mut self, time: SimTime, node: NodeAddr, event: EventOf<N>) {
        self.hear(time, node, N::told(event));
    }
}
