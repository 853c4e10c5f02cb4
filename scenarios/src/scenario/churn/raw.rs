//! Comings and goings as they are written.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;
use sim_core::churn::Timing;
use sim_core::time::SimDuration;

use super::Returning;
use super::lifetime::RawLifetime;
use crate::churn_trace::Format;
use crate::scenario::one_or_many::Repeatable;
use crate::units::{Duration, Fraction, Positive, Rate};

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(in crate::scenario) enum RawChurn {
    /// Everybody stays.
    #[default]
    None,
    /// Every node alternates between up and down, in the steady state where the means are finite.
    Sessions(RawSessions),
    /// Random nodes leave, and a new node takes the place of each at once: the population is constant.
    Replacement(RawReplacement),
    /// New nodes join and random nodes leave, each at a rate of its own: the population wanders.
    Rates(RawRates),
    /// A new node joins and a random node leaves in turn: the population is constant, or one more.
    Alternating(RawAlternating),
    /// New nodes come by a Poisson process, and each stays for a session; the rate may follow the day.
    Arrivals(RawArrivals),
    /// Hosts come and go as measured.
    Trace(RawTrace),
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct RawSessions {
    /// How long a node is up.
    pub(super) up: RawLifetime,
    /// How long it is down.
    pub(super) down: RawLifetime,
    /// The probability that a node says goodbye when it leaves.
    pub(super) graceful: Fraction,
    /// Whether who comes back keeps the identifier.
    #[serde(default)]
    pub(super) returning: Returning,
    /// When it sets in; at the end of `bring_up.joins.over` where it is left out.
    pub(super) start: Option<Duration>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct RawReplacement {
    /// How many nodes of the whole network are replaced in a time; or say `half_life`.
    pub(super) rate: Option<Rate>,
    /// The time in which half of the nodes are replaced, on average; or say `rate`.
    pub(super) half_life: Option<Duration>,
    /// How replacements are spread.
    #[serde(default)]
    pub(super) timing: RawTiming,
    /// How many nodes are up; all where it is left out. A newcomer takes the place that has been free longest.
    pub(super) population: Option<u32>,
    /// The probability that a node says goodbye when it leaves.
    pub(super) graceful: Fraction,
    /// When it sets in; at the end of `bring_up.joins.over` where it is left out.
    pub(super) start: Option<Duration>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct RawRates {
    /// How many new nodes join in a time; one that finds no free place is refused, and counted.
    pub(super) joins: Rate,
    /// How many random nodes leave in a time; when nobody is up, nobody leaves.
    pub(super) departures: Rate,
    /// How both are spread.
    #[serde(default)]
    pub(super) timing: RawTiming,
    /// How many nodes are up when it begins.
    pub(super) population: u32,
    /// The probability that a node says goodbye when it leaves.
    pub(super) graceful: Fraction,
    /// When it sets in; at the end of `bring_up.joins.over` where it is left out.
    pub(super) start: Option<Duration>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct RawAlternating {
    /// How many events there are in a time, joins and departures together: half of them are joins.
    pub(super) rate: Rate,
    /// How the events are spread.
    #[serde(default)]
    pub(super) timing: RawTiming,
    /// How many nodes are up when somebody joins, fewer than `nodes.count`. A newcomer takes the place that has been free longest.
    pub(super) population: u32,
    /// The probability that a node says goodbye when it leaves.
    pub(super) graceful: Fraction,
    /// When it sets in; at the end of `bring_up.joins.over` where it is left out.
    pub(super) start: Option<Duration>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct RawArrivals {
    /// How many come in a time, on average; one that finds no free place is refused, and counted.
    pub(super) rate: Rate,
    /// How long each stays.
    pub(super) sessions: RawLifetime,
    /// The rhythm of the day; none where it is left out.
    pub(super) diurnal: Option<RawDiurnal>,
    /// The probability that a node says goodbye when it leaves.
    pub(super) graceful: Fraction,
    /// When it sets in; at the end of `bring_up.joins.over` where it is left out.
    pub(super) start: Option<Duration>,
}

/// A rate that follows a cosine.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct RawDiurnal {
    /// How far the rate rises above its mean and falls below it, in parts of the mean.
    pub(super) amplitude: Fraction,
    /// The length of the day.
    #[serde(default = "day")]
    pub(super) period: Duration,
    /// When in the run the rate is highest for the first time.
    #[serde(default)]
    pub(super) peak: Duration,
}

/// 24 hours.
fn day() -> Duration {
    Duration(SimDuration::from_secs(86_400))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct RawTrace {
    /// The file, which may be packed by gzip; a relative path starts from the folder of the scenario.
    pub(super) file: PathBuf,
    /// How the file is laid out.
    pub(super) format: Format,
    /// Which hosts take part, if there are more of them than nodes.
    #[serde(default)]
    pub(super) hosts: Hosts,
    /// The time of the trace at which churn sets in.
    #[serde(default)]
    pub(super) from: Duration,
    /// How many times as long everything lasts; 1 where it is left out.
    pub(super) scale: Option<Positive>,
    /// The probability that a node says goodbye when it leaves.
    pub(super) graceful: Fraction,
    /// Whether who comes back keeps the identifier.
    #[serde(default)]
    pub(super) returning: Returning,
    /// When it sets in; at the end of `bring_up.joins.over` where it is left out.
    pub(super) start: Option<Duration>,
}

/// Which hosts of a trace take part.
#[derive(Clone, Copy, Debug, Default, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::scenario) enum Hosts {
    /// The first of the file.
    #[default]
    First,
    /// Random ones, others in each replication.
    Random,
}

/// How events of a rate are spread.
#[derive(Clone, Copy, Debug, Default, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::scenario) enum RawTiming {
    /// By a Poisson process.
    #[default]
    Poisson,
    /// At equal distances.
    Even,
}

impl From<RawTiming> for Timing {
    fn from(raw: RawTiming) -> Self {
        match raw {
            RawTiming::Poisson => Timing::Poisson,
            RawTiming::Even => Timing::Even,
        }
    }
}

impl RawChurn {
    /// The name of the model, the probability of a graceful departure and the start, which all of them have.
    pub(super) fn common(&self) -> (&'static str, f64, Option<Duration>) {
        let (name, graceful, start) = match self {
            RawChurn::None => return ("none", 0.0, None),
            RawChurn::Sessions(raw) => ("sessions", raw.graceful, raw.start),
            RawChurn::Replacement(raw) => ("replacement", raw.graceful, raw.start),
            RawChurn::Rates(raw) => ("rates", raw.graceful, raw.start),
            RawChurn::Alternating(raw) => ("alternating", raw.graceful, raw.start),
            RawChurn::Arrivals(raw) => ("arrivals", raw.graceful, raw.start),
            RawChurn::Trace(raw) => ("trace", raw.graceful, raw.start),
        };
        (name, graceful.get(), start)
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct RawMassFailure {
    /// When.
    pub(super) at: Duration,
    /// The share of the nodes that are up.
    pub(super) fraction: Fraction,
    /// The probability that one of them says goodbye.
    #[serde(default)]
    pub(super) graceful: Fraction,
    /// A place, if those fail who are nearest to it: `[x, y]` in a plane, longitude and latitude in degrees on a topology.
    /// Random nodes where it is left out.
    pub(super) nearest_to: Option<[f64; 2]>,
}

impl Repeatable for RawMassFailure {
    const KEY: &'static str = "mass_failure";
    const EXPECTED: &'static str = "a failure such as { at = \"1h\", fraction = 0.5 }";
    const SCHEMA: &'static str = "MassFailures";
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct RawFlashCrowd {
    /// How many of `nodes.count` are the crowd; a churn model holds for the others.
    pub(super) nodes: u32,
    /// When the first may come.
    pub(super) at: Duration,
    /// They come at random times in this span.
    pub(super) over: Duration,
    /// How long each stays; for good where it is left out.
    pub(super) stay: Option<RawLifetime>,
    /// The probability that one says goodbye when it leaves.
    #[serde(default)]
    pub(super) graceful: Fraction,
}
