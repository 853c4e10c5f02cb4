//! What MSPastry adds, so that messages arrive, and at the right node, while nodes come and go.
//!
//! Miguel Castro, Manuel Costa and Antony Rowstron, "Performance and dependability of structured peer-to-peer overlays",
//! DSN 2004.
//!
//! | what | where |
//! |---|---|
//! | consistent routing: probes of leaf sets, when a newcomer becomes active | `leaf_probes.rs` |
//! | heartbeats to the left neighbour, probes of routing tables | `liveness.rs` |
//! | how often to probe | `tuning.rs` |
//! | acknowledgements from hop to hop, time-outs, the way around the silent | `hops.rs`, `round_trip.rs` |
//!
//! Who is *active* is what Pastry calls a member: it has joined, and delivers messages. A newcomer holds those that come
//! to it until all of its leaf set have confirmed that they know it.
//!
//! # Deviations
//!
//! - Whoever is accused by a neighbour's list of the failed is probed, but stays in the leaf set until the probe fails. The
//!   paper removes him first; while a live one is probed again, a message of his would be delivered at somebody else.
//! - The owner of a message is not passed over before it counts as dead: the message is sent to it again and again, and goes on
//!   when the probe has failed. Before the last hop, whoever is silent is passed over at once.
//! - Whoever loses all neighbours on one side delivers nothing until it has found who is next there.
//! - A newcomer also probes those of its leaf set who have probed it: their probe does not tell that they know it already.
//! - A heartbeat that comes from somebody who is not the next larger neighbour here is answered by a probe: one of both
//!   knows a node that the other one does not. Whose leaf set has changed since its last heartbeat probes both neighbours in
//!   place of the next one, and whoever is missing in a list that reaches beyond him is probed: where arrivals and failures
//!   cross, gaps would remain.
//! - An acknowledgement names the transmission that it answers, so that each sample is of one transmission (Karn's rule); the
//!   time-out is doubled by each that comes too late until one comes in time.
//! - The first time-out is that of the distance, where it is known, else that of a probe.
//! - The lazy repair of 2001 is left out; empty cells are filled on the way of messages, by newcomers, and by the periodic
//!   exchange of rows ([`Config::table_period`](super::Config::table_period)). A distance is measured by one ping.

mod hops;
mod leaf_probes;
mod liveness;
mod round_trip;
mod tuning;
pub(super) mod wire;

use sim_core::addr::Address;
use sim_core::protocol::Ctx;
use sim_core::time::{SimDuration, SimTime};

use self::round_trip::RoundTrips;
use self::tuning::Failures;
use super::forward::Parcel;
use super::{Config, ConfigError, Dropped, Event, Pastry};
use crate::id::Contact;
use crate::kbr::Payload;
pub use wire::{Probe, View};

/// The parameters that MSPastry adds to those of Pastry: of [`Config`](super::Config), `heartbeat_period` is its `Tls`,
/// `timeout` its `To`, `retries` its number of retries, and `table_period` that of its exchange of rows.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct MsPastry {
    /// Whether the entries of routing tables are probed.
    pub active_probing: bool,
    /// `Lr`: which share of the messages may meet a dead node on their way, so that routing tables are probed no more than
    /// needed; above 0 and below 1.
    pub raw_loss: f64,
    /// The longest time between two probes of an entry: estimates of the failure rate must not stop them altogether.
    pub longest_probe_period: SimDuration,
    /// How many failures the estimate of the failure rate remembers.
    pub failures: usize,
    /// How much longer than a round trip the time-out of a hop is at least.
    pub least_margin: SimDuration,
}

impl Default for MsPastry {
    /// A target of 5 %, as in the paper. The others are our own choice.
    fn default() -> Self {
        MsPastry {
            active_probing: true,
            raw_loss: 0.05,
            longest_probe_period: SimDuration::from_secs(3600),
            failures: 16,
            least_margin: SimDuration::from_millis(10),
        }
    }
}

impl MsPastry {
    /// Whether MSPastry can work with these values.
    pub(super) fn validate(&self, heartbeat_period: Option<SimDuration>) -> Result<(), ConfigError> {
        if !(self.raw_loss > 0.0 && self.raw_loss < 1.0) {
            return Err(ConfigError::RawLoss(self.raw_loss));
        }
        if heartbeat_period.is_none() {
            return Err(ConfigError::NoHeartbeats);
        }
        if self.failures == 0 {
            return Err(ConfigError::Failures);
        }
        if self.longest_probe_period == SimDuration::ZERO {
            return Err(ConfigError::NoProbes);
        }
        Ok(())
    }
}

impl Config {
    /// `(r + 1) To`: how long a node waits until it takes somebody for dead.
    fn verdict(&self) -> SimDuration {
        self.timeout * (u64::from(self.retries) + 1)
    }
}

/// What a node keeps beside its tables.
#[derive(Debug)]
pub(super) struct Dependable<B, A> {
    /// By address.
    peers: Vec<Peer<A>>,
    /// Who is silent, and not known to be dead. They are passed over on all hops but the last.
    suspects: Vec<A>,
    /// Who has failed of late, so that it is not taken for a candidate again.
    failed: Vec<Contact<A>>,
    /// Who is to be probed at the next heartbeat if he has been silent since.
    doubts: Vec<(Contact<A>, SimTime)>,
    /// Who has told a newcomer that it knows it.
    confirmed: Vec<A>,
    /// Whether a whole side of the leaf set has been lost and not been found again.
    bereft: bool,
    /// The version of the leaf set that both neighbours have been told.
    exchanged: u32,
    /// Whether a newcomer is to look again whether it may become active.
    settling: bool,
    /// What cannot go on until the leaf set is known.
    waiting: Vec<Parcel<B, A>>,
    failures: Failures,
    /// How often the node itself would probe its routing table.
    period: SimDuration,
}

