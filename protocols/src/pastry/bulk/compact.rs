//! The tables of a node while its network grows: members go by their places in the order of arrival.

use sim_core::addr::Address;

use crate::id::{Contact, Id};
use crate::pastry::{Digits, Distance, Tables};

/// No member.
pub(super) const NOBODY: u32 = u32::MAX;

/// A member, and how far away it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Near {
    pub(super) place: u32,
    pub(super) distance: Distance,
}

const EMPTY: Near = Near {
    place: NOBODY,
    distance: Distance::UNKNOWN,
};

/// A routing table as whole rows, and a neighbourhood set.
#[derive(Debug, Default)]
pub(super) struct Compact {
    cells: Vec<Near>,
    /// The nearest first.
    neighbours: Vec<Near>,
}

impl Compact {
    /// How many rows there are.
    pub(super) fn rows(&self, columns: u16) -> usize {
        self.cells.len() / usize::from(columns)
    }

    /// The entries of a row.
    pub(super) fn row(&self, row: usize, columns: u16) -> impl Iterator<Item = u32> {
        let cells = self.cells.chunks(usize::from(columns)).nth(row).unwrap_or(&[]);
        cells.iter().map(|near| near.place).filter(|place| *place != NOBODY)
    }

    /// All entries of the routing table.
    pub(super) fn entries(&self) -> impl Iterator<Item = u32> {
        self.cells
            .iter()
            .map(|near| near.place)
            .filter(|place| *place != NOBODY)
    }

    /// The neighbourhood set, the nearest first.
    pub(super) fn neighbours(&self) -> impl Iterator<Item = u32> {
        self.neighbours.iter().map(|near| near.place)
    }

    /// The entry that shares a digit more with a key than the node does.
    pub(super) fn toward(&self, digits: Digits, me: Id, key: Id) -> Option<u32> {
        let row = digits.shared_prefix(me, key);
        let cell = usize::from(row) * usize::from(digits.base()) + usize::from(digits.digit(key, row));
        self.cells
            .get(cell)
            .map(|near| near.place)
            .filter(|place| *place != NOBODY)
    }

    fn row_mut(&mut self, row: usize, columns: usize) -> &mut [Near] {
        let (from, until) = (row * columns, (row + 1) * columns);
        if self.cells.len() < until {
            self.cells.reserve_exact(until - self.cells.len());
            self.cells.resize(until, EMPTY);
        }
        &mut self.cells[from..until]
    }

    /// Takes another member into its cell if that is empty or has somebody farther away.
    pub(super) fn offer_entry(&mut self, digits: Digits, me: Id, other: Id, near: Near) {
        let row = digits.shared_prefix(me, other);
        let column = usize::from(digits.digit(other, row));
        let cell = &mut self.row_mut(usize::from(row), usize::from(digits.base()))[column];
        if near.distance < cell.distance {
            *cell = near;
        }
    }

    /// Takes the nearer ones of another node's entries in a row that both have: they share so many digits. What that node has
    /// in the column of this node's own digit, if anybody, belongs to another row here, and is given back.
    pub(super) fn compare_row(
        &mut self,
        digits: Digits,
        me: Id,
        row: usize,
        other: &Compact,
        distance: impl Fn(u32) -> Distance,
    ) -> Option<u32> {
        let columns = usize::from(digits.base());
        let offered = other.cells.chunks_exact(columns).nth(row)?;
        let own = usize::from(digits.digit(me, row as u8));
        let cells = self.row_mut(row, columns);
        for (column, (cell, near)) in cells.iter_mut().zip(offered).enumerate() {
            if near.place != cell.place && near.place != NOBODY && column != own {
                let distance = distance(near.place);
                if distance < cell.distance {
                    *cell = Near { distance, ..*near };
                }
            }
        }
        (offered[own].place != NOBODY).then_some(offered[own].place)
    }

    /// Takes a member into the neighbourhood set of so many if it is near enough.
    pub(super) fn offer_neighbour(&mut self, near: Near, size: usize) {
        if self.neighbours.len() == size && self.neighbours.last().is_none_or(|last| last.distance <= near.distance) {
            return;
        }
        if self.neighbours().any(|place| place == near.place) {
            return;
        }
        self.neighbours.truncate(size - 1);
        let at = self.neighbours.partition_point(|other| other.distance <= near.distance);
        if self.neighbours.len() == self.neighbours.capacity() {
            self.neighbours.reserve_exact((size - self.neighbours.len()).min(8));
        }
        self.neighbours.insert(at, near);
    }

    /// Writes the tables out, and gives the memory back.
    pub(super) fn unfold<A: Address>(self, members: &[Contact<A>], tables: &mut Tables<A>) {
        let entries = self.cells.iter().filter(|near| near.place != NOBODY);
        for near in entries {
            tables.routing_table.offer(members[near.place as usize], near.distance);
        }
        for near in &self.neighbours {
            tables.neighbourhood.offer(members[near.place as usize], near.distance);
        }
        tables.shrink();
    }
}
