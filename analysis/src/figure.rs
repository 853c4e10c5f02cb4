//! Figures for a paper: what a scenario says of them, and the drawing.

mod axis;
mod canvas;
mod caption;
mod check;
mod data;
mod distribution;
mod frame;
mod graph;
mod heat_map;
mod ink;
mod kind;
mod legend;
mod marks;
mod network;
mod page;
mod plot;
mod points;
mod ratios;
mod render;
mod ring;
mod scatter;
mod style;
mod text;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::cell::Conditions;
use crate::spec::Problem;
use crate::table::{Table, TableError};

pub use kind::{Columns, Cumulative, HeatMap, Interval, Marks, Network, Pmf, Ring};
pub use points::PublishedPoint;
pub use render::{Format, RenderError, UnknownFormat};
pub use scatter::{Hull, HullOf, Scatter};

use kind::Kind;

/// One `[[figure]]` of a scenario: columns of a table, averaged over replications, with published points in the same
/// axes. Exactly one of `lines`, `bars`, `pmf`, `cdf`, `ccdf`, `heat_map`, `scatter`, `network` and `ring` says how it is drawn.
///
/// ```toml
/// [[figure]]
/// name = "fig10a"
/// title = "Path length against network size"
/// table = "lookups"
/// where = { rules = "ton-2003" }
/// [figure.lines]
/// x = "nodes"
/// y = "visited_mean"
/// quantiles = ["visited_p01", "visited_p99"]
/// [figure.x]
/// label = "Number of nodes"
/// scale = "log2"
/// [figure.y]
/// label = "Path length"
/// unit = "nodes"
/// [[figure.published]]
/// label = "Stoica et al. 2003, Fig. 10(a)"
/// points = [[8, 1.719], [16, 2.09]]
/// ```
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Figure {
    /// The name of its files, without extension.
    pub name: String,
    /// What stands above it; papers usually leave that to their own caption.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The table it is drawn from, as the name of its file without `.csv`.
    pub table: String,
    /// Which rows of the table; all where it is left out.
    #[serde(default, rename = "where", skip_serializing_if = "Conditions::is_empty")]
    pub conditions: Conditions,
    /// How wide it is.
    #[serde(default)]
    pub width: Width,
    /// Points joined by a line for each series.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines: Option<Columns>,
    /// A bar for each point. A bar for a value that some replication never saw needs a row that says 0 there; a row that
    /// is missing is not counted as 0 (for distributions there is `pmf`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bars: Option<Columns>,
    /// A distribution over whole numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pmf: Option<Pmf>,
    /// A cumulative distribution: the fraction that does not exceed x.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cdf: Option<Cumulative>,
    /// A complementary cumulative distribution: the fraction that exceeds x. On a logarithmic axis it ends before it is 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ccdf: Option<Cumulative>,
    /// A value at each pair of x and y, as a colour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heat_map: Option<HeatMap>,
    /// A marker for each point of a sweep, and the convex hulls of the best of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scatter: Option<Scatter>,
    /// Nodes at their places, joined by links.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Network>,
    /// Nodes on a circle, joined by links.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ring: Option<Ring>,
    /// The horizontal axis. A ring has none, a network may have.
    #[serde(default, skip_serializing_if = "Axis::is_none")]
    pub x: Axis,
    /// The vertical axis, likewise.
    #[serde(default, skip_serializing_if = "Axis::is_none")]
    pub y: Axis,
    /// The axis of a heat map's colours.
    #[serde(default, skip_serializing_if = "Axis::is_none")]
    pub value: Axis,
    /// Published points to draw in the same axes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub published: Vec<Published>,
}

/// One axis of a figure.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Axis {
    /// What it shows.
    pub label: String,
    /// The unit, printed in parentheses behind the label; nothing for a pure number. Values of `x` with units of their own, such
    /// as the swept `30s` and `2min`, are converted to it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// How values are spread over it.
    #[serde(default)]
    pub scale: Scale,
    /// What the axis spans at least. It never ends before the data does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<[f64; 2]>,
}

impl Axis {
    /// Whether nothing was said about it.
    fn is_none(&self) -> bool {
        *self == Axis::default()
    }
}

/// How values are spread over an axis.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Scale {
    /// Equal differences are equally far apart.
    #[default]
    Linear,
    /// Logarithmic, with ticks at powers of two.
    Log2,
    /// Logarithmic, with ticks at powers of ten.
    Log10,
}

/// The width of a figure: the two that papers have room for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Width {
    /// One column of a two-column page: 3.5 in.
    #[default]
    Column,
    /// The whole page: 7 in.
    Page,
}

/// Points that a paper prints.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Published {
    /// What the legend says: the citation, with figure or table.
    pub label: String,
    /// `[x, y]`, or `[x, y, low, high]` where the paper prints a range as well.
    pub points: Vec<PublishedPoint>,
    /// What those ranges are, such as `1st to 99th percentile`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<String>,
}

