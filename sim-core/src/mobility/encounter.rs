//! When two nodes come into range of each other and leave it.

use crate::link_layer::Leg;
use crate::time::{SimDuration, SimTime};

/// Tells every time after `from`, up to and including `until`, at which two nodes on these legs come into range (`true`) or
/// leave it: the first nanosecond at which their places are, or are not, so close. An encounter that lies between two
/// nanoseconds is none, and where the distance only touches the range, rounding decides. `up` says whether they are in range
/// at `from`; at `until` they are if their places are then.
///
/// The first leg of each is under way at `from`, each other one begins where and when the one before it ended, and the last
/// one ends after `until`.
pub(super) fn changes(
    range2: f64,
    (ones, others): (&[Leg], &[Leg]),
    (from, until): (SimTime, SimTime),
    mut up: bool,
    tell: &mut impl FnMut(SimTime, bool),
) {
    let (mut i, mut j, mut now) = (0, 0, from);
    loop {
        let pair = Pair {
            range2,
            one: ones[i],
            other: others[j],
        };
        let end = pair.one.end.min(pair.other.end).min(until);
        up = pair.changes(now, end, up, tell);
        now = end;
        let (one_ends, other_ends) = (pair.one.end == end, pair.other.end == end);
        if !one_ends && !other_ends {
            return;
        }
        i += usize::from(one_ends);
        j += usize::from(other_ends);
    }
}

/// Two nodes while each is on one leg.
struct Pair {
    range2: f64,
    one: Leg,
    other: Leg,
}

impl Pair {
    /// Whether they are in range.
    fn near(&self, time: SimTime) -> bool {
        self.one.place(time).squared_distance(self.other.place(time)) <= self.range2
    }

    /// As [`changes`]; what comes back is whether they are in range at `until`.
    fn changes(&self, from: SimTime, until: SimTime, up: bool, tell: &mut impl FnMut(SimTime, bool)) -> bool {
        let then = self.near(until);
        if up != then {
            tell(self.first(then, from, until), then);
        } else if !up
            && let Some(closest) = self.closest(from, until)
            && self.near(closest)
        {
            // The distance is a convex function of time: only those who are out of range at both ends can have met between.
            tell(self.first(true, from, closest), true);
            tell(self.first(false, closest, until), false);
        }
        then
    }

    /// Where one is as seen from the other at `from`, how that changes until `until`, and how long this is in nanoseconds.
    fn relative(&self, from: SimTime, until: SimTime) -> ([f64; 2], [f64; 2], f64) {
        let seen = |time| {
            let (one, other) = (self.one.place(time), self.other.place(time));
            [one.x - other.x, one.y - other.y]
        };
        let (first, last) = (seen(from), seen(until));
        let way = [last[0] - first[0], last[1] - first[1]];
        (first, way, until.since(from).as_nanos() as f64)
    }

    /// When they are closest, unless that is at an end.
    fn closest(&self, from: SimTime, until: SimTime) -> Option<SimTime> {
        let (first, way, span) = self.relative(from, until);
        let part = -(first[0] * way[0] + first[1] * way[1]) / (way[0] * way[0] + way[1] * way[1]);
        let time = from + SimDuration::from_nanos((part * span).round() as u64);
        (from < time && time < until).then_some(time)
    }

    /// The first time after `from` at which they are in range, or out of it. They are not at `from`, and are at `until`, with one
    /// change between. The quadratic equation says where to look.
    fn first(&self, near: bool, from: SimTime, until: SimTime) -> SimTime {
        let (first, way, span) = self.relative(from, until);
        let a = way[0] * way[0] + way[1] * way[1];
        let b = first[0] * way[0] + first[1] * way[1];
        let c = first[0] * first[0] + first[1] * first[1] - self.range2;
        let root = (b * b - a * c).max(0.0).sqrt();
        // Both without cancellation where it matters: one comes in while it approaches, and goes out while it leaves.
        let part = match near {
            true => c / (root - b),
            false if b > 0.0 => -c / (b + root),
            false => (root - b) / a,
        };
        let (mut before, mut after) = (from.as_nanos(), until.as_nanos());
        let is = |nanos| self.near(SimTime::from_nanos(nanos)) == near;
        // At most two looks where the equation is exact to the nanosecond, else halving.
        let guess = before.saturating_add((part * span).ceil() as u64);
        for look in [guess, guess.saturating_sub(1)] {
            if before < look && look < after {
                *(if is(look) { &mut after } else { &mut before }) = look;
            }
        }
        while after - before > 1 {
            let middle = before + (after - before) / 2;
            *(if is(middle) { &mut after } else { &mut before }) = middle;
        }
        SimTime::from_nanos(after)
    }
}
