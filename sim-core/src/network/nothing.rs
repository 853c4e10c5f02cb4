//! No network.

use super::{Fate, Network, Transmission};
use crate::addr::NodeAddr;
use crate::time::SimDuration;

/// Nothing lies between two hosts, and nothing reaches the other: what there is where only neighbours can talk, over their
/// [links](crate::link_layer).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Nothing;

impl Network for Nothing {
    fn transmit(&self, _: &Transmission) -> Fate {
        Fate::Lost
    }

    /// No time is long enough.
    fn direct_delay(&self, from: NodeAddr, to: NodeAddr) -> SimDuration {
        super::unless_local(from, to, || SimDuration::from_nanos(u64::MAX))
    }

    fn min_delay(&self) -> SimDuration {
        SimDuration::from_nanos(u64::MAX)
    }
}
