//! Nodes that stand.

use std::sync::Arc;

use super::{Area, Model, Movement, Tip};
use crate::addr::NodeAddr;
use crate::link_layer::{Leg, Place};
use crate::random::{StreamKey, unit};
use crate::time::SimTime;

/// Nodes that stand for ever.
#[derive(Clone, PartialEq, Debug)]
pub enum Standing {
    /// Anywhere in an area: with links between those in range, a random geometric graph.
    Uniform(Area),
    /// At the centres of the square cells of a grid, filled row after row from its south-western corner, at the origin.
    Grid {
        /// How many cells a row has.
        columns: u32,
        /// The side of a cell, in metres.
        spacing: f64,
        /// How far from the centre a node may stand in each direction, uniformly: between zero and one, as a share of what
        /// keeps it in its cell.
        jitter: f64,
    },
    /// Node by node where somebody says.
    Given(Arc<[Place]>),
}

impl Model for Standing {
    /// # Panics
    /// Where places are given, but none for this node.
    fn movement(&self, node: NodeAddr, streams: StreamKey) -> Box<dyn Movement> {
        let mut rng = streams.index(node.0.into()).rng();
        let place = match self {
            Standing::Uniform(area) => area.draw(&mut rng),
            Standing::Grid {
                columns,
                spacing,
                jitter,
            } => {
                let mut beside = || 0.5 + (unit(&mut rng) - 0.5) * jitter;
                Place {
                    x: (f64::from(node.0 % columns) + beside()) * spacing,
                    y: (f64::from(node.0 / columns) + beside()) * spacing,
                }
            }
            Standing::Given(places) => places[node.index()],
        };
        Box::new(Stands(Tip::at(place)))
    }
}

/// The path of a node that stands.
struct Stands(Tip);

impl Movement for Stands {
    fn next_leg(&mut self) -> Leg {
        self.0.go_until(self.0.place, SimTime::MAX)
    }
}
