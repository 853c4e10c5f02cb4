//! What a node is asked from above, and what it tells upward.

use sim_core::addr::NodeAddr;
use sim_core::protocol::OperationId;

use super::store::{Record, Version};
use crate::id::Id;

/// What is asked from above.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Command {
    /// Store a value under a key, in place of what is there (the slides: `put(GUID, data)`).
    Put {
        /// The key.
        key: Id,
        /// The size of the value in bytes.
        bytes: u32,
    },
    /// What is stored under this key? (`value = get(GUID)`)
    Get {
        /// The key.
        key: Id,
    },
    /// Delete what is stored under this key (`remove(GUID)`).
    Remove {
        /// The key.
        key: Id,
    },
}

/// What a node tells upward.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event<A = NodeAddr> {
    /// The node has become a member of the overlay.
    Joined,
    /// It is no member any more, or could not become one.
    Out,
    /// A put or a remove is done: as many copies as [`Config::acknowledge`](super::Config::acknowledge) asks for are there.
    Written {
        /// Which.
        operation: OperationId,
        /// The version that it wrote.
        version: Version<A>,
    },
    /// A get has been answered.
    Answered {
        /// Which.
        operation: OperationId,
        /// What is stored; none if nothing is, or if it has been removed.
        found: Option<Record<A>>,
        /// Whether the answer came from a copy on the way.
        cached: bool,
    },
    /// A put, get or remove has been given up: no answer came, or the node is no member.
    Failed {
        /// Which.
        operation: OperationId,
    },
}
