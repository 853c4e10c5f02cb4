//! Who comes, who goes, and when: the population of hosts, whatever runs on them.
//!
//! A [`Population`] does nothing by itself. It is told what is due, and answers with what happens now and what is due later
//! ([`Changes`]); the world of the run starts and stops nodes, and keeps the calendar.

mod process;

use sim_core::addr::NodeAddr;
use sim_core::churn::{Churn, ChurnModel, InitialState, Timetable};
use sim_core::math;
use sim_core::network::Hosts;
use sim_core::random::{NodeRng, StreamKey, unit};
use sim_core::time::{SimDuration, SimTime};
use sim_core::world::Departure;

use super::measure::Measured;
use crate::scenario::{Arrivals, BringUp, FlashCrowd, MassFailureSpec, Point};
use process::Processes;
pub(super) use process::Pulse;

/// What is due of comings and goings.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Coming {
    /// A host of the first population comes.
    BringUp(NodeAddr),
    /// A host comes, or returns, by the churn model.
    Arrive(NodeAddr),
    /// A session ends: that of this arrival of the host.
    Depart(NodeAddr, u32),
    /// Many fail at once: which of the failures.
    MassFailure(usize),
    /// A process of the whole network has an event.
    Pulse(Pulse),
}

/// A host that comes or goes with all of its nodes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Move {
    /// It comes, for the so manieth time.
    Comes(NodeAddr, u32),
    /// It goes.
    Goes(NodeAddr, Departure),
}

/// What happens now, in this order, and what is due later.
#[derive(Default, Debug)]
pub(super) struct Changes {
    pub(super) moves: Vec<Move>,
    pub(super) due: Vec<(SimDuration, Coming)>,
}

/// How long a host that comes will stay.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Session {
    /// Until what is in the calendar already.
    Planned,
    /// As the timetable of the host has it.
    ByTimetable,
    /// So long.
    Lasting(SimDuration),
}

/// The distance of a host from a place.
pub(super) type Distance = Box<dyn Fn(NodeAddr, [f64; 2]) -> f64 + Send>;

/// A host, which comes and goes with all of its nodes.
pub(super) struct Machine {
    /// Counts arrivals, so that what was planned for one does not befall the next.
    arrivals: u32,
    pub(super) up: bool,
    /// When it last came.
    since: SimTime,
    /// Where the churn model has it stand when churn begins.
    pub(super) first: InitialState,
    churn: NodeRng,
}

/// The hosts of a run, up or down.
pub(super) struct Population {
    /// Which nodes share a host.
    hosts: Hosts,
    bring_up: BringUp,
    /// The hosts that a churn model holds for: the first ones; the others are those of a flash crowd.
    residents: u32,
    churn_start: SimTime,
    mass_failures: Vec<MassFailureSpec>,
    flash_crowd: Option<FlashCrowd>,
    streams: StreamKey,
    timetable: Timetable,
    /// What decides for the whole network who comes and goes, if anything does.
    processes: Option<Box<Processes>>,
    machines: Vec<Machine>,
    /// Those that stand at time zero, in ascending order.
    founders: Vec<NodeAddr>,
    /// How many hosts there are when all of the first population have come, and how many of their arrivals have been planned.
    first_population: u32,
    brought_up: u32,
    /// The randomness of arrivals.
    arrivals: NodeRng,
    /// How far a host lies from the places of regional failures, if there are any.
    distance: Option<Distance>,
}

impl Population {
    /// What is kept of a host.
    pub(super) const HOST_BYTES: usize = size_of::<Machine>();

    /// The population of a point before anything happens. Where hosts join, as many nodes found the network as the scenario says,
    /// or `founders`.
    pub(super) fn new(point: &Point, founders: u32, streams: StreamKey, distance: Option<Distance>) -> Self {
        let (hosts, residents) = (point.hosts(), point.churn.places);
        let begins = point.churn.start.since(SimTime::ZERO);
        let timetable = Timetable::new(point.churn.churn.clone(), residents, begins, streams);
        let machine = |host: NodeAddr| {
            let mut churn = Churn::stream(streams, host).rng();
            let first = if host.0 < residents {
                timetable.initial(host, &mut churn)
            } else {
                InitialState {
                    up: false,
                    remaining: ChurnModel::NEVER,
                }
            };
            Machine {
                arrivals: 0,
                up: false,
                since: SimTime::ZERO,
                first,
                churn,
            }
        };
        let all = (0..hosts.count(point.nodes)).map(NodeAddr);
        let machines: Vec<Machine> = all.clone().map(machine).collect();
        let founds = |host: &NodeAddr| match point.bring_up {
            BringUp::Bulk | BringUp::Cold => machines[host.index()].first.up,
            BringUp::Joins { founders: said, .. } => {
                let founders = hosts.count(said.unwrap_or(founders));
                host.0 < founders.min(residents)
            }
        };
        let reserved = |host: NodeAddr| machines[host.index()].first.up || founds(&host);
        let first_population = all.clone().filter(|host| reserved(*host)).count() as u32;
        let founders = all.filter(founds).collect();
        let processes = Processes::of(timetable.churn().model(), residents, reserved, streams);
        Population {
            hosts,
            bring_up: point.bring_up,
            residents,
            churn_start: point.churn.start,
            mass_failures: point.mass_failures.clone(),
            flash_crowd: point.flash_crowd,
            streams,
            timetable,
            processes,
            machines,
            founders,
            first_population,
            brought_up: 0,
            arrivals: streams.purpose("arrivals").rng(),
            distance,
        }
    }

