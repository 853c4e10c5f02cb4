//! Chord in scenarios: `[protocol.chord]`.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use protocols::chord::invariants::RingInvariants;
use protocols::chord::{
    Choice, Chord, Command, Config, ConfigError, ConsistencyCheck, Delays, Event, Init, LookupEnd, LookupStyle,
    Proximity, Ring, Rules,
};
use protocols::id::{Contact, Id};
use protocols::kbr::{KeyBased, Nothing, Payload, Step};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::addr::Address;
use sim_core::random::{NodeRng, StreamKey};
use sim_core::time::SimDuration;

use super::{Overlay, Surroundings, Told, key_based};
use crate::input::InputError;
use crate::scenario::{By, Point, Settings};
use crate::units::{Duration, Fraction};

/// [`Chord`] as scenarios know it, carrying the messages of a layer above.
pub struct ChordOverlay<B = Nothing>(PhantomData<fn() -> B>);

/// The settings of `[protocol.chord]`. What is left out is as in [`Config::default`].
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ChordSettings {
    /// Whose rules keep the ring.
    #[serde(with = "rules")]
    #[schemars(schema_with = "rules::schema")]
    rules: Rules,
    /// Width of identifiers in bits.
    id_bits: u32,
    /// Length of the successor list.
    successors: usize,
    /// Whether lookups consult the whole successor list.
    route_with_successors: bool,
    /// Who asks the nodes on the way.
    lookup: LookupName,
    /// Who answers the lookups by which the rules of i3 keep the ring.
    lookup_end: LookupEndName,
    /// Whether a node that has lost all others stays a member under the rules of i3, a ring of its own. If not, and under other rules,
    /// it joins again.
    stays_alone: bool,
    /// Whether a lookup ends only when the owner has answered.
    confirm_owner: bool,
    /// Mean period of stabilisation.
    stabilize_period: Duration,
    /// Mean period in which all fingers are refreshed, each of them once. Where it is left out, one finger is refreshed with each
    /// stabilisation.
    #[serde(skip_serializing_if = "Option::is_none")]
    finger_period: Option<Duration>,
    /// The base of the distances of fingers, a power of two: with `b` a lookup resolves `log2 b` bits with each step, and a node
    /// has `b - 1` fingers for each of the `log_b` of the number of nodes.
    finger_base: u32,
    /// Relative half-width of the period.
    stabilize_jitter: Fraction,
    /// How long a node waits for the answer of another.
    timeout: Duration,
    /// How many more times a node is asked.
    retries: u8,
    /// How long the origin of a recursive lookup waits.
    recursive_timeout: Duration,
    /// How many nodes one lookup may visit.
    hop_limit: u8,
    /// Nearby nodes first; without regard to where nodes are where it is left out.
    proximity: Option<ProximitySettings>,
    /// Whether nodes look for other rings, as a partition leaves them; they do not where it is left out.
    consistency_check: Option<CheckSettings>,
}

/// Which of several nodes that would do as well a lookup goes to.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ProximitySettings {
    /// How many nodes at or after the start of a finger are looked at, the `s` of Stoica et al. 2003: at most one more than
    /// `successors`. With 1 it is Chord without proximity.
    samples: usize,
    /// What becomes of them.
    #[serde(default)]
    choice: ChoiceName,
    /// Whether a step to a successor goes to the nearest of the first `samples` that precede the key.
    #[serde(default = "yes")]
    successors: bool,
    /// How a node knows how far away they are.
    delays: DelaysName,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum ChoiceName {
    /// They are kept beside the finger, and each step goes to the nearest that precedes the key (Stoica et al. 2003).
    #[default]
    Alternates,
    /// The nearest of those in the finger's interval becomes the finger (Dabek et al. 2004).
    Fingers,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum DelaysName {
    /// It does, without asking: the round trip of the direct path.
    Oracle,
    /// It pings them.
    Probe,
}

/// The check whether there is another ring (Stoica et al. 2001, section 7): a node asks one of those that it has met to look
/// up the node itself.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CheckSettings {
    /// The mean time from one check of a node to the next.
    period: Duration,
    /// How many nodes it has met a node remembers.
    memory: usize,
}

fn yes() -> bool {
    true
}

/// A rule set by its name in [`Rules::NAMES`].
mod rules {
    use std::sync::LazyLock;

    use protocols::chord::Rules;
    use schemars::{Schema, SchemaGenerator, json_schema};
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    static NAMES: LazyLock<Vec<&'static str>> = LazyLock::new(|| Rules::NAMES.map(|(name, _)| name).to_vec());

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Rules, D::Error> {
        let name = String::deserialize(deserializer)?;
        let found = Rules::NAMES.iter().find(|(known, _)| *known == name);
        found
            .map(|(_, rules)| *rules)
            .ok_or_else(|| D::Error::unknown_variant(&name, &NAMES))
    }

    pub(super) fn serialize<S: Serializer>(rules: &Rules, serializer: S) -> Result<S::Ok, S::Error> {
        let name = Rules::NAMES.iter().find(|(_, known)| known == rules);
        serializer.serialize_str(name.map_or("", |(name, _)| name))
    }

