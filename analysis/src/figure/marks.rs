//! What stands for the points of a plot: markers and lines, bars, bands, steps, and the published points.

use super::canvas::{Canvas, Pen, Place};
use super::frame::Frame;
use super::points::{Plot, Point, Series, Style};
use super::style::{BLACK, LINE_WIDTH, Look, MARKER, PUBLISHED_MARKER, PUBLISHED_PEN, SHADE, look, published_shape};
use super::{DrawReason, Figure, Interval, Scale};

/// The least distance between two markers of a series, across or up.
const MARKER_DISTANCE: i32 = 3 * MARKER;
/// How far ranges and intervals of several series at one x are set apart.
const SIDEWAYS: i32 = 30;

/// Draws all series.
pub(super) fn series(canvas: &mut Canvas<'_>, frame: &Frame, figure: &Figure, plot: &Plot) -> Result<(), DrawReason> {
    let all = &plot.series;
    match plot.style {
        Style::Bars => return bars(canvas, frame, figure, all),
        Style::Lines(interval) => {
            ranges(canvas, frame, all)?;
            if interval == Interval::Band {
                bands(canvas, frame, all, false)?;
            }
            for (index, one) in all.iter().enumerate() {
                let look = look(index);
                let places = outline(frame, &one.points, false, |point| point.y.mean);
                canvas.dashed(&places, look.dashes, Pen::new(look.color, LINE_WIDTH))?;
                markers(canvas, frame, one, look, interval == Interval::Bars)?;
            }
        }
        Style::Points => {
            for (index, one) in all.iter().enumerate() {
                markers(canvas, frame, one, look(index), true)?;
            }
        }
        Style::Curve { steps } => {
            bands(canvas, frame, all, steps)?;
            for (index, one) in all.iter().enumerate() {
                let look = look(index);
                let places = outline(frame, &one.points, steps, |point| point.y.mean);
                canvas.dashed(&places, look.dashes, Pen::new(look.color, LINE_WIDTH))?;
            }
        }
    }
    Ok(())
}

/// The places of a series' points in turn, with the corners of steps between them.
fn outline(frame: &Frame, points: &[Point], steps: bool, value: impl Fn(&Point) -> f64) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::new();
    for point in points {
        let (x, y) = frame.place(point.x, value(point));
        if let Some(&(_, before)) = places.last().filter(|_| steps) {
            places.push((x, before));
        }
        places.push((x, y));
    }
    places.dedup();
    places
}

/// The bands of all intervals, below all lines.
fn bands(canvas: &mut Canvas<'_>, frame: &Frame, all: &[Series], steps: bool) -> Result<(), DrawReason> {
    for (index, one) in all.iter().enumerate() {
        let stretches = one
            .points
            .chunk_by(|left, right| left.interval.is_some() == right.interval.is_some());
        for stretch in stretches.filter(|stretch| stretch.iter().all(|point| point.interval.is_some())) {
            let (mut lower, mut upper) = (Vec::new(), Vec::new());
            for point in stretch {
                let (low, high) = point.interval.unwrap_or((point.y.mean, point.y.mean));
                let x = frame.column(point.x);
                if let (Some(&(_, low)), Some(&(_, high)), true) = (lower.last(), upper.last(), steps) {
                    lower.push((x, low));
                    upper.push((x, high));
                }
                lower.push((x, frame.row(low)));
                upper.push((x, frame.row(high)));
            }
            canvas.band(&lower, &upper, look(index).color)?;
        }
    }
    Ok(())
}

/// Thin ranges through the points of lines.
fn ranges(canvas: &mut Canvas<'_>, frame: &Frame, all: &[Series]) -> Result<(), DrawReason> {
    for (index, one) in all.iter().enumerate() {
        for point in &one.points {
            let Some((low, high)) = point.range else { continue };
            let x = frame.column(point.x) + sideways(index, all.len(), SIDEWAYS);
            let pen = Pen::new(look(index).color, 5);
            canvas.capped(x, (frame.row(low), frame.row(high)), 16, pen)?;
        }
    }
    Ok(())
}

