//! What the nodes are asked for: who looks up what, and when.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;
use sim_core::distribution::Zipf;
use sim_core::time::{SimDuration, SimTime};

use super::asking::By;
use super::files::ScenarioFiles;
use super::groups::RawGroups;
use super::packets::{RawNodeLookups, RawPackets};
use super::storage::RawStorage;
use super::validate::{BEFORE_END, since_start};
use crate::input::{Document, InputError};
use crate::lookup_trace::{Field, LookupTrace};
use crate::units::{Duration, Rate, written};

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawWorkload {
    /// Lookups at random times, in equal steps, or by a trace: one of `rate`, `every` and `trace`.
    pub(super) lookups: Option<RawLookups>,
    /// What is stored, in a protocol that stores values.
    pub(super) storage: Option<RawStorage>,
    /// Packets from node to node, in a protocol of the network layer.
    pub(super) packets: Option<RawPackets>,
    /// Lookups of nodes' addresses, in a protocol of the network layer that has addresses apart from identities.
    pub(super) node_lookups: Option<RawNodeLookups>,
    /// Messages to groups of nodes, in a protocol of the network layer that knows groups.
    pub(super) groups: Option<RawGroups>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLookups {
    /// The first may start now.
    start: Duration,
    /// None starts from here on; the end of the run where it is left out.
    until: Option<Duration>,
    /// How many start at each initiator that is up: a Poisson process.
    rate: Option<Rate>,
    /// How many start in the whole network while all initiators are up, likewise: each has its share.
    total_rate: Option<Rate>,
    /// The time from one lookup of an initiator to its next; the first comes at a random moment within it.
    every: Option<Duration>,
    /// A file with lines of `time node key`; a relative path starts from the folder of the scenario.
    trace: Option<PathBuf>,
    /// Who looks up.
    #[serde(default)]
    initiators: Initiators,
    /// Which keys.
    #[serde(default)]
    keys: RawKeys,
    /// How a key's owner is reached; where it is left out, in the first of these ways that the protocol offers.
    by: Option<By>,
    /// How long a message may be on its way to its key: one that has not been delivered by then counts as failed. With
    /// `by = "route"` only; 30s where it is left out.
    patience: Option<Duration>,
}

/// Which keys are looked up.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum RawKeys {
    /// Each key of the identifier space as likely as any other.
    #[default]
    Uniform,
    /// The identifier of a random member other than the initiator: random pairs of nodes.
    Nodes,
    /// Some keys, the few more popular than the many.
    Zipf {
        /// How many keys there are, at random places of the identifier space.
        keys: u64,
        /// The exponent: the key of rank k is asked for in proportion to k to the power of minus this. Measured requests have
        /// 0.6 to 1.2.
        exponent: f64,
    },
}

/// Who looks up. With virtual nodes these are hosts, each of which looks up through one of its nodes, drawn anew each time.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Initiators {
    /// Every node.
    #[default]
    All,
    /// So many nodes, drawn at random once for the whole run.
    Random(u32),
    /// These nodes, by their numbers from 0.
    Nodes(Vec<u32>),
}

impl Initiators {
    /// How many of so many hosts they are.
    fn count(&self, hosts: u32) -> u32 {
        match self {
            Initiators::All => hosts,
            Initiators::Random(count) => *count,
            Initiators::Nodes(some) => some.len() as u32,
        }
    }
}

/// Lookups: when, from where, of what.
#[derive(Clone, Debug)]
pub struct Lookups {
    /// The first may start now.
    pub start: SimTime,
    /// None starts from here on.
    pub until: SimTime,
    /// When they start.
    pub times: LookupTimes,
    /// Who looks up; a trace says so itself.
    pub initiators: Initiators,
    /// Which keys, where a trace does not tell.
    pub keys: Keys,
    /// How their owners are reached, if the scenario says so.
    pub by: Option<By>,
    /// How long a routed message may be on its way, if the scenario says so.
    pub(super) patience: Option<SimDuration>,
}

/// When lookups start. Those of an initiator that is no member at that moment are void.
#[derive(Clone, Debug)]
pub enum LookupTimes {
    /// At each initiator a Poisson process, with so many a second.
    Poisson(f64),
    /// At each initiator in equal steps, from a moment of its own on.
    Periodic(SimDuration),
    /// As somebody has written down.
    Trace(Arc<LookupTrace>),
}

