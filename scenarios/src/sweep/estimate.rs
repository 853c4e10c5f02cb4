//! How long a study will take and how much memory, from some of its runs.

use std::cmp::Reverse;
use std::fs;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::store::StoreError;
use super::study::Study;
use super::work::{Watcher, write_down};
use crate::registry::Registry;
use crate::results::replace_file;
use crate::run::{Pace, memory};

/// The file of what the runs of the sample took, in the folder of a study.
const SAMPLE: &str = "sample.toml";

/// What some of the runs took, one at a time, and what follows for all.
#[derive(Clone, PartialEq, Debug)]
pub struct Sampled {
    /// How many runs were timed to their end. They are runs of the study like all others, and need not be run again.
    pub runs: u64,
    /// How far another run came that was stopped when the time was over, as a fraction of it. What it took until then is scaled up to
    /// all of it, and is all that is known where no run was timed to its end. It is to be run again.
    pub stopped_at: Option<f64>,
    /// How many runs are outstanding now.
    pub outstanding: u64,
    /// How long they took, waiting for a processor included.
    pub took: Duration,
    /// How long all outstanding runs will take on one core, these excepted; unknown where no run could be timed.
    pub left: Option<Duration>,
    /// The most memory that the process had while one of them went on, in bytes, where the system tells.
    pub memory: Option<u64>,
}

/// Where in the order of their work the runs of the sample stand, in hundredths: small ones first, which tell soonest.
const PLACES: [usize; 6] = [0, 50, 25, 75, 90, 100];

/// Runs some of the outstanding runs of a study one at a time, as many as end within `budget`, as far as can be foreseen. One that
/// goes on when that is over is stopped. What they took is written down in the folder of the study, for [`Study::times`].
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
    let mut stopped_at = None;
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
        let limited = Limited::new(watcher.pace(), budget.saturating_sub(began.elapsed()));
        let outcome = study.simulate(*run, registry, &limited);
        let took = limited.clock.elapsed();
        if write_down(study, *run, begun, outcome, watcher)?.is_some() {
            times.add(run.work, took);
            memory = memory.max(memory::peak());
            timed.push(place);
            continue;
        }
        if !watcher.stopping()
            && let Some((done, all)) = limited.extrapolated(run.work)
        {
            times.add(run.work, all);
            memory = memory.max(memory::peak());
            stopped_at = Some(done);
        }
        break;
    }
    if !times.0.is_empty() {
        times.write(study)?;
    }
    let left = runs.iter().enumerate().filter(|(place, _)| !timed.contains(place));
    let left: Option<f64> = left.map(|(_, run)| times.of(run.work)).sum();
    Ok(Sampled {
        runs: timed.len() as u64,
        stopped_at,
        outstanding: (runs.len() - timed.len()) as u64,
        took: began.elapsed(),
        left: left.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()),
        memory,
    })
}

/// Since when a thread has been at work.
struct Clock {
    /// How long it had been at work until then, where the system tells.
    processor: Option<Duration>,
    wall: Instant,
}

impl Clock {
    fn start() -> Self {
        Clock {
            processor: processor_time(),
            wall: Instant::now(),
        }
    }

    /// How long this thread has been at work since; waiting for a processor included where the system does not tell.
    fn elapsed(&self) -> Duration {
        let at_work = self.processor.zip(processor_time());
        at_work.map_or_else(|| self.wall.elapsed(), |(from, to)| to.saturating_sub(from))
    }
}

/// The pace of a run that is stopped once its time is over. One that is still being set up goes on until it first tells how far it is.
struct Limited<'a> {
    pace: &'a dyn Pace,
    clock: Clock,
    limit: Duration,
    reports: Mutex<Reports>,
}

/// How far a run was when it first told, and when it last did: how much work was done after how long.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
struct Reports {
    first: Option<(u64, Duration)>,
    last: (u64, Duration),
}

impl<'a> Limited<'a> {
    fn new(pace: &'a dyn Pace, limit: Duration) -> Self {
        Limited {
            pace,
            clock: Clock::start(),
            limit,
            reports: Mutex::default(),
        }
    }

    /// What fraction of a run of so much work is done, and about how long all of it will take; nothing where it has hardly begun.
    fn extrapolated(&self, work: u64) -> Option<(f64, Duration)> {
        let reports = *self.reports.lock().unwrap_or_else(PoisonError::into_inner);
        reports.extrapolated(work)
    }
}

impl Pace for Limited<'_> {
    fn planned(&self, runs: u64, work: u64) {
        self.pace.planned(runs, work);
    }

    fn advanced(&self, events: u64, work: u64) {
        let mut reports = self.reports.lock().unwrap_or_else(PoisonError::into_inner);
        reports.add(work, self.clock.elapsed());
        self.pace.advanced(events, work);
    }

    fn run_ended(&self) {
        self.pace.run_ended();
    }

    fn interrupted(&self) -> bool {
        self.pace.interrupted() || self.clock.wall.elapsed() >= self.limit
    }
}

impl Reports {
    /// So much more work is done, after so long in all.
    fn add(&mut self, work: u64, after: Duration) {
        self.last = (self.last.0 + work, after);
        self.first.get_or_insert(self.last);
    }

    /// As [`Limited::extrapolated`]. What was done before the first report, setting up above all, is not done at the same pace, and
    /// only once.
    fn extrapolated(self, work: u64) -> Option<(f64, Duration)> {
        let (before, set_up) = self.first?;
        let (done, after) = self.last;
        let since = done.checked_sub(before).filter(|since| *since > 0)?;
        let pace = after.saturating_sub(set_up).as_secs_f64() / since as f64;
        let left = work.saturating_sub(done) as f64 * pace;
        let all = Duration::try_from_secs_f64(after.as_secs_f64() + left).ok()?;
        Some((done as f64 / work.max(1) as f64, all))
    }
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

/// What runs of a known amount of work took, or will take as far as can be foreseen.
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
    fn a_run_that_is_stopped_is_extrapolated_from_what_it_did_after_it_was_set_up() {
        let mut reports = Reports::default();
        assert_eq!(reports.extrapolated(1000), None);
        reports.add(10, Duration::from_secs(4));
        assert_eq!(reports.extrapolated(1000), None);
        reports.add(50, Duration::from_secs(5));
        reports.add(50, Duration::from_secs(6));
        // 100 of work in two seconds, and 890 are left.
        let (done, all) = reports.extrapolated(1000).unwrap();
        assert_eq!((done, all.as_secs_f64().round()), (0.11, 24.0));
    }

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
