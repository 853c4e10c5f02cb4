//! The routing table (section 2.1): row `l` has a node for each value of digit `l`, which shares the first `l` digits with
//! the node itself.
//!
//! Of the cells of a node in a network of `N` about `(2^b - 1) log_{2^b} N` are filled. They are kept alone, by row and
//! column, so that a table in a network of 100,000 with `b = 4` takes some sixty entries of 24 bytes.

use sim_core::addr::{Address, NodeAddr};

use super::digits::Digits;
use super::neighbourhood::{Distance, Placed};
use crate::id::{Contact, Id};

/// The place of an entry.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Cell {
    /// How many digits the entry shares with the node.
    pub row: u8,
    /// The digit of the entry after those.
    pub column: u8,
}

/// The routing table of a node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RoutingTable<A = NodeAddr> {
    me: Id,
    digits: Digits,
    /// One a cell, by row and within a row in a fixed order: falling bitwise difference from the node, which is cheap to
    /// compare, and whose leading digit tells the cell.
    entries: Vec<Placed<A>>,
}

impl<A: Address> RoutingTable<A> {
    /// The table of a node that knows nobody.
    pub fn new(me: Id, digits: Digits) -> Self {
        RoutingTable {
            me,
            digits,
            entries: Vec::new(),
        }
    }

    /// How identifiers are read.
    pub fn digits(&self) -> Digits {
        self.digits
    }

    /// The cell where an identifier belongs; none for the node's own.
    #[inline]
    pub fn cell(&self, id: Id) -> Option<Cell> {
        let row = self.digits.shared_prefix(self.me, id);
        (row < self.digits.count()).then(|| Cell {
            row,
            column: self.digits.digit(id, row),
        })
    }

    #[inline]
    fn difference(&self, entry: &Placed<A>) -> u128 {
        entry.contact.id.number() ^ self.me.number()
    }

    /// Whether the entry at a place has the cell of another identifier, which differs from the node first at this digit.
    #[inline]
    fn has_cell(&self, at: usize, id: Id, unit: u128) -> bool {
        let entry = self.entries.get(at);
        entry.is_some_and(|entry| entry.contact.id.number() ^ id.number() < unit)
    }

    /// Where the entry is that has an identifier's cell, or where it would be. The identifier is not the node's own. The place
    /// at `guess` is tried first.
    #[inline]
    fn position(&self, id: Id, guess: usize) -> Result<usize, usize> {
        let unit = self.digits.unit(self.digits.shared_prefix(self.me, id));
        if self.has_cell(guess, id, unit) {
            return Ok(guess);
        }
        let difference = id.number() ^ self.me.number();
        let at = self
            .entries
            .partition_point(|entry| self.difference(entry) > difference);
        let mut near = [at, at.wrapping_sub(1)].into_iter();
        near.find(|at| self.has_cell(*at, id, unit)).ok_or(at)
    }

    /// The entry in a cell.
    pub fn get(&self, cell: Cell) -> Option<Contact<A>> {
        let mut row = self.row(cell.row).iter().map(|entry| entry.contact);
        row.find(|contact| self.digits.digit(contact.id, cell.row) == cell.column)
    }

    /// The entry for the next hop of a key (Table 1, line 6): it shares a digit more with the key than the node
    /// does.
    #[inline]
    pub fn toward(&self, key: Id) -> Option<Contact<A>> {
        let at = (key != self.me).then(|| self.position(key, usize::MAX).ok())??;
        Some(self.entries[at].contact)
    }

    /// The entries of a row.
    pub fn row(&self, row: u8) -> &[Placed<A>] {
        let through = self.rows_through(row);
        let before = row.checked_sub(1).map_or(0, |before| self.rows_through(before).len());
        &through[before..]
    }

    /// The entries that a node with this identifier could have as well (section 2.5): of the rows up to the one where the two
    /// identifiers part.
    pub fn corresponding(&self, id: Id) -> &[Placed<A>] {
        self.rows_through(self.digits.shared_prefix(self.me, id))
    }

    fn rows_through(&self, row: u8) -> &[Placed<A>] {
        let unit = self.digits.unit(row.min(self.digits.count() - 1));
        &self.entries[..self.entries.partition_point(|entry| self.difference(entry) >= unit)]
    }

    /// How many rows there are up to the last that has an entry.
    pub fn rows(&self) -> u8 {
        let last = self.entries.last().and_then(|entry| self.cell(entry.contact.id));
        last.map_or(0, |cell| cell.row + 1)
    }

