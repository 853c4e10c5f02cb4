//! The requests of a node: what they are for, and what an answer or its absence means.

use sim_core::addr::Address;
use sim_core::protocol::Ctx;

use super::find::FindId;
use super::proximity::SurveyId;
use super::{Chord, Config, Contact, Dropped, Event, Msg, Neighbours, Timer};
use crate::kbr::Payload;
use crate::request::{Expired, Patience, RequestId};

/// What a request is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ask<A> {
    /// `stabilize`: the successor's predecessor and list.
    Successor,
    /// `stabilize`, corrected: the list of the successor's predecessor.
    Candidate,
    /// `check_predecessor`.
    Predecessor,
    /// `rectify`: is the predecessor dead, so that the notifier takes its place?
    Rectify { notifier: Contact<A> },
    /// The next step of an iterative lookup.
    Step(FindId),
    /// The answer of a recursive lookup.
    Answer(FindId),
    /// Whether the owner found by a lookup is there.
    Owner(FindId),
    /// The successors of the first node at or after the start of a finger, for proximity.
    Followers { index: u16 },
    /// How far away somebody is.
    Distance(SurveyId),
}

impl<B: Payload, A: Address> Chord<B, A> {
    pub(super) fn request(&mut self, ctx: &mut Ctx<'_, Self>, to: A, ask: Ask<A>) {
        let patience = self.patience(ctx.config(), ask);
        let request = self.requests.open(ctx, to, ask, patience, Timer::Request);
        self.post(ctx, to, request, ask);
    }

    fn patience(&self, config: &Config, ask: Ask<A>) -> Patience {
        match ask {
            Ask::Answer(_) => config.recursive_patience(),
            // A second ping would be measured from the first.
            Ask::Distance(_) => Patience {
                retries: 0,
                ..config.patience()
            },
            _ => config.patience(),
        }
    }

    /// Sends the message of a request, for the first time or again.
    fn post(&mut self, ctx: &mut Ctx<'_, Self>, to: A, request: RequestId, ask: Ask<A>) {
        let msg = match ask {
            Ask::Successor | Ask::Candidate | Ask::Followers { .. } => Msg::GetNeighbours { request },
            Ask::Predecessor | Ask::Rectify { .. } | Ask::Distance(_) => Msg::Ping { request },
            Ask::Step(find) | Ask::Answer(find) | Ask::Owner(find) => {
                match self.find_message(ctx, request, ask, find) {
                    Some(msg) => msg,
                    None => return,
                }
            }
        };
        ctx.send(to, msg);
    }

    pub(super) fn request_expired(&mut self, ctx: &mut Ctx<'_, Self>, request: RequestId) {
        let Some(ask) = self.requests.purpose(request) else {
            return;
        };
        if let Ask::Step(find) | Ask::Answer(find) = ask {
            self.count_timeout(find);
        }
        let patience = self.patience(ctx.config(), ask);
        match self.requests.expire(ctx, request, patience, Timer::Request) {
            Expired::Again { to, purpose } => self.post(ctx, to, request, purpose),
            Expired::GivenUp { to, purpose } => self.no_answer(ctx, to, purpose),
            Expired::Closed => {}
        }
    }

    /// Nobody answers at that address.
    fn no_answer(&mut self, ctx: &mut Ctx<'_, Self>, to: A, ask: Ask<A>) {
        match ask {
            Ask::Successor => self.successor_dead(ctx, to),
            Ask::Candidate => self.notify_successor(ctx),
            Ask::Predecessor => self.predecessor_dead(to, None),
            Ask::Rectify { notifier } => self.predecessor_dead(to, Some(notifier)),
            Ask::Step(find) | Ask::Answer(find) => self.step_given_up(ctx, find),
            Ask::Owner(find) => self.owner_dead(ctx, find),
            // It will be its turn again.
            Ask::Followers { .. } => {}
            Ask::Distance(survey) => self.measured(ctx, survey, to, None),
        }
    }

    pub(super) fn neighbours(&self) -> Neighbours<A> {
        Neighbours {
            id: self.me.id,
            predecessor: self.predecessor,
            successors: self.successors.clone(),
        }
    }

    pub(super) fn neighbours_answered(
        &mut self,
        ctx: &mut Ctx<'_, Self>,
        from: A,
        request: RequestId,
        answer: Neighbours<A>,
    ) {
        let responder = Contact {
            id: answer.id,
            addr: from,
        };
        match self.requests.close(ctx, request, from) {
            Some(Ask::Successor) => self.stabilized(ctx, responder, answer),
            Some(Ask::Candidate) => self.adopt(ctx, responder, &answer),
            Some(Ask::Owner(find)) => self.join_answered(ctx, find, responder, answer),
            Some(Ask::Followers { index }) => self.survey_finger(ctx, index, responder, &answer.successors),
            _ => ctx.emit(Event::Dropped(Dropped::StaleAnswer)),
        }
    }

    pub(super) fn pong(&mut self, ctx: &mut Ctx<'_, Self>, responder: Contact<A>, request: RequestId) {
        let same = self.predecessor == Some(responder);
        match self.requests.close(ctx, request, responder.addr) {
            Some(Ask::Predecessor) if !same => self.predecessor_dead(responder.addr, None),
            Some(Ask::Rectify { notifier }) if !same => self.predecessor_dead(responder.addr, Some(notifier)),
            Some(Ask::Predecessor | Ask::Rectify { .. }) => {}
            Some(Ask::Owner(find)) => self.owner_answered(ctx, find, responder),
            Some(Ask::Distance(survey)) => self.measured(ctx, survey, responder.addr, Some(responder)),
            _ => ctx.emit(Event::Dropped(Dropped::StaleAnswer)),
        }
    }
}
