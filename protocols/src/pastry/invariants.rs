//! What must hold of the tables of a network at rest, and how far they are from it.
//!
//! Pure checks of tables against the list of all members: observers and tests decide when to make them.

use sim_core::addr::{Address, NodeAddr};

use super::members::Members;
use super::routing_table::RoutingTable;
use super::tables::Tables;
use crate::id::Contact;

/// How the tables of some nodes compare with those that they should have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TableError<A = NodeAddr> {
    /// How many nodes have been looked at.
    pub nodes: usize,
    /// Nodes whose leaf set is not the true one: on either side the nearest half of `|L|` that are members.
    pub wrong_leaf_sets: usize,
    /// Entries of leaf sets, routing tables and neighbourhood sets that are no members, or not at this address.
    pub dead: usize,
    /// Entries of routing tables that are not found in the cell where they belong.
    pub misplaced: usize,
    /// Cells of routing tables that have a member.
    pub filled: usize,
    /// Cells of routing tables that have none although there is one that fits. Tables are repaired lazily, so that there may be
    /// some.
    pub unfilled: usize,
    /// The first node that breaks what [`TableError::holds`] asks for.
    pub first: Option<Contact<A>>,
}

impl<A> Default for TableError<A> {
    fn default() -> Self {
        TableError {
            nodes: 0,
            wrong_leaf_sets: 0,
            dead: 0,
            misplaced: 0,
            filled: 0,
            unfilled: 0,
            first: None,
        }
    }
}

impl<A: Address> TableError<A> {
    /// Compares the tables of these nodes.
    pub fn measure<'a>(members: &Members<A>, nodes: impl IntoIterator<Item = &'a Tables<A>>) -> Self {
        let mut error = TableError::default();
        for tables in nodes {
            error.nodes += 1;
            let dead = tables.contacts().filter(|contact| !members.contains(*contact));
            error.dead += dead.count();
            error.wrong_leaf_sets += usize::from(!leaf_set_is_exact(members, tables));
            error.misplaced += misplaced(&tables.routing_table);
            if tables.has_routing_table() {
                error.compare_cells(members, &tables.routing_table, tables.me());
            }
            if !error.holds() && error.first.is_none() {
                error.first = Some(tables.me());
            }
        }
        error
    }

    fn compare_cells(&mut self, members: &Members<A>, table: &RoutingTable<A>, me: Contact<A>) {
        for fitting in members.one_a_cell(me.id, table.digits()) {
            let entry = table.toward(fitting.id);
            match entry.is_some_and(|entry| members.contains(entry)) {
                true => self.filled += 1,
                false => self.unfilled += 1,
            }
        }
    }

    /// Whether what must hold after repair does: leaf sets are exact, everybody is where he belongs, and nobody is dead.
    pub fn holds(&self) -> bool {
        self.wrong_leaf_sets == 0 && self.misplaced == 0 && self.dead == 0
    }

    /// The part of the cells that somebody fits which have somebody; one if there are none.
    pub fn filled_fraction(&self) -> f64 {
        match self.filled + self.unfilled {
            0 => 1.0,
            cells => self.filled as f64 / cells as f64,
        }
    }
}

/// Whether the leaf set of a node is the one that its definition asks for (section 2.1).
pub fn leaf_set_is_exact<A: Address>(members: &Members<A>, tables: &Tables<A>) -> bool {
    let (own, exact) = (&tables.leaf_set, members.leaf_set(tables.me()));
    own.smaller().eq(exact.smaller()) && own.larger().eq(exact.larger())
}

/// How many entries are not found where they are looked for.
fn misplaced<A: Address>(table: &RoutingTable<A>) -> usize {
    let found = |entry: Contact<A>| table.cell(entry.id).and_then(|cell| table.get(cell)) == Some(entry);
    let astray = |entry: &Contact<A>| !found(*entry) || table.toward(entry.id) != Some(*entry);
    table.contacts().filter(astray).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Id;
    use crate::pastry::{Config, Distance, Routing};
    use sim_core::addr::NodeAddr;

    const CONFIG: fn() -> Config = || Config {
        id_bits: 6,
        b: 2,
        leaf_set: 4,
        neighbourhood: 3,
        ..Config::default()
    };

    fn contact(id: u32) -> Contact {
        Contact {
            id: Id::new(u128::from(id)),
            addr: NodeAddr(id),
        }
    }

    /// Every second point of a ring of 64, each of which has heard of all others.
    fn network(config: &Config) -> (Members, Vec<Tables>) {
        let all: Vec<Contact> = (0..64).step_by(2).map(contact).collect();
        let hear_all = |me: &Contact| {
            let mut tables = Tables::new(config, *me);
            for other in &all {
                tables.learn(*other, Distance::UNKNOWN);
            }
            tables
        };
        let tables = all.iter().map(hear_all).collect();
        (Members::new(config, all), tables)
    }

    #[test]
    fn a_network_at_rest_has_no_error() {
        for routing in [Routing::Prefix, Routing::Circular, Routing::Exhaustive] {
            let config = Config { routing, ..CONFIG() };
            let (members, tables) = network(&config);
            let error = TableError::measure(&members, &tables);
            // Three other digits at the first place and at the second, and one other even digit at the third.
            let cells = if routing == Routing::Prefix { 32 * 7 } else { 0 };
            assert_eq!((error.nodes, error.filled + error.unfilled), (32, cells));
            assert!(error.holds() && error.filled_fraction() == 1.0, "{error:?}");
        }
    }

    #[test]
    fn each_error_is_seen() {
        let (members, tables) = network(&CONFIG());
        let spoilt = |spoil: &dyn Fn(&mut Tables)| {
            let mut spoilt = tables.clone();
            spoil(&mut spoilt[5]);
            TableError::measure(&members, &spoilt)
        };
        let at_rest = TableError::measure(&members, &tables);
        let wrong = spoilt(&|tables| {
            tables.leaf_set.remove(NodeAddr(12));
        });
        assert_eq!((wrong.wrong_leaf_sets, wrong.first), (1, Some(contact(10))));
        let entry = tables[5].routing_table.contacts().next().expect("a filled table");
        let unfilled = spoilt(&|tables| {
            tables.routing_table.remove(entry.addr);
        });
        assert_eq!((unfilled.unfilled, unfilled.filled), (1, at_rest.filled - 1));
        assert!(unfilled.holds(), "a cell may be empty until somebody needs it");
        // 33 shares no digit with 10, and is nobody.
        let dead = spoilt(&|tables| {
            tables.routing_table.remove(NodeAddr(32));
            tables.routing_table.offer(contact(33), Distance::UNKNOWN);
        });
        assert_eq!((dead.dead, dead.unfilled, dead.first), (1, 1, Some(contact(10))));
        assert!(!dead.holds());
    }
}