    /// All entries with their distances, by row.
    pub fn placed(&self) -> &[Placed<A>] {
        &self.entries
    }

    /// All entries, by row.
    pub fn contacts(&self) -> impl Iterator<Item = Contact<A>> {
        self.entries.iter().map(|entry| entry.contact)
    }

    /// Whether [`RoutingTable::offer`] would change who is in the table.
    pub fn would_take(&self, contact: Contact<A>, distance: Distance) -> bool {
        let farther = |at: usize| {
            let entry = self.entries[at];
            entry.contact.id != contact.id && distance < entry.distance
        };
        contact.id != self.me && self.position(contact.id, usize::MAX).map_or(true, farther)
    }

    /// Takes a contact if its cell is empty or the entry there is farther away (section 2.5); tells whether the cell has
    /// somebody else now, or somebody with another address. A known identifier gets the new distance.
    pub fn offer(&mut self, contact: Contact<A>, distance: Distance) -> bool {
        contact.id != self.me && self.offer_at(self.position(contact.id, usize::MAX), contact, distance)
    }

    fn offer_at(&mut self, place: Result<usize, usize>, contact: Contact<A>, distance: Distance) -> bool {
        let offered = Placed { contact, distance };
        match place {
            Ok(at) => {
                let entry = self.entries[at];
                if entry.contact.id != contact.id && entry.distance <= distance {
                    return false;
                }
                self.entries[at] = offered;
                entry.contact != contact
            }
            Err(at) => {
                if self.entries.len() == self.entries.capacity() {
                    self.entries.reserve_exact(8);
                }
                self.entries.insert(at, offered);
                true
            }
        }
    }

    /// Takes the nearer ones of the [corresponding](RoutingTable::corresponding) entries of another node's table. Only those are
    /// measured that are not entries here already.
    pub fn offer_all(
        &mut self,
        corresponding: impl IntoIterator<Item = Contact<A>>,
        distance: impl Fn(Contact<A>) -> Distance,
    ) {
        let mut guess = 0;
        for contact in corresponding {
            if contact.id == self.me {
                continue;
            }
            // Most of the others' entries are in the same order as those here.
            let place = self.position(contact.id, guess);
            let (Ok(at) | Err(at)) = place;
            guess = at + 1;
            if place.is_err() || self.entries[at].contact != contact {
                self.offer_at(place, contact, distance(contact));
            }
        }
    }

    /// Forgets whoever has this address, and tells who it was: the last, if it was known by several identifiers.
    pub fn remove(&mut self, addr: A) -> Option<Contact<A>> {
        let gone = self.entries.extract_if(.., |entry| entry.contact.addr == addr);
        gone.last().map(|entry| entry.contact)
    }

    /// Bytes on the heap.
    pub fn heap_bytes(&self) -> usize {
        self.entries.capacity() * size_of::<Placed<A>>()
    }

