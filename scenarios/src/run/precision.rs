//! Replications until the means are known as precisely as wanted.

use analysis::statistics::{next_look, precise_enough};
use analysis::{Cell, Summary, Table, TableError};

use super::{Ended, RunRecord, tables};
use crate::scenario::{Metric, Precision, Scenario};

/// The name of the table.
pub(super) const TABLE: &str = "precision";

/// Its columns, after the swept keys. A row a point and metric: how precisely its mean was wanted and came to be known.
const COLUMNS: [&str; 8] = [
    "nodes",
    "metric",
    "replications",
    "mean",
    "half_width",
    "relative_half_width",
    "wanted",
    "reached",
];

/// Its columns.
pub(super) fn columns(scenario: &Scenario) -> Vec<String> {
    let axes = scenario.axes.iter().map(|axis| axis.key.clone());
    axes.chain(COLUMNS.map(str::to_owned)).collect()
}

/// How many replications a point needs in all, given these: as many as there are if they are enough, or if more would not help.
///
/// The runs are all replications from the first on that did not break. A point of which one broke gets no more.
pub(super) fn needed(precision: Option<&Precision>, most: u32, planned: u32, records: &[RunRecord]) -> u32 {
    let Some(precision) = precision else { return planned };
    let broken = records.len() < planned as usize;
    if broken || planned >= most || precision.of.iter().all(|metric| reached(precision, metric, records)) {
        planned
    } else {
        next_look(planned, most)
    }
}

fn reached(precision: &Precision, metric: &Metric, records: &[RunRecord]) -> bool {
    summary(metric, records).is_some_and(|summary| precise_enough(&summary, precision.share()))
}

/// The mean over the runs; none unless every run has a value.
fn summary(metric: &Metric, records: &[RunRecord]) -> Option<Summary> {
    let values = records
        .iter()
        .map(|record| tables::run_metric(metric, &record.measured));
    Summary::of(&values.collect::<Option<Vec<f64>>>()?)
}

/// The table of a scenario that wants precision, from its runs point by point.
pub(super) fn table(scenario: &Scenario, precision: &Precision, by_point: &[Ended<'_>]) -> Result<Table, TableError> {
    let mut table = Table::new(&columns(scenario));
    for (Ended { point, records, .. }, metric) in pairs(precision, by_point) {
        let number = |value: Option<f64>| value.map_or(Cell::Empty, Cell::from);
        let summary = summary(metric, records);
        let half_width = summary.and_then(|summary| summary.half_width);
        let settings = point.settings.iter().map(|(_, value)| Cell::from(value.as_str()));
        let own = [
            point.nodes.into(),
            metric.to_string().as_str().into(),
            records.len().into(),
            number(summary.map(|summary| summary.mean)),
            number(half_width),
            number(summary.and_then(relative)),
            precision.share().into(),
            u64::from(reached(precision, metric, records)).into(),
        ];
        table.push_row(settings.chain(own))?;
    }
    Ok(table)
}

/// Half of the interval as a share of the mean's magnitude, where that has one.
fn relative(summary: Summary) -> Option<f64> {
    let half_width = summary.half_width.filter(|_| summary.mean != 0.0);
    half_width.map(|half_width| half_width / summary.mean.abs())
}

/// What is worth knowing of points at which the precision was not reached.
pub(super) fn warnings(scenario: &Scenario, by_point: &[Ended<'_>]) -> Vec<String> {
    let Some(precision) = &scenario.precision else {
        return Vec::new();
    };
    let missed = pairs(precision, by_point).filter(|(ended, metric)| !reached(precision, metric, ended.records));
    let warning = |(Ended { point, records, .. }, metric): (&Ended<'_>, &Metric)| {
        let place = point.place();
        let known = match summary(metric, records).and_then(relative) {
            Some(relative) => format!(
                "is known to {:.2} %, and not to {},",
                relative * 100.0,
                precision.wanted
            ),
            None => format!("has no interval that could be within {}", precision.wanted),
        };
        let runs = records.len();
        format!(
            "{metric}{place} {known} after {runs} replications; raise replications.maximum, or let each run measure more"
        )
    };
    missed.map(warning).collect()
}

/// Every point, as its runs, with every metric.
fn pairs<'a>(precision: &'a Precision, by_point: &'a [Ended<'a>]) -> impl Iterator<Item = (&'a Ended<'a>, &'a Metric)> {
    by_point
        .iter()
        .flat_map(|ended| precision.of.iter().map(move |metric| (ended, metric)))
}
