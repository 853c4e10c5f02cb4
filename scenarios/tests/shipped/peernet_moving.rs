//! Scenarios of PeerNet in which something changes: links, nodes, or addresses.

use analysis::Cell;

use super::run;

/// The smallest network, once: from each disturbance on it finds back into order, and without the link layer's help a dead neighbour is
/// not noticed before its hellos have been missing for long enough.
#[test]
fn peernet_convergence_with_50_nodes_comes_into_order_again() {
    for network in ["DART, hellos", "PeerNet 2003, hellos"] {
        let chosen = format!("protocol.peernet={network}");
        let run = run("peernet-convergence.toml", 1, &["nodes.count=50", &chosen]);
        for after in ["start", "partition", "heal", "mass_failure"] {
            let reached = run.values("network_convergence", &[("after", after.into())], "reached_s");
            assert_eq!(reached.len(), 1, "{network}, {after}: {}", run.text);
            assert!(after != "mass_failure" || reached[0] >= 9.0, "{network}: {reached:?}");
        }
    }
}

#[test]
fn peernet_mobility_delivers_everything_to_nodes_that_stand_and_more_where_the_link_layer_helps() {
    let short = ["nodes.count=50", "run.duration=190s", "workload.packets.until=160s"];
    let speed = "network.radio.mobility.random_waypoint.speed";
    let measured = |network: &str, metres: u32| {
        let (network, speed) = (format!("protocol.peernet={network}"), format!("{speed}={metres}"));
        let run = run(
            "peernet-mobility.toml",
            1,
            &[short.as_slice(), &[&network, &speed]].concat(),
        );
        assert!(run.mean("packets", "sent") > 200.0, "{}", run.text);
        (
            run.mean("packets", "connected_delivery_ratio"),
            run.mean("addresses", "changes"),
        )
    };
    for network in ["DART, misses", "PeerNet 2003, carrier"] {
        assert_eq!(measured(network, 0), (1.0, 0.0), "{network}");
        assert!(measured(network, 10).1 > 0.0, "{network}: no address changes at 10 m/s");
    }
    let [hellos, carrier] = ["DART, hellos", "DART, carrier"].map(|network| measured(network, 10).0);
    assert!(hellos < carrier && carrier < 1.0, "{hellos} and {carrier}");
}

#[test]
fn peernet_balance_makes_room_in_a_tree_that_is_nearly_full() {
    let short = [
        "run.duration=210s",
        "workload.packets.until=200s",
        "protocol.peernet.address_bits=7",
    ];
    let run = run("peernet-balance.toml", 8, &short);
    for rules in ["DART", "PeerNet 2003"] {
        let refusals = |balancing: &str| {
            let rows: [(&str, Cell); 2] = [
                ("protocol.peernet.rules", rules.into()),
                ("protocol.peernet.balancing", balancing.into()),
            ];
            run.values("addresses", &rows, "refusals").iter().sum::<f64>()
        };
        let (without, with) = (refusals("as they come"), refusals("balanced"));
        assert!(
            with < without,
            "{rules}: {with} refusals with balancing, {without} without"
        );
    }
}
