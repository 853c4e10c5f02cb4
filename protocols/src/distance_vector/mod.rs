//! Distance-vector routing with flat addresses and numbers that the destinations give: DSDV.
//!
//! Perkins and Bhagwat, "Highly dynamic destination-sequenced distance-vector routing (DSDV) for mobile computers", SIGCOMM 1994.
//! Each node keeps an entry for each other, next hop, hops and the sequence number that the destination gave out, and tells its
//! neighbours. A newer number wins, of equal ones the shorter way; whoever loses the link to a next hop numbers the route
//! one higher, with an odd number and an infinite metric. So numbers never fall along next hops, and where they are
//! equal the hops do: no way ever leads in a circle.
//!
//! | section | here |
//! |---|---|
//! | 3, route advertisements; route-table entry structure | [`Entry`], [`Msg`] |
//! | 3, responding to topology changes | [`DistanceVector`]'s `lost` |
//! | 3, route selection criteria | `consider` |
//! | 4, damping fluctuations | [`Config::settling`] |
//!
//! Delivery falls when nodes move fast, since a packet that finds its route broken is dropped, while protocols that seek routes when
//! they need them keep above 95 % (Broch et al., "A performance comparison of multi-hop wireless ad hoc network routing protocols",
//! MobiCom 1998, section 5). The parameters are those of that comparison, for the paper names none. Under [`Sensing::Carrier`] far more is
//! lost: each link that breaks is news, also where no packet goes, and whoever hears of it takes the destination for lost until
//! that has numbered itself anew.
//!
//! # Deviations
//!
//! - Nothing is forgotten: an entry whose route is broken stays, with the number that keeps older news out. The paper forgets what has been
//!   stale for long, and could then believe such news.
//! - News of a broken route gather with other changes, instead of being told each alone at once.
//! - Packets without a route are dropped; the paper does not say that they wait for one.
//! - A node that comes back numbers from its clock, so that its numbers do not fall. In the paper the echo of its former
//!   number makes it catch up, as it does here where its clock were behind. Unless it is under [`Sensing::Carrier`] it can be back before its
//!   neighbours notice, with nothing left of the numbers of others, and then ways over it can lead in a circle for a while.
//! - Interaction with the layers below (section 5: addresses of layer 2) has no place here: nodes have one address.

mod config;
mod table;
mod wire;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use sim_core::addr::NodeAddr;
use sim_core::protocol::{Ctx, LinkChange, OperationId, Protocol};
use sim_core::random::{StreamKey, unit};
use sim_core::time::SimTime;

use crate::neighbours::Neighbours;
pub use crate::neighbours::Sensing;
use crate::packet::{self, Dropped, Outcome, Packet};
pub use config::{Config, ConfigError, Trigger};
use table::{News, Table};
pub use wire::{ENTRIES_A_PACKET, ENTRY_BYTES, Entry, Msg, UPDATE_HEADER_BYTES};

/// What a node says to its later self.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Timer {
    /// A full dump is due.
    Dump,
    /// What has changed is to be told.
    Update,
    /// The route of this sequence number has had its time to settle.
    Settled {
        /// To whom.
        to: NodeAddr,
        /// Its number.
        sequence: u32,
    },
}

/// A node's state.
#[derive(Debug)]
pub struct DistanceVector {
    me: NodeAddr,
    /// The number that this node last gave the way to itself: even.
    sequence: u32,
    /// Whether that is to be told with the next update.
    renumbered: bool,
    table: Table,
    neighbours: Neighbours,
    /// Whether [`Timer::Update`] is set.
    update_is_set: bool,
    /// Before then no incremental update is sent.
    quiet_until: SimTime,
}

impl DistanceVector {
    /// How many destinations the node has a usable route to.
    pub fn entries(&self) -> usize {
        self.table.usable()
    }

    /// How many entries its full dumps have: those of broken routes and of itself included.
    pub fn told_entries(&self) -> usize {
        self.table.len() + 1
    }

    /// To which neighbour a packet for `to` goes from here; none where there is no route, and to itself.
    pub fn next_hop(&self, to: NodeAddr) -> Option<NodeAddr> {
        self.table.next_hop(to)
    }

    /// How many links the node takes the way to `to` to have.
    pub fn hops(&self, to: NodeAddr) -> Option<u32> {
        self.table.hops(to)
    }

    /// How new what the node knows of the way to `to` is, also if the route is broken.
    pub fn known_sequence(&self, to: NodeAddr) -> Option<u32> {
        self.table.sequence(to)
    }

    fn own_entry(&self) -> Entry {
        Entry {
            to: self.me,
            sequence: self.sequence,
            hops: Some(0),
        }
    }

    /// Section 3, route advertisements: everything, with a new number for this node itself.
    fn dump(&mut self, ctx: &mut Ctx<'_, Self>) {
        let config = ctx.config();
        for neighbour in self.neighbours.silent(config.sensing, ctx.now()) {
            self.lost(ctx, neighbour);
        }
        self.sequence = self.sequence.wrapping_add(2);
        self.renumbered = false;
        let entries = std::iter::once(self.own_entry()).chain(self.table.tell_all()).collect();
        ctx.broadcast(Msg::Dump(entries));
        ctx.set_timer(config.period, Timer::Dump);
    }

