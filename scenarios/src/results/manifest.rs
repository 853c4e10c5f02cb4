//! What results were made from, and the fingerprints that tell them from others. The same on every machine.

use serde::{Deserialize, Serialize};

use crate::digest::sha256;
use crate::run::RunRecord;
use crate::scenario::{InputFile, Scenario};

/// The file `manifest.toml`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Manifest {
    /// The name of the scenario.
    pub scenario: String,
    /// The version of peerscope that made the results.
    pub version: String,
    /// The commit that this version was built from; `unknown` outside of a repository.
    pub commit: String,
    /// The SHA-256 of the lock file: the exact versions of everything that it was built with.
    pub lock_file_sha256: String,
    /// The generator of random numbers.
    pub generator: String,
    /// The seed of all randomness.
    pub seed: u64,
    /// How often each point was run, at most.
    pub replications: u32,
    /// How many points the sweep has.
    pub points: usize,
    /// The events of all runs.
    pub events: u64,
    /// The files that the results were made from, the scenario first.
    pub inputs: Vec<Input>,
    /// The tables, in the order in which they were written. Results of early versions do not tell.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tables: Vec<TableFile>,
    /// The runs that ended well, by point and replication.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub runs: Vec<Run>,
}

/// A program that makes results.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Maker {
    /// The version of peerscope.
    pub version: String,
    /// The commit that this version was built from; `unknown` outside of a repository.
    pub commit: String,
    /// The SHA-256 of the lock file: the exact versions of everything that it was built with.
    pub lock_file_sha256: String,
}

impl Maker {
    /// This program.
    pub fn this() -> Self {
        Maker {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            commit: env!("PEERSCOPE_COMMIT").to_owned(),
            // With two line endings there would be two digests of one lock file.
            lock_file_sha256: sha256(include_str!("../../../Cargo.lock").replace("\r\n", "\n").as_bytes()),
        }
    }

    /// What sets another program apart from this one, in words; none if nothing does.
    pub fn differs(&self, other: &Maker) -> Option<String> {
        let differs = |what: &str, one: &str, other: &str| format!("its {what} is {one}, this one's is {other}");
        if self.version != other.version {
            return Some(differs("version", &self.version, &other.version));
        }
        if self.commit != other.commit {
            return Some(differs("commit", &self.commit, &other.commit));
        }
        let crates = || "it was built with other versions of crates".to_owned();
        (self.lock_file_sha256 != other.lock_file_sha256).then(crates)
    }
}

/// A file that results were made from.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Input {
    /// Its name alone: where a file lies differs from machine to machine.
    pub file: String,
    /// The SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
}

/// A table as it was written.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TableFile {
    /// The name of its file without `.csv`.
    pub name: String,
    /// How many rows it has, the header not counted.
    pub rows: usize,
    /// The SHA-256 of the file, in hexadecimal.
    pub sha256: String,
}

/// A run that ended well.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Run {
    /// Which point of the sweep, from zero.
    pub point: usize,
    /// The swept keys with the values that they have at this point; empty without a sweep.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub settings: String,
    /// Which replication, from zero.
    pub replication: u32,
    /// How many events were handled.
    pub events: u64,
    /// The fingerprint of all of them, in hexadecimal.
    pub fingerprint: String,
}

impl Run {
    /// Which run of its scenario this is, in words.
    pub fn label(&self) -> String {
        if self.settings.is_empty() {
            format!("replication {}", self.replication)
        } else {
            format!("replication {} at {}", self.replication, self.settings)
        }
    }
}

impl Manifest {
    /// The manifest of a scenario, its finished runs by point and replication, and its tables.
    pub fn new(scenario: &Scenario, records: &[RunRecord], tables: Vec<TableFile>) -> Self {
        let input = |input: &InputFile| Input {
            file: input
                .path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
            sha256: input.sha256.clone(),
        };
        let Maker {
            version,
            commit,
            lock_file_sha256,
        } = Maker::this();
        Manifest {
            scenario: scenario.name.clone(),
            version,
            commit,
            lock_file_sha256,
            generator: "xoshiro128++".to_owned(),
            seed: scenario.seed,
            replications: scenario.replications,
            points: scenario.points.count(),
            events: records.iter().map(|record| record.events).sum(),
            inputs: scenario.inputs.iter().map(input).collect(),
            tables,
            runs: records.iter().map(|record| run(scenario, record)).collect(),
        }
    }

    /// The part of the file that tells of one run: such parts, one after the other, are the end of the file.
    ///
    /// # Errors
    /// As [`to_toml`](Self::to_toml).
    pub fn run(scenario: &Scenario, record: &RunRecord) -> Result<String, toml::ser::Error> {
        #[derive(Serialize)]
        struct Runs {
            runs: [Run; 1],
        }
        let runs = [run(scenario, record)];
        Ok(format!("\n{}", toml::to_string(&Runs { runs })?))
    }

    /// The text of the file.
    ///
    /// # Errors
    /// A seed or a count beyond what a whole number of TOML holds, 2^63 - 1.
    pub fn to_toml(&self) -> Result<String, toml::ser::Error> {
        toml::to_string(self)
    }
}

fn run(scenario: &Scenario, record: &RunRecord) -> Run {
    Run {
        point: record.point,
        settings: scenario.points.label(record.point).unwrap_or_default(),
        replication: record.replication,
        events: record.events,
        fingerprint: format!("{:016x}", record.fingerprint),
    }
}
