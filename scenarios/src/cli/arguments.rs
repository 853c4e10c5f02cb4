//! What can be written on the command line.

use std::path::PathBuf;

use analysis::figure::{Format, Width};
use clap::{Args, Parser, Subcommand, ValueEnum};

use super::sweep::Sweep;
use crate::scenario::Overrides;
use crate::units::Duration;

/// The end of `--help`.
const EXIT_CODES: &str = "\
Exit codes:
    0  done, and every expectation holds
    1  an expectation does not hold, or a run broke
    2  the command line makes no sense, or the output folder exists
   65  bad input: a scenario or another file says something that cannot be
   66  missing input: a file is not there or may not be read
   69  the runs would take more memory than there is; nothing was run
   74  reading or writing failed
  130  interrupted; nothing was written";

/// The end of `schema --help`.
const SCHEMA: &str = "\
Editors that understand TOML (Even Better TOML, Taplo) complete and check a scenario
whose first line is
    #:schema ./scenario.schema.json
where the file beside it was written by
    peerscope schema > scenario.schema.json";

/// The end of `completions --help`.
const COMPLETIONS: &str = "\
For example:
    peerscope completions bash > ~/.local/share/bash-completion/completions/peerscope
    peerscope completions zsh > ~/.zfunc/_peerscope
    peerscope completions fish > ~/.config/fish/completions/peerscope.fish";

#[derive(Debug, Parser)]
#[command(
    name = "peerscope",
    version,
    about = "A deterministic discrete-event simulator of peer-to-peer networks"
)]
#[command(after_help = EXIT_CODES, arg_required_else_help = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run scenarios: write tables and figures, and hold the results against what is expected
    #[command(after_help = EXIT_CODES)]
    Run(Run),
    /// Explain what scenarios would do, without running them
    #[command(after_help = EXIT_CODES)]
    Check(Check),
    /// List the scenarios of a folder, and the protocols and networks that scenarios can name
    #[command(after_help = EXIT_CODES)]
    List(List),
    /// Show what nodes saw and did in one run, a line each
    #[command(after_help = EXIT_CODES)]
    Trace(Trace),
    /// Run one point and write down the overlay at given times: tables, GraphML, figures
    #[command(after_help = EXIT_CODES)]
    Snapshot(Snapshot),
    /// Show what a graph of routers looks like: size, degrees, paths, delays, and a picture
    #[command(after_help = EXIT_CODES)]
    Topology(Topology),
    /// Draw the figures of results again, from their tables
    #[command(after_help = EXIT_CODES)]
    Plot(Plot),
    /// Run the scenario of results again and compare: exit code 0 if everything is the same, 1 if not
    #[command(after_help = EXIT_CODES)]
    Verify(Verify),
    /// Compare two folders of results, pairing their runs by replication
    #[command(after_help = EXIT_CODES)]
    Diff(Diff),
    /// List the papers and data sets behind results or a scenario, and the software itself
    #[command(after_help = EXIT_CODES)]
    Cite(Cite),
    /// Print the JSON Schema of scenario files, for editors
    #[command(after_help = SCHEMA)]
    Schema,
    /// Print the completions of the command line for a shell
    #[command(after_help = COMPLETIONS)]
    Completions(Completions),
    /// Print the manual page of the command, or write all of its pages
    #[command(after_help = EXIT_CODES)]
    Man(Man),
    /// Studies of many runs, on this machine or on a cluster: plan, run, stop and go on, merge
    #[command(subcommand)]
    Sweep(Sweep),
    /// Make one web page of results: figures, tables, expectations and where they come from
    #[command(after_help = EXIT_CODES)]
    Report(Report),
}

#[derive(Debug, Args)]
pub(super) struct Run {
    #[command(flatten)]
    pub(super) scenarios: Scenarios,
    /// How many runs go on at a time; decides no result [default: one a core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) threads: Option<u16>,
    /// Folder to write to; with several scenarios, each gets a folder in it [default: results/<scenario>]
    #[arg(short, long, value_name = "DIR")]
    pub(super) output: Option<PathBuf>,
    /// Replace earlier results in the output folder, once the new ones are complete
    #[arg(long)]
    pub(super) force: bool,
    /// Run even if more memory may be needed than there is
    #[arg(long)]
    pub(super) ignore_memory: bool,
    /// The formats of the figures, separated by commas
    #[arg(long, value_name = "FORMATS", value_delimiter = ',', default_value = "svg,pdf,png")]
    pub(super) format: Vec<Format>,
    /// Write one JSON object to the standard output, for machines; words go to the standard error
    #[arg(long)]
    pub(super) json: bool,
    /// Say nothing but errors and failed expectations
    #[arg(short, long)]
    pub(super) quiet: bool,
}

