//! Lookups under way at the node that wants to know: for a command from above, for a finger, or to join.
//!
//! Both styles share this: an iterative lookup asks [`Msg::NextHop`] of one node after another, a recursive one sends
//! [`Msg::FindSuccessor`] once and waits for the answer of the key's predecessor.

use sim_core::addr::Address;
use sim_core::protocol::{Ctx, OperationId};

use super::{Ask, Chord, Contact, Dropped, Event, Id, JoinFailure, LookupFailure, LookupStyle, Msg, Stage, Step};
use super::{Config, Neighbours};
use crate::kbr::{Payload, Routed};
use crate::lookup::{Answer, Failure, Next, Walk};
use crate::request::RequestId;

/// The name of a lookup at its node.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct FindId(u32);

/// What a lookup is for.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Purpose<B, A> {
    Join,
    Finger(u16),
    /// Is there another ring?
    Check,
    Command(OperationId),
    /// A message is to go to the owner.
    Message(Box<Routed<B, A>>),
    /// A message has come here whose owner is the predecessor, if he is there.
    Stray(Box<Routed<B, A>>),
}

/// A lookup under way.
#[derive(Debug)]
pub(super) struct Find<B, A> {
    id: FindId,
    purpose: Purpose<B, A>,
    key: Id,
    walk: Walk<A>,
    /// Nodes visited by a recursive lookup.
    visited: u16,
    /// The owner that was named.
    owner: Option<Contact<A>>,
}

impl<B, A: Address> Find<B, A> {
    pub(super) fn heap_bytes(&self) -> usize {
        let message = match self.purpose {
            Purpose::Message(_) | Purpose::Stray(_) => size_of::<Routed<B, A>>(),
            _ => 0,
        };
        size_of::<Find<B, A>>() + (self.walk.path().len() + self.walk.avoid().len()) * size_of::<A>() + message
    }
}

impl<B: Payload, A: Address> Chord<B, A> {
    /// `find_successor(key)` for a command from above.
    pub(super) fn look_up(&mut self, ctx: &mut Ctx<'_, Self>, operation: OperationId, key: Id) {
        if self.stage == Stage::Member {
            self.find(
                ctx,
                self.me.addr,
                ctx.config().space().wrap(key.number()),
                Purpose::Command(operation),
            );
        } else {
            let reason = LookupFailure::NotJoined;
            ctx.emit(Event::LookupFailed {
                operation,
                key,
                timeouts: 0,
                reason,
            });
        }
    }

    /// `finger[i] = find_successor(n + 2^i)`, counted from zero, or of whichever base.
    pub(super) fn fix_finger(&mut self, ctx: &mut Ctx<'_, Self>, finger: u16) {
        let start = ctx.config().finger_starts().start(self.me.id, finger);
        self.find(ctx, self.me.addr, start, Purpose::Finger(finger));
    }

    /// `successor = n'.find_successor(n)`.
    pub(super) fn find_to_join(&mut self, ctx: &mut Ctx<'_, Self>, bootstrap: A) {
        self.find(ctx, bootstrap, self.me.id, Purpose::Join);
    }

    /// Has somebody else look up this node's own identifier.
    pub(super) fn find_itself(&mut self, ctx: &mut Ctx<'_, Self>, through: A) {
        self.find(ctx, through, self.me.id, Purpose::Check);
    }

    /// Whether such a lookup is under way.
    pub(super) fn is_checking(&self) -> bool {
        self.finds.iter().any(|find| find.purpose == Purpose::Check)
    }

    /// Looks up the owner of a message's key, and sends the message there.
    pub(super) fn find_for_message(&mut self, ctx: &mut Ctx<'_, Self>, message: Box<Routed<B, A>>) {
        self.find(ctx, self.me.addr, message.key, Purpose::Message(message));
    }

    /// Asks the predecessor, who should own the key of a message that has come here, whether he is there.
    pub(super) fn find_predecessor_of_stray(
        &mut self,
        ctx: &mut Ctx<'_, Self>,
        predecessor: Contact<A>,
        message: Box<Routed<B, A>>,
    ) {
        let mut find = self.new_find(ctx, self.me.addr, message.key, Purpose::Stray(message));
        find.owner = Some(predecessor);
        let ask = Ask::Owner(find.id);
        self.wait(ctx, find, predecessor.addr, ask);
    }

    /// Begins a lookup by asking `first`.
    fn find(&mut self, ctx: &mut Ctx<'_, Self>, first: A, key: Id, purpose: Purpose<B, A>) {
        let find = self.new_find(ctx, first, key, purpose);
        self.proceed(ctx, find, Next::Ask(first));
    }

    fn new_find(&mut self, ctx: &Ctx<'_, Self>, first: A, key: Id, purpose: Purpose<B, A>) -> Box<Find<B, A>> {
        let id = self.next_find;
        self.next_find = FindId(id.0.wrapping_add(1));
        // What the ring remembers at the address of a joining node is its former self.
        let avoid = if purpose == Purpose::Join {
            vec![self.me.addr]
        } else {
            Vec::new()
        };
        let walk = Walk::new(first, avoid, usize::from(ctx.config().hop_limit));
        Box::new(Find {
            id,
            purpose,
            key,
            walk,
            visited: 0,
            owner: None,
        })
    }

