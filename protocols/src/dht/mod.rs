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
//! | a failure | the root names the keys to who takes the empty place, also while the overlay has not noticed and the replica does not answer |
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

use std::collections::BTreeMap;

use sim_core::addr::{Address, NodeAddr};
use sim_core::protocol::{OperationId, Protocol};
use sim_core::random::{StreamKey, unit};
use sim_core::time::{SimDuration, SimTime};

use crate::id::{Contact, Id};
use crate::kbr::{KeyBased, Routed, Upcall};
use crate::layer::{Below, Layer, Over, Part};
use crate::request::{RequestId, Requests};
use cache::Cache;
use client::Pending;
pub use config::{Acknowledge, Caching, Config, ConfigError, MOST_REPLICAS};
pub use event::{Command, Event};
use repair::Comparison;
use serve::{Ask, Search, Write};
pub use store::{Content, Entry, Record, Store, Version};
pub use wire::{Cause, Request, Verdict, Word};

/// A node: an overlay `O`, and what is stored over it. With `CACHE` the nodes on the way to a root keep copies.
pub type Dht<O, const CACHE: bool = false> = Over<Storage<CACHE, <O as Protocol>::Addr>, O>;

/// An overlay that carries the requests of a hash table.
pub trait Carrier<const CACHE: bool, A: Address = NodeAddr>: KeyBased<Addr = A, Payload = Request<CACHE, A>> {}

impl<O, const CACHE: bool, A: Address> Carrier<CACHE, A> for O where O: KeyBased<Addr = A, Payload = Request<CACHE, A>> {}

/// What a node says to its later self.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Timer {
    /// All replicas are to be compared with their roots.
    Repair,
    /// What replicas have not confirmed is to be named to them.
    Compare,
    /// A request has not been answered in time.
    Request(RequestId),
    /// Nothing has come of an operation.
    Operation(OperationId),
}

/// What a node stores, and what it is about.
#[derive(Debug)]
pub struct Storage<const CACHE: bool, A = NodeAddr> {
    /// Whether the overlay has it as a member.
    member: bool,
    store: Store<A>,
    cache: Cache<A>,
    requests: Requests<A, Ask<A>>,
    /// What was asked from above and has not ended.
    pending: BTreeMap<OperationId, Pending<CACHE, A>>,
    /// The time of the last version given out.
    last_stamp: SimTime,
    /// Writes that wait for their copies.
    writes: Vec<Write<A>>,
    /// Gets that wait for what the replicas have.
    searches: Vec<Search<A>>,
    next_search: u32,
    /// Comparisons under way.
    comparisons: Vec<Comparison<A>>,
    /// Replicas that do not answer, of which the overlay has not said that they are gone. Others take their places until
    /// they are tried again.
    suspects: Vec<Contact<A>>,
    /// Whether [`Timer::Compare`] is set.
    changed: bool,
}

impl<O: Carrier<CACHE, A>, const CACHE: bool, A: Address> Layer<O> for Storage<CACHE, A> {
    type Init = ();
    type Config = Config;
    type Msg = Word<A>;
    type Timer = Timer;
    type Command = Command;
    type Event = Event<A>;

    fn new(_: A, (): (), _: &Config, streams: StreamKey) -> Self {
        Storage {
            member: false,
            store: Store::default(),
            cache: Cache::default(),
            requests: Requests::new(streams),
            pending: BTreeMap::new(),
            last_stamp: SimTime::ZERO,
            writes: Vec::new(),
            searches: Vec::new(),
            next_search: 0,
            comparisons: Vec::new(),
            suspects: Vec::new(),
            changed: false,
        }
    }

    fn on_start(&mut self, _: &mut Below<'_, '_, Self, O>) {}

    fn on_told(&mut self, below: &mut Below<'_, '_, Self, O>, event: O::Event) {
        match O::upcall(event) {
            Ok(upcall) => self.upcall(below, upcall),
            Err(own) => below.tell_on(own),
        }
    }

    fn on_message(&mut self, below: &mut Below<'_, '_, Self, O>, from: A, word: Word<A>) {
        self.suspects.retain(|suspect| suspect.addr != from);
        self.heard(below, from, word);
    }

    fn on_timer(&mut self, below: &mut Below<'_, '_, Self, O>, timer: Timer) {
        match timer {
            Timer::Repair => self.repair(below),
            Timer::Compare => self.compare_unconfirmed(below),
            Timer::Request(request) => self.request_expired(below, request),
            Timer::Operation(operation) => self.operation_expired(below, operation),
        }
    }

    fn on_command(&mut self, below: &mut Below<'_, '_, Self, O>, operation: OperationId, command: Command) {
        match command {
            Command::Put { key, bytes } => self.write(below, operation, key, Content::Value { bytes }),
            Command::Get { key } => self.begin(below, operation, key, Request::Get { via: None }),
            Command::Remove { key } => self.write(below, operation, key, Content::Removed),
        }
    }