#[derive(Debug, Args)]
pub(super) struct Check {
    #[command(flatten)]
    pub(super) scenarios: Scenarios,
    /// Write one JSON object to the standard output, for machines
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct List {
    /// Folder with scenario files
    #[arg(default_value = "scenarios", value_name = "DIR")]
    pub(super) folder: PathBuf,
    /// Write one JSON object to the standard output, for machines
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Trace {
    /// Scenario file
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// Whom to show, numbered from 0; can be repeated [default: all nodes]
    #[arg(long, value_name = "N", value_delimiter = ',')]
    pub(super) node: Vec<u32>,
    /// From when on, in simulated time: 90s, 10min [default: the beginning]
    #[arg(long, value_name = "TIME")]
    pub(super) from: Option<Duration>,
    /// Until when, that instant excluded [default: the end of the run]
    #[arg(long, value_name = "TIME")]
    pub(super) to: Option<Duration>,
    /// Which point of the sweep, numbered from 1 as `peerscope check` does
    #[arg(long, value_name = "N")]
    pub(super) point: Option<usize>,
    /// Which replication, numbered from 0
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(super) replication: u32,
    /// Write a JSON object a line, for machines
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) changes: Changes,
}

#[derive(Debug, Args)]
pub(super) struct Snapshot {
    /// Scenario file
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// When, in simulated time, separated by commas: 90s,10min
    #[arg(long, value_name = "TIMES", value_delimiter = ',', required = true)]
    pub(super) at: Vec<Duration>,
    /// Which point of the sweep, numbered from 1 as `peerscope check` does
    #[arg(long, value_name = "N")]
    pub(super) point: Option<usize>,
    /// Folder to write to [default: results/<scenario>-snapshot]
    #[arg(short, long, value_name = "DIR")]
    pub(super) output: Option<PathBuf>,
    /// Replace earlier results in the output folder, once the new ones are complete
    #[arg(long)]
    pub(super) force: bool,
    /// Run even if more memory may be needed than there is
    #[arg(long)]
    pub(super) ignore_memory: bool,
    /// The formats of the figures, separated by commas
    #[arg(long, value_name = "FORMATS", value_delimiter = ',', default_value = "svg,pdf,png")]
    pub(super) format: Vec<Format>,
    /// Say nothing but errors
    #[arg(short, long)]
    pub(super) quiet: bool,
    #[command(flatten)]
    pub(super) changes: Changes,
}

#[derive(Debug, Args)]
pub(super) struct Topology {
    /// File of a topology, or scenario file (.toml) whose network has routers
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// Which point of the sweep, numbered from 1 as `peerscope check` does
    #[arg(long, value_name = "N")]
    pub(super) point: Option<usize>,
    /// Folder to write tables and figures to [default: nothing is written]
    #[arg(short, long, value_name = "DIR")]
    pub(super) output: Option<PathBuf>,
    /// Replace earlier results in the output folder, once the new ones are complete
    #[arg(long, requires = "output")]
    pub(super) force: bool,
    /// The formats of the figures, separated by commas
    #[arg(long, value_name = "FORMATS", value_delimiter = ',', default_value = "svg,pdf,png")]
    pub(super) format: Vec<Format>,
    /// Write one JSON object to the standard output, for machines
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) changes: Changes,
}

#[derive(Debug, Args)]
pub(super) struct Plot {
    /// Folder with results
    #[arg(value_name = "RESULTS")]
    pub(super) results: PathBuf,
    /// Draw only this figure; can be repeated [default: all]
    #[arg(long, value_name = "NAME")]
    pub(super) figure: Vec<String>,
    /// The formats to write, separated by commas
    #[arg(long, value_name = "FORMATS", value_delimiter = ',', default_value = "svg,pdf,png")]
    pub(super) format: Vec<Format>,
    /// Draw all figures this wide: `column` is 3.5 in, `page` 7 in [default: as the scenario says]
    #[arg(long, value_name = "WIDTH", value_enum)]
    pub(super) width: Option<FigureWidth>,
    /// Folder to write the figures and their data to [default: figures/ in the results]
    #[arg(short, long, value_name = "DIR")]
    pub(super) output: Option<PathBuf>,
    /// Take the figures from this scenario file in place of the results' own `scenario.toml`
    #[arg(long, value_name = "FILE")]
    pub(super) scenario: Option<PathBuf>,
}

