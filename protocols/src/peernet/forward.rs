//! Forwarding (section 3.2): towards the sibling of the highest level at which the target differs.

use sim_core::addr::NodeAddr;
use sim_core::protocol::Ctx;

use super::table::Step;
use super::wire::{Load, Msg, Way};
use super::{Detection, Event, PeerNet};
use crate::packet::{Dropped, HOP_LIMIT, Outcome};

impl PeerNet {
    /// Carries something one link further, or takes it, if this is where it goes.
    pub(super) fn forward(&mut self, ctx: &mut Ctx<'_, Self>, way: Way, load: Load) {
        let load = match self.take_own(ctx, way, load) {
            Some(load) => load,
            None => return,
        };
        let Some(address) = self.address else {
            return self.stuck(ctx, way, load);
        };
        let Some(way) = way.arriving(address) else {
            return lose(ctx, load, Dropped::NoRoute);
        };
        match self.table.step(address, &way) {
            Step::Along(route) if self.misses(ctx, route.next) => self.forward(ctx, way, load),
            Step::Along(route) => {
                let way = way.leaving(address);
                match load.after(way.hops) {
                    Ok(load) => ctx.send(route.next, Msg::Routed(way, load)),
                    Err(load) => lose(ctx, load, Dropped::HopLimit),
                }
            }
            Step::Here => self.arrived(ctx, way, load),
            Step::NoRoute => self.stuck(ctx, way, load),
            Step::Loop => lose(ctx, load, Dropped::NoRoute),
        }
    }

    /// Whether there turns out to be no link to a neighbour, now that something is to go there. It is forgotten.
    fn misses(&mut self, ctx: &mut Ctx<'_, Self>, next: NodeAddr) -> bool {
        let without_link = ctx.config().detection == Detection::Use && ctx.links().binary_search(&next).is_err();
        let missed = without_link && self.neighbours.forget(next);
        if missed {
            self.renew_table(ctx);
        }
        missed
    }

    /// Takes what is for this very node, whatever its address is; gives back the rest.
    fn take_own(&mut self, ctx: &mut Ctx<'_, Self>, way: Way, load: Load) -> Option<Load> {
        match load {
            Load::Packet(packet, _) if packet.to == ctx.me() => ctx.emit(Event::Packet(Outcome::Delivered(packet))),
            Load::Answer(answer) if answer.asker == ctx.me() => self.answered_lookup(ctx, answer, way.hops),
            Load::Query(query) if query.wanted == self.id => self.answer_for_itself(ctx, way, query),
            load => return Some(load),
        }
        None
    }

    /// Nobody is nearer to the target than this node.
    fn arrived(&mut self, ctx: &mut Ctx<'_, Self>, way: Way, load: Load) {
        match load {
            Load::Register(entry) | Load::HandOver(entry) => self.registry.store(entry),
            Load::Query(query) => self.serve(ctx, way, query),
            Load::Packet(..) | Load::Answer(_) => self.stuck(ctx, way, load),
        }
    }

    /// There is no way on. The destination of a packet may have moved: section 2 has it looked up here.
    fn stuck(&mut self, ctx: &mut Ctx<'_, Self>, way: Way, load: Load) {
        match load {
            Load::Packet(packet, looked_up) if self.address.is_none() => self.carry(ctx, packet, looked_up, None),
            Load::Packet(packet, looked_up) if looked_up < ctx.config().lookups_on_the_way => {
                self.carry(ctx, packet, looked_up + 1, Some(way.target));
            }
            load => lose(ctx, load, Dropped::NoRoute),
        }
    }
}

impl Load {
    /// The load when it has crossed so many links; the load as an error if those are too many.
    fn after(self, hops: u32) -> Result<Load, Load> {
        match self {
            Load::Packet(packet, looked_up) => match packet.one_further() {
                Some(further) => Ok(Load::Packet(further, looked_up)),
                None => Err(self),
            },
            load if hops <= HOP_LIMIT => Ok(load),
            load => Err(load),
        }
    }
}

fn lose(ctx: &mut Ctx<'_, PeerNet>, load: Load, why: Dropped) {
    match load {
        Load::Packet(packet, _) => ctx.emit(Event::Packet(Outcome::Dropped(packet, why))),
        _ => ctx.emit(Event::Stranded),
    }
}
