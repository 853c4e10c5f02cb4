//! How long a node stays up, or down.

use crate::distribution::{Exponential, LogNormal, Pareto, Weibull};
use crate::random::{NodeRng, unit};
use crate::time::SimDuration;

/// How long a node stays up, or down.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Lifetime {
    /// Without memory: the usual assumption of analyses, and p2psim's experiments (Li et al. 2005).
    Exponential(Exponential),
    /// With a shape below 1, what measurements find (Stutzbach and Rejaie 2006).
    Weibull(Weibull),
    /// With a heavy tail, and a mean only where its shape is above 1.
    Pareto(Pareto),
    /// With a tail between those two.
    LogNormal(LogNormal),
}

/// What a distribution is asked for, whichever it is.
macro_rules! of {
    ($lifetime:expr, $distribution:ident => $value:expr) => {
        match $lifetime {
            Lifetime::Exponential($distribution) => $value,
            Lifetime::Weibull($distribution) => $value,
            Lifetime::Pareto($distribution) => $value,
            Lifetime::LogNormal($distribution) => $value,
        }
    };
}

impl Lifetime {
    /// The mean, in seconds; it may be infinite.
    pub fn mean(&self) -> f64 {
        of!(self, distribution => distribution.mean())
    }

    /// One whole period, at least a nanosecond.
    pub fn sample(&self, rng: &mut NodeRng) -> SimDuration {
        schedulable(of!(self, distribution => distribution.sample(rng)))
    }

    /// What is left of a period at a moment of the steady state, at least a nanosecond; how long it has lasted has the same
    /// distribution. Only where the mean is finite.
    pub fn sample_residual(&self, rng: &mut NodeRng) -> SimDuration {
        schedulable(of!(self, distribution => distribution.sample_residual(rng)))
    }

    /// What is left of a period that has lasted so long, at least a nanosecond.
    pub fn sample_remaining(&self, age: SimDuration, rng: &mut NodeRng) -> SimDuration {
        let age = age.as_secs_f64();
        let longer = of!(self, distribution => distribution.survival(age));
        // A share that a double cannot hold is one of lifetimes longer than any run.
        let share = (longer * (1.0 - unit(rng))).max(f64::MIN_POSITIVE);
        schedulable(of!(self, distribution => distribution.exceeded_by(share)) - age)
    }
}

/// The engine schedules nothing sooner than a nanosecond ahead.
fn schedulable(secs: f64) -> SimDuration {
    SimDuration::from_secs_f64(secs).max(SimDuration::NANOSECOND)
}
