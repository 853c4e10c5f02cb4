//! What nodes say to each other, and what it costs.

use std::sync::Arc;

use sim_core::addr::NodeAddr;
use sim_core::protocol::Wire;
use sim_core::time::SimTime;

use super::address::{IDENTIFIER_BYTES, Identifier, TreeAddress};
use crate::packet::{Carries, HEADER_BYTES, Packet};

/// Bytes of a version or a time.
const VERSION_BYTES: u32 = 8;
/// Bytes of a level, a number of links or a scope.
const SMALL_BYTES: u32 = 1;
/// Bytes of the number by which an answer is matched with its query.
const NUMBER_BYTES: u32 = 4;

/// One level of a routing table, as neighbours are told of it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Advert {
    /// The network id of the sibling: the smallest identifier there.
    pub network: Identifier,
    /// The levels that the route has crossed, a bit each.
    pub log: u128,
    /// Of which level the sibling is.
    pub level: u8,
    /// How many links it is away.
    pub hops: u8,
    /// How many links the network id has come from the node that it names.
    pub distance: u8,
}

/// What a node tells its neighbours of itself from time to time.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Hello {
    /// Its address, if it has one.
    pub address: Option<TreeAddress>,
    /// The occupied levels of its routing table, the lowest first.
    pub levels: Arc<[Advert]>,
}

impl Hello {
    /// The levels that it tells of, a bit each.
    pub(super) fn occupied(&self) -> u128 {
        self.levels.iter().fold(0, |set, advert| set | 1 << advert.level)
    }

    /// The network id of the area of a level of the node that says this, `own` being its identifier, as far as it knows, and how many
    /// links that has come: less than the horizon.
    pub(super) fn network(&self, own: Identifier, level: u8, horizon: u8) -> (Identifier, u8) {
        let (mut network, mut distance) = (own, 0);
        for advert in self.levels.iter().take_while(|advert| advert.level < level) {
            let smaller = advert.network < network || advert.network == network && advert.distance < distance;
            if smaller && advert.distance < horizon {
                (network, distance) = (advert.network, advert.distance);
            }
        }
        (network, distance)
    }
}

/// A lookup entry: where in the tree a node, or a member of a group, is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Entry {
    /// The identifier under which it is looked up.
    pub identifier: Identifier,
    /// The node itself.
    pub node: NodeAddr,
    /// Its address, or the lowest one of the area in which it is.
    pub address: TreeAddress,
    /// The level of that area: 0 for an address.
    pub known: u8,
    /// The level of the area in which this entry is to be found.
    pub scope: u8,
    /// When the node said so: the latest counts.
    pub version: SimTime,
}

impl Entry {
    /// The point of the tree next to which the entry belongs.
    pub(super) fn point(&self) -> TreeAddress {
        self.address.point(self.identifier, self.scope)
    }

    /// Whether the same node has said this later than the other entry, and either for the same area or so that both cannot be
    /// true: it has left the area that the older one tells of.
    pub(super) fn overtakes(&self, older: &Entry) -> bool {
        let later = self.node == older.node && self.version > older.version;
        later && (self.scope == older.scope || !self.address.shares(older.address, self.known.max(older.known)))
    }
}

/// The way of something through the tree.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Way {
    /// Where it goes.
    pub target: TreeAddress,
    /// Up to which level the nearest node to the target will do, by the xor-distance: 0 if only the target itself.
    pub scope: u8,
    /// The levels it has crossed.
    pub log: u128,
    /// The address of the node that it comes from: which level it crosses is only known where it arrives, since addresses change.
    /// None while it is at a node.
    pub last: Option<TreeAddress>,
    /// The node that it comes from, which the link layer tells: it never goes back there. None while it is on its way, so that it
    /// takes no room in messages.
    pub came_from: Option<NodeAddr>,
    /// How many links it has crossed.
    pub hops: u32,
}

/// What a lookup is for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Sought {
    /// The address of a node.
    Node,
    /// That of the member of a group that is nearest in the tree.
    Nearest,
    /// Those of all members of a group.
    All,
}

