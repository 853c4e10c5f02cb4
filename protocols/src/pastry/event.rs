//! What a node tells upward.

use sim_core::addr::{Address, NodeAddr};

use crate::id::Contact;
use crate::kbr::{Routed, Upcall};

/// What a node tells upward.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event<B, A = NodeAddr> {
    /// The node has become a member.
    Joined,
    /// It is no member any more, or could not become one, and does nothing until it is started anew.
    Out(Reason),
    /// A message has come to this node, which is the numerically closest to its key that it knows.
    Deliver(Box<Routed<B, A>>),
    /// A message is about to leave this node for `next`, if its payload asks for this.
    Forward {
        /// The message.
        message: Box<Routed<B, A>>,
        /// Where it would go.
        next: Contact<A>,
    },
    /// This node gave up a message.
    Undeliverable(Box<Routed<B, A>>),
    /// Somebody has come into the leaf set or has left it, if the payload asks for this.
    Update {
        /// Who.
        neighbour: Contact<A>,
        /// Whether he came.
        joined: bool,
    },
    /// The node has begun a request in order to repair what a failed node has left; asking again is not told.
    Repairing(Repair),
    /// A message was of no use.
    Dropped(Dropped),
}

/// Why a node is no member.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Reason {
    /// The nodes on the way to its identifier did not answer in time.
    JoinTimeout,
    /// A member has its identifier already.
    IdentifierTaken,
    /// Everybody that it knew has died.
    Isolated,
}

/// What a request is for that repairs something: the remote procedure calls that the paper counts beside Fig. 10, by table.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Repair {
    /// The leaf set of the farthest on a side.
    LeafSet,
    /// Whether somebody is alive, and where he belongs, who has been named for the leaf set.
    LeafSetVerification,
    /// The entry of another node's routing table.
    RoutingTable,
    /// Whether somebody is alive who has been named as such an entry.
    RoutingTableVerification,
    /// The neighbourhood set of one of its members.
    Neighbourhood,
}

impl Repair {
    /// What is repaired, as tables print it.
    pub const fn name(self) -> &'static str {
        match self {
            Repair::LeafSet => "leaf set",
            Repair::LeafSetVerification => "leaf set verification",
            Repair::RoutingTable => "routing table",
            Repair::RoutingTableVerification => "routing table verification",
            Repair::Neighbourhood => "neighbourhood set",
        }
    }
}

/// Why a message was of no use.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Dropped {
    /// An answer that matches no open request: it came too late, or nobody asked.
    StaleAnswer,
    /// It contains an identifier that does not belong to the ring.
    ForeignIdentifier,
    /// It comes from a node with this node's own identifier.
    OwnIdentifier,
    /// The newcomer has no tables yet, or the node is out.
    NotMember,
}

impl<B, A: Address> Event<B, A> {
    /// The event in the words of key-based routing, or itself if only Pastry has it.
    pub(super) fn upcall(self) -> Result<Upcall<B, A>, Self> {
        match self {
            Event::Joined => Ok(Upcall::Joined),
            Event::Out(_) => Ok(Upcall::Out),
            Event::Deliver(message) => Ok(Upcall::Deliver(message)),
            Event::Forward { message, next } => Ok(Upcall::Forward { message, next }),
            Event::Undeliverable(message) => Ok(Upcall::Undeliverable(message)),
            Event::Update { neighbour, joined } => Ok(Upcall::Update { neighbour, joined }),
            Event::Repairing(_) | Event::Dropped(_) => Err(self),
        }
    }
}
