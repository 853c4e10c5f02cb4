//! Wires between nodes with radios: single ones, and those that join gateways.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::addr::NodeAddr;
use sim_core::link_layer::Wire;
use sim_core::random::StreamKey;
use sim_core::time::SimDuration;

use crate::input::{Document, InputError};
use crate::units::{Duration, Fraction, counted};

/// The most wires that a mesh may have.
const WIRE_LIMIT: u64 = 1_000_000;

/// A link by wire, which is always there.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Wire")]
pub(in crate::scenario) struct RawWire {
    /// The nodes at its ends, numbered from 0.
    between: [u32; 2],
    /// How long a frame takes.
    delay: Duration,
    /// The probability that a frame is lost.
    #[serde(default)]
    loss: Fraction,
}

/// Nodes that are joined by wires or by tunnels through another network. Where `wires` has one between the same two nodes, that one
/// counts.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Gateways")]
pub(in crate::scenario) struct RawGateways {
    /// So many random nodes.
    count: Option<u32>,
    /// These nodes, numbered from 0.
    nodes: Option<Vec<u32>>,
    /// Which of them have a wire between them.
    #[serde(default)]
    joined: Joined,
    /// How long a frame takes from one to the other end of a wire.
    delay: Duration,
    /// The probability that a frame is lost.
    #[serde(default)]
    loss: Fraction,
}

/// Which gateways have a wire between them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Joined {
    /// Each and each other.
    #[default]
    Mesh,
    /// Each and the next, the last and the first.
    Ring,
    /// The first and each other.
    Star,
}

/// Nodes that are joined by wires.
#[derive(Clone, PartialEq, Debug)]
pub struct Gateways {
    /// Who they are.
    pub who: Who,
    /// Which of them have a wire between them.
    pub joined: Joined,
    /// How long a frame takes.
    pub delay: SimDuration,
    /// The probability that it is lost.
    pub loss: f64,
}

/// Which nodes are gateways.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Who {
    /// So many of them, at random.
    Random(u32),
    /// These, in this order.
    Nodes(Vec<NodeAddr>),
}

impl Gateways {
    /// The wires between gateways among so many nodes; random ones are drawn from these streams: those of a network with more
    /// gateways are the same and others.
    pub fn wires(&self, nodes: u32, streams: StreamKey) -> Vec<Wire> {
        let who = match &self.who {
            Who::Nodes(nodes) => nodes.clone(),
            Who::Random(count) => {
                let mut drawn: Vec<_> = (0..nodes)
                    .map(|node| (streams.index(u64::from(node)).bits(), node))
                    .collect();
                drawn.sort_unstable();
                drawn
                    .into_iter()
                    .take(*count as usize)
                    .map(|(_, node)| NodeAddr(node))
                    .collect()
            }
        };
        let pairs: Vec<(usize, usize)> = match self.joined {
            Joined::Mesh => (0..who.len())
                .flat_map(|a| (a + 1..who.len()).map(move |b| (a, b)))
                .collect(),
            // Two gateways have one wire, not one there and one back.
            Joined::Ring if who.len() == 2 => vec![(0, 1)],
            Joined::Ring => (0..who.len()).map(|a| (a, (a + 1) % who.len())).collect(),
            Joined::Star => (1..who.len()).map(|b| (0, b)).collect(),
        };
        let wire = |(a, b): (usize, usize)| Wire {
            between: (who[a], who[b]),
            delay: self.delay,
            loss: self.loss,
        };
        pairs.into_iter().map(wire).collect()
    }
}

impl fmt::Display for Gateways {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, which) = match &self.who {
            Who::Random(count) => (*count as usize, "random gateways"),
            Who::Nodes(nodes) => (nodes.len(), "gateways"),
        };
        let joined = match self.joined {
            Joined::Mesh => "a mesh",
            Joined::Ring => "a ring",
            Joined::Star => "a star",
        };
        write!(f, "{count} {which} joined by {joined} of wires")
    }
}

