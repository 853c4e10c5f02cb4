//! An overlay as an entry of the registry: where its types are erased.

use std::marker::PhantomData;
use std::ops::Range;

use analysis::Schema;
use schemars::SchemaGenerator;
use sim_core::addr::NodeAddr;
use sim_core::observer::Observer;
use sim_core::protocol::Protocol;
use sim_core::simulation::{Setup, Simulation};
use sim_core::time::SimTime;
use sim_core::world::World;

use super::population::Distance;
use super::spread::{self, NodeLoads};
use super::trace::{Line, Tracer, Window};
use super::watch::Watch;
use super::world::{DirectPaths, ScenarioWorld, Turn};
use super::{Failure, Job, Pace, RunRecord, tables};
use crate::input::InputError;
use crate::lookup_trace::{Field, LookupTrace};
use crate::overlays::{MessageOf, Overlay};
use crate::registry::ProtocolEntry;
use crate::scenario::{BringUp, By, LookupTimes, Point, Scenario};

/// After how many events a run reports its progress, and hears whether it is to stop.
const EVENTS_BETWEEN_REPORTS: u64 = 1 << 17;

/// How many events are taken to wait for a node: its timers, and messages on their way to it.
pub(super) const EVENTS_DUE: usize = 4;

/// The part of a run's work that is done at a time: nodes times seconds.
pub(super) fn node_seconds(point: &Point, time: SimTime) -> u64 {
    u64::from(point.nodes).saturating_mul(time.as_nanos() / 1_000_000_000)
}

/// An [`Overlay`] that scenarios can name.
pub struct OverlayEntry<O>(PhantomData<fn() -> O>);

impl<O: Overlay> OverlayEntry<O> {
    /// The entry of overlay `O`.
    pub fn new() -> Self {
        OverlayEntry(PhantomData)
    }

    /// The ways in which the overlay can be asked for keys.
    fn offered() -> Vec<By> {
        By::ALL.into_iter().filter(|by| O::ask(*by, 0).is_some()).collect()
    }

    /// What a simulation of the job is made of.
    fn prepare(job: &Job<'_>) -> Result<(Setup<O::Protocol>, ScenarioWorld<O>), Failure> {
        let point = job.point;
        let broken = |error: InputError| Failure::Broken(error.to_string());
        let config = O::config(&point.protocol).map_err(broken)?;
        let means = point
            .lookups
            .as_ref()
            .map(|lookups| lookups.means(&Self::offered(), O::NAME, point));
        let asked = means.transpose().map_err(broken)?;
        let attendants = O::attendants(&point.protocol, &config, &mut []).map_err(broken)?;
        let nodes = point.nodes + attendants.len() as u32;
        let build = || point.network.build(nodes as usize, job.streams);
        let network = build().map_err(|error| Failure::Broken(error.to_string()))?;
        let direct = build().map_err(|error| Failure::Broken(error.to_string()))?;
        let distance = distance(job)?;
        let world = ScenarioWorld::<O>::new(point, config.clone(), job.streams, asked, DirectPaths(direct), distance);
        let setup = Setup {
            config,
            network,
            nodes,
            streams: job.streams,
            partitions: 1,
        };
        Ok((setup, world))
    }
}

impl<O: Overlay> Default for OverlayEntry<O> {
    fn default() -> Self {
        OverlayEntry::new()
    }
}

