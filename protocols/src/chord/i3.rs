//! Chord as the Internet Indirection Infrastructure ran it: the base code of P2P-XBone.
//!
//! One list holds everything a node knows, sorted clockwise: its successors at the front, its predecessors at the back,
//! fingers and whoever it heard of between. An entry is *passive* until it has answered a ping, and only active ones
//! are used. Each round (one second there):
//!
//! 1. ping one entry in turn, and every one that has not answered; drop those that left five pings unanswered;
//! 2. send STAB to the successor, which answers with its predecessor;
//! 3. every fifth round, ping the predecessor;
//! 4. look up the successor of one of the backup successors in turn, and a random identifier behind one of the backup
//!    predecessors;
//! 5. look up one finger. The index walks down from the farthest and starts again where it would come to lie before the
//!    successor, so that a cycle takes about `log2 n + 1` rounds; at the turn a random identifier before the successor,
//!    and one before this node, are looked up instead;
//! 6. every 60th round, forget whoever is neither successor, predecessor nor finger.
//!
//! These lookups (`find_successor`) are passed on from node to node with a time to live, and the key's predecessor
//! answers the origin. Nobody waits for the answer: it adds its node to the list whenever it comes.
//!
//! P2P-XBone has the responsible node answer instead (Fujita et al. 2005, Fig. 3), since it is the one that makes the tunnel:
//! [`LookupEnd::Owner`]. The predecessor hands the lookup to the node that it takes for responsible; who knows a node between
//! the key and itself hands it back to that one, so that a lookup ends right even where the predecessor is behind.
//!
//! # Deviations
//!
//! - The well-known node that i3 asks at the turn of the finger index, against loops in networks that are not
//!   transitive, is left out: the ring needs it in no simulated network, and it would be a server apart.
//! - A joining node asks its bootstrap for its successor and does not take the bootstrap itself into the list, so that
//!   who has joined knows its successor. i3 tries for ever; here a join fails after five rounds.
//! - The ping of a node just heard of counts as unanswered, so that it is repeated each round. And whoever is heard of and
//!   still passive is pinged, also if he is in the list already or has himself pinged. In i3 he stays passive until his turn
//!   to be pinged comes, which takes as many rounds as the list has entries; until then STAB may name him as the better
//!   successor in vain. While 100 nodes join, that leaves a tenth of all pairs without a path for some 40 rounds.
//! - i3 has no graceful leave. Here a leaver is deleted, and whom it names is heard of.

use rand::Rng;
use sim_core::addr::{Address, NodeAddr};
use sim_core::protocol::Ctx;

use super::ring::{FingerStarts, in_open, in_open_closed};
use super::{Chord, Config, Event, JoinFailure, LookupEnd, Stage, Tables};
use crate::id::{Contact, Id, IdSpace};
use crate::kbr::Payload;
use crate::lookup::Failure;

/// Predecessors that cleaning keeps.
const PREDECESSORS: usize = 3;
/// Unanswered pings after which an entry is dropped.
const PING_THRESHOLD: u8 = 5;
/// Rounds from one ping of the predecessor to the next.
const PREDECESSOR_PERIOD: u32 = 5;
/// Rounds from one cleaning to the next.
const CLEAN_PERIOD: u32 = 60;

