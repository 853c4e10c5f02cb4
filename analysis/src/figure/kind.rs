//! The kinds of figure, and the columns that each is drawn from.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Figure, Scatter};
use crate::expect::Relative;
use crate::spec::Problem;

/// Columns of a figure of lines or bars: one against another, averaged over replications.
///
/// ```toml
/// [figure.lines]
/// x = "nodes"
/// y = "visited_mean"
/// quantiles = ["visited_p01", "visited_p99"]
/// interval = "band"
/// ```
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Columns {
    /// The column of the horizontal axis.
    pub x: String,
    /// The column of the vertical axis.
    pub y: String,
    /// The column that tells the series apart; one series where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series: Option<String>,
    /// What the legend calls a single series, `measured` where it is left out; of several, what stands before their values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Two columns with a lower and an upper quantile of what `y` is the mean of. Drawn as a thin range through the
    /// point, each end averaged over the replications.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantiles: Option<[String; 2]>,
    /// Rows that `y` is divided by, as in an expectation: those in which these columns have these values, and all others are as in
    /// the rows of the point. A point is then the mean of `y` over that there, of the replications that have both.
    #[serde(default, skip_serializing_if = "Relative::is_empty")]
    pub relative_to: Relative,
    /// How the 95 % interval of the mean is drawn: `bars` (the default) or, for lines only, a shaded `band`.
    #[serde(default, skip_serializing_if = "Interval::is_bars")]
    pub interval: Interval,
}

/// How intervals of a mean are drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Interval {
    /// A bar with caps through each point.
    #[default]
    Bars,
    /// A shaded band along the line: for many points.
    Band,
}

impl Interval {
    fn is_bars(&self) -> bool {
        *self == Interval::Bars
    }
}

/// Columns of a distribution over whole numbers: the fraction of each number, averaged over replications. A number that a
/// replication has no row of counts as 0 there. On a logarithmic axis what is 0 on average is left out.
///
/// ```toml
/// [figure.pmf]
/// x = "visited"
/// y = "fraction"
/// marks = "points"
/// ```
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pmf {
    /// The column of the numbers.
    pub x: String,
    /// The column of their fractions. Where it is left out, each row of the table is one observation of `x`, and the
    /// fractions are counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub y: Option<String>,
    /// The column that tells the series apart; one series where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series: Option<String>,
    /// What the legend calls a single series, `measured` where it is left out; of several, what stands before their values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// What stands for a fraction: `bars` (the default) or `points`.
    #[serde(default)]
    pub marks: Marks,
}

/// What stands for a fraction.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Marks {
    /// Bars, side by side where there are several series.
    #[default]
    Bars,
    /// Points: better on a logarithmic axis, where the length of a bar means nothing.
    Points,
}

/// Columns of a cumulative distribution, averaged over replications, with a band for the 95 % interval.
///
/// ```toml
/// [figure.ccdf]
/// x = "latency_ms"
/// y = "fraction_at_most"
/// series = "protocol.chord.lookup"
/// ```
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cumulative {
    /// The column of the values.
    pub x: String,
    /// The column of the fraction that does not exceed `x`, as in the tables `latency` and `stretch` (for `ccdf` too,
    /// which draws what is left of 1); joined by straight lines. Where it is left out, each row of the table is one
    /// sample of `x`, and the distribution is that of the samples, a function of steps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub y: Option<String>,
    /// The column that tells the series apart; one series where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series: Option<String>,
    /// What the legend calls a single series, `measured` where it is left out; of several, what stands before their values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

/// Columns of a heat map: a value at each pair of x and y, averaged over replications, as a colour. `[figure.value]` is the
/// axis of the colours. Columns of the axes that hold texts, such as `30s`, are drawn in order of appearance.
///
/// ```toml
/// [figure.heat_map]
/// x = "nodes"
/// y = "protocol.chord.stabilize_period"
/// value = "correct_fraction"
/// [figure.value]
/// label = "Correct lookups"
/// ```
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HeatMap {
    /// The column of the horizontal axis.
    pub x: String,
    /// The column of the vertical axis.
    pub y: String,
    /// The column that the colour shows.
    pub value: String,
}

/// A picture of a network: nodes at their places, joined by links. The figure's `table` is the table of links; a condition
/// of `where` holds for each of both tables that has its column. Across and up have the same scale. With labels, `[figure.x]`
/// and `[figure.y]` make axes; without, there are none.
///
/// ```toml
/// [[figure]]
/// name = "overlay"
/// table = "snapshot_links"
/// where = { time_s = 3600, replication = 0 }
/// [figure.network]
/// nodes = "snapshot_nodes"
/// kind = "kind"
/// ```
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// The table of nodes.
    pub nodes: String,
    /// The column of the table of nodes that names them, each once.
    #[serde(default = "column::node")]
    pub node: String,
    /// Its column of places across. A node that has no place is left out, and the caption says so.
    #[serde(default = "column::x")]
    pub x: String,
    /// Its column of places up.
    #[serde(default = "column::y")]
    pub y: String,
    /// Its column of what nodes are told apart by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Its column of what is written beside a node, where there is room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The column of the table of links that names the one end.
    #[serde(default = "column::from")]
    pub from: String,
    /// And the other.
    #[serde(default = "column::to")]
    pub to: String,
    /// The column of the table of links of what links are told apart by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Whether places are longitudes and latitudes in degrees. A degree of longitude is then as much shorter than one of
    /// latitude as it is on the sphere in the middle of the picture.
    #[serde(default)]
    pub geographic: bool,
}

