//! A scenario: what is simulated, measured, drawn and expected.
//!
//! [`Scenario::load`] reads a file, lays the command line over it, expands the sweep and holds the parts of every point
//! against each other. What it returns can be run: only the tables' contents are still unknown.

mod asking;
mod churn;
mod citation;
mod conditions;
mod decisive;
mod files;
mod full;
mod groups;
mod link_failure;
mod measure;
mod network;
mod observe;
mod one_or_many;
mod packets;
mod point;
mod points;
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

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::digest::sha256;
use crate::input::{Document, InputError, shell_word};
use crate::registry::Registry;

pub use asking::By;
pub use churn::{ChurnSpec, FlashCrowd, MassFailureSpec, Returning, TraceSpec};
pub use citation::{Citation, Work, WorkKind};
pub use conditions::{AccessLinksSpec, Apart, Conditions, Connectivity, PartitionSpec};
pub use decisive::decisive;
pub use groups::{GroupKind, Groups};
pub use link_failure::LinkFailures;
pub use measure::{Measure, WarmUp};
pub use network::{
    ContactSpec, Gateways, GraphSource, HostPlacement, HostsAt, Joined, LinkedNetwork, LinksError, MeasuredNetwork,
    Mobility, NETWORKS, Neighbourhood, NetworkModel, NetworkSpec, RoutedNetwork, Who,
};
pub use packets::{Among, NodeLookups, PacketTimes, Packets, Span};
pub use point::{BringUp, Observe, Point, Reachability};
pub use points::{Kind, Points};
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
    /// What is run.
    pub points: Points,
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

    /// What is worth knowing of the points before they are run, each once.
    pub fn cautions(&self, registry: &Registry) -> Vec<String> {
        let mut cautions = Vec::new();
        for point in self.points.iter() {
            let entry = registry.get(point.protocol.name());
            let caution = entry.and_then(|entry| entry.caution(&point));
            cautions.extend(caution.filter(|caution| !cautions.contains(caution)));
        }
        cautions
    }

    /// How many runs there are: one a point and replication. At most, where a precision decides.
    pub fn runs(&self) -> u64 {
        self.points.count() as u64 * u64::from(self.replications)
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
    pub fn point(&self, number: Option<usize>) -> Result<Point, String> {
        let points = self.points.count();
        let index = match number {
            None if points == 1 => Some(0),
            None => {
                return Err(format!(
                    "the sweep has {points} points; choose one with --point N (`peerscope check` numbers them), or fix the swept \
                     keys with --set"
                ));
            }
            Some(number) => number.checked_sub(1),
        };
        let point = index.and_then(|index| self.points.get(index));
        point.ok_or_else(|| {
            let number = number.unwrap_or_default();
            format!("there is no point {number}; they are numbered from 1 to {points}")
        })
    }

    /// The values that decide what is simulated, by their dotted keys, with everything from the command line laid over the file's.
    pub fn decisive(&self) -> BTreeMap<String, String> {
        decisive(&self.document)
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
