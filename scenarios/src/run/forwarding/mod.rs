//! Forwarding through one host as an entry of the registry: `[protocol.forwarding]`, a generator, the host and a sink between
//! lines that the scenario's network describes. It is no overlay: nothing is looked up, nobody comes or goes.

mod settings;

use serde::{Deserialize, Serialize};
use std::convert::Infallible;

use analysis::Schema;
use protocols::xbone::forwarding::{Forwarding, HOST, SINK, SOURCE};
use schemars::SchemaGenerator;
use settings::{ForwardingSettings, config, line};
use sim_core::addr::NodeAddr;
use sim_core::simulation::{Setup, Simulation};
use sim_core::time::{SimDuration, SimTime};
use sim_core::world::{Control, World};

use super::entry::{advance, refuse_network_layers_keys};
use super::measure::Measured;
use super::trace::{Line, Tracer, Window};
use super::{Failure, Job, Pace, RunRecord, tables};
use crate::input::InputError;
use crate::registry::ProtocolEntry;
use crate::scenario::{BringUp, Point, Scenario};

/// What scenarios call it.
pub(super) const NAME: &str = "forwarding";

/// About how many packets are on the lines to a node, beside those that wait for it.
const PACKETS_DUE: usize = 1024;

/// What came of forwarding, from when counting began.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Forwarded {
    /// The size of a packet, in bytes.
    pub bytes: u32,
    /// For how long it was counted.
    pub span: SimDuration,
    /// Packets, or transfers, that the generator sent.
    pub sent: u64,
    /// Those that came through.
    pub delivered: u64,
    /// Packets that found the processor's queue full.
    pub lost: u64,
    /// Transfers that were given up.
    pub given_up: u64,
    /// How long the processor worked.
    pub worked: SimDuration,
    /// How long the line from the host to the sink was busy; none if it has no bandwidth.
    pub on_line: Option<SimDuration>,
}

/// What the three nodes have counted so far.
#[derive(Clone, Copy, Default)]
struct Counts {
    sent: u64,
    delivered: u64,
    lost: u64,
    given_up: u64,
    worked: SimDuration,
    line_packets: u64,
    line_bytes: u64,
}

impl Counts {
    fn of<'a>(now: SimTime, node: impl Fn(NodeAddr) -> Option<&'a Forwarding>) -> Self {
        let mut counts = Counts::default();
        for node in [SOURCE, HOST, SINK].into_iter().filter_map(node) {
            match node {
                Forwarding::Source(source) => (counts.sent, counts.given_up) = (source.sent, source.given_up),
                Forwarding::Host(host) => {
                    (counts.lost, counts.worked) = (host.lost, host.worked(now));
                    (counts.line_packets, counts.line_bytes) = (host.sent, host.sent_bytes);
                }
                Forwarding::Sink(sink) => counts.delivered = sink.delivered,
            }
        }
        counts
    }
}

/// What happens: everybody starts, and later counting begins.
enum Turn {
    Start,
    Count,
}

#[derive(Default)]
struct Bench {
    before: Counts,
}

impl World<Forwarding> for Bench {
    type Event = Turn;

    fn on_event(&mut self, control: &mut Control<'_, Forwarding, Turn>, turn: Turn) {
        match turn {
            // The generator last: what it sends finds the others up.
            Turn::Start => [SINK, HOST, SOURCE]
                .into_iter()
                .for_each(|node| control.start(node, ())),
            Turn::Count => self.before = Counts::of(control.now(), |addr| control.node(addr)),
        }
    }

    fn on_node_event(&mut self, _: SimTime, _: NodeAddr, event: Infallible) {
        match event {}
    }
}

/// [`Forwarding`] as scenarios can name it.
pub struct ForwardingEntry;

impl ForwardingEntry {
    /// What a simulation of the job is made of, and when counting begins.
    fn prepare(job: &Job<'_>) -> Result<(Setup<Forwarding>, SimDuration), Failure> {
        let point = job.point;
        let broken = |error: InputError| Failure::Broken(error.to_string());
        let (config, warm_up) = config(&point.protocol, point).map_err(broken)?;
        let network = point.network.build(point.nodes as usize, job.streams);
        let setup = Setup {
            config,
            network: network.map_err(|error| Failure::Broken(error.to_string()))?,
            nodes: point.nodes,
            streams: job.streams,
            partitions: 1,
        };
        Ok((setup, warm_up))
    }
}

