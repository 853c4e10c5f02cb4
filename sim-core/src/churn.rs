//! Who is up when: models of peers that come and go.
//!
//! Pure models: they draw how long a peer stays and what it does on leaving, and know nothing of the engine. Each node
//! has a stream of its own ([`Churn::stream`]), so that adding a node changes the schedule of no other.
//!
//! An up-down process alternates independent up and down times. It starts in its steady state: at time 0 a node is up
//! with probability `E[up] / (E[up] + E[down])`, and what is left of the period it is in has the equilibrium
//! distribution (Cox 1962, *Renewal Theory*, chapters 5 and 7). No part of a run then has to be thrown away to let the
//! population settle, and sessions that are under way at time 0 are longer than average, as they must be.

use thiserror::Error;

use crate::addr::NodeAddr;
use crate::distribution::{Exponential, Weibull};
use crate::random::{NodeRng, StreamKey, unit};
use crate::time::{SimDuration, SimTime};

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
}

/// `value` if it lies in `[0, 1]`.
fn fraction(parameter: &'static str, value: f64) -> Result<f64, ChurnError> {
    if (0.0..=1.0).contains(&value) {
        Ok(value)
    } else {
        Err(ChurnError::OutsideUnitInterval { parameter, value })
    }
}

/// How long a node stays up, or down.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Lifetime {
    /// Without memory: the usual assumption of analyses, and p2psim's experiments (Li et al. 2005).
    Exponential(Exponential),
    /// With a shape below 1, what measurements find (Stutzbach and Rejaie 2006).
    Weibull(Weibull),
}

impl Lifetime {
    /// The mean, in seconds.
    pub fn mean(&self) -> f64 {
        match self {
            Lifetime::Exponential(distribution) => distribution.mean(),
            Lifetime::Weibull(distribution) => distribution.mean(),
        }
    }

    /// One whole period, at least a nanosecond.
    pub fn sample(&self, rng: &mut NodeRng) -> SimDuration {
        schedulable(match self {
            Lifetime::Exponential(distribution) => distribution.sample(rng),
            Lifetime::Weibull(distribution) => distribution.sample(rng),
        })
    }

    /// What is left of a period at time 0 of the steady state, at least a nanosecond.
    pub fn sample_residual(&self, rng: &mut NodeRng) -> SimDuration {
        schedulable(match self {
            Lifetime::Exponential(distribution) => distribution.sample_residual(rng),
            Lifetime::Weibull(distribution) => distribution.sample_residual(rng),
        })
    }
}

/// The engine schedules nothing sooner than a nanosecond ahead.
fn schedulable(secs: f64) -> SimDuration {
    SimDuration::from_secs_f64(secs).max(SimDuration::NANOSECOND)
}

/// How nodes alternate between up and down.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum ChurnModel {
    /// Every node is up from the start and stays.
    None,
    /// Independent up and down times, in the steady state from time 0.
    UpDown {
        /// How long a session lasts.
        up: Lifetime,
        /// How long a node is away between two sessions.
        down: Lifetime,
    },
}

/// Where a node stands at time 0.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InitialState {
    /// Whether it is up.
    pub up: bool,
    /// How long it remains so; [`ChurnModel::NEVER`] if for good.
    pub remaining: SimDuration,
}

impl ChurnModel {
    /// Longer than any run: a change that never comes.
    pub const NEVER: SimDuration = SimDuration::from_nanos(u64::MAX);

    /// The long-run fraction of time that a node is up.
    pub fn availability(&self) -> f64 {
        match self {
            ChurnModel::None => 1.0,
            ChurnModel::UpDown { up, down } => up.mean() / (up.mean() + down.mean()),
        }
    }

    /// A node's state at time 0.
    pub fn initial(&self, rng: &mut NodeRng) -> InitialState {
        match self {
            ChurnModel::None => InitialState {
                up: true,
                remaining: Self::NEVER,
            },
            ChurnModel::UpDown { up, down } => {
                let is_up = unit(rng) < self.availability();
                let period = if is_up { up } else { down };
                InitialState {
                    up: is_up,
                    remaining: period.sample_residual(rng),
                }
            }
        }
    }

    /// How long a session that begins now lasts.
    pub fn next_up(&self, rng: &mut NodeRng) -> SimDuration {
        match self {
            ChurnModel::None => Self::NEVER,
            ChurnModel::UpDown { up, .. } => up.sample(rng),
        }
    }

