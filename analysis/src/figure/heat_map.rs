//! Heat maps: a value at each pair of x and y, as a colour.

use plotters::style::RGBColor;
use plotters::style::colors::colormaps::{ColorMap, ViridisRGB};
use plotters::style::text_anchor::HPos;

use super::axis::{Span, Tick, drawable};
use super::canvas::{Canvas, Font, Pen};
use super::frame::{FONT_SIZE, Frame, LINE_HEIGHT, TICK, TICK_GAP, axis_label, label_width, ticks_up, widest_label};
use super::page::{Names, Page};
use super::points::{is_of_runs, nothing};
use super::style::{BLACK, Fill, GREY};
use super::text::wrap;
use super::{Axis, DrawReason, Drawing, Figure, HeatMap, Scale};
use crate::cell::Cell;
use crate::statistics::{Group, summarise};
use crate::table::Table;

/// Between the frame and the bar of colours.
const BAR_GAP: i32 = 90;
/// The width of the bar of colours.
const BAR: i32 = 110;
/// How many steps of colour the bar shows.
const STEPS: i32 = 128;
/// How far a cell reaches below its neighbours on the right and below, so that no seam shows between them.
const OVERLAP: i32 = 4;

/// The places of one axis: in ascending order if all are numbers, else in order of appearance.
struct Places {
    cells: Vec<Cell>,
    /// Where each place begins and the last ends, in the numbers of the axis.
    edges: Vec<f64>,
    span: Span,
    names: Option<Vec<String>>,
}

impl Places {
    fn new(axis: &Axis, key: char, rows: &Table, column: &str) -> Result<Places, DrawReason> {
        let mut cells = rows.distinct(column)?;
        let numbers: Option<Vec<f64>> = cells.iter().map(Cell::number).collect();
        let Some(mut numbers) = numbers else {
            let edges: Vec<f64> = (0..=cells.len()).map(|edge| edge as f64 - 0.5).collect();
            return Ok(Places {
                span: Span::exactly(Scale::Linear, -0.5, cells.len() as f64 - 0.5),
                names: Some(cells.iter().map(Cell::to_string).collect()),
                edges,
                cells,
            });
        };
        for &value in &numbers {
            check(axis.scale, key, column, value)?;
        }
        cells.sort_by(|left, right| {
            let [left, right] = [left, right].map(|cell| cell.number().unwrap_or(0.0));
            left.total_cmp(&right)
        });
        numbers.sort_by(f64::total_cmp);
        let edges = edges(axis.scale, &numbers);
        let mut span = Span::exactly(axis.scale, edges[0], edges[numbers.len()]);
        span.whole = numbers.iter().all(|value| value.trunc() == *value);
        Ok(Places {
            cells,
            edges,
            span,
            names: None,
        })
    }

    fn index(&self, cell: &Cell) -> Option<usize> {
        self.cells.iter().position(|other| other == cell)
    }
}

/// The edges between neighbours: in their middle on the axis, and as far beyond the first and the last.
fn edges(scale: Scale, numbers: &[f64]) -> Vec<f64> {
    let middle = |low: f64, high: f64| match scale {
        Scale::Linear => f64::midpoint(low, high),
        _ => (low * high).sqrt(),
    };
    // The place that lies as far from `end` as `other` does, on the other side.
    let mirrored = |end: f64, other: f64| match scale {
        Scale::Linear => 2.0 * end - other,
        _ => end / other * end,
    };
    let inner: Vec<f64> = numbers.windows(2).map(|pair| middle(pair[0], pair[1])).collect();
    let (first, last) = match (numbers, &inner[..]) {
        ([first, .., last], [low, .., high]) => (mirrored(*first, *low), mirrored(*last, *high)),
        ([first, last], [only]) => (mirrored(*first, *only), mirrored(*last, *only)),
        (numbers, _) => {
            let value = numbers.first().copied().unwrap_or(1.0);
            match scale {
                Scale::Linear => (value - 0.5, value + 0.5),
                _ => (value / 2.0, value * 2.0),
            }
        }
    };
    std::iter::once(first).chain(inner).chain([last]).collect()
}

