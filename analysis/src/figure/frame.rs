//! The rectangle that the data lies in, and its axes.

use plotters::style::text_anchor::HPos;

use super::axis::{Room, Span, Tick, TickLabel};
use super::canvas::{Canvas, Font, Pen, Place};
use super::ink::Area;
use super::style::{BLACK, GRID};
use super::text::width;
use super::{Axis, DrawReason};

/// The size of labels at ticks and axes and in the legend: 8 points, whatever the width of the figure.
pub(super) const FONT_SIZE: f64 = 80.0;
/// The size of raised exponents.
const EXPONENT_SIZE: f64 = 58.0;
/// From one line of text to the next.
pub(super) const LINE_HEIGHT: i32 = 104;
/// The length of a tick.
pub(super) const TICK: i32 = 32;
/// Between a tick and its label.
pub(super) const TICK_GAP: i32 = 22;

const AXIS_PEN: Pen = Pen::new(BLACK, 7);
const TICK_PEN: Pen = Pen::new(BLACK, 6);
const GRID_PEN: Pen = Pen::new(GRID, 5);

/// Where the data lies on the canvas.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub(super) left: i32,
    pub(super) top: i32,
    pub(super) width: i32,
    pub(super) height: i32,
    pub(super) x: Span,
    pub(super) y: Span,
    pub(super) x_ticks: Vec<Tick>,
    pub(super) y_ticks: Vec<Tick>,
}

impl Frame {
    /// The column of the canvas at which a value of the horizontal axis lies.
    pub(super) fn column(&self, value: f64) -> i32 {
        self.left + (self.x.fraction(value) * f64::from(self.width)).round() as i32
    }

    /// The row of the canvas at which a value of the vertical axis lies.
    pub(super) fn row(&self, value: f64) -> i32 {
        self.bottom() - (self.y.fraction(value) * f64::from(self.height)).round() as i32
    }

    /// Where a point lies.
    pub(super) fn place(&self, x: f64, y: f64) -> Place {
        (self.column(x), self.row(y))
    }

    /// The row of the horizontal axis.
    pub(super) fn bottom(&self) -> i32 {
        self.top + self.height
    }

    /// The column of the right side.
    pub(super) fn right(&self) -> i32 {
        self.left + self.width
    }

    /// The whole of it.
    pub(super) fn area(&self) -> Area {
        Area {
            left: self.left,
            top: self.top,
            right: self.right(),
            bottom: self.bottom(),
        }
    }

    /// Draws the grid, at labelled ticks.
    pub(super) fn draw_grid(&self, canvas: &mut Canvas<'_>) -> Result<(), DrawReason> {
        for tick in self.x_ticks.iter().filter(|tick| tick.label.is_some()) {
            let x = self.column(tick.value);
            canvas.line(&[(x, self.top), (x, self.bottom())], GRID_PEN)?;
        }
        for tick in self.y_ticks.iter().filter(|tick| tick.label.is_some()) {
            let y = self.row(tick.value);
            canvas.line(&[(self.left, y), (self.right(), y)], GRID_PEN)?;
        }
        Ok(())
    }

    /// Draws both axes with ticks and their labels.
    pub(super) fn draw_axes(&self, canvas: &mut Canvas<'_>) -> Result<(), DrawReason> {
        for tick in &self.x_ticks {
            let (x, y) = (self.column(tick.value), self.bottom());
            canvas.line(&[(x, y), (x, y + tick_length(tick))], TICK_PEN)?;
            if let Some(label) = &tick.label {
                let y = y + TICK + TICK_GAP + FONT_SIZE as i32 / 2;
                draw_label(canvas, label, (x + (label_width(label) / 2.0).round() as i32, y), x)?;
            }
        }
        for tick in &self.y_ticks {
            let (x, y) = (self.left, self.row(tick.value));
            canvas.line(&[(x - tick_length(tick), y), (x, y)], TICK_PEN)?;
            if let Some(label) = &tick.label {
                let right = x - TICK - TICK_GAP;
                draw_label(canvas, label, (right, y), right)?;
            }
        }
        let corners = [
            (self.left, self.top),
            (self.left, self.bottom()),
            (self.right(), self.bottom()),
        ];
        canvas.line(&corners, AXIS_PEN)
    }
}

