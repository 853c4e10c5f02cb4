//! How series are told apart: by colour, by marker and by dashes at once, so that any one of them may be lost to the
//! reader's eyes or printer.

use plotters::style::RGBColor;

use super::canvas::Pen;

/// Text and axes.
pub(super) const BLACK: RGBColor = RGBColor(0, 0, 0);
/// The caption.
pub(super) const GREY: RGBColor = RGBColor(70, 70, 70);
/// The grid.
pub(super) const GRID: RGBColor = RGBColor(226, 226, 226);
/// Published ranges.
pub(super) const SHADE: RGBColor = RGBColor(205, 205, 205);
/// The page.
pub(super) const WHITE: RGBColor = RGBColor(255, 255, 255);

/// The radius of a measured series' markers.
pub(super) const MARKER: i32 = 19;
/// The radius of published markers: larger, so that a measured marker in the same place stays visible within.
pub(super) const PUBLISHED_MARKER: i32 = 31;
/// The outline of published markers.
pub(super) const PUBLISHED_PEN: Pen = Pen::new(BLACK, 7);
/// The width of a series' line.
pub(super) const LINE_WIDTH: u32 = 10;

/// Okabe and Ito (2008), without yellow, which is too faint on white, and without black, which published points have.
const PALETTE: [RGBColor; 6] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
];

/// Lengths of dashes and gaps in turn, in tenths of a point; nothing for a solid line.
const DASHES: [&[f64]; 5] = [
    &[],
    &[45.0, 22.0],
    &[12.0, 18.0],
    &[55.0, 18.0, 12.0, 18.0],
    &[90.0, 30.0],
];

/// The shape of a marker.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Shape {
    Circle,
    Square,
    Triangle,
    Diamond,
    InvertedTriangle,
    Plus,
}

const SHAPES: [Shape; 6] = [
    Shape::Circle,
    Shape::Square,
    Shape::Triangle,
    Shape::Diamond,
    Shape::InvertedTriangle,
    Shape::Plus,
];

/// How a bar is filled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fill {
    Solid,
    Rising,
    Falling,
    Level,
}

const FILLS: [Fill; 4] = [Fill::Solid, Fill::Rising, Fill::Falling, Fill::Level];

/// The look of one measured series.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    pub(super) color: RGBColor,
    pub(super) shape: Shape,
    pub(super) dashes: &'static [f64],
    pub(super) fill: Fill,
}

/// The look of the series with this number. There are as many markers as colours and one fewer dashes, so
/// that thirty series differ.
pub(super) fn look(series: usize) -> Look {
    Look {
        color: PALETTE[series % PALETTE.len()],
        shape: SHAPES[series % SHAPES.len()],
        dashes: DASHES[series % DASHES.len()],
        fill: FILLS[series % FILLS.len()],
    }
}

/// The hollow marker of the published set with this number; the first differs from the first series' marker.
pub(super) fn published_shape(set: usize) -> Shape {
    SHAPES[(set + 1) % SHAPES.len()]
}
