use rand_distr::Distribution;

use super::*;
use crate::random::StreamKey;

const SEEDS: std::ops::Range<u64> = 1..6;

fn rng(seed: u64, purpose: &str) -> NodeRng {
    StreamKey::root(seed, 0).purpose(purpose).rng()
}

fn draws(n: usize, mut sample: impl FnMut() -> f64) -> Vec<f64> {
    (0..n).map(|_| sample()).collect()
}

/// The largest distance between two empirical distribution functions.
fn kolmogorov_smirnov(mut a: Vec<f64>, mut b: Vec<f64>) -> f64 {
    a.sort_by(f64::total_cmp);
    b.sort_by(f64::total_cmp);
    let (mut i, mut j, mut largest) = (0, 0, 0.0_f64);
    while i < a.len() && j < b.len() {
        if a[i] <= b[j] {
            i += 1
        } else {
            j += 1
        }
        largest = largest.max((i as f64 / a.len() as f64 - j as f64 / b.len() as f64).abs());
    }
    largest
}

/// Compares two samplers over all seeds. Two samples of size `n` from one distribution lie further apart than
/// `sqrt(-ln(p / 2) / n)` with probability `p` (the asymptotic law of the two-sample statistic). With `p = 1e-6` that is
/// 0.027 here, far less than what a wrong parameter makes.
fn assert_same(name: &str, mut ours: impl FnMut(&mut NodeRng) -> f64, mut theirs: impl FnMut(&mut NodeRng) -> f64) {
    let n = 20_000;
    let threshold = (-math::ln(1e-6 / 2.0) / n as f64).sqrt();
    for seed in SEEDS {
        let (mut a, mut b) = (rng(seed, "ours"), rng(seed, "theirs"));
        let distance = kolmogorov_smirnov(draws(n, || ours(&mut a)), draws(n, || theirs(&mut b)));
        assert!(
            distance < threshold,
            "{name}, seed {seed}: distance {distance} above {threshold}"
        );
    }
}

/// Whether the mean of 40,000 draws lies within five standard errors of the true one, over all seeds.
fn assert_mean(name: &str, mean: f64, standard_deviation: f64, mut sample: impl FnMut(&mut NodeRng) -> f64) {
    let n = 40_000;
    let tolerance = 5.0 * standard_deviation / (n as f64).sqrt();
    for seed in SEEDS {
        let mut rng = rng(seed, "mean");
        let measured = draws(n, || sample(&mut rng)).iter().sum::<f64>() / n as f64;
        assert!(
            (measured - mean).abs() < tolerance,
            "{name}, seed {seed}: {measured} not {mean} +- {tolerance}"
        );
    }
}

#[test]
fn exponential_agrees_with_rand_distr() {
    let ours = Exponential::new(3.0).unwrap();
    let theirs = rand_distr::Exp::new(1.0 / 3.0).unwrap();
    assert_same("lifetime", |rng| ours.sample(rng), |rng| theirs.sample(rng));
    assert_same("residual", |rng| ours.sample_residual(rng), |rng| theirs.sample(rng));
    assert_mean("exponential", ours.mean(), 3.0, |rng| ours.sample(rng));
}

#[test]
fn weibull_agrees_with_rand_distr() {
    for (shape, scale) in [(0.34, 2.0), (0.61, 8160.0), (1.0, 1.0), (3.5, 0.1)] {
        let ours = Weibull::new(shape, scale).unwrap();
        let theirs = rand_distr::Weibull::new(scale, shape).unwrap();
        assert_same(
            &format!("Weibull {shape}"),
            |rng| ours.sample(rng),
            |rng| theirs.sample(rng),
        );
    }
}

/// The residual over the scale, to the power of the shape, is Gamma(1 / shape): substitute `x = t^shape` in the integral
/// of the survival function.
#[test]
fn weibull_residual_agrees_with_the_gamma_distribution() {
    for (shape, scale) in [(0.34, 2.0), (0.61, 8160.0), (1.0, 1.0), (3.5, 0.1)] {
        let ours = Weibull::new(shape, scale).unwrap();
        let gamma = rand_distr::Gamma::new(1.0 / shape, 1.0).unwrap();
        assert_same(
            &format!("residual {shape}"),
            |rng| ours.sample_residual(rng),
            |rng| scale * math::pow(gamma.sample(rng), 1.0 / shape),
        );
    }
}

/// The moment `E[X^order]` of a Weibull lifetime with scale 1.
fn moment(shape: f64, order: f64) -> f64 {
    math::gamma(1.0 + order / shape)
}

#[test]
fn weibull_means_are_the_closed_forms() {
    for shape in [0.5, 0.61, 1.0, 2.0, 10.0] {
        let weibull = Weibull::new(shape, 1.0).unwrap();
        let mean = moment(shape, 1.0);
        let variance = moment(shape, 2.0) - mean * mean;
        assert_eq!(weibull.mean(), mean);
        assert_mean(&format!("Weibull {shape}"), mean, variance.sqrt(), |rng| {
            weibull.sample(rng)
        });

        // E[R^n] = E[X^(n+1)] / ((n + 1) E[X]), by integrating the density of the residual by parts.
        let residual_mean = moment(shape, 2.0) / (2.0 * mean);
        let residual_variance = moment(shape, 3.0) / (3.0 * mean) - residual_mean * residual_mean;
        let name = format!("residual {shape}");
        assert_mean(&name, residual_mean, residual_variance.sqrt(), |rng| {
            weibull.sample_residual(rng)
        });
    }
}

