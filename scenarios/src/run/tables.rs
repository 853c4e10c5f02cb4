//! From what runs measured to tidy tables: the documented columns of the results.

mod comings;
mod forwarding;
mod layout;
mod network_layer;
mod paths;
mod rows;
mod runs;
mod storage;
mod tunnels;

use std::collections::BTreeMap;

use analysis::statistics::mean;
use analysis::{Cell, Schema, Table, TableError};
use sim_core::math;

use super::measure::Measured;
use super::network_layer::NetworkMeasured;
use super::steady::Steadiness;
use super::{Ended, RunRecord, precision};
use crate::scenario::{Metric, Scenario};
use layout::{Layout, TABLES};
pub(super) use rows::nearest_rank;
pub(super) use runs::of_runs;

/// The tables that a scenario asks for.
fn layouts(scenario: &Scenario) -> impl Iterator<Item = &'static Layout> {
    let kinds = || scenario.points.kinds();
    let forwards = kinds().all(forwarding::forwards);
    let network_layer = kinds().all(|kind| kind.network_layer);
    let overlays = TABLES.iter().filter(move |layout| {
        let told = !network_layer || network_layer::SHARED.contains(&layout.name);
        told && !forwards
    });
    let layouts = overlays.chain([&forwarding::FORWARDING]).chain(&network_layer::TABLES);
    layouts.filter(move |layout| kinds().any(layout.written))
}

/// What the runs of one point have in common, so that their rows can be averaged value by value.
pub(super) struct Ranges {
    /// One more than the longest path to the owner's predecessor has.
    visited: usize,
    /// One more than the longest path to the owner has.
    hops: usize,
    /// Edges of the latency distribution, in ns.
    latency: Vec<u64>,
    /// Edges of the stretch distribution, in millionths.
    stretch: Vec<u64>,
    /// Edges of the distribution of sessions, in ns.
    sessions: Vec<u64>,
    /// Bytes sent a second by a node that is up, in the mean over runs.
    bytes_per_node_s: Option<f64>,
    /// Entries that a member knows, by kind, in the mean over runs.
    entries: BTreeMap<&'static str, f64>,
    /// Bins of the run with the most.
    bins: usize,
    /// Bins of packets, likewise.
    packet_bins: usize,
    /// The most links that led to somebody whose address was looked up.
    farthest: u32,
    /// The most keys that a holder has.
    held: u64,
    /// Whether these have settled.
    pub(super) together: Steadiness,
}

/// The tables that a scenario's runs will write, and their columns.
pub fn schema(scenario: &Scenario) -> Schema {
    let schema = layouts(scenario).fold(Schema::new(), |schema, layout| {
        schema.with(layout.name, &columns(scenario, layout))
    });
    match &scenario.precision {
        Some(_) => schema.with(precision::TABLE, &precision::columns(scenario)),
        None => schema,
    }
}

/// The tables with one row a run.
fn tables_of_runs() -> impl Iterator<Item = &'static Layout> {
    const NAMES: [&str; 7] = [
        "lookups",
        "population",
        "packets",
        "overhead",
        "addresses",
        "node_lookups",
        "groups",
    ];
    let all = TABLES.iter().chain(&network_layer::TABLES);
    all.filter(|layout| NAMES.contains(&layout.name))
}

/// What has one value a run, as `table.column`.
pub(crate) fn run_metrics() -> impl Iterator<Item = String> {
    tables_of_runs().flat_map(|layout| {
        layout
            .columns
            .iter()
            .map(move |column| format!("{}.{column}", layout.name))
    })
}

/// The value that a run has of such a metric.
pub(super) fn run_metric(metric: &Metric, measured: &Measured) -> Option<f64> {
    let layout = tables_of_runs().find(|layout| layout.name == metric.table)?;
    let column = layout.columns.iter().position(|column| *column == metric.column)?;
    let rows = (layout.rows)(measured, &Ranges::of(&[]));
    rows.first()?.get(column)?.number()
}

/// The columns that name a run: what was swept, how many nodes there were, and which replication it was.
fn columns_in_common(scenario: &Scenario) -> Vec<String> {
    let axes = scenario.axes.iter().map(|axis| axis.key.clone());
    axes.chain(["nodes", analysis::REPLICATION].map(str::to_owned))
        .collect()
}

