//! What a key has to be found as, by what is known of it from the outside.

use protocols::dht::{Content, Record, Version};
use sim_core::time::SimTime;

/// A key, and what is known of it.
#[derive(Clone, Copy)]
pub(super) struct Key {
    pub(super) id: u128,
    /// The newest write that was completed.
    newest: Option<Record>,
    /// When a put and a remove of it last began.
    last_put: Option<SimTime>,
    last_remove: Option<SimTime>,
    /// How many writes of it have begun, and how many have been completed, together.
    changes: u64,
}

/// What a key has to be found as.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Truth {
    /// Put, with this version the newest that was completed.
    Put(Version),
    /// Removed, and not put since.
    Removed,
    /// Being put for the first time, or removed, or put again: both answers would do.
    Unsure,
}

/// What a get has to find, by what held when it began.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Expected {
    pub(super) truth: Truth,
    changes: u64,
}

impl Key {
    /// A key that nobody has put yet.
    pub(super) fn new(id: u128) -> Self {
        Key {
            id,
            newest: None,
            last_put: None,
            last_remove: None,
            changes: 0,
        }
    }

    /// A put of it begins.
    pub(super) fn put_begins(&mut self, at: SimTime) {
        self.last_put = Some(at);
        self.changes += 1;
    }

    /// A remove of it begins.
    pub(super) fn remove_begins(&mut self, at: SimTime) {
        self.last_remove = Some(at);
        self.changes += 1;
    }

    /// A put or a remove of it is done.
    pub(super) fn written(&mut self, record: Record) {
        if self.newest.is_none_or(|newest| newest.version < record.version) {
            self.newest = Some(record);
        }
        self.changes += 1;
    }

    /// What it has to be found as at this moment.
    pub(super) fn truth(&self) -> Truth {
        let later = |begun: Option<SimTime>, version: Version| begun.is_some_and(|begun| begun > version.time);
        match self.newest {
            Some(Record { version, content }) => match content {
                Content::Value { .. } if !later(self.last_remove, version) => Truth::Put(version),
                Content::Removed if !later(self.last_put, version) => Truth::Removed,
                _ => Truth::Unsure,
            },
            None => Truth::Unsure,
        }
    }

    /// What a get has to find that begins at this moment.
    pub(super) fn expected(&self) -> Expected {
        Expected {
            truth: self.truth(),
            changes: self.changes,
        }
    }

    /// What a get that is answered at this moment had to find: what held when it began, unless a put or a remove has begun or
    /// has been completed meanwhile. The answer may then be of before or of after.
    pub(super) fn judged(&self, expected: Expected) -> Truth {
        if self.changes == expected.changes {
            expected.truth
        } else {
            Truth::Unsure
        }
    }
}

#[cfg(test)]
mod tests {
    use sim_core::addr::NodeAddr;

    use super::*;

    fn at(seconds: u64) -> SimTime {
        SimTime::from_nanos(seconds * 1_000_000_000)
    }

    fn version(seconds: u64) -> Version {
        Version {
            time: at(seconds),
            writer: NodeAddr(0),
        }
    }

    fn value(seconds: u64) -> Record {
        Record {
            version: version(seconds),
            content: Content::Value { bytes: 20 },
        }
    }

    fn tombstone(seconds: u64) -> Record {
        Record {
            version: version(seconds),
            content: Content::Removed,
        }
    }

    fn put() -> Key {
        let mut key = Key::new(7);
        key.put_begins(at(1));
        key.written(value(1));
        key
    }

    #[test]
    fn a_key_is_what_the_newest_write_has_made_of_it() {
        let mut key = Key::new(7);
        assert_eq!(key.truth(), Truth::Unsure);
        key.put_begins(at(1));
        assert_eq!(key.truth(), Truth::Unsure, "the first put is under way");
        key.written(value(1));
        assert_eq!(key.truth(), Truth::Put(version(1)));
        key.put_begins(at(2));
        assert_eq!(
            key.truth(),
            Truth::Put(version(1)),
            "or newer: there is a value either way"
        );
        key.remove_begins(at(3));
        assert_eq!(key.truth(), Truth::Unsure);
        key.written(tombstone(3));
        assert_eq!(key.truth(), Truth::Removed);
        key.written(value(2));
        assert_eq!(key.truth(), Truth::Removed, "the put was older");
        key.put_begins(at(4));
        assert_eq!(key.truth(), Truth::Unsure);
    }

    #[test]
    fn without_writes_meanwhile_a_get_is_judged_by_what_held_when_it_began() {
        let key = put();
        assert_eq!(key.judged(key.expected()), Truth::Put(version(1)));
        let mut key = put();
        key.remove_begins(at(2));
        key.written(tombstone(2));
        assert_eq!(key.judged(key.expected()), Truth::Removed);
    }

    #[test]
    fn a_write_that_is_under_way_all_the_time_does_not_hide_what_was_there_before() {
        let mut key = put();
        key.put_begins(at(2));
        assert_eq!(key.judged(key.expected()), Truth::Put(version(1)));
    }

    #[test]
    fn a_write_that_begins_or_ends_meanwhile_leaves_no_judgement() {
        type Change = fn(&mut Key);
        let changes: [(&str, Change); 4] = [
            ("a put begins", |key| key.put_begins(at(3))),
            ("a put is done", |key| key.written(value(3))),
            ("a remove begins", |key| key.remove_begins(at(3))),
            ("a remove is done", |key| key.written(tombstone(3))),
        ];
        for (what, change) in changes {
            let mut key = put();
            let expected = key.expected();
            change(&mut key);
            assert_eq!(key.judged(expected), Truth::Unsure, "{what}");
            let mut key = put();
            key.remove_begins(at(2));
            key.written(tombstone(2));
            let expected = key.expected();
            change(&mut key);
            assert_eq!(key.judged(expected), Truth::Unsure, "{what}, after a remove");
        }
    }
}
