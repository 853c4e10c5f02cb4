//! Figures for a paper: what a scenario says of them, and the drawing.

mod axis;
mod canvas;
mod caption;
mod data;
mod frame;
mod legend;
mod plot;
mod points;
mod style;
mod text;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::cell::Conditions;
use crate::spec::{Checker, Problem, Schema, SpecError};
use crate::table::{Table, TableError};

pub use points::PublishedPoint;

/// One `[[figure]]` of a scenario: a column of a table against another, averaged over replications, with published
/// points in the same axes. Exactly one of `lines` and `bars` says how it is drawn.
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
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
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
    /// A bar for each point: for distributions over a few whole numbers. A bar for a value that some replication never
    /// saw needs a row that says 0 there; a row that is missing is not counted as 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bars: Option<Columns>,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// Published points to draw in the same axes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub published: Vec<Published>,
}

/// Which columns a figure draws.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Columns {
    /// The column of the horizontal axis.
    pub x: String,
    /// The column of the vertical axis.
    pub y: String,
    /// The column that tells the series apart; one series where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series: Option<String>,
    /// What the legend calls a single series; `measured` where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Two columns with a lower and an upper quantile of what `y` is the mean of. Drawn as a thin range through the
    /// point, each end averaged over the replications.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantiles: Option<[String; 2]>,
}

/// One axis of a figure.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Axis {
    /// What it shows.
    pub label: String,
    /// The unit, printed in parentheses behind the label; nothing for a pure number.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// How values are spread over it.
    #[serde(default)]
    pub scale: Scale,
    /// What the axis spans at least. It never ends before the data does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<[f64; 2]>,
}

/// How values are spread over an axis.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
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
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Width {
    /// One column of a two-column page: 3.5 in.
    #[default]
    Column,
    /// The whole page: 7 in.
    Page,
}

/// Points that a paper prints.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
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
    /// What is drawn, point by point: `series`, `x`, `y`; `low` and `high`, the 95 % interval of the mean; `range_low`
    /// and `range_high`, the averaged quantiles or the published range; `n`, the number of replications; `source`,
    /// `measured` or `published`.
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
    /// The columns drawn.
    ///
    /// # Errors
    /// [`Problem::NotOne`] unless there is exactly one of `lines` and `bars`.
    pub(crate) fn columns(&self) -> Result<&Columns, Problem> {
        match (&self.lines, &self.bars) {
            (Some(columns), None) | (None, Some(columns)) => Ok(columns),
            (both, _) => Err(Problem::NotOne {
                expected: "[figure.lines], [figure.bars]".to_owned(),
                found: if both.is_some() { "both" } else { "none" }.to_owned(),
            }),
        }
    }

    /// Checks the figure against the tables that a run will write.
    ///
    /// # Errors
    /// Unknown tables and columns, neither or both of `lines` and `bars`, names that are no file names, ranges and points
    /// that cannot be drawn.
    pub fn check(&self, schema: &Schema) -> Result<(), SpecError> {
        let checker = Checker {
            section: "figure",
            name: &self.name,
        };
        let file_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let is_file_name = self.name.bytes().all(file_name) && !self.name.starts_with('.') && !self.name.is_empty();
        checker.require(
            is_file_name,
            "name",
            "a file name of letters, digits, `-`, `_` and `.`",
            &self.name,
        )?;
        let table = checker.table(schema, &self.table)?;
        checker.conditions(&self.table, table, &self.conditions)?;
        let columns = self.columns().map_err(|problem| checker.error("lines", problem))?;
        let kind = if self.lines.is_some() { "lines" } else { "bars" };
        let [x, y, series, quantiles] = ["x", "y", "series", "quantiles"].map(|key| format!("{kind}.{key}"));
        let wanted = [(x.as_str(), columns.x.as_str()), (&y, &columns.y)].into_iter();
        let wanted = wanted.chain(columns.series.iter().map(|column| (series.as_str(), column.as_str())));
        let ranges = columns
            .quantiles
            .iter()
            .flatten()
            .map(|column| (quantiles.as_str(), column.as_str()));
        checker.columns(&self.table, table, wanted.chain(ranges))?;
        self.check_axis(&checker, "x", &self.x)?;
        self.check_axis(&checker, "y", &self.y)?;
        self.published
            .iter()
            .try_for_each(|published| self.check_published(&checker, published))
    }

    fn check_axis(&self, checker: &Checker<'_>, key: &str, axis: &Axis) -> Result<(), SpecError> {
        checker.require(
            !axis.label.trim().is_empty(),
            &format!("{key}.label"),
            "what the axis shows",
            "nothing",
        )?;
        let Some([low, high]) = axis.range else { return Ok(()) };
        let key = format!("{key}.range");
        let found = format!("[{low}, {high}]");
        let drawable = low < high && [low, high].iter().all(|end| axis::drawable(*end));
        checker.require(drawable, &key, "the lower end first, and both up to 1e100", &found)?;
        checker.require(
            axis.scale == Scale::Linear || low > 0.0,
            &key,
            "positive ends on a logarithmic axis",
            &found,
        )
    }

    fn check_published(&self, checker: &Checker<'_>, published: &Published) -> Result<(), SpecError> {
        let cited = !published.label.trim().is_empty();
        checker.require(cited, "published.label", "the citation of the points", "nothing")?;
        checker.require(
            !published.points.is_empty(),
            "published.points",
            "at least one point",
            "none",
        )?;
        points::check_published(published, self.x.scale, self.y.scale).map_err(|error| {
            checker.error(
                "published.points",
                Problem::unexpected("drawable points", error.to_string()),
            )
        })
    }

    /// Draws the figure from its table: for each series and x the mean of y over replications with its 95 % interval
    /// (Student's t). The same table gives the same bytes on every machine.
    ///
    /// # Errors
    /// [`DrawReason`], each naming what to change.
    pub fn draw(&self, table: &Table) -> Result<Drawing, DrawError> {
        self.try_draw(table).map_err(|reason| DrawError {
            figure: self.name.clone(),
            reason,
        })
    }

    fn try_draw(&self, table: &Table) -> Result<Drawing, DrawReason> {
        let columns = self.columns().map_err(|problem| DrawReason::Spec {
            key: "lines".to_owned(),
            problem,
        })?;
        let points = points::collect(self, columns, table)?;
        Ok(Drawing {
            svg: plot::svg(self, columns, &points)?,
            data: data::table(&points, &self.published)?,
        })
    }
}

#[cfg(test)]
mod tests;
