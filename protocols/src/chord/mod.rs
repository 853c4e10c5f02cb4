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
//!   papers exclude the case. (Under the rules of i3 it can stay, [`Config::stays_alone`].)
//! - Answers carry the identifier of who answers, so that a node that returned to an address under another identifier
//!   is not taken for the earlier one; requests to join avoid the joining node's own address for the same reason.
//! - A recursive lookup is passed on without acknowledgement, as in ToN; the last node answers the origin directly, and
//!   the origin tries again when no answer comes.
//! - Graceful leave (ToN, section IV-E.4) under the corrected rules: the predecessor takes over the leaver's whole list
//!   if the leaver was its successor, and otherwise only deletes it. Appending the last entry of another list, as ToN
//!   does, can leave a gap in the list, and with it a node that the list skips.
//! - A period of their own for fingers, in which all of them are refreshed, and fingers of another base than 2 are those of
//!   p2psim (Li et al. 2005). There a finger that answers a ping is not looked up again; here each is, as in the papers.
//! - i3: see [`i3`].
//! - Nearby nodes first, the check whether there is another ring, and messages to keys have their own: `proximity.rs`,
//!   `check.rs` and `carry.rs`.
//!
//! Of the two enhancements for voluntary departures (ToN, section IV-E.4) the notification of the neighbours is what a graceful
//! leave does; silent departures are Chord without it. Keys are not stored here, so that there are none to hand over.
//!
//! The rules of 2001 are those of its Fig. 7 to the letter, which never drop a dead predecessor: a successor goes on to
//! recommend it, and each lookup that meets it ends. Under silent departures such a ring decays. The experiments of 2001
//! must have known more than the figure says, so their results under churn are not to be compared with these rules.

mod ask;
mod bulk;
mod carry;
mod check;
mod config;
mod event;
mod extras;
mod find;
mod fingers;
pub mod i3;
pub mod invariants;
mod key_based;
mod leave;
mod maintain;
mod proximity;
mod ring;
mod route;
mod wire;

use sim_core::addr::{Address, NodeAddr};
use sim_core::protocol::{Ctx, OperationId, Protocol};
use sim_core::random::{StreamKey, unit};

use crate::id::{Contact, Id};
use crate::kbr::{Call, Nothing, Payload, Step};
use crate::request::{RequestId, Requests};
use ask::Ask;
pub use bulk::Ring;
use check::Acquaintances;
pub use config::{Choice, Config, ConfigError, ConsistencyCheck, Delays, LookupEnd, LookupStyle, Proximity, Rules};
pub use event::{Command, Dropped, Event, JoinFailure, LookupFailure};
use extras::Extras;
use find::{Find, FindId};
pub use fingers::Fingers;
use proximity::Nearby;
pub use ring::{FingerStarts, in_open, in_open_closed};
pub use wire::{Msg, Neighbours};

/// How a node starts.
#[derive(Clone, Debug)]
pub enum Init<A = NodeAddr> {
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
        bootstrap: A,
    },
    /// As a member, with tables made by [`Ring`].
    Ready {
        /// Its identifier.
        id: Id,
        /// Its tables.
        tables: Box<Tables<A>>,
    },
}

/// What a member knows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tables<A = NodeAddr> {
    /// Its predecessor.
    pub predecessor: Option<Contact<A>>,
    /// Its successors, the nearest first.
    pub successors: Vec<Contact<A>>,
    /// Its fingers.
    pub fingers: Fingers<A>,
    /// For proximity: of each distinct finger, in their order, the nodes that follow it.
    pub followers: Vec<Vec<Contact<A>>>,
}

impl<A: Address> Default for Tables<A> {
    fn default() -> Self {
        Tables {
            predecessor: None,
            successors: Vec::new(),
            fingers: Fingers::new(),
            followers: Vec::new(),
        }
    }
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
    /// Somebody is to be asked to look up the node itself.
    Check,
    /// All fingers are to be refreshed.
    Fingers,
}

/// Where a node stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage<A> {
    Joining {
        bootstrap: A,
        retries_left: u8,
    },
    Member,
    /// The join has failed, or the ring is lost.
    Out,
}

/// A node. Its messages to keys carry `B`: what the layer above says. Nodes call each other `A`: whatever the layer below
/// does.
#[derive(Debug)]
pub struct Chord<B = Nothing, A = NodeAddr> {
    me: Contact<A>,
    stage: Stage<A>,
    predecessor: Option<Contact<A>>,
    successors: Vec<Contact<A>>,
    fingers: Fingers<A>,
    next_finger: u16,
    requests: Requests<A, Ask<A>>,
    next_find: FindId,
    /// Lookups under way. A node has none most of the time, and keeps the room for one: hence the boxes.
    finds: Vec<Box<Find<B, A>>>,
    /// What only some settings need. Under i3's rules the neighbours above are read off the list there.
    extras: Extras<A>,
}

impl<B: Payload, A: Address> Protocol for Chord<B, A> {
    type Addr = A;
    type Init = Init<A>;
    type Config = Config;
    type Msg = Msg<B, A>;
    type Timer = Timer;
    type Command = Command<B, A>;
    type Event = Event<B, A>;

