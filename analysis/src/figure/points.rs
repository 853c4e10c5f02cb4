//! What a plot draws: the means of its series, and the published points.

use serde::{Deserialize, Serialize};

use super::axis::drawable;
use super::ratios::ratios;
use super::{Columns, DrawReason, Figure, Interval, Published, Scale};
use crate::cell::Cell;
use crate::quantity::convert;
use crate::spec::where_clause;
use crate::statistics::{Summary, summarise};
use crate::table::{REPLICATION, Table};

/// A point that a paper prints, written `[x, y]` or `[x, y, low, high]`.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[serde(try_from = "Vec<f64>", into = "Vec<f64>")]
pub struct PublishedPoint {
    /// The place on the horizontal axis.
    pub x: f64,
    /// The place on the vertical axis.
    pub y: f64,
    /// The ends of the range printed with it.
    pub range: Option<(f64, f64)>,
}

impl TryFrom<Vec<f64>> for PublishedPoint {
    type Error = String;

    fn try_from(numbers: Vec<f64>) -> Result<Self, String> {
        match numbers[..] {
            [x, y] => Ok(PublishedPoint { x, y, range: None }),
            [x, y, low, high] if low <= high => Ok(PublishedPoint {
                x,
                y,
                range: Some((low, high)),
            }),
            [_, _, low, high] => Err(format!(
                "expected [x, y, low, high] with low <= high, found {low} and {high}"
            )),
            _ => Err(format!(
                "expected [x, y] or [x, y, low, high], found {} numbers",
                numbers.len()
            )),
        }
    }
}

impl From<PublishedPoint> for Vec<f64> {
    fn from(point: PublishedPoint) -> Self {
        let range = point.range.into_iter().flat_map(|(low, high)| [low, high]);
        [point.x, point.y].into_iter().chain(range).collect()
    }
}

/// Series in the axes of a figure.
#[derive(Debug)]
pub(super) struct Plot {
    pub(super) series: Vec<Series>,
    pub(super) style: Style,
    /// Whether a single series has a name of its own for the legend.
    pub(super) named: bool,
    /// The columns of the ranges.
    pub(super) quantiles: Option<[String; 2]>,
    /// How many samples a distribution was counted from; none if its table held fractions.
    pub(super) samples: Option<u64>,
    /// Whether the points are ratios of means, and not means.
    pub(super) of_ratios: bool,
    /// Whether the table is of runs: one without replications tells of something else, such as a graph of routers.
    pub(super) of_runs: bool,
}

/// How the points of a series are drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Style {
    /// Markers joined by lines.
    Lines(Interval),
    /// A bar each.
    Bars,
    /// A marker each.
    Points,
    /// A line with a band and without markers, from point to point or in steps that rise at the points.
    Curve { steps: bool },
}

/// One series: its points in ascending order of x.
#[derive(Debug)]
pub(super) struct Series {
    pub(super) label: String,
    pub(super) points: Vec<Point>,
}

/// The mean over replications at one x.
#[derive(Clone, Copy, Debug)]
pub(super) struct Point {
    pub(super) x: f64,
    pub(super) y: Summary,
    /// The ends of the mean's 95 % interval, within what `y` can be at all.
    pub(super) interval: Option<(f64, f64)>,
    /// The averaged quantiles.
    pub(super) range: Option<(f64, f64)>,
    /// Rows that have no value of y.
    pub(super) missing: u64,
}

/// A figure of lines.
pub(super) fn lines(figure: &Figure, columns: &Columns, table: &Table) -> Result<Plot, DrawReason> {
    means(figure, columns, table, Style::Lines(columns.interval))
}

/// A figure of bars.
pub(super) fn bars(figure: &Figure, columns: &Columns, table: &Table) -> Result<Plot, DrawReason> {
    means(figure, columns, table, Style::Bars)
}

/// The means over replications of every series.
fn means(figure: &Figure, columns: &Columns, table: &Table, style: Style) -> Result<Plot, DrawReason> {
    let mut series = Vec::new();
    for (label, rows) in split(figure, columns.series.as_deref(), columns.label.as_deref(), table)? {
        let points = series_points(figure, columns, table, &rows)?;
        series.push(Series { label, points });
    }
    let plot = Plot {
        series,
        style,
        named: columns.label.is_some(),
        quantiles: columns.quantiles.clone(),
        samples: None,
        of_ratios: !columns.relative_to.is_empty(),
        of_runs: is_of_runs(table),
    };
    plot.checked(figure, &columns.y)
}

impl Plot {
    /// The plot without empty series, if its axes can show it.
    pub(super) fn checked(mut self, figure: &Figure, column: &str) -> Result<Plot, DrawReason> {
        self.series.retain(|series| !series.points.is_empty());
        if self.series.is_empty() {
            return Err(nothing(figure, column));
        }
        for one in &self.series {
            let values = one.points.iter().map(|point| (point.x, point.y.mean));
            drawable_points(&one.label, values, figure.x.scale, figure.y.scale)?;
        }
        for published in &figure.published {
            check_published(published, figure.x.scale, figure.y.scale)?;
        }
        Ok(self)
    }
}

