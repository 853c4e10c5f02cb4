//! What has been seen before: how a node knows that a flood has reached it already.

use std::collections::{BTreeMap, VecDeque};

use sim_core::time::{SimDuration, SimTime};

/// Names that a node has seen lately: forgotten after a time, and the one seen longest ago when there are too many.
#[derive(Debug)]
pub(crate) struct Seen<K> {
    names: BTreeMap<K, SimTime>,
    /// In the order in which they were seen first.
    order: VecDeque<K>,
}

impl<K> Default for Seen<K> {
    fn default() -> Self {
        Seen {
            names: BTreeMap::new(),
            order: VecDeque::new(),
        }
    }
}

impl<K: Copy + Ord> Seen<K> {
    /// Remembers a name. Whether it is new: not seen within `lifetime`, as far as the last `most` names tell.
    pub(crate) fn is_new(&mut self, name: K, now: SimTime, lifetime: SimDuration, most: usize) -> bool {
        while let Some(oldest) = self.order.front() {
            if self.names[oldest] + lifetime > now {
                break;
            }
            self.forget_oldest();
        }
        if self.names.contains_key(&name) {
            return false;
        }
        self.names.insert(name, now);
        self.order.push_back(name);
        if self.order.len() > most {
            self.forget_oldest();
        }
        true
    }

    fn forget_oldest(&mut self) {
        if let Some(oldest) = self.order.pop_front() {
            self.names.remove(&oldest);
        }
    }

    /// How many names are remembered.
    pub(crate) fn len(&self) -> usize {
        self.order.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SimTime {
        SimTime::ZERO + SimDuration::from_secs(seconds)
    }

    #[test]
    fn a_name_is_new_again_after_its_lifetime_or_when_too_many_others_came() {
        let mut seen = Seen::default();
        let mut is_new = |name, seconds| seen.is_new(name, at(seconds), SimDuration::from_secs(10), 2);
        assert!(is_new('a', 0) && !is_new('a', 9));
        assert!(is_new('a', 10), "its lifetime counts from the first time");
        assert!(is_new('b', 11) && !is_new('a', 12));
        assert!(is_new('c', 13) && is_new('a', 14), "the third pushed it out");
        assert_eq!(seen.len(), 2);
    }
}
