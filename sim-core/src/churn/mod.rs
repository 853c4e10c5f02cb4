//! Who is up when: models of peers that come and go.
//!
//! Pure models: they draw how long a peer stays and what it does on leaving, and know nothing of the engine. Each node
//! has a stream of its own ([`Churn::stream`]), so that adding a node changes the schedule of no other.
//!
//! There are two kinds. By [`Sessions`] and by a [`SessionTrace`], every place for a node has a timetable of its own. By
//! replacement, rates, turns and [`Arrivals`], comings and goings are processes of the whole network, and a newcomer takes a place
//! that is free. Those that have a steady state are in it from the start, so that no part of a run has to be thrown away to
//! let the population settle; [`ChurnModel::start`] tells of each how it begins.

mod arrivals;
mod failure;
mod lifetime;
mod sessions;
mod trace;

use std::sync::Arc;

use thiserror::Error;

use crate::addr::NodeAddr;
use crate::random::{NodeRng, StreamKey, unit};
use crate::time::SimDuration;

pub use arrivals::{Arrivals, Diurnal, PointProcess, Timing};
pub use failure::MassFailure;
pub use lifetime::Lifetime;
pub use sessions::Sessions;
pub use trace::{SessionTrace, TraceError, TraceHosts};

/// A churn model that cannot be.
#[derive(Clone, Copy, PartialEq, Debug, Error)]
pub enum ChurnError {
    /// A probability or a fraction lies outside `[0, 1]`.
    #[error("the {parameter} lies between 0 and 1, not at {value}")]
    OutsideUnitInterval {
        /// Which parameter.
        parameter: &'static str,
        /// Its value.
        value: f64,
    },
    /// A rate or a period is zero, negative, infinite or undefined.
    #[error("the {parameter} must be positive and finite, not {value}")]
    NotPositive {
        /// Which parameter.
        parameter: &'static str,
        /// Its value.
        value: f64,
    },
    /// Newcomers whose sessions have no finite mean would fill every place in the end.
    #[error("sessions with an infinite mean fill all places in the end; a Pareto shape must lie above 1 here")]
    EndlessSessions,
}

/// `value` if it lies in `[0, 1]`.
fn fraction(parameter: &'static str, value: f64) -> Result<f64, ChurnError> {
    if (0.0..=1.0).contains(&value) {
        Ok(value)
    } else {
        Err(ChurnError::OutsideUnitInterval { parameter, value })
    }
}

/// `value` if it is a positive finite number.
fn positive(parameter: &'static str, value: f64) -> Result<f64, ChurnError> {
    if value.is_finite() && value > 0.0 {
        Ok(value)
    } else {
        Err(ChurnError::NotPositive { parameter, value })
    }
}

/// How nodes come and go.
#[derive(Clone, PartialEq, Debug)]
pub enum ChurnModel {
    /// Every node is up from the start and stays.
    None,
    /// Every place alternates between up and down.
    Sessions(Sessions),
    /// Random nodes leave, and a newcomer takes the place of each at once.
    Replacement {
        /// When.
        process: PointProcess,
        /// How many are up.
        population: u32,
    },
    /// Newcomers join and random nodes leave, each by a process of its own.
    Rates {
        /// When somebody joins.
        joins: PointProcess,
        /// When somebody leaves.
        departures: PointProcess,
        /// How many are up when it begins.
        population: u32,
    },
    /// Newcomers join and random nodes leave in turn, a newcomer first.
    Alternating {
        /// When somebody joins or leaves.
        process: PointProcess,
        /// How many are up before each of the joins: one more is until somebody leaves.
        population: u32,
    },
    /// Newcomers arrive, and stay for a session each.
    Arrivals(Arrivals),
    /// Sessions that were measured.
    Trace(Arc<SessionTrace>, TraceHosts),
}

/// How a churn model begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Start {
    /// In the steady state: every later moment is like the first.
    Steady,
    /// In the state that the same hour of every later day finds.
    Periodic,
    /// There is no steady state: everybody begins a whole session.
    WholeSessions,
    /// There is no steady state: the population is where chance takes it from the given one.
    Wandering,
    /// As it was measured.
    AsMeasured,
}

