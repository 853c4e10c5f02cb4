//! Random waypoint.

use super::{Area, MobilityError, Model, Movement, Speeds, Tip, range};
use crate::addr::NodeAddr;
use crate::link_layer::{Leg, Place};
use crate::random::{NodeRng, StreamKey, unit};
use crate::time::SimDuration;

/// How random waypoint begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum WaypointStart {
    /// In the steady state: every later moment is like the first.
    #[default]
    Steady,
    /// At places spread evenly, everybody setting out at once. Then the mean speed decays, for slow ways take long, and nodes
    /// gather in the middle.
    Naive,
}

/// Random waypoint (Johnson and Maltz 1996): a node chooses a place of the area and a speed, goes there in a straight line,
/// pauses, and chooses again; speeds and pauses are uniform.
///
/// It begins in its steady state by perfect simulation (Navidi and Camp 2004; Le Boudec and Vojnovic 2005): a node pauses
/// with the share of time that pauses have, at a place that is uniform, for what is left of a pause; or it is on a way that is
/// chosen in proportion to its length, anywhere on it, at a speed chosen in proportion to the time that it makes ways take.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct RandomWaypoint {
    /// Where.
    pub area: Area,
    /// How fast.
    pub speed: Speeds,
    /// The shortest pause.
    pub minimum_pause: SimDuration,
    /// The longest pause.
    pub maximum_pause: SimDuration,
    /// How it begins.
    pub start: WaypointStart,
}

impl RandomWaypoint {
    /// Whether nodes can move so.
    ///
    /// # Errors
    /// [`MobilityError::NotPositive`], [`MobilityError::Range`], and [`MobilityError::NoSteadyState`] for a minimum speed of
    /// zero with the steady-state start.
    pub fn validate(&self) -> Result<(), MobilityError> {
        self.area.validate()?;
        self.speed.validate()?;
        let (shortest, longest) = self.pauses();
        range("pause", shortest, longest)?;
        match self.start {
            WaypointStart::Steady if self.speed.minimum == 0.0 => Err(MobilityError::NoSteadyState),
            _ => Ok(()),
        }
    }

    /// The shortest and the longest pause, in seconds.
    fn pauses(&self) -> (f64, f64) {
        (self.minimum_pause.as_secs_f64(), self.maximum_pause.as_secs_f64())
    }

    /// The share of time that a node pauses.
    pub fn pausing(&self) -> f64 {
        let (shortest, longest) = self.pauses();
        let (pause, travel) = (
            (shortest + longest) / 2.0,
            self.area.mean_distance() * self.speed.mean_pace(),
        );
        pause / (pause + travel)
    }

    /// The mean of the nodes' speeds at a moment of the steady state, in metres a second, those that pause included.
    pub fn mean_speed(&self) -> f64 {
        (1.0 - self.pausing()) / self.speed.mean_pace()
    }

    /// The path of whoever has this stream.
    pub(super) fn path(&self, mut rng: NodeRng) -> WaypointPath {
        let (place, next) = match self.start {
            WaypointStart::Naive => (self.area.draw(&mut rng), Next::Way),
            WaypointStart::Steady if unit(&mut rng) < self.pausing() => {
                (self.area.draw(&mut rng), Next::Pause(self.residual_pause(&mut rng)))
            }
            WaypointStart::Steady => self.on_the_way(&mut rng),
        };
        WaypointPath {
            model: *self,
            tip: Tip::at(place),
            next,
            rng,
        }
    }

    /// What is left of a pause at a moment that falls into one, in seconds: the density is `1 - F` over the mean.
    fn residual_pause(&self, rng: &mut NodeRng) -> f64 {
        let (shortest, longest) = self.pauses();
        let (share, sum) = (unit(rng), shortest + longest);
        if share * sum < 2.0 * shortest {
            share * sum / 2.0
        } else {
            longest - ((1.0 - share) * (longest * longest - shortest * shortest)).sqrt()
        }
    }

    /// Somewhere on a way in proportion to its length, and what is left of the way.
    fn on_the_way(&self, rng: &mut NodeRng) -> (Place, Next) {
        let (from, to) = loop {
            let (from, to) = (self.area.draw(rng), self.area.draw(rng));
            if unit(rng) * self.area.diagonal() < from.squared_distance(to).sqrt() {
                break (from, to);
            }
        };
        let part = unit(rng);
        let place = Place {
            x: from.x + part * (to.x - from.x),
            y: from.y + part * (to.y - from.y),
        };
        (place, Next::RestOfWay(to, self.speed.draw_on_the_way(rng)))
    }
}

impl Model for RandomWaypoint {
    fn movement(&self, node: NodeAddr, streams: StreamKey) -> Box<dyn Movement> {
        Box::new(self.path(streams.index(node.0.into()).rng()))
    }
}

/// What a node does next.
#[derive(Clone, Copy, Debug)]
enum Next {
    /// A whole way.
    Way,
    /// What is left of one: to where, at what speed.
    RestOfWay(Place, f64),
    /// A pause of so many seconds.
    Pause(f64),
}

/// The path of one node by [`RandomWaypoint`].
#[derive(Clone, Debug)]
pub(super) struct WaypointPath {
    model: RandomWaypoint,
    tip: Tip,
    next: Next,
    rng: NodeRng,
}

impl Movement for WaypointPath {
    fn next_leg(&mut self) -> Leg {
        let (to, speed) = match self.next {
            Next::Pause(seconds) => {
                self.next = Next::Way;
                return self.tip.stay_for(seconds);
            }
            Next::RestOfWay(to, speed) => (to, speed),
            Next::Way => (
                self.model.area.draw(&mut self.rng),
                self.model.speed.draw(&mut self.rng),
            ),
        };
        let (shortest, longest) = self.model.pauses();
        self.next = match shortest + unit(&mut self.rng) * (longest - shortest) {
            0.0 => Next::Way,
            seconds => Next::Pause(seconds),
        };
        self.tip.go_at(to, speed)
    }
}
