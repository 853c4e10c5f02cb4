//! The rectangle in which nodes move.

use super::{MobilityError, positive};
use crate::link_layer::Place;
use crate::math;
use crate::random::{NodeRng, unit};

/// A rectangle with its south-western corner at the origin.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Area {
    /// From west to east, in metres.
    pub width: f64,
    /// From south to north, in metres.
    pub height: f64,
}

impl Area {
    /// Whether there is such a rectangle.
    ///
    /// # Errors
    /// [`MobilityError::NotPositive`].
    pub fn validate(&self) -> Result<(), MobilityError> {
        positive("width of the area", self.width)?;
        positive("height of the area", self.height).map(drop)
    }

    /// Whether a place lies in it, its border included.
    pub fn contains(&self, place: Place) -> bool {
        (0.0..=self.width).contains(&place.x) && (0.0..=self.height).contains(&place.y)
    }

    /// What is left of its size without a margin on each side.
    pub(super) fn without(&self, margin: f64) -> Area {
        Area {
            width: self.width - 2.0 * margin,
            height: self.height - 2.0 * margin,
        }
    }

    /// Whether anything is left.
    ///
    /// # Errors
    /// [`MobilityError::TooSmall`].
    pub(super) fn validate_margin(&self, margin: f64) -> Result<(), MobilityError> {
        let left = self.without(margin);
        if left.width > 0.0 && left.height > 0.0 {
            return Ok(());
        }
        Err(MobilityError::TooSmall {
            margin,
            width: self.width,
            height: self.height,
        })
    }

    /// A place anywhere in it.
    pub(super) fn draw(&self, rng: &mut NodeRng) -> Place {
        Place {
            x: unit(rng) * self.width,
            y: unit(rng) * self.height,
        }
    }

    /// The longest distance in it, in metres.
    pub(super) fn diagonal(&self) -> f64 {
        (self.width * self.width + self.height * self.height).sqrt()
    }

    /// The mean distance of two random places in it, in metres (Ghosh 1951).
    pub(super) fn mean_distance(&self) -> f64 {
        let (a, b, d) = (self.width, self.height, self.diagonal());
        let (a2, b2) = (a * a, b * b);
        let corners = a2 * a / b2 + b2 * b / a2 + d * (3.0 - a2 / b2 - b2 / a2);
        let sides = b2 / a * math::ln((a + d) / b) + a2 / b * math::ln((b + d) / a);
        corners / 15.0 + sides / 6.0
    }
}

/// A straight way up to the border.
#[derive(Clone, Copy, Debug)]
pub(super) struct Straight {
    /// Where it ends.
    pub(super) to: Place,
    /// How long it takes.
    pub(super) seconds: f64,
    /// Which part of the velocity turns round where it ends.
    pub(super) reflected: [bool; 2],
}

impl Area {
    /// The way from a place in the area at a velocity in metres a second, for so many seconds or until the border.
    pub(super) fn straight(&self, from: Place, velocity: [f64; 2], seconds: f64) -> Straight {
        let sides = [self.width, self.height];
        let until_border = |axis: usize, coordinate: f64| match velocity[axis] {
            speed if speed > 0.0 => (sides[axis] - coordinate) / speed,
            speed if speed < 0.0 => coordinate / -speed,
            _ => f64::INFINITY,
        };
        let times = [until_border(0, from.x), until_border(1, from.y)];
        let taken = seconds.min(times[0]).min(times[1]);
        let reflected = times.map(|time| time == taken && time < seconds);
        let after = |axis: usize, coordinate: f64| match (reflected[axis], velocity[axis] > 0.0) {
            (true, true) => sides[axis],
            (true, false) => 0.0,
            (false, _) => (coordinate + velocity[axis] * taken).clamp(0.0, sides[axis]),
        };
        Straight {
            to: Place {
                x: after(0, from.x),
                y: after(1, from.y),
            },
            seconds: taken,
            reflected,
        }
    }
}
