//! Distributions: of whole numbers (`pmf`) and cumulative (`cdf`, `ccdf`), from fractions or from samples.
//!
//! The distribution of each replication is a function; what is drawn is the mean of these functions, with its interval, at
//! the places where any of them changes. So a number or an edge that only some replications saw is averaged over all.

use std::collections::BTreeMap;

use super::axis::Span;
use super::points::{Plot, Point, Series, Style, is_of_runs, split};
use super::{Cumulative, DrawReason, Figure, Marks, Pmf, Scale};
use crate::cell::Cell;
use crate::statistics::Summary;
use crate::table::{REPLICATION, Table, TableError};

/// How many places a cumulative curve has at most: more than dots can be told apart across a column of a page.
const PLACES: f64 = 800.0;

/// The distribution of one replication: places in ascending order, and what is there; nothing where the table's cell is
/// empty.
type Run = Vec<(f64, Option<f64>)>;

/// A distribution over whole numbers.
pub(super) fn pmf(figure: &Figure, columns: &Pmf, table: &Table) -> Result<Plot, DrawReason> {
    let mut series = Vec::new();
    let mut samples = None;
    for (label, rows) in split(figure, columns.series.as_deref(), columns.label.as_deref(), table)? {
        let runs = runs(&rows, &columns.x, columns.y.as_deref())?;
        if columns.y.is_none() {
            *samples.get_or_insert(0) += runs.iter().map(|run| run.len() as u64).sum::<u64>();
        }
        if let Some(value) = places(&runs).find(|value| value.trunc() != *value) {
            return Err(DrawReason::NotWhole {
                column: columns.x.clone(),
                series: label,
                value,
            });
        }
        let runs: Vec<Run> = match columns.y {
            Some(_) => runs,
            None => runs.iter().map(counted).collect(),
        };
        let mut numbers: Vec<f64> = places(&runs).collect();
        numbers.sort_by(f64::total_cmp);
        numbers.dedup();
        let at = |number: f64| mean_at(number, runs.iter().map(|run| exactly_at(run, number)));
        let points = numbers.into_iter().filter_map(at);
        let points = points.filter(|point| shown(figure.y.scale, point)).collect();
        series.push(Series { label, points });
    }
    let plot = Plot {
        series,
        style: match columns.marks {
            Marks::Bars => Style::Bars,
            Marks::Points => Style::Points,
        },
        named: columns.label.is_some(),
        quantiles: None,
        samples,
        of_ratios: false,
        of_runs: is_of_runs(table),
    };
    plot.checked(figure, columns.y.as_ref().unwrap_or(&columns.x))
}

/// The fraction that does not exceed x.
pub(super) fn cdf(figure: &Figure, columns: &Cumulative, table: &Table) -> Result<Plot, DrawReason> {
    cumulative(figure, columns, table, |fraction| fraction)
}

/// The fraction that exceeds x.
pub(super) fn ccdf(figure: &Figure, columns: &Cumulative, table: &Table) -> Result<Plot, DrawReason> {
    cumulative(figure, columns, table, |fraction| 1.0 - fraction)
}

fn cumulative(figure: &Figure, columns: &Cumulative, table: &Table, value: fn(f64) -> f64) -> Result<Plot, DrawReason> {
    let mut series = Vec::new();
    let mut samples = None;
    for (label, rows) in split(figure, columns.series.as_deref(), columns.label.as_deref(), table)? {
        let mut runs = runs(&rows, &columns.x, columns.y.as_deref())?;
        if columns.y.is_none() {
            *samples.get_or_insert(0) += runs.iter().map(|run| run.len() as u64).sum::<u64>();
            runs = runs.iter().map(accumulated).collect();
        }
        let at = |place: f64| mean_at(place, runs.iter().map(|run| last_up_to(run, place).map(value)));
        let places = distinguishable(figure, places(&runs).collect());
        let points = places.into_iter().filter_map(at);
        let points = points.filter(|point| shown(figure.y.scale, point)).collect();
        series.push(Series { label, points });
    }
    let plot = Plot {
        series,
        style: Style::Curve {
            steps: columns.y.is_none(),
        },
        named: columns.label.is_some(),
        quantiles: None,
        samples,
        of_ratios: false,
        of_runs: is_of_runs(table),
    };
    plot.checked(figure, columns.y.as_ref().unwrap_or(&columns.x))
}

