//! Running a scenario: every point and replication, in parallel, each a simulation of its own.

mod comings;
mod common;
mod entry;
mod forwarding;
mod label;
mod load;
mod measure;
mod members;
pub mod memory;
mod network_layer;
mod population;
mod precision;
mod reachability;
mod rings;
mod snapshot;
mod spread;
mod steady;
mod storage;
mod tables;
mod tally;
mod trace;
mod tunnels;
mod watch;
mod world;

use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};

use analysis::{Table, TableError};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sim_core::random::StreamKey;
use sim_core::time::SimTime;

pub(crate) use comings::begins;
pub use comings::{Bin, Comings};
use common::{Common, Gathering};
pub use entry::OverlayEntry;
pub use forwarding::{Forwarded, ForwardingEntry};
pub use label::Label;
pub use load::Load;
pub use measure::Measured;
pub use network_layer::{NetworkLayerEntry, NetworkMeasured};
pub use spread::Spread;
use steady::Series;
pub use storage::{Count, Operations, Stored};
pub use tables::schema;
pub(crate) use tables::{Layouts, run_metrics};
pub use tally::{Bins, Tally};
pub use trace::{Line, What, Window};
pub use tunnels::{ServerLoad, Tunnels};

use crate::registry::Registry;
use crate::scenario::{LookupTimes, Point, Scenario};

/// One simulation of a scenario.
pub struct Job<'a> {
    /// What is simulated.
    pub point: &'a Point,
    /// Which replication, from zero.
    pub replication: u32,
    /// The root of its random streams: seed and replication, never the place in the sweep (common random numbers).
    pub streams: StreamKey,
}

/// How much work a run of a point is: nodes times seconds.
pub fn work(point: &Point) -> u64 {
    entry::node_seconds(point, SimTime::ZERO + point.duration)
}

/// What a run tells while it goes on, and asks.
pub trait Pace: Sync {
    /// So many runs more are to be done, which are so much work: seconds times nodes. Told at the beginning, and again
    /// where a precision asks for more replications.
    fn planned(&self, _runs: u64, _work: u64) {}

    /// A run has come further: by so many events, and by so much of the work that was planned.
    fn advanced(&self, events: u64, work: u64);

    /// Another run has ended.
    fn run_ended(&self);

    /// Whether to stop.
    fn interrupted(&self) -> bool;
}

/// A run that ended well.
#[derive(Serialize, Deserialize)]
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
    /// What is worth knowing of the results: a precision that was not reached, lookups that have not settled.
    pub warnings: Vec<String>,
}

/// The runs of one point.
struct Course<'a> {
    point: &'a Point,
    /// How many replications it is to have, as far as is known.
    planned: u32,
    /// How many bins of lookups are the warm-up, once its first runs have ended.
    warm_up: Option<usize>,
    /// Those that ended well, by replication.
    records: Vec<RunRecord>,
    broken: Vec<BrokenRun>,
}

impl Course<'_> {
    /// The replications that are still to be run.
    fn outstanding(&self) -> std::ops::Range<u32> {
        (self.records.len() + self.broken.len()) as u32..self.planned
    }

    /// Takes in the outcome of the next replications: where the warm-up ends is decided by the first of them, for all.
    fn take(&mut self, mut records: Vec<RunRecord>, broken: Vec<BrokenRun>) {
        let warm_up = *self.warm_up.get_or_insert_with(|| {
            let series = || Ok::<_, Infallible>(records.iter().map(|record| &record.measured).collect());
            steady::warm_up_bins(self.point, series).unwrap_or_else(|never| match never {})
        });
        records
            .par_iter_mut()
            .for_each(|record| record.measured.settle(warm_up));
        self.records.extend(records);
        self.broken.extend(broken);
    }
}

/// Runs all points and replications of a scenario, on the threads of the current rayon pool. `None` if it was interrupted.
///
/// A run that breaks is reported and takes no other with it. Where the scenario wants a precision, it is looked at the
/// results after fixed numbers of replications, so that what is run depends on nothing else.
pub fn execute(scenario: &Scenario, registry: &Registry, pace: &dyn Pace) -> Option<Output> {
    let course = |point| Course {
        point,
        planned: scenario.fewest_replications(),
        warm_up: None,
        records: Vec::new(),
        broken: Vec::new(),
    };
    let points: Vec<Point> = scenario.points.iter().collect();
    let mut courses: Vec<Course> = points.iter().map(course).collect();
    while courses.iter().any(|course| !course.outstanding().is_empty()) {
        run_outstanding(scenario, &mut courses, registry, pace)?;
        for course in &mut courses {
            let (precision, most) = (scenario.precision.as_ref(), scenario.replications);
            course.planned = precision::needed(precision, most, course.planned, &course.records);
        }
    }
    Some(output(&Layouts::of(scenario), courses))
}

