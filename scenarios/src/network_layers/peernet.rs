//! PeerNet in scenarios: `[protocol.peernet]`.

use protocols::peernet::{
    Advert, Command, Config, Detection, Event, Group, Load, LookupKind, Msg, PeerNet, Rules, TreeAddress,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::addr::NodeAddr;

use super::{AddressCalls, GroupCalls, Leg, LookupCalls, NetworkLayer, NextHopOf, Send, Told, setting};
use crate::input::InputError;
use crate::scenario::{Point, Settings};
use crate::units::Duration;

/// The farthest horizon there can be, in links.
const HORIZON_LIMIT: u32 = 254;

/// [`PeerNet`] as scenarios know it.
pub struct PeerNetLayer;

/// The settings of `[protocol.peernet]`. What is left out is as DART has it.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PeerNetSettings {
    /// How nodes come by their addresses.
    rules: RulesName,
    /// Bits of an address, the levels of the tree: 1 to 128; 16 where it is left out, as in DART, and 128 by the rules of 2003.
    #[schemars(range(min = 1, max = 128))]
    address_bits: Option<u8>,
    /// The mean time from one hello to the next; each is drawn from 0.75 to 1.25 of it.
    hello_period: Duration,
    /// After how long without a hello a neighbour is taken to be gone.
    neighbour_expiry: Duration,
    /// How a node learns that a neighbour is gone.
    detection: DetectionName,
    /// How long a node goes on with an address that it finds invalid, at most: drawn uniformly from zero to this each time. Others may have
    /// moved by then, so that it need not. DART does not wait.
    change_backoff: Duration,
    /// The mean time from one registration of a node with the lookup service to the next; each is drawn from 0.9 to 1.1 of it.
    registration_period: Duration,
    /// After how long without a registration a lookup entry is forgotten.
    entry_timeout: Duration,
    /// How long a node waits for an address that it has asked for, its own or another's.
    request_timeout: Duration,
    /// How many times a lookup is tried that is not answered, or for which there is no entry.
    lookup_tries: u8,
    /// How addresses are looked up.
    lookup: LookupName,
    /// How long a sender goes by an address that it has looked up before it looks again.
    known_lifetime: Duration,
    /// How many times a packet whose destination is not where it was is looked up again on its way.
    lookups_on_the_way: u8,
    /// How many packets may wait at a node, for its own address or that of a destination.
    buffer: usize,
    /// Over how many links an identifier is believed to be that of an area: more than there are across the network, and not many
    /// times more, since it takes about as many hellos until one that has left the area is forgotten everywhere.
    #[schemars(range(min = 1, max = 254))]
    horizon: u8,
    /// Whether several next hops a level are kept, as in M-DART, and another one is taken when one is gone.
    multipath: bool,
    /// Whether nodes of crowded areas migrate (Eriksson et al. 2003, section 3.1).
    balancing: bool,
}

/// How nodes come by their addresses.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
enum RulesName {
    /// By splitting ranges: Eriksson, Faloutsos and Krishnamurthy 2003, section 3.1 and Fig. 3.
    #[serde(rename = "peernet-2003")]
    PeerNet2003,
    /// By validating and selecting, as DART has it: Eriksson et al. 2007.
    #[serde(rename = "dart")]
    Dart,
}

/// How a node learns that a neighbour is gone.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum DetectionName {
    /// It has said no hello for `neighbour_expiry`.
    Hello,
    /// As before, and at once where the link layer senses that the link is gone.
    Carrier,
    /// As `hello`, and where there is no link when something is to go there: links that nobody uses break unnoticed.
    Use,
}

/// How addresses are looked up (section 3.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum LookupName {
    /// Each lookup entry lies at one node.
    Basic,
    /// Solution A: it also lies at one node of each smaller area around the node that it tells of, and lookups begin with the smallest.
    Replicated,
    /// Solution B: the entry in an area tells only in which of the areas one step smaller the node is.
    HighOrder {
        /// Levels from one area to the next, at least 1.
        step: u8,
    },
}

impl Default for PeerNetSettings {
    fn default() -> Self {
        let usual = Config::default();
        PeerNetSettings {
            rules: RulesName::Dart,
            address_bits: None,
            hello_period: Duration(usual.hello_period),
            neighbour_expiry: Duration(usual.neighbour_expiry),
            detection: DetectionName::Hello,
            change_backoff: Duration(usual.change_backoff),
            registration_period: Duration(usual.registration_period),
            entry_timeout: Duration(usual.entry_timeout),
            request_timeout: Duration(usual.request_timeout),
            lookup_tries: usual.lookup_tries,
            lookup: LookupName::Basic,
            known_lifetime: Duration(usual.known_lifetime),
            lookups_on_the_way: usual.lookups_on_the_way,
            buffer: usual.buffer,
            horizon: usual.horizon,
            multipath: usual.multipath,
            balancing: usual.balancing,
        }
    }
}

