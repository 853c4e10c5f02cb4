//! How keys spread over the members: the load that consistent hashing leaves to chance (Stoica et al. 2003, section V-B).

use std::collections::BTreeMap;

use sim_core::addr::NodeAddr;
use sim_core::random::StreamKey;

use crate::overlays::{ConfigOf, Overlay};

/// How many keys each holder of keys has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Load {
    /// Who holds them: `node`.
    pub holder: &'static str,
    /// How many keys there are in all.
    pub keys: u64,
    /// Keys a holder, in ascending order.
    pub held: Vec<u64>,
}

impl Load {
    /// Draws so many keys, each a random one of the identifier space, and gives each to the member that owns it. More keys
    /// are those that fewer would be, and others.
    pub(super) fn of<O: Overlay>(
        keys: u64,
        config: &ConfigOf<O>,
        members: &BTreeMap<u128, NodeAddr>,
        stream: StreamKey,
    ) -> Self {
        let mut held: BTreeMap<NodeAddr, u64> = members.values().map(|addr| (*addr, 0)).collect();
        let mut rng = stream.rng();
        for _ in 0..keys {
            let owner = O::owner(config, O::key(config, &mut rng), members);
            if let Some(count) = owner.and_then(|owner| held.get_mut(&owner)) {
                *count += 1;
            }
        }
        Load {
            holder: "node",
            keys,
            held: sorted(held.into_values().collect()),
        }
    }
}

fn sorted(mut counts: Vec<u64>) -> Vec<u64> {
    counts.sort_unstable();
    counts
}
