//! The tables of network layers.

mod groups;
mod rows;

use super::layout::Layout;
use rows::{
    addresses, network_convergence, network_over_time, node_lookups, node_lookups_by_distance, node_state, overhead,
    packets, packets_over_time,
};

/// The tables of overlays that runs of a network layer write, too.
pub(super) const SHARED: [&str; 9] = [
    "messages",
    "population",
    "churn",
    "sessions",
    "population_over_time",
    "state",
    "node_load",
    "snapshot_nodes",
    "snapshot_links",
];

/// The tables that only runs of a network layer write.
pub(super) const TABLES: [Layout; 10] = [
    PACKETS,
    PACKETS_OVER_TIME,
    OVERHEAD,
    NODE_STATE,
    ADDRESSES,
    NETWORK_OVER_TIME,
    NETWORK_CONVERGENCE,
    NODE_LOOKUPS,
    NODE_LOOKUPS_BY_DISTANCE,
    groups::GROUPS,
];

/// What became of the packets, a row a run. `connected_fraction` is the part whose destination could be reached over links when they were
/// sent, and `connected_delivery_ratio` the part of these that arrived. `hops` are links crossed by packets that arrived, `stretch` is
/// their number over that of the shortest way when the packet was sent. Nobody said what became of those that are `lost`: a link
/// was gone, or the air was bad; `unfinished` were on their way when the run ended. `duplicates` arrived once more.
const PACKETS: Layout = Layout {
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
    written: |kind| kind.packets,
    rows: packets,
};

/// Packets by when they were sent, a row a bin of `measure.bin`.
const PACKETS_OVER_TIME: Layout = Layout {
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
    written: |kind| kind.packets,
    rows: packets_over_time,
};

/// What was sent in the measured time, a row a run: transmissions of messages that carry packets (`data`, their headers included) and of
/// all others (`control`), for each node that is up and second, and for each packet that arrived (the normalised routing load of
/// Broch et al., MobiCom 1998). The table `messages` has them by kind.
const OVERHEAD: Layout = Layout {
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
    written: |kind| kind.network_layer,
    rows: overhead,
};

/// The nodes at the end of the run: their neighbours, how much they know to find ways (`entries`; the table `state` has it by kind), and
/// their address in binary digits, in a protocol that has addresses.
const NODE_STATE: Layout = Layout {
    name: "node_state",
    columns: &["node", "neighbours", "entries", "address"],
    written: |kind| kind.network_layer,
    rows: node_state,
};

/// What became of addresses, a row a run, in a protocol that has any: `changes` to another address than the node had last, at once or
/// after a time without one (`migrations` are those to balance the tree), `losses` and `refusals` in the measured time; `last_change_s` in the whole run. At the end: nodes `addressed`, nodes
/// `without` an address of their own, and how many bits tell an address from all others (`depth`).
const ADDRESSES: Layout = Layout {
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
    written: |kind| kind.network_layer,
    rows: addresses,
};

/// How the network stood, a row a probe: `without` are nodes that have no address of their own, `areas` those prefixes of addresses that some
/// node has, in each of the `components` that links make of the nodes; `pairs` are ordered pairs of nodes within these, and
/// `deliverable` those of which a packet would arrive by what all nodes knew.
const NETWORK_OVER_TIME: Layout = Layout {
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
    written: |kind| kind.convergence,
    rows: network_over_time,
};

/// When the network was in order (every node with an address of its own, every area connected, every pair deliverable), a row a disturbance
/// `after` which it had to find itself: `start`, `partition`, `heal` or `mass_failure`. `reached_s` is the first probe that found it so,
/// `settled_s` the first of at least three from which on all did, until the next disturbance or the end; both after the disturbance. Empty where
/// none did. Nodes that come one after the other disturb until the last has come. Ways are followed to the address that a node really has.
const NETWORK_CONVERGENCE: Layout = Layout {
    name: "network_convergence",
    columns: &["after", "time_s", "reached_s", "settled_s"],
    written: |kind| kind.convergence,
    rows: network_convergence,
};

/// Lookups of addresses by themselves, a row a run: `hops` are links crossed by the question, `hops_back` by the answer; `correct` named the
/// address that the node had then. `update_*` is what the service cost in the measured time: registrations and entries handed on.
const NODE_LOOKUPS: Layout = Layout {
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
    written: |kind| kind.node_lookups,
    rows: node_lookups,
};

/// The same lookups by how many links led to whom they asked for; those to whom none led are in no row.
const NODE_LOOKUPS_BY_DISTANCE: Layout = Layout {
    name: "node_lookups_by_distance",
    columns: &[
        "distance",
        "issued",
        "answered_fraction",
        "correct_fraction",
        "hops_mean",
        "hops_back_mean",
    ],
    written: |kind| kind.node_lookups,
    rows: node_lookups_by_distance,
};
