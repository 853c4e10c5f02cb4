//! Pastry: nodes and keys are numbers on a ring; a message to a key goes from node to node along ever longer shared
//! prefixes, nearby nodes first, and ends at the node whose number is closest to the key.
//!
//! Antony Rowstron and Peter Druschel, "Pastry: Scalable, decentralized object location, and routing for large-scale
//! peer-to-peer systems", Middleware 2001. The sections, tables and figures named here are its own.
//!
//! | what | section, table | where |
//! |---|---|---|
//! | leaf set, routing table, neighbourhood set | 2.1 | [`LeafSet`], [`RoutingTable`], [`NeighbourhoodSet`], together [`Tables`] |
//! | routing | Table 1 | `route.rs`; handing on: `forward.rs` |
//! | arrival: rows along the path, second stage | 2.4, 2.5, 4.2 | `join.rs` |
//! | arrival: the optimistic announcement | 2.4 | `announce.rs` |
//! | departure: leaf set, routing table, neighbourhood set | 2.4 | `heartbeat.rs`, `repair.rs`, `upkeep.rs`, `departure.rs` |
//! | distances | 2.5 | `learn.rs` |
//! | what MSPastry adds for churn ([`Config::mspastry`]) | DSN 2004 | `mspastry/` |
//!
//! A newcomer is a *member*, and says [`Event::Joined`], when all it has announced itself to have answered or are found dead.
//! It hands messages on, and delivers, from its first announcement on, since from then on others know it.
//!
//! # Deviations
//!
//! - Closeness is that of the ring: zero follows the largest identifier. Of two nodes equally far from a key the one after it
//!   owns it.
//! - Of the nodes that the rare case of the routing procedure allows, the numerically closest to the key is taken.
//! - Where the paper has nodes compare whole tables, they send each other what the other one can use: the rows up to the
//!   length of the prefix that both share, and the neighbourhood set. What comes is tried in every table, not only in the one
//!   that it comes from.
//! - The time stamp of a node's state is a version of its leaf set. Whoever is announced to as a neighbour on the ring
//!   answers with its leaf set, unless the newcomer has made its own from that version; the newcomer goes on to announce itself
//!   to those whom it did not know. So newcomers that arrive at the same time find each other.
//! - A node is taken into the leaf set when it has been heard directly, also where the paper asks for that after failures
//!   only. A newcomer takes its first leaf set on trust, and then announces itself to all of it.
//! - The paper does not say who sends heartbeats to whom. Here a node pings the smaller half of its leaf set, and those of
//!   the larger half that have not pinged it since the last time. The next smaller one it asks for its leaf set in place
//!   of a ping, unless neither's has changed, and tells it of anybody who is missing there: repairs and arrivals that cross leave no
//!   gap behind.
//! - Of whoever was found dead a node takes no hearsay for two periods of heartbeats, in which others find out themselves; he is
//!   welcome if he comes himself.
//! - A side of the leaf set that has lost members asks its farthest one, as in the paper, and then the farthest again until it
//!   is full or meets the other side. Where a whole side is lost, which the paper excludes, the nearest on it of all that
//!   are known is asked. Who knows nobody any more is out ([`Reason::Isolated`]).
//! - An entry is repaired when it is found dead in handing a message on, as in the paper, or by somebody's goodbye; not if it
//!   was in the leaf set as well, since messages to its cell go by the leaf set there.
//! - A routing table is also compared with those of others from time to time, if [`Config::table_period`] says so (Castro,
//!   Druschel, Hu and Rowstron, "Topology-aware routing in structured peer-to-peer overlay networks", 2002); 2001 only
//!   repairs entries that were found dead.
//! - A leaver says goodbye to all it knows, with its leaf set to those in it. The paper has silent departures only.
//! - Messages are acknowledged from hop to hop, if [`Config::acknowledge`] says so. If an acknowledgement is lost, a message may
//!   be delivered twice.

mod announce;
mod ask;
pub mod bulk;
mod config;
mod departure;
mod digits;
mod event;
mod forward;
mod heartbeat;
mod interface;
pub mod invariants;
mod join;
mod leaf_set;
mod learn;
mod members;
mod mspastry;
mod neighbourhood;
mod repair;
mod route;
mod routing_table;
mod tables;
mod upkeep;
mod wire;

use sim_core::addr::{Address, NodeAddr};
use sim_core::protocol::{Ctx, OperationId, Protocol};
use sim_core::random::StreamKey;
use sim_core::time::SimTime;

