//! What differs from run to run, apart from the results: how long it took, and on what.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::json;

/// How long a scenario took.
#[derive(Clone, Debug)]
pub struct Timing {
    /// From the start of the first run to the end of the last.
    pub wall: Duration,
    /// The events of all runs.
    pub events: u64,
    /// How many runs went on at a time.
    pub threads: usize,
    /// Where the scenario file lies on this machine: from there `verify` finds the files that it names.
    pub scenario_file: PathBuf,
}

impl Timing {
    /// The file `timing.json`. What the system does not tell is null.
    pub fn to_json(&self) -> String {
        let seconds = self.wall.as_secs_f64();
        let value = json!({
            "wall_seconds": seconds,
            "events": self.events,
            "events_per_second": if seconds > 0.0 { Some((self.events as f64 / seconds).round() as u64) } else { None },
            "threads": self.threads,
            "scenario_file": self.scenario_file.display().to_string(),
            "peak_memory_bytes": peak_memory(),
            "host": {
                "operating_system": std::env::consts::OS,
                "architecture": std::env::consts::ARCH,
                "processor": processor(),
                "cores": std::thread::available_parallelism().ok().map(usize::from),
            },
        });
        format!("{value:#}\n")
    }
}

/// The most memory that the process has held, in bytes, where the system tells (Linux).
fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

/// The name of the processor, where the system tells (Linux).
fn processor() -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}