impl ProtocolEntry for ForwardingEntry {
    fn name(&self) -> &str {
        NAME
    }

    fn summary(&self) -> &str {
        "one host that forwards packets, by the kernel or by a daemon, between a generator and a sink"
    }

    fn settings_schema(&self, generator: &mut SchemaGenerator) -> schemars::Schema {
        generator.subschema_for::<ForwardingSettings>()
    }

    fn check(&self, point: &Point) -> Result<(), InputError> {
        config(&point.protocol, point)?;
        if point.nodes != 3 || point.hosts().per_host() != 1 {
            let message = format!("forwarding takes 3 nodes, not {}", point.nodes);
            let error = point.error_at("nodes.count", message);
            return Err(error.labelled("a generator, the host that forwards, and a sink"));
        }
        let refused = [
            ("bring_up.joins", point.bring_up != BringUp::Bulk),
            ("churn", point.churn.changes()),
            ("mass_failure", !point.mass_failures.is_empty()),
            ("flash_crowd", point.flash_crowd.is_some()),
            ("workload.lookups", point.lookups.is_some()),
            ("workload.storage", point.storage.is_some()),
            ("observe", point.is_written("observe")),
        ];
        match refused.into_iter().find(|(_, there)| *there) {
            Some((key, _)) => {
                let error = point.error_at(
                    key,
                    "forwarding is no overlay: its nodes are there, and only pass packets on",
                );
                Err(error.labelled("has no meaning here"))
            }
            None => refuse_network_layers_keys(NAME, point),
        }
    }

    fn tables(&self, scenario: &Scenario) -> Schema {
        tables::schema(scenario)
    }

    fn node_bytes(&self, _: &Point) -> u64 {
        Simulation::<Forwarding, Bench>::host_bytes(PACKETS_DUE) as u64
    }

    fn run(&self, job: &Job<'_>, pace: &dyn Pace) -> Result<RunRecord, Failure> {
        let point = job.point;
        let (setup, warm_up) = Self::prepare(job)?;
        let bytes = setup.config.bytes;
        let mut simulation = Simulation::new(setup, Bench::default());
        simulation.schedule(SimTime::ZERO, Turn::Start);
        simulation.schedule(SimTime::ZERO + warm_up, Turn::Count);
        advance(&mut simulation, SimTime::ZERO + point.duration, job, pace)?;
        let before = simulation.world().before;
        let counts = Counts::of(simulation.now(), |addr| simulation.node(addr));
        let (line, header) = line(point);
        let on_line =
            (counts.line_bytes - before.line_bytes) + (counts.line_packets - before.line_packets) * u64::from(header);
        let mut measured = Measured::new(point);
        measured.forwarded = Some(Forwarded {
            bytes,
            span: point.duration - warm_up,
            sent: counts.sent - before.sent,
            delivered: counts.delivered - before.delivered,
            lost: counts.lost - before.lost,
            given_up: counts.given_up - before.given_up,
            worked: counts.worked - before.worked,
            on_line: line.map(|line| line.serialisation(on_line)),
        });
        Ok(RunRecord {
            point: point.index,
            replication: job.replication,
            events: simulation.events(),
            fingerprint: simulation.fingerprint(),
            measured,
        })
    }

    fn trace(&self, job: &Job<'_>, window: Window, pace: &dyn Pace, sink: &mut dyn FnMut(Line)) -> Result<(), Failure> {
        let (setup, _) = Self::prepare(job)?;
        let end = (SimTime::ZERO + job.point.duration).min(window.until);
        let mut simulation = Simulation::observed(setup, Bench::default(), Tracer { window, sink });
        simulation.schedule(SimTime::ZERO, Turn::Start);
        advance(&mut simulation, end, job, pace)
    }
}
