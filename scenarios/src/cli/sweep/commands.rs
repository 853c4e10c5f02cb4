//! `peerscope sweep commands`: the commands that have other machines run a study.

use std::io;

use super::arguments::Commands;
use super::open;
use crate::cli::terminal::Terminal;
use crate::exit::Exit;
use crate::registry::Registry;
use crate::sweep::Study;

/// How many seconds of one core a command is to take, where that is known. Each reads the whole study before its first run: some
/// seconds where that has a hundred thousand points.
const SECONDS: f64 = 60.0;
/// How many commands there are at most where nothing is known of how long runs take: enough for some hundred cores, and so few that
/// reading the study takes no more than all else.
const MOST: u64 = 1000;

/// Prints the commands that together run a study, one a line.
pub(super) fn commands(arguments: &Commands, registry: &Registry, terminal: &mut Terminal<'_>) -> io::Result<Exit> {
    let study = match open(&arguments.folder, registry, terminal) {
        Ok(study) => study,
        Err(exit) => return Ok(exit),
    };
    let runs = study.runs();
    let tasks = match (arguments.tasks, arguments.runs_per_task) {
        (Some(tasks), _) => tasks.into(),
        (None, Some(each)) => runs.div_ceil(each.into()),
        (None, None) => sensible(runs, seconds(&study)),
    };
    let tasks = tasks.min(runs);
    for task in 0..tasks {
        let line = super::command_of_task(&study, &task.to_string(), tasks, arguments.jobs);
        if !terminal.stream(&format!("{line} --quiet\n"))? {
            break;
        }
    }
    terminal.flush()?;
    Ok(Exit::Done)
}

/// About how many seconds of one core all runs of a study take, if that is known.
fn seconds(study: &Study) -> Option<f64> {
    let times = study.times();
    study.planned().map(|run| times.of(run.work)).sum()
}

/// How many commands so many runs are, which take so many seconds in all, if that is known.
fn sensible(runs: u64, seconds: Option<f64>) -> u64 {
    match seconds {
        Some(seconds) => ((seconds / SECONDS).ceil() as u64).clamp(1, runs.max(1)),
        None => runs.min(MOST),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_takes_about_a_minute() {
        assert_eq!(sensible(100_000, Some(6000.0)), 100);
        assert_eq!(sensible(50, Some(36_000.0)), 50);
        assert_eq!(sensible(12, Some(0.1)), 1);
        assert_eq!(sensible(12, None), 12);
        assert_eq!(sensible(100_000, None), 1000);
    }
}
