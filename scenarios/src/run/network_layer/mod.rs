//! A protocol of the network layer as an entry of the registry: where its types are erased.

mod areas;
mod groups;
mod loops;
mod measured;
mod observation;
mod shortest;
mod traffic;
mod world;

use std::marker::PhantomData;

use analysis::Schema;
use schemars::SchemaGenerator;
use sim_core::link_layer::LinkLayer;
use sim_core::network::Nothing;
use sim_core::observer::Observer;
use sim_core::simulation::{Setup, Simulation};
use sim_core::time::SimTime;

use super::entry::{EVENTS_DUE, advance};
use super::spread::NodeLoads;
use super::trace::{Line, Tracer, Window};
use super::watch::Watch;
use super::{Failure, Job, Pace, RunRecord, tables};
use crate::input::InputError;
use crate::network_layers::{MessageOf, NetworkLayer};
use crate::registry::ProtocolEntry;
use crate::scenario::{BringUp, Point, Scenario};
use loops::Loops;
pub use measured::NetworkMeasured;
pub(super) use measured::{AddressTally, Disturbance, LookupTally, NodeState, PacketTally, Probe, settled};
use world::{NetworkWorld, Turn};

/// About how many bytes the link layer takes for a node: its neighbours twice, those that are near and those that there is a link to, with
/// room to grow.
const LINK_BYTES: usize = 2 * 32 * size_of::<u32>();

/// What a simulation of a network layer is made of.
type Parts<N> = (Setup<<N as NetworkLayer>::Protocol>, LinkLayer, NetworkWorld<N>);

/// A [`NetworkLayer`] that scenarios can name.
pub struct NetworkLayerEntry<N>(PhantomData<fn() -> N>);

impl<N: NetworkLayer> NetworkLayerEntry<N> {
    /// The entry of network layer `N`.
    pub fn new() -> Self {
        NetworkLayerEntry(PhantomData)
    }

    /// What a simulation of the job is made of.
    fn prepare(job: &Job<'_>) -> Result<Parts<N>, Failure> {
        let point = job.point;
        let broken = |error: InputError| Failure::Broken(error.to_string());
        let config = N::config(&point.protocol).map_err(broken)?;
        let links = point.network.links(point.nodes, job.streams);
        let links = links.map_err(|error| Failure::Broken(error.to_string()))?;
        let world = NetworkWorld::<N>::new(point, config.clone(), job.streams);
        let setup = Setup {
            config,
            network: Box::new(Nothing),
            nodes: point.nodes,
            streams: job.streams,
            partitions: 1,
        };
        Ok((setup, links, world))
    }

    /// Refuses what only an overlay understands.
    fn refuse_overlays_keys(point: &Point) -> Result<(), InputError> {
        let refused = [
            ("workload.lookups", point.lookups.is_some()),
            ("workload.storage", point.storage.is_some()),
            ("observe.ring_invariants", point.observe.ring_invariants),
            ("observe.reachability", point.observe.reachability.is_some()),
            ("observe.rings", point.observe.rings.is_some()),
            ("observe.tables", point.observe.tables.is_some()),
            ("observe.load", point.observe.load.is_some()),
        ];
        match refused.into_iter().find(|(_, there)| *there) {
            Some((key, _)) => {
                let message = format!(
                    "{} is no overlay: its nodes talk over links to their neighbours",
                    N::NAME
                );
                let error = point.error_at(key, message).labelled("has no meaning here");
                Err(error.help("a network layer is asked for [workload.packets], and watched by [observe.convergence]"))
            }
            None => Ok(()),
        }
    }
}

impl<N: NetworkLayer> Default for NetworkLayerEntry<N> {
    fn default() -> Self {
        NetworkLayerEntry::new()
    }
}

impl<N: NetworkLayer> ProtocolEntry for NetworkLayerEntry<N> {
    fn name(&self) -> &str {
        N::NAME
    }

    fn summary(&self) -> &str {
        N::SUMMARY
    }

    fn settings_schema(&self, generator: &mut SchemaGenerator) -> schemars::Schema {
        generator.subschema_for::<N::Settings>()
    }

