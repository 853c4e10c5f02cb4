//! `peerscope sweep plan`.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use indicatif::{BinaryBytes, HumanCount, HumanDuration};

use super::arguments::Plan;
use super::watch::Watch;
use super::{complain_of_broken, failed, refuse};
use crate::cli::check::count;
use crate::cli::cores::threads;
use crate::cli::signals::requests;
use crate::cli::terminal::Terminal;
use crate::exit::Exit;
use crate::input::shell_path;
use crate::registry::Registry;
use crate::run::memory::Estimate;
use crate::scenario::Overrides;
use crate::sweep::{Sampled, Study, sample};

pub(super) fn plan(arguments: &Plan, registry: &Registry, terminal: &mut Terminal<'_>) -> io::Result<Exit> {
    let overrides = Overrides {
        replications: arguments.replications,
        ..arguments.changes.overrides()
    };
    let named = arguments.file.file_stem().unwrap_or_default();
    let default = || PathBuf::from("studies").join(named);
    let folder = arguments.output.clone().unwrap_or_else(default);
    // Before the scenario is read, which takes a while where it has many points: a signal would else end the process.
    let requests = requests();
    let study = match Study::plan(&folder, &arguments.file, &overrides, arguments.replace, registry) {
        Ok(study) => study,
        Err(error) => return Ok(refuse(&error, terminal)),
    };
    let points = count(study.plan.points, "point");
    let replications = count(study.plan.replications as usize, "replication");
    let runs = HumanCount(study.runs());
    let folder = folder.display();
    terminal.print(&format!(
        "{points} x {replications} = {runs} runs, planned in {folder}\n"
    ))?;
    let watch = Watch::begin(&study.plan.scenario, false);
    let sampled = sample(&study, Duration::from_secs(arguments.sample), registry, &watch);
    let interrupted = watch.is_interrupted();
    let broken = watch.end();
    complain_of_broken(&broken, broken.len() as u64, terminal);
    match sampled {
        Ok(sampled) => terminal.print(&words(&study, &sampled, registry))?,
        Err(error) => return Ok(failed(&error, terminal)),
    }
    if interrupted {
        terminal.complain("interrupted; the plan is written, the sample is not complete");
        return Ok(Exit::Interrupted);
    }
    if requests.any() {
        terminal.warn("stopped on request; the plan is written, the sample is not complete");
        return Ok(Exit::Again);
    }
    terminal.print(&format!("next: peerscope sweep run {}\n", shell_path(&study.folder)))?;
    Ok(Exit::Done)
}

/// What is to be expected of all runs.
fn words(study: &Study, sampled: &Sampled, registry: &Registry) -> String {
    let cores = threads(None);
    let took = format!("{:.1} s", sampled.took.as_secs_f64());
    let left = sampled
        .left
        .map_or_else(|| "unknown".to_owned(), |left| estimate(left, cores));
    let time = match (sampled.runs, sampled.stopped_at) {
        _ if sampled.outstanding == 0 => "time: no run is left\n".to_owned(),
        (0, None) => "time: no run was timed; --sample SECONDS says for how long to try\n".to_owned(),
        (0, Some(part)) => {
            let part = 100.0 * part;
            format!(
                "time: {left}, from {part:.1} % of a run that was stopped after {took}; --sample SECONDS gives it more\n"
            )
        }
        (runs, _) => {
            let runs = count(runs as usize, "run");
            format!("time: {left}, from {runs} that took {took} and stay with the study\n")
        }
    };
    let Estimate {
        bytes,
        largest,
        at_once,
        ..
    } = Estimate::written_down(&study.scenario, registry, cores);
    let seen = sampled.memory.map_or_else(String::new, |seen| {
        format!("; the process took {} at most during the sample", BinaryBytes(seen))
    });
    let (largest, bytes, at_once) = (BinaryBytes(largest), BinaryBytes(bytes), count(at_once, "run"));
    format!("{time}memory: about {largest} for the largest run, {bytes} with {at_once} at a time{seen}\n")
}

fn estimate(left: Duration, cores: usize) -> String {
    let alone = HumanDuration(left);
    match cores {
        1 => format!("about {alone}"),
        cores => {
            let shared = HumanDuration(left / cores as u32);
            format!("about {alone} of one core, {shared} on the {cores} of this machine")
        }
    }
}
