//! A scenario: what is simulated, measured, drawn and expected.
//!
//! [`Scenario::load`] reads a file, lays the command line over it, expands the sweep and holds the parts of every point
//! against each other. What it returns can be run: only the tables' contents are still unknown.

mod asking;
mod churn;
mod citation;
mod conditions;
mod files;
mod full;
mod groups;
mod link_failure;
mod measure;
mod network;
mod observe;
mod one_or_many;
mod packets;
mod raw;
mod replications;
mod rings;
mod routing_tables;
mod schema;
mod settings;
mod storage;
mod sweep;
mod validate;
pub(crate) mod way;
mod workload;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sim_core::network::Hosts;
use sim_core::time::{SimDuration, SimTime};

use crate::digest::sha256;
use crate::input::{Document, InputError, shell_word};
use crate::registry::Registry;

pub use asking::By;
pub use churn::{ChurnSpec, FlashCrowd, MassFailureSpec, Returning, TraceSpec};
pub use citation::{Citation, Work, WorkKind};
pub use conditions::{AccessLinksSpec, Apart, Conditions, Connectivity, PartitionSpec};
pub use groups::{GroupKind, Groups};
pub use link_failure::LinkFailures;
pub use measure::{Measure, WarmUp};
pub use network::{
    ContactSpec, Gateways, GraphSource, HostPlacement, HostsAt, Joined, LinkedNetwork, LinksError, MeasuredNetwork,
    Mobility, NETWORKS, Neighbourhood, NetworkModel, NetworkSpec, RoutedNetwork, Who,
};
pub use packets::{Among, NodeLookups, PacketTimes, Packets, Span};
pub use raw::Arrivals;
pub use replications::{Metric, Precision};
pub use schema::json_schema;
pub use settings::Settings;
pub use storage::Storage;
pub use sweep::{Axis, Filtered};
pub(crate) use validate::check_figures;
pub use workload::{Initiators, Keys, LookupTimes, Lookups};

/// The keys that name files to be read.
pub const FILE_KEYS: [&str; 6] = [
    "network.matrix.file",
    "network.topology.file",
    "network.radio.mobility.trace.file",
    "network.contacts.file",
    "churn.trace.file",
    "workload.lookups.trace",
];

/// What the command line lays over a scenario file.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// Whether the scenario's table `[full]` is laid over the others, before everything else.
    pub full: bool,
    /// `key.path=value` texts, applied in order.
    pub settings: Vec<String>,
    /// The seed, in place of the file's.
    pub seed: Option<u64>,
    /// The number of replications, in place of the file's.
    pub replications: Option<u32>,
}

/// A scenario that can be run.
pub struct Scenario {
    /// The file it was read from.
    pub path: PathBuf,
    /// Its name: lower-case letters, digits and `-`.
    pub name: String,
    /// One line on what it shows.
    pub title: Option<String>,
    /// More than a line.
    pub description: Option<String>,
    /// The publications that it follows and the data sets that it uses.
    pub cites: Vec<Citation>,
    /// The seed of all randomness.
    pub seed: u64,
    /// How often each point is run, with randomness of its own: always so often, or at most where `precision` decides.
    pub replications: u32,
    /// What ends the replications of a point sooner.
    pub precision: Option<Precision>,
    /// The sweep, in the order of the file.
    pub axes: Vec<Axis>,
    /// What the filter of the sweep leaves out, if it has one.
    pub filtered: Option<Filtered>,
    /// What is run, at least one point.
    pub points: Vec<Point>,
    /// The figures to draw.
    pub figures: Vec<analysis::Figure>,
    /// What must hold.
    pub expectations: Vec<analysis::Expectation>,
    /// The files that the result depends on, the scenario first.
    pub inputs: Vec<InputFile>,
    document: Document,
}

/// A file that the result depends on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InputFile {
    /// The path, as named by the user.
    pub path: PathBuf,
    /// The SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
}

/// One point of the sweep: a network of nodes and what happens to it.
#[derive(Clone)]
pub struct Point {
    /// The position among the scenario's points, from zero.
    pub index: usize,
    /// The swept keys and the values that they have here, as texts, in the order of the axes.
    pub settings: Vec<(String, String)>,
    /// How long the simulation lasts.
    pub duration: SimDuration,
    /// How many nodes there are, up or down: those of all hosts, which [`Point::hosts`] tells apart.
    pub nodes: u32,
    /// How the network comes to be.
    pub bring_up: BringUp,
    /// What lies between the nodes.
    pub network: NetworkSpec,
    /// Who comes and goes when.
    pub churn: ChurnSpec,
    /// Failures of many nodes at once.
    pub mass_failures: Vec<MassFailureSpec>,
    /// Nodes that all come within a short time.
    pub flash_crowd: Option<FlashCrowd>,
    /// What the nodes are asked for.
    pub lookups: Option<Lookups>,
    /// What they store.
    pub storage: Option<Storage>,
    /// The packets that they send to each other.
    pub packets: Option<Packets>,
    /// The lookups of each other's addresses.
    pub node_lookups: Option<NodeLookups>,
    /// The messages that they send to groups.
    pub groups: Option<Groups>,
    /// How lookups are counted over time.
    pub measure: Measure,
    /// What is watched beside the measurements.
    pub observe: Observe,
    /// The protocol and its settings.
    pub protocol: Settings,
    /// Whether it is one of the network layer, whose nodes talk over links to their neighbours.
    pub network_layer: bool,
    place: sweep::Place,
    sweep: Arc<sweep::Sweep>,
}

