//! Address allocation (section 3.1): by splitting ranges, and by DART's validate and select.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use sim_core::addr::NodeAddr;
use sim_core::protocol::{Ctx, TimerId};
use sim_core::random::unit;
use sim_core::time::{SimDuration, SimTime};

use super::address::TreeAddress;
use super::neighbours::{Neighbour, largest_block};
use super::validity::{is_valid, would_validate};
use super::{Config, Event, Msg, PeerNet, Rules, Timer};

/// A block that was given to somebody who has not been seen there yet.
#[derive(Clone, Copy, Debug)]
struct Given {
    level: u8,
    to: NodeAddr,
    address: TreeAddress,
    at: SimTime,
}

/// Where a node stands between having an address and not.
#[derive(Debug, Default)]
pub(super) struct Allocation {
    /// Since when it has had its address, or none.
    since: SimTime,
    /// How often it has migrated.
    migrations: u32,
    /// Whom it has asked, the timer that ends the wait, and whether it does so to migrate.
    asked: Option<(NodeAddr, TimerId, bool)>,
    /// Who has refused, or not answered, since the last hello.
    refused: BTreeSet<NodeAddr>,
    /// The address that somebody gave last since then, and that is not valid next to all neighbours.
    invalid: Option<TreeAddress>,
    /// Until when it goes on with an address that has been found invalid.
    patience: Option<SimTime>,
    given: Vec<Given>,
}

impl Allocation {
    pub(super) fn start(&mut self, now: SimTime) {
        self.since = now;
    }

    pub(super) fn moved(&mut self, now: SimTime, migrated: bool) {
        self.since = now;
        self.migrations += u32::from(migrated);
        self.patience = None;
        self.given.clear();
    }

    /// How often the node has migrated.
    pub(super) fn migrations(&self) -> u32 {
        self.migrations
    }

    /// Since when the node has had its address, or none.
    pub(super) fn since(&self) -> SimTime {
        self.since
    }

    /// Whether it waits for an answer.
    pub(super) fn asking(&self) -> bool {
        self.asked.is_some()
    }
}

impl PeerNet {
    /// Whether a sibling is occupied, or about to be.
    pub(super) fn is_taken(&self, level: u8) -> bool {
        self.table.level(level).is_some() || self.allocation.given.iter().any(|given| given.level == level)
    }

    /// Once a hello: whether the address is still valid, and what to do without one.
    pub(super) fn settle(&mut self, ctx: &mut Ctx<'_, Self>) {
        let (now, config) = (ctx.now(), ctx.config());
        let table = &self.table;
        self.allocation
            .given
            .retain(|given| now.since(given.at) < config.neighbour_expiry && table.level(given.level).is_none());
        self.allocation.refused.clear();
        self.allocation.invalid = None;
        if self.is_valid() {
            self.allocation.patience = None;
            return;
        }
        if self.address.is_some() && !self.is_time_to_move(ctx) {
            return;
        }
        match config.rules {
            Rules::Dart if self.neighbours.addressed().next().is_none() => self.begin_network(ctx),
            Rules::Dart => {
                if !self.select(ctx) {
                    ctx.emit(Event::Refused);
                    let places = self.places_with_room();
                    let drawn = unit(ctx.rng()) * places.len() as f64;
                    self.stand_between(ctx, places.get(drawn as usize).copied());
                }
            }
            Rules::PeerNet2003 => {
                self.move_to(ctx, None, false);
                self.ask(ctx);
            }
        }
    }

    /// Whether the node has an address, and may keep it, by what it last said of its areas: neighbours have heard that, and
    /// what they say now may come from it.
    fn is_valid(&self) -> bool {
        let address = self.address.as_ref();
        address.is_some_and(|address| is_valid(self.id, *address, &self.said, &self.neighbours))
    }

    /// Whether an address that has been found invalid has been so for as long as this node was to wait for others to move.
    fn is_time_to_move(&mut self, ctx: &mut Ctx<'_, Self>) -> bool {
        let (now, backoff) = (ctx.now(), ctx.config().change_backoff);
        let patience = &mut self.allocation.patience;
        if patience.is_none() && backoff > SimDuration::ZERO {
            *patience = Some(now + backoff.mul_f64(unit(ctx.rng())));
        }
        patience.is_none_or(|until| now >= until)
    }

