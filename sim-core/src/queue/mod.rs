//! The queue of pending events: a total order, in time slices.
//!
//! Time is cut into slices of a power of two nanoseconds. An event is thrown unsorted into its slice and only sorted when
//! that slice becomes current, by a sort of small integers; so an event costs a few sequential memory accesses, however
//! many are pending. Two wheels hold the slices: a fine one for the near future and a coarse one, whose slices are spilled
//! into the fine wheel as they come near; what lies beyond both waits in a list. The width of a slice follows the density
//! of events. None of this shows in the order: events leave by [`EventKey`] alone.

mod chunks;
mod wheel;

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::time::SimTime;
use chunks::Chunks;
use wheel::Wheel;

/// A slice of the coarse wheel is this many slices of the fine one, as a power of two.
const FINE_PER_COARSE_LOG2: u32 = 10;
/// The fine wheel covers the current coarse slice and the next, so that what is due soon is filed once.
const FINE_SLOTS: usize = 2 << FINE_PER_COARSE_LOG2;
const COARSE_SLOTS: usize = 2048;
/// The number of events that a slice should hold: enough to read ahead, few enough to stay in the first-level cache.
const TARGET_PER_SLICE: u64 = 512;
/// Slices in which most events come late are made narrower, unless they then hold fewer than this.
const LEAST_PER_SLICE: u64 = 64;
/// Slices are resized after at least this many of them, so that chance does not resize them.
const SLICES_PER_REVIEW: u64 = 64;
const FIRST_WIDTH_LOG2: u32 = 20;
/// An offset within a slice must fit 32 bits, beside the index of the event.
const MAX_WIDTH_LOG2: u32 = 32;

/// The place of an event in the total order: by time, then by who caused it, then by that one's own counter.
///
/// Nothing in a key depends on when the event was put into a queue, or into which: that is why a simulation can be split
/// without changing its result.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct EventKey {
    /// When the event is due.
    pub time: SimTime,
    /// Who caused it: see [`Source`].
    pub source: Source,
    /// How many events that source had caused before.
    pub counter: u32,
}

/// The rank of who caused an event: the world first, then the nodes by address.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Source(pub(crate) u32);

/// An event that waits.
#[derive(Clone, Debug)]
pub struct Entry<T> {
    /// Its place in the order.
    pub key: EventKey,
    /// What will happen.
    pub item: T,
}

impl<T> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}
impl<T> Eq for Entry<T> {}
impl<T> PartialOrd for Entry<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<T> Ord for Entry<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key.cmp(&other.key)
    }
}

/// Pending events, which leave in the order of their keys.
pub struct Queue<T> {
    /// The events of the current slice, unsorted; `None` where one has left.
    current: Vec<Option<Entry<T>>>,
    /// The current slice in order: offset from the slice's start in the upper half, index into `current` in the lower.
    order: Vec<u64>,
    /// How many of `order` have left.
    position: usize,
    /// What was put into the current slice, or before it, after it had been sorted.
    late: BinaryHeap<Reverse<Entry<T>>>,
    /// The number of the current slice: time shifted right by `width_log2`.
    slice: u64,
    width_log2: u32,
    /// With slices of this width most events came late, so that they never become so wide again.
    too_wide_log2: u32,
    fine: Wheel,
    coarse: Wheel,
    chunks: Chunks<T>,
    /// Events beyond the coarse wheel, in no order.
    far: Vec<Entry<T>>,
    /// The earliest coarse slice among `far`.
    far_first: u64,
    len: usize,
    review: Review,
}

/// What has been seen since the slices were last resized.
#[derive(Default)]
struct Review {
    slices: u64,
    events: u64,
    late: u64,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Queue::new()
    }
}

impl<T> Queue<T> {
    /// An empty queue.
    pub fn new() -> Self {
        Queue {
            current: Vec::new(),
            order: Vec::new(),
            position: 0,
            late: BinaryHeap::new(),
            slice: 0,
            width_log2: FIRST_WIDTH_LOG2,
            too_wide_log2: MAX_WIDTH_LOG2 + 1,
            fine: Wheel::new(FINE_SLOTS),
            coarse: Wheel::new(COARSE_SLOTS),
            chunks: Chunks::new(),
            far: Vec::new(),
            far_first: u64::MAX,
            len: 0,
            review: Review::default(),
        }
    }

    /// How many events are pending.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing is pending.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds an event.
    #[inline]
    pub fn push(&mut self, key: EventKey, item: T) {
        self.len += 1;
        let slice = key.time.as_nanos() >> self.width_log2;
        let entry = Entry { key, item };
        if slice <= self.slice {
            self.review.late += 1;
            self.late.push(Reverse(entry));
        } else {
            self.file(slice, entry);
        }
    }

