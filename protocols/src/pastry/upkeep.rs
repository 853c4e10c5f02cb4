//! What a member does from time to time.

use rand::Rng;
use sim_core::addr::Address;
use sim_core::protocol::Ctx;
use sim_core::random::unit;

use super::ask::Ask;
use super::{Event, Pastry, Timer};
use crate::id::Contact;
use crate::kbr::Payload;

impl<B: Payload, A: Address> Pastry<B, A> {
    /// The node is a member: from now on it looks after its tables. Members that start together do not do so together.
    pub(super) fn begin_upkeep(&mut self, ctx: &mut Ctx<'_, Self>) {
        let config = ctx.config();
        for (period, timer) in [
            (config.heartbeat_period, Timer::Heartbeat),
            (config.neighbourhood_period, Timer::Neighbourhood),
            (config.table_period, Timer::Table),
        ] {
            if let Some(period) = period {
                let first = period.mul_f64(unit(ctx.rng()));
                ctx.set_timer(first, timer);
            }
        }
        self.begin_to_watch(ctx);
        ctx.emit(Event::Joined);
        self.resume(ctx);
    }

    /// Contacts each member of the neighbourhood set to see whether it is alive (2001, section 2.4), a random one of them by
    /// asking for its own set.
    pub(super) fn look_after_neighbourhood(&mut self, ctx: &mut Ctx<'_, Self>) {
        if let Some(period) = ctx.config().neighbourhood_period {
            ctx.set_timer(period, Timer::Neighbourhood);
        }
        let members: Vec<Contact<A>> = self.tables.neighbourhood.contacts().collect();
        let asked = random_place(ctx, members.len());
        for (place, member) in members.into_iter().enumerate() {
            let ask = if place == asked {
                Ask::Neighbourhood
            } else {
                Ask::Heartbeat
            };
            self.request(ctx, member.addr, ask);
        }
    }

    /// Asks a random entry of each row for its row (Castro et al. 2002, section 3.2).
    pub(super) fn look_after_table(&mut self, ctx: &mut Ctx<'_, Self>) {
        if let Some(period) = ctx.config().table_period {
            ctx.set_timer(period, Timer::Table);
        }
        for row in 0..self.tables.routing_table.rows() {
            let len = self.tables.routing_table.row(row).len();
            let place = random_place(ctx, len);
            if let Some(entry) = self.tables.routing_table.row(row).get(place) {
                let addr = entry.contact.addr;
                self.request(ctx, addr, Ask::Row(row));
            }
        }
    }
}

/// A random place among so many.
fn random_place<B: Payload, A: Address>(ctx: &mut Ctx<'_, Pastry<B, A>>, len: usize) -> usize {
    (ctx.rng().next_u64() % len.max(1) as u64) as usize
}
