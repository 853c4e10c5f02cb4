//! Routes sought when they are needed, in the manner of AODV.
//!
//! Perkins, Belding-Royer and Das, "Ad hoc on-demand distance vector (AODV) routing", RFC 3561, 2003; the idea is that of Perkins and
//! Royer, WMCSA 1999. A node that has a packet and no route floods a request, further and further; whoever knows a route that is new
//! enough answers along the way back, and along the answer the route stands. A route that is not used expires; one that breaks is
//! reported to those who use it. Sequence numbers, given by the destinations, keep ways free of circles: along next hops they
//! never fall, and where they are equal the hops do.
//!
//! | section | here |
//! |---|---|
//! | 5, message formats | [`Msg`] |
//! | 6.1, maintaining sequence numbers; 6.2, route table entries and precursor lists | `table` |
//! | 6.3 to 6.7, route requests and replies | `search` |
//! | 6.9, hello messages; 6.10, maintaining local connectivity | [`Config::sensing`] |
//! | 6.11, route error messages | [`Aodv`]'s `report` |
//! | 10, configuration parameters | [`Config`] |
//!
//! Where nodes move, more than 95 % of the packets should still arrive, at a cost that grows with the movement (Broch et al., "A
//! performance comparison of multi-hop wireless ad hoc network routing protocols", MobiCom 1998, section 5).
//!
//! # Deviations
//!
//! - No local repair (6.12): whoever loses a route reports it, and the source seeks a new one. No gratuitous replies (6.6.3), no multicast,
//!   no subnets, no rate limits for requests and errors, and no black list for links that work one way: here all work both ways.
//! - An error report raises the sequence number of an entry in any case. The RFC has it copied, which could lower it, and then ways
//!   can lead in a circle (van Glabbeek, Höfner, Tan and Portmann, "Sequence numbers do not guarantee loop freedom", MSWiM 2013).
//! - An answer that tells a node on the way nothing new goes on with what that node knows. Section 6.7 of the RFC passes on only what
//!   has created or changed a route, and then a search can fail although all links stand.
//! - A valid route over the link to the destination itself is kept when a longer one is told of, and takes over its number.
//! - A node that comes back numbers from its clock, so that its numbers do not fall. The RFC has it be silent for
//!   [`Config::delete_period`] instead, which also helps where it is back before its neighbours
//!   notice: unless they sense the carrier.
//! - Expired routes are looked for at most ten times a second, so that one can be used a tenth of a second too long.
//! - Addresses take four bytes, as in the RFC, behind the headers that packets have here.

mod config;
mod search;
mod table;
mod wire;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};

use sim_core::addr::NodeAddr;
use sim_core::protocol::{Ctx, LinkChange, OperationId, Protocol, TimerId};
use sim_core::random::{StreamKey, unit};
use sim_core::time::{SimDuration, SimTime};

use crate::neighbours::Neighbours;
pub use crate::neighbours::Sensing;
use crate::packet::{self, Dropped, Outcome, Packet};
use crate::seen::Seen;
pub use config::{Config, ConfigError, Ring};
use search::Search;
use table::{Table, Told, Unreachable};
pub use wire::{CONTROL_HEADER_BYTES, Msg, RouteReply, RouteRequest};

/// The time from one look for expired routes to the next at least.
const EXPIRY_STEP: SimDuration = SimDuration::from_millis(100);

/// What a node says to its later self.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Timer {
    /// A route may have expired.
    Expiry,
    /// A request for this destination has not been answered in time.
    Search(NodeAddr),
    /// A hello message is due, and neighbours may have been silent for too long.
    Hello,
}

/// A node's state.
#[derive(Debug)]
pub struct Aodv {
    me: NodeAddr,
    /// The number that this node last gave the way to itself.
    sequence: u32,
    /// The number of its last request.
    request: u32,
    table: Table,
    neighbours: Neighbours,
    /// Requests that came by: who sought, and its number.
    seen: Seen<(NodeAddr, u32)>,
    /// For whom routes are sought.
    searches: BTreeMap<NodeAddr, Search>,
    /// Packets that wait for them, the oldest first.
    waiting: VecDeque<Packet>,
    /// When expired routes will be looked for.
    expiry: Option<(SimTime, TimerId)>,
    /// When this node last broadcast something, from which neighbours know that it is there.
    last_broadcast: SimTime,
}

impl Aodv {
    /// How many destinations the node has a usable route to.
    pub fn entries(&self) -> usize {
        self.table.valid_routes()
    }

