//! From what runs measured to tidy tables: the documented columns of the results.

use analysis::statistics::quantile;
use analysis::{Cell, Schema, Table, TableError};
use sim_core::math;

use super::RunRecord;
use super::measure::{Measured, STRETCH_UNIT};
use crate::scenario::Scenario;

/// A table of the results: its name, its own columns (units in the name), and what they mean.
struct Layout {
    name: &'static str,
    columns: &'static [&'static str],
    rows: fn(&Measured, &Ranges) -> Vec<Vec<Cell>>,
}

/// The tables that every run of an overlay writes. Before its own columns each has one a swept key, then `nodes` (places
/// for nodes) and `replication` (from zero).
const TABLES: [Layout; 6] = [
    // A row a run. Means are over completed lookups; `visited` counts nodes up to and including the owner's predecessor,
    // `hops` counts to the owner; stretch is latency over the direct round trip.
    Layout {
        name: "lookups",
        columns: &[
            "issued",
            "completed",
            "correct",
            "failed",
            "unfinished",
            "completed_fraction",
            "correct_fraction",
            "visited_mean",
            "visited_variance",
            "visited_p01",
            "visited_p50",
            "visited_p99",
            "hops_mean",
            "timeouts_mean",
            "latency_mean_ms",
            "latency_p50_ms",
            "latency_p95_ms",
            "stretch_mean",
            "stretch_p10",
            "stretch_p50",
            "stretch_p90",
        ],
        rows: lookups,
    },
    // The distribution of `visited`: a row a value, the same values in all runs of a point.
    Layout {
        name: "path_length",
        columns: &["visited", "lookups", "fraction"],
        rows: path_length,
    },
    // The distribution of latency: the fraction of completed lookups that took at most so long.
    Layout {
        name: "latency",
        columns: &["latency_ms", "fraction_at_most"],
        rows: latency,
    },
    // The distribution of stretch, likewise.
    Layout {
        name: "stretch",
        columns: &["stretch", "fraction_at_most"],
        rows: stretch,
    },
    // What was sent since measurement began, by kind and in total, and how many of these messages the network lost or found
    // nobody up to receive; rates are a node that is up and second.
    Layout {
        name: "messages",
        columns: &["kind", "messages", "bytes", "messages_per_node_s", "bytes_per_node_s"],
        rows: messages,
    },
    // Who came and went, over the whole run; `up_mean` since measurement began.
    Layout {
        name: "population",
        columns: &[
            "arrivals",
            "restarted_joins",
            "graceful_departures",
            "silent_departures",
            "up_mean",
            "up_end",
            "members_end",
        ],
        rows: population,
    },
];

/// What the runs of one point have in common, so that their rows can be averaged value by value.
struct Ranges {
    /// The longest path.
    visited: usize,
    /// Edges of the latency distribution, in ns.
    latency: Vec<u64>,
    /// Edges of the stretch distribution, in millionths.
    stretch: Vec<u64>,
}

/// The tables that a scenario's runs will write, and their columns.
pub fn schema(scenario: &Scenario) -> Schema {
    TABLES.iter().fold(Schema::new(), |schema, layout| {
        schema.with(layout.name, &columns(scenario, layout))
    })
}

fn columns(scenario: &Scenario, layout: &Layout) -> Vec<String> {
    let axes = scenario.axes.iter().map(|axis| axis.key.clone());
    let common = ["nodes", analysis::REPLICATION].map(str::to_owned);
    axes.chain(common)
        .chain(layout.columns.iter().map(|column| (*column).to_owned()))
        .collect()
}

/// The tables of a scenario, from all runs that ended well, by point and replication.
///
/// # Errors
/// None for tables laid out as above; a [`TableError`] would be a mistake in this module.
pub(super) fn tables(scenario: &Scenario, records: &[RunRecord]) -> Result<Vec<(String, Table)>, TableError> {
    let by_point: Vec<&[RunRecord]> = records.chunk_by(|a, b| a.point == b.point).collect();
    let ranges: Vec<Ranges> = by_point.iter().map(|records| Ranges::of(records)).collect();
    let fill = |layout: &Layout| {
        let mut table = Table::new(&columns(scenario, layout));
        for (records, ranges) in by_point.iter().zip(&ranges) {
            for record in *records {
                let point = &scenario.points[record.point];
                for own in (layout.rows)(&record.measured, ranges) {
                    let settings = point.settings.iter().map(|(_, value)| Cell::from(value.as_str()));
                    let common = [Cell::from(point.nodes), Cell::from(record.replication)];
                    table.push_row(settings.chain(common).chain(own))?;
                }
            }
        }
        Ok((layout.name.to_owned(), table))
    };
    TABLES.iter().map(fill).collect()
}

impl Ranges {
    fn of(records: &[RunRecord]) -> Self {
        let measured = || records.iter().map(|record| &record.measured);
        Ranges {
            visited: measured().map(|measured| measured.visited.len()).max().unwrap_or(0),
            latency: edges(measured().map(|measured| measured.latencies.as_slice())),
            stretch: edges(measured().map(|measured| measured.stretches.as_slice())),
        }
    }
}

