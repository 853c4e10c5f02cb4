//! Chord: a ring of nodes on which each key belongs to the first node at or after it.
//!
//! Ion Stoica, Robert Morris, David Karger, M. Frans Kaashoek and Hari Balakrishnan, "Chord: A scalable peer-to-peer
//! lookup service for Internet applications", SIGCOMM 2001 (here: *2001*); with David Liben-Nowell and Frank Dabek,
//! IEEE/ACM Transactions on Networking 11(1), 2003 (*ToN*); Pamela Zave, "How to make Chord correct",
//! arXiv:1502.06461 (*Zave*). The procedures below bear the papers' names.
//!
//! | rules | maintenance | lookups |
//! |---|---|---|
//! | [`Rules::Sigcomm2001`] | 2001, Fig. 7: `stabilize`, `notify`, `fix_fingers` for every finger at once | a time-out ends a lookup |
//! | [`Rules::Ton2003`] | ToN, Fig. 6: as before with `check_predecessor`, one finger a call | back to the previous node on a time-out |
//! | [`Rules::I3`] | the implementation of i3, in its own module | as ToN |
//! | [`Rules::Corrected`] | Zave: a candidate must answer before it is adopted; `rectify` in place of `notify` | as ToN |
//!
//! A node is a *member* once its own join is completed: it knows its successor, and the successor has answered. Before
//! that it answers nobody.
//!
//! # Deviations
//!
//! - Fingers that start at or before the successor are the successor itself (by their definition); they are neither
//!   kept nor refreshed, so that a cycle of `fix_fingers` takes about `log2 N` calls and not `bits`.
//! - A joining node asks its successor for its neighbours before it counts as a member, also under the published rules,
//!   where this is its first `stabilize`. In the papers it would become one without having spoken to its successor.
//! - When a published rule adopts the successor's predecessor, it puts it at the head of the successor list; the papers
//!   do not say what becomes of the list.
//! - A successor list ends before it would come round to its owner. A list that is empty means that the node is alone.
//! - A node whose whole list has died knows no ring any more: it stops being a member and says [`Event::Isolated`]. The
//!   papers exclude the case.
//! - Answers carry the identifier of who answers, so that a node that returned to an address under another identifier
//!   is not taken for the earlier one; requests to join avoid the joining node's own address for the same reason.
//! - A recursive lookup is passed on without acknowledgement, as in ToN; the last node answers the origin directly, and
//!   the origin tries again when no answer comes.
//! - Graceful leave (ToN, section IV-E.4) under the corrected rules: the predecessor takes over the leaver's whole list
//!   if the leaver was its successor, and otherwise only deletes it. Appending the last entry of another list, as ToN
//!   does, can leave a gap in the list, and with it a node that the list skips.
//! - i3: see [`i3`].
//!
//! The rules of 2001 are those of its Fig. 7 to the letter, which never drop a dead predecessor: a successor goes on to
//! recommend it, and each lookup that meets it ends. Under silent departures such a ring decays. The experiments of 2001
//! must have known more than the figure says, so their results under churn are not to be compared with these rules.

mod ask;
mod bulk;
mod config;
mod event;
mod find;
mod fingers;
pub mod i3;
pub mod invariants;
mod ring;
mod wire;

use sim_core::addr::NodeAddr;
use sim_core::protocol::{Ctx, OperationId, Protocol};
use sim_core::random::{StreamKey, unit};

use crate::request::{RequestId, Requests};
use ask::Ask;
pub use bulk::{Ring, distinct_ids};
pub use config::{Config, ConfigError, LookupStyle, Rules};
pub use event::{Command, Dropped, Event, JoinFailure, LookupFailure};
use find::{Find, FindId};
pub use fingers::Fingers;
pub use ring::{Contact, Id, IdSpace, in_open, in_open_closed};
pub use wire::{Msg, Neighbours, Step};

