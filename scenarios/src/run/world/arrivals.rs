//! Who comes, who goes, and when.

use std::collections::BTreeSet;

use sim_core::addr::NodeAddr;
use sim_core::churn::{ChurnModel, InitialState};
use sim_core::math;
use sim_core::random::{StreamKey, unit};
use sim_core::time::{SimDuration, SimTime};
use sim_core::world::{Control, Departure};

use super::{ScenarioWorld, Turn};
use crate::overlays::{ConfigOf, Overlay};
use crate::scenario::{Arrivals, BringUp, FlashCrowd, Returning};

/// How often joins are looked for that must be begun again.
pub(super) const REVIEW_PERIOD: SimDuration = SimDuration::from_secs(5);

/// How long a host that comes will stay.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Session {
    /// Until what is in the calendar already.
    Planned,
    /// As the timetable of the host has it.
    ByTimetable,
    /// So long.
    Lasting(SimDuration),
}

impl<O: Overlay> ScenarioWorld<O> {
    pub(super) fn plan_first_session(&mut self, control: &mut Control<'_, O::Protocol, Turn>, host: NodeAddr) {
        if let Some(crowd) = self.crowd_of(host) {
            let part = self.streams.purpose("flash crowd").index(u64::from(host.0)).unit();
            control.schedule(
                crowd.at.since(SimTime::ZERO) + crowd.over.mul_f64(part),
                Turn::Arrive(host),
            );
            return;
        }
        let machine = &mut self.machines[host.index()];
        let InitialState { up, remaining } = machine.first;
        // Founders are up whatever the churn model would have had them be: without them there is nobody to join.
        let founder = self
            .founders
            .binary_search_by_key(&host, |(_, founder)| self.plan.hosts.of(*founder))
            .is_ok();
        if up {
            self.schedule_change(control, Turn::Depart(host, 1), remaining);
        } else if founder {
            let session = self.timetable.founder_session(&mut machine.churn);
            self.schedule_change(control, Turn::Depart(host, 1), session);
        } else {
            self.schedule_change(control, Turn::Arrive(host), remaining);
        }
        if let BringUp::Joins { over, arrivals, .. } = self.plan.bring_up
            && up
            && !founder
        {
            let share = self.arrival(arrivals);
            control.schedule(over.mul_f64(share), Turn::BringUp(host));
        }
    }

    /// The flash crowd, if the host is one of its.
    fn crowd_of(&self, host: NodeAddr) -> Option<FlashCrowd> {
        self.plan.flash_crowd.filter(|_| host.0 >= self.plan.residents)
    }

    /// How long churn has gone on.
    fn since_start(&self, now: SimTime) -> SimDuration {
        now.since(self.plan.churn_start)
    }

