//! `peerscope run`.
//!
//! With `--json`, what [`object`] says.

mod object;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use analysis::Verdict;
use indicatif::BinaryBytes;

use super::arguments::Run;
use super::check::count;
use super::cores::{self, threads};
use super::publish;
use super::shown::Shown;
use super::signals::interruption;
use super::terminal::Terminal;
use crate::exit::Exit;
use crate::progress::Progress;
use crate::registry::Registry;
use crate::results::{ResultsFolder, Timing};
use crate::run::memory::{self, Estimate};
use crate::run::{BrokenRun, Output, execute};
use crate::scenario::{Overrides, Scenario};

pub(super) fn run(arguments: &Run, registry: &Registry, terminal: &mut Terminal<'_>) -> io::Result<Exit> {
    // All that can be refused is refused before anything runs.
    let overrides = arguments.scenarios.overrides();
    let mut planned: Vec<(Scenario, PathBuf)> = Vec::new();
    for file in &arguments.scenarios.files {
        let scenario = match Scenario::load(file, &overrides, registry) {
            Ok(scenario) => scenario,
            Err(error) => return Ok(terminal.refuse(&error)),
        };
        let target = target(arguments, &scenario);
        if let Some((other, _)) = planned.iter().find(|(_, path)| *path == target) {
            let (one, two) = (other.path.display(), file.display());
            terminal.complain(&format!(
                "{one} and {two} would both write to {}; run them apart",
                target.display()
            ));
            return Ok(Exit::Usage);
        }
        if let Err(error) = ResultsFolder::check(&target, arguments.force) {
            terminal.complain(&error.to_string());
            return Ok(error.exit());
        }
        let refusal = refuse(&scenario, registry, threads(arguments.threads)).filter(|_| !arguments.ignore_memory);
        if let Some(reason) = refusal {
            terminal.complain(&format!("{}: {reason}", scenario.name));
            return Ok(Exit::Unavailable);
        }
        terminal.caution(&scenario, registry);
        planned.push((scenario, target));
    }
    let mut worst = Exit::Done;
    for (scenario, target) in planned {
        let exit = one(arguments, &scenario, &target, registry, terminal)?;
        worst = worst.max(exit);
        if exit == Exit::Interrupted {
            break;
        }
    }
    Ok(worst)
}

/// Why a scenario cannot be run in the memory that there is, with what to try; nothing if it can, or if the system does not
/// tell.
fn refuse(scenario: &Scenario, registry: &Registry, threads: usize) -> Option<String> {
    let available = memory::available()?;
    let estimate = Estimate::of(scenario, registry, threads);
    if estimate.bytes <= available {
        return None;
    }
    let (label, nodes) = &estimate.point;
    let of = if label.is_empty() {
        String::new()
    } else {
        format!(" ({label})")
    };
    let mut text = format!(
        "this would take about {} of memory, and {} are free: {} at a time, the largest of {nodes} nodes{of} takes about {}; \
         what all runs measure, about {}, is kept until the last has ended",
        BinaryBytes(estimate.bytes),
        BinaryBytes(available),
        count(estimate.at_once, "run"),
        BinaryBytes(estimate.largest),
        BinaryBytes(estimate.kept),
    );
    let alone = (1..threads)
        .rev()
        .find(|threads| Estimate::of(scenario, registry, *threads).bytes <= available);
    let remedy = match alone {
        Some(threads) => format!("run fewer at a time: --threads {threads}"),
        None => "run fewer nodes, or on a machine with more memory".to_owned(),
    };
    text.push_str(&format!("\n  {remedy}; --ignore-memory runs it all the same"));
    Some(text)
}

/// The folder that a scenario's results go to.
fn target(arguments: &Run, scenario: &Scenario) -> PathBuf {
    match &arguments.output {
        None => PathBuf::from("results").join(&scenario.name),
        Some(folder) if arguments.scenarios.files.len() == 1 => folder.clone(),
        Some(folder) => folder.join(&scenario.name),
    }
}

