//! Where nodes are while they move, and the links that follow from it.
//!
//! A [`Movement`] tells the path of one node, leg by leg. A [`Model`] makes one for each node from a random stream of the
//! node's own: nobody's path depends on how many others there are, nor on when anybody is asked. [`Scripted`] movements
//! come from traces. [`Moving`] turns movements and a radio range into links that come up and go down at the nanosecond
//! at which two nodes come into range or leave it.
//!
//! Models that have a steady state are in it from the start, so that no part of a run has to be thrown away; each says of
//! itself how it begins.

mod area;
mod cells;
mod encounter;
mod gauss_markov;
mod group;
mod manhattan;
mod moving;
mod paths;
mod scanned;
mod scripted;
mod standing;
mod walk;
mod waypoint;

use thiserror::Error;

use crate::addr::NodeAddr;
use crate::link_layer::{Leg, Place};
use crate::math;
use crate::random::{NodeRng, StreamKey, unit};
use crate::time::{SimDuration, SimTime};

pub use area::Area;
pub use gauss_markov::GaussMarkov;
pub use group::ReferencePointGroup;
pub use manhattan::Manhattan;
pub use moving::Moving;
pub use scanned::Scanned;
pub use scripted::{ScriptError, Scripted};
pub use standing::Standing;
pub use walk::{RandomWalk, Step};
pub use waypoint::{RandomWaypoint, WaypointStart};

/// The path of one node, told leg by leg.
pub trait Movement: Send {
    /// The next leg. The first one begins at time zero, each other one where and when the one before it ended, and the one
    /// that ends at the end of time is the last. A leg without duration is a jump, or nothing; only finitely many of them
    /// follow on one another.
    fn next_leg(&mut self) -> Leg;
}

/// How nodes move, each by itself.
pub trait Model: Send + Sync {
    /// The path of a node: a function of these streams and the node's address alone.
    fn movement(&self, node: NodeAddr, streams: StreamKey) -> Box<dyn Movement>;

    /// The paths of the first so many nodes.
    fn movements(&self, nodes: u32, streams: StreamKey) -> Vec<Box<dyn Movement>> {
        (0..nodes).map(|node| self.movement(NodeAddr(node), streams)).collect()
    }
}

/// A way to move, or to be linked, that cannot be.
#[derive(Clone, Copy, PartialEq, Debug, Error)]
pub enum MobilityError {
    /// A length, a speed or a time is zero, negative, infinite or undefined.
    #[error("the {parameter} must be a positive finite number, not {value}")]
    NotPositive {
        /// Which parameter.
        parameter: &'static str,
        /// Its value.
        value: f64,
    },
    /// The bounds of a uniform choice are negative, infinite or undefined, or in the wrong order.
    #[error("the {parameter} needs finite bounds with 0 <= minimum <= maximum, not {minimum} and {maximum}")]
    Range {
        /// Which parameter.
        parameter: &'static str,
        /// The lower bound.
        minimum: f64,
        /// The upper bound.
        maximum: f64,
    },
    /// A length or a deviation is negative, infinite or undefined.
    #[error("the {parameter} must be a finite number, zero or more, not {value}")]
    Negative {
        /// Which parameter.
        parameter: &'static str,
        /// Its value.
        value: f64,
    },
    /// A share lies outside `[0, 1]`.
    #[error("the {parameter} lies between 0 and 1, not at {value}")]
    Fraction {
        /// Which parameter.
        parameter: &'static str,
        /// Its value.
        value: f64,
    },
    /// What is kept free along the border leaves no area.
    #[error("with {margin} m kept free on each side, nothing is left of an area of {width} m by {height} m")]
    TooSmall {
        /// What is kept free, in metres.
        margin: f64,
        /// From west to east, in metres.
        width: f64,
        /// From south to north, in metres.
        height: f64,
    },
    /// Nodes that choose a speed for a distance may choose zero, and are to begin in the steady state.
    #[error(
        "with a minimum speed of zero there is no steady state to begin in: a node that draws a speed close to zero takes \
         for ever to arrive (the mean of 1/speed is infinite), so that the mean speed of all nodes decays to zero; choose a \
         minimum above zero, such as 1 m/s (random waypoint can also begin naively, which shows the decay)"
    )]
    NoSteadyState,
}

