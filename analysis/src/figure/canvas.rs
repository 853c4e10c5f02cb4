//! The page that a figure is drawn on: plotters' SVG backend at a tenth of a point, with dashes and markers.
//!
//! The backend has integer coordinates. Its unit is therefore made so small that rounding to it cannot be seen, and all
//! that stands in the document is whole numbers.

use plotters::backend::{DrawingBackend, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontTransform, IntoFont, RGBColor, ShapeStyle, TextStyle};

use super::DrawReason;
use super::ink::Ink;
use super::style::{Fill, Shape};
use super::text::FAMILIES;
use crate::math::{cos, sin};

/// Units of the canvas in an inch: tenths of a point.
pub(super) const UNITS_PER_INCH: i32 = 720;

/// How much of what lies below a band covers.
const BAND_OPACITY: f64 = 0.25;

/// How many translucent lines are drawn as one. Where they cross they do not darken each other.
const LINES_A_PATH: usize = 24;

/// A place on the canvas; y grows downward.
pub(super) type Place = (i32, i32);

/// A line's or an outline's colour and width.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pen {
    pub(super) color: RGBColor,
    pub(super) width: u32,
    /// From 0 to 1: how much of what lies below is covered.
    pub(super) opacity: f64,
}

impl Pen {
    /// A pen that covers what lies below.
    pub(super) const fn new(color: RGBColor, width: u32) -> Pen {
        Pen {
            color,
            width,
            opacity: 1.0,
        }
    }
}

/// How a text is set. It is centred on its place vertically (across its direction, if turned).
#[derive(Clone, Copy)]
pub(super) struct Font {
    pub(super) size: f64,
    pub(super) color: RGBColor,
    pub(super) align: HPos,
    /// Read from below, a quarter turn to the left.
    pub(super) turned: bool,
}

/// A page in the making.
pub(super) struct Canvas<'a> {
    backend: SVGBackend<'a>,
    /// Where data has been drawn; nothing is noted before [`Canvas::note_data`].
    ink: Option<Ink>,
}

/// Draws a document of this width in units, and of the height that the drawing turns out to have.
pub(super) fn document(
    width: i32,
    draw: impl FnOnce(&mut Canvas<'_>) -> Result<i32, DrawReason>,
) -> Result<String, DrawReason> {
    let mut buffer = String::new();
    let mut canvas = Canvas {
        backend: SVGBackend::with_string(&mut buffer, (width as u32, width as u32)),
        ink: None,
    };
    let height = draw(&mut canvas)?;
    canvas.backend.present().map_err(failed)?;
    drop(canvas);
    // The backend takes a unit for a pixel; the document's size on paper is stated instead.
    let body = compact(buffer.split_once('\n').map_or("", |(_, body)| body));
    let points = |units: i32| format!("{}.{}pt", units / 10, units % 10);
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\" viewBox=\"0 0 {width} {height}\" \
         stroke-linejoin=\"round\">\n<rect x=\"0\" y=\"0\" width=\"{width}\" height=\"{height}\" fill=\"#FFFFFF\"/>\n{body}",
        points(width),
        points(height)
    ))
}

/// The elements without what goes without saying, and translucent lines of one pen joined to paths of some dozen lines:
/// pictures of thousands of links would otherwise be several times as large, most of all as PDF, where `opacity` asks for a
/// layer of its own and each path for a description of its pen.
fn compact(body: &str) -> String {
    let mut document = String::new();
    let lines: Vec<&str> = body.lines().collect();
    for alike in
        lines.chunk_by(|left, right| matches!((pen(left), pen(right)), (Some(one), Some(other)) if one == other))
    {
        let Some(pen) = alike.first().and_then(|line| pen(line)) else {
            for line in alike {
                let line = line.replace(" opacity=\"1\"", "").replace(" \"/>", "\"/>");
                document.push_str(&line.replace(" opacity=", " fill-opacity="));
                document.push('\n');
            }
            continue;
        };
        let pen = pen.replace(" opacity=", " stroke-opacity=");
        for some in alike.chunks(LINES_A_PATH) {
            let path: String = some.iter().map(|line| path(line)).collect();
            document.push_str(&format!("<path {pen} d=\"{path}\"/>\n"));
        }
    }
    document
}

