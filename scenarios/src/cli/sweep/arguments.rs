//! What can be written after `peerscope sweep`.

use std::path::PathBuf;

use analysis::figure::Format;
use clap::{Args, Subcommand};

use super::submit::TimeLimit;
use crate::cli::arguments::Changes;

/// The end of `--help`.
const EXIT_CODES: &str = "\
Exit codes:
    0  done
    1  a run broke
    2  the command line makes no sense, or another study is in the folder
   65  bad input: the scenario or the plan says something that cannot be, or they do not fit each other or this program
   66  missing input: a file is not there or may not be read
   69  the runs would take more memory than there is, or Slurm is not there or refuses; nothing was run
   74  reading or writing failed; what has ended so far is kept
   75  runs are outstanding: run it again
  130  interrupted; what has ended so far is kept";

/// What `submit --help` says of itself.
const SUBMIT: &str = "\
The script of the array and that of the merge, and what the tasks print, go to the folder slurm/ of the study. This program, the \
study and the files of its scenario have to be where the nodes of the cluster see them under the same names.

A task that Slurm puts back into the queue goes on where it was. One that its time limit stops ends between two runs, with exit \
code 75: once the array has ended, the same `submit` again submits what is outstanding then, and nothing else.";

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Sweep {
    /// Plan a study: how many runs, about how long and how much memory; writes the plan into its folder
    #[command(after_help = EXIT_CODES)]
    Plan(Plan),
    /// Run what is outstanding of a study, on this machine
    #[command(after_help = EXIT_CODES)]
    Run(Work),
    /// Go on with a study that was stopped or killed: the same as run
    #[command(after_help = EXIT_CODES)]
    Resume(Work),
    /// Have a cluster run what is outstanding of a study, and merge it: as an array of jobs of Slurm
    #[command(after_help = EXIT_CODES, after_long_help = format!("{SUBMIT}\n\n{EXIT_CODES}"))]
    Submit(Submit),
    /// Print commands that together run a study, one a line: for GNU parallel, HyperQueue or any scheduler
    #[command(after_help = EXIT_CODES)]
    Commands(Commands),
    /// Tell how far a study is: exit code 0 if it is complete, 75 if runs are outstanding, 1 if all ended and some broke
    #[command(after_help = EXIT_CODES)]
    Status(Status),
    /// Merge the runs of a study into a folder of results
    #[command(after_help = EXIT_CODES)]
    Merge(Merge),
    /// Draw the figures of the merged results and make one web page of them
    #[command(after_help = EXIT_CODES)]
    Report(Report),
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Plan {
    /// Scenario file
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    #[command(flatten)]
    pub(super) changes: Changes,
    /// How often to run each point, in place of the file's number
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) replications: Option<u32>,
    /// Folder of the study [default: studies/<scenario>]
    #[arg(short, long, value_name = "DIR")]
    pub(super) output: Option<PathBuf>,
    /// Put this plan in the place of another one in the folder; runs that both have are kept
    #[arg(long)]
    pub(super) replace: bool,
    /// For about how long to run some of the runs, to tell how long all will take; a run that goes on then is stopped, and tells by
    /// how far it came; 0 tells nothing
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    pub(super) sample: u64,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Work {
    /// Folder of the study
    #[arg(value_name = "DIR")]
    pub(super) folder: PathBuf,
    /// How many runs go on at a time; decides no result [default: one a core that this process may use]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) jobs: Option<u16>,
    /// Run the share of one task, numbered from 0, of `--tasks`
    #[arg(long, value_name = "N", requires = "tasks")]
    pub(super) task: Option<u32>,
    /// Into how many tasks the runs are shared out
    #[arg(long, value_name = "N", requires = "task", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) tasks: Option<u32>,
    /// Run even if more memory may be needed than there is
    #[arg(long)]
    pub(super) ignore_memory: bool,
    /// Run those again that broke
    #[arg(long)]
    pub(super) retry_broken: bool,
    /// Say nothing but errors
    #[arg(short, long)]
    pub(super) quiet: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Submit {
    /// Folder of the study
    #[arg(value_name = "DIR")]
    pub(super) folder: PathBuf,
    /// Submit to Slurm, with its sbatch
    #[arg(long)]
    pub(super) slurm: bool,
    /// Where to run: a partition of the cluster [default: that of the cluster]
    #[arg(long, value_name = "NAME")]
    pub(super) partition: Option<String>,
    /// How long a task may take, as Slurm writes it: 30 (minutes), 2:00:00, 1-12 (days and hours) [default: that of the cluster]
    #[arg(long, value_name = "TIME")]
    pub(super) time: Option<TimeLimit>,
    /// Memory of a task, as Slurm writes it: 4G [default: that of the cluster]
    #[arg(long, value_name = "SIZE")]
    pub(super) mem: Option<String>,
    /// Whose account is charged [default: that of the user]
    #[arg(long, value_name = "NAME")]
    pub(super) account: Option<String>,
    /// Cores of a task: so many of its runs go on at a time
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) cpus: u16,
    /// Into how many tasks the runs of the study are shared out; those with nothing outstanding are left out [default: so many
    /// that a task takes some minutes, by the sample of `sweep plan`; of ten runs a core where there is none]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), conflicts_with = "runs_per_task")]
    pub(super) tasks: Option<u32>,
    /// About how many of the outstanding runs a task has
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) runs_per_task: Option<u32>,
    /// Do not merge when the array has ended
    #[arg(long)]
    pub(super) no_merge: bool,
    /// Print what would be submitted, and do nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// More options of sbatch, behind `--`, for both jobs: -- --constraint=avx --qos=long
    #[arg(last = true, value_name = "OPTIONS")]
    pub(super) options: Vec<String>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Commands {
    /// Folder of the study
    #[arg(value_name = "DIR")]
    pub(super) folder: PathBuf,
    /// Into how many commands the runs are shared out, about equally by their work [default: so many that a command takes about a
    /// minute of one core, by the sample of `sweep plan`; one a run, and 1000 at most, where there is none]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), conflicts_with = "runs_per_task")]
    pub(super) tasks: Option<u32>,
    /// About how many runs a command has
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) runs_per_task: Option<u32>,
    /// How many runs of a command go on at a time [default: one a core that it may use]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) jobs: Option<u16>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Status {
    /// Folder of the study
    #[arg(value_name = "DIR")]
    pub(super) folder: PathBuf,
    /// Tell of each run that broke, not only of the first ten
    #[arg(long)]
    pub(super) all: bool,
    /// Write one JSON object in place of words
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Merge {
    /// Folder of the study
    #[arg(value_name = "DIR")]
    pub(super) folder: PathBuf,
    /// Folder to write the results to [default: merged in the folder of the study]
    #[arg(short, long, value_name = "DIR")]
    pub(super) output: Option<PathBuf>,
    /// Replace earlier results in the output folder, once the new ones are complete
    #[arg(long)]
    pub(super) force: bool,
    /// Merge what there is, though runs are outstanding
    #[arg(long)]
    pub(super) partial: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Report {
    /// Folder of the study
    #[arg(value_name = "DIR")]
    pub(super) folder: PathBuf,
    /// The formats of the figures, separated by commas
    #[arg(long, value_name = "FORMATS", value_delimiter = ',', default_value = "svg,pdf,png")]
    pub(super) format: Vec<Format>,
}
