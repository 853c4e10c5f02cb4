//! Hosts in a space of three dimensions.

use super::coordinates::Propagation;
use super::{Fate, Network, NetworkError, Transmission, addressable, positive, unless_local};
use crate::addr::NodeAddr;
use crate::random::{StreamKey, unit};
use crate::time::SimDuration;

/// Hosts in a box, at Euclidean distance; without wrapping at the faces.
#[derive(Clone, PartialEq, Debug)]
pub struct Space {
    places: Box<[[f64; 3]]>,
    propagation: Propagation,
}

impl Space {
    /// `hosts` hosts placed uniformly in a box with these sides, each by its own stream under `places`: more hosts move none
    /// of the others.
    ///
    /// # Errors
    /// [`NetworkError::NotPositive`] for a side, [`NetworkError::NoHosts`] and [`NetworkError::TooManyHosts`].
    pub fn new(
        hosts: usize,
        sides: [f64; 3],
        propagation: Propagation,
        places: StreamKey,
    ) -> Result<Self, NetworkError> {
        for side in sides {
            positive("side of the space", side)?;
        }
        let place = |host: usize| {
            let mut rng = places.index(host as u64).rng();
            sides.map(|side| unit(&mut rng) * side)
        };
        Ok(Space {
            places: (0..addressable(hosts)?).map(place).collect(),
            propagation,
        })
    }
}

impl Network for Space {
    #[inline]
    fn transmit(&self, transmission: &Transmission) -> Fate {
        Fate::Arrives(self.direct_delay(transmission.from, transmission.to))
    }

    #[inline]
    fn direct_delay(&self, from: NodeAddr, to: NodeAddr) -> SimDuration {
        unless_local(from, to, || {
            let (one, other) = (self.places[from.index()], self.places[to.index()]);
            let [x, y, z] = [0, 1, 2].map(|axis| other[axis] - one[axis]);
            self.propagation.delay((x * x + y * y + z * z).sqrt())
        })
    }

    fn min_delay(&self) -> SimDuration {
        self.propagation.min_delay()
    }

    fn hosts(&self) -> Option<usize> {
        Some(self.places.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn space(hosts: usize, sides: [f64; 3]) -> Result<Space, NetworkError> {
        let propagation = Propagation::new(SimDuration::ZERO, 1e-3)?;
        Space::new(hosts, sides, propagation, StreamKey::root(3, 0))
    }

    #[test]
    fn delay_is_in_proportion_to_the_distance() {
        let space = Space {
            places: Box::new([[0.0, 0.0, 0.0], [2.0, 3.0, 6.0]]),
            propagation: Propagation::new(SimDuration::from_millis(3), 1e-3).unwrap(),
        };
        assert_eq!(
            space.direct_delay(NodeAddr(1), NodeAddr(0)),
            SimDuration::from_millis(10)
        );
        assert_eq!(space.direct_delay(NodeAddr(1), NodeAddr(1)), SimDuration::ZERO);
    }

    /// The mean distance of two random points of a unit cube is Robbins' constant, 0.66170...
    #[test]
    fn two_hosts_in_a_cube_are_robbins_constant_apart() {
        let hosts = 2000;
        let space = space(hosts, [1000.0; 3]).unwrap();
        let pairs = (0..hosts as u32 / 2).map(|pair| (NodeAddr(2 * pair), NodeAddr(2 * pair + 1)));
        let sum: f64 = pairs.map(|(a, b)| space.direct_delay(a, b).as_secs_f64()).sum();
        let mean = sum / (hosts / 2) as f64;
        // A standard deviation of 0.249 over a thousand pairs: four of 0.0079.
        assert!((mean - 0.6617).abs() < 0.032, "{mean}");
    }

    #[test]
    fn more_hosts_move_none_of_the_others_and_sides_are_positive() {
        let (few, many) = (space(3, [1.0, 2.0, 3.0]).unwrap(), space(9, [1.0, 2.0, 3.0]).unwrap());
        assert_eq!(few.places[..], many.places[..3]);
        assert!(many.places.iter().all(|[x, y, z]| *x < 1.0 && *y < 2.0 && *z < 3.0));
        assert!(space(3, [1.0, 0.0, 1.0]).is_err());
        assert_eq!(space(0, [1.0; 3]), Err(NetworkError::NoHosts));
    }
}