/// The attributes of a translucent line but its places.
fn pen(line: &str) -> Option<&str> {
    let (pen, _) = line.strip_prefix("<polyline ")?.split_once(" points=")?;
    (!pen.contains(" opacity=\"1\"")).then_some(pen)
}

/// The places of a line, written as a part of a path.
fn path(line: &str) -> String {
    let places = line.split_once(" points=\"").map_or("", |(_, places)| places);
    let places = places.split_once('"').map_or("", |(places, _)| places);
    let places: Vec<&str> = places.split_whitespace().collect();
    format!("M{}", places.join("L"))
}

fn failed(error: impl std::fmt::Display) -> DrawReason {
    DrawReason::Backend(error.to_string())
}

fn filled(color: RGBColor, opacity: f64) -> ShapeStyle {
    color.mix(opacity).filled()
}

fn stroked(pen: Pen) -> ShapeStyle {
    pen.color.mix(pen.opacity).stroke_width(pen.width)
}

impl Canvas<'_> {
    /// Begins to note where data is drawn.
    pub(super) fn note_data(&mut self) {
        self.ink = Some(Ink::default());
    }

    /// Ends noting, and tells where data was drawn.
    pub(super) fn take_ink(&mut self) -> Ink {
        self.ink.take().unwrap_or_default()
    }

    /// A line through these places.
    pub(super) fn line(&mut self, places: &[Place], pen: Pen) -> Result<(), DrawReason> {
        if let Some(ink) = &mut self.ink {
            ink.add_line(places);
        }
        self.backend
            .draw_path(places.iter().copied(), &stroked(pen))
            .map_err(failed)
    }

    /// A line through these places, in dashes; solid if there are none.
    pub(super) fn dashed(&mut self, places: &[Place], dashes: &[f64], pen: Pen) -> Result<(), DrawReason> {
        if dashes.is_empty() {
            return self.line(places, pen);
        }
        dash(places, dashes).iter().try_for_each(|piece| self.line(piece, pen))
    }

    /// A filled rectangle between two corners.
    pub(super) fn rectangle(&mut self, from: Place, to: Place, color: RGBColor) -> Result<(), DrawReason> {
        self.shade(from, to, color, 1.0)
    }

    /// The same, through which what lies below can be seen.
    pub(super) fn shade(&mut self, from: Place, to: Place, color: RGBColor, opacity: f64) -> Result<(), DrawReason> {
        if let Some(ink) = &mut self.ink {
            ink.add_area(&[from, to]);
        }
        self.backend
            .draw_rect(from, to, &filled(color, opacity), true)
            .map_err(failed)
    }

    /// A band between two lines that have as many corners, through which what lies below can be seen.
    pub(super) fn band(&mut self, lower: &[Place], upper: &[Place], color: RGBColor) -> Result<(), DrawReason> {
        if let Some(ink) = &mut self.ink {
            let strips = lower.windows(2).zip(upper.windows(2));
            strips.for_each(|(lower, upper)| ink.add_area(&[lower, upper].concat()));
        }
        let corners: Vec<Place> = lower.iter().chain(upper.iter().rev()).copied().collect();
        self.backend
            .fill_polygon(corners, &filled(color, BAND_OPACITY))
            .map_err(failed)
    }

    /// The outline of a circle.
    pub(super) fn circle(&mut self, at: Place, radius: i32, pen: Pen) -> Result<(), DrawReason> {
        if let Some(ink) = &mut self.ink {
            // A polygon of so many sides lies within a twentieth of a percent of the circle.
            let corner = |side: i32| around(at, radius, f64::from(side) / 100.0);
            ink.add_line(&(0..=100).map(corner).collect::<Vec<_>>());
        }
        self.backend
            .draw_circle(at, radius.unsigned_abs(), &stroked(pen), false)
            .map_err(failed)
    }

    /// A rectangle with an outline, filled with a tint of its colour, on which black stays legible, or hatched with it.
    pub(super) fn bar(&mut self, from: Place, to: Place, fill: Fill, color: RGBColor) -> Result<(), DrawReason> {
        let pen = Pen::new(color, 7);
        match fill {
            Fill::Solid => self.rectangle(from, to, tint(color))?,
            _ => self.rectangle(from, to, super::style::WHITE)?,
        }
        for (start, end) in hatching(from, to, fill) {
            self.line(&[start, end], pen)?;
        }
        self.line(&[from, (to.0, from.1), to, (from.0, to.1), from], pen)
    }

    /// A vertical line with a cap at each end.
    pub(super) fn capped(&mut self, x: i32, ends: (i32, i32), cap: i32, pen: Pen) -> Result<(), DrawReason> {
        self.line(&[(x, ends.0), (x, ends.1)], pen)?;
        for y in [ends.0, ends.1] {
            self.line(&[(x - cap, y), (x + cap, y)], pen)?;
        }
        Ok(())
    }

    /// A filled marker.
    pub(super) fn marker(&mut self, at: Place, shape: Shape, radius: i32, color: RGBColor) -> Result<(), DrawReason> {
        self.note_marker(at, radius);
        match corners(at, shape, radius) {
            None => self
                .backend
                .draw_circle(at, radius.unsigned_abs(), &filled(color, 1.0), true)
                .map_err(failed),
            Some(corners) => self.backend.fill_polygon(corners, &filled(color, 1.0)).map_err(failed),
        }
    }

    /// The outline of a marker, through which what lies below stays visible.
    pub(super) fn hollow_marker(&mut self, at: Place, shape: Shape, radius: i32, pen: Pen) -> Result<(), DrawReason> {
        self.note_marker(at, radius);
        match corners(at, shape, radius) {
            None => self
                .backend
                .draw_circle(at, radius.unsigned_abs(), &stroked(pen), false)
                .map_err(failed),
            Some(mut corners) => {
                // Closed past its first side, so that the last corner is joined like the others.
                corners.extend_from_within(..2);
                self.line(&corners, pen)
            }
        }
    }

    fn note_marker(&mut self, (x, y): Place, radius: i32) {
        // Corners of markers lie up to three tenths beyond their radius.
        let reach = radius * 13 / 10;
        if let Some(ink) = &mut self.ink {
            ink.add_area(&[(x - reach, y - reach), (x + reach, y + reach)]);
        }
    }

    /// A text on one line. Control characters, which no document may hold, are left out.
    pub(super) fn text(&mut self, text: &str, at: Place, font: Font) -> Result<(), DrawReason> {
        let text: String = text.chars().filter(|character| !character.is_control()).collect();
        // The backend divides the size by this factor, and centres on half the height of an x; digits and capitals are
        // taller.
        let lower = (font.size * 0.09).round() as i32;
        let at = if font.turned {
            (at.0 + lower, at.1)
        } else {
            (at.0, at.1 + lower)
        };
        let style = TextStyle::from((FAMILIES, font.size * 1.24).into_font())
            .color(&font.color)
            .pos(Pos::new(font.align, VPos::Center))
            .transform(if font.turned {
                FontTransform::Rotate270
            } else {
                FontTransform::None
            });
        self.backend.draw_text(&text, &style, at).map_err(failed)
    }
}

