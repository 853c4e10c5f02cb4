//! A graph of routers, and hosts that are attached to them by links of their own.

mod access;
mod graph;
mod links;
mod placement;
mod search;

use std::sync::Arc;

use super::{Fate, Network, NetworkError, Transmission, addressable, unless_local};
use crate::addr::NodeAddr;
use crate::random::StreamKey;
use crate::time::{SimDuration, SimTime};

pub use access::AccessDelay;
pub use graph::RouterGraph;
pub use links::Relationship;
pub use placement::{Placement, Spread};
pub use search::Policy;

/// Hosts on a graph of routers: a message takes the access link of its sender, the shortest path by delay between the
/// two routers, and the access link of its receiver; between two hosts at one router, the two access links.
///
/// Links between routers can come and go ([`Routers::changing`]). A message takes the path that there is when it is sent,
/// as if routers learnt at once of every change, and is lost where there is none.
///
/// There is no table of hosts by hosts: a host takes 8 B, and routes are those of the [`RouterGraph`].
#[derive(Clone, Debug)]
pub struct Routers {
    graph: Arc<RouterGraph>,
    /// From when on another graph holds, in ascending order.
    changes: Box<[(SimTime, Arc<RouterGraph>)]>,
    hosts: Box<[Attached]>,
    min_delay: SimDuration,
}

/// Where a host is attached.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Attached {
    router: u32,
    /// One way, in nanoseconds.
    access: u32,
}

impl Attached {
    /// What the access links of two hosts take together.
    #[inline]
    fn access_with(self, other: Attached) -> SimDuration {
        SimDuration::from_nanos(u64::from(self.access) + u64::from(other.access))
    }
}

impl Routers {
    /// `hosts` hosts, each at a router that `placement` draws, with an access delay of its own, both from its own stream
    /// under `places`: more hosts move none of the others.
    ///
    /// # Errors
    /// [`NetworkError::NoHosts`] and [`NetworkError::TooManyHosts`], and those of [`Placement::check`].
    pub fn new(
        graph: Arc<RouterGraph>,
        hosts: usize,
        placement: &Placement,
        access: AccessDelay,
        places: StreamKey,
    ) -> Result<Self, NetworkError> {
        let mut router_of = placement.drawer(&graph, addressable(hosts)?, places)?;
        let host = |host: usize| {
            let mut rng = places.index(host as u64).rng();
            (router_of(host, &mut rng), access.sample(&mut rng))
        };
        let attached: Vec<_> = (0..hosts).map(host).collect();
        Routers::attach(graph, &attached)
    }

    /// Hosts at these routers, each with the delay of its access link one way.
    ///
    /// # Errors
    /// [`NetworkError::NoSuchRouter`], [`NetworkError::DelayTooLong`] beyond 4.2 s, [`NetworkError::NoHosts`] and
    /// [`NetworkError::TooManyHosts`].
    pub fn attach(graph: Arc<RouterGraph>, hosts: &[(usize, SimDuration)]) -> Result<Self, NetworkError> {
        addressable(hosts.len())?;
        let attached = |&(router, access): &(usize, SimDuration)| {
            if router >= graph.routers() {
                return Err(NetworkError::NoSuchRouter {
                    router,
                    routers: graph.routers(),
                });
            }
            Ok(Attached {
                router: router as u32,
                access: nanoseconds(access)?,
            })
        };
        let hosts = hosts.iter().map(attached).collect::<Result<Box<[_]>, _>>()?;
        Ok(Routers {
            min_delay: lookahead(&graph, graph.shortest_link(), &hosts),
            graph,
            changes: Box::default(),
            hosts,
        })
    }

    /// The same hosts on links that change: from each of these instants on, messages take the paths of the graph beside it,
    /// until the next. [Direct delays](Network::direct_delay) stay those of the first graph.
    ///
    /// # Errors
    /// [`NetworkError::OtherRouters`] unless all have as many routers as the first.
    pub fn changing(mut self, mut changes: Vec<(SimTime, Arc<RouterGraph>)>) -> Result<Self, NetworkError> {
        let (expected, mut shortest) = (self.graph.routers(), self.graph.shortest_link());
        for (_, graph) in &changes {
            if graph.routers() != expected {
                return Err(NetworkError::OtherRouters {
                    expected,
                    found: graph.routers(),
                });
            }
            shortest = shortest.min(graph.shortest_link());
        }
        changes.sort_by_key(|(from, _)| *from);
        self.changes = changes.into();
        self.min_delay = lookahead(&self.graph, shortest, &self.hosts);
        Ok(self)
    }

