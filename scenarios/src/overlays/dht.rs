//! A hash table over an overlay in scenarios: `[protocol.dht.over.<overlay>]`.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use protocols::dht::{Acknowledge, Caching, Carrier, Command, Config, ConfigError, Dht, Event, Record};
use protocols::id::Id;
use protocols::kbr::{KeyBased, Step};
use protocols::layer::{Both, Part};
use schemars::JsonSchema;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use sim_core::addr::NodeAddr;
use sim_core::protocol::Protocol;
use sim_core::random::{NodeRng, StreamKey};
use sim_core::time::SimDuration;

use super::{
    ConfigOf, InitOf, Layered, Overlay, StorageCalls, StorageTold, Surroundings, TableErrors, TableErrorsOf, Told,
};
use crate::input::InputError;
use crate::scenario::{By, Point, Settings};
use crate::units::Duration;

/// [`Dht`] over an overlay as scenarios know it; with `CACHE` nodes on the way keep copies.
pub struct DhtOverlay<O, const CACHE: bool = false>(PhantomData<fn() -> O>);

/// The settings of `[protocol.dht]`. What is left out is as in [`Config::default`].
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DhtSettings {
    /// On how many nodes a value is stored: the replication factor.
    replicas: usize,
    /// How many of them must have it before a write is done.
    acknowledge: AcknowledgeName,
    /// How long whoever puts, gets or removes waits before it asks again.
    timeout: Duration,
    /// How many times it asks again.
    retries: u8,
    /// How long a node waits for the answer of another, which it asks twice.
    request_timeout: Duration,
    /// The time from one comparison of a root with its replicas to the next.
    repair_period: Duration,
    /// How long it is remembered that a key was removed.
    tombstone_lifetime: Duration,
    /// Copies on the way to the root; none where it is left out.
    cache: Option<CacheSettings>,
    /// The overlay that it lies over, with its settings.
    #[serde(rename = "over", skip_serializing)]
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    _over: Option<IgnoredAny>,
}

/// Which replicas must have a value before its writer is told so.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum AcknowledgeName {
    /// The root alone.
    Root,
    /// More than half of them.
    Majority,
    /// All.
    All,
}

/// Copies that nodes on the way keep.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CacheSettings {
    /// How many values a node keeps; the one that was used longest ago gives way.
    entries: usize,
    /// How long a copy counts.
    lifetime: Duration,
}

impl Default for DhtSettings {
    fn default() -> Self {
        let default = Config::default();
        DhtSettings {
            replicas: default.replicas,
            acknowledge: match default.acknowledge {
                Acknowledge::Root => AcknowledgeName::Root,
                Acknowledge::Majority => AcknowledgeName::Majority,
                Acknowledge::All => AcknowledgeName::All,
            },
            timeout: Duration(default.timeout),
            retries: default.retries,
            request_timeout: Duration(default.request_timeout),
            repair_period: Duration(default.repair_period),
            tombstone_lifetime: Duration(default.tombstone_lifetime),
            cache: None,
            _over: None,
        }
    }
}

impl DhtSettings {
    fn into_config(self) -> Result<Config, ConfigError> {
        Config {
            replicas: self.replicas,
            acknowledge: match self.acknowledge {
                AcknowledgeName::Root => Acknowledge::Root,
                AcknowledgeName::Majority => Acknowledge::Majority,
                AcknowledgeName::All => Acknowledge::All,
            },
            timeout: self.timeout.get(),
            retries: self.retries,
            request_timeout: self.request_timeout.get(),
            repair_period: self.repair_period.get(),
            tombstone_lifetime: self.tombstone_lifetime.get(),
            cache: self.cache.map(|cache| Caching {
                entries: cache.entries,
                lifetime: cache.lifetime.get(),
            }),
        }
        .validate()
    }
}