/// Which keys are looked up.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Keys {
    /// Each key of the identifier space as likely as any other.
    Uniform,
    /// The identifier of a random member other than the initiator.
    Nodes,
    /// Keys by their popularity.
    Zipf(Zipf),
}

impl Lookups {
    /// How many lookups are to be expected of so many hosts that are up for this share of the time.
    pub fn expected(&self, hosts: u32, availability: f64) -> f64 {
        let initiators = f64::from(self.initiators.count(hosts));
        let span = self.until.since(self.start).as_secs_f64();
        let each = match &self.times {
            LookupTimes::Poisson(rate) => rate * span,
            LookupTimes::Periodic(every) => span / every.as_secs_f64(),
            LookupTimes::Trace(trace) => return trace.between(self.start, self.until).len() as f64 * availability,
        };
        initiators * each * availability
    }
}

impl fmt::Display for Lookups {
    /// When, from where and of what, in words.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let initiators = match &self.initiators {
            Initiators::All => "each node".to_owned(),
            Initiators::Random(count) => format!("each of {count} random nodes"),
            Initiators::Nodes(nodes) => format!("each of {} nodes", nodes.len()),
        };
        match &self.times {
            LookupTimes::Poisson(rate) => {
                let pause = written(SimDuration::from_secs_f64(1.0 / rate));
                write!(f, "one in {pause} from {initiators} at random times")?;
            }
            LookupTimes::Periodic(every) => write!(f, "every {} from {initiators}", written(*every))?,
            LookupTimes::Trace(_) => f.write_str("by the trace")?,
        }
        match &self.keys {
            Keys::Uniform => Ok(()),
            Keys::Nodes => f.write_str(", of the identifiers of random members"),
            Keys::Zipf(law) => write!(f, ", of {} keys by Zipf's law", law.ranks()),
        }?;
        match self.by {
            Some(By::Route) => f.write_str(", as messages routed to the keys"),
            _ => Ok(()),
        }
    }
}

/// The lookups of a scenario of so many hosts that ends at `end`.
pub(super) fn lookups(
    raw: RawLookups,
    end: SimTime,
    hosts: u32,
    document: &Document,
    files: &ScenarioFiles,
) -> Result<Lookups, InputError> {
    let (start, until) = span(&raw, end, document)?;
    let times = times(&raw, hosts, document, files)?;
    if let LookupTimes::Trace(trace) = &times {
        check_trace(trace, start, until, hosts, document)?;
    }
    check_initiators(&raw.initiators, &times, hosts, document)?;
    let keys = match raw.keys {
        RawKeys::Uniform => Keys::Uniform,
        RawKeys::Nodes => Keys::Nodes,
        RawKeys::Zipf { keys, exponent } => {
            let law = Zipf::new(keys, exponent).map_err(|error| {
                let key = if keys == 0 { "keys" } else { "exponent" };
                document.error_at(&format!("workload.lookups.keys.zipf.{key}"), error.to_string())
            })?;
            Keys::Zipf(law)
        }
    };
    let patience = raw.patience.map(Duration::get);
    if patience == Some(SimDuration::ZERO) {
        return Err(document
            .error_at("workload.lookups.patience", "no message arrives in no time")
            .labelled("must be longer than 0s"));
    }
    Ok(Lookups {
        start,
        until,
        times,
        initiators: raw.initiators,
        keys,
        by: raw.by,
        patience,
    })
}

/// From when until when lookups may start.
fn span(raw: &RawLookups, end: SimTime, document: &Document) -> Result<(SimTime, SimTime), InputError> {
    let start = SimTime::ZERO + raw.start.get();
    if start >= end {
        let message = format!("lookups start at {}, when the run has ended", since_start(start));
        return Err(document
            .error_at("workload.lookups.start", message)
            .labelled(BEFORE_END));
    }
    let until = raw.until.map_or(end, |until| SimTime::ZERO + until.get());
    let complain = |message: String| document.error_at("workload.lookups.until", message);
    if until > end {
        return Err(complain(format!(
            "lookups last until {}, but the run ends at {}",
            since_start(until),
            since_start(end)
        ))
        .labelled("must not be later than `run.duration`"));
    }
    if until <= start {
        return Err(complain(format!(
            "lookups end at {}, before they start at {}",
            since_start(until),
            since_start(start)
        ))
        .labelled("must be later than `workload.lookups.start`"));
    }
    Ok((start, until))
}