    /// Does what comes next in a lookup.
    fn proceed(&mut self, ctx: &mut Ctx<'_, Self>, mut find: Box<Find<B, A>>, mut next: Next<A>) {
        loop {
            match next {
                Next::Ask(node) if node == self.me.addr => {
                    let step = self.find_successor_step(ctx.config(), find.key, find.walk.avoid());
                    next = find.learn(step);
                }
                Next::Ask(node) => {
                    let ask = match ctx.config().lookup {
                        LookupStyle::Iterative => Ask::Step(find.id),
                        LookupStyle::Recursive => Ask::Answer(find.id),
                    };
                    return self.wait(ctx, find, node, ask);
                }
                Next::Found => return self.found(ctx, find),
                Next::Failed(failure) => return self.failed(ctx, *find, failure),
            }
        }
    }

    fn wait(&mut self, ctx: &mut Ctx<'_, Self>, find: Box<Find<B, A>>, node: A, ask: Ask<A>) {
        if self.finds.len() == self.finds.capacity() {
            self.finds.reserve_exact(1);
        }
        self.finds.push(find);
        self.request(ctx, node, ask);
    }

    fn take(&mut self, id: FindId) -> Option<Box<Find<B, A>>> {
        let at = self.finds.iter().position(|find| find.id == id)?;
        Some(self.finds.swap_remove(at))
    }

    /// The owner is known. It must answer too where that decides something: to a joining node, and where the
    /// configuration asks for it.
    fn found(&mut self, ctx: &mut Ctx<'_, Self>, find: Box<Find<B, A>>) {
        let Some(owner) = find.owner else { return };
        let confirm = match find.purpose {
            Purpose::Join => true,
            Purpose::Command(_) | Purpose::Message(_) => ctx.config().confirm_owner && owner.addr != self.me.addr,
            Purpose::Finger(_) | Purpose::Check | Purpose::Stray(_) => false,
        };
        if confirm {
            let ask = Ask::Owner(find.id);
            self.wait(ctx, find, owner.addr, ask);
        } else {
            self.done(ctx, *find, owner);
        }
    }

    fn done(&mut self, ctx: &mut Ctx<'_, Self>, find: Find<B, A>, owner: Contact<A>) {
        let visited = match ctx.config().lookup {
            LookupStyle::Iterative => find.walk.path().iter().filter(|node| **node != self.me.addr).count() as u16,
            LookupStyle::Recursive => find.visited,
        };
        match find.purpose {
            // A finger that comes round to the node itself leads nowhere.
            Purpose::Finger(finger) if owner.id == self.me.id => self.fingers.forget(finger),
            Purpose::Finger(finger) => {
                self.meet(owner.addr);
                self.finger_found(ctx, finger, owner);
            }
            Purpose::Check => self.checked(ctx, owner),
            Purpose::Command(operation) => {
                self.meet(owner.addr);
                let here = visited == 0 && owner.id == self.me.id;
                ctx.emit(Event::LookupDone {
                    operation,
                    key: find.key,
                    owner,
                    hops: if here { 0 } else { visited + 1 },
                    visited,
                    timeouts: find.walk.timeouts(),
                    dead_owners: find.walk.dead_owners(),
                });
            }
            Purpose::Message(mut message) | Purpose::Stray(mut message) => {
                self.meet(owner.addr);
                message.hops += visited;
                message.timeouts += find.walk.timeouts() + find.walk.dead_owners();
                self.hand_over(ctx, message, Step::Owner(owner));
            }
            Purpose::Join => {}
        }
    }

    fn failed(&mut self, ctx: &mut Ctx<'_, Self>, find: Find<B, A>, failure: Failure) {
        match find.purpose {
            // It will be its turn again.
            Purpose::Finger(_) | Purpose::Check => {}
            Purpose::Join => self.join_failed(ctx, JoinFailure::Lookup(failure)),
            Purpose::Command(operation) => ctx.emit(Event::LookupFailed {
                operation,
                key: find.key,
                timeouts: find.walk.timeouts(),
                reason: LookupFailure::Walk(failure),
            }),
            Purpose::Message(mut message) | Purpose::Stray(mut message) => {
                message.timeouts += find.walk.timeouts() + find.walk.dead_owners();
                ctx.emit(Event::Undeliverable(message));
            }
        }
    }

    /// The node has lost its ring: lookups under way cannot be trusted any more.
    pub(super) fn abandon_finds(&mut self, ctx: &mut Ctx<'_, Self>) {
        for find in std::mem::take(&mut self.finds) {
            self.failed(ctx, *find, Failure::NobodyLeft);
        }
    }

