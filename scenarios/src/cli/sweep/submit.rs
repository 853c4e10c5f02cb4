//! `peerscope sweep submit`: what is outstanding of a study, as an array of jobs of Slurm.
//!
//! Nothing but the files of the study tells what is outstanding, and tasks take part in no bookkeeping of their own: one that Slurm
//! puts back into the queue goes on where it was. A task that its time limit has stopped does not put itself back. It could not
//! tell its limit from a user who cancels it; where the limit is too short for a single run it would come back for ever; and it has
//! given way to this program, as signals would else not reach that, so that nothing is left to put it back. To submit again does
//! it, with another limit if need be, for the tasks that have runs outstanding.

mod script;
mod slurm;
mod tasks;
mod time;

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use indicatif::{HumanCount, HumanDuration};

pub(super) use time::TimeLimit;

use self::script::{Job, Script};
use self::slurm::SlurmError;
use self::tasks::{Tasks, Wanted, index_list};
use super::arguments::Submit;
use super::{command_of_task, failed, open};
use crate::cli::check::count;
use crate::cli::terminal::Terminal;
use crate::exit::Exit;
use crate::input::shell_path;
use crate::registry::Registry;
use crate::results::replace_file;
use crate::sweep::{State, Study};

/// The folder of what is submitted and of what tasks print, in that of the study.
const FOLDER: &str = "slurm";

pub(super) fn submit(arguments: &Submit, registry: &Registry, terminal: &mut Terminal<'_>) -> io::Result<Exit> {
    if let Err(reason) = check(arguments) {
        terminal.complain(&reason);
        return Ok(Exit::Usage);
    }
    let study = match open(&arguments.folder, registry, terminal) {
        Ok(study) => study,
        Err(exit) => return Ok(exit),
    };
    let limit = match slurm::largest_array() {
        Ok(limit) => limit,
        Err(error) if arguments.dry_run => {
            terminal.warn(&format!(
                "{error}\n  this is what would be submitted where arrays have {} tasks at most",
                slurm::USUAL_LARGEST_ARRAY
            ));
            slurm::USUAL_LARGEST_ARRAY
        }
        Err(error) => return Ok(refuse(&error, arguments, terminal)),
    };
    let tasks = match Tasks::of(&study, wanted(arguments), limit) {
        Ok(tasks) => tasks,
        Err(error) => return Ok(failed(&error, terminal)),
    };
    if tasks.numbers.is_empty() {
        return nothing_to_do(&study, arguments, terminal);
    }
    for line in notes(&tasks, limit) {
        terminal.warn(&line);
    }
    let scripts = match Scripts::of(&study, arguments, &tasks) {
        Ok(scripts) => scripts,
        Err(reason) => {
            terminal.complain(&reason);
            return Ok(Exit::Usage);
        }
    };
    if arguments.dry_run {
        terminal.print(&scripts.shown())?;
        return Ok(Exit::Done);
    }
    hand_over(&scripts, arguments, &tasks, terminal)
}

/// Why the command line makes no sense, if so.
fn check(arguments: &Submit) -> Result<(), String> {
    if !arguments.slurm {
        let folder = shell_path(&arguments.folder);
        return Err(format!(
            "say what to submit to: --slurm; for any other scheduler, `peerscope sweep commands {folder}` prints commands"
        ));
    }
    match arguments
        .options
        .iter()
        .find_map(|option| Some((option, reserved(option)?)))
    {
        Some((option, reason)) => Err(format!("{option}: {reason}")),
        None => Ok(()),
    }
}

/// The options of sbatch that follow from what is known of the study and its tasks: the letter, if it has one, the word, and what
/// there is in its place.
const RESERVED: [(Option<char>, &str, &str); 6] = [
    (
        Some('a'),
        "array",
        "which tasks there are follows from the runs; --tasks or --runs-per-task say how many",
    ),
    (
        Some('c'),
        "cpus-per-task",
        "how many runs go on at a time follows from it; --cpus, before the `--`, says how many",
    ),
    (
        Some('t'),
        "time",
        "when a task is told of its end follows from it; --time, before the `--`, says how long",
    ),
    (Some('n'), "ntasks", "a task is one process"),
    (Some('N'), "nodes", "a task is one process, on one node"),
    (None, "signal", "a task is told of its end by a signal that it knows"),
];

