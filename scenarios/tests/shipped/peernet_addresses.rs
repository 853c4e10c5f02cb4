//! PeerNet's addresses, how much its nodes know, and how long its ways are.

use analysis::Cell;
use scenarios::exit::Exit;

use super::{Run, run};

/// The figures of the paper are no question of luck: another seed shows the same.
#[test]
fn peernet_addresses_are_those_of_the_figures() {
    for seed in ["seed=2003", "seed=12"] {
        let run = run("peernet-addresses.toml", 1, &[seed]);
        assert_eq!(run.exit, Exit::Done, "{}", run.text);
    }
}

/// A column where nodes and protocol have these values: one number a replication.
#[track_caller]
fn of(run: &Run, table: &str, more: &[(&str, Cell)], nodes: u32, protocol: &str, column: &str) -> Vec<f64> {
    let rows = [("nodes", Cell::from(nodes)), ("protocol.peernet", Cell::from(protocol))];
    run.values(table, &[&rows, more].concat(), column)
}

/// Two runs each of 50 and 200 nodes: two doublings.
#[test]
fn peernet_state_grows_by_about_an_entry_a_doubling() {
    let run = run("peernet-state.toml", 2, &[r#"sweep."nodes.count"=[50, 200]"#]);
    let routes = [("kind", Cell::from("routes"))];
    for (protocol, most) in [("DART", 1.3), ("PeerNet 2003", 1.6)] {
        let entries = |nodes| {
            let values = of(&run, "state", &routes, nodes, protocol, "entries_mean");
            assert_eq!(values.len(), 2, "{protocol}");
            values.iter().sum::<f64>() / 2.0
        };
        let [few, many] = [50, 200].map(entries);
        // No binary tree is less deep than the logarithm of its leaves.
        assert!((5.64..=5.64 * most).contains(&few), "{protocol}: {few}");
        assert!((7.64..=7.64 * most).contains(&many), "{protocol}: {many}");
        for nodes in [50, 200] {
            // No value where the network never came in order.
            let reached = of(&run, "network_convergence", &[], nodes, protocol, "reached_s");
            assert_eq!(reached.len(), 2, "{protocol}, {nodes} nodes");
        }
    }
}

/// Networks of 50 and 100 nodes that have had a hundred seconds to come to rest.
#[test]
fn peernet_stretch_is_small_and_everything_arrives() {
    let settings = [
        r#"sweep."nodes.count"=[50, 100]"#,
        "run.duration=130s",
        "workload.packets.start=100s",
        "workload.packets.until=120s",
        r#"observe.snapshots=["100s"]"#,
    ];
    let run = run("peernet-stretch.toml", 2, &settings);
    for protocol in ["DART", "M-DART", "PeerNet 2003"] {
        for nodes in [50, 100] {
            let stretch = of(&run, "packets", &[], nodes, protocol, "stretch_mean");
            assert_eq!(stretch.len(), 2, "{protocol}");
            // Two networks of those whose means are 1.3 to 1.6.
            let mean = f64::midpoint(stretch[0], stretch[1]);
            assert!((1.2..=1.7).contains(&mean), "{protocol}, {nodes} nodes: {mean}");
            let arrived = of(&run, "packets", &[], nodes, protocol, "delivery_ratio");
            assert_eq!(arrived, [1.0, 1.0], "{protocol}, {nodes} nodes");
        }
    }
    // The picture of the network: where every node is, and in which area.
    let placed = of(
        &run,
        "snapshot_nodes",
        &[("replication", Cell::from(0_u32))],
        100,
        "DART",
        "x",
    );
    assert_eq!(placed.len(), 100);
}
