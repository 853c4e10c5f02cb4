//! What one end of a tunnel must know of the other, sealed against those who only carry it.

use std::fmt;

use sim_core::addr::{Address, NodeAddr};

/// The contact information of a virtual node: what the overlay calls its peers.
///
/// A resource daemon gives it out and can open it; for the overlay it is opaque, to be kept, compared and passed on in messages
/// (Fujita et al. 2005, section II-C.1: base addresses "treated as an opaque parameter by the P2PDs not to violate the
/// virtualization boundary"). An overlay in a virtual network is a protocol whose [`Addr`](sim_core::protocol::Protocol::Addr)
/// is this type. The overlays of this crate are written for any type of address, and so have no way from one to a [`NodeAddr`]:
///
/// ```compile_fail
/// use sim_core::addr::{Address, NodeAddr};
///
/// fn leak<A: Address>(peer: A) -> NodeAddr {
///     peer.into()
/// }
/// ```
///
/// nor is there one in the contact information itself:
///
/// ```compile_fail
/// use protocols::xbone::ContactInfo;
/// use sim_core::addr::NodeAddr;
///
/// fn leak(peer: ContactInfo) -> NodeAddr {
///     peer.0
/// }
/// ```
///
/// Whoever looks on from outside has [`XBone::base_addr`](super::XBone::base_addr). A layer above a virtual network is outside: it
/// calls nodes by their base addresses. What runs inside is part of the overlay.
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
