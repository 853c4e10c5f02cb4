//! Chord in scenarios: `[protocol.chord]`.

use std::collections::BTreeMap;

use protocols::chord::invariants::RingInvariants;
use protocols::chord::{Chord, Command, Config, ConfigError, Contact, Event, Id, Init, LookupStyle, Ring, Rules};
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use sim_core::addr::NodeAddr;
use sim_core::random::{NodeRng, StreamKey};
use sim_core::time::SimDuration;

use super::{InvalidSetting, Overlay, Told};
use crate::units::{Duration, Fraction};

/// [`Chord`] as scenarios know it.
pub struct ChordOverlay;

/// The settings of `[protocol.chord]`. What is left out is as in [`Config::default`].
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChordSettings {
    /// Whose rules keep the ring.
    #[serde(default, deserialize_with = "rules")]
    rules: Option<Rules>,
    /// Width of identifiers in bits.
    id_bits: Option<u32>,
    /// Length of the successor list.
    successors: Option<usize>,
    /// Whether lookups consult the whole successor list.
    route_with_successors: Option<bool>,
    /// Who asks the nodes on the way.
    lookup: Option<LookupName>,
    /// Whether a lookup ends only when the owner has answered.
    confirm_owner: Option<bool>,
    /// Mean period of stabilisation.
    stabilize_period: Option<Duration>,
    /// Relative half-width of the period.
    stabilize_jitter: Option<Fraction>,
    /// How long a node waits for the answer of another.
    timeout: Option<Duration>,
    /// How many more times a node is asked.
    retries: Option<u8>,
    /// How long the origin of a recursive lookup waits.
    recursive_timeout: Option<Duration>,
    /// How many nodes one lookup may visit.
    hop_limit: Option<u8>,
}

/// A rule set by its name in [`Rules::NAMES`].
fn rules<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Rules>, D::Error> {
    let name = String::deserialize(deserializer)?;
    let found = Rules::NAMES.iter().find(|(known, _)| *known == name);
    found.map(|(_, rules)| Some(*rules)).ok_or_else(|| {
        let known = Rules::NAMES.map(|(known, _)| known).join("`, `");
        D::Error::custom(format!("unknown rules `{name}`\nknown: `{known}`"))
    })
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum LookupName {
    Iterative,
    Recursive,
}

impl ChordSettings {
    fn into_config(self) -> Result<Config, ConfigError> {
        let default = Config::default();
        Config {
            rules: self.rules.unwrap_or(default.rules),
            id_bits: self.id_bits.unwrap_or(default.id_bits),
            successors: self.successors.unwrap_or(default.successors),
            route_with_successors: self.route_with_successors.unwrap_or(default.route_with_successors),
            lookup: match self.lookup {
                Some(LookupName::Iterative) => LookupStyle::Iterative,
                Some(LookupName::Recursive) => LookupStyle::Recursive,
                None => default.lookup,
            },
            confirm_owner: self.confirm_owner.unwrap_or(default.confirm_owner),
            stabilize_period: self.stabilize_period.map_or(default.stabilize_period, Duration::get),
            stabilize_jitter: self.stabilize_jitter.map_or(default.stabilize_jitter, Fraction::get),
            timeout: self.timeout.map_or(default.timeout, Duration::get),
            retries: self.retries.unwrap_or(default.retries),
            recursive_timeout: self.recursive_timeout.map_or(default.recursive_timeout, Duration::get),
            hop_limit: self.hop_limit.unwrap_or(default.hop_limit),
        }
        .validate()
    }
}

fn contact((id, addr): (u128, NodeAddr)) -> Contact {
    Contact { id: Id::new(id), addr }
}

impl Overlay for ChordOverlay {
    const NAME: &'static str = "chord";
    const SUMMARY: &'static str =
        "Chord (Stoica et al. 2001, 2003), with the rules of both papers, of i3, and Zave's corrected ones";
    type Settings = ChordSettings;
    type Protocol = Chord;
    type Invariants = RingInvariants;

    fn config(settings: ChordSettings) -> Result<Config, InvalidSetting> {
        settings.into_config().map_err(|error| InvalidSetting {
            key: match error {
                ConfigError::IdBits(_) => "id_bits",
                ConfigError::Successors(_) => "successors",
                ConfigError::StabilizePeriod => "stabilize_period",
                ConfigError::StabilizeJitter(_) => "stabilize_jitter",
                ConfigError::Timeout(field) => field,
                ConfigError::HopLimit => "hop_limit",
            },
            message: error.to_string(),
        })
    }

    fn capacity(config: &Config) -> u128 {
        1_u128.checked_shl(config.id_bits).unwrap_or(u128::MAX)
    }

    fn identifier(config: &Config, stream: StreamKey) -> u128 {
        config.space().random(&mut stream.rng()).number()
    }

    fn key(config: &Config, rng: &mut NodeRng) -> u128 {
        config.space().random(rng).number()
    }

    /// A whole successor list and the node itself, which is where Zave has a ring start. The published rules do not ask
    /// for it, but while lists are short, one answer that is late can leave two rings that never meet.
    fn founders(config: &Config) -> u32 {
        config.successors as u32 + 1
    }

    fn perfect(config: &Config, members: &[(u128, NodeAddr)]) -> Vec<Init> {
        let ring = Ring::new(config, members.iter().copied().map(contact));
        let ready = |&(id, _): &(u128, NodeAddr)| Init::Ready {
            id: Id::new(id),
            tables: Box::new(ring.tables(Id::new(id))),
        };
        members.iter().map(ready).collect()
    }

    fn joining(_: &Config, id: u128, bootstrap: NodeAddr) -> Init {
        Init::Join {
            id: Id::new(id),
            bootstrap,
        }
    }

    /// Chord itself says when a join has failed: this is only longer than the longest that it can take, every node on the
    /// way asked in vain, for each attempt.
    fn join_patience(config: &Config) -> SimDuration {
        let attempts = u64::from(config.retries) + 1;
        config.timeout.max(config.recursive_timeout) * u64::from(config.hop_limit) * attempts * attempts
    }

    fn lookup(key: u128) -> Command {
        Command::Lookup { key: Id::new(key) }
    }

    fn told(event: Event) -> Told {
        match event {
            Event::Joined => Told::Joined,
            Event::JoinFailed(_) | Event::Isolated => Told::Out,
            Event::LookupDone {
                operation,
                owner,
                hops,
                visited,
                timeouts,
                ..
            } => Told::Found {
                operation,
                owner: owner.addr,
                hops: hops.into(),
                visited: visited.into(),
                timeouts: timeouts.into(),
            },
            Event::LookupFailed {
                operation, timeouts, ..
            } => Told::NotFound {
                operation,
                timeouts: timeouts.into(),
            },
            Event::Dropped(_) => Told::Other,
        }
    }

    fn owner(_: &Config, key: u128, members: &BTreeMap<u128, NodeAddr>) -> Option<NodeAddr> {
        members
            .range(key..)
            .next()
            .or_else(|| members.first_key_value())
            .map(|(_, addr)| *addr)
    }

    fn invariants(_: &Config, base: &[(u128, NodeAddr)]) -> RingInvariants {
        RingInvariants::new(base.iter().map(|(id, _)| Id::new(*id)))
    }
}
