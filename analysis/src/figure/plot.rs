//! Lays a figure out and draws it.

use plotters::style::text_anchor::HPos;

use super::axis::{Span, Tick};
use super::canvas::{Canvas, Font, Pen, Place, UNITS_PER_INCH, document};
use super::caption::caption;
use super::frame::{FONT_SIZE, Frame, LINE_HEIGHT, TICK, TICK_GAP, axis_label, label_width, ticks_across, ticks_up};
use super::legend::{Legend, Sample};
use super::points::Series;
use super::style::{
    BLACK, GREY, LINE_WIDTH, MARKER, PUBLISHED_MARKER, PUBLISHED_PEN, SHADE, WHITE, look, published_shape,
};
use super::text::wrap;
use super::{Columns, DrawReason, Figure, Scale, Width};

/// The least distance between two markers of a series, across or up.
const MARKER_DISTANCE: i32 = 3 * MARKER;
/// Left free at each side of the page.
const PAGE_MARGIN: i32 = 40;
/// Between the parts above and below the frame.
const GAP: i32 = 50;
const TITLE_SIZE: f64 = 90.0;
const CAPTION_SIZE: f64 = 70.0;
const CAPTION_LINE: i32 = 90;
/// How far ranges and intervals of several series at one x are set apart.
const SIDEWAYS: i32 = 30;

/// Everything in its place, before it is drawn.
struct Layout {
    size: (i32, i32),
    frame: Frame,
    title: Vec<String>,
    legend: Legend,
    x_label: Vec<String>,
    y_label: Vec<String>,
    caption: Vec<String>,
}

/// The figure as an SVG document.
pub(super) fn svg(figure: &Figure, columns: &Columns, series: &[Series]) -> Result<String, DrawReason> {
    let layout = Layout::new(figure, columns, series);
    document(layout.size, |canvas| {
        canvas.rectangle((0, 0), layout.size, WHITE)?;
        layout.frame.draw_grid(canvas)?;
        draw_published_ranges(canvas, &layout.frame, figure)?;
        if figure.bars.is_some() {
            draw_bars(canvas, &layout.frame, figure, series)?;
        } else {
            draw_lines(canvas, &layout.frame, series)?;
        }
        draw_published_points(canvas, &layout.frame, figure)?;
        layout.frame.draw_axes(canvas)?;
        layout.draw_texts(canvas)
    })
}

impl Layout {
    fn new(figure: &Figure, columns: &Columns, series: &[Series]) -> Layout {
        let page = match figure.width {
            Width::Column => 7 * UNITS_PER_INCH / 2,
            Width::Page => 7 * UNITS_PER_INCH,
        };
        let height = 700 + page * 28 / 100;
        let room = f64::from(page - 2 * PAGE_MARGIN);
        let (x, y) = (x_span(figure, series), y_span(figure, series));
        let y_ticks = ticks_up(&y, height);
        let y_label = wrap(&axis_label(&figure.y), FONT_SIZE, f64::from(height));
        let widest = widest_label(&y_ticks);
        let left = PAGE_MARGIN + LINE_HEIGHT * y_label.len() as i32 + TICK_GAP + widest + TICK_GAP + TICK;
        let title = figure.title.as_deref().map_or(Vec::new(), |title| {
            wrap(title, TITLE_SIZE, f64::from(page - PAGE_MARGIN - left))
        });
        let legend = Legend::new(legend_entries(figure, columns, series), page - PAGE_MARGIN - left);
        let top = PAGE_MARGIN + title_height(&title) + legend.height + GAP;
        let mut frame = Frame {
            left,
            top,
            width: page - PAGE_MARGIN - left,
            height,
            x,
            y,
            x_ticks: Vec::new(),
            y_ticks,
        };
        frame.x_ticks = ticks_across(&x, frame.width);
        frame.width -= overhang(&frame, page);
        frame.x_ticks = ticks_across(&x, frame.width);
        // The label is centred below the frame, which itself lies right of the page's middle.
        let centred = 2 * (page - PAGE_MARGIN - frame.left - frame.width / 2);
        let x_label = wrap(&axis_label(&figure.x), FONT_SIZE, f64::from(centred));
        let caption = wrap(&caption(columns, series, &figure.published), CAPTION_SIZE, room);
        let below = TICK + TICK_GAP + LINE_HEIGHT * (1 + x_label.len() as i32) + GAP / 2;
        let total = frame.bottom() + below + CAPTION_LINE * caption.len() as i32 + PAGE_MARGIN;
        Layout {
            size: (page, total),
            frame,
            title,
            legend,
            x_label,
            y_label,
            caption,
        }
    }

