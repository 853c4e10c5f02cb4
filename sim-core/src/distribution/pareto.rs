//! Pareto's distribution of lifetimes.

use super::{DistributionError, positive, representable};
use crate::math;
use crate::random::{NodeRng, unit};

/// The Pareto distribution, `P(X > x) = (minimum / x)^shape` from the minimum on.
///
/// With a shape of at most 1 the mean is infinite. p2psim draws lifetimes with shape 1 and minimum 30 min, whose median
/// is an hour (Li et al. 2005).
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Pareto {
    shape: f64,
    minimum: f64,
}

impl Pareto {
    /// The smallest and the largest shape. At the smallest, one lifetime in ten is 10^10 times the minimum; at the largest
    /// nearly all are the minimum.
    pub const SHAPES: (f64, f64) = (0.1, 100.0);

    /// The Pareto distribution with this shape, a number, and minimum, in seconds.
    ///
    /// # Errors
    /// [`DistributionError::ParetoShape`], [`DistributionError::NotPositive`] for the minimum, and
    /// [`DistributionError::MeanTooLong`] where the mean is finite.
    pub fn new(shape: f64, minimum: f64) -> Result<Self, DistributionError> {
        if !(Self::SHAPES.0..=Self::SHAPES.1).contains(&shape) {
            return Err(DistributionError::ParetoShape { shape });
        }
        let pareto = Pareto {
            shape,
            minimum: representable(positive("minimum", minimum)?)?,
        };
        if shape > 1.0 {
            representable(pareto.mean())?;
        }
        Ok(pareto)
    }

    /// One lifetime, in seconds.
    pub fn sample(&self, rng: &mut NodeRng) -> f64 {
        self.exceeded_by(1.0 - unit(rng))
    }

    /// The mean, in seconds; infinite for a shape of at most 1.
    pub fn mean(&self) -> f64 {
        if self.shape > 1.0 {
            self.shape / (self.shape - 1.0) * self.minimum
        } else {
            f64::INFINITY
        }
    }

    /// What is left of a lifetime in the steady state, in seconds, where there is one: for a shape above 1.
    ///
    /// Up to the minimum every lifetime survives, so that the density is constant there, with `(shape - 1) / shape` of the
    /// whole; beyond it is left what a Pareto distribution of shape `shape - 1` leaves.
    pub fn sample_residual(&self, rng: &mut NodeRng) -> f64 {
        let u = unit(rng);
        if u <= (self.shape - 1.0) / self.shape {
            u * self.mean()
        } else {
            self.minimum * math::pow(self.shape * (1.0 - u), -1.0 / (self.shape - 1.0))
        }
    }

    /// The probability that a lifetime is longer than `x`, in seconds.
    pub fn survival(&self, x: f64) -> f64 {
        if x <= self.minimum {
            1.0
        } else {
            math::pow(self.minimum / x, self.shape)
        }
    }

    /// The time, in seconds, that a share `q` of the lifetimes, in `(0, 1]`, is longer than.
    pub fn exceeded_by(&self, q: f64) -> f64 {
        self.minimum * math::pow(q, -1.0 / self.shape)
    }
}
