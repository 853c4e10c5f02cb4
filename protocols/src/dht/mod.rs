//! A distributed hash table: values stored under keys, on the nodes that an overlay makes responsible for them.
//!
//! The interface is that of Rowstron and Druschel's overlays (`put`, `get`, `remove`; "the data is stored in replicas at all
//! nodes responsible"), over any overlay that offers key-based routing (Dabek et al., IPTPS 2003). Replication follows CFS
//! and PAST: the root of a key and the nodes that would become its root if the ones before failed (Dabek et al., "Wide-area
//! cooperative storage with CFS", SOSP 2001; Rowstron and Druschel, "Storage management and caching in PAST", SOSP 2001).
//! Repair is that of DHash (Cates, "Robust and efficient data management for a distributed hash table", MIT 2003): *local*
//! maintenance makes the replicas of a root equal to it, *global* maintenance finds copies that lie where they do not belong.
//!
//! | | |
//! |---|---|
//! | put, remove | routed to the root, which stores the record, copies it to the replica set, and answers when [`Config::acknowledge`] says so |
//! | get | routed to the root, which answers; a root that has nothing asks the other replicas first |
//! | a new root | the former one names the keys to it, and sends those that it lacks |
//! | a leave | the root gives what others lack to those who will be responsible, before the overlay leaves |
//! | a failure | the root names the keys to who takes the empty place |
//! | repair | each period a root names keys and versions to its replicas, and sends what they lack |
//! | a copy that no root names any more | is offered to the root, and dropped once that says that all replicas have it |
//!
//! Values have sizes, not contents; their bytes are charged on the wire. Versions are the writer's time and address: the last
//! writer wins. A version that the root gives (one more than it knows) would need a read before each write, or a root that is
//! new and has yet to be given the key would number a newer value below an older one. And a write that is tried again
//! stays one write.
//!
//! # Deviations
//!
//! - Clocks are exact. Real writers that are closer together than their clocks agree could be taken in the wrong order.
//! - What is compared are lists of keys and versions, and not hash trees over them as in DHash: they cost 16 bytes a key
//!   and replica in each period, also where nothing is missing.
//! - Stores are in memory: a node that comes back starts with nothing. The papers keep them on disks.
//! - Only the root of a key hands over when it leaves; for a replica that leaves, the root finds another one when the overlay
//!   tells it. Whoever leaves does not wait for confirmation.
//! - Once a tombstone has been forgotten, a copy that nobody could reach for that long would bring the value back.

mod cache;
mod client;
mod config;
mod event;
mod repair;
mod serve;
mod store;
mod wire;

use std::collections::{BTreeMap, VecDeque};

use sim_core::addr::NodeAddr;
use sim_core::protocol::{Ctx, Host, OperationId, Protocol, TimerId};
use sim_core::random::{NodeRng, StreamKey, unit};
use sim_core::time::{SimDuration, SimTime};

use crate::id::{Contact, Id};
use crate::kbr::{Call, KeyBased, Routed, Upcall};
use crate::request::{RequestId, Requests};
use cache::Cache;
use client::Pending;
pub use config::{Acknowledge, Caching, Config, ConfigError, MOST_REPLICAS};
pub use event::{Command, Event};
use repair::Comparison;
use serve::{Ask, Search, Write};
pub use store::{Content, Entry, Record, Store, Version};
pub use wire::{Cause, Msg, Request, Verdict, Word};

/// What a node says to its later self.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Timer<T> {
    /// A timer of the overlay.
    Overlay(T),
    /// The replicas are to be compared with the root.
    Repair,
    /// A request has not been answered in time.
    Request(RequestId),
    /// Nothing has come of an operation.
    Operation(OperationId),
}

/// A node: an overlay `O`, and what is stored over it. With `CACHE` the nodes on the way to a root keep copies.
#[derive(Debug)]
pub struct Dht<O: KeyBased<Payload = Request<CACHE>>, const CACHE: bool = false> {
    overlay: O,
    overlay_rng: NodeRng,
    /// What the overlay has told in the event being handled, and nobody has heard yet.
    told: VecDeque<O::Event>,
    member: bool,
    store: Store,
    cache: Cache,
    requests: Requests<NodeAddr, Ask>,
    /// What was asked from above and has not ended.
    pending: BTreeMap<OperationId, Pending<CACHE>>,
    /// Writes that wait for their copies.
    writes: Vec<Write>,
    /// Gets that wait for what the replicas have.
    searches: Vec<Search>,
    next_search: u32,
    /// Comparisons under way.
    comparisons: Vec<Comparison>,
    /// Whether something happened after which replicas may lack something.
    changed: bool,
    /// The time of the last version given out.
    last_stamp: SimTime,
}

