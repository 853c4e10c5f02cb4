//! Who is taken into the tables, and how far away he is (2001, section 2.5).
//!
//! Whoever has been heard directly is taken at once, and so is everybody of whom a newcomer is told, since it contacts them
//! all afterwards. Others must answer first: somebody who has failed would go round for ever otherwise.

use sim_core::addr::Address;
use sim_core::protocol::Ctx;
use sim_core::time::SimDuration;

use super::ask::Ask;
use super::repair::RepairId;
use super::{Distance, Event, Forgotten, Learnt, Pastry, Proximity};
use crate::id::{Contact, Id};
use crate::kbr::Payload;

/// How many distances a node measures at a time. What it does not measure now it will hear of again.
const MOST_PROBES: usize = 32;

impl<B: Payload, A: Address> Pastry<B, A> {
    /// How far away somebody is from this node, where that need not be measured; arbitrary where it does not matter.
    #[inline]
    pub(super) fn distance(ctx: &Ctx<'_, Self>, me: Id, other: Contact<A>) -> Option<Distance> {
        match ctx.config().proximity {
            Some(Proximity::Oracle) => Some(ctx.round_trip(other.addr).map_or(Distance::UNKNOWN, Distance::from)),
            Some(Proximity::Probe) => None,
            None => Some(Distance::arbitrary(me, other.id)),
        }
    }

    /// Takes somebody wherever he belongs.
    pub(super) fn take(&mut self, ctx: &mut Ctx<'_, Self>, contact: Contact<A>) -> Learnt {
        if contact.addr == self.me().addr {
            return Learnt::default();
        }
        let Some(distance) = Self::distance(ctx, self.me().id, contact) else {
            let known = self.tables.contacts().any(|known| known == contact);
            if known && !self.tables.leaf_set.would_take(contact) {
                return Learnt::default();
            }
            self.measure(ctx, contact, None);
            return self.learn(ctx, contact, Distance::UNKNOWN);
        };
        self.learn(ctx, contact, distance)
    }

    /// A newcomer takes who answers, and all of whom he tells.
    pub(super) fn take_all(&mut self, ctx: &mut Ctx<'_, Self>, responder: Contact<A>, contacts: &[Contact<A>]) {
        self.take(ctx, responder);
        for contact in contacts {
            // Most are known already, and who is an entry has been tried everywhere.
            if self.tables.routing_table.toward(contact.id) != Some(*contact) {
                self.take(ctx, *contact);
            }
        }
    }

    /// Takes into the routing table whoever a newcomer has in its own: it has just spoken to them.
    pub(super) fn take_rows(&mut self, ctx: &mut Ctx<'_, Self>, rows: &[Contact<A>]) {
        if self.dependable.is_some() {
            // It speaks to them just now, and some may not answer.
            return self.consider_all(ctx, rows);
        }
        let me = self.me();
        let others = rows.iter().copied().filter(|contact| contact.addr != me.addr);
        if ctx.config().proximity == Some(Proximity::Probe) {
            for contact in others
                .filter(|contact| self.tables.interesting(*contact))
                .collect::<Vec<_>>()
            {
                self.measure(ctx, contact, None);
            }
        } else {
            let distance = |contact: Contact<A>| Self::distance(ctx, me.id, contact).unwrap_or(Distance::UNKNOWN);
            self.tables.routing_table.offer_all(others, distance);
        }
    }

    /// Whether somebody else was known at this address.
    fn has_successor(&self, contact: Contact<A>) -> bool {
        let is_former = |other: Contact<A>| other.addr == contact.addr && other.id != contact.id;
        self.tables.contacts().any(is_former)
    }

    /// Somebody has answered who need not be whoever was asked: one who is gone must not be taken for alive since another has his
    /// address.
    pub(super) fn recognise(&mut self, ctx: &mut Ctx<'_, Self>, responder: Contact<A>) {
        if self.has_successor(responder) {
            self.met(ctx, responder);
        }
    }

    /// Somebody has been heard directly. Whoever was known at his address before is gone.
    pub(super) fn met(&mut self, ctx: &mut Ctx<'_, Self>, contact: Contact<A>) -> Learnt {
        if self.has_successor(contact) {
            self.dead(ctx, contact.addr);
        }
        self.gone.retain(|(gone, _)| *gone != contact);
        self.take(ctx, contact)
    }

