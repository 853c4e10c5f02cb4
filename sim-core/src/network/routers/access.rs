//! The delays of the links between hosts and routers.

use super::{nanoseconds, within_reach};
use crate::distribution::{Exponential, LogNormal, Weibull};
use crate::network::NetworkError;
use crate::random::{NodeRng, unit};
use crate::time::SimDuration;

/// The delays of access links, one way: each host draws one for itself and keeps it.
///
/// A drawn delay beyond the longest that is kept, 4.2 s, counts as that: the laws below without an upper bound go beyond it
/// where their mean is within it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct AccessDelay {
    minimum: SimDuration,
    above: Above,
}

/// What comes on top of the minimum.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Above {
    Uniform(SimDuration),
    Exponential(Exponential),
    Weibull(Weibull),
    LogNormal(LogNormal),
}

impl Default for AccessDelay {
    /// None: hosts are where their routers are.
    fn default() -> Self {
        AccessDelay {
            minimum: SimDuration::ZERO,
            above: Above::Uniform(SimDuration::ZERO),
        }
    }
}

impl AccessDelay {
    /// Delays uniform between `minimum` and `maximum`, both of which may be zero.
    ///
    /// # Errors
    /// [`NetworkError::MinimumAboveMaximum`], and [`NetworkError::DelayTooLong`] beyond 4.2 s.
    pub fn new(minimum: SimDuration, maximum: SimDuration) -> Result<Self, NetworkError> {
        if minimum > maximum {
            return Err(NetworkError::MinimumAboveMaximum { minimum, maximum });
        }
        within_reach(maximum)?;
        Ok(AccessDelay {
            minimum,
            above: Above::Uniform(maximum - minimum),
        })
    }

    /// `minimum`, and on top of it an exponential delay.
    ///
    /// # Errors
    /// [`NetworkError::DelayTooLong`] where the mean is beyond 4.2 s.
    pub fn exponential(minimum: SimDuration, above: Exponential) -> Result<Self, NetworkError> {
        AccessDelay::unbounded(minimum, above.mean(), Above::Exponential(above))
    }

    /// `minimum`, and on top of it a Weibull delay.
    ///
    /// # Errors
    /// [`NetworkError::DelayTooLong`] where the mean is beyond 4.2 s.
    pub fn weibull(minimum: SimDuration, above: Weibull) -> Result<Self, NetworkError> {
        AccessDelay::unbounded(minimum, above.mean(), Above::Weibull(above))
    }

    /// `minimum`, and on top of it a log-normal delay.
    ///
    /// # Errors
    /// [`NetworkError::DelayTooLong`] where the mean is beyond 4.2 s.
    pub fn log_normal(minimum: SimDuration, above: LogNormal) -> Result<Self, NetworkError> {
        AccessDelay::unbounded(minimum, above.mean(), Above::LogNormal(above))
    }

    /// A law without an upper bound, which has this mean in seconds above the minimum.
    fn unbounded(minimum: SimDuration, mean: f64, above: Above) -> Result<Self, NetworkError> {
        within_reach(minimum + SimDuration::from_secs_f64(mean))?;
        Ok(AccessDelay { minimum, above })
    }

    /// The shortest delay.
    pub fn minimum(&self) -> SimDuration {
        self.minimum
    }

    /// The longest delay, where the law has one of its own.
    pub fn maximum(&self) -> Option<SimDuration> {
        match self.above {
            Above::Uniform(span) => Some(self.minimum + span),
            Above::Exponential(_) | Above::Weibull(_) | Above::LogNormal(_) => None,
        }
    }

    /// The mean of the law.
    pub fn mean(&self) -> SimDuration {
        let above = match &self.above {
            Above::Uniform(span) => span.mul_f64(0.5),
            Above::Exponential(law) => SimDuration::from_secs_f64(law.mean()),
            Above::Weibull(law) => SimDuration::from_secs_f64(law.mean()),
            Above::LogNormal(law) => SimDuration::from_secs_f64(law.mean()),
        };
        self.minimum + above
    }

