//! Whether lookups have settled: where their warm-up ends, and whether what follows still changes.

use std::array;

use analysis::Cell;
use analysis::statistics::{RunningMean, stationarity, warm_up};
use sim_core::churn::Start;
use sim_core::time::{SimDuration, SimTime};

use super::Ended;
use super::measure::Measured;
use super::tally::Tally;
use crate::scenario::{BringUp, Point, WarmUp};
use crate::units::written;

/// The share of series that have settled and are called something else.
const LEVEL: f64 = 0.05;

/// The least level that the test can tell of: two of 8! orders are as extreme as the most extreme one.
const LEAST_LEVEL: f64 = 1e-4;

/// The value of a metric over some lookups, if they have one.
type Value = fn(&Tally) -> Option<f64>;

/// What is looked at, by the names of the columns.
const METRICS: [(&str, Value); 3] = [
    ("correct_fraction", |tally| over(tally.correct as f64, tally.issued)),
    ("hops_mean", Tally::hops_mean),
    ("latency_mean_ms", |tally| {
        over(tally.latency as f64 / 1e6, tally.completed)
    }),
];

fn over(sum: f64, count: u64) -> Option<f64> {
    (count > 0).then(|| sum / count as f64)
}

/// How many bins of a point are its warm-up, the same in all its runs so that these stay comparable.
///
/// By `"auto"`, the marginal standard error rule is put to the means of the given runs, bin by bin, as Hoad, Robinson and Davies
/// 2010 do; the longest warm-up of any metric holds. A bin is a batch of many lookups already, and is not batched again.
///
/// # Errors
/// That of `runs`, which is asked only if the rule is to decide.
pub(super) fn warm_up_bins<E>(point: &Point, runs: impl FnOnce() -> Result<Series, E>) -> Result<usize, E> {
    match point.measure.warm_up {
        WarmUp::None => Ok(0),
        WarmUp::Bins(bins) => Ok(bins),
        WarmUp::Auto => Ok(runs()?.suggested()),
    }
}

/// What the runs of a point say together.
#[derive(Default)]
pub(super) struct Steadiness {
    /// The probability of a metric's mean series if it has settled, a metric each.
    p_values: [Option<f64>; METRICS.len()],
    /// The warm-up that the rule finds in all of them, in bins.
    suggested: usize,
    /// Whether there is one run alone, so that what all say is what it says.
    alone: bool,
}

/// The mean of every metric over runs, bin by bin.
#[derive(Default)]
pub(super) struct Series {
    bins: Vec<MeanBin>,
    runs: u64,
}

/// A bin of lookups in all runs that have it.
#[derive(Clone, Default)]
struct MeanBin {
    means: [RunningMean; METRICS.len()],
    /// Whether some run has unfinished lookups there.
    cut_short: bool,
}

impl Series {
    /// Takes in another run. Whether it has settled makes no difference.
    pub(super) fn add(&mut self, measured: &Measured) {
        let tallies = &measured.bins.tallies;
        self.runs += 1;
        if self.bins.len() < tallies.len() {
            self.bins.resize(tallies.len(), MeanBin::default());
        }
        for (bin, tally) in self.bins.iter_mut().zip(tallies) {
            bin.cut_short |= tally.unfinished > 0;
            for (mean, (_, metric)) in bin.means.iter_mut().zip(METRICS) {
                mean.extend(metric(tally));
            }
        }
    }

    /// What the runs say together, of which so many bins are the warm-up.
    pub(super) fn steadiness(&self, warm_up: usize) -> Steadiness {
        Steadiness {
            p_values: self.p_values(warm_up),
            suggested: self.suggested(),
            alone: self.runs == 1,
        }
    }

    /// The probability of a metric's series after so many bins if it has settled, a metric each.
    fn p_values(&self, warm_up: usize) -> [Option<f64>; METRICS.len()] {
        array::from_fn(|metric| {
            let values = self.of(metric, warm_up).map(|(_, value)| value);
            stationarity(&values.collect::<Vec<_>>())
        })
    }

    /// How many bins the rule takes off.
    fn suggested(&self) -> usize {
        let cuts = (0..METRICS.len()).map(|metric| {
            let (bins, values): (Vec<usize>, Vec<f64>) = self.of(metric, 0).unzip();
            bins.get(warm_up(&values, 1)).copied().unwrap_or(0)
        });
        cuts.max().unwrap_or(0)
    }

    /// The mean of a metric, bin by bin from one on, where any run has a value. The last bins are left out as long as some run has
    /// unfinished lookups there: those that did finish are the fast ones.
    fn of(&self, metric: usize, first: usize) -> impl Iterator<Item = (usize, f64)> {
        let whole = self
            .bins
            .iter()
            .rposition(|bin| !bin.cut_short)
            .map_or(0, |last| last + 1);
        let bins = self.bins[..whole].iter().enumerate().skip(first);
        bins.filter_map(move |(bin, of_bin)| Some((bin, of_bin.means[metric].mean()?)))
    }
}

