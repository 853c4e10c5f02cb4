//! Random lifetimes and delays, by inverse transform.
//!
//! Every sample is the quantile function of its distribution at one number in `[0, 1)` (the residual of a log-normal
//! lifetime at two): one draw a sample, the same bits everywhere, and a sample that grows with its draw, so that two settings of a parameter can be compared on common
//! random numbers. The crate `rand_distr` is not used at run time because its mathematics can be switched to the
//! platform's by a feature that another crate asks for; the tests hold these samplers against it.
//!
//! A lifetime that is looked at from a moment picked without regard to it, as at the start of a run in the steady state,
//! has an *equilibrium residual* left: with `F` the distribution of a lifetime and `m` its mean, the density of what is
//! left is `(1 - F(x)) / m` (Cox 1962, *Renewal Theory*, chapter 5: the forward recurrence time), and its mean is
//! `E[X^2] / (2 m)`.

mod log_normal;
mod pareto;
mod zipf;

use thiserror::Error;

use crate::math;
use crate::random::{NodeRng, unit};

pub use log_normal::LogNormal;
pub(crate) use log_normal::standard_normal;
pub use pareto::Pareto;
pub use zipf::{Zipf, ZipfError};

/// The longest mean, in seconds: what [`SimDuration`](crate::time::SimDuration) can hold, about 584 years.
const LONGEST_MEAN: f64 = u64::MAX as f64 / 1e9;

/// A parameter that no distribution can have.
#[derive(Clone, Copy, PartialEq, Debug, Error)]
pub enum DistributionError {
    /// A mean or a scale is zero, negative, infinite or undefined.
    #[error("the {parameter} must be a positive finite number of seconds, not {value}")]
    NotPositive {
        /// Which parameter.
        parameter: &'static str,
        /// Its value.
        value: f64,
    },
    /// The shape of a Weibull distribution lies outside [`Weibull::SHAPES`].
    #[error(
        "the Weibull shape must lie between {} and {}, not {shape}; measured session times have 0.3 to 0.7",
        Weibull::SHAPES.0, Weibull::SHAPES.1
    )]
    Shape {
        /// The shape asked for.
        shape: f64,
    },
    /// The shape of a Pareto distribution lies outside [`Pareto::SHAPES`].
    #[error(
        "the Pareto shape must lie between {} and {}, not {shape}; at 1 and below the mean is infinite",
        Pareto::SHAPES.0, Pareto::SHAPES.1
    )]
    ParetoShape {
        /// The shape asked for.
        shape: f64,
    },
    /// The standard deviation of the logarithm of a log-normal distribution is zero, negative, infinite or undefined.
    #[error("sigma, the standard deviation of the logarithm, must be positive and finite, not {sigma}")]
    Sigma {
        /// The deviation asked for.
        sigma: f64,
    },
    /// The mean does not fit simulated time.
    #[error("the mean would be {mean:e} s, but simulated time ends after {LONGEST_MEAN:e} s; choose a smaller scale")]
    MeanTooLong {
        /// The mean in seconds.
        mean: f64,
    },
    /// The bounds of a uniform distribution are negative, infinite or undefined, or in the wrong order.
    #[error("a uniform range needs finite bounds with 0 <= minimum <= maximum, not {minimum} s and {maximum} s")]
    Range {
        /// The lower bound in seconds.
        minimum: f64,
        /// The upper bound in seconds.
        maximum: f64,
    },
}

/// `value` if it is a positive finite number.
fn positive(parameter: &'static str, value: f64) -> Result<f64, DistributionError> {
    if value.is_finite() && value > 0.0 {
        Ok(value)
    } else {
        Err(DistributionError::NotPositive { parameter, value })
    }
}

/// `mean` if simulated time can hold it.
fn representable(mean: f64) -> Result<f64, DistributionError> {
    if mean < LONGEST_MEAN {
        Ok(mean)
    } else {
        Err(DistributionError::MeanTooLong { mean })
    }
}

/// The quantile of the exponential distribution with mean 1, for `u` in `[0, 1)`.
#[inline]
pub(crate) fn unit_exponential(u: f64) -> f64 {
    -math::ln_1p(-u)
}

/// The uniform distribution over `[minimum, maximum)`, in seconds.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Uniform {
    minimum: f64,
    maximum: f64,
}

