//! What a virtual network asks of the overlay that drives its topology.

use sim_core::protocol::{Ctx, Protocol};

use super::ContactInfo;
use crate::chord::Chord;
use crate::kbr::Payload;

/// An overlay that can drive the topology of a virtual network.
pub trait Driver: Protocol<Addr = ContactInfo> {
    /// Whether the node keeps a peer in its tables, whatever for: a tunnel to it is wanted.
    fn lists(&self, peer: ContactInfo) -> bool;

    /// A neighbour has left and said so: its tunnels are released at both ends, and with them go the entries of routing tables
    /// (section II-B.1). An overlay that does nothing here finds out by itself, as with a silent departure.
    fn left(&mut self, _: &mut Ctx<'_, Self>, _: ContactInfo) {}
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

    fn left(&mut self, ctx: &mut Ctx<'_, Self>, peer: ContactInfo) {
        Chord::left(self, ctx, peer);
    }
}