/// What is known of a node beside its place.
#[derive(Debug)]
struct Peer<A> {
    addr: A,
    /// When it was heard last.
    heard: SimTime,
    /// When it was told last that this node is alive.
    told: Option<SimTime>,
    round_trips: Option<RoundTrips>,
    /// How many hops in a row it has not acknowledged in time.
    silences: u8,
    /// How often it would probe routing tables.
    period: Option<SimDuration>,
}

impl<B, A: Address> Dependable<B, A> {
    pub(super) fn new(now: SimTime, parameters: MsPastry) -> Self {
        Dependable {
            peers: Vec::new(),
            suspects: Vec::new(),
            failed: Vec::new(),
            doubts: Vec::new(),
            confirmed: Vec::new(),
            bereft: false,
            exchanged: 0,
            settling: false,
            waiting: Vec::new(),
            failures: Failures::since(now, parameters.failures),
            period: parameters.longest_probe_period,
        }
    }

    /// Somebody, who counts as heard now if nothing is known of him.
    fn peer(&mut self, addr: A, now: SimTime) -> &mut Peer<A> {
        let at = match self.peers.binary_search_by_key(&addr, |peer| peer.addr) {
            Ok(at) => at,
            Err(at) => {
                let unknown = Peer {
                    addr,
                    heard: now,
                    told: None,
                    round_trips: None,
                    silences: 0,
                    period: None,
                };
                self.peers.insert(at, unknown);
                at
            }
        };
        &mut self.peers[at]
    }

    fn known_peer(&self, addr: A) -> Option<&Peer<A>> {
        let at = self.peers.binary_search_by_key(&addr, |peer| peer.addr).ok()?;
        Some(&self.peers[at])
    }

    /// Bytes on the heap, itself included.
    pub(super) fn heap_bytes(&self) -> usize {
        size_of::<Self>()
            + self.peers.capacity() * size_of::<Peer<A>>()
            + (self.suspects.capacity() + self.confirmed.capacity()) * size_of::<A>()
            + self.failed.capacity() * size_of::<Contact<A>>()
            + self.doubts.capacity() * size_of::<(Contact<A>, SimTime)>()
            + self.waiting.capacity() * size_of::<Parcel<B, A>>()
            + self.failures.heap_bytes()
    }
}

impl<B: Payload, A: Address> Pastry<B, A> {
    /// Notes that something has come from an address: any message does as well as the answer to a probe.
    #[inline]
    pub(super) fn sign_of_life(&mut self, ctx: &Ctx<'_, Self>, from: A) {
        if let Some(dependable) = &mut self.dependable {
            dependable.suspects.retain(|suspect| *suspect != from);
            dependable.peer(from, ctx.now()).heard = ctx.now();
        }
    }

    /// Notes that somebody is sent something from which he learns that this node is alive.
    pub(super) fn told(&mut self, now: SimTime, to: A) {
        if let Some(dependable) = &mut self.dependable {
            dependable.peer(to, now).told = Some(now);
        }
    }

    /// Whether somebody has been heard since.
    fn heard_since(&self, addr: A, begun: SimTime) -> bool {
        let peer = self
            .dependable
            .as_ref()
            .and_then(|dependable| dependable.known_peer(addr));
        peer.is_some_and(|peer| peer.heard > begun)
    }

    /// How often the node would probe its routing table by what it knows itself.
    fn own_period(&self) -> SimDuration {
        self.dependable
            .as_ref()
            .map_or(SimDuration::ZERO, |dependable| dependable.period)
    }

    fn note_period(&mut self, now: SimTime, of: A, period: SimDuration) {
        if let Some(dependable) = &mut self.dependable {
            dependable.peer(of, now).period = Some(period);
        }
    }

    /// A message that only nodes with these additions send each other.
    pub(super) fn probed(&mut self, ctx: &mut Ctx<'_, Self>, from: A, probe: Probe<A>) {
        let contact = |id| Contact { id, addr: from };
        if self.dependable.is_none() {
            return ctx.emit(Event::Dropped(Dropped::StaleAnswer));
        }
        match probe {
            Probe::LeafSet { request, view } => self.leaf_probed(ctx, contact(view.id), request, &view),
            Probe::LeafSetReply { request, view } => self.leaf_probe_answered(ctx, contact(view.id), request, &view),
            Probe::Heartbeat { id, period } => self.heartbeat(ctx, contact(id), period),
            Probe::Liveness { request, period, .. } => self.liveness_probed(ctx, from, request, period),
            Probe::LivenessReply { request, id, period } => self.liveness_answered(ctx, contact(id), request, period),
            Probe::Distance { id, distance } if self.tables.has_routing_table() => {
                self.tables.routing_table.offer(contact(id), distance);
                self.tables.neighbourhood.offer(contact(id), distance);
            }
            Probe::Distance { .. } => {}
        }
    }
}