/// The rows of each replication as places in ascending order; with no column `y`, every row of one observation.
fn runs(rows: &Table, x: &str, y: Option<&str>) -> Result<Vec<Run>, DrawReason> {
    let xs = rows.numbers(x)?;
    let ys = y.map(|column| rows.numbers(column)).transpose()?;
    let replications: Vec<Cell> = match rows.column(REPLICATION) {
        Ok(column) => column.cloned().collect(),
        Err(_) => vec![Cell::Empty; rows.len()],
    };
    let mut runs: BTreeMap<&Cell, Run> = BTreeMap::new();
    for (row, x) in xs.iter().enumerate() {
        let Some(x) = x else { continue };
        let y = ys.as_ref().and_then(|ys| ys[row]);
        runs.entry(&replications[row]).or_default().push((*x, y));
    }
    for (replication, run) in &mut runs {
        run.sort_by(|left, right| left.0.total_cmp(&right.0));
        let repeated = run.windows(2).find(|pair| pair[0].0 == pair[1].0);
        if let Some(pair) = repeated.filter(|_| y.is_some()) {
            return Err(DrawReason::Table(TableError::RepeatedReplication {
                replication: replication.to_string(),
                group: format!(" where {x} = {}", pair[0].0),
            }));
        }
    }
    Ok(runs.into_values().collect())
}

/// The fractions of the numbers among observations.
fn counted(run: &Run) -> Run {
    let total = run.len() as f64;
    let numbers = run.chunk_by(|left, right| left.0 == right.0);
    numbers
        .map(|same| (same[0].0, Some(same.len() as f64 / total)))
        .collect()
}

/// The fraction of observations up to each.
fn accumulated(run: &Run) -> Run {
    let total = run.len() as f64;
    let mut below = 0;
    let numbers = run.chunk_by(|left, right| left.0 == right.0);
    numbers
        .map(|same| {
            below += same.len();
            (same[0].0, Some(below as f64 / total))
        })
        .collect()
}

fn places(runs: &[Run]) -> impl Iterator<Item = f64> {
    runs.iter().flatten().map(|(place, _)| *place)
}

/// What a replication has at a number: 0 if it never saw it.
fn exactly_at(run: &Run, number: f64) -> Option<f64> {
    match run.binary_search_by(|(place, _)| place.total_cmp(&number)) {
        Ok(index) => run[index].1,
        Err(_) => Some(0.0),
    }
}

/// What a replication has reached at a place.
fn last_up_to(run: &Run, place: f64) -> Option<f64> {
    match run.partition_point(|(other, _)| *other <= place) {
        0 => Some(0.0),
        after => run[after - 1].1,
    }
}

/// The mean over replications at a place. A fraction's interval ends at 0 and at 1.
fn mean_at(x: f64, values: impl ExactSizeIterator<Item = Option<f64>>) -> Option<Point> {
    let runs = values.len();
    let values: Vec<f64> = values.flatten().collect();
    let y = Summary::of(&values)?;
    let interval = y
        .interval()
        .map(|(low, high)| (low.clamp(0.0, 1.0), high.clamp(0.0, 1.0)));
    Some(Point {
        x,
        y,
        interval,
        range: None,
        missing: (runs - values.len()) as u64,
    })
}

/// Whether an axis can show a fraction; the end of a tail has no logarithm.
fn shown(scale: Scale, point: &Point) -> bool {
    scale == Scale::Linear || point.y.mean > 0.0
}

/// The places at which a curve is evaluated: of those that lie in the same spot of the axis only the last, at which the
/// curve has risen by all of them.
fn distinguishable(figure: &Figure, mut places: Vec<f64>) -> Vec<f64> {
    places.sort_by(f64::total_cmp);
    places.dedup();
    let span = Span::over(&figure.x, places.iter().copied(), false);
    let spot = |place: f64| (span.fraction(place) * PLACES).floor();
    let last = places.len().saturating_sub(1);
    let kept = (0..places.len())
        .filter(|&index| index == 0 || index == last || spot(places[index]) != spot(places[index + 1]));
    kept.map(|index| places[index]).collect()
}
