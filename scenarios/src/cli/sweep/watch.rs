//! What is shown of the work on a study, and what stops it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::cli::signals::{Requests, requests};
use crate::progress::Progress;
use crate::run::Pace;
use crate::sweep::{Broken, Watcher};

/// How many of the runs that broke are told one by one: more than these say the same again.
const TOLD: usize = 10;

/// The work on a study as its user sees it.
pub(super) struct Watch {
    progress: Progress,
    requests: Requests,
    broken: Mutex<Vec<Broken>>,
}

impl Watch {
    /// Begins to show how far the study of this name is, if it is to be shown, and to listen to signals.
    pub(super) fn begin(name: &str, visible: bool) -> Self {
        Watch {
            requests: requests(),
            progress: Progress::new(name, visible),
            broken: Mutex::new(Vec::new()),
        }
    }

    /// Shows nothing more. Tells the first of the runs that broke.
    pub(super) fn end(self) -> Vec<Broken> {
        self.progress.clear();
        self.broken.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the user wants everything to stop at once.
    pub(super) fn is_interrupted(&self) -> bool {
        raised(&self.requests.interrupted)
    }
}

fn raised(flag: &AtomicBool) -> bool {
    flag.load(Ordering::Relaxed)
}

impl Pace for Watch {
    fn planned(&self, runs: u64, work: u64) {
        self.progress.plan(runs, work);
    }

    fn advanced(&self, events: u64, work: u64) {
        self.progress.advance(events, work);
    }

    fn run_ended(&self) {
        self.progress.finish_run();
    }

    fn interrupted(&self) -> bool {
        self.is_interrupted()
    }
}

impl Watcher for Watch {
    fn stopping(&self) -> bool {
        raised(&self.requests.stopping) || self.is_interrupted()
    }

    fn broke(&self, broken: &Broken) {
        self.progress.fail_run();
        let mut told = self.broken.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() < TOLD {
            told.push(broken.clone());
        }
    }
}
