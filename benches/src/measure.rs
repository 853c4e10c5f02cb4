//! Medians, child processes and peak memory.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// The median; of an even number of values the lower of the middle two.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[(values.len() - 1) / 2]
}

/// Takes the time of work in one thread: that on a processor, where the system tells (Linux does), since others may use the
/// machine as well; otherwise that by the clock.
pub(crate) struct Stopwatch {
    start: Instant,
    at_work: Option<Duration>,
}

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Stopwatch {
            start: Instant::now(),
            at_work: at_work(),
        }
    }

    /// In seconds.
    pub(crate) fn elapsed(&self) -> f64 {
        let taken = self.at_work.zip(at_work()).map(|(before, now)| now - before);
        taken.unwrap_or_else(|| self.start.elapsed()).as_secs_f64()
    }
}

/// How long the first thread of this process has been on a processor.
fn at_work() -> Option<Duration> {
    let status = std::fs::read_to_string("/proc/self/schedstat").ok()?;
    let nanos = status.split_whitespace().next()?.parse().ok()?;
    Some(Duration::from_nanos(nanos))
}

/// The most memory that this process has held, in bytes; zero where the system does not tell (it does on Linux).
pub(crate) fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.and_then(|text| text.trim().strip_suffix(" kB"))
        .and_then(|kib| kib.parse::<u64>().ok())
        .unwrap_or(0)
        * 1024
}

/// What a program prints.
///
/// # Errors
/// It cannot be started, or it failed.
pub(crate) fn output(program: &Path, arguments: &[String]) -> Result<String, String> {
    let name = program.display();
    let output = Command::new(program)
        .args(arguments)
        .output()
        .map_err(|error| format!("{name}: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    match output.status.success() {
        true => Ok(text),
        false => Err(format!(
            "{name} {arguments:?} failed:\n{text}{}",
            String::from_utf8_lossy(&output.stderr)
        )),
    }
}

/// The number behind `label` in a text.
///
/// # Errors
/// There is none.
pub(crate) fn number_after(text: &str, label: &str) -> Result<f64, String> {
    let rest = text.split_once(label).map(|(_, rest)| rest).unwrap_or_default();
    let end = rest
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(rest.len());
    rest[..end]
        .parse()
        .map_err(|_| format!("no `{label}NUMBER` in: {text}"))
}
