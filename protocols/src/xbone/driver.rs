//! What a virtual network asks of the overlay that drives its topology.

use sim_core::protocol::Protocol;

use super::ContactInfo;
use crate::chord::{self, Chord};
use crate::kbr::Payload;

/// An overlay that can drive the topology of a virtual network.
pub trait Driver: Protocol<Addr = ContactInfo> {
    /// Whether the node keeps a peer in its tables, whatever for: a tunnel to it is wanted.
    fn lists(&self, peer: ContactInfo) -> bool;

    /// Whether a message carries data of those above the overlay, on its way to a key: what forwarding it costs is
    /// [`Config::forwarding`](super::Config::forwarding).
    fn carries_data(msg: &Self::Msg) -> bool;
}

impl<B: Payload> Driver for Chord<B, ContactInfo> {
    fn lists(&self, peer: ContactInfo) -> bool {
        let known = self.i3_list().into_iter().flat_map(|list| list.active());
        (self.predecessor().into_iter())
            .chain(self.successors().iter().copied())
            .chain(self.fingers().contacts())
            .chain(known)
            .any(|contact| contact.addr == peer)
    }

    fn carries_data(msg: &Self::Msg) -> bool {
        matches!(msg, chord::Msg::Route { .. })
    }
}
