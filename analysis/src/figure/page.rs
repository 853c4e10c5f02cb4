//! A figure's page: where title, frame, axes, legend and caption lie, whatever the frame holds.

use plotters::style::text_anchor::HPos;

use super::axis::{Span, Tick};
use super::canvas::{Canvas, Font, Place, UNITS_PER_INCH, document};
use super::frame::{
    FONT_SIZE, Frame, LINE_HEIGHT, TICK, TICK_GAP, axis_label, names_across, names_up, ticks_across, ticks_up,
    widest_label,
};
use super::heat_map::ColorBar;
use super::ink::Ink;
use super::legend::{Legend, Sample};
use super::style::{BLACK, GREY};
use super::text::wrap;
use super::{DrawReason, Figure, Width};

/// Left free at each side of the page.
const PAGE_MARGIN: i32 = 40;
/// Between the parts above and below the frame.
const GAP: i32 = 50;
const TITLE_SIZE: f64 = 90.0;
const CAPTION_SIZE: f64 = 70.0;
const CAPTION_LINE: i32 = 90;
/// The largest part of the frame's width that a legend within it takes, in percent.
const LEGEND_SHARE: i32 = 62;
/// The widest frame of fixed proportions, so that a picture on the whole width of a page leaves room for the text.
const WIDEST_PICTURE: i32 = 5 * UNITS_PER_INCH;

/// What a page holds besides its data.
pub(super) struct Page<'a> {
    pub(super) figure: &'a Figure,
    pub(super) x: Span,
    pub(super) y: Span,
    /// What stands at 0, 1, 2 and so on instead of numbers.
    pub(super) names: Names,
    /// Whether there are axes with ticks; else only the data.
    pub(super) axes: bool,
    /// The height of the frame as a part of its width; none for a frame as high as plots usually are.
    pub(super) proportion: Option<f64>,
    /// An axis of colours right of the frame.
    pub(super) colors: Option<ColorBar>,
    pub(super) entries: Vec<(Sample, String)>,
    pub(super) caption: String,
}

/// Names of the places of axes that do not bear numbers.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    pub(super) x: Option<Vec<String>>,
    pub(super) y: Option<Vec<String>>,
}

/// Texts in lines, and the frame.
struct Layout {
    width: i32,
    frame: Frame,
    title: Vec<String>,
    x_label: Vec<String>,
    y_label: Vec<String>,
}

impl Page<'_> {
    /// The document, with the data drawn by `data`, which may tell what the caption has to add.
    pub(super) fn draw(
        &self,
        data: impl FnOnce(&mut Canvas<'_>, &Frame) -> Result<Option<String>, DrawReason>,
    ) -> Result<String, DrawReason> {
        let layout = self.layout();
        let frame = &layout.frame;
        document(layout.width, |canvas| {
            if self.axes {
                frame.draw_grid(canvas)?;
            }
            canvas.note_data();
            let addition = data(canvas, frame)?;
            let ink = canvas.take_ink();
            if self.axes {
                frame.draw_axes(canvas)?;
            }
            if let Some(colors) = &self.colors {
                colors.draw(canvas, frame)?;
            }
            layout.draw_labels(canvas)?;
            let bottom = self.draw_legend(canvas, &layout, &ink)?;
            let caption = match addition {
                Some(addition) => format!("{} {addition}", self.caption),
                None => self.caption.clone(),
            };
            draw_caption(canvas, &caption, layout.width, bottom + GAP / 2)
        })
    }

    /// Draws the legend where it covers no data; returns where everything at and below the axes ends.
    fn draw_legend(&self, canvas: &mut Canvas<'_>, layout: &Layout, ink: &Ink) -> Result<i32, DrawReason> {
        let frame = &layout.frame;
        let bottom = layout.labels_bottom(self.axes);
        if self.entries.is_empty() {
            return Ok(bottom);
        }
        let within = Legend::in_column(&self.entries, frame.width * LEGEND_SHARE / 100);
        if let Some(place) = within.free_place(frame, ink) {
            within.draw_within(canvas, place)?;
            return Ok(bottom);
        }
        let below = Legend::in_rows(&self.entries, layout.width - PAGE_MARGIN - frame.left);
        below.draw(canvas, (frame.left, bottom + GAP / 2))?;
        Ok(bottom + GAP / 2 + below.height)
    }

    fn layout(&self) -> Layout {
        let width = match self.figure.width {
            Width::Column => 7 * UNITS_PER_INCH / 2,
            Width::Page => 7 * UNITS_PER_INCH,
        };
        let usual = 700 + width * 28 / 100;
        let guess = self.height(usual, width * 8 / 10);
        let y_label = wrap(&axis_label(&self.figure.y), FONT_SIZE, f64::from(guess));
        let left = match self.axes {
            true => {
                PAGE_MARGIN
                    + LINE_HEIGHT * y_label.len() as i32
                    + TICK_GAP
                    + widest_label(&self.y_ticks(guess))
                    + TICK_GAP
                    + TICK
            }
            false => PAGE_MARGIN,
        };
        let title = self.figure.title.as_deref().map_or(Vec::new(), |title| {
            wrap(title, TITLE_SIZE, f64::from(width - PAGE_MARGIN - left))
        });
        let beside = self.colors.as_ref().map_or(0, |colors| colors.width(guess));
        let mut frame = Frame {
            left,
            top: PAGE_MARGIN + title_height(&title) + GAP / 2,
            width: width - PAGE_MARGIN - left - beside,
            height: usual,
            x: self.x,
            y: self.y,
            x_ticks: Vec::new(),
            y_ticks: Vec::new(),
        };
        frame.x_ticks = self.x_ticks(frame.width);
        frame.width -= overhang(&frame, width - beside);
        frame.height = self.height(usual, frame.width);
        if self.proportion.is_some() && frame.width > WIDEST_PICTURE {
            frame.left += (frame.width - WIDEST_PICTURE) / 2;
            frame.width = WIDEST_PICTURE;
            frame.height = self.height(usual, frame.width);
        }
        frame.x_ticks = self.x_ticks(frame.width);
        frame.y_ticks = self.y_ticks(frame.height);
        // The label is centred below the frame, which itself lies right of the page's middle.
        let middle = frame.left + frame.width / 2;
        let centred = 2 * (middle.min(width - middle) - PAGE_MARGIN);
        Layout {
            width,
            title,
            x_label: wrap(&axis_label(&self.figure.x), FONT_SIZE, f64::from(centred)),
            y_label,
            frame,
        }
    }

    fn height(&self, usual: i32, width: i32) -> i32 {
        self.proportion
            .map_or(usual, |proportion| (proportion * f64::from(width)).round() as i32)
    }

    fn x_ticks(&self, length: i32) -> Vec<Tick> {
        match &self.names.x {
            Some(names) => names_across(&self.x, names, length),
            None => ticks_across(&self.x, length),
        }
    }

    fn y_ticks(&self, length: i32) -> Vec<Tick> {
        match &self.names.y {
            Some(names) => names_up(&self.y, names, length),
            None => ticks_up(&self.y, length),
        }
    }
}