/// The letters of sbatch that stand for options without a value, behind which more letters can stand.
const WITHOUT_VALUE: &str = "hHIkOQsuvVW";

/// Why a word among the options of sbatch cannot be, if so: `-a1-5`, `-a`, `-Ha1-5`, `--array=1-5` and, as sbatch understands words
/// that are cut short, `--arr=1-5`.
fn reserved(word: &str) -> Option<&'static str> {
    let long = word.strip_prefix("--");
    let name = long.map(|long| long.split_once('=').map_or(long, |(name, _)| name));
    let mut letters = word.strip_prefix('-').unwrap_or_default().chars();
    let letter = letters.find(|letter| !WITHOUT_VALUE.contains(*letter));
    let found = RESERVED.iter().find(|(short, long, _)| match name {
        Some(name) => !name.is_empty() && long.starts_with(name),
        None => letter.is_some() && *short == letter,
    });
    found.map(|(_, _, reason)| *reason)
}

fn wanted(arguments: &Submit) -> Wanted {
    match (arguments.tasks, arguments.runs_per_task) {
        (Some(tasks), _) => Wanted::Tasks(tasks),
        (None, Some(runs)) => Wanted::RunsPerTask(runs),
        (None, None) => Wanted::Minutes {
            cores: arguments.cpus,
            limit: arguments.time.as_ref().and_then(TimeLimit::length),
        },
    }
}

/// What is worth knowing of how the runs are shared out.
fn notes(tasks: &Tasks, limit: u32) -> Vec<String> {
    let mut notes = Vec::new();
    if tasks.wanted > limit.into() {
        notes.push(format!(
            "{} tasks with more runs each, not {}: an array of this Slurm has {limit} at most (MaxArraySize)",
            HumanCount(tasks.of.into()),
            HumanCount(tasks.wanted),
        ));
    }
    if tasks.largest >= 2 * tasks.even {
        notes.push(format!(
            "one task has {} of the {} outstanding runs, {} would be even: which run is of which task does not depend on what has \
             ended; another number with --tasks or --runs-per-task shares them out anew",
            HumanCount(tasks.largest),
            HumanCount(tasks.runs),
            HumanCount(tasks.even),
        ));
    }
    notes
}

fn nothing_to_do(study: &Study, arguments: &Submit, terminal: &mut Terminal<'_>) -> io::Result<Exit> {
    let folder = shell_path(&arguments.folder);
    let mut broken = 0_u64;
    for run in study.planned() {
        match study.state(run) {
            Ok(State::Broken(_)) => broken += 1,
            Ok(_) => {}
            Err(error) => return Ok(failed(&error, terminal)),
        }
    }
    if broken > 0 {
        let broken = HumanCount(broken);
        terminal.complain(&format!(
            "no run is outstanding, and {broken} are broken; `peerscope sweep status {folder}` tells which"
        ));
        return Ok(Exit::Failed);
    }
    terminal.print(&format!(
        "all runs have ended: nothing to submit; `peerscope sweep merge {folder}` merges them\n"
    ))?;
    Ok(Exit::Done)
}

/// Says why Slurm has not taken the work.
fn refuse(error: &SlurmError, arguments: &Submit, terminal: &mut Terminal<'_>) -> Exit {
    let folder = shell_path(&arguments.folder);
    terminal.complain(&match error {
        SlurmError::Absent { .. } => format!(
            "{error}\n  `peerscope sweep run {folder}` runs the study on this machine, and `peerscope sweep commands {folder}` prints \
             commands for any other scheduler"
        ),
        _ => error.to_string(),
    });
    Exit::Unavailable
}

/// What is submitted: the array, and then the merge.
struct Scripts {
    array: (PathBuf, String),
    merge: Option<(PathBuf, String)>,
}