    pub(super) fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "enum": *NAMES })
    }
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum LookupName {
    /// The initiator asks node after node.
    Iterative,
    /// Each node passes the lookup on.
    Recursive,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum LookupEndName {
    /// The key's predecessor, as in i3.
    Predecessor,
    /// The key's owner, as in P2P-XBone (Fujita et al. 2005, Fig. 3).
    Owner,
}

impl Default for ChordSettings {
    fn default() -> Self {
        let default = Config::default();
        ChordSettings {
            rules: default.rules,
            id_bits: default.id_bits,
            successors: default.successors,
            route_with_successors: default.route_with_successors,
            lookup: match default.lookup {
                LookupStyle::Iterative => LookupName::Iterative,
                LookupStyle::Recursive => LookupName::Recursive,
            },
            lookup_end: match default.lookup_end {
                LookupEnd::Predecessor => LookupEndName::Predecessor,
                LookupEnd::Owner => LookupEndName::Owner,
            },
            stays_alone: default.stays_alone,
            confirm_owner: default.confirm_owner,
            stabilize_period: Duration(default.stabilize_period),
            finger_period: default.finger_period.map(Duration),
            finger_base: default.finger_base,
            stabilize_jitter: Fraction::new(default.stabilize_jitter),
            timeout: Duration(default.timeout),
            retries: default.retries,
            recursive_timeout: Duration(default.recursive_timeout),
            hop_limit: default.hop_limit,
            proximity: None,
            consistency_check: None,
        }
    }
}

impl ChordSettings {
    fn into_config(self) -> Result<Config, ConfigError> {
        Config {
            rules: self.rules,
            id_bits: self.id_bits,
            successors: self.successors,
            route_with_successors: self.route_with_successors,
            lookup: match self.lookup {
                LookupName::Iterative => LookupStyle::Iterative,
                LookupName::Recursive => LookupStyle::Recursive,
            },
            lookup_end: match self.lookup_end {
                LookupEndName::Predecessor => LookupEnd::Predecessor,
                LookupEndName::Owner => LookupEnd::Owner,
            },
            stays_alone: self.stays_alone,
            confirm_owner: self.confirm_owner,
            stabilize_period: self.stabilize_period.get(),
            finger_period: self.finger_period.map(Duration::get),
            finger_base: self.finger_base,
            stabilize_jitter: self.stabilize_jitter.get(),
            timeout: self.timeout.get(),
            retries: self.retries,
            recursive_timeout: self.recursive_timeout.get(),
            hop_limit: self.hop_limit,
            proximity: self.proximity.map(ProximitySettings::into_config),
            consistency_check: self.consistency_check.map(|check| ConsistencyCheck {
                period: check.period.get(),
                memory: check.memory,
            }),
        }
        .validate()
    }
}

impl ProximitySettings {
    fn into_config(self) -> Proximity {
        Proximity {
            samples: self.samples,
            choice: match self.choice {
                ChoiceName::Alternates => Choice::Alternates,
                ChoiceName::Fingers => Choice::Fingers,
            },
            successors: self.successors,
            delays: match self.delays {
                DelaysName::Oracle => Delays::Oracle,
                DelaysName::Probe => Delays::Probe,
            },
        }
    }
}

fn contact<A>((id, addr): (u128, A)) -> Contact<A> {
    Contact { id: Id::new(id), addr }
}

impl<B: Payload, A: Address> Overlay<A> for ChordOverlay<B> {
    const NAME: &'static str = "chord";
    const SUMMARY: &'static str =
        "Chord (Stoica et al. 2001, 2003), with the rules of both papers, of i3, and Zave's corrected ones";
    type Settings = ChordSettings;
    type Protocol = Chord<B, A>;
    type Invariants = RingInvariants;
    const SUCCESSOR: Option<fn(&Chord<B, A>) -> A> = Some(|node| {
        node.successors()
            .first()
            .map_or(node.contact().addr, |successor| successor.addr)
    });

    fn config(settings: &Settings) -> Result<Config, InputError> {
        settings.parse::<ChordSettings>()?.into_config().map_err(|error| {
            let key = match error {
                ConfigError::IdBits(_) => "id_bits",
                ConfigError::Successors(_) => "successors",
                ConfigError::StabilizePeriod => "stabilize_period",
                ConfigError::FingerPeriod => "finger_period",
                ConfigError::FingerBase(_) => "finger_base",
                ConfigError::StabilizeJitter(_) => "stabilize_jitter",
                ConfigError::Timeout(field) => field,
                ConfigError::HopLimit => "hop_limit",
                ConfigError::Samples { .. } => "proximity.samples",
                ConfigError::CheckPeriod => "consistency_check.period",
                ConfigError::CheckMemory(_) => "consistency_check.memory",
                ConfigError::NotUnderI3(key) | ConfigError::OnlyUnderI3(key) => key,
            };
            settings.error_at(key, error.to_string())
        })
    }

    fn capacity(config: &Config) -> u128 {
        key_based::capacity::<Chord<B, A>>(config)
    }

    fn identifier(config: &Config, stream: StreamKey) -> u128 {
        key_based::identifier::<Chord<B, A>>(config, stream)
    }

    fn key(config: &Config, rng: &mut NodeRng) -> u128 {
        key_based::key::<Chord<B, A>>(config, rng)
    }

    /// A whole successor list and the node itself, which is where Zave has a ring start. The published rules do not ask
    /// for it, but while lists are short, one answer that is late can leave two rings that never meet.
    fn founders(config: &Config) -> u32 {
        config.successors as u32 + 1
    }

    fn perfect(config: &Config, members: &[(u128, A)], _: &Surroundings<'_, A>) -> Vec<Init<A>> {
        let ring = Ring::new(config, members.iter().copied().map(contact));
        let ready = |&(id, _): &(u128, A)| Init::Ready {
            id: Id::new(id),
            tables: Box::new(ring.tables(Id::new(id))),
        };
        members.iter().map(ready).collect()
    }

    fn joining(_: &Config, id: u128, bootstrap: A) -> Init<A> {
        Init::Join {
            id: Id::new(id),
            bootstrap,
        }
    }

    /// A node has about `log2 n` different fingers, or `b - 1` for each digit of a larger base, and under i3's rules a list of all
    /// it has heard of.
    fn heap_bytes(config: &Config, point: &Point) -> usize {
        let digits = point.nodes.max(2).ilog2() / config.finger_base.ilog2() + 1;
        let fingers = digits as usize * (config.finger_base as usize - 1);
        // An i3 node also remembers whom it has heard of; there are more of them where nodes come and go.
        let known = match config.rules {
            Rules::I3 if point.churn.changes() => 4 * fingers,
            Rules::I3 => fingers,
            _ => 0,
        };
        // With proximity, of each finger about ln s others, and while tables are built a list of s of them for all.
        let samples = config.proximity.map_or(0, |proximity| proximity.samples);
        let remembered = config.consistency_check.map_or(0, |check| check.memory);
        let near = (fingers + 1) * samples * size_of::<Contact<A>>() + remembered * size_of::<A>();
        // Fingers are kept with how many of them are the same, entries of the list with what is known of them; and a
        // lookup and a few requests are under way.
        (config.successors + fingers + known) * 2 * size_of::<Contact<A>>() + near + 256
    }

    /// Chord itself says when a join has failed: this is only longer than the longest that it can take, every node on the
    /// way asked in vain, for each attempt.
    fn join_patience(config: &Config) -> SimDuration {
        let attempts = u64::from(config.retries) + 1;
        config.timeout.max(config.recursive_timeout) * u64::from(config.hop_limit) * attempts * attempts
    }

    fn ask(by: By, key: u128) -> Option<Command<B, A>> {
        match by {
            By::Lookup => Some(Command::Lookup { key: Id::new(key) }),
            By::Route => key_based::ask::<Chord<B, A>>(by, key),
        }
    }

    fn told(event: Event<B, A>) -> Told<A> {
        match Chord::<B, A>::upcall(event) {
            Ok(upcall) => key_based::told(upcall),
            Err(Event::LookupDone {
                operation,
                owner,
                hops,
                visited,
                timeouts,
                dead_owners,
                ..
            }) => Told::Found {
                operation,
                owner: owner.addr,
                hops: hops.into(),
                visited: visited.into(),
                timeouts: u32::from(timeouts) + u32::from(dead_owners),
                dead_owners: dead_owners.into(),
            },
            Err(Event::LookupFailed {
                operation, timeouts, ..
            }) => Told::NotFound {
                operation,
                timeouts: timeouts.into(),
            },
            Err(_) => Told::Other,
        }
    }

    fn owner<N: Copy>(config: &Config, key: u128, members: &BTreeMap<u128, N>) -> Option<N> {
        key_based::owner::<Chord<B, A>, N>(config, key, members)
    }

    /// As a lookup goes: a node that owns the key itself asks its successors, as the papers have it.
    fn route(config: &Config, node: &Chord<B, A>, key: u128) -> Step<A> {
        node.route(config, Id::new(key))
    }

    fn links(node: &Chord<B, A>) -> Vec<(&'static str, A)> {
        let (first, others) = node.successors().split_at(node.successors().len().min(1));
        let fingers = node.fingers().contacts();
        let known = node.i3_list().into_iter().flat_map(|list| list.active());
        let named = |name| move |contact: Contact<A>| (name, contact.addr);
        (node.predecessor().into_iter().map(named("predecessor")))
            .chain(first.iter().copied().map(named("successor")))
            .chain(others.iter().copied().map(named("further successor")))
            .chain(fingers.map(named("finger")))
            .chain(known.map(named("known")))
            .collect()
    }

    fn invariants(_: &Config, base: &[(u128, A)]) -> RingInvariants {
        RingInvariants::new(base.iter().map(|(id, _)| Id::new(*id)))
    }
}
