//! What a run measures, and how it is counted.

use sim_core::time::{SimDuration, SimTime};
use sim_core::traffic::Traffic;

/// A lookup that named an owner.
pub(super) struct Answer {
    /// Whether the owner is the true one, among the members at that moment.
    pub correct: bool,
    /// Nodes on the way, the owner included.
    pub hops: u32,
    /// Nodes on the way up to the owner's predecessor.
    pub visited: u32,
    /// Requests not answered in time.
    pub timeouts: u32,
    /// From the command to the answer.
    pub latency: SimDuration,
    /// The round trip of the direct path from the initiator to the owner; zero if they are one.
    pub direct: SimDuration,
}

/// Everything that one run measured. Counts and integer sums, so that tables do not depend on the order of additions.
#[derive(Clone, Default, Debug)]
pub struct Measured {
    /// Lookups begun.
    pub issued: u64,
    /// Lookups that named an owner.
    pub completed: u64,
    /// Lookups that named the true owner.
    pub correct: u64,
    /// Lookups given up.
    pub failed: u64,
    /// Lookups still on their way when the run ended, or whose initiator had left.
    pub unfinished: u64,
    /// Lookups by nodes visited.
    pub visited: Vec<u64>,
    /// Nodes on the way to the owner, summed over completed lookups.
    pub hops: u64,
    /// Unanswered requests, summed over lookups that ended.
    pub timeouts: u64,
    /// Latency of each completed lookup, in ns; sorted when the run has ended.
    pub latencies: Vec<u64>,
    /// Latency over the direct round trip of each completed lookup between two different nodes, in millionths; sorted
    /// when the run has ended.
    pub stretches: Vec<u64>,
    /// Arrivals, founders not counted.
    pub arrivals: u64,
    /// Joins that had to be begun again.
    pub restarted_joins: u64,
    /// Departures of which others were told.
    pub graceful_departures: u64,
    /// Departures of which nobody was told.
    pub silent_departures: u64,
    /// Nodes that are up.
    pub up: u64,
    /// Members at the end.
    pub members: u64,
    /// Node-nanoseconds up since measurement began.
    pub up_time: u128,
    /// Traffic since measurement began.
    pub traffic: Option<Traffic>,
    /// When measurement began, and how long it lasted.
    pub from: SimTime,
    /// How long it lasted.
    pub span: SimDuration,
    counted_to: SimTime,
}

/// Stretch is counted in millionths.
pub(super) const STRETCH_UNIT: f64 = 1e-6;

impl Measured {
    /// Counts a lookup that named an owner.
    pub(super) fn found(&mut self, answer: &Answer) {
        self.completed += 1;
        self.correct += u64::from(answer.correct);
        let visited = answer.visited as usize;
        if self.visited.len() <= visited {
            self.visited.resize(visited + 1, 0);
        }
        self.visited[visited] += 1;
        self.hops += u64::from(answer.hops);
        self.timeouts += u64::from(answer.timeouts);
        self.latencies.push(answer.latency.as_nanos());
        if answer.direct > SimDuration::ZERO {
            let ratio = answer.latency.as_nanos() as f64 / answer.direct.as_nanos() as f64;
            self.stretches.push((ratio / STRETCH_UNIT).round() as u64);
        }
    }

    /// Counts a lookup that was given up.
    pub(super) fn not_found(&mut self, timeouts: u32) {
        self.failed += 1;
        self.timeouts += u64::from(timeouts);
    }

    /// A node came up or went down.
    pub(super) fn population(&mut self, now: SimTime, change: i64) {
        self.count_up_time(now);
        self.up = self.up.saturating_add_signed(change);
    }

    /// Measurement begins: what was sent and lived before does not count.
    pub(super) fn begin(&mut self, now: SimTime, traffic: Traffic) {
        self.count_up_time(now);
        self.up_time = 0;
        self.from = now;
        self.traffic = Some(traffic);
    }

    /// The run has ended.
    pub(super) fn finish(&mut self, traffic: &Traffic, end: SimTime, unfinished: u64, members: u64) {
        self.count_up_time(end);
        self.span = end.since(self.from);
        self.traffic = Some(match self.traffic.take() {
            Some(before) => traffic.since(&before),
            None => traffic.clone(),
        });
        self.unfinished = unfinished;
        self.members = members;
        self.latencies.sort_unstable();
        self.stretches.sort_unstable();
    }

    fn count_up_time(&mut self, now: SimTime) {
        self.up_time += u128::from(self.up) * u128::from(now.since(self.counted_to).as_nanos());
        self.counted_to = now;
    }
}
