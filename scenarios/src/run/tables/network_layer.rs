//! The tables of network layers.

use analysis::Cell;

use super::Ranges;
use super::layout::Layout;
use super::rows::{nearest_rank, number, ratio, seconds};
use crate::run::measure::Measured;
use crate::run::network_layer::{
    AddressTally, Disturbance, LookupTally, NetworkMeasured, NodeState, PacketTally, Probe, settled,
};
use crate::run::tally::STRETCH_UNIT;
use crate::scenario::{Point, Scenario};

/// What became of the packets, a row a run. `connected_fraction` is the part whose destination could be reached over links when they were
/// sent, and `connected_delivery_ratio` the part of these that arrived. `hops` are links crossed by packets that arrived, `stretch` is
/// their number over that of the shortest way when the packet was sent. Nobody said what became of those that are `lost`: a link
/// was gone, or the air was bad; `unfinished` were on their way when the run ended. `duplicates` arrived once more.
pub(super) const PACKETS: Layout = Layout {
    name: "packets",
    columns: &[
        "sent",
        "delivered",
        "delivery_ratio",
        "connected_fraction",
        "connected_delivery_ratio",
        "hops_mean",
        "shortest_mean",
        "stretch_mean",
        "latency_mean_ms",
        "latency_p50_ms",
        "latency_p95_ms",
        "dropped_no_route",
        "dropped_hop_limit",
        "dropped_waited",
        "dropped_not_found",
        "lost",
        "unfinished",
        "duplicates",
    ],
    written: sends_packets,
    rows: packets,
};

/// Packets by when they were sent, a row a bin of `measure.bin`.
pub(super) const PACKETS_OVER_TIME: Layout = Layout {
    name: "packets_over_time",
    columns: &[
        "time_s",
        "sent",
        "delivered",
        "delivery_ratio",
        "hops_mean",
        "stretch_mean",
        "latency_mean_ms",
    ],
    written: sends_packets,
    rows: packets_over_time,
};

/// What was sent in the measured time, a row a run: transmissions of messages that carry packets (`data`, their headers included) and of
/// all others (`control`), for each node that is up and second, and for each packet that arrived (the normalised routing load of
/// Broch et al., MobiCom 1998). The table `messages` has them by kind.
pub(super) const OVERHEAD: Layout = Layout {
    name: "overhead",
    columns: &[
        "control_messages_per_node_s",
        "control_bytes_per_node_s",
        "data_messages_per_node_s",
        "data_bytes_per_node_s",
        "bytes_per_node_s",
        "control_messages_per_delivered",
        "control_bytes_per_delivered",
        "bytes_per_delivered",
    ],
    written: any_network_layer,
    rows: overhead,
};

/// The nodes at the end of the run: their neighbours, how much they know to find ways (`entries`; the table `state` has it by kind), and
/// their address in binary digits, in a protocol that has addresses.
pub(super) const NODE_STATE: Layout = Layout {
    name: "node_state",
    columns: &["node", "neighbours", "entries", "address"],
    written: any_network_layer,
    rows: node_state,
};

/// What became of addresses, a row a run, in a protocol that has any: `changes` to another address (of which `migrations` to balance the
/// tree), `losses` and `refusals` in the measured time; `last_change_s` in the whole run. At the end: nodes `addressed`, nodes
/// `without` an address of their own, and how many bits tell an address from all others (`depth`).
pub(super) const ADDRESSES: Layout = Layout {
    name: "addresses",
    columns: &[
        "changes",
        "changes_per_node_s",
        "migrations",
        "losses",
        "refusals",
        "refusals_per_node_s",
        "last_change_s",
        "addressed",
        "without",
        "depth_mean",
        "depth_max",
    ],
    written: any_network_layer,
    rows: addresses,
};

/// How the network stood, a row a probe: `without` are nodes that have no address of their own, `areas` those prefixes of addresses that some
/// node has, in each of the `components` that links make of the nodes; `pairs` are ordered pairs of nodes within these, and
/// `deliverable` those of which a packet would arrive by what all nodes knew.
pub(super) const NETWORK_OVER_TIME: Layout = Layout {
    name: "network_over_time",
    columns: &[
        "time_s",
        "up",
        "components",
        "without",
        "areas",
        "connected_areas",
        "pairs",
        "deliverable",
        "deliverable_fraction",
        "in_order",
    ],
    written: probes,
    rows: network_over_time,
};

/// When the network was in order (every node with an address of its own, every area connected, every pair deliverable), a row a disturbance
/// `after` which it had to find itself: `start`, `partition`, `heal` or `mass_failure`. `reached_s` is the first probe that found it so,
/// `settled_s` the first from which on all did, until the next disturbance or the end; both after the disturbance. Empty where none did.
pub(super) const NETWORK_CONVERGENCE: Layout = Layout {
    name: "network_convergence",
    columns: &["after", "time_s", "reached_s", "settled_s"],
    written: probes,
    rows: network_convergence,
};

