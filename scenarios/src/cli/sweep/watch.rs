//! What is shown of the work on a study, and what stops it.

use std::sync::{Arc, Mutex, PoisonError};

use crate::cli::shown::Shown;
use crate::cli::signals::{Requests, requests};
use crate::progress::Progress;
use crate::run::Pace;
use crate::sweep::{Broken, Watcher};

/// How many of the runs that broke are told one by one: more than these say the same again.
const TOLD: usize = 10;

/// The work on a study as its user sees it.
pub(super) struct Watch {
    shown: Shown,
    requests: Requests,
    broken: Mutex<Vec<Broken>>,
}

impl Watch {
    /// Begins to show how far the study of this name is, if it is to be shown, and to listen to signals.
    pub(super) fn begin(name: &str, visible: bool) -> Self {
        let requests = requests();
        Watch {
            shown: Shown {
                progress: Progress::new(name, visible),
                stop: Arc::clone(&requests.interrupted),
            },
            requests,
            broken: Mutex::new(Vec::new()),
        }
    }

    /// Shows nothing more. Tells the first of the runs that broke.
    pub(super) fn end(self) -> Vec<Broken> {
        self.shown.progress.clear();
        self.broken.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the user wants everything to stop at once.
    pub(super) fn is_interrupted(&self) -> bool {
        self.requests.at_once()
    }
}

impl Watcher for Watch {
    fn pace(&self) -> &dyn Pace {
        &self.shown
    }

    fn stopping(&self) -> bool {
        self.requests.any()
    }

    fn broke(&self, broken: &Broken) {
        self.shown.progress.fail_run();
        let mut told = self.broken.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() < TOLD {
            told.push(broken.clone());
        }
    }
}
