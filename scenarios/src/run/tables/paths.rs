//! The tables of paths between nodes.

use analysis::Cell;
use analysis::statistics::mean;

use super::layout::Layout;
use super::rows::{number, seconds};
use crate::run::common::Common;
use crate::run::measure::Measured;
use crate::run::reachability::{PathCount, time_to};

/// Between which nodes there were paths, a row a count: `pairs` are ordered pairs of different nodes, of which `working`
/// had a path from the first to the second by what the nodes on it knew. Nodes yet to come for the first time count.
pub(super) const REACHABILITY: Layout = Layout {
    name: "reachability",
    columns: &["time_s", "up", "members", "pairs", "working", "working_fraction"],
    written: |kind| kind.reachability,
    rows: reachability,
};

/// What of the table `reachability` a run had in all: how many counts there were, and of their fractions of pairs with a path the
/// mean, the least and the last.
pub(super) const AVAILABILITY: Layout = Layout {
    name: "availability",
    columns: &[
        "counts",
        "working_mean_fraction",
        "working_least_fraction",
        "working_end_fraction",
    ],
    written: |kind| kind.reachability,
    rows: availability,
};

/// A row a part of the pairs: when it was first found that so many had a path. Empty if that was never found.
pub(super) const CONVERGENCE: Layout = Layout {
    name: "convergence",
    columns: &["part", "time_s"],
    written: |kind| kind.reachability,
    rows: convergence,
};

fn reachability(measured: &Measured, _: &Common) -> Vec<Vec<Cell>> {
    let row = |count: &PathCount| {
        vec![
            seconds(count.time),
            count.up.into(),
            count.members.into(),
            count.pairs.into(),
            count.working.into(),
            number(count.fraction()),
        ]
    };
    measured.paths.iter().map(row).collect()
}

fn availability(measured: &Measured, _: &Common) -> Vec<Vec<Cell>> {
    let fractions: Vec<f64> = measured.paths.iter().filter_map(PathCount::fraction).collect();
    vec![vec![
        fractions.len().into(),
        number(mean(&fractions)),
        number(fractions.iter().copied().min_by(f64::total_cmp)),
        number(fractions.last().copied()),
    ]]
}

fn convergence(measured: &Measured, _: &Common) -> Vec<Vec<Cell>> {
    let row = |part: f64| {
        let time = time_to(part, &measured.paths);
        vec![part.into(), time.map_or(Cell::Empty, seconds)]
    };
    [0.5, 0.9, 0.99, 1.0].map(row).into()
}
