//! Keeping the ring (2001, Fig. 7; ToN, Fig. 6 and section IV-E; Zave).

use sim_core::addr::Address;
use sim_core::protocol::Ctx;
use sim_core::random::unit;
use sim_core::time::SimDuration;

use super::ask::Ask;
use super::ring::in_open;
use super::{Chord, Config, Contact, Dropped, Event, JoinFailure, Msg, Neighbours, Rules, Stage, Timer};
use crate::kbr::Payload;

impl<B: Payload, A: Address> Chord<B, A> {
    /// Sets the timer of the next round, a random period ahead.
    pub(super) fn set_next_round(ctx: &mut Ctx<'_, Self>) {
        Self::set_next(ctx, ctx.config().stabilize_period, Timer::Stabilize);
    }

    fn set_next(ctx: &mut Ctx<'_, Self>, period: SimDuration, timer: Timer) {
        let factor = 1.0 + ctx.config().stabilize_jitter * (2.0 * unit(ctx.rng()) - 1.0);
        ctx.set_timer(period.mul_f64(factor), timer);
    }

    /// What is done each period.
    pub(super) fn round(&mut self, ctx: &mut Ctx<'_, Self>) {
        if self.stage == Stage::Out {
            return;
        }
        Self::set_next_round(ctx);
        match ctx.config().rules {
            Rules::I3 => self.i3_round(ctx),
            rules => {
                self.stabilize(ctx);
                if ctx.config().finger_period.is_none() {
                    self.fix_fingers(ctx);
                }
                self.survey_successors(ctx);
                if rules == Rules::Ton2003 {
                    self.check_predecessor(ctx);
                }
            }
        }
    }

    /// What is done each period of the fingers, if they have one of their own: all are refreshed.
    pub(super) fn finger_round(&mut self, ctx: &mut Ctx<'_, Self>) {
        let Some(period) = ctx.config().finger_period.filter(|_| self.stage != Stage::Out) else {
            return;
        };
        Self::set_next(ctx, period, Timer::Fingers);
        self.fix_fingers(ctx);
    }

    /// `n.join(n')` (ToN, Fig. 6; Zave): find the successor of the node's own identifier.
    pub(super) fn join(&mut self, ctx: &mut Ctx<'_, Self>, bootstrap: A) {
        self.predecessor = None;
        self.find_to_join(ctx, bootstrap);
    }

    /// The successor found by the join has answered: the node is a member.
    pub(super) fn joined(&mut self, ctx: &mut Ctx<'_, Self>, successor: Contact<A>, neighbours: Neighbours<A>) {
        self.successors = self.successor_list(ctx.config(), successor, &neighbours.successors);
        self.stage = Stage::Member;
        self.set_next_check(ctx);
        ctx.emit(Event::Joined);
        if ctx.config().rules == Rules::Corrected {
            self.round(ctx);
        } else {
            Self::set_next_round(ctx);
            self.stabilized(ctx, successor, neighbours);
        }
        self.finger_round(ctx);
    }

    /// The join has failed: try again, or give up.
    pub(super) fn join_failed(&mut self, ctx: &mut Ctx<'_, Self>, failure: JoinFailure) {
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
    pub(super) fn stabilize(&mut self, ctx: &mut Ctx<'_, Self>) {
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
    pub(super) fn stabilized(&mut self, ctx: &mut Ctx<'_, Self>, responder: Contact<A>, neighbours: Neighbours<A>) {
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
    pub(super) fn consider(&mut self, ctx: &mut Ctx<'_, Self>, candidate: Contact<A>) {
        if ctx.config().rules == Rules::Corrected {
            return self.request(ctx, candidate.addr, Ask::Candidate);
        }
        let list = std::mem::take(&mut self.successors);
        self.successors = self.successor_list(ctx.config(), candidate, &list);
        self.notify_successor(ctx);
    }

    /// The candidate has answered (Zave, `stabilizeFromPredecessor`).
    pub(super) fn adopt(&mut self, ctx: &mut Ctx<'_, Self>, candidate: Contact<A>, neighbours: &Neighbours<A>) {
        let successor = self.successors.first().unwrap_or(&self.me);
        if in_open(self.me.id, candidate.id, successor.id) {
            self.successors = self.successor_list(ctx.config(), candidate, &neighbours.successors);
        }
        self.notify_successor(ctx);
    }

    pub(super) fn notify_successor(&mut self, ctx: &mut Ctx<'_, Self>) {
        if let Some(successor) = self.successors.first() {
            ctx.send(successor.addr, Msg::Notify { id: self.me.id });
        }
    }

    /// The successor does not answer: the next one takes its place (ToN, section IV-E.3).
    pub(super) fn successor_dead(&mut self, ctx: &mut Ctx<'_, Self>, addr: A) {
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
    pub(super) fn isolated(&mut self, ctx: &mut Ctx<'_, Self>) {
        self.stage = Stage::Out;
        self.abandon_finds(ctx);
        ctx.emit(Event::Isolated);
    }

    /// The list with `head` before the list of the head: as long as lists are, and ending before it would come round.
    pub(super) fn successor_list(&self, config: &Config, head: Contact<A>, rest: &[Contact<A>]) -> Vec<Contact<A>> {
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
    pub(super) fn notify(&mut self, ctx: &mut Ctx<'_, Self>, notifier: Contact<A>) {
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
    pub(super) fn check_predecessor(&mut self, ctx: &mut Ctx<'_, Self>) {
        if let Some(predecessor) = self.predecessor
            && !self.requests.any(|ask| *ask == Ask::Predecessor)
        {
            self.request(ctx, predecessor.addr, Ask::Predecessor);
        }
    }

    /// The predecessor is dead, or somebody else lives at its address.
    pub(super) fn predecessor_dead(&mut self, addr: A, replacement: Option<Contact<A>>) {
        if self.predecessor.is_some_and(|predecessor| predecessor.addr == addr) {
            self.predecessor = replacement;
        }
    }

    /// `n.fix_fingers()`: the next finger in turn (ToN, Fig. 6), or each of them (the experiments of 2001, and where fingers
    /// have a period of their own).
    pub(super) fn fix_fingers(&mut self, ctx: &mut Ctx<'_, Self>) {
        let starts = ctx.config().finger_starts();
        let successor = self.successors.first().unwrap_or(&self.me);
        let fingers = starts.first_beyond(self.me.id, successor.id)..starts.count();
        self.fingers.forget_before(fingers.start);
        if fingers.is_empty() {
            return;
        }
        if ctx.config().rules == Rules::Sigcomm2001 || ctx.config().finger_period.is_some() {
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
}
