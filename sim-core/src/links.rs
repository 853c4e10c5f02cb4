//! What passes over the access links of the hosts of a partition, and what waits there.

use std::sync::Arc;

use crate::addr::NodeAddr;
use crate::network::{AccessLinks, Bandwidth, Hosts, Network};
use crate::time::{SimDuration, SimTime};
use crate::traffic::{LinkTraffic, QueueTraffic};

/// The access links of some hosts during a run. A direction of a link is known by when it has sent all that it has taken:
/// whoever comes waits until then.
pub(crate) struct Links {
    links: Arc<AccessLinks>,
    hosts: Hosts,
    /// The first of these hosts.
    base: u32,
    up_busy_until: Box<[SimTime]>,
    down_busy_until: Box<[SimTime]>,
    traffic: LinkTraffic,
}

impl Links {
    /// What is kept of a host.
    pub(crate) const BYTES_A_HOST: usize = 2 * size_of::<SimTime>();

    /// The idle links of the hosts of these nodes; none if the network has no links with a bandwidth.
    pub(crate) fn of(network: &dyn Network, nodes: &std::ops::Range<u32>) -> Option<Self> {
        let links = network.access_links()?;
        let hosts = network.shared();
        let idle: Box<[SimTime]> = (0..hosts.count(nodes.len() as u32)).map(|_| SimTime::ZERO).collect();
        Some(Links {
            links,
            hosts,
            base: hosts.of(NodeAddr(nodes.start)).0,
            up_busy_until: idle.clone(),
            down_busy_until: idle,
            traffic: LinkTraffic::default(),
        })
    }

    /// Whether a message from one node to another goes over links at all.
    #[inline]
    pub(crate) fn are_between(&self, from: NodeAddr, to: NodeAddr) -> bool {
        self.hosts.of(from) != self.hosts.of(to)
    }

    /// A node sends: how long it takes until the last bit is on the host's up link. None if the queue is full.
    pub(crate) fn send(&mut self, from: NodeAddr, now: SimTime, bytes: u32) -> Option<SimDuration> {
        let host = self.hosts.of(from);
        let busy_until = &mut self.up_busy_until[(host.0 - self.base) as usize];
        let bandwidth = self.links.capacity(host).up;
        let traffic = &mut self.traffic.up;
        pass(&self.links, bandwidth, busy_until, traffic, now, bytes).map(|through| through.since(now))
    }

    /// A message reaches the down link of a node's host: when its last bit is received. None if the queue is full.
    pub(crate) fn receive(&mut self, to: NodeAddr, now: SimTime, bytes: u32) -> Option<SimTime> {
        let host = self.hosts.of(to);
        let busy_until = &mut self.down_busy_until[(host.0 - self.base) as usize];
        let bandwidth = self.links.capacity(host).down;
        let traffic = &mut self.traffic.down;
        pass(&self.links, bandwidth, busy_until, traffic, now, bytes)
    }

    /// What has passed so far.
    pub(crate) fn traffic(&self) -> &LinkTraffic {
        &self.traffic
    }
}

/// When a message that comes now is through one direction of a link.
fn pass(
    links: &AccessLinks,
    bandwidth: Option<Bandwidth>,
    busy_until: &mut SimTime,
    traffic: &mut QueueTraffic,
    now: SimTime,
    bytes: u32,
) -> Option<SimTime> {
    let Some(bandwidth) = bandwidth else {
        traffic.passed(SimDuration::ZERO);
        return Some(now);
    };
    let (serialisation, longest_wait) = links.demand(bandwidth, bytes);
    let wait = busy_until.since(now);
    if wait > longest_wait {
        traffic.lost += 1;
        return None;
    }
    traffic.passed(wait);
    *busy_until = now + wait + serialisation;
    Some(*busy_until)
}