/// Runs one scenario, writes its results and says what became of its expectations.
fn one(
    arguments: &Run,
    scenario: &Scenario,
    target: &Path,
    registry: &Registry,
    terminal: &mut Terminal<'_>,
) -> io::Result<Exit> {
    let mut failed = |message: String, exit: Exit| {
        terminal.complain(&format!("{}: {message}", scenario.name));
        Ok(exit)
    };
    // Before anything is begun, which a signal would leave behind.
    let interrupted = interruption();
    // Begun before the runs: a place that cannot be written is known at once.
    let folder = match ResultsFolder::begin(target, arguments.force) {
        Ok(folder) => folder,
        Err(error) => return failed(error.to_string(), error.exit()),
    };
    let (output, timing) = match simulate(scenario, registry, arguments.threads, !arguments.quiet, &interrupted) {
        Ok(Some(done)) => done,
        Ok(None) => return failed(NOTHING_WRITTEN.to_owned(), Exit::Interrupted),
        Err(reason) => return failed(reason, Exit::InputOutput),
    };
    let verdicts = publish::verdicts(scenario, &output);
    let figures = publish::figures(&scenario.figures, &output.tables, &arguments.format);
    if let Err(error) = publish::write(&folder, scenario, &output, &figures, &verdicts, timing) {
        return failed(error.to_string(), error.exit());
    }
    if interrupted.load(Ordering::Relaxed) {
        return failed(NOTHING_WRITTEN.to_owned(), Exit::Interrupted);
    }
    let written = match folder.finish() {
        Ok(path) => path,
        Err(error) => return failed(error.to_string(), error.exit()),
    };
    for warning in &output.warnings {
        terminal.warn(&format!("{}: {warning}", scenario.name));
    }
    let overrides = arguments.scenarios.overrides();
    let broken: Vec<Told<'_>> = output
        .broken
        .iter()
        .map(|broken| Told::new(scenario, &overrides, broken))
        .collect();
    for told in &broken {
        terminal.complain(&told.words(&scenario.name));
    }
    let undrawn: Vec<String> = figures
        .iter()
        .filter_map(|drawn| Some(drawn.as_ref().err()?.to_string()))
        .collect();
    for reason in &undrawn {
        terminal.complain(&format!("{}: {reason}", scenario.name));
    }
    let holds = verdicts.iter().all(Verdict::inside) && output.broken.is_empty() && undrawn.is_empty();
    if !arguments.quiet || !holds {
        let report = analysis::expect::report(&verdicts);
        let gap = if report.is_empty() { "" } else { "\n" };
        terminal.print(&format!(
            "{report}{gap}{}: results in {}\n",
            scenario.name,
            written.display()
        ))?;
    }
    let exit = if holds { Exit::Done } else { Exit::Failed };
    if let Some(report) = terminal.report() {
        let end = object::End {
            scenario,
            exit,
            results: &written,
            output: &output,
            verdicts: &verdicts,
            broken: &broken,
            undrawn: &undrawn,
        };
        report.push("scenarios", end.object());
    }
    Ok(exit)
}

const NOTHING_WRITTEN: &str = "interrupted; nothing was written";

/// Runs all points and replications, on so many threads or one a core, with a progress bar if it is to be `visible`;
/// nothing if interrupted.
pub(super) fn simulate(
    scenario: &Scenario,
    registry: &Registry,
    threads: Option<u16>,
    visible: bool,
    interrupted: &Arc<AtomicBool>,
) -> Result<Option<(Output, Timing)>, String> {
    let threads = cores::threads(threads);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.map_err(|error| format!("cannot start {threads} threads: {error}; give fewer with --threads"))?;
    let shown = Shown {
        progress: Progress::new(&scenario.name, visible),
        stop: Arc::clone(interrupted),
    };
    let output = pool.install(|| execute(scenario, registry, &shown));
    let wall = shown.progress.elapsed();
    shown.progress.clear();
    Ok(output.map(|output| {
        let events = output.records.iter().map(|record| record.events).sum();
        let scenario_file = std::path::absolute(&scenario.path).unwrap_or_else(|_| scenario.path.clone());
        let timing = Timing {
            wall,
            events,
            threads,
            scenario_file,
        };
        (output, timing)
    }))
}

/// A run that broke, as it is told.
struct Told<'a> {
    broken: &'a BrokenRun,
    /// What sets its point apart, each `key=value`.
    settings: Vec<String>,
    /// The command that makes it happen again.
    command: String,
}

impl<'a> Told<'a> {
    fn new(scenario: &Scenario, overrides: &Overrides, broken: &'a BrokenRun) -> Self {
        let point = scenario.points.get(broken.point);
        let settings = point.iter().flat_map(|point| &point.settings);
        let settings: Vec<String> = settings.map(|(key, value)| format!("{key}={value}")).collect();
        let command = point.map(|point| scenario.command_for(&point, broken.replication, overrides));
        let command = command.unwrap_or_default();
        Told {
            broken,
            settings,
            command,
        }
    }

    fn words(&self, scenario: &str) -> String {
        let BrokenRun {
            replication, reason, ..
        } = self.broken;
        let place = if self.settings.is_empty() {
            String::new()
        } else {
            format!(" at {}", self.settings.join(", "))
        };
        format!(
            "{scenario}: replication {replication}{place} broke: {reason}\n  to see it again: {}",
            self.command
        )
    }
}