/// Lookups of addresses by themselves, a row a run: `hops` are links crossed by the question, `hops_back` by the answer; `correct` named the
/// address that the node had then. `update_*` is what the service cost in the measured time: registrations and entries handed on.
pub(super) const NODE_LOOKUPS: Layout = Layout {
    name: "node_lookups",
    columns: &[
        "issued",
        "answered",
        "correct",
        "failed",
        "unfinished",
        "answered_fraction",
        "correct_fraction",
        "hops_mean",
        "hops_back_mean",
        "latency_mean_ms",
        "latency_p95_ms",
        "update_messages_per_node_s",
        "update_bytes_per_node_s",
    ],
    written: looks_up,
    rows: node_lookups,
};

/// The same lookups by how many links led to whom they asked for; those to whom none led are in no row.
pub(super) const NODE_LOOKUPS_BY_DISTANCE: Layout = Layout {
    name: "node_lookups_by_distance",
    columns: &[
        "distance",
        "issued",
        "answered_fraction",
        "correct_fraction",
        "hops_mean",
        "hops_back_mean",
    ],
    written: looks_up,
    rows: node_lookups_by_distance,
};

/// Whether a point is of a network layer, of which the tables of overlays have nothing to tell.
pub(super) fn is_network_layer(point: &Point) -> bool {
    point.network_layer
}

fn any_network_layer(scenario: &Scenario) -> bool {
    scenario.points.iter().any(is_network_layer)
}

fn sends_packets(scenario: &Scenario) -> bool {
    scenario.points.iter().any(|point| point.packets.is_some())
}

fn probes(scenario: &Scenario) -> bool {
    scenario.points.iter().any(|point| point.observe.convergence.is_some())
}

fn looks_up(scenario: &Scenario) -> bool {
    scenario.points.iter().any(|point| point.node_lookups.is_some())
}

/// The rows of a run of a network layer; none of another.
fn of(measured: &Measured, rows: impl FnOnce(&NetworkMeasured) -> Vec<Vec<Cell>>) -> Vec<Vec<Cell>> {
    measured.network.as_ref().map(rows).unwrap_or_default()
}

fn mean_hops(tally: &PacketTally) -> Cell {
    number(ratio(tally.hops as f64, tally.delivered))
}

fn mean_stretch(tally: &PacketTally) -> Cell {
    number(ratio(tally.stretch as f64 * STRETCH_UNIT, tally.stretched))
}

fn packets(measured: &Measured, _: &Ranges) -> Vec<Vec<Cell>> {
    of(measured, |network| {
        let tally = network.packets();
        let latency = |q| number(nearest_rank(&network.latencies, q).map(|nanos| nanos as f64 / 1e6));
        let mut row = vec![
            tally.sent.into(),
            tally.delivered.into(),
            number(ratio(tally.delivered as f64, tally.sent)),
            number(ratio(tally.connected as f64, tally.sent)),
            number(ratio(tally.delivered_connected as f64, tally.connected)),
            mean_hops(&tally),
            number(ratio(tally.shortest as f64, tally.stretched)),
            mean_stretch(&tally),
            number(ratio(tally.latency as f64 / 1e6, tally.delivered)),
            latency(0.50),
            latency(0.95),
        ];
        row.extend(tally.dropped.map(Cell::from));
        row.extend([tally.lost.into(), tally.unfinished.into(), tally.duplicates.into()]);
        vec![row]
    })
}

fn packets_over_time(measured: &Measured, ranges: &Ranges) -> Vec<Vec<Cell>> {
    of(measured, |network| {
        let row = |bin: usize| {
            let tally = network.bins.get(bin).copied().unwrap_or_default();
            vec![
                seconds(network.start + network.width * bin as u64),
                tally.sent.into(),
                tally.delivered.into(),
                number(ratio(tally.delivered as f64, tally.sent)),
                mean_hops(&tally),
                mean_stretch(&tally),
                number(ratio(tally.latency as f64 / 1e6, tally.delivered)),
            ]
        };
        (0..ranges.packet_bins).map(row).collect()
    })
}

fn overhead(measured: &Measured, _: &Ranges) -> Vec<Vec<Cell>> {
    of(measured, |network| {
        let node_seconds = measured.up_time as f64 / 1e9;
        let rate = |count: u64| number((node_seconds > 0.0).then(|| count as f64 / node_seconds));
        let Some(traffic) = &measured.traffic else {
            return Vec::new();
        };
        let total = traffic.total();
        let data = traffic.of_kinds(network.data_kinds);
        let delivered = network.packets().delivered;
        let each = |count: u64| number(ratio(count as f64, delivered));
        let (messages, bytes) = (total.messages - data.messages, total.bytes - data.bytes);
        vec![vec![
            rate(messages),
            rate(bytes),
            rate(data.messages),
            rate(data.bytes),
            rate(total.bytes),
            each(messages),
            each(bytes),
            each(total.bytes),
        ]]
    })
}

