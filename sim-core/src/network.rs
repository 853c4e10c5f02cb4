//! What lies between two hosts: how long a message takes, and whether it arrives.

use crate::addr::NodeAddr;
use crate::random::StreamKey;
use crate::time::{SimDuration, SimTime};

/// One message about to cross the network.
#[derive(Clone, Copy, Debug)]
pub struct Transmission {
    /// When it is sent.
    pub now: SimTime,
    /// The host that sends.
    pub from: NodeAddr,
    /// The host that holds the destination address.
    pub to: NodeAddr,
    /// Size on the wire, in bytes.
    pub bytes: u32,
    /// The randomness of this one transmission: keyed by sender and the sender's counter, so that what happens to one
    /// message changes no other.
    pub draw: StreamKey,
}

/// What becomes of a [`Transmission`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// It arrives after this delay. The engine schedules it at least one nanosecond ahead.
    Arrives(SimDuration),
    /// It is lost on the way.
    Lost,
}

/// A network of hosts, addressed from zero. Immutable during a run, so that partitions of one simulation can share it.
pub trait Network: Send + Sync {
    /// Decides one transmission. Must depend on nothing but the argument.
    fn transmit(&self, transmission: &Transmission) -> Fate;

    /// The one-way delay from one host to another that a measurement calls direct: deterministic, without loss, and the
    /// mean where the delay is random. What stretch is measured against.
    fn direct_delay(&self, from: NodeAddr, to: NodeAddr) -> SimDuration;

    /// No message between two different hosts arrives sooner than this: the lookahead of a partitioned run. At least 1 ns.
    fn min_delay(&self) -> SimDuration;

    /// How many hosts there are, where the network has a fixed number of them.
    fn hosts(&self) -> Option<usize> {
        None
    }
}
