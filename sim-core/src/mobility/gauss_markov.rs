//! Gauss-Markov mobility.

use std::f64::consts::{PI, TAU};

use super::{Area, MobilityError, Model, Movement, Tip, fraction, not_negative, positive};
use crate::addr::NodeAddr;
use crate::distribution::standard_normal;
use crate::link_layer::{Leg, Place};
use crate::math;
use crate::random::{NodeRng, StreamKey, unit};
use crate::time::SimDuration;

/// Gauss-Markov mobility (Liang and Haas 1999, in the form of Camp, Boleng and Davies 2002, section 2.5): speed and direction
/// of a node change at equal intervals, each to a share `memory` of what it was, the rest of its mean, and a normal deviate,
/// so that the standard deviation stays what it is.
///
/// Close to the border the mean direction becomes the one away from it, straight or diagonal, and stays so until the node is
/// close to another one. A speed may be negative, as the equations have it: the node then goes backwards.
///
/// Speed begins in its steady state, and so does the direction around its mean, which is uniform; each node changes them at
/// times of its own. The places have a steady state that nobody knows in closed form: they begin evenly spread.
///
/// # Deviations
/// The mean direction is taken the shorter way round, and a node that reaches the border in spite of everything is reflected:
/// the papers say nothing of either.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct GaussMarkov {
    /// Where.
    pub area: Area,
    /// The mean speed, in metres a second.
    pub mean_speed: f64,
    /// The standard deviation of the speed, in metres a second.
    pub speed_deviation: f64,
    /// The standard deviation of the direction, in radians.
    pub direction_deviation: f64,
    /// How much of the speed and the direction stays from one interval to the next: between 0 (no memory) and 1 (neither
    /// changes at all, but at the border).
    pub memory: f64,
    /// How long speed and direction stay.
    pub interval: SimDuration,
    /// How close to the border the mean direction changes, in metres.
    pub margin: f64,
}

impl GaussMarkov {
    /// Whether nodes can move so.
    ///
    /// # Errors
    /// [`MobilityError::NotPositive`], [`MobilityError::Negative`], [`MobilityError::Fraction`] for the memory, and
    /// [`MobilityError::TooSmall`] for a margin that leaves nothing between.
    pub fn validate(&self) -> Result<(), MobilityError> {
        self.area.validate()?;
        positive("mean speed", self.mean_speed)?;
        not_negative("standard deviation of the speed", self.speed_deviation)?;
        not_negative("standard deviation of the direction", self.direction_deviation)?;
        fraction("memory", self.memory)?;
        positive("interval", self.interval.as_secs_f64())?;
        not_negative("margin", self.margin)?;
        self.area.validate_margin(self.margin)
    }

    /// A step of the process from a value.
    fn next(&self, value: f64, mean: f64, deviation: f64, rng: &mut NodeRng) -> f64 {
        let fresh = (1.0 - self.memory * self.memory).sqrt();
        self.memory * value + (1.0 - self.memory) * mean + fresh * deviation * standard_normal(rng)
    }

    /// The direction away from the border, for those who are close to it.
    fn away(&self, place: Place) -> Option<f64> {
        let side = |coordinate: f64, length: f64| match coordinate {
            _ if coordinate < self.margin => 1.0,
            _ if coordinate > length - self.margin => -1.0,
            _ => 0.0,
        };
        let (x, y) = (side(place.x, self.area.width), side(place.y, self.area.height));
        (x != 0.0 || y != 0.0).then(|| math::atan2(y, x))
    }
}

impl Model for GaussMarkov {
    fn movement(&self, node: NodeAddr, streams: StreamKey) -> Box<dyn Movement> {
        let mut rng = streams.index(node.0.into()).rng();
        let (place, mean_direction) = (self.area.draw(&mut rng), TAU * unit(&mut rng));
        Box::new(Path {
            model: *self,
            tip: Tip::at(place),
            speed: self.mean_speed + self.speed_deviation * standard_normal(&mut rng),
            direction: mean_direction + self.direction_deviation * standard_normal(&mut rng),
            mean_direction,
            left: unit(&mut rng) * self.interval.as_secs_f64(),
            rng,
        })
    }
}

/// The path of one node.
struct Path {
    model: GaussMarkov,
    tip: Tip,
    /// In metres a second.
    speed: f64,
    /// In radians.
    direction: f64,
    /// In radians, at most half a turn from the direction when it was last used.
    mean_direction: f64,
    /// How long this speed still lasts, in seconds.
    left: f64,
    rng: NodeRng,
}

impl Path {
    /// The next interval begins.
    fn change(&mut self) {
        let model = self.model;
        if let Some(away) = model.away(self.tip.place) {
            self.mean_direction = away;
        }
        let turns = ((self.direction - self.mean_direction) / TAU).round();
        self.mean_direction += turns * TAU;
        self.speed = model.next(self.speed, model.mean_speed, model.speed_deviation, &mut self.rng);
        let deviation = model.direction_deviation;
        self.direction = model.next(self.direction, self.mean_direction, deviation, &mut self.rng);
        self.left = model.interval.as_secs_f64();
    }
}

impl Movement for Path {
    fn next_leg(&mut self) -> Leg {
        if self.left == 0.0 {
            self.change();
        }
        let velocity = [math::cos(self.direction), math::sin(self.direction)].map(|part| part * self.speed);
        let straight = self.model.area.straight(self.tip.place, velocity, self.left);
        self.left -= straight.seconds;
        let [from_side, from_end] = straight.reflected;
        for direction in [&mut self.direction, &mut self.mean_direction] {
            if from_side {
                *direction = PI - *direction;
            }
            if from_end {
                *direction = -*direction;
            }
        }
        self.tip.go_for(straight.to, straight.seconds)
    }
}
