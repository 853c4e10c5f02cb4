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

/// Where the fingers of a node start: `j * base^level` from it, for each level and each `j` from 1 to `base - 1`, in this
/// order. With base 2 they are the powers of two of the papers; larger bases are those of Li et al. 2005, where a lookup
/// resolves `log2 base` bits with each step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FingerStarts {
    space: IdSpace,
    /// The logarithm of the base.
    digit_bits: u32,
}

impl FingerStarts {
    /// The fingers of a base that is a power of two, 2 to 128.
    pub fn new(space: IdSpace, base: u32) -> Self {
        FingerStarts {
            space,
            digit_bits: base.max(2).ilog2(),
        }
    }

    /// How many fingers a level has: one for each digit but zero.
    fn a_level(self) -> u16 {
        (1 << self.digit_bits) - 1
    }

    /// How many fingers there are. The highest level has fewer than others where the width of identifiers is no multiple of
    /// the digits'.
    pub fn count(self) -> u16 {
        let bits = u32::from(self.space.bits());
        let (levels, rest) = (bits / self.digit_bits, bits % self.digit_bits);
        levels as u16 * self.a_level() + (1 << rest) - 1
    }

    /// Where finger `index` of a node starts, counted from zero.
    pub fn start(self, id: Id, index: u16) -> Id {
        let (level, digit) = (
            u32::from(index / self.a_level()),
            u128::from(index % self.a_level()) + 1,
        );
        self.space
            .wrap(id.number().wrapping_add(digit << (level * self.digit_bits)))
    }

    /// The finger in whose interval an identifier lies: from its start to the start of the next, the last one's to the node
    /// itself (ToN, Table I). None for the node's own.
    pub fn finger_of(self, me: Id, id: Id) -> Option<u16> {
        let distance = self.space.distance(me, id);
        let level = distance.checked_ilog2()? / self.digit_bits;
        let digit = (distance >> (level * self.digit_bits)) as u16;
        Some(level as u16 * self.a_level() + digit - 1)
    }

    /// The first finger that starts beyond the successor, which is their count if none does. The fingers before it are the
    /// successor itself.
    pub fn first_beyond(self, id: Id, successor: Id) -> u16 {
        // The successor of a node alone is the node itself, the whole ring away.
        self.finger_of(id, successor).map_or(self.count(), |finger| finger + 1)
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
        assert_eq!(FingerStarts::new(space, 2).start(Id::new(14), 2), Id::new(2));
        assert_eq!(space.distance(Id::new(14), Id::new(2)), 4);
        assert!(space.holds(Id::new(15)) && !space.holds(Id::new(16)));
        let widest = IdSpace::new(128);
        let farthest = FingerStarts::new(widest, 2).start(Id::new(u128::MAX), 127);
        assert_eq!(farthest, Id::new((1 << 127) - 1));
        assert!(widest.holds(Id::new(u128::MAX)));
    }

    #[test]
    fn the_first_finger_beyond_the_successor_is_the_first_whose_start_it_does_not_cover() {
        for base in [2, 4, 8, 16] {
            let fingers = FingerStarts::new(IdSpace::new(5), base);
            let count = fingers.count();
            for (id, successor) in
                (0..32).flat_map(|id| (0..32).map(move |successor| (Id::new(id), Id::new(successor))))
            {
                let covered = |index| in_open_closed(id, fingers.start(id, index), successor);
                let expected = (0..count).find(|index| !covered(*index)).unwrap_or(count);
                assert_eq!(
                    fingers.first_beyond(id, successor),
                    expected,
                    "{base}: {id} {successor}"
                );
            }
        }
    }

    /// Li et al. 2005: with base `b` and identifiers of `m` digits a node has `(b - 1) m` fingers.
    #[test]
    fn fingers_of_any_base_start_at_the_multiples_of_its_powers() {
        let distances = |bits, base| {
            let fingers = FingerStarts::new(IdSpace::new(bits), base);
            let starts = (0..fingers.count()).map(move |index| fingers.start(Id::new(0), index).number());
            starts.collect::<Vec<_>>()
        };
        assert_eq!(distances(6, 2), [1, 2, 4, 8, 16, 32]);
        assert_eq!(distances(6, 4), [1, 2, 3, 4, 8, 12, 16, 32, 48]);
        assert_eq!(distances(5, 4), [1, 2, 3, 4, 8, 12, 16], "half a digit is left");
        assert_eq!(distances(4, 16), (1..16).collect::<Vec<_>>(), "everybody is a finger");
        assert_eq!(FingerStarts::new(IdSpace::new(128), 128).count(), 18 * 127 + 3);
    }

    #[test]
    fn every_identifier_lies_in_the_interval_of_one_finger() {
        let me = Id::new(21);
        for base in [2, 4, 8, 32] {
            let space = IdSpace::new(5);
            let fingers = FingerStarts::new(space, base);
            assert_eq!(fingers.finger_of(me, me), None);
            for id in (0..32).map(Id::new).filter(|id| *id != me) {
                let distance = |index| space.distance(me, fingers.start(me, index));
                let last_before = (0..fingers.count()).rfind(|index| distance(*index) <= space.distance(me, id));
                assert_eq!(fingers.finger_of(me, id), last_before, "{base}: {id}");
            }
        }
    }
}
