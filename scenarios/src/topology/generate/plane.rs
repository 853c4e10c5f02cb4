//! Routers at random places in a square, with links that depend on distance.

use std::f64::consts::SQRT_2;
use std::fmt;

use sim_core::math;
use sim_core::random::{StreamKey, unit};

use super::sketch::{distance, scattered};
use super::{GenerateError, LinkDelay, Sketch, countable};

/// Waxman's random graph (Waxman 1988, *Routing of multipoint connections*): two routers at the distance `d` have a link with
/// the probability `alpha exp(-d / (beta L))`, where `L` is the largest possible distance, the diagonal of the square.
///
/// The letters are those of Zegura, Calvert and Bhattacharjee (1996, *How to model an internetwork*), GT-ITM and BRITE;
/// Waxman's paper has them the other way round. Parts that come out unconnected are joined by the shortest links possible,
/// so that there are always as many routers as asked for.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Waxman {
    /// How many routers.
    pub routers: u32,
    /// The probability of a link of no length, in [0, 1].
    pub alpha: f64,
    /// How slowly the probability falls with distance.
    pub beta: f64,
    /// The side of the square, in units of length.
    pub side: f64,
    /// The delay of a link.
    pub delay: LinkDelay,
}

impl Waxman {
    /// The probability of a link of this length.
    pub(super) fn probability(&self, length: f64) -> f64 {
        self.alpha * math::exp(-length / (self.beta * self.side * SQRT_2))
    }

    pub(super) fn sketch(&self, streams: StreamKey) -> Result<Sketch, GenerateError> {
        let routers = countable("routers", self.routers.into())?;
        let places = scattered(routers, self.side, &mut streams.purpose("places").rng());
        let mut rng = streams.purpose("links").rng();
        let mut sketch = Sketch::new(routers, "alpha");
        for one in 0..routers {
            for other in 0..one {
                let draw = unit(&mut rng);
                // The first comparison spares most pairs the second, which takes longer.
                if draw < self.alpha {
                    let length = distance(places[one], places[other]);
                    if draw < self.probability(length) {
                        sketch.link(one, other, self.delay.of(length))?;
                    }
                }
            }
        }
        sketch.join(&places, self.delay)?;
        sketch.places = Some(places);
        Ok(sketch)
    }
}

impl fmt::Display for Waxman {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Waxman { alpha, beta, delay, .. } = self;
        write!(f, "of a Waxman graph, alpha {alpha}, beta {beta}, {delay}")
    }
}

/// A random geometric graph (Gilbert 1961, *Random plane networks*): a link between any two routers that are not farther
/// apart than a radius. Parts that come out unconnected are joined by the shortest links possible.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct RandomGeometric {
    /// How many routers.
    pub routers: u32,
    /// The length of the longest links, those that join parts excepted.
    pub radius: f64,
    /// The side of the square, in units of length.
    pub side: f64,
    /// The delay of a link.
    pub delay: LinkDelay,
}

impl RandomGeometric {
    pub(super) fn sketch(&self, streams: StreamKey) -> Result<Sketch, GenerateError> {
        let routers = countable("routers", self.routers.into())?;
        let places = scattered(routers, self.side, &mut streams.purpose("places").rng());
        let mut sketch = Sketch::new(routers, "radius");
        let mut eastwards: Vec<usize> = (0..routers).collect();
        eastwards.sort_by(|one, other| places[*one].0.total_cmp(&places[*other].0));
        for (position, one) in eastwards.iter().enumerate() {
            let near = |other: &&usize| places[**other].0 - places[*one].0 <= self.radius;
            for other in eastwards[position + 1..].iter().take_while(near) {
                let length = distance(places[*one], places[*other]);
                if length <= self.radius {
                    sketch.link(*one, *other, self.delay.of(length))?;
                }
            }
        }
        sketch.join(&places, self.delay)?;
        sketch.places = Some(places);
        Ok(sketch)
    }
}

impl fmt::Display for RandomGeometric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RandomGeometric {
            radius, side, delay, ..
        } = self;
        write!(
            f,
            "of a random geometric graph, radius {radius} in a square of {side}, {delay}"
        )
    }
}