/// How a node starts.
#[derive(Clone, Debug)]
pub enum Init {
    /// As the first one of a new ring. (Zave's proof wants a ring to start with `successors + 1` nodes; one that grows
    /// from a single node is outside it until then.)
    First {
        /// Its identifier.
        id: Id,
    },
    /// Through a node that is a member.
    Join {
        /// Its identifier.
        id: Id,
        /// The member.
        bootstrap: NodeAddr,
    },
    /// As a member, with tables made by [`Ring`].
    Ready {
        /// Its identifier.
        id: Id,
        /// Its tables.
        tables: Box<Tables>,
    },
}

/// What a member knows.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tables {
    /// Its predecessor.
    pub predecessor: Option<Contact>,
    /// Its successors, the nearest first.
    pub successors: Vec<Contact>,
    /// Its fingers.
    pub fingers: Fingers,
}

/// What a node says to its later self.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Timer {
    /// A new round of maintenance is due.
    Stabilize,
    /// The join is to be tried again.
    Join,
    /// A request has not been answered in time.
    Request(RequestId),
}

/// Where a node stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    Joining {
        bootstrap: NodeAddr,
        retries_left: u8,
    },
    Member,
    /// The join has failed, or the ring is lost.
    Out,
}

/// A node.
#[derive(Debug)]
pub struct Chord {
    me: Contact,
    stage: Stage,
    predecessor: Option<Contact>,
    successors: Vec<Contact>,
    fingers: Fingers,
    next_finger: u8,
    requests: Requests<NodeAddr, Ask>,
    next_find: FindId,
    /// Lookups under way.
    #[expect(
        clippy::vec_box,
        reason = "a node has none most of the time, and keeps the room for one"
    )]
    finds: Vec<Box<Find>>,
    /// What a node under i3's rules knows; its neighbours above are read off this list.
    i3: Option<Box<i3::NodeList>>,
}

impl Protocol for Chord {
    type Addr = NodeAddr;
    type Init = Init;
    type Config = Config;
    type Msg = Msg;
    type Timer = Timer;
    type Command = Command;
    type Event = Event;

    fn new(me: NodeAddr, init: Init, config: &Config, streams: StreamKey) -> Self {
        let (id, stage, tables) = match init {
            Init::First { id } => (id, Stage::Member, Box::default()),
            Init::Join { id, bootstrap } => (
                id,
                Stage::Joining {
                    bootstrap,
                    retries_left: config.retries,
                },
                Box::default(),
            ),
            Init::Ready { id, tables } => (id, Stage::Member, tables),
        };
        let me = Contact { id, addr: me };
        let i3 = (config.rules == Rules::I3).then(|| Box::new(i3::NodeList::new(me, config, &tables)));
        let Tables {
            predecessor,
            successors,
            mut fingers,
        } = *tables;
        if i3.is_some() {
            fingers = Fingers::new();
        }
        Chord {
            me,
            stage,
            predecessor,
            successors,
            fingers,
            next_finger: 0,
            requests: Requests::new(streams),
            next_find: FindId::default(),
            finds: Vec::new(),
            i3,
        }
    }

    fn on_start(&mut self, ctx: &mut Ctx<'_, Self>) {
        match self.stage {
            Stage::Joining { bootstrap, .. } if self.i3.is_some() => self.i3_join(ctx, bootstrap),
            Stage::Joining { bootstrap, .. } => self.join(ctx, bootstrap),
            // Members that start together do not stabilise together.
            _ => {
                let first = ctx.config().stabilize_period.mul_f64(unit(ctx.rng()));
                ctx.set_timer(first, Timer::Stabilize);
                ctx.emit(Event::Joined);
            }
        }
    }