/// The ticks of a horizontal axis of this length.
pub(super) fn ticks_across(span: &Span, length: i32) -> Vec<Tick> {
    let extent = |label: &TickLabel| label_width(label) + FONT_SIZE * 0.6;
    span.ticks(&Room {
        length: f64::from(length),
        extent: &extent,
    })
}

/// The named ticks of a horizontal axis of this length.
pub(super) fn names_across(span: &Span, names: &[String], length: i32) -> Vec<Tick> {
    let extent = |label: &TickLabel| label_width(label) + FONT_SIZE * 0.6;
    let length = f64::from(length);
    span.named_ticks(
        names,
        &Room {
            length,
            extent: &extent,
        },
    )
}

/// The named ticks of a vertical axis of this length.
pub(super) fn names_up(span: &Span, names: &[String], length: i32) -> Vec<Tick> {
    let extent = |_: &TickLabel| FONT_SIZE * 1.3;
    let length = f64::from(length);
    span.named_ticks(
        names,
        &Room {
            length,
            extent: &extent,
        },
    )
}

/// The ticks of a vertical axis of this length.
pub(super) fn ticks_up(span: &Span, length: i32) -> Vec<Tick> {
    span.ticks(&Room {
        length: f64::from(length),
        extent: &|_| FONT_SIZE * 2.2,
    })
}

fn tick_length(tick: &Tick) -> i32 {
    if tick.minor { TICK * 6 / 10 } else { TICK }
}

/// How wide the widest label is.
pub(super) fn widest_label(ticks: &[Tick]) -> i32 {
    let labels = ticks.iter().filter_map(|tick| tick.label.as_ref());
    labels.map(label_width).fold(0.0, f64::max).ceil() as i32
}

/// How wide a label is.
pub(super) fn label_width(label: &TickLabel) -> f64 {
    match label {
        TickLabel::Plain(text) => width(text, FONT_SIZE),
        TickLabel::Power(base, exponent) => {
            width(&base.to_string(), FONT_SIZE) + width(&exponent_text(*exponent), EXPONENT_SIZE)
        }
    }
}

fn exponent_text(exponent: i32) -> String {
    exponent.to_string().replace('-', "\u{2212}")
}

/// Draws a label that ends at a place. One line of text is anchored at `anchor` instead: at its end if that is the same
/// column, else at its middle, so that a narrower font than estimated stays where it belongs.
pub(super) fn draw_label(
    canvas: &mut Canvas<'_>,
    label: &TickLabel,
    (right, y): Place,
    anchor: i32,
) -> Result<(), DrawReason> {
    let font = |size, align| Font {
        size,
        color: BLACK,
        align,
        turned: false,
    };
    match label {
        TickLabel::Plain(text) => {
            let align = if anchor == right { HPos::Right } else { HPos::Center };
            canvas.text(text, (anchor, y), font(FONT_SIZE, align))
        }
        TickLabel::Power(base, exponent) => {
            let exponent = exponent_text(*exponent);
            // Both parts meet here, whatever the font: the base ends where the exponent begins.
            let meeting = right - width(&exponent, EXPONENT_SIZE).round() as i32;
            canvas.text(&base.to_string(), (meeting, y), font(FONT_SIZE, HPos::Right))?;
            canvas.text(&exponent, (meeting + 4, y - 32), font(EXPONENT_SIZE, HPos::Left))
        }
    }
}

/// What stands at an axis: its label, with the unit in parentheses.
pub(super) fn axis_label(axis: &Axis) -> String {
    if axis.unit.is_empty() {
        axis.label.clone()
    } else {
        format!("{} ({})", axis.label, axis.unit)
    }
}
