//! Provisioning by paths (section IV): in place of a tunnel, which only its two ends know of, a path through switches of MPLS or of
//! optical networks, each of which is configured.
//!
//! The P2P daemon asks for it as for a tunnel, and the resource daemons go about it in the same way: addresses from a server, a request
//! to the other end. Before the request the path is signalled, as RSVP-TE does it (RFC 3209, and RFC 3473 for one that carries
//! both directions): a message goes from router to router along the base path, its answer comes back, and each router that
//! it passes on its way back reserves what it needs and switches before it passes it on. The paper says no more than that.
//!
//! # Deviations
//! - The signalling messages are no messages of the simulation, which knows routers by their delays only: what is simulated is the time
//!   that they take, without loss or queues. The path is that of messages before any link fails.
//! - Tearing a path down takes the daemons no time, and nobody waits for it.

use sim_core::addr::NodeAddr;
use sim_core::protocol::Ctx;
use sim_core::time::SimDuration;

use crate::xbone::{Driver, XBone};

/// How long the base path to a peer takes to be set up: a round trip, and the configuration of each router on it. No time where
/// tunnels are made, which need none.
pub(super) fn signalling<C: Driver>(ctx: &Ctx<'_, XBone<C>>, peer: NodeAddr) -> SimDuration {
    let Some(switch) = ctx.config().own.switch else {
        return SimDuration::ZERO;
    };
    let routers = ctx.routers(peer).unwrap_or(0);
    ctx.round_trip(peer).unwrap_or(SimDuration::ZERO) + switch * u64::from(routers)
}
