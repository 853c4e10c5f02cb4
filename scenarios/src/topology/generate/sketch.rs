//! A graph in the making.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use petgraph::graph::UnGraph;
use petgraph::unionfind::UnionFind;
use sim_core::math;
use sim_core::network::RouterGraph;
use sim_core::random::{NodeRng, unit};
use sim_core::time::SimDuration;

use super::{GenerateError, Generated, LINK_LIMIT, LinkDelay};
use crate::topology::{Router, Topology, Treatment};

/// A place in the plane.
pub(super) type Place = (f64, f64);

/// Routers and links of a graph in the making.
pub(super) struct Sketch {
    routers: usize,
    /// The delay of each link, by its routers in ascending order.
    links: BTreeMap<[usize; 2], SimDuration>,
    pub(super) places: Option<Vec<Place>>,
    pub(super) stubs: Option<Range<usize>>,
    joined: usize,
    /// The key that has too many links to answer for.
    density: &'static str,
}

impl Sketch {
    /// Routers without links. `density` is the key that decides how many links there will be.
    pub(super) fn new(routers: usize, density: &'static str) -> Self {
        Sketch {
            routers,
            links: BTreeMap::new(),
            places: None,
            stubs: None,
            joined: 0,
            density,
        }
    }

    /// Adds a link, of which there is none yet and which does not lead from a router to itself. Says whether that is so.
    pub(super) fn link(&mut self, one: usize, other: usize, delay: SimDuration) -> Result<bool, GenerateError> {
        let pair = [one.min(other), one.max(other)];
        if one == other || self.links.contains_key(&pair) {
            return Ok(false);
        }
        if self.links.len() == LINK_LIMIT {
            return Err(GenerateError::TooManyLinks {
                key: self.density,
                routers: self.routers,
            });
        }
        self.links.insert(pair, delay);
        Ok(true)
    }

    /// How many links there are.
    pub(super) fn links(&self) -> usize {
        self.links.len()
    }

    /// Joins the parts that are not connected with the largest: one after the other, in the order of their first routers,
    /// each by the shortest link to what is connected with the largest by then.
    pub(super) fn join(&mut self, places: &[Place], delay: LinkDelay) -> Result<(), GenerateError> {
        let mut parts = UnionFind::new(self.routers);
        for [one, other] in self.links.keys() {
            parts.union(*one, *other);
        }
        let labels = parts.into_labeling();
        let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        // By their first routers: a label may be any of a part.
        let mut first_of = vec![usize::MAX; self.routers];
        for (router, label) in labels.iter().enumerate() {
            let first = &mut first_of[*label];
            *first = router.min(*first);
            members.entry(*first).or_default().push(router);
        }
        let largest = members.values().map(Vec::len).max().unwrap_or(0);
        let first = members.iter().find(|(_, part)| part.len() == largest);
        let Some(mut connected) = first.map(|(first, _)| *first).and_then(|first| members.remove(&first)) else {
            return Ok(());
        };
        for part in members.into_values() {
            let pairs = part
                .iter()
                .flat_map(|one| connected.iter().map(move |other| (*one, *other)));
            let shortest = pairs
                .map(|(one, other)| (distance(places[one], places[other]), one, other))
                .min_by(|one, other| one.0.total_cmp(&other.0));
            if let Some((length, one, other)) = shortest {
                self.link(one, other, delay.of(length))?;
                self.joined += 1;
            }
            connected.extend(part);
        }
        Ok(())
    }

    /// The graph.
    pub(super) fn finish(self) -> Result<Generated, GenerateError> {
        let mut graph = UnGraph::with_capacity(self.routers, self.links.len());
        let indices: Vec<_> = (0..self.routers).map(|_| graph.add_node(())).collect();
        for ([one, other], delay) in &self.links {
            graph.add_edge(indices[*one], indices[*other], *delay);
        }
        let graph = RouterGraph::new(&graph).map_err(|error| GenerateError::Delays { key: "delay", error })?;
        let router = |number: usize| Router {
            id: number.to_string(),
            label: number.to_string(),
            place: None,
        };
        let topology = Topology {
            routers: (0..self.routers).map(router).collect(),
            links: self.links.len(),
            graph: Arc::new(graph),
            treatment: Treatment::default(),
            sha256: String::new(),
        };
        Ok(Generated {
            topology: Arc::new(topology),
            places: self.places.map(Vec::into_boxed_slice),
            stubs: self.stubs,
            joined: self.joined,
        })
    }
}

/// How far two places are apart.
pub(super) fn distance((x1, y1): Place, (x2, y2): Place) -> f64 {
    math::hypot(x2 - x1, y2 - y1)
}

/// Random places in a square.
pub(super) fn scattered(routers: usize, side: f64, rng: &mut NodeRng) -> Vec<Place> {
    let mut coordinate = || unit(rng) * side;
    (0..routers).map(|_| (coordinate(), coordinate())).collect()
}

/// A random whole number in a range.
pub(super) fn within(range: &Range<usize>, rng: &mut NodeRng) -> usize {
    range.start + (unit(rng) * range.len() as f64) as usize
}