impl Layout {
    /// Draws the title and the labels of the axes.
    fn draw_labels(&self, canvas: &mut Canvas<'_>) -> Result<(), DrawReason> {
        let frame = &self.frame;
        let (middle, half_line) = (frame.left + frame.width / 2, LINE_HEIGHT / 2);
        let font = Font {
            size: FONT_SIZE,
            color: BLACK,
            align: HPos::Center,
            turned: false,
        };
        let title = Font {
            size: TITLE_SIZE,
            align: HPos::Left,
            ..font
        };
        lines(
            canvas,
            &self.title,
            (frame.left, PAGE_MARGIN + half_line),
            LINE_HEIGHT,
            title,
        )?;
        let below = self.ticks_bottom() + half_line;
        lines(canvas, &self.x_label, (middle, below), LINE_HEIGHT, font)?;
        let first = PAGE_MARGIN + half_line;
        for (line, text) in self.y_label.iter().enumerate() {
            let at = (first + LINE_HEIGHT * line as i32, frame.top + frame.height / 2);
            canvas.text(text, at, Font { turned: true, ..font })?;
        }
        Ok(())
    }

    /// Where the labels of ticks end.
    fn ticks_bottom(&self) -> i32 {
        self.frame.bottom() + TICK + TICK_GAP + LINE_HEIGHT
    }

    /// Where everything at the axes ends.
    fn labels_bottom(&self, axes: bool) -> i32 {
        match axes {
            true => self.ticks_bottom() + LINE_HEIGHT * self.x_label.len() as i32,
            false => self.frame.bottom(),
        }
    }
}

/// Draws the caption below a row; returns where the page ends.
fn draw_caption(canvas: &mut Canvas<'_>, caption: &str, width: i32, top: i32) -> Result<i32, DrawReason> {
    let caption = wrap(caption, CAPTION_SIZE, f64::from(width - 2 * PAGE_MARGIN));
    let font = Font {
        size: CAPTION_SIZE,
        color: GREY,
        align: HPos::Left,
        turned: false,
    };
    let first = (PAGE_MARGIN, top + CAPTION_LINE / 2);
    lines(canvas, &caption, first, CAPTION_LINE, font)?;
    Ok(top + CAPTION_LINE * caption.len() as i32 + PAGE_MARGIN)
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

/// How far the labels of the horizontal axis would reach over the right margin of what is as wide as this.
fn overhang(frame: &Frame, width: i32) -> i32 {
    let ends = frame.x_ticks.iter().filter_map(|tick| {
        let half = super::frame::label_width(tick.label.as_ref()?) / 2.0;
        Some(frame.column(tick.value) + half.ceil() as i32)
    });
    (ends.max().unwrap_or(0) - (width - PAGE_MARGIN)).max(0)
}
