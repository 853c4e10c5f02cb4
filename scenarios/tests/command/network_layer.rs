//! Protocols of the network layer as a user meets them: what they deliver, what of it is measured, and what is refused.

use scenarios::exit::Exit;

use crate::home::Home;

/// Twenty-five nodes on a grid of five rows, so that everybody can reach everybody over at most eight links, 100 m apart.
const SCENARIO: &str = r#"seed = 3
replications = 2
nodes.count = 25
bring_up = "cold"
run.duration = "90s"
network.radio = { range = "110m", placement = { places = PLACES }, delay = "1ms", jitter = "1ms" }
protocol.flooding = {}
workload.packets = { start = "60s", until = "80s", rate = "1/s", size = "100B", patience = "5s" }
observe = {}
"#;

fn home(changes: &[(&str, &str)]) -> Home {
    let place = |node: u32| format!("[{}, {}]", node % 5 * 100, node / 5 * 100);
    let places: Vec<String> = (0..25).map(place).collect();
    let scenario = SCENARIO.replace("PLACES", &format!("[{}]", places.join(", ")));
    Home::of(&scenario, changes)
}

const FLOODING: &str = "protocol.flooding = {}";
const PEERNET: &str = "protocol.peernet = {}";
const OBSERVE: &str = "observe = {}";

/// What a run of a protocol came to.
fn ran(protocol: &str, observe: &str) -> Home {
    let home = home(&[(FLOODING, protocol), (OBSERVE, observe)]);
    home.run_on("2");
    home
}

/// Everything arrives, by ways of at least this stretch and at most that.
#[track_caller]
fn all_arrives(home: &Home, stretch: std::ops::RangeInclusive<f64>) {
    for column in ["delivery_ratio", "connected_delivery_ratio"] {
        assert_eq!(home.values("packets", column), [1.0, 1.0], "{column}");
    }
    ways_have(home, stretch);
}

/// What arrives takes ways of at least this stretch and at most that.
#[track_caller]
fn ways_have(home: &Home, stretch: std::ops::RangeInclusive<f64>) {
    assert_eq!(home.values("packets", "connected_fraction"), [1.0, 1.0]);
    for mean in home.values("packets", "stretch_mean") {
        assert!(stretch.contains(&mean), "{mean} is not in {stretch:?}");
    }
    // Two different nodes of a 5 x 5 grid are 10/3 links apart in the mean, and some 500 packets tell.
    let shortest = home.mean("packets", "shortest_mean");
    assert!((shortest - 10.0 / 3.0).abs() < 0.25, "{shortest}");
    assert!(home.mean("packets", "sent") > 400.0);
}

#[test]
fn flooding_delivers_everything_and_every_node_repeats_every_packet() {
    let home = ran(FLOODING, OBSERVE);
    // Equal delays but for the jitter: a longer way is rarely faster.
    all_arrives(&home, 1.0..=1.05);
    let sent = home.values("packets", "sent");
    let messages = home.values("messages", "messages");
    // The rows of a run are `data`, `total`, `lost` and `unreachable`.
    assert_eq!(messages[0], 25.0 * sent[0], "a transmission a node and packet");
    assert_eq!(home.values("overhead", "control_bytes_per_node_s"), [0.0, 0.0]);
    assert_eq!(home.values("node_state", "neighbours").iter().sum::<f64>(), 2.0 * 80.0);
}

