//! `peerscope sweep`: studies of many runs, on one machine or on many.

mod arguments;
mod estimate;
mod signals;
mod watch;

use std::io;
use std::path::{Path, PathBuf};

use indicatif::HumanCount;

pub(super) use arguments::Sweep;
use arguments::{Merge, Plan, Status, Work};
use watch::Watch;

use super::check::count;
use super::run::threads;
use super::terminal::Terminal;
use crate::exit::Exit;
use crate::registry::Registry;
use crate::scenario::Overrides;
use crate::sweep::{MergeError, PlanError, Share, State, StoreError, Study, merge, work};

pub(super) fn sweep(command: &Sweep, registry: &Registry, terminal: &mut Terminal<'_>) -> io::Result<Exit> {
    match command {
        Sweep::Plan(arguments) => plan(arguments, registry, terminal),
        Sweep::Run(arguments) | Sweep::Resume(arguments) => run(arguments, registry, terminal),
        Sweep::Status(arguments) => status(arguments, registry, terminal),
        Sweep::Merge(arguments) => merged(arguments, registry, terminal),
    }
}

/// Says why there is no study to go by.
fn refuse(error: &PlanError, terminal: &mut Terminal<'_>) -> Exit {
    if let PlanError::Scenario(error) = error {
        return terminal.refuse(error);
    }
    terminal.complain(&error.to_string());
    match error {
        PlanError::Taken { .. } | PlanError::NoStudy { .. } | PlanError::Precision => Exit::Usage,
        PlanError::Missing { .. } => Exit::MissingInput,
        PlanError::Write(error) => error.exit(),
        _ => Exit::BadInput,
    }
}

fn open(folder: &Path, registry: &Registry, terminal: &mut Terminal<'_>) -> Result<Study, Exit> {
    Study::open(folder, registry).map_err(|error| refuse(&error, terminal))
}

fn plan(arguments: &Plan, registry: &Registry, terminal: &mut Terminal<'_>) -> io::Result<Exit> {
    let overrides = Overrides {
        replications: arguments.replications,
        ..arguments.changes.overrides()
    };
    let named = arguments.file.file_stem().unwrap_or_default();
    let folder = arguments.output.clone().unwrap_or_else(|| PathBuf::from("studies").join(named));
    let study = match Study::plan(&folder, &arguments.file, &overrides, arguments.replace, registry) {
        Ok(study) => study,
        Err(error) => return Ok(refuse(&error, terminal)),
    };
    let points = count(study.keys.len(), "point");
    let replications = count(study.plan.replications as usize, "replication");
    let runs = HumanCount(study.runs());
    let folder = folder.display();
    terminal.print(&format!("{points} x {replications} = {runs} runs, planned in {folder}\n"))?;
    let told = estimate::estimate(&study, arguments.sample, registry);
    match told {
        Ok(told) => terminal.print(&told)?,
        Err(error) => return Ok(failed(&error, terminal)),
    }
    terminal.print(&format!("next: peerscope sweep run {folder}\n"))?;
    Ok(Exit::Done)
}

fn failed(error: &StoreError, terminal: &mut Terminal<'_>) -> Exit {
    terminal.complain(&error.to_string());
    Exit::InputOutput
}

fn run(arguments: &Work, registry: &Registry, terminal: &mut Terminal<'_>) -> io::Result<Exit> {
    let study = match open(&arguments.folder, registry, terminal) {
        Ok(study) => study,
        Err(exit) => return Ok(exit),
    };
    let share = match (arguments.task, arguments.tasks) {
        (Some(task), Some(of)) if task < of => Share { task, of },
        (Some(task), Some(of)) => {
            terminal.complain(&format!("there is no task {task} of {of}: they are numbered from 0"));
            return Ok(Exit::Usage);
        }
        _ => Share::ALL,
    };
    if arguments.retry_broken
        && let Err(error) = discard_broken(&study, share)
    {
        return Ok(failed(&error, terminal));
    }
    let threads = threads(arguments.jobs);
    let pool = match rayon::ThreadPoolBuilder::new().num_threads(threads).build() {
        Ok(pool) => pool,
        Err(error) => {
            terminal.complain(&format!("cannot start {threads} threads: {error}; give fewer with --jobs"));
            return Ok(Exit::InputOutput);
        }
    };
    let watch = Watch::begin(&study.plan.scenario, !arguments.quiet);
    let done = pool.install(|| work(&study, share, registry, &watch));
    watch.end();
    let done = match done {
        Ok(done) => done,
        Err(error) => return Ok(failed(&error, terminal)),
    };
    for broken in watch.broken() {
        let place = if broken.settings.is_empty() { String::new() } else { format!(" at {}", broken.settings) };
        let (replication, reason, command) = (broken.replication, &broken.reason, &broken.command);
        terminal.complain(&format!(
            "replication {replication}{place} broke: {reason}\n  to see it again: {command}"
        ));
    }
    if !arguments.quiet {
        terminal.print(&format!(
            "{} runs ended well, {} broke, {} were there before, {} are left\n",
            HumanCount(done.finished),
            HumanCount(done.broken),
            HumanCount(done.before),
            HumanCount(done.left)
        ))?;
    }
    let any_broken = || study.share(share).iter().any(|job| is(&study, job, State::Broken));
    Ok(if done.left > 0 {
        Exit::Again
    } else if done.broken > 0 || any_broken() {
        Exit::Failed
    } else {
        Exit::Done
    })
}