/// A figure as files.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Drawing {
    /// The SVG document.
    pub svg: String,
    /// What is drawn, point by point. Of lines, bars and distributions: `series`, `x`, `y`; `low` and `high`, the 95 %
    /// interval of the mean; `range_low` and `range_high`, the averaged quantiles or the published range; `n`, the number of
    /// replications; `source`, `measured` or `published`. Of clouds: `series`, what names the
    /// point, `x` and `y`, each with the ends of its interval, `n`, which corner of the hull of all and of that of its series it is (`hull`,
    /// `series_hull`), `source`. Of heat maps: `x`, `y`, `value`, `low`, `high`, `n`. Of networks and
    /// rings a row a node and a link: `element`, `name`, `kind` (of a link, or the state of a node), `x`, `y` (of a ring the
    /// turn is `x`), and of links `to`, `to_x`, `to_y`.
    pub data: Table,
}

/// Why a figure cannot be drawn.
#[derive(Debug, Error)]
#[error("figure `{figure}`: {reason}")]
pub struct DrawError {
    /// The figure's name.
    pub figure: String,
    /// What is in the way.
    pub reason: DrawReason,
}

/// What is in the way of a drawing.
#[derive(Debug, Error)]
pub enum DrawReason {
    /// The table does not hold what the figure asks for.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The specification would not have passed [`Figure::check`].
    #[error("key `{key}`: {problem}")]
    Spec {
        /// The key at fault.
        key: String,
        /// What is wrong.
        problem: Problem,
    },
    /// There is no table of this name.
    #[error("there is no table `{0}`")]
    NoTable(String),
    /// A node that occurs twice in a table of nodes.
    #[error(
        "node {node} has several rows in table `{table}`; a picture shows one moment of one run: choose it with `where`, \
         such as where = {{ time_s = 3600, replication = 0 }}"
    )]
    RepeatedNode {
        /// The node.
        node: String,
        /// The table.
        table: String,
    },
    /// A text that is no number, nor one in the unit of the axis.
    #[error(
        "column `{column}`: `{found}` is no number; if it has a unit, say with `unit` what the axis is in, such as unit = \"s\""
    )]
    Unplaced {
        /// The column.
        column: String,
        /// What stands there.
        found: String,
    },
    /// No row, or no value in any.
    #[error("nothing to draw: table `{table}` has no value of `{column}`{conditions}")]
    Empty {
        /// The table.
        table: String,
        /// The column of the vertical axis.
        column: String,
        /// The rows chosen, as ` where ...`; empty for all.
        conditions: String,
    },
    /// Zero or less has no logarithm.
    #[error(
        "the {axis} axis is logarithmic, but `{series}` has {axis} = {value} there; use scale = \"linear\", or leave \
         such rows out with `where`"
    )]
    NotPositive {
        /// `x` or `y`.
        axis: char,
        /// The series, or the published set.
        series: String,
        /// The value.
        value: f64,
    },
    /// A distribution over whole numbers has another one.
    #[error("column `{column}` of `{series}` has {value}, which is no whole number; use `cdf` or `lines`")]
    NotWhole {
        /// The column.
        column: String,
        /// The series.
        series: String,
        /// The value.
        value: f64,
    },
    /// Beyond what axes can be labelled for.
    #[error("`{series}` has {axis} = {value}; a figure draws magnitudes up to 1e100")]
    TooLarge {
        /// `x` or `y`.
        axis: char,
        /// The series, or the published set.
        series: String,
        /// The value.
        value: f64,
    },
    /// The drawing backend failed.
    #[error("drawing failed: {0}")]
    Backend(String),
}

impl Figure {
    /// Draws the figure from its tables, which are looked up by name: for each series and x the mean of y over replications
    /// with its 95 % interval (Student's t). The same tables give the same bytes on every machine.
    ///
    /// # Errors
    /// [`DrawReason`], each naming what to change.
    pub fn draw<'t>(&self, tables: &dyn Fn(&str) -> Option<&'t Table>) -> Result<Drawing, DrawError> {
        self.try_draw(tables).map_err(|reason| DrawError {
            figure: self.name.clone(),
            reason,
        })
    }

    fn try_draw<'t>(&self, tables: &dyn Fn(&str) -> Option<&'t Table>) -> Result<Drawing, DrawReason> {
        let find = |name: &str| tables(name).ok_or_else(|| DrawReason::NoTable(name.to_owned()));
        let kind = self.kind().map_err(|problem| DrawReason::Spec {
            key: "lines".to_owned(),
            problem,
        })?;
        let table = find(&self.table)?;
        match kind {
            Kind::Lines(columns) => plot::draw(self, points::lines(self, columns, table)?),
            Kind::Bars(columns) => plot::draw(self, points::bars(self, columns, table)?),
            Kind::Pmf(columns) => plot::draw(self, distribution::pmf(self, columns, table)?),
            Kind::Cdf(columns) => plot::draw(self, distribution::cdf(self, columns, table)?),
            Kind::Ccdf(columns) => plot::draw(self, distribution::ccdf(self, columns, table)?),
            Kind::HeatMap(columns) => heat_map::draw(self, columns, table),
            Kind::Scatter(columns) => scatter::draw(self, columns, table),
            Kind::Network(columns) => network::draw(self, columns, find(&columns.nodes)?, table),
            Kind::Ring(columns) => ring::draw(self, columns, find(&columns.nodes)?, table),
        }
    }
}

#[cfg(test)]
mod tests;
