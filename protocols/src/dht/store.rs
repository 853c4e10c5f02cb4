//! What a node stores, and what it knows of the other copies.

use std::collections::BTreeMap;

use sim_core::addr::{Address, NodeAddr};
use sim_core::time::SimTime;

use crate::id::{Contact, Id};

/// Which of two writes to a key is the newer one: the later, and of two at the same time that of the greater address.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Version<A = NodeAddr> {
    /// When it was written, by the clock of who wrote.
    pub time: SimTime,
    /// Who wrote.
    pub writer: A,
}

/// What is stored under a key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Content {
    /// A value.
    Value {
        /// Its size in bytes.
        bytes: u32,
    },
    /// Nothing any more: a tombstone, so that no forgotten copy of the value comes back.
    Removed,
}

/// A version of what is stored under a key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Record<A = NodeAddr> {
    /// Which version.
    pub version: Version<A>,
    /// What was written.
    pub content: Content,
}

/// A key and a version of it: what nodes compare.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Entry<A = NodeAddr> {
    /// The key.
    pub key: Id,
    /// The version.
    pub version: Version<A>,
}

impl<A: Address> Record<A> {
    /// The record, if it is a value.
    pub fn value(self) -> Option<Record<A>> {
        matches!(self.content, Content::Value { .. }).then_some(self)
    }
}

/// A record that a node stores.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Holding<A> {
    pub(super) record: Record<A>,
    /// Whether the node was the key's root when it last looked.
    pub(super) root: bool,
    /// Who it took for the new root when it ceased to be the root.
    pub(super) heir: Option<Contact<A>>,
    /// When it was last certain that the node should have it.
    pub(super) vouched: SimTime,
    /// Who has told this node that it has this version, too.
    confirmed: Vec<Contact<A>>,
}

/// What a node stores.
#[derive(Debug)]
pub struct Store<A = NodeAddr> {
    holdings: BTreeMap<Id, Holding<A>>,
}

impl<A> Default for Store<A> {
    fn default() -> Self {
        Store {
            holdings: BTreeMap::new(),
        }
    }
}

impl<A: Address> Store<A> {
    /// What is stored under a key.
    pub fn get(&self, key: Id) -> Option<Record<A>> {
        self.holdings.get(&key).map(|holding| holding.record)
    }

    /// All records, by key.
    pub fn records(&self) -> impl Iterator<Item = (Id, Record<A>)> {
        self.holdings.iter().map(|(key, holding)| (*key, holding.record))
    }

    pub(super) fn holdings(&mut self) -> impl Iterator<Item = (Id, &mut Holding<A>)> {
        self.holdings.iter_mut().map(|(key, holding)| (*key, holding))
    }

    /// Stores a record unless it is older than what is there, and takes note that the node should have it. Says whether
    /// it was news.
    pub(super) fn accept(&mut self, key: Id, record: Record<A>, now: SimTime) -> bool {
        match self.holdings.get_mut(&key) {
            Some(holding) => {
                holding.vouched = now;
                let news = holding.record.version < record.version;
                if news {
                    holding.record = record;
                    holding.confirmed.clear();
                }
                news
            }
            None => {
                let holding = Holding {
                    record,
                    root: false,
                    heir: None,
                    vouched: now,
                    confirmed: Vec::new(),
                };
                self.holdings.insert(key, holding);
                true
            }
        }
    }

    /// Whether the node has this version, or a newer one.
    pub(super) fn covers(&self, entry: Entry<A>) -> bool {
        self.get(entry.key)
            .is_some_and(|record| record.version >= entry.version)
    }

    /// The node should have this key.
    pub(super) fn vouch(&mut self, key: Id, now: SimTime) {
        if let Some(holding) = self.holdings.get_mut(&key) {
            holding.vouched = now;
        }
    }

    /// Whether the node should have this key is to be asked at once.
    pub(super) fn suspect(&mut self, key: Id) {
        if let Some(holding) = self.holdings.get_mut(&key) {
            holding.vouched = SimTime::ZERO;
        }
    }

