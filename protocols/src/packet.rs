//! What every protocol of the network layer does for those above it: it carries packets from node to node, over links between
//! neighbours.

use sim_core::addr::NodeAddr;
use sim_core::protocol::OperationId;

/// Bytes of a packet's own header: those of an IPv6 header, whichever protocol carries it.
pub const HEADER_BYTES: u32 = 40;

/// After so many hops a packet is dropped, as IP does.
pub const HOP_LIMIT: u32 = 255;

/// What is asked of a network layer: a packet for another node, by its identity.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Send {
    /// Who is to get it.
    pub to: NodeAddr,
    /// How many bytes it carries.
    pub bytes: u32,
}

/// A packet on its way.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Packet {
    /// Who sent it.
    pub source: NodeAddr,
    /// As what it was sent: unique for its source.
    pub operation: OperationId,
    /// Who is to get it.
    pub to: NodeAddr,
    /// How many bytes it carries.
    pub bytes: u32,
    /// How many links it has crossed.
    pub hops: u32,
}

impl Packet {
    /// A packet that its source is about to send.
    pub fn new(source: NodeAddr, operation: OperationId, send: Send) -> Self {
        Packet {
            source,
            operation,
            to: send.to,
            bytes: send.bytes,
            hops: 0,
        }
    }

    /// Its bytes with the header.
    pub fn wire_bytes(&self) -> u32 {
        HEADER_BYTES.saturating_add(self.bytes)
    }

    /// The packet one link further; none if it has gone far enough.
    #[must_use]
    pub fn one_further(self) -> Option<Self> {
        let hops = self.hops + 1;
        (hops <= HOP_LIMIT).then_some(Packet { hops, ..self })
    }
}

/// Why a packet came no further.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Dropped {
    /// A node on the way knew no way on, or the source none to begin with.
    NoRoute,
    /// It had crossed [`HOP_LIMIT`] links.
    HopLimit,
    /// It waited too long for a route or an address, or too many waited.
    Waited,
    /// Nobody knew where the destination is.
    NotFound,
}

/// What became of a packet: told where it ended.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Outcome {
    /// It has arrived.
    Delivered(Packet),
    /// It was dropped here.
    Dropped(Packet, Dropped),
}

/// A message that may have a packet inside: for those who watch where packets go.
pub trait Carries {
    /// The packet inside.
    fn packet(&self) -> Option<&Packet>;
}
