//! The fingerprint of a run: a chain a node over everything that happened to it.
//!
//! Each handled event folds its time, kind, sender and contents into the chain of the node that handled it. The chains
//! are folded in the order of addresses, so the fingerprint does not depend on how a run was split, and comparing the
//! chains of two runs names the nodes at which they diverged.

use std::hash::{Hash, Hasher};

use crate::random::mix;

/// An odd constant (the golden ratio in 64 bits): each step of a chain is then a bijection of its state and of its input,
/// so that one changed byte cannot go unseen.
const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

/// A chain over a sequence of values, as an implementation of [`Hasher`] whose result is the same on every machine:
/// lengths and indices count as 64 bits, bytes are read as little-endian.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Chain(u64);

impl Chain {
    /// Adds a value to the chain.
    #[inline]
    pub fn fold(&mut self, value: &impl Hash) {
        value.hash(self);
    }

    #[inline]
    fn step(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(23) ^ word)
            .wrapping_mul(MULTIPLIER)
            .wrapping_add(MULTIPLIER);
    }
}

impl Hasher for Chain {
    fn finish(&self) -> u64 {
        mix(self.0)
    }

    fn write(&mut self, bytes: &[u8]) {
        let mut words = bytes.chunks_exact(8);
        for word in &mut words {
            self.step(word.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte)));
        }
        let rest = words.remainder();
        if !rest.is_empty() {
            self.step(rest.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte)));
        }
    }

    #[inline]
    fn write_u8(&mut self, value: u8) {
        self.step(u64::from(value));
    }

    #[inline]
    fn write_u16(&mut self, value: u16) {
        self.step(u64::from(value));
    }

    #[inline]
    fn write_u32(&mut self, value: u32) {
        self.step(u64::from(value));
    }

    #[inline]
    fn write_u64(&mut self, value: u64) {
        self.step(value);
    }

    #[inline]
    fn write_u128(&mut self, value: u128) {
        self.step(value as u64);
        self.step((value >> 64) as u64);
    }

    #[inline]
    fn write_usize(&mut self, value: usize) {
        self.step(value as u64);
    }

    #[inline]
    fn write_isize(&mut self, value: isize) {
        self.step(value as u64);
    }
}

/// The fingerprint of a whole run: the chains of its nodes, folded in the order of their addresses.
pub fn fold_chains(chains: impl IntoIterator<Item = Chain>) -> u64 {
    let mut whole = Chain::default();
    for chain in chains {
        whole.step(chain.0);
    }
    whole.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain_of(values: &[u32]) -> u64 {
        let mut chain = Chain::default();
        for value in values {
            chain.fold(value);
        }
        chain.finish()
    }

    #[test]
    fn order_and_value_both_matter() {
        assert_ne!(chain_of(&[1, 2]), chain_of(&[2, 1]));
        assert_ne!(chain_of(&[1, 2]), chain_of(&[1, 3]));
        assert_ne!(
            chain_of(&[0]),
            chain_of(&[0, 0]),
            "even zeros lengthen a chain once it has begun"
        );
    }

    #[test]
    fn every_single_flipped_bit_of_a_byte_string_shows() {
        let bytes = *b"nineteen bytes here";
        let digest = |bytes: &[u8]| {
            let mut chain = Chain::default();
            chain.write(bytes);
            chain.finish()
        };
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes;
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_ne!(digest(&bytes), digest(&changed), "bit {bit}");
        }
    }
}
