//! What nodes ask of a network layer: packets for each other, and lookups of each other's addresses.

use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;
use sim_core::addr::NodeAddr;
use sim_core::time::{SimDuration, SimTime};

use super::validate::{BEFORE_END, since_start};
use crate::input::{Document, InputError};
use crate::units::{Bytes, Duration, Rate, written, written_bytes};

/// How long a packet or a lookup may take before it counts as lost, where the scenario does not say.
const PATIENCE: SimDuration = SimDuration::from_secs(30);

/// The most flows that there may be.
const FLOW_LIMIT: u32 = 1_000_000;

/// The most bytes that a packet may carry: what an IPv6 header can say.
const PACKET_LIMIT: u64 = 65_535;

/// Packets from node to node: one of `rate` and `flows`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPackets {
    /// The first may be sent now; what is sent and counted before does not count.
    start: Duration,
    /// None is sent from here on; the end of the run where it is left out.
    until: Option<Duration>,
    /// How many each node that is up sends: a Poisson process, each packet to another node.
    rate: Option<Rate>,
    /// Flows of constant bit rate.
    flows: Option<RawFlows>,
    /// How many bytes a packet carries, headers not counted.
    #[serde(default = "size")]
    size: Bytes,
    /// To whom.
    #[serde(default)]
    among: RawAmong,
    /// How long a packet may be on its way: one that has not arrived by then, and of which nobody said what became of it, is lost;
    /// 30s where it is left out.
    patience: Option<Duration>,
}

/// As many bytes as in the comparison of Broch et al. (MobiCom 1998).
pub(super) fn size() -> Bytes {
    Bytes::from_bytes(64)
}

/// Flows, each from a node to another one, with packets in equal steps.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawFlows {
    /// How many.
    #[schemars(range(min = 1, max = FLOW_LIMIT))]
    count: u32,
    /// How many packets each sends.
    rate: Rate,
    /// The first packets are sent at random times in this span; within the time from one packet to the next where it is left out.
    over: Option<Duration>,
    /// All go from the first of these nodes to the second, numbered from 0; each goes from a random node to one of `among` where it
    /// is left out.
    between: Option<[u32; 2]>,
}

/// Who is addressed, of the nodes that are up.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum RawAmong {
    /// Each other node as likely as any other.
    #[default]
    Uniform,
    /// Each of those that at most so many links lead to at this moment; nothing is sent where there is none.
    Within(u32),
}

/// Lookups of addresses by themselves, without packets.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawNodeLookups {
    /// The first may begin now.
    start: Duration,
    /// None begins from here on; the end of the run where it is left out.
    until: Option<Duration>,
    /// How many begin at each node that is up: a Poisson process.
    rate: Rate,
    /// Whose address is asked for.
    #[serde(default)]
    among: RawAmong,
    /// How long a lookup may take: one that was neither answered nor given up by then has failed; 30s where it is left out.
    patience: Option<Duration>,
}

/// Packets: when, how large, from whom to whom.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Packets {
    /// When.
    pub span: Span,
    /// How often.
    pub times: PacketTimes,
    /// How many bytes each carries.
    pub bytes: u32,
    /// To whom.
    pub among: Among,
}

/// When something may begin, and how long it may last.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Span {
    /// The first may begin now.
    pub start: SimTime,
    /// None begins from here on.
    pub until: SimTime,
    /// How long each may last.
    pub patience: SimDuration,
}

/// When packets are sent.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum PacketTimes {
    /// At each node a Poisson process, with so many a second.
    Poisson(f64),
    /// In flows.
    Flows {
        /// How many.
        count: u32,
        /// From one packet of a flow to the next.
        every: SimDuration,
        /// The first packets are sent at random times in this span.
        over: SimDuration,
        /// From which node to which all go, if they are not between random ones.
        between: Option<(NodeAddr, NodeAddr)>,
    },
}

/// Who is addressed, of the nodes that are up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Among {
    /// Each other node as likely as any other.
    Uniform,
    /// Each of those that at most so many links lead to at this moment.
    Within(u32),
}

