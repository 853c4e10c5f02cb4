//! Packets before they leave: while their destination is looked up, or the node has no address.

use std::collections::BTreeMap;

use sim_core::addr::NodeAddr;
use sim_core::protocol::{Ctx, OperationId};
use sim_core::time::SimTime;

use super::address::{Group, TreeAddress};
use super::lookup::Wanted;
use super::wire::{Load, Way};
use super::{Config, Event, PeerNet};
use crate::packet::{Dropped, Outcome, Packet, Send};

/// What waits.
#[derive(Clone, Copy, Debug)]
enum Freight {
    /// A packet, and how many times it has been looked up on its way.
    Packet(Packet, u8),
    /// A packet for a group.
    Group(Packet, Wanted),
}

impl Freight {
    fn packet(self) -> Packet {
        match self {
            Freight::Packet(packet, _) | Freight::Group(packet, _) => packet,
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Held {
    freight: Freight,
    /// The lookup it waits for; none if it waits for the node's own address.
    lookup: Option<u32>,
    since: SimTime,
}

/// The packets that wait, and the addresses that need not be looked up.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    held: Vec<Held>,
    known: BTreeMap<NodeAddr, (TreeAddress, SimTime)>,
}

impl Waiting {
    fn take(&mut self, lookup: Option<u32>) -> Vec<Freight> {
        let taken = self.held.extract_if(.., |held| held.lookup == lookup);
        taken.map(|held| held.freight).collect()
    }

    pub(super) fn learn(&mut self, node: NodeAddr, address: TreeAddress, now: SimTime) {
        self.known.insert(node, (address, now));
    }
}

impl PeerNet {
    pub(super) fn send_packet(&mut self, ctx: &mut Ctx<'_, Self>, operation: OperationId, send: Send) {
        let packet = Packet::new(ctx.me(), operation, send);
        self.carry(ctx, packet, 0, None);
    }

    pub(super) fn send_to_group(
        &mut self,
        ctx: &mut Ctx<'_, Self>,
        operation: OperationId,
        group: Group,
        bytes: u32,
        all: bool,
    ) {
        let to = ctx.me();
        let packet = Packet::new(to, operation, Send { to, bytes });
        let wanted = if all {
            Wanted::All(group)
        } else {
            Wanted::Nearest(group)
        };
        self.hold_for(ctx, Freight::Group(packet, wanted), wanted, None);
    }

    /// Sends a packet on from here as soon as its destination's address is known: another one than `stale`.
    pub(super) fn carry(&mut self, ctx: &mut Ctx<'_, Self>, packet: Packet, looked_up: u8, stale: Option<TreeAddress>) {
        let lifetime = ctx.config().known_lifetime;
        let fresh = |(address, at): &(TreeAddress, SimTime)| Some(*address) != stale && ctx.now().since(*at) < lifetime;
        let known = self.waiting.known.get(&packet.to).copied().filter(fresh);
        match known {
            _ if packet.to == ctx.me() => ctx.emit(Event::Packet(Outcome::Delivered(packet))),
            Some((address, _)) if self.address.is_some() => {
                self.forward(ctx, Way::new(address, 0), Load::Packet(packet, looked_up));
            }
            _ => self.hold_for(ctx, Freight::Packet(packet, looked_up), Wanted::Node(packet.to), stale),
        }
    }

    /// Keeps a packet until its destination has been looked up, or first until the node has an address to look it up from.
    fn hold_for(&mut self, ctx: &mut Ctx<'_, Self>, freight: Freight, wanted: Wanted, stale: Option<TreeAddress>) {
        if self.waiting.held.len() >= ctx.config().buffer {
            return drop_packet(ctx, freight, Dropped::Waited);
        }
        let lookup = self.address.map(|_| self.lookups.number_for(wanted, stale));
        self.waiting.held.push(Held {
            freight,
            lookup: lookup.map(|(number, _)| number),
            since: ctx.now(),
        });
        if let Some((number, true)) = lookup {
            self.begin_lookup(ctx, number, wanted, stale, None);
        }
    }

    /// The node has an address: what waited for it is looked up.
    pub(super) fn release_all(&mut self, ctx: &mut Ctx<'_, Self>) {
        for freight in self.waiting.take(None) {
            match freight {
                Freight::Packet(packet, looked_up) => self.carry(ctx, packet, looked_up, None),
                Freight::Group(_, wanted) => self.hold_for(ctx, freight, wanted, None),
            }
        }
    }

    /// A lookup has ended: what waited for it leaves, or is dropped.
    pub(super) fn release(&mut self, ctx: &mut Ctx<'_, Self>, lookup: u32, found: &[(NodeAddr, TreeAddress)]) {
        let me = ctx.me();
        for freight in self.waiting.take(Some(lookup)) {
            // A multicast is for the others.
            let for_others = matches!(freight, Freight::Group(_, Wanted::All(_)));
            let mut alone = true;
            for &(node, address) in found.iter().filter(|(node, _)| !for_others || *node != me) {
                alone = false;
                let (packet, looked_up) = match freight {
                    Freight::Packet(packet, looked_up) => (packet, looked_up),
                    Freight::Group(packet, _) => (Packet { to: node, ..packet }, 0),
                };
                self.forward(ctx, Way::new(address, 0), Load::Packet(packet, looked_up));
            }
            if alone {
                drop_packet(ctx, freight, Dropped::NotFound);
            }
        }
    }

    /// Once a hello: drops what has waited for the node's address for as long as a lookup may take, and forgets old addresses.
    pub(super) fn waiting_expired(&mut self, ctx: &mut Ctx<'_, Self>) {
        let (now, config): (_, &Config) = (ctx.now(), ctx.config());
        let patience = config.request_timeout * u64::from(config.lookup_tries);
        let late = |held: &mut Held| held.lookup.is_none() && now.since(held.since) >= patience;
        let late: Vec<_> = self.waiting.held.extract_if(.., late).collect();
        for held in late {
            drop_packet(ctx, held.freight, Dropped::Waited);
        }
        self.waiting
            .known
            .retain(|_, (_, at)| now.since(*at) < config.known_lifetime);
    }
}

fn drop_packet(ctx: &mut Ctx<'_, PeerNet>, freight: Freight, why: Dropped) {
    ctx.emit(Event::Packet(Outcome::Dropped(freight.packet(), why)));
}
