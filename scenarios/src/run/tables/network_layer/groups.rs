//! The table of messages to groups.

use analysis::Cell;

use super::super::Layout;
use super::super::rows::{nearest_rank, number, ratio};
use crate::run::common::Common;
use crate::run::measure::Measured;
use crate::run::tally::STRETCH_UNIT;
use crate::scenario::GroupKind;

/// Messages to groups, a row a run. An anycast is `due` once, a multicast at each member that is up, its sender left out;
/// `delivered_fraction` and `connected_fraction` (that which links led to when it was sent) are of what is due. `hops` are links crossed by
/// what arrived, for each member that was reached; `distance` is how many the shortest way there had, when it was sent, and `stretch` the one
/// over the other: 1 where a multicast crosses as many links as packets to each member by themselves would at best. Of anycasts only: how far the
/// `nearest` member was and how far a `random` one, `distance_ratio` (the member that was reached over the nearest one, in the mean over
/// messages) and the part that got to one that nobody was nearer than. Latency has the lookup in it.
pub(super) const GROUPS: Layout = Layout {
    name: "groups",
    columns: &[
        "sent",
        "due",
        "delivered",
        "delivered_fraction",
        "connected_fraction",
        "hops_mean",
        "distance_mean",
        "stretch_mean",
        "nearest_mean",
        "random_mean",
        "distance_ratio",
        "nearest_fraction",
        "latency_mean_ms",
        "latency_p95_ms",
        "dropped",
        "lost",
        "unfinished",
    ],
    written: |kind| kind.groups,
    rows: groups,
};

fn groups(measured: &Measured, _: &Common) -> Vec<Vec<Cell>> {
    let Some(network) = &measured.network else {
        return Vec::new();
    };
    let tally = &network.groups;
    let of_due = |part: u64| number(ratio(part as f64, tally.due));
    let of_placed = |sum: f64| number(ratio(sum, tally.placed));
    let anycast = network.groups_kind == Some(GroupKind::Anycast);
    let of_anycasts = |sum: f64| match anycast {
        true => of_placed(sum),
        false => Cell::Empty,
    };
    let latest = nearest_rank(&network.group_latencies, 0.95);
    vec![vec![
        tally.sent.into(),
        tally.due.into(),
        tally.delivered.into(),
        of_due(tally.delivered),
        of_due(tally.connected),
        number(ratio(tally.hops as f64, tally.delivered)),
        of_placed(tally.distance as f64),
        of_placed(tally.stretch as f64 * STRETCH_UNIT),
        of_anycasts(tally.nearest as f64),
        of_anycasts(tally.random as f64 * STRETCH_UNIT),
        of_anycasts(tally.ratio as f64 * STRETCH_UNIT),
        of_anycasts(tally.at_nearest as f64),
        number(ratio(tally.latency as f64 / 1e6, tally.delivered)),
        number(latest.map(|nanos| nanos as f64 / 1e6)),
        tally.dropped.into(),
        tally.lost.into(),
        tally.unfinished.into(),
    ]]
}