    fn draw_texts(&self, canvas: &mut Canvas<'_>) -> Result<(), DrawReason> {
        let frame = &self.frame;
        let (middle, half_line) = (frame.left + frame.width / 2, LINE_HEIGHT / 2);
        let font = Font {
            size: FONT_SIZE,
            color: BLACK,
            align: HPos::Center,
            turned: false,
        };
        let left = Font {
            align: HPos::Left,
            ..font
        };
        let title = Font {
            size: TITLE_SIZE,
            ..left
        };
        lines(
            canvas,
            &self.title,
            (frame.left, PAGE_MARGIN + half_line),
            LINE_HEIGHT,
            title,
        )?;
        let legend_top = PAGE_MARGIN + title_height(&self.title);
        self.legend.draw(canvas, (frame.left, legend_top))?;
        let below = frame.bottom() + TICK + TICK_GAP + LINE_HEIGHT;
        lines(canvas, &self.x_label, (middle, below + half_line), LINE_HEIGHT, font)?;
        for (line, text) in self.y_label.iter().enumerate() {
            let at = (
                PAGE_MARGIN + half_line + LINE_HEIGHT * line as i32,
                frame.top + frame.height / 2,
            );
            canvas.text(text, at, Font { turned: true, ..font })?;
        }
        let below = below + LINE_HEIGHT * self.x_label.len() as i32 + GAP / 2;
        let caption = Font {
            size: CAPTION_SIZE,
            color: GREY,
            ..left
        };
        lines(
            canvas,
            &self.caption,
            (PAGE_MARGIN, below + CAPTION_LINE / 2),
            CAPTION_LINE,
            caption,
        )
    }
}

fn lines(
    canvas: &mut Canvas<'_>,
    texts: &[String],
    (x, y): Place,
    line_height: i32,
    font: Font,
) -> Result<(), DrawReason> {
    let places = (0..).map(|line| (x, y + line * line_height));
    texts
        .iter()
        .zip(places)
        .try_for_each(|(text, at)| canvas.text(text, at, font))
}

/// How high the title is, with the gap below it.
fn title_height(title: &[String]) -> i32 {
    if title.is_empty() {
        0
    } else {
        LINE_HEIGHT * title.len() as i32 + GAP / 2
    }
}

fn widest_label(ticks: &[Tick]) -> i32 {
    ticks
        .iter()
        .filter_map(|tick| tick.label.as_ref())
        .map(label_width)
        .fold(0.0, f64::max)
        .ceil() as i32
}

/// How far the labels of the horizontal axis would reach over the page's right margin.
fn overhang(frame: &Frame, page: i32) -> i32 {
    let ends = frame.x_ticks.iter().filter_map(|tick| {
        let half = label_width(tick.label.as_ref()?) / 2.0;
        Some(frame.column(tick.value) + half.ceil() as i32)
    });
    (ends.max().unwrap_or(0) - (page - PAGE_MARGIN)).max(0)
}

/// An entry a series and one a published set; none for a single series that nothing stands beside.
fn legend_entries(figure: &Figure, columns: &Columns, series: &[Series]) -> Vec<(Sample, String)> {
    if series.len() == 1 && figure.published.is_empty() && columns.label.is_none() {
        return Vec::new();
    }
    let sample = |number| {
        if figure.bars.is_some() {
            Sample::Bar(look(number))
        } else {
            Sample::Line(look(number))
        }
    };
    let measured = series
        .iter()
        .enumerate()
        .map(|(number, one)| (sample(number), one.label.clone()));
    let published = figure.published.iter().enumerate().map(|(number, set)| {
        let has_range = set.points.iter().any(|point| point.range.is_some());
        (Sample::Published(published_shape(number), has_range), set.label.clone())
    });
    measured.chain(published).collect()
}

fn x_span(figure: &Figure, series: &[Series]) -> Span {
    let measured = series.iter().flat_map(|one| one.points.iter().map(|point| point.x));
    let published = figure
        .published
        .iter()
        .flat_map(|set| set.points.iter().map(|point| point.x));
    let mut values: Vec<f64> = measured.chain(published).collect();
    let whole = values.iter().all(|value| value.trunc() == *value);
    if figure.bars.is_some() {
        values.sort_by(f64::total_cmp);
        values.dedup();
        let ends = [values.first(), values.last()]
            .into_iter()
            .flatten()
            .copied()
            .collect::<Vec<_>>();
        // Half a bar's room beyond the first and the last.
        if figure.x.scale == Scale::Linear {
            let gap = values
                .windows(2)
                .map(|pair| pair[1] - pair[0])
                .fold(f64::INFINITY, f64::min);
            let half = if gap.is_finite() { gap / 2.0 } else { 0.5 };
            values.extend(ends.iter().flat_map(|end| [end - half, end + half]));
        } else {
            let ratio = values
                .windows(2)
                .map(|pair| pair[1] / pair[0])
                .fold(f64::INFINITY, f64::min);
            let half = if ratio.is_finite() { ratio.sqrt() } else { 2.0 };
            values.extend(ends.iter().flat_map(|end| [end / half, end * half]));
        }
    }
    let mut span = Span::over(&figure.x, values.into_iter(), false);
    span.whole = whole;
    span
}

