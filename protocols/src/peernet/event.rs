//! What is asked of a node, and what it tells.

use sim_core::addr::NodeAddr;
use sim_core::protocol::OperationId;

use super::address::{Group, TreeAddress};
use crate::packet::{Outcome, Send};

/// What is asked from above.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Command {
    /// Carry a packet.
    Send(Send),
    /// Look up where a node is: [`Event::LookedUp`] tells.
    Lookup(NodeAddr),
    /// Become a member of a group.
    Join(Group),
    /// Be a member no longer: the entries of the group are not renewed.
    Leave(Group),
    /// Carry a packet of so many bytes to the nearest member of a group, as far as the lookup service can tell.
    Anycast {
        /// The group.
        group: Group,
        /// Bytes of the packet.
        bytes: u32,
    },
    /// Carry a packet of so many bytes to every other member of a group: one copy each, all under the same operation.
    Multicast {
        /// The group.
        group: Group,
        /// Bytes of the packet.
        bytes: u32,
    },
}

impl From<Send> for Command {
    fn from(send: Send) -> Self {
        Command::Send(send)
    }
}

/// What a node tells.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Event {
    /// What became of a packet, here. Where nobody was found for a group, the packet names its source as the receiver.
    Packet(Outcome),
    /// It has an address, or another one than before, or none any more.
    Address {
        /// Before.
        from: Option<TreeAddress>,
        /// From now on.
        to: Option<TreeAddress>,
        /// Whether it moved on its own account, to balance the tree.
        migrated: bool,
    },
    /// Nobody has an address for it: it tries again with the next hello.
    Refused,
    /// A lookup has ended.
    LookedUp {
        /// As what it was asked from above; none if a packet needed it.
        operation: Option<OperationId>,
        /// What was found: none if there was no entry, or no answer.
        found: Option<TreeAddress>,
        /// How many links the query crossed: those of the last try.
        hops: u32,
        /// How many the answer crossed.
        hops_back: u32,
    },
    /// It gave lookup entries away that belong elsewhere now.
    HandedOver {
        /// How many.
        entries: u32,
    },
    /// A lookup entry, a query or an answer got lost on the way for want of a route.
    Stranded,
}

impl Event {
    /// What became of a packet, if the event tells of that.
    pub fn outcome(&self) -> Option<&Outcome> {
        match self {
            Event::Packet(outcome) => Some(outcome),
            _ => None,
        }
    }
}