    /// The graph that holds at an instant.
    #[inline]
    fn graph_at(&self, now: SimTime) -> &RouterGraph {
        match self.changes.partition_point(|(from, _)| *from <= now).checked_sub(1) {
            Some(latest) => &self.changes[latest].1,
            None => &self.graph,
        }
    }

    /// How many bytes so many hosts take, without the graph that they are attached to.
    pub fn memory(hosts: usize) -> u64 {
        (hosts * size_of::<Attached>()) as u64
    }

    /// The routers and their paths, before any [change](Self::changing).
    pub fn graph(&self) -> &Arc<RouterGraph> {
        &self.graph
    }

    /// The router of a host.
    ///
    /// # Panics
    /// If there is no such host.
    pub fn router_of(&self, host: NodeAddr) -> usize {
        self.hosts[host.index()].router as usize
    }
}

/// No two hosts are closer: over all routers, the two shortest access links at one; or any two access links and a link
/// between routers.
fn lookahead(graph: &RouterGraph, shortest_link: SimDuration, hosts: &[Attached]) -> SimDuration {
    const NONE: u64 = u64::MAX;
    let lower_two = |[first, second]: [u64; 2], access: u64| {
        if access < first {
            [access, first]
        } else {
            [first, second.min(access)]
        }
    };
    let mut overall = [NONE; 2];
    let mut at_router = vec![[NONE; 2]; graph.routers()];
    for host in hosts {
        let access = u64::from(host.access);
        overall = lower_two(overall, access);
        let here = &mut at_router[host.router as usize];
        *here = lower_two(*here, access);
    }
    let sum = |[first, second]: [u64; 2]| SimDuration::from_nanos(first.saturating_add(second));
    let at_one = at_router.into_iter().map(sum).min().unwrap_or_default();
    let apart = sum(overall) + shortest_link;
    // A single host has no other to send to: any lookahead is true then.
    at_one.min(apart).max(SimDuration::NANOSECOND)
}

/// A delay as routers keep it, in 32 bits of nanoseconds.
fn nanoseconds(delay: SimDuration) -> Result<u32, NetworkError> {
    u32::try_from(delay.as_nanos()).map_err(|_| NetworkError::DelayTooLong {
        delay,
        longest: SimDuration::from_nanos(u64::from(u32::MAX)),
    })
}

/// Refuses what [`nanoseconds`] does not hold.
fn within_reach(delay: SimDuration) -> Result<(), NetworkError> {
    nanoseconds(delay).map(drop)
}

impl Network for Routers {
    #[inline]
    fn transmit(&self, transmission: &Transmission) -> Fate {
        let Transmission { now, from, to, .. } = *transmission;
        if from == to {
            return Fate::Arrives(SimDuration::ZERO);
        }
        let (one, other) = (self.hosts[from.index()], self.hosts[to.index()]);
        match self.graph_at(now).delay(one.router as usize, other.router as usize) {
            Some(path) => Fate::Arrives((path + one.access_with(other)).max(SimDuration::NANOSECOND)),
            None => Fate::Lost,
        }
    }

    /// On the links that there are before any change.
    #[inline]
    fn direct_delay(&self, from: NodeAddr, to: NodeAddr) -> SimDuration {
        unless_local(from, to, || {
            let (one, other) = (self.hosts[from.index()], self.hosts[to.index()]);
            let path = self.graph.direct_delay(one.router as usize, other.router as usize);
            path + one.access_with(other)
        })
    }

    fn min_delay(&self) -> SimDuration {
        self.min_delay
    }

    fn hosts(&self) -> Option<usize> {
        Some(self.hosts.len())
    }

    /// On the links that there are before any change, and none where they leave no path. Each time it is asked, the path is searched
    /// for anew.
    fn routers_between(&self, from: NodeAddr, to: NodeAddr) -> Option<u32> {
        if from == to {
            return Some(0);
        }
        let (one, other) = (self.hosts[from.index()].router, self.hosts[to.index()].router);
        // A path may be taken backwards, but of equally long ones another is found from the other end.
        let path = self.graph.path(one.max(other) as usize, one.min(other) as usize)?;
        Some(path.len() as u32)
    }
}

#[cfg(test)]
mod tests;
