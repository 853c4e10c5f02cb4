//! What nodes do when their hosts come and go: they join the overlay, and leave it.

use std::collections::BTreeSet;

use sim_core::addr::NodeAddr;
use sim_core::protocol::Protocol;
use sim_core::random::StreamKey;
use sim_core::time::{SimDuration, SimTime};
use sim_core::world::{Control, Departure};

use super::{ScenarioWorld, Turn};
use crate::overlays::{ConfigOf, Overlay};
use crate::run::population::{Coming, Move};
use crate::scenario::Returning;

/// How often joins are looked for that must be begun again.
pub(super) const REVIEW_PERIOD: SimDuration = SimDuration::from_secs(5);

impl<O: Overlay> ScenarioWorld<O> {
    /// Something is due of comings and goings.
    pub(super) fn come_and_go(&mut self, control: &mut Control<'_, O::Protocol, Turn>, coming: Coming) {
        let changes = self.population.turn(control.now(), coming, &mut self.measured);
        schedule(control, changes.due);
        for change in changes.moves {
            match change {
                Move::Comes(host, arrivals) => self.arrive(control, host, arrivals),
                Move::Goes(host, departure) => self.leave(control, host, departure),
            }
        }
    }

    /// A host comes with its nodes.
    fn arrive(&mut self, control: &mut Control<'_, O::Protocol, Turn>, host: NodeAddr, arrivals: u32) {
        let hosts = self.population.hosts();
        if arrivals > 1 && self.plan.returning == Returning::NewId {
            for addr in hosts.nodes(host) {
                let id = fresh_identifier::<O>(&self.config, self.streams, addr, arrivals, &self.identifiers);
                let former = std::mem::replace(&mut self.ids[addr.index()], id);
                self.identifiers.remove(&former);
                self.identifiers.insert(id);
            }
        }
        for addr in hosts.nodes(host) {
            self.join(control, addr);
        }
    }

    /// Begins a join through a random member. Where there is none, since all have left or have lost each other, the node
    /// begins an overlay anew.
    pub(super) fn join(&mut self, control: &mut Control<'_, O::Protocol, Turn>, addr: NodeAddr) {
        let id = self.ids[addr.index()];
        self.joining
            .insert(addr, control.now() + O::join_patience(&self.config));
        match self.members.random(self.population.arrivals()) {
            Some(bootstrap) => control.start(addr, O::joining(&self.config, id, bootstrap)),
            // A founder is heard of when the world's event has ended: until then, one is enough.
            None if self.founding == Some(control.now()) => {
                self.joining.insert(addr, control.now());
            }
            None => {
                self.founding = Some(control.now());
                for init in self.perfect(&[(id, addr)]) {
                    control.start(addr, init);
                }
            }
        }
    }

    pub(super) fn review(&mut self, control: &mut Control<'_, O::Protocol, Turn>) {
        let due = |(addr, due): (&NodeAddr, &SimTime)| (*due <= control.now()).then_some(*addr);
        let overdue: Vec<NodeAddr> = self.joining.iter().filter_map(due).collect();
        for addr in overdue {
            self.measured.restarted_joins += 1;
            self.join(control, addr);
        }
        control.schedule(REVIEW_PERIOD, Turn::Review);
    }

    fn leave(&mut self, control: &mut Control<'_, O::Protocol, Turn>, host: NodeAddr, departure: Departure) {
        for addr in self.population.hosts().nodes(host) {
            self.members.remove(addr);
            self.joining.remove(&addr);
            control.stop(addr, departure);
        }
    }
}

/// Puts what is due later into the calendar.
pub(super) fn schedule<P: Protocol<Addr = NodeAddr>>(
    control: &mut Control<'_, P, Turn>,
    due: impl IntoIterator<Item = (SimDuration, Coming)>,
) {
    for (delay, coming) in due {
        control.schedule(delay, Turn::Coming(coming));
    }
}

/// An identifier that nobody has: the first free one of the node's own stream.
pub(super) fn fresh_identifier<O: Overlay>(
    config: &ConfigOf<O>,
    streams: StreamKey,
    addr: NodeAddr,
    arrival: u32,
    taken: &BTreeSet<u128>,
) -> u128 {
    let stream = streams
        .purpose("identifier")
        .index(u64::from(addr.0))
        .index(u64::from(arrival));
    let mut candidates = (0..).map(|attempt| O::identifier(config, stream.index(attempt)));
    candidates.find(|id| !taken.contains(id)).unwrap_or_default()
}