    /// The hosts that stand at time zero, in ascending order.
    pub(super) fn founders(&self) -> &[NodeAddr] {
        &self.founders
    }

    /// Which nodes share a host.
    pub(super) fn hosts(&self) -> Hosts {
        self.hosts
    }

    /// The host of a node.
    pub(super) fn machine(&self, node: NodeAddr) -> &Machine {
        &self.machines[self.hosts.of(node).index()]
    }

    /// Whether a node is up: its host is.
    pub(super) fn is_up(&self, node: NodeAddr) -> bool {
        self.machine(node).up
    }

    /// The randomness of arrivals, for whom newcomers turn to.
    pub(super) fn arrivals(&mut self) -> &mut NodeRng {
        &mut self.arrivals
    }

    /// From now on regional failures are of those who are nearest by these distances: for hosts that move.
    pub(super) fn set_distance(&mut self, distance: Distance) {
        self.distance = Some(distance);
    }

    /// When those came who are up, at the end of the run.
    pub(super) fn under_way(&self) -> impl Iterator<Item = SimTime> {
        let up = self.machines.iter().filter(|machine| machine.up);
        up.map(|machine| machine.since)
    }

    /// Time zero: the founders come, which the world starts itself, and what will happen to everybody is planned.
    pub(super) fn open(&mut self, measured: &mut Measured) -> Vec<(SimDuration, Coming)> {
        let mut due = Vec::new();
        for host in 0..self.machines.len() as u32 {
            self.plan_first_session(NodeAddr(host), &mut due);
        }
        for host in self.founders.clone() {
            self.machine_up(SimTime::ZERO, host, measured);
        }
        due
    }

    /// Plans the mass failures.
    pub(super) fn plan_failures(&self) -> impl Iterator<Item = (SimDuration, Coming)> {
        let failures = self.mass_failures.iter().enumerate();
        failures.map(|(number, spec)| (spec.failure.at().since(SimTime::ZERO), Coming::MassFailure(number)))
    }

    /// What comes of something that is due.
    pub(super) fn turn(&mut self, now: SimTime, coming: Coming, measured: &mut Measured) -> Changes {
        let mut changes = Changes::default();
        match coming {
            Coming::BringUp(host) => self.arrive(now, host, Session::Planned, measured, &mut changes),
            Coming::Arrive(host) => self.arrive(now, host, Session::ByTimetable, measured, &mut changes),
            Coming::Depart(host, arrival) => {
                let machine = &self.machines[host.index()];
                if machine.up && machine.arrivals == arrival {
                    let departure = self.manner(host);
                    self.leave(now, host, departure, measured, &mut changes);
                }
            }
            Coming::MassFailure(number) => self.fail_many(now, number, measured, &mut changes),
            Coming::Pulse(pulse) => self.pulse(now, pulse, measured, &mut changes),
        }
        changes
    }

    fn plan_first_session(&mut self, host: NodeAddr, due: &mut Vec<(SimDuration, Coming)>) {
        if let Some(crowd) = self.crowd_of(host) {
            let part = self.streams.purpose("flash crowd").index(u64::from(host.0)).unit();
            let delay = crowd.at.since(SimTime::ZERO) + crowd.over.mul_f64(part);
            due.push((delay, Coming::Arrive(host)));
            return;
        }
        let machine = &mut self.machines[host.index()];
        let InitialState { up, remaining } = machine.first;
        // Founders are up whatever the churn model would have had them be: without them there is nobody to join.
        let founder = self.founders.binary_search(&host).is_ok();
        let planned = if up {
            self.change(SimTime::ZERO, Coming::Depart(host, 1), remaining)
        } else if founder {
            let session = self.timetable.founder_session(&mut machine.churn);
            self.change(SimTime::ZERO, Coming::Depart(host, 1), session)
        } else {
            self.change(SimTime::ZERO, Coming::Arrive(host), remaining)
        };
        due.extend(planned);
        if let BringUp::Joins { over, arrivals, .. } = self.bring_up
            && up
            && !founder
        {
            let share = self.arrival(arrivals);
            due.push((over.mul_f64(share), Coming::BringUp(host)));
        }
    }

