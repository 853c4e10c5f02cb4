//! Identifiers as numbers of base `2^b` (section 2), and which of two is numerically closer to a key.

use crate::id::{Id, IdSpace};

/// How identifiers are read as digits, the most significant first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Digits {
    id_bits: u8,
    digit_bits: u8,
}

impl Digits {
    /// Digits of `digit_bits` bits, the paper's `b`, which must divide the width of the ring: see
    /// [`Config::validate`](super::Config::validate).
    pub fn new(space: IdSpace, digit_bits: u32) -> Self {
        debug_assert!(digit_bits > 0 && u32::from(space.bits()).is_multiple_of(digit_bits));
        Digits {
            id_bits: space.bits(),
            digit_bits: digit_bits as u8,
        }
    }

    /// How many digits an identifier has.
    pub fn count(self) -> u8 {
        self.id_bits / self.digit_bits
    }

    /// How many values a digit has.
    pub fn base(self) -> u16 {
        1 << self.digit_bits
    }

    /// What one of the digit at a place is worth.
    #[inline]
    pub(super) fn unit(self, place: u8) -> u128 {
        1 << (u32::from(self.id_bits) - u32::from(self.digit_bits) * (u32::from(place) + 1))
    }

    /// The digit at a place, counted from zero at the most significant end.
    #[inline]
    pub fn digit(self, id: Id, place: u8) -> u8 {
        (id.number() >> self.unit(place).trailing_zeros()) as u8 & (u8::MAX >> (8 - self.digit_bits))
    }

    /// How many digits two identifiers have in common before the first that differs: the paper's `shl`.
    #[inline]
    pub fn shared_prefix(self, a: Id, b: Id) -> u8 {
        match a.number() ^ b.number() {
            0 => self.count(),
            difference => {
                let bits = difference.leading_zeros() - (128 - u32::from(self.id_bits));
                (bits / u32::from(self.digit_bits)) as u8
            }
        }
    }
}

/// How near an identifier is to a key on the ring; the least is the nearest. Of two that are equally far from the key the
/// one after it is nearer, so that each key has one owner.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Nearness {
    distance: u128,
    before: bool,
}

impl IdSpace {
    /// How near an identifier is to a key, whichever way round.
    #[inline]
    pub fn nearness(self, key: Id, id: Id) -> Nearness {
        let (after, before) = (self.distance(key, id), self.distance(id, key));
        Nearness {
            distance: after.min(before),
            before: before < after,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The paper's Fig. 1 writes identifiers of 16 bits to base 4: node 10233102.
    #[test]
    fn digits_are_those_of_the_papers_example() {
        let digits = Digits::new(IdSpace::new(16), 2);
        let id = |text: &str| Id::new(u128::from_str_radix(text, 4).expect("base 4"));
        let node = id("10233102");
        assert_eq!((digits.count(), digits.base()), (8, 4));
        let spelt: Vec<u8> = (0..8).map(|place| digits.digit(node, place)).collect();
        assert_eq!(spelt, [1, 0, 2, 3, 3, 1, 0, 2]);
        for (other, shared) in [("02212102", 0), ("11301233", 1), ("10233232", 5), ("10233102", 8)] {
            assert_eq!(digits.shared_prefix(node, id(other)), shared, "{other}");
        }
    }

    #[test]
    fn the_widest_identifiers_and_digits_work() {
        for digit_bits in [1, 2, 4, 8] {
            let digits = Digits::new(IdSpace::new(128), digit_bits);
            let last = digits.count() - 1;
            assert_eq!(u16::from(digits.digit(Id::new(u128::MAX), last)) + 1, digits.base());
            assert_eq!(digits.shared_prefix(Id::new(0), Id::new(1)), last);
            assert_eq!(digits.shared_prefix(Id::new(0), Id::new(u128::MAX)), 0);
        }
    }

    #[test]
    fn of_two_equally_far_the_one_after_the_key_is_nearer() {
        let space = IdSpace::new(4);
        let nearness = |id| space.nearness(Id::new(14), Id::new(id));
        let mut ids: Vec<u128> = (0..16).collect();
        ids.sort_by_key(|id| nearness(*id));
        assert_eq!(ids, [14, 15, 13, 0, 12, 1, 11, 2, 10, 3, 9, 4, 8, 5, 7, 6]);
    }
}