impl Uniform {
    /// The uniform distribution between two bounds in seconds; equal bounds give that constant.
    ///
    /// # Errors
    /// [`DistributionError::Range`] unless both are finite and `0 <= minimum <= maximum`, and
    /// [`DistributionError::MeanTooLong`].
    pub fn new(minimum: f64, maximum: f64) -> Result<Self, DistributionError> {
        if !(minimum >= 0.0 && minimum <= maximum && maximum.is_finite()) {
            return Err(DistributionError::Range { minimum, maximum });
        }
        representable(maximum)?;
        Ok(Uniform { minimum, maximum })
    }

    /// One value, in seconds.
    pub fn sample(&self, rng: &mut NodeRng) -> f64 {
        self.minimum + unit(rng) * (self.maximum - self.minimum)
    }

    /// The mean, in seconds.
    pub fn mean(&self) -> f64 {
        self.minimum + (self.maximum - self.minimum) / 2.0
    }
}

/// The exponential distribution: a lifetime without memory.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Exponential {
    mean: f64,
}

impl Exponential {
    /// The exponential distribution with this mean, in seconds.
    ///
    /// # Errors
    /// [`DistributionError::NotPositive`] and [`DistributionError::MeanTooLong`].
    pub fn new(mean: f64) -> Result<Self, DistributionError> {
        Ok(Exponential {
            mean: representable(positive("mean", mean)?)?,
        })
    }

    /// One lifetime, in seconds.
    pub fn sample(&self, rng: &mut NodeRng) -> f64 {
        self.mean * unit_exponential(unit(rng))
    }

    /// The mean, in seconds.
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// What is left of a lifetime in the steady state, in seconds: for want of memory, another lifetime.
    pub fn sample_residual(&self, rng: &mut NodeRng) -> f64 {
        self.sample(rng)
    }

    /// The probability that a lifetime is longer than `x`, in seconds.
    pub fn survival(&self, x: f64) -> f64 {
        math::exp(-x / self.mean)
    }

    /// The time, in seconds, that a share `q` of the lifetimes, in `(0, 1]`, is longer than.
    pub fn exceeded_by(&self, q: f64) -> f64 {
        -self.mean * math::ln(q)
    }
}

/// The Weibull distribution, `P(X > x) = exp(-(x / scale)^shape)`.
///
/// With a shape below 1 a session that has lasted is likely to last: measured sessions in BitTorrent fit shapes of
/// 0.34 to 0.59 (Stutzbach and Rejaie 2006, *Understanding Churn in Peer-to-Peer Networks*).
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Weibull {
    shape: f64,
    scale: f64,
    /// The mean in units of the scale, `gamma(1 + 1 / shape)`.
    unit_mean: f64,
}

impl Weibull {
    /// The smallest and the largest shape. At the smallest the mean is already 3.6 million times the scale; at the
    /// largest every lifetime is nearly the scale.
    pub const SHAPES: (f64, f64) = (0.1, 100.0);

    /// The Weibull distribution with this shape, a number, and scale, in seconds.
    ///
    /// # Errors
    /// [`DistributionError::Shape`], [`DistributionError::NotPositive`] for the scale, and
    /// [`DistributionError::MeanTooLong`].
    pub fn new(shape: f64, scale: f64) -> Result<Self, DistributionError> {
        if !(Self::SHAPES.0..=Self::SHAPES.1).contains(&shape) {
            return Err(DistributionError::Shape { shape });
        }
        let unit_mean = math::gamma(1.0 + 1.0 / shape);
        representable(positive("scale", scale)? * unit_mean)?;
        Ok(Weibull {
            shape,
            scale,
            unit_mean,
        })
    }

    /// One lifetime, in seconds.
    pub fn sample(&self, rng: &mut NodeRng) -> f64 {
        self.scale * math::pow(unit_exponential(unit(rng)), 1.0 / self.shape)
    }

    /// The mean, in seconds.
    pub fn mean(&self) -> f64 {
        self.scale * self.unit_mean
    }

    /// What is left of a lifetime in the steady state, in seconds.
    pub fn sample_residual(&self, rng: &mut NodeRng) -> f64 {
        self.scale * self.unit_residual_quantile(unit(rng))
    }

    /// The probability that a lifetime is longer than `x`, in seconds.
    pub fn survival(&self, x: f64) -> f64 {
        math::exp(-math::pow(x / self.scale, self.shape))
    }

    /// The time, in seconds, that a share `q` of the lifetimes, in `(0, 1]`, is longer than.
    pub fn exceeded_by(&self, q: f64) -> f64 {
        self.scale * math::pow(-math::ln(q), 1.0 / self.shape)
    }

