//! The tables of the results: their names, their columns, and what these mean.

use analysis::Cell;

use super::rows::{
    access_links, hops, latency, load, load_distribution, lookups, messages, node_load, one_ring, path_length,
    population, quantiles, repairs, rings, snapshot_links, snapshot_nodes, state, stretch, table_errors,
};
use super::{comings, paths, storage, tunnels};
use crate::run::common::Common;
use crate::run::measure::Measured;
use crate::run::steady;
use crate::scenario::Kind;

/// A table of the results: its name, its own columns (units in the name), and what they mean.
pub(super) struct Layout {
    pub(super) name: &'static str,
    pub(super) columns: &'static [&'static str],
    /// Whether points of a kind ask for it: it is written where any of them does.
    pub(super) written: fn(&Kind) -> bool,
    pub(super) rows: fn(&Measured, &Common) -> Vec<Vec<Cell>>,
}

/// The tables that runs of an overlay write. Before its own columns each has one a swept key, then `nodes` (places for
/// nodes) and `replication` (from zero).
pub(super) const TABLES: [Layout; 33] = [
    // A row a run. Means are over completed lookups; `visited` counts nodes up to and including the owner's predecessor,
    // `hops` counts to the owner; stretch is latency over the direct round trip, and of messages that are routed over the direct
    // path one way; `relative_distance` is the sum of latencies over the sum of these, which the mean of ratios is not. `correct` is
    // the owner among the members, that is, those who have said that their join is complete; `at_newcomer` are those that are not
    // correct only because the owner had not said so yet, when others knew it already.
    Layout {
        name: "lookups",
        columns: &[
            "issued",
            "completed",
            "correct",
            "failed",
            "unfinished",
            "completed_fraction",
            "correct_fraction",
            "visited_mean",
            "visited_variance",
            "visited_p01",
            "visited_p50",
            "visited_p99",
            "hops_mean",
            "timeouts_mean",
            "dead_owners_mean",
            "latency_mean_ms",
            "latency_p50_ms",
            "latency_p95_ms",
            "stretch_mean",
            "stretch_p10",
            "stretch_p50",
            "stretch_p90",
            "relative_distance",
            "at_newcomer",
        ],
        written: always,
        rows: lookups,
    },
    // The distribution of `visited`: a row a value, the same values in all runs of a point.
    Layout {
        name: "path_length",
        columns: &["visited", "lookups", "fraction", "fraction_at_most"],
        written: always,
        rows: path_length,
    },
    // The distribution of `hops`, likewise.
    Layout {
        name: "hops",
        columns: &["hops", "lookups", "fraction", "fraction_at_most"],
        written: always,
        rows: hops,
    },
    // The distribution of latency: the fraction of completed lookups that took at most so long.
    Layout {
        name: "latency",
        columns: &["latency_ms", "fraction_at_most"],
        written: always,
        rows: latency,
    },
    // The distribution of stretch, likewise.
    Layout {
        name: "stretch",
        columns: &["stretch", "fraction_at_most"],
        written: always,
        rows: stretch,
    },
    // Quantiles of latency (ms) and of stretch, a row each: the value by nearest rank, and the distribution-free 95 % interval
    // within the run, which takes its lookups for independent. They are not: the interval over replications is the honest one.
    Layout {
        name: "quantiles",
        columns: &["of", "quantile", "value", "low", "high", "samples"],
        written: always,
        rows: quantiles,
    },
    // Lookups by when they began, a row a bin of `measure.bin`, the warm-up (`counted` = 0) included.
    Layout {
        name: "lookups_over_time",
        columns: &[
            "time_s",
            "counted",
            "issued",
            "completed",
            "correct",
            "failed",
            "unfinished",
            "correct_fraction",
            "hops_mean",
            "timeouts_mean",
            "latency_mean_ms",
        ],
        written: always,
        rows: |measured, common| steady::over_time(measured, common.bins),
    },
    // Whether the bins after the warm-up (`warm_up_s`) have settled, a row a metric: the probability that a settled series
    // wanders as far, of this run alone and of the mean over all runs of the point; settled where it is at least 5 %. What is
    // over within an eighth of the bins goes unnoticed: `suggested_warm_up_s` is the warm-up that "auto" finds in all runs.
    Layout {
        name: "stationarity",
        columns: &[
            "metric",
            "warm_up_s",
            "bins",
            "p_value",
            "stationary",
            "together_p_value",
            "together_stationary",
            "suggested_warm_up_s",
        ],
        written: always,
        rows: |measured, common| steady::rows(measured, &common.together),
    },
    // What was sent since measurement began, by kind and in total, and how many of these messages the network lost, found
    // nobody up to receive, or were lost at a full queue of an access link, where there are such; rates are a node that is up and second.
    Layout {
        name: "messages",
        columns: &["kind", "messages", "bytes", "messages_per_node_s", "bytes_per_node_s"],
        written: always,
        rows: messages,
    },
    // What came to the access links of all hosts since measurement began, a row a direction: messages that were taken and those
    // that found the queue full; how long the former waited for others before they were sent themselves, the longest wait
    // since the run began.
    Layout {
        name: "access_links",
        columns: &[
            "direction",
            "messages",
            "lost",
            "lost_fraction",
            "wait_mean_ms",
            "wait_max_ms",
        ],
        written: |kind| kind.access_links,
        rows: access_links,
    },
    // Who came and went, over the whole run; `up_mean` since measurement began.
    Layout {
        name: "population",
        columns: &[
            "arrivals",
            "restarted_joins",
            "graceful_departures",
            "silent_departures",
            "up_mean",
            "up_end",
            "members_end",
        ],
        written: always,
        rows: population,
    },
    // What it took to repair the tables of those who stayed, over the whole run, as far as the protocol tells: requests by what
    // is repaired, and how many they are for each node that departed.
    Layout {
        name: "repairs",
        columns: &["of", "requests", "requests_per_departure"],
        written: |kind| kind.comes_and_goes,
        rows: repairs,
    },
    // What churn really did in the measured time, a row a run. `begins` is how the model starts: `steady`, `periodic`,
    // `whole_sessions`, `wandering` or `as_measured`; `disturbed` where a mass failure or a flash crowd leaves no steady state.
    // Counted are hosts, which come and go with all of their nodes. The mean session is node-seconds up over departures (Little's law), the
    // median the product-limit estimate over the sessions that began in the measured time; both empty where too few ended.
    // `halving_s` is when half of those who were up at the beginning had left, `doubling_s` when as many had come (Liben-Nowell,
    // Balakrishnan and Karger 2002: the shorter one is the half-life).
    Layout {
        name: "churn",
        columns: &[
            "begins",
            "sessions_begun",
            "sessions_ended",
            "session_mean_s",
            "session_median_s",
            "up_mean",
            "up_least",
            "up_most",
            "empty_s",
            "halving_s",
            "doubling_s",
            "arrivals_per_s",
            "departures_per_s",
            "refused",
        ],
        written: |kind| kind.comes_and_goes,
        rows: comings::churn,
    },
    // The distribution of sessions: the share of those begun in the measured time that lasted at most so long, by the
    // product-limit estimate; no rows beyond the longest that ended.
    Layout {
        name: "sessions",
        columns: &["session_s", "fraction_at_most"],
        written: |kind| kind.comes_and_goes,
        rows: comings::sessions,
    },
    // What the overlay costs and what it buys, a row a run: the traffic of the measured time for each node that is up, lookups
    // included, beside what became of the lookups (Li et al. 2005: performance versus cost). `together_bytes_per_node_s` is the
    // mean over all runs of the point, the same in each, so that figures along it average what belongs together.
    // `control_messages_per_node_s` is the traffic without routed messages and their acknowledgements; empty where kinds of messages
    // do not tell lookups from upkeep.
    Layout {
        name: "cost",
        columns: &[
            "together_bytes_per_node_s",
            "bytes_per_node_s",
            "messages_per_node_s",
            "control_messages_per_node_s",
            "completed_fraction",
            "correct_fraction",
            "hops_mean",
            "timeouts_mean",
            "latency_mean_ms",
            "latency_p50_ms",
        ],
        written: comes_and_goes_under_lookups,
        rows: comings::cost,
    },
    // Which hosts were up in each bin of `measure.bin`, and how many came and went a second.
    Layout {
        name: "population_over_time",
        columns: &["time_s", "up_mean", "arrivals_per_s", "departures_per_s"],
        written: comes_and_goes_under_lookups,
        rows: comings::population_over_time,
    },
    paths::REACHABILITY,
    paths::AVAILABILITY,
    paths::CONVERGENCE,
    // How `keys` random keys spread over the members at the end of the run, a row a run and kind of holder; percentiles by
    // nearest rank.
    Layout {
        name: "load",
        columns: &[
            "holder",
            "holders",
            "keys",
            "held_mean",
            "held_p01",
            "held_p50",
            "held_p99",
            "held_max",
            "none_fraction",
        ],
        written: |kind| kind.load,
        rows: load,
    },
    // The distribution of that: which fraction of the holders has so many keys, the same numbers in all runs of a point.
    Layout {
        name: "load_distribution",
        columns: &["holder", "held", "holders", "fraction"],
        written: |kind| kind.load,
        rows: load_distribution,
    },
    // What the members know at the end of the run, a row a kind of entry in their tables: entries a node; `total` are all kinds, and
    // `distinct` the different nodes among them. Percentiles by nearest rank. Beside that what it buys: the mean number of hops of
    // all lookups. `together_entries_mean` is the mean over all runs of the point, the same in each, so that figures along it
    // average what belongs together.
    Layout {
        name: "state",
        columns: &[
            "kind",
            "members",
            "together_entries_mean",
            "entries_mean",
            "entries_p01",
            "entries_p50",
            "entries_p99",
            "entries_max",
            "hops_mean",
        ],
        written: always,
        rows: state,
    },
    // What each node has to do: the messages of a kind, and of all, that a node received since measurement began, be it to
    // answer, to pass on or to take in. Counted are the members at the end and whoever else handled anything. What is routed to a key is
    // received once for each hop.
    Layout {
        name: "node_load",
        columns: &[
            "kind",
            "nodes_counted",
            "received_mean",
            "received_p01",
            "received_p50",
            "received_p99",
            "received_max",
        ],
        written: |kind| kind.node_load,
        rows: node_load,
    },
    // The rings that the members make up, a row a count: circles of members, each what the one before takes for its successor;
    // `largest` are the members on the largest, `correct` those whose successor is the next member by identifier.
    Layout {
        name: "rings",
        columns: &["time_s", "members", "rings", "largest", "correct"],
        written: |kind| kind.rings,
        rows: rings,
    },
    // What was wrong with the tables of the members, a row a comparison: leaf sets that are not the true ones, entries of all tables
    // that are no members, entries that are not in the cell where they are looked for; and which part of the cells of routing
    // tables that some member fits has a member.
    Layout {
        name: "table_errors",
        columns: &[
            "time_s",
            "members",
            "wrong_leaf_sets",
            "dead_entries",
            "misplaced_entries",
            "filled_fraction",
        ],
        written: |kind| kind.tables,
        rows: table_errors,
    },
    // A row a run: since when all successors were correct until the last count, that is, there was one ring, in order, and how
    // long after the last partition was healed; empty if there was not.
    Layout {
        name: "one_ring",
        columns: &["time_s", "after_partition_s", "rings_end"],
        written: |kind| kind.rings,
        rows: one_ring,
    },
    storage::STORAGE,
    storage::DURABILITY,
    storage::STORED,
    tunnels::ADDRESS_SERVERS,
    tunnels::TUNNELS,
    // The nodes that were up at the times of `observe.snapshots`. In a network layer whose nodes have addresses `id` is the address, in binary
    // digits, and `state` its leading bits; `x` and `y` are metres where links come from places. Otherwise `turn` is where the identifier lies among all that there
    // can be, from 0 to 1; `x` and `y` are where the host lies, if the network has places: longitude and latitude in degrees on
    // a topology (those of its router), units of length in a plane.
    Layout {
        name: "snapshot_nodes",
        columns: &["time_s", "node", "id", "turn", "x", "y", "state"],
        written: |kind| kind.snapshots,
        rows: snapshot_nodes,
    },
    // Whom they knew, and what he was to them; it may be somebody who was not up.
    Layout {
        name: "snapshot_links",
        columns: &["time_s", "from", "to", "kind"],
        written: |kind| kind.snapshots,
        rows: snapshot_links,
    },
];

fn always(_: &Kind) -> bool {
    true
}

/// Without lookups there are no bins.
fn comes_and_goes_under_lookups(kind: &Kind) -> bool {
    kind.comes_and_goes && kind.lookups
}
