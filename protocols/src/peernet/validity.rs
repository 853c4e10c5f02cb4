//! Whether an address would be valid (DART's *validate*), by what the neighbours say: many are tried before one is taken, so
//! that no routing tables are made for them.

use super::address::{Identifier, TreeAddress};
use super::neighbours::{Neighbour, Neighbours};

/// Whether [`Table::validates`](super::Table::validates) would hold for a node with this identifier at an address, with the table
/// that it would have there.
pub(super) fn would_validate(own: Identifier, address: TreeAddress, neighbours: &Neighbours, horizon: u8) -> bool {
    let mut siblings = [None; 128];
    let mut offer = |level: u8, network: Identifier| {
        let known = &mut siblings[usize::from(level)];
        *known = Some(known.map_or(network, |known: Identifier| known.min(network)));
    };
    for (_, its, neighbour) in neighbours.addressed() {
        let Some(crossing) = address.level(its) else {
            if own < neighbour.id {
                continue;
            }
            return false;
        };
        offer(crossing, neighbour.network(crossing, horizon).0);
        for (level, network) in neighbour.beyond(crossing, horizon) {
            offer(level, network);
        }
    }
    // The network ids of the areas around the address, each of which holds the one before and its sibling.
    let mut areas = [own; 128];
    for level in 1..usize::from(address.bits()) {
        let (area, sibling) = (areas[level - 1], siblings[level - 1]);
        areas[level] = sibling.map_or(area, |sibling| area.min(sibling));
    }
    neighbours.addressed().all(|(_, its, neighbour)| {
        let advert = address.level(its).and_then(|level| neighbour.advert(level));
        advert.is_none_or(|advert| advert.network >= areas[usize::from(advert.level)])
    })
}

/// A level below which no address is valid that is one bit away from `its`, which is that of a neighbour: 0 if there may be valid ones
/// everywhere.
///
/// Above the level of that bit all these addresses are in the same areas. Somebody outside the area of a level tells of it by a
/// network id that is smaller than those that any neighbour inside knows, and may pass on; they all contradict him.
pub(super) fn lowest_valid_beside(own: Identifier, its: TreeAddress, neighbours: &Neighbours, horizon: u8) -> u8 {
    let mut lowest = 0;
    for (_, outside, witness) in neighbours.addressed() {
        let Some(level) = its.level(outside).filter(|level| *level > lowest) else {
            continue;
        };
        let Some(told) = witness.advert(level).map(|advert| advert.network) else {
            continue;
        };
        let inside = |address: TreeAddress| its.level(address).is_none_or(|parts| parts < level);
        let knows = |neighbour: &Neighbour| neighbour.network(level, horizon).0 <= told;
        let mut others = neighbours.addressed();
        if own > told && !others.any(|(_, address, neighbour)| inside(address) && knows(neighbour)) {
            lowest = level;
        }
    }
    lowest
}