    /// A recursive lookup has come to this node, which passes it on, or answers the origin if it is the key's
    /// predecessor. One that has come too far, or leads nowhere from here, ends in silence; the origin's time-out
    /// notices.
    pub(super) fn pass_on(
        &mut self,
        ctx: &mut Ctx<'_, Self>,
        request: RequestId,
        key: Id,
        origin: A,
        visited: u8,
        avoid: Box<[A]>,
    ) {
        let visited = visited.saturating_add(1);
        match self.find_successor_step(ctx.config(), key, &avoid) {
            step @ Step::Owner(_) => ctx.send(origin, Msg::Step { request, step, visited }),
            Step::Closer(closer) if visited < ctx.config().hop_limit => {
                ctx.send(
                    closer.addr,
                    Msg::FindSuccessor {
                        request,
                        key,
                        origin,
                        visited,
                        avoid,
                    },
                );
            }
            Step::Closer(_) | Step::DeadEnd => {}
        }
    }

    /// The message of a request that belongs to a lookup.
    pub(super) fn find_message(
        &self,
        ctx: &Ctx<'_, Self>,
        request: RequestId,
        ask: Ask<A>,
        id: FindId,
    ) -> Option<Msg<B, A>> {
        let find = self.finds.iter().find(|find| find.id == id)?;
        let avoid = || Box::from(find.walk.avoid());
        Some(match ask {
            Ask::Answer(_) => Msg::FindSuccessor {
                request,
                key: find.key,
                origin: ctx.me(),
                visited: 0,
                avoid: avoid(),
            },
            Ask::Owner(_) if find.purpose == Purpose::Join => Msg::GetNeighbours { request },
            Ask::Owner(_) => Msg::Ping { request },
            _ => Msg::NextHop {
                request,
                key: find.key,
                avoid: avoid(),
            },
        })
    }

    /// A node on the way has answered, or the key's predecessor for a recursive lookup.
    pub(super) fn step_answered(
        &mut self,
        ctx: &mut Ctx<'_, Self>,
        from: A,
        request: RequestId,
        step: Step<A>,
        visited: u8,
    ) {
        let ask = match self.requests.purpose(request) {
            Some(Ask::Answer(_)) => self.requests.close_forwarded(ctx, request),
            Some(Ask::Step(_)) => self.requests.close(ctx, request, from),
            _ => None,
        };
        let find = match ask {
            Some(Ask::Step(id) | Ask::Answer(id)) => self.take(id),
            _ => None,
        };
        let Some(mut find) = find else {
            return ctx.emit(Event::Dropped(Dropped::StaleAnswer));
        };
        find.visited = u16::from(visited);
        let next = find.learn(step);
        self.proceed(ctx, find, next);
    }

    /// A node on the way does not answer, or no answer comes to a recursive lookup.
    pub(super) fn step_given_up(&mut self, ctx: &mut Ctx<'_, Self>, id: FindId) {
        let Config { rules, lookup, .. } = ctx.config();
        let backtrack = rules.backtrack() && *lookup == LookupStyle::Iterative;
        if let Some(mut find) = self.take(id) {
            let next = find.walk.given_up(backtrack);
            self.proceed(ctx, find, next);
        }
    }

    pub(super) fn count_timeout(&mut self, id: FindId) {
        if let Some(find) = self.finds.iter_mut().find(|find| find.id == id) {
            find.walk.count_timeout();
        }
    }

    /// The owner that was named does not answer: its predecessor is asked for the next; a message that waited for this node's
    /// own predecessor is at home.
    pub(super) fn owner_dead(&mut self, ctx: &mut Ctx<'_, Self>, id: FindId) {
        if let Some(mut find) = self.take(id)
            && let Some(owner) = find.owner.take()
        {
            if let Purpose::Stray(mut message) = find.purpose {
                message.timeouts += 1;
                return ctx.emit(Event::Delivered(message));
            }
            let next = find.walk.owner_dead(owner.addr);
            self.proceed(ctx, find, next);
        }
    }

    /// The owner of a looked-up key is there, or somebody else is at its address.
    pub(super) fn owner_answered(&mut self, ctx: &mut Ctx<'_, Self>, id: FindId, responder: Contact<A>) {
        let named = self.finds.iter().find(|find| find.id == id).and_then(|find| find.owner);
        if named != Some(responder) {
            return self.owner_dead(ctx, id);
        }
        if let Some(find) = self.take(id) {
            self.done(ctx, *find, responder);
        }
    }

    /// The successor of a joining node has answered.
    pub(super) fn join_answered(
        &mut self,
        ctx: &mut Ctx<'_, Self>,
        id: FindId,
        responder: Contact<A>,
        answer: Neighbours<A>,
    ) {
        let named = self.finds.iter().find(|find| find.id == id).and_then(|find| find.owner);
        if named != Some(responder) {
            return self.owner_dead(ctx, id);
        }
        self.take(id);
        if responder.id == self.me.id {
            self.join_failed(ctx, JoinFailure::IdentifierTaken);
        } else {
            self.joined(ctx, responder, answer);
        }
    }
}

impl<B, A: Address> Find<B, A> {
    /// Takes an answer to the walk.
    fn learn(&mut self, step: Step<A>) -> Next<A> {
        match step {
            Step::Owner(owner) => {
                self.owner = Some(owner);
                self.walk.answered(Answer::Owner)
            }
            Step::Closer(closer) => self.walk.answered(Answer::Closer(closer.addr)),
            Step::DeadEnd => self.walk.answered(Answer::DeadEnd),
        }
    }
}
