//! Base addresses: what the engine calls a host.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::hash::Hash;

/// What a layer of the protocol stack calls a peer: a [`NodeAddr`] at the bottom, a virtual address or an opaque
/// contact above it. Plain data, so that messages and payloads may contain it.
pub trait Address: Copy + Eq + Ord + Hash + fmt::Debug + Send + Sync + 'static {}

/// The base address of a host: its index in the network, from zero.
///
/// An address outlives the node that holds it. A node that leaves and returns keeps its address, and a message reaches
/// whoever holds the address when it arrives, as with UDP.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NodeAddr(pub u32);

impl NodeAddr {
    /// The address as an index into tables that have one entry a host.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl Address for NodeAddr {}

impl fmt::Debug for NodeAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "n{}", self.0)
    }
}

impl fmt::Display for NodeAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}