    fn on_message(&mut self, ctx: &mut Ctx<'_, Self>, from: NodeAddr, msg: Msg) {
        if !msg.belongs_to(ctx.config().space()) {
            return ctx.emit(Event::Dropped(Dropped::ForeignIdentifier));
        }
        match msg {
            Msg::Step { request, step, visited } => self.step_answered(ctx, from, request, step, visited),
            Msg::Neighbours { request, neighbours } => self.neighbours_answered(ctx, from, request, *neighbours),
            Msg::Pong { request, id } => self.pong(ctx, Contact { id, addr: from }, request),
            Msg::I3(msg) => self.i3_message(ctx, from, msg),
            // All others are requests, and only a member answers.
            _ if self.stage != Stage::Member => {}
            Msg::NextHop { request, key, avoid } => {
                let step = self.next_hop(ctx.config(), key, &avoid);
                ctx.send(
                    from,
                    Msg::Step {
                        request,
                        step,
                        visited: 0,
                    },
                );
            }
            Msg::FindSuccessor {
                request,
                key,
                origin,
                visited,
                avoid,
            } => {
                self.pass_on(ctx, request, key, origin, visited, avoid);
            }
            Msg::GetNeighbours { request } => {
                let neighbours = Box::new(self.neighbours());
                ctx.send(from, Msg::Neighbours { request, neighbours });
            }
            Msg::Notify { id } => self.notify(ctx, Contact { id, addr: from }),
            Msg::Ping { request } => ctx.send(
                from,
                Msg::Pong {
                    request,
                    id: self.me.id,
                },
            ),
            Msg::PredecessorLeaving { id, predecessor } => {
                self.predecessor_leaves(ctx, Contact { id, addr: from }, predecessor);
            }
            Msg::SuccessorLeaving { id, successors } => {
                self.successor_leaves(ctx, Contact { id, addr: from }, &successors);
            }
        }
    }

    fn on_timer(&mut self, ctx: &mut Ctx<'_, Self>, timer: Timer) {
        match timer {
            Timer::Stabilize => self.round(ctx),
            Timer::Request(request) => self.request_expired(ctx, request),
            Timer::Join => {
                if let Stage::Joining { bootstrap, .. } = self.stage {
                    self.join(ctx, bootstrap);
                }
            }
        }
    }

    fn on_command(&mut self, ctx: &mut Ctx<'_, Self>, operation: OperationId, command: Command) {
        let Command::Lookup { key } = command;
        self.look_up(ctx, operation, key);
    }

    fn on_stop(&mut self, ctx: &mut Ctx<'_, Self>) {
        if self.stage == Stage::Member {
            self.leave(ctx);
        }
    }
}

/// Finding the way (ToN, section IV-C and IV-D; with failures, section IV-E.3).
impl Chord {
    /// One step of `n.find_successor(id)` (ToN, Fig. 5): the owner if the key lies between this node and its successor,
    /// and otherwise the closest node before the key. Nodes in `avoid` did not answer whoever asks.
    fn next_hop(&self, config: &Config, key: Id, avoid: &[NodeAddr]) -> Step {
        if self.successors.is_empty() {
            return Step::Owner(self.me);
        }
        let successor = self
            .successors
            .iter()
            .copied()
            .find(|contact| !avoid.contains(&contact.addr));
        if let Some(successor) = successor
            && in_open_closed(self.me.id, key, successor.id)
        {
            return Step::Owner(successor);
        }
        match self.closest_preceding_node(config, key, avoid).or(successor) {
            Some(closer) => Step::Closer(closer),
            None => Step::DeadEnd,
        }
    }

    /// `n.closest_preceding_node(id)` (ToN, Fig. 5): the closest node before the key among the fingers, and, as section
    /// IV-E.3 has it, among the successors.
    fn closest_preceding_node(&self, config: &Config, key: Id, avoid: &[NodeAddr]) -> Option<Contact> {
        if let Some(list) = &self.i3 {
            return list.closest_preceding(self.me.id, key, avoid);
        }
        let finger = self.fingers.closest_preceding(self.me.id, key, avoid);
        if !config.route_with_successors {
            return finger;
        }
        let behind = finger.map_or(self.me.id, |finger| finger.id);
        // Most often the finger lies beyond the whole list, which goes clockwise.
        if self
            .successors
            .last()
            .is_none_or(|last| in_open(self.me.id, last.id, behind))
            && finger.is_some()
        {
            return finger;
        }
        let successor = self
            .successors
            .iter()
            .rev()
            .find(|contact| in_open(behind, contact.id, key) && !avoid.contains(&contact.addr));
        successor.copied().or(finger)
    }
}

