//! The routing table (section 3.2): one entry a level, made from what the neighbours say.

use std::sync::Arc;

use sim_core::addr::NodeAddr;

use super::address::{Identifier, TreeAddress};
use super::neighbours::{Neighbour, Neighbours};
use super::wire::{Advert, Way};

/// A way to a sibling.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Route {
    /// The neighbour to go by.
    pub next: NodeAddr,
    /// At which level the link to it crosses from one sibling to the other.
    pub crossing: u8,
    /// How many links it is to the sibling.
    pub hops: u8,
    /// The levels that the way crosses, a bit each: none of them twice, unless a higher one lies in between.
    pub log: u128,
}

/// A level of a routing table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Level {
    /// Of which level the sibling is.
    pub level: u8,
    /// The network id of the sibling: the smallest identifier there.
    pub network: Identifier,
    /// The shortest way to it; of several, that by the smallest neighbour.
    pub best: Route,
    /// The other ways, the better ones first: with multi-path forwarding.
    pub others: Vec<Route>,
}

/// The occupied levels of a routing table, the lowest first.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Table {
    levels: Vec<Level>,
    multipath: bool,
}

/// Where something on its way goes from a node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Step {
    /// No further: nobody is nearer to the target.
    Here,
    /// Along this route.
    Along(Route),
    /// Nowhere: the sibling that the target is in is empty, as far as is known.
    NoRoute,
    /// Nowhere: each known way would cross a level for a second time, which could be a loop.
    Loop,
}

impl Table {
    /// The table of a node at an address, from what its neighbours say. It is made afresh each time, so that nothing is in
    /// it that nobody says any more.
    ///
    /// A neighbour is itself a way to the sibling that it is in. To siblings of higher levels, which both share, it is a way if
    /// its own way there does not come back over the level at which both part; that bit in the log is what prevents loops. Of
    /// different network ids the smallest counts, since areas of the same prefix merge into that.
    pub(super) fn build(address: TreeAddress, neighbours: &Neighbours, multipath: bool) -> Self {
        let mut table = Table {
            levels: Vec::new(),
            multipath,
        };
        for (next, its, neighbour) in neighbours.addressed() {
            let Some(crossing) = address.level(its) else {
                continue;
            };
            let bit = 1_u128 << crossing;
            let direct = Route {
                next,
                crossing,
                hops: 1,
                log: bit,
            };
            table.offer(crossing, neighbour.network(crossing), direct);
            let beyond = |advert: &&Advert| advert.level > crossing && advert.log & bit == 0;
            for advert in neighbour.hello.levels.iter().filter(beyond) {
                let route = Route {
                    next,
                    crossing,
                    hops: advert.hops.saturating_add(1),
                    log: (advert.log | bit) & !(bit - 1),
                };
                table.offer(advert.level, advert.network, route);
            }
        }
        table
    }

    fn offer(&mut self, level: u8, network: Identifier, route: Route) {
        let new = |others| Level {
            level,
            network,
            best: route,
            others,
        };
        let place = match self.levels.binary_search_by_key(&level, |known| known.level) {
            Ok(place) => place,
            Err(place) => return self.levels.insert(place, new(Vec::new())),
        };
        let known = &mut self.levels[place];
        if network > known.network {
            return;
        }
        if network < known.network {
            *known = new(Vec::new());
            return;
        }
        let rank = |route: &Route| (route.hops, route.next);
        let other = if rank(&route) < rank(&known.best) {
            std::mem::replace(&mut known.best, route)
        } else {
            route
        };
        if self.multipath {
            let place = known.others.partition_point(|before| rank(before) < rank(&other));
            known.others.insert(place, other);
        }
    }

    /// The occupied levels, the lowest first.
    pub fn levels(&self) -> &[Level] {
        &self.levels
    }

    /// A level, if the sibling is occupied.
    pub fn level(&self, level: u8) -> Option<&Level> {
        let place = self.levels.binary_search_by_key(&level, |known| known.level).ok()?;
        Some(&self.levels[place])
    }

    /// The network id of the area of a level around a node with this identifier.
    pub fn network(&self, own: Identifier, level: u8) -> Identifier {
        let inside = self.levels.iter().take_while(|known| known.level < level);
        inside.map(|known| known.network).fold(own, Identifier::min)
    }

    /// The highest empty level.
    pub(super) fn highest_empty(&self, bits: u8) -> Option<u8> {
        (0..bits).rev().find(|level| self.level(*level).is_none())
    }

    /// What neighbours are told of it.
    pub(super) fn adverts(&self) -> Arc<[Advert]> {
        let advert = |known: &Level| Advert {
            network: known.network,
            log: known.best.log,
            level: known.level,
            hops: known.best.hops,
        };
        self.levels.iter().map(advert).collect()
    }

    /// Whether the address is valid next to a neighbour. It is not if the neighbour has the same one and a smaller
    /// identifier, or tells of an area of the same prefix with a smaller network id: the same rule for conflicts, for areas
    /// that fell apart and for networks that meet.
    pub(super) fn validates(&self, own: Identifier, address: TreeAddress, neighbours: &Neighbours) -> bool {
        let agrees = |its: TreeAddress, neighbour: &Neighbour| match address.level(its) {
            None => own < neighbour.id,
            Some(level) => neighbour
                .advert(level)
                .is_none_or(|advert| advert.network >= self.network(own, level)),
        };
        neighbours.addressed().all(|(_, its, neighbour)| agrees(its, neighbour))
    }

    /// Where something goes from the node at an address.
    pub(super) fn step(&self, address: TreeAddress, way: &Way) -> Step {
        let mut rest = address;
        while let Some(level) = rest.level(way.target) {
            match self.level(level) {
                Some(known) => {
                    let open = |route: &&Route| way.log >> route.crossing & 1 == 0;
                    let route = std::iter::once(&known.best).chain(&known.others).find(open);
                    return route.map_or(Step::Loop, |route| Step::Along(*route));
                }
                None if level >= way.scope => return Step::NoRoute,
                // The nearest in the own half will do.
                None => rest = rest.across(level),
            }
        }
        Step::Here
    }
}

impl Way {
    /// A way that begins.
    pub(super) fn new(target: TreeAddress, scope: u8) -> Self {
        Way {
            target,
            scope,
            log: 0,
            last: None,
            hops: 0,
        }
    }

    /// The way as it leaves a node at this address.
    pub(super) fn leaving(self, address: TreeAddress) -> Self {
        Way {
            last: Some(address),
            hops: self.hops + 1,
            ..self
        }
    }

    /// The way as it has come to a node at this address; none if it has crossed the same level before, and no higher one since. The
    /// levels below it may be crossed again on this side.
    pub(super) fn arriving(self, address: TreeAddress) -> Option<Self> {
        let Some(last) = self.last else {
            return Some(self);
        };
        let bit = 1_u128 << address.level(last)?;
        (self.log & bit == 0).then_some(Way {
            log: (self.log | bit) & !(bit - 1),
            last: None,
            ..self
        })
    }
}
