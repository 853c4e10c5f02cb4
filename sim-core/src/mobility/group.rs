//! Groups that move together.

use std::f64::consts::TAU;

use super::waypoint::WaypointPath;
use super::{MobilityError, Model, Movement, RandomWaypoint, Tip, not_negative, positive};
use crate::addr::NodeAddr;
use crate::link_layer::{Leg, Place};
use crate::math;
use crate::random::{NodeRng, StreamKey, unit};
use crate::time::SimDuration;

/// Reference-point group mobility (Hong, Gerla, Pei and Chiang 1999): the centre of a group moves by random waypoint, each
/// node has a reference point that goes with it, and at equal intervals the node draws where it will be as seen from there,
/// at a distance that is uniform up to `radius` in any direction; it gets there in a straight line.
///
/// Node `n` belongs to group `n mod groups`. A centre is a function of its group's stream, whoever asks. It keeps so far from
/// the border that no node gets beyond. Centres begin as random waypoint does, all else in its steady state, each node with
/// intervals of its own.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ReferencePointGroup {
    /// How the centres move; the area is that of all nodes.
    pub centre: RandomWaypoint,
    /// How many groups there are.
    pub groups: u32,
    /// How far from the centre a reference point may be, uniformly in a disk, in metres.
    pub spread: f64,
    /// How far from its reference point a node may be, in metres.
    pub radius: f64,
    /// How often a node draws a place.
    pub interval: SimDuration,
}

impl ReferencePointGroup {
    /// Whether nodes can move so.
    ///
    /// # Errors
    /// Those of [`RandomWaypoint::validate`], [`MobilityError::Negative`] for the spread and the radius, and
    /// [`MobilityError::TooSmall`] where a group has no room to move.
    pub fn validate(&self) -> Result<(), MobilityError> {
        self.centre.validate()?;
        positive("number of groups", self.groups.into())?;
        not_negative("spread of the reference points", self.spread)?;
        not_negative("radius around a reference point", self.radius)?;
        positive("interval", self.interval.as_secs_f64())?;
        self.centre.area.validate_margin(self.spread + self.radius)
    }

    /// Where a node may be as seen from its reference point.
    fn offset(&self, rng: &mut NodeRng) -> Place {
        polar(self.radius * unit(rng), rng)
    }
}

/// A place so far from the origin, in any direction.
fn polar(distance: f64, rng: &mut NodeRng) -> Place {
    let angle = TAU * unit(rng);
    Place {
        x: distance * math::cos(angle),
        y: distance * math::sin(angle),
    }
}

/// A place as seen from another one.
fn beside(place: Place, offset: Place) -> Place {
    Place {
        x: place.x + offset.x,
        y: place.y + offset.y,
    }
}

impl Model for ReferencePointGroup {
    fn movement(&self, node: NodeAddr, streams: StreamKey) -> Box<dyn Movement> {
        let margin = self.spread + self.radius;
        let group = streams.purpose("group").index((node.0 % self.groups).into());
        let centre = RandomWaypoint {
            area: self.centre.area.without(margin),
            ..self.centre
        };
        let mut centre = centre.path(group.rng());
        let centre_leg = centre.next_leg();

        let mut rng = streams.index(node.0.into()).rng();
        let reference = polar(self.spread * unit(&mut rng).sqrt(), &mut rng);
        let reference = beside(reference, Place { x: margin, y: margin });
        // Within an interval, as seen at a moment that knows nothing of it.
        let (before, after, part) = (self.offset(&mut rng), self.offset(&mut rng), unit(&mut rng));
        let mut offset = Tip::at(Place {
            x: before.x + part * (after.x - before.x),
            y: before.y + part * (after.y - before.y),
        });
        let offset_leg = offset.go_for(after, (1.0 - part) * self.interval.as_secs_f64());
        Box::new(Member {
            model: *self,
            tip: Tip::at(beside(beside(centre_leg.from, reference), offset_leg.from)),
            centre,
            centre_leg,
            reference,
            offset,
            offset_leg,
            rng,
        })
    }
}

/// The path of one node.
struct Member {
    model: ReferencePointGroup,
    tip: Tip,
    centre: WaypointPath,
    centre_leg: Leg,
    /// Where the reference point is as seen from the centre, in the larger area.
    reference: Place,
    offset: Tip,
    /// As seen from the reference point.
    offset_leg: Leg,
    rng: NodeRng,
}

impl Movement for Member {
    fn next_leg(&mut self) -> Leg {
        let end = self.centre_leg.end.min(self.offset_leg.end);
        let centre = beside(self.centre_leg.place(end), self.reference);
        let leg = self.tip.go_until(beside(centre, self.offset_leg.place(end)), end);
        if self.centre_leg.end == end {
            self.centre_leg = self.centre.next_leg();
        }
        if self.offset_leg.end == end {
            let to = self.model.offset(&mut self.rng);
            self.offset_leg = self.offset.go_for(to, self.model.interval.as_secs_f64());
        }
        leg
    }
}