/// Lookups of addresses: when, and whose.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct NodeLookups {
    /// When.
    pub span: Span,
    /// How many a second and node.
    pub rate: f64,
    /// Whose address is asked for.
    pub among: Among,
}

impl Packets {
    /// How many packets are to be expected of so many nodes that are up all the time.
    pub fn expected(&self, nodes: u32) -> f64 {
        let seconds = self.span.until.since(self.span.start).as_secs_f64();
        match self.times {
            PacketTimes::Poisson(rate) => f64::from(nodes) * rate * seconds,
            PacketTimes::Flows { count, every, .. } => f64::from(count) * seconds / every.as_secs_f64(),
        }
    }
}

impl NodeLookups {
    /// How many lookups are to be expected of so many nodes that are up all the time.
    pub fn expected(&self, nodes: u32) -> f64 {
        f64::from(nodes) * self.rate * self.span.until.since(self.span.start).as_secs_f64()
    }
}

impl fmt::Display for Packets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = written_bytes(self.bytes.into());
        write!(f, "{}, of {bytes}, ", self.span)?;
        match self.times {
            PacketTimes::Poisson(rate) => {
                let pause = written(SimDuration::from_secs_f64(1.0 / rate));
                write!(f, "one in {pause} from each node at random times")?;
            }
            PacketTimes::Flows {
                count, every, between, ..
            } => {
                write!(f, "every {} in each of {count} flows", written(every))?;
                if let Some((from, to)) = between {
                    return write!(f, " from node {} to node {}", from.0, to.0);
                }
            }
        }
        write!(f, "{}", self.among)
    }
}

impl fmt::Display for NodeLookups {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pause = written(SimDuration::from_secs_f64(1.0 / self.rate));
        write!(
            f,
            "{}, one in {pause} from each node at random times{}",
            self.span, self.among
        )
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "from {} until {}", since_start(self.start), since_start(self.until))
    }
}

impl fmt::Display for Among {
    /// After a description: nothing where anybody is addressed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Among::Uniform => Ok(()),
            Among::Within(1) => f.write_str(", to neighbours"),
            Among::Within(links) => write!(f, ", at most {links} links away"),
        }
    }
}

/// The packets of a scenario with so many nodes that ends at `end`.
pub(super) fn packets(raw: &RawPackets, nodes: u32, end: SimTime, document: &Document) -> Result<Packets, InputError> {
    const KEY: &str = "workload.packets";
    let span = span(KEY, raw.start, raw.until, raw.patience, end, document)?;
    let times = match (&raw.rate, &raw.flows) {
        (Some(rate), None) => PacketTimes::Poisson(rate.per_second()),
        (None, Some(flows)) => flows_of(flows, nodes, span, document)?,
        (Some(_), Some(_)) => {
            let error = document.error_at(
                "workload.packets.flows",
                "`rate` and `flows` both say when packets are sent",
            );
            return Err(error.labelled("leave one of them out"));
        }
        (None, None) => {
            let error = document.error_at(KEY, "when are packets sent?");
            let error = error.labelled("one of the keys `rate` and `flows` is missing");
            return Err(
                error.help("flows = { count = 10, rate = \"4/s\" } sends ten streams between random pairs of nodes")
            );
        }
    };
    Ok(Packets {
        span,
        times,
        bytes: packet_bytes(raw.size, "workload.packets.size", document)?,
        among: among(raw.among, KEY, document)?,
    })
}

/// How many bytes a packet carries: as many as there is room for.
pub(super) fn packet_bytes(size: Bytes, key: &str, document: &Document) -> Result<u32, InputError> {
    match size.get() {
        bytes @ 0..=PACKET_LIMIT => Ok(bytes as u32),
        bytes => {
            let message = format!("expected at most {PACKET_LIMIT}B, found {bytes}B");
            Err(document.error_at(key, message).labelled("too large"))
        }
    }
}

