//! Lookups counted together, and over time by when they began.

use serde::{Deserialize, Serialize};
use sim_core::time::{SimDuration, SimTime};

/// A lookup that named an owner, or a message that was delivered to one.
#[derive(Default)]
pub(super) struct Answer {
    /// Whether the owner is the true one, among the members at that moment.
    pub correct: bool,
    /// Whether it is not, but would be if it had said that it has joined.
    pub at_newcomer: bool,
    /// Nodes on the way, the owner included.
    pub hops: u32,
    /// Nodes on the way up to the owner's predecessor.
    pub visited: u32,
    /// Requests not answered in time.
    pub timeouts: u32,
    /// Owners that were named and did not answer.
    pub dead_owners: u32,
    /// From the command to the answer; of a message, to its delivery.
    pub latency: SimDuration,
    /// The direct path from the initiator to the owner and back, and of a message only there; zero if they are one.
    pub direct: SimDuration,
}

/// Stretch is counted in millionths.
pub(super) const STRETCH_UNIT: f64 = 1e-6;

/// Lookups counted together. Counts and integer sums, so that tables do not depend on the order of additions.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct Tally {
    /// Lookups begun.
    pub issued: u64,
    /// Lookups that named an owner.
    pub completed: u64,
    /// Lookups that named the true owner.
    pub correct: u64,
    /// Lookups that named a newcomer that had not joined yet, and would have been the true owner if it had.
    pub at_newcomer: u64,
    /// Lookups given up.
    pub failed: u64,
    /// Lookups still on their way when the run ended, or whose initiator had left.
    pub unfinished: u64,
    /// Lookups by nodes visited.
    pub visited: Vec<u64>,
    /// Lookups by nodes on the way to the owner, this included.
    pub hops: Vec<u64>,
    /// Unanswered requests, summed over lookups that ended.
    pub timeouts: u64,
    /// Owners that were named and did not answer, summed over completed lookups.
    pub dead_owners: u64,
    /// Latency summed over completed lookups, in ns.
    pub latency: u128,
    /// The direct paths that latency is compared with, summed over completed lookups, in ns.
    pub direct: u128,
    /// Latency of each completed lookup, in ns.
    pub latencies: Vec<u64>,
    /// Latency over the direct round trip of each completed lookup between two different nodes, in millionths.
    pub stretches: Vec<u64>,
}

impl Tally {
    /// The mean number of nodes on the way to the owner, this included.
    pub(super) fn hops_mean(&self) -> Option<f64> {
        let sum: u64 = self
            .hops
            .iter()
            .zip(0_u64..)
            .map(|(lookups, hops)| lookups * hops)
            .sum();
        (self.completed > 0).then(|| sum as f64 / self.completed as f64)
    }

    fn found(&mut self, answer: &Answer) {
        self.completed += 1;
        self.correct += u64::from(answer.correct);
        self.at_newcomer += u64::from(answer.at_newcomer);
        count(&mut self.visited, answer.visited);
        count(&mut self.hops, answer.hops);
        self.timeouts += u64::from(answer.timeouts);
        self.dead_owners += u64::from(answer.dead_owners);
        self.latency += u128::from(answer.latency.as_nanos());
        self.direct += u128::from(answer.direct.as_nanos());
        self.latencies.push(answer.latency.as_nanos());
        if answer.direct > SimDuration::ZERO {
            let ratio = answer.latency.as_nanos() as f64 / answer.direct.as_nanos() as f64;
            self.stretches.push((ratio / STRETCH_UNIT).round() as u64);
        }
    }

    /// Adds the lookups of another tally.
    fn add(&mut self, other: &Tally) {
        self.issued += other.issued;
        self.completed += other.completed;
        self.correct += other.correct;
        self.at_newcomer += other.at_newcomer;
        self.failed += other.failed;
        self.unfinished += other.unfinished;
        add_counts(&mut self.visited, &other.visited);
        add_counts(&mut self.hops, &other.hops);
        self.timeouts += other.timeouts;
        self.dead_owners += other.dead_owners;
        self.latency += other.latency;
        self.direct += other.direct;
        self.latencies.extend_from_slice(&other.latencies);
        self.stretches.extend_from_slice(&other.stretches);
    }
}

/// Counts one of this length.
fn count(lengths: &mut Vec<u64>, length: u32) {
    let length = length as usize;
    if lengths.len() <= length {
        lengths.resize(length + 1, 0);
    }
    lengths[length] += 1;
}

/// Adds counts by length to others.
fn add_counts(sums: &mut Vec<u64>, counts: &[u64]) {
    if sums.len() < counts.len() {
        sums.resize(counts.len(), 0);
    }
    for (sum, count) in sums.iter_mut().zip(counts) {
        *sum += count;
    }
}

/// Lookups by when they began, in bins of equal length.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct Bins {
    /// When the first bin begins.
    pub start: SimTime,
    /// How long each is.
    pub width: SimDuration,
    /// One after the other, as far as there are lookups.
    pub tallies: Vec<Tally>,
}