/// What only i3's nodes say.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Msg<A = NodeAddr> {
    /// Who is the successor of `key`? Passed on until the key's predecessor answers the origin.
    FindSuccessor {
        /// What is looked up.
        key: Id,
        /// Whom to answer.
        origin: A,
        /// How many more nodes it may visit.
        ttl: u8,
    },
    /// Answer to it.
    FoundSuccessor(Contact<A>),
    /// The sender takes you for its successor; who is your predecessor?
    Stab {
        /// The sender's identifier.
        id: Id,
    },
    /// Answer to it.
    StabReply(Contact<A>),
    /// Are you there?
    Ping {
        /// The sender's identifier.
        id: Id,
    },
    /// Answer to it.
    Pong {
        /// The sender's identifier.
        id: Id,
    },
    /// The sender takes you for the successor of `key`; if you are, answer the origin.
    Responsible {
        /// What is looked up.
        key: Id,
        /// Whom to answer.
        origin: A,
        /// How many more nodes it may visit.
        ttl: u8,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Entry<A> {
    contact: Contact<A>,
    unanswered: u8,
    active: bool,
}

/// All that a node knows.
#[derive(Debug)]
pub struct NodeList<A = NodeAddr> {
    space: IdSpace,
    me: Contact<A>,
    /// Clockwise from the node.
    entries: Vec<Entry<A>>,
    bootstrap: Option<A>,
    round: u32,
    to_ping: usize,
    to_fix_backup: usize,
    to_fix_finger: u8,
}

impl<A: Address> NodeList<A> {
    pub(super) fn new(me: Contact<A>, config: &Config, tables: &Tables<A>) -> Self {
        let space = config.space();
        let mut list = NodeList {
            space,
            me,
            entries: Vec::new(),
            bootstrap: None,
            round: 0,
            to_ping: 0,
            to_fix_backup: 0,
            to_fix_finger: space.bits() - 1,
        };
        let known = tables
            .successors
            .iter()
            .copied()
            .chain(tables.fingers.contacts())
            .chain(tables.predecessor);
        for contact in known {
            if let Some(entry) = list.entry(contact) {
                entry.active = true;
            }
        }
        list
    }

    fn position(&self, contact: Contact<A>) -> Result<usize, usize> {
        let distance = |contact: Contact<A>| self.space.distance(self.me.id, contact.id);
        self.entries
            .binary_search_by_key(&(distance(contact), contact.addr), |entry| {
                (distance(entry.contact), entry.contact.addr)
            })
    }

    /// The entry of a node, passive if it is new; none for the node itself.
    fn entry(&mut self, contact: Contact<A>) -> Option<&mut Entry<A>> {
        if contact.id == self.me.id {
            return None;
        }
        let at = self.position(contact).unwrap_or_else(|at| {
            let entry = Entry {
                contact,
                unanswered: 0,
                active: false,
            };
            self.entries.insert(at, entry);
            at
        });
        self.entries.get_mut(at)
    }

    fn remove(&mut self, contact: Contact<A>) {
        if let Ok(at) = self.position(contact) {
            self.entries.remove(at);
        }
    }

    /// The nodes that have answered, clockwise.
    pub fn active(&self) -> impl DoubleEndedIterator<Item = Contact<A>> {
        self.entries
            .iter()
            .filter(|entry| entry.active)
            .map(|entry| entry.contact)
    }

    /// The node with this identifier, if it has answered.
    pub(super) fn active_at(&self, id: Id) -> Option<Contact<A>> {
        let distance = self.space.distance(self.me.id, id);
        let before = |entry: &Entry<A>| self.space.distance(self.me.id, entry.contact.id) < distance;
        let from = self.entries.partition_point(before);
        let mut there = self.entries[from..].iter().take_while(|entry| entry.contact.id == id);
        there.find(|entry| entry.active).map(|entry| entry.contact)
    }

    /// All nodes heard of, clockwise.
    pub fn known(&self) -> impl Iterator<Item = Contact<A>> {
        self.entries.iter().map(|entry| entry.contact)
    }

    /// The farthest active node strictly between `me` and `key` that is not to be avoided.
    pub(super) fn closest_preceding(&self, me: Id, key: Id, avoid: &[A]) -> Option<Contact<A>> {
        self.active()
            .rev()
            .find(|contact| in_open(me, contact.id, key) && !avoid.contains(&contact.addr))
    }

    /// Drops who left too many pings unanswered, and returns whom to ping this round.
    fn pings(&mut self) -> Vec<A> {
        let turn = self.entries.get(self.to_ping).map(|entry| entry.contact);
        self.to_ping = if self.to_ping + 1 < self.entries.len() {
            self.to_ping + 1
        } else {
            0
        };
        self.entries.retain(|entry| entry.unanswered < PING_THRESHOLD);
        let due = self
            .entries
            .iter_mut()
            .filter(|entry| entry.unanswered > 0 || Some(entry.contact) == turn);
        due.map(|entry| {
            entry.unanswered += 1;
            entry.contact.addr
        })
        .collect()
    }

    /// Where finger `index` of a node starts: `id + 2^index`.
    fn finger_start(&self, id: Id, index: u8) -> Id {
        FingerStarts::new(self.space, 2).start(id, index.into())
    }

    /// Keeps the first `successors` entries, the last predecessors and the entries that are the finger of some index.
    fn clean(&mut self, successors: usize) {
        let last_kept = self.entries.len().saturating_sub(PREDECESSORS);
        let mut keep: Vec<bool> = (0..self.entries.len())
            .map(|at| at < successors || at >= last_kept)
            .collect();
        for index in 0..self.space.bits() {
            let start = self.space.distance(self.me.id, self.finger_start(self.me.id, index));
            let finger = self
                .entries
                .partition_point(|entry| self.space.distance(self.me.id, entry.contact.id) < start);
            if let Some(keep) = keep.get_mut(finger) {
                *keep = true;
            }
        }
        let mut keep = keep.into_iter();
        self.entries.retain(|_| keep.next().unwrap_or(true));
    }

    /// The lookups that refresh the backup successor and predecessor whose turn it is: of whom to ask, and what.
    fn backups(&mut self, successors: usize, rng: &mut impl Rng) -> Vec<(A, Id)> {
        let turn = self.to_fix_backup;
        let len = self.entries.len();
        if turn + 1 >= len {
            self.to_fix_backup = 0;
            return Vec::new();
        }
        self.to_fix_backup = if turn + 1 < successors { turn + 1 } else { 0 };
        let successor = self.entries[turn].contact;
        let mut asks = vec![(successor.addr, self.finger_start(successor.id, 0))];
        // The nearest predecessor is refreshed by its own STAB.
        if (1..PREDECESSORS).contains(&turn) && len - 1 - turn > turn {
            let behind = self.entries[len - 1 - turn].contact;
            let before = self.entries[len - turn].contact;
            asks.push((behind.addr, self.space.random_between(behind.id, before.id, rng)));
        }
        asks
    }

    /// The keys to look up for the finger whose turn it is.
    fn finger_keys(&mut self, successor: Id, rng: &mut impl Rng) -> Vec<Id> {
        let start = self.finger_start(self.me.id, self.to_fix_finger);
        if self.to_fix_finger > 0 && !in_open(self.me.id, start, successor) {
            self.to_fix_finger -= 1;
            return vec![start];
        }
        self.to_fix_finger = self.space.bits() - 1;
        let before_successor = self.space.random_between(self.me.id, successor, rng);
        let predecessor = self.active().next_back();
        let before_me = predecessor.map(|contact| self.space.random_between(contact.id, self.me.id, rng));
        std::iter::once(before_successor).chain(before_me).collect()
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.entries.capacity() * size_of::<Entry<A>>()
    }
}

impl<B: Payload, A: Address> Chord<B, A> {
    pub(super) fn i3_join(&mut self, ctx: &mut Ctx<'_, Self>, bootstrap: A) {
        if let Some(list) = self.extras.i3_mut() {
            list.bootstrap = Some(bootstrap);
        }
        self.round(ctx);
    }

    /// `stabilize()` of i3.
    pub(super) fn i3_round(&mut self, ctx: &mut Ctx<'_, Self>) {
        let Some(list) = self.extras.i3_mut() else { return };
        let config = ctx.config();
        let round = list.round;
        list.round = round.wrapping_add(1);
        let pings = list.pings();
        for addr in pings {
            self.i3_ping(ctx, addr);
        }
        self.i3_mirror(ctx);
        if let Stage::Joining { bootstrap, .. } = self.stage {
            if round < u32::from(PING_THRESHOLD) {
                return self.i3_find(ctx, bootstrap, self.me.id);
            }
            self.stage = Stage::Out;
            return ctx.emit(Event::JoinFailed(JoinFailure::Lookup(Failure::Timeout)));
        }
        let (Some(successor), Some(predecessor)) = (self.successors.first().copied(), self.predecessor) else {
            return;
        };
        ctx.send(successor.addr, super::Msg::I3(Msg::Stab { id: self.me.id }));
        if round.is_multiple_of(PREDECESSOR_PERIOD) {
            self.i3_ping(ctx, predecessor.addr);
        }
        let starts = config.finger_starts();
        let far = starts.start(self.me.id, starts.count() - 1);
        let Some(list) = self.extras.i3_mut() else { return };
        let finger = list.closest_preceding(self.me.id, far, &[]).unwrap_or(successor);
        let mut asks = list.backups(config.successors, ctx.rng());
        asks.extend(
            list.finger_keys(successor.id, ctx.rng())
                .into_iter()
                .map(|key| (finger.addr, key)),
        );
        if round % CLEAN_PERIOD == 0 {
            list.clean(config.successors);
        }
        for (node, key) in asks {
            self.i3_find(ctx, node, key);
        }
        self.i3_mirror(ctx);
    }

    fn i3_ping(&self, ctx: &mut Ctx<'_, Self>, to: A) {
        ctx.send(to, super::Msg::I3(Msg::Ping { id: self.me.id }));
    }

    fn i3_find(&self, ctx: &mut Ctx<'_, Self>, to: A, key: Id) {
        let (origin, ttl) = (self.me.addr, ctx.config().hop_limit);
        ctx.send(to, super::Msg::I3(Msg::FindSuccessor { key, origin, ttl }));
    }

    pub(super) fn i3_message(&mut self, ctx: &mut Ctx<'_, Self>, from: A, msg: Msg<A>) {
        let Some(list) = self.extras.i3_mut() else { return };
        match msg {
            Msg::FoundSuccessor(contact) => self.i3_heard(ctx, contact),
            Msg::Pong { id } => {
                if let Some(entry) = list.entry(Contact { id, addr: from }) {
                    entry.unanswered = 0;
                    entry.active = true;
                }
                self.i3_mirror(ctx);
            }
            // All others are requests, and only a member answers.
            _ if self.stage != Stage::Member => {}
            Msg::FindSuccessor { key, origin, ttl } => self.i3_process_find(ctx, key, origin, ttl),
            Msg::Responsible { key, origin, ttl } => self.i3_claim(ctx, key, origin, ttl),
            Msg::Stab { id } => {
                if let Some(predecessor) = self.predecessor {
                    ctx.send(from, super::Msg::I3(Msg::StabReply(predecessor)));
                }
                self.i3_heard(ctx, Contact { id, addr: from });
            }
            Msg::StabReply(contact) => {
                self.i3_heard(ctx, contact);
                if contact != self.me {
                    self.notify_successor(ctx);
                }
            }
            Msg::Ping { id } => {
                ctx.send(from, super::Msg::I3(Msg::Pong { id: self.me.id }));
                self.i3_heard(ctx, Contact { id, addr: from });
            }
        }
    }

    /// `process_fs`: answers the origin if the key lies before the successor, else passes on. The origin itself is
    /// never named, since what is known at its address may be its former self.
    fn i3_process_find(&mut self, ctx: &mut Ctx<'_, Self>, key: Id, origin: A, ttl: u8) {
        if origin == self.me.addr || ttl <= 1 {
            return;
        }
        let answer = |found| super::Msg::I3(Msg::FoundSuccessor(found));
        match self.successors.iter().copied().find(|contact| contact.addr != origin) {
            None => ctx.send(origin, answer(self.me)),
            Some(successor) if in_open_closed(self.me.id, key, successor.id) => match ctx.config().lookup_end {
                LookupEnd::Predecessor => ctx.send(origin, answer(successor)),
                LookupEnd::Owner => {
                    let ttl = ttl - 1;
                    ctx.send(successor.addr, super::Msg::I3(Msg::Responsible { key, origin, ttl }));
                }
            },
            Some(successor) => {
                let next = self
                    .closest_preceding_node(ctx.config(), key, &[origin])
                    .unwrap_or(successor);
                ctx.send(
                    next.addr,
                    super::Msg::I3(Msg::FindSuccessor {
                        key,
                        origin,
                        ttl: ttl - 1,
                    }),
                );
            }
        }
    }

    /// Somebody takes this node for the successor of a key: it answers the origin, unless it knows of a node between the key
    /// and itself.
    fn i3_claim(&mut self, ctx: &mut Ctx<'_, Self>, key: Id, origin: A, ttl: u8) {
        if origin == self.me.addr {
            return;
        }
        let known = self.extras.i3().into_iter().flat_map(NodeList::active);
        let nearer = known.filter(|contact| contact.addr != origin).last();
        match nearer.filter(|nearer| !in_open_closed(nearer.id, key, self.me.id)) {
            Some(nearer) if ttl > 1 => {
                let ttl = ttl - 1;
                ctx.send(nearer.addr, super::Msg::I3(Msg::Responsible { key, origin, ttl }));
            }
            Some(_) => {}
            None => ctx.send(origin, super::Msg::I3(Msg::FoundSuccessor(self.me))),
        }
    }

    /// A node was heard of: while it is passive, it is pinged, each round until it answers.
    pub(super) fn i3_heard(&mut self, ctx: &mut Ctx<'_, Self>, contact: Contact<A>) {
        let entry = self.extras.i3_mut().and_then(|list| list.entry(contact));
        if let Some(entry) = entry.filter(|entry| !entry.active && entry.unanswered == 0) {
            entry.unanswered = 1;
            self.i3_ping(ctx, contact.addr);
        }
    }

    /// A neighbour has left and names others in its place.
    pub(super) fn i3_left(&mut self, ctx: &mut Ctx<'_, Self>, leaver: Contact<A>, named: &[Contact<A>]) {
        if let Some(list) = self.extras.i3_mut() {
            list.remove(leaver);
        }
        for contact in named {
            self.i3_heard(ctx, *contact);
        }
        self.i3_mirror(ctx);
    }

    /// Whoever was at this address is gone.
    pub(super) fn i3_gone(&mut self, ctx: &mut Ctx<'_, Self>, addr: A) {
        if let Some(list) = self.extras.i3_mut() {
            list.entries.retain(|entry| entry.contact.addr != addr);
        }
        self.i3_mirror(ctx);
    }

    /// Reads the neighbours off the list, and notices what follows for the membership.
    fn i3_mirror(&mut self, ctx: &mut Ctx<'_, Self>) {
        let Some(list) = self.extras.i3() else { return };
        let had_successor = !self.successors.is_empty();
        self.successors.clear();
        self.successors.extend(list.active().take(ctx.config().successors));
        self.predecessor = list.active().next_back();
        let has_successor = !self.successors.is_empty();
        match self.stage {
            Stage::Joining { .. } if has_successor => {
                self.stage = Stage::Member;
                ctx.emit(Event::Joined);
            }
            Stage::Member if had_successor && !has_successor && !ctx.config().stays_alone => self.isolated(ctx),
            _ => {}
        }
    }
}
