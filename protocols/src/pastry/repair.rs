//! Repair after somebody was found dead, or has left (2001, section 2.4).

use sim_core::addr::Address;
use sim_core::protocol::Ctx;

use super::ask::Ask;
use super::{Cell, Config, Forgotten, Pastry, Reason, Side};
use crate::id::{Contact, Id};
use crate::kbr::Payload;

/// The name of a repair at its node.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct RepairId(u32);

/// An empty cell of the routing table for which somebody is sought.
#[derive(Debug)]
pub(super) struct EntryRepair<A> {
    id: RepairId,
    cell: Cell,
    /// Who was there.
    lost: Contact<A>,
    /// Who has been asked.
    asked: Vec<A>,
}

impl<B: Payload, A: Address> Pastry<B, A> {
    /// Nobody is at this address any more: forgets him and repairs what he leaves, where he was known.
    pub(crate) fn dead(&mut self, ctx: &mut Ctx<'_, Self>, addr: A) {
        let right = self.right_neighbour().is_some_and(|right| right.addr == addr);
        let lost = self.forget(ctx, addr);
        self.mourn(ctx, addr, &lost, right);
        for contact in [lost.leaf, lost.entry, lost.neighbour].into_iter().flatten() {
            self.note_gone(ctx, contact);
        }
        if lost.leaf.is_some() && self.tables.entries() == 0 && self.is_known() {
            return self.out(ctx, Reason::Isolated);
        }
        self.repair(ctx, &lost);
        if lost.leaf.is_some() {
            self.mend_leaf_set(ctx);
        }
    }

    /// Notes that somebody is gone, of whom others may go on to speak until they find out. MSPastry keeps a list of its own.
    pub(super) fn note_gone(&mut self, ctx: &Ctx<'_, Self>, contact: Contact<A>) {
        if ctx.config().heartbeat_period.is_some() && self.dependable.is_none() && !self.is_gone(contact) {
            self.gone.push((contact, ctx.now()));
        }
    }

    /// Whether somebody was found dead, or has left, of late.
    pub(super) fn is_gone(&self, contact: Contact<A>) -> bool {
        self.gone.iter().any(|(gone, _)| *gone == contact) || self.has_failed(contact)
    }

    /// Repairs the routing table and the neighbourhood set.
    pub(super) fn repair(&mut self, ctx: &mut Ctx<'_, Self>, lost: &Forgotten<A>) {
        if !ctx.config().repair || !self.is_known() {
            return;
        }
        // Keys near a neighbour on the ring are found by the leaf set; MSPastry fills cells on the way of messages.
        let to_repair = lost.entry.filter(|_| lost.leaf.is_none() && self.dependable.is_none());
        if let Some(entry) = to_repair {
            self.repair_entry(ctx, entry);
        }
        if lost.neighbour.is_some() {
            self.repair_neighbourhood(ctx);
        }
    }

    /// Leaf set (eager): asks the farthest on a side that lacks members for its leaf set, if nobody is being asked.
    pub(super) fn mend_leaf_set(&mut self, ctx: &mut Ctx<'_, Self>) {
        if !ctx.config().repair || !self.is_known() {
            return;
        }
        for side in [Side::Smaller, Side::Larger] {
            let ask = Ask::LeafRepair(side);
            if !self.tables.leaf_set.lacks(side) || self.requests.any(|open| *open == ask) {
                continue;
            }
            let next = self.tables.leaf_set.farthest(side);
            let Some(next) = next.or_else(|| self.nearest_known(ctx.config(), side)) else {
                continue;
            };
            if self.tables.leaf_set.contacts().contains(&next) {
                self.request(ctx, next.addr, ask);
            } else {
                self.meet(ctx, next);
            }
        }
    }

    /// The nearest on a side of all that are known, all around the ring.
    fn nearest_known(&self, config: &Config, side: Side) -> Option<Contact<A>> {
        let me = self.me().id;
        self.tables
            .contacts()
            .min_by_key(|contact| way(config, side, me, contact.id))
    }