/// Keeping the ring (2001, Fig. 7; ToN, Fig. 6 and section IV-E; Zave).
impl Chord {
    /// Sets the timer of the next round, a random period ahead.
    fn set_next_round(ctx: &mut Ctx<'_, Self>) {
        let config = ctx.config();
        let factor = 1.0 + config.stabilize_jitter * (2.0 * unit(ctx.rng()) - 1.0);
        ctx.set_timer(config.stabilize_period.mul_f64(factor), Timer::Stabilize);
    }

    /// What is done each period.
    fn round(&mut self, ctx: &mut Ctx<'_, Self>) {
        if self.stage == Stage::Out {
            return;
        }
        Self::set_next_round(ctx);
        match ctx.config().rules {
            Rules::I3 => self.i3_round(ctx),
            rules => {
                self.stabilize(ctx);
                self.fix_fingers(ctx);
                if rules == Rules::Ton2003 {
                    self.check_predecessor(ctx);
                }
            }
        }
    }

    /// `n.join(n')` (ToN, Fig. 6; Zave): find the successor of the node's own identifier.
    fn join(&mut self, ctx: &mut Ctx<'_, Self>, bootstrap: NodeAddr) {
        self.predecessor = None;
        self.find_to_join(ctx, bootstrap);
    }

    /// The successor found by the join has answered: the node is a member.
    fn joined(&mut self, ctx: &mut Ctx<'_, Self>, successor: Contact, neighbours: Neighbours) {
        self.successors = self.successor_list(ctx.config(), successor, &neighbours.successors);
        self.stage = Stage::Member;
        ctx.emit(Event::Joined);
        if ctx.config().rules == Rules::Corrected {
            self.round(ctx);
        } else {
            Self::set_next_round(ctx);
            self.stabilized(ctx, successor, neighbours);
        }
    }

    /// The join has failed: try again, or give up.
    fn join_failed(&mut self, ctx: &mut Ctx<'_, Self>, failure: JoinFailure) {
        match &mut self.stage {
            Stage::Joining {
                retries_left: left @ 1..,
                ..
            } if failure != JoinFailure::IdentifierTaken => {
                *left -= 1;
                ctx.set_timer(ctx.config().timeout, Timer::Join);
            }
            _ => {
                self.stage = Stage::Out;
                ctx.emit(Event::JoinFailed(failure));
            }
        }
    }

    /// `n.stabilize()`, first half: ask the successor for its predecessor, and for its list (ToN, section IV-E.3;
    /// Zave).
    fn stabilize(&mut self, ctx: &mut Ctx<'_, Self>) {
        if self.requests.any(|ask| matches!(ask, Ask::Successor | Ask::Candidate)) {
            return;
        }
        match (self.successors.first(), self.predecessor) {
            (Some(successor), _) => self.request(ctx, successor.addr, Ask::Successor),
            // A node alone is its own successor, and everybody lies between it and itself.
            (None, Some(predecessor)) => self.consider(ctx, predecessor),
            (None, None) => {}
        }
    }

    /// `n.stabilize()`, second half: the successor has answered.
    fn stabilized(&mut self, ctx: &mut Ctx<'_, Self>, responder: Contact, neighbours: Neighbours) {
        match self.successors.first() {
            Some(successor) if *successor == responder => {}
            Some(successor) if successor.addr == responder.addr => {
                // Somebody else lives at the successor's address now.
                return self.successor_dead(ctx, responder.addr);
            }
            // The list has changed since the question.
            _ => return,
        }
        self.successors = self.successor_list(ctx.config(), responder, &neighbours.successors);
        match neighbours.predecessor {
            Some(between) if in_open(self.me.id, between.id, responder.id) => self.consider(ctx, between),
            _ => self.notify_successor(ctx),
        }
    }

    /// The successor's predecessor lies between this node and its successor. The published rules take it as the new
    /// successor; the corrected ones ask it first (Zave: the published rule can adopt a dead node).
    fn consider(&mut self, ctx: &mut Ctx<'_, Self>, candidate: Contact) {
        if ctx.config().rules == Rules::Corrected {
            return self.request(ctx, candidate.addr, Ask::Candidate);
        }
        let list = std::mem::take(&mut self.successors);
        self.successors = self.successor_list(ctx.config(), candidate, &list);
        self.notify_successor(ctx);
    }