    /// DART's selection: next to the neighbour with the largest free block, at the highest level that validates. Says whether
    /// there is one.
    fn select(&mut self, ctx: &mut Ctx<'_, Self>) -> bool {
        self.neighbours.read_hellos_ahead();
        let bits = self.bits;
        let mut blocks: Vec<_> = self
            .neighbours
            .addressed()
            .filter_map(|(_, its, neighbour)| {
                let block = (Reverse(neighbour.highest_empty(bits)?), neighbour.id);
                Some((block, (its, neighbour)))
            })
            .collect();
        blocks.sort_unstable_by_key(|(block, _)| *block);
        let valid = |((Reverse(level), _), beside): ((Reverse<u8>, _), (TreeAddress, &Neighbour))| {
            let mut addresses = (0..=level).rev().map(|level| beside.0.across(level));
            addresses.find(|address| self.would_validate(ctx.config(), *address, beside))
        };
        let choice = blocks.into_iter().find_map(valid);
        if choice.is_some() {
            self.move_to(ctx, choice, false);
        }
        choice.is_some()
    }

    /// An address next to each neighbour that has room, in the largest free block where no neighbour is.
    fn places_with_room(&self) -> Vec<TreeAddress> {
        let place = |(_, its, neighbour): (_, TreeAddress, &Neighbour)| {
            let free = (0..self.bits).rev().filter(|level| neighbour.advert(*level).is_none());
            free.map(|level| its.across(level)).find(|place| !self.is_held(*place))
        };
        self.neighbours.addressed().filter_map(place).collect()
    }

    /// No address is valid next to all neighbours. Where these belong to two networks that have not heard of each other, none
    /// would ever be; so the node takes an invalid one, next to a neighbour that has room, until the next hello. What it then says
    /// lets the networks see in which areas they contradict each other: in others with each address, but in none with that of a neighbour,
    /// to whom it is nowhere in the tree. Where nobody has room the node is refused, and has no address.
    fn stand_between(&mut self, ctx: &mut Ctx<'_, Self>, place: Option<TreeAddress>) {
        self.move_to(ctx, place, false);
    }

    /// Whether a neighbour is at an address.
    fn is_held(&self, address: TreeAddress) -> bool {
        self.neighbours.addressed().any(|(_, its, _)| its == address)
    }

    /// Whether an address beside a neighbour would be valid for this node, by what its neighbours have said.
    pub(super) fn would_validate(
        &self,
        config: &Config,
        address: TreeAddress,
        beside: (TreeAddress, &Neighbour),
    ) -> bool {
        would_validate(self.id, address, beside, &self.neighbours, config.horizon)
    }

    /// Asks the neighbour with the largest range that has not refused.
    fn ask(&mut self, ctx: &mut Ctx<'_, Self>) {
        if self.address.is_some() || self.allocation.asking() {
            return;
        }
        let range = |neighbour: &Neighbour| neighbour.largest_block().map_or(0, |level| 1 + u16::from(level));
        let willing = self
            .neighbours
            .addressed()
            .filter(|(node, ..)| !self.allocation.refused.contains(node));
        let best = willing.min_by_key(|(_, _, neighbour)| (Reverse(range(neighbour)), neighbour.id));
        match best {
            Some((node, ..)) => self.request(ctx, node, false),
            None if self.allocation.refused.is_empty() => self.begin_network(ctx),
            None => {
                ctx.emit(Event::Refused);
                let place = self.allocation.invalid.take();
                self.stand_between(ctx, place);
                if self.address.is_some() {
                    self.say_hello(ctx);
                }
            }
        }
    }

    /// Asks a neighbour for an address.
    pub(super) fn request(&mut self, ctx: &mut Ctx<'_, Self>, node: NodeAddr, migrating: bool) {
        ctx.send(node, Msg::Request);
        let timer = ctx.set_timer(ctx.config().request_timeout, Timer::Request);
        self.allocation.asked = Some((node, timer, migrating));
    }

