//! Flows of packets between nodes that a scenario names.

use scenarios::registry::Registry;

use crate::support::Home;

/// A line of four nodes, of which node 3 sends to node 0.
const LINE: &str = r#"seed = 1
run.duration = "70s"
nodes.count = 4
bring_up = "cold"
network.radio = { range = "10m", delay = "1ms", placement.places = [[0, 0], [9, 0], [18, 0], [27, 0]] }
protocol.distance_vector = {}
[workload.packets]
start = "60s"
until = "65s"
flows = { count = 2, rate = "2/s", between = [3, 0] }
"#;

#[test]
fn all_packets_of_a_flow_go_from_one_end_to_the_other() {
    let home = Home::new(Registry::standard, LINE, &[]);
    home.run();
    let packets = |column| home.first("packets", column);
    assert_eq!([packets("sent"), packets("delivered")], [20.0, 20.0]);
    assert_eq!([packets("hops_mean"), packets("latency_mean_ms")], [3.0, 3.0]);
    let told = home.peerscope("check", &[]).out;
    assert!(told.contains("each of 2 flows from node 3 to node 0"), "{told}");
}

#[test]
fn the_ends_of_a_flow_are_two_nodes_that_there_are() {
    let home = |ends| Home::new(Registry::standard, LINE, &[("[3, 0]", ends)]);
    home("[3, 4]").refused("10:50", &["between.1: there is no node 4", "numbered from 0 to 3"]);
    home("[2, 2]").refused("10:46", &["from node 2 to itself", "two different nodes"]);
}