impl PeerNetSettings {
    fn config(&self) -> Config {
        let of_rules = match self.rules {
            RulesName::PeerNet2003 => Config::peernet_2003(),
            RulesName::Dart => Config::default(),
        };
        Config {
            rules: match self.rules {
                RulesName::PeerNet2003 => Rules::PeerNet2003,
                RulesName::Dart => Rules::Dart,
            },
            address_bits: self.address_bits.unwrap_or(of_rules.address_bits),
            hello_period: self.hello_period.get(),
            neighbour_expiry: self.neighbour_expiry.get(),
            detection: match self.detection {
                DetectionName::Hello => Detection::Hello,
                DetectionName::Carrier => Detection::Carrier,
                DetectionName::Use => Detection::Use,
            },
            change_backoff: self.change_backoff.get(),
            registration_period: self.registration_period.get(),
            entry_timeout: self.entry_timeout.get(),
            request_timeout: self.request_timeout.get(),
            lookup_tries: self.lookup_tries,
            lookup: match self.lookup {
                LookupName::Basic => LookupKind::Basic,
                LookupName::Replicated => LookupKind::Replicated,
                LookupName::HighOrder { step } => LookupKind::HighOrder { step },
            },
            known_lifetime: self.known_lifetime.get(),
            lookups_on_the_way: self.lookups_on_the_way,
            buffer: self.buffer,
            horizon: self.horizon,
            multipath: self.multipath,
            balancing: self.balancing,
        }
    }
}

impl NetworkLayer for PeerNetLayer {
    const NAME: &'static str = "peernet";
    const SUMMARY: &'static str =
        "addresses that say where a node is, and a lookup service (Eriksson, Faloutsos and Krishnamurthy 2003)";
    type Settings = PeerNetSettings;
    type Protocol = PeerNet;
    const DATA_KINDS: &'static [&'static str] = &["packet"];
    const NEXT_HOP: Option<NextHopOf<Self>> = Some(|_, at, _, destination| at.next_hop(destination.address()?));
    const ADDRESSES: Option<AddressCalls<Self>> = Some(AddressCalls {
        bits: |config| config.address_bits.into(),
        of: |node| node.address().map(TreeAddress::number),
        leg: |message| match message {
            Msg::Routed(way, Load::Packet(_, looked_up)) => Some(Leg {
                address: way.target.number(),
                number: u32::from(*looked_up),
            }),
            _ => None,
        },
    });
    const LOOKUP: Option<LookupCalls<Self>> = Some(LookupCalls {
        ask: Command::Lookup,
        update_kinds: &["registration", "hand-over"],
    });

    const GROUPS: Option<GroupCalls<Self>> = Some(GroupCalls {
        join: |group| Command::Join(Group(group)),
        anycast: |group, bytes| Command::Anycast {
            group: Group(group),
            bytes,
        },
        multicast: |group, bytes| Command::Multicast {
            group: Group(group),
            bytes,
        },
    });

    fn config(settings: &Settings) -> Result<Config, InputError> {
        let config = settings.parse::<PeerNetSettings>()?.config();
        config.validate().map_err(|error| {
            let message = error.to_string();
            let key = match setting(&message) {
                "lookup.step" => "lookup.high_order.step",
                key => key,
            };
            settings.error_at(key, &message)
        })
    }

    fn check(config: &Config, point: &Point) -> Result<(), InputError> {
        let addresses = 1_u128.checked_shl(config.address_bits.into()).unwrap_or(u128::MAX);
        if u128::from(point.nodes) <= addresses {
            return Ok(());
        }
        let message = format!("{} nodes need more addresses than {addresses}", point.nodes);
        let error = point.protocol.error_at("address_bits", message).labelled("too few");
        let least = u32::BITS - (point.nodes - 1).leading_zeros();
        Err(error.help(format!(
            "at least {least} bits have an address for each; with some more the tree need not be full before nodes are refused"
        )))
    }

    /// Networks that are wider than the horizon may never come in order.
    fn caution(config: &Config, point: &Point) -> Option<String> {
        let (horizon, across) = (config.horizon, point.network.links_across(point.nodes)?);
        if across < u32::from(horizon) {
            return None;
        }
        let enough = (across + across / 3 + 1).min(HORIZON_LIMIT);
        let remedy = if enough > across {
            format!("`protocol.peernet.horizon = {enough}` is far enough")
        } else {
            format!("it cannot be more than {HORIZON_LIMIT}")
        };
        let nodes = point.nodes;
        Some(format!(
            "about {across} links lie across this network of {nodes} nodes, and its identifiers are believed over no more than {horizon} \
             (`protocol.peernet.horizon`): its addresses may never come in order; {remedy}"
        ))
    }

    fn init(_: &Config, _: NodeAddr) {}

    fn send(send: Send) -> Command {
        send.into()
    }

    fn told(event: Event) -> Told {
        match event {
            Event::Packet(outcome) => Told::Packet(outcome),
            Event::Address { from, to, migrated } => Told::Address {
                from: from.map(TreeAddress::number),
                to: to.map(TreeAddress::number),
                migrated,
            },
            Event::Refused => Told::Refused,
            Event::LookedUp {
                operation: Some(operation),
                found: Some(address),
                hops,
                hops_back,
            } => Told::Found {
                operation,
                address: address.number(),
                hops,
                hops_back,
            },
            Event::LookedUp {
                operation: Some(operation),
                found: None,
                ..
            } => Told::NotFound { operation },
            Event::LookedUp { operation: None, .. } | Event::HandedOver { .. } | Event::Stranded => Told::Other,
        }
    }

    fn state(node: &PeerNet) -> Vec<(&'static str, usize)> {
        vec![
            ("routes", node.table().levels().len()),
            ("lookup entries", node.entries_held()),
        ]
    }

    /// Two dozen neighbours, each with the levels that it told of; as many levels of its own, and lookup entries.
    fn heap_bytes(config: &Config, point: &Point) -> usize {
        let levels = (2 * (point.nodes.max(2).ilog2() as usize + 1)).min(config.address_bits.into());
        24 * (levels + 2) * size_of::<Advert>() + 4096
    }
}
