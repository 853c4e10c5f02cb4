//! Who is alive (DSN 2004): each node tells its left neighbour, watches its right one, and probes its routing table
//! no more often than it must.

use sim_core::addr::Address;
use sim_core::protocol::Ctx;
use sim_core::time::{SimDuration, SimTime};

use super::super::ask::Ask;
use super::super::{Config, Distance, Dropped, Event, Msg, Pastry, Proximity, Timer};
use super::tuning::{self, Tuning};
use super::{MsPastry, Probe};
use crate::id::Contact;
use crate::kbr::Payload;
use crate::request::RequestId;

/// Between two rounds of probes there is at least so much time: those due meanwhile go together.
const SHORTEST_ROUND: SimDuration = SimDuration::from_secs(1);

/// Neighbours on the ring.
impl<B: Payload, A: Address> Pastry<B, A> {
    /// The node is active: it begins to watch.
    pub(in super::super) fn begin_to_watch(&mut self, ctx: &mut Ctx<'_, Self>) {
        if self.dependable.is_none() {
            return;
        }
        if let Some(period) = ctx.config().heartbeat_period {
            ctx.set_timer(period, Timer::RightNeighbour);
        }
        if ctx
            .config()
            .mspastry
            .is_some_and(|parameters| parameters.active_probing)
        {
            ctx.set_timer(SHORTEST_ROUND, Timer::Liveness);
        }
    }

    /// Tells the left neighbour that this node is alive, if it has not been told anything since.
    pub(in super::super) fn tell_left_neighbour(&mut self, ctx: &mut Ctx<'_, Self>) {
        let Some(period) = ctx.config().heartbeat_period else {
            return;
        };
        let mut next = period;
        let left = self.tables.leaf_set.smaller().next();
        if self.leaf_set_has_changed() {
            for neighbour in [left, self.right_neighbour()].into_iter().flatten() {
                self.probe_leaf(ctx, neighbour);
            }
        } else if let Some(left) = left {
            let peer = self
                .dependable
                .as_ref()
                .and_then(|dependable| dependable.known_peer(left.addr));
            match peer.and_then(|peer| peer.told).map(|told| told + period) {
                Some(due) if due > ctx.now() => next = due.since(ctx.now()),
                _ => {
                    let (id, period) = (self.me().id, self.own_period());
                    self.told(ctx.now(), left.addr);
                    ctx.send(left.addr, Msg::Probe(Probe::Heartbeat { id, period }));
                }
            }
        }
        ctx.set_timer(next, Timer::Heartbeat);
        self.resolve_doubts(ctx);
        self.mend_leaf_set(ctx);
        self.tune(ctx);
        self.look_around(ctx);
    }

    /// Whether the leaf set has changed since this was asked last.
    fn leaf_set_has_changed(&mut self) -> bool {
        let version = self.version;
        let dependable = self.dependable.as_mut();
        dependable.is_some_and(|dependable| std::mem::replace(&mut dependable.exchanged, version) != version)
    }

    /// The right neighbour is alive, or somebody takes this node for its left one.
    pub(super) fn heartbeat(&mut self, ctx: &mut Ctx<'_, Self>, sender: Contact<A>, period: SimDuration) {
        self.note_period(ctx.now(), sender.addr, period);
        if self.right_neighbour() != Some(sender) {
            self.probe_leaf(ctx, sender);
        }
    }

    /// Suspects the right neighbour if it has been silent for longer than a heartbeat should take.
    pub(in super::super) fn watch_right_neighbour(&mut self, ctx: &mut Ctx<'_, Self>) {
        let Some(period) = ctx.config().heartbeat_period else {
            return;
        };
        let patience = period + ctx.config().timeout;
        let mut next = patience;
        if let (Some(right), Some(dependable)) = (self.right_neighbour(), &mut self.dependable) {
            let due = dependable.peer(right.addr, ctx.now()).heard + patience;
            if due > ctx.now() {
                next = due.since(ctx.now());
            } else {
                self.suspect(ctx, right.addr);
            }
        }
        ctx.set_timer(next, Timer::RightNeighbour);
    }

    /// Somebody does not answer: messages go around it, and it is probed before it counts as dead.
    pub(in super::super) fn suspect(&mut self, ctx: &mut Ctx<'_, Self>, addr: A) {
        let Some(contact) = self.tables.contacts().find(|contact| contact.addr == addr) else {
            return;
        };
        if let Some(dependable) = self.dependable.as_mut().filter(|known| !known.suspects.contains(&addr)) {
            dependable.suspects.push(addr);
        }
        if self.tables.leaf_set.contacts().contains(&contact) {
            self.probe_leaf(ctx, contact);
        } else {
            self.probe_liveness(ctx, contact);
        }
    }
}

