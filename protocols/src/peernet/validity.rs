//! Whether an address is valid: DART's *validate*.
//!
//! It is not where a neighbour has the same one and a smaller identifier, or tells of an area of the same prefix with a smaller
//! network id: the same rule for conflicts, for areas that fell apart and for networks that meet.

use super::address::{Identifier, TreeAddress};
use super::neighbours::{Neighbour, Neighbours};
use super::wire::Hello;

/// Whether an address is valid for a node that has said this of its areas.
pub(super) fn is_valid(own: Identifier, address: TreeAddress, said: &Hello, neighbours: &Neighbours) -> bool {
    // What was within the horizon when it was said counts here, at the horizon or not.
    agree(own, address, neighbours, |level| said.network(own, level, u8::MAX).0)
}

/// Whether an address would be valid for a node that knows of its areas what one neighbour says.
pub(super) fn would_validate(
    own: Identifier,
    address: TreeAddress,
    beside: (TreeAddress, &Neighbour),
    neighbours: &Neighbours,
    horizon: u8,
) -> bool {
    let (its, neighbour) = beside;
    let Some(crossing) = address.level(its) else {
        return false;
    };
    agree(own, address, neighbours, |level| {
        if level <= crossing {
            return own;
        }
        let inside = own.min(neighbour.network(crossing, horizon).0);
        let siblings = neighbour
            .beyond(crossing, horizon)
            .filter(|(sibling, _)| *sibling < level);
        siblings.map(|(_, network)| network).fold(inside, Identifier::min)
    })
}

/// Whether no neighbour contradicts a node at an address, whose area of each level has this network id.
fn agree(own: Identifier, address: TreeAddress, neighbours: &Neighbours, area: impl Fn(u8) -> Identifier) -> bool {
    neighbours
        .addressed()
        .all(|(_, its, neighbour)| match address.level(its) {
            None => own < neighbour.id,
            Some(level) => neighbour
                .advert(level)
                .is_none_or(|advert| advert.network >= area(level)),
        })
}
