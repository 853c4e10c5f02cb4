//! A graph of routers, and hosts that are attached to them by links of their own.

mod access;
mod graph;
mod placement;

use std::sync::Arc;

use super::{Fate, Network, NetworkError, Transmission, addressable, unless_local};
use crate::addr::NodeAddr;
use crate::random::StreamKey;
use crate::time::SimDuration;

pub use access::AccessDelay;
pub use graph::RouterGraph;
pub use placement::{Placement, Spread};

/// Hosts on a graph of routers: a message takes the access link of its sender, the shortest path by delay between the
/// two routers, and the access link of its receiver; between two hosts at one router, the two access links.
///
/// There is no table of hosts by hosts: a host takes 8 B, and routes are those of the [`RouterGraph`].
#[derive(Clone, Debug)]
pub struct Routers {
    graph: Arc<RouterGraph>,
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
            min_delay: lookahead(&graph, &hosts),
            graph,
            hosts,
        })
    }

    /// How many bytes so many hosts take, without the graph that they are attached to.
    pub fn memory(hosts: usize) -> u64 {
        (hosts * size_of::<Attached>()) as u64
    }

    /// The routers and their paths.
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
fn lookahead(graph: &RouterGraph, hosts: &[Attached]) -> SimDuration {
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
    let apart = sum(overall) + graph.shortest_link();
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
        Fate::Arrives(self.direct_delay(transmission.from, transmission.to))
    }

    #[inline]
    fn direct_delay(&self, from: NodeAddr, to: NodeAddr) -> SimDuration {
        unless_local(from, to, || {
            let (one, other) = (self.hosts[from.index()], self.hosts[to.index()]);
            let access = u64::from(one.access) + u64::from(other.access);
            self.graph.delay(one.router as usize, other.router as usize) + SimDuration::from_nanos(access)
        })
    }

    fn min_delay(&self) -> SimDuration {
        self.min_delay
    }

    fn hosts(&self) -> Option<usize> {
        Some(self.hosts.len())
    }
}

#[cfg(test)]
mod tests;
