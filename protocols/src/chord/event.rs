//! What a node is asked from above, and what it tells upward.

use std::hash::{Hash, Hasher};

use sim_core::addr::NodeAddr;
use sim_core::protocol::OperationId;

use crate::id::{Contact, Id};
use crate::kbr::{Call, Nothing, Routed};
use crate::lookup::Failure;

/// What is asked from above.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Command<B = Nothing, A = NodeAddr> {
    /// Who owns this key?
    Lookup {
        /// The key.
        key: Id,
    },
    /// Carry a message, or let one go on.
    Call(Call<B, A>),
}

/// A lookup is its key and nothing more, so that the fingerprint of a run that only looks up does not depend on what else a
/// node can be asked.
impl<B: Hash, A: Hash> Hash for Command<B, A> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Command::Lookup { key } => key.hash(state),
            Command::Call(call) => call.hash(state),
        }
    }
}

impl<B, A> From<Call<B, A>> for Command<B, A> {
    fn from(call: Call<B, A>) -> Self {
        Command::Call(call)
    }
}

/// What a node tells upward.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event<B = Nothing, A = NodeAddr> {
    /// The node has become a member.
    Joined,
    /// It could not join, and does nothing any more until it is started anew.
    JoinFailed(JoinFailure),
    /// All its successors have died: it is no member any more, and does nothing until it is started anew.
    Isolated,
    /// A lookup has found the owner of its key.
    LookupDone {
        /// Which lookup.
        operation: OperationId,
        /// The key.
        key: Id,
        /// Who owns it.
        owner: Contact<A>,
        /// Messages from node to node until the owner: the visited nodes and the owner. Zero if the initiator is alone.
        hops: u16,
        /// Nodes visited up to and including the key's predecessor, the initiator not counted: the papers' path length.
        visited: u16,
        /// Time-outs on the way.
        timeouts: u16,
        /// Owners that were named and did not answer, if [`Config::confirm_owner`](super::Config::confirm_owner) asks
        /// for their answer.
        dead_owners: u16,
    },
    /// A lookup has failed.
    LookupFailed {
        /// Which lookup.
        operation: OperationId,
        /// The key.
        key: Id,
        /// Time-outs on the way.
        timeouts: u16,
        /// Why.
        reason: LookupFailure,
    },
    /// A message has come to this node, which owns its key.
    Delivered(Box<Routed<B, A>>),
    /// A message is about to leave this node, if the layer above lets it go.
    Forward {
        /// The message.
        message: Box<Routed<B, A>>,
        /// Where it would go.
        next: Contact<A>,
    },
    /// Nobody that this node knows leads nearer to the key of a message, or it has come too far.
    Undeliverable(Box<Routed<B, A>>),
    /// Somebody has become the predecessor or one of the successors of this member, or has ceased to be.
    Update {
        /// Who.
        neighbour: Contact<A>,
        /// Whether he came.
        joined: bool,
    },
    /// A message was of no use.
    Dropped(Dropped),
}

/// Why a node could not join.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum JoinFailure {
    /// The lookup of its own identifier failed.
    Lookup(Failure),
    /// A member has this identifier already.
    IdentifierTaken,
}

/// Why a lookup failed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum LookupFailure {
    /// The node is no member.
    NotJoined,
    /// The walk failed.
    Walk(Failure),
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
}
