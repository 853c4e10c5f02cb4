//! How many links lie across a network in which only neighbours can talk.

use sim_core::math;
use sim_core::network::RouterGraph;

use super::linked::{LinkedNetwork, Neighbourhood};
use super::{NetworkModel, NetworkSpec};
use crate::topology::hops_from;

/// How far the links of a shortest way between far nodes lead towards its end, in ranges.
const PROGRESS: f64 = 0.7;

/// How many neighbours radios have at least, on average, if there are ways from one end of their area to the other: those in a line.
const FEWEST_NEIGHBOURS: f64 = 2.0;

impl NetworkSpec {
    /// About how many links lie between the two of so many nodes that are farthest apart. In a graph of routers there are no fewer,
    /// and mostly no more. Between radios it is a guess from the diagonal of their area, which holds where they are spread over
    /// it. None where there is nothing to go by: contacts, wires between radios, or radios so sparse that they are in pieces.
    pub fn links_across(&self, nodes: u32) -> Option<u32> {
        let most = nodes.saturating_sub(1);
        match &self.model {
            NetworkModel::Topology(routed) => Some(links_across_graph(&routed.topology.graph)),
            NetworkModel::Linked(LinkedNetwork {
                neighbourhood:
                    Neighbourhood::Radio {
                        range,
                        area: Some(area),
                        ..
                    },
                wires,
                gateways: None,
                ..
            }) if wires.is_empty() => {
                let disk = std::f64::consts::PI * range * range;
                let neighbours = f64::from(nodes) * disk / (area.width * area.height);
                let links = math::hypot(area.width, area.height) / (PROGRESS * range);
                (neighbours >= FEWEST_NEIGHBOURS).then_some((links.ceil() as u32).min(most))
            }
            _ => None,
        }
    }
}

/// The links from the router that is farthest from the first one to the one that is farthest from there: the diameter of a line, a
/// ring, a tree or a grid, and no more than that of any other graph.
fn links_across_graph(graph: &RouterGraph) -> u32 {
    let neighbours: Vec<Vec<usize>> = (0..graph.routers())
        .map(|router| graph.neighbours(router).collect())
        .collect();
    let farthest = |from: usize| {
        let hops = hops_from(from, &neighbours).into_iter().enumerate();
        hops.filter(|(_, hops)| *hops < u32::MAX).max_by_key(|(_, hops)| *hops)
    };
    let end = farthest(0).map_or(0, |(router, _)| router);
    farthest(end).map_or(0, |(_, hops)| hops)
}
