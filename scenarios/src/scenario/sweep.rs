//! From one document to the points of its sweep.
//!
//! `[sweep]` names keys and the values that they take: lists and [ranges](range), each [alone or with a name](listed). All are
//! crossed with each other, but for those of a [zip](group), which go in step. The first in the file varies slowest, zips where the
//! first of them stands; replications, which are no part of this, vary fastest. Further keys can be [derived](expression) from those
//! that are swept, and a filter leaves points out.

mod axis;
mod bound;
mod expression;
mod group;
mod listed;
mod points;
mod range;
mod written;

pub use points::Filtered;
pub(super) use points::{Place, Sweep};
use written::Sweeping;

use crate::input::{Document, InputError, KeyPath, Node};

/// The most points that a sweep may have.
pub(super) const POINT_LIMIT: usize = 100_000;

/// The most combinations of values of which a filter may leave points.
const COMBINATION_LIMIT: usize = 10_000_000;

/// The keys that hold for the whole scenario and not for one point.
const FIXED: [&str; 10] = [
    "name",
    "title",
    "description",
    "cites",
    "seed",
    "replications",
    "sweep",
    "full",
    "figure",
    "expect",
];

/// The tables whose keys may differ from point to point.
pub(super) const SWEEPABLE: [&str; 16] = [
    "run",
    "nodes",
    "bring_up",
    "network",
    "loss",
    "connectivity",
    "partition",
    "access_links",
    "link_failure",
    "churn",
    "mass_failure",
    "flash_crowd",
    "protocol",
    "workload",
    "measure",
    "observe",
];

/// The keys of the table `[sweep]` that are no axes.
pub(super) const BESIDE_AXES: [&str; 3] = ["where", "zip", "derived"];

/// A key that takes several values.
#[derive(Clone, Debug)]
pub struct Axis {
    /// The dotted key.
    pub key: String,
    /// Its values in order, each by its name or as written.
    pub values: Vec<String>,
    /// The number of the zip that it belongs to, from 1: all of one take their values in step.
    pub zip: Option<usize>,
}

/// Whether the values of an axis are written as a range.
pub(super) fn is_range(node: &Node) -> bool {
    range::written(node).is_some()
}

/// Lays the command line over the sweep: an axis given there replaces that of the file, and a key set there has only that
/// value, so that `--set` is never without effect. A value with a name can be chosen by it. A key of a zip that is set leaves it,
/// and one that was derived no longer is. Ranges become the lists that they stand for.
pub(super) fn resolve(document: &mut Document) -> Result<(), InputError> {
    let Some(sweep) = document.get("sweep") else {
        return Ok(());
    };
    let origin = sweep.origin.clone();
    let value = Sweeping::read(document)?.laid_under(document)?.table();
    document.set(
        &KeyPath::through(["sweep"]),
        Node {
            value,
            origin: origin.clone(),
        },
        &[origin],
    )
}
