//! The routing table (section 3.2): one entry a level, made from what the neighbours say.

use std::cmp::Ordering;
use std::sync::Arc;

use sim_core::addr::NodeAddr;
use sim_core::read_ahead::read_ahead;

use super::MOST_LINES;
use super::address::{Identifier, TreeAddress, above};
use super::config::Config;
use super::neighbours::{Across, Neighbour, Neighbours, each, highest_empty, rank};
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
    /// How many links the network id has come from the node that it names: the fewest, by any way.
    pub distance: u8,
    /// By how many ways it has come so few.
    nearest: u32,
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

/// What a neighbour offers: a way to the sibling of a level, with the network id there and how far that would have come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Offer {
    level: u8,
    network: Identifier,
    route: Route,
    distance: u8,
}

impl Offer {
    /// A neighbour that is in the sibling itself, with the network id that it has of it.
    fn direct(next: NodeAddr, across: Across) -> Self {
        Offer {
            level: across.level,
            network: across.network,
            route: Route {
                next,
                crossing: across.level,
                hops: 1,
                log: 1 << across.level,
            },
            distance: across.distance + 1,
        }
    }

    /// A sibling beyond, of which a neighbour tells; none if the way comes back, or the network id has come too far.
    fn beyond(next: NodeAddr, crossing: u8, advert: &Advert, horizon: u8) -> Option<Self> {
        let bit = 1 << crossing;
        let open = advert.log & bit == 0 && advert.distance < horizon;
        open.then(|| Offer {
            level: advert.level,
            network: advert.network,
            route: Route {
                next,
                crossing,
                hops: advert.hops.saturating_add(1),
                log: (advert.log | bit) & !(bit - 1),
            },
            distance: advert.distance + 1,
        })
    }

    /// What a neighbour offers for a level.
    fn of(next: NodeAddr, neighbour: &Neighbour, level: u8, horizon: u8) -> Option<Self> {
        let across = neighbour.across.filter(|across| across.level <= level)?;
        if across.level == level {
            return Some(Offer::direct(next, across));
        }
        Offer::beyond(next, across.level, neighbour.advert(level)?, horizon)
    }
}

impl Table {
    /// The table of a node from what its neighbours say. Whenever they say something new, levels of which they do
    /// are made afresh, so that nothing is in it that nobody says any more.
    ///
    /// A neighbour is itself a way to the sibling that it is in. To siblings of higher levels, which both share, it is a way if
    /// its own way there does not come back over the level at which both part; that bit in the log is what prevents loops. A network
    /// id must not have come too far, either: one that its node has taken elsewhere would go on along ever longer ways. Of
    /// different network ids the smallest counts, since areas of the same prefix merge into that.
    pub(super) fn build(neighbours: &Neighbours, config: &Config) -> Self {
        let mut table = Table {
            multipath: config.multipath,
            ..Table::default()
        };
        table.fill(neighbours, config, u128::MAX);
        table
    }

    /// Takes in what one who is a neighbour, or was until now, offers now and did not before. A level is made afresh where it was the best
    /// way until now, and may not be any more.
    pub(super) fn renew(
        &mut self,
        neighbours: &Neighbours,
        config: &Config,
        (node, before): (NodeAddr, Option<&Neighbour>),
    ) {
        let now = neighbours.get(node);
        let of = |neighbour: Option<&Neighbour>, level| Offer::of(node, neighbour?, level, config.horizon);
        let mut afresh = 0;
        for level in each(differing(before, now)) {
            let (old, new) = (of(before, level), of(now, level));
            if old != new && !self.exchange(old, new) {
                afresh |= 1 << level;
            }
        }
        if afresh != 0 {
            self.fill(neighbours, config, afresh);
        }
    }

    /// Takes one offer of a neighbour for another, if that can be done without a look at those of the others. Says whether it can.
    fn exchange(&mut self, old: Option<Offer>, new: Option<Offer>) -> bool {
        if let Some(old) = old {
            let place = rank(self.occupied, old.level);
            let known = self.levels.get_mut(place).filter(|known| known.level == old.level);
            let Some(known) = known.filter(|_| !self.multipath) else {
                return false;
            };
            let overruled = new.is_some_and(|new| new.network < known.network);
            if old.network == known.network && !overruled {
                let (best, nearest) = (known.best.next == old.route.next, known.distance == old.distance);
                let new = new.filter(|new| new.network == known.network);
                let as_short = new.filter(|new| new.route.hops <= old.route.hops);
                let as_near = new.is_some_and(|new| new.distance <= old.distance);
                if best && as_short.is_none() || nearest && known.nearest == 1 && !as_near {
                    return false;
                }
                known.nearest -= u32::from(nearest);
                known.best = as_short.filter(|_| best).map_or(known.best, |new| new.route);
            }
        }
        if let Some(new) = new {
            self.offer(&mut { u128::MAX }, new);
        }
        true
    }

    /// Asks the processor for it.
    pub(super) fn read_ahead(&self) {
        read_ahead(&*self.levels, MOST_LINES);
    }

    /// Makes some levels afresh, a bit each.
    fn fill(&mut self, neighbours: &Neighbours, config: &Config, levels: u128) {
        let mut filled = 0;
        for (_, across, neighbour) in neighbours.across() {
            neighbour.read_ahead(levels & above(across.level));
        }
        for (next, across, neighbour) in neighbours.across() {
            if levels >> across.level & 1 == 1 {
                self.offer(&mut filled, Offer::direct(next, across));
            }
            for advert in neighbour.adverts(levels & above(across.level)) {
                if let Some(offer) = Offer::beyond(next, across.level, advert, config.horizon) {
                    self.offer(&mut filled, offer);
                }
            }
        }
        let left = self.occupied & levels & !filled;
        if left != 0 {
            self.levels.retain(|known| left >> known.level & 1 == 0);
            self.occupied &= !left;
        }
    }

    /// A way to the sibling of a level. What is known of it is older unless it is among the filled ones.
    fn offer(&mut self, filled: &mut u128, offer: Offer) {
        let Offer {
            level,
            network,
            route,
            distance,
        } = offer;
        let (bit, place) = (1 << level, rank(self.occupied, level));
        let older = *filled & bit == 0;
        *filled |= bit;
        if self.occupied & bit == 0 {
            let new = Level {
                level,
                network,
                best: route,
                distance,
                nearest: 1,
                others: Vec::new(),
            };
            self.levels.insert(place, new);
            self.occupied |= bit;
            return;
        }
        let known = &mut self.levels[place];
        if older || network < known.network {
            (known.network, known.best) = (network, route);
            (known.distance, known.nearest) = (distance, 1);
            known.others.clear();
            return;
        }
        if network > known.network {
            return;
        }
        match distance.cmp(&known.distance) {
            Ordering::Less => (known.distance, known.nearest) = (distance, 1),
            Ordering::Equal => known.nearest += 1,
            Ordering::Greater => {}
        }
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

/// The levels for which a neighbour may offer something else now than before.
fn differing(before: Option<&Neighbour>, now: Option<&Neighbour>) -> u128 {
    let across = |neighbour: Option<&Neighbour>| neighbour?.across;
    if let (Some(before), Some(now)) = (before, now)
        && let (Some(old), Some(new)) = (before.across, now.across)
        && old.level == new.level
    {
        return now.differs(before, above(new.level)) | u128::from(old != new) << new.level;
    }
    let offered = |neighbour: Option<&Neighbour>| {
        across(neighbour).map_or(0, |across| {
            1 << across.level | neighbour.map_or(0, Neighbour::occupied) & above(across.level)
        })
    };
    offered(before) | offered(now)
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
