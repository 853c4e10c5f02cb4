//! The legend. It stands in a corner of the frame that data has left free, or else below the axes: it never covers data.

use plotters::style::text_anchor::HPos;

use super::DrawReason;
use super::canvas::{Canvas, Font, Pen, Place};
use super::frame::{FONT_SIZE, Frame, LINE_HEIGHT};
use super::ink::{Area, Ink};
use super::style::{BLACK, LINE_WIDTH, Look, MARKER, PUBLISHED_MARKER, PUBLISHED_PEN, SHADE, WHITE, published_shape};
use super::text::{width, wrap};

/// The width of what stands before a label.
const SAMPLE: i32 = 170;
/// Between the sample and its label.
const SAMPLE_GAP: i32 = 35;
/// Between two entries of a row.
const ENTRY_GAP: i32 = 110;
/// Between a legend within the frame and the frame.
const INSET: i32 = 30;
/// How far a legend within the frame stays clear of data.
const CLEARANCE: i32 = 26;

/// What an entry shows.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sample {
    /// A line, with its marker and in a band, if so.
    Line { look: Look, marker: bool, band: bool },
    /// A bar.
    Bar(Look),
    /// A filled marker by itself.
    Marker(Look),
    /// A link of a picture, with its dashes.
    Link(Pen, &'static [f64]),
    /// A hollow marker, with a shaded range behind it if the set has ranges.
    Published { set: usize, ranges: bool },
}

/// The entries in their places, relative to the legend's upper left corner.
#[derive(Debug)]
pub(super) struct Legend {
    entries: Vec<Entry>,
    width: i32,
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
    pub(super) fn in_rows(entries: &[(Sample, String)], room: i32) -> Legend {
        Legend::laid_out(entries, room, ENTRY_GAP)
    }

    /// Lays entries out one below the other.
    pub(super) fn in_column(entries: &[(Sample, String)], room: i32) -> Legend {
        // No second entry finds room beside the first.
        Legend::laid_out(entries, room, room)
    }

    fn laid_out(entries: &[(Sample, String)], room: i32, gap: i32) -> Legend {
        let mut legend = Legend {
            entries: Vec::new(),
            width: 0,
            height: 0,
        };
        let (mut right, mut row_height) = (0, 0);
        for (sample, label) in entries {
            let lines = wrap(label, FONT_SIZE, f64::from(room - SAMPLE - SAMPLE_GAP));
            let widest = lines.iter().map(|line| width(line, FONT_SIZE)).fold(0.0, f64::max);
            let entry_width = SAMPLE + SAMPLE_GAP + widest.ceil() as i32;
            if right > 0 && right + entry_width > room {
                legend.height += row_height;
                (right, row_height) = (0, 0);
            }
            row_height = row_height.max(LINE_HEIGHT * lines.len().max(1) as i32);
            legend.entries.push(Entry {
                sample: *sample,
                lines,
                at: (right, legend.height),
            });
            legend.width = legend.width.max(right + entry_width);
            right += entry_width + gap;
        }
        legend.height += row_height;
        legend
    }

    /// Where in the frame it can stand: in a corner, or else in the middle of a side, that is free of data.
    pub(super) fn free_place(&self, frame: &Frame, ink: &Ink) -> Option<Place> {
        let [left, right] = [frame.left + INSET, frame.right() - INSET - self.width];
        let [top, bottom] = [frame.top + INSET, frame.bottom() - INSET - self.height];
        let (center, middle) = (i32::midpoint(left, right), i32::midpoint(top, bottom));
        let places = [
            (right, top),
            (left, top),
            (right, bottom),
            (left, bottom),
            (center, top),
            (center, bottom),
            (right, middle),
            (left, middle),
        ];
        places
            .into_iter()
            .filter(|place| self.area(*place).within(frame.area()))
            .find(|place| ink.leaves(self.area(*place).grown(CLEARANCE)))
    }

    fn area(&self, (left, top): Place) -> Area {
        Area {
            left,
            top,
            right: left + self.width,
            bottom: top + self.height,
        }
    }

    /// Draws it with its upper left corner at a place, on a white ground that interrupts the grid.
    pub(super) fn draw_within(&self, canvas: &mut Canvas<'_>, place: Place) -> Result<(), DrawReason> {
        let ground = self.area(place).grown(INSET / 2);
        canvas.rectangle((ground.left, ground.top), (ground.right, ground.bottom), WHITE)?;
        self.draw(canvas, place)
    }

    /// Draws it with its upper left corner at a place.
    pub(super) fn draw(&self, canvas: &mut Canvas<'_>, (left, top): Place) -> Result<(), DrawReason> {
        let font = Font {
            size: FONT_SIZE,
            color: BLACK,
            align: HPos::Left,
            turned: false,
        };
        for entry in &self.entries {
            let (x, y) = (left + entry.at.0, top + entry.at.1 + LINE_HEIGHT / 2);
            draw_sample(canvas, entry.sample, (x, y))?;
            for (line, text) in entry.lines.iter().enumerate() {
                let at = (x + SAMPLE + SAMPLE_GAP, y + LINE_HEIGHT * line as i32);
                canvas.text(text, at, font)?;
            }
        }
        Ok(())
    }
}

/// Draws a sample to the right of a place.
fn draw_sample(canvas: &mut Canvas<'_>, sample: Sample, (x, y): Place) -> Result<(), DrawReason> {
    let middle = (x + SAMPLE / 2, y);
    let ends = [(x, y), (x + SAMPLE, y)];
    match sample {
        Sample::Line { look, marker, band } => {
            if band {
                canvas.band(
                    &ends.map(|(x, y)| (x, y + 32)),
                    &ends.map(|(x, y)| (x, y - 32)),
                    look.color,
                )?;
            }
            canvas.dashed(&ends, look.dashes, Pen::new(look.color, LINE_WIDTH))?;
            if marker {
                canvas.marker(middle, look.shape, MARKER, look.color)?;
            }
            Ok(())
        }
        Sample::Bar(look) => canvas.bar((x + 40, y - 32), (x + SAMPLE, y + 32), look.fill, look.color),
        Sample::Marker(look) => canvas.marker(middle, look.shape, MARKER, look.color),
        Sample::Link(pen, dashes) => canvas.dashed(&ends, dashes, pen),
        Sample::Published { set, ranges } => {
            if ranges {
                canvas.rectangle((middle.0 - 25, y - 45), (middle.0 + 25, y + 45), SHADE)?;
            }
            canvas.hollow_marker(middle, published_shape(set), PUBLISHED_MARKER, PUBLISHED_PEN)
        }
    }
}