#[test]
fn peernet_converges_on_a_connected_network_and_delivers_everything() {
    let home = ran(
        PEERNET,
        "observe = { convergence = { every = \"1s\" }, loops = true, snapshots = [\"70s\"] }",
    );
    all_arrives(&home, 1.0..=2.5);
    let settled = home.values("network_convergence", "settled_s");
    assert_eq!(settled.len(), 2, "both runs settle after their start");
    assert!(settled.iter().all(|time| (2.0..60.0).contains(time)), "{settled:?}");
    let end = |column| home.values("network_over_time", column).last().copied();
    assert_eq!(end("pairs"), Some(600.0));
    assert_eq!(end("deliverable_fraction"), Some(1.0));
    assert_eq!(end("areas"), end("connected_areas"));
    assert_eq!(home.values("addresses", "without"), [0.0, 0.0]);
    assert_eq!(home.values("addresses", "addressed"), [25.0, 25.0]);
    assert!(
        home.values("addresses", "last_change_s")
            .iter()
            .all(|time| *time < 60.0)
    );
    assert!(
        home.mean("addresses", "depth_mean") >= 4.6,
        "25 addresses need about log2 25 bits"
    );
    assert!(
        home.mean("overhead", "control_messages_per_node_s") > 1.0,
        "a hello a second"
    );
    // A picture has every node and link, and tells areas apart by two bits.
    assert_eq!(home.values("snapshot_nodes", "x").len(), 50);
    let text = home.written("snapshot_nodes");
    assert!(text.contains("00…") && text.contains("01…"), "{text}");
    assert_eq!(home.written("snapshot_links").lines().count() - 1, 2 * 40);
}

