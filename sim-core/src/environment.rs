//! What all parts of a run share: parameters, network, the roots of the streams, and who lies where.

use crate::addr::NodeAddr;
use crate::link_layer::LinkLayer;
use crate::network::{Hosts, Network};
use crate::protocol::Protocol;
use crate::random::StreamKey;

/// What all partitions of a run share and none changes; links change between their turns.
pub(crate) struct Environment<P: Protocol<Addr = NodeAddr>> {
    pub(crate) config: P::Config,
    pub(crate) network: Box<dyn Network>,
    /// Who are neighbours, where only neighbours can talk.
    pub(crate) links: Option<LinkLayer>,
    /// The root of the nodes' streams.
    pub(crate) node_streams: StreamKey,
    /// The root of the network's draws.
    pub(crate) network_streams: StreamKey,
    pub(crate) split: Split,
}

/// Which addresses belong to which partition: ranges of equal length, of whole hosts.
#[derive(Clone, Copy)]
pub(crate) struct Split {
    nodes: u32,
    span: u32,
}

impl Split {
    pub(crate) fn new(nodes: u32, partitions: u32, hosts: Hosts) -> Self {
        Split {
            nodes,
            span: hosts.count(nodes).div_ceil(partitions).max(1) * hosts.per_host(),
        }
    }

    /// Whether there is such an address at all.
    pub(crate) fn has(self, addr: NodeAddr) -> bool {
        addr.0 < self.nodes
    }

    pub(crate) fn partition_of(self, addr: NodeAddr) -> usize {
        (addr.0 / self.span) as usize
    }

    pub(crate) fn range(self, partition: u32) -> std::ops::Range<u32> {
        (partition * self.span).min(self.nodes)..((partition + 1) * self.span).min(self.nodes)
    }
}
