//! Plots: series against two axes, with published points.

use super::axis::Span;
use super::caption::caption;
use super::data;
use super::legend::Sample;
use super::marks;
use super::page::{Names, Page};
use super::points::{Plot, Style};
use super::style::look;
use super::{DrawReason, Drawing, Figure, Interval, Scale};
use crate::math::{exp2, log2};

/// The room beyond the first and the last bar, in distances between two bars.
const BAR_ROOM: f64 = 0.6;

/// Draws a plot.
pub(super) fn draw(figure: &Figure, plot: Plot) -> Result<Drawing, DrawReason> {
    let page = Page {
        figure,
        x: x_span(figure, &plot),
        y: y_span(figure, &plot),
        names: Names::default(),
        axes: true,
        proportion: None,
        colors: None,
        entries: legend_entries(figure, &plot),
        caption: caption(&plot, &figure.published),
    };
    let svg = page.draw(|canvas, frame| {
        marks::published_ranges(canvas, frame, figure)?;
        marks::series(canvas, frame, figure, &plot)?;
        marks::published_points(canvas, frame, figure)?;
        Ok(None)
    })?;
    Ok(Drawing {
        svg,
        data: data::table(&plot.series, &figure.published)?,
    })
}

/// An entry a series and one a published set; none for a single series that nothing stands beside.
fn legend_entries(figure: &Figure, plot: &Plot) -> Vec<(Sample, String)> {
    if plot.series.len() == 1 && figure.published.is_empty() && !plot.named {
        return Vec::new();
    }
    let banded = |number: usize| plot.series[number].points.iter().any(|point| point.interval.is_some());
    let sample = |number| match plot.style {
        Style::Bars => Sample::Bar(look(number)),
        Style::Points => Sample::Marker(look(number)),
        Style::Lines(interval) => Sample::Line {
            look: look(number),
            marker: true,
            band: interval == Interval::Band && banded(number),
        },
        Style::Curve { .. } => Sample::Line {
            look: look(number),
            marker: false,
            band: banded(number),
        },
    };
    let measured = plot
        .series
        .iter()
        .enumerate()
        .map(|(number, one)| (sample(number), one.label.clone()));
    let published = figure.published.iter().enumerate().map(|(number, set)| {
        let ranges = set.points.iter().any(|point| point.range.is_some());
        (Sample::Published { set: number, ranges }, set.label.clone())
    });
    measured.chain(published).collect()
}

fn x_span(figure: &Figure, plot: &Plot) -> Span {
    let measured = plot
        .series
        .iter()
        .flat_map(|one| one.points.iter().map(|point| point.x));
    let published = figure
        .published
        .iter()
        .flat_map(|set| set.points.iter().map(|point| point.x));
    let mut values: Vec<f64> = measured.chain(published).collect();
    let whole = values.iter().all(|value| value.trunc() == *value);
    let mut span = if plot.style == Style::Bars {
        let room = room_for_bars(figure.x.scale, &mut values);
        Span::flush(&figure.x, room.into_iter())
    } else {
        Span::over(&figure.x, values.into_iter(), false)
    };
    span.whole = whole;
    span
}

/// The places around the first and the last with somewhat more than half a bar's room.
fn room_for_bars(scale: Scale, values: &mut Vec<f64>) -> Vec<f64> {
    values.sort_by(f64::total_cmp);
    values.dedup();
    let ends = [values.first(), values.last()].into_iter().flatten().copied();
    let pairs = values.windows(2);
    if scale == Scale::Linear {
        let gap = pairs.map(|pair| pair[1] - pair[0]).fold(f64::INFINITY, f64::min);
        let half = if gap.is_finite() { gap * BAR_ROOM } else { 0.5 };
        ends.flat_map(|end| [end - half, end + half]).collect()
    } else {
        let ratio = pairs.map(|pair| pair[1] / pair[0]).fold(f64::INFINITY, f64::min);
        let half = if ratio.is_finite() {
            exp2(log2(ratio) * BAR_ROOM)
        } else {
            2.0
        };
        ends.flat_map(|end| [end / half, end * half]).collect()
    }
}

fn y_span(figure: &Figure, plot: &Plot) -> Span {
    let measured = plot.series.iter().flat_map(|one| &one.points).flat_map(|point| {
        let ends = point.interval.into_iter().chain(point.range);
        ends.flat_map(|(low, high)| [low, high]).chain([point.y.mean])
    });
    let published = figure.published.iter().flat_map(|set| &set.points).flat_map(|point| {
        let ends = point.range.into_iter();
        ends.flat_map(|(low, high)| [low, high]).chain([point.y])
    });
    // A bar is compared by its length, and so stands on zero.
    let zero = (plot.style == Style::Bars).then_some(0.0);
    let values = measured.chain(published).chain(zero);
    let mut axis = figure.y.clone();
    if matches!(plot.style, Style::Curve { .. }) && axis.scale == Scale::Linear && axis.range.is_none() {
        axis.range = Some([0.0, 1.0]);
    }
    Span::over(&axis, values, true)
}
