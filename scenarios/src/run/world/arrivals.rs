//! Who comes, who goes, and when.

use std::collections::BTreeSet;

use sim_core::addr::NodeAddr;
use sim_core::churn::{ChurnModel, InitialState};
use sim_core::math;
use sim_core::random::StreamKey;
use sim_core::time::{SimDuration, SimTime};
use sim_core::world::{Control, Departure};

use super::{ScenarioWorld, Turn};
use crate::overlays::{ConfigOf, Overlay};
use crate::scenario::{Arrivals, BringUp, MassFailureSpec};

/// How often joins are looked for that must be begun again.
pub(super) const REVIEW_PERIOD: SimDuration = SimDuration::from_secs(5);

impl<O: Overlay> ScenarioWorld<O> {
    pub(super) fn plan_first_session(&mut self, control: &mut Control<'_, O::Protocol, Turn>, addr: NodeAddr) {
        let place = &mut self.places[addr.index()];
        let InitialState { up, remaining } = place.first;
        // Founders are up whatever the churn model would have had them be: without them there is nobody to join.
        let founder = self
            .founders
            .binary_search_by_key(&addr, |(_, founder)| *founder)
            .is_ok();
        if up {
            self.schedule_change(control, Turn::Depart(addr, 1), remaining);
        } else if founder {
            let session = self.plan.churn.model().next_up(&mut place.churn);
            self.schedule_change(control, Turn::Depart(addr, 1), session);
        } else {
            self.schedule_change(control, Turn::Arrive(addr), remaining);
        }
        if let BringUp::Joins { over, arrivals, .. } = self.plan.bring_up
            && up
            && !founder
        {
            let share = self.arrival(arrivals);
            control.schedule(over.mul_f64(share), Turn::BringUp(addr));
        }
    }

    /// When the next node of the first population arrives, as a part of the time that all of them take.
    pub(super) fn arrival(&mut self, arrivals: Arrivals) -> f64 {
        let part = sim_core::random::unit(&mut self.arrivals);
        let founders = self.founders.len() as f64;
        let size = founders + f64::from(self.brought_up) + part;
        self.brought_up += 1;
        match arrivals {
            Arrivals::Growing => math::ln(size / founders) / math::ln(f64::from(self.first_population) / founders),
            Arrivals::Uniform => part,
        }
    }

    /// Schedules a change of the churn model, counted from the start of churn.
    pub(super) fn schedule_change(
        &self,
        control: &mut Control<'_, O::Protocol, Turn>,
        turn: Turn,
        remaining: SimDuration,
    ) {
        if remaining < ChurnModel::NEVER {
            control.schedule(self.plan.churn_start.since(control.now()) + remaining, turn);
        }
    }

    pub(super) fn place_up(&mut self, now: SimTime, addr: NodeAddr) {
        let place = &mut self.places[addr.index()];
        place.up = true;
        place.arrivals += 1;
        self.measured.population(now, 1);
    }

    /// A node comes: for the first time, its session having been planned, or by the churn model, which plans it now.
    pub(super) fn arrive(&mut self, control: &mut Control<'_, O::Protocol, Turn>, addr: NodeAddr, planned: bool) {
        self.place_up(control.now(), addr);
        self.measured.arrivals += 1;
        let arrivals = self.places[addr.index()].arrivals;
        if arrivals > 1 {
            let id = fresh_identifier::<O>(&self.config, self.streams, addr, arrivals, &self.identifiers);
            let former = std::mem::replace(&mut self.places[addr.index()].id, id);
            self.identifiers.remove(&former);
            self.identifiers.insert(id);
        }
        if !planned {
            let session = self.plan.churn.model().next_up(&mut self.places[addr.index()].churn);
            self.schedule_change(control, Turn::Depart(addr, arrivals), session);
        }
        self.join(control, addr);
    }

    /// Begins a join through a random member. Where there is none, since all have left or have lost each other, the node
    /// begins an overlay anew.
    pub(super) fn join(&mut self, control: &mut Control<'_, O::Protocol, Turn>, addr: NodeAddr) {
        let id = self.places[addr.index()].id;
        self.joining
            .insert(addr, control.now() + O::join_patience(&self.config));
        match self.members.random(&mut self.arrivals) {
            Some(bootstrap) => control.start(addr, O::joining(&self.config, id, bootstrap)),
            // A founder is heard of when the world's event has ended: until then, one is enough.
            None if self.founding == Some(control.now()) => {
                self.joining.insert(addr, control.now());
            }
            None => {
                self.founding = Some(control.now());
                for init in O::perfect(&self.config, &[(id, addr)]) {
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

    pub(super) fn depart(&mut self, control: &mut Control<'_, O::Protocol, Turn>, addr: NodeAddr, arrival: u32) {
        let place = &mut self.places[addr.index()];
        if !place.up || place.arrivals != arrival {
            return;
        }
        let departure = if self.plan.churn.is_graceful(&mut place.churn) {
            Departure::Graceful
        } else {
            Departure::Silent
        };
        self.leave(control, addr, departure);
    }

    pub(super) fn leave(&mut self, control: &mut Control<'_, O::Protocol, Turn>, addr: NodeAddr, departure: Departure) {
        let place = &mut self.places[addr.index()];
        place.up = false;
        let absence = self.plan.churn.model().next_down(&mut place.churn);
        self.members.remove(addr);
        self.joining.remove(&addr);
        self.measured.population(control.now(), -1);
        match departure {
            Departure::Graceful => self.measured.graceful_departures += 1,
            Departure::Silent => self.measured.silent_departures += 1,
        }
        control.stop(addr, departure);
        self.schedule_change(control, Turn::Arrive(addr), absence);
    }

    pub(super) fn fail_many(&mut self, control: &mut Control<'_, O::Protocol, Turn>) {
        let Some(MassFailureSpec { failure, graceful }) = self.plan.mass_failure else {
            return;
        };
        let hosts = self.plan.hosts;
        let is_up = |addr: &NodeAddr| self.places[addr.index()].up;
        let up: Vec<NodeAddr> = (0..hosts.count(self.plan.nodes))
            .map(NodeAddr)
            .filter(|host| hosts.nodes(*host).any(|node| is_up(&node)))
            .collect();
        let streams = self.streams.purpose("mass failure");
        for host in failure.victims(&up, streams.index(0)) {
            let departure = if streams.index(1).index(u64::from(host.0)).unit() < graceful {
                Departure::Graceful
            } else {
                Departure::Silent
            };
            for addr in hosts.nodes(host) {
                // While nodes still come for the first time, those of one host come one by one.
                if self.places[addr.index()].up {
                    self.leave(control, addr, departure);
                }
            }
        }
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