    /// Has what has changed told as soon as it may be.
    fn trigger(&mut self, ctx: &mut Ctx<'_, Self>) {
        if !self.update_is_set {
            self.update_is_set = true;
            ctx.set_timer(self.quiet_until.since(ctx.now()), Timer::Update);
        }
    }

    /// Tells what has changed.
    fn update(&mut self, ctx: &mut Ctx<'_, Self>) {
        self.update_is_set = false;
        let own = std::mem::take(&mut self.renumbered).then(|| self.own_entry());
        let entries: Arc<[Entry]> = own.into_iter().chain(self.table.tell_changed()).collect();
        // A full dump may have told it all in the meantime.
        if !entries.is_empty() {
            self.quiet_until = ctx.now() + ctx.config().aggregation;
            ctx.broadcast(Msg::Update(entries));
        }
    }

    /// What a neighbour knows has come.
    fn learn(&mut self, ctx: &mut Ctx<'_, Self>, from: NodeAddr, entries: &[Entry]) {
        if !self.neighbours.heard(ctx, ctx.config().sensing, from) {
            return;
        }
        let mut tell = false;
        for entry in entries {
            if entry.to == self.me {
                tell |= self.hear_of_self(entry);
                continue;
            }
            match self.table.consider(ctx.config(), ctx.now(), from, entry) {
                News::Old => {}
                News::Tell => tell = true,
                News::Settles(span) => {
                    let (to, sequence) = (entry.to, entry.sequence);
                    ctx.set_timer(span, Timer::Settled { to, sequence });
                }
            }
        }
        if tell {
            self.trigger(ctx);
        }
    }

    /// Somebody took the route to this node for broken, or knows it from an earlier life: a newer number corrects that.
    fn hear_of_self(&mut self, entry: &Entry) -> bool {
        let is_newer = table::is_newer(entry.sequence, self.sequence);
        if is_newer {
            self.sequence = entry.sequence.wrapping_add(2) & !1;
            self.renumbered = true;
        }
        is_newer
    }

    /// Section 3, responding to topology changes: all routes over the neighbour are broken.
    fn lost(&mut self, ctx: &mut Ctx<'_, Self>, neighbour: NodeAddr) {
        if self.table.lose(neighbour) {
            self.trigger(ctx);
        }
    }

    fn forward(&mut self, ctx: &mut Ctx<'_, Self>, packet: Packet) {
        if packet.to == self.me {
            ctx.emit(Outcome::Delivered(packet));
            return;
        }
        let sensing = ctx.config().sensing;
        if let Some(next) = self
            .next_hop(packet.to)
            .filter(|next| Neighbours::is_missed(ctx, sensing, *next))
        {
            self.lost(ctx, next);
        }
        match self.next_hop(packet.to) {
            Some(next) => ctx.send(next, Msg::Data(packet)),
            None => ctx.emit(Outcome::Dropped(packet, Dropped::NoRoute)),
        }
    }
}

impl Protocol for DistanceVector {
    type Addr = NodeAddr;
    type Init = ();
    type Config = Config;
    type Msg = Msg;
    type Timer = Timer;
    type Command = packet::Send;
    type Event = Outcome;

    fn new(me: NodeAddr, (): (), _: &Config, _: StreamKey) -> Self {
        DistanceVector {
            me,
            sequence: 0,
            renumbered: true,
            table: Table::default(),
            neighbours: Neighbours::default(),
            update_is_set: false,
            quiet_until: SimTime::ZERO,
        }
    }

    fn on_start(&mut self, ctx: &mut Ctx<'_, Self>) {
        self.sequence = (ctx.now().as_nanos() / 1_000_000) as u32 & !1;
        // Nodes that start together dump at different times; each makes itself known at once.
        let phase = ctx.config().period.mul_f64(unit(ctx.rng()));
        ctx.set_timer(phase, Timer::Dump);
        self.trigger(ctx);
    }

    fn on_message(&mut self, ctx: &mut Ctx<'_, Self>, from: NodeAddr, msg: Msg) {
        match msg {
            Msg::Dump(entries) | Msg::Update(entries) => self.learn(ctx, from, &entries),
            Msg::Data(packet) => match packet.one_further() {
                Some(packet) => self.forward(ctx, packet),
                None => ctx.emit(Outcome::Dropped(packet, Dropped::HopLimit)),
            },
        }
    }

    fn on_timer(&mut self, ctx: &mut Ctx<'_, Self>, timer: Timer) {
        match timer {
            Timer::Dump => self.dump(ctx),
            Timer::Update => self.update(ctx),
            Timer::Settled { to, sequence } => {
                if self.table.settled(to, sequence) {
                    self.trigger(ctx);
                }
            }
        }
    }

    fn on_link(&mut self, ctx: &mut Ctx<'_, Self>, change: LinkChange<NodeAddr>) {
        if let (Sensing::Carrier, LinkChange::Down(neighbour)) = (ctx.config().sensing, change) {
            self.lost(ctx, neighbour);
        }
    }

    fn on_command(&mut self, ctx: &mut Ctx<'_, Self>, operation: OperationId, send: packet::Send) {
        self.forward(ctx, Packet::new(self.me, operation, send));
    }

    fn on_stop(&mut self, _: &mut Ctx<'_, Self>) {}
}