#[test]
fn lookups_of_addresses_are_told_apart_by_distance() {
    let lookups = "workload = { node_lookups = { start = \"60s\", until = \"80s\", rate = \"1/s\" } }";
    let packets =
        "workload.packets = { start = \"60s\", until = \"80s\", rate = \"1/s\", size = \"100B\", patience = \"5s\" }";
    let home = home(&[(FLOODING, PEERNET), (packets, lookups)]);
    home.run_on("2");
    assert!(home.mean("node_lookups", "correct_fraction") > 0.99);
    assert!(home.mean("node_lookups", "update_bytes_per_node_s") > 0.0);
    let distances = home.values("node_lookups_by_distance", "distance");
    assert_eq!(distances[..8], [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
    let issued = home.values("node_lookups_by_distance", "issued");
    let all: f64 = home.values("node_lookups", "issued").iter().sum();
    assert_eq!(issued.iter().sum::<f64>(), all);
}

#[test]
fn distance_vectors_follow_shortest_ways() {
    let home = ran(
        "protocol.distance_vector = { period = \"5s\" }",
        "observe.convergence = { every = \"1s\", destinations = 5, stop_at = 1 }",
    );
    // The run ends when every pair can reach each other, long before packets are sent.
    let reached = home.values("network_convergence", "reached_s");
    assert!(
        reached.len() == 2 && reached.iter().all(|time| *time < 60.0),
        "{reached:?}"
    );
    assert_eq!(home.values("packets", "sent"), [0.0, 0.0]);
    assert_eq!(home.values("network_over_time", "pairs")[0], 5.0 * 24.0);
    let home = ran("protocol.distance_vector = { period = \"5s\" }", OBSERVE);
    // A newer sequence number can come on a longer way first.
    all_arrives(&home, 1.0..=1.01);
    assert_eq!(home.mean("node_state", "entries"), 24.0);
}

#[test]
fn aodv_seeks_ways_when_they_are_needed() {
    let home = ran("protocol.aodv = {}", OBSERVE);
    // A node on the way may forget a route that the source still has: that packet is dropped.
    let delivered = home.values("packets", "delivery_ratio");
    assert!(delivered.iter().all(|ratio| *ratio > 0.98), "{delivered:?}");
    let without = home.mean("packets", "sent") - home.mean("packets", "delivered");
    assert_eq!(home.mean("packets", "dropped_no_route"), without);
    ways_have(&home, 1.0..=1.3);
    let flooded = ran(FLOODING, OBSERVE);
    let data = |home: &Home| home.mean("overhead", "data_messages_per_node_s");
    assert!(data(&home) < 0.3 * data(&flooded), "packets go along one way");
}

#[test]
fn flows_send_in_equal_steps_between_pairs_that_stay() {
    let flows = "flows = { count = 4, rate = \"2/s\", over = \"10s\" }, size = \"512B\"";
    let flowing = home(&[("rate = \"1/s\", size = \"100B\"", flows)]);
    flowing.run_on("1");
    // Each flow begins within ten seconds and sends two packets a second until the end of the twenty.
    for sent in flowing.values("packets", "sent") {
        assert!((4.0 * 20.0..=4.0 * 40.0).contains(&sent), "{sent}");
    }
    assert_eq!(flowing.values("packets", "delivery_ratio"), [1.0, 1.0]);
    let near = home(&[("rate = \"1/s\"", "rate = \"1/s\", among = { within = 1 }")]);
    near.run_on("1");
    assert_eq!(near.values("packets", "shortest_mean"), [1.0, 1.0]);
}

#[test]
fn a_network_finds_its_order_again_after_a_partition_and_a_failure() {
    let disturbed = home(&[
        (FLOODING, PEERNET),
        ("run.duration = \"90s\"", "run.duration = \"4min\""),
        (
            OBSERVE,
            "observe.convergence.every = \"1s\"\nmass_failure = { at = \"3min\", nearest_to = [0, 0], fraction = 0.08 }\n\
             partition = { from = \"60s\", until = \"2min\", apart = { region = { x = [-1, 150] } } }",
        ),
    ]);
    disturbed.run_on("2");
    let after = disturbed.written("network_convergence");
    for what in ["start", "partition", "heal", "mass_failure"] {
        assert_eq!(after.matches(&format!(",{what},")).count(), 2, "{after}");
    }
    assert_eq!(disturbed.values("network_convergence", "settled_s").len(), 8, "{after}");
    let components = disturbed.values("network_over_time", "components");
    assert_eq!(
        (components[58], components[60], components[118]),
        (1.0, 2.0, 2.0),
        "while it lasts"
    );
    assert_eq!((components[120], components[238]), (1.0, 1.0), "and after it");
    let up = disturbed.values("network_over_time", "up");
    assert_eq!((up[178], up[180]), (25.0, 23.0), "the two nearest to the corner");
}

/// As many nodes that move, in place of those on the grid.
fn moving(changes: &[(&str, &str)]) -> Home {
    let still = home(&[]).text;
    let network = still.lines().find(|line| line.starts_with("network")).unwrap();
    let mobile = "network.radio = { range = \"150m\", degree = 8, delay = \"1ms\", loss = 0.1, \
                  mobility = { random_waypoint = { speed = [\"1m/s\", \"20m/s\"], pause = \"5s\" } } }";
    home(&[&[(network, mobile)], changes].concat())
}

#[test]
fn packets_of_peernet_go_in_no_circles_while_nodes_move() {
    for protocol in [
        "protocol.peernet = { detection = \"carrier\" }",
        "protocol.peernet = { detection = \"carrier\", rules = \"peernet-2003\", multipath = true }",
    ] {
        // A circle would end the run.
        let home = moving(&[(FLOODING, protocol), (OBSERVE, "observe.loops = true")]);
        home.run_on("2");
        assert!(home.mean("packets", "delivery_ratio") > 0.2);
        assert!(home.mean("addresses", "changes") > 10.0, "nodes move");
    }
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    for protocol in [PEERNET, FLOODING, "protocol.distance_vector = {}", "protocol.aodv = {}"] {
        let home = moving(&[(FLOODING, protocol)]);
        let result = |threads| {
            home.run_on(threads);
            let tables = ["packets", "messages", "overhead", "node_state"].map(|table| home.written(table));
            (tables, home.fingerprints())
        };
        let alone = result("1");
        assert_eq!(alone, result("2"), "{protocol}");
        assert!(home.mean("packets", "sent") > 400.0);
    }
}

#[test]
fn graphs_are_networks_of_neighbours_too() {
    let network = home(&[])
        .text
        .lines()
        .find(|line| line.starts_with("network"))
        .map(str::to_owned);
    let grid = "network.grid = { rows = 5, columns = 5, delay = \"1ms\" }";
    let home = home(&[(&network.unwrap(), grid)]);
    home.run_on("1");
    all_arrives(&home, 1.0..=1.0);
}

#[test]
fn a_network_of_peernet_wider_than_its_horizon_is_warned_of() {
    let places = home(&[]);
    let places = places.text.lines().find(|line| line.starts_with("network")).unwrap();
    let radio = "network.radio = { range = \"110m\", placement = { grid = { columns = 5, spacing = \"100m\" } }, delay = \"1ms\" }";
    let ring = "network.ring = { routers = 25, delay = \"1ms\" }";
    // The diagonal of the area is 707 m, and a link leads 77 m on; the farthest routers of a ring of 25 are 12 links apart.
    for (network, across, enough) in [(radio, 10, 14), (ring, 12, 17)] {
        for horizon in [across, across + 1] {
            let protocol = format!("protocol.peernet.horizon = {horizon}");
            let home = home(&[(places, network), (FLOODING, &protocol)]);
            let (exit, text) = home.peerscope("check", &[]);
            assert_eq!(exit, Exit::Done, "{text}");
            let warning = format!(
                "warning: own: about {across} links lie across this network of 25 nodes, and its identifiers are believed over no more \
                 than {horizon} (`protocol.peernet.horizon`): its addresses may never come in order; `protocol.peernet.horizon = {enough}` \
                 is far enough"
            );
            assert_eq!(text.contains(&warning), horizon == across, "{text}");
            assert_eq!(text.contains("warning"), horizon == across, "{text}");
        }
    }
}

#[test]
fn what_only_overlays_understand_is_refused() {
    for (from, to, line, words) in [
        (
            "bring_up = \"cold\"",
            "bring_up = \"bulk\"",
            "bring_up = \"bulk\"",
            &["flooding finds its ways itself", "bring_up = \"cold\""][..],
        ),
        (
            OBSERVE,
            "observe.reachability.every = \"1s\"",
            "observe.reachability.every = \"1s\"",
            &["flooding is no overlay", "[observe.convergence]"],
        ),
        (
            OBSERVE,
            "workload.lookups = { start = \"1s\", rate = \"1/s\" }",
            "workload.lookups = { start = \"1s\", rate = \"1/s\" }",
            &["flooding is no overlay", "[workload.packets]"],
        ),
        (
            OBSERVE,
            "observe.convergence.every = \"1s\"",
            "observe.convergence.every = \"1s\"",
            &["flooding keeps no routes to everybody"],
        ),
        (
            OBSERVE,
            "observe.loops = true",
            "observe.loops = true",
            &["flooding has no addresses"],
        ),
        (
            OBSERVE,
            "workload.node_lookups = { start = \"1s\", rate = \"1/s\" }",
            "workload.node_lookups = { start = \"1s\", rate = \"1/s\" }",
            &["flooding has no service that finds addresses"],
        ),
        (
            FLOODING,
            "protocol.flooding = { memory = 0 }",
            "protocol.flooding = { memory = 0 }",
            &["protocol.flooding.memory: memory must be at least 1"],
        ),
        (
            FLOODING,
            "protocol.peernet = { address_bits = 4 }",
            "protocol.peernet = { address_bits = 4 }",
            &["25 nodes need more addresses than 16", "at least 5 bits"],
        ),
        (
            FLOODING,
            "protocol.peernet = { lookup = { high_order = { step = 0 } } }",
            "protocol.peernet = { lookup = { high_order = { step = 0 } } }",
            &["protocol.peernet.lookup.high_order.step", "must lie between 1 and"],
        ),
        (
            FLOODING,
            "protocol.aodv = { search = { expanding_ring = { start = 9, increment = 1, threshold = 7 } } }",
            "protocol.aodv = { search = { expanding_ring = { start = 9, increment = 1, threshold = 7 } } }",
            &["protocol.aodv.search.expanding_ring.threshold", "must not lie below"],
        ),
        (
            FLOODING,
            "protocol.distance_vector = { sensing = { silence = \"1s\" } }",
            "protocol.distance_vector = { sensing = { silence = \"1s\" } }",
            &["protocol.distance_vector.sensing.silence", "must be longer than period"],
        ),
        (
            OBSERVE,
            "observe.snapshot_bits = 9",
            "observe.snapshot_bits = 9",
            &["expected at most 8 bits, found 9"],
        ),
    ] {
        home(&[(from, to)]).is_refused(line, words);
    }
}

#[test]
fn packets_that_make_no_sense_are_refused() {
    let packets =
        "workload.packets = { start = \"60s\", until = \"80s\", rate = \"1/s\", size = \"100B\", patience = \"5s\" }";
    for (written, words) in [
        (
            "start = \"90s\", rate = \"1/s\"",
            &["nothing begins at 90s, when the run has ended"][..],
        ),
        (
            "start = \"1s\", until = \"1s\", rate = \"1/s\"",
            &["expected a time after 1s and not after 90s"],
        ),
        (
            "start = \"1s\"",
            &["when are packets sent?", "`rate` and `flows`", "flows = {"],
        ),
        (
            "start = \"1s\", rate = \"1/s\", flows = { count = 1, rate = \"1/s\" }",
            &["`rate` and `flows` both say when packets are sent"],
        ),
        (
            "start = \"1s\", flows = { count = 0, rate = \"1/s\" }",
            &["expected between 1 and 1000000 flows, found 0"],
        ),
        (
            "start = \"60s\", flows = { count = 1, rate = \"1/min\" }",
            &["flows begin over 1min, but packets are sent for 30s"],
        ),
        (
            "start = \"1s\", rate = \"1/s\", size = \"66kB\"",
            &["expected at most 65535B, found 66000B"],
        ),
        (
            "start = \"1s\", rate = \"1/s\", patience = \"0s\"",
            &["nothing arrives in no time"],
        ),
        (
            "start = \"1s\", rate = \"1/s\", among = { within = 0 }",
            &["nobody else is 0 links away"],
        ),
    ] {
        let written = format!("workload.packets = {{ {written} }}");
        home(&[(packets, &written)]).is_refused(&written, words);
    }
    let measure = "measure.warm_up = \"auto\"";
    home(&[(OBSERVE, measure)]).is_refused(measure, &["only lookups of keys have a warm-up"]);
}

#[test]
fn overlays_have_no_packets() {
    let overlay = |more: &str, bring_up: &str| {
        let network = home(&[])
            .text
            .lines()
            .find(|line| line.starts_with("network"))
            .map(str::to_owned);
        let packets = "workload.packets = { start = \"60s\", until = \"80s\", rate = \"1/s\", size = \"100B\", patience = \"5s\" }";
        home(&[
            (FLOODING, "protocol.chord = {}"),
            (&network.unwrap(), "network.constant.delay = \"10ms\""),
            (packets, more),
            ("bring_up = \"cold\"", bring_up),
        ])
    };
    let packets = "workload.packets = { start = \"1s\", rate = \"1/s\" }";
    overlay(packets, "bring_up = \"bulk\"")
        .is_refused(packets, &["chord is no protocol of the network layer", "peernet"]);
    let convergence = "observe.convergence.every = \"1s\"";
    let changed = overlay("", "bring_up = \"bulk\"").text.replace(OBSERVE, convergence);
    Home::of(&changed, &[]).is_refused(convergence, &["chord is no protocol of the network layer"]);
    overlay("", "bring_up = \"cold\"")
        .is_refused("bring_up = \"cold\"", &["chord is no protocol of the network layer"]);
}
