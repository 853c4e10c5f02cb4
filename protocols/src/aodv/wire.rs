//! What nodes say to each other (RFC 3561, section 5), and how many bytes it takes.

use sim_core::addr::NodeAddr;
use sim_core::protocol::Wire;
use sim_core::time::SimDuration;

use crate::packet::{Carries, HEADER_BYTES, Packet};

/// Bytes of the headers of a control message: those of a packet, and UDP's.
pub const CONTROL_HEADER_BYTES: u32 = HEADER_BYTES + 8;

/// Section 5.1: a request for a route.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct RouteRequest {
    /// Who seeks.
    pub origin: NodeAddr,
    /// Its sequence number.
    pub origin_sequence: u32,
    /// Which of its requests.
    pub id: u32,
    /// Who is sought.
    pub to: NodeAddr,
    /// The newest sequence number of the sought node that is known on the way; none if none is (flag `U`).
    pub to_sequence: Option<u32>,
    /// How many links it has crossed.
    pub hops: u32,
    /// How many it may still cross: of the packet's header.
    pub ttl: u32,
}

/// Section 5.2: an answer.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct RouteReply {
    /// Who sought.
    pub origin: NodeAddr,
    /// To whom the route leads.
    pub to: NodeAddr,
    /// How new it is.
    pub to_sequence: u32,
    /// How many links lie between the node that last sent the answer and `to`.
    pub hops: u32,
    /// How long the route counts.
    pub lifetime: SimDuration,
}

/// A message.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Msg {
    /// RREQ.
    Request(RouteRequest),
    /// RREP.
    Reply(RouteReply),
    /// RERR, section 5.3: whom the sender cannot reach any more, and the sequence numbers that say so.
    Error(Vec<(NodeAddr, u32)>),
    /// A hello message (section 6.9): a reply that tells of the sender alone.
    Hello {
        /// The sender's sequence number.
        sequence: u32,
    },
    /// A packet on its way.
    Data(Packet),
}

impl Wire for Msg {
    const KINDS: usize = 5;

    fn kind(&self) -> usize {
        match self {
            Msg::Request(_) => 0,
            Msg::Reply(_) => 1,
            Msg::Error(_) => 2,
            Msg::Hello { .. } => 3,
            Msg::Data(_) => 4,
        }
    }

    fn kind_name(kind: usize) -> &'static str {
        ["request", "reply", "error", "hello", "data"][kind]
    }

    fn wire_bytes(&self) -> u32 {
        let fields = match self {
            Msg::Request(_) => 24,
            Msg::Reply(_) | Msg::Hello { .. } => 20,
            Msg::Error(unreachable) => 4 + 8 * unreachable.len() as u32,
            Msg::Data(packet) => return packet.wire_bytes(),
        };
        CONTROL_HEADER_BYTES + fields
    }
}

impl Carries for Msg {
    fn packet(&self) -> Option<&Packet> {
        match self {
            Msg::Data(packet) => Some(packet),
            _ => None,
        }
    }
}