    /// How many entries its table has, those of broken and expired routes included.
    pub fn kept_entries(&self) -> usize {
        self.table.len()
    }

    /// To which neighbour a packet for `to` goes from here; none where there is no route, and to itself.
    pub fn next_hop(&self, to: NodeAddr) -> Option<NodeAddr> {
        self.table.valid(to).map(|route| route.next)
    }

    /// How many links the node takes the way to `to` to have.
    pub fn hops(&self, to: NodeAddr) -> Option<u32> {
        self.table.valid(to).map(|route| route.hops)
    }

    /// How new what the node knows of the way to `to` is, also if the route is broken; none if it knows of no number.
    pub fn known_sequence(&self, to: NodeAddr) -> Option<u32> {
        self.table.get(to)?.sequence
    }

    /// How many packets wait for a route.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    fn broadcast(&mut self, ctx: &mut Ctx<'_, Self>, msg: Msg) {
        self.last_broadcast = ctx.now();
        ctx.broadcast(msg);
    }

    /// A message tells of a way. Whether it was taken; packets that waited for it go.
    fn learn(&mut self, ctx: &mut Ctx<'_, Self>, to: NodeAddr, told: Told) -> bool {
        let taken = self.table.update(to, told);
        if taken {
            self.look_by(ctx, told.expires);
            self.found(ctx, to);
        }
        taken
    }

    /// Sections 6.5 and 6.7: whoever sent a request or an answer is a neighbour.
    fn learn_neighbour(&mut self, ctx: &mut Ctx<'_, Self>, from: NodeAddr, sequence: Option<u32>) {
        let expires = ctx.now() + ctx.config().active_route_timeout;
        let direct = Told {
            next: from,
            hops: 1,
            sequence,
            expires,
        };
        self.learn(ctx, from, direct);
        self.table.extend(from, expires);
    }

    /// Has expired routes looked for at a time, if not before.
    fn look_by(&mut self, ctx: &mut Ctx<'_, Self>, time: SimTime) {
        if let Some((set, timer)) = self.expiry {
            if set <= time + EXPIRY_STEP {
                return;
            }
            ctx.cancel_timer(timer);
        }
        let span = time.since(ctx.now()).max(EXPIRY_STEP);
        self.expiry = Some((ctx.now() + span, ctx.set_timer(span, Timer::Expiry)));
    }

    fn expire(&mut self, ctx: &mut Ctx<'_, Self>) {
        self.expiry = None;
        self.table.expire(ctx.now(), ctx.config().delete_period);
        if let Some(next) = self.table.next_expiry() {
            self.look_by(ctx, next);
        }
    }

    /// A packet goes on, or has arrived. `from` is the neighbour it came from, if it came from one.
    fn forward(&mut self, ctx: &mut Ctx<'_, Self>, from: Option<NodeAddr>, packet: Packet) {
        let until = ctx.now() + ctx.config().active_route_timeout;
        // Section 6.2: the routes back stay alive with it.
        for back in from.into_iter().chain(from.map(|_| packet.source)) {
            self.table.extend(back, until);
        }
        if packet.to == self.me {
            ctx.emit(Outcome::Delivered(packet));
            return;
        }
        let sensing = ctx.config().sensing;
        if let Some(next) = self
            .next_hop(packet.to)
            .filter(|next| Neighbours::is_missed(ctx, sensing, *next))
        {
            self.lost(ctx, next);
        }
        match (self.next_hop(packet.to), from) {
            (Some(next), _) => {
                self.table.extend(packet.to, until);
                self.table.extend(next, until);
                ctx.send(next, Msg::Data(packet));
            }
            (None, None) => self.wait(ctx, packet),
            (None, Some(from)) => {
                ctx.emit(Outcome::Dropped(packet, Dropped::NoRoute));
                let sequence = self.known_sequence(packet.to).unwrap_or(0);
                let lost = Unreachable {
                    to: packet.to,
                    sequence,
                    precursors: [from].into(),
                };
                self.report(ctx, vec![lost]);
            }
        }
    }

    /// The link to a neighbour is gone.
    fn lost(&mut self, ctx: &mut Ctx<'_, Self>, neighbour: NodeAddr) {
        let kept_until = ctx.now() + ctx.config().delete_period;
        let unreachable = self.table.break_over(neighbour, kept_until);
        self.report(ctx, unreachable);
    }

    /// A neighbour reports whom it cannot reach any more.
    fn on_error(&mut self, ctx: &mut Ctx<'_, Self>, from: NodeAddr, told: &[(NodeAddr, u32)]) {
        let kept_until = ctx.now() + ctx.config().delete_period;
        let unreachable = self.table.break_told(from, told, kept_until);
        self.report(ctx, unreachable);
    }

    /// Section 6.11: tells those who use broken routes; one message for all, to one neighbour if only one is concerned.
    fn report(&mut self, ctx: &mut Ctx<'_, Self>, mut unreachable: Vec<Unreachable>) {
        unreachable.retain(|lost| !lost.precursors.is_empty());
        let mut concerned = unreachable.iter().flat_map(|lost| &lost.precursors);
        let Some(first) = concerned.next().copied() else {
            return;
        };
        let only_one = concerned.all(|other| *other == first);
        let error = Msg::Error(unreachable.iter().map(|lost| (lost.to, lost.sequence)).collect());
        if only_one {
            ctx.send(first, error);
        } else {
            self.broadcast(ctx, error);
        }
    }

    /// Section 6.9: only who has a route need be heard, and only who has said nothing else.
    fn hello(&mut self, ctx: &mut Ctx<'_, Self>) {
        let config = ctx.config();
        ctx.set_timer(config.hello_interval, Timer::Hello);
        for neighbour in self.neighbours.silent(config.sensing, ctx.now()) {
            self.lost(ctx, neighbour);
        }
        let was_silent = self.last_broadcast + config.hello_interval <= ctx.now();
        if was_silent && self.entries() > 0 {
            let sequence = self.sequence;
            self.broadcast(ctx, Msg::Hello { sequence });
        }
    }
}

