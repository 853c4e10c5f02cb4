//! What is drawn: the means of a figure's series, and the published points.

use serde::{Deserialize, Serialize};

use super::axis::drawable;
use super::{Columns, DrawReason, Figure, Published, Scale};
use crate::cell::Cell;
use crate::spec::where_clause;
use crate::statistics::{Summary, summarise};
use crate::table::Table;

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
    /// The averaged quantiles.
    pub(super) range: Option<(f64, f64)>,
    /// Rows that have no value of y.
    pub(super) missing: u64,
}

/// The points of every series, in order of the series' appearance.
pub(super) fn collect(figure: &Figure, columns: &Columns, table: &Table) -> Result<Vec<Series>, DrawReason> {
    let rows = table.select(&figure.conditions)?;
    let names = match &columns.series {
        Some(column) => rows.distinct(column)?.into_iter().map(Some).collect(),
        None => vec![None],
    };
    let mut series = Vec::new();
    for name in names {
        let own = match (&columns.series, &name) {
            (Some(column), Some(value)) => rows.select(&[(column.clone(), value.clone())].into())?,
            _ => rows.clone(),
        };
        let points = series_points(columns, &own)?;
        if !points.is_empty() {
            series.push(Series {
                label: label(columns, name.as_ref()),
                points,
            });
        }
    }
    if series.is_empty() {
        return Err(DrawReason::Empty {
            table: figure.table.clone(),
            column: columns.y.clone(),
            conditions: where_clause(&figure.conditions),
        });
    }
    for one in &series {
        let values = one.points.iter().map(|point| (point.x, point.y.mean));
        drawable_points(&one.label, values, figure.x.scale, figure.y.scale)?;
    }
    for published in &figure.published {
        check_published(published, figure.x.scale, figure.y.scale)?;
    }
    Ok(series)
}

/// The means of one series by x; an x at which no replication has a value has no point.
fn series_points(columns: &Columns, rows: &Table) -> Result<Vec<Point>, DrawReason> {
    rows.numbers(&columns.x)?;
    let summaries = |value: &str| summarise(rows, &[&columns.x], value);
    let ends = columns
        .quantiles
        .as_ref()
        .map(|[low, high]| Ok::<_, DrawReason>((summaries(low)?, summaries(high)?)));
    let ends = ends.transpose()?;
    let mut points = Vec::new();
    for (place, group) in summaries(&columns.y)?.into_iter().enumerate() {
        let (Some(x), Some(y)) = (group.key.first().and_then(Cell::number), group.summary) else {
            continue;
        };
        // All three were grouped by the same column of the same rows, so their places agree.
        let range = ends
            .as_ref()
            .and_then(|(low, high)| Some((low[place].summary?.mean, high[place].summary?.mean)));
        points.push(Point {
            x,
            y,
            range,
            missing: group.missing,
        });
    }
    points.sort_by(|left, right| left.x.total_cmp(&right.x));
    Ok(points)
}

/// What the legend calls a series: its value, and the column where a bare number would say nothing.
fn label(columns: &Columns, name: Option<&Cell>) -> String {
    match (&columns.series, name) {
        (Some(column), Some(value)) if value.number().is_some() => format!("{column} = {value}"),
        (Some(column), Some(Cell::Empty)) => format!("no {column}"),
        (_, Some(value)) => value.to_string(),
        (_, None) => columns.label.clone().unwrap_or_else(|| "measured".to_owned()),
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

fn drawable_points(
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
