//! Virtual networks that are there from the beginning: perfect tables, and a tunnel between any two nodes of which one lists the
//! other.

// Each test binary uses its own part.
#![allow(dead_code, unreachable_pub)]

use std::collections::BTreeSet;

use protocols::chord::{self, Chord, Ring};
use protocols::id::{Contact, Id};
use protocols::kbr::Nothing;
use protocols::xbone::{Arrival, ContactInfo, Init, XBone};
use sim_core::addr::NodeAddr;

/// Chord whose peers are called by contact information.
pub type Inner = Chord<Nothing, ContactInfo>;

/// A node at its place on the ring: all are at equal distances.
pub fn contact(node: u32) -> Contact<ContactInfo> {
    Contact {
        id: Id::new(u128::from(node) << 12),
        addr: ContactInfo::seal(NodeAddr(node)),
    }
}

/// A network that is whole.
pub struct Whole {
    ring: Ring<ContactInfo>,
    /// Both ends of each tunnel.
    pub tunnels: BTreeSet<(NodeAddr, NodeAddr)>,
}

impl Whole {
    pub fn new(config: &chord::Config, nodes: u32) -> Self {
        let ring = Ring::new(config, (0..nodes).map(contact));
        let mut tunnels = BTreeSet::new();
        for node in 0..nodes {
            let tables = ring.tables(contact(node).id);
            let listed = tables.predecessor.into_iter().chain(tables.successors.iter().copied());
            for peer in listed.chain(tables.fingers.contacts()) {
                let (one, other) = (NodeAddr(node), XBone::<Inner>::base_addr(peer.addr));
                tunnels.extend([(one, other), (other, one)]);
            }
        }
        Whole { ring, tunnels }
    }

    /// The other ends of a node's tunnels.
    pub fn peers(&self, addr: NodeAddr) -> impl Iterator<Item = NodeAddr> {
        let peers = self.tunnels.range((addr, NodeAddr(0))..=(addr, NodeAddr(u32::MAX)));
        peers.map(|(_, peer)| *peer)
    }

    /// What a node starts as.
    pub fn init(&self, node: u32) -> Init<chord::Init<ContactInfo>> {
        let id = contact(node).id;
        let peers = self.peers(NodeAddr(node));
        Init::Node(Box::new(Arrival {
            overlay: chord::Init::Ready {
                id,
                tables: Box::new(self.ring.tables(id)),
            },
            bootstrap: None,
            tunnels: peers.map(|peer| (ContactInfo::seal(peer), None)).collect(),
        }))
    }
}