/// The shapes whose residual has an elementary distribution function, over the whole range of the draw.
#[test]
fn weibull_residual_is_inverted_to_twelve_digits() {
    /// `Q(a, x)` for a whole number `a`: the Poisson probability of fewer than `a` events.
    fn poisson_tail(a: u32, x: f64) -> f64 {
        let (mut term, mut sum) = (1.0, 1.0);
        for n in 1..a {
            term *= x / f64::from(n);
            sum += term;
        }
        math::exp(-x) * sum
    }
    let fractions = (1..200).map(|i| f64::from(i) / 200.0);
    let extremes = (1..=53).flat_map(|i| [math::pow(2.0, -f64::from(i)), 1.0 - math::pow(2.0, -f64::from(i))]);
    for u in fractions.chain(extremes) {
        let residual = |shape: f64| Weibull::new(shape, 1.0).unwrap().unit_residual_quantile(u);
        let relative = |value: f64, expected: f64| ((value - expected) / expected).abs();

        assert!(relative(residual(1.0), unit_exponential(u)) < 1e-12, "shape 1 at {u}");
        for a in [2_u32, 4, 10] {
            let shape = 1.0 / f64::from(a);
            let x = math::pow(residual(shape), shape);
            // Compared where it keeps its digits; a step of 1e-12 in t is one of at most x 1e-12 in the tail's logarithm.
            if u >= 0.5 {
                assert!(
                    relative(poisson_tail(a, x), 1.0 - u) < 1e-12 * (1.0 + x),
                    "shape {shape} at {u}"
                );
            } else if u > 1e-3 {
                assert!(relative(1.0 - poisson_tail(a, x), u) < 1e-12, "shape {shape} at {u}");
            }
        }
        // Shape 2: the integrated survival function is sqrt(pi) / 2 erf(t).
        let t = residual(2.0);
        if u < 0.5 {
            assert!(relative(libm::erf(t), u) < 1e-12, "shape 2 at {u}");
        } else {
            assert!(
                relative(libm::erfc(t), 1.0 - u) < 1e-12 * (1.0 + t * t),
                "shape 2 at {u}"
            );
        }
    }
}

/// Over all shapes and draws: the steps settle before the limit, and a larger draw never gives a smaller residual.
#[test]
fn weibull_residual_is_finite_and_monotone_for_every_shape() {
    for exponent in 0..=60 {
        let shape = (0.1 * math::pow(1000.0, f64::from(exponent) / 60.0)).min(100.0);
        let weibull = Weibull::new(shape, 1.0).unwrap();
        let mut before = 0.0;
        for i in 0..=1000 {
            let u = (f64::from(i) / 1000.0).min(1.0 - f64::EPSILON / 2.0);
            let t = weibull.unit_residual_quantile(u);
            assert!(t.is_finite() && t >= before, "shape {shape} at {u}: {t} after {before}");
            let (excess, _) = if u > 0.0 {
                weibull.residual_excess(math::ln(t), u)
            } else {
                (0.0, 1.0)
            };
            assert!(excess.abs() < 1e-11, "shape {shape} at {u}: excess {excess}");
            before = t;
        }
    }
}

#[test]
fn uniform_fills_its_range() {
    let uniform = Uniform::new(0.5, 1.5).unwrap();
    let mut rng = rng(1, "range");
    assert!(
        draws(10_000, || uniform.sample(&mut rng))
            .iter()
            .all(|x| (0.5..1.5).contains(x))
    );
    assert_mean("uniform", uniform.mean(), (1.0_f64 / 12.0).sqrt(), |rng| {
        uniform.sample(rng)
    });
    let theirs = rand_distr::Uniform::new(0.5, 1.5).unwrap();
    assert_same("uniform", |rng| uniform.sample(rng), |rng| theirs.sample(rng));
}

#[test]
fn impossible_parameters_are_refused() {
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(
            Exponential::new(bad),
            Err(DistributionError::NotPositive { parameter: "mean", .. })
        ));
        assert!(matches!(
            Weibull::new(0.5, bad),
            Err(DistributionError::NotPositive { parameter: "scale", .. })
        ));
        assert!(matches!(Weibull::new(bad, 1.0), Err(DistributionError::Shape { .. })));
    }
    assert!(matches!(Weibull::new(0.099, 1.0), Err(DistributionError::Shape { .. })));
    assert!(matches!(
        Weibull::new(0.1, 1e9),
        Err(DistributionError::MeanTooLong { .. })
    ));
    assert!(matches!(
        Exponential::new(1e300),
        Err(DistributionError::MeanTooLong { .. })
    ));
    for (minimum, maximum) in [
        (1.0, 0.5),
        (-1.0, 1.0),
        (f64::NAN, 1.0),
        (0.0, f64::NAN),
        (0.0, f64::INFINITY),
    ] {
        assert!(matches!(
            Uniform::new(minimum, maximum),
            Err(DistributionError::Range { .. })
        ));
    }
    assert!(matches!(
        Uniform::new(0.0, 1e300),
        Err(DistributionError::MeanTooLong { .. })
    ));
}