/// Edges that cover all but the extreme thousandths of every run's positive samples, twenty a decade, each a whole number.
fn edges<'a>(runs: impl Iterator<Item = &'a [u64]> + Clone) -> Vec<u64> {
    const PER_DECADE: f64 = 20.0;
    const TAIL: f64 = 0.001;
    let positive = |sorted: &'a [u64]| &sorted[sorted.partition_point(|sample| *sample == 0)..];
    let least = runs
        .clone()
        .filter_map(|sorted| nearest_rank(positive(sorted), TAIL))
        .min();
    let most = runs
        .filter_map(|sorted| nearest_rank(positive(sorted), 1.0 - TAIL))
        .max();
    let Some((least, most)) = least.zip(most) else {
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

/// The sample of rank `q n`, rounded up: sorted samples, `q` in (0, 1].
fn nearest_rank(sorted: &[u64], q: f64) -> Option<u64> {
    let rank = (q * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied()
}

fn ratio(numerator: f64, denominator: u64) -> Option<f64> {
    (denominator > 0).then(|| numerator / denominator as f64)
}

fn number(value: Option<f64>) -> Cell {
    value.map_or(Cell::Empty, Cell::from)
}

fn lookups(measured: &Measured, _: &Ranges) -> Vec<Vec<Cell>> {
    let completed = measured.completed;
    let moment = |power: u32| -> u64 {
        measured
            .visited
            .iter()
            .zip(0_u64..)
            .map(|(lookups, visited)| lookups * visited.pow(power))
            .sum()
    };
    let mean = ratio(moment(1) as f64, completed);
    let variance = ratio(moment(2) as f64, completed)
        .zip(mean)
        .map(|(square, mean)| square - mean * mean);
    let millis = |nanos: u64| nanos as f64 / 1e6;
    let sum = |samples: &[u64]| samples.iter().map(|sample| u128::from(*sample)).sum::<u128>() as f64;
    let latency = |q| number(nearest_rank(&measured.latencies, q).map(millis));
    let visited = || {
        measured
            .visited
            .iter()
            .copied()
            .enumerate()
            .map(|(visited, lookups)| (visited as u64, lookups))
    };
    let percentile = |part| quantile(visited(), part, 100).map_or(Cell::Empty, Cell::from);
    let stretch = |q| number(nearest_rank(&measured.stretches, q).map(|ratio| ratio as f64 * STRETCH_UNIT));
    vec![vec![
        measured.issued.into(),
        completed.into(),
        measured.correct.into(),
        measured.failed.into(),
        measured.unfinished.into(),
        number(ratio(completed as f64, measured.issued)),
        number(ratio(measured.correct as f64, measured.issued)),
        number(mean),
        number(variance),
        percentile(1),
        percentile(50),
        percentile(99),
        number(ratio(measured.hops as f64, completed)),
        number(ratio(measured.timeouts as f64, completed + measured.failed)),
        number(ratio(sum(&measured.latencies) / 1e6, completed)),
        latency(0.50),
        latency(0.95),
        number(ratio(
            sum(&measured.stretches) * STRETCH_UNIT,
            measured.stretches.len() as u64,
        )),
        stretch(0.10),
        stretch(0.50),
        stretch(0.90),
    ]]
}

fn path_length(measured: &Measured, ranges: &Ranges) -> Vec<Vec<Cell>> {
    let row = |visited: usize| {
        let lookups = measured.visited.get(visited).copied().unwrap_or(0);
        vec![
            visited.into(),
            lookups.into(),
            number(ratio(lookups as f64, measured.completed)),
        ]
    };
    (0..ranges.visited).map(row).collect()
}

/// A row an edge: the edge in the unit of the table, and the fraction of samples that do not exceed it.
fn distribution(sorted: &[u64], edges: &[u64], unit: f64) -> Vec<Vec<Cell>> {
    let row = |edge: &u64| {
        let at_most = sorted.partition_point(|sample| sample <= edge);
        vec![
            Cell::from(*edge as f64 * unit),
            number(ratio(at_most as f64, sorted.len() as u64)),
        ]
    };
    edges.iter().map(row).collect()
}

fn latency(measured: &Measured, ranges: &Ranges) -> Vec<Vec<Cell>> {
    distribution(&measured.latencies, &ranges.latency, 1e-6)
}

fn stretch(measured: &Measured, ranges: &Ranges) -> Vec<Vec<Cell>> {
    distribution(&measured.stretches, &ranges.stretch, STRETCH_UNIT)
}

fn messages(measured: &Measured, _: &Ranges) -> Vec<Vec<Cell>> {
    let node_seconds = measured.up_time as f64 / 1e9;
    let rate = |count: u64| number((node_seconds > 0.0).then(|| count as f64 / node_seconds));
    let Some(traffic) = &measured.traffic else {
        return Vec::new();
    };
    let sent = traffic.kinds().chain([("total", traffic.total())]).map(|(kind, sum)| {
        vec![
            kind.into(),
            sum.messages.into(),
            sum.bytes.into(),
            rate(sum.messages),
            rate(sum.bytes),
        ]
    });
    let undelivered = [("lost", traffic.lost), ("unreachable", traffic.unreachable)]
        .map(|(fate, messages)| vec![fate.into(), messages.into(), Cell::Empty, rate(messages), Cell::Empty]);
    sent.chain(undelivered).collect()
}

fn population(measured: &Measured, _: &Ranges) -> Vec<Vec<Cell>> {
    let span = measured.span.as_nanos();
    vec![vec![
        measured.arrivals.into(),
        measured.restarted_joins.into(),
        measured.graceful_departures.into(),
        measured.silent_departures.into(),
        number(ratio(measured.up_time as f64, span)),
        measured.up.into(),
        measured.members.into(),
    ]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_nearest_ranks() {
        assert_eq!(nearest_rank(&[10, 20, 30, 40], 0.5), Some(20));
        assert_eq!(nearest_rank(&[10, 20, 30, 40], 0.51), Some(30));
        assert_eq!(nearest_rank(&[], 0.5), None);
    }

    #[test]
    fn edges_cover_the_samples_of_every_run() {
        let runs: [&[u64]; 2] = [&[3, 7, 900], &[123_456]];
        let edges = edges(runs.into_iter());
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
        assert!(edges([samples.as_slice()].into_iter())[0] > 900_000);
    }
}
