//! One end of a tunnel, and how far it has come.

use std::collections::VecDeque;

use sim_core::protocol::TimerId;
use sim_core::time::{SimDuration, SimTime};

use super::config::Quality;
use super::ledger::{Held, LeaseId};
use crate::request::RequestId;

/// One end of a tunnel to a peer, in the making or standing: there is never more than one to the same peer.
#[derive(Debug)]
pub(super) struct Tunnel<M> {
    pub(super) state: State,
    /// What the state waits for.
    pub(super) timer: Option<TimerId>,
    /// When the P2P daemon asked for it; none once it has been told, and at the end that was asked by the other one.
    pub(super) asked: Option<SimTime>,
    /// When a packet last went through it.
    pub(super) used: SimTime,
    /// What the overlay wants to send and cannot yet.
    pub(super) waiting: Vec<M>,
    /// What came through before this end was configured.
    pub(super) early: Vec<M>,
    /// The other end has been asked until when the lease lasts.
    pub(super) asking: Option<RequestId>,
    /// When the last packet that was let through will have left.
    free: SimTime,
    /// Packets that the tunnel's limits hold back, in order, and when they may go.
    pub(super) held_back: VecDeque<(SimTime, M)>,
    /// What the first of them waits for.
    pub(super) through: Option<TimerId>,
}

/// How far a tunnel has come at one end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum State {
    /// The P2P daemon's call is on its way to the resource daemon, or, where daemons only wait, so is the tunnel.
    Called,
    /// The address server has been asked.
    Leasing(LeaseId),
    /// Keys are being computed, or the base path is being set up.
    Keying(Held),
    /// The other end has been asked.
    Requesting(Held, RequestId),
    /// The interface of the end that asked is being configured.
    Finishing(Held),
    /// The interface of the end that was asked is being configured; then the request is answered.
    Accepting(Held, RequestId),
    /// It stands. Where the other end was asked and wants to keep it, since when.
    Standing {
        /// Its addresses; none where tunnels need no addresses, and nothing is said about them.
        held: Option<Held>,
        /// Since when only the other end wants it.
        kept: Option<SimTime>,
    },
    /// The other end has been asked whether it wants to keep it.
    Releasing(Held, RequestId),
    /// The other end has left; what it sent last may still come.
    Closing {
        /// Its addresses,
        held: Held,
        /// which the other end has given back or not.
        returned: bool,
    },
}

impl State {
    /// The addresses that this end has.
    pub(super) fn held(self) -> Option<Held> {
        match self {
            State::Called | State::Leasing(_) => None,
            State::Keying(held)
            | State::Requesting(held, _)
            | State::Finishing(held)
            | State::Accepting(held, _)
            | State::Releasing(held, _)
            | State::Closing { held, .. } => Some(held),
            State::Standing { held, .. } => held,
        }
    }

    /// The addresses that a node gives back itself when it leaves, since the other end may never hear of the tunnel, may have given
    /// it up, or is gone: of all other tunnels the other end does.
    pub(super) fn returned_by_leaver(self) -> Option<Held> {
        match self {
            State::Keying(held)
            | State::Requesting(held, _)
            | State::Releasing(held, _)
            | State::Closing { held, returned: false } => Some(held),
            State::Called
            | State::Leasing(_)
            | State::Finishing(_)
            | State::Accepting(..)
            | State::Standing { .. }
            | State::Closing { returned: true, .. } => None,
        }
    }

    /// Whether packets can come through it.
    pub(super) fn receives(self) -> bool {
        matches!(
            self,
            State::Standing { .. } | State::Releasing(..) | State::Closing { .. }
        )
    }
}

impl<M> Tunnel<M> {
    pub(super) fn new(now: SimTime, state: State) -> Self {
        Tunnel {
            state,
            timer: None,
            asked: None,
            used: now,
            waiting: Vec::new(),
            early: Vec::new(),
            asking: None,
            free: now,
            held_back: VecDeque::new(),
            through: None,
        }
    }

    pub(super) fn stands(&self) -> bool {
        matches!(self.state, State::Standing { .. })
    }

    /// How long the tunnel's limits hold a packet of so many bytes back: its own transmission after those before it, and the
    /// delay that is added to all.
    pub(super) fn shape(&mut self, now: SimTime, quality: &Quality, bytes: u32) -> SimDuration {
        if let Some(bandwidth) = quality.bandwidth {
            // In 128 bits: the product is beyond 64 for a large packet.
            let nanos = u128::from(bytes) * 8 * 1_000_000_000 / u128::from(bandwidth);
            self.free = self.free.max(now) + SimDuration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
        } else {
            self.free = now;
        }
        self.free.since(now) + quality.delay
    }
}