/// The place on a circle at a turn, from 0 to 1 clockwise from the top.
pub(super) fn around((x, y): Place, radius: i32, turn: f64) -> Place {
    let angle = turn * std::f64::consts::TAU;
    let radius = f64::from(radius);
    let [right, up] = [sin(angle), cos(angle)].map(|part| (radius * part).round() as i32);
    (x + right, y - up)
}

/// The colour mixed with as much white and half as much again.
fn tint(color: RGBColor) -> RGBColor {
    let mixed = |channel: u8| ((2 * u16::from(channel) + 3 * 255) / 5) as u8;
    RGBColor(mixed(color.0), mixed(color.1), mixed(color.2))
}

/// The corners of a marker; none for a circle.
fn corners((x, y): Place, shape: Shape, radius: i32) -> Option<Vec<Place>> {
    let scaled = |tenths: i32| radius * tenths / 10;
    // Offsets in tenths of the radius, of about equal area.
    let offsets: &[Place] = match shape {
        Shape::Circle => return None,
        Shape::Square => &[(-9, -9), (9, -9), (9, 9), (-9, 9)],
        Shape::Triangle => &[(0, -13), (12, 8), (-12, 8)],
        Shape::Diamond => &[(0, -13), (13, 0), (0, 13), (-13, 0)],
        Shape::InvertedTriangle => &[(0, 13), (12, -8), (-12, -8)],
        Shape::Plus => &[
            (-4, -12),
            (4, -12),
            (4, -4),
            (12, -4),
            (12, 4),
            (4, 4),
            (4, 12),
            (-4, 12),
            (-4, 4),
            (-12, 4),
            (-12, -4),
            (-4, -4),
        ],
    };
    Some(
        offsets
            .iter()
            .map(|(right, down)| (x + scaled(*right), y + scaled(*down)))
            .collect(),
    )
}

