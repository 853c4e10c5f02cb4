//! The messages of a virtual network: those of its daemons over the base network, and those that come through tunnels.

use sim_core::protocol::Wire;
use sim_core::time::SimTime;

use super::{Answer, Held, LeaseId, Transaction};
use crate::request::RequestId;

/// What daemons say to each other over the base network.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Msg {
    /// A resource daemon asks the overlay manager to be invited.
    Join {
        /// Named in the answer.
        request: RequestId,
    },
    /// The manager invites the node.
    Invite {
        /// The request answered.
        request: RequestId,
    },
    /// The manager does not admit the node.
    Refuse {
        /// The request answered.
        request: RequestId,
    },
    /// The resource daemon accepts the invitation.
    Accept {
        /// Named in the answer.
        request: RequestId,
    },
    /// The manager sends the parameters of the virtual network.
    Configure {
        /// The request answered.
        request: RequestId,
    },
    /// A transaction for an address server.
    Ask(Transaction),
    /// What came of it.
    Answer(Answer),
    /// Configure your end of a tunnel to me (Fig. 2, step 7).
    Tunnel {
        /// Named in the answer.
        request: RequestId,
        /// Its addresses.
        held: Held,
    },
    /// It is configured (Fig. 2, step 8).
    TunnelUp {
        /// The request answered.
        request: RequestId,
        /// The tunnel.
        lease: LeaseId,
    },
    /// It will not be configured: there are too many.
    TunnelRefused {
        /// The request answered.
        request: RequestId,
    },
    /// It will not be configured: there is another tunnel between us.
    Duplicate {
        /// The request answered.
        request: RequestId,
        /// The other tunnel.
        lease: LeaseId,
    },
    /// I do not want the tunnel any more.
    Release {
        /// Named in the answer.
        request: RequestId,
        /// The tunnel.
        lease: LeaseId,
    },
    /// Nor do I: it is gone.
    Released {
        /// The request answered.
        request: RequestId,
        /// Whether the sender gives the addresses back, because both have asked at the same time.
        returned: bool,
    },
    /// But I do: it stays.
    Kept {
        /// The request answered.
        request: RequestId,
    },
    /// The sender leaves.
    Leaving {
        /// The tunnel.
        lease: LeaseId,
        /// Whether the sender has given the addresses back; otherwise the receiver does.
        returned: bool,
    },
    /// There is no such tunnel (any more).
    NoTunnel {
        /// The tunnel.
        lease: LeaseId,
    },
    /// The end that asked for a tunnel renews its lease; until when does it last?
    Renew {
        /// Named in the answer.
        request: RequestId,
        /// The tunnel.
        lease: LeaseId,
    },
    /// Until then.
    Renewed {
        /// The request answered.
        request: RequestId,
        /// The end of the lease.
        until: SimTime,
    },
    /// One of the round trips that open an SSL channel.
    Hello {
        /// Named in the answer.
        request: RequestId,
    },
    /// Its answer.
    HelloBack {
        /// The request answered.
        request: RequestId,
    },
}

/// Bytes of each message of the daemons: headers of IP and UDP, and a name.
const HEADER_BYTES: u32 = 32;
/// Bytes of the name of a lease.
const LEASE_BYTES: u32 = 8;
/// Bytes of a pair of virtual addresses.
const PAIR_BYTES: u32 = 8;
/// Bytes of the parameters of a virtual network: of the order of a configuration file.
const PARAMETERS_BYTES: u32 = 256;

const NAMES: [&str; 19] = [
    "xbone-join",
    "xbone-invite",
    "xbone-refuse",
    "xbone-accept",
    "xbone-configure",
    "address-request",
    "address-release",
    "address-answer",
    "tunnel-request",
    "tunnel-up",
    "tunnel-refused",
    "tunnel-duplicate",
    "tunnel-release",
    "tunnel-released",
    "tunnel-kept",
    "tunnel-leaving",
    "tunnel-none",
    "tunnel-renew",
    "xbone-hello",
];

impl Wire for Msg {
    const KINDS: usize = NAMES.len();

    fn kind(&self) -> usize {
        match self {
            Msg::Join { .. } => 0,
            Msg::Invite { .. } => 1,
            Msg::Refuse { .. } => 2,
            Msg::Accept { .. } => 3,
            Msg::Configure { .. } => 4,
            Msg::Ask(Transaction::Request { .. }) => 5,
            Msg::Ask(Transaction::Release { .. }) => 6,
            Msg::Answer(_) => 7,
            Msg::Tunnel { .. } => 8,
            Msg::TunnelUp { .. } => 9,
            Msg::TunnelRefused { .. } => 10,
            Msg::Duplicate { .. } => 11,
            Msg::Release { .. } => 12,
            Msg::Released { .. } => 13,
            Msg::Kept { .. } => 14,
            Msg::Leaving { .. } => 15,
            Msg::NoTunnel { .. } => 16,
            Msg::Renew { .. } | Msg::Renewed { .. } => 17,
            Msg::Hello { .. } | Msg::HelloBack { .. } => 18,
        }
    }

    fn kind_name(kind: usize) -> &'static str {
        NAMES[kind]
    }

    fn wire_bytes(&self) -> u32 {
        HEADER_BYTES
            + match self {
                Msg::Join { .. }
                | Msg::Invite { .. }
                | Msg::Refuse { .. }
                | Msg::Accept { .. }
                | Msg::TunnelRefused { .. }
                | Msg::Released { .. }
                | Msg::Kept { .. }
                | Msg::Hello { .. }
                | Msg::HelloBack { .. } => 0,
                Msg::Configure { .. } => PARAMETERS_BYTES,
                Msg::TunnelUp { .. }
                | Msg::Duplicate { .. }
                | Msg::Release { .. }
                | Msg::Leaving { .. }
                | Msg::NoTunnel { .. }
                | Msg::Renew { .. }
                | Msg::Renewed { .. }
                | Msg::Ask(Transaction::Release { .. }) => LEASE_BYTES,
                Msg::Ask(Transaction::Request { .. }) | Msg::Answer(_) | Msg::Tunnel { .. } => LEASE_BYTES + PAIR_BYTES,
            }
    }
}

/// A message of the overlay as it crosses the base network: in another packet, whose addresses are those of a tunnel.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Tunnelled<M> {
    /// The tunnel; none where tunnels have no addresses ([`Provisioning::Idle`](super::Provisioning::Idle)).
    pub lease: Option<LeaseId>,
    /// What is in it.
    pub inner: M,
    /// Bytes on the line, headers of IP included.
    pub bytes: u32,
}

/// The kinds of the overlay's own messages.
impl<M: Wire> Wire for Tunnelled<M> {
    const KINDS: usize = M::KINDS;

    fn kind(&self) -> usize {
        self.inner.kind()
    }

    fn kind_name(kind: usize) -> &'static str {
        M::kind_name(kind)
    }

    fn wire_bytes(&self) -> u32 {
        self.bytes
    }
}