fn columns(scenario: &Scenario, layout: &Layout) -> Vec<String> {
    let own = layout.columns.iter().map(|column| (*column).to_owned());
    columns_in_common(scenario).into_iter().chain(own).collect()
}

/// The tables that a scenario asks for, which depends on all of its points.
pub(crate) struct Layouts<'a> {
    scenario: &'a Scenario,
    layouts: Vec<&'static Layout>,
}

impl<'a> Layouts<'a> {
    /// Those of a scenario.
    pub(crate) fn of(scenario: &'a Scenario) -> Self {
        Layouts {
            scenario,
            layouts: layouts(scenario).collect(),
        }
    }

    /// The scenario.
    pub(crate) fn scenario(&self) -> &'a Scenario {
        self.scenario
    }
}

/// The tables of a scenario, from all runs that ended well, point by point and by replication.
///
/// # Errors
/// None for tables laid out as above; a [`TableError`] would be a mistake in this module.
pub(super) fn tables(layouts: &Layouts<'_>, by_point: &[Ended<'_>]) -> Result<Vec<(String, Table)>, TableError> {
    let scenario = layouts.scenario;
    let fill = |layout: &&Layout| Ok((layout.name.to_owned(), table(scenario, layout, by_point)?));
    let mut tables = layouts
        .layouts
        .iter()
        .map(fill)
        .collect::<Result<Vec<(String, Table)>, TableError>>()?;
    if let Some(precision) = &scenario.precision {
        tables.push((
            precision::TABLE.to_owned(),
            precision::table(scenario, precision, by_point)?,
        ));
    }
    Ok(tables)
}

/// One table: the rows of every run, each behind what was swept, how many nodes there were and which replication it was.
fn table(scenario: &Scenario, layout: &Layout, by_point: &[Ended<'_>]) -> Result<Table, TableError> {
    let mut table = Table::new(&columns(scenario, layout));
    for Ended { point, records, ranges } in by_point {
        for record in *records {
            for own in (layout.rows)(&record.measured, ranges) {
                let settings = point.settings.iter().map(|(_, value)| Cell::from(value.as_str()));
                let common = [Cell::from(point.nodes), Cell::from(record.replication)];
                table.push_row(settings.chain(common).chain(own))?;
            }
        }
    }
    Ok(table)
}

impl Ranges {
    pub(super) fn of(records: &[RunRecord]) -> Self {
        let lookups = || records.iter().map(|record| &record.measured.lookups);
        let held = records.iter().flat_map(|record| {
            record
                .measured
                .loads
                .iter()
                .filter_map(|load| load.held.last().copied())
        });
        let bins = records.iter().map(|record| record.measured.bins.tallies.len());
        let networks = || records.iter().filter_map(|record| record.measured.network.as_ref());
        let traffic: Vec<f64> = records
            .iter()
            .filter_map(|record| comings::bytes_per_node_s(&record.measured))
            .collect();
        let ended: Vec<Vec<u64>> = records
            .iter()
            .map(|record| comings::ended(&record.measured.comings))
            .collect();
        Ranges {
            visited: lookups().map(|lookups| lookups.visited.len()).max().unwrap_or(0),
            hops: lookups().map(|lookups| lookups.hops.len()).max().unwrap_or(0),
            latency: edges(lookups().map(|lookups| lookups.latencies.as_slice())),
            stretch: edges(lookups().map(|lookups| lookups.stretches.as_slice())),
            sessions: edges(ended.iter().map(Vec::as_slice)),
            bytes_per_node_s: mean(&traffic),
            entries: entries(records),
            bins: bins.max().unwrap_or(0),
            packet_bins: networks().map(|network| network.bins.len()).max().unwrap_or(0),
            farthest: networks().filter_map(NetworkMeasured::farthest).max().unwrap_or(0),
            held: held.max().unwrap_or(0),
            together: Steadiness::of(records),
        }
    }
}

/// How many entries of each kind a member knows at the end, in the mean over runs.
fn entries(records: &[RunRecord]) -> BTreeMap<&'static str, f64> {
    let mut by_kind: BTreeMap<&'static str, Vec<f64>> = BTreeMap::new();
    for spread in records.iter().flat_map(|record| &record.measured.state) {
        by_kind.entry(spread.of.as_str()).or_default().extend(spread.mean());
    }
    by_kind
        .into_iter()
        .filter_map(|(kind, means)| Some((kind, mean(&means)?)))
        .collect()
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
