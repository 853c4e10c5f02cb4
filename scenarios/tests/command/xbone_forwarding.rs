//! What data cost on a virtual network, and paths in place of tunnels: what is refused, and that nothing changes without them.

use scenarios::exit::Exit;

use crate::home::Home;

/// Twenty nodes on a ring of routers, with paths, whose data cost something.
const SCENARIO: &str = r#"seed = 3
run.duration = "2min"
nodes.count = 20
bring_up.bulk = {}
workload.lookups = { by = "route", start = "10s", until = "100s", rate = "2/s" }
[network.ring]
routers = 8
delay = "2ms"
access = "1ms"
[protocol.xbone.provisioning.daemons]
path.switch = "20ms"
[protocol.xbone.forwarding]
way = { by = "data-router", tunnelled = true }
size = "500B"
queue = 8
[protocol.xbone.over.chord]
successors = 4
lookup = "recursive"
"#;

#[track_caller]
fn refused(changes: &[(&str, &str)], line: &str, words: &[&str]) {
    Home::of(SCENARIO, changes).is_refused(line, words);
}

#[test]
fn what_data_cost_makes_them_later_and_nothing_else() {
    let forwarding =
        "[protocol.xbone.forwarding]\nway = { by = \"data-router\", tunnelled = true }\nsize = \"500B\"\nqueue = 8\n";
    let (with, without) = (Home::of(SCENARIO, &[]), Home::of(SCENARIO, &[(forwarding, "")]));
    with.run_on("1");
    without.run_on("1");
    let column = |own: &Home, name: &str| own.value("lookups", name);
    for name in ["issued", "completed", "hops_mean"] {
        assert_eq!(column(&with, name), column(&without, name), "{name}");
    }
    assert!(column(&with, "completed") > 3000.0);
    // 7.94 us a hop; a message waits for another one once in thousands.
    let later = column(&with, "latency_mean_ms") - column(&without, "latency_mean_ms");
    let expected = column(&with, "hops_mean") * 0.00794;
    assert!((later / expected - 1.0).abs() < 0.01, "{later} ms, not {expected} ms");
}

#[test]
fn what_cannot_be_forwarded_is_refused_where_it_is_written() {
    refused(
        &[("500B", "20B")],
        "size = \"20B\"",
        &["own.toml:14:", "expected 29B to 1480B, found 20B"],
    );
    refused(
        &[("queue = 8", "queue = 0")],
        "queue = 0",
        &["own.toml:15:", "at least 1 message must be able to wait"],
    );
    let free = "costs = { card = \"0s\", pass = \"0s\" }";
    refused(
        &[("queue = 8", free)],
        free,
        &["own.toml:15:", "must take the processor some time"],
    );
    refused(
        &[("data-router", "router")],
        "way = { by = \"router\", tunnelled = true }",
        &["own.toml:13:", "`data-router`"],
    );
    refused(
        &[("nodes.count = 20", "nodes = { count = 20, virtual = 2 }")],
        "[protocol.xbone.forwarding]",
        &["own.toml:12:", "would share its processor", "nodes.virtual"],
    );
}

#[test]
fn paths_need_routers() {
    let ring = "[network.ring]\nrouters = 8\ndelay = \"2ms\"\naccess = \"1ms\"\n";
    refused(
        &[(ring, "[network.constant]\ndelay = \"2ms\"\n")],
        "path.switch = \"20ms\"",
        &["own.toml:9:", "paths need a network of routers", "leave `path` out"],
    );
    refused(
        &[("path.switch = \"20ms\"", "path = {}")],
        "path = {}",
        &["own.toml:11:", "switch"],
    );
    let (exit, text) = Home::of(SCENARIO, &[]).peerscope("check", &[]);
    assert_eq!(exit, Exit::Done, "{text}");
}