fn y_span(figure: &Figure, series: &[Series]) -> Span {
    let measured = series.iter().flat_map(|one| &one.points).flat_map(|point| {
        let ends = point.y.interval().into_iter().chain(point.range);
        ends.flat_map(|(low, high)| [low, high]).chain([point.y.mean])
    });
    let published = figure.published.iter().flat_map(|set| &set.points).flat_map(|point| {
        point
            .range
            .into_iter()
            .flat_map(|(low, high)| [low, high])
            .chain([point.y])
    });
    // A bar is compared by its length, and so stands on zero.
    let zero = figure.bars.iter().map(|_| 0.0);
    Span::over(&figure.y, measured.chain(published).chain(zero), true)
}

/// How far sideways the `index`-th of `count` ranges at one x stands.
fn sideways(index: usize, count: usize, pitch: i32) -> i32 {
    (2 * index as i32 + 1 - count as i32) * pitch / 2
}

fn draw_published_ranges(canvas: &mut Canvas<'_>, frame: &Frame, figure: &Figure) -> Result<(), DrawReason> {
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

fn draw_published_points(canvas: &mut Canvas<'_>, frame: &Frame, figure: &Figure) -> Result<(), DrawReason> {
    for (index, set) in figure.published.iter().enumerate() {
        for point in &set.points {
            let at = frame.place(point.x, point.y);
            canvas.hollow_marker(at, published_shape(index), PUBLISHED_MARKER, PUBLISHED_PEN)?;
        }
    }
    Ok(())
}

fn draw_lines(canvas: &mut Canvas<'_>, frame: &Frame, series: &[Series]) -> Result<(), DrawReason> {
    for (index, one) in series.iter().enumerate() {
        let look = look(index);
        for point in &one.points {
            let x = frame.column(point.x);
            if let Some((low, high)) = point.range {
                let x = x + sideways(index, series.len(), SIDEWAYS);
                canvas.capped(
                    x,
                    (frame.row(low), frame.row(high)),
                    16,
                    Pen {
                        color: look.color,
                        width: 5,
                    },
                )?;
            }
        }
    }
    for (index, one) in series.iter().enumerate() {
        let look = look(index);
        let pen = Pen {
            color: look.color,
            width: LINE_WIDTH,
        };
        let places: Vec<Place> = one
            .points
            .iter()
            .map(|point| frame.place(point.x, point.y.mean))
            .collect();
        canvas.dashed(&places, look.dashes, pen)?;
        let mut last_marked: Option<Place> = None;
        for (point, at) in one.points.iter().zip(places) {
            // The line goes through every point; of points that would cover each other only some are marked.
            let covered = |last: Place| (last.0 - at.0).abs().max((last.1 - at.1).abs()) < MARKER_DISTANCE;
            if last_marked.is_some_and(covered) {
                continue;
            }
            last_marked = Some(at);
            if let Some((low, high)) = point.y.interval() {
                canvas.capped(at.0, (frame.row(low), frame.row(high)), 28, pen)?;
            }
            canvas.marker(at, look.shape, MARKER, look.color)?;
        }
    }
    Ok(())
}

fn draw_bars(canvas: &mut Canvas<'_>, frame: &Frame, figure: &Figure, series: &[Series]) -> Result<(), DrawReason> {
    let mut columns: Vec<i32> = series
        .iter()
        .flat_map(|one| one.points.iter().map(|point| frame.column(point.x)))
        .collect();
    columns.sort_unstable();
    columns.dedup();
    let gap = columns
        .windows(2)
        .map(|pair| pair[1] - pair[0])
        .min()
        .unwrap_or(frame.width / 4);
    let pitch = (gap * 8 / 10 / series.len().max(1) as i32).max(2);
    let foot = if figure.y.scale == Scale::Linear {
        frame.row(0.0)
    } else {
        frame.bottom()
    };
    for (index, one) in series.iter().enumerate() {
        let look = look(index);
        for point in &one.points {
            let x = frame.column(point.x) + sideways(index, series.len(), pitch);
            let half = (pitch / 2 - 3).max(1);
            canvas.bar(
                (x - half, frame.row(point.y.mean)),
                (x + half, foot),
                look.fill,
                look.color,
            )?;
            if let Some((low, high)) = point.range {
                canvas.capped(x, (frame.row(low), frame.row(high)), 16, Pen { color: BLACK, width: 5 })?;
            }
            if let Some((low, high)) = point.y.interval() {
                canvas.capped(x, (frame.row(low), frame.row(high)), 22, Pen { color: BLACK, width: 9 })?;
            }
        }
    }
    Ok(())
}