    /// Hearsay: whoever would come into one of the tables must answer first.
    pub(super) fn consider_all(&mut self, ctx: &mut Ctx<'_, Self>, contacts: &[Contact<A>]) {
        self.consider_leaves(ctx, contacts);
        for contact in contacts {
            let wanted = match Self::distance(ctx, self.me().id, *contact) {
                _ if contact.addr == self.me().addr || self.is_gone(*contact) => false,
                _ if self.tables.leaf_set.would_take(*contact) => false,
                Some(distance) => self.tables.would_place(*contact, distance),
                None => self.tables.interesting(*contact),
            };
            if wanted {
                self.measure(ctx, *contact, None);
            }
        }
    }

    /// Hearsay about neighbours on the ring: of those who would come in, only the nearest for whom there is room are asked.
    pub(super) fn consider_leaves(&mut self, ctx: &mut Ctx<'_, Self>, contacts: &[Contact<A>]) {
        let leaf_set = &self.tables.leaf_set;
        let comes_in = |contact: &Contact<A>| {
            contact.addr != leaf_set.me().addr && leaf_set.would_take(*contact) && !self.is_gone(*contact)
        };
        let mut newcomers: Vec<Contact<A>> = contacts.iter().copied().filter(comes_in).collect();
        if newcomers.is_empty() {
            return;
        }
        let mut hoped = leaf_set.clone();
        for newcomer in &newcomers {
            hoped.insert(*newcomer);
        }
        newcomers.retain(|newcomer| hoped.contacts().contains(newcomer));
        for newcomer in newcomers {
            self.meet(ctx, newcomer);
        }
    }

    /// Asks somebody whether he is there, and measures how far away he is; not if that is under way, or too much is.
    pub(super) fn measure(&mut self, ctx: &mut Ctx<'_, Self>, contact: Contact<A>, repair: Option<RepairId>) {
        let mut under_way = 0;
        let known = self.requests.any(|ask| match ask {
            Ask::Measure { contact: other, .. } => {
                under_way += 1;
                *other == contact
            }
            _ => false,
        });
        if repair.is_some() || (!known && under_way < MOST_PROBES) {
            let begun = ctx.now();
            self.request(ctx, contact.addr, Ask::Measure { contact, begun, repair });
        }
    }

    /// Somebody has answered, who may be somebody else than was thought.
    pub(super) fn measured(
        &mut self,
        ctx: &mut Ctx<'_, Self>,
        contact: Contact<A>,
        responder: Contact<A>,
        round_trip: SimDuration,
    ) {
        let distance = Self::distance(ctx, self.me().id, responder);
        let distance = distance.unwrap_or_else(|| Distance::from(round_trip));
        if self.approaching() {
            return self.approached(responder, distance);
        }
        if responder != contact {
            self.dead(ctx, contact.addr);
        }
        self.learn(ctx, responder, distance);
        self.share_distance(ctx, responder, distance);
    }

    /// Takes somebody at a distance wherever he belongs.
    fn learn(&mut self, ctx: &mut Ctx<'_, Self>, contact: Contact<A>, distance: Distance) -> Learnt {
        let before = self.neighbours_before();
        let learnt = self.tables.learn(contact, distance);
        if learnt.leaf {
            self.leaf_set_changed(ctx, &before);
        }
        learnt
    }

    /// Forgets whoever is at an address.
    pub(super) fn forget(&mut self, ctx: &mut Ctx<'_, Self>, addr: A) -> Forgotten<A> {
        let before = self.neighbours_before();
        let forgotten = self.tables.forget(addr);
        if forgotten.leaf.is_some() {
            self.leaf_set_changed(ctx, &before);
        }
        forgotten
    }

    /// The leaf set as it is, if the layer above wants to hear of changes.
    fn neighbours_before(&self) -> Vec<Contact<A>> {
        if B::UPDATE {
            self.tables.leaf_set.contacts().to_vec()
        } else {
            Vec::new()
        }
    }

    fn leaf_set_changed(&mut self, ctx: &mut Ctx<'_, Self>, before: &[Contact<A>]) {
        self.version = self.version.wrapping_add(1);
        if B::UPDATE && self.has_joined() {
            let now = self.tables.leaf_set.contacts();
            let gone = before.iter().filter(|contact| !now.contains(contact));
            let come = now.iter().filter(|contact| !before.contains(contact));
            for (neighbour, joined) in gone.map(|gone| (*gone, false)).chain(come.map(|come| (*come, true))) {
                ctx.emit(Event::Update { neighbour, joined });
            }
        }
    }
}
