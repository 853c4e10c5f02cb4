//! The routing table (section 2.1): row `l` has a node for each value of digit `l`, which shares the first `l` digits with
//! the node itself.
//!
//! Of the cells of a node in a network of `N` about `(2^b - 1) log_{2^b} N` are filled. They are kept alone, by row and
//! column, so that a table in a network of 100,000 with `b = 4` takes some sixty entries of 24 bytes.

use sim_core::addr::NodeAddr;

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
pub struct RoutingTable {
    me: Id,
    digits: Digits,
    /// By cell: which one is seen from the identifier.
    entries: Vec<Placed>,
}

impl RoutingTable {
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

    fn position(&self, cell: Cell) -> Result<usize, usize> {
        self.entries
            .binary_search_by(|entry| self.cell(entry.contact.id).cmp(&Some(cell)))
    }

    /// The entry in a cell.
    pub fn get(&self, row: u8, column: u8) -> Option<Contact> {
        let at = self.position(Cell { row, column }).ok()?;
        Some(self.entries[at].contact)
    }

    /// The entry for the next hop of a key (section 2.3, Table 1, line 6): it shares a digit more with the key than the node
    /// does.
    #[inline]
    pub fn toward(&self, key: Id) -> Option<Contact> {
        let at = self.position(self.cell(key)?).ok()?;
        Some(self.entries[at].contact)
    }

    /// The entries of a row, by column.
    pub fn row(&self, row: u8) -> &[Placed] {
        let shared = |entry: &Placed| self.digits.shared_prefix(self.me, entry.contact.id);
        let first = self.entries.partition_point(|entry| shared(entry) < row);
        let rest = &self.entries[first..];
        &rest[..rest.partition_point(|entry| shared(entry) == row)]
    }

    /// The entries that a node with this identifier could have as well (section 2.5): of the rows up to the one where the two
    /// identifiers part.
    pub fn corresponding(&self, id: Id) -> &[Placed] {
        let last = self.digits.shared_prefix(self.me, id);
        let shared = |entry: &Placed| self.digits.shared_prefix(self.me, entry.contact.id);
        &self.entries[..self.entries.partition_point(|entry| shared(entry) <= last)]
    }

    /// How many rows there are up to the last that has an entry.
    pub fn rows(&self) -> u8 {
        let last = self.entries.last().and_then(|entry| self.cell(entry.contact.id));
        last.map_or(0, |cell| cell.row + 1)
    }

    /// All entries with their distances, by row and column.
    pub fn placed(&self) -> &[Placed] {
        &self.entries
    }

    /// All entries, by row and column.
    pub fn contacts(&self) -> impl Iterator<Item = Contact> {
        self.entries.iter().map(|entry| entry.contact)
    }

    /// Whether somebody who is not in the table would be taken.
    pub fn would_take(&self, contact: Contact, distance: Distance) -> bool {
        let Some(cell) = self.cell(contact.id) else {
            return false;
        };
        self.position(cell).map_or(true, |at| {
            let entry = &self.entries[at];
            entry.contact.id != contact.id && distance < entry.distance
        })
    }

    /// Takes a contact if its cell is empty or the entry there is farther away (section 2.5); tells whether the cell has
    /// somebody else now, or somebody with another address. A known identifier gets the new distance.
    pub fn offer(&mut self, contact: Contact, distance: Distance) -> bool {
        let Some(cell) = self.cell(contact.id) else {
            return false;
        };
        let offered = Placed { contact, distance };
        match self.position(cell) {
            Ok(at) => {
                let entry = &mut self.entries[at];
                if entry.contact.id != contact.id && entry.distance <= distance {
                    return false;
                }
                std::mem::replace(entry, offered).contact != contact
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

    /// [`RoutingTable::offer`] of the [corresponding](RoutingTable::corresponding) entries of another node's table: as many
    /// offers, but only those are measured that would take somebody else's place.
    pub fn offer_all(&mut self, corresponding: &[Placed], distance: impl Fn(Contact) -> Distance) {
        let mut at = 0;
        for offered in corresponding {
            let contact = offered.contact;
            let Some(cell) = self.cell(contact.id) else {
                continue;
            };
            // The others go by cell as the entries here do; those that share more digits with this node than the other one
            // did do not.
            while self
                .entries
                .get(at)
                .is_some_and(|entry| self.cell(entry.contact.id) < Some(cell))
            {
                at += 1;
            }
            match self.entries.get_mut(at) {
                Some(entry) if entry.contact == contact => {}
                _ => {
                    self.offer(contact, distance(contact));
                }
            }
        }
    }

    /// Forgets whoever has this address, and tells who it was: the last, if it was known by several identifiers.
    pub fn remove(&mut self, addr: NodeAddr) -> Option<Contact> {
        let gone = self.entries.extract_if(.., |entry| entry.contact.addr == addr);
        gone.last().map(|entry| entry.contact)
    }

    /// Bytes on the heap.
    pub fn heap_bytes(&self) -> usize {
        self.entries.capacity() * size_of::<Placed>()
    }

    /// Gives back what is allocated and not used.
    pub(super) fn shrink(&mut self) {
        self.entries.shrink_to_fit();
    }
}
