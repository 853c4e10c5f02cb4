//! The routing table (section 3.2): one entry a level, made from what the neighbours say.

use std::sync::Arc;

use sim_core::addr::NodeAddr;

use super::address::{Identifier, TreeAddress, below};
use super::config::Config;
use super::neighbours::{Neighbour, Neighbours, highest_empty, rank};
use super::wire::{Advert, Hello, Way};

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
    /// How many links the network id has come from the node that it names: the fewest, by any way.
    pub distance: u8,
    /// The other ways, the better ones first: with multi-path forwarding.
    pub others: Vec<Route>,
}

/// The occupied levels of a routing table, the lowest first.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Table {
    levels: Vec<Level>,
    /// Of which levels these are, a bit each.
    occupied: u128,
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
    /// Nowhere: each known way would go back, or cross a level for a second time, which could be a loop.
    Loop,
}

impl Table {
    /// The table of a node at an address, from what its neighbours say. Whenever they say something new, levels of which they do
    /// are made afresh, so that nothing is in it that nobody says any more.
    ///
    /// A neighbour is itself a way to the sibling that it is in. To siblings of higher levels, which both share, it is a way if
    /// its own way there does not come back over the level at which both part; that bit in the log is what prevents loops. A network
    /// id must not have come too far, either: one that its node has taken elsewhere would go on along ever longer ways. Of
    /// different network ids the smallest counts, since areas of the same prefix merge into that.
    pub(super) fn build(address: TreeAddress, neighbours: &Neighbours, config: &Config) -> Self {
        let mut table = Table {
            multipath: config.multipath,
            ..Table::default()
        };
        table.fill(address, neighbours, config, u128::MAX);
        table
    }

    /// Makes the levels afresh to which a neighbour is another way since its last hello but one, which is this.
    pub(super) fn renew(
        &mut self,
        address: TreeAddress,
        neighbours: &Neighbours,
        config: &Config,
        (node, before): (NodeAddr, &Hello),
    ) {
        let Some(neighbour) = neighbours.get(node) else {
            return;
        };
        let (Some(its), true) = (neighbour.hello.address, neighbour.hello.address == before.address) else {
            return self.fill(address, neighbours, config, u128::MAX);
        };
        // One at the same address is no way to anywhere.
        let Some(crossing) = address.level(its) else {
            return;
        };
        let (inside, bit) = (below(crossing), 1 << crossing);
        let differs = neighbour.hello.differs(before);
        let mut levels = differs & !inside & !bit;
        let network = |hello: &Hello| hello.network(neighbour.id, crossing, config.horizon);
        if differs & inside != 0 && network(&neighbour.hello) != network(before) {
            levels |= bit;
        }
        if levels != 0 {
            self.fill(address, neighbours, config, levels);
        }
    }

    /// Makes some levels afresh, a bit each.
    fn fill(&mut self, address: TreeAddress, neighbours: &Neighbours, config: &Config, levels: u128) {
        let mut filled = 0;
        for (next, its, neighbour) in neighbours.addressed() {
            let Some(crossing) = address.level(its) else {
                continue;
            };
            let bit = 1_u128 << crossing;
            if levels & bit != 0 {
                let direct = Route {
                    next,
                    crossing,
                    hops: 1,
                    log: bit,
                };
                let (network, distance) = neighbour.network(crossing, config.horizon);
                self.offer(&mut filled, crossing, network, direct, distance + 1);
            }
            let beyond = |advert: &&Advert| advert.log & bit == 0 && advert.distance < config.horizon;
            for advert in neighbour.adverts(levels & !bit & !below(crossing)).filter(beyond) {
                let route = Route {
                    next,
                    crossing,
                    hops: advert.hops.saturating_add(1),
                    log: (advert.log | bit) & !(bit - 1),
                };
                self.offer(&mut filled, advert.level, advert.network, route, advert.distance + 1);
            }
        }
        let left = self.occupied & levels & !filled;
        if left != 0 {
            self.levels.retain(|known| left >> known.level & 1 == 0);
            self.occupied &= !left;
        }
    }

    /// A way to the sibling of a level: the first one of those made afresh if it is not among the filled ones.
    fn offer(&mut self, filled: &mut u128, level: u8, network: Identifier, route: Route, distance: u8) {
        let new = |others| Level {
            level,
            network,
            best: route,
            distance,
            others,
        };
        let (bit, place) = (1 << level, rank(self.occupied, level));
        if self.occupied & bit == 0 {
            self.levels.insert(place, new(Vec::new()));
            self.occupied |= bit;
            *filled |= bit;
            return;
        }
        let known = &mut self.levels[place];
        if *filled & bit == 0 || network < known.network {
            *known = new(Vec::new());
            *filled |= bit;
            return;
        }
        if network > known.network {
            return;
        }
        known.distance = known.distance.min(distance);
        let order = |route: &Route| (route.hops, route.next);
        let other = if order(&route) < order(&known.best) {
            std::mem::replace(&mut known.best, route)
        } else {
            route
        };
        if self.multipath {
            let place = known.others.partition_point(|before| order(before) < order(&other));
            known.others.insert(place, other);
        }
    }

    /// The occupied levels, the lowest first.
    pub fn levels(&self) -> &[Level] {
        &self.levels
    }

    /// A level, if the sibling is occupied.
    pub fn level(&self, level: u8) -> Option<&Level> {
        let occupied = self.occupied >> level & 1 == 1;
        occupied.then(|| &self.levels[rank(self.occupied, level)])
    }

    /// The occupied levels, a bit each.
    pub(super) fn occupied(&self) -> u128 {
        self.occupied
    }

    /// The network id of the area of a level around a node with this identifier.
    pub fn network(&self, own: Identifier, level: u8) -> Identifier {
        let inside = self.levels.iter().take_while(|known| known.level < level);
        inside.map(|known| known.network).fold(own, Identifier::min)
    }

    /// The highest empty level.
    pub(super) fn highest_empty(&self, bits: u8) -> Option<u8> {
        highest_empty(self.occupied, bits)
    }

    /// What neighbours are told of it.
    pub(super) fn adverts(&self) -> Arc<[Advert]> {
        let advert = |known: &Level| Advert {
            network: known.network,
            log: known.best.log,
            level: known.level,
            hops: known.best.hops,
            distance: known.distance,
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
                    // A neighbour may be at another address by now, so that the log alone does not tell that it is behind.
                    let ahead = |route: &Route| Some(route.next) != way.came_from;
                    let open = |route: &&Route| way.log >> route.crossing & 1 == 0 && ahead(route);
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
            came_from: None,
            hops: 0,
        }
    }

    /// The way as it leaves a node at this address.
    pub(super) fn leaving(self, address: TreeAddress) -> Self {
        Way {
            last: Some(address),
            came_from: None,
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
