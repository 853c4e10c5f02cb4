//! What can be written on the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::scenario::Overrides;

/// The end of `--help`.
const EXIT_CODES: &str = "\
Exit codes:
    0  done, and every expectation holds
    1  an expectation does not hold, or a run broke
    2  the command line makes no sense, or the output folder exists
   65  bad input: a scenario or another file says something that cannot be
   66  missing input: a file is not there or may not be read
   74  reading or writing failed
  130  interrupted; nothing was written";

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
    /// Say nothing but errors and failed expectations
    #[arg(short, long)]
    pub(super) quiet: bool,
}

#[derive(Debug, Args)]
pub(super) struct Check {
    #[command(flatten)]
    pub(super) scenarios: Scenarios,
}

#[derive(Debug, Args)]
pub(super) struct List {
    /// Folder with scenario files
    #[arg(default_value = "scenarios", value_name = "DIR")]
    pub(super) folder: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct Scenarios {
    /// Scenario files
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    /// The seed of all randomness, in place of the file's
    // The largest whole number of TOML, so that the resolved scenario can say it.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(0..=i64::MAX as u64))]
    seed: Option<u64>,
    /// How often to run each point, in place of the file's number
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    replications: Option<u32>,
    /// Set a key of the scenario, for example --set nodes.count=128; can be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

impl Scenarios {
    pub(super) fn overrides(&self) -> Overrides {
        Overrides {
            settings: self.set.clone(),
            seed: self.seed,
            replications: self.replications,
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
