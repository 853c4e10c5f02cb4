//! A protocol of one's own and a command line that knows it, what a researcher's crate has; and a place for scenarios and their
//! results.

use std::fs;
use std::path::{Path, PathBuf};

use analysis::{Cell, Conditions, Schema, Table};
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
    peerscope_with(&Registry::standard().with(Echo), arguments)
}

/// Runs a command line that knows these protocols.
pub(crate) fn peerscope_with(registry: &Registry, arguments: &[&str]) -> Ended {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let arguments = std::iter::once("peerscope").chain(arguments.iter().copied());
    let exit = cli::run_with(arguments, registry, &mut out, &mut err);
    Ended {
        exit,
        out: String::from_utf8(out).unwrap(),
        err: String::from_utf8(err).unwrap(),
    }
}

/// A folder with a scenario `own.toml`, and after [`Home::run`] with its results.
pub(crate) struct Home {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) text: String,
    registry: fn() -> Registry,
}

impl Home {
    /// A scenario with some texts replaced by others, for a command line that knows these protocols.
    #[track_caller]
    pub(crate) fn new(registry: fn() -> Registry, scenario: &str, changes: &[(&str, &str)]) -> Home {
        let mut text = scenario.to_owned();
        for (from, to) in changes {
            assert!(text.contains(from), "{from:?} is not in the scenario");
            text = text.replacen(from, to, 1);
        }
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("own.toml"), &text).unwrap();
        Home { folder, text, registry }
    }

    /// A command with the scenario as its file.
    pub(crate) fn peerscope(&self, command: &str, more: &[&str]) -> Ended {
        let file = self.folder.path().join("own.toml");
        peerscope_with(&(self.registry)(), &[&[command, file.to_str().unwrap()], more].concat())
    }

    #[track_caller]
    pub(crate) fn run(&self) {
        let output = self.folder.path().join("out");
        let ended = self.peerscope("run", &["-q", "--force", "-o", output.to_str().unwrap()]);
        assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
    }

    /// A table of the results.
    pub(crate) fn table(&self, name: &str) -> Table {
        let file = fs::File::open(self.folder.path().join("out").join(format!("{name}.csv"))).unwrap();
        Table::read_csv(file).unwrap()
    }

    /// The value of a column in the first row of a table.
    #[track_caller]
    pub(crate) fn first(&self, table: &str, column: &str) -> f64 {
        let values = self.table(table).numbers(column).unwrap();
        values[0].unwrap_or_else(|| panic!("{column} is empty"))
    }

    /// The value of a column in the row of a kind.
    #[track_caller]
    pub(crate) fn of_kind(&self, table: &str, kind: &str, column: &str) -> f64 {
        let rows = Conditions::from([("kind".to_owned(), Cell::from(kind))]);
        let rows = self.table(table).select(&rows).unwrap();
        assert_eq!(rows.len(), 1, "{kind}");
        rows.numbers(column).unwrap()[0].unwrap()
    }

    /// The scenario is refused at this place, with these words and the line shown.
    #[track_caller]
    pub(crate) fn refused(&self, place: &str, words: &[&str]) {
        let ended = self.peerscope("check", &[]);
        assert_eq!(ended.exit, Exit::BadInput, "{}\n{}", ended.out, ended.err);
        let err = &ended.err;
        assert!(
            err.contains(&format!("own.toml:{place}\n")),
            "{place} is not the place in\n{err}"
        );
        let flat = err.split_whitespace().collect::<Vec<_>>().join(" ");
        for word in words {
            assert!(flat.contains(word), "{word:?} is missing from\n{err}");
        }
        let line: usize = place.split(':').next().unwrap().parse().unwrap();
        let line = self.text.lines().nth(line - 1).unwrap();
        assert!(
            err.contains(&format!(" | {line}\n")) && err.contains('^'),
            "{line:?} is not shown in\n{err}"
        );
    }
}
