//! The direct paths between nodes, which what an overlay does is compared with.

use sim_core::addr::NodeAddr;
use sim_core::network::Network;
use sim_core::time::SimDuration;

/// The direct paths of a network.
pub(in crate::run) struct DirectPaths(pub(in crate::run) Box<dyn Network>);

impl DirectPaths {
    /// The delay from one node to another; zero to itself.
    pub(super) fn one_way(&self, from: NodeAddr, to: NodeAddr) -> SimDuration {
        match from == to {
            true => SimDuration::ZERO,
            false => self.0.direct_delay(from, to),
        }
    }

    /// The delay to another node and back.
    pub(super) fn round_trip(&self, from: NodeAddr, to: NodeAddr) -> SimDuration {
        self.one_way(from, to) + self.one_way(to, from)
    }
}