    fn on_stop(&mut self, below: &mut Below<'_, '_, Self, O>) {
        if self.member {
            self.hand_over(below);
        }
    }
}

impl<const CACHE: bool, A: Address> Storage<CACHE, A> {
    fn upcall<O: Carrier<CACHE, A>>(
        &mut self,
        below: &mut Below<'_, '_, Self, O>,
        upcall: Upcall<Request<CACHE, A>, A>,
    ) {
        match upcall {
            Upcall::Joined => {
                self.member = true;
                // Members that start together do not repair together.
                let first = below.config().repair_period.mul_f64(unit(below.ctx().rng()));
                below.set_timer(first, Timer::Repair);
                below.emit(Event::Joined);
            }
            Upcall::Out => {
                self.member = false;
                self.abandon(below);
                below.emit(Event::Out);
            }
            Upcall::Deliver(message) => self.deliver(below, *message),
            Upcall::Forward { message, .. } => self.forward(below, message),
            // Whoever sent it tries again.
            Upcall::Undeliverable(_) => {}
            Upcall::Update { neighbour, .. } => {
                self.store.doubt(neighbour);
                self.suspects.retain(|suspect| *suspect != neighbour);
                self.compare_soon(below);
            }
        }
    }

    fn deliver<O: Carrier<CACHE, A>>(
        &mut self,
        below: &mut Below<'_, '_, Self, O>,
        message: Routed<Request<CACHE, A>, A>,
    ) {
        let Routed {
            key,
            operation,
            source,
            payload,
            ..
        } = message;
        match payload {
            Request::Write(record) => self.serve_write(below, key, record, operation, source.addr),
            Request::Get { via } => self.serve_get(below, key, operation, source.addr, via),
            Request::Offer(entries) => self.judge(below, source, &entries),
        }
    }

    /// Says something to a node; to itself without the network.
    fn say<O: Carrier<CACHE, A>>(&mut self, below: &mut Below<'_, '_, Self, O>, to: A, word: Word<A>) {
        if to == below.contact().addr {
            self.heard(below, to, word);
        } else {
            below.send(to, word);
        }
    }

    fn heard<O: Carrier<CACHE, A>>(&mut self, below: &mut Below<'_, '_, Self, O>, from: A, word: Word<A>) {
        match word {
            Word::Copy {
                request, key, record, ..
            } => self.copied(below, from, request, key, record),
            Word::Stored { request } => self.stored(below, from, request),
            Word::Fetch { request, key } => {
                let record = self.store.get(key);
                below.send(from, Word::Fetched { request, record });
            }
            Word::Fetched { request, record } => self.fetched(below, from, request, record),
            Word::Compare { request, entries } => self.compare(below, from, request, &entries),
            Word::Lacking { request, keys } => self.lacking(below, from, request, &keys),
            Word::Verdicts { root, verdicts } => self.judged(below, Contact { id: root, addr: from }, &verdicts),
            Word::Written { operation } => self.written(below, operation),
            Word::Answer {
                operation,
                key,
                record,
                cached,
            } => self.answered(below, operation, key, record, cached),
            Word::Cache { key, record } => self.keep_copy(below, key, record),
        }
    }

    /// Replicas may lack something: they are compared when all that happens in this event has happened.
    fn compare_soon<O: Carrier<CACHE, A>>(&mut self, below: &mut Below<'_, '_, Self, O>) {
        if !std::mem::replace(&mut self.changed, true) {
            below.set_timer(SimDuration::ZERO, Timer::Compare);
        }
    }

    /// What the node stores.
    pub fn store(&self) -> &Store<A> {
        &self.store
    }

    /// Bytes that the layer takes beside its own size.
    pub fn heap_bytes(&self) -> usize {
        self.store.heap_bytes() + self.cache.heap_bytes() + self.requests.heap_bytes()
    }
}

/// The first `most` replicas of a key by what the overlay says, apart from the suspects.
fn replica_set<O: Carrier<CACHE, A>, const CACHE: bool, A: Address>(
    below: &Below<'_, '_, Storage<CACHE, A>, O>,
    suspects: &[Contact<A>],
    key: Id,
    most: usize,
) -> Vec<Contact<A>> {
    let mut set = below.replica_set(key, most + suspects.len());
    set.retain(|contact| !suspects.contains(contact));
    set.truncate(most);
    set
}

/// The timer of a request, among those of the node.
fn request_timer<T>(request: RequestId) -> Part<Timer, T> {
    Part::Own(Timer::Request(request))
}

#[cfg(test)]
mod tests;