    fn check(&self, point: &Point) -> Result<(), InputError> {
        let config = N::config(&point.protocol)?;
        Self::refuse_overlays_keys(point)?;
        if point.bring_up == BringUp::Bulk {
            let message = format!("{} finds its ways itself: no tables are made for it", N::NAME);
            let error = point.error_at("bring_up", message).labelled("an overlay's beginning");
            return Err(error.help("`bring_up = \"cold\"` has all nodes there from the start, knowing nothing"));
        }
        let missing = [
            (
                "observe.convergence",
                point.observe.convergence.is_some() && N::NEXT_HOP.is_none(),
                "keeps no routes to everybody that could be followed",
            ),
            (
                "observe.loops",
                point.observe.loops && N::ADDRESSES.is_none(),
                "has no addresses whose change could excuse a circle",
            ),
            (
                "workload.node_lookups",
                point.node_lookups.is_some() && N::LOOKUP.is_none(),
                "has no service that finds addresses",
            ),
            (
                "workload.groups",
                point.groups.is_some() && N::GROUPS.is_none(),
                "knows no groups of nodes",
            ),
        ];
        if let Some((key, _, what)) = missing.into_iter().find(|(_, asked, _)| *asked) {
            let error = point.error_at(key, format!("{} {what}", N::NAME));
            return Err(error.labelled("leave it out"));
        }
        N::check(&config, point)
    }

    fn caution(&self, point: &Point) -> Option<String> {
        N::caution(&N::config(&point.protocol).ok()?, point)
    }

    fn tables(&self, scenario: &Scenario) -> Schema {
        tables::schema(scenario)
    }

    fn is_network_layer(&self) -> bool {
        true
    }

    fn node_bytes(&self, point: &Point) -> u64 {
        let heap = N::config(&point.protocol).map_or(0, |config| N::heap_bytes(&config, point));
        let engine = Simulation::<N::Protocol, NetworkWorld<N>>::host_bytes(EVENTS_DUE);
        (engine + heap + NetworkWorld::<N>::PLACE_BYTES + LINK_BYTES) as u64
    }

    fn run(&self, job: &Job<'_>, pace: &dyn Pace) -> Result<RunRecord, Failure> {
        let (setup, links, world) = Self::prepare(job)?;
        let observe = &job.point.observe;
        if !observe.loops && !observe.node_load {
            let simulation = Simulation::linked(setup, links, world, ());
            return drive::<N, _>(simulation, job, pace, |()| None);
        }
        let loads = observe.node_load.then(|| {
            let from = job.point.measured_from().unwrap_or(SimTime::ZERO);
            NodeLoads::new::<MessageOf<N>>(job.point.nodes, from)
        });
        let watch = Watch {
            invariants: observe.loops.then(Loops::<N>::new),
            loads,
            tracer: None,
        };
        let simulation = Simulation::linked(setup, links, world, watch);
        drive::<N, _>(simulation, job, pace, |watch| watch.loads.as_ref())
    }

    fn trace(&self, job: &Job<'_>, window: Window, pace: &dyn Pace, sink: &mut dyn FnMut(Line)) -> Result<(), Failure> {
        let (setup, links, world) = Self::prepare(job)?;
        let end = (SimTime::ZERO + job.point.duration).min(window.until);
        let watch = Watch {
            invariants: None::<Loops<N>>,
            loads: None,
            tracer: Some(Tracer { window, sink }),
        };
        let mut simulation = Simulation::linked(setup, links, world, watch);
        simulation.schedule(SimTime::ZERO, Turn::Open);
        advance(&mut simulation, end, job, pace)
    }
}

/// Runs a simulation from beginning to end, and takes down what came of it.
fn drive<N: NetworkLayer, W: Observer<N::Protocol>>(
    mut simulation: Simulation<N::Protocol, NetworkWorld<N>, W>,
    job: &Job<'_>,
    pace: &dyn Pace,
    loads: impl Fn(&W) -> Option<&NodeLoads>,
) -> Result<RunRecord, Failure> {
    simulation.schedule(SimTime::ZERO, Turn::Open);
    advance(&mut simulation, SimTime::ZERO + job.point.duration, job, pace)?;
    let (events, fingerprint) = (simulation.events(), simulation.fingerprint());
    let (traffic, now) = (simulation.traffic(), simulation.now());
    let standing = simulation
        .world()
        .standing(simulation.links(), |node| simulation.node(node));
    let up = simulation.world().up();
    let node_loads = loads(simulation.observer()).map(|loads| loads.spreads::<MessageOf<N>>(&up));
    let mut measured = simulation.into_world().into_measured(&traffic, now, standing);
    measured.node_loads = node_loads.unwrap_or_default();
    Ok(RunRecord {
        point: job.point.index,
        replication: job.replication,
        events,
        fingerprint,
        measured,
    })
}