/// Where a node stands when churn begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InitialState {
    /// Whether it is up.
    pub up: bool,
    /// How long it remains so; [`ChurnModel::NEVER`] if nothing but a process of the whole network changes it.
    pub remaining: SimDuration,
}

impl InitialState {
    /// Up or down until a process of the whole network changes it.
    const fn lasting(up: bool) -> Self {
        InitialState {
            up,
            remaining: ChurnModel::NEVER,
        }
    }
}

impl ChurnModel {
    /// Longer than any run: a change that never comes.
    pub const NEVER: SimDuration = SimDuration::from_nanos(u64::MAX);

    /// How it begins.
    pub fn start(&self) -> Start {
        match self {
            ChurnModel::None | ChurnModel::Replacement { .. } | ChurnModel::Alternating { .. } => Start::Steady,
            ChurnModel::Sessions(sessions) if sessions.availability().is_some() => Start::Steady,
            ChurnModel::Sessions(_) => Start::WholeSessions,
            ChurnModel::Rates { .. } => Start::Wandering,
            ChurnModel::Arrivals(arrivals) if arrivals.diurnal().is_some() => Start::Periodic,
            ChurnModel::Arrivals(_) => Start::Steady,
            ChurnModel::Trace(..) => Start::AsMeasured,
        }
    }

    /// About how many sessions so many places have in so much time, to reckon with.
    pub fn sessions_in(&self, places: u32, span: SimDuration) -> f64 {
        let all = f64::from(places);
        let rate = match self {
            ChurnModel::None => return all,
            ChurnModel::Trace(trace, _) => return trace.sessions() as f64,
            ChurnModel::Sessions(sessions) => all / (sessions.up().mean() + sessions.down().mean()),
            ChurnModel::Replacement { process, .. } => process.rate(),
            ChurnModel::Rates { joins, .. } => joins.rate(),
            ChurnModel::Alternating { process, .. } => process.rate() / 2.0,
            ChurnModel::Arrivals(arrivals) => arrivals.rate(),
        };
        all + rate * span.as_secs_f64()
    }

    /// How many of so many places are up in the long run; of a trace, over so much time; `None` where there is no long run.
    /// Arrivals that find all places taken are not taken account of, except that no more can be up than there are places.
    pub fn mean_up(&self, places: u32, span: SimDuration) -> Option<f64> {
        let all = f64::from(places);
        match self {
            ChurnModel::None => Some(all),
            ChurnModel::Sessions(sessions) => Some(sessions.availability()? * all),
            ChurnModel::Replacement { population, .. } => Some(f64::from(*population)),
            ChurnModel::Rates { .. } => None,
            ChurnModel::Alternating { population, .. } => Some(f64::from(*population) + 0.5),
            ChurnModel::Arrivals(arrivals) => Some(arrivals.mean_up().min(all)),
            ChurnModel::Trace(trace, hosts) => Some(trace.mean_up(*hosts, places, span)),
        }
    }
}

/// A churn model together with the manner of leaving.
#[derive(Clone, PartialEq, Debug)]
pub struct Churn {
    model: ChurnModel,
    graceful: f64,
}

impl Churn {
    /// Nodes come and go by `model`; each departure is graceful with probability `graceful`, otherwise silent.
    ///
    /// # Errors
    /// [`ChurnError::OutsideUnitInterval`] unless `graceful` lies in `[0, 1]`.
    pub fn new(model: ChurnModel, graceful: f64) -> Result<Self, ChurnError> {
        Ok(Churn {
            model,
            graceful: fraction("probability of a graceful departure", graceful)?,
        })
    }

    /// When nodes come and go.
    pub fn model(&self) -> &ChurnModel {
        &self.model
    }

    /// The stream that decides all of one node's comings and goings, under the root of a replication.
    pub fn stream(root: StreamKey, node: NodeAddr) -> StreamKey {
        root.purpose("churn").index(u64::from(node.0))
    }

