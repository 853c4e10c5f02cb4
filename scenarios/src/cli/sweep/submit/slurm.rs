//! Slurm itself, by its commands.

use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

use thiserror::Error;

/// The most tasks of an array where the cluster says nothing else: `MaxArraySize` in the manual of slurm.conf.
pub(super) const USUAL_LARGEST_ARRAY: u32 = 1001;

/// Why Slurm has not done what it was asked.
#[derive(Debug, Error)]
pub(super) enum SlurmError {
    /// Its command is not there.
    #[error("there is no Slurm here: {program} is not among the commands of this machine (PATH)")]
    Absent { program: &'static str },
    /// Its command cannot be run.
    #[error("{program} cannot be run: {error}")]
    Unusable { program: &'static str, error: io::Error },
    /// It says no.
    #[error("Slurm refuses: {said}\n  {}", remedy(said))]
    Refused { said: String },
    /// It has no arrays.
    #[error("this Slurm takes no arrays of jobs (MaxArraySize is {said})")]
    NoArrays { said: String },
    /// It answers what was not asked.
    #[error("{program} answers {said:?}, expected {expected}")]
    Unclear {
        program: &'static str,
        said: String,
        expected: &'static str,
    },
}

/// What to try, by what Slurm says.
fn remedy(said: &str) -> &'static str {
    let said = said.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| said.contains(word));
    if has(&["partition"]) {
        "`sinfo` lists the partitions, for --partition"
    } else if has(&["account"]) {
        "`sacctmgr show associations user=$USER` lists the accounts, for --account"
    } else if has(&["time limit"]) {
        "try another --time; `sinfo` lists the limits of the partitions"
    } else if has(&["qos", "policy", "limit"]) {
        "try fewer tasks (--tasks, --runs-per-task), or less of --time, --cpus and --mem; `squeue --me` lists what is queued already"
    } else if has(&["memory", "node configuration", "cpu", "processors"]) {
        "try less of --cpus and --mem; `sinfo --format '%P %c %m'` lists the cores and memory of nodes by partition"
    } else if has(&[
        "contact",
        "connect",
        "controller",
        "communication",
        "configuration source",
    ]) {
        "`scontrol ping` tells whether this machine knows a cluster and whether that answers; try again later"
    } else {
        "--dry-run prints what is submitted"
    }
}

/// How many tasks an array of this cluster can have at most.
pub(super) fn largest_array() -> Result<u32, SlurmError> {
    let program = "scontrol";
    let said = run(Command::new(program).args(["show", "config"]), program)?;
    let value = said.lines().find_map(|line| {
        let (name, value) = line.split_once('=')?;
        (name.trim() == "MaxArraySize").then(|| value.trim().to_owned())
    });
    match value.as_ref().map(|value| value.parse::<u32>()) {
        Some(Ok(most @ 1..)) => Ok(most),
        Some(_) => Err(SlurmError::NoArrays {
            said: value.unwrap_or_default(),
        }),
        None => Err(SlurmError::Unclear {
            program,
            said,
            expected: "MaxArraySize among others",
        }),
    }
}

/// Submits a script, if need be to run after the end of another job, however that ends; tells the number of the job.
pub(super) fn submit(script: &Path, after: Option<&str>) -> Result<String, SlurmError> {
    let program = "sbatch";
    let mut command = Command::new(program);
    command.arg("--parsable");
    command.args(after.map(|job| format!("--dependency=afterany:{job}")));
    command.arg(script);
    let said = run(&mut command, program)?;
    // The number, and on a federation of clusters the name of one.
    let number = said.trim().split(';').next().unwrap_or_default();
    if number.is_empty() || number.bytes().any(|digit| !digit.is_ascii_digit()) {
        return Err(SlurmError::Unclear {
            program,
            said: said.trim().to_owned(),
            expected: "the number of the job",
        });
    }
    Ok(number.to_owned())
}

/// The number of a job of this user's in the queue that was submitted from this script. Where Slurm does not tell, there is none:
/// two jobs for the same runs do no harm but to do them twice.
pub(super) fn queued(script: &Path) -> Option<String> {
    let program = "squeue";
    let said = run(
        Command::new(program).args(["--me", "--noheader", "--format=%F %o"]),
        program,
    )
    .ok()?;
    let script = script.to_str()?;
    let jobs = said.lines().filter_map(|line| line.trim().split_once(' '));
    let mut of_script = jobs.filter(|(_, of)| *of == script);
    of_script.next().map(|(number, _)| number.to_owned())
}

/// What a command of Slurm writes to its standard output.
fn run(command: &mut Command, program: &'static str) -> Result<String, SlurmError> {
    let ended = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => SlurmError::Absent { program },
            _ => SlurmError::Unusable { program, error },
        })?;
    if !ended.status.success() {
        let said = String::from_utf8_lossy(&ended.stderr);
        return Err(SlurmError::Refused {
            said: words(&said, program),
        });
    }
    Ok(String::from_utf8_lossy(&ended.stdout).into_owned())
}

/// What a command of Slurm complains of, as one line without its name.
fn words(said: &str, program: &str) -> String {
    let prefixes = ["error: ", "fatal: ", "Batch job submission failed: "];
    let line = |line: &str| {
        let line = line.trim().trim_start_matches(program).trim_start_matches(": ");
        prefixes
            .iter()
            .fold(line, |line, prefix| line.trim_start_matches(prefix))
            .to_owned()
    };
    let lines: Vec<String> = said.lines().map(line).filter(|line| !line.is_empty()).collect();
    match lines.is_empty() {
        true => format!("{program} failed and said nothing"),
        false => lines.join("; "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_slurm_says_is_one_line() {
        let said = "sbatch: error: invalid partition specified: nowhere\nsbatch: error: Batch job submission failed: Invalid \
                    partition name specified\n";
        let words = words(said, "sbatch");
        assert_eq!(
            words,
            "invalid partition specified: nowhere; Invalid partition name specified"
        );
        assert!(SlurmError::Refused { said: words }.to_string().contains("--partition"));
        assert_eq!(super::words("", "sbatch"), "sbatch failed and said nothing");
    }
}
