//! Routers, and the delays of the paths between them.

use std::sync::{Arc, OnceLock};

use petgraph::graph::UnGraph;

use super::links::{Links, Relationship};
use super::search::{Policy, Search, UNREACHED};
use super::within_reach;
use crate::network::NetworkError;
use crate::time::SimDuration;

/// What stands for a pair without a path among delays in 32 bits of nanoseconds.
const NO_PATH: u32 = u32::MAX;

/// A graph of routers with the delay of each link, and the delays of the paths that messages take between routers.
///
/// Paths are found by Dijkstra's algorithm from one router at a time, when the first message asks, and are kept: 4 B a
/// pair of routers. A link has the same delay both ways, and a path may be taken backwards whatever the [`Policy`], so
/// each pair is kept once, with the router of the higher number. All runs of a study share one graph with its paths
/// (`Arc`), also while they run at the same time.
#[derive(Debug)]
pub struct RouterGraph {
    links: Arc<Links>,
    policy: Policy,
    /// The same links without a policy, once that is asked for.
    physical: OnceLock<Box<RouterGraph>>,
    /// For each router, the delays to all routers of lower numbers, in nanoseconds.
    pub(super) routes: Box<[OnceLock<Box<[u32]>>]>,
    shortest_link: SimDuration,
}

impl RouterGraph {
    /// The routers and links of `graph`, in which a weight is the delay of a link one way; zero counts as a nanosecond.
    /// Messages take the shortest path. Of parallel links only the shortest matters, and a link from a router to itself
    /// none.
    ///
    /// # Errors
    /// [`NetworkError::NoRouters`], [`NetworkError::Unconnected`], and [`NetworkError::DelayTooLong`] for a link, or if a
    /// path could be longer than [`SimDuration`]s that fit into 32 bits of nanoseconds: more than 2.1 s from the first
    /// router to another.
    pub fn new<N>(graph: &UnGraph<N, SimDuration>) -> Result<Self, NetworkError> {
        let links = Links::new(graph, |delay| (*delay, None))?;
        RouterGraph::connected(links, Policy::Shortest)
    }

    /// As [`RouterGraph::new`], but messages take the shortest path of those that are [valley-free](Policy::ValleyFree). A
    /// weight is the delay of a link and what its target is to its source. The links must connect all routers; whether
    /// policy leaves a path is another matter.
    ///
    /// # Errors
    /// As [`RouterGraph::new`].
    pub fn valley_free<N>(graph: &UnGraph<N, (SimDuration, Relationship)>) -> Result<Self, NetworkError> {
        let links = Links::new(graph, |(delay, relationship)| (*delay, Some(*relationship)))?;
        RouterGraph::connected(links, Policy::ValleyFree)
    }

    /// A graph of which all routers are connected, and near enough.
    fn connected(links: Links, policy: Policy) -> Result<Self, NetworkError> {
        if links.routers() == 0 {
            return Err(NetworkError::NoRouters);
        }
        let from_first = Search::from(&links, Policy::Shortest, 0);
        let reached = from_first.delays().filter(|delay| *delay != UNREACHED);
        // Any shortest path is at most as long as the two from its ends to the first router.
        let (reached, farthest) = reached.fold((0, 0), |(count, farthest), delay| (count + 1, delay.max(farthest)));
        if reached < links.routers() {
            return Err(NetworkError::Unconnected {
                routers: links.routers(),
                reached,
            });
        }
        within_reach(SimDuration::from_nanos(2 * farthest))?;
        Ok(RouterGraph::unchecked(Arc::new(links), policy))
    }

    fn unchecked(links: Arc<Links>, policy: Policy) -> Self {
        let shortest_link = links.iter().map(|(_, _, delay)| delay).min();
        RouterGraph {
            routes: (0..links.routers()).map(|_| OnceLock::new()).collect(),
            links,
            policy,
            physical: OnceLock::new(),
            shortest_link: shortest_link.unwrap_or(SimDuration::NANOSECOND),
        }
    }