/// When lookups start: by exactly one of four keys.
fn times(raw: &RawLookups, hosts: u32, document: &Document, files: &ScenarioFiles) -> Result<LookupTimes, InputError> {
    let said = [
        ("rate", raw.rate.is_some()),
        ("total_rate", raw.total_rate.is_some()),
        ("every", raw.every.is_some()),
        ("trace", raw.trace.is_some()),
    ];
    let mut said = said.into_iter().filter_map(|(key, said)| said.then_some(key));
    if let (Some(one), Some(other)) = (said.next(), said.next()) {
        let message = format!("`{other}` and `{one}` both say when lookups start");
        return Err(document
            .error_at(&format!("workload.lookups.{other}"), message)
            .labelled("leave one of them out"));
    }
    match (&raw.rate, &raw.total_rate, &raw.every, &raw.trace) {
        (Some(rate), ..) => Ok(LookupTimes::Poisson(rate.per_second())),
        (_, Some(rate), ..) => {
            let initiators = raw.initiators.count(hosts).max(1);
            Ok(LookupTimes::Poisson(rate.per_second() / f64::from(initiators)))
        }
        (_, _, Some(every), _) if every.get() == SimDuration::ZERO => Err(document
            .error_at("workload.lookups.every", "lookups cannot follow each other at once")
            .labelled("must be longer than 0s")),
        (_, _, Some(every), _) => Ok(LookupTimes::Periodic(every.get())),
        (.., Some(file)) => Ok(LookupTimes::Trace(files.lookup_trace(file, document)?)),
        (None, None, None, None) => Err(document
            .error_at("workload.lookups", "when do lookups start?")
            .labelled("one of the keys `rate`, `total_rate`, `every` and `trace` is missing")
            .help("rate = \"1/min\" makes them a Poisson process at each node")),
    }
}

/// Makes sure that the nodes of a trace are there, and that it has lookups in the time given.
fn check_trace(
    trace: &LookupTrace,
    start: SimTime,
    until: SimTime,
    hosts: u32,
    document: &Document,
) -> Result<(), InputError> {
    let range = trace.between(start, until);
    if range.is_empty() {
        let message = format!(
            "the trace has no lookup from {} until {}",
            since_start(start),
            since_start(until)
        );
        let error = document.error_at("workload.lookups.trace", message);
        return Err(error.help("its times count from the start of the run"));
    }
    match range.clone().find(|index| trace.lookups()[*index].host.0 >= hosts) {
        None => Ok(()),
        Some(index) => {
            let node = trace.lookups()[index].host.0;
            let message = format!("there is no node {node}: the scenario has {hosts}");
            let error = trace.error_at(index, Field::Node, message);
            Err(error
                .labelled("an unknown node")
                .help("nodes are numbered from 0; set nodes.count to more of them"))
        }
    }
}

fn check_initiators(
    initiators: &Initiators,
    times: &LookupTimes,
    hosts: u32,
    document: &Document,
) -> Result<(), InputError> {
    let path = "workload.lookups.initiators";
    if *initiators != Initiators::All && matches!(times, LookupTimes::Trace(_)) {
        let error = document.error_at(path, "the trace itself says who looks up");
        return Err(error.labelled("leave it out"));
    }
    match initiators {
        Initiators::All => Ok(()),
        Initiators::Random(count) if (1..=hosts).contains(count) => Ok(()),
        Initiators::Random(count) => {
            let message = format!("expected between 1 and {hosts} initiators, found {count}");
            let error = document.error_at(&format!("{path}.random"), message);
            Err(error.labelled("must be some of the nodes, at least one"))
        }
        Initiators::Nodes(list) if list.is_empty() => {
            let error = document.error_at(&format!("{path}.nodes"), "nobody looks anything up");
            Err(error.labelled("expected at least one node"))
        }
        Initiators::Nodes(list) => {
            let (mut sorted, path) = (list.clone(), format!("{path}.nodes"));
            sorted.sort_unstable();
            if let Some(pair) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
                return Err(document.error_at(&path, format!("node {} is named twice", pair[0])));
            }
            match list.iter().position(|host| *host >= hosts) {
                None => Ok(()),
                Some(index) => {
                    let message = format!("there is no node {}: the scenario has {hosts}", list[index]);
                    let error = document.error_at(&format!("{path}.{index}"), message);
                    Err(error.labelled("nodes are numbered from 0"))
                }
            }
        }
    }
}
