//! The best that the points of a sweep have at a cost.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Expectation;
use crate::cell::Conditions;
use crate::cloud::{Better, Cloud};
use crate::statistics::{Summary, hull_height};
use crate::table::Table;

/// A cost: what is compared is the metric's best there, on the convex hull of the points of the sweep in the rows of `where` (as
/// figures of clouds draw it). Between two corners it is that of their mixture; no point dearer than the cost is needed, but one
/// that is as cheap.
///
/// ```toml
/// [[expect]]
/// table = "cost"
/// metric = "latency_p50_ms"
/// where = { "protocol.chord.finger_base" = 2 }
/// hull = { cost = "bytes_per_node_s", at = 20 }
/// relative_to = { "protocol.chord.finger_base" = 16 }
/// at_least = 1.2
/// ```
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BestAt {
    /// The column of the costs, of which less is better.
    pub cost: String,
    /// The cost, in the column's unit.
    pub at: f64,
    /// Which values of the metric are the better ones.
    #[serde(default)]
    pub better: Better,
}

impl fmt::Display for BestAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "on the hull where {} = {}", self.cost, self.at)
    }
}

impl Expectation {
    /// The metric on the hull of the points in these rows.
    pub(super) fn best_at(&self, best: &BestAt, table: &Table, conditions: &Conditions) -> Result<Summary, String> {
        let rows = table.select(conditions).map_err(|error| error.to_string())?;
        let cloud = Cloud::new(&rows, &best.cost, &self.metric).map_err(|error| error.to_string())?;
        if cloud.points.is_empty() {
            return Err(self.no_row(conditions));
        }
        if cloud.missing > 0 {
            let all = cloud.points.len() + cloud.missing;
            let metric = &self.metric;
            return Err(format!(
                "`{metric}` or its cost is empty at {} of {all} points",
                cloud.missing
            ));
        }
        let height = hull_height(&cloud.places((Better::Less, best.better)), best.at);
        let mean = height.ok_or_else(|| format!("no point costs as little as {}: of `{}`", best.at, best.cost))?;
        Ok(Summary {
            n: cloud.points.len() as u64,
            mean: best.better.turned(mean),
            half_width: None,
        })
    }
}
