//! Networks in which hosts have a place and messages take as long as the distance asks for.

use super::{Fate, Network, NetworkError, Transmission, addressable, positive, unless_local};
use crate::addr::NodeAddr;
use crate::math;
use crate::random::{StreamKey, unit};
use crate::time::SimDuration;

/// From distance to delay: `base + distance * seconds_per_unit`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Propagation {
    base: SimDuration,
    seconds_per_unit: f64,
}

impl Propagation {
    /// A fixed `base` a message, access and processing, and a time in seconds for each unit of distance. Light in fibre
    /// takes 5e-6 s a kilometre.
    ///
    /// # Errors
    /// [`NetworkError::NotPositive`].
    pub fn new(base: SimDuration, seconds_per_unit: f64) -> Result<Self, NetworkError> {
        let seconds_per_unit = positive("propagation time for a unit of distance", seconds_per_unit)?;
        Ok(Propagation { base, seconds_per_unit })
    }

    pub(super) fn delay(&self, distance: f64) -> SimDuration {
        self.base + SimDuration::from_secs_f64(distance * self.seconds_per_unit)
    }

    /// The lookahead: two hosts may lie at one place.
    pub(super) fn min_delay(&self) -> SimDuration {
        self.base.max(SimDuration::NANOSECOND)
    }
}

/// Hosts in a rectangle, at Euclidean distance; without wrapping at the edges.
#[derive(Clone, PartialEq, Debug)]
pub struct Plane {
    places: Box<[[f64; 2]]>,
    propagation: Propagation,
}

impl Plane {
    /// `hosts` hosts placed uniformly in a rectangle, each by its own stream under `places`: more hosts move none of the
    /// others.
    ///
    /// # Errors
    /// [`NetworkError::NotPositive`] for a side, [`NetworkError::NoHosts`] and [`NetworkError::TooManyHosts`].
    pub fn new(
        hosts: usize,
        width: f64,
        height: f64,
        propagation: Propagation,
        places: StreamKey,
    ) -> Result<Self, NetworkError> {
        let (width, height) = (
            positive("width of the plane", width)?,
            positive("height of the plane", height)?,
        );
        let place = |host: usize| {
            let mut rng = places.index(host as u64).rng();
            [unit(&mut rng) * width, unit(&mut rng) * height]
        };
        Ok(Plane {
            places: (0..addressable(hosts)?).map(place).collect(),
            propagation,
        })
    }

    /// The place of each host, in units of length from the corner of the rectangle.
    pub fn places(&self) -> &[[f64; 2]] {
        &self.places
    }
}

impl Network for Plane {
    #[inline]
    fn transmit(&self, transmission: &Transmission) -> Fate {
        Fate::Arrives(self.direct_delay(transmission.from, transmission.to))
    }

    #[inline]
    fn direct_delay(&self, from: NodeAddr, to: NodeAddr) -> SimDuration {
        unless_local(from, to, || {
            let ([x1, y1], [x2, y2]) = (self.places[from.index()], self.places[to.index()]);
            self.propagation.delay(math::hypot(x2 - x1, y2 - y1))
        })
    }

    fn min_delay(&self) -> SimDuration {
        self.propagation.min_delay()
    }

    fn hosts(&self) -> Option<usize> {
        Some(self.places.len())
    }
}

/// Hosts on a sphere, at great-circle distance.
#[derive(Clone, PartialEq, Debug)]
pub struct Sphere {
    /// Unit vectors from the centre.
    directions: Box<[[f64; 3]]>,
    radius: f64,
    propagation: Propagation,
}

impl Sphere {
    /// `hosts` hosts placed uniformly on a sphere, each by its own stream under `places`: more hosts move none of the
    /// others. The Earth's radius is 6371 km.
    ///
    /// # Errors
    /// [`NetworkError::NotPositive`] for the radius, [`NetworkError::NoHosts`] and [`NetworkError::TooManyHosts`].
    pub fn new(hosts: usize, radius: f64, propagation: Propagation, places: StreamKey) -> Result<Self, NetworkError> {
        let radius = positive("radius of the sphere", radius)?;
        let direction = |host: usize| {
            // Archimedes: the area between two parallels is proportional to their distance along the axis.
            let mut rng = places.index(host as u64).rng();
            let z = 2.0 * unit(&mut rng) - 1.0;
            let longitude = std::f64::consts::TAU * unit(&mut rng);
            let from_axis = (1.0 - z * z).sqrt();
            [from_axis * math::cos(longitude), from_axis * math::sin(longitude), z]
        };
        Ok(Sphere {
            directions: (0..addressable(hosts)?).map(direction).collect(),
            radius,
            propagation,
        })
    }
}

/// The angle between two unit vectors, accurate for close and for opposite ones alike.
fn angle([x1, y1, z1]: [f64; 3], [x2, y2, z2]: [f64; 3]) -> f64 {
    let cross = [y1 * z2 - z1 * y2, z1 * x2 - x1 * z2, x1 * y2 - y1 * x2];
    let sine = (cross[0] * cross[0] + cross[1] * cross[1] + cross[2] * cross[2]).sqrt();
    math::atan2(sine, x1 * x2 + y1 * y2 + z1 * z2)
}

impl Network for Sphere {
    #[inline]
    fn transmit(&self, transmission: &Transmission) -> Fate {
        Fate::Arrives(self.direct_delay(transmission.from, transmission.to))
    }

    #[inline]
    fn direct_delay(&self, from: NodeAddr, to: NodeAddr) -> SimDuration {
        unless_local(from, to, || {
            let turned = angle(self.directions[from.index()], self.directions[to.index()]);
            self.propagation.delay(self.radius * turned)
        })
    }

    fn min_delay(&self) -> SimDuration {
        self.propagation.min_delay()
    }

    fn hosts(&self) -> Option<usize> {
        Some(self.directions.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn great_circles_have_the_known_angles() {
        use std::f64::consts::{FRAC_PI_2, PI};
        let (pole, equator) = ([0.0, 0.0, 1.0], [1.0, 0.0, 0.0]);
        assert_eq!(angle(pole, equator), FRAC_PI_2);
        assert_eq!(angle(pole, [0.0, 0.0, -1.0]), PI);
        assert_eq!(angle(pole, pole), 0.0);
        let close = [math::sin(1e-9), 0.0, math::cos(1e-9)];
        assert!((angle(pole, close) - 1e-9).abs() < 1e-24);
    }

    #[test]
    fn delay_is_base_plus_distance() {
        let propagation = Propagation::new(SimDuration::from_millis(3), 1e-3).unwrap();
        let plane = Plane {
            places: Box::new([[0.0, 0.0], [3.0, 4.0]]),
            propagation,
        };
        assert_eq!(
            plane.direct_delay(NodeAddr(0), NodeAddr(1)),
            SimDuration::from_millis(8)
        );
        let sphere = Sphere {
            directions: Box::new([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0]]),
            radius: 20.0 / std::f64::consts::PI,
            propagation,
        };
        assert_eq!(
            sphere.direct_delay(NodeAddr(1), NodeAddr(0)),
            SimDuration::from_millis(13)
        );
    }
}
