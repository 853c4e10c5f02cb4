//! How keys spread over the members: the load that consistent hashing leaves to chance (Stoica et al. 2003, section V-B).

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use sim_core::addr::NodeAddr;
use sim_core::network::Hosts;
use sim_core::random::StreamKey;

use super::label::Label;
use crate::overlays::{ConfigOf, Overlay};

/// How many keys each holder of keys has.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Load {
    /// Who holds them: `host` and, where hosts have several nodes, `node`.
    pub holder: Label,
    /// How many keys there are in all.
    pub keys: u64,
    /// Keys a holder, in ascending order.
    pub held: Vec<u64>,
}

impl Load {
    /// Draws so many keys, each a random one of the identifier space, and gives each to the member that owns it; counted by
    /// host, and where hosts have several nodes by node too. More keys are those that fewer would be, and others.
    pub(super) fn of<O: Overlay>(
        keys: u64,
        config: &ConfigOf<O>,
        members: &BTreeMap<u128, NodeAddr>,
        hosts: Hosts,
        stream: StreamKey,
    ) -> Vec<Self> {
        let mut by_node: BTreeMap<NodeAddr, u64> = members.values().map(|addr| (*addr, 0)).collect();
        let mut rng = stream.rng();
        for _ in 0..keys {
            let owner = O::owner(config, O::key(config, &mut rng), members);
            if let Some(count) = owner.and_then(|owner| by_node.get_mut(&owner)) {
                *count += 1;
            }
        }
        let mut by_host: BTreeMap<NodeAddr, u64> = BTreeMap::new();
        for (node, count) in &by_node {
            *by_host.entry(hosts.of(*node)).or_default() += count;
        }
        let mut holders = vec![("host", by_host)];
        if hosts != Hosts::ONE_EACH {
            holders.push(("node", by_node));
        }
        let load = |(holder, counts): (&'static str, BTreeMap<NodeAddr, u64>)| {
            let mut held: Vec<u64> = counts.into_values().collect();
            held.sort_unstable();
            Load {
                holder: holder.into(),
                keys,
                held,
            }
        };
        holders.into_iter().map(load).collect()
    }
}