    /// Gives back what is allocated and not used.
    pub(super) fn shrink(&mut self) {
        self.entries.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::IdSpace;
    use crate::pastry::Distance;
    use rand::Rng;
    use sim_core::random::StreamKey;
    use sim_core::time::SimDuration;
    use std::collections::BTreeMap;

    fn contact(id: u32) -> Contact {
        Contact {
            id: Id::new(u128::from(id)),
            addr: NodeAddr(id),
        }
    }

    fn distance(millis: u32) -> Distance {
        Distance::from(SimDuration::from_millis(u64::from(millis)))
    }

    /// A table as an array of cells, on identifiers of twelve bits and digits of one to six.
    #[test]
    fn a_table_of_filled_cells_behaves_as_an_array() {
        for digit_bits in [1, 2, 3, 4, 6] {
            let mut rng = StreamKey::root(u64::from(digit_bits), 0).rng();
            let digits = Digits::new(IdSpace::new(12), digit_bits);
            let me = Id::new(u128::from(rng.next_u32() % 4096));
            let mut table = RoutingTable::new(me, digits);
            let mut array: BTreeMap<Cell, (Contact, Distance)> = BTreeMap::new();
            for _ in 0..600 {
                let other = contact(rng.next_u32() % 4096);
                let far = distance(rng.next_u32() % 10);
                let Some(cell) = table.cell(other.id) else {
                    assert!(other.id == me && !table.offer(other, far));
                    continue;
                };
                let (row, column) = (usize::from(cell.row), cell.column);
                assert!((0..row).all(|at| digits.digit(other.id, at as u8) == digits.digit(me, at as u8)));
                assert_eq!(digits.digit(other.id, cell.row), column);
                if rng.next_u32().is_multiple_of(4) {
                    let known = array.get(&cell).filter(|(entry, _)| *entry == other);
                    assert_eq!(table.remove(other.addr), known.map(|(entry, _)| *entry));
                    array.retain(|_, (entry, _)| *entry != other);
                } else {
                    let taken = array.get(&cell).is_none_or(|(_, nearest)| far < *nearest);
                    let again = array.get(&cell).is_some_and(|(entry, _)| *entry == other);
                    assert_eq!(table.offer(other, far), taken && !again);
                    if taken || again {
                        array.insert(cell, (other, far));
                    }
                }
                assert_eq!(table.get(cell), array.get(&cell).map(|(entry, _)| *entry));
                assert_eq!(table.toward(other.id), table.get(cell));
            }
            check(&table, &array);
        }
    }

    /// Rows and all entries, against the array.
    fn check(table: &RoutingTable, array: &BTreeMap<Cell, (Contact, Distance)>) {
        let sorted = |placed: &[Placed]| {
            let mut cells: Vec<_> = placed.iter().map(|entry| (entry.contact.id, entry.distance)).collect();
            cells.sort();
            cells
        };
        let of_rows = |rows: std::ops::RangeInclusive<u8>| {
            let wanted = array.iter().filter(|(cell, _)| rows.contains(&cell.row));
            let mut cells: Vec<_> = wanted.map(|(_, (entry, distance))| (entry.id, *distance)).collect();
            cells.sort();
            cells
        };
        for row in 0..table.digits().count() {
            assert_eq!(sorted(table.row(row)), of_rows(row..=row));
        }
        assert_eq!(sorted(table.placed()), of_rows(0..=u8::MAX));
        assert_eq!(table.rows(), array.keys().last().map_or(0, |cell| cell.row + 1));
        for other in [0, 1000, 2000, 4095].map(Id::new) {
            let shared = table.digits().shared_prefix(table.me, other);
            assert_eq!(sorted(table.corresponding(other)), of_rows(0..=shared));
        }
    }

    /// Many offers at once come to the same as one after the other, and measure nobody who is an entry already.
    #[test]
    fn corresponding_entries_are_taken_if_they_are_nearer() {
        let mut rng = StreamKey::root(9, 0).rng();
        let digits = Digits::new(IdSpace::new(12), 2);
        let far = |me: Id, other: Contact| distance((me.number() as u32 ^ other.addr.0.wrapping_mul(77)) % 1000);
        for _ in 0..200 {
            let mut any = || {
                let mut table = RoutingTable::new(Id::new(u128::from(rng.next_u32() % 4096)), digits);
                for _ in 0..rng.next_u32() % 60 {
                    let other = contact(rng.next_u32() % 4096);
                    table.offer(other, far(table.me, other));
                }
                table
            };
            let (giver, mut taker) = (any(), any());
            let (me, mut one_by_one) = (taker.me, taker.clone());
            let before: Vec<Contact> = taker.contacts().collect();
            let given = || giver.corresponding(me).iter().map(|entry| entry.contact);
            given().for_each(|other| {
                one_by_one.offer(other, far(me, other));
            });
            taker.offer_all(given(), |other| {
                assert!(!before.contains(&other), "{other:?} is an entry");
                far(me, other)
            });
            assert_eq!(taker, one_by_one);
            assert!(given().all(|other| other.id == me || !taker.would_take(other, far(me, other))));
        }
    }

    #[test]
    fn of_two_equally_far_the_first_stays() {
        let mut table = RoutingTable::new(Id::new(0), Digits::new(IdSpace::new(12), 4));
        assert!(table.offer(contact(0x100), distance(5)));
        assert!(!table.offer(contact(0x111), distance(5)));
        assert!(table.offer(contact(0x111), distance(4)));
        let moved = Contact {
            addr: NodeAddr(7),
            ..contact(0x111)
        };
        assert!(
            table.offer(moved, distance(9)),
            "a known identifier has another address and is farther away now"
        );
        assert!(table.offer(contact(0x100), distance(8)));
    }

    #[test]
    fn an_entry_takes_twenty_four_bytes() {
        assert_eq!(size_of::<Placed>(), 24);
    }
}