/// The wires of `[network.radio]`, held against the number of nodes.
pub(super) fn wires(raw: Vec<RawWire>, nodes: u32, document: &Document) -> Result<Vec<Wire>, InputError> {
    let mut laid = BTreeMap::new();
    let wire = |(index, raw): (usize, RawWire)| {
        let key = format!("network.radio.wires.{index}");
        let [a, b] = raw.between;
        for (at, end) in raw.between.into_iter().enumerate() {
            node(end, &format!("{key}.between.{at}"), nodes, document)?;
        }
        if a == b {
            let error = document.error_at(&format!("{key}.between"), format!("a wire from node {a} to itself"));
            return Err(error.labelled("needs two different nodes"));
        }
        if let Some(first) = laid.insert((a.min(b), a.max(b)), index) {
            let message = format!("nodes {a} and {b} are joined by two wires");
            let error = document.error_at(&format!("{key}.between"), message);
            return Err(error.labelled("the second time").help(format!(
                "network.radio.wires.{first} joins them already: leave one of the two out"
            )));
        }
        Ok(Wire {
            between: (NodeAddr(a), NodeAddr(b)),
            delay: lasting(raw.delay, &key, document)?,
            loss: raw.loss.get(),
        })
    };
    raw.into_iter().enumerate().map(wire).collect()
}

/// The gateways of `[network.radio]`, likewise.
pub(super) fn gateways(raw: RawGateways, nodes: u32, document: &Document) -> Result<Gateways, InputError> {
    const KEY: &str = "network.radio.gateways";
    let error_at = |inner: &str, message: String| document.error_at(&format!("{KEY}{inner}"), message);
    let alone = "a gateway alone is joined to nobody".to_owned();
    let who = match (raw.count, raw.nodes) {
        (Some(count), None) if count > nodes => {
            let message = format!("{count} gateways among {}", counted(nodes as usize, "node"));
            return Err(error_at(".count", message).labelled(format!("at most {nodes}")));
        }
        (Some(count), None) if count < 2 => return Err(error_at(".count", alone).labelled("at least 2")),
        (Some(count), None) => Who::Random(count),
        (None, Some(listed)) => {
            for (at, number) in listed.iter().enumerate() {
                let key = format!("{KEY}.nodes.{at}");
                node(*number, &key, nodes, document)?;
                if listed[..at].contains(number) {
                    let error = document.error_at(&key, format!("node {number} is listed twice"));
                    return Err(error.labelled("the second time"));
                }
            }
            if listed.len() < 2 {
                return Err(error_at(".nodes", alone).labelled("at least 2"));
            }
            Who::Nodes(listed.into_iter().map(NodeAddr).collect())
        }
        _ => {
            let error = error_at("", "expected either `count` or `nodes`".to_owned());
            return Err(error
                .labelled("which nodes are gateways?")
                .help("count = 4 makes four random nodes gateways, nodes = [0, 5] those two"));
        }
    };
    let gateways = match &who {
        Who::Random(count) => u64::from(*count),
        Who::Nodes(nodes) => nodes.len() as u64,
    };
    let wires = gateways * (gateways - 1) / 2;
    if raw.joined == Joined::Mesh && wires > WIRE_LIMIT {
        let message = format!("a mesh of {gateways} gateways has {wires} wires");
        return Err(error_at("", message)
            .labelled(format!("at most {WIRE_LIMIT}"))
            .help("joined = \"ring\" and joined = \"star\" need fewer"));
    }
    Ok(Gateways {
        who,
        joined: raw.joined,
        delay: lasting(raw.delay, KEY, document)?,
        loss: raw.loss.get(),
    })
}

/// Refuses a number that no node has.
fn node(number: u32, key: &str, nodes: u32, document: &Document) -> Result<(), InputError> {
    if number < nodes {
        return Ok(());
    }
    let error = document.error_at(key, format!("there is no node {number}"));
    Err(error.labelled(match nodes {
        1 => "the only node has the number 0".to_owned(),
        _ => format!("the {nodes} nodes are numbered from 0 to {}", nodes - 1),
    }))
}

/// A delay above zero, of the wires at a key.
fn lasting(delay: Duration, key: &str, document: &Document) -> Result<SimDuration, InputError> {
    if delay.get() > SimDuration::ZERO {
        return Ok(delay.get());
    }
    let error = document.error_at(&format!("{key}.delay"), "a delay of zero cannot be");
    Err(error
        .labelled("must be longer than 0s")
        .help("an effect is later than its cause: \"1ns\""))
}