/// A width by name.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum FigureWidth {
    /// One column of a two-column page, 3.5 in
    Column,
    /// The whole page, 7 in
    Page,
}

impl From<FigureWidth> for Width {
    fn from(width: FigureWidth) -> Self {
        match width {
            FigureWidth::Column => Width::Column,
            FigureWidth::Page => Width::Page,
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct Verify {
    /// Folder with results
    #[arg(value_name = "RESULTS")]
    pub(super) results: PathBuf,
    /// How many runs go on at a time; decides no result [default: one a core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) threads: Option<u16>,
    /// Run only the first replication of each point
    #[arg(long)]
    pub(super) quick: bool,
    /// Say where a file lies, for example --set network.matrix.file=PATH; can be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub(super) set: Vec<String>,
    /// Say nothing but errors and differences
    #[arg(short, long)]
    pub(super) quiet: bool,
}

#[derive(Debug, Args)]
pub(super) struct Diff {
    /// Folder with the results to compare with
    #[arg(value_name = "A")]
    pub(super) first: PathBuf,
    /// Folder with the results to compare
    #[arg(value_name = "B")]
    pub(super) second: PathBuf,
    /// Compare only this table, all of its rows; can be repeated [default: all with a row a run, and messages in total]
    #[arg(long, value_name = "NAME")]
    pub(super) table: Vec<String>,
    /// Compare only this column; can be repeated [default: all numbers]
    #[arg(long, value_name = "NAME")]
    pub(super) metric: Vec<String>,
    /// Compare only rows with this value, for example --where nodes=128; can be repeated
    #[arg(long = "where", value_name = "COLUMN=VALUE")]
    pub(super) conditions: Vec<String>,
    /// Show also what is the same in every replication
    #[arg(long)]
    pub(super) all: bool,
    /// Write the comparison to this file as CSV, too
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct Cite {
    /// Folder with results, or scenario file
    #[arg(value_name = "RESULTS|FILE")]
    pub(super) path: PathBuf,
    /// How references are written
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    pub(super) format: CiteFormat,
}

/// How references are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub(super) enum CiteFormat {
    /// To be read
    #[default]
    Text,
    /// For BibTeX and its successors
    Bibtex,
}

#[derive(Debug, Args)]
pub(super) struct Completions {
    /// The shell
    #[arg(value_name = "SHELL", value_enum)]
    pub(super) shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub(super) struct Man {
    /// The page of this command, such as `run` or `sweep plan` [default: that of peerscope]
    #[arg(value_name = "COMMAND", conflicts_with = "output")]
    pub(super) command: Vec<String>,
    /// Write the pages of all commands to this folder: peerscope.1, peerscope-run.1 and so on
    #[arg(short, long, value_name = "DIR")]
    pub(super) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct Report {
    /// Folder with results
    #[arg(value_name = "RESULTS")]
    pub(super) results: PathBuf,
    /// File to write the page to [default: report.html in the results]
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct Scenarios {
    /// Scenario files
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) changes: Changes,
    /// How often to run each point, in place of the file's number
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) replications: Option<u32>,
}

impl Scenarios {
    pub(super) fn overrides(&self) -> Overrides {
        Overrides {
            replications: self.replications,
            ..self.changes.overrides()
        }
    }
}

/// What the command line changes in a scenario.
#[derive(Clone, Debug, Args)]
pub(super) struct Changes {
    /// Run at full size, such as that of the paper: with what the scenario says in its table [full]
    #[arg(long)]
    full: bool,
    /// The seed of all randomness, in place of the file's
    // The largest whole number of TOML, so that the resolved scenario can say it.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(0..=i64::MAX as u64))]
    seed: Option<u64>,
    /// Set a key of the scenario, for example --set nodes.count=128; can be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

impl Changes {
    /// The same with more settings, which go before the others where both name a key.
    pub(super) fn with(&self, settings: Vec<String>) -> Self {
        let mut changes = self.clone();
        changes.set.extend(settings);
        changes
    }

    pub(super) fn overrides(&self) -> Overrides {
        Overrides {
            full: self.full,
            settings: self.set.clone(),
            seed: self.seed,
            replications: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }
}
