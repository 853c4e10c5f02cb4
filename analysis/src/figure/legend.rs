//! The legend. It stands above the frame, in rows of its own, and so can never cover data.

use plotters::style::text_anchor::HPos;

use super::DrawReason;
use super::canvas::{Canvas, Font, Pen, Place};
use super::frame::{FONT_SIZE, LINE_HEIGHT};
use super::style::{BLACK, LINE_WIDTH, Look, MARKER, PUBLISHED_MARKER, PUBLISHED_PEN, SHADE, Shape};
use super::text::{width, wrap};

/// The width of what stands before a label.
const SAMPLE: i32 = 170;
/// Between the sample and its label.
const SAMPLE_GAP: i32 = 35;
/// Between two entries of a row.
const ENTRY_GAP: i32 = 110;

/// What an entry shows.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sample {
    /// A line with its marker.
    Line(Look),
    /// A bar.
    Bar(Look),
    /// A hollow marker, with a shaded range behind it if the set has ranges.
    Published(Shape, bool),
}

/// The entries in their places, relative to the legend's upper left corner.
#[derive(Debug)]
pub(super) struct Legend {
    entries: Vec<Entry>,
    /// How high all rows are together.
    pub(super) height: i32,
}

#[derive(Debug)]
struct Entry {
    sample: Sample,
    lines: Vec<String>,
    at: Place,
}

impl Legend {
    /// Lays entries out in rows of this width. A label that is wider by itself is broken into lines.
    pub(super) fn new(entries: Vec<(Sample, String)>, room: i32) -> Legend {
        let mut legend = Legend {
            entries: Vec::new(),
            height: 0,
        };
        let (mut right, mut row_height) = (0, 0);
        for (sample, label) in entries {
            let lines = wrap(&label, FONT_SIZE, f64::from(room - SAMPLE - SAMPLE_GAP));
            let widest = lines
                .iter()
                .map(|line| width(line, FONT_SIZE))
                .fold(0.0, f64::max)
                .ceil() as i32;
            let entry_width = SAMPLE + SAMPLE_GAP + widest;
            if right > 0 && right + entry_width > room {
                legend.height += row_height;
                (right, row_height) = (0, 0);
            }
            row_height = row_height.max(LINE_HEIGHT * lines.len().max(1) as i32);
            legend.entries.push(Entry {
                sample,
                lines,
                at: (right, legend.height),
            });
            right += entry_width + ENTRY_GAP;
        }
        legend.height += row_height;
        legend
    }

    /// Draws it with its upper left corner at a place.
    pub(super) fn draw(&self, canvas: &mut Canvas<'_>, (left, top): Place) -> Result<(), DrawReason> {
        for entry in &self.entries {
            let (x, y) = (left + entry.at.0, top + entry.at.1 + LINE_HEIGHT / 2);
            draw_sample(canvas, entry.sample, (x, y))?;
            for (line, text) in entry.lines.iter().enumerate() {
                let at = (x + SAMPLE + SAMPLE_GAP, y + LINE_HEIGHT * line as i32);
                canvas.text(
                    text,
                    at,
                    Font {
                        size: FONT_SIZE,
                        color: BLACK,
                        align: HPos::Left,
                        turned: false,
                    },
                )?;
            }
        }
        Ok(())
    }
}

/// Draws a sample to the right of a place.
fn draw_sample(canvas: &mut Canvas<'_>, sample: Sample, (x, y): Place) -> Result<(), DrawReason> {
    let middle = (x + SAMPLE / 2, y);
    match sample {
        Sample::Line(look) => {
            let pen = Pen {
                color: look.color,
                width: LINE_WIDTH,
            };
            canvas.dashed(&[(x, y), (x + SAMPLE, y)], look.dashes, pen)?;
            canvas.marker(middle, look.shape, MARKER, look.color)
        }
        Sample::Bar(look) => canvas.bar((x + 40, y - 32), (x + SAMPLE, y + 32), look.fill, look.color),
        Sample::Published(shape, has_range) => {
            if has_range {
                canvas.rectangle((middle.0 - 25, y - 45), (middle.0 + 25, y + 45), SHADE)?;
            }
            canvas.hollow_marker(middle, shape, PUBLISHED_MARKER, PUBLISHED_PEN)
        }
    }
}