/// How the network comes to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BringUp {
    /// The nodes join one by one through a random member, their starts spread over this span.
    Joins {
        /// From the first start to the last.
        over: SimDuration,
        /// How the starts are spread.
        arrivals: Arrivals,
        /// How many members the overlay starts from, with perfect tables; what the protocol recommends where it is `None`.
        founders: Option<u32>,
    },
    /// All nodes are there at time 0 with the tables that the finished protocol would have.
    Bulk,
    /// All nodes are there at time 0 and know nothing: a network layer begins from its links.
    Cold,
}

/// What is watched beside the measurements.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Observe {
    /// Whether the ring must keep its invariants.
    pub ring_invariants: bool,
    /// Between which nodes there are paths, time after time.
    pub reachability: Option<Reachability>,
    /// From one count of the rings to the next.
    pub rings: Option<SimDuration>,
    /// From one comparison of the tables to the next.
    pub tables: Option<SimDuration>,
    /// When the overlay is written down, in ascending order.
    pub snapshots: Vec<SimTime>,
    /// How many keys are spread over the members at the end of the run.
    pub load: Option<u64>,
    /// Whether messages are counted by the nodes that receive them.
    pub node_load: bool,
    /// Whether every area is connected and every pair can reach each other, time after time, in a network layer.
    pub convergence: Option<Reachability>,
    /// Whether the run is to end when a packet goes in a circle.
    pub loops: bool,
    /// By how many leading bits of their addresses nodes are told apart in snapshots of a network layer, if the scenario says so.
    pub snapshot_bits: Option<u32>,
}

/// How often it is counted between how many nodes there are paths.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Reachability {
    /// From one count to the next.
    pub every: SimDuration,
    /// Paths from everywhere to so many random nodes are followed each time; to all where it is `None`.
    pub destinations: Option<u32>,
    /// The part of the pairs with which the run ends.
    pub stop_at: Option<f64>,
}

impl Point {
    /// The point as the overlay below a layer has it: with that overlay, one of those known, as its protocol.
    ///
    /// # Errors
    /// [`InputError::Invalid`] unless exactly one of them is chosen.
    pub fn below(&self, known: &[&str]) -> Result<Point, InputError> {
        Ok(Point {
            protocol: self.protocol.over(known)?,
            ..self.clone()
        })
    }

    /// A complaint about a value of this point, by its dotted key.
    pub fn error_at(&self, path: &str, message: impl AsRef<str>) -> InputError {
        match self.document() {
            Ok(document) => document.error_at(path, message),
            Err(error) => error,
        }
    }

    /// All that decides what is simulated at this point, as it is written. It is made anew each time: as many documents as a sweep
    /// can have points would take gigabytes.
    fn document(&self) -> Result<Document, InputError> {
        self.sweep.document(self.place)
    }

    /// From when on is measured what nodes are asked for, if they are.
    pub fn measured_from(&self) -> Option<SimTime> {
        let lookups = self.lookups.as_ref().map(|lookups| lookups.start);
        let storage = self.storage.map(|storage| storage.from);
        let packets = self.packets.map(|packets| packets.span.start);
        let node_lookups = self.node_lookups.map(|lookups| lookups.span.start);
        let groups = self.groups.map(|groups| groups.span.start);
        let asked = packets.into_iter().chain(node_lookups).chain(groups);
        lookups.or(storage).or(asked.min())
    }

    /// Whether the scenario says something about a dotted key.
    pub fn is_written(&self, path: &str) -> bool {
        self.document().is_ok_and(|document| document.get(path).is_some())
    }

    /// What the network is called in the scenario: `radio` for `[network.radio]`.
    pub fn network_key(&self) -> String {
        let document = self.document().ok();
        let network = document
            .as_ref()
            .and_then(|document| document.get("network")?.as_table());
        let chosen = network.and_then(|table| table.entries().first());
        chosen.map_or_else(String::new, |entry| entry.key.clone())
    }

    /// Whether anybody comes or goes once the overlay has been brought up.
    pub fn comes_and_goes(&self) -> bool {
        self.churn.changes() || !self.mass_failures.is_empty() || self.flash_crowd.is_some()
    }

    /// How many hosts are up on average while churn goes on, a flash crowd not counted; none where there is no steady state.
    pub fn mean_up(&self) -> Option<f64> {
        let span = (SimTime::ZERO + self.duration).since(self.churn.start);
        self.churn.churn.model().mean_up(self.churn.places, span)
    }