/// Markers with their intervals. A line goes through every point; of points that would cover each other only some are
/// marked.
fn markers(
    canvas: &mut Canvas<'_>,
    frame: &Frame,
    one: &Series,
    look: Look,
    intervals: bool,
) -> Result<(), DrawReason> {
    let mut last_marked: Option<Place> = None;
    for point in &one.points {
        let at = frame.place(point.x, point.y.mean);
        let covered = |last: Place| (last.0 - at.0).abs().max((last.1 - at.1).abs()) < MARKER_DISTANCE;
        if last_marked.is_some_and(covered) {
            continue;
        }
        last_marked = Some(at);
        if let Some((low, high)) = point.interval.filter(|_| intervals) {
            let pen = Pen::new(look.color, LINE_WIDTH);
            canvas.capped(at.0, (frame.row(low), frame.row(high)), 28, pen)?;
        }
        canvas.marker(at, look.shape, MARKER, look.color)?;
    }
    Ok(())
}

/// How far sideways the `index`-th of `count` ranges at one x stands.
fn sideways(index: usize, count: usize, pitch: i32) -> i32 {
    (2 * index as i32 + 1 - count as i32) * pitch / 2
}

fn bars(canvas: &mut Canvas<'_>, frame: &Frame, figure: &Figure, all: &[Series]) -> Result<(), DrawReason> {
    let points = all.iter().flat_map(|one| &one.points);
    let mut columns: Vec<i32> = points.map(|point| frame.column(point.x)).collect();
    columns.sort_unstable();
    columns.dedup();
    let gaps = columns.windows(2).map(|pair| pair[1] - pair[0]);
    let gap = gaps.min().unwrap_or(frame.width / 4);
    let pitch = (gap * 8 / 10 / all.len().max(1) as i32).max(2);
    let foot = if figure.y.scale == Scale::Linear {
        frame.row(0.0)
    } else {
        frame.bottom()
    };
    for (index, one) in all.iter().enumerate() {
        let look = look(index);
        for point in &one.points {
            let x = frame.column(point.x) + sideways(index, all.len(), pitch);
            let half = (pitch / 2 - 3).max(1);
            let top = (x - half, frame.row(point.y.mean));
            canvas.bar(top, (x + half, foot), look.fill, look.color)?;
            if let Some((low, high)) = point.range {
                canvas.capped(x, (frame.row(low), frame.row(high)), 16, Pen::new(BLACK, 5))?;
            }
            if let Some((low, high)) = point.interval {
                canvas.capped(x, (frame.row(low), frame.row(high)), 22, Pen::new(BLACK, 9))?;
            }
        }
    }
    Ok(())
}

/// The ranges that papers print, below everything else.
pub(super) fn published_ranges(canvas: &mut Canvas<'_>, frame: &Frame, figure: &Figure) -> Result<(), DrawReason> {
    let sets: Vec<_> = figure
        .published
        .iter()
        .filter(|set| set.points.iter().any(|point| point.range.is_some()))
        .collect();
    for (index, set) in sets.iter().enumerate() {
        for point in &set.points {
            let Some((low, high)) = point.range else { continue };
            let x = frame.column(point.x) + sideways(index, sets.len(), 56);
            canvas.rectangle((x - 25, frame.row(high)), (x + 25, frame.row(low)), SHADE)?;
        }
    }
    Ok(())
}

/// The points that papers print, above everything else.
pub(super) fn published_points(canvas: &mut Canvas<'_>, frame: &Frame, figure: &Figure) -> Result<(), DrawReason> {
    for (index, set) in figure.published.iter().enumerate() {
        for point in &set.points {
            let at = frame.place(point.x, point.y);
            canvas.hollow_marker(at, published_shape(index), PUBLISHED_MARKER, PUBLISHED_PEN)?;
        }
    }
    Ok(())
}
