//! A protocol of one's own and a command line that knows it: what a researcher's crate has.

use std::path::{Path, PathBuf};

use analysis::Schema;
use scenarios::cli;
use scenarios::exit::Exit;
use scenarios::input::InputError;
use scenarios::registry::{ProtocolEntry, Registry};
use scenarios::run::{self, Failure, Job, Line, Measured, Pace, RunRecord, Tally, Window};
use scenarios::scenario::{Point, Scenario};
use scenarios::units::Duration;
use schemars::{JsonSchema, SchemaGenerator};
use serde::Deserialize;

/// A protocol whose nodes ask ten times each, without a simulation.
pub(crate) struct Echo;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Settings {
    period: Duration,
    /// The replication that breaks, if any.
    breaks: Option<u32>,
}

impl ProtocolEntry for Echo {
    fn name(&self) -> &str {
        "echo"
    }

    fn summary(&self) -> &str {
        "answers whatever it is asked"
    }

    fn settings_schema(&self, generator: &mut SchemaGenerator) -> schemars::Schema {
        generator.subschema_for::<Settings>()
    }

    fn check(&self, point: &Point) -> Result<(), InputError> {
        let settings: Settings = point.protocol.parse()?;
        if settings.period.get() > point.duration {
            return Err(point.protocol.error_at("period", "longer than the run"));
        }
        Ok(())
    }

    fn tables(&self, scenario: &Scenario) -> Schema {
        run::schema(scenario)
    }

    fn node_bytes(&self, _: &Point) -> u64 {
        1000
    }

    fn run(&self, job: &Job<'_>, pace: &dyn Pace) -> Result<RunRecord, Failure> {
        let settings: Settings = job
            .point
            .protocol
            .parse()
            .map_err(|error| Failure::Broken(error.to_string()))?;
        if settings.breaks == Some(job.replication) {
            return Err(Failure::Broken("the echo died away".to_owned()));
        }
        let mut measured = Measured::default();
        let issued = 10 * u64::from(job.point.nodes);
        measured.bins.tallies.push(Tally {
            issued,
            ..Tally::default()
        });
        pace.advanced(issued, 1);
        let fingerprint = job.streams.index(job.point.index as u64).bits();
        Ok(RunRecord {
            point: job.point.index,
            replication: job.replication,
            events: issued,
            fingerprint,
            measured,
        })
    }

    fn trace(&self, _: &Job<'_>, _: Window, _: &dyn Pace, _: &mut dyn FnMut(Line)) -> Result<(), Failure> {
        Ok(())
    }
}

/// A file of `tests/data`.
pub(crate) fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// What a command line wrote, and how it ended.
pub(crate) struct Ended {
    pub(crate) exit: Exit,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs a command line that knows the protocol `echo`.
pub(crate) fn peerscope(arguments: &[&str]) -> Ended {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let arguments = std::iter::once("peerscope").chain(arguments.iter().copied());
    let exit = cli::run_with(arguments, &Registry::standard().with(Echo), &mut out, &mut err);
    Ended {
        exit,
        out: String::from_utf8(out).unwrap(),
        err: String::from_utf8(err).unwrap(),
    }
}
