//! Repair after somebody was found dead, or has left (2001, section 2.4).

use sim_core::addr::NodeAddr;
use sim_core::protocol::Ctx;

use super::ask::Ask;
use super::{Cell, Config, Forgotten, Pastry, Reason, Side};
use crate::id::Contact;
use crate::kbr::Payload;

/// The name of a repair at its node.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct RepairId(u32);

/// An empty cell of the routing table for which somebody is sought.
#[derive(Debug)]
pub(super) struct EntryRepair {
    id: RepairId,
    cell: Cell,
    /// Who was there.
    lost: Contact,
    /// Who has been asked.
    asked: Vec<NodeAddr>,
}

impl<B: Payload> Pastry<B> {
    /// Nobody is at this address any more: forgets him and repairs what he leaves, where he was known.
    pub(super) fn dead(&mut self, ctx: &mut Ctx<'_, Self>, addr: NodeAddr) {
        let right = self.right_neighbour().is_some_and(|right| right.addr == addr);
        let lost = self.forget(ctx, addr);
        self.mourn(ctx, addr, &lost, right);
        if lost.leaf.is_some() && self.tables.entries() == 0 && self.is_known() {
            return self.out(ctx, Reason::Isolated);
        }
        self.repair(ctx, &lost);
        if lost.leaf.is_some() {
            self.mend_leaf_set(ctx);
        }
    }

    /// Repairs the routing table and the neighbourhood set.
    pub(super) fn repair(&mut self, ctx: &mut Ctx<'_, Self>, lost: &Forgotten) {
        if !ctx.config().repair || !self.is_known() {
            return;
        }
        if let Some(entry) = lost.entry.filter(|_| self.dependable.is_none()) {
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
            match self.tables.leaf_set.farthest(side) {
                Some(farthest) => self.request(ctx, farthest.addr, ask),
                None => {
                    if let Some(nearest) = self.nearest_known(ctx.config(), side) {
                        self.meet(ctx, nearest);
                    }
                }
            }
        }
    }

    /// The nearest on a side of all that are known.
    fn nearest_known(&self, config: &Config, side: Side) -> Option<Contact> {
        let (space, me) = (config.space(), self.me().id);
        self.tables.contacts().min_by_key(|contact| match side {
            Side::Smaller => space.distance(contact.id, me),
            Side::Larger => space.distance(me, contact.id),
        })
    }

    /// The farthest on a side has told its leaf set. Where it knows as the next beyond itself somebody who is known here on
    /// the other side, there is nobody else.
    pub(super) fn leaf_set_answered(
        &mut self,
        ctx: &mut Ctx<'_, Self>,
        side: Side,
        responder: Contact,
        contacts: &[Contact],
    ) {
        self.consider_leaves(ctx, contacts);
        let space = ctx.config().space();
        let beyond = contacts.iter().min_by_key(|contact| match side {
            Side::Smaller => space.distance(contact.id, responder.id),
            Side::Larger => space.distance(responder.id, contact.id),
        });
        let leaf_set = &mut self.tables.leaf_set;
        let around = |beyond: &Contact| beyond.id == leaf_set.me().id || leaf_set.contacts().contains(beyond);
        if leaf_set.lacks(side) && leaf_set.farthest(side) == Some(responder) && beyond.is_some_and(around) {
            leaf_set.close();
        }
    }

    /// Routing table (lazy): asks the others in the row of an entry that was found dead for theirs, then those of higher
    /// rows.
    fn repair_entry(&mut self, ctx: &mut Ctx<'_, Self>, lost: Contact) {
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
    pub(super) fn entry_answered(&mut self, ctx: &mut Ctx<'_, Self>, id: RepairId, contacts: &[Contact]) {
        let Some(EntryRepair { cell, lost, .. }) = self.repairs.iter().find(|repair| repair.id == id) else {
            return;
        };
        // Who has not noticed yet names the one that was lost.
        let table = &self.tables.routing_table;
        let fits = |contact: &&Contact| {
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
