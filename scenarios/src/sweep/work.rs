//! Running what is outstanding of a study, or a share of it.

use std::cmp::Reverse;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, SyncSender};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use rayon::prelude::*;

use super::store::{Begun, Broken, State, StoreError};
use super::study::{Planned, Study};
use crate::registry::Registry;
use crate::run::{Failure, Pace, RunRecord};

/// A part of a study's runs: one of several tasks that together have all of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Share {
    /// Which task, from zero.
    pub task: u32,
    /// How many there are.
    pub of: u32,
}

impl Share {
    /// All runs.
    pub const ALL: Share = Share { task: 0, of: 1 };

    /// Which of so many tasks a run is of, by its place in the order in which runs are shared out.
    pub fn task_of(place: usize, of: u32) -> u32 {
        (place % of.max(1) as usize) as u32
    }
}

/// Who is told how far the work is, and decides whether it goes on.
pub trait Watcher: Sync {
    /// Who is told how far the runs are, and stops those that go on.
    fn pace(&self) -> &dyn Pace;

    /// Whether no run is to be begun any more; those under way end well.
    fn stopping(&self) -> bool;

    /// A run broke.
    fn broke(&self, _broken: &Broken) {}
}

/// What came of the work.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Done {
    /// Runs that ended well.
    pub finished: u64,
    /// Runs that broke.
    pub broken: u64,
    /// Runs that were there already, or had broken before.
    pub before: u64,
    /// Those of them that had broken.
    pub broken_before: u64,
    /// Runs whose files were not what had been written, which were therefore run again.
    pub damaged: u64,
    /// Runs that are still to be run.
    pub left: u64,
}

impl Study {
    /// The runs of a share, the largest first, so that shares are about equal and none of the large ones is left for the end.
    pub fn share(&self, share: Share) -> Vec<Planned> {
        let runs = self.in_order().into_iter().enumerate();
        let shared = runs.filter(|(place, _)| Share::task_of(*place, share.of) == share.task);
        shared.map(|(_, run)| run).collect()
    }

    /// Those of all runs that are still to be run, each with its place in the order in which they are shared out.
    ///
    /// # Errors
    /// As [`Study::state`].
    pub fn outstanding_places(&self) -> Result<Vec<(usize, Planned)>, StoreError> {
        let runs: Vec<_> = self.in_order().into_iter().enumerate().collect();
        self.only_outstanding(runs, |(_, run)| *run)
    }

    /// All runs in the order in which they are shared out.
    fn in_order(&self) -> Vec<Planned> {
        let mut runs: Vec<Planned> = self.planned().collect();
        // Stable: runs of equal size keep their order, on every machine.
        runs.sort_by_key(|run| Reverse(run.work));
        runs
    }

    /// Those of these runs that are still to be run.
    ///
    /// # Errors
    /// As [`Study::state`].
    pub fn outstanding(&self, runs: Vec<Planned>) -> Result<Vec<Planned>, StoreError> {
        self.only_outstanding(runs, |run| *run)
    }

    fn only_outstanding<T: Send>(
        &self,
        items: Vec<T>,
        run: impl Fn(&T) -> Planned + Sync,
    ) -> Result<Vec<T>, StoreError> {
        let keep = |item: T| match self.state(run(&item)) {
            Ok(State::Outstanding) => Some(Ok(item)),
            Ok(_) => None,
            Err(error) => Some(Err(error)),
        };
        items.into_par_iter().filter_map(keep).collect()
    }

    /// How far a run is.
    ///
    /// # Errors
    /// [`StoreError::Io`] where the system does not tell what is there.
    pub fn state(&self, run: Planned) -> Result<State, StoreError> {
        self.store.state(&self.key(run.point, run.replication))
    }

    /// Begins a run, see [`Store::begin`].
    ///
    /// # Errors
    /// As there.
    pub(super) fn begin(&self, run: Planned) -> Result<Option<Begun>, StoreError> {
        self.store.begin(&self.key(run.point, run.replication))
    }
}

