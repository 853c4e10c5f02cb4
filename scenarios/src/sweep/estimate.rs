//! How long a study will take and how much memory, from some of its runs.

use std::cmp::Reverse;
use std::time::{Duration, Instant};

use super::plan::Study;
use super::store::StoreError;
use super::work::{Watcher, write_down};
use crate::registry::Registry;
use crate::run::{Job, memory, run_one};

/// What some of the runs took, one at a time, and what follows for all.
#[derive(Clone, PartialEq, Debug)]
pub struct Sampled {
    /// How many runs were timed. They are runs of the study like all others, and need not be run again.
    pub runs: u64,
    /// How long they took.
    pub took: Duration,
    /// How long all outstanding runs will take on one core, these excepted; unknown where no run could be timed.
    pub left: Option<Duration>,
    /// The most memory that the process had while one of them went on, in bytes, where the system tells.
    pub memory: Option<u64>,
}

/// Where in the order of their work the runs of the sample stand, in hundredths: small ones first, which tell soonest.
const PLACES: [usize; 6] = [0, 50, 25, 75, 90, 100];

/// Runs some of the outstanding runs of a study one at a time, as many as end within `budget`, as far as can be foreseen.
///
/// # Errors
/// [`StoreError`]: a run cannot be written.
pub fn sample(
    study: &Study,
    budget: Duration,
    registry: &Registry,
    watcher: &dyn Watcher,
) -> Result<Sampled, StoreError> {
    let mut jobs: Vec<Job<'_>> = study.outstanding(study.jobs().collect());
    jobs.sort_by_key(Job::work);
    let began = Instant::now();
    let mut times = Times::default();
    let mut memory = None;
    let mut chosen: Vec<usize> = PLACES.map(|place| place * jobs.len().saturating_sub(1) / 100).to_vec();
    chosen.dedup();
    let mut timed: Vec<usize> = Vec::new();
    for place in chosen {
        let Some(job) = jobs.get(place) else { continue };
        let foreseen = times.of(job.work()).unwrap_or_default();
        let fits = began.elapsed().as_secs_f64() + foreseen <= budget.as_secs_f64();
        if timed.contains(&place) || !fits || watcher.stopping() || watcher.interrupted() {
            continue;
        }
        memory::forget_peak();
        let start = Instant::now();
        let outcome = run_one(job, registry, watcher);
        let took = start.elapsed();
        if write_down(study, job, outcome, watcher)?.is_none() {
            break;
        }
        times.add(job.work(), took);
        memory = memory.max(memory::peak());
        timed.push(place);
    }
    let left = jobs.iter().enumerate().filter(|(place, _)| !timed.contains(place));
    let left: Option<f64> = left.map(|(_, job)| times.of(job.work())).sum();
    Ok(Sampled {
        runs: timed.len() as u64,
        took: began.elapsed(),
        left: left.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()),
        memory,
    })
}

/// What runs of a known amount of work took.
#[derive(Default)]
struct Times(Vec<(u64, f64)>);

impl Times {
    fn add(&mut self, work: u64, took: Duration) {
        self.0.push((work.max(1), took.as_secs_f64()));
        self.0.sort_by_key(|(work, _)| Reverse(*work));
    }

    /// How many seconds a run of so much work will take: as many a piece of work as the nearest that was timed, on a scale of
    /// ratios.
    fn of(&self, work: u64) -> Option<f64> {
        let work = work.max(1) as f64;
        let apart = |timed: u64| (timed as f64 / work).max(work / timed as f64);
        let nearest = self
            .0
            .iter()
            .min_by(|one, other| apart(one.0).total_cmp(&apart(other.0)))?;
        Some(work * nearest.1 / nearest.0 as f64)
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
