//! What a node of a virtual network tells.

use serde::{Deserialize, Serialize};
use sim_core::addr::NodeAddr;
use sim_core::time::SimDuration;

use super::{AddressPair, ContactInfo};

/// What is told of a virtual network, beside what its overlay tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// A word between a P2P daemon and its resource daemon, which are on the same host.
    Dialogue(Dialogue),
    /// A tunnel stands at this end.
    Stands {
        /// The other end.
        peer: NodeAddr,
        /// Since the P2P daemon asked for it; none at the end that was asked by the other one.
        after: Option<SimDuration>,
    },
    /// A tunnel is gone at this end.
    Gone {
        /// The other end.
        peer: NodeAddr,
        /// Why.
        why: Gone,
    },
    /// A tunnel did not come about, and what was to go through it is lost.
    Failed {
        /// The other end.
        peer: NodeAddr,
        /// Why.
        why: Failure,
    },
    /// The overlay manager does not admit this node, or does not answer, or there is no tunnel to the bootstrap node.
    NotAdmitted,
    /// Something came that is of no use.
    Dropped(Dropped),
}

/// A word between a P2P daemon and its resource daemon.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Dialogue {
    /// What may others know of this node in order to make a tunnel to it? (Fig. 2, step 1)
    RequestContactInfo,
    /// This. (Step 2)
    ContactInfo(ContactInfo),
    /// A tunnel to this one is wanted. (Step 4)
    AddTunnel(ContactInfo),
    /// It stands, and these are its ends; none where tunnels have no addresses. (Step 9)
    Tunnel(ContactInfo, Option<AddressPair>),
}

/// Why a tunnel is gone.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum Gone {
    /// Neither end wanted it.
    Unwanted,
    /// The other end has left.
    Left,
    /// The other end does not answer.
    Silent,
    /// The other end does not know it.
    Unknown,
    /// Its addresses are not this node's any more.
    Expired,
}

/// Why a tunnel did not come about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum Failure {
    /// The address server has no addresses, or refuses them.
    NoAddresses,
    /// No address server answers.
    NoServer,
    /// The other end does not answer.
    Silent,
    /// The other end has too many tunnels.
    Refused,
    /// This end has.
    TooMany,
    /// The topology is provisioned once for all, without it.
    Static,
}

/// What came and was of no use.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Dropped {
    /// A packet through a tunnel that does not stand at this end.
    NoTunnel,
    /// A packet, or a command, for a P2P daemon that does not run.
    NotLaunched,
    /// An answer that nobody waits for.
    StaleAnswer,
    /// A message for another role than this node's.
    NotMine,
    /// A message that carries data, and found the queue before the processor full.
    QueueFull,
}
