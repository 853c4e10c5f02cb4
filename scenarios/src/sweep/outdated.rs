//! Whether merged results are those of a study as it is now.

use std::collections::BTreeSet;

use thiserror::Error;

use super::store::{State, StoreError};
use super::study::Study;
use crate::results::Results;
use crate::scenario::decisive;

/// Why merged results are not those of a study as it is now.
#[derive(Debug, Error)]
pub enum Outdated {
    /// Another study was planned in the folder when they were merged.
    #[error("they are of another plan ({differs})")]
    OtherPlan {
        /// What is different.
        differs: String,
    },
    /// Other runs had ended well when they were merged.
    #[error("runs that have ended well since: {since}; runs of theirs that are not there any more: {gone}")]
    OtherRuns {
        /// How many are not among the results.
        since: u64,
        /// How many of the results are not there any more.
        gone: u64,
    },
    /// The system does not tell what has ended.
    #[error(transparent)]
    Unknown(#[from] StoreError),
}

/// What merged results lack that are those of a study as it is now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UpToDate {
    /// Runs of the study that are not among them: outstanding, or broken.
    pub missing: u64,
    /// Whether the scenario has other words, figures or expectations by now.
    pub presented_otherwise: bool,
}

impl Study {
    /// Whether these results, which were merged from a study in this folder, are those of this one as it is now.
    ///
    /// # Errors
    /// [`Outdated`]: why they are not.
    pub fn up_to_date(&self, results: &Results) -> Result<UpToDate, Outdated> {
        let differs = |differs: &str| Outdated::OtherPlan {
            differs: differs.to_owned(),
        };
        if results.manifest.seed != self.plan.seed {
            return Err(differs(&format!("with the seed {}", results.manifest.seed)));
        }
        if self.scenario.decisive() != decisive(&results.scenario) {
            return Err(differs("its scenario says something else of what is run"));
        }
        let inputs = results.manifest.inputs.iter().skip(1).map(|input| &input.sha256);
        if !inputs.eq(self.scenario.inputs.iter().skip(1).map(|input| &input.sha256)) {
            return Err(differs("of other files that the scenario names"));
        }
        let of_results: BTreeSet<(usize, u32)> = (results.manifest.runs.iter())
            .map(|run| (run.point, run.replication))
            .collect();
        let mut finished = BTreeSet::new();
        for run in self.planned() {
            if self.state(run)? == State::Finished {
                finished.insert((run.point, run.replication));
            }
        }
        let since = finished.difference(&of_results).count() as u64;
        let gone = of_results.difference(&finished).count() as u64;
        if since > 0 || gone > 0 {
            return Err(Outdated::OtherRuns { since, gone });
        }
        Ok(UpToDate {
            missing: self.runs() - finished.len() as u64,
            presented_otherwise: results.scenario.root().origin.source().text() != self.scenario.resolved(),
        })
    }
}