impl<O: Overlay> ProtocolEntry for OverlayEntry<O>
where
    O::Invariants: Observer<O::Protocol>,
{
    fn name(&self) -> &str {
        O::NAME
    }

    fn summary(&self) -> &str {
        O::SUMMARY
    }

    fn settings_schema(&self, generator: &mut SchemaGenerator) -> schemars::Schema {
        generator.subschema_for::<O::Settings>()
    }

    fn check(&self, point: &Point) -> Result<(), InputError> {
        let config = O::config(&point.protocol)?;
        let capacity = O::capacity(&config);
        // Who returns gets a new identifier before the former one is free.
        let returning = u128::from(point.churn.changes());
        if u128::from(point.nodes) + returning > capacity {
            let message = format!(
                "{} nodes, but there are only {capacity} identifiers; use more `id_bits`",
                point.nodes
            );
            return Err(point.error_at("nodes.count", message));
        }
        if let Some(lookups) = &point.lookups {
            lookups.means(&Self::offered(), O::NAME, point)?;
        }
        if let Some(lookups) = &point.lookups
            && let LookupTimes::Trace(trace) = &lookups.times
        {
            check_keys(trace, trace.between(lookups.start, lookups.until), O::NAME, capacity)?;
        }
        if point.storage.is_some() && O::STORAGE.is_none() {
            let error = point.error_at("workload.storage", format!("{} stores nothing", O::NAME));
            let error = error.labelled("a workload that the protocol cannot serve");
            return Err(error.help(format!("put a hash table over it: [protocol.dht.over.{}]", O::NAME)));
        }
        if point.observe.ring_invariants && !<O::Invariants as Observer<O::Protocol>>::WATCHES {
            let message = format!("{} has no invariants to observe", O::NAME);
            let error = point
                .error_at("observe.ring_invariants", message)
                .labelled("leave it out");
            return Err(error.help("they are those of Chord's ring, which `[protocol.chord]` by itself has"));
        }
        if point.observe.rings.is_some() && O::SUCCESSOR.is_none() {
            let message = format!("{} is no ring", O::NAME);
            return Err(point.error_at("observe.rings", message).labelled("leave it out"));
        }
        if point.observe.tables.is_some() && O::TABLE_ERRORS.is_none() {
            let message = format!("{} does not say what its tables should be", O::NAME);
            return Err(point.error_at("observe.tables", message));
        }
        refuse_network_layers_keys(O::NAME, point)?;
        O::check(&config, point)?;
        let attendants = O::attendants(&point.protocol, &config, &mut [])?.len() as u32;
        match point.network.has_room(point.nodes + attendants) {
            Ok(()) => Ok(()),
            Err(error) => {
                let message = format!(
                    "{} needs {attendants} hosts beside those of the nodes: {error}",
                    O::NAME
                );
                let error = point.error_at("nodes.count", message).labelled("too many");
                Err(error.help("take fewer nodes, or a network with room for more hosts"))
            }
        }
    }

    fn tables(&self, scenario: &Scenario) -> Schema {
        tables::schema(scenario)
    }

    fn node_bytes(&self, point: &Point) -> u64 {
        let heap = O::config(&point.protocol).map_or(0, |config| O::heap_bytes(&config, point));
        let engine = Simulation::<O::Protocol, ScenarioWorld<O>>::host_bytes(EVENTS_DUE);
        (engine + heap + ScenarioWorld::<O>::PLACE_BYTES) as u64
    }

    fn run(&self, job: &Job<'_>, pace: &dyn Pace) -> Result<RunRecord, Failure> {
        let point = job.point;
        let (setup, world) = Self::prepare(job)?;
        // Founders are a base that never leaves only where nobody does.
        let nobody_leaves = !point.comes_and_goes();
        let base = if nobody_leaves { world.founders() } else { &[] };
        let invariants = point
            .observe
            .ring_invariants
            .then(|| O::invariants(&setup.config, base));
        if invariants.is_none() && !point.observe.node_load {
            return drive::<O, _>(Simulation::new(setup, world), job, pace, |()| None);
        }
        let loads = point.observe.node_load.then(|| {
            let from = point.lookups.as_ref().map_or(SimTime::ZERO, |lookups| lookups.start);
            NodeLoads::new::<MessageOf<O>>(point.nodes, from)
        });
        let tracer = None;
        let watch = Watch {
            invariants,
            loads,
            tracer,
        };
        drive::<O, _>(Simulation::observed(setup, world, watch), job, pace, |watch| {
            watch.loads.as_ref()
        })
    }

    fn trace(&self, job: &Job<'_>, window: Window, pace: &dyn Pace, sink: &mut dyn FnMut(Line)) -> Result<(), Failure> {
        let (setup, world) = Self::prepare(job)?;
        let end = (SimTime::ZERO + job.point.duration).min(window.until);
        let watch = Watch {
            invariants: None::<O::Invariants>,
            loads: None,
            tracer: Some(Tracer { window, sink }),
        };
        let mut simulation = Simulation::observed(setup, world, watch);
        simulation.schedule(SimTime::ZERO, Turn::Open);
        advance(&mut simulation, end, job, pace)
    }
}

/// Refuses what only a protocol of the network layer understands.
pub(super) fn refuse_network_layers_keys(name: &str, point: &Point) -> Result<(), InputError> {
    let refused = [
        ("bring_up.cold", point.bring_up == BringUp::Cold),
        ("workload.packets", point.packets.is_some()),
        ("workload.node_lookups", point.node_lookups.is_some()),
        ("workload.groups", point.groups.is_some()),
        ("observe.convergence", point.observe.convergence.is_some()),
        ("observe.loops", point.observe.loops),
    ];
    match refused.into_iter().find(|(_, there)| *there) {
        Some((key, _)) => {
            let error = point.error_at(key, format!("{name} is no protocol of the network layer"));
            let error = error.labelled("has no meaning here");
            Err(error.help("it is for protocols whose nodes talk over links to their neighbours, such as peernet"))
        }
        None => Ok(()),
    }
}