impl<'a> FromIterator<&'a Measured> for Series {
    fn from_iter<T: IntoIterator<Item = &'a Measured>>(runs: T) -> Self {
        let mut series = Series::default();
        runs.into_iter().for_each(|run| series.add(run));
        series
    }
}

/// The rows of the table `lookups_over_time` of a run, of so many bins.
pub(super) fn over_time(measured: &Measured, bins: usize) -> Vec<Vec<Cell>> {
    let nothing = Tally::default();
    let number = |value: Option<f64>| value.map_or(Cell::Empty, Cell::from);
    let row = |bin: usize| {
        let tally = measured.bins.tallies.get(bin).unwrap_or(&nothing);
        let [correct, hops, latency] = METRICS.map(|(_, metric)| number(metric(tally)));
        vec![
            measured.bins.begin(bin).as_secs_f64().into(),
            u64::from(bin >= measured.warm_up).into(),
            tally.issued.into(),
            tally.completed.into(),
            tally.correct.into(),
            tally.failed.into(),
            tally.unfinished.into(),
            correct,
            hops,
            number(over(tally.timeouts as f64, tally.completed + tally.failed)),
            latency,
        ]
    };
    (0..bins).map(row).collect()
}

/// The rows of the table `stationarity` of a run, a row a metric.
pub(super) fn rows(measured: &Measured, together: &Steadiness) -> Vec<Vec<Cell>> {
    if measured.bins.tallies.is_empty() {
        return Vec::new();
    }
    let cells = |p_value: Option<f64>| {
        [
            p_value.map_or(Cell::Empty, Cell::from),
            p_value.map_or(Cell::Empty, |p_value| u64::from(p_value >= LEVEL).into()),
        ]
    };
    let seconds = |bins: usize| Cell::from((measured.bins.width * bins as u64).as_secs_f64());
    let alone = Series::from_iter([measured]);
    let own = match together.alone {
        true => together.p_values,
        false => alone.p_values(measured.warm_up),
    };
    let row = |metric: usize| {
        let (name, _) = METRICS[metric];
        let values = alone.of(metric, measured.warm_up).count();
        let first = [name.into(), seconds(measured.warm_up), values.into()];
        let verdicts = [own[metric], together.p_values[metric]].map(cells);
        let last = [seconds(together.suggested)];
        first
            .into_iter()
            .chain(verdicts.into_iter().flatten())
            .chain(last)
            .collect()
    };
    (0..METRICS.len()).map(row).collect()
}

/// What is worth knowing of points whose lookups still change, though they were meant to have settled.
///
/// The level is shared among all that is tested, so that of scenarios in which everything has settled one in twenty is warned.
pub(super) fn warnings(by_point: &[Ended<'_>], points: usize) -> Vec<String> {
    let tested = by_point
        .iter()
        .filter(|ended| meant_to_be_steady(ended.point, ended.common.warm_up));
    let level = (LEVEL / (points * METRICS.len()).max(1) as f64).max(LEAST_LEVEL);
    let mut warnings = Vec::new();
    for Ended { point, common, .. } in tested {
        for ((metric, _), p_value) in METRICS.iter().zip(common.together.p_values) {
            if let Some(p_value) = p_value.filter(|p_value| *p_value < level) {
                let place = point.place();
                warnings.push(format!(
                    "{metric}{place} has not settled (table stationarity, p = {p_value:.1e}): {}",
                    advice(point, common.warm_up)
                ));
            }
        }
    }
    warnings
}

/// Whether nothing is planned for the time of the counted lookups that would change them; always if a warm-up is asked for.
fn meant_to_be_steady(point: &Point, warm_up: usize) -> bool {
    let Some(lookups) = &point.lookups else { return false };
    if point.measure.warm_up != WarmUp::None {
        return true;
    }
    let from = lookups.start + point.measure.bin * warm_up as u64;
    let brought_up = match point.bring_up {
        BringUp::Joins { over, .. } => SimTime::ZERO + over,
        BringUp::Bulk | BringUp::Cold => SimTime::ZERO,
    };
    if point.churn.churn.model().start() != Start::Steady {
        return false;
    }
    let failures = point.mass_failures.iter().map(|mass| mass.failure.at());
    let planned: Vec<SimTime> = failures.chain(point.flash_crowd.map(|crowd| crowd.at)).collect();
    let in_between = |time: SimTime| from <= time && time < lookups.until;
    brought_up <= from && !(point.churn.changes() && point.churn.start > from) && !planned.into_iter().any(in_between)
}

/// What to try.
fn advice(point: &Point, warm_up: usize) -> String {
    let so_far = |bins: usize| written(SimDuration::from_nanos(point.measure.bin.as_nanos() * bins as u64));
    match (point.measure.warm_up, warm_up) {
        (WarmUp::None, _) => {
            "start the lookups later, or leave a part of them out with measure.warm_up = \"auto\"".to_owned()
        }
        (WarmUp::Bins(_), bins) => format!("let measure.warm_up be longer than {}, and the run", so_far(bins)),
        (WarmUp::Auto, bins) => format!("a warm-up of {} was cut off; let the run be longer", so_far(bins)),
    }
}
