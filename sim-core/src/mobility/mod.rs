//! Where nodes are while they move, and the links that follow from it.
//!
//! A [`Movement`] tells the path of one node, leg by leg. A [`Model`] makes one for each node from a random stream of the
//! node's own: nobody's path depends on how many others there are, nor on when anybody is asked. [`Scripted`] movements
//! come from traces. [`Moving`] turns movements and a radio range into links that come up and go down at the nanosecond
//! at which two nodes come into range or leave it.
//!
//! Models that have a steady state are in it from the start, so that no part of a run has to be thrown away; each says of
//! itself how it begins.

mod scripted;

use crate::link_layer::{Leg, Place};
use crate::time::SimTime;

pub use scripted::{ScriptError, Scripted};

/// The path of one node, told leg by leg.
pub trait Movement: Send {
    /// The next leg. The first one begins at time zero, each other one where and when the one before it ended, and the one
    /// that ends at the end of time is the last. A leg without duration is a jump, or nothing; only finitely many of them
    /// follow on one another.
    fn next_leg(&mut self) -> Leg;
}

/// Where a path has come to.
#[derive(Clone, Copy, Debug)]
struct Tip {
    place: Place,
    time: SimTime,
}

impl Tip {
    /// At a place at time zero.
    fn at(place: Place) -> Self {
        Tip {
            place,
            time: SimTime::ZERO,
        }
    }

    /// The way to a place, ending at a time, which may be now: a jump.
    fn go_until(&mut self, to: Place, end: SimTime) -> Leg {
        let leg = Leg {
            from: self.place,
            start: self.time,
            to,
            end,
        };
        (self.place, self.time) = (to, end);
        leg
    }
}