    /// When the next host of the first population arrives, as a part of the time that all of them take.
    pub(super) fn arrival(&mut self, arrivals: Arrivals) -> f64 {
        let part = sim_core::random::unit(&mut self.arrivals);
        let founders = f64::from(self.plan.hosts.count(self.founders.len() as u32));
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

    pub(super) fn machine_up(&mut self, now: SimTime, host: NodeAddr) {
        let machine = &mut self.machines[host.index()];
        machine.up = true;
        machine.arrivals += 1;
        machine.since = now;
        self.measured.population(now, i64::from(self.plan.hosts.per_host()));
        self.measured.comings.came(now);
        if let Some(processes) = self.processes.as_mut().filter(|_| host.0 < self.plan.residents) {
            processes.up.insert(host);
        }
    }

    /// A host comes with its nodes, and its departure is planned unless it has been.
    pub(super) fn arrive(&mut self, control: &mut Control<'_, O::Protocol, Turn>, host: NodeAddr, session: Session) {
        self.machine_up(control.now(), host);
        self.measured.arrivals += u64::from(self.plan.hosts.per_host());
        let arrivals = self.machines[host.index()].arrivals;
        if arrivals > 1 && self.plan.returning == Returning::NewId {
            for addr in self.plan.hosts.nodes(host) {
                let id = fresh_identifier::<O>(&self.config, self.streams, addr, arrivals, &self.identifiers);
                let former = std::mem::replace(&mut self.ids[addr.index()], id);
                self.identifiers.remove(&former);
                self.identifiers.insert(id);
            }
        }
        let leaves = Turn::Depart(host, arrivals);
        match (session, self.crowd_of(host)) {
            (Session::Planned, _) => {}
            (_, Some(crowd)) => {
                let stay = crowd
                    .stay
                    .map(|stay| stay.sample(&mut self.machines[host.index()].churn));
                if let Some(stay) = stay {
                    control.schedule(stay, leaves);
                }
            }
            (Session::ByTimetable, None) => {
                let so_far = self.since_start(control.now());
                let rng = &mut self.machines[host.index()].churn;
                let session = self.timetable.next_up(host, so_far, rng);
                self.schedule_change(control, leaves, session);
            }
            (Session::Lasting(session), None) => self.schedule_change(control, leaves, session),
        }
        for addr in self.plan.hosts.nodes(host) {
            self.join(control, addr);
        }
    }

    /// Begins a join through a random member. Where there is none, since all have left or have lost each other, the node
    /// begins an overlay anew.
    pub(super) fn join(&mut self, control: &mut Control<'_, O::Protocol, Turn>, addr: NodeAddr) {
        let id = self.ids[addr.index()];
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

    pub(super) fn depart(&mut self, control: &mut Control<'_, O::Protocol, Turn>, host: NodeAddr, arrival: u32) {
        let machine = &self.machines[host.index()];
        if machine.up && machine.arrivals == arrival {
            let departure = self.manner(host);
            self.leave(control, host, departure);
        }
    }

    /// How a host leaves that churn takes down now.
    pub(super) fn manner(&mut self, host: NodeAddr) -> Departure {
        let crowd = self.crowd_of(host);
        let rng = &mut self.machines[host.index()].churn;
        let is_graceful = match crowd {
            Some(crowd) => unit(rng) < crowd.graceful,
            None => self.timetable.churn().is_graceful(rng),
        };
        departure(is_graceful)
    }

    pub(super) fn leave(&mut self, control: &mut Control<'_, O::Protocol, Turn>, host: NodeAddr, departure: Departure) {
        let now = control.now();
        let (so_far, crowd) = (self.since_start(now), self.crowd_of(host));
        let machine = &mut self.machines[host.index()];
        machine.up = false;
        let since = machine.since;
        // Nobody of a crowd returns.
        let absence = match crowd {
            Some(_) => ChurnModel::NEVER,
            None => self.timetable.next_down(host, so_far, &mut machine.churn),
        };
        self.measured.population(now, -i64::from(self.plan.hosts.per_host()));
        self.measured.comings.left(now, since);
        if let Some(processes) = self.processes.as_mut().filter(|_| crowd.is_none()) {
            processes.up.remove(host);
            processes.free.push_back(host);
        }
        for addr in self.plan.hosts.nodes(host) {
            self.members.remove(addr);
            self.joining.remove(&addr);
            match departure {
                Departure::Graceful => self.measured.graceful_departures += 1,
                Departure::Silent => self.measured.silent_departures += 1,
            }
            control.stop(addr, departure);
        }
        self.schedule_change(control, Turn::Arrive(host), absence);
    }

    pub(super) fn fail_many(&mut self, control: &mut Control<'_, O::Protocol, Turn>, number: usize) {
        let spec = self.plan.mass_failures[number];
        let hosts = (0..self.machines.len() as u32).map(NodeAddr);
        let up: Vec<NodeAddr> = hosts.filter(|host| self.machines[host.index()].up).collect();
        let streams = self.streams.purpose("mass failure");
        // Each failure has two streams of its own.
        let (ranks, manners) = (streams.index(2 * number as u64), streams.index(2 * number as u64 + 1));
        let victims = match (spec.nearest_to, &self.distance) {
            (Some(place), Some(distance)) => spec.failure.nearest(&up, |host| distance(host, place)),
            _ => spec.failure.victims(&up, ranks),
        };
        for host in victims {
            let is_graceful = manners.index(u64::from(host.0)).unit() < spec.graceful;
            self.leave(control, host, departure(is_graceful));
        }
    }
}

fn departure(is_graceful: bool) -> Departure {
    if is_graceful {
        Departure::Graceful
    } else {
        Departure::Silent
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