    /// Takes out the earliest event if it is due before `end`.
    #[inline]
    pub fn pop_before(&mut self, end: SimTime) -> Option<Entry<T>> {
        loop {
            if let Some(&packed) = self.order.get(self.position) {
                let time = (self.slice << self.width_log2) + (packed >> 32);
                let index = packed as u32 as usize;
                if !self.late.is_empty() && self.late_comes_first(index) {
                    return self.pop_late(end);
                }
                if time >= end.as_nanos() {
                    return None;
                }
                self.position += 1;
                self.len -= 1;
                return self.current[index].take();
            }
            if !self.late.is_empty() {
                return self.pop_late(end);
            }
            if !self.advance(end) {
                return None;
            }
        }
    }

    /// A time before which nothing is due: that of the earliest event if its slice is current, else the beginning of the
    /// slice that holds it. `None` if nothing is pending.
    pub fn next_time(&self) -> Option<SimTime> {
        let current = self
            .order
            .get(self.position)
            .map(|packed| (self.slice << self.width_log2) + (packed >> 32));
        let late = self.late.peek().map(|entry| entry.0.key.time.as_nanos());
        let known = current.into_iter().chain(late).min();
        known
            .or_else(|| Some(self.next_slice()? << self.width_log2))
            .map(SimTime::from_nanos)
    }

    /// What has come into sight since the last event left, looking `ahead` places on: one event more, or, at the start of
    /// a slice, as many as can be seen. Never looks beyond the current slice.
    #[inline]
    pub fn coming(&self, ahead: usize) -> impl Iterator<Item = &Entry<T>> {
        let first = if self.position <= 1 {
            self.position
        } else {
            self.position + ahead
        };
        let last = (self.position + ahead + 1).min(self.order.len());
        let sight = self.order.get(first..last).unwrap_or_default();
        sight
            .iter()
            .filter_map(|packed| self.current[*packed as u32 as usize].as_ref())
    }

    #[cold]
    fn late_comes_first(&self, index: usize) -> bool {
        match (self.late.peek(), &self.current[index]) {
            (Some(Reverse(late)), Some(current)) => late.key < current.key,
            (late, _) => late.is_some(),
        }
    }

    #[inline(never)]
    fn pop_late(&mut self, end: SimTime) -> Option<Entry<T>> {
        if self.late.peek()?.0.key.time >= end {
            return None;
        }
        self.len -= 1;
        self.late.pop().map(|Reverse(entry)| entry)
    }

    /// Puts an event of a later slice where it belongs.
    #[inline]
    fn file(&mut self, slice: u64, entry: Entry<T>) {
        let coarse = slice >> FINE_PER_COARSE_LOG2;
        let ahead = coarse - (self.slice >> FINE_PER_COARSE_LOG2);
        if ahead <= 1 {
            self.chunks.add(self.fine.slot_mut(slice), entry);
        } else if ahead < COARSE_SLOTS as u64 {
            self.chunks.add(self.coarse.slot_mut(coarse), entry);
        } else {
            self.far_first = self.far_first.min(coarse);
            self.far.push(entry);
        }
    }

    /// Makes the next slice that holds anything current, if it begins before `end`. Says whether there is more to look at.
    #[inline(never)]
    fn advance(&mut self, end: SimTime) -> bool {
        self.reconsider_width();
        if !self.late.is_empty() {
            // Resizing has moved the beginning of what is pending there.
            return true;
        }
        let Some(next) = self.next_slice() else { return false };
        if next << self.width_log2 >= end.as_nanos() {
            return false;
        }
        self.enter_coarse(next >> FINE_PER_COARSE_LOG2);
        // Entering may have spilled a coarse slice whose beginning was all that was known of it.
        let next = match self.fine.next_occupied(next, FINE_SLOTS as u64) {
            Some(slice) => slice,
            None => unreachable!("a coarse slice that is not empty spills into the fine wheel"),
        };
        self.load(next);
        true
    }

    /// The next slice that may hold anything: exact in the fine wheel, the beginning of a coarse slice beyond it.
    fn next_slice(&self) -> Option<u64> {
        let coarse_now = self.slice >> FINE_PER_COARSE_LOG2;
        let fine_end = (coarse_now + 2) << FINE_PER_COARSE_LOG2;
        self.fine
            .next_occupied(self.slice + 1, fine_end - self.slice - 1)
            .or_else(|| {
                let coarse = self.coarse.next_occupied(coarse_now + 2, COARSE_SLOTS as u64 - 2);
                let far = Some(self.far_first).filter(|_| !self.far.is_empty());
                coarse
                    .into_iter()
                    .chain(far)
                    .min()
                    .map(|coarse| coarse << FINE_PER_COARSE_LOG2)
            })
    }