    /// Whether the departure that happens now is graceful. Draws once whatever the probability, so that the schedule
    /// does not depend on it.
    pub fn is_graceful(&self, rng: &mut NodeRng) -> bool {
        unit(rng) < self.graceful
    }
}

/// The timetable of every place in one replication.
///
/// It is lazy: a place is asked for its next change when it has had the last one, and keeps no more than its stream.
#[derive(Clone, Debug)]
pub struct Timetable {
    churn: Churn,
    /// Of arrivals: how long those stay who are up when churn begins, by place.
    standing: Vec<SimDuration>,
    /// Of a trace: which host a place has.
    hosts: Vec<u32>,
}

impl Timetable {
    /// The timetable of so many places, churn beginning so long after time zero.
    pub fn new(churn: Churn, places: u32, begins: SimDuration, root: StreamKey) -> Self {
        let standing = match &churn.model {
            ChurnModel::Arrivals(arrivals) => arrivals.standing(places, begins, root.purpose("standing")),
            _ => Vec::new(),
        };
        let hosts = match &churn.model {
            ChurnModel::Trace(trace, hosts) => trace.choose(*hosts, places, root.purpose("hosts of the trace")),
            _ => Vec::new(),
        };
        Timetable { churn, standing, hosts }
    }

    /// The model and the manner of leaving.
    pub fn churn(&self) -> &Churn {
        &self.churn
    }

    /// The state of a place when churn begins, by its stream.
    pub fn initial(&self, place: NodeAddr, rng: &mut NodeRng) -> InitialState {
        match &self.churn.model {
            ChurnModel::None => InitialState::lasting(true),
            ChurnModel::Sessions(sessions) => sessions.initial(rng),
            ChurnModel::Replacement { population, .. }
            | ChurnModel::Rates { population, .. }
            | ChurnModel::Alternating { population, .. } => InitialState::lasting(place.0 < *population),
            ChurnModel::Arrivals(_) => match self.standing.get(place.index()) {
                Some(remaining) => InitialState {
                    up: true,
                    remaining: *remaining,
                },
                None => InitialState::lasting(false),
            },
            ChurnModel::Trace(trace, _) => trace.state(self.hosts[place.index()], SimDuration::ZERO),
        }
    }

    /// How long somebody stays, after churn has begun, who is up although the timetable has the place down: the founder of an
    /// overlay, without whom nobody could have joined. By [`Sessions`] it is a whole session, else no time at all.
    pub fn founder_session(&self, rng: &mut NodeRng) -> SimDuration {
        match &self.churn.model {
            ChurnModel::None => ChurnModel::NEVER,
            ChurnModel::Sessions(sessions) => sessions.up().sample(rng),
            _ => SimDuration::NANOSECOND,
        }
    }

    /// How long a session lasts that begins at this place so long after churn began; [`ChurnModel::NEVER`] where a process of
    /// the whole network decides.
    pub fn next_up(&self, place: NodeAddr, since_start: SimDuration, rng: &mut NodeRng) -> SimDuration {
        match &self.churn.model {
            ChurnModel::Sessions(sessions) => sessions.up().sample(rng),
            ChurnModel::Trace(trace, _) => match trace.state(self.hosts[place.index()], since_start) {
                InitialState { up: true, remaining } => remaining,
                InitialState { up: false, .. } => SimDuration::NANOSECOND,
            },
            _ => ChurnModel::NEVER,
        }
    }

    /// How long an absence lasts that begins at this place so long after churn began. Who was taken down in the middle of a
    /// measured session returns with the next one; without churn a node that something else took down stays away.
    pub fn next_down(&self, place: NodeAddr, since_start: SimDuration, rng: &mut NodeRng) -> SimDuration {
        match &self.churn.model {
            ChurnModel::Sessions(sessions) => sessions.down().sample(rng),
            ChurnModel::Trace(trace, _) => trace.until_next(self.hosts[place.index()], since_start),
            _ => ChurnModel::NEVER,
        }
    }
}

#[cfg(test)]
mod tests;
