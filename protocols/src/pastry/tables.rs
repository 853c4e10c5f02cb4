//! What a node knows of others: its leaf set, its routing table and its neighbourhood set.

use sim_core::addr::{Address, NodeAddr};

use super::leaf_set::LeafSet;
use super::neighbourhood::{Distance, NeighbourhoodSet};
use super::routing_table::RoutingTable;
use super::{Config, Routing};
use crate::id::{Contact, Id};

/// The state of a node (section 2.1, Fig. 1).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tables<A = NodeAddr> {
    /// The numerically closest nodes.
    pub leaf_set: LeafSet<A>,
    /// Nodes by the prefix that they share; empty where [`Routing`] does without.
    pub routing_table: RoutingTable<A>,
    /// The nearest nodes; empty where [`Routing`] does without.
    pub neighbourhood: NeighbourhoodSet<A>,
    by_prefix: bool,
}

/// What has come of a contact.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Learnt {
    /// It is in the leaf set, and was not before, or not at this address.
    pub leaf: bool,
    /// It is in the routing table, and was not before, or not at this address.
    pub entry: bool,
    /// It is in the neighbourhood set, and was not before, or not at this address.
    pub neighbour: bool,
}

/// Who has been forgotten, and where he was. What was known of an address may be several identifiers of which only one can
/// be true.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Forgotten<A = NodeAddr> {
    /// From the leaf set.
    pub leaf: Option<Contact<A>>,
    /// From the routing table.
    pub entry: Option<Contact<A>>,
    /// From the neighbourhood set.
    pub neighbour: Option<Contact<A>>,
}

impl<A: Address> Tables<A> {
    /// The tables of a node that knows nobody.
    pub fn new(config: &Config, me: Contact<A>) -> Self {
        let by_prefix = config.routing == Routing::Prefix;
        let neighbourhood = if by_prefix { config.neighbourhood } else { 0 };
        Tables {
            leaf_set: LeafSet::new(me, config.space(), config.leaves_a_side()),
            routing_table: RoutingTable::new(me.id, config.digits()),
            neighbourhood: NeighbourhoodSet::new(me.id, neighbourhood),
            by_prefix,
        }
    }

    /// The node whose tables they are.
    #[inline]
    pub fn me(&self) -> Contact<A> {
        self.leaf_set.me()
    }

    /// Whether messages find their way by a routing table.
    pub fn has_routing_table(&self) -> bool {
        self.by_prefix
    }

    /// Takes a contact wherever it belongs.
    pub fn learn(&mut self, contact: Contact<A>, distance: Distance) -> Learnt {
        Learnt {
            leaf: self.leaf_set.insert(contact),
            entry: self.by_prefix && self.routing_table.offer(contact, distance),
            neighbour: self.neighbourhood.offer(contact, distance),
        }
    }

    /// Whether [`Tables::learn`] would bring somebody into the routing table or the neighbourhood set.
    pub fn would_place(&self, contact: Contact<A>, distance: Distance) -> bool {
        (self.by_prefix && self.routing_table.would_take(contact, distance))
            || self.neighbourhood.would_take(contact, distance)
    }

    /// Whether [`Tables::learn`] could take a contact if it is near enough: whether it is worth while to measure how far
    /// away it is. Those that are known already are not.
    pub fn interesting(&self, contact: Contact<A>) -> bool {
        if contact.id == self.me().id || self.knows(contact.id) {
            return false;
        }
        self.by_prefix || self.leaf_set.would_take(contact)
    }

    /// Whether somebody with this identifier is in one of the tables.
    pub fn knows(&self, id: Id) -> bool {
        self.contacts().any(|contact| contact.id == id)
    }

    /// Forgets an address wherever it is.
    pub fn forget(&mut self, addr: A) -> Forgotten<A> {
        Forgotten {
            leaf: self.leaf_set.remove(addr),
            entry: self.routing_table.remove(addr),
            neighbour: self.neighbourhood.remove(addr),
        }
    }

    /// Everybody known: the leaf set, then the routing table, then the neighbourhood set. Some are there more than once.
    pub fn contacts(&self) -> impl Iterator<Item = Contact<A>> {
        let leaves = self.leaf_set.contacts().iter().copied();
        leaves
            .chain(self.routing_table.contacts())
            .chain(self.neighbourhood.contacts())
    }

    /// Everybody known, each once, by identifier.
    pub fn acquaintances(&self) -> Vec<Contact<A>> {
        let mut all: Vec<Contact<A>> = self.contacts().collect();
        all.sort_by_key(|contact| (contact.id, contact.addr));
        all.dedup();
        all
    }

    /// How many entries there are: what a node's state is measured by.
    pub fn entries(&self) -> usize {
        let leaves = self.leaf_set.contacts().len();
        leaves + self.routing_table.placed().len() + self.neighbourhood.placed().len()
    }

    /// Bytes on the heap.
    pub fn heap_bytes(&self) -> usize {
        self.leaf_set.heap_bytes() + self.routing_table.heap_bytes() + self.neighbourhood.heap_bytes()
    }

    /// Gives back what is allocated and not used.
    pub fn shrink(&mut self) {
        self.leaf_set.shrink();
        self.routing_table.shrink();
        self.neighbourhood.shrink();
    }
}
