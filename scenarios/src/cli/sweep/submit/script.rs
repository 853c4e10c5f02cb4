//! The scripts that are submitted.

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use super::super::arguments::Submit;

/// What the scripts of a study have in common.
pub(super) struct Script<'a> {
    pub(super) arguments: &'a Submit,
    /// The folder of what is printed.
    pub(super) folder: &'a Path,
}

/// One of them.
pub(super) struct Job {
    /// What it is, for who reads it.
    pub(super) title: String,
    /// What it is called in the queue.
    pub(super) name: String,
    /// The numbers of the tasks, if it has more than one.
    pub(super) array: Option<String>,
    pub(super) cores: u16,
    /// The file of what is printed, as a pattern of sbatch.
    pub(super) log: &'static str,
    /// How long before its end it is told of it.
    pub(super) warning: Option<Duration>,
    /// A line of a shell.
    pub(super) command: String,
}

impl Script<'_> {
    /// The text of a script.
    ///
    /// # Errors
    /// What no script can say, in words.
    pub(super) fn text(&self, job: &Job) -> Result<String, String> {
        let arguments = self.arguments;
        let log = self.folder.display().to_string().replace('%', "%%") + "/" + job.log;
        let mut lines = vec![("job-name", job.name.clone())];
        lines.extend(job.array.clone().map(|array| ("array", array)));
        // Without it a job on several nodes could have its cores there.
        lines.extend([("nodes", "1".to_owned()), ("ntasks", "1".to_owned())]);
        // Always said: only then does the job know it.
        lines.push(("cpus-per-task", job.cores.to_string()));
        lines.push(("output", log));
        let time = arguments.time.as_ref().map(|time| time.written().to_owned());
        let given = [
            ("partition", arguments.partition.clone()),
            ("time", time),
            ("mem", arguments.mem.clone()),
            ("account", arguments.account.clone()),
        ];
        lines.extend(given.into_iter().filter_map(|(name, value)| Some((name, value?))));
        // To the shell itself, which is the program by then, and not to steps, of which there are none.
        lines.extend(
            job.warning
                .map(|warning| ("signal", format!("B:USR1@{}", warning.as_secs()))),
        );
        let mut text = format!("#!/bin/bash\n# {}\n", job.title);
        for (name, value) in lines {
            let _ = writeln!(text, "#SBATCH --{name}={}", sbatch_word(&value)?);
        }
        // Whatever ends a task, it can go on; and its log is to tell of all attempts.
        text += "#SBATCH --requeue\n#SBATCH --open-mode=append\n";
        if !arguments.options.is_empty() {
            let words: Result<Vec<String>, String> = arguments.options.iter().map(|word| sbatch_word(word)).collect();
            let _ = writeln!(text, "#SBATCH {}", words?.join(" "));
        }
        let _ = writeln!(
            text,
            "\n# In place of this shell: signals go to it alone.\nexec {}",
            one_line(&job.command)?
        );
        Ok(text)
    }
}

/// A text as one word of a line `#SBATCH`, in quotes where it needs them. sbatch takes a backslash there for an escape only
/// between quotes, as with 22.05.
///
/// # Errors
/// Where it has line breaks or the like, of which there is no way to write them there.
pub(super) fn sbatch_word(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_alphanumeric() || "-_./=:,%@+[]*&|!".contains(c);
    let text = one_line(text)?;
    if !text.is_empty() && text.chars().all(plain) {
        return Ok(text.to_owned());
    }
    let escaped = text.replace('\\', r"\\").replace('"', "\\\"");
    Ok(format!("\"{escaped}\""))
}

fn one_line(text: &str) -> Result<&str, String> {
    if text.chars().any(char::is_control) {
        return Err(format!(
            "{text:?}: a script for Slurm cannot have this: it has line breaks or other control characters"
        ));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_written_so_that_sbatch_reads_them_as_one() {
        assert_eq!(sbatch_word("--constraint=avx&ssd").unwrap(), "--constraint=avx&ssd");
        assert_eq!(sbatch_word("/a b/\"c\"#1\\").unwrap(), r##""/a b/\"c\"#1\\""##);
        assert_eq!(sbatch_word("").unwrap(), "\"\"");
        assert!(sbatch_word("a\nb").unwrap_err().contains("line breaks"));
    }
}