/// The lines that hatch a rectangle.
fn hatching(from: Place, to: Place, fill: Fill) -> Vec<(Place, Place)> {
    const PITCH: usize = 30;
    let (left, right) = (from.0.min(to.0), from.0.max(to.0));
    let (top, bottom) = (from.1.min(to.1), from.1.max(to.1));
    let (width, height) = (right - left, bottom - top);
    let offsets = (PITCH as i32 / 2..width + height).step_by(PITCH);
    match fill {
        Fill::Solid => Vec::new(),
        Fill::Level => (top + PITCH as i32..bottom)
            .step_by(PITCH)
            .map(|y| ((left, y), (right, y)))
            .collect(),
        // The diagonal on which right and down add up to the offset, cut at the sides.
        Fill::Rising | Fill::Falling => offsets
            .map(|offset| {
                let ends = [offset.min(width), (offset - height).max(0)].map(|right| (right, offset - right));
                let place = |(right, down)| match fill {
                    Fill::Rising => (left + right, top + down),
                    _ => (left + width - right, top + down),
                };
                (place(ends[0]), place(ends[1]))
            })
            .collect(),
    }
}

/// Cuts a line into dashes; a dash that turns a corner of the line keeps it.
fn dash(places: &[Place], dashes: &[f64]) -> Vec<Vec<Place>> {
    let mut pieces = Vec::new();
    let mut lengths = dashes.iter().copied().cycle();
    let (mut drawing, mut left) = (true, lengths.next().unwrap_or(f64::INFINITY));
    let mut piece: Vec<Place> = places.first().copied().into_iter().collect();
    for pair in places.windows(2) {
        let [from, to] = [pair[0], pair[1]].map(|(x, y)| (f64::from(x), f64::from(y)));
        let (right, down) = (to.0 - from.0, to.1 - from.1);
        let length = (right * right + down * down).sqrt();
        let mut done = 0.0;
        while length - done > left {
            done += left;
            let share = done / length;
            let place = (
                (from.0 + share * right).round() as i32,
                (from.1 + share * down).round() as i32,
            );
            if drawing {
                piece.push(place);
                pieces.push(std::mem::take(&mut piece));
            }
            piece = vec![place];
            drawing = !drawing;
            left = lengths.next().unwrap_or(f64::INFINITY);
        }
        left -= length - done;
        if drawing {
            piece.push(pair[1]);
        }
    }
    if drawing && piece.len() > 1 {
        pieces.push(piece);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dashes_and_gaps_alternate_and_turn_corners() {
        let pieces = dash(&[(0, 0), (50, 0), (50, 100)], &[30.0, 10.0]);
        assert_eq!(
            pieces,
            [
                vec![(0, 0), (30, 0)],
                vec![(40, 0), (50, 0), (50, 20)],
                vec![(50, 30), (50, 60)],
                vec![(50, 70), (50, 100)]
            ]
        );
        assert!(dash(&[(5, 5)], &[30.0, 10.0]).is_empty());
        assert!(dash(&[], &[30.0, 10.0]).is_empty());
    }

    #[test]
    fn hatching_stays_within_its_bar() {
        for fill in [Fill::Rising, Fill::Falling, Fill::Level] {
            let lines = hatching((100, 900), (160, 400), fill);
            assert!(lines.len() > 5);
            for (x, y) in lines.into_iter().flat_map(|(from, to)| [from, to]) {
                assert!(
                    (100..=160).contains(&x) && (400..=900).contains(&y),
                    "{fill:?}: {x},{y}"
                );
            }
        }
    }
}
