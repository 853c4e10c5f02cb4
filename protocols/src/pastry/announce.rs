//! The optimistic announcement (2001, section 2.4).
//!
//! A newcomer announces itself to everybody in its tables. Whoever it takes for a neighbour on the ring answers with its leaf
//! set, unless the newcomer's own has been made from just that version: if it has changed since, somebody else has come or gone
//! meanwhile, and the newcomer goes on with what it is told. Members verify in the same way whoever they are told about as a
//! neighbour.

use sim_core::addr::NodeAddr;
use sim_core::protocol::Ctx;

use super::ask::Ask;
use super::wire::{State, Wanted};
use super::{Dropped, Event, Msg, Pastry, Reason, Stage};
use crate::id::Contact;
use crate::kbr::Payload;
use crate::request::RequestId;

impl<B: Payload> Pastry<B> {
    /// Announces the newcomer to all in its tables.
    pub(super) fn announce(&mut self, ctx: &mut Ctx<'_, Self>) {
        let all = self.tables.acquaintances();
        if all.is_empty() {
            return self.out(ctx, Reason::Isolated);
        }
        for contact in all {
            self.request(ctx, contact.addr, Ask::Announce(contact));
        }
    }

    /// Announces the node to somebody who might be a neighbour on the ring, if that is not under way.
    pub(super) fn meet(&mut self, ctx: &mut Ctx<'_, Self>, contact: Contact) {
        if !self.requests.any(|ask| *ask == Ask::Announce(contact)) {
            self.request(ctx, contact.addr, Ask::Announce(contact));
        }
    }

    /// Sends an announcement, for the first time or again.
    pub(super) fn post_announcement(&mut self, ctx: &mut Ctx<'_, Self>, request: RequestId, to: Contact) {
        self.tell_of_repair(ctx, Ask::Announce(to));
        let (leaf_set, state) = match &self.stage {
            Stage::Joining(joining) => {
                let seen = joining.seen.filter(|(addr, _)| *addr == to.addr);
                let leaf_set = match seen {
                    Some((_, version)) => Wanted::Unless(version),
                    None if self.tables.leaf_set.contacts().contains(&to) => Wanted::Yes,
                    None if self.tables.leaf_set.would_take(to) => Wanted::Yes,
                    None => Wanted::No,
                };
                let rows = self.rows_for(to.id).iter();
                (leaf_set, rows.map(|entry| entry.contact).collect())
            }
            _ => (Wanted::Yes, Box::default()),
        };
        let id = self.me().id;
        let announcement = Msg::Announce {
            request,
            id,
            leaf_set,
            state,
        };
        ctx.send(to.addr, announcement);
    }

    /// Somebody has announced himself.
    pub(super) fn announced(
        &mut self,
        ctx: &mut Ctx<'_, Self>,
        sender: Contact,
        request: RequestId,
        wanted: Wanted,
        state: &[Contact],
    ) {
        if sender.id == self.me().id {
            return ctx.emit(Event::Dropped(Dropped::OwnIdentifier));
        }
        let tell = match wanted {
            Wanted::No => false,
            Wanted::Yes => true,
            Wanted::Unless(version) => version != self.version,
        };
        self.met(ctx, sender);
        self.take_hearsay(ctx, state);
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
        ctx.send(sender.addr, Msg::Welcome { request, state });
    }

    /// An announcement has been answered.
    pub(super) fn welcomed(&mut self, ctx: &mut Ctx<'_, Self>, from: NodeAddr, request: RequestId, state: &State) {
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
            self.mend_leaf_set(ctx);
        }
        self.newcomer_goes_on(ctx);
    }
}
