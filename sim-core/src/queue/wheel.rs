//! A ring of time slices, each the head of a chain of chunks, with a bit a slice so that empty ones are skipped fast.

use super::chunks::Chain;

/// Slices `n .. n + size` of time, slot `n % size` for slice `n`.
pub(super) struct Wheel {
    slots: Vec<Chain>,
    /// A bit a slot: whether it holds anything.
    occupied: Vec<u64>,
}

impl Wheel {
    /// An empty wheel of `size` slots: a power of two, at least 64.
    pub(super) fn new(size: usize) -> Self {
        debug_assert!(size.is_power_of_two() && size >= 64);
        Wheel {
            slots: vec![Chain::EMPTY; size],
            occupied: vec![0; size / 64],
        }
    }

    /// The slot of a slice, about to be filled.
    #[inline]
    pub(super) fn slot_mut(&mut self, slice: u64) -> &mut Chain {
        let slot = slice as usize & (self.slots.len() - 1);
        self.occupied[slot / 64] |= 1 << (slot % 64);
        &mut self.slots[slot]
    }

    /// Empties the slot of a slice and returns what it held.
    pub(super) fn take(&mut self, slice: u64) -> Chain {
        let slot = slice as usize & (self.slots.len() - 1);
        self.occupied[slot / 64] &= !(1 << (slot % 64));
        std::mem::replace(&mut self.slots[slot], Chain::EMPTY)
    }

    /// Empties every slot.
    pub(super) fn take_all(&mut self) -> impl Iterator<Item = Chain> + use<> {
        self.occupied.fill(0);
        let size = self.slots.len();
        std::mem::replace(&mut self.slots, vec![Chain::EMPTY; size]).into_iter()
    }

    /// The first slice at or after `from`, within `span` slices (at most the size), whose slot holds anything.
    pub(super) fn next_occupied(&self, from: u64, span: u64) -> Option<u64> {
        let mut passed = 0;
        while passed < span {
            let slot = (from + passed) as usize & (self.slots.len() - 1);
            let word = self.occupied[slot / 64] >> (slot % 64);
            if word != 0 {
                passed += u64::from(word.trailing_zeros());
                return (passed < span).then_some(from + passed);
            }
            passed += 64 - (slot % 64) as u64;
        }
        None
    }
}
