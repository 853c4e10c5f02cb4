//! Balancing the address tree by migration (section 3.1).
//!
//! The paper wants nodes of congested areas to move to other addresses "without affecting connectivity and within the
//! constraints of the area invariant", and gives no rule. This is one: a node that can give away at most one address moves into a
//! free block next to a neighbour,
//!
//! - if it then can give away more than it can now, and the block is not the rest of its own area,
//! - if it is a leaf of the area that it leaves: at most one of its neighbours is in it. The others stay connected without
//!   it, in all the areas that it leaves, since they are nested in that one; those it enters hold together by the link to that
//!   neighbour,
//! - and if it has had its address for ten hellos; then with one chance in eight a hello, so that neighbours do not move together.

use std::cmp::Reverse;

use sim_core::addr::NodeAddr;
use sim_core::protocol::Ctx;
use sim_core::random::unit;

use super::address::TreeAddress;
use super::neighbours::Neighbour;
use super::{PeerNet, Rules};

impl PeerNet {
    /// Once a hello.
    pub(super) fn balance(&mut self, ctx: &mut Ctx<'_, Self>) {
        let config = ctx.config();
        let settled = ctx.now().since(self.allocation.since()) >= config.hello_period.mul_f64(10.0);
        if !config.balancing || !settled || self.allocation.asking() || unit(ctx.rng()) >= 0.125 {
            return;
        }
        let Some((node, address)) = self.better_place(config.rules) else {
            return;
        };
        match config.rules {
            Rules::Dart => self.move_to(ctx, Some(address), true),
            Rules::PeerNet2003 => self.request(ctx, node, true),
        }
    }

    /// The largest block next to a neighbour that is worth the move, if this node is one that should and may.
    fn better_place(&self, rules: Rules) -> Option<(NodeAddr, TreeAddress)> {
        let own = self.address?;
        let block = |neighbour: &Neighbour| match rules {
            Rules::Dart => neighbour.highest_empty(self.bits),
            Rules::PeerNet2003 => neighbour.largest_block(),
        };
        let present = match rules {
            Rules::Dart => self.table.highest_empty(self.bits),
            Rules::PeerNet2003 => self.largest_block(),
        };
        if present.is_some_and(|level| level > 0) {
            return None;
        }
        let worth = present.map_or(1, |level| level + 2);
        let mut places: Vec<_> = self
            .neighbours
            .addressed()
            .filter_map(|(node, its, neighbour)| {
                let level = block(neighbour).filter(|level| *level >= worth)?;
                Some((Reverse(level), neighbour.id, node, its.across(level).area(level)))
            })
            .collect();
        places.sort_unstable();
        let fits = |address: &TreeAddress| self.may_leave_for(own, *address) && self.would_validate(*address);
        places
            .into_iter()
            .map(|(_, _, node, address)| (node, address))
            .find(|(_, address)| fits(address))
    }

    /// Whether the area that a node leaves for an address stays connected without it.
    fn may_leave_for(&self, own: TreeAddress, address: TreeAddress) -> bool {
        let Some(level) = own.level(address) else {
            return false;
        };
        let inside = self
            .neighbours
            .addressed()
            .filter(|(_, its, _)| own.shares(*its, level));
        inside.count() <= 1
    }
}
