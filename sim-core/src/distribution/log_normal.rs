//! The log-normal distribution of lifetimes.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

use super::{DistributionError, positive, representable};
use crate::math;
use crate::random::{NodeRng, unit};

/// The log-normal distribution: the logarithm of a lifetime is normal.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct LogNormal {
    median: f64,
    sigma: f64,
}

impl LogNormal {
    /// The log-normal distribution with this median, in seconds, and standard deviation of the natural logarithm.
    ///
    /// # Errors
    /// [`DistributionError::NotPositive`] for the median, [`DistributionError::Sigma`], and
    /// [`DistributionError::MeanTooLong`].
    pub fn new(median: f64, sigma: f64) -> Result<Self, DistributionError> {
        if !(sigma > 0.0 && sigma.is_finite()) {
            return Err(DistributionError::Sigma { sigma });
        }
        let distribution = LogNormal {
            median: positive("median", median)?,
            sigma,
        };
        representable(distribution.mean())?;
        Ok(distribution)
    }

    /// One lifetime, in seconds.
    pub fn sample(&self, rng: &mut NodeRng) -> f64 {
        self.median * math::exp(self.sigma * normal_quantile(unit(rng)))
    }

    /// The mean, in seconds.
    pub fn mean(&self) -> f64 {
        self.median * math::exp(self.sigma * self.sigma / 2.0)
    }

    /// What is left of a lifetime in the steady state, in seconds.
    ///
    /// A moment picked without regard to lifetimes falls into one in proportion to its length, and uniformly within it.
    /// Lifetimes in proportion to their length are log-normal too, with the median `exp(sigma^2)` times as long.
    pub fn sample_residual(&self, rng: &mut NodeRng) -> f64 {
        let whole = self.sample(rng) * math::exp(self.sigma * self.sigma);
        unit(rng) * whole
    }

    /// The probability that a lifetime is longer than `x`, in seconds.
    pub fn survival(&self, x: f64) -> f64 {
        normal_survival(math::ln(x / self.median) / self.sigma)
    }

    /// The time, in seconds, that a share `q` of the lifetimes, in `(0, 1]`, is longer than.
    pub fn exceeded_by(&self, q: f64) -> f64 {
        self.median * math::exp(-self.sigma * normal_quantile(q))
    }
}

/// The probability that a standard normal variable exceeds `z`.
fn normal_survival(z: f64) -> f64 {
    0.5 * math::erfc(z * FRAC_1_SQRT_2)
}

/// A value of the standard normal distribution, never infinite.
pub(crate) fn standard_normal(rng: &mut NodeRng) -> f64 {
    normal_quantile(unit(rng).max(f64::EPSILON / 4.0))
}

/// The quantile of the standard normal distribution, for `u` in `[0, 1]`; relative error in the tail below 1e-12.
///
/// In the upper half, `z` solves `ln Q(z) = ln q` with `Q` the survival function and `q` at most a half. The logarithm of
/// `Q` is concave and falls, so that Newton's method, begun at a `z` that is too large, comes down to the root without ever
/// passing it; such a beginning is `Q(z) <= exp(-z^2 / 2) / 2`.
fn normal_quantile(u: f64) -> f64 {
    let q = if u < 0.5 { u } else { 1.0 - u };
    let bound = -2.0 * math::ln(2.0 * q);
    let mut z = bound.sqrt();
    // At q = 0 the quantile is infinite.
    if bound.is_finite() && bound > 0.0 {
        for _ in 0..NORMAL_STEPS {
            let survival = normal_survival(z);
            let density = math::exp(-z * z / 2.0) / (2.0 * PI).sqrt();
            let step = math::ln(survival / q) * survival / density;
            z += step;
            if step.abs() <= 1e-14 * z {
                break;
            }
        }
    }
    if u < 0.5 { -z } else { z }
}

/// Newton steps of [`normal_quantile`] at most; it takes seven.
const NORMAL_STEPS: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    /// Over the whole range of draws, tails included: the survival function undoes the quantile.
    #[test]
    fn normal_quantiles_are_inverted_to_twelve_digits() {
        let fractions = (1..200).map(|i| f64::from(i) / 200.0);
        let extremes = (1..=53).flat_map(|i| [math::pow(2.0, -f64::from(i)), 1.0 - math::pow(2.0, -f64::from(i))]);
        let mut pairs: Vec<(f64, f64)> = fractions.chain(extremes).map(|u| (u, normal_quantile(u))).collect();
        for (u, z) in &pairs {
            let (tail, q) = if *u < 0.5 { (-z, *u) } else { (*z, 1.0 - u) };
            // A step of 1e-14 in z is one of z^2 1e-14 in the logarithm of the tail.
            let relative = (normal_survival(tail) / q - 1.0).abs();
            assert!(relative < 1e-12, "{u}: {z}, off by {relative}");
        }
        pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
        assert!(pairs.windows(2).all(|pair| pair[0].1 <= pair[1].1));
        assert_eq!(normal_quantile(0.0), f64::NEG_INFINITY);
        assert_eq!(normal_quantile(0.5), 0.0);
        assert!((normal_quantile(0.975) - 1.959_963_984_540_054).abs() < 1e-14);
    }
}
