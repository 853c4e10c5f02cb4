//! Pictures of networks: nodes at their places, across and up in the same scale.

use super::axis::{Span, drawable};
use super::canvas::Place;
use super::graph::{Graph, GraphColumns};
use super::page::{Names, Page};
use super::{DrawReason, Drawing, Figure, Network, Scale};
use crate::math::cos;
use crate::table::Table;

/// What is left free beyond the outermost nodes, as a part of the larger extent.
const MARGIN: f64 = 0.06;
/// The least and the most that the picture is high, as a part of its width.
const PROPORTIONS: (f64, f64) = (0.45, 1.1);

/// Draws a network.
pub(super) fn draw(figure: &Figure, columns: &Network, nodes: &Table, links: &Table) -> Result<Drawing, DrawReason> {
    let graph = Graph::read(
        figure,
        &GraphColumns {
            nodes: &columns.nodes,
            node: &columns.node,
            places: vec![&columns.x, &columns.y],
            state: columns.state.as_deref(),
            label: columns.label.as_deref(),
            from: &columns.from,
            to: &columns.to,
            kind: columns.kind.as_deref(),
        },
        nodes,
        links,
    )?;
    for node in &graph.nodes {
        for (axis, &value) in ['x', 'y'].into_iter().zip(&node.place) {
            if !drawable(value) {
                let series = columns.nodes.clone();
                return Err(DrawReason::TooLarge { axis, series, value });
            }
        }
    }
    let (x, y, proportion) = spans(&graph, columns.geographic);
    let page = Page {
        figure,
        x,
        y,
        names: Names::default(),
        axes: !figure.x.label.trim().is_empty(),
        proportion: Some(proportion),
        colors: None,
        entries: graph.legend_entries(),
        caption: graph.caption(),
    };
    let svg = page.draw(|canvas, frame| {
        let places: Vec<Place> = graph
            .nodes
            .iter()
            .map(|node| frame.place(node.place[0], node.place[1]))
            .collect();
        graph.draw(canvas, frame, &places)
    })?;
    let data = graph.data()?;
    Ok(Drawing { svg, data })
}

/// The spans of both axes, in which a unit is as long across as up, and the height of the picture as a part of its width.
fn spans(graph: &Graph, geographic: bool) -> (Span, Span, f64) {
    let ends = |axis: usize| {
        let values = graph.nodes.iter().map(|node| node.place[axis]);
        values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
            (low.min(value), high.max(value))
        })
    };
    let (across, up) = (ends(0), ends(1));
    let middle = |(low, high): (f64, f64)| f64::midpoint(low, high);
    // How long a unit across is, in units up.
    let unit = match geographic {
        true => cos(middle(up).to_radians()).max(0.1),
        false => 1.0,
    };
    let [wide, high] = [(across.1 - across.0) * unit, up.1 - up.0];
    let largest = wide.max(high);
    let room = if largest > 0.0 { largest * MARGIN } else { 1.0 };
    let (least, most) = PROPORTIONS;
    let [wide, high] = [wide + 2.0 * room, high + 2.0 * room];
    let [wide, high] = [wide.max(high / most), high.max(wide * least)];
    let around = |middle: f64, extent: f64| Span::exactly(Scale::Linear, middle - extent / 2.0, middle + extent / 2.0);
    (
        around(middle(across), wide / unit),
        around(middle(up), high),
        high / wide,
    )
}