/// A picture of a ring: nodes on a circle, clockwise from the top, joined by links. The tables are those of [`Network`].
///
/// ```toml
/// [[figure]]
/// name = "ring"
/// table = "snapshot_links"
/// where = { time_s = 3600, replication = 0 }
/// [figure.ring]
/// nodes = "snapshot_nodes"
/// kind = "kind"
/// state = "state"
/// ```
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ring {
    /// The table of nodes.
    pub nodes: String,
    /// The column of the table of nodes that names them, each once.
    #[serde(default = "column::node")]
    pub node: String,
    /// Its column of places on the ring, from 0 to 1. A node that has none is left out, and the caption says so.
    #[serde(default = "column::turn")]
    pub turn: String,
    /// Its column of what nodes are told apart by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Its column of what is written beside a node, where there is room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The column of the table of links that names the one end.
    #[serde(default = "column::from")]
    pub from: String,
    /// And the other.
    #[serde(default = "column::to")]
    pub to: String,
    /// The column of the table of links of what links are told apart by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

/// What the columns of a snapshot's tables are called.
mod column {
    pub(super) fn node() -> String {
        "node".to_owned()
    }

    pub(super) fn x() -> String {
        "x".to_owned()
    }

    pub(super) fn y() -> String {
        "y".to_owned()
    }

    pub(super) fn turn() -> String {
        "turn".to_owned()
    }

    pub(super) fn from() -> String {
        "from".to_owned()
    }

    pub(super) fn to() -> String {
        "to".to_owned()
    }
}

/// The kind of a figure, of which there is exactly one.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind<'a> {
    Lines(&'a Columns),
    Bars(&'a Columns),
    Pmf(&'a Pmf),
    Cdf(&'a Cumulative),
    Ccdf(&'a Cumulative),
    HeatMap(&'a HeatMap),
    Scatter(&'a Scatter),
    Network(&'a Network),
    Ring(&'a Ring),
}

impl Kind<'_> {
    /// The key under `[[figure]]`.
    pub(super) fn key(&self) -> &'static str {
        match self {
            Kind::Lines(_) => "lines",
            Kind::Bars(_) => "bars",
            Kind::Pmf(_) => "pmf",
            Kind::Cdf(_) => "cdf",
            Kind::Ccdf(_) => "ccdf",
            Kind::HeatMap(_) => "heat_map",
            Kind::Scatter(_) => "scatter",
            Kind::Network(_) => "network",
            Kind::Ring(_) => "ring",
        }
    }

    /// Whether it is drawn from a table of nodes and one of links.
    pub(super) fn is_graph(&self) -> bool {
        matches!(self, Kind::Network(_) | Kind::Ring(_))
    }
}

impl Figure {
    /// How the figure is drawn.
    ///
    /// # Errors
    /// [`Problem::NotOne`] unless exactly one kind is there.
    pub(super) fn kind(&self) -> Result<Kind<'_>, Problem> {
        let kinds = [
            self.lines.as_ref().map(Kind::Lines),
            self.bars.as_ref().map(Kind::Bars),
            self.pmf.as_ref().map(Kind::Pmf),
            self.cdf.as_ref().map(Kind::Cdf),
            self.ccdf.as_ref().map(Kind::Ccdf),
            self.heat_map.as_ref().map(Kind::HeatMap),
            self.scatter.as_ref().map(Kind::Scatter),
            self.network.as_ref().map(Kind::Network),
            self.ring.as_ref().map(Kind::Ring),
        ];
        let found: Vec<Kind<'_>> = kinds.into_iter().flatten().collect();
        if let [kind] = found[..] {
            return Ok(kind);
        }
        let names: Vec<&str> = found.iter().map(Kind::key).collect();
        Err(Problem::NotOne {
            expected: "lines, bars, pmf, cdf, ccdf, heat_map, scatter, network, ring".to_owned(),
            found: if names.is_empty() {
                "none".to_owned()
            } else {
                names.join(", ")
            },
        })
    }
}
