//! Copies that a node keeps for others because they passed it.

use std::collections::BTreeMap;

use sim_core::addr::Address;
use sim_core::time::SimTime;

use super::config::Caching;
use super::store::Record;
use crate::id::Id;

/// The values that a node has seen on their way, up to a number; the one used longest ago gives way.
#[derive(Debug)]
pub(super) struct Cache<A> {
    copies: BTreeMap<Id, Copied<A>>,
    /// Counts uses: time would not tell two of the same instant apart.
    uses: u64,
}

#[derive(Debug)]
struct Copied<A> {
    record: Record<A>,
    until: SimTime,
    used: u64,
}

impl<A> Default for Cache<A> {
    fn default() -> Self {
        Cache {
            copies: BTreeMap::new(),
            uses: 0,
        }
    }
}

impl<A: Address> Cache<A> {
    /// The copy of a key, if there is one that still counts.
    pub(super) fn get(&mut self, key: Id, now: SimTime) -> Option<Record<A>> {
        self.uses += 1;
        let copied = self.copies.get_mut(&key).filter(|copied| now < copied.until)?;
        copied.used = self.uses;
        Some(copied.record)
    }

    /// Keeps a copy that the root gave away now.
    pub(super) fn keep(&mut self, caching: Caching, key: Id, record: Record<A>, now: SimTime) {
        self.uses += 1;
        let copied = Copied {
            record,
            until: now + caching.lifetime,
            used: self.uses,
        };
        self.copies.insert(key, copied);
        while self.copies.len() > caching.entries {
            let oldest = self.copies.iter().min_by_key(|(_, copied)| copied.used);
            let Some(oldest) = oldest.map(|(key, _)| *key) else {
                return;
            };
            self.copies.remove(&oldest);
        }
    }

    /// Forgets the copy of a key, which this node writes anew.
    pub(super) fn forget(&mut self, key: Id) {
        self.copies.remove(&key);
    }

    /// Bytes on the heap. Trees of the standard library are two thirds full.
    pub(super) fn heap_bytes(&self) -> usize {
        self.copies.len() * (size_of::<Id>() + size_of::<Copied<A>>()) * 3 / 2
    }
}

#[cfg(test)]
mod tests {
    use super::super::store::{Content, Version};
    use super::*;
    use sim_core::addr::NodeAddr;
    use sim_core::time::SimDuration;

    fn at(seconds: u64) -> SimTime {
        SimTime::ZERO + SimDuration::from_secs(seconds)
    }

    #[test]
    fn a_copy_ends_with_its_lifetime_and_the_one_used_longest_ago_gives_way() {
        let caching = Caching {
            entries: 2,
            lifetime: SimDuration::from_secs(10),
        };
        let record = Record {
            version: Version {
                time: at(0),
                writer: NodeAddr(0),
            },
            content: Content::Value { bytes: 1 },
        };
        let mut cache = Cache::default();
        let [a, b, c] = [1, 2, 3].map(Id::new);
        cache.keep(caching, a, record, at(0));
        cache.keep(caching, b, record, at(1));
        assert!(cache.get(a, at(2)).is_some());
        cache.keep(caching, c, record, at(3));
        assert_eq!(cache.get(b, at(3)), None, "used before the other");
        assert!(cache.get(a, at(9)).is_some() && cache.get(a, at(10)).is_none());
        cache.forget(c);
        assert_eq!(cache.get(c, at(4)), None);
    }
}