    /// Moves on to a coarse slice: it and the next are spilled into the fine wheel.
    fn enter_coarse(&mut self, coarse: u64) {
        if coarse == self.slice >> FINE_PER_COARSE_LOG2 {
            return;
        }
        // Its first slice; which of its slices becomes current is found when they are all in the fine wheel.
        self.slice = coarse << FINE_PER_COARSE_LOG2;
        for near in [coarse, coarse + 1] {
            let mut chain = self.coarse.take(near);
            while let Some(mut entries) = self.chunks.take_first(&mut chain) {
                for entry in entries.drain(..) {
                    let slice = entry.key.time.as_nanos() >> self.width_log2;
                    self.chunks.add(self.fine.slot_mut(slice), entry);
                }
                self.chunks.recycle(entries);
            }
        }
        if self.far_first <= coarse + 1 {
            self.far_first = u64::MAX;
            for entry in std::mem::take(&mut self.far) {
                self.file(entry.key.time.as_nanos() >> self.width_log2, entry);
            }
        }
    }

    /// Sorts a slice and makes it current.
    fn load(&mut self, slice: u64) {
        self.slice = slice;
        self.position = 0;
        self.current.clear();
        self.order.clear();
        let start = slice << self.width_log2;
        let mut chain = self.fine.take(slice);
        while let Some(mut entries) = self.chunks.take_first(&mut chain) {
            for entry in entries.drain(..) {
                self.order
                    .push((entry.key.time.as_nanos() - start) << 32 | self.current.len() as u64);
                self.current.push(Some(entry));
            }
            self.chunks.recycle(entries);
        }
        self.order.sort_unstable();
        self.settle_ties();
        self.review.slices += 1;
        self.review.events += self.order.len() as u64;
    }

    /// Orders events of the same nanosecond by the rest of their keys.
    fn settle_ties(&mut self) {
        let current = &self.current;
        for tie in self.order.chunk_by_mut(|a, b| a >> 32 == b >> 32) {
            if tie.len() > 1 {
                tie.sort_unstable_by_key(|packed| {
                    current[*packed as u32 as usize]
                        .as_ref()
                        .map(|entry| (entry.key.source, entry.key.counter))
                });
            }
        }
    }

    /// Makes slices wider or narrower if they hold far fewer or far more events than they should.
    fn reconsider_width(&mut self) {
        if self.review.slices < SLICES_PER_REVIEW || self.review.events < self.len as u64 / 4 {
            return;
        }
        let Review { slices, events, late } = std::mem::take(&mut self.review);
        let mean = (events / slices).max(1);
        let width_log2 = if mean >= 2 * TARGET_PER_SLICE {
            self.width_log2.saturating_sub((mean / TARGET_PER_SLICE).ilog2())
        } else if late > events / 2 && (events + late) / slices >= 2 * LEAST_PER_SLICE {
            // What is due sooner than a slice is wide waits in a heap, and nothing of it is read ahead.
            self.too_wide_log2 = self.width_log2;
            self.width_log2.saturating_sub(1)
        } else if mean < TARGET_PER_SLICE / 2 && late < events / 4 {
            (self.width_log2 + (TARGET_PER_SLICE / mean).ilog2()).min(self.too_wide_log2.saturating_sub(1))
        } else {
            self.width_log2
        };
        if width_log2 != self.width_log2 {
            self.resize(width_log2);
        }
    }

    /// Files every pending event again, in slices of another width. The current slice has been used up.
    fn resize(&mut self, width_log2: u32) {
        let mut chains: Vec<_> = self.fine.take_all().chain(self.coarse.take_all()).collect();
        let far = std::mem::take(&mut self.far);
        self.far_first = u64::MAX;
        // All that is pending lies after the end of the current slice.
        let passed = (self.slice << self.width_log2) | ((1 << self.width_log2) - 1);
        self.width_log2 = width_log2;
        self.slice = passed >> width_log2;
        self.current.clear();
        self.order.clear();
        self.position = 0;
        for chain in &mut chains {
            while let Some(mut entries) = self.chunks.take_first(chain) {
                for entry in entries.drain(..) {
                    self.file_again(entry);
                }
                self.chunks.recycle(entries);
            }
        }
        for entry in far {
            self.file_again(entry);
        }
    }

    fn file_again(&mut self, entry: Entry<T>) {
        let slice = entry.key.time.as_nanos() >> self.width_log2;
        if slice <= self.slice {
            self.late.push(Reverse(entry));
        } else {
            self.file(slice, entry);
        }
    }
}

#[cfg(test)]
mod tests;
