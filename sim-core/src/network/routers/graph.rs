//! Routers, the links between them, and the shortest paths by delay.

use std::sync::OnceLock;

use petgraph::algo::dijkstra;
use petgraph::graph::{NodeIndex, UnGraph};
use petgraph::visit::EdgeRef;

use super::{nanoseconds, within_reach};
use crate::network::NetworkError;
use crate::time::SimDuration;

/// A connected graph of routers with the delay of each link, and the delays of the shortest paths between routers.
///
/// Paths are found by Dijkstra's algorithm from one router at a time, when the first message asks, and are kept: 4 B a
/// pair of routers. A link has the same delay both ways, so each pair is kept once, with the router of the higher number.
/// All runs of a study share one graph with its paths (`Arc`), also while they run at the same time.
#[derive(Debug)]
pub struct RouterGraph {
    /// The delay of a link in nanoseconds.
    links: UnGraph<(), u32>,
    /// For each router, the delays to all routers of lower numbers, in nanoseconds.
    pub(super) routes: Box<[OnceLock<Box<[u32]>>]>,
    shortest_link: SimDuration,
}

impl RouterGraph {
    /// The routers and links of `graph`, in which a weight is the delay of a link one way; zero counts as a nanosecond.
    /// Of parallel links only the shortest matters, and a link from a router to itself none.
    ///
    /// # Errors
    /// [`NetworkError::NoRouters`], [`NetworkError::Unconnected`], and [`NetworkError::DelayTooLong`] for a link, or if a
    /// path could be longer than [`SimDuration`]s that fit into 32 bits of nanoseconds: more than 2.1 s from the first
    /// router to another.
    pub fn new<N>(graph: &UnGraph<N, SimDuration>) -> Result<Self, NetworkError> {
        let mut links = UnGraph::with_capacity(graph.node_count(), graph.edge_count());
        for _ in graph.node_indices() {
            links.add_node(());
        }
        for link in graph.edge_references() {
            let delay = nanoseconds((*link.weight()).max(SimDuration::NANOSECOND))?;
            links.add_edge(link.source(), link.target(), delay);
        }
        let shortest = links.edge_weights().min();
        let shortest_link = SimDuration::from_nanos(shortest.map_or(1, |delay| u64::from(*delay)));
        let first = links.node_indices().next().ok_or(NetworkError::NoRouters)?;
        let from_first = dijkstra(&links, first, None, |link| u64::from(*link.weight()));
        if from_first.len() < links.node_count() {
            return Err(NetworkError::Unconnected {
                routers: links.node_count(),
                reached: from_first.len(),
            });
        }
        // Any path is at most as long as the two from its ends to the first router.
        let farthest = from_first.values().max().copied().unwrap_or(0);
        within_reach(SimDuration::from_nanos(2 * farthest))?;
        Ok(RouterGraph {
            routes: links.node_indices().map(|_| OnceLock::new()).collect(),
            links,
            shortest_link,
        })
    }

    /// How many routers there are; they are numbered from zero.
    pub fn routers(&self) -> usize {
        self.routes.len()
    }

    /// The delay of the shortest path between two routers; zero from a router to itself.
    ///
    /// # Panics
    /// If there is no such router.
    #[inline]
    pub fn delay(&self, one: usize, other: usize) -> SimDuration {
        if one == other {
            return SimDuration::ZERO;
        }
        let (high, low) = (one.max(other), one.min(other));
        let routes = self.routes[high].get_or_init(|| self.routes_from(high));
        SimDuration::from_nanos(u64::from(routes[low]))
    }

    /// The delays from a router to all of lower numbers.
    fn routes_from(&self, router: usize) -> Box<[u32]> {
        let found = dijkstra(&self.links, NodeIndex::new(router), None, |link| {
            u64::from(*link.weight())
        });
        let mut routes = vec![0; router].into_boxed_slice();
        for (to, delay) in found {
            if to.index() < router {
                routes[to.index()] = delay as u32;
            }
        }
        routes
    }

    /// The routers on the shortest path, both ends included: one more than it has links. Of paths with equal delays the
    /// one whose routers, beginning at `to`, have the lowest numbers.
    ///
    /// # Panics
    /// If there is no such router.
    pub fn path(&self, from: usize, to: usize) -> Vec<usize> {
        let mut path = vec![to];
        let mut at = to;
        while at != from {
            let left = self.delay(from, at);
            let is_next = |link: &petgraph::graph::EdgeReference<'_, u32>| {
                let delay = SimDuration::from_nanos(u64::from(*link.weight()));
                self.delay(from, link.target().index()) + delay == left
            };
            let next = self.links.edges(NodeIndex::new(at)).filter(is_next);
            // There is one: the delay was found along it, and each link takes at least a nanosecond off what is left.
            let Some(next) = next.map(|link| link.target().index()).min() else {
                break;
            };
            path.push(next);
            at = next;
        }
        path.reverse();
        path
    }

    /// The links: their two routers, and the delay.
    pub fn links(&self) -> impl ExactSizeIterator<Item = (usize, usize, SimDuration)> {
        self.links.edge_references().map(|link| {
            let delay = SimDuration::from_nanos(u64::from(*link.weight()));
            (link.source().index(), link.target().index(), delay)
        })
    }

    /// The delay of the shortest link; a nanosecond where there is none.
    pub fn shortest_link(&self) -> SimDuration {
        self.shortest_link
    }

    /// The most bytes that the kept paths of a network with so many hosts can take.
    pub fn memory(&self, hosts: usize) -> u64 {
        let routers = self.routers() as u64;
        let asked = routers.min(hosts as u64);
        // Those of the highest numbers have the longest lists.
        asked * (2 * routers - asked).saturating_sub(1) / 2 * size_of::<u32>() as u64
    }
}