fn flows_of(raw: &RawFlows, nodes: u32, span: Span, document: &Document) -> Result<PacketTimes, InputError> {
    if !(1..=FLOW_LIMIT).contains(&raw.count) {
        let message = format!("expected between 1 and {FLOW_LIMIT} flows, found {}", raw.count);
        return Err(document.error_at("workload.packets.flows.count", message));
    }
    let every = SimDuration::from_secs_f64(1.0 / raw.rate.per_second());
    let over = raw.over.map_or(every, Duration::get);
    if span.start + over > span.until {
        let message = format!(
            "flows begin over {}, but packets are sent for {}",
            written(over),
            written(span.until.since(span.start))
        );
        let key = if raw.over.is_some() { "over" } else { "rate" };
        let error = document.error_at(&format!("workload.packets.flows.{key}"), message);
        return Err(error.labelled("no packet of some of them is sent"));
    }
    Ok(PacketTimes::Flows {
        count: raw.count,
        every,
        over,
        between: raw.between.map(|ends| ends_of(ends, nodes, document)).transpose()?,
    })
}

/// Two different nodes of those that there are.
fn ends_of(ends: [u32; 2], nodes: u32, document: &Document) -> Result<(NodeAddr, NodeAddr), InputError> {
    const KEY: &str = "workload.packets.flows.between";
    let [from, to] = ends;
    if let Some(at) = ends.iter().position(|end| *end >= nodes) {
        let error = document.error_at(&format!("{KEY}.{at}"), format!("there is no node {}", ends[at]));
        return Err(error.labelled(format!("the {nodes} nodes are numbered from 0 to {}", nodes - 1)));
    }
    if from == to {
        let error = document.error_at(KEY, format!("a flow from node {from} to itself"));
        return Err(error.labelled("needs two different nodes"));
    }
    Ok((NodeAddr(from), NodeAddr(to)))
}

/// The lookups of addresses of a scenario that ends at `end`.
pub(super) fn node_lookups(raw: &RawNodeLookups, end: SimTime, document: &Document) -> Result<NodeLookups, InputError> {
    const KEY: &str = "workload.node_lookups";
    Ok(NodeLookups {
        span: span(KEY, raw.start, raw.until, raw.patience, end, document)?,
        rate: raw.rate.per_second(),
        among: among(raw.among, KEY, document)?,
    })
}

fn among(raw: RawAmong, key: &str, document: &Document) -> Result<Among, InputError> {
    match raw {
        RawAmong::Uniform => Ok(Among::Uniform),
        RawAmong::Within(0) => {
            let error = document.error_at(&format!("{key}.among.within"), "nobody else is 0 links away");
            Err(error.labelled("expected at least 1"))
        }
        RawAmong::Within(links) => Ok(Among::Within(links)),
    }
}

/// When something begins and how long it may last, by the keys of a table.
pub(super) fn span(
    key: &str,
    start: Duration,
    until: Option<Duration>,
    patience: Option<Duration>,
    end: SimTime,
    document: &Document,
) -> Result<Span, InputError> {
    let complain = |inner: &str, message: String| document.error_at(&format!("{key}.{inner}"), message);
    let start = SimTime::ZERO + start.get();
    if start >= end {
        let message = format!("nothing begins at {}, when the run has ended", since_start(start));
        return Err(complain("start", message).labelled(BEFORE_END));
    }
    let until = until.map_or(end, |until| SimTime::ZERO + until.get());
    if until > end || until <= start {
        let message = format!(
            "expected a time after {} and not after {}, found {}",
            since_start(start),
            since_start(end),
            since_start(until)
        );
        return Err(complain("until", message).labelled("must lie between `start` and `run.duration`"));
    }
    let patience = patience.map_or(PATIENCE, Duration::get);
    if patience == SimDuration::ZERO {
        return Err(complain("patience", "nothing arrives in no time".to_owned()).labelled("must be longer than 0s"));
    }
    Ok(Span { start, until, patience })
}