    /// All keys that decide what is simulated at this point, with the values that they have here: those of the file, of the
    /// command line and of the sweep. What is not there has its default.
    pub fn values(&self) -> toml::Table {
        // Whoever has a point has read its document.
        let Ok(document) = self.document() else {
            return toml::Table::new();
        };
        let tables = sweep::SWEEPABLE.iter();
        let written = tables.filter_map(|key| Some(((*key).to_owned(), document.get(key)?.to_toml())));
        written.collect()
    }

    /// Which nodes share a host: nodes `v h` to `v h + v - 1` are those of host `h`, where each host has `v`.
    pub fn hosts(&self) -> Hosts {
        self.network.conditions.hosts
    }

    /// What sets this point apart: `nodes.count = 8`, and nothing without a sweep.
    pub fn label(&self) -> String {
        self.settings
            .iter()
            .map(|(key, value)| format!("{key} = {value}"))
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// The same within a sentence: ` at nodes.count = 8`, and nothing without a sweep.
    pub fn place(&self) -> String {
        match self.label() {
            label if label.is_empty() => label,
            label => format!(" at {label}"),
        }
    }
}

impl Scenario {
    /// Reads a scenario file and makes sure that all of it can be run.
    ///
    /// # Errors
    /// [`InputError`], pointing at the first value that cannot be.
    pub fn load(path: &Path, overrides: &Overrides, registry: &Registry) -> Result<Self, InputError> {
        let mut document = Document::read(path)?;
        let digest = sha256(document.root().origin.source().text().as_bytes());
        full::resolve(&mut document, overrides.full)?;
        for setting in &overrides.settings {
            document.apply(setting)?;
        }
        full::refuse_settings(&document)?;
        sweep::resolve(&mut document)?;
        if let Some(seed) = overrides.seed {
            document.override_number("seed", "--seed", seed);
        }
        if let Some(replications) = overrides.replications {
            document.override_number("replications", "--replications", replications.into());
        }
        let scenario_file = InputFile {
            path: path.to_owned(),
            sha256: digest,
        };
        validate::scenario(path, document, scenario_file, registry)
    }

    /// The title of a scenario file, without checking the rest.
    ///
    /// # Errors
    /// [`InputError`] if the file cannot be read, is not TOML, or its title is no text.
    pub fn title(path: &Path) -> Result<Option<String>, InputError> {
        let document = Document::read(path)?;
        document.get("title").map(serde::Deserialize::deserialize).transpose()
    }

    /// How many runs there are: one a point and replication. At most, where a precision decides.
    pub fn runs(&self) -> u64 {
        self.points.len() as u64 * u64::from(self.replications)
    }

    /// How often each point is run at least.
    pub fn fewest_replications(&self) -> u32 {
        self.precision
            .as_ref()
            .map_or(self.replications, |precision| precision.minimum)
    }

    /// The command that shows a run of a point by itself, of the scenario under what the command line laid over it.
    pub fn command_for(&self, point: &Point, replication: u32, overrides: &Overrides) -> String {
        let file = shell_word(&self.path.display().to_string());
        let mut command = format!("peerscope run {file} --seed {}", self.seed);
        if overrides.full {
            command.push_str(" --full");
        }
        let swept = point.settings.iter().map(|(key, value)| format!("{key}={value}"));
        for setting in overrides.settings.iter().cloned().chain(swept) {
            command.push_str(&format!(" --set {}", shell_word(&setting)));
        }
        command.push_str(&format!(" --replications {}", replication + 1));
        command
    }

    /// A point by its number, from 1 as `peerscope check` counts; the only one where no number is given.
    ///
    /// # Errors
    /// A text that says what can be chosen.
    pub fn point(&self, number: Option<usize>) -> Result<&Point, String> {
        match (number, self.points.as_slice()) {
            (None, [only]) => Ok(only),
            (None, points) => Err(format!(
                "the sweep has {} points; choose one with --point N (`peerscope check` numbers them), or fix the swept \
                 keys with --set",
                points.len()
            )),
            (Some(number), points) => number
                .checked_sub(1)
                .and_then(|index| points.get(index))
                .ok_or_else(|| {
                    format!(
                        "there is no point {number}; they are numbered from 1 to {}",
                        points.len()
                    )
                }),
        }
    }

    /// The scenario as TOML text, with everything from the command line laid over it.
    ///
    /// Running it gives the same results, if the files that it names are found: their paths stay as they were named, and
    /// a relative one is then sought from the folder of the new scenario file. A comment at the top says so.
    pub fn resolved(&self) -> String {
        let text = self.document.to_toml();
        // Without one it would be called after its file, which has another name among the results.
        let text = match self.document.get("name") {
            Some(_) => text,
            None => format!("name = \"{}\"\n{text}", self.name),
        };
        match FILE_KEYS.into_iter().find(|key| self.document.get(key).is_some()) {
            Some(key) => {
                format!("# File paths are as they were named; give one anew with --set {key}=PATH.\n{text}")
            }
            None => text,
        }
    }
}
