//! How long a study will take and how much memory, from some of its runs.

use std::cmp::Reverse;
use std::fs;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::store::StoreError;
use super::study::Study;
use super::work::{Watcher, write_down};
use crate::registry::Registry;
use crate::results::replace_file;
use crate::run::memory;

/// The file of what the runs of the sample took, in the folder of a study.
const SAMPLE: &str = "sample.toml";

/// What some of the runs took, one at a time, and what follows for all.
#[derive(Clone, PartialEq, Debug)]
pub struct Sampled {
    /// How many runs were timed. They are runs of the study like all others, and need not be run again.
    pub runs: u64,
    /// How long they took, waiting for a processor included.
    pub took: Duration,
    /// How long all outstanding runs will take on one core, these excepted; unknown where no run could be timed.
    pub left: Option<Duration>,
    /// The most memory that the process had while one of them went on, in bytes, where the system tells.
    pub memory: Option<u64>,
}

/// Where in the order of their work the runs of the sample stand, in hundredths: small ones first, which tell soonest.
const PLACES: [usize; 6] = [0, 50, 25, 75, 90, 100];

/// Runs some of the outstanding runs of a study one at a time, as many as end within `budget`, as far as can be foreseen. What
/// they took is written down in the folder of the study, for [`Study::times`].
///
/// # Errors
/// [`StoreError`]: a run, or what they took, cannot be written.
pub fn sample(
    study: &Study,
    budget: Duration,
    registry: &Registry,
    watcher: &dyn Watcher,
) -> Result<Sampled, StoreError> {
    let mut runs = study.outstanding(study.planned().collect())?;
    runs.sort_by_key(|run| run.work);
    let began = Instant::now();
    let mut times = Times::default();
    let mut memory = None;
    let mut chosen: Vec<usize> = PLACES.map(|place| place * runs.len().saturating_sub(1) / 100).to_vec();
    chosen.dedup();
    let mut timed: Vec<usize> = Vec::new();
    for place in chosen {
        let Some(run) = runs.get(place) else { continue };
        let foreseen = times.of(run.work).unwrap_or_default();
        let fits = began.elapsed().as_secs_f64() + foreseen <= budget.as_secs_f64();
        if timed.contains(&place) || !fits || watcher.stopping() {
            continue;
        }
        let Some(begun) = study.begin(*run)? else { continue };
        memory::forget_peak();
        let (start, clock) = (Instant::now(), processor_time());
        let outcome = study.simulate(*run, registry, watcher.pace());
        let took = clock.zip(processor_time()).map(|(from, to)| to.saturating_sub(from));
        let took = took.unwrap_or_else(|| start.elapsed());
        if write_down(study, *run, begun, outcome, watcher)?.is_none() {
            break;
        }
        times.add(run.work, took);
        memory = memory.max(memory::peak());
        timed.push(place);
    }
    if !times.0.is_empty() {
        times.write(study)?;
    }
    let left = runs.iter().enumerate().filter(|(place, _)| !timed.contains(place));
    let left: Option<f64> = left.map(|(_, run)| times.of(run.work)).sum();
    Ok(Sampled {
        runs: timed.len() as u64,
        took: began.elapsed(),
        left: left.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()),
        memory,
    })
}

/// How long this thread has been at work, where the system tells: a busy machine makes runs last longer, but not this.
#[cfg(target_os = "linux")]
fn processor_time() -> Option<Duration> {
    use rustix::time::{ClockId, clock_gettime};
    clock_gettime(ClockId::ThreadCPUTime).try_into().ok()
}

#[cfg(not(target_os = "linux"))]
fn processor_time() -> Option<Duration> {
    None
}

/// What runs of a known amount of work took.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Times(Vec<Timed>);

/// How long a processor was at work on a run, where the system tells; else how long the run took.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
struct Timed {
    work: u64,
    seconds: f64,
}

/// What the runs of a sample took: the file `sample.toml`.
#[derive(Debug, Serialize, Deserialize)]
struct Written {
    /// The points of the plan that they are runs of, as the plan tells them from others.
    points_sha256: String,
    run: Vec<Timed>,
}

impl Study {
    /// What the last sample of this plan took; nothing where there is none. It tells how long runs take and decides no result.
    pub fn times(&self) -> Times {
        let text = fs::read_to_string(self.folder.join(SAMPLE)).ok();
        let written: Option<Written> = text.and_then(|text| toml::from_str(&text).ok());
        let of_this_plan = written.filter(|written| written.points_sha256 == self.plan.points_sha256);
        of_this_plan.map_or_else(Times::default, |written| Times(written.run))
    }
}

impl Times {
    fn add(&mut self, work: u64, took: Duration) {
        let seconds = took.as_secs_f64();
        self.0.push(Timed { work, seconds });
        self.0.sort_by_key(|run| Reverse(run.work));
    }

    /// How many seconds a run of so much work will take: as many a piece of work as the nearest that was timed, on a scale of
    /// ratios.
    pub fn of(&self, work: u64) -> Option<f64> {
        let work = work.max(1) as f64;
        let done = |timed: &Timed| timed.work.max(1) as f64;
        let apart = |timed: &Timed| (done(timed) / work).max(work / done(timed));
        let nearest = self.0.iter().min_by(|one, other| apart(one).total_cmp(&apart(other)))?;
        Some(work * nearest.seconds / done(nearest))
    }

    fn write(&self, study: &Study) -> Result<(), StoreError> {
        let written = Written {
            points_sha256: study.plan.points_sha256.clone(),
            run: self.0.clone(),
        };
        Ok(replace_file(
            &study.folder.join(SAMPLE),
            toml::to_string(&written)?.as_bytes(),
        )?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_takes_as_long_for_its_work_as_the_nearest_one() {
        let mut times = Times::default();
        assert_eq!(times.of(10), None);
        times.add(100, Duration::from_secs(1));
        assert_eq!(times.of(1000), Some(10.0));
        times.add(10_000, Duration::from_secs(400));
        assert_eq!(times.of(200), Some(2.0));
        assert_eq!(times.of(5000), Some(200.0));
    }
}