    /// How long an absence that begins now lasts. Without churn a node that something else took down stays away.
    pub fn next_down(&self, rng: &mut NodeRng) -> SimDuration {
        match self {
            ChurnModel::None => Self::NEVER,
            ChurnModel::UpDown { down, .. } => down.sample(rng),
        }
    }
}

/// A churn model together with the manner of leaving.
#[derive(Clone, Copy, PartialEq, Debug)]
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

/// A fraction of the nodes fails at one instant, as in the simultaneous failures of Stoica et al. 2003, Table II.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct MassFailure {
    at: SimTime,
    fraction: f64,
}

impl MassFailure {
    /// At the instant `at`, this fraction of the nodes that are up then fails.
    ///
    /// # Errors
    /// [`ChurnError::OutsideUnitInterval`] unless `fraction` lies in `[0, 1]`.
    pub fn new(at: SimTime, failing: f64) -> Result<Self, ChurnError> {
        Ok(MassFailure {
            at,
            fraction: fraction("fraction of nodes that fail", failing)?,
        })
    }

    /// When it happens.
    pub fn at(&self) -> SimTime {
        self.at
    }

    /// How many of `candidates` fail: the fraction of them, rounded to the nearest whole number, halves up.
    pub fn count(&self, candidates: usize) -> usize {
        (self.fraction * candidates as f64).round() as usize
    }

