//! What a run measures of what it stores. Counts and integer sums, so that tables do not depend on the order of additions.

use serde::{Deserialize, Serialize};
use sim_core::time::{SimDuration, SimTime};

use super::spread::Spread;

/// Operations of a kind, by what became of them.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Operations {
    /// Operations begun.
    pub begun: u64,
    /// Those that were answered.
    pub completed: u64,
    /// Those that were given up.
    pub failed: u64,
    /// From the command to the answer, of each that was answered, in ns.
    pub latencies: Vec<u64>,
}

impl Operations {
    /// An operation was answered so long after it began.
    pub(super) fn complete(&mut self, latency: SimDuration) {
        self.completed += 1;
        self.latencies.push(latency.as_nanos());
    }

    /// Those that were under way when the run ended, or whose node had left.
    pub fn unfinished(&self) -> u64 {
        self.begun - self.completed - self.failed
    }
}

/// Everything that a run measures of what it stores.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Stored {
    /// The first put of each key, all before measurement begins.
    pub first_puts: Operations,
    /// All other puts.
    pub puts: Operations,
    /// Removes.
    pub removes: Operations,
    /// Gets of keys that were put and not removed when they began, and that nobody wrote until they were answered.
    pub gets: Operations,
    /// Of these, those that found what was written last, or something newer.
    pub found: u64,
    /// Those that found something older.
    pub stale: u64,
    /// Those that were answered from a copy on the way.
    pub cached: u64,
    /// Gets of keys that had been removed, likewise.
    pub removed: u64,
    /// Of these, those that found the old value.
    pub revived: u64,
    /// Gets of keys that were just being removed, or put back, when they began, or of which a write began or was done before
    /// they were answered: they are not judged, since an answer of before and one of after would do.
    pub unsure: u64,
    /// Operations that fell on nodes that were no members: they were not begun.
    pub void: u64,
    /// What was there, count by count.
    pub counts: Vec<Count>,
    /// What members store at the end.
    pub holders: Vec<Spread>,
}

/// What was there at a time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Count {
    /// When.
    pub time: SimTime,
    /// How many keys had been put and not removed.
    pub keys: u64,
    /// Of these, how many no member had any more as they were written last.
    pub lost: u64,
    /// How many had as many copies as they should.
    pub complete: u64,
    /// How many members had one of these keys so, summed over the keys.
    pub copies: u64,
}
