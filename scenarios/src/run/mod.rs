//! Running a scenario: every point and replication, in parallel, each a simulation of its own.

mod entry;
mod measure;
mod members;
mod tables;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};

use analysis::Table;
use rayon::prelude::*;
use sim_core::random::StreamKey;
use sim_core::time::SimTime;

pub use entry::OverlayEntry;
pub use measure::Measured;
pub use tables::schema;

use crate::registry::Registry;
use crate::scenario::{Point, Scenario};

/// One simulation of a scenario.
pub struct Job<'a> {
    /// What is simulated.
    pub point: &'a Point,
    /// Which replication, from zero.
    pub replication: u32,
    /// The root of its random streams: seed and replication, never the place in the sweep (common random numbers).
    pub streams: StreamKey,
}

/// What a run tells while it goes on, and asks.
pub trait Pace: Sync {
    /// A run has come further: by so many events, and by so much of the [`work`] of the scenario.
    fn advanced(&self, events: u64, work: u64);

    /// Another run has ended.
    fn run_ended(&self);

    /// Whether to stop.
    fn interrupted(&self) -> bool;
}

/// A run that ended well.
pub struct RunRecord {
    /// Which point.
    pub point: usize,
    /// Which replication, from zero.
    pub replication: u32,
    /// Events handled.
    pub events: u64,
    /// The fingerprint of all of them.
    pub fingerprint: u64,
    /// What was measured.
    pub measured: Measured,
}

/// Why a run has no result.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Failure {
    /// Something does not hold, or the protocol itself broke.
    Broken(String),
    /// It was told to stop.
    Interrupted,
}

/// A run that broke, and which.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BrokenRun {
    /// Which point.
    pub point: usize,
    /// Which replication, from zero.
    pub replication: u32,
    /// Why.
    pub reason: String,
}

/// What came of a scenario.
pub struct Output {
    /// The tables, by name.
    pub tables: Vec<(String, Table)>,
    /// The runs that ended well, by point and replication.
    pub records: Vec<RunRecord>,
    /// Those that did not.
    pub broken: Vec<BrokenRun>,
}

/// How much there is to simulate: seconds times nodes, over all runs.
pub fn work(scenario: &Scenario) -> u64 {
    let of_point = |point: &Point| entry::node_seconds(point, SimTime::ZERO + point.duration);
    let runs = scenario
        .points
        .iter()
        .map(|point| of_point(point).saturating_mul(scenario.replications.into()));
    runs.fold(0, u64::saturating_add)
}

/// Runs all points and replications of a scenario, on the threads of the current rayon pool. `None` if it was interrupted.
///
/// A run that breaks is reported and takes no other with it.
pub fn execute(scenario: &Scenario, registry: &Registry, pace: &dyn Pace) -> Option<Output> {
    let pairs = scenario
        .points
        .iter()
        .flat_map(|point| (0..scenario.replications).map(move |number| (point, number)));
    let jobs: Vec<Job> = pairs
        .map(|(point, replication)| Job {
            point,
            replication,
            streams: StreamKey::root(scenario.seed, replication),
        })
        .collect();
    // The largest simulations first, so that none of them is left for the end.
    let mut order: Vec<&Job> = jobs.iter().collect();
    order.sort_by_key(|job| std::cmp::Reverse(job.point.nodes));
    let mut outcomes: Vec<(usize, u32, Result<RunRecord, Failure>)> = order
        .into_par_iter()
        .with_max_len(1)
        .map(|job| {
            let outcome = run_one(job, registry, pace);
            pace.run_ended();
            (job.point.index, job.replication, outcome)
        })
        .collect();
    outcomes.sort_by_key(|(point, replication, _)| (*point, *replication));

    let mut records = Vec::new();
    let mut broken = Vec::new();
    for (point, replication, outcome) in outcomes {
        match outcome {
            Ok(record) => records.push(record),
            Err(Failure::Interrupted) => return None,
            Err(Failure::Broken(reason)) => broken.push(BrokenRun {
                point,
                replication,
                reason,
            }),
        }
    }
    let tables =
        tables::tables(scenario, &records).unwrap_or_else(|error| unreachable!("tables are laid out: {error}"));
    Some(Output {
        tables,
        records,
        broken,
    })
}

fn run_one(job: &Job<'_>, registry: &Registry, pace: &dyn Pace) -> Result<RunRecord, Failure> {
    if pace.interrupted() {
        return Err(Failure::Interrupted);
    }
    let Some(entry) = registry.get(job.point.protocol.name()) else {
        return Err(Failure::Broken(format!(
            "no protocol {} is registered",
            job.point.protocol.name()
        )));
    };
    // A mistake in a protocol ends its own run: the others are worth keeping.
    catch_unwind(AssertUnwindSafe(|| entry.run(job, pace))).unwrap_or_else(|payload| {
        let text = payload.downcast_ref::<String>().cloned();
        let text = text.or_else(|| payload.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        Err(Failure::Broken(format!(
            "the run panicked: {}",
            text.unwrap_or_else(|| "no message".to_owned())
        )))
    })
}
