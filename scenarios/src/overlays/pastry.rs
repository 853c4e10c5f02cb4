//! Pastry in scenarios: `[protocol.pastry]`.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use protocols::id::{Contact, Id};
use protocols::kbr::{Call, KeyBased, Nothing, Payload, Step};
use protocols::pastry::invariants::TableError;
use protocols::pastry::{
    Config, ConfigError, Event, Init, Members, MsPastry, Pastry, Placed, Proximity, Quality, Routing, bulk,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::addr::Address;
use sim_core::math;
use sim_core::random::{NodeRng, StreamKey};
use sim_core::time::SimDuration;

use super::{Overlay, Surroundings, TableErrors, TableErrorsOf, Told, key_based};
use crate::input::InputError;
use crate::scenario::{BringUp, By, Point, Settings};
use crate::units::{Duration, Period};

/// [`Pastry`] as scenarios know it, carrying the messages of a layer above.
pub struct PastryOverlay<B = Nothing>(PhantomData<fn() -> B>);

/// The settings of `[protocol.pastry]`. What is left out is as in [`Config::default`]: the paper's own, where it says.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PastrySettings {
    /// Width of identifiers in bits.
    id_bits: u32,
    /// Bits of a digit, a divisor of `id_bits`.
    b: u32,
    /// The size of the leaf set, `|L|`: an even number, and fewer than there are nodes.
    leaf_set: usize,
    /// The size of the neighbourhood set, `|M|`.
    neighbourhood: usize,
    /// What a newcomer fills its routing table from (Fig. 8).
    quality: QualityName,
    /// By what messages find their way.
    routing: RoutingName,
    /// How nodes know how far away others are, of which they take the nearer ones.
    proximity: ProximityName,
    /// How long a node waits for the answer of another.
    timeout: Duration,
    /// How many more times a node, or a whole join, is tried.
    retries: u8,
    /// How long a newcomer waits for what the nodes on the way to its place know.
    join_timeout: Duration,
    /// Whether a newcomer looks for a member nearby first, and joins through that.
    nearby_bootstrap: bool,
    /// Whether each hop of a message is acknowledged, so that dead nodes are noticed and passed over.
    acknowledge: bool,
    /// Whether nodes that were found dead, or that leave, are replaced in the tables.
    repair: bool,
    /// How often a node makes sure that its leaf set is alive.
    heartbeat_period: Period,
    /// How often a node makes sure that its neighbourhood set is alive.
    neighbourhood_period: Period,
    /// How often a node compares its routing table with those of others.
    table_period: Period,
    /// How many nodes may hand a message on.
    hop_limit: u16,
    /// Which Pastry this is.
    profile: ProfileName,
    /// The parameters of what MSPastry adds; those of Pastry do not change with the profile.
    mspastry: MsPastrySettings,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema)]
enum ProfileName {
    /// That of Rowstron and Druschel 2001.
    #[serde(rename = "pastry-2001")]
    Pastry2001,
    /// MSPastry (Castro, Costa and Rowstron 2004), for networks whose nodes come and go: consistent routing, acknowledgements with
    /// time-outs of their own for each neighbour, probes no more often than needed.
    #[serde(rename = "mspastry")]
    MsPastry,
}

/// The settings of `[protocol.pastry.mspastry]`. What is left out is as in [`MsPastry::default`].
#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct MsPastrySettings {
    /// Whether the entries of routing tables are probed.
    active_probing: bool,
    /// Which share of the messages may meet a dead node on their way: decides how often entries are probed.
    raw_loss: f64,
    /// The longest time between two probes of an entry.
    longest_probe_period: Duration,
    /// How many failures the estimate of the failure rate remembers.
    failures: usize,
    /// How much longer than a round trip the time-out of a hop is at least.
    least_margin: Duration,
}

