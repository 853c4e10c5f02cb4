//! Virtual networks that are there from the beginning: perfect tables, and a tunnel between any two nodes of which one lists the
//! other.

// Each test binary uses its own part.
#![allow(dead_code, unreachable_pub)]

use std::collections::BTreeSet;

use protocols::chord::{self, Chord, Ring};
use protocols::id::{Contact, Id};
use protocols::kbr::Nothing;
use protocols::layer::Both;
use protocols::xbone::{self, ContactInfo, Init, XBone};
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
    inits: Vec<Init<chord::Init<ContactInfo>>>,
    /// Both ends of each tunnel.
    pub tunnels: BTreeSet<(NodeAddr, NodeAddr)>,
}

impl Whole {
    pub fn new(config: &chord::Config, nodes: u32) -> Self {
        let ring = Ring::new(config, (0..nodes).map(contact));
        let overlay = |node| {
            let id = contact(node).id;
            let tables = Box::new(ring.tables(id));
            (NodeAddr(node), chord::Init::Ready { id, tables })
        };
        let config = Both {
            own: xbone::Config::default(),
            below: config.clone(),
        };
        let inits = xbone::whole::<Inner>(&config, (0..nodes).map(overlay).collect());
        let mut tunnels = BTreeSet::new();
        for (init, node) in inits.iter().zip(0..) {
            if let Init::Node(arrival) = init {
                let peers = arrival.tunnels.iter().map(|(peer, _)| XBone::<Inner>::base_addr(*peer));
                tunnels.extend(peers.map(|peer| (NodeAddr(node), peer)));
            }
        }
        Whole { inits, tunnels }
    }

    /// The other ends of a node's tunnels.
    pub fn peers(&self, addr: NodeAddr) -> impl Iterator<Item = NodeAddr> {
        let peers = self.tunnels.range((addr, NodeAddr(0))..=(addr, NodeAddr(u32::MAX)));
        peers.map(|(_, peer)| *peer)
    }

    /// What a node starts as.
    pub fn init(&self, node: u32) -> Init<chord::Init<ContactInfo>> {
        self.inits[node as usize].clone()
    }
}