/// Runs all replications that are planned and have not been run.
fn run_outstanding(
    scenario: &Scenario,
    courses: &mut [Course<'_>],
    registry: &Registry,
    pace: &dyn Pace,
) -> Option<()> {
    let pairs = courses
        .iter()
        .flat_map(|course| course.outstanding().map(move |number| (course.point, number)));
    let mut jobs: Vec<Job> = pairs
        .map(|(point, replication)| Job {
            point,
            replication,
            streams: StreamKey::root(scenario.seed, replication),
        })
        .collect();
    pace.planned(
        jobs.len() as u64,
        jobs.iter().map(|job| work(job.point)).fold(0, u64::saturating_add),
    );
    // The largest simulations first, so that none of them is left for the end.
    jobs.sort_by_key(|job| std::cmp::Reverse(job.point.nodes));
    let mut outcomes: Vec<(usize, u32, Result<RunRecord, Failure>)> = jobs
        .par_iter()
        .with_max_len(1)
        .map(|job| {
            let outcome = run_one(job, registry, pace);
            pace.run_ended();
            (job.point.index, job.replication, outcome)
        })
        .collect();
    outcomes.sort_by_key(|(point, replication, _)| (*point, *replication));

    let mut ended: Vec<(Vec<RunRecord>, Vec<BrokenRun>)> = courses.iter().map(|_| Default::default()).collect();
    for (point, replication, outcome) in outcomes {
        let (records, broken) = &mut ended[point];
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
    for (course, (records, broken)) in courses.iter_mut().zip(ended) {
        course.take(records, broken);
    }
    Some(())
}

/// Runs of one point that ended well: all of them, or some.
struct Ended<'a> {
    point: &'a Point,
    /// By replication.
    records: &'a [RunRecord],
    /// What all of them have in common.
    common: &'a Common,
}

/// What came of the runs of all points.
fn output(layouts: &Layouts<'_>, courses: Vec<Course<'_>>) -> Output {
    let scenario = layouts.scenario();
    let common: Vec<Common> = courses.par_iter().map(|course| Common::of(&course.records)).collect();
    let ended = courses.iter().zip(&common).map(|(course, common)| Ended {
        point: course.point,
        records: &course.records,
        common,
    });
    let by_point: Vec<Ended<'_>> = ended.filter(|ended| ended.common.runs > 0).collect();
    let tables = tables::tables(layouts, &by_point).unwrap_or_else(laid_out);
    let mut warnings = precision::warnings(scenario, &by_point);
    warnings.extend(self::warnings(scenario, &by_point));
    let (records, broken): (Vec<_>, Vec<_>) = courses
        .into_iter()
        .map(|course| (course.records, course.broken))
        .unzip();
    Output {
        tables,
        records: records.into_iter().flatten().collect(),
        broken: broken.into_iter().flatten().collect(),
        warnings,
    }
}

/// What is worth knowing of the results of these points, whatever their number of replications was to be.
fn warnings(scenario: &Scenario, by_point: &[Ended<'_>]) -> Vec<String> {
    let mut warnings = comings::warnings(by_point);
    warnings.extend(steady::warnings(by_point, scenario.points.count()));
    warnings.extend(void_lookups(by_point));
    warnings
}

fn laid_out<T>(error: TableError) -> T {
    unreachable!("tables are laid out: {error}")
}

/// The runs of one point that ended well, which come one by one and are not kept.
pub(crate) struct OfPoint<'a> {
    layouts: &'a Layouts<'a>,
    point: Point,
    common: Common,
}

/// The tables of some of the runs of a point.
pub(crate) struct Part {
    /// As of all runs, by name.
    pub(crate) tables: Vec<(String, Table)>,
    /// All that has one value a run, in one table.
    pub(crate) runs: Table,
    /// The runs.
    pub(crate) records: Vec<RunRecord>,
}

impl<'a> OfPoint<'a> {
    /// Looks at all runs of a point: `each` shows them by replication, as often as it is called.
    ///
    /// # Errors
    /// That of `each`.
    pub(crate) fn survey<E>(
        layouts: &'a Layouts<'a>,
        point: Point,
        each: impl Fn(&mut dyn FnMut(RunRecord)) -> Result<(), E>,
    ) -> Result<Self, E> {
        let warm_up = steady::warm_up_bins(&point, || {
            let mut series = Series::default();
            each(&mut |record| series.add(&record.measured))?;
            Ok(series)
        })?;
        let mut gathering = Gathering::new(warm_up);
        each(&mut |mut record| {
            record.measured.settle(warm_up);
            gathering.add(&record.measured);
        })?;
        Ok(OfPoint {
            layouts,
            point,
            common: gathering.finish(),
        })
    }

    /// What is worth knowing of them.
    pub(crate) fn warnings(&self) -> Vec<String> {
        match self.common.runs {
            0 => Vec::new(),
            _ => warnings(self.layouts.scenario(), &[self.ended(&[])]),
        }
    }

    /// The tables of some of them, which are shown again.
    pub(crate) fn part(&self, mut records: Vec<RunRecord>) -> Part {
        let settle = |record: &mut RunRecord| record.measured.settle(self.common.warm_up);
        records.iter_mut().for_each(settle);
        let tables = tables::tables(self.layouts, &[self.ended(&records)]).unwrap_or_else(laid_out);
        let runs = tables::of_runs(self.layouts.scenario(), &tables, &self.point, &records);
        Part {
            tables,
            runs: runs.unwrap_or_else(laid_out),
            records,
        }
    }

    fn ended<'b>(&'b self, records: &'b [RunRecord]) -> Ended<'b> {
        Ended {
            point: &self.point,
            records,
            common: &self.common,
        }
    }
}

/// What is worth knowing of traces of lookups: those that fell on nodes that were no members.
fn void_lookups(by_point: &[Ended<'_>]) -> Vec<String> {
    let warning = |Ended { point, common, .. }: &Ended<'_>| {
        let lookups = point.lookups.as_ref()?;
        let LookupTimes::Trace(trace) = &lookups.times else {
            return None;
        };
        let of = trace.between(lookups.start, lookups.until).len() as u64 * common.runs;
        let void = common.void_lookups;
        let place = point.place();
        (void > 0).then(|| {
            format!(
                "{void} of {of} lookups of the trace were not begun{place}: their nodes were no members at that moment"
            )
        })
    };
    by_point.iter().filter_map(warning).collect()
}

/// Runs one simulation; what breaks in it is told and goes no further.
pub(crate) fn run_one(job: &Job<'_>, registry: &Registry, pace: &dyn Pace) -> Result<RunRecord, Failure> {
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
