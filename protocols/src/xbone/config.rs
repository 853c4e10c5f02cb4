//! The parameters of a virtual network.

use std::collections::BTreeSet;

use sim_core::addr::NodeAddr;
use sim_core::time::SimDuration;
use thiserror::Error;

use super::forwarding::NoCosts;
use super::{Delivery, Servers};
use crate::request::Patience;

/// What all nodes of a virtual network share.
#[derive(Clone, Debug)]
pub struct Config {
    /// How tunnels come about.
    pub provisioning: Provisioning,
    /// The base address of the overlay manager; none if nodes need not be admitted.
    pub manager: Option<NodeAddr>,
    /// Whom the manager admits.
    pub admission: Admission,
    /// How long a daemon waits for the answer of another one, address servers aside, and how often it asks again.
    pub patience: Patience,
    /// The most tunnels of a node; it refuses more. (A resource of the access control lists of section II-F.)
    pub max_tunnels: usize,
    /// From one look at which tunnels are still wanted to the next.
    pub sweep_period: SimDuration,
    /// How long after its last packet a tunnel is wanted, although the overlay does not list the neighbour.
    pub linger: SimDuration,
    /// From one question whether the other end still wants a tunnel that this end does not to the next. Of a tunnel whose other
    /// end has gone silently this end asks no later than this long, and a sweep, after the overlay has ceased to list the neighbour
    /// and [`linger`](Self::linger) is over; then the wait for an answer ends it.
    pub keep_alive: SimDuration,
    /// Whether the P2P daemon of a node that leaves tells its neighbours, in the overlay's own way, before the tunnels are released. In
    /// the paper a node that leaves "only releases all IP tunnels and deletes routing table entries" (section II-B.1).
    pub goodbye: bool,
    /// The time that the upcall daemon takes to relay a call or its answer between an isolated virtual node and the resource
    /// daemon (section II-D); zero where nodes are not isolated.
    pub upcall: SimDuration,
    /// Whether the resource daemon measures the round trips of the base network for its P2P daemon, also to nodes without a tunnel
    /// to them (section II-E).
    pub measures_base: bool,
    /// What protects the channels.
    pub security: Security,
    /// What tunnels do to packets.
    pub quality: Quality,
    /// How long each router on the base path takes to be configured, where daemons provision paths and not tunnels (section IV); none
    /// for tunnels.
    pub switch: Option<SimDuration>,
    /// What forwarding data over the overlay costs each node; nothing where it is none, and then data are as large as the overlay says.
    pub forwarding: Option<Delivery>,
}

/// How tunnels come about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Provisioning {
    /// By the daemons: addresses from a server, then a request to the other end (section II-B.2).
    Daemons {
        /// The address servers.
        servers: Servers,
        /// The time that each end takes to configure its interface.
        configuration: SimDuration,
    },
    /// By waiting: so long after it is asked for, a tunnel stands. No server is asked and no address needed. The paper's
    /// own simulation does this: "emulated by idling for average time" (section III-A).
    Idle(SimDuration),
    /// Once for all: the tunnels that nodes start with, and no others. What the X-Bone does, which has "no mechanism for dynamic
    /// node addition/deletion" (section I).
    Static,
}

/// Whom the overlay manager admits (section II-F).
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Admission {
    /// The access control list: the only base addresses that may join; everybody where it is none.
    pub allowed: Option<BTreeSet<NodeAddr>>,
    /// How many different nodes are admitted over time; any number where it is none. The manager does not hear of departures.
    pub limit: Option<u32>,
}

/// What the protection of channels costs (section II-F).
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Security {
    /// How many round trips daemons need before a request, to open an SSL channel for it; none without SSL.
    pub handshakes: u8,
    /// The time that the initiator of a tunnel takes to compute the keys of its IPsec channels, which then go to the other end
    /// with the request.
    pub key_computation: SimDuration,
}

/// The limits that the administrator has set for each tunnel (section II-E).
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Quality {
    /// Added to the delay of each packet.
    pub delay: SimDuration,
    /// Bits a second in each direction; without limit where it is none.
    pub bandwidth: Option<u64>,
}

/// What no virtual network can have.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum ConfigError {
    /// A time that must not be zero.
    #[error("{0} must be longer than zero")]
    Zero(&'static str),
    /// No tunnels at all.
    #[error("a node must be allowed at least 1 tunnel")]
    NoTunnels,
    /// A bandwidth of nothing.
    #[error("a tunnel must carry at least 1 bit a second; leave the limit out to have none")]
    Bandwidth,
    /// Forwarding takes no time.
    #[error(transparent)]
    Forwarding(#[from] NoCosts),
    /// Nothing may wait for the processor.
    #[error("at least 1 message must be able to wait for the processor")]
    Queue,
}

impl Default for Config {
    /// Tunnels that stand at once, and wants looked at every second; a tunnel lingers for ten, and a silent end is asked every
    /// thirty. Overlays say goodbye as they do without tunnels.
    fn default() -> Self {
        Config {
            provisioning: Provisioning::Idle(SimDuration::ZERO),
            manager: None,
            admission: Admission::default(),
            patience: Patience {
                timeout: SimDuration::from_secs(1),
                retries: 3,
            },
            max_tunnels: usize::MAX,
            sweep_period: SimDuration::from_secs(1),
            linger: SimDuration::from_secs(10),
            keep_alive: SimDuration::from_secs(30),
            goodbye: true,
            upcall: SimDuration::ZERO,
            measures_base: false,
            security: Security::default(),
            quality: Quality::default(),
            switch: None,
            forwarding: None,
        }
    }
}

impl Config {
    /// The parameters, if a virtual network can have them.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn validate(self) -> Result<Self, ConfigError> {
        let times = [
            ("timeout", self.patience.timeout),
            ("sweep_period", self.sweep_period),
            ("keep_alive", self.keep_alive),
        ];
        if let Some((name, _)) = times.iter().find(|(_, time)| *time == SimDuration::ZERO) {
            return Err(ConfigError::Zero(name));
        }
        if self.max_tunnels == 0 {
            return Err(ConfigError::NoTunnels);
        }
        if self.quality.bandwidth == Some(0) {
            return Err(ConfigError::Bandwidth);
        }
        if let Some(delivery) = &self.forwarding {
            delivery.costs.validate()?;
            if delivery.queue == 0 {
                return Err(ConfigError::Queue);
            }
        }
        Ok(self)
    }

    /// How long a daemon waits for the answer of another one: each round trip of a handshake takes as long as the request itself.
    pub(super) fn patience(&self) -> Patience {
        Patience {
            timeout: self.patience.timeout * (u64::from(self.security.handshakes) + 1),
            ..self.patience
        }
    }

    /// Whether a tunnel stands in the moment in which it is asked for.
    pub(super) fn at_once(&self) -> bool {
        self.provisioning == Provisioning::Idle(SimDuration::ZERO) && self.upcall == SimDuration::ZERO
    }

    /// The address servers, where daemons ask any.
    pub(super) fn servers(&self) -> Option<&Servers> {
        match &self.provisioning {
            Provisioning::Daemons { servers, .. } => Some(servers),
            Provisioning::Idle(_) | Provisioning::Static => None,
        }
    }
}
