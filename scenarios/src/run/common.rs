//! What the runs of one point have in common, gathered run by run: so that their rows can be averaged value by value, and that
//! what all of them say together is known without all of them in memory.

use std::collections::BTreeMap;

use analysis::statistics::RunningMean;
use sim_core::math;
use sim_core::time::SimDuration;

use super::RunRecord;
use super::measure::Measured;
use super::network_layer::NetworkMeasured;
use super::steady::{Series, Steadiness};
use super::tables::{bytes_per_node_s, ended_sessions, nearest_rank};

/// What the runs of one point that ended well have in common.
#[derive(Default)]
pub(super) struct Common {
    /// How many there are.
    pub(super) runs: u64,
    /// How many bins of lookups are their warm-up.
    pub(super) warm_up: usize,
    /// One more than the longest path to the owner's predecessor has.
    pub(super) visited: usize,
    /// One more than the longest path to the owner has.
    pub(super) hops: usize,
    /// Edges of the latency distribution, in ns.
    pub(super) latency: Vec<u64>,
    /// Edges of the stretch distribution, in millionths.
    pub(super) stretch: Vec<u64>,
    /// Edges of the distribution of sessions, in ns.
    pub(super) sessions: Vec<u64>,
    /// Bytes sent a second by a node that is up, in the mean over runs.
    pub(super) bytes_per_node_s: Option<f64>,
    /// Entries that a member knows, by kind, in the mean over runs.
    pub(super) entries: BTreeMap<&'static str, f64>,
    /// Bins of the run with the most.
    pub(super) bins: usize,
    /// Bins of packets, likewise.
    pub(super) packet_bins: usize,
    /// The most links that led to somebody whose address was looked up.
    pub(super) farthest: u32,
    /// The most keys that a holder has.
    pub(super) held: u64,
    /// Whether their lookups have settled.
    pub(super) together: Steadiness,
    /// For how long nobody was up, in the run in which it was longest.
    pub(super) empty: SimDuration,
    /// In how many runs there was nobody for some time.
    pub(super) empty_runs: u64,
    /// Newcomers who found no free place.
    pub(super) refused: u64,
    /// Lookups that fell on nodes that were no members.
    pub(super) void_lookups: u64,
}

impl Common {
    /// What these runs, which have settled, have in common.
    pub(super) fn of(records: &[RunRecord]) -> Self {
        let warm_up = records.first().map_or(0, |record| record.measured.warm_up);
        let mut gathering = Gathering::new(warm_up);
        records.iter().for_each(|record| gathering.add(&record.measured));
        gathering.finish()
    }
}

/// What is known of so many runs as have been looked at.
#[derive(Default)]
pub(super) struct Gathering {
    /// What is a count, a sum or an extreme.
    common: Common,
    series: Series,
    latency: Reach,
    stretch: Reach,
    sessions: Reach,
    traffic: RunningMean,
    entries: BTreeMap<&'static str, RunningMean>,
}

impl Gathering {
    /// Nothing is known yet of runs of which so many bins are the warm-up.
    pub(super) fn new(warm_up: usize) -> Self {
        let mut gathering = Gathering::default();
        gathering.common.warm_up = warm_up;
        gathering
    }

    /// Looks at another run, which has settled.
    pub(super) fn add(&mut self, measured: &Measured) {
        let Measured {
            lookups,
            loads,
            bins,
            network,
            comings,
            ..
        } = measured;
        self.series.add(measured);
        self.latency.add(&lookups.latencies);
        self.stretch.add(&lookups.stretches);
        self.sessions.add(&ended_sessions(comings));
        self.traffic.extend(bytes_per_node_s(measured));
        for spread in &measured.state {
            self.entries
                .entry(spread.of.as_str())
                .or_default()
                .extend(spread.mean());
        }
        let held = loads.iter().filter_map(|load| load.held.last().copied());
        let network = network.as_ref();
        let common = &mut self.common;
        common.runs += 1;
        common.visited = common.visited.max(lookups.visited.len());
        common.hops = common.hops.max(lookups.hops.len());
        common.bins = common.bins.max(bins.tallies.len());
        common.packet_bins = common.packet_bins.max(network.map_or(0, |network| network.bins.len()));
        let farthest = network.and_then(NetworkMeasured::farthest);
        common.farthest = common.farthest.max(farthest.unwrap_or(0));
        common.held = held.fold(common.held, u64::max);
        common.empty = common.empty.max(comings.empty);
        common.empty_runs += u64::from(comings.empty > SimDuration::ZERO);
        common.refused += comings.refused;
        common.void_lookups += measured.void_lookups;
    }

    /// What all of them have in common.
    pub(super) fn finish(self) -> Common {
        let entries = self.entries.into_iter();
        Common {
            latency: self.latency.edges(),
            stretch: self.stretch.edges(),
            sessions: self.sessions.edges(),
            bytes_per_node_s: self.traffic.mean(),
            entries: entries.filter_map(|(kind, mean)| Some((kind, mean.mean()?))).collect(),
            together: self.series.steadiness(self.common.warm_up),
            ..self.common
        }
    }
}

/// Between which positive numbers all but the extreme thousandths of every run's samples lie.
#[derive(Clone, Copy, Default)]
struct Reach(Option<(u64, u64)>);

impl Reach {
    /// Takes in the samples of a run, ascending.
    fn add(&mut self, sorted: &[u64]) {
        const TAIL: f64 = 0.001;
        let positive = &sorted[sorted.partition_point(|sample| *sample == 0)..];
        let ends = nearest_rank(positive, TAIL).zip(nearest_rank(positive, 1.0 - TAIL));
        self.0 = match (self.0, ends) {
            (Some((least, most)), Some((low, high))) => Some((least.min(low), most.max(high))),
            (known, ends) => known.or(ends),
        };
    }

    /// Edges that cover it, twenty a decade, each a whole number.
    fn edges(self) -> Vec<u64> {
        const PER_DECADE: f64 = 20.0;
        let Some((least, most)) = self.0 else {
            return Vec::new();
        };
        let first = (PER_DECADE * math::log10(least as f64)).floor() as i64;
        let last = (PER_DECADE * math::log10(most as f64)).ceil() as i64;
        let mut edges: Vec<u64> = (first..=last)
            .map(|step| math::pow(10.0, step as f64 / PER_DECADE).ceil() as u64)
            .collect();
        edges.dedup();
        edges
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edges(runs: &[&[u64]]) -> Vec<u64> {
        let mut reach = Reach::default();
        runs.iter().for_each(|run| reach.add(run));
        reach.edges()
    }

    #[test]
    fn edges_cover_the_samples_of_every_run() {
        let edges = edges(&[&[3, 7, 900], &[], &[123_456]]);
        assert!(edges[0] <= 3 && edges[edges.len() - 1] >= 123_456);
        assert!(
            edges.windows(2).all(|pair| pair[0] < pair[1]),
            "no edge twice: {edges:?}"
        );
    }

    #[test]
    fn edges_leave_out_what_one_in_a_thousand_exceeds() {
        let samples: Vec<u64> = (0..100_000)
            .map(|sample| if sample < 50 { 1 } else { 1_000_000 + sample })
            .collect();
        assert!(edges(&[&samples])[0] > 900_000);
    }
}
