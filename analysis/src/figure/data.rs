//! The points of a figure as a table, so that a reader can draw them anew.

use super::Published;
use super::points::Series;
use crate::cell::Cell;
use crate::table::{Table, TableError};

/// See [`Drawing::data`](super::Drawing::data).
pub(super) fn table(series: &[Series], published: &[Published]) -> Result<Table, TableError> {
    let mut table = Table::new(&[
        "series",
        "x",
        "y",
        "low",
        "high",
        "range_low",
        "range_high",
        "n",
        "source",
    ]);
    let low = |ends: Option<(f64, f64)>| ends.map(|(low, _)| low);
    let high = |ends: Option<(f64, f64)>| ends.map(|(_, high)| high);
    for (series, point) in series
        .iter()
        .flat_map(|series| series.points.iter().map(move |point| (series, point)))
    {
        let interval = point.interval;
        table.push_row([
            Cell::from(series.label.as_str()),
            point.x.into(),
            point.y.mean.into(),
            low(interval).into(),
            high(interval).into(),
            low(point.range).into(),
            high(point.range).into(),
            point.y.n.into(),
            "measured".into(),
        ])?;
    }
    for (set, point) in published
        .iter()
        .flat_map(|set| set.points.iter().map(move |point| (set, point)))
    {
        table.push_row([
            Cell::from(set.label.as_str()),
            point.x.into(),
            point.y.into(),
            Cell::Empty,
            Cell::Empty,
            low(point.range).into(),
            high(point.range).into(),
            Cell::Empty,
            "published".into(),
        ])?;
    }
    Ok(table)
}