/// A lookup.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Query {
    /// Whose address is wanted.
    pub wanted: Identifier,
    /// What for.
    pub sought: Sought,
    /// Who asks.
    pub asker: NodeAddr,
    /// Where the answer is to go.
    pub answer_to: TreeAddress,
    /// The asker's number for it.
    pub number: u32,
    /// An address at which the wanted one is not any more.
    pub stale: Option<TreeAddress>,
    /// Whether the areas asked become larger, before anything is found, or smaller, after solution B has found the first bits.
    pub growing: bool,
}

/// What has been found.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Answer {
    /// Who asked.
    pub asker: NodeAddr,
    /// The asker's number.
    pub number: u32,
    /// The nodes and their addresses: none if there is no entry.
    pub found: Vec<(NodeAddr, TreeAddress)>,
    /// How many links the query has crossed.
    pub hops: u32,
}

/// What is carried through the tree.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Load {
    /// A packet, and how many times it has been looked up on its way.
    Packet(Packet, u8),
    /// A registration.
    Register(Entry),
    /// An entry that has to lie elsewhere.
    HandOver(Entry),
    /// A lookup.
    Query(Query),
    /// What came of it.
    Answer(Answer),
}

/// A message.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Msg {
    /// To all neighbours.
    Hello(Hello),
    /// Of a neighbour: an address for one who has none.
    Request,
    /// An address.
    Grant(TreeAddress),
    /// There is none.
    Refuse,
    /// Something on its way.
    Routed(Way, Load),
}

impl Wire for Msg {
    const KINDS: usize = 9;

    fn kind(&self) -> usize {
        match self {
            Msg::Hello(_) => 0,
            Msg::Request => 1,
            Msg::Grant(_) => 2,
            Msg::Refuse => 3,
            Msg::Routed(_, Load::Packet(..)) => 4,
            Msg::Routed(_, Load::Register(_)) => 5,
            Msg::Routed(_, Load::HandOver(_)) => 6,
            Msg::Routed(_, Load::Query(_)) => 7,
            Msg::Routed(_, Load::Answer(_)) => 8,
        }
    }

    fn kind_name(kind: usize) -> &'static str {
        const NAMES: [&str; Msg::KINDS] = [
            "hello",
            "address-request",
            "address-grant",
            "address-refusal",
            "packet",
            "registration",
            "hand-over",
            "query",
            "answer",
        ];
        NAMES[kind]
    }

    /// The header of a packet carries the identifiers of both ends; the rest comes on top.
    fn wire_bytes(&self) -> u32 {
        match self {
            Msg::Hello(hello) => {
                let Some(address) = hello.address else {
                    return HEADER_BYTES;
                };
                let level = 3 * SMALL_BYTES + IDENTIFIER_BYTES + address.bytes();
                HEADER_BYTES + address.bytes() + hello.levels.len() as u32 * level
            }
            Msg::Request | Msg::Refuse => HEADER_BYTES,
            Msg::Grant(address) => HEADER_BYTES + address.bytes(),
            Msg::Routed(way, load) => {
                // The target, the log and the last address.
                let way_bytes = 3 * way.target.bytes() + SMALL_BYTES;
                load.bytes(way.target.bytes()).saturating_add(way_bytes)
            }
        }
    }
}

impl Load {
    fn bytes(&self, address: u32) -> u32 {
        match self {
            Load::Packet(packet, _) => packet.wire_bytes() + SMALL_BYTES,
            Load::Register(_) | Load::HandOver(_) => {
                HEADER_BYTES + IDENTIFIER_BYTES + address + 2 * SMALL_BYTES + VERSION_BYTES
            }
            Load::Query(query) => {
                let stale = query.stale.map_or(0, |_| address);
                HEADER_BYTES + IDENTIFIER_BYTES + address + stale + NUMBER_BYTES + SMALL_BYTES
            }
            Load::Answer(answer) => {
                let each = IDENTIFIER_BYTES + address;
                HEADER_BYTES + NUMBER_BYTES + SMALL_BYTES + answer.found.len() as u32 * each
            }
        }
    }
}

impl Carries for Msg {
    fn packet(&self) -> Option<&Packet> {
        match self {
            Msg::Routed(_, Load::Packet(packet, _)) => Some(packet),
            _ => None,
        }
    }
}
