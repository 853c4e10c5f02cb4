//! The streets of Manhattan.

use super::{Area, MobilityError, Model, Movement, Speeds, Tip, positive};
use crate::addr::NodeAddr;
use crate::link_layer::{Leg, Place};
use crate::random::{NodeRng, StreamKey, unit};

/// The Manhattan model (Bai, Sadagopan and Helmy 2003, the IMPORTANT framework): nodes drive on a grid of streets, and at each
/// crossing go on with probability 0.5 and turn left or right with 0.25 each. Where there is no street ahead, left and right
/// have 0.5 each; where there is none to one side, the other side has its share.
///
/// With these rules all streets are alike in the long run, in both directions, and nodes begin in that steady state: anywhere
/// on the streets, at a speed chosen in proportion to the time that it makes a block take.
///
/// # Deviations
/// A node draws its speed anew for each block, and nobody slows down behind another: the framework changes the speed by a
/// random acceleration at equal intervals and keeps a safe distance on each lane, which makes the path of a node depend on the
/// others. Both lanes of a street are one line.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Manhattan {
    /// Where: streets run along its border, too.
    pub area: Area,
    /// How many blocks lie side by side from west to east.
    pub columns: u32,
    /// How many blocks lie side by side from south to north.
    pub rows: u32,
    /// How fast.
    pub speed: Speeds,
}

impl Manhattan {
    /// Whether nodes can move so.
    ///
    /// # Errors
    /// [`MobilityError::NotPositive`], [`MobilityError::Range`], and [`MobilityError::NoSteadyState`] for a minimum speed of
    /// zero.
    pub fn validate(&self) -> Result<(), MobilityError> {
        self.area.validate()?;
        self.speed.validate()?;
        positive("number of blocks from west to east", self.columns.into())?;
        positive("number of blocks from south to north", self.rows.into())?;
        match self.speed.minimum {
            0.0 => Err(MobilityError::NoSteadyState),
            _ => Ok(()),
        }
    }

    fn place(&self, [column, row]: [u32; 2]) -> Place {
        let along = |length: f64, number: u32, blocks: u32| length * (f64::from(number) / f64::from(blocks));
        Place {
            x: along(self.area.width, column, self.columns),
            y: along(self.area.height, row, self.rows),
        }
    }

    /// The crossing after one in a direction, if there is a street.
    fn next(&self, crossing: [u32; 2], heading: Heading) -> Option<[u32; 2]> {
        let most = [self.columns, self.rows];
        let mut next = crossing;
        let along = &mut next[heading.axis];
        *along = match heading.forward {
            true => along.checked_add(1)?,
            false => along.checked_sub(1)?,
        };
        (*along <= most[heading.axis]).then_some(next)
    }

    /// Where a node goes from a crossing that it comes to.
    fn turn(&self, crossing: [u32; 2], heading: Heading, rng: &mut NodeRng) -> (Heading, [u32; 2]) {
        let share = unit(rng);
        let left = (heading.axis == 0) == heading.forward;
        let to_the = |forward| Heading {
            axis: 1 - heading.axis,
            forward,
        };
        // Half of those who would go on, but cannot, turn to each side.
        let side = if share % 0.5 < 0.25 { left } else { !left };
        let ways = [
            (share < 0.5).then_some(heading),
            Some(to_the(side)),
            Some(to_the(!side)),
        ];
        let streets = ways
            .into_iter()
            .flatten()
            .map(|way| Some((way, self.next(crossing, way)?)));
        streets
            .flatten()
            .next()
            .expect("a grid of blocks has a turn at each crossing")
    }
}

/// The direction of a street and of a drive on it.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Heading {
    /// 0 from west to east, 1 from south to north.
    axis: usize,
    /// In that direction, and not back.
    forward: bool,
}

impl Model for Manhattan {
    fn movement(&self, node: NodeAddr, streams: StreamKey) -> Box<dyn Movement> {
        let mut rng = streams.index(node.0.into()).rng();
        // As likely on each metre of street.
        let along_width = self.area.width * (f64::from(self.rows) + 1.0);
        let along_height = self.area.height * (f64::from(self.columns) + 1.0);
        let axis = usize::from(unit(&mut rng) * (along_width + along_height) >= along_width);
        let forward = unit(&mut rng) < 0.5;
        let blocks = [self.columns, self.rows];
        let street = (unit(&mut rng) * (f64::from(blocks[1 - axis]) + 1.0)) as u32;
        let along = unit(&mut rng) * f64::from(blocks[axis]);
        let mut crossing = [street; 2];
        crossing[axis] = along as u32 + u32::from(forward);
        let mut place = self.place(crossing);
        let part = along / f64::from(blocks[axis]);
        match axis {
            0 => place.x = self.area.width * part,
            _ => place.y = self.area.height * part,
        }
        Box::new(Drive {
            model: *self,
            tip: Tip::at(place),
            heading: Heading { axis, forward },
            crossing,
            speed: self.speed.draw_on_the_way(&mut rng),
            rng,
        })
    }
}

/// The path of one node.
struct Drive {
    model: Manhattan,
    tip: Tip,
    heading: Heading,
    /// Where it comes to next.
    crossing: [u32; 2],
    /// How fast it goes there, in metres a second.
    speed: f64,
    rng: NodeRng,
}

impl Movement for Drive {
    fn next_leg(&mut self) -> Leg {
        let leg = self.tip.go_at(self.model.place(self.crossing), self.speed);
        (self.heading, self.crossing) = self.model.turn(self.crossing, self.heading, &mut self.rng);
        self.speed = self.model.speed.draw(&mut self.rng);
        leg
    }
}