/// Whether the rows of a table are of runs.
pub(super) fn is_of_runs(table: &Table) -> bool {
    table.column_index(REPLICATION).is_ok()
}

/// That there is nothing to draw in a column of the figure's table.
pub(super) fn nothing(figure: &Figure, column: &str) -> DrawReason {
    DrawReason::Empty {
        table: figure.table.clone(),
        column: column.to_owned(),
        conditions: where_clause(&figure.conditions),
    }
}

/// The chosen rows of every series with its name, in order of the series' appearance.
pub(super) fn split(
    figure: &Figure,
    column: Option<&str>,
    name: Option<&str>,
    table: &Table,
) -> Result<Vec<(String, Table)>, DrawReason> {
    let rows = table.select(&figure.conditions)?;
    let Some(column) = column else {
        return Ok(vec![(name.unwrap_or("measured").to_owned(), rows)]);
    };
    let part = |value: Cell| {
        let own = rows.select(&[(column.to_owned(), value.clone())].into())?;
        Ok((label(column, name, &value), own))
    };
    rows.distinct(column)?.into_iter().map(part).collect()
}

/// The means of one series by x; an x at which no replication has a value has no point. Where the column of x holds values
/// with units, they are converted to the unit of the axis.
fn series_points(figure: &Figure, columns: &Columns, table: &Table, rows: &Table) -> Result<Vec<Point>, DrawReason> {
    let unit = &figure.x.unit;
    let on_axis = |cell: &Cell| cell.number().or_else(|| convert(&cell.to_string(), unit));
    let unplaced = |cell: &&Cell| !cell.is_empty() && on_axis(cell).is_none();
    if let Some(cell) = rows.column(&columns.x)?.find(unplaced) {
        return Err(DrawReason::Unplaced {
            column: columns.x.clone(),
            found: cell.to_string(),
        });
    }
    let summaries = |value: &str| summarise(rows, &[&columns.x], value);
    let ends = columns
        .quantiles
        .as_ref()
        .map(|[low, high]| Ok::<_, DrawReason>((summaries(low)?, summaries(high)?)));
    let ends = ends.transpose()?;
    let means = match columns.relative_to.is_empty() {
        true => summaries(&columns.y)?,
        false => ratios(figure, columns, table, rows)?,
    };
    let mut points = Vec::new();
    for (place, group) in means.into_iter().enumerate() {
        let (Some(x), Some(y)) = (group.key.first().and_then(on_axis), group.summary) else {
            continue;
        };
        // All three were grouped by the same column of the same rows, so their places agree.
        let range = ends
            .as_ref()
            .and_then(|(low, high)| Some((low[place].summary?.mean, high[place].summary?.mean)));
        points.push(Point {
            x,
            y,
            interval: y.interval(),
            range,
            missing: group.missing,
        });
    }
    points.sort_by(|left, right| left.x.total_cmp(&right.x));
    Ok(points)
}

/// What the legend calls a series: its value, behind the name that the figure gives; without one, behind the column where a
/// bare number would say nothing.
pub(super) fn label(column: &str, name: Option<&str>, value: &Cell) -> String {
    match (value, name) {
        (Cell::Empty, name) => format!("no {}", name.unwrap_or(column)),
        (value, Some(name)) => format!("{name} {value}"),
        (value, None) if value.number().is_some() => format!("{column} = {value}"),
        (value, None) => value.to_string(),
    }
}

/// Refuses published points that the axes cannot show.
pub(super) fn check_published(published: &Published, x: Scale, y: Scale) -> Result<(), DrawReason> {
    let ends = published
        .points
        .iter()
        .filter_map(|point| point.range.map(|(low, high)| (point.x, [low, high])));
    let ends = ends.flat_map(|(x, ends)| ends.map(|end| (x, end)));
    // A range may reach down to zero on a logarithmic axis: it is drawn to the axis's lower end.
    drawable_points(&published.label, ends, x, Scale::Linear)?;
    drawable_points(
        &published.label,
        published.points.iter().map(|point| (point.x, point.y)),
        x,
        y,
    )
}

pub(super) fn drawable_points(
    series: &str,
    points: impl Iterator<Item = (f64, f64)>,
    x: Scale,
    y: Scale,
) -> Result<(), DrawReason> {
    for point in points {
        for (axis, scale, value) in [('x', x, point.0), ('y', y, point.1)] {
            if !drawable(value) {
                return Err(DrawReason::TooLarge {
                    axis,
                    series: series.to_owned(),
                    value,
                });
            }
            if scale != Scale::Linear && value <= 0.0 {
                return Err(DrawReason::NotPositive {
                    axis,
                    series: series.to_owned(),
                    value,
                });
            }
        }
    }
    Ok(())
}