    /// The delay of one host: one draw, and longer the larger it is.
    pub(super) fn sample(&self, rng: &mut NodeRng) -> SimDuration {
        let above = match &self.above {
            Above::Uniform(span) => span.mul_f64(unit(rng)),
            Above::Exponential(law) => SimDuration::from_secs_f64(law.sample(rng)),
            Above::Weibull(law) => SimDuration::from_secs_f64(law.sample(rng)),
            Above::LogNormal(law) => SimDuration::from_secs_f64(law.sample(rng)),
        };
        let delay = self.minimum + above;
        nanoseconds(delay).map_or(SimDuration::from_nanos(u64::from(u32::MAX)), |_| delay)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::StreamKey;

    const HOSTS: u64 = 20_000;

    fn millis(n: u64) -> SimDuration {
        SimDuration::from_millis(n)
    }

    /// The delays of hosts in milliseconds, in ascending order.
    fn drawn(access: AccessDelay, seed: u64) -> Vec<f64> {
        let hosts = (0..HOSTS).map(|host| StreamKey::root(seed, 0).index(host));
        let mut delays: Vec<f64> = hosts
            .map(|host| access.sample(&mut host.rng()).as_millis_f64())
            .collect();
        delays.sort_by(f64::total_cmp);
        delays
    }

    /// Kolmogorov and Smirnov's statistic times the root of the number stays below 2 with probability 0.9993.
    fn follows(access: AccessDelay, cdf: impl Fn(f64) -> f64) {
        for seed in 0..5 {
            let delays = drawn(access, seed);
            let steps = delays.iter().enumerate();
            let farthest = steps
                .map(|(rank, delay)| (cdf(*delay) - (rank as f64 + 0.5) / HOSTS as f64).abs())
                .fold(0.0, f64::max);
            assert!(farthest * (HOSTS as f64).sqrt() < 2.0, "seed {seed}: {farthest}");
            let mean = delays.iter().sum::<f64>() / HOSTS as f64;
            let expected = access.mean().as_millis_f64();
            assert!((mean / expected - 1.0).abs() < 0.05, "seed {seed}: {mean} ms");
        }
    }

    #[test]
    fn delays_follow_their_law() {
        let uniform = AccessDelay::new(millis(2), millis(6)).unwrap();
        follows(uniform, |x| (x - 2.0) / 4.0);
        let exponential = AccessDelay::exponential(millis(3), Exponential::new(0.005).unwrap()).unwrap();
        follows(exponential, |x| 1.0 - crate::math::exp(-(x - 3.0) / 5.0));
        let law = LogNormal::new(0.004, 0.8).unwrap();
        let log_normal = AccessDelay::log_normal(millis(1), law).unwrap();
        follows(log_normal, |x| 1.0 - law.survival((x - 1.0) / 1e3));
        let weibull = AccessDelay::weibull(millis(1), Weibull::new(0.7, 0.004).unwrap()).unwrap();
        follows(weibull, |x| {
            1.0 - crate::math::exp(-crate::math::pow((x - 1.0) / 4.0, 0.7))
        });
        assert_eq!(uniform.maximum(), Some(millis(6)));
        assert_eq!((weibull.minimum(), weibull.maximum()), (millis(1), None));
    }

    #[test]
    fn what_is_too_long_is_refused_or_cut_off() {
        let refused = AccessDelay::exponential(SimDuration::ZERO, Exponential::new(5.0).unwrap());
        assert!(matches!(refused, Err(NetworkError::DelayTooLong { .. })));
        let heavy = AccessDelay::weibull(millis(1), Weibull::new(0.3, 0.3).unwrap()).unwrap();
        let longest = f64::from(u32::MAX) / 1e6;
        let delays = drawn(heavy, 1);
        assert_eq!(delays.last(), Some(&longest));
        assert!(delays[delays.len() / 2] < longest);
    }
}
