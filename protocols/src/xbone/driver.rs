//! What a virtual network asks of the overlay that drives its topology.

use sim_core::protocol::Protocol;

use super::ContactInfo;
use crate::chord::{self, Chord};
use crate::kbr::Payload;
use crate::layer::{Layer, Over, Part};
use crate::pastry::{self, Pastry};

/// An overlay that can drive the topology of a virtual network.
pub trait Driver: Protocol<Addr = ContactInfo> {
    /// Everybody whom the node keeps in its tables, whatever for: tunnels to them are wanted. In any order, and some perhaps more
    /// than once.
    fn listed(&self) -> impl Iterator<Item = ContactInfo>;

    /// Whether a message carries data of those above the overlay, on its way to a key: what forwarding it costs is
    /// [`Config::forwarding`](super::Config::forwarding).
    fn carries_data(msg: &Self::Msg) -> bool;
}

impl<B: Payload> Driver for Chord<B, ContactInfo> {
    fn listed(&self) -> impl Iterator<Item = ContactInfo> {
        let known = self.i3_list().into_iter().flat_map(|list| list.active());
        (self.predecessor().into_iter())
            .chain(self.successors().iter().copied())
            .chain(self.fingers().contacts())
            .chain(known)
            .map(|contact| contact.addr)
    }

    fn carries_data(msg: &Self::Msg) -> bool {
        matches!(msg, chord::Msg::Route { .. })
    }
}

/// Leaf set, routing table and neighbourhood set. Whom MSPastry suspects, and whom it only remembers as having failed, or how
/// long he takes to answer, is not listed for that: while he is probed, the tunnel is in use.
impl<B: Payload> Driver for Pastry<B, ContactInfo> {
    fn listed(&self) -> impl Iterator<Item = ContactInfo> {
        self.tables().contacts().map(|contact| contact.addr)
    }

    fn carries_data(msg: &Self::Msg) -> bool {
        matches!(msg, pastry::Msg::Route { .. })
    }
}

/// A layer over an overlay, both within the virtual network: the tunnels are those of the overlay, and what the layer says
/// to somebody else directly has a tunnel made that goes when it is not used any more.
impl<L: Layer<C>, C: Driver> Driver for Over<L, C> {
    fn listed(&self) -> impl Iterator<Item = ContactInfo> {
        self.below().listed()
    }

    fn carries_data(msg: &Self::Msg) -> bool {
        match msg {
            Part::Below(msg) => C::carries_data(msg),
            // What the layer says to somebody directly is not routed.
            Part::Own(_) => false,
        }
    }
}