/// A complaint about the setting that makes no sense, and what to try.
fn refused(settings: &Settings, error: &ConfigError) -> InputError {
    let (key, advice) = match error {
        ConfigError::Replicas(_) => ("replicas", "leave it out for 3"),
        ConfigError::Span("repair_period") => (
            "repair_period",
            "expected a period such as \"1min\": a copy that is missing, and that nobody has noticed, is missing for so long",
        ),
        ConfigError::Span("tombstone_lifetime") => (
            "tombstone_lifetime",
            "expected a time such as \"1h\": a copy that could not be reached for longer than that brings a removed value back",
        ),
        ConfigError::Span("cache.lifetime") => (
            "cache.lifetime",
            "expected a time such as \"10min\", after which a copy on the way no longer counts",
        ),
        ConfigError::Span(field) => (
            *field,
            "expected a time such as \"10s\", longer than a round trip and, from end to end, the way to a key",
        ),
        ConfigError::CacheEntries => (
            "cache.entries",
            "expected a number such as 100; without `cache` there are none",
        ),
    };
    settings.error_at(key, error.to_string()).help(advice)
}

/// About how many bytes a node takes for a record, and for what it knows of another replica of it.
const BYTES_A_RECORD: f64 = 200.0;
const BYTES_A_REPLICA: f64 = 20.0;

