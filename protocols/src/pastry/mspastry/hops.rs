//! From hop to hop (DSN 2004): time-outs that follow each neighbour's round trips, and the way around the silent.

use sim_core::addr::Address;
use sim_core::protocol::Ctx;
use sim_core::time::{SimDuration, SimTime};

use super::super::ask::Ask;
use super::super::forward::{Held, HopId, Parcel};
use super::super::{Config, Pastry};
use super::round_trip::RoundTrips;
use crate::id::{Contact, Id};
use crate::kbr::{Payload, Step};
use crate::request::Patience;

impl<B: Payload, A: Address> Pastry<B, A> {
    /// Where a message to a key goes next, but for those in `avoid`. Whoever is silent is passed over if somebody else leads
    /// nearer to the key, but not the owner: its neighbour would deliver the message in its place.
    pub(in super::super) fn next_step(&self, config: &Config, key: Id, avoid: &[A]) -> Step<A> {
        let step = self.tables.next_hop(config, key, avoid);
        let suspects = self
            .dependable
            .as_ref()
            .map(|dependable| dependable.suspects.as_slice());
        match (step, suspects) {
            (Step::Closer(next), Some(suspects)) if suspects.contains(&next.addr) => {
                match self.tables.next_hop(config, key, &[avoid, suspects].concat()) {
                    Step::DeadEnd => step,
                    around => around,
                }
            }
            _ => step,
        }
    }

    /// How long to wait for the acknowledgement of a hop.
    pub(in super::super) fn hop_patience(&self, config: &Config, to: A, ask: Ask<A>) -> Option<Patience> {
        let (Ask::Hop(_), Some(dependable), Some(parameters)) = (ask, &self.dependable, config.mspastry) else {
            return None;
        };
        let peer = dependable.known_peer(to);
        let estimate = peer.and_then(|peer| peer.round_trips).or_else(|| {
            config.proximity?;
            let placed = self.tables.routing_table.placed().iter();
            let mut placed = placed.chain(self.tables.neighbourhood.placed());
            let known = placed.find(|placed| placed.contact.addr == to)?;
            known.distance.delay().map(RoundTrips::first)
        });
        let silences = peer.map_or(0, |peer| peer.silences).min(16);
        let timeout = estimate.map_or(config.timeout, |estimate| {
            estimate.timeout(parameters.least_margin) * (1 << silences)
        });
        let timeout = timeout.min(config.timeout);
        Some(Patience { timeout, retries: 0 })
    }

    /// An answer has come to what was sent at this time. If it was sent again meanwhile, which of the two was answered is not
    /// known, and nothing learnt.
    pub(super) fn sample(&mut self, ctx: &Ctx<'_, Self>, from: A, sent: SimTime) {
        let sample = ctx.now().since(sent);
        if sample < ctx.config().timeout {
            self.learn_round_trip(ctx.now(), from, sample);
        }
    }

    fn learn_round_trip(&mut self, now: SimTime, from: A, sample: SimDuration) {
        if let Some(dependable) = &mut self.dependable {
            let peer = dependable.peer(from, now);
            let estimate = peer
                .round_trips
                .map_or(RoundTrips::first(sample), |before| before.then(sample));
            (peer.round_trips, peer.silences) = (Some(estimate), 0);
        }
    }

    /// A hop has been acknowledged.
    pub(in super::super) fn hop_answered(&mut self, ctx: &Ctx<'_, Self>, from: A, held: &Held<B, A>) {
        self.learn_round_trip(ctx.now(), from, ctx.now().since(held.sent));
    }

    /// A hop has not been acknowledged in time.
    pub(in super::super) fn hop_silent(&mut self, ctx: &mut Ctx<'_, Self>, hop: HopId, to: A) {
        if let Some(dependable) = &mut self.dependable {
            let peer = dependable.peer(to, ctx.now());
            peer.silences = peer.silences.saturating_add(1);
        }
        self.suspect(ctx, to);
        if let Some(Held { mut parcel, .. }) = self.let_go(hop) {
            if let Parcel::Message(message) = &mut parcel {
                message.timeouts = message.timeouts.saturating_add(1);
            }
            self.parcel_goes_on(ctx, parcel);
        }
    }

    /// Something that was held goes on.
    pub(super) fn parcel_goes_on(&mut self, ctx: &mut Ctx<'_, Self>, parcel: Parcel<B, A>) {
        match parcel {
            Parcel::Message(message) => self.message_goes_on(ctx, message, Vec::new()),
            Parcel::Arrival(arrival) => self.arrival_goes_on(ctx, arrival, vec![arrival.newcomer.addr]),
        }
    }

    /// A message took another way since a cell of the routing table is empty: asks the next node, which shares as many digits
    /// with the key, for its own entry.
    pub(in super::super) fn fill_cell(&mut self, ctx: &mut Ctx<'_, Self>, key: Id, next: Contact<A>) {
        let table = &self.tables.routing_table;
        if self.dependable.is_none() || table.toward(key).is_some() {
            return;
        }
        let Some(cell) = table.cell(key) else {
            return;
        };
        let ask = Ask::Cell(cell);
        if table.digits().shared_prefix(self.me().id, next.id) >= cell.row && !self.requests.any(|open| *open == ask) {
            self.request(ctx, next.addr, ask);
        }
    }
}
