//! Random walk.

use std::f64::consts::TAU;

use super::{Area, MobilityError, Model, Movement, Speeds, Tip, positive};
use crate::addr::NodeAddr;
use crate::link_layer::Leg;
use crate::math;
use crate::random::{NodeRng, StreamKey, unit};
use crate::time::SimDuration;

/// How long a node walks in one direction.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Step {
    /// The same time in each.
    Time(SimDuration),
    /// The same distance in each, in metres.
    Distance(f64),
}

/// Random walk (Camp, Boleng and Davies 2002, section 2.1): step by step a node chooses a direction and a speed, both uniform,
/// and is reflected at the border.
///
/// It begins in its steady state: anywhere, since reflection keeps nodes evenly spread, and anywhere within a step, which is
/// chosen in proportion to the time that it takes.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct RandomWalk {
    /// Where.
    pub area: Area,
    /// How fast.
    pub speed: Speeds,
    /// How long in one direction.
    pub step: Step,
}

impl RandomWalk {
    /// Whether nodes can move so.
    ///
    /// # Errors
    /// [`MobilityError::NotPositive`], [`MobilityError::Range`], and [`MobilityError::NoSteadyState`] for a minimum speed of
    /// zero with steps of a distance.
    pub fn validate(&self) -> Result<(), MobilityError> {
        self.area.validate()?;
        self.speed.validate()?;
        match self.step {
            Step::Distance(_) if self.speed.minimum == 0.0 => Err(MobilityError::NoSteadyState),
            Step::Distance(metres) => positive("distance of a step", metres).map(drop),
            Step::Time(time) => positive("time of a step", time.as_secs_f64()).map(drop),
        }
    }

    /// A share of a step at a speed: how fast in each direction, and for how many seconds.
    fn share(&self, share: f64, speed: f64, rng: &mut NodeRng) -> ([f64; 2], f64) {
        let angle = TAU * unit(rng);
        let seconds = match self.step {
            Step::Time(time) => time.as_secs_f64(),
            Step::Distance(metres) => metres / speed,
        };
        ([speed * math::cos(angle), speed * math::sin(angle)], share * seconds)
    }
}

impl Model for RandomWalk {
    fn movement(&self, node: NodeAddr, streams: StreamKey) -> Box<dyn Movement> {
        let mut rng = streams.index(node.0.into()).rng();
        let place = self.area.draw(&mut rng);
        let speed = match self.step {
            Step::Time(_) => self.speed.draw(&mut rng),
            Step::Distance(_) => self.speed.draw_on_the_way(&mut rng),
        };
        let (velocity, left) = self.share(unit(&mut rng), speed, &mut rng);
        Box::new(Walk {
            model: *self,
            tip: Tip::at(place),
            velocity,
            left,
            rng,
        })
    }
}

/// The path of one node.
struct Walk {
    model: RandomWalk,
    tip: Tip,
    /// In metres a second.
    velocity: [f64; 2],
    /// How long it still has that velocity, but for reflections, in seconds.
    left: f64,
    rng: NodeRng,
}

impl Movement for Walk {
    fn next_leg(&mut self) -> Leg {
        if self.left == 0.0 {
            let speed = self.model.speed.draw(&mut self.rng);
            (self.velocity, self.left) = self.model.share(1.0, speed, &mut self.rng);
        }
        let straight = self.model.area.straight(self.tip.place, self.velocity, self.left);
        self.left -= straight.seconds;
        for (speed, reflected) in self.velocity.iter_mut().zip(straight.reflected) {
            *speed = if reflected { -*speed } else { *speed };
        }
        self.tip.go_for(straight.to, straight.seconds)
    }
}