/// Routing tables.
impl<B: Payload, A: Address> Pastry<B, A> {
    /// Probes the entries that have not been heard for a period.
    pub(in super::super) fn probe_table(&mut self, ctx: &mut Ctx<'_, Self>) {
        let period = self.probe_period();
        let now = ctx.now();
        let mut next = period;
        for contact in self.tables.routing_table.contacts().collect::<Vec<_>>() {
            let Some(dependable) = &mut self.dependable else {
                return;
            };
            let due = dependable.peer(contact.addr, now).heard + period;
            if due > now {
                next = next.min(due.since(now));
            } else {
                self.probe_liveness(ctx, contact);
            }
        }
        ctx.set_timer(next.max(SHORTEST_ROUND), Timer::Liveness);
    }

    fn probe_liveness(&mut self, ctx: &mut Ctx<'_, Self>, contact: Contact<A>) {
        let under_way = |ask: &Ask<A>| matches!(ask, Ask::Liveness { contact: other, .. } if *other == contact);
        if !self.requests.any(under_way) {
            let begun = ctx.now();
            self.request(ctx, contact.addr, Ask::Liveness { contact, begun });
        }
    }

    /// Sends a probe, for the first time or again.
    pub(in super::super) fn post_liveness_probe(&mut self, ctx: &mut Ctx<'_, Self>, to: A, request: RequestId) {
        let (id, period) = (self.me().id, self.own_period());
        self.told(ctx.now(), to);
        ctx.send(to, Msg::Probe(Probe::Liveness { request, id, period }));
    }

    pub(super) fn liveness_probed(
        &mut self,
        ctx: &mut Ctx<'_, Self>,
        from: A,
        request: RequestId,
        period: SimDuration,
    ) {
        self.note_period(ctx.now(), from, period);
        let (id, period) = (self.me().id, self.own_period());
        self.told(ctx.now(), from);
        ctx.send(from, Msg::Probe(Probe::LivenessReply { request, id, period }));
    }

    pub(super) fn liveness_answered(
        &mut self,
        ctx: &mut Ctx<'_, Self>,
        responder: Contact<A>,
        request: RequestId,
        period: SimDuration,
    ) {
        let Some(Ask::Liveness { begun, contact }) = self.requests.close(ctx, request, responder.addr) else {
            return ctx.emit(Event::Dropped(Dropped::StaleAnswer));
        };
        self.sample(ctx, responder.addr, begun);
        self.note_period(ctx.now(), responder.addr, period);
        if responder != contact {
            self.dead(ctx, contact.addr);
        }
    }

    /// Nobody answers a probe.
    pub(in super::super) fn liveness_probe_failed(
        &mut self,
        ctx: &mut Ctx<'_, Self>,
        contact: Contact<A>,
        begun: SimTime,
    ) {
        if !self.heard_since(contact.addr, begun) {
            self.dead(ctx, contact.addr);
        }
    }

    /// Tells somebody how far away he is, so that he need not measure it.
    pub(in super::super) fn share_distance(&self, ctx: &mut Ctx<'_, Self>, to: Contact<A>, distance: Distance) {
        if self.dependable.is_some() && self.is_known() && ctx.config().proximity == Some(Proximity::Probe) {
            let id = self.me().id;
            ctx.send(to.addr, Msg::Probe(Probe::Distance { id, distance }));
        }
    }
}

/// How often to probe.
impl<B: Payload, A: Address> Pastry<B, A> {
    /// Estimates the period anew, and forgets peers that are in no table any more.
    fn tune(&mut self, ctx: &Ctx<'_, Self>) {
        let config = ctx.config();
        let (Some(dependable), Some(parameters)) = (&mut self.dependable, &config.mspastry) else {
            return;
        };
        let known = self.tables.acquaintances();
        let known_addr = |addr| known.iter().any(|contact| contact.addr == addr);
        dependable.peers.retain(|peer| known_addr(peer.addr));
        dependable.suspects.retain(|suspect| known_addr(*suspect));
        if let Some(tuning) = tuning(config, parameters) {
            let rate = dependable.failures.rate(ctx.now(), known.len());
            let nodes = tuning::nodes(&self.tables.leaf_set, config.space());
            let seconds = tuning.table_period(rate, tuning::expected_hops(config.b, nodes));
            dependable.period = SimDuration::from_secs_f64(seconds);
        }
    }

    /// The median of what the node and those in its tables would take.
    pub(in super::super) fn probe_period(&self) -> SimDuration {
        let peers = self.dependable.iter().flat_map(|dependable| &dependable.peers);
        let mut periods: Vec<SimDuration> = peers.filter_map(|peer| peer.period).collect();
        periods.push(self.own_period());
        tuning::median(periods).unwrap_or(SimDuration::ZERO)
    }
}

/// What decides how often to probe; nothing if nothing is to be probed.
fn tuning(config: &Config, parameters: &MsPastry) -> Option<Tuning> {
    Some(Tuning {
        target: parameters.raw_loss,
        leaf_set_period: config.heartbeat_period?.as_secs_f64(),
        verdict: config.verdict().as_secs_f64(),
        longest: parameters.longest_probe_period.as_secs_f64(),
    })
}
