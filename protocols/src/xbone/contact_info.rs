//! What one end of a tunnel must know of the other, sealed against those who only carry it.

use std::fmt;

use sim_core::addr::{Address, NodeAddr};

/// The contact information of a virtual node: what the overlay calls its peers.
///
/// A resource daemon gives it out and can open it; for the overlay it is opaque, to be kept, compared and passed on in messages
/// (Fujita et al. 2005, section II-C.1: base addresses "treated as an opaque parameter by the P2PDs not to violate the
/// virtualization boundary"). An overlay in a virtual network is a protocol whose [`Addr`](sim_core::protocol::Protocol::Addr)
/// is this type. There is no way from it to a [`NodeAddr`] for an overlay, which is written for any type of address, so that nothing
/// inside a virtual network learns a base address; whoever looks on from outside has
/// [`XBone::base_addr`](super::XBone::base_addr).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContactInfo(NodeAddr);

impl ContactInfo {
    /// The contact information of the virtual node at a base address: for resource daemons, and for whoever builds a network
    /// from outside.
    pub const fn seal(base: NodeAddr) -> Self {
        ContactInfo(base)
    }

    /// The base address: for resource daemons, which talk to each other over the base network.
    pub(super) const fn open(self) -> NodeAddr {
        self.0
    }
}

impl Address for ContactInfo {}

impl fmt::Debug for ContactInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}", self.0.index())
    }
}