    /// Nobody here has an address. Of those who wait, the one with the smallest identifier begins.
    fn begin_network(&mut self, ctx: &mut Ctx<'_, Self>) {
        let Config {
            hello_period,
            neighbour_expiry,
            ..
        } = *ctx.config();
        let waited = ctx.now().since(self.allocation.since);
        let first = self.neighbours.unaddressed().all(|id| self.id < id);
        if waited >= neighbour_expiry || first && waited >= hello_period.mul_f64(3.0 * 1.25) {
            self.move_to(ctx, Some(self.first_address()), false);
        }
    }

    /// Splits the range for whoever asks: it gets the lowest address of the upper half.
    pub(super) fn asked_for_address(&mut self, ctx: &mut Ctx<'_, Self>, from: NodeAddr) {
        if let Some(given) = self.allocation.given.iter().find(|given| given.to == from) {
            return ctx.send(from, Msg::Grant(given.address));
        }
        let block = self.address.and_then(|address| {
            let level = largest_block(address, |level| self.is_taken(level))?;
            Some((level, address.across(level).area(level)))
        });
        let Some((level, address)) = block else {
            return ctx.send(from, Msg::Refuse);
        };
        self.allocation.given.push(Given {
            level,
            to: from,
            address,
            at: ctx.now(),
        });
        ctx.send(from, Msg::Grant(address));
    }

    /// A neighbour gives a block, by its lowest address. Others hear of it at once, so that nobody gives it again.
    pub(super) fn granted(&mut self, ctx: &mut Ctx<'_, Self>, from: NodeAddr, lowest: TreeAddress) {
        let Some(migrating) = self.answered(ctx, from) else {
            return;
        };
        let beside = self.neighbours.get(from);
        let beside = beside.and_then(|neighbour| Some((neighbour.hello.address?, neighbour)));
        let level = beside.and_then(|(its, _)| its.level(lowest)).unwrap_or(0);
        let mut wanted = places_in(lowest, level).filter(|place| self.wants(*place, migrating));
        let valid =
            |place: &TreeAddress| beside.is_some_and(|beside| self.would_validate(ctx.config(), *place, beside));
        if let Some(place) = wanted.clone().find(valid) {
            self.move_to(ctx, Some(place), migrating);
            self.say_hello(ctx);
        } else {
            if !migrating {
                // Where a neighbour is only if there is nothing else: one of the two then has to move, which may make room.
                let apart = wanted.clone().find(|place| !self.is_held(*place));
                self.allocation.invalid = apart.or_else(|| wanted.next()).or(self.allocation.invalid);
            }
            self.refused_by(ctx, from);
        }
    }

    /// Whether it would have an address that somebody gives.
    fn wants(&self, address: TreeAddress, migrating: bool) -> bool {
        let free = match self.address {
            Some(own) => migrating && self.may_leave_for(own, address),
            None => !migrating,
        };
        free && address.bits() == self.bits
    }

    /// A neighbour has no address to give.
    pub(super) fn refused(&mut self, ctx: &mut Ctx<'_, Self>, from: NodeAddr) {
        if self.answered(ctx, from).is_some() {
            self.refused_by(ctx, from);
        }
    }

    /// A neighbour has not answered.
    pub(super) fn request_expired(&mut self, ctx: &mut Ctx<'_, Self>) {
        if let Some((node, ..)) = self.allocation.asked.take() {
            self.refused_by(ctx, node);
        }
    }

    /// Ends the wait for an answer, if it was that neighbour's; says whether it was to migrate.
    fn answered(&mut self, ctx: &mut Ctx<'_, Self>, from: NodeAddr) -> Option<bool> {
        let (_, timer, migrating) = self.allocation.asked.take_if(|(node, ..)| *node == from)?;
        ctx.cancel_timer(timer);
        Some(migrating)
    }

    fn refused_by(&mut self, ctx: &mut Ctx<'_, Self>, node: NodeAddr) {
        self.allocation.refused.insert(node);
        self.ask(ctx);
    }
}

/// Where in a block of so many levels a node goes to which that has been given: to its lowest address. Where another neighbour is there
/// already, whom the one who gave the block cannot hear, it goes where that neighbour would send it if the block were its range: to the
/// upper half, or to that of what is left.
fn places_in(lowest: TreeAddress, levels: u8) -> impl Iterator<Item = TreeAddress> + Clone {
    std::iter::once(lowest).chain((0..levels).rev().map(move |level| lowest.across(level)))
}
