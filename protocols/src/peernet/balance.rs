//! Balancing the address tree by migration (section 3.1).
//!
//! The paper wants nodes of congested areas to move to other addresses "without affecting connectivity and within the
//! constraints of the area invariant", and gives no rule. This is one: a node that can give away few addresses moves into a free
//! block next to a neighbour,
//!
//! - if it then can give away more than it can now, and the block is not the rest of its own area,
//! - if the areas that it leaves stay connected without it, as far as it can tell from what its neighbours say; those it enters
//!   hold together by the link to that neighbour,
//! - and if it has had its address for ten hellos, and for twice as many as before its last migration; then with one chance in eight
//!   a hello, so that neighbours do not move together. A tree in which some area is always crowded comes to rest so.

use std::cmp::Reverse;

use sim_core::addr::NodeAddr;
use sim_core::protocol::Ctx;
use sim_core::random::unit;

use super::address::TreeAddress;
use super::neighbours::Neighbour;
use super::{Config, PeerNet, Rules};

/// A node is in a crowded area if the largest block that it could give away is of this level or below.
const CROWDED: u8 = 2;

/// For how many hellos a node has had its address before it migrates for the first time.
const SETTLED_HELLOS: u64 = 10;
/// After so many migrations, some hours apart, the wait becomes no longer.
const MOST_DOUBLINGS: u32 = 12;

impl PeerNet {
    /// Once a hello.
    pub(super) fn balance(&mut self, ctx: &mut Ctx<'_, Self>) {
        let config = ctx.config();
        let hellos = SETTLED_HELLOS << self.allocation.migrations().min(MOST_DOUBLINGS);
        let settled = ctx.now().since(self.allocation.since()) >= config.hello_period * hellos;
        if !config.balancing || !settled || self.allocation.asking() || unit(ctx.rng()) >= 0.125 {
            return;
        }
        let Some((node, address)) = self.better_place(config) else {
            return;
        };
        match config.rules {
            Rules::Dart => self.move_to(ctx, Some(address), true),
            Rules::PeerNet2003 => self.request(ctx, node, true),
        }
    }

    /// The largest block next to a neighbour that is worth the move, if this node is one that should and may.
    fn better_place(&self, config: &Config) -> Option<(NodeAddr, TreeAddress)> {
        let own = self.address?;
        let block = |neighbour: &Neighbour| match config.rules {
            Rules::Dart => neighbour.highest_empty(self.bits),
            Rules::PeerNet2003 => neighbour.largest_block(),
        };
        let present = match config.rules {
            Rules::Dart => self.table.highest_empty(self.bits),
            Rules::PeerNet2003 => self.largest_block(),
        };
        if present.is_some_and(|level| level > CROWDED) {
            return None;
        }
        let worth = present.map_or(1, |level| level + 2);
        let mut places: Vec<_> = self
            .neighbours
            .addressed()
            .filter_map(|(node, its, neighbour)| {
                let level = block(neighbour).filter(|level| *level >= worth)?;
                let address = its.across(level).area(level);
                Some(((Reverse(level), neighbour.id), node, address, (its, neighbour)))
            })
            .collect();
        places.sort_unstable_by_key(|(place, ..)| *place);
        places
            .into_iter()
            .find(|(_, _, address, beside)| {
                self.may_leave_for(own, *address) && self.would_validate(config, *address, *beside)
            })
            .map(|(_, node, address, _)| (node, address))
    }

    /// Whether the areas that a node leaves for an address stay connected without it.
    pub(super) fn may_leave_for(&self, own: TreeAddress, address: TreeAddress) -> bool {
        let left = own.level(address).map_or(0, |level| 1 + level);
        (1..left).all(|level| self.holds_without(own, level))
    }

    /// Whether the neighbours in the own area of a level are known to reach each other there without this node. Then so are all
    /// others there, since each part that it holds together has one of its neighbours in it.
    fn holds_without(&self, own: TreeAddress, level: u8) -> bool {
        let inside = self
            .neighbours
            .addressed()
            .filter(|(_, its, _)| own.shares(*its, level));
        let mut left: Vec<_> = inside.map(|(_, its, neighbour)| (its, neighbour)).collect();
        let mut reached: Vec<_> = left.pop().into_iter().collect();
        let mut next = 0;
        while next < reached.len() {
            let from = reached[next];
            reached.extend(left.extract_if(.., |to| apart_from(own, from, *to)));
            next += 1;
        }
        left.is_empty()
    }
}

/// Whether two neighbours reach each other without the node at `own`: by the area invariant, if that is in neither half of the
/// smallest area of both; else if the one in its own half has a link to the other half.
fn apart_from(own: TreeAddress, a: (TreeAddress, &Neighbour), b: (TreeAddress, &Neighbour)) -> bool {
    let Some(level) = a.0.level(b.0) else {
        return false;
    };
    let linked = |neighbour: &Neighbour| neighbour.advert(level).is_some_and(|advert| advert.hops == 1);
    match (own.shares(a.0, level), own.shares(b.0, level)) {
        (true, _) => linked(a.1),
        (_, true) => linked(b.1),
        (false, false) => true,
    }
}
