//! What nodes say to each other, and how many bytes it takes.

use std::sync::Arc;

use sim_core::addr::NodeAddr;
use sim_core::protocol::Wire;

use crate::packet::{Carries, HEADER_BYTES, Packet};

/// Bytes of an entry of an update: destination, metric and sequence number, four each.
pub const ENTRY_BYTES: u32 = 12;

/// Bytes of the headers before the entries of an update: those of a packet, and UDP's.
pub const UPDATE_HEADER_BYTES: u32 = HEADER_BYTES + 8;

/// How many entries fit into one packet of 1500 bytes; each further packet of an update has headers of its own.
pub const ENTRIES_A_PACKET: u32 = (1500 - UPDATE_HEADER_BYTES) / ENTRY_BYTES;

/// What a node says about the way to a destination (section 3: "destination address, number of hops, sequence number").
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Entry {
    /// To whom.
    pub to: NodeAddr,
    /// How new it is: even if the destination has numbered it, odd if the route is broken.
    pub sequence: u32,
    /// How many links lie between; none where the route is broken: the paper's metric of infinity.
    pub hops: Option<u32>,
}

/// A message.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Msg {
    /// All that a node knows.
    Dump(Arc<[Entry]>),
    /// What has changed.
    Update(Arc<[Entry]>),
    /// A packet on its way.
    Data(Packet),
}

impl Wire for Msg {
    const KINDS: usize = 3;

    fn kind(&self) -> usize {
        match self {
            Msg::Dump(_) => 0,
            Msg::Update(_) => 1,
            Msg::Data(_) => 2,
        }
    }

    fn kind_name(kind: usize) -> &'static str {
        ["dump", "update", "data"][kind]
    }

    fn wire_bytes(&self) -> u32 {
        match self {
            Msg::Dump(entries) | Msg::Update(entries) => {
                let entries = entries.len() as u32;
                entries.div_ceil(ENTRIES_A_PACKET).max(1) * UPDATE_HEADER_BYTES + entries * ENTRY_BYTES
            }
            Msg::Data(packet) => packet.wire_bytes(),
        }
    }
}

impl Carries for Msg {
    fn packet(&self) -> Option<&Packet> {
        match self {
            Msg::Data(packet) => Some(packet),
            Msg::Dump(_) | Msg::Update(_) => None,
        }
    }
}
