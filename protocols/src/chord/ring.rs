//! The two interval tests that all of Chord rests on, and where fingers start.

use crate::id::{Id, IdSpace};

/// Whether `x` lies in the open interval `(a, b)`, walking clockwise from `a`.
///
/// If `a == b` the interval is the whole ring but that point: a node alone lies between itself and itself, and
/// everybody else does too.
#[inline]
pub fn in_open(a: Id, x: Id, b: Id) -> bool {
    let (a, x, b) = (a.number(), x.number(), b.number());
    if a < b { a < x && x < b } else { x > a || x < b }
}

/// Whether `x` lies in the half-open interval `(a, b]`, walking clockwise from `a`.
///
/// If `a == b` the interval is the whole ring: the only node there is owns every key.
#[inline]
pub fn in_open_closed(a: Id, x: Id, b: Id) -> bool {
    let (a, x, b) = (a.number(), x.number(), b.number());
    if a < b { a < x && x <= b } else { x > a || x <= b }
}

impl IdSpace {
    /// Where finger `index` of a node starts, counted from zero: `id + 2^index`.
    pub fn finger_start(self, id: Id, index: u8) -> Id {
        self.wrap(id.number().wrapping_add(1 << index))
    }

    /// The first finger that starts beyond the successor, which is [`IdSpace::bits`] if none does. The fingers before
    /// it are the successor itself.
    pub fn first_finger_beyond(self, id: Id, successor: Id) -> u8 {
        match self.distance(id, successor) {
            // The successor of a node alone is the node itself, the whole ring away.
            0 => self.bits(),
            distance => (128 - distance.leading_zeros()) as u8,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Walks clockwise from `a`, point by point: what the two tests mean.
    fn walk(space: IdSpace, a: Id, b: Id) -> Vec<Id> {
        let mut met = Vec::new();
        let mut at = a;
        loop {
            at = space.wrap(at.number() + 1);
            if at == b {
                return met;
            }
            met.push(at);
        }
    }

    #[test]
    fn intervals_agree_with_a_walk_around_every_small_ring() {
        for bits in 3..=5 {
            let space = IdSpace::new(bits);
            let points = || (0..1_u128 << bits).map(Id::new);
            for (a, b) in points().flat_map(|a| points().map(move |b| (a, b))) {
                let inside = walk(space, a, b);
                for x in points() {
                    assert_eq!(in_open(a, x, b), inside.contains(&x), "{x} in ({a}, {b})");
                    let closed = inside.contains(&x) || x == b;
                    assert_eq!(in_open_closed(a, x, b), closed, "{x} in ({a}, {b}]");
                }
            }
        }
    }

    #[test]
    fn an_interval_from_a_point_to_itself_is_the_whole_ring() {
        let (here, there) = (Id::new(5), Id::new(6));
        assert!(!in_open(here, here, here) && in_open(here, there, here));
        assert!(in_open_closed(here, here, here) && in_open_closed(here, there, here));
    }

    #[test]
    fn arithmetic_wraps_at_the_width_of_the_ring() {
        let space = IdSpace::new(4);
        assert_eq!(space.finger_start(Id::new(14), 2), Id::new(2));
        assert_eq!(space.distance(Id::new(14), Id::new(2)), 4);
        assert!(space.holds(Id::new(15)) && !space.holds(Id::new(16)));
        let widest = IdSpace::new(128);
        assert_eq!(widest.finger_start(Id::new(u128::MAX), 127), Id::new((1 << 127) - 1));
        assert!(widest.holds(Id::new(u128::MAX)));
    }

    #[test]
    fn the_first_finger_beyond_the_successor_is_the_first_whose_start_it_does_not_cover() {
        let space = IdSpace::new(5);
        for (id, successor) in (0..32).flat_map(|id| (0..32).map(move |successor| (Id::new(id), Id::new(successor)))) {
            let covered = |index| in_open_closed(id, space.finger_start(id, index), successor);
            let expected = (0..5).find(|index| !covered(*index)).unwrap_or(5);
            assert_eq!(space.first_finger_beyond(id, successor), expected, "{id} {successor}");
        }
    }
}
