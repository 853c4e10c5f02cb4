//! Comings and goings that are processes of the whole network.

use std::collections::VecDeque;

use sim_core::addr::NodeAddr;
use sim_core::churn::ChurnModel;
use sim_core::random::{NodeRng, StreamKey, unit};
use sim_core::time::{SimDuration, SimTime};

use super::{Changes, Coming, Population, Session};
use crate::run::measure::Measured;

/// An event of such a process.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::run) enum Pulse {
    /// Somebody leaves, and somebody else comes at once.
    Replace,
    /// Somebody comes.
    Join,
    /// Somebody leaves.
    Leave,
    /// Somebody comes for a session.
    Newcomer,
}

/// What the processes keep.
pub(super) struct Processes {
    /// Who is up.
    pub(super) up: Roster,
    /// The hosts that are free, that which has been so longest first.
    pub(super) free: VecDeque<NodeAddr>,
    /// When somebody comes.
    joins: NodeRng,
    /// When somebody leaves, and who.
    departures: NodeRng,
    /// Whether the next event of their process is a newcomer; otherwise it is only time to draw on.
    newcomer_due: bool,
    /// How many came for a session, refused ones included.
    newcomers: u64,
}

impl Processes {
    /// Those of a model, if it has any, over so many hosts, of which some are reserved for those that are up at the start.
    pub(super) fn of(
        model: &ChurnModel,
        hosts: u32,
        reserved: impl Fn(NodeAddr) -> bool,
        streams: StreamKey,
    ) -> Option<Box<Self>> {
        match model {
            ChurnModel::None | ChurnModel::Sessions(_) | ChurnModel::Trace(..) => None,
            ChurnModel::Replacement { .. }
            | ChurnModel::Rates { .. }
            | ChurnModel::Alternating { .. }
            | ChurnModel::Arrivals(_) => Some(Box::new(Processes {
                up: Roster::new(hosts),
                free: (0..hosts).map(NodeAddr).filter(|host| !reserved(*host)).collect(),
                joins: streams.purpose("joins").rng(),
                departures: streams.purpose("departures").rng(),
                newcomer_due: false,
                newcomers: 0,
            })),
        }
    }
}

impl Population {
    /// The first event of each process.
    pub(in crate::run) fn begin_processes(&mut self) -> Vec<(SimDuration, Coming)> {
        let pulses: &[Pulse] = match self.timetable.churn().model() {
            ChurnModel::Replacement { .. } => &[Pulse::Replace],
            ChurnModel::Rates { .. } => &[Pulse::Join, Pulse::Leave],
            ChurnModel::Alternating { .. } => &[Pulse::Join],
            ChurnModel::Arrivals(_) => &[Pulse::Newcomer],
            ChurnModel::None | ChurnModel::Sessions(_) | ChurnModel::Trace(..) => &[],
        };
        let first = pulses.iter().filter_map(|pulse| self.next_pulse(SimTime::ZERO, *pulse));
        first.collect()
    }

    /// The next event of a process; the first is counted from the start of churn.
    fn next_pulse(&mut self, now: SimTime, pulse: Pulse) -> Option<(SimDuration, Coming)> {
        let processes = self.processes.as_mut()?;
        let from = now.max(self.churn_start);
        let since_zero = SimDuration::from_nanos(from.as_nanos());
        let pause = match (self.timetable.churn().model(), pulse) {
            (ChurnModel::Rates { departures, .. }, Pulse::Leave) => departures.pause(&mut processes.departures),
            (
                ChurnModel::Replacement { process, .. }
                | ChurnModel::Rates { joins: process, .. }
                | ChurnModel::Alternating { process, .. },
                _,
            ) => process.pause(&mut processes.joins),
            (ChurnModel::Arrivals(arrivals), _) => {
                let (pause, comes) = arrivals.pause(since_zero, &mut processes.joins);
                processes.newcomer_due = comes;
                pause
            }
            _ => return None,
        };
        self.change(now, Coming::Pulse(pulse), pause)
    }

    pub(super) fn pulse(&mut self, now: SimTime, pulse: Pulse, measured: &mut Measured, changes: &mut Changes) {
        match pulse {
            Pulse::Replace => {
                if self.somebody_leaves(now, measured, changes) {
                    self.somebody_comes(now, Session::ByTimetable, measured, changes);
                }
            }
            Pulse::Join => self.somebody_comes(now, Session::ByTimetable, measured, changes),
            Pulse::Leave => {
                self.somebody_leaves(now, measured, changes);
            }
            Pulse::Newcomer => self.newcomer(now, measured, changes),
        }
        let next = match (self.timetable.churn().model(), pulse) {
            (ChurnModel::Alternating { .. }, Pulse::Join) => Pulse::Leave,
            (ChurnModel::Alternating { .. }, Pulse::Leave) => Pulse::Join,
            _ => pulse,
        };
        let due = self.next_pulse(now, next);
        changes.due.extend(due);
    }

    /// A newcomer, whose session depends on nothing but how many came before, so that it is the same whatever became of them.
    fn newcomer(&mut self, now: SimTime, measured: &mut Measured, changes: &mut Changes) {
        let (Some(processes), ChurnModel::Arrivals(arrivals)) =
            (self.processes.as_mut(), self.timetable.churn().model())
        else {
            return;
        };
        if !processes.newcomer_due {
            return;
        }
        let stream = self.streams.purpose("newcomers").index(processes.newcomers);
        processes.newcomers += 1;
        let session = arrivals.session(stream);
        self.somebody_comes(now, Session::Lasting(session), measured, changes);
    }

    /// Somebody takes the host that has been free longest, or is refused.
    fn somebody_comes(&mut self, now: SimTime, session: Session, measured: &mut Measured, changes: &mut Changes) {
        match self.processes.as_mut().and_then(|processes| processes.free.pop_front()) {
            Some(host) => self.arrive(now, host, session, measured, changes),
            None => measured.comings.refused(now),
        }
    }

    /// A random host leaves, if anybody is up.
    fn somebody_leaves(&mut self, now: SimTime, measured: &mut Measured, changes: &mut Changes) -> bool {
        let Some(processes) = self.processes.as_mut() else {
            return false;
        };
        let Some(host) = processes.up.random(&mut processes.departures) else {
            return false;
        };
        let departure = self.manner(host);
        self.leave(now, host, departure, measured, changes);
        true
    }
}

/// Some of the hosts, for uniform draws.
pub(super) struct Roster {
    /// In no meaning order; what a draw is taken from.
    list: Vec<NodeAddr>,
    /// Where each host stands in `list`, if it does.
    position: Vec<Option<u32>>,
}

impl Roster {
    fn new(hosts: u32) -> Self {
        Roster {
            list: Vec::new(),
            position: vec![None; hosts as usize],
        }
    }

    pub(super) fn insert(&mut self, host: NodeAddr) {
        if self.position[host.index()].is_none() {
            self.position[host.index()] = Some(self.list.len() as u32);
            self.list.push(host);
        }
    }

    pub(super) fn remove(&mut self, host: NodeAddr) {
        if let Some(position) = self.position[host.index()].take() {
            self.list.swap_remove(position as usize);
            if let Some(moved) = self.list.get(position as usize) {
                self.position[moved.index()] = Some(position);
            }
        }
    }

    /// One of them, each as likely as any other. Draws once, whoever is there.
    fn random(&self, rng: &mut NodeRng) -> Option<NodeAddr> {
        let index = (unit(rng) * self.list.len() as f64) as usize;
        self.list.get(index).copied()
    }
}
