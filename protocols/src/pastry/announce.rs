//! The optimistic announcement (2001, section 2.4).
//!
//! A newcomer announces itself to everybody in its tables. Whoever it takes for a neighbour on the ring answers with its leaf
//! set, unless the newcomer's own has been made from just that version: if it has changed since, somebody else has come or gone
//! meanwhile, and the newcomer goes on with what it is told. Members verify in the same way whoever they are told about as a
//! neighbour.

use sim_core::addr::Address;
use sim_core::protocol::Ctx;

use super::ask::Ask;
use super::wire::{Announcement, State, Wanted};
use super::{Dropped, Event, Msg, Pastry, Reason, Stage};
use crate::id::Contact;
use crate::kbr::Payload;
use crate::request::RequestId;

impl<B: Payload, A: Address> Pastry<B, A> {
    /// Announces the newcomer to all in its tables.
    pub(super) fn announce(&mut self, ctx: &mut Ctx<'_, Self>) {
        let all = self.tables.acquaintances();
        if all.is_empty() {
            return self.out(ctx, Reason::Isolated);
        }
        for contact in all {
            if self.dependable.is_some() && self.tables.leaf_set.contacts().contains(&contact) {
                self.probe_leaf(ctx, contact);
            } else {
                self.request(ctx, contact.addr, Ask::Announce(contact));
            }
        }
    }

    /// Announces the node to somebody who might be a neighbour on the ring, if that is not under way.
    pub(super) fn meet(&mut self, ctx: &mut Ctx<'_, Self>, contact: Contact<A>) {
        if self.dependable.is_some() {
            self.probe_leaf(ctx, contact);
        } else if !self.requests.any(|ask| *ask == Ask::Announce(contact)) {
            self.request(ctx, contact.addr, Ask::Announce(contact));
        }
    }

    /// Sends an announcement, for the first time or again.
    pub(super) fn post_announcement(&mut self, ctx: &mut Ctx<'_, Self>, request: RequestId, to: Contact<A>) {
        let leaves = &self.tables.leaf_set;
        let neighbour = leaves.contacts().contains(&to) || leaves.would_take(to);
        let (seen, rows) = match &self.stage {
            Stage::Joining(joining) => (joining.seen, self.tables.routing_table.corresponding(to.id)),
            _ => (None, &[][..]),
        };
        let wanted = match seen {
            _ if !neighbour => Wanted::No,
            Some((addr, version)) if addr == to.addr => Wanted::Unless(version),
            _ => Wanted::Yes,
        };
        let announcement = Box::new(Announcement {
            id: self.me().id,
            wanted,
            leaf_set: if neighbour {
                leaves.contacts().into()
            } else {
                Box::default()
            },
            rows: rows.iter().map(|entry| entry.contact).collect(),
        });
        ctx.send(to.addr, Msg::Announce { request, announcement });
    }

    /// Somebody has announced himself.
    pub(super) fn announced(
        &mut self,
        ctx: &mut Ctx<'_, Self>,
        from: A,
        request: RequestId,
        announcement: &Announcement<A>,
    ) {
        let sender = Contact {
            id: announcement.id,
            addr: from,
        };
        if sender.id == self.me().id {
            return ctx.emit(Event::Dropped(Dropped::OwnIdentifier));
        }
        let tell = match announcement.wanted {
            Wanted::No => false,
            Wanted::Yes => true,
            Wanted::Unless(version) => version != self.version,
        };
        self.met(ctx, sender);
        self.take_rows(ctx, &announcement.rows);
        self.consider_leaves(ctx, &announcement.leaf_set);
        let contacts = if tell {
            self.tables.leaf_set.contacts().into()
        } else {
            Box::default()
        };
        let state = Box::new(State {
            id: self.me().id,
            version: self.version,
            contacts,
        });
        ctx.send(from, Msg::Welcome { request, state });
    }

    /// An announcement has been answered.
    pub(super) fn welcomed(&mut self, ctx: &mut Ctx<'_, Self>, from: A, request: RequestId, state: &State<A>) {
        let Some(Ask::Announce(_)) = self.requests.close(ctx, request, from) else {
            return ctx.emit(Event::Dropped(Dropped::StaleAnswer));
        };
        let responder = Contact {
            id: state.id,
            addr: from,
        };
        if responder.id == self.me().id {
            return ctx.emit(Event::Dropped(Dropped::OwnIdentifier));
        }
        let leaf = self.met(ctx, responder).leaf;
        self.consider_leaves(ctx, &state.contacts);
        if leaf {
            // Who has come here meanwhile has not heard of the responder, nor it of him.
            if !state.contacts.is_empty() {
                self.tell_of_missing(ctx, responder, &state.contacts);
            }
            self.mend_leaf_set(ctx);
        }
        self.newcomer_goes_on(ctx);
    }
}
