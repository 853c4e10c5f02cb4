//! How often the entries of a routing table are probed (DSN 2004): so seldom that the expected share of messages
//! that meet a dead node on their way is just the target.
//!
//! The formulas take a failure rate `mu` per node and second, and times in seconds. Nodes fail by a Poisson process, and a message
//! uses an entry at a time that has nothing to do with the probes.

use sim_core::addr::Address;
use sim_core::math::{exp_m1, log2, pow};
use sim_core::time::{SimDuration, SimTime};

use crate::id::IdSpace;
use crate::pastry::{LeafSet, Side};

/// `Pf(T, mu)`: the probability that a node is dead that was last known to live at a time uniform in the last `period` seconds.
pub(super) fn fault(period: f64, rate: f64) -> f64 {
    let failures = period * rate;
    if failures < 1e-5 {
        // The series, where the difference below would lose its digits.
        failures / 2.0 - failures * failures / 6.0
    } else {
        1.0 + exp_m1(-failures) / failures
    }
}

/// The hops that a message is expected to take: `(2^b - 1) / 2^b log_{2^b} N`.
pub(super) fn expected_hops(b: u32, nodes: f64) -> f64 {
    let values = pow(2.0, f64::from(b));
    (values - 1.0) / values * log2(nodes.max(1.0)) / f64::from(b)
}

/// `Lr`: the probability that a message meets a dead node: on its last hop one of the leaf set, on the `hops - 1` others one of the
/// routing table. The times are those from a failure to its detection.
pub(super) fn raw_loss(leaf_set: f64, table: f64, rate: f64, hops: f64) -> f64 {
    let found_by_table = pow(1.0 - fault(table, rate), (hops - 1.0).max(0.0));
    1.0 - (1.0 - fault(leaf_set, rate)) * found_by_table
}

/// What decides how often to probe.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Tuning {
    /// The target of [`raw_loss`].
    pub(super) target: f64,
    /// `Tls`, seconds.
    pub(super) leaf_set_period: f64,
    /// `(r + 1) To`: how long a probe waits until a node counts as dead, seconds. Also the shortest period.
    pub(super) verdict: f64,
    /// The longest period, seconds.
    pub(super) longest: f64,
}

impl Tuning {
    /// `Trt`, seconds: the longest period with which the loss stays within the target. The shortest where none does, and the longest
    /// where all do.
    pub(super) fn table_period(self, rate: f64, hops: f64) -> f64 {
        let leaf_set = self.leaf_set_period + self.verdict;
        let within = |period: f64| raw_loss(leaf_set, period + self.verdict, rate, hops) <= self.target;
        let (mut shortest, mut longest) = (self.verdict, self.longest.max(self.verdict));
        if within(longest) {
            return longest;
        }
        // Far below a nanosecond's share of the longest period that can be written.
        for _ in 0..64 {
            let middle = 0.5 * (shortest + longest);
            if within(middle) {
                shortest = middle;
            } else {
                longest = middle;
            }
        }
        shortest
    }
}

/// `N`, estimated by the density of a leaf set: exact where its two sides meet.
pub(super) fn nodes<A: Address>(leaf_set: &LeafSet<A>, space: IdSpace) -> f64 {
    let count = leaf_set.contacts().len() as f64;
    let (Some(first), Some(last)) = (leaf_set.farthest(Side::Smaller), leaf_set.farthest(Side::Larger)) else {
        return count + 1.0;
    };
    if leaf_set.wraps() {
        return count + 1.0;
    }
    let points = pow(2.0, f64::from(space.bits()));
    count * points / space.distance(first.id, last.id) as f64
}

/// When the last failures of nodes in the tables were noticed, the earliest first; the first of all stands for the node's own
/// arrival.
#[derive(Debug)]
pub(super) struct Failures {
    most: usize,
    noticed: Vec<SimTime>,
}

impl Failures {
    pub(super) fn since(arrival: SimTime, most: usize) -> Self {
        Failures {
            most: most.max(1),
            noticed: vec![arrival],
        }
    }

    pub(super) fn note(&mut self, now: SimTime) {
        if self.noticed.len() == self.most {
            self.noticed.remove(0);
        }
        self.noticed.push(now);
    }

    /// `mu`, estimated as if one of the `known` nodes failed just now: failures a node and second.
    pub(super) fn rate(&self, now: SimTime, known: usize) -> f64 {
        let first = self.noticed.first().copied().unwrap_or(now);
        let seconds = now.since(first).as_secs_f64();
        self.noticed.len() as f64 / (known.max(1) as f64 * seconds.max(1e-9))
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.noticed.capacity() * size_of::<SimTime>()
    }
}

/// The median; of an even number the lower one of the two in the middle.
pub(super) fn median(mut periods: Vec<SimDuration>) -> Option<SimDuration> {
    let middle = periods.len().checked_sub(1)? / 2;
    Some(*periods.select_nth_unstable(middle).1)
}

#[cfg(test)]
mod tests;