/// `value` if it is a positive finite number.
fn positive(parameter: &'static str, value: f64) -> Result<f64, MobilityError> {
    if value.is_finite() && value > 0.0 {
        Ok(value)
    } else {
        Err(MobilityError::NotPositive { parameter, value })
    }
}

/// `value` if it is finite and not negative.
fn not_negative(parameter: &'static str, value: f64) -> Result<f64, MobilityError> {
    if value.is_finite() && value >= 0.0 {
        Ok(value)
    } else {
        Err(MobilityError::Negative { parameter, value })
    }
}

/// Whether a value lies in `[0, 1]`.
fn fraction(parameter: &'static str, value: f64) -> Result<(), MobilityError> {
    if (0.0..=1.0).contains(&value) {
        Ok(())
    } else {
        Err(MobilityError::Fraction { parameter, value })
    }
}

/// Whether these are bounds of a uniform choice that cannot be negative.
fn range(parameter: &'static str, minimum: f64, maximum: f64) -> Result<(), MobilityError> {
    if minimum >= 0.0 && minimum <= maximum && maximum.is_finite() {
        Ok(())
    } else {
        Err(MobilityError::Range {
            parameter,
            minimum,
            maximum,
        })
    }
}

/// Speeds in metres a second, uniform between two bounds.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Speeds {
    /// The lowest.
    pub minimum: f64,
    /// The highest.
    pub maximum: f64,
}

impl Speeds {
    /// # Errors
    /// [`MobilityError::Range`], and [`MobilityError::NotPositive`] for the higher bound.
    fn validate(&self) -> Result<(), MobilityError> {
        range("speed", self.minimum, self.maximum)?;
        positive("maximum speed", self.maximum).map(drop)
    }

    /// That of a whole way.
    fn draw(&self, rng: &mut NodeRng) -> f64 {
        self.minimum + unit(rng) * (self.maximum - self.minimum)
    }

    /// That of the way on which a node is at a moment of the steady state, where it chooses one for a distance: in proportion
    /// to the time that the distance takes, the density is `1 / v` (Navidi and Camp 2004, section 3). Only where the minimum is
    /// above zero.
    fn draw_on_the_way(&self, rng: &mut NodeRng) -> f64 {
        let share = unit(rng);
        math::pow(self.minimum, 1.0 - share) * math::pow(self.maximum, share)
    }

    /// The mean time that a metre takes, in seconds: infinite where the minimum is zero.
    fn mean_pace(&self) -> f64 {
        match self.maximum - self.minimum {
            0.0 => 1.0 / self.maximum,
            width => math::ln(self.maximum / self.minimum) / width,
        }
    }
}

/// Where a path has come to.
#[derive(Clone, Copy, Debug)]
struct Tip {
    place: Place,
    time: SimTime,
}

impl Tip {
    /// At a place at time zero.
    fn at(place: Place) -> Self {
        Tip {
            place,
            time: SimTime::ZERO,
        }
    }

    /// The way to a place, ending at a time, which may be now: a jump.
    fn go_until(&mut self, to: Place, end: SimTime) -> Leg {
        let leg = Leg {
            from: self.place,
            start: self.time,
            to,
            end,
        };
        (self.place, self.time) = (to, end);
        leg
    }

    /// The way to a place that takes so many seconds, and a nanosecond at least.
    fn go_for(&mut self, to: Place, seconds: f64) -> Leg {
        let duration = SimDuration::from_secs_f64(seconds).max(SimDuration::NANOSECOND);
        self.go_until(to, self.time + duration)
    }

    /// The way to a place at a speed in metres a second.
    fn go_at(&mut self, to: Place, speed: f64) -> Leg {
        let distance = self.place.squared_distance(to).sqrt();
        self.go_for(to, distance / speed)
    }

    /// A stay of so many seconds, and a nanosecond at least.
    fn stay_for(&mut self, seconds: f64) -> Leg {
        self.go_for(self.place, seconds)
    }
}

#[cfg(test)]
mod tests;
