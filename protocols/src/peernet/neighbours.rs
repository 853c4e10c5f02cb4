//! What a node knows of its neighbours: what they last said.

use sim_core::addr::NodeAddr;
use sim_core::read_ahead::read_ahead;
use sim_core::time::{SimDuration, SimTime};

use super::MOST_LINES;
use super::address::{Identifier, TreeAddress, below};
use super::wire::{Advert, Hello};

/// A neighbour as its last hello describes it.
#[derive(Clone, Debug)]
pub(super) struct Neighbour {
    pub(super) id: Identifier,
    pub(super) heard: SimTime,
    pub(super) hello: Hello,
    /// The levels that its hello tells of, a bit each.
    occupied: u128,
    /// Where it is in the tree, as seen from this node.
    pub(super) across: Option<Across>,
}

/// A neighbour in a sibling.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Across {
    /// Of which level the sibling is.
    pub(super) level: u8,
    /// The network id of the sibling, as far as the neighbour knows.
    pub(super) network: Identifier,
    /// How many links that has come to the neighbour.
    pub(super) distance: u8,
}

/// From where a node sees its neighbours.
#[derive(Clone, Copy, Debug)]
struct View {
    address: TreeAddress,
    horizon: u8,
}

impl Neighbour {
    fn new(node: NodeAddr, now: SimTime, hello: Hello, view: Option<View>) -> Self {
        let mut neighbour = Neighbour {
            id: Identifier::of_node(node),
            heard: now,
            occupied: hello.occupied(),
            hello,
            across: None,
        };
        neighbour.look(view);
        neighbour
    }

    /// Finds out where it is. Routing tables and validation ask for it all the time.
    fn look(&mut self, view: Option<View>) {
        self.across = view.and_then(|view| {
            let level = view.address.level(self.hello.address?)?;
            let (network, distance) = self.network(level, view.horizon);
            Some(Across {
                level,
                network,
                distance,
            })
        });
    }

    /// The levels that it tells of, a bit each.
    pub(super) fn occupied(&self) -> u128 {
        self.occupied
    }

    /// The levels of a set of which it says something else than before, a bit each.
    pub(super) fn differs(&self, before: &Neighbour, levels: u128) -> u128 {
        let common = self.occupied & before.occupied & levels;
        let changed = self
            .adverts(common)
            .zip(before.adverts(common))
            .filter(|(new, old)| new != old);
        let mixed = (self.occupied ^ before.occupied) & levels;
        changed.fold(mixed, |set, (advert, _)| set | 1 << advert.level)
    }

    /// What it says of the sibling of a level.
    pub(super) fn advert(&self, level: u8) -> Option<&Advert> {
        let bit = 1_u128 << level;
        (self.occupied & bit != 0).then(|| &self.hello.levels[rank(self.occupied, level)])
    }

    /// What it says of the siblings of these levels, a bit each.
    pub(super) fn adverts(&self, levels: u128) -> impl Iterator<Item = &Advert> {
        each(self.occupied & levels).map(|level| &self.hello.levels[rank(self.occupied, level)])
    }

    /// Asks the processor for what it says of the siblings of these levels.
    pub(super) fn read_ahead(&self, levels: u128) {
        self.adverts(levels).for_each(|advert| read_ahead(advert, 1));
    }

    /// The network id of its area of a level, as far as it knows, and how many links that has come: less than
    /// the horizon.
    pub(super) fn network(&self, level: u8, horizon: u8) -> (Identifier, u8) {
        self.hello.network(self.id, level, horizon)
    }

    /// The network ids of siblings above a level, as they come from it to a node that parts from it at that level.
    pub(super) fn beyond(&self, crossing: u8, horizon: u8) -> impl Iterator<Item = (u8, Identifier)> {
        let levels = self.hello.levels.iter().rev();
        let above = levels.take_while(move |advert| advert.level > crossing);
        let open = above.filter(move |advert| advert.log >> crossing & 1 == 0 && advert.distance < horizon);
        open.map(|advert| (advert.level, advert.network))
    }

    /// Its highest empty level.
    pub(super) fn highest_empty(&self, bits: u8) -> Option<u8> {
        highest_empty(self.occupied, bits)
    }

    /// The level of the largest block of free addresses that it manages, see [`largest_block`].
    pub(super) fn largest_block(&self) -> Option<u8> {
        largest_block(self.hello.address?, |level| self.advert(level).is_some())
    }
}

/// How many levels of a set lie below one.
#[inline]
pub(super) fn rank(levels: u128, level: u8) -> usize {
    (levels & below(level)).count_ones() as usize
}