    /// The time `t`, in units of the scale, at which the integrated survival function reaches `u` of its whole: the
    /// root of `H(t) = u H(infinity)` with `H(t)` the integral of `exp(-s^shape)` from 0 to `t`. With `x = t^shape` this
    /// is the incomplete gamma function `P(1 / shape, x) = u`.
    ///
    /// Solved in `y = ln t` by Newton's method inside a bracket, halving it where a step leaves it; relative error
    /// below 1e-12. The logarithm of `H` is nearly linear in `y` below the mean, and that of the rest beyond it is
    /// nearly linear in `x`, so a handful of steps suffice.
    fn unit_residual_quantile(&self, u: f64) -> f64 {
        if u == 0.0 {
            return 0.0;
        }
        let a = 1.0 / self.shape;
        // H(t) <= t bounds the root from below. From above, Chernoff's bound of the gamma distribution: at x = 4 (a + 40)
        // less than exp(-120) is left, and 1 - u is at least 2^-53.
        let (mut low, mut high) = (math::ln(u * self.unit_mean), a * math::ln(4.0 * (a + 40.0)));
        let mut y = low;
        for _ in 0..RESIDUAL_STEPS {
            let (excess, slope) = self.residual_excess(y, u);
            if excess < 0.0 {
                low = y
            } else {
                high = y
            }
            let newton = y - excess / slope;
            // A comparison that an undefined step fails, too.
            let next = if newton >= low && newton <= high {
                newton
            } else {
                low + (high - low) / 2.0
            };
            let settled = (next - y).abs() <= 1e-13;
            y = next;
            if settled {
                break;
            }
        }
        math::exp(y)
    }

    /// By how much, as a logarithm, the integrated survival function at `t = exp(y)` exceeds `u` of its whole; and the
    /// derivative of that by `y`. Below `x = 1 / shape + 1` from the part before `t`, above from the part beyond it, each
    /// where its expansion converges and cancels no digits.
    fn residual_excess(&self, y: f64, u: f64) -> (f64, f64) {
        let a = 1.0 / self.shape;
        let x = math::exp(y * self.shape);
        let scaled_density = math::exp(y - x);
        if x < a + 1.0 {
            let before = scaled_density * gamma_series(a, x);
            (math::ln(before / (u * self.unit_mean)), scaled_density / before)
        } else {
            let beyond = scaled_density * a * gamma_fraction(a, x);
            (math::ln((1.0 - u) * self.unit_mean / beyond), scaled_density / beyond)
        }
    }
}

/// Newton steps and halvings of [`Weibull::unit_residual_quantile`] at most. The bracket is never wider than 75, so that
/// halving alone would need 50 to reach the accuracy; Newton's method takes six on average and twelve at most.
const RESIDUAL_STEPS: usize = 64;

/// Terms of the expansions below at most: for `a <= 10`, the largest that the shapes allow, both end long before.
const GAMMA_TERMS: usize = 500;

/// The lower incomplete gamma function at `x < a + 1` as `a x^-a exp(x) gamma(a, x)`: the series
/// `1 + x/(a+1) + x^2/((a+1)(a+2)) + ...`, all of whose terms are positive (DLMF 8.7.1).
fn gamma_series(a: f64, x: f64) -> f64 {
    let (mut term, mut sum) = (1.0, 1.0);
    for n in 1..GAMMA_TERMS {
        term *= x / (a + n as f64);
        sum += term;
        if term < sum * f64::EPSILON / 4.0 {
            break;
        }
    }
    sum
}

/// The upper incomplete gamma function at `x >= a + 1` as `x^-a exp(x) Gamma(a, x)`: the continued fraction
/// `1/(x+1-a - 1(1-a)/(x+3-a - 2(2-a)/(x+5-a - ...)))` (DLMF 8.9.2, its even part) by Lentz's algorithm.
fn gamma_fraction(a: f64, x: f64) -> f64 {
    // Stands in for a denominator that happens to vanish.
    const TINY: f64 = 1e-300;
    let nonzero = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut b = x + 1.0 - a;
    let mut c = 1.0 / TINY;
    let mut d = 1.0 / nonzero(b);
    let mut fraction = d;
    for n in 1..GAMMA_TERMS {
        let n = n as f64;
        let numerator = n * (a - n);
        b += 2.0;
        d = 1.0 / nonzero(b + numerator * d);
        c = nonzero(b + numerator / c);
        let factor = c * d;
        fraction *= factor;
        if (factor - 1.0).abs() < f64::EPSILON {
            break;
        }
    }
    fraction
}

#[cfg(test)]
mod tests;