    /// The graph without these links, which are numbered from zero as [`links`](Self::links) has them. There may be
    /// routers without a path between them; a path that takes 4.29 s or longer counts as none.
    ///
    /// # Panics
    /// If there is no such link.
    pub fn without(&self, links: &[usize]) -> Self {
        RouterGraph::unchecked(Arc::new(self.links.without(links)), self.policy)
    }

    /// How many routers there are; they are numbered from zero.
    pub fn routers(&self) -> usize {
        self.routes.len()
    }

    /// The links: their two routers, and the delay.
    pub fn links(&self) -> impl ExactSizeIterator<Item = (usize, usize, SimDuration)> {
        self.links.iter()
    }

    /// Which paths messages take.
    pub fn policy(&self) -> Policy {
        self.policy
    }

    /// The routers that a router has links with, in the order of these; one with parallel links more than once.
    ///
    /// # Panics
    /// If there is no such router.
    pub fn neighbours(&self, router: usize) -> impl Iterator<Item = usize> {
        self.links.of(router).iter().map(|hop| hop.to as usize)
    }

    /// The delay of the path between two routers; zero from a router to itself. None where there is no path: where policy
    /// leaves none or it would take 4.29 s or longer, which cannot be in a graph from [`RouterGraph::new`], and where links
    /// are [gone](Self::without).
    ///
    /// # Panics
    /// If there is no such router.
    #[inline]
    pub fn delay(&self, one: usize, other: usize) -> Option<SimDuration> {
        if one == other {
            return Some(SimDuration::ZERO);
        }
        let (high, low) = (one.max(other), one.min(other));
        let routes = self.routes[high].get_or_init(|| self.routes_from(high));
        match routes[low] {
            NO_PATH => None,
            delay => Some(SimDuration::from_nanos(u64::from(delay))),
        }
    }

    /// The delay between two routers that measurements call direct: that of the path that messages take, else that of the
    /// shortest path, which policy forbids. Where the links that are left connect them no more, or only by a path that
    /// takes longer, 4.29 s.
    ///
    /// # Panics
    /// If there is no such router.
    #[inline]
    pub fn direct_delay(&self, one: usize, other: usize) -> SimDuration {
        match (self.delay(one, other), self.policy) {
            (Some(delay), _) => delay,
            (None, Policy::Shortest) => SimDuration::from_nanos(u64::from(NO_PATH)),
            (None, Policy::ValleyFree) => {
                let physical = || Box::new(RouterGraph::unchecked(self.links.clone(), Policy::Shortest));
                self.physical.get_or_init(physical).direct_delay(one, other)
            }
        }
    }

    /// The delays from a router to all of lower numbers.
    fn routes_from(&self, router: usize) -> Box<[u32]> {
        let found = Search::from(&self.links, self.policy, router);
        let delays = found.delays().take(router);
        delays.map(|delay| u32::try_from(delay).unwrap_or(NO_PATH)).collect()
    }

    /// The delays of the paths from a router to all, in the order of their numbers; none to those without a path. Keeps no
    /// path.
    ///
    /// # Panics
    /// If there is no such router.
    pub fn delays_from(&self, router: usize) -> Vec<Option<SimDuration>> {
        let found = Search::from(&self.links, self.policy, router);
        let within = |delay: u64| (delay < u64::from(NO_PATH)).then(|| SimDuration::from_nanos(delay));
        found.delays().map(within).collect()
    }

    /// The routers on the path that messages take, both ends included: one more than it has links. Of shortest paths with
    /// equal delays the one whose routers, beginning at `to`, have the lowest numbers; of those that policy allows, always
    /// the same one. None where there is no path.
    ///
    /// # Panics
    /// If there is no such router.
    pub fn path(&self, from: usize, to: usize) -> Option<Vec<usize>> {
        Search::from(&self.links, self.policy, from).path(to)
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
