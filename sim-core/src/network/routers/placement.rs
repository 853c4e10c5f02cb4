//! Which routers hosts are attached to.

use std::ops::Range;

use super::RouterGraph;
use crate::network::NetworkError;
use crate::random::{NodeRng, StreamKey, unit};

/// How hosts are spread over routers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Spread {
    /// Each host at any of the routers with the same probability.
    #[default]
    Uniform,
    /// Each host at a router with a probability in proportion to the links of the router.
    Degree,
    /// No two hosts at one router: they take the routers in an order drawn at random.
    OnePerRouter,
}

/// Where hosts are attached.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Placement {
    /// How they are spread.
    pub spread: Spread,
    /// The routers that they are spread over.
    pub among: Range<usize>,
}

/// Tells the router of a host by the number of the host and its own randomness.
pub(super) type Drawer = Box<dyn FnMut(usize, &mut NodeRng) -> usize>;

impl Placement {
    /// Over all routers of a graph.
    pub fn everywhere(spread: Spread, graph: &RouterGraph) -> Self {
        Placement {
            spread,
            among: 0..graph.routers(),
        }
    }

    /// Whether so many hosts have a place.
    ///
    /// # Errors
    /// [`NetworkError::NoSuchRouters`] and [`NetworkError::TooFewRouters`].
    pub fn check(&self, graph: &RouterGraph, hosts: usize) -> Result<(), NetworkError> {
        let (first, end) = (self.among.start, self.among.end);
        if first >= end || end > graph.routers() {
            return Err(NetworkError::NoSuchRouters {
                first,
                end,
                routers: graph.routers(),
            });
        }
        match self.spread {
            Spread::OnePerRouter if hosts > self.among.len() => Err(NetworkError::TooFewRouters {
                hosts,
                routers: self.among.len(),
            }),
            _ => Ok(()),
        }
    }

    /// What tells the router of each host. A host's own randomness decides or, with one host a router, an order of the
    /// routers that is drawn from `places`: more hosts move none of the others.
    pub(super) fn drawer(&self, graph: &RouterGraph, hosts: usize, places: StreamKey) -> Result<Drawer, NetworkError> {
        self.check(graph, hosts)?;
        let (first, last, count) = (self.among.start, self.among.end - 1, self.among.len() as f64);
        Ok(match self.spread {
            Spread::Uniform => Box::new(move |_, rng| first + (unit(rng) * count) as usize),
            Spread::Degree => {
                let ends_before = self.ends_before(graph);
                let ends = ends_before.last().copied().unwrap_or(0);
                Box::new(move |_, rng| {
                    let end = (unit(rng) * ends as f64) as u64;
                    let router = first + ends_before.partition_point(|before| *before <= end) - 1;
                    // A router that is alone has no link, and all hosts.
                    router.min(last)
                })
            }
            Spread::OnePerRouter => {
                let mut order: Vec<usize> = self.among.clone().collect();
                let mut rng = places.purpose("order of routers").rng();
                for last in (1..order.len()).rev() {
                    order.swap(last, (unit(&mut rng) * (last + 1) as f64) as usize);
                }
                Box::new(move |host, _| order[host])
            }
        })
    }

    /// How many ends of links lie at the routers before each, and at all of them.
    fn ends_before(&self, graph: &RouterGraph) -> Vec<u64> {
        let mut degrees = vec![0_u64; graph.routers()];
        for (one, other, _) in graph.links() {
            degrees[one] += 1;
            degrees[other] += 1;
        }
        let mut before = vec![0];
        for degree in &degrees[self.among.clone()] {
            before.push(before[before.len() - 1] + degree);
        }
        before
    }
}

#[cfg(test)]
mod tests;