fn node_state(measured: &Measured, _: &Ranges) -> Vec<Vec<Cell>> {
    let row = |node: &NodeState| {
        vec![
            node.node.0.into(),
            node.neighbours.into(),
            node.state.iter().map(|(_, entries)| *entries).sum::<usize>().into(),
            node.address
                .as_ref()
                .map_or(Cell::Empty, |address| address.as_str().into()),
        ]
    };
    of(measured, |network| network.nodes.iter().map(row).collect())
}

fn addresses(measured: &Measured, _: &Ranges) -> Vec<Vec<Cell>> {
    let node_seconds = measured.up_time as f64 / 1e9;
    let rate = |count: u64| number((node_seconds > 0.0).then(|| count as f64 / node_seconds));
    let row = |tally: AddressTally| {
        vec![
            tally.changes.into(),
            rate(tally.changes),
            tally.migrations.into(),
            tally.losses.into(),
            tally.refusals.into(),
            rate(tally.refusals),
            tally.last_change.map_or(Cell::Empty, seconds),
            tally.addressed.into(),
            tally.without.into(),
            number(ratio(tally.depth as f64, tally.addressed)),
            tally.deepest.into(),
        ]
    };
    of(measured, |network| network.addresses.into_iter().map(row).collect())
}

fn network_over_time(measured: &Measured, _: &Ranges) -> Vec<Vec<Cell>> {
    let row = |probe: &Probe| {
        vec![
            seconds(probe.time),
            probe.up.into(),
            probe.components.into(),
            probe.without.into(),
            probe.areas.into(),
            probe.connected_areas.into(),
            probe.pairs.into(),
            probe.deliverable.into(),
            number(probe.fraction()),
            u64::from(probe.in_order()).into(),
        ]
    };
    of(measured, |network| network.probes.iter().map(row).collect())
}

fn network_convergence(measured: &Measured, _: &Ranges) -> Vec<Vec<Cell>> {
    of(measured, |network| {
        let disturbances = &network.disturbances;
        let row = |(place, disturbance): (usize, &Disturbance)| {
            let from = disturbance.time;
            let next = disturbances.get(place + 1).map(|next| next.time);
            let (reached, settled) = settled(&network.probes, from, next);
            let after = |time: Option<_>| number(time.map(|time: sim_core::time::SimTime| time.since(from).as_secs_f64()));
            vec![disturbance.what.into(), seconds(from), after(reached), after(settled)]
        };
        disturbances.iter().enumerate().map(row).collect()
    })
}

fn node_lookups(measured: &Measured, _: &Ranges) -> Vec<Vec<Cell>> {
    of(measured, |network| {
        let mut tally = LookupTally::default();
        network.lookups.values().for_each(|some| tally.add(some));
        let node_seconds = measured.up_time as f64 / 1e9;
        let rate = |count: u64| number((node_seconds > 0.0).then(|| count as f64 / node_seconds));
        let updates = measured.traffic.as_ref();
        let updates = updates.map(|traffic| traffic.of_kinds(network.update_kinds)).unwrap_or_default();
        let latest = nearest_rank(&network.lookup_latencies, 0.95);
        vec![vec![
            tally.issued.into(),
            tally.answered.into(),
            tally.correct.into(),
            tally.failed.into(),
            tally.unfinished.into(),
            number(ratio(tally.answered as f64, tally.issued)),
            number(ratio(tally.correct as f64, tally.issued)),
            number(ratio(tally.hops as f64, tally.answered)),
            number(ratio(tally.hops_back as f64, tally.answered)),
            number(ratio(tally.latency as f64 / 1e6, tally.answered)),
            number(latest.map(|nanos| nanos as f64 / 1e6)),
            rate(updates.messages),
            rate(updates.bytes),
        ]]
    })
}

fn node_lookups_by_distance(measured: &Measured, ranges: &Ranges) -> Vec<Vec<Cell>> {
    of(measured, |network| {
        let row = |distance: u32| {
            let tally = network.lookups.get(&Some(distance)).copied().unwrap_or_default();
            vec![
                distance.into(),
                tally.issued.into(),
                number(ratio(tally.answered as f64, tally.issued)),
                number(ratio(tally.correct as f64, tally.issued)),
                number(ratio(tally.hops as f64, tally.answered)),
                number(ratio(tally.hops_back as f64, tally.answered)),
            ]
        };
        (1..=ranges.farthest).map(row).collect()
    })
}