impl<O, const CACHE: bool> Overlay for DhtOverlay<O, CACHE>
where
    O: Overlay<Protocol: Carrier<CACHE>>,
{
    const NAME: &'static str = "dht";
    const SUMMARY: &'static str =
        "a distributed hash table over an overlay: put, get and remove, with replicas, hand-over and repair";
    type Settings = DhtSettings;
    type Protocol = Dht<O::Protocol, CACHE>;
    type Invariants = ();
    const SUCCESSOR: Option<fn(&Self::Protocol) -> NodeAddr> = match O::SUCCESSOR {
        Some(_) => Some(|node| O::SUCCESSOR.map_or(node.below().contact().addr, |successor| successor(node.below()))),
        None => None,
    };
    const TABLE_ERRORS: Option<TableErrorsOf<Self>> = match O::TABLE_ERRORS {
        Some(_) => Some(|config, members, nodes| {
            let below: Vec<&O::Protocol> = nodes.iter().map(|node| node.below()).collect();
            O::TABLE_ERRORS.map_or_else(TableErrors::default, |errors| errors(&config.below, members, &below))
        }),
        None => None,
    };
    const STORAGE: Option<StorageCalls<Self::Protocol>> = Some(StorageCalls {
        put: |key, bytes| {
            Part::Own(Command::Put {
                key: Id::new(key),
                bytes,
            })
        },
        get: |key| Part::Own(Command::Get { key: Id::new(key) }),
        remove: |key| Part::Own(Command::Remove { key: Id::new(key) }),
        records: |node| node.layer().store().records().collect(),
        replicas: |config| config.own.replicas,
    });

    fn config(settings: &Settings) -> Result<ConfigOf<Self>, InputError> {
        let below = O::config(&settings.over(&[O::NAME])?)?;
        let own = settings.parse::<DhtSettings>()?.into_config();
        let own = own.map_err(|error| refused(settings, &error))?;
        let most = O::Protocol::most_replicas(&below);
        // Whoever leaves gives what it has to the node that will be the last replica.
        if own.replicas >= most {
            let message = format!(
                "{} replicas and the node that takes over from one of them are {} nodes, but by these settings a node of {} knows \
                 only {most} of a key",
                own.replicas,
                own.replicas + 1,
                O::NAME
            );
            let error = settings.error_at("replicas", message);
            return Err(error.labelled("more than the overlay knows").help(format!(
                "expected at most {}; a longer list of successors, or a larger leaf set, knows more",
                most - 1
            )));
        }
        Ok(Both { own, below })
    }

    fn check(config: &ConfigOf<Self>, point: &Point) -> Result<(), InputError> {
        if config.own.replicas > point.nodes as usize {
            let message = format!("{} replicas, but there are {} nodes", config.own.replicas, point.nodes);
            return Err(point
                .protocol
                .error_at("replicas", message)
                .labelled("must be at most nodes.count"));
        }
        // What the overlay has to complain about is in its own settings.
        O::check(&config.below, &point.below(&[O::NAME])?)
    }

    fn capacity(config: &ConfigOf<Self>) -> u128 {
        O::capacity(&config.below)
    }

    fn identifier(config: &ConfigOf<Self>, stream: StreamKey) -> u128 {
        O::identifier(&config.below, stream)
    }

    fn key(config: &ConfigOf<Self>, rng: &mut NodeRng) -> u128 {
        O::key(&config.below, rng)
    }

    fn founders(config: &ConfigOf<Self>) -> u32 {
        O::founders(&config.below).max(config.own.replicas as u32)
    }

    fn perfect(
        config: &ConfigOf<Self>,
        members: &[(u128, NodeAddr)],
        surroundings: &Surroundings<'_>,
    ) -> Vec<InitOf<Self>> {
        let below = O::perfect(&config.below, members, surroundings).into_iter();
        below.map(|below| Both { own: (), below }).collect()
    }

    fn joining(config: &ConfigOf<Self>, id: u128, bootstrap: NodeAddr) -> InitOf<Self> {
        let below = O::joining(&config.below, id, bootstrap);
        Both { own: (), below }
    }

    /// A key is on as many nodes as it has replicas, each of which knows of the others.
    fn heap_bytes(config: &ConfigOf<Self>, point: &Point) -> usize {
        let keys = point.storage.as_ref().map_or(0, |storage| storage.keys);
        let replicas = config.own.replicas as f64;
        let records = keys as f64 * replicas / f64::from(point.nodes);
        let own = records * (BYTES_A_RECORD + BYTES_A_REPLICA * replicas);
        O::heap_bytes(&config.below, point) + own as usize
    }

    fn join_patience(config: &ConfigOf<Self>) -> SimDuration {
        O::join_patience(&config.below)
    }

    /// The overlay answers for itself what it can answer without a message that the hash table would have to understand.
    fn ask(by: By, key: u128) -> Option<<Self::Protocol as Protocol>::Command> {
        O::ask(by, key).map(Part::Below)
    }

    fn told(event: <Self::Protocol as Protocol>::Event) -> Told {
        match event {
            Part::Below(event) => O::told(event),
            Part::Own(Event::Joined) => Told::Joined,
            Part::Own(Event::Out) => Told::Out,
            Part::Own(Event::Written { operation, version }) => {
                Told::Storage(StorageTold::Written { operation, version })
            }
            Part::Own(Event::Answered {
                operation,
                found,
                cached,
            }) => Told::Storage(StorageTold::Answered {
                operation,
                found: found.map(|Record { version, .. }| version),
                cached,
            }),
            Part::Own(Event::Failed { operation }) => Told::Storage(StorageTold::Failed { operation }),
        }
    }

    fn owner<N: Copy>(config: &ConfigOf<Self>, key: u128, members: &BTreeMap<u128, N>) -> Option<N> {
        O::owner(&config.below, key, members)
    }

    fn route(config: &ConfigOf<Self>, node: &Self::Protocol, key: u128) -> Step {
        O::route(&config.below, node.below(), key)
    }

    fn links(node: &Self::Protocol) -> Vec<(&'static str, NodeAddr)> {
        O::links(node.below())
    }

    fn invariants(_: &ConfigOf<Self>, _: &[(u128, NodeAddr)]) -> Self::Invariants {}
}

impl<O, const CACHE: bool> Layered for DhtOverlay<O, CACHE>
where
    O: Overlay<Protocol: Carrier<CACHE>>,
{
    type BelowAddr = NodeAddr;
    type Below = O;
}