impl Protocol for Aodv {
    type Addr = NodeAddr;
    type Init = ();
    type Config = Config;
    type Msg = Msg;
    type Timer = Timer;
    type Command = packet::Send;
    type Event = Outcome;

    fn new(me: NodeAddr, (): (), _: &Config, _: StreamKey) -> Self {
        Aodv {
            me,
            sequence: 0,
            request: 0,
            table: Table::default(),
            neighbours: Neighbours::default(),
            seen: Seen::default(),
            searches: BTreeMap::new(),
            waiting: VecDeque::new(),
            expiry: None,
            last_broadcast: SimTime::ZERO,
        }
    }

    fn on_start(&mut self, ctx: &mut Ctx<'_, Self>) {
        // Neither the numbers of the node nor those of its requests are those of a former life.
        let clock = (ctx.now().as_nanos() / 1_000_000) as u32;
        (self.sequence, self.request) = (clock, clock);
        if let Sensing::Silence(_) = ctx.config().sensing {
            let phase = ctx.config().hello_interval.mul_f64(unit(ctx.rng()));
            ctx.set_timer(phase, Timer::Hello);
        }
    }

    fn on_message(&mut self, ctx: &mut Ctx<'_, Self>, from: NodeAddr, msg: Msg) {
        let is_neighbour = self.neighbours.heard(ctx, ctx.config().sensing, from);
        match msg {
            Msg::Data(packet) => match packet.one_further() {
                Some(packet) => self.forward(ctx, Some(from), packet),
                None => ctx.emit(Outcome::Dropped(packet, Dropped::HopLimit)),
            },
            // No route can lead over a link that is gone.
            _ if !is_neighbour => {}
            Msg::Request(request) => self.on_request(ctx, from, request),
            Msg::Reply(reply) => self.on_reply(ctx, from, reply),
            Msg::Error(unreachable) => self.on_error(ctx, from, &unreachable),
            Msg::Hello { sequence } => self.learn_neighbour(ctx, from, Some(sequence)),
        }
    }

    fn on_timer(&mut self, ctx: &mut Ctx<'_, Self>, timer: Timer) {
        match timer {
            Timer::Expiry => self.expire(ctx),
            Timer::Search(to) => self.not_answered(ctx, to),
            Timer::Hello => self.hello(ctx),
        }
    }

    fn on_link(&mut self, ctx: &mut Ctx<'_, Self>, change: LinkChange<NodeAddr>) {
        if let (Sensing::Carrier, LinkChange::Down(neighbour)) = (ctx.config().sensing, change) {
            self.lost(ctx, neighbour);
        }
    }

    fn on_command(&mut self, ctx: &mut Ctx<'_, Self>, operation: OperationId, send: packet::Send) {
        self.forward(ctx, None, Packet::new(self.me, operation, send));
    }

    fn on_stop(&mut self, _: &mut Ctx<'_, Self>) {}
}
