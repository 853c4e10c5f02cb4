//! What results were made from, and the fingerprints that tell them from others. The same on every machine.

use serde::Serialize;

use crate::digest::sha256;
use crate::run::RunRecord;
use crate::scenario::{InputFile, Scenario};

/// The file `manifest.toml`.
#[derive(Debug, Serialize)]
pub struct Manifest<'a> {
    scenario: &'a str,
    version: &'static str,
    commit: &'static str,
    lock_file_sha256: String,
    generator: &'static str,
    seed: u64,
    replications: u32,
    points: usize,
    events: u64,
    inputs: Vec<Input>,
    runs: Vec<Run>,
}

#[derive(Debug, Serialize)]
struct Input {
    file: String,
    sha256: String,
}

#[derive(Debug, Serialize)]
struct Run {
    point: usize,
    #[serde(skip_serializing_if = "String::is_empty")]
    settings: String,
    replication: u32,
    events: u64,
    fingerprint: String,
}

impl<'a> Manifest<'a> {
    /// The manifest of a scenario and its finished runs, by point and replication.
    pub fn new(scenario: &'a Scenario, records: &[RunRecord]) -> Self {
        let run = |record: &RunRecord| Run {
            point: record.point,
            settings: scenario
                .points
                .get(record.point)
                .map(|point| point.label())
                .unwrap_or_default(),
            replication: record.replication,
            events: record.events,
            fingerprint: format!("{:016x}", record.fingerprint),
        };
        let input = |input: &InputFile| Input {
            // The name alone: where a file lies differs from machine to machine.
            file: input
                .path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
            sha256: input.sha256.clone(),
        };
        Manifest {
            scenario: &scenario.name,
            version: env!("CARGO_PKG_VERSION"),
            commit: env!("PEERSCOPE_COMMIT"),
            // With two line endings there would be two digests of one lock file.
            lock_file_sha256: sha256(include_str!("../../../Cargo.lock").replace("\r\n", "\n").as_bytes()),
            generator: "xoshiro128++",
            seed: scenario.seed,
            replications: scenario.replications,
            points: scenario.points.len(),
            events: records.iter().map(|record| record.events).sum(),
            inputs: scenario.inputs.iter().map(input).collect(),
            runs: records.iter().map(run).collect(),
        }
    }

    /// The text of the file.
    ///
    /// # Errors
    /// A seed or a count beyond what a whole number of TOML holds, 2^63 - 1.
    pub fn to_toml(&self) -> Result<String, toml::ser::Error> {
        toml::to_string(self)
    }
}
