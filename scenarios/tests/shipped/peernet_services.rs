//! Scenarios on what PeerNet's lookup service, and PeerNet among other protocols, cost and are worth.

use analysis::Cell;

use super::{Run, run};

const LOOKUP: &str = "protocol.peernet.lookup";

/// The values of a column of the lookups, with the service of that name.
fn of(run: &Run, table: &str, lookup: &str, more: &[(&str, Cell)], column: &str) -> f64 {
    let mut rows = vec![(LOOKUP, Cell::from(lookup))];
    rows.extend(more.iter().cloned());
    let values = run.values(table, &rows, column);
    values.iter().sum::<f64>() / values.len() as f64
}

/// Half a minute among 80 nodes that stand.
#[test]
fn peernet_lookup_with_eighty_nodes_that_stand() {
    let settings = [
        "nodes.count=80",
        "network.radio.mobility.random_waypoint.speed=0",
        "run.duration=130s",
        "workload.node_lookups.until=120s",
        "workload.node_lookups.rate=0.3/s",
    ];
    let run = run("peernet-lookup.toml", 1, &settings);
    for lookup in ["basic", "A: replicas", "B: steps of 1 level", "B: steps of 4 levels"] {
        let right = of(&run, "node_lookups", lookup, &[], "correct_fraction");
        assert!(right > 0.999, "{lookup}: {right}");
    }
    let hops = |lookup: &str, distance: u32| {
        let at = [("distance", Cell::from(distance))];
        of(&run, "node_lookups_by_distance", lookup, &at, "hops_mean")
    };
    let (near, far) = (hops("A: replicas", 1), hops("A: replicas", 4));
    assert!(near < 0.8 * far, "with replicas neighbours are near: {near} and {far}");
    let (near, far) = (hops("basic", 1), hops("basic", 4));
    assert!(near > 0.6 * far, "else they are as far as others: {near} and {far}");
    let updates = |lookup: &str| of(&run, "node_lookups", lookup, &[], "update_bytes_per_node_s");
    let (basic, replicas, bits) = (
        updates("basic"),
        updates("A: replicas"),
        updates("B: steps of 4 levels"),
    );
    assert!(bits < basic && basic < replicas, "{bits}, {basic} and {replicas}");
}

/// The two ends of what it costs to find a neighbour, with 50 and 200 nodes.
#[test]
fn peernet_lookup_sizes_with_fifty_and_two_hundred_nodes() {
    let with = |nodes: &str| {
        let settings = [
            nodes,
            "workload.node_lookups.among=a neighbour",
            "run.duration=190s",
            "workload.node_lookups.start=160s",
            "workload.node_lookups.until=180s",
        ];
        run("peernet-lookup-sizes.toml", 1, &settings)
    };
    let (few, many) = (with("nodes.count=50"), with("nodes.count=200"));
    let latency = |run: &Run, lookup: &str| of(run, "node_lookups", lookup, &[], "latency_mean_ms");
    let (basic, replicas) = (latency(&many, "basic"), latency(&many, "A: replicas"));
    assert!(replicas < 0.8 * basic, "{replicas} and {basic}");
    let grown = |lookup: &str| latency(&many, lookup) / latency(&few, lookup);
    assert!(grown("A: replicas") < grown("basic"));
}

/// The smallest network for ten seconds, at rest and moving.
#[test]
fn peernet_baselines_with_fifty_nodes() {
    let settings = ["nodes.count=50", "run.duration=175s", "workload.packets.until=160s"];
    let run = run("peernet-baselines.toml", 1, &settings);
    let value = |table: &str, protocol: &str, speed: u32, column: &str| {
        let speed = ("network.radio.mobility.random_waypoint.speed", Cell::from(speed));
        run.values(table, &[("protocol", Cell::from(protocol)), speed], column)[0]
    };
    for protocol in ["flooding", "DSDV", "AODV", "DART", "M-DART"] {
        let delivered = value("packets", protocol, 0, "delivery_ratio");
        assert!(delivered > 0.99, "{protocol} at rest: {delivered}");
    }
    // Each of 50 nodes sends each packet once: 64 bytes, a header of 40 and the option of 8 that numbers it.
    let each = value("overhead", "flooding", 0, "bytes_per_delivered");
    assert!((each / (50.0 * 112.0) - 1.0).abs() < 0.01, "{each}");
    let control = |protocol: &str| value("overhead", protocol, 0, "control_bytes_per_node_s");
    let (aodv, dsdv, dart) = (control("AODV"), control("DSDV"), control("DART"));
    assert!(aodv < dsdv && dsdv < dart, "{aodv}, {dsdv} and {dart}");
    let moving = |protocol: &str| value("packets", protocol, 5, "connected_delivery_ratio");
    assert!(moving("flooding") > 0.99);
    assert!(moving("AODV") > moving("DSDV"));
}