/// Draws a heat map.
pub(super) fn draw(figure: &Figure, columns: &HeatMap, table: &Table) -> Result<Drawing, DrawReason> {
    let rows = table.select(&figure.conditions)?;
    let groups = summarise(&rows, &[&columns.x, &columns.y], &columns.value)?;
    let means = groups.iter().filter_map(|group| group.summary);
    let values: Vec<f64> = means.clone().map(|summary| summary.mean).collect();
    if values.is_empty() {
        return Err(nothing(figure, &columns.value));
    }
    for &value in &values {
        check(figure.value.scale, 'v', &columns.value, value)?;
    }
    let x = Places::new(&figure.x, 'x', &rows, &columns.x)?;
    let y = Places::new(&figure.y, 'y', &rows, &columns.y)?;
    let colors = ColorBar {
        label: axis_label(&figure.value),
        span: value_span(&figure.value, &values),
    };
    let empty = x.cells.len() * y.cells.len() - values.len();
    let runs: Vec<u64> = means.map(|summary| summary.n).collect();
    let page = Page {
        figure,
        x: x.span,
        y: y.span,
        names: Names {
            x: x.names.clone(),
            y: y.names.clone(),
        },
        axes: true,
        proportion: None,
        colors: Some(colors),
        entries: Vec::new(),
        caption: caption(&runs, is_of_runs(table), empty),
    };
    let span = value_span(&figure.value, &values);
    let svg = page.draw(|canvas, frame| {
        let corners = (frame.left, frame.top);
        canvas.bar(corners, (frame.right(), frame.bottom()), Fill::Rising, GREY)?;
        let mut cells = groups.iter();
        cells.try_for_each(|group| draw_cell(canvas, frame, &x, &y, group, &span))?;
        Ok(None)
    })?;
    Ok(Drawing {
        svg,
        data: data(&groups)?,
    })
}

/// The axis of colours spans the values and what was asked for, without a margin.
fn value_span(axis: &Axis, values: &[f64]) -> Span {
    let asked = axis.range.into_iter().flatten();
    let ends = values.iter().copied().chain(asked);
    let (low, high) = ends.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    if low < high {
        Span::exactly(axis.scale, low, high)
    } else {
        Span::over(axis, [low].into_iter(), false)
    }
}

fn check(scale: Scale, axis: char, column: &str, value: f64) -> Result<(), DrawReason> {
    let series = column.to_owned();
    if !drawable(value) {
        return Err(DrawReason::TooLarge { axis, series, value });
    }
    if scale != Scale::Linear && value <= 0.0 {
        return Err(DrawReason::NotPositive { axis, series, value });
    }
    Ok(())
}

fn draw_cell(
    canvas: &mut Canvas<'_>,
    frame: &Frame,
    x: &Places,
    y: &Places,
    group: &Group,
    values: &Span,
) -> Result<(), DrawReason> {
    let [Some(column), Some(row)] = [x.index(&group.key[0]), y.index(&group.key[1])] else {
        return Ok(());
    };
    let Some(summary) = group.summary else { return Ok(()) };
    let [left, right] = [x.edges[column], x.edges[column + 1]].map(|edge| frame.column(edge));
    let [bottom, top] = [y.edges[row], y.edges[row + 1]].map(|edge| frame.row(edge));
    let corner = (
        (right + OVERLAP).min(frame.right()),
        (bottom + OVERLAP).min(frame.bottom()),
    );
    canvas.rectangle((left, top), corner, color(values.fraction(summary.mean)))
}

/// Viridis (Smith and van der Walt 2015): equal steps of value look like equal steps, also in grey and to the colour-blind.
fn color(fraction: f64) -> RGBColor {
    ViridisRGB.get_color(fraction.clamp(0.0, 1.0) as f32)
}

