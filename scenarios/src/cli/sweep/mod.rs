//! `peerscope sweep`: studies of many runs, on one machine or on many.

mod arguments;
mod commands;
mod merge;
mod plan;
mod report;
mod status;
mod submit;
mod watch;
mod work;

use std::io;
use std::path::Path;

pub(super) use arguments::Sweep;

use rayon::{ThreadPool, ThreadPoolBuilder};

use super::terminal::Terminal;
use crate::exit::Exit;
use crate::input::shell_path;
use crate::registry::Registry;
use crate::sweep::{Broken, PlanError, StoreError, Study};

/// Where the merged tables are within the folder of a study.
const MERGED: &str = "merged";

pub(super) fn sweep(command: &Sweep, registry: &Registry, terminal: &mut Terminal<'_>) -> io::Result<Exit> {
    match command {
        Sweep::Plan(arguments) => plan::plan(arguments, registry, terminal),
        Sweep::Run(arguments) | Sweep::Resume(arguments) => work::work(arguments, registry, terminal),
        Sweep::Submit(arguments) => submit::submit(arguments, registry, terminal),
        Sweep::Commands(arguments) => commands::commands(arguments, registry, terminal),
        Sweep::Status(arguments) => status::status(arguments, registry, terminal),
        Sweep::Merge(arguments) => merge::merge(arguments, registry, terminal),
        Sweep::Report(arguments) => report::report(arguments, registry, terminal),
    }
}

impl Sweep {
    /// Whether it is to write one JSON object in place of words.
    pub(super) fn is_for_machines(&self) -> bool {
        matches!(self, Sweep::Status(status) if status.json)
    }
}

/// The study in a folder, or the exit code where there is none to go by, which has been told.
fn open(folder: &Path, registry: &Registry, terminal: &mut Terminal<'_>) -> Result<Study, Exit> {
    Study::open(folder, registry).map_err(|error| refuse(&error, terminal))
}

/// Says why there is no study to go by.
fn refuse(error: &PlanError, terminal: &mut Terminal<'_>) -> Exit {
    if let PlanError::Scenario(error) = error {
        return terminal.refuse(error);
    }
    terminal.complain(&error.to_string());
    match error {
        PlanError::Taken { .. } | PlanError::NoStudy { .. } | PlanError::Precision => Exit::Usage,
        PlanError::Missing { .. } | PlanError::Unreadable { .. } | PlanError::Moved { .. } => Exit::MissingInput,
        PlanError::Write(error) => error.exit(),
        _ => Exit::BadInput,
    }
}

/// So many threads, or the exit code where there cannot be so many, which has been told.
fn pool(threads: usize, terminal: &mut Terminal<'_>) -> Result<ThreadPool, Exit> {
    ThreadPoolBuilder::new().num_threads(threads).build().map_err(|error| {
        terminal.complain(&format!(
            "cannot start {threads} threads: {error}; give fewer with --jobs"
        ));
        Exit::InputOutput
    })
}

/// Says why runs cannot be read or written.
fn failed(error: &StoreError, terminal: &mut Terminal<'_>) -> Exit {
    terminal.complain(&error.to_string());
    Exit::InputOutput
}

/// Says which runs broke, each with the command that shows it again: the first of so many.
fn complain_of_broken(broken: &[Broken], of: u64, terminal: &mut Terminal<'_>) {
    for run in broken {
        terminal.complain(&run.to_string());
    }
    if let more @ 1.. = of.saturating_sub(broken.len() as u64) {
        terminal.complain(&format!(
            "runs that broke besides: {more}; `peerscope sweep status --all` tells of each"
        ));
    }
}

/// The command that runs one task of so many: by its number, or what the shell has for it.
fn command_of_task(study: &Study, task: &str, tasks: u64, jobs: Option<u16>) -> String {
    let jobs = jobs.map_or_else(String::new, |jobs| format!(" --jobs {jobs}"));
    format!("{} --task {task} --tasks {tasks}{jobs}", command_on(study, "run"))
}

/// A command about a study that means the same anywhere.
fn command_on(study: &Study, name: &str) -> String {
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    // The very program that planned the study: another one would refuse it.
    let program = std::env::current_exe().unwrap_or_else(|_| "peerscope".into());
    let [program, folder] = [&program, &absolute(&study.folder)].map(|path| shell_path(path));
    format!("{program} sweep {name} {folder}")
}
