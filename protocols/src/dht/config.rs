//! The parameters of the hash table, and which values make sense.

use sim_core::time::SimDuration;
use thiserror::Error;

use crate::request::Patience;

/// How many copies of a value must be confirmed before whoever wrote it is told that it is stored.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Acknowledge {
    /// The root's own. What is told to be stored can be lost with one node, until the root has copied it.
    Root,
    /// More than half of the replica set.
    Majority,
    /// The whole replica set.
    All,
}

/// Copies on the way to the root.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Caching {
    /// How many values a node keeps for others, at least one; the one that was used longest ago gives way.
    pub entries: usize,
    /// How long a copy counts after its root has given it away.
    pub lifetime: SimDuration,
}

/// What all nodes of a run share. See [`Config::validate`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Config {
    /// On how many nodes a value is stored, its root included: the replication factor, 1 to 32.
    pub replicas: usize,
    /// How many of them must have it before a write is done.
    pub acknowledge: Acknowledge,
    /// How long whoever asked for something waits for the end of it before it asks again.
    pub timeout: SimDuration,
    /// How many times it asks again.
    pub retries: u8,
    /// How long a node waits for the answer of another.
    pub request_timeout: SimDuration,
    /// The time from one comparison of a root with its replicas to the next.
    pub repair_period: SimDuration,
    /// How long it is remembered that a key was removed, so that no forgotten copy brings it back.
    pub tombstone_lifetime: SimDuration,
    /// Copies on the way; none where it is left out.
    pub cache: Option<Caching>,
}

/// A value that the hash table cannot work with. Each error names the field of [`Config`].
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum ConfigError {
    /// The replication factor.
    #[error("replicas must lie between 1 and {MOST_REPLICAS}, not {0}; 3 to 8 are usual")]
    Replicas(usize),
    /// A span of time.
    #[error("{0} must be longer than zero")]
    Span(&'static str),
    /// The size of the cache.
    #[error("cache.entries must be at least 1; leave `cache` out for none")]
    CacheEntries,
}

/// The largest replication factor.
pub const MOST_REPLICAS: usize = 32;

impl Default for Config {
    /// Three replicas, all of which must have a value, and no cache.
    fn default() -> Self {
        Config {
            replicas: 3,
            acknowledge: Acknowledge::All,
            timeout: SimDuration::from_secs(10),
            retries: 2,
            request_timeout: SimDuration::from_secs(1),
            repair_period: SimDuration::from_secs(60),
            tombstone_lifetime: SimDuration::from_secs(3600),
            cache: None,
        }
    }
}

impl Config {
    /// The parameters themselves, if the hash table can work with them.
    ///
    /// # Errors
    ///
    /// The first field whose value makes no sense.
    pub fn validate(self) -> Result<Self, ConfigError> {
        if !(1..=MOST_REPLICAS).contains(&self.replicas) {
            return Err(ConfigError::Replicas(self.replicas));
        }
        let spans = [
            ("timeout", self.timeout),
            ("request_timeout", self.request_timeout),
            ("repair_period", self.repair_period),
            ("tombstone_lifetime", self.tombstone_lifetime),
        ];
        let lifetime = self.cache.map(|cache| ("cache.lifetime", cache.lifetime));
        if let Some((field, _)) = spans
            .into_iter()
            .chain(lifetime)
            .find(|(_, span)| *span == SimDuration::ZERO)
        {
            return Err(ConfigError::Span(field));
        }
        if self.cache.is_some_and(|cache| cache.entries == 0) {
            return Err(ConfigError::CacheEntries);
        }
        Ok(self)
    }

    /// How long a node waits for another one, which it asks twice.
    pub(super) fn patience(&self) -> Patience {
        Patience {
            timeout: self.request_timeout,
            retries: 1,
        }
    }

    /// How long a replica keeps a value that no root has named to it before it asks whether it still should: three
    /// comparisons, since one can be lost and another come too late.
    pub(super) fn trust(&self) -> SimDuration {
        self.repair_period * 3
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_absurd_value_is_refused_by_the_name_of_its_field() {
        let spoilt = |spoil: fn(&mut Config)| {
            let mut config = Config::default();
            spoil(&mut config);
            config
        };
        let caching = |entries, seconds| {
            Some(Caching {
                entries,
                lifetime: SimDuration::from_secs(seconds),
            })
        };
        let refused = [
            ("replicas", spoilt(|config| config.replicas = 0)),
            ("replicas", spoilt(|config| config.replicas = 33)),
            ("timeout", spoilt(|config| config.timeout = SimDuration::ZERO)),
            (
                "request_timeout",
                spoilt(|config| config.request_timeout = SimDuration::ZERO),
            ),
            (
                "repair_period",
                spoilt(|config| config.repair_period = SimDuration::ZERO),
            ),
            (
                "tombstone_lifetime",
                spoilt(|config| config.tombstone_lifetime = SimDuration::ZERO),
            ),
            (
                "cache.entries",
                Config {
                    cache: caching(0, 1),
                    ..Config::default()
                },
            ),
            (
                "cache.lifetime",
                Config {
                    cache: caching(1, 0),
                    ..Config::default()
                },
            ),
        ];
        assert_eq!(Config::default().validate(), Ok(Config::default()));
        for (field, config) in refused {
            let error = config.validate().expect_err(field).to_string();
            assert!(error.starts_with(field), "{error}");
        }
    }
}
