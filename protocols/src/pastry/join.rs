//! Arrival (2001, sections 2.4 and 2.5; quality levels: section 4.2).
//!
//! The newcomer's message goes to its own identifier through a member, and each node on the way tells the newcomer
//! what it knows. From that it makes its tables; in the second stage it asks all in its routing table and its neighbourhood set
//! for theirs, and takes who is nearer; then it announces itself (`announce.rs`).

use sim_core::addr::Address;
use sim_core::protocol::Ctx;

use super::ask::Ask;
use super::wire::{Arrival, State};
use super::{Distance, Dropped, Event, Msg, Pastry, Quality, Reason, Stage};
use crate::id::Contact;
use crate::kbr::Payload;
use crate::request::RequestId;

/// How far a newcomer has come.
#[derive(Debug)]
pub(super) struct Joining<A> {
    phase: Phase,
    /// The member it joins through.
    bootstrap: A,
    /// Who was asked last for members nearby.
    asked: A,
    /// The nearest that it has found of those to join through.
    nearest: Option<(Distance, Contact<A>)>,
    /// Which of the nodes on the way have told it what they know.
    told: Vec<u16>,
    /// Which of them is the last.
    last: Option<u16>,
    /// Whose leaf set its own was made from, and the version of it.
    pub(super) seen: Option<(A, u32)>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    /// It looks for a member nearby.
    Approaching,
    /// Its message is on the way.
    OnTheWay,
    /// It has heard of all on the way, and may be measuring how far away those are whom they named.
    Arrived,
    /// It asks all of them in turn for what they know.
    SecondStage,
    /// It announces itself.
    Announcing,
}

impl<A: Address> Joining<A> {
    pub(super) fn new(bootstrap: A) -> Self {
        Joining {
            phase: Phase::Approaching,
            bootstrap,
            asked: bootstrap,
            nearest: None,
            told: Vec::new(),
            last: None,
            seen: None,
        }
    }

    pub(super) fn is_announcing(&self) -> bool {
        self.phase == Phase::Announcing
    }

    /// Notes that a node on the way has been heard; whether all have.
    fn note(&mut self, hop: u16, last: bool) -> bool {
        if let Err(at) = self.told.binary_search(&hop) {
            self.told.insert(at, hop);
        }
        if last {
            self.last = Some(hop);
        }
        // What comes after the last is of an earlier attempt.
        self.last
            .is_some_and(|last| self.told.iter().take_while(|hop| **hop <= last).count() == usize::from(last) + 1)
    }
}

/// The newcomer.
impl<B: Payload, A: Address> Pastry<B, A> {
    /// Joins through the member, or through the nearest that can be found from there.
    pub(super) fn join(&mut self, ctx: &mut Ctx<'_, Self>) {
        let Stage::Joining(joining) = &mut self.stage else {
            return;
        };
        let bootstrap = joining.bootstrap;
        if ctx.config().nearby_bootstrap && ctx.config().proximity.is_some() {
            self.request(ctx, bootstrap, Ask::Nearby);
        } else {
            joining.phase = Phase::OnTheWay;
            self.request(ctx, bootstrap, Ask::Join);
        }
    }

    /// A member tells whom it knows: the nearest of them may be asked next, until nobody is nearer.
    pub(super) fn approach(&mut self, ctx: &mut Ctx<'_, Self>, responder: Contact<A>, contacts: &[Contact<A>]) {
        for contact in std::iter::once(&responder).chain(contacts) {
            match Self::distance(ctx, self.me().id, *contact) {
                _ if contact.id == self.me().id || contact.addr == self.me().addr => {}
                Some(distance) => self.approached(*contact, distance),
                None => self.measure(ctx, *contact, None),
            }
        }
    }

    /// Whether the newcomer looks for a member nearby.
    pub(super) fn approaching(&self) -> bool {
        matches!(&self.stage, Stage::Joining(joining) if joining.phase == Phase::Approaching)
    }

    /// Somebody through whom the newcomer might join is that far away.
    pub(super) fn approached(&mut self, contact: Contact<A>, distance: Distance) {
        if let Stage::Joining(joining) = &mut self.stage
            && joining.nearest.is_none_or(|(nearest, _)| distance < nearest)
        {
            joining.nearest = Some((distance, contact));
        }
    }

    /// Whoever was asked for members nearby does not answer: the newcomer joins where it was to.
    pub(super) fn approach_failed(&mut self) {
        if let Stage::Joining(joining) = &mut self.stage {
            joining.nearest = None;
        }
    }

