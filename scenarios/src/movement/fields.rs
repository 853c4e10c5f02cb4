//! What the formats have in common: numbers, times, places, and complaints about them.

use std::ops::Range;
use std::sync::Arc;

use sim_core::link_layer::{Leg, Place};
use sim_core::mobility::Area;
use sim_core::time::{SimDuration, SimTime};

use crate::input::{InputError, Line, Origin, Source, Word, lines};

/// The latest time that is believed, in seconds: a hundred years.
pub(super) const LATEST_SECONDS: f64 = 100.0 * 365.25 * 86_400.0;

/// The farthest coordinate that is believed, in metres: a million kilometres.
pub(crate) const FARTHEST: f64 = 1e9;

/// A text that is read.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    pub(super) source: &'a Arc<Source>,
}

impl<'a> Reader<'a> {
    pub(super) fn error(&self, span: Range<usize>, message: impl Into<String>) -> InputError {
        InputError::at(&Origin::new(self.source.clone(), span), message)
    }

    /// The lines that say something.
    pub(super) fn lines(&self) -> impl Iterator<Item = Line<'a>> + use<'a> {
        lines(self.source, &['#'])
    }

    /// What the first line tells.
    pub(super) fn sniffed<T>(&self, told: impl FnOnce(&str) -> T) -> Result<T, InputError> {
        let first = self.lines().next();
        first.map(|line| told(line.text)).ok_or_else(|| self.empty())
    }

    /// A complaint about a file in which nothing is.
    pub(super) fn empty(&self) -> InputError {
        self.error(0..0, "nothing is said in this file")
            .help("the file may be truncated: compare its size with the original's")
    }

    pub(super) fn number(&self, word: &Word<'_>, expected: &str) -> Result<f64, InputError> {
        let number = word.text.parse::<f64>().ok().filter(|number| number.is_finite());
        number.ok_or_else(|| {
            self.error(word.span.clone(), format!("expected {expected}, found {:?}", word.text))
                .labelled("this is not a number")
        })
    }

    /// A time in seconds.
    pub(super) fn time(&self, word: &Word<'_>) -> Result<SimTime, InputError> {
        let seconds = self.number(word, "a time in seconds")?;
        if !(0.0..=LATEST_SECONDS).contains(&seconds) {
            let message = format!("a time of {seconds} s: expected one from 0 to 100 years");
            return Err(self.error(word.span.clone(), message).labelled("out of range"));
        }
        Ok(SimTime::ZERO + SimDuration::from_secs_f64(seconds))
    }

    /// A coordinate in metres.
    pub(super) fn coordinate(&self, word: &Word<'_>) -> Result<f64, InputError> {
        let metres = self.number(word, "a coordinate in metres")?;
        if metres.abs() > FARTHEST {
            let message = format!("a coordinate of {metres} m: expected at most {FARTHEST} m in any direction");
            return Err(self.error(word.span.clone(), message).labelled("out of range"));
        }
        Ok(metres)
    }

    /// Refuses a time before another that it has to follow, and says what to try.
    pub(super) fn in_order(
        &self,
        last: SimTime,
        time: SimTime,
        span: Range<usize>,
        help: &str,
    ) -> Result<(), InputError> {
        if time >= last {
            return Ok(());
        }
        let (time, last) = (time.as_secs_f64(), last.as_secs_f64());
        Err(self
            .error(span, format!("time runs back: {time} s comes after {last} s"))
            .labelled("earlier than the one before")
            .help(help))
    }

    /// Refuses a place outside the area.
    pub(super) fn within(&self, area: Option<Area>, place: Place, span: Range<usize>) -> Result<(), InputError> {
        let Some(area) = area.filter(|area| !area.contains(place)) else {
            return Ok(());
        };
        let message = format!(
            "the place ({}, {}) lies outside the area of {} m x {} m",
            place.x, place.y, area.width, area.height
        );
        Err(self
            .error(span, message)
            .labelled("outside")
            .help("the area begins at (0, 0); state a larger one, or none"))
    }
}

/// A way whose legs are told in the order of time. They join each other: between two there is a stay.
pub(super) struct Way {
    legs: Vec<Leg>,
}

impl Way {
    /// Begins at a place at time zero.
    pub(super) fn from(place: Place) -> Self {
        Way {
            legs: vec![stay(place, SimTime::ZERO, SimTime::ZERO)],
        }
    }

    fn last(&self) -> &Leg {
        &self.legs[self.legs.len() - 1]
    }

    /// Cuts the way off at a time, no earlier than the beginning of its last leg, or lets it stay until then; returns where it
    /// is then.
    pub(super) fn until(&mut self, time: SimTime) -> Place {
        let place = self.last().place(time);
        let end = self.legs.len() - 1;
        let last = &mut self.legs[end];
        if last.from == last.to || time < last.end {
            (last.to, last.end) = (place, time);
        } else if time > last.end {
            self.legs.push(stay(place, self.legs[end].end, time));
        }
        place
    }

    /// Goes from where the way ends to a place, to be there at a time.
    pub(super) fn go(&mut self, to: Place, arrival: SimTime) {
        let Leg {
            to: from, end: start, ..
        } = *self.last();
        self.push(Leg {
            from,
            start,
            to,
            end: arrival,
        });
    }

    /// Turns up at a place at once.
    pub(super) fn jump(&mut self, to: Place) {
        let now = self.last().end;
        self.push(stay(to, now, now));
    }

    /// Adds a leg, in place of one without length.
    fn push(&mut self, leg: Leg) {
        if self.last().start == leg.start {
            self.legs.pop();
        }
        self.legs.push(leg);
    }

    /// The legs.
    pub(super) fn into_legs(self) -> Vec<Leg> {
        self.legs
    }
}

fn stay(place: Place, start: SimTime, end: SimTime) -> Leg {
    Leg {
        from: place,
        start,
        to: place,
        end,
    }
}
