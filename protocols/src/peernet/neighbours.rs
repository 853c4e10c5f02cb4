//! What a node knows of its neighbours: what they last said.

use std::collections::BTreeMap;

use sim_core::addr::NodeAddr;
use sim_core::time::{SimDuration, SimTime};

use super::address::{Identifier, TreeAddress};
use super::wire::{Advert, Hello};

/// A neighbour as its last hello describes it.
#[derive(Clone, Debug)]
pub(super) struct Neighbour {
    pub(super) id: Identifier,
    pub(super) heard: SimTime,
    pub(super) hello: Hello,
}

impl Neighbour {
    /// What it says of the sibling of a level.
    pub(super) fn advert(&self, level: u8) -> Option<&Advert> {
        let levels = &self.hello.levels;
        let place = levels.binary_search_by_key(&level, |advert| advert.level).ok()?;
        Some(&levels[place])
    }

    /// The network id of its area of a level, as far as it knows.
    pub(super) fn network(&self, level: u8) -> Identifier {
        let inside = self.hello.levels.iter().take_while(|advert| advert.level < level);
        inside.map(|advert| advert.network).fold(self.id, Identifier::min)
    }

    /// Its highest empty level.
    pub(super) fn highest_empty(&self, bits: u8) -> Option<u8> {
        (0..bits).rev().find(|level| self.advert(*level).is_none())
    }

    /// The level of the largest block of free addresses that it manages, see [`largest_block`].
    pub(super) fn largest_block(&self) -> Option<u8> {
        largest_block(self.hello.address?, |level| self.advert(level).is_some())
    }
}

/// The level of the largest block of free addresses that a node manages: a sibling that nobody lives in belongs to the node
/// with the lowest address across from it. While nobody leaves this is the range of section 3.1: a node has the lowest address
/// of its range, and the upper half of the range is its largest block.
pub(super) fn largest_block(address: TreeAddress, occupied: impl Fn(u8) -> bool) -> Option<u8> {
    // As long as nothing below says otherwise, the node has the lowest address of its area.
    let mut largest = None;
    for level in 0..address.bits() {
        match (occupied(level), address.bit(level)) {
            (false, _) => largest = Some(level),
            (true, true) => break,
            (true, false) => {}
        }
    }
    largest
}

/// All neighbours of a node.
#[derive(Clone, Debug, Default)]
pub(super) struct Neighbours {
    known: BTreeMap<NodeAddr, Neighbour>,
}

impl Neighbours {
    /// Takes a hello down. Says whether it differs from the one before.
    pub(super) fn hear(&mut self, from: NodeAddr, now: SimTime, hello: Hello) -> bool {
        if let Some(known) = self.known.get_mut(&from) {
            known.heard = now;
            let news = known.hello != hello;
            known.hello = hello;
            return news;
        }
        let id = Identifier::of_node(from);
        self.known.insert(from, Neighbour { id, heard: now, hello });
        true
    }

    /// Forgets a neighbour. Says whether it was one.
    pub(super) fn forget(&mut self, node: NodeAddr) -> bool {
        self.known.remove(&node).is_some()
    }

    /// Forgets those who have not been heard for so long. Says whether there were any.
    pub(super) fn expire(&mut self, now: SimTime, expiry: SimDuration) -> bool {
        let before = self.known.len();
        self.known.retain(|_, neighbour| now.since(neighbour.heard) < expiry);
        self.known.len() < before
    }

    /// The neighbours that have addresses, with these, in the order of their nodes.
    pub(super) fn addressed(&self) -> impl Iterator<Item = (NodeAddr, TreeAddress, &Neighbour)> {
        self.known
            .iter()
            .filter_map(|(node, neighbour)| Some((*node, neighbour.hello.address?, neighbour)))
    }

    /// The identifiers of the neighbours that have none.
    pub(super) fn unaddressed(&self) -> impl Iterator<Item = Identifier> {
        let without = self
            .known
            .values()
            .filter(|neighbour| neighbour.hello.address.is_none());
        without.map(|neighbour| neighbour.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(number: u128, occupied: &[u8]) -> Option<u8> {
        largest_block(TreeAddress::new(number, 3), |level| occupied.contains(&level))
    }

    #[test]
    fn a_node_manages_what_is_free_across_from_it_if_its_address_is_the_lowest_there() {
        assert_eq!(block(0b000, &[]), Some(2));
        assert_eq!(block(0b000, &[2]), Some(1));
        assert_eq!(block(0b000, &[0, 2]), Some(1));
        assert_eq!(block(0b000, &[0, 1, 2]), None);
        // The last one of an abandoned area has all of it, wherever in it it is.
        assert_eq!(block(0b101, &[]), Some(2));
        // With a neighbour below it in the area it has only what lies further down.
        assert_eq!(block(0b110, &[1]), Some(0));
        assert_eq!(block(0b111, &[0]), None);
    }
}
