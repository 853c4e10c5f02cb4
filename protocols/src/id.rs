//! Identifiers: what nodes and keys of structured overlays share.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt;
use std::hash::{Hash, Hasher};

use rand::Rng;
use sim_core::addr::NodeAddr;

/// The identifier of a node or a key: a point on a ring of `2^bits` points, see [`IdSpace`].
///
/// Overlays only compare identifiers, so that more than 128 bits (SHA-1 has 160) would change nothing but the chance that two
/// of them are equal. Kept as bytes so that a [`Contact`] takes 20 bytes and not 32.
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

/// A node as others know it: its identifier, and the address where it is to be found in the layer below.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Contact<A = NodeAddr> {
    /// Its identifier.
    pub id: Id,
    /// Its address. Whoever holds the address may meanwhile be somebody else.
    pub addr: A,
}

impl<A: fmt::Debug> fmt::Debug for Contact<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{:?}", self.id, self.addr)
    }
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

    pub(crate) fn mask(self) -> u128 {
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

/// `count` different identifiers, uniformly random, in the order in which they were drawn; none if the ring has not as
/// many points.
pub fn distinct_ids(count: usize, space: IdSpace, rng: &mut impl Rng) -> Option<Vec<Id>> {
    if space.bits() < 128 && count as u128 > 1_u128 << space.bits() {
        return None;
    }
    let mut seen = BTreeSet::new();
    let mut ids = Vec::with_capacity(count);
    while ids.len() < count {
        let id = space.random(rng);
        if seen.insert(id) {
            ids.push(id);
        }
    }
    Some(ids)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chord::in_open;
    use sim_core::random::StreamKey;

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

    #[test]
    fn identifiers_differ_and_a_ring_cannot_be_overfull() {
        let mut rng = StreamKey::root(1, 0).rng();
        let ids = distinct_ids(8, IdSpace::new(3), &mut rng).expect("eight points for eight identifiers");
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 8);
        assert!(distinct_ids(9, IdSpace::new(3), &mut rng).is_none());
    }
}