/// The levels of a set, the lowest first.
pub(super) fn each(mut levels: u128) -> impl Iterator<Item = u8> {
    std::iter::from_fn(move || {
        let level = levels.trailing_zeros() as u8;
        levels &= levels.checked_sub(1)?;
        Some(level)
    })
}

/// The highest level below a number of bits that is not in a set.
pub(super) fn highest_empty(levels: u128, bits: u8) -> Option<u8> {
    (!levels & below(bits)).checked_ilog2().map(|level| level as u8)
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

/// What a hello brings.
#[derive(Debug)]
pub(super) enum News {
    /// Nothing: it is the same as the one before.
    None,
    /// It differs from the one before, by which the neighbour was this.
    Since(Neighbour),
    /// The neighbour is new.
    Newcomer,
}

/// All neighbours of a node.
#[derive(Clone, Debug, Default)]
pub(super) struct Neighbours {
    /// In ascending order.
    nodes: Vec<NodeAddr>,
    /// The neighbours, in the order of their nodes.
    known: Vec<Neighbour>,
    /// None as long as the node has no address.
    view: Option<View>,
}

impl Neighbours {
    /// The node is at this address from now on.
    pub(super) fn seen_from(&mut self, address: Option<TreeAddress>, horizon: u8) {
        self.view = address.map(|address| View { address, horizon });
        self.known.iter_mut().for_each(|neighbour| neighbour.look(self.view));
    }

    /// Asks the processor for all of them.
    pub(super) fn read_ahead(&self) {
        read_ahead(&*self.nodes, MOST_LINES);
        read_ahead(&*self.known, MOST_LINES);
    }

    /// Asks the processor for all that they say.
    pub(super) fn read_hellos_ahead(&self) {
        for neighbour in &self.known {
            read_ahead(&*neighbour.hello.levels, MOST_LINES);
        }
    }

    fn iter(&self) -> impl Iterator<Item = (NodeAddr, &Neighbour)> {
        self.nodes.iter().copied().zip(&self.known)
    }

    /// A neighbour.
    pub(super) fn get(&self, node: NodeAddr) -> Option<&Neighbour> {
        let place = self.nodes.binary_search(&node).ok()?;
        Some(&self.known[place])
    }

    /// Takes a hello down. Says what is new in it.
    pub(super) fn hear(&mut self, from: NodeAddr, now: SimTime, hello: Hello) -> News {
        let place = match self.nodes.binary_search(&from) {
            Ok(place) => place,
            Err(place) => {
                self.nodes.insert(place, from);
                self.known.insert(place, Neighbour::new(from, now, hello, self.view));
                return News::Newcomer;
            }
        };
        let known = &mut self.known[place];
        if known.hello == hello {
            known.heard = now;
            return News::None;
        }
        let mut news = Neighbour {
            id: known.id,
            heard: now,
            occupied: hello.occupied(),
            hello,
            across: None,
        };
        news.look(self.view);
        News::Since(std::mem::replace(known, news))
    }

    /// Forgets a neighbour, if it was one.
    pub(super) fn forget(&mut self, node: NodeAddr) -> Option<Neighbour> {
        let place = self.nodes.binary_search(&node).ok()?;
        self.nodes.remove(place);
        Some(self.known.remove(place))
    }

    /// Forgets those who have not been heard for so long. Says whether there were any.
    pub(super) fn expire(&mut self, now: SimTime, expiry: SimDuration) -> bool {
        let before = self.nodes.len();
        let lasting = |neighbour: &Neighbour| now.since(neighbour.heard) < expiry;
        let mut heard = self.known.iter().map(lasting);
        self.nodes.retain(|_| heard.next() == Some(true));
        self.known.retain(lasting);
        self.nodes.len() < before
    }

    /// The neighbours in siblings, in the order of their nodes.
    pub(super) fn across(&self) -> impl Iterator<Item = (NodeAddr, Across, &Neighbour)> {
        self.iter()
            .filter_map(|(node, neighbour)| Some((node, neighbour.across?, neighbour)))
    }

    /// The neighbours that have addresses, with these, in the order of their nodes.
    pub(super) fn addressed(&self) -> impl Iterator<Item = (NodeAddr, TreeAddress, &Neighbour)> {
        self.iter()
            .filter_map(|(node, neighbour)| Some((node, neighbour.hello.address?, neighbour)))
    }

    /// The identifiers of the neighbours that have none.
    pub(super) fn unaddressed(&self) -> impl Iterator<Item = Identifier> {
        let without = self.known.iter().filter(|neighbour| neighbour.hello.address.is_none());
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