    /// The candidate has answered (Zave, `stabilizeFromPredecessor`).
    fn adopt(&mut self, ctx: &mut Ctx<'_, Self>, candidate: Contact, neighbours: &Neighbours) {
        let successor = self.successors.first().unwrap_or(&self.me);
        if in_open(self.me.id, candidate.id, successor.id) {
            self.successors = self.successor_list(ctx.config(), candidate, &neighbours.successors);
        }
        self.notify_successor(ctx);
    }

    fn notify_successor(&mut self, ctx: &mut Ctx<'_, Self>) {
        if let Some(successor) = self.successors.first() {
            ctx.send(successor.addr, Msg::Notify { id: self.me.id });
        }
    }

    /// The successor does not answer: the next one takes its place (ToN, section IV-E.3).
    fn successor_dead(&mut self, ctx: &mut Ctx<'_, Self>, addr: NodeAddr) {
        if self.successors.first().is_none_or(|successor| successor.addr != addr) {
            return;
        }
        self.successors.remove(0);
        if self.successors.is_empty() {
            self.isolated(ctx);
        } else {
            self.stabilize(ctx);
        }
    }

    /// All successors are dead, and with them all that is known of the ring for certain.
    fn isolated(&mut self, ctx: &mut Ctx<'_, Self>) {
        self.stage = Stage::Out;
        self.abandon_finds(ctx);
        ctx.emit(Event::Isolated);
    }

    /// The list with `head` before the list of the head: as long as lists are, and ending before it would come round.
    fn successor_list(&self, config: &Config, head: Contact, rest: &[Contact]) -> Vec<Contact> {
        let mut list = Vec::with_capacity(config.successors.min(rest.len() + 1));
        let mut last = self.me.id;
        for contact in std::iter::once(&head).chain(rest).take(config.successors) {
            if !in_open(last, contact.id, self.me.id) {
                break;
            }
            list.push(*contact);
            last = contact.id;
        }
        list
    }

    /// `n.notify(n')` (ToN, Fig. 6), and `rectify` (Zave), which also replaces a predecessor that is dead.
    fn notify(&mut self, ctx: &mut Ctx<'_, Self>, notifier: Contact) {
        if notifier.id == self.me.id {
            return ctx.emit(Event::Dropped(Dropped::OwnIdentifier));
        }
        match self.predecessor {
            Some(predecessor) if !in_open(predecessor.id, notifier.id, self.me.id) => {
                let rectify = ctx.config().rules == Rules::Corrected && predecessor != notifier;
                if rectify && !self.requests.any(|ask| matches!(ask, Ask::Rectify { .. })) {
                    self.request(ctx, predecessor.addr, Ask::Rectify { notifier });
                }
            }
            _ => self.predecessor = Some(notifier),
        }
    }

    /// `n.check_predecessor()` (ToN, Fig. 6).
    fn check_predecessor(&mut self, ctx: &mut Ctx<'_, Self>) {
        if let Some(predecessor) = self.predecessor
            && !self.requests.any(|ask| *ask == Ask::Predecessor)
        {
            self.request(ctx, predecessor.addr, Ask::Predecessor);
        }
    }

    /// The predecessor is dead, or somebody else lives at its address.
    fn predecessor_dead(&mut self, addr: NodeAddr, replacement: Option<Contact>) {
        if self.predecessor.is_some_and(|predecessor| predecessor.addr == addr) {
            self.predecessor = replacement;
        }
    }

    /// `n.fix_fingers()`: the next finger in turn (ToN, Fig. 6), or each of them (the experiments of 2001).
    fn fix_fingers(&mut self, ctx: &mut Ctx<'_, Self>) {
        let space = ctx.config().space();
        let successor = self.successors.first().unwrap_or(&self.me);
        let fingers = space.first_finger_beyond(self.me.id, successor.id)..space.bits();
        self.fingers.forget_before(fingers.start);
        if fingers.is_empty() {
            return;
        }
        if ctx.config().rules == Rules::Sigcomm2001 {
            return fingers.for_each(|finger| self.fix_finger(ctx, finger));
        }
        let finger = if fingers.contains(&self.next_finger) {
            self.next_finger
        } else {
            fingers.start
        };
        self.next_finger = finger + 1;
        self.fix_finger(ctx, finger);
    }