    /// Somebody else has this version.
    pub(super) fn confirm(&mut self, entry: Entry<A>, holder: Contact<A>) {
        if let Some(holding) = self.holdings.get_mut(&entry.key)
            && holding.record.version == entry.version
            && !holding.confirmed.contains(&holder)
        {
            holding.confirmed.push(holder);
        }
    }

    /// Nobody can tell what this node has: it came, or left.
    pub(super) fn doubt(&mut self, holder: Contact<A>) {
        for holding in self.holdings.values_mut() {
            holding.confirmed.retain(|confirmed| *confirmed != holder);
        }
    }

    /// How many of these are known to have the present version of a key.
    pub(super) fn confirmed(&self, key: Id, among: &[Contact<A>]) -> usize {
        self.holdings.get(&key).map_or(0, |holding| {
            among.iter().filter(|contact| holding.is_confirmed(contact)).count()
        })
    }

    /// Forgets a key, unless the node has a newer version.
    pub(super) fn drop(&mut self, entry: Entry<A>) {
        if self
            .get(entry.key)
            .is_some_and(|record| record.version <= entry.version)
        {
            self.holdings.remove(&entry.key);
        }
    }

    /// Forgets tombstones that were written before this moment.
    pub(super) fn forget_tombstones(&mut self, before: SimTime) {
        self.holdings
            .retain(|_, Holding { record, .. }| record.content != Content::Removed || record.version.time >= before);
    }

    /// Bytes on the heap. Trees of the standard library are two thirds full.
    pub(super) fn heap_bytes(&self) -> usize {
        self.holdings.len() * (size_of::<Id>() + size_of::<Holding<A>>()) * 3 / 2
            + self
                .holdings
                .values()
                .map(|holding| holding.confirmed.capacity() * size_of::<Contact<A>>())
                .sum::<usize>()
    }
}

impl<A: Address> Holding<A> {
    pub(super) fn is_confirmed(&self, holder: &Contact<A>) -> bool {
        self.confirmed.contains(holder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::time::SimDuration;

    fn record(seconds: u64, content: Content) -> Record {
        Record {
            version: Version {
                time: SimTime::ZERO + SimDuration::from_secs(seconds),
                writer: NodeAddr(0),
            },
            content,
        }
    }

    const KEY: Id = Id::new(7);
    const HOLDER: Contact = Contact {
        id: Id::new(9),
        addr: NodeAddr(9),
    };

    #[test]
    fn the_newest_version_stays_whatever_the_order_in_which_they_come() {
        let (old, new) = (record(1, Content::Value { bytes: 5 }), record(2, Content::Removed));
        for order in [[old, new], [new, old]] {
            let mut store = Store::default();
            for record in order {
                store.accept(KEY, record, SimTime::ZERO);
            }
            assert_eq!(store.get(KEY), Some(new));
        }
    }

    #[test]
    fn who_has_a_version_need_not_have_the_next() {
        let (old, new) = (record(1, Content::Removed), record(2, Content::Removed));
        let mut store = Store::default();
        let entry = |record: Record| Entry {
            key: KEY,
            version: record.version,
        };
        store.accept(KEY, old, SimTime::ZERO);
        store.confirm(entry(old), HOLDER);
        assert_eq!(store.confirmed(KEY, &[HOLDER]), 1);
        store.accept(KEY, new, SimTime::ZERO);
        store.confirm(entry(old), HOLDER);
        assert_eq!(store.confirmed(KEY, &[HOLDER]), 0);
        store.confirm(entry(new), HOLDER);
        store.doubt(HOLDER);
        assert_eq!(store.confirmed(KEY, &[HOLDER]), 0);
    }

    #[test]
    fn a_key_is_dropped_only_for_a_version_at_least_as_new_and_tombstones_in_their_time() {
        let (old, new) = (record(1, Content::Removed), record(2, Content::Removed));
        let mut store = Store::default();
        store.accept(KEY, new, SimTime::ZERO);
        store.drop(Entry {
            key: KEY,
            version: old.version,
        });
        store.forget_tombstones(new.version.time);
        assert_eq!(store.get(KEY), Some(new));
        store.forget_tombstones(new.version.time + SimDuration::NANOSECOND);
        assert_eq!(store.get(KEY), None);
    }
}