    /// The farthest on a side has told its leaf set, or, where there is none, the next on that side around the ring. Where
    /// nobody is between the two sides, they meet.
    pub(super) fn leaf_set_answered(
        &mut self,
        ctx: &mut Ctx<'_, Self>,
        side: Side,
        responder: Contact<A>,
        contacts: &[Contact<A>],
    ) {
        self.consider_leaves(ctx, contacts);
        let (config, me) = (ctx.config(), self.me());
        let next_to = |side| {
            contacts
                .iter()
                .min_by_key(|contact| way(config, side, responder.id, contact.id))
        };
        let leaf_set = &mut self.tables.leaf_set;
        let meet = match leaf_set.farthest(side) {
            Some(farthest) if farthest == responder => {
                next_to(side).is_some_and(|next| *next == me || leaf_set.contacts().contains(next))
            }
            Some(_) => false,
            None => next_to(side.opposite()) == Some(&me),
        };
        if meet && leaf_set.lacks(side) {
            leaf_set.close();
        }
    }

    /// Routing table (lazy): asks the others in the row of an entry that was found dead for theirs, then those of higher
    /// rows.
    fn repair_entry(&mut self, ctx: &mut Ctx<'_, Self>, lost: Contact<A>) {
        let Some(cell) = self.tables.routing_table.cell(lost.id) else {
            return;
        };
        if self.repairs.iter().any(|repair| repair.cell == cell) {
            return;
        }
        let id = self.next_repair_id;
        self.next_repair_id = RepairId(id.0.wrapping_add(1));
        let asked = Vec::new();
        self.repairs.push(EntryRepair { id, cell, lost, asked });
        self.repair_goes_on(ctx, id);
    }

    /// Asks the next one, if the cell is still empty.
    pub(super) fn repair_goes_on(&mut self, ctx: &mut Ctx<'_, Self>, id: RepairId) {
        let Some(at) = self.repairs.iter().position(|repair| repair.id == id) else {
            return;
        };
        let table = &self.tables.routing_table;
        let EntryRepair { cell, asked, .. } = &mut self.repairs[at];
        let filled = table.get(*cell).is_some();
        let mut entries = (cell.row..table.rows()).flat_map(|row| table.row(row));
        let next = entries.find(|entry| !asked.contains(&entry.contact.addr));
        match next.filter(|_| !filled) {
            Some(next) => {
                let addr = next.contact.addr;
                asked.push(addr);
                self.request(ctx, addr, Ask::EntryRepair(id));
            }
            None => drop(self.repairs.swap_remove(at)),
        }
    }

    pub(super) fn repaired_cell(&self, id: RepairId) -> Option<Cell> {
        Some(self.repairs.iter().find(|repair| repair.id == id)?.cell)
    }

    /// Somebody has told his entry for a cell: it must answer before it is taken.
    pub(super) fn entry_answered(&mut self, ctx: &mut Ctx<'_, Self>, id: RepairId, contacts: &[Contact<A>]) {
        let Some(EntryRepair { cell, lost, .. }) = self.repairs.iter().find(|repair| repair.id == id) else {
            return;
        };
        // Who has not noticed yet names the one that was lost.
        let table = &self.tables.routing_table;
        let fits = |contact: &&Contact<A>| {
            *contact != lost && contact.addr != self.me().addr && table.cell(contact.id) == Some(*cell)
        };
        match contacts.iter().find(fits) {
            Some(contact) => self.measure(ctx, *contact, Some(id)),
            None => self.repair_goes_on(ctx, id),
        }
    }

    /// Neighbourhood set: asks the nearest member that is left for its own.
    fn repair_neighbourhood(&mut self, ctx: &mut Ctx<'_, Self>) {
        let nearest = self.tables.neighbourhood.contacts().next();
        if let Some(nearest) = nearest
            && !self.requests.any(|ask| *ask == Ask::NeighbourhoodRepair)
        {
            self.request(ctx, nearest.addr, Ask::NeighbourhoodRepair);
        }
    }
}

/// How far it is from one identifier to another in the direction of a side.
fn way(config: &Config, side: Side, from: Id, to: Id) -> u128 {
    match side {
        Side::Smaller => config.space().distance(to, from),
        Side::Larger => config.space().distance(from, to),
    }
}
