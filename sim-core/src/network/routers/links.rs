//! The links of a graph of routers, and what those who run them are to each other.

use petgraph::graph::UnGraph;

use super::nanoseconds;
use crate::network::NetworkError;
use crate::time::SimDuration;

/// What the network at one end of a link is to that at the other: who pays whom decides what traffic a link carries (Gao
/// 2001).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Relationship {
    /// It is paid for taking the other's traffic anywhere.
    Provider,
    /// It pays the other for this.
    Customer,
    /// They exchange the traffic of their own customers.
    Peer,
    /// They belong together, and take each other's traffic anywhere.
    Sibling,
}

impl Relationship {
    /// The same link seen from its other end.
    pub fn reversed(self) -> Self {
        match self {
            Relationship::Provider => Relationship::Customer,
            Relationship::Customer => Relationship::Provider,
            mutual => mutual,
        }
    }
}

/// A link of which the relationship does not matter counts as one between siblings: any path may take it.
const ANY: Relationship = Relationship::Sibling;

/// A link as one of its routers sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hop {
    /// The router at the other end.
    pub(super) to: u32,
    /// In nanoseconds.
    pub(super) delay: u32,
    /// What the router at the other end is to this one.
    pub(super) relationship: Relationship,
}

/// A link between two routers.
#[derive(Clone, Copy, Debug)]
struct Link {
    ends: [u32; 2],
    delay: u32,
    /// What the second end is to the first.
    relationship: Relationship,
}

/// The links of a graph, and for each router those that it has.
#[derive(Clone, Debug)]
pub(super) struct Links {
    links: Box<[Link]>,
    /// The hops of all routers, one router after the other.
    hops: Box<[Hop]>,
    /// Where in `hops` those of a router begin, and one more at the end.
    starts: Box<[u32]>,
}

impl Links {
    /// The links of a graph, in which `weight` tells the delay of a link, and what its target is to its source where that
    /// matters.
    pub(super) fn new<N, E>(
        graph: &UnGraph<N, E>,
        weight: impl Fn(&E) -> (SimDuration, Option<Relationship>),
    ) -> Result<Self, NetworkError> {
        let link = |link: &petgraph::graph::Edge<E>| {
            let (delay, relationship) = weight(&link.weight);
            Ok(Link {
                ends: [link.source(), link.target()].map(|end| end.index() as u32),
                delay: nanoseconds(delay.max(SimDuration::NANOSECOND))?,
                relationship: relationship.unwrap_or(ANY),
            })
        };
        let links: Result<_, NetworkError> = graph.raw_edges().iter().map(link).collect();
        Ok(Links::between(graph.node_count(), links?))
    }

    /// These links between so many routers.
    fn between(routers: usize, links: Box<[Link]>) -> Self {
        let mut starts = vec![0_u32; routers + 1];
        for end in links.iter().flat_map(|link| link.ends) {
            starts[end as usize + 1] += 1;
        }
        for router in 0..routers {
            starts[router + 1] += starts[router];
        }
        let unset = Hop {
            to: 0,
            delay: 0,
            relationship: ANY,
        };
        let mut hops = vec![unset; 2 * links.len()];
        let mut next = starts.clone();
        let mut add = |from: u32, to: u32, delay: u32, relationship: Relationship| {
            let at = &mut next[from as usize];
            hops[*at as usize] = Hop {
                to,
                delay,
                relationship,
            };
            *at += 1;
        };
        for link in &links {
            let [one, other] = link.ends;
            add(one, other, link.delay, link.relationship);
            add(other, one, link.delay, link.relationship.reversed());
        }
        Links {
            links,
            hops: hops.into(),
            starts: starts.into(),
        }
    }

    /// The same routers without these links, which are told by their positions.
    pub(super) fn without(&self, gone: &[usize]) -> Self {
        let mut stays = vec![true; self.links.len()];
        gone.iter().for_each(|link| stays[*link] = false);
        let left = self.links.iter().zip(&stays).filter(|(_, stays)| **stays);
        Links::between(self.routers(), left.map(|(link, _)| *link).collect())
    }

    /// How many routers there are.
    pub(super) fn routers(&self) -> usize {
        self.starts.len() - 1
    }

    /// The links of a router.
    #[inline]
    pub(super) fn of(&self, router: usize) -> &[Hop] {
        &self.hops[self.starts[router] as usize..self.starts[router + 1] as usize]
    }

    /// All links: their two routers, and the delay.
    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = (usize, usize, SimDuration)> {
        self.links.iter().map(|link| {
            let [one, other] = link.ends.map(|end| end as usize);
            (one, other, SimDuration::from_nanos(u64::from(link.delay)))
        })
    }
}