use crate::id::{Contact, Id};
use crate::kbr::{Call, Nothing, Payload};
use crate::request::{RequestId, Requests};
use ask::Ask;
pub use config::{Config, ConfigError, Proximity, Quality, Routing};
pub use digits::{Digits, Nearness};
pub use event::{Dropped, Event, Reason, Repair};
use forward::{Held, HopId};
use heartbeat::Exchange;
use join::Joining;
pub use leaf_set::{LeafSet, Side};
pub use members::Members;
use mspastry::Dependable;
pub use mspastry::{MsPastry, Probe, View};
pub use neighbourhood::{Distance, NeighbourhoodSet, Placed};
use repair::{EntryRepair, RepairId};
pub use routing_table::{Cell, RoutingTable};
pub use tables::{Forgotten, Learnt, Tables};
pub use wire::{Announcement, Arrival, Msg, Part, State, Wanted};

/// How a node starts.
#[derive(Clone, Debug)]
pub enum Init<A = NodeAddr> {
    /// As the first one of a new network.
    First {
        /// Its identifier.
        id: Id,
    },
    /// Through a node that is a member.
    Join {
        /// Its identifier.
        id: Id,
        /// The member.
        bootstrap: A,
    },
    /// As a member, with tables made in bulk.
    Ready {
        /// Its tables.
        tables: Box<Tables<A>>,
    },
}

/// What a node says to its later self.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Timer {
    /// A request has not been answered in time.
    Request(RequestId),
    /// The leaf set is to be looked after.
    Heartbeat,
    /// The neighbourhood set is.
    Neighbourhood,
    /// The routing table is.
    Table,
    /// The next larger neighbour may have been silent for too long (MSPastry).
    RightNeighbour,
    /// Entries of the routing table are to be probed (MSPastry).
    Liveness,
    /// A newcomer is to look again whether it may become active (MSPastry).
    Settle,
}

/// Where a node stands.
#[derive(Debug)]
enum Stage<A> {
    Joining(Box<Joining<A>>),
    Member,
    /// The join has failed, or the network is lost.
    Out,
}

/// A node, whose messages carry a payload `B` of the layer above. Nodes call each other `A`: whatever the layer below
/// does.
#[derive(Debug)]
pub struct Pastry<B: Payload = Nothing, A = NodeAddr> {
    stage: Stage<A>,
    tables: Tables<A>,
    /// How often the leaf set has changed.
    version: u32,
    requests: Requests<A, Ask<A>>,
    next_hop_id: HopId,
    held: Vec<Held<B, A>>,
    next_repair_id: RepairId,
    repairs: Vec<EntryRepair<A>>,
    /// Who has pinged since the last round of heartbeats.
    heard: Vec<A>,
    exchange: Option<Exchange<A>>,
    /// What MSPastry adds, if the node is to have it.
    dependable: Option<Box<Dependable<B, A>>>,
    /// Who was found dead or has left of late, and when.
    gone: Vec<(Contact<A>, SimTime)>,
}

impl<B: Payload, A: Address> Protocol for Pastry<B, A> {
    type Addr = A;
    type Init = Init<A>;
    type Config = Config;
    type Msg = Msg<B, A>;
    type Timer = Timer;
    type Command = Call<B, A>;
    type Event = Event<B, A>;

    fn new(me: A, init: Init<A>, config: &Config, streams: StreamKey) -> Self {
        let empty = |id| Tables::new(config, Contact { id, addr: me });
        let (stage, tables) = match init {
            Init::First { id } => (Stage::Member, empty(id)),
            Init::Join { id, bootstrap } => (Stage::Joining(Box::new(Joining::new(bootstrap))), empty(id)),
            Init::Ready { tables } => (Stage::Member, *tables),
        };
        Pastry {
            stage,
            tables,
            version: 0,
            requests: Requests::new(streams),
            next_hop_id: HopId::default(),
            held: Vec::new(),
            next_repair_id: RepairId::default(),
            repairs: Vec::new(),
            heard: Vec::new(),
            exchange: None,
            dependable: None,
            gone: Vec::new(),
        }
    }

    fn on_start(&mut self, ctx: &mut Ctx<'_, Self>) {
        let parameters = ctx.config().mspastry;
        self.dependable = parameters.map(|parameters| Box::new(Dependable::new(ctx.now(), parameters)));
        match self.stage {
            Stage::Joining(_) => self.join(ctx),
            _ => self.begin_upkeep(ctx),
        }
    }