/// The hash table as host of the overlay, for one call.
struct Port<'a, 'b, O: KeyBased<Payload = Request<CACHE>>, const CACHE: bool> {
    ctx: &'a mut Ctx<'b, Dht<O, CACHE>>,
    told: &'a mut VecDeque<O::Event>,
}

impl<O: KeyBased<Payload = Request<CACHE>>, const CACHE: bool> Host<O> for Port<'_, '_, O, CACHE> {
    fn send(&mut self, to: NodeAddr, msg: O::Msg) {
        self.ctx.send(to, Msg::Overlay(msg));
    }

    fn set_timer(&mut self, delay: SimDuration, timer: O::Timer) -> TimerId {
        self.ctx.set_timer(delay, Timer::Overlay(timer))
    }

    fn cancel_timer(&mut self, id: TimerId) {
        self.ctx.cancel_timer(id);
    }

    fn emit(&mut self, event: O::Event) {
        self.told.push_back(event);
    }

    fn round_trip(&self, to: NodeAddr) -> Option<SimDuration> {
        self.ctx.round_trip(to)
    }
}

impl<O: KeyBased<Payload = Request<CACHE>>, const CACHE: bool> Protocol for Dht<O, CACHE> {
    type Addr = NodeAddr;
    type Init = O::Init;
    type Config = Config<O::Config>;
    type Msg = Msg<O::Msg>;
    type Timer = Timer<O::Timer>;
    type Command = Command<O::Command>;
    type Event = Event<O::Event>;

    fn new(me: NodeAddr, init: O::Init, config: &Self::Config, streams: StreamKey) -> Self {
        let below = streams.purpose("overlay");
        Dht {
            overlay: O::new(me, init, &config.overlay, below),
            overlay_rng: below.rng(),
            told: VecDeque::new(),
            member: false,
            store: Store::default(),
            cache: Cache::default(),
            requests: Requests::new(streams),
            pending: BTreeMap::new(),
            writes: Vec::new(),
            searches: Vec::new(),
            next_search: 0,
            comparisons: Vec::new(),
            changed: false,
            last_stamp: SimTime::ZERO,
        }
    }

    fn on_start(&mut self, ctx: &mut Ctx<'_, Self>) {
        self.with_overlay(ctx, O::on_start);
        self.settle(ctx);
    }

    fn on_message(&mut self, ctx: &mut Ctx<'_, Self>, from: NodeAddr, msg: Self::Msg) {
        match msg {
            Msg::Overlay(msg) => self.with_overlay(ctx, |overlay, ctx| overlay.on_message(ctx, from, msg)),
            Msg::Word(word) => self.heard(ctx, from, word),
        }
        self.settle(ctx);
    }

    fn on_timer(&mut self, ctx: &mut Ctx<'_, Self>, timer: Self::Timer) {
        match timer {
            Timer::Overlay(timer) => self.with_overlay(ctx, |overlay, ctx| overlay.on_timer(ctx, timer)),
            Timer::Repair => self.repair(ctx),
            Timer::Request(request) => self.request_expired(ctx, request),
            Timer::Operation(operation) => self.operation_expired(ctx, operation),
        }
        self.settle(ctx);
    }

    fn on_command(&mut self, ctx: &mut Ctx<'_, Self>, operation: OperationId, command: Self::Command) {
        match command {
            Command::Put { key, bytes } => self.write(ctx, operation, key, Content::Value { bytes }),
            Command::Get { key } => self.begin(ctx, operation, key, Request::Get { via: None }),
            Command::Remove { key } => self.write(ctx, operation, key, Content::Removed),
            Command::Overlay(command) => {
                self.with_overlay(ctx, |overlay, ctx| overlay.on_command(ctx, operation, command));
            }
        }
        self.settle(ctx);
    }

    fn on_stop(&mut self, ctx: &mut Ctx<'_, Self>) {
        if self.member {
            self.hand_over_all(ctx);
        }
        self.with_overlay(ctx, O::on_stop);
    }
}

