//! Several nodes of an overlay on each host: virtual nodes.

use std::num::NonZeroU32;
use std::ops::Range;
use std::sync::Arc;

use super::{AccessLinks, Fate, Network, Transmission};
use crate::addr::NodeAddr;
use crate::time::SimDuration;

/// Which nodes share a host: as many on each, those of host `h` numbered from `h` times that number on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Hosts {
    per_host: NonZeroU32,
}

impl Hosts {
    /// A host for each node.
    pub const ONE_EACH: Hosts = Hosts {
        per_host: NonZeroU32::MIN,
    };

    /// So many nodes on each host.
    pub const fn with_nodes(per_host: NonZeroU32) -> Self {
        Hosts { per_host }
    }

    /// How many nodes each host has.
    pub const fn per_host(self) -> u32 {
        self.per_host.get()
    }

    /// The host of a node, as an address of the network below.
    #[inline]
    pub fn of(self, node: NodeAddr) -> NodeAddr {
        NodeAddr(node.0 / self.per_host)
    }

    /// The nodes of a host, in ascending order.
    pub fn nodes(self, host: NodeAddr) -> impl Iterator<Item = NodeAddr> + use<> {
        let first = host.0 * self.per_host.get();
        let nodes: Range<u32> = first..first + self.per_host.get();
        nodes.map(NodeAddr)
    }

    /// How many hosts so many nodes have.
    pub fn count(self, nodes: u32) -> u32 {
        nodes.div_ceil(self.per_host.get())
    }
}

impl Default for Hosts {
    fn default() -> Self {
        Hosts::ONE_EACH
    }
}

/// A network as nodes see it of which several share a host: the network below knows hosts. Goes around all others.
///
/// A message between two nodes of one host crosses no network, as one to oneself: it is never lost and arrives a
/// nanosecond later. The lookahead holds for nodes of different hosts, and those of one host are never parted.
#[derive(Clone, Debug)]
pub struct SharedHosts<N> {
    inner: N,
    hosts: Hosts,
}

impl<N: Network> SharedHosts<N> {
    /// The nodes on the hosts of `inner`.
    pub fn new(inner: N, hosts: Hosts) -> Self {
        SharedHosts { inner, hosts }
    }
}

impl<N: Network> Network for SharedHosts<N> {
    #[inline]
    fn transmit(&self, transmission: &Transmission) -> Fate {
        self.inner.transmit(&Transmission {
            from: self.hosts.of(transmission.from),
            to: self.hosts.of(transmission.to),
            ..*transmission
        })
    }

    fn direct_delay(&self, from: NodeAddr, to: NodeAddr) -> SimDuration {
        self.inner.direct_delay(self.hosts.of(from), self.hosts.of(to))
    }

    fn min_delay(&self) -> SimDuration {
        self.inner.min_delay()
    }

    fn hosts(&self) -> Option<usize> {
        self.inner.hosts()
    }

    fn routers_between(&self, from: NodeAddr, to: NodeAddr) -> Option<u32> {
        self.inner.routers_between(self.hosts.of(from), self.hosts.of(to))
    }

    fn access_links(&self) -> Option<Arc<AccessLinks>> {
        self.inner.access_links()
    }

    fn shared(&self) -> Hosts {
        self.hosts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{Constant, Lossy, Plane, Propagation};
    use crate::random::StreamKey;
    use crate::time::SimTime;

    fn three() -> Hosts {
        Hosts::with_nodes(NonZeroU32::new(3).unwrap())
    }

    #[test]
    fn nodes_and_hosts_fit_each_other() {
        for host in (0..20).map(NodeAddr) {
            let nodes: Vec<NodeAddr> = three().nodes(host).collect();
            assert_eq!(nodes.len(), 3);
            assert!(nodes.iter().all(|node| three().of(*node) == host));
        }
        assert_eq!((three().count(60), three().count(61)), (20, 21));
        assert_eq!(Hosts::default().of(NodeAddr(7)), NodeAddr(7));
    }

    #[test]
    fn the_network_sees_hosts_and_no_message_within_one_is_lost() {
        let plane = || {
            Plane::new(
                4,
                1e3,
                1e3,
                Propagation::new(SimDuration::ZERO, 1e-3).unwrap(),
                StreamKey::root(1, 0),
            )
            .unwrap()
        };
        let network = SharedHosts::new(plane(), three());
        let deaf = SharedHosts::new(
            Lossy::new(Constant::new(SimDuration::from_secs(1)), 1.0).unwrap(),
            three(),
        );
        for (from, to) in (0..12).flat_map(|from| (0..12).map(move |to| (NodeAddr(from), NodeAddr(to)))) {
            let transmission = Transmission {
                now: SimTime::ZERO,
                from,
                to,
                bytes: 10,
                draw: StreamKey::root(2, 0),
            };
            let between = plane().direct_delay(NodeAddr(from.0 / 3), NodeAddr(to.0 / 3));
            assert_eq!(network.transmit(&transmission), Fate::Arrives(between));
            assert_eq!(network.direct_delay(from, to), between);
            let within = from.0 / 3 == to.0 / 3;
            assert_eq!(within, between == SimDuration::ZERO);
            assert_eq!(deaf.transmit(&transmission) == Fate::Lost, !within);
        }
    }
}
