//! Paths that were written down: traces.

use thiserror::Error;

use super::{Movement, Tip};
use crate::link_layer::{Leg, Place};
use crate::time::SimTime;

/// Legs that make no path.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum ScriptError {
    /// A leg ends before it starts.
    #[error("the leg ends before it starts")]
    EndsBeforeItStarts,
    /// A leg starts before the one before it has ended.
    #[error("the leg starts before the one before it has ended: time runs back")]
    Overlaps,
    /// A place is infinite or undefined.
    #[error("places have finite coordinates, in metres")]
    Undefined,
}

/// The path of one node as a trace has it. Between legs the node stands where the one before ended, and jumps where the
/// next one begins elsewhere; after the last leg it stands for ever.
#[derive(Clone, Debug)]
pub struct Scripted {
    tip: Tip,
    legs: std::iter::Peekable<std::vec::IntoIter<Leg>>,
}

impl Scripted {
    /// The path of a node that stands at a place until its first leg; the legs in the order of time.
    ///
    /// # Errors
    /// The number of the leg that cannot be, from zero, and why. An undefined first place counts as that of leg 0.
    pub fn new(first: Place, legs: Vec<Leg>) -> Result<Self, (usize, ScriptError)> {
        let finite = |place: Place| place.x.is_finite() && place.y.is_finite();
        if !finite(first) {
            return Err((0, ScriptError::Undefined));
        }
        let mut latest = SimTime::ZERO;
        for (number, leg) in legs.iter().enumerate() {
            let wrong = match leg {
                _ if !finite(leg.from) || !finite(leg.to) => Some(ScriptError::Undefined),
                _ if leg.end < leg.start => Some(ScriptError::EndsBeforeItStarts),
                _ if leg.start < latest => Some(ScriptError::Overlaps),
                _ => None,
            };
            if let Some(error) = wrong {
                return Err((number, error));
            }
            latest = leg.end;
        }
        Ok(Scripted {
            tip: Tip::at(first),
            legs: legs.into_iter().peekable(),
        })
    }
}

impl Movement for Scripted {
    fn next_leg(&mut self) -> Leg {
        match self.legs.peek().copied() {
            None => self.tip.go_until(self.tip.place, SimTime::MAX),
            Some(next) if next.start > self.tip.time => self.tip.go_until(self.tip.place, next.start),
            Some(next) if next.from != self.tip.place => self.tip.go_until(next.from, next.start),
            Some(next) => {
                self.legs.next();
                self.tip.go_until(next.to, next.end)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SimTime {
        SimTime::from_nanos(seconds * 1_000_000_000)
    }

    fn leg(from: (f64, f64), start: u64, to: (f64, f64), end: u64) -> Leg {
        let place = |(x, y)| Place { x, y };
        Leg {
            from: place(from),
            start: at(start),
            to: place(to),
            end: at(end),
        }
    }

    #[test]
    fn gaps_are_stays_and_a_leg_that_begins_elsewhere_is_reached_by_a_jump() {
        let legs = vec![
            leg((0.0, 0.0), 2, (4.0, 0.0), 6),
            leg((4.0, 0.0), 6, (4.0, 3.0), 7),
            leg((9.0, 9.0), 8, (9.0, 9.0), 9),
        ];
        let mut path = Scripted::new(Place::default(), legs.clone()).unwrap();
        let told: Vec<Leg> = (0..7).map(|_| path.next_leg()).collect();
        assert_eq!(told[0], leg((0.0, 0.0), 0, (0.0, 0.0), 2));
        assert_eq!(told[1..3], legs[..2]);
        assert_eq!(told[3], leg((4.0, 3.0), 7, (4.0, 3.0), 8));
        assert_eq!(told[4], leg((4.0, 3.0), 8, (9.0, 9.0), 8));
        assert_eq!(told[5], legs[2]);
        assert_eq!((told[6].start, told[6].end), (at(9), SimTime::MAX));
        assert_eq!((told[6].from, told[6].to), (legs[2].to, legs[2].to));
    }

    #[test]
    fn without_legs_a_node_stands() {
        let place = Place { x: 3.0, y: 4.0 };
        let only = Scripted::new(place, Vec::new()).unwrap().next_leg();
        assert_eq!((only.from, only.to, only.end), (place, place, SimTime::MAX));
    }

    #[test]
    fn legs_that_make_no_path_are_told_by_number() {
        let first = leg((0.0, 0.0), 2, (4.0, 0.0), 6);
        let path = |second| Scripted::new(first.from, vec![first, second]).map(|_| ());
        assert_eq!(path(leg((4.0, 0.0), 5, (4.0, 0.0), 9)), Err((1, ScriptError::Overlaps)));
        assert_eq!(
            path(leg((4.0, 0.0), 8, (4.0, 0.0), 7)),
            Err((1, ScriptError::EndsBeforeItStarts))
        );
        assert_eq!(
            path(leg((4.0, 0.0), 8, (f64::NAN, 0.0), 9)),
            Err((1, ScriptError::Undefined))
        );
        assert_eq!(path(leg((4.0, 0.0), 6, (4.0, 0.0), 6)), Ok(()));
    }
}
