//! Runs as their user sees them: how far they are, and that they can be stopped.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::progress::Progress;
use crate::run::Pace;

/// What runs tell while they go on, and ask.
pub(super) struct Shown {
    pub(super) progress: Progress,
    /// Raised when they are to stop at once.
    pub(super) stop: Arc<AtomicBool>,
}

impl Pace for Shown {
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
        self.stop.load(Ordering::Relaxed)
    }
}