impl Scripts {
    /// Why not, where something cannot be said in a script.
    fn of(study: &Study, arguments: &Submit, tasks: &Tasks) -> Result<Self, String> {
        let folder = std::path::absolute(&study.folder).unwrap_or_else(|_| study.folder.clone());
        let folder = folder.join(FOLDER);
        let script = Script {
            arguments,
            folder: &folder,
        };
        let runs = count(tasks.runs as usize, "outstanding run");
        let numbers = count(tasks.numbers.len(), "task");
        let array = script.text(&Job {
            title: format!("{}: {runs} in {numbers}", study.plan.scenario),
            name: study.plan.scenario.clone(),
            array: Some(index_list(&tasks.numbers)),
            cores: arguments.cpus,
            log: "%A_%a.log",
            warning: Some(warning(tasks, arguments)),
            command: command_of_task(study, "\"$SLURM_ARRAY_TASK_ID\"", tasks.of.into(), None),
        })?;
        let merge = || {
            script.text(&Job {
                title: format!(
                    "{}: the merge, once the array has ended, however it has",
                    study.plan.scenario
                ),
                name: format!("{}-merge", study.plan.scenario),
                array: None,
                cores: 1,
                log: "%j-merge.log",
                warning: None,
                command: super::command_on(study, "merge"),
            })
        };
        let merge = (!arguments.no_merge).then(merge).transpose()?;
        Ok(Scripts {
            array: (folder.join("array.sh"), array),
            merge: merge.map(|text| (folder.join("merge.sh"), text)),
        })
    }

    /// The scripts and the commands that submit them.
    fn shown(&self) -> String {
        let (array, text) = &self.array;
        let mut shown = format!("==> {} <==\n{text}\n", array.display());
        let mut commands = format!("sbatch --parsable {}\n", shell_path(array));
        if let Some((merge, text)) = &self.merge {
            shown += &format!("==> {} <==\n{text}\n", merge.display());
            commands += &format!("sbatch --parsable --dependency=afterany:ARRAY {}\n", shell_path(merge));
        }
        shown + "==> commands <==\n" + &commands
    }
}

/// How long before its time limit a task is told to begin no run any more: so that the longest runs that may be under way then end
/// in time, and for no more than a quarter of what it has.
fn warning(tasks: &Tasks, arguments: &Submit) -> Duration {
    /// Slurm looks once a minute whether it is time.
    const LEAST: Duration = Duration::from_secs(60);
    /// The most that Slurm takes.
    const MOST: Duration = Duration::from_secs(65_535);
    let longest = match (&tasks.longest, arguments.time.as_ref().and_then(TimeLimit::length)) {
        (Some(longest), Some(limit)) => longest.saturating_mul(2).clamp(LEAST, MOST).min(limit / 4),
        (None, Some(limit)) => LEAST.min(limit / 4),
        (_, None) => LEAST,
    };
    longest.max(Duration::from_secs(1))
}

/// Writes the scripts and submits them.
fn hand_over(scripts: &Scripts, arguments: &Submit, tasks: &Tasks, terminal: &mut Terminal<'_>) -> io::Result<Exit> {
    let (script, _) = &scripts.array;
    if let Some(job) = slurm::queued(script) {
        terminal.complain(&format!(
            "job {job} is queued already for this study, and would do the same runs; submit again what it leaves, or end it first: \
             `scancel {job}`"
        ));
        return Ok(Exit::Again);
    }
    for (path, text) in [Some(&scripts.array), scripts.merge.as_ref()].into_iter().flatten() {
        if let Err(error) = replace_file(path, text.as_bytes()) {
            terminal.complain(&error.to_string());
            return Ok(error.exit());
        }
    }
    let array = match slurm::submit(script, None) {
        Ok(array) => array,
        Err(error) => return Ok(refuse(&error, arguments, terminal)),
    };
    let runs = count(tasks.runs as usize, "outstanding run");
    let numbers = count(tasks.numbers.len(), "task");
    let long = tasks
        .length(arguments.cpus)
        .map_or_else(String::new, |length| format!(", about {} each", HumanDuration(length)));
    terminal.print(&format!("job {array}: {runs} in {numbers}{long}\n"))?;
    let folder = shell_path(&arguments.folder);
    if let Some((script, _)) = &scripts.merge {
        match slurm::submit(script, Some(&array)) {
            Ok(merge) => terminal.print(&format!("job {merge}: the merge, once these have ended\n"))?,
            Err(error) => {
                terminal.complain(&format!(
                    "{error}\n  the array is submitted as job {array}; once it has ended, `peerscope sweep merge {folder}` merges"
                ));
                return Ok(Exit::Unavailable);
            }
        }
    }
    terminal.print(&format!("next: peerscope sweep status {folder}\n"))?;
    Ok(Exit::Done)
}