/// What the overlay tells, and what is asked of it.
impl<O: KeyBased<Payload = Request<CACHE>>, const CACHE: bool> Dht<O, CACHE> {
    fn with_overlay(&mut self, ctx: &mut Ctx<'_, Self>, call: impl FnOnce(&mut O, &mut Ctx<'_, O>)) {
        let (now, me, config) = (ctx.now(), ctx.me(), &ctx.config().overlay);
        let told = &mut self.told;
        let mut port = Port { ctx, told };
        call(
            &mut self.overlay,
            &mut Ctx::new(now, me, config, &mut self.overlay_rng, &mut port),
        );
    }

    /// Asks the overlay for something.
    fn call(&mut self, ctx: &mut Ctx<'_, Self>, operation: OperationId, call: Call<Request<CACHE>>) {
        self.with_overlay(ctx, |overlay, ctx| overlay.on_command(ctx, operation, call.into()));
    }

    /// Hears all that the overlay has told, and sees to the replicas once if something has changed for them.
    fn settle(&mut self, ctx: &mut Ctx<'_, Self>) {
        loop {
            while let Some(event) = self.told.pop_front() {
                match O::upcall(event) {
                    Ok(upcall) => self.upcall(ctx, upcall),
                    Err(own) => ctx.emit(Event::Overlay(own)),
                }
            }
            if !std::mem::take(&mut self.changed) {
                return;
            }
            self.compare_unconfirmed(ctx);
        }
    }

    fn upcall(&mut self, ctx: &mut Ctx<'_, Self>, upcall: Upcall<Request<CACHE>>) {
        match upcall {
            Upcall::Joined => {
                self.member = true;
                // Members that start together do not repair together.
                let first = ctx.config().repair_period.mul_f64(unit(ctx.rng()));
                ctx.set_timer(first, Timer::Repair);
                ctx.emit(Event::Joined);
            }
            Upcall::Out => {
                self.member = false;
                self.abandon(ctx);
                ctx.emit(Event::Out);
            }
            Upcall::Deliver(message) => self.deliver(ctx, *message),
            Upcall::Forward { message, .. } => self.forward(ctx, message),
            // Whoever sent it tries again.
            Upcall::Undeliverable(_) => {}
            Upcall::Update { neighbour, .. } => {
                self.store.doubt(neighbour);
                self.changed = true;
            }
        }
    }

    fn deliver(&mut self, ctx: &mut Ctx<'_, Self>, message: Routed<Request<CACHE>>) {
        let Routed {
            key,
            operation,
            source,
            payload,
            ..
        } = message;
        match payload {
            Request::Write(record) => self.serve_write(ctx, key, record, operation, source.addr),
            Request::Get { via } => self.serve_get(ctx, key, operation, source.addr, via),
            Request::Offer(entries) => self.judge(ctx, source, &entries),
        }
    }

    /// Says something to a node; to itself without the network.
    fn say(&mut self, ctx: &mut Ctx<'_, Self>, to: NodeAddr, word: Word) {
        if to == ctx.me() {
            self.heard(ctx, to, word);
        } else {
            ctx.send(to, Msg::Word(word));
        }
    }

    fn heard(&mut self, ctx: &mut Ctx<'_, Self>, from: NodeAddr, word: Word) {
        match word {
            Word::Copy {
                request, key, record, ..
            } => self.copied(ctx, from, request, key, record),
            Word::Stored { request } => self.stored(ctx, from, request),
            Word::Fetch { request, key } => {
                let record = self.store.get(key);
                ctx.send(from, Msg::Word(Word::Fetched { request, record }));
            }
            Word::Fetched { request, record } => self.fetched(ctx, from, request, record),
            Word::Compare { request, entries } => self.compare(ctx, from, request, &entries),
            Word::Lacking { request, keys } => self.lacking(ctx, from, request, &keys),
            Word::Verdicts { root, verdicts } => self.judged(ctx, Contact { id: root, addr: from }, &verdicts),
            Word::Written { operation } => self.written(ctx, operation),
            Word::Answer {
                operation,
                key,
                record,
                cached,
            } => self.answered(ctx, operation, key, record, cached),
            Word::Cache { key, record } => self.keep_copy(ctx, key, record),
        }
    }
}

/// What observers and probes may see.
impl<O: KeyBased<Payload = Request<CACHE>>, const CACHE: bool> Dht<O, CACHE> {
    /// The overlay below.
    pub fn overlay(&self) -> &O {
        &self.overlay
    }

    /// What the node stores.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// What the node would answer to a get of a key that it is asked for as the root.
    pub fn value(&self, key: Id) -> Option<Record> {
        self.store.get(key).and_then(Record::value)
    }

    /// Bytes that the layer takes beside its own size, those of the overlay not included.
    pub fn heap_bytes(&self) -> usize {
        self.store.heap_bytes() + self.cache.heap_bytes() + self.requests.heap_bytes()
    }
}

#[cfg(test)]
mod tests;
