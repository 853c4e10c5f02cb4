//! P2P-XBone over Pastry as a user meets it.

use crate::home::Home;

/// Forty nodes that stand from the start.
const SCENARIO: &str = r#"seed = 11
run.duration = "6min"
nodes.count = 40
bring_up.bulk = {}
network.constant.delay = "20ms"
workload.lookups = { start = "1min", until = "5min", rate = "2/min", by = "route" }
churn = { sessions = { up.exponential.mean = "4min", down.exponential.mean = "1min", graceful = 0.5 } }
observe = { reachability.every = "1min", tables.every = "1min" }
protocol.xbone.provisioning.daemons = { pool = "10.0.0.0/20", configuration = "100ms" }
[protocol.xbone.over.pastry]
leaf_set = 8
proximity = "none"
neighbourhood = 0
heartbeat_period = "10s"
timeout = "2s"
join_timeout = "6s"
"#;

#[test]
fn both_profiles_drive_tunnels_and_their_tables_are_compared() {
    for profile in ["pastry-2001", "mspastry"] {
        let chosen = format!("leaf_set = 8\nprofile = \"{profile}\"");
        let own = Home::of(SCENARIO, &[("leaf_set = 8", &chosen)]);
        own.run_on("1");
        let correct = own.mean("lookups", "correct_fraction");
        assert!(correct > 0.9, "{profile}: {correct} correct");
        assert!(own.mean("tunnels", "set_up") > 100.0, "{profile}");
        // Everybody has its leaves for neighbours.
        let each = own.mean("tunnels", "per_member_end");
        assert!(each >= 8.0, "{profile}: {each} tunnels a member");
        let filled = own.mean("table_errors", "filled_fraction");
        assert!(filled > 0.8, "{profile}: {filled} of the cells filled");
    }
}

#[test]
fn what_does_not_fit_is_refused_where_it_is_written() {
    for (change, line, words) in [
        (
            ("leaf_set = 8", "leaf_set = 64"),
            "leaf_set = 64",
            "smaller than the network",
        ),
        (
            ("10.0.0.0/20", "10.0.0.0/29"),
            r#"protocol.xbone.provisioning.daemons = { pool = "10.0.0.0/29", configuration = "100ms" }"#,
            "one node needs 8: to each of its neighbours",
        ),
    ] {
        Home::of(SCENARIO, &[change]).is_refused(line, &[words]);
    }
}
