//! Leaving (ToN, section IV-E.4).

use sim_core::addr::Address;
use sim_core::protocol::Ctx;

use super::{Chord, Contact, Msg, Rules};
use crate::kbr::Payload;

impl<B: Payload, A: Address> Chord<B, A> {
    /// Leaves gracefully (ToN, section IV-E.4).
    pub(super) fn leave(&mut self, ctx: &mut Ctx<'_, Self>) {
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

    /// Somebody is known to have left, who names nobody in his place: nothing that this node keeps names him any more.
    pub(crate) fn left(&mut self, ctx: &mut Ctx<'_, Self>, leaver: A) {
        if self.extras.i3().is_some() {
            return self.i3_gone(ctx, leaver);
        }
        self.fingers.forget_node(leaver);
        self.predecessor_dead(leaver, None);
        let head = self.successors.first().copied();
        self.successors
            .retain(|contact| contact.addr != leaver || Some(*contact) == head);
        self.successor_dead(ctx, leaver);
    }

    /// The successor replaces its predecessor by the leaver's.
    pub(super) fn predecessor_leaves(
        &mut self,
        ctx: &mut Ctx<'_, Self>,
        leaver: Contact<A>,
        replacement: Option<Contact<A>>,
    ) {
        let replacement = replacement.filter(|contact| contact.id != self.me.id);
        if self.extras.i3().is_some() {
            self.i3_left(ctx, leaver, replacement.as_slice());
        } else if self.predecessor == Some(leaver) {
            self.predecessor = replacement;
        }
    }

    /// The predecessor deletes the leaver from its list and appends the last node of the leaver's; under the corrected
    /// rules it takes over the list as it is, see the deviations.
    pub(super) fn successor_leaves(&mut self, ctx: &mut Ctx<'_, Self>, leaver: Contact<A>, successors: &[Contact<A>]) {
        if self.extras.i3().is_some() {
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