    /// Sends the newcomer's message on its way.
    pub(super) fn post_join(&mut self, ctx: &mut Ctx<'_, Self>, to: A, request: RequestId) {
        let newcomer = self.me();
        if let Stage::Joining(joining) = &mut self.stage {
            joining.told.clear();
            joining.last = None;
        }
        let arrival = Arrival {
            newcomer,
            request,
            hop: 0,
        };
        let acknowledge = None;
        ctx.send(to, Msg::Join { acknowledge, arrival });
    }

    /// A node on the way tells what it knows.
    pub(super) fn told_on_the_way(
        &mut self,
        ctx: &mut Ctx<'_, Self>,
        from: A,
        request: RequestId,
        hop: u16,
        last: bool,
        state: &State<A>,
    ) {
        if self.requests.purpose(request) != Some(Ask::Join) {
            return ctx.emit(Event::Dropped(Dropped::StaleAnswer));
        }
        if state.id == self.me().id {
            self.requests.close_forwarded(ctx, request);
            return self.out(ctx, Reason::IdentifierTaken);
        }
        self.take_all(
            ctx,
            Contact {
                id: state.id,
                addr: from,
            },
            &state.contacts,
        );
        let Stage::Joining(joining) = &mut self.stage else {
            return;
        };
        if last {
            joining.seen = Some((from, state.version));
        }
        if joining.note(hop, last) {
            joining.phase = Phase::Arrived;
            self.requests.close_forwarded(ctx, request);
            self.newcomer_goes_on(ctx);
        }
    }

    /// Goes on to the next part of the join when nothing is open any more that belongs to this one.
    pub(super) fn newcomer_goes_on(&mut self, ctx: &mut Ctx<'_, Self>) {
        let Stage::Joining(joining) = &mut self.stage else {
            return;
        };
        if self.requests.any(|ask| ask.keeps_newcomer()) {
            return;
        }
        match joining.phase {
            Phase::Approaching => {
                let through = joining.nearest.map_or(joining.bootstrap, |(_, nearest)| nearest.addr);
                let nobody_nearer = joining.nearest.is_none() || through == joining.asked;
                joining.asked = through;
                if nobody_nearer {
                    joining.phase = Phase::OnTheWay;
                    self.request(ctx, through, Ask::Join);
                } else {
                    self.request(ctx, through, Ask::Nearby);
                }
            }
            Phase::OnTheWay => {}
            Phase::Arrived if ctx.config().quality == Quality::Wtf => {
                joining.phase = Phase::SecondStage;
                self.second_stage(ctx);
            }
            Phase::Arrived | Phase::SecondStage => {
                joining.phase = Phase::Announcing;
                self.announce(ctx);
            }
            Phase::Announcing => {
                if self.may_become_active(ctx) {
                    self.stage = Stage::Member;
                    self.requests.shrink();
                    self.begin_upkeep(ctx);
                }
            }
        }
    }

    /// Asks all in the routing table and the neighbourhood set for what they know (section 2.5).
    fn second_stage(&mut self, ctx: &mut Ctx<'_, Self>) {
        let tables = &self.tables;
        let mut known: Vec<Contact<A>> = tables
            .routing_table
            .contacts()
            .chain(tables.neighbourhood.contacts())
            .collect();
        known.sort_by_key(|contact| (contact.id, contact.addr));
        known.dedup();
        for contact in &known {
            self.request(ctx, contact.addr, Ask::Corresponding);
        }
        if known.is_empty() {
            self.newcomer_goes_on(ctx);
        }
    }
}

/// A node on the way.
impl<B: Payload, A: Address> Pastry<B, A> {
    /// Tells a newcomer what it can use of this node's tables (section 4.2): by quality SL the row with the number of the
    /// node on the way, by WT and WTF all rows; the first one's neighbourhood set, and the last one's leaf set.
    pub(super) fn tell_newcomer(&self, ctx: &mut Ctx<'_, Self>, arrival: Arrival<A>, last: bool) {
        let Arrival { newcomer, request, hop } = arrival;
        let table = &self.tables.routing_table;
        let rows = match ctx.config().quality {
            Quality::Sl => table.row(u8::try_from(hop).unwrap_or(u8::MAX)),
            Quality::Wt | Quality::Wtf => table.corresponding(newcomer.id),
        };
        let mut contacts: Vec<Contact<A>> = rows.iter().map(|entry| entry.contact).collect();
        if hop == 0 {
            contacts.extend(self.tables.neighbourhood.contacts());
        }
        if last {
            contacts.extend(self.tables.leaf_set.contacts());
        }
        let state = Box::new(State {
            id: self.me().id,
            version: self.version,
            contacts: contacts.into(),
        });
        let told = Msg::OnTheWay {
            request,
            hop,
            last,
            state,
        };
        ctx.send(newcomer.addr, told);
    }
}