#[test]
fn pareto_agrees_with_rand_distr() {
    for (shape, minimum) in [(0.5, 3.0), (1.0, 1800.0), (1.5, 60.0), (3.0, 1.0)] {
        let ours = Pareto::new(shape, minimum).unwrap();
        let theirs = rand_distr::Pareto::new(minimum, shape).unwrap();
        assert_same(
            &format!("Pareto {shape}"),
            |rng| ours.sample(rng),
            |rng| theirs.sample(rng),
        );
    }
    assert_eq!(Pareto::new(1.0, 1800.0).unwrap().mean(), f64::INFINITY);
    // p2psim's: the median is an hour.
    assert!((Pareto::new(1.0, 1800.0).unwrap().exceeded_by(0.5) - 3600.0).abs() < 1e-9);
}

#[test]
fn log_normal_agrees_with_rand_distr() {
    for (median, sigma) in [(1.0, 0.1), (600.0, 1.0), (60.0, 2.5)] {
        let ours = LogNormal::new(median, sigma).unwrap();
        let theirs = rand_distr::LogNormal::new(math::ln(median), sigma).unwrap();
        assert_same(
            &format!("log-normal {sigma}"),
            |rng| ours.sample(rng),
            |rng| theirs.sample(rng),
        );
    }
}

/// What is left of a lifetime that a random moment falls into: lifetimes are laid end to end, and looked at from instants far
/// apart. By renewal theory these are the equilibrium residuals, whatever formula the sampler uses.
#[test]
fn residuals_are_those_of_lifetimes_laid_end_to_end() {
    type Sampler = Box<dyn Fn(&mut NodeRng) -> f64>;
    let pareto = Pareto::new(2.5, 1.0).unwrap();
    let log_normal = LogNormal::new(1.0, 0.8).unwrap();
    let weibull = Weibull::new(0.7, 1.0).unwrap();
    let models: [(&str, Sampler, Sampler, f64); 3] = [
        (
            "Pareto",
            Box::new(move |rng| pareto.sample(rng)),
            Box::new(move |rng| pareto.sample_residual(rng)),
            pareto.mean(),
        ),
        (
            "log-normal",
            Box::new(move |rng| log_normal.sample(rng)),
            Box::new(move |rng| log_normal.sample_residual(rng)),
            log_normal.mean(),
        ),
        (
            "Weibull",
            Box::new(move |rng| weibull.sample(rng)),
            Box::new(move |rng| weibull.sample_residual(rng)),
            weibull.mean(),
        ),
    ];
    for (name, whole, residual, mean) in models {
        // A looker-on comes at random into the middle of a row of some sixty lifetimes.
        let from_a_row = |rng: &mut NodeRng| {
            let instant = mean * (40.0 + 20.0 * unit(rng));
            let mut end = 0.0;
            while end <= instant {
                end += whole(rng);
            }
            end - instant
        };
        assert_same(name, from_a_row, residual);
    }
}

#[test]
fn survival_undoes_the_time_that_a_share_exceeds() {
    let exponential = Exponential::new(7.0).unwrap();
    let weibull = Weibull::new(0.6, 7.0).unwrap();
    let pareto = Pareto::new(1.3, 7.0).unwrap();
    let log_normal = LogNormal::new(7.0, 1.4).unwrap();
    for i in 1..100 {
        let q = f64::from(i) / 100.0;
        let there_and_back = [
            exponential.survival(exponential.exceeded_by(q)),
            weibull.survival(weibull.exceeded_by(q)),
            pareto.survival(pareto.exceeded_by(q)),
            log_normal.survival(log_normal.exceeded_by(q)),
        ];
        assert!(
            there_and_back.iter().all(|back| (back - q).abs() < 1e-12),
            "{q}: {there_and_back:?}"
        );
    }
    assert_eq!(pareto.survival(3.0), 1.0, "nobody leaves before the minimum");
}

#[test]
fn impossible_parameters_of_heavy_tails_are_refused() {
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(
            Pareto::new(1.5, bad),
            Err(DistributionError::NotPositive {
                parameter: "minimum",
                ..
            })
        ));
        assert!(matches!(
            Pareto::new(bad, 1.0),
            Err(DistributionError::ParetoShape { .. })
        ));
        assert!(matches!(
            LogNormal::new(bad, 1.0),
            Err(DistributionError::NotPositive {
                parameter: "median",
                ..
            })
        ));
        assert!(matches!(LogNormal::new(1.0, bad), Err(DistributionError::Sigma { .. })));
    }
    assert!(matches!(
        Pareto::new(1.000_001, 1e9),
        Err(DistributionError::MeanTooLong { .. })
    ));
    assert!(matches!(
        LogNormal::new(1.0, 10.0),
        Err(DistributionError::MeanTooLong { .. })
    ));
}