    fn on_message(&mut self, ctx: &mut Ctx<'_, Self>, from: A, msg: Msg<B, A>) {
        if !msg.belongs_to(ctx.config().space()) {
            return ctx.emit(Event::Dropped(Dropped::ForeignIdentifier));
        }
        self.sign_of_life(ctx, from);
        match msg {
            Msg::Acknowledge { request, id } => self.acknowledged(ctx, Contact { id, addr: from }, request),
            Msg::OnTheWay {
                request,
                hop,
                last,
                state,
            } => self.told_on_the_way(ctx, from, request, hop, last, &state),
            Msg::State { request, state, .. } => self.state_received(ctx, from, request, &state),
            Msg::Welcome { request, state } => self.welcomed(ctx, from, request, &state),
            Msg::Pong { request, id } => self.pong(ctx, Contact { id, addr: from }, request),
            // All others are requests, and only who has tables answers.
            _ if !self.is_known() => ctx.emit(Event::Dropped(Dropped::NotMember)),
            Msg::Route { acknowledge, message } => {
                self.acknowledge(ctx, from, acknowledge);
                self.routed(ctx, message);
            }
            Msg::Join { acknowledge, arrival } => {
                self.acknowledge(ctx, from, acknowledge);
                self.arrival(ctx, arrival);
            }
            Msg::Get { request, part } => {
                self.heard_from(from);
                let state = Box::new(self.part(part));
                let request = Some(request);
                ctx.send(from, Msg::State { request, part, state });
            }
            Msg::Announce { request, announcement } => self.announced(ctx, from, request, &announcement),
            Msg::Ping { request, id } => self.pinged(ctx, from, request, id),
            Msg::Probe(probe) => self.probed(ctx, from, probe),
            Msg::Leaving { id, leaf_set } => self.leaves(ctx, Contact { id, addr: from }, &leaf_set),
        }
    }

    fn on_timer(&mut self, ctx: &mut Ctx<'_, Self>, timer: Timer) {
        match timer {
            Timer::Request(request) => self.request_expired(ctx, request),
            Timer::Settle => self.settle(ctx),
            _ if !self.has_joined() => {}
            Timer::Heartbeat if self.dependable.is_some() => self.tell_left_neighbour(ctx),
            Timer::Heartbeat => self.heartbeats(ctx),
            Timer::Neighbourhood => self.look_after_neighbourhood(ctx),
            Timer::Table => self.look_after_table(ctx),
            Timer::RightNeighbour => self.watch_right_neighbour(ctx),
            Timer::Liveness => self.probe_table(ctx),
        }
    }

    fn on_command(&mut self, ctx: &mut Ctx<'_, Self>, operation: OperationId, call: Call<B, A>) {
        self.called(ctx, operation, call);
    }

    fn on_stop(&mut self, ctx: &mut Ctx<'_, Self>) {
        if self.is_known() {
            self.leave(ctx);
        }
    }
}

impl<B: Payload, A: Address> Pastry<B, A> {
    #[inline]
    fn me(&self) -> Contact<A> {
        self.tables.me()
    }

    /// Whether others may know the node: it is a member, or announces itself.
    fn is_known(&self) -> bool {
        match &self.stage {
            Stage::Joining(joining) => joining.is_announcing(),
            Stage::Member => true,
            Stage::Out => false,
        }
    }

    /// The node is no member, or cannot become one.
    fn out(&mut self, ctx: &mut Ctx<'_, Self>, reason: Reason) {
        self.stage = Stage::Out;
        self.abandon_held(ctx);
        self.abandon_waiting(ctx);
        ctx.emit(Event::Out(reason));
    }

    fn acknowledge(&self, ctx: &mut Ctx<'_, Self>, from: A, request: Option<RequestId>) {
        if let Some(request) = request {
            let id = self.me().id;
            ctx.send(from, Msg::Acknowledge { request, id });
        }
    }
}

/// What observers and probes may see.
impl<B: Payload, A: Address> Pastry<B, A> {
    /// The node's identifier and address.
    pub fn contact(&self) -> Contact<A> {
        self.me()
    }

    /// The node's identifier.
    pub fn id(&self) -> Id {
        self.me().id
    }

    /// Whether the node is a member.
    pub fn has_joined(&self) -> bool {
        matches!(self.stage, Stage::Member)
    }

    /// What it knows of others.
    pub fn tables(&self) -> &Tables<A> {
        &self.tables
    }

    /// Its leaf set.
    pub fn leaf_set(&self) -> &LeafSet<A> {
        &self.tables.leaf_set
    }

    /// Its routing table.
    pub fn routing_table(&self) -> &RoutingTable<A> {
        &self.tables.routing_table
    }

    /// Its neighbourhood set.
    pub fn neighbourhood(&self) -> &NeighbourhoodSet<A> {
        &self.tables.neighbourhood
    }

    /// How many entries its leaf set, routing table and neighbourhood set have together.
    pub fn state_entries(&self) -> usize {
        self.tables.entries()
    }

    /// Bytes that the node takes beside its own size.
    pub fn heap_bytes(&self) -> usize {
        self.tables.heap_bytes()
            + self.requests.heap_bytes()
            + self.held.capacity() * size_of::<Held<B, A>>()
            + self.repairs.capacity() * size_of::<EntryRepair<A>>()
            + self.heard.capacity() * size_of::<A>()
            + self.dependable.as_ref().map_or(0, |dependable| dependable.heap_bytes())
            + self.gone.capacity() * size_of::<(Contact<A>, SimTime)>()
            + match &self.stage {
                Stage::Joining(_) => size_of::<Joining<A>>(),
                _ => 0,
            }
    }
}

#[cfg(test)]
mod tests;