impl Bins {
    /// When a bin begins.
    pub fn begin(&self, bin: usize) -> SimTime {
        self.start + self.width * bin as u64
    }

    fn at(&mut self, begun: SimTime) -> &mut Tally {
        let bin = begun.since(self.start).as_nanos() / self.width.as_nanos().max(1);
        if self.tallies.len() <= bin as usize {
            self.tallies.resize_with(bin as usize + 1, Tally::default);
        }
        &mut self.tallies[bin as usize]
    }

    pub(super) fn issued(&mut self, begun: SimTime) {
        self.at(begun).issued += 1;
    }

    pub(super) fn found(&mut self, begun: SimTime, answer: &Answer) {
        self.at(begun).found(answer);
    }

    pub(super) fn not_found(&mut self, begun: SimTime, timeouts: u32) {
        let tally = self.at(begun);
        tally.failed += 1;
        tally.timeouts += u64::from(timeouts);
    }

    pub(super) fn unfinished(&mut self, begun: SimTime) {
        self.at(begun).unfinished += 1;
    }

    /// All lookups from a bin on, their samples sorted. Of single lookups nothing is left in the bins: there may be millions.
    pub(super) fn take_from(&mut self, first: usize) -> Tally {
        let mut sum = Tally::default();
        let counted = self.tallies.iter().skip(first);
        let latencies: usize = counted.clone().map(|tally| tally.latencies.len()).sum();
        let stretches: usize = counted.map(|tally| tally.stretches.len()).sum();
        // The first bin's samples are not copied: it may be the only one.
        if let Some(tally) = self.tallies.get_mut(first) {
            sum.latencies = std::mem::take(&mut tally.latencies);
            sum.stretches = std::mem::take(&mut tally.stretches);
        }
        sum.latencies.reserve_exact(latencies - sum.latencies.len());
        sum.stretches.reserve_exact(stretches - sum.stretches.len());
        for (bin, tally) in self.tallies.iter_mut().enumerate() {
            if bin >= first {
                sum.add(tally);
            }
            tally.latencies = Vec::new();
            tally.stretches = Vec::new();
        }
        sum.latencies.sort_unstable();
        sum.stretches.sort_unstable();
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> SimTime {
        SimTime::ZERO + SimDuration::from_secs(seconds)
    }

    fn answer(visited: u32, milliseconds: u64) -> Answer {
        Answer {
            correct: visited > 0,
            at_newcomer: visited == 0,
            hops: visited + 1,
            visited,
            timeouts: 1,
            dead_owners: 0,
            latency: SimDuration::from_millis(milliseconds),
            direct: SimDuration::from_millis(u64::from(visited) * 10),
        }
    }

    #[test]
    fn lookups_count_where_they_began_and_from_the_cut_on() {
        let mut bins = Bins {
            start: seconds(100),
            width: SimDuration::from_secs(10),
            tallies: Vec::new(),
        };
        for begun in [100, 109, 110, 119, 131] {
            bins.issued(seconds(begun));
        }
        bins.found(seconds(110), &answer(3, 60));
        bins.found(seconds(100), &answer(7, 900));
        bins.found(seconds(131), &answer(0, 20));
        bins.not_found(seconds(119), 4);
        bins.unfinished(seconds(109));
        let issued: Vec<u64> = bins.tallies.iter().map(|tally| tally.issued).collect();
        assert_eq!(issued, [2, 2, 0, 1]);
        assert_eq!(bins.begin(3), seconds(130));

        let mut whole = bins.clone();
        let all = whole.take_from(0);
        assert_eq!(
            (all.issued, all.completed, all.correct, all.failed, all.unfinished),
            (5, 3, 2, 1, 1)
        );
        assert_eq!((all.timeouts, all.visited.iter().sum::<u64>()), (7, 3));
        assert_eq!(all.at_newcomer, 1);
        assert_eq!(all.hops, [0, 1, 0, 0, 1, 0, 0, 0, 1]);
        assert_eq!(all.hops_mean(), Some(13.0 / 3.0));
        assert_eq!(all.direct, 100_000_000);
        assert_eq!(all.latencies, [20_000_000, 60_000_000, 900_000_000]);
        assert_eq!(all.latency, 980_000_000);
        assert_eq!(all.stretches, [2_000_000, 12_857_143], "none to oneself");

        let counted = bins.take_from(1);
        assert_eq!((counted.issued, counted.completed, counted.unfinished), (3, 2, 0));
        assert_eq!(counted.visited, [1, 0, 0, 1]);
        assert_eq!(counted.latencies, [20_000_000, 60_000_000]);
        assert_eq!(
            bins.tallies[0].latency, 900_000_000,
            "sums of what is cut off stay for the table over time"
        );
        assert!(bins.tallies.iter().all(|tally| tally.latencies.is_empty()));
    }
}
