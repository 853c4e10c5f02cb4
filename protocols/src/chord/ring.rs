//! Identifiers on a ring, and the two interval tests that all of Chord rests on.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use rand::Rng;
use sim_core::addr::NodeAddr;

/// The identifier of a node or a key: a point on a ring of `2^bits` points, see [`IdSpace`].
///
/// Chord only ever compares identifiers, so that more than 128 bits (SHA-1 has 160) would change nothing but the chance
/// that two of them are equal. Kept as bytes so that a [`Contact`] takes 20 bytes and not 32.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Id([u8; 16]);

impl Id {
    /// The identifier with this number.
    pub const fn new(number: u128) -> Self {
        Id(number.to_le_bytes())
    }

    /// The identifier as a number.
    #[inline]
    pub const fn number(self) -> u128 {
        u128::from_le_bytes(self.0)
    }
}

impl Ord for Id {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        self.number().cmp(&other.number())
    }
}

impl PartialOrd for Id {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for Id {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u128(self.number());
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}", self.number())
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// A node as others know it: its identifier, and the address where it is to be found.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Contact {
    /// Its identifier.
    pub id: Id,
    /// Its address. Whoever holds the address may meanwhile be somebody else.
    pub addr: NodeAddr,
}

impl fmt::Debug for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.id, self.addr)
    }
}

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

/// A ring of `2^bits` identifiers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct IdSpace {
    bits: u8,
}

impl IdSpace {
    /// The narrowest and the widest ring.
    pub const BITS: std::ops::RangeInclusive<u32> = 3..=128;

    /// The ring of `bits` bits; a width outside [`IdSpace::BITS`] becomes the nearest inside.
    pub fn new(bits: u32) -> Self {
        let bits = bits.clamp(*Self::BITS.start(), *Self::BITS.end());
        IdSpace { bits: bits as u8 }
    }

    /// The width of an identifier in bits.
    pub const fn bits(self) -> u8 {
        self.bits
    }

    fn mask(self) -> u128 {
        u128::MAX >> (128 - u32::from(self.bits))
    }

    /// Whether an identifier belongs to this ring.
    #[inline]
    pub fn holds(self, id: Id) -> bool {
        id.number() <= self.mask()
    }

    /// The identifier with this number, modulo the size of the ring.
    pub fn wrap(self, number: u128) -> Id {
        Id::new(number & self.mask())
    }

    /// How far it is from `a` clockwise to `b`: zero if they are equal.
    pub fn distance(self, a: Id, b: Id) -> u128 {
        b.number().wrapping_sub(a.number()) & self.mask()
    }

    /// Where finger `index` of a node starts, counted from zero: `id + 2^index`.
    pub fn finger_start(self, id: Id, index: u8) -> Id {
        self.wrap(id.number().wrapping_add(1 << index))
    }

    /// The first finger that starts beyond the successor, which is [`IdSpace::bits`] if none does. The fingers before
    /// it are the successor itself.
    pub fn first_finger_beyond(self, id: Id, successor: Id) -> u8 {
        match self.distance(id, successor) {
            // The successor of a node alone is the node itself, the whole ring away.
            0 => self.bits,
            distance => (128 - distance.leading_zeros()) as u8,
        }
    }

    /// A uniformly random identifier.
    pub fn random(self, rng: &mut impl Rng) -> Id {
        self.wrap(u128::from(rng.next_u64()) << 64 | u128::from(rng.next_u64()))
    }

    /// A random identifier strictly between `a` and `b`, or `b` where nothing lies between: uniform up to a bias below
    /// one in `2^(128 - bits)`.
    pub fn random_between(self, a: Id, b: Id, rng: &mut impl Rng) -> Id {
        let draw = u128::from(rng.next_u64()) << 64 | u128::from(rng.next_u64());
        match self.distance(a, b) {
            1 => b,
            0 => self.wrap(a.number().wrapping_add(1 + draw % self.mask())),
            distance => self.wrap(a.number().wrapping_add(1 + draw % (distance - 1))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::random::StreamKey;

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

    #[test]
    fn random_between_stays_strictly_between() {
        let space = IdSpace::new(4);
        let mut rng = StreamKey::root(1, 0).rng();
        for _ in 0..200 {
            assert!(in_open(
                Id::new(14),
                space.random_between(Id::new(14), Id::new(3), &mut rng),
                Id::new(3)
            ));
            assert_ne!(space.random_between(Id::new(7), Id::new(7), &mut rng), Id::new(7));
        }
        assert_eq!(space.random_between(Id::new(15), Id::new(0), &mut rng), Id::new(0));
    }

    #[test]
    fn a_contact_takes_twenty_bytes() {
        assert_eq!(size_of::<Contact>(), 20);
    }
}