fn caption(runs: &[u64], of_runs: bool, empty: usize) -> String {
    let (fewest, most) = (runs.iter().min().copied(), runs.iter().max().copied());
    let of = match (fewest.unwrap_or(0), most.unwrap_or(0)) {
        (_, 1) if !of_runs => None,
        (_, 1) => Some("Measured: one run".to_owned()),
        (fewest, most) if fewest == most => Some(format!("Measured: mean of {most} runs")),
        (fewest, most) => Some(format!("Measured: mean of {fewest} to {most} runs")),
    };
    let hatched = (empty > 0).then(|| "hatched: no value".to_owned());
    let parts: Vec<String> = of.into_iter().chain(hatched).collect();
    match parts.is_empty() {
        true => String::new(),
        false => format!("{}.", parts.join("; ")),
    }
}

fn data(groups: &[Group]) -> Result<Table, DrawReason> {
    let mut table = Table::new(&["x", "y", "value", "low", "high", "n"]);
    for group in groups {
        let interval = group.summary.and_then(|summary| summary.interval());
        table.push_row([
            group.key[0].clone(),
            group.key[1].clone(),
            group.summary.map(|summary| summary.mean).into(),
            interval.map(|(low, _)| low).into(),
            interval.map(|(_, high)| high).into(),
            group.summary.map_or(0, |summary| summary.n).into(),
        ])?;
    }
    Ok(table)
}

/// A bar with the colours of values, and its axis.
pub(super) struct ColorBar {
    label: String,
    span: Span,
}

impl ColorBar {
    /// The room it takes right of a frame of this height.
    pub(super) fn width(&self, height: i32) -> i32 {
        let label = wrap(&self.label, FONT_SIZE, f64::from(height)).len() as i32;
        BAR_GAP + BAR + TICK + 2 * TICK_GAP + widest_label(&self.ticks(height)) + LINE_HEIGHT * label
    }

    fn ticks(&self, height: i32) -> Vec<Tick> {
        ticks_up(&self.span, height)
    }

    /// Draws it right of the frame.
    pub(super) fn draw(&self, canvas: &mut Canvas<'_>, frame: &Frame) -> Result<(), DrawReason> {
        let (left, right) = (frame.right() + BAR_GAP, frame.right() + BAR_GAP + BAR);
        let row = |fraction: f64| frame.bottom() - (fraction * f64::from(frame.height)).round() as i32;
        for step in 0..STEPS {
            let [low, high] = [step, step + 1].map(|edge| f64::from(edge) / f64::from(STEPS));
            let bottom = (row(low) + OVERLAP).min(frame.bottom());
            canvas.rectangle((left, row(high)), (right, bottom), color(f64::midpoint(low, high)))?;
        }
        let corners = [(left, frame.top), (right, frame.bottom())];
        let outline = [
            corners[0],
            (right, frame.top),
            corners[1],
            (left, frame.bottom()),
            corners[0],
        ];
        canvas.line(&outline, Pen::new(BLACK, 5))?;
        let ticks = self.ticks(frame.height);
        for tick in &ticks {
            let y = row(self.span.fraction(tick.value));
            let length = if tick.minor { TICK * 6 / 10 } else { TICK };
            canvas.line(&[(right, y), (right + length, y)], Pen::new(BLACK, 6))?;
            if let Some(label) = &tick.label {
                let end = right + TICK + TICK_GAP + label_width(label).ceil() as i32;
                super::frame::draw_label(canvas, label, (end, y), end)?;
            }
        }
        let first = right + TICK + 2 * TICK_GAP + widest_label(&ticks) + LINE_HEIGHT / 2;
        let font = Font {
            size: FONT_SIZE,
            color: BLACK,
            align: HPos::Center,
            turned: true,
        };
        let lines = wrap(&self.label, FONT_SIZE, f64::from(frame.height));
        for (text, line) in lines.iter().zip(0..) {
            let at = (first + LINE_HEIGHT * line, frame.top + frame.height / 2);
            canvas.text(text, at, font)?;
        }
        Ok(())
    }
}