    fn new(me: A, init: Init<A>, config: &Config, streams: StreamKey) -> Self {
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
        let i3 = (config.rules == Rules::I3).then(|| i3::NodeList::new(me, config, &tables));
        let Tables {
            predecessor,
            successors,
            mut fingers,
            followers,
        } = *tables;
        let nearby = config.proximity.map(|_| Nearby::new(followers));
        let mut acquaintances = config
            .consistency_check
            .map(|check| Acquaintances::new(check.memory, streams));
        if let Some(acquaintances) = &mut acquaintances {
            fingers.contacts().for_each(|finger| acquaintances.meet(finger.addr));
        }
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
            extras: Extras::new(i3, nearby, acquaintances),
        }
    }

    fn on_start(&mut self, ctx: &mut Ctx<'_, Self>) {
        match self.stage {
            Stage::Joining { bootstrap, .. } if self.extras.i3().is_some() => self.i3_join(ctx, bootstrap),
            Stage::Joining { bootstrap, .. } => {
                self.meet(bootstrap);
                self.join(ctx, bootstrap);
            }
            // Members that start together do not stabilise together.
            _ => {
                let first = ctx.config().stabilize_period.mul_f64(unit(ctx.rng()));
                ctx.set_timer(first, Timer::Stabilize);
                if let Some(period) = ctx.config().finger_period {
                    let first = period.mul_f64(unit(ctx.rng()));
                    ctx.set_timer(first, Timer::Fingers);
                }
                self.survey_tables(ctx);
                self.set_next_check(ctx);
                ctx.emit(Event::Joined);
            }
        }
    }

    fn on_message(&mut self, ctx: &mut Ctx<'_, Self>, from: A, msg: Msg<B, A>) {
        self.watched(ctx, |node, ctx| node.receive(ctx, from, msg));
    }

    fn on_timer(&mut self, ctx: &mut Ctx<'_, Self>, timer: Timer) {
        self.watched(ctx, |node, ctx| node.due(ctx, timer));
    }

    fn on_command(&mut self, ctx: &mut Ctx<'_, Self>, operation: OperationId, command: Command<B, A>) {
        match command {
            Command::Lookup { key } => self.look_up(ctx, operation, key),
            Command::Call(Call::Route { key, payload }) => self.set_out(ctx, operation, key, payload),
            Command::Call(Call::Forward { message, next }) => self.let_go(ctx, message, next),
        }
    }

    fn on_stop(&mut self, ctx: &mut Ctx<'_, Self>) {
        if self.stage == Stage::Member {
            self.leave(ctx);
        }
    }
}

/// What happens to a node.
impl<B: Payload, A: Address> Chord<B, A> {
    fn receive(&mut self, ctx: &mut Ctx<'_, Self>, from: A, msg: Msg<B, A>) {
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
                let step = self.find_successor_step(ctx.config(), key, &avoid);
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
            Msg::Route { owner, message } => self.arrived(ctx, owner, message),
        }
    }

    fn due(&mut self, ctx: &mut Ctx<'_, Self>, timer: Timer) {
        match timer {
            Timer::Stabilize => self.round(ctx),
            Timer::Request(request) => self.request_expired(ctx, request),
            Timer::Check => self.check_consistency(ctx),
            Timer::Fingers => self.finger_round(ctx),
            Timer::Join => {
                if let Stage::Joining { bootstrap, .. } = self.stage {
                    self.join(ctx, bootstrap);
                }
            }
        }
    }
}

/// What observers and probes may see.
impl<B: Payload, A: Address> Chord<B, A> {
    /// The node's identifier and address.
    pub fn contact(&self) -> Contact<A> {
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
    pub fn successors(&self) -> &[Contact<A>] {
        &self.successors
    }

    /// Its predecessor.
    pub fn predecessor(&self) -> Option<Contact<A>> {
        self.predecessor
    }

    /// Its fingers. Under i3's rules there are none apart from [`Chord::i3_list`].
    pub fn fingers(&self) -> &Fingers<A> {
        &self.fingers
    }

    /// What it knows under i3's rules.
    pub fn i3_list(&self) -> Option<&i3::NodeList<A>> {
        self.extras.i3()
    }

    /// Where a message to a key would go next. Under i3's rules one that is addressed to a node goes there at once from
    /// whoever knows it; under the papers' it goes by the node before, as a lookup does.
    pub fn route(&self, config: &Config, key: Id) -> Step<A> {
        let addressee = self.extras.i3().and_then(|list| list.active_at(key));
        addressee.map_or_else(|| self.find_successor_step(config, key, &[]), Step::Owner)
    }

    /// Bytes that the node takes beside its own size.
    pub fn heap_bytes(&self) -> usize {
        self.successors.capacity() * size_of::<Contact<A>>()
            + self.fingers.heap_bytes()
            + self.requests.heap_bytes()
            + self.finds.capacity() * size_of::<Box<Find<B, A>>>()
            + self.finds.iter().map(|find| find.heap_bytes()).sum::<usize>()
            + self.extras.heap_bytes()
    }
}

#[cfg(test)]
mod tests;