/// Runs what is outstanding of a share, on the threads of the current rayon pool, and writes each run down as it ends. What is
/// there already is held against its digest first: damaged runs are run again.
///
/// Other processes may work on the same runs: what one of them is at is left to it, unless it is gone before it has written it.
///
/// # Errors
/// [`StoreError`]: a run cannot be written. What ended well before is kept.
pub fn work(study: &Study, share: Share, registry: &Registry, watcher: &dyn Watcher) -> Result<Done, StoreError> {
    let runs = study.share(share);
    let all = runs.len() as u64;
    let tally = Tally::default();
    runs.par_iter().try_for_each(|run| {
        if watcher.stopping() {
            return Ok(());
        }
        let run = study.key(run.point, run.replication);
        if study.store.discard_damaged(&run)? {
            tally.damaged.fetch_add(1, Ordering::Relaxed);
        } else if let State::Broken(_) = study.store.state(&run)? {
            tally.broken_before.fetch_add(1, Ordering::Relaxed);
        }
        Ok::<(), StoreError>(())
    })?;
    let outstanding = study.outstanding(runs)?;
    let begun = outstanding.len() as u64;
    let total: u64 = outstanding.iter().map(|run| run.work).fold(0, u64::saturating_add);
    watcher.pace().planned(begun, total);
    // Nothing waits to be written but what a thread holds that cannot go on without: a kill loses no more than what goes on.
    let (outcomes, written) = mpsc::sync_channel(0);
    let written = Mutex::new(written);
    let (worked, failed) = thread::scope(|scope| {
        let writer = || {
            // The lock is given up before anything is written.
            let next = || written.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let mut failed = None;
            while let Ok(Outcome { run, begun, result }) = next() {
                // After a failure, what comes is not written any more: nobody waits for a place in the queue in vain.
                if failed.is_none() {
                    failed = write(study, run, begun, result, watcher, &tally).err();
                    tally.hindered.fetch_or(failed.is_some(), Ordering::Relaxed);
                }
            }
            failed
        };
        let writers: Vec<_> = (0..WRITERS).map(|_| scope.spawn(writer)).collect();
        let worked = run_all(study, outstanding, registry, watcher, outcomes, &tally);
        let failed = writers.into_iter().filter_map(|writer| writer.join().ok().flatten());
        (worked, failed.collect::<Vec<StoreError>>().into_iter().next())
    });
    if let Some(error) = failed {
        return Err(error);
    }
    worked?;
    Ok(tally.done(all, begun))
}

/// A run that has ended, to be written down.
struct Outcome {
    run: Planned,
    begun: Begun,
    result: Result<RunRecord, Failure>,
}

/// Simulates runs, largest first, and hands them to the writers, until all of them are written by whomever or it is to stop.
fn run_all(
    study: &Study,
    mut runs: Vec<Planned>,
    registry: &Registry,
    watcher: &dyn Watcher,
    outcomes: SyncSender<Outcome>,
    tally: &Tally,
) -> Result<(), StoreError> {
    let stopping = || watcher.stopping() || tally.hindered.load(Ordering::Relaxed);
    // None if the run is done with, or the run if another process is at it.
    let attempt = |outcomes: &mut SyncSender<Outcome>, run: Planned| {
        if stopping() {
            return Ok(None);
        }
        let state = study.state(run)?;
        if state != State::Outstanding {
            tally.elsewhere.fetch_add(1, Ordering::Relaxed);
            let broken = matches!(state, State::Broken(_));
            tally.broken_before.fetch_add(u64::from(broken), Ordering::Relaxed);
            watcher.pace().run_ended();
            return Ok(None);
        }
        let Some(begun) = study.begin(run)? else {
            return Ok(Some(run));
        };
        let result = study.simulate(run, registry, watcher.pace());
        // The writers go on until nobody has anything for them.
        let _ = outcomes.send(Outcome { run, begun, result });
        Ok(None)
    };
    loop {
        let before = runs.len();
        let attempts = runs.into_par_iter().with_max_len(1);
        let attempts = attempts.map_with(outcomes.clone(), attempt);
        runs = attempts
            .filter_map(Result::transpose)
            .collect::<Result<_, StoreError>>()?;
        if runs.is_empty() || stopping() {
            return Ok(());
        }
        if runs.len() == before {
            thread::sleep(OTHERS_ARE_AT_IT);
        }
    }
}