    /// The flash crowd, if the host is one of its.
    fn crowd_of(&self, host: NodeAddr) -> Option<FlashCrowd> {
        self.flash_crowd.filter(|_| host.0 >= self.residents)
    }

    /// How long churn has gone on.
    fn since_start(&self, now: SimTime) -> SimDuration {
        now.since(self.churn_start)
    }

    /// When the next host of the first population arrives, as a part of the time that all of them take.
    fn arrival(&mut self, arrivals: Arrivals) -> f64 {
        let part = unit(&mut self.arrivals);
        let founders = self.founders.len() as f64;
        let size = founders + f64::from(self.brought_up) + part;
        self.brought_up += 1;
        match arrivals {
            Arrivals::Growing => math::ln(size / founders) / math::ln(f64::from(self.first_population) / founders),
            Arrivals::Uniform => part,
        }
    }

    /// A change of the churn model, counted from the start of churn, unless it never comes.
    fn change(&self, now: SimTime, coming: Coming, remaining: SimDuration) -> Option<(SimDuration, Coming)> {
        (remaining < ChurnModel::NEVER).then(|| (self.churn_start.since(now) + remaining, coming))
    }

    fn machine_up(&mut self, now: SimTime, host: NodeAddr, measured: &mut Measured) {
        let machine = &mut self.machines[host.index()];
        machine.up = true;
        machine.arrivals += 1;
        machine.since = now;
        measured.population(now, i64::from(self.hosts.per_host()));
        measured.comings.came(now);
        if let Some(processes) = self.processes.as_mut().filter(|_| host.0 < self.residents) {
            processes.up.insert(host);
        }
    }

    /// A host comes with its nodes, and its departure is planned unless it has been.
    fn arrive(
        &mut self,
        now: SimTime,
        host: NodeAddr,
        session: Session,
        measured: &mut Measured,
        changes: &mut Changes,
    ) {
        self.machine_up(now, host, measured);
        measured.arrivals += u64::from(self.hosts.per_host());
        let arrivals = self.machines[host.index()].arrivals;
        let leaves = Coming::Depart(host, arrivals);
        let planned = match (session, self.crowd_of(host)) {
            (Session::Planned, _) => None,
            (_, Some(crowd)) => {
                let rng = &mut self.machines[host.index()].churn;
                crowd.stay.map(|stay| (stay.sample(rng), leaves))
            }
            (Session::ByTimetable, None) => {
                let so_far = self.since_start(now);
                let rng = &mut self.machines[host.index()].churn;
                let session = self.timetable.next_up(host, so_far, rng);
                self.change(now, leaves, session)
            }
            (Session::Lasting(session), None) => self.change(now, leaves, session),
        };
        changes.due.extend(planned);
        changes.moves.push(Move::Comes(host, arrivals));
    }

    /// How a host leaves that churn takes down now.
    fn manner(&mut self, host: NodeAddr) -> Departure {
        let crowd = self.crowd_of(host);
        let rng = &mut self.machines[host.index()].churn;
        let is_graceful = match crowd {
            Some(crowd) => unit(rng) < crowd.graceful,
            None => self.timetable.churn().is_graceful(rng),
        };
        departure(is_graceful)
    }

    fn leave(
        &mut self,
        now: SimTime,
        host: NodeAddr,
        departure: Departure,
        measured: &mut Measured,
        changes: &mut Changes,
    ) {
        let (so_far, crowd) = (self.since_start(now), self.crowd_of(host));
        let machine = &mut self.machines[host.index()];
        machine.up = false;
        let since = machine.since;
        // Nobody of a crowd returns.
        let absence = match crowd {
            Some(_) => ChurnModel::NEVER,
            None => self.timetable.next_down(host, so_far, &mut machine.churn),
        };
        let nodes = u64::from(self.hosts.per_host());
        measured.population(now, -(nodes as i64));
        measured.comings.left(now, since);
        match departure {
            Departure::Graceful => measured.graceful_departures += nodes,
            Departure::Silent => measured.silent_departures += nodes,
        }
        if let Some(processes) = self.processes.as_mut().filter(|_| crowd.is_none()) {
            processes.up.remove(host);
            processes.free.push_back(host);
        }
        changes.moves.push(Move::Goes(host, departure));
        changes.due.extend(self.change(now, Coming::Arrive(host), absence));
    }

    fn fail_many(&mut self, now: SimTime, number: usize, measured: &mut Measured, changes: &mut Changes) {
        let spec = self.mass_failures[number];
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
            self.leave(now, host, departure(is_graceful), measured, changes);
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
