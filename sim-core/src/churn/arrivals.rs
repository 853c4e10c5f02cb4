//! Comings and goings as processes of the whole network.

use std::f64::consts::TAU;

use super::{ChurnError, Lifetime, fraction, positive};
use crate::distribution::unit_exponential;
use crate::math;
use crate::random::{NodeRng, StreamKey, unit};
use crate::time::SimDuration;

/// How events of a constant rate are spread.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Timing {
    /// By a Poisson process.
    Poisson,
    /// At equal distances.
    Even,
}

/// Events at a constant rate.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct PointProcess {
    rate: f64,
    timing: Timing,
}

impl PointProcess {
    /// So many events a second.
    ///
    /// # Errors
    /// [`ChurnError::NotPositive`].
    pub fn new(rate: f64, timing: Timing) -> Result<Self, ChurnError> {
        Ok(PointProcess {
            rate: positive("rate", rate)?,
            timing,
        })
    }

    /// The replacements that renew half of a population in each half-life, on average (Liben-Nowell, Balakrishnan and Karger
    /// 2002): every node leaves at the rate `ln 2 / T`, so that it stays `T / ln 2` on average.
    ///
    /// # Errors
    /// [`ChurnError::NotPositive`] for a half-life of zero or a population of nobody.
    pub fn half_life(half_life: SimDuration, population: u32, timing: Timing) -> Result<Self, ChurnError> {
        let half_life = positive("half-life", half_life.as_secs_f64())?;
        let population = positive("population", f64::from(population))?;
        PointProcess::new(population * math::ln(2.0) / half_life, timing)
    }

    /// Events a second.
    pub fn rate(&self) -> f64 {
        self.rate
    }

    /// From one event to the next, or to the first: at least a nanosecond.
    pub fn pause(&self, rng: &mut NodeRng) -> SimDuration {
        let parts = match self.timing {
            Timing::Poisson => unit_exponential(unit(rng)),
            Timing::Even => 1.0,
        };
        SimDuration::from_secs_f64(parts / self.rate).max(SimDuration::NANOSECOND)
    }
}

/// The rhythm of a day: the rate at time `t` is `1 + amplitude cos(2 pi (t - peak) / period)` times its mean.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Diurnal {
    period: f64,
    amplitude: f64,
    peak: f64,
}

impl Diurnal {
    /// The rhythm with this period, this amplitude, in parts of the mean, and its peak so long after time zero.
    ///
    /// # Errors
    /// [`ChurnError::NotPositive`] for the period, [`ChurnError::OutsideUnitInterval`] for the amplitude.
    pub fn new(period: SimDuration, amplitude: f64, peak: SimDuration) -> Result<Self, ChurnError> {
        Ok(Diurnal {
            period: positive("period", period.as_secs_f64())?,
            amplitude: fraction("amplitude", amplitude)?,
            peak: peak.as_secs_f64(),
        })
    }

    /// The rate at a time, in seconds, in parts of its mean.
    fn factor(&self, secs: f64) -> f64 {
        1.0 + self.amplitude * math::cos(TAU * (secs - self.peak) / self.period)
    }
}

/// Newcomers by a Poisson process, each of whom stays for a session and does not return; the rate may follow the day.
///
/// The number of them who are up is that of a queue with infinitely many servers. At a constant rate it is, in the steady
/// state, a Poisson variable whose mean is the rate times the mean session, whatever the distribution of sessions; at a rate
/// that follows the day it is one whose mean follows it later and flatter (Eick, Massey and Whitt 1993).
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Arrivals {
    rate: f64,
    sessions: Lifetime,
    diurnal: Option<Diurnal>,
}

impl Arrivals {
    /// So many newcomers a second, on average.
    ///
    /// # Errors
    /// [`ChurnError::NotPositive`] for the rate, [`ChurnError::EndlessSessions`].
    pub fn new(rate: f64, sessions: Lifetime, diurnal: Option<Diurnal>) -> Result<Self, ChurnError> {
        if !sessions.mean().is_finite() {
            return Err(ChurnError::EndlessSessions);
        }
        Ok(Arrivals {
            rate: positive("rate", rate)?,
            sessions,
            diurnal,
        })
    }

    /// How many come a second, on average.
    pub fn rate(&self) -> f64 {
        self.rate
    }

    /// The rhythm that the rate follows.
    pub fn diurnal(&self) -> Option<&Diurnal> {
        self.diurnal.as_ref()
    }

    /// How many are up on average, if there is a place for everybody: Little's law.
    pub fn mean_up(&self) -> f64 {
        self.rate * self.sessions.mean()
    }

    /// How long the newcomer with this stream stays.
    pub fn session(&self, stream: StreamKey) -> SimDuration {
        self.sessions.sample(&mut stream.rng())
    }

    /// From a time until somebody comes: a Poisson process of the highest rate, thinned (Lewis and Shedler 1979). Where hardly
    /// anybody comes for long, the pause may end before (and the second value says so): whoever asks goes on from there, and is
    /// never kept waiting.
    pub fn pause(&self, from: SimDuration, rng: &mut NodeRng) -> (SimDuration, bool) {
        const CANDIDATES: usize = 1000;
        let mut pause = 0.0;
        let mut comes = false;
        for _ in 0..CANDIDATES {
            pause += unit_exponential(unit(rng)) / self.highest_rate();
            comes = self.accepts(from.as_secs_f64() + pause, rng);
            if comes {
                break;
            }
        }
        (SimDuration::from_secs_f64(pause).max(SimDuration::NANOSECOND), comes)
    }

    /// How much longer those stay who are up at a time, in the steady state: at most so many, and in no order.
    ///
    /// Of the highest rate there is a Poisson number of candidates, each of whom came an equilibrium age ago and was accepted
    /// as any newcomer at that time is.
    pub(super) fn standing(&self, most: u32, at: SimDuration, streams: StreamKey) -> Vec<SimDuration> {
        let mean = self.highest_rate() * self.sessions.mean();
        let mut counting = streams.purpose("count").rng();
        let mut standing = Vec::new();
        let mut sum = unit_exponential(unit(&mut counting));
        let mut candidate = 0;
        while sum < mean && standing.len() < most as usize {
            let mut rng = streams.index(candidate).rng();
            let age = self.sessions.sample_residual(&mut rng);
            if self.accepts(at.as_secs_f64() - age.as_secs_f64(), &mut rng) {
                standing.push(self.sessions.sample_remaining(age, &mut rng));
            }
            candidate += 1;
            sum += unit_exponential(unit(&mut counting));
        }
        standing
    }

    fn highest_rate(&self) -> f64 {
        self.rate * (1.0 + self.diurnal.map_or(0.0, |diurnal| diurnal.amplitude))
    }

    /// Whether a candidate of the highest rate is a newcomer. Without a rhythm everybody is, and nothing is drawn.
    fn accepts(&self, secs: f64, rng: &mut NodeRng) -> bool {
        match &self.diurnal {
            None => true,
            Some(diurnal) => unit(rng) * (1.0 + diurnal.amplitude) < diurnal.factor(secs),
        }
    }
}
