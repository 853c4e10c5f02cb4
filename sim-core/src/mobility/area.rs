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