impl Default for MsPastrySettings {
    fn default() -> Self {
        let default = MsPastry::default();
        MsPastrySettings {
            active_probing: default.active_probing,
            raw_loss: default.raw_loss,
            longest_probe_period: Duration(default.longest_probe_period),
            failures: default.failures,
            least_margin: Duration(default.least_margin),
        }
    }
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum QualityName {
    /// Row i of the i-th node on the path of its join message.
    Sl,
    /// The whole routing table of each node on the path.
    Wt,
    /// Also those of all nodes that it then knows, of which the nearest are taken: Pastry itself.
    Wtf,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum RoutingName {
    /// By the digits that nodes share with the key: Pastry itself.
    Prefix,
    /// By leaf sets alone, around the ring.
    Circular,
    /// In one hop, since everybody knows everybody: for networks that stand from the start and that nobody leaves.
    Exhaustive,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum ProximityName {
    /// They do, without asking: the round trip of the direct path.
    Oracle,
    /// They ping them.
    Probe,
    /// They do not: each prefers whom it prefers for no reason.
    None,
}

impl Default for PastrySettings {
    fn default() -> Self {
        let default = Config::default();
        PastrySettings {
            id_bits: default.id_bits,
            b: default.b,
            leaf_set: default.leaf_set,
            neighbourhood: default.neighbourhood,
            quality: match default.quality {
                Quality::Sl => QualityName::Sl,
                Quality::Wt => QualityName::Wt,
                Quality::Wtf => QualityName::Wtf,
            },
            routing: match default.routing {
                Routing::Prefix => RoutingName::Prefix,
                Routing::Circular => RoutingName::Circular,
                Routing::Exhaustive => RoutingName::Exhaustive,
            },
            proximity: match default.proximity {
                Some(Proximity::Oracle) => ProximityName::Oracle,
                Some(Proximity::Probe) => ProximityName::Probe,
                None => ProximityName::None,
            },
            timeout: Duration(default.timeout),
            retries: default.retries,
            join_timeout: Duration(default.join_timeout),
            nearby_bootstrap: default.nearby_bootstrap,
            acknowledge: default.acknowledge,
            repair: default.repair,
            heartbeat_period: Period(default.heartbeat_period),
            neighbourhood_period: Period(default.neighbourhood_period),
            table_period: Period(default.table_period),
            hop_limit: default.hop_limit,
            profile: match default.mspastry {
                Some(_) => ProfileName::MsPastry,
                None => ProfileName::Pastry2001,
            },
            mspastry: MsPastrySettings::default(),
        }
    }
}

impl PastrySettings {
    fn into_config(self) -> Result<Config, ConfigError> {
        Config {
            id_bits: self.id_bits,
            b: self.b,
            leaf_set: self.leaf_set,
            neighbourhood: self.neighbourhood,
            quality: match self.quality {
                QualityName::Sl => Quality::Sl,
                QualityName::Wt => Quality::Wt,
                QualityName::Wtf => Quality::Wtf,
            },
            routing: match self.routing {
                RoutingName::Prefix => Routing::Prefix,
                RoutingName::Circular => Routing::Circular,
                RoutingName::Exhaustive => Routing::Exhaustive,
            },
            proximity: match self.proximity {
                ProximityName::Oracle => Some(Proximity::Oracle),
                ProximityName::Probe => Some(Proximity::Probe),
                ProximityName::None => None,
            },
            timeout: self.timeout.get(),
            retries: self.retries,
            join_timeout: self.join_timeout.get(),
            nearby_bootstrap: self.nearby_bootstrap,
            acknowledge: self.acknowledge,
            repair: self.repair,
            heartbeat_period: self.heartbeat_period.0,
            neighbourhood_period: self.neighbourhood_period.0,
            table_period: self.table_period.0,
            hop_limit: self.hop_limit,
            mspastry: match self.profile {
                ProfileName::Pastry2001 => None,
                ProfileName::MsPastry => Some(MsPastry {
                    active_probing: self.mspastry.active_probing,
                    raw_loss: self.mspastry.raw_loss,
                    longest_probe_period: self.mspastry.longest_probe_period.get(),
                    failures: self.mspastry.failures,
                    least_margin: self.mspastry.least_margin.get(),
                }),
            },
        }
        .validate()
    }
}

/// The setting that an error is about.
fn key(error: &ConfigError) -> &'static str {
    match error {
        ConfigError::IdBits(_) => "id_bits",
        ConfigError::DigitBits(_) | ConfigError::Digits { .. } => "b",
        ConfigError::LeafSet(_) | ConfigError::LeafSetBeyondNetwork { .. } => "leaf_set",
        ConfigError::Neighbourhood(_) => "neighbourhood",
        ConfigError::Zero(field, _) => field,
        ConfigError::HopLimit => "hop_limit",
        ConfigError::RawLoss(_) => "mspastry.raw_loss",
        ConfigError::Failures => "mspastry.failures",
        ConfigError::NoProbes => "mspastry.longest_probe_period",
        ConfigError::NoHeartbeats => "heartbeat_period",
        ConfigError::NotWithMsPastry(field) => field,
    }
}

/// About how many leaves a node has, and entries of its other tables: a routing table has about `(2^b - 1) log N` to the base `2^b`
/// (section 2.1).
fn entries(config: &Config, nodes: u32) -> (usize, usize) {
    match config.routing {
        Routing::Exhaustive => (nodes as usize, 0),
        Routing::Circular => (config.leaf_set, 0),
        Routing::Prefix => {
            let rows = math::log2(f64::from(nodes.max(2))) / f64::from(config.b);
            let entries = (rows * f64::from((1_u32 << config.b) - 1)).ceil() as usize;
            (config.leaf_set, entries + config.neighbourhood)
        }
    }
}

impl<B: Payload, A: Address> Overlay<A> for PastryOverlay<B> {
    const NAME: &'static str = "pastry";
    const SUMMARY: &'static str = "Pastry (Rowstron and Druschel 2001), with its three qualities of tables, and routing by leaf sets or by lists of all";
    type Settings = PastrySettings;
    type Protocol = Pastry<B, A>;
    type Invariants = ();
    const SUCCESSOR: Option<fn(&Pastry<B, A>) -> A> = Some(|node| {
        let larger = node.leaf_set().larger().next();
        larger.map_or(node.contact().addr, |successor| successor.addr)
    });

    const TABLE_ERRORS: Option<TableErrorsOf<Self, A>> = Some(|config, members, nodes| {
        let contact = |(id, addr): (&u128, &A)| Contact::<A> {
            id: Id::new(*id),
            addr: *addr,
        };
        let members = Members::new(config, members.iter().map(contact));
        let error = TableError::measure(&members, nodes.iter().map(|node| node.tables()));
        TableErrors {
            wrong_leaf_sets: error.wrong_leaf_sets as u64,
            dead_entries: error.dead as u64,
            misplaced_entries: error.misplaced as u64,
            filled: error.filled as u64,
            unfilled: error.unfilled as u64,
        }
    });
    /// The acknowledgements of newcomers' messages are among them: one a hop of each join.
    const ROUTING_KINDS: Option<&'static [&'static str]> = Some(&["route", "acknowledge"]);

    fn config(settings: &Settings) -> Result<Config, InputError> {
        let config = settings.parse::<PastrySettings>()?.into_config();
        config.map_err(|error| settings.error_at(key(&error), error.to_string()))
    }

    fn check(config: &Config, point: &Point) -> Result<(), InputError> {
        let exhaustive = config.routing == Routing::Exhaustive;
        if exhaustive && (point.comes_and_goes() || point.bring_up != BringUp::Bulk) {
            let message = "lists of all are made in bulk, and nobody is told who comes or goes";
            let error = point.protocol.error_at("routing", message);
            return Err(error.labelled("needs `[bring_up.bulk]`, and nobody who comes or goes"));
        }
        if exhaustive {
            return Ok(());
        }
        // Where nodes come and go, those who are up are the network.
        let up = point
            .mean_up()
            .map_or(point.nodes, |hosts| hosts as u32 * point.hosts().per_host());
        config
            .fits_network(up as usize)
            .map_err(|error| point.protocol.error_at(key(&error), error.to_string()))
    }

    fn capacity(config: &Config) -> u128 {
        key_based::capacity::<Pastry<B, A>>(config)
    }

    fn identifier(config: &Config, stream: StreamKey) -> u128 {
        key_based::identifier::<Pastry<B, A>>(config, stream)
    }

    fn key(config: &Config, rng: &mut NodeRng) -> u128 {
        key_based::key::<Pastry<B, A>>(config, rng)
    }

    /// The first node is alone, as in the paper.
    fn founders(_: &Config) -> u32 {
        1
    }

    fn perfect(config: &Config, members: &[(u128, A)], surroundings: &Surroundings<'_, A>) -> Vec<Init<A>> {
        let contact = |&(id, addr): &(u128, A)| Contact { id: Id::new(id), addr };
        let members: Vec<Contact<A>> = members.iter().map(contact).collect();
        let ready = |tables| Init::Ready {
            tables: Box::new(tables),
        };
        let tables = bulk::build(config, &members, surroundings.round_trip);
        tables.into_iter().map(ready).collect()
    }

    fn joining(_: &Config, id: u128, bootstrap: A) -> Init<A> {
        Init::Join {
            id: Id::new(id),
            bootstrap,
        }
    }

    fn least_listed(config: &Config) -> u32 {
        config.leaf_set as u32
    }

    fn about_listed(config: &Config, nodes: u32) -> u32 {
        let (leaves, others) = entries(config, nodes);
        (leaves + others) as u32
    }

    fn heap_bytes(config: &Config, point: &Point) -> usize {
        let (leaves, others) = entries(config, point.nodes);
        // Requests that are under way, and what goes with them.
        leaves * size_of::<Contact<A>>() + others * size_of::<Placed<A>>() + 512
    }

    /// Pastry itself says when a join has failed: this is only longer than the longest that it can take.
    fn join_patience(config: &Config) -> SimDuration {
        let attempts = u64::from(config.retries) + 1;
        let once = config.join_timeout + config.timeout * (u64::from(config.hop_limit) * attempts);
        once * attempts
    }

    fn ask(by: By, key: u128) -> Option<Call<B, A>> {
        key_based::ask::<Pastry<B, A>>(by, key)
    }

    fn told(event: Event<B, A>) -> Told<A> {
        match Pastry::<B, A>::upcall(event) {
            Ok(upcall) => key_based::told(upcall),
            Err(Event::Repairing(repair)) => Told::Repairing { what: repair.name() },
            Err(_) => Told::Other,
        }
    }

    fn owner<N: Copy>(config: &Config, key: u128, members: &BTreeMap<u128, N>) -> Option<N> {
        key_based::owner::<Pastry<B, A>, N>(config, key, members)
    }

    fn route(config: &Config, node: &Pastry<B, A>, key: u128) -> Step<A> {
        key_based::route(config, node, key)
    }

    fn links(node: &Pastry<B, A>) -> Vec<(&'static str, A)> {
        let named = |name| move |contact: Contact<A>| (name, contact.addr);
        let leaves = node.leaf_set().contacts().iter().copied().map(named("leaf"));
        let table = node.routing_table().contacts().map(named("routing table"));
        let neighbours = node.neighbourhood().contacts().map(named("neighbourhood"));
        leaves.chain(table).chain(neighbours).collect()
    }

    fn invariants(_: &Config, _: &[(u128, A)]) {}
}
