//! Pictures of rings: nodes on a circle by their identifiers, clockwise from the top, links as chords.

use plotters::style::text_anchor::HPos;

use super::axis::Span;
use super::canvas::{Canvas, Font, Pen, Place, around};
use super::frame::{FONT_SIZE, Frame};
use super::graph::{Graph, GraphColumns};
use super::page::{Names, Page};
use super::style::{GREY, SHADE};
use super::{DrawReason, Drawing, Figure, Ring, Scale};
use crate::table::Table;

/// What stands at the quarters of the circle.
const QUARTERS: [&str; 4] = ["0", "\u{bc}", "\u{bd}", "\u{be}"];
/// Left free around the circle, for the quarters and the labels of nodes.
const MARGIN: i32 = 150;
/// More, where nodes bear labels.
const LABEL_MARGIN: i32 = 260;

/// Draws a ring.
pub(super) fn draw(figure: &Figure, columns: &Ring, nodes: &Table, links: &Table) -> Result<Drawing, DrawReason> {
    let graph = Graph::read(
        figure,
        &GraphColumns {
            nodes: &columns.nodes,
            node: &columns.node,
            places: vec![&columns.turn],
            state: columns.state.as_deref(),
            label: columns.label.as_deref(),
            from: &columns.from,
            to: &columns.to,
            kind: columns.kind.as_deref(),
        },
        nodes,
        links,
    )?;
    let span = Span::exactly(Scale::Linear, -1.0, 1.0);
    let page = Page {
        figure,
        x: span,
        y: span,
        names: Names::default(),
        axes: false,
        proportion: Some(1.0),
        colors: None,
        entries: graph.legend_entries(),
        caption: graph.caption(),
    };
    let margin = if columns.label.is_some() { LABEL_MARGIN } else { MARGIN };
    let svg = page.draw(|canvas, frame| {
        let (center, radius) = (frame.place(0.0, 0.0), frame.width / 2 - margin);
        draw_circle(canvas, frame, center, radius)?;
        let places: Vec<Place> = graph
            .nodes
            .iter()
            .map(|node| around(center, radius, node.place[0]))
            .collect();
        graph.draw(canvas, frame, &places)
    })?;
    let data = graph.data()?;
    Ok(Drawing { svg, data })
}

/// The circle, and at its quarters how far each is around it.
fn draw_circle(canvas: &mut Canvas<'_>, frame: &Frame, center: Place, radius: i32) -> Result<(), DrawReason> {
    canvas.circle(center, radius, Pen::new(SHADE, 6))?;
    let font = Font {
        size: FONT_SIZE,
        color: GREY,
        align: HPos::Center,
        turned: false,
    };
    // At the rim, so that the labels of nodes lie between.
    let beyond = frame.width / 2 - FONT_SIZE as i32;
    for (quarter, text) in QUARTERS.into_iter().enumerate() {
        let turn = quarter as f64 / 4.0;
        canvas.line(
            &[around(center, radius, turn), around(center, radius + 30, turn)],
            Pen::new(GREY, 6),
        )?;
        canvas.text(text, around(center, beyond, turn), font)?;
    }
    Ok(())
}