/// Refuses a trace that asks in this range for a key that no node could have as its identifier.
fn check_keys(trace: &LookupTrace, range: Range<usize>, name: &str, capacity: u128) -> Result<(), InputError> {
    // All numbers of 128 bits are keys where there is one identifier more than can be said.
    if capacity == u128::MAX {
        return Ok(());
    }
    let outside = |index: &usize| trace.lookups()[*index].key.is_some_and(|key| key >= capacity);
    match range.into_iter().find(outside) {
        None => Ok(()),
        Some(index) => {
            let message = format!("the key lies outside the space: {name} has {capacity} identifiers");
            let error = trace.error_at(index, Field::Key, message).labelled("too large a key");
            Err(error.help(format!(
                "keys go from 0 to {:#x}; use more `id_bits`, or leave the key out to have one drawn",
                capacity - 1
            )))
        }
    }
}

/// How far hosts lie from the places of regional failures, if there are any.
fn distance(job: &Job<'_>) -> Result<Option<Distance>, Failure> {
    let point = job.point;
    if point.mass_failures.iter().all(|failure| failure.nearest_to.is_none()) {
        return Ok(None);
    }
    let hosts = point.hosts().count(point.nodes) as usize;
    let places = point.network.places_of_hosts(hosts, job.streams);
    let places = places.map_err(|error| Failure::Broken(error.to_string()))?;
    let network = point.network.clone();
    Ok(places.map(|places| -> Distance {
        Box::new(move |host, place| {
            let (x, y) = places[host.index()];
            network.distance([x, y], place)
        })
    }))
}

/// Runs a simulation from beginning to end, and takes down what came of it.
fn drive<O: Overlay, W: Observer<O::Protocol>>(
    mut simulation: Simulation<O::Protocol, ScenarioWorld<O>, W>,
    job: &Job<'_>,
    pace: &dyn Pace,
    loads: impl Fn(&W) -> Option<&NodeLoads>,
) -> Result<RunRecord, Failure> {
    simulation.schedule(SimTime::ZERO, Turn::Open);
    advance(&mut simulation, SimTime::ZERO + job.point.duration, job, pace)?;
    let (events, fingerprint) = (simulation.events(), simulation.fingerprint());
    let (traffic, now) = (simulation.traffic(), simulation.now());
    let members: Vec<NodeAddr> = simulation.world().members().collect();
    let state = spread::state(members.iter().filter_map(|addr| simulation.node(*addr)).map(O::links));
    let node_loads = loads(simulation.observer()).map(|loads| loads.spreads::<MessageOf<O>>(&members));
    let holders = O::STORAGE.map(|calls| {
        let nodes = members.iter().filter_map(|addr| simulation.node(*addr));
        spread::stored(nodes.map(calls.records))
    });
    let report = |addr| Some((addr, (O::TUNNELS?.server)(simulation.node(addr)?, now)?));
    let servers: Vec<_> = simulation.world().attendants().filter_map(report).collect();
    let standing = |addr: &NodeAddr| Some((*addr, (O::TUNNELS?.standing)(simulation.node(*addr)?)));
    let tunnels: Vec<_> = members.iter().filter_map(standing).collect();
    let mut measured = simulation.into_world().into_measured(&traffic, now);
    let span = measured.span;
    if let Some(measured) = &mut measured.tunnels {
        measured.finish(span, tunnels.into_iter(), servers.into_iter());
    }
    measured.state = state;
    if let (Some(stored), Some(holders)) = (&mut measured.stored, holders) {
        stored.holders = holders;
    }
    measured.node_loads = node_loads.unwrap_or_default();
    if !measured.snapshots.is_empty() {
        let places = job.point.network.places(job.point.nodes as usize, job.streams);
        let places = places.ok().flatten().unwrap_or_default();
        let nodes = measured.snapshots.iter_mut().flat_map(|snapshot| &mut snapshot.nodes);
        nodes.for_each(|node| node.place = places.get(node.addr.index()).copied());
    }
    Ok(RunRecord {
        point: job.point.index,
        replication: job.replication,
        events,
        fingerprint,
        measured,
    })
}

/// Runs a simulation on to `end`, unless it is told to stop.
pub(super) fn advance<P: Protocol<Addr = NodeAddr>, W: World<P>, O: Observer<P>>(
    simulation: &mut Simulation<P, W, O>,
    end: SimTime,
    job: &Job<'_>,
    pace: &dyn Pace,
) -> Result<(), Failure> {
    let (mut events, mut work) = (0, 0);
    loop {
        let outcome = simulation.run_some(end, EVENTS_BETWEEN_REPORTS);
        let ended = outcome.map_err(|broken| Failure::Broken(broken.to_string()))?;
        // One that has ended before its time leaves nothing to be done.
        let done = node_seconds(job.point, if ended { end } else { simulation.now() });
        pace.advanced(simulation.events() - events, done - work);
        (events, work) = (simulation.events(), done);
        if ended {
            return Ok(());
        }
        if pace.interrupted() {
            return Err(Failure::Interrupted);
        }
    }
}

#[cfg(test)]
mod tests;
