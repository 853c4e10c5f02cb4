//! A scenario as it is written, before its parts are held against each other.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

use super::churn::{RawChurn, RawFlashCrowd, RawMassFailure};
use super::citation::Citation;
use super::conditions::{RawAccessLinks, RawConnectivity, RawPartition};
use super::link_failure::RawLinkFailure;
use super::measure::RawMeasure;
use super::network::{
    HostPlacement, RawAccess, RawBarabasiAlbert, RawContacts, RawGrid, RawRadio, RawRandomGeometric, RawRing,
    RawTransitStub, RawWaxman,
};
use super::one_or_many::OneOrMany;
use super::replications::RawReplications;
use super::workload::RawWorkload;
use crate::matrix::{Format, Gaps, Measures, Unit};
use crate::topology;
use crate::units::{Duration, Fraction, Positive};

/// A table of which only its reader knows the keys.
type Table = serde_json::Map<String, serde_json::Value>;

/// The root table. What a table holds that only the registry knows, or that was expanded before, is skipped here.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawScenario {
    /// What its results are filed under: up to 64 lower-case letters, digits and `-`; the file's name where it is left out.
    pub(super) name: Option<String>,
    /// One line on what it shows.
    pub(super) title: Option<String>,
    /// More than a line.
    pub(super) description: Option<String>,
    /// The publications that it follows and the data sets that it uses.
    #[serde(default)]
    pub(super) cites: Vec<Citation>,
    /// The seed of all randomness.
    #[schemars(range(max = i64::MAX))]
    pub(super) seed: u64,
    /// How often each point is run, with randomness of its own.
    #[serde(default)]
    pub(super) replications: RawReplications,
    /// The run itself.
    pub(super) run: RawRun,
    /// Who takes part.
    pub(super) nodes: RawNodes,
    /// How the overlay comes to be.
    pub(super) bring_up: RawBringUp,
    /// How long messages take.
    pub(super) network: RawNetwork,
    /// Messages that are lost.
    pub(super) loss: Option<RawLoss>,
    /// Pairs of hosts that cannot talk, all the time.
    pub(super) connectivity: Option<RawConnectivity>,
    /// Times in which the network falls apart, a table or a list of them: two hosts can talk if all partitions that last have
    /// them on one side.
    #[serde(default)]
    pub(super) partition: OneOrMany<RawPartition>,
    /// What hosts can send and receive a second; as much as they like where it is left out.
    pub(super) access_links: Option<RawAccessLinks>,
    /// Links between routers that are down for a while: a table, or a list of them.
    #[serde(default)]
    pub(super) link_failure: OneOrMany<RawLinkFailure>,
    /// Who comes and goes; nobody where it is left out.
    #[serde(default)]
    pub(super) churn: RawChurn,
    /// Failures of many nodes at once: a table, or a list of them.
    #[serde(default)]
    pub(super) mass_failure: OneOrMany<RawMassFailure>,
    /// Nodes that all come within a short time.
    pub(super) flash_crowd: Option<RawFlashCrowd>,
    /// What the nodes do: one protocol with its settings.
    #[serde(rename = "protocol")]
    #[schemars(with = "Table")]
    pub(super) _protocol: IgnoredAny,
    /// What the nodes are asked for.
    #[serde(default)]
    pub(super) workload: RawWorkload,
    /// How lookups are counted over time.
    #[serde(default)]
    pub(super) measure: RawMeasure,
    /// What is watched beside the measurements.
    #[serde(default)]
    pub(super) observe: RawObserve,
    /// Keys that take several values: each has a list or a range, and all are crossed with each other. A value that is long can be
    /// given a name for tables and figures: `{ name = "cube", value = { space = { … } } }`. Lists in a `[[sweep.zip]]` go in step,
    /// keys in `[sweep.derived]` have expressions of others, and points at which `where` is false are left out.
    #[serde(default, rename = "sweep")]
    #[schemars(with = "Option<Table>")]
    pub(super) _sweep: Option<IgnoredAny>,
    /// Keys that `--full` lays over the others.
    #[serde(default, rename = "full")]
    #[schemars(with = "Option<Table>")]
    pub(super) _full: Option<IgnoredAny>,
    /// What to draw.
    #[serde(default)]
    pub(super) figure: Vec<analysis::Figure>,
    /// What must hold.
    #[serde(default)]
    pub(super) expect: Vec<analysis::Expectation>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRun {
    /// How long the simulation lasts, in simulated time.
    pub(super) duration: Duration,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawNodes {
    /// How many nodes there are, up or down; with virtual nodes, how many hosts.
    #[schemars(range(min = 1, max = super::validate::NODE_LIMIT))]
    pub(super) count: u32,
    /// How many nodes each host has, each with an identifier of its own: virtual nodes (Stoica et al. 2003, section IV-B).
    #[serde(default = "one", rename = "virtual")]
    #[schemars(range(min = 1, max = super::validate::NODE_LIMIT))]
    pub(super) per_host: u32,
}

fn one() -> u32 {
    1
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum RawBringUp {
    /// They join one by one through random members.
    Joins {
        /// From the first start to the last.
        over: Duration,
        /// How the starts are spread.
        #[serde(default)]
        arrivals: Arrivals,
        /// How many members the overlay starts from, with perfect tables; what the protocol recommends where it is left out.
        founders: Option<u32>,
        /// Networks of more nodes than this are not joined together: they are there as with `bulk`. For sweeps over sizes of
        /// which the largest would take too long.
        bulk_beyond: Option<u32>,
    },
    /// All are there at time zero, with the tables that the finished protocol would have.
    Bulk {},
    /// All are there at time zero and know nothing: for protocols of the network layer, which begin from their links.
    Cold {},
}

/// How arrivals are spread while an overlay is brought up.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Arrivals {
    /// The overlay grows by the same factor in equal times: a ring can take in one newcomer for each gap between
    /// neighbours and round of stabilisation, and would long be waiting for a population that came at a constant rate.
    #[default]
    Growing,
    /// Each node at a time of its own, uniform over the whole span.
    Uniform,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum RawNetwork {
    /// Every message takes the same time.
    Constant {
        /// From a node to any other, one way.
        delay: Duration,
    },
    /// Every message takes a time of its own, uniform between two bounds.
    Uniform {
        /// The shortest delay, one way.
        minimum: Duration,
        /// The longest delay, one way.
        maximum: Duration,
    },
    /// Every message takes a minimum and an exponential time on top.
    Exponential {
        /// The mean of the time on top.
        mean: Duration,
        /// The shortest delay, one way.
        #[serde(default)]
        minimum: Duration,
    },
    /// HostPlacement at random places in a rectangle, delay by Euclidean distance.
    Plane {
        /// One side, in units of length.
        width: Positive,
        /// The other side, in units of length.
        height: Positive,
        /// The delay for each unit of length.
        per_unit: Duration,
        /// The delay that distance has no part in.
        #[serde(default)]
        base: Duration,
    },
    /// HostPlacement at random places on a sphere, delay by great-circle distance.
    Sphere {
        /// The radius, in units of length.
        radius: Positive,
        /// The delay for each unit of length.
        per_unit: Duration,
        /// The delay that distance has no part in.
        #[serde(default)]
        base: Duration,
    },
    /// Hosts at random places in a box of three dimensions, delay by Euclidean distance.
    Space {
        /// The first side, in units of length.
        width: Positive,
        /// The second side, in units of length.
        depth: Positive,
        /// The third side, in units of length.
        height: Positive,
        /// The delay for each unit of length.
        per_unit: Duration,
        /// The delay that distance has no part in.
        #[serde(default)]
        base: Duration,
    },
    /// Measured delays between pairs of real hosts, read from a file.
    Matrix {
        /// The file; a relative path starts from the folder of the scenario.
        file: PathBuf,
        /// The unit of its numbers; in the format `king` it is `us` where it is left out.
        unit: Option<Unit>,
        /// What was measured.
        #[serde(default)]
        measures: Measures,
        /// What to do about pairs without a measurement.
        #[serde(default)]
        gaps: Gaps,
        /// How the file is laid out.
        #[serde(default)]
        format: Format,
    },
    /// HostPlacement on the routers of a real topology, read from a file; delay by the shortest path.
    Topology {
        /// The file; a relative path starts from the folder of the scenario.
        file: PathBuf,
        /// How the file is laid out; told from the ending of its name, or from its beginning, where it is left out.
        format: Option<topology::Format>,
        /// How hosts are spread over the routers.
        #[serde(default)]
        hosts: HostPlacement,
        /// The delay between a host and its router, one way. Protocols of the network layer have neither hosts nor this: each
        /// router is a node.
        access: Option<RawAccess>,
        /// The delay for each kilometre of a link without a delay of its own: light in fibre.
        #[serde(default = "fibre")]
        per_km: Duration,
        /// How much longer than its stated length, or than the great circle, such a link is; 1 where it is left out.
        detour: Option<Positive>,
        /// What to do about links of which neither the file nor coordinates tell a delay.
        #[serde(default)]
        missing: topology::Missing,
        /// What to do about a graph that is not connected.
        #[serde(default)]
        component: topology::Component,
        /// Which paths messages take.
        #[serde(default)]
        paths: topology::Paths,
    },
    /// HostPlacement on stub domains of routers around domains of transit routers, as GT-ITM makes them.
    TransitStub(RawTransitStub),
    /// HostPlacement on a random graph of routers in a square, in which long links are unlikely.
    Waxman(RawWaxman),
    /// HostPlacement on a graph of routers that grew by preferential attachment.
    BarabasiAlbert(RawBarabasiAlbert),
    /// HostPlacement on a random graph of routers in a square, in which all that are near enough have links.
    RandomGeometric(RawRandomGeometric),
    /// HostPlacement on a circle of routers.
    Ring(RawRing),
    /// HostPlacement on rows and columns of routers.
    Grid(RawGrid),
    /// Nodes with radios in the plane, that stand or move: for protocols of the network layer.
    Radio(RawRadio),
    /// Nodes linked while a trace says that they are near each other: for protocols of the network layer.
    Contacts(RawContacts),
}

/// Light in fibre: 5 us a kilometre.
fn fibre() -> Duration {
    Duration(SimDuration::from_micros(5))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLoss {
    /// The probability that a message is lost.
    pub(super) probability: Fraction,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawObserve {
    /// End the run when an invariant of the ring does not hold.
    #[serde(default)]
    pub(super) ring_invariants: bool,
    /// Between how many nodes there are paths, time after time.
    pub(super) reachability: Option<RawReachability>,
    /// How many rings there are, time after time.
    pub(super) rings: Option<super::rings::RawRings>,
    /// How far what the members know is from what they should know, time after time.
    pub(super) tables: Option<super::routing_tables::RawRoutingTables>,
    /// When the overlay is written down.
    #[serde(default)]
    pub(super) snapshots: Vec<Duration>,
    /// How keys spread over the members at the end of the run.
    pub(super) load: Option<RawLoad>,
    /// How many messages of each kind each node receives, from the start of the lookups on.
    #[serde(default)]
    pub(super) node_load: bool,
    /// Whether every area of addresses is connected and every pair of nodes can reach each other, time after time, in a protocol of
    /// the network layer.
    pub(super) convergence: Option<RawReachability>,
    /// End the run when a node sends a packet on twice and no address has changed in between, in a protocol of the network layer
    /// whose nodes have addresses.
    #[serde(default)]
    pub(super) loops: bool,
    /// By how many leading bits of their addresses `snapshots` tell nodes of a network layer apart; 2 where it is left out.
    #[schemars(range(max = 8))]
    pub(super) snapshot_bits: Option<u32>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLoad {
    /// How many random keys there are.
    #[schemars(range(min = 1, max = super::validate::KEY_LIMIT))]
    pub(super) keys: u64,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawReachability {
    /// From one count to the next.
    pub(super) every: Duration,
    /// Paths from everywhere to so many random nodes are followed each time; to all where it is left out.
    pub(super) destinations: Option<u32>,
    /// The run ends when so large a part of the pairs has a path, and what it measures is the way there; it goes on to
    /// `run.duration` where this is left out.
    pub(super) stop_at: Option<Fraction>,
}
