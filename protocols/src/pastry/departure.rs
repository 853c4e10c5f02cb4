//! Leaving with a goodbye.

use sim_core::addr::Address;
use sim_core::protocol::Ctx;

use super::{Msg, Pastry};
use crate::id::Contact;
use crate::kbr::Payload;

impl<B: Payload, A: Address> Pastry<B, A> {
    /// Says goodbye to all that the node knows, with its leaf set to those in it.
    pub(super) fn leave(&mut self, ctx: &mut Ctx<'_, Self>) {
        let leaves = self.tables.leaf_set.contacts();
        for contact in self.tables.acquaintances() {
            let leaf_set = if leaves.contains(&contact) {
                leaves.into()
            } else {
                Box::default()
            };
            let id = self.me().id;
            ctx.send(contact.addr, Msg::Leaving { id, leaf_set });
        }
    }

    /// Somebody leaves: forgets him, and repairs at once what he leaves. Who remains alone is the whole network.
    pub(super) fn leaves(&mut self, ctx: &mut Ctx<'_, Self>, leaver: Contact<A>, leaf_set: &[Contact<A>]) {
        self.note_failed(leaver);
        if !self.tables.contacts().any(|contact| contact == leaver) {
            return;
        }
        let lost = self.forget(ctx, leaver.addr);
        self.note_bereavement();
        self.note_gone(ctx, leaver);
        self.repair(ctx, &lost);
        if lost.leaf.is_some() && ctx.config().repair {
            self.consider_leaves(ctx, leaf_set);
            self.mend_leaf_set(ctx);
        }
    }
}
