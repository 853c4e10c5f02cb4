//! Running what is outstanding of a study, or a share of it.

use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;

use super::plan::Study;
use super::store::{Broken, State, StoreError};
use crate::registry::Registry;
use crate::run::{Failure, Job, Pace, RunRecord, run_one};

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
}

/// Who is told how far the work is, and decides whether it goes on.
pub trait Watcher: Pace {
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
    /// Runs that are still to be run.
    pub left: u64,
}

impl Study {
    /// The runs of a share, the largest first, so that shares are about equal and none of the large ones is left for the end.
    pub fn share(&self, share: Share) -> Vec<Job<'_>> {
        let mut jobs: Vec<Job<'_>> = self.jobs().collect();
        // Stable: runs of equal size keep their order, on every machine.
        jobs.sort_by_key(|job| std::cmp::Reverse(job.work()));
        jobs.into_iter()
            .skip(share.task as usize)
            .step_by(share.of.max(1) as usize)
            .collect()
    }
}

/// Runs what is outstanding of a share, on the threads of the current rayon pool, and writes each run down as it ends.
///
/// # Errors
/// [`StoreError`]: a run cannot be written. What ended well before is kept.
pub fn work(study: &Study, share: Share, registry: &Registry, watcher: &dyn Watcher) -> Result<Done, StoreError> {
    let jobs = study.share(share);
    let is_outstanding =
        |job: &&Job<'_>| study.store.state(&study.key(job.point, job.replication)) == State::Outstanding;
    let outstanding: Vec<&Job<'_>> = jobs.par_iter().filter(is_outstanding).collect();
    let total: u64 = outstanding.iter().map(|job| job.work()).fold(0, u64::saturating_add);
    watcher.planned(outstanding.len() as u64, total);
    let (finished, broken) = (AtomicU64::new(0), AtomicU64::new(0));
    outstanding.par_iter().with_max_len(1).try_for_each(|job| {
        if watcher.stopping() {
            return Ok(());
        }
        let key = study.key(job.point, job.replication);
        match run_one(job, registry, watcher) {
            Ok(record) => {
                study.store.finish(&key, &job.point.label(), &record)?;
                finished.fetch_add(1, Ordering::Relaxed);
            }
            Err(Failure::Interrupted) => return Ok(()),
            Err(Failure::Broken(reason)) => {
                let told = tell(study, job, reason);
                study.store.note_broken(&key, &told)?;
                watcher.broke(&told);
                broken.fetch_add(1, Ordering::Relaxed);
            }
        }
        watcher.run_ended();
        Ok::<(), StoreError>(())
    })?;
    let (finished, broken) = (finished.into_inner(), broken.into_inner());
    let begun = outstanding.len() as u64;
    Ok(Done {
        finished,
        broken,
        before: jobs.len() as u64 - begun,
        left: begun - finished - broken,
    })
}

/// What is written down of a run that broke.
fn tell(study: &Study, job: &Job<'_>, reason: String) -> Broken {
    let overrides = study.plan.overrides();
    Broken {
        settings: job.point.label(),
        replication: job.replication,
        reason,
        command: study.scenario.command_for(job.point, job.replication, &overrides),
    }
}

impl RunRecord {
    /// The same run as another plan numbers its point.
    pub(super) fn at(self, point: usize) -> Self {
        RunRecord { point, ..self }
    }
}