    /// Leaves gracefully (ToN, section IV-E.4).
    fn leave(&mut self, ctx: &mut Ctx<'_, Self>) {
        if let Some(successor) = self.successors.first() {
            ctx.send(
                successor.addr,
                Msg::PredecessorLeaving {
                    id: self.me.id,
                    predecessor: self.predecessor,
                },
            );
        }
        if let Some(predecessor) = self.predecessor {
            let successors = self.successors.as_slice().into();
            ctx.send(
                predecessor.addr,
                Msg::SuccessorLeaving {
                    id: self.me.id,
                    successors,
                },
            );
        }
    }

    /// The successor replaces its predecessor by the leaver's.
    fn predecessor_leaves(&mut self, ctx: &mut Ctx<'_, Self>, leaver: Contact, replacement: Option<Contact>) {
        let replacement = replacement.filter(|contact| contact.id != self.me.id);
        if self.i3.is_some() {
            self.i3_left(ctx, leaver, replacement.as_slice());
        } else if self.predecessor == Some(leaver) {
            self.predecessor = replacement;
        }
    }

    /// The predecessor deletes the leaver from its list and appends the last node of the leaver's; under the corrected
    /// rules it takes over the list as it is, see the deviations.
    fn successor_leaves(&mut self, ctx: &mut Ctx<'_, Self>, leaver: Contact, successors: &[Contact]) {
        if self.i3.is_some() {
            return self.i3_left(ctx, leaver, successors);
        }
        let is_successor = self.successors.first() == Some(&leaver);
        self.successors.retain(|contact| *contact != leaver);
        match successors {
            [head, rest @ ..] if ctx.config().rules == Rules::Corrected && is_successor => {
                self.successors = self.successor_list(ctx.config(), *head, rest);
            }
            [.., last] if ctx.config().rules != Rules::Corrected => {
                let known = self.successors.iter().any(|contact| contact.id == last.id);
                if !known && last.id != self.me.id && self.successors.len() < ctx.config().successors {
                    self.successors.push(*last);
                }
            }
            _ => {}
        }
    }
}

/// What observers and probes may see.
impl Chord {
    /// The node's identifier and address.
    pub fn contact(&self) -> Contact {
        self.me
    }

    /// The node's identifier.
    pub fn id(&self) -> Id {
        self.me.id
    }

    /// Whether the node is a member.
    pub fn has_joined(&self) -> bool {
        self.stage == Stage::Member
    }

    /// Its successors, the nearest first; none if it is alone.
    pub fn successors(&self) -> &[Contact] {
        &self.successors
    }

    /// Its predecessor.
    pub fn predecessor(&self) -> Option<Contact> {
        self.predecessor
    }

    /// Its fingers. Under i3's rules there are none apart from [`Chord::i3_list`].
    pub fn fingers(&self) -> &Fingers {
        &self.fingers
    }

    /// What it knows under i3's rules.
    pub fn i3_list(&self) -> Option<&i3::NodeList> {
        self.i3.as_deref()
    }

    /// Where a message to a key would go next. Under i3's rules one that is addressed to a node goes there at once from
    /// whoever knows it; under the papers' it goes by the node before, as a lookup does.
    pub fn route(&self, config: &Config, key: Id) -> Step {
        let addressee = self.i3.as_ref().and_then(|list| list.active_at(key));
        addressee.map_or_else(|| self.next_hop(config, key, &[]), Step::Owner)
    }

    /// Bytes that the node takes beside its own size.
    pub fn heap_bytes(&self) -> usize {
        self.successors.capacity() * size_of::<Contact>()
            + self.fingers.heap_bytes()
            + self.requests.heap_bytes()
            + self.finds.capacity() * size_of::<Box<Find>>()
            + self.finds.iter().map(|find| find.heap_bytes()).sum::<usize>()
            + self.i3.as_ref().map_or(0, |list| list.heap_bytes())
    }
}

#[cfg(test)]
mod tests;