/// How long is waited until it is looked again what has become of runs that other processes are at.
const OTHERS_ARE_AT_IT: Duration = Duration::from_millis(200);
/// How many runs are written down at a time, beside those that go on: waiting for a disk takes no core.
const WRITERS: usize = 4;

/// What has become of runs so far.
#[derive(Default)]
struct Tally {
    finished: AtomicU64,
    broken: AtomicU64,
    /// Runs that had broken before, or that another process has seen break meanwhile.
    broken_before: AtomicU64,
    /// Runs whose files were not what had been written.
    damaged: AtomicU64,
    /// Runs that another process has written meanwhile.
    elsewhere: AtomicU64,
    /// Whether a run could not be written.
    hindered: AtomicBool,
}

impl Tally {
    /// What came of so many runs, so many of which were outstanding.
    fn done(self, all: u64, outstanding: u64) -> Done {
        let (finished, broken) = (self.finished.into_inner(), self.broken.into_inner());
        let elsewhere = self.elsewhere.into_inner();
        Done {
            finished,
            broken,
            before: all - outstanding + elsewhere,
            broken_before: self.broken_before.into_inner(),
            damaged: self.damaged.into_inner(),
            left: outstanding - finished - broken - elsewhere,
        }
    }
}

/// Writes down what came of a run, and counts it.
fn write(
    study: &Study,
    run: Planned,
    begun: Begun,
    result: Result<RunRecord, Failure>,
    watcher: &dyn Watcher,
    tally: &Tally,
) -> Result<(), StoreError> {
    let count = match write_down(study, run, begun, result, watcher)? {
        None => return Ok(()),
        Some(Ended::Well) => &tally.finished,
        Some(Ended::Broken) => &tally.broken,
    };
    count.fetch_add(1, Ordering::Relaxed);
    watcher.pace().run_ended();
    Ok(())
}

/// How a run ended.
pub(super) enum Ended {
    Well,
    Broken,
}

/// Writes down what came of a run. None if it was interrupted.
pub(super) fn write_down(
    study: &Study,
    run: Planned,
    begun: Begun,
    result: Result<RunRecord, Failure>,
    watcher: &dyn Watcher,
) -> Result<Option<Ended>, StoreError> {
    let key = study.key(run.point, run.replication);
    match result {
        Ok(record) => {
            let settings = study.scenario.points.label(run.point);
            study
                .store
                .finish(begun, &key, &settings.unwrap_or_default(), &record)?;
            Ok(Some(Ended::Well))
        }
        Err(Failure::Interrupted) => Ok(None),
        Err(Failure::Broken(reason)) => {
            let broken = tell(study, run, reason);
            study.store.note_broken(&key, &broken)?;
            watcher.broke(&broken);
            Ok(Some(Ended::Broken))
        }
    }
}

/// What is written down of a run that broke.
fn tell(study: &Study, run: Planned, reason: String) -> Broken {
    let overrides = study.plan.overrides();
    let point = study.scenario.points.get(run.point);
    let command = point.map(|point| study.scenario.command_for(&point, run.replication, &overrides));
    Broken {
        settings: study.scenario.points.label(run.point).unwrap_or_default(),
        replication: run.replication,
        reason,
        command: command.unwrap_or_default(),
    }
}

impl RunRecord {
    /// The same run as another plan numbers its point.
    pub(super) fn at(self, point: usize) -> Self {
        RunRecord { point, ..self }
    }
}
