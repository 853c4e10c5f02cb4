//! How a node notices that a neighbour is gone.

use std::collections::BTreeMap;

use sim_core::addr::NodeAddr;
use sim_core::protocol::{Ctx, Protocol};
use sim_core::time::{SimDuration, SimTime};

/// What tells that there is no link to a neighbour any more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sensing {
    /// The link layer, at once.
    Carrier,
    /// The link layer, when a packet is to go there: links that nobody uses break unnoticed. So do radios that miss an
    /// acknowledgement.
    Use,
    /// That nothing has been heard from it for so long.
    Silence(SimDuration),
}

/// From whom something was heard lately: only kept where silence tells of lost neighbours.
#[derive(Debug, Default)]
pub(crate) struct Neighbours(BTreeMap<NodeAddr, SimTime>);

impl Neighbours {
    /// A message has come. Whether its sender can be used as a neighbour: not if the link layer knows of no link to it any more.
    pub(crate) fn heard<P: Protocol<Addr = NodeAddr>>(
        &mut self,
        ctx: &Ctx<'_, P>,
        sensing: Sensing,
        from: NodeAddr,
    ) -> bool {
        match sensing {
            Sensing::Carrier | Sensing::Use => ctx.links().binary_search(&from).is_ok(),
            Sensing::Silence(_) => {
                self.0.insert(from, ctx.now());
                true
            }
        }
    }

    /// Whether it turns out, now that a packet is to go to a next hop, that there is no link to it any more.
    pub(crate) fn is_missed<P: Protocol<Addr = NodeAddr>>(ctx: &Ctx<'_, P>, sensing: Sensing, next: NodeAddr) -> bool {
        sensing == Sensing::Use && ctx.links().binary_search(&next).is_err()
    }

    /// Those who have been silent for too long, in ascending order; they are forgotten.
    pub(crate) fn silent(&mut self, sensing: Sensing, now: SimTime) -> Vec<NodeAddr> {
        let Sensing::Silence(longest) = sensing else {
            return Vec::new();
        };
        let is_silent = |heard: SimTime| heard + longest <= now;
        let silent = self.0.iter().filter(|(_, heard)| is_silent(**heard));
        let silent = silent.map(|(neighbour, _)| *neighbour).collect();
        self.0.retain(|_, heard| !is_silent(*heard));
        silent
    }
}