    /// Which of the candidates fail, in ascending order: [`count`](Self::count) of them, uniformly without replacement.
    ///
    /// Every address has a rank drawn from its own stream under `ranks`, and the lowest ranks fail. So the order of the
    /// candidates does not matter, a larger fraction takes all the victims of a smaller one, and another candidate
    /// displaces at most one victim for itself. Two failures of one run need different streams. The candidates must be
    /// distinct.
    pub fn victims(&self, candidates: &[NodeAddr], ranks: StreamKey) -> Vec<NodeAddr> {
        let count = self.count(candidates.len());
        let rank = |node: &NodeAddr| ranks.index(u64::from(node.0)).bits();
        let mut victims = candidates.to_vec();
        victims.sort_by_cached_key(|node| (rank(node), *node));
        victims.truncate(count);
        victims.sort();
        victims
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math;

    fn exponential(mean: f64) -> Lifetime {
        Lifetime::Exponential(Exponential::new(mean).unwrap())
    }

    fn weibull(shape: f64, scale: f64) -> Lifetime {
        Lifetime::Weibull(Weibull::new(shape, scale).unwrap())
    }

    fn models() -> Vec<ChurnModel> {
        vec![
            ChurnModel::UpDown {
                up: exponential(3600.0),
                down: exponential(3600.0),
            },
            ChurnModel::UpDown {
                up: weibull(0.5, 1000.0),
                down: exponential(500.0),
            },
            ChurnModel::UpDown {
                up: weibull(0.61, 8160.0),
                down: weibull(0.4, 3000.0),
            },
            ChurnModel::UpDown {
                up: weibull(5.0, 1000.0),
                down: weibull(10.0, 300.0),
            },
        ]
    }

    /// Whether a node is up at each of the ascending instants, in seconds.
    fn up_at(model: &ChurnModel, rng: &mut NodeRng, instants: &[f64]) -> Vec<bool> {
        let InitialState { mut up, remaining } = model.initial(rng);
        let mut change = SimTime::ZERO + remaining;
        let mut states = Vec::new();
        for instant in instants {
            while change.as_secs_f64() <= *instant {
                up = !up;
                change += if up { model.next_up(rng) } else { model.next_down(rng) };
            }
            states.push(up);
        }
        states
    }

    /// How often a node comes up before an instant, in seconds.
    fn arrivals_before(model: &ChurnModel, rng: &mut NodeRng, instant: f64) -> f64 {
        let InitialState { mut up, remaining } = model.initial(rng);
        let mut change = SimTime::ZERO + remaining;
        let mut arrivals = 0;
        while change.as_secs_f64() < instant {
            up = !up;
            arrivals += u32::from(up);
            change += if up { model.next_up(rng) } else { model.next_down(rng) };
        }
        f64::from(arrivals)
    }

    /// Five binomial standard deviations of a fraction `p` of `n`.
    fn tolerance(p: f64, n: u32) -> f64 {
        5.0 * (p * (1.0 - p) / f64::from(n)).sqrt()
    }

    fn nodes(seed: u64, n: u32) -> impl Iterator<Item = NodeRng> {
        let root = StreamKey::root(seed, 0);
        (0..n).map(move |node| Churn::stream(root, NodeAddr(node)).rng())
    }

    /// The claim of a steady state. A process that starts everyone up, or that draws whole periods instead of residuals,
    /// misses the bound by far (the last model of the list oscillates for many periods when started so).
    #[test]
    fn the_fraction_up_is_stationary_from_time_zero() {
        let instants = [0.0, 60.0, 400.0, 1000.0, 1300.0, 5000.0, 20_000.0];
        let n = 10_000;
        for (which, model) in models().into_iter().enumerate() {
            let expected = model.availability();
            for seed in 1..4 {
                let mut up = [0_u32; 7];
                for mut rng in nodes(seed, n) {
                    for (count, is_up) in up.iter_mut().zip(up_at(&model, &mut rng, &instants)) {
                        *count += u32::from(is_up);
                    }
                }
                for (count, instant) in up.iter().zip(instants) {
                    let fraction = f64::from(*count) / f64::from(n);
                    assert!(
                        (fraction - expected).abs() < tolerance(expected, n),
                        "model {which}, seed {seed}, {instant} s: {fraction} not {expected}"
                    );
                }
            }
        }
    }

    /// In the steady state nodes come up at the rate `1 / (E[up] + E[down])` from the first second on, and not only in the
    /// long run. Compared within five standard errors, estimated from the nodes' own counts.
    #[test]
    fn arrivals_have_their_long_run_rate_from_the_start() {
        let n = 10_000;
        for (which, model) in models().into_iter().enumerate() {
            let ChurnModel::UpDown { up, down } = model else {
                panic!("model {which} does not alternate")
            };
            for (seed, window) in (1..4).flat_map(|seed| [100.0, 1000.0].map(|window| (seed, window))) {
                let (mut sum, mut squares) = (0.0, 0.0);
                for mut rng in nodes(seed, n) {
                    let arrivals = arrivals_before(&model, &mut rng, window);
                    sum += arrivals;
                    squares += arrivals * arrivals;
                }
                let mean = sum / f64::from(n);
                let standard_error = ((squares / f64::from(n) - mean * mean) / f64::from(n)).sqrt();
                let expected = window / (up.mean() + down.mean());
                assert!(
                    (mean - expected).abs() < 5.0 * standard_error,
                    "model {which}, seed {seed}, {window} s: {mean} not {expected} +- {standard_error}"
                );
            }
        }
    }

    /// Over 40,000 periods, within five standard errors.
    #[test]
    fn periods_have_the_right_mean() {
        let n = 40_000;
        let standard_deviation = |shape: f64, scale: f64| {
            let mean = math::gamma(1.0 + 1.0 / shape);
            scale * (math::gamma(1.0 + 2.0 / shape) - mean * mean).sqrt()
        };
        let model = ChurnModel::UpDown {
            up: weibull(0.5, 1000.0),
            down: exponential(500.0),
        };
        for seed in 1..6 {
            let mut rng = Churn::stream(StreamKey::root(seed, 0), NodeAddr(0)).rng();
            let (mut up, mut down) = (0.0, 0.0);
            for _ in 0..n {
                up += model.next_up(&mut rng).as_secs_f64();
                down += model.next_down(&mut rng).as_secs_f64();
            }
            let root_n = f64::from(n).sqrt();
            let (up, down) = (up / f64::from(n), down / f64::from(n));
            assert!(
                (up - 2000.0).abs() < 5.0 * standard_deviation(0.5, 1000.0) / root_n,
                "seed {seed}: up {up}"
            );
            assert!((down - 500.0).abs() < 5.0 * 500.0 / root_n, "seed {seed}: down {down}");
        }
    }

    #[test]
    fn without_churn_everyone_stays() {
        let mut rng = StreamKey::root(1, 0).rng();
        let initial = ChurnModel::None.initial(&mut rng);
        assert_eq!(
            initial,
            InitialState {
                up: true,
                remaining: ChurnModel::NEVER
            }
        );
        assert_eq!(ChurnModel::None.availability(), 1.0);
    }

    #[test]
    fn departures_are_graceful_with_their_probability_and_the_schedule_does_not_care() {
        let model = models()[0];
        let n = 20_000;
        for seed in 1..4 {
            let mut schedules = Vec::new();
            for probability in [0.0, 0.25, 1.0] {
                let churn = Churn::new(model, probability).unwrap();
                let mut rng = Churn::stream(StreamKey::root(seed, 0), NodeAddr(9)).rng();
                let (mut graceful, mut schedule) = (0, Vec::new());
                for _ in 0..n {
                    graceful += u32::from(churn.is_graceful(&mut rng));
                    schedule.push(churn.model().next_up(&mut rng));
                }
                let fraction = f64::from(graceful) / f64::from(n);
                let bound = tolerance(probability, n);
                assert!(
                    (fraction - probability).abs() <= bound,
                    "seed {seed}: {fraction} not {probability}"
                );
                schedules.push(schedule);
            }
            assert!(schedules.windows(2).all(|pair| pair[0] == pair[1]), "seed {seed}");
        }
    }

    fn addresses(n: u32) -> Vec<NodeAddr> {
        (0..n).map(NodeAddr).collect()
    }

    fn failure(fraction: f64) -> MassFailure {
        MassFailure::new(SimTime::from_nanos(5), fraction).unwrap()
    }

    #[test]
    fn a_mass_failure_takes_exactly_the_stated_number() {
        let expected = [
            (0.0, 10, 0),
            (0.25, 10, 3),
            (0.24, 10, 2),
            (0.5, 1000, 500),
            (1.0, 7, 7),
            (0.3, 0, 0),
        ];
        for seed in 0..50 {
            for (fraction, candidates, count) in expected {
                let victims = failure(fraction).victims(&addresses(candidates), StreamKey::root(seed, 0));
                assert_eq!(victims.len(), count, "seed {seed}, {fraction} of {candidates}");
                assert!(
                    victims.windows(2).all(|pair| pair[0] < pair[1]),
                    "seed {seed}: distinct and ascending"
                );
                assert!(victims.iter().all(|victim| victim.0 < candidates), "seed {seed}");
            }
        }
    }

    #[test]
    fn victims_depend_on_the_set_of_candidates_alone_and_grow_with_the_fraction() {
        for seed in 0..50 {
            let ranks = StreamKey::root(seed, 0).purpose("mass failure");
            let mut backwards = addresses(100);
            backwards.reverse();
            let victims = failure(0.3).victims(&addresses(100), ranks);
            assert_eq!(victims, failure(0.3).victims(&backwards, ranks), "seed {seed}");
            let more = failure(0.5).victims(&addresses(100), ranks);
            assert!(victims.iter().all(|victim| more.contains(victim)), "seed {seed}");
            let other = failure(0.3).victims(&addresses(100), ranks.index(1));
            assert_ne!(victims, other, "seed {seed}");
        }
    }

    /// Each of 20 nodes fails in a quarter of the draws, and each pair in `5/20 * 4/19` of them.
    #[test]
    fn every_pair_of_candidates_is_equally_likely_to_fail() {
        let trials = 4000;
        let (mut single, mut pair) = ([0_u32; 20], [[0_u32; 20]; 20]);
        for seed in 0..u64::from(trials) {
            let victims = failure(0.25).victims(&addresses(20), StreamKey::root(seed, 0));
            for a in &victims {
                single[a.index()] += 1;
                for b in victims.iter().filter(|b| *b < a) {
                    pair[a.index()][b.index()] += 1;
                }
            }
        }
        let close = |count: u32, p: f64| (f64::from(count) / f64::from(trials) - p).abs() < tolerance(p, trials);
        assert!(single.iter().all(|count| close(*count, 0.25)), "{single:?}");
        let both = 0.25 * 4.0 / 19.0;
        assert!((0..20).all(|a| (0..a).all(|b| close(pair[a][b], both))), "{pair:?}");
    }

    #[test]
    fn impossible_fractions_are_refused() {
        for bad in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
            assert!(matches!(
                Churn::new(ChurnModel::None, bad),
                Err(ChurnError::OutsideUnitInterval { .. })
            ));
            assert!(matches!(
                MassFailure::new(SimTime::ZERO, bad),
                Err(ChurnError::OutsideUnitInterval { .. })
            ));
        }
    }
}
