//! The points of a sweep by two metrics, such as what each costs and what it buys, and the best of them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cell::Cell;
use crate::statistics::{Summary, lower_left_hull, summarise};
use crate::table::{REPLICATION, Table, TableError};

/// Which values of a metric are the better ones.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Better {
    /// The smaller ones: of costs, latencies, failures.
    #[default]
    Less,
    /// The larger ones: of fractions of success.
    More,
}

impl Better {
    /// A value as one of which less is better; the same again gives the value.
    pub(crate) fn turned(self, value: f64) -> f64 {
        match self {
            Better::Less => value,
            Better::More => -value,
        }
    }
}

/// A point of a sweep: the means of two metrics over its replications.
#[derive(Clone, Debug)]
pub(crate) struct CloudPoint {
    /// The values of the columns that name it.
    pub(crate) key: Vec<Cell>,
    pub(crate) x: Summary,
    pub(crate) y: Summary,
}

/// The points of a sweep, in the order of the table.
#[derive(Clone, Debug)]
pub(crate) struct Cloud {
    /// The columns that name a point: the swept keys and the number of nodes, which a table has before its replications.
    pub(crate) columns: Vec<String>,
    pub(crate) points: Vec<CloudPoint>,
    /// Points of which one of the metrics has no value.
    pub(crate) missing: usize,
}

/// The columns that name the points of a table's sweep.
pub(crate) fn key_columns(columns: &[String]) -> &[String] {
    let end = columns.iter().position(|column| column == REPLICATION);
    &columns[..end.unwrap_or(0)]
}

impl Cloud {
    /// The points in these rows of a table.
    ///
    /// # Errors
    /// Those of [`summarise`].
    pub(crate) fn new(rows: &Table, x: &str, y: &str) -> Result<Cloud, TableError> {
        let columns = key_columns(rows.columns()).to_vec();
        let names: Vec<&str> = columns.iter().map(String::as_str).collect();
        // Both are grouped by the same columns of the same rows, so that their groups agree.
        let groups = summarise(rows, &names, x)?.into_iter().zip(summarise(rows, &names, y)?);
        let all = groups.len();
        let points: Vec<CloudPoint> = groups
            .filter_map(|(x, y)| {
                let (x, y, key) = (x.summary?, y.summary?, x.key);
                Some(CloudPoint { key, x, y })
            })
            .collect();
        Ok(Cloud {
            missing: all - points.len(),
            columns,
            points,
        })
    }

    /// Where the points lie, turned so that less is better.
    pub(crate) fn places(&self, (x, y): (Better, Better)) -> Vec<(f64, f64)> {
        let place = |point: &CloudPoint| (x.turned(point.x.mean), y.turned(point.y.mean));
        self.points.iter().map(place).collect()
    }

    /// The corners of the hull of some of the points, from the best x to the best y.
    pub(crate) fn hull(&self, among: &[usize], better: (Better, Better)) -> Vec<usize> {
        let all = self.places(better);
        let places: Vec<(f64, f64)> = among.iter().map(|at| all[*at]).collect();
        lower_left_hull(&places)
            .into_iter()
            .map(|corner| among[corner])
            .collect()
    }
}
