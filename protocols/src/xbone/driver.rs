//! What a virtual network asks of the overlay that drives its topology.

use sim_core::protocol::{Ctx, Protocol};

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

    /// A neighbour has left and said so: its tunnels are released at both ends, and with them go the entries of routing tables
    /// (section II-B.1). An overlay that does nothing here finds out by itself, as with a silent departure.
    fn left(&mut self, _: &mut Ctx<'_, Self>, _: ContactInfo) {}
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

    fn left(&mut self, ctx: &mut Ctx<'_, Self>, peer: ContactInfo) {
        Chord::left(self, ctx, peer);
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

    fn left(&mut self, ctx: &mut Ctx<'_, Self>, peer: ContactInfo) {
        self.dead(ctx, peer);
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

    fn left(&mut self, ctx: &mut Ctx<'_, Self>, peer: ContactInfo) {
        self.tell_below(ctx, |overlay, ctx| overlay.left(ctx, peer));
    }
}
