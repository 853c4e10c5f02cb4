//! P2P-XBone as a user meets it: an overlay that drives a virtual network of tunnels, what is measured of it, and what is refused.

use scenarios::exit::Exit;

use crate::home::Home;

/// Twenty-four nodes that stand from the start, with daemons that make their tunnels.
const SCENARIO: &str = r#"seed = 11
run.duration = "6min"
nodes.count = 24
bring_up.bulk = {}
network.constant.delay = "20ms"
workload.lookups = { start = "1min", until = "5min", rate = "2/min" }
churn = { sessions = { up.exponential.mean = "4min", down.exponential.mean = "1min", graceful = 0.5 } }
observe.reachability.every = "1min"
[protocol.xbone.provisioning.daemons]
servers = 2
pool = "10.0.0.0/20"
configuration = "100ms"
[protocol.xbone.manager]
[protocol.xbone.over.chord]
successors = 4
timeout = "2s"
stabilize_period = "5s"
"#;

/// The scenario with some texts replaced by others.
#[track_caller]
fn home(changes: &[(&str, &str)]) -> Home {
    Home::of(SCENARIO, changes)
}

#[track_caller]
fn refused(changes: &[(&str, &str)], line: &str, words: &[&str]) {
    home(changes).is_refused(line, words);
}

#[test]
fn tunnels_and_servers_are_measured_alike_on_any_number_of_threads() {
    let own = home(&[("seed = 11", "seed = 11\nreplications = 2")]);
    own.run_on("1");
    let tables = ["lookups", "tunnels", "address_servers", "reachability", "messages"];
    let on_one = tables.map(|table| own.written(table));
    own.run_on("2");
    assert_eq!(tables.map(|table| own.written(table)), on_one);
    assert_eq!(own.table("tunnels").len(), 2, "a row a run");
    assert_eq!(own.table("address_servers").len(), 4, "a row a server and run");
    for (table, column) in [
        ("tunnels", "set_up"),
        ("tunnels", "gone"),
        ("tunnels", "standing_end"),
        ("address_servers", "requests"),
        ("address_servers", "releases"),
        ("address_servers", "pairs_peak"),
    ] {
        let values = own.values(table, column);
        assert!(values.iter().all(|value| *value > 0.0), "{table}.{column}: {values:?}");
    }
    // To the server and back, 15 ms there, to the other end and back, and two configurations.
    let shortest = own.values("tunnels", "set_up_p10_ms");
    let least = 40.0 + 1000.0 / 67.0 + 40.0 + 200.0;
    assert!(
        shortest.iter().all(|set_up| (set_up - least).abs() < 20.0),
        "{shortest:?}"
    );
    for (mean, most) in own
        .values("address_servers", "wait_mean_ms")
        .iter()
        .zip(own.values("address_servers", "wait_max_ms"))
    {
        assert!(*mean <= most, "{mean} {most}");
    }
    let served = |column| own.values("address_servers", column);
    for ((requests, releases), (rate, busy)) in served("requests")
        .iter()
        .zip(served("releases"))
        .zip(served("transactions_per_s").into_iter().zip(served("utilisation")))
    {
        // From the first lookup to the end of the run.
        assert!((rate - (requests + releases) / 300.0).abs() < 1e-9);
        // What is being served when measurement begins or ends counts in part.
        assert!((busy - rate / 67.0).abs() < 2.0 / 67.0 / 300.0, "{busy} busy at {rate}");
    }
}

/// Nobody leaves.
const STILL: (&str, &str) = (
    "churn = { sessions = { up.exponential.mean = \"4min\", down.exponential.mean = \"1min\", graceful = 0.5 } }\n",
    "",
);

const IDLE: (&str, &str) = (
    "[protocol.xbone.provisioning.daemons]\nservers = 2\npool = \"10.0.0.0/20\"\nconfiguration = \"100ms\"\n[protocol.xbone.manager]\n",
    "[protocol.xbone.provisioning.idle]\ndelay = \"0s\"\n",
);

#[test]
fn with_no_costs_lookups_are_those_of_the_overlay_alone() {
    for bring_up in ["bring_up.bulk = {}", r#"bring_up.joins = { over = "20s" }"#] {
        let bring_up = ("bring_up.bulk = {}", bring_up);
        let within = home(&[IDLE, bring_up]);
        let alone = home(&[
            IDLE,
            bring_up,
            ("[protocol.xbone.provisioning.idle]\ndelay = \"0s\"\n", ""),
            ("[protocol.xbone.over.chord]", "[protocol.chord]"),
        ]);
        within.run_on("1");
        alone.run_on("1");
        for table in ["lookups", "hops", "population"] {
            assert_eq!(within.written(table), alone.written(table), "{table}, {}", bring_up.1);
        }
        assert!(within.value("lookups", "completed") > 50.0);
        assert_eq!(within.table("address_servers").len(), 0);
        assert_eq!(within.value("tunnels", "set_up_max_ms"), 0.0);
    }
}

#[test]
fn a_path_needs_tunnels_that_stand() {
    // Nobody leaves, nobody looks anything up, and what was provisioned stands.
    let quiet = [STILL, ("rate = \"2/min\"", "rate = \"1/h\"")];
    let whole = home(&quiet);
    whole.run_on("1");
    let fractions = whole.values("reachability", "working_fraction");
    assert!(fractions.iter().all(|fraction| *fraction == 1.0), "{fractions:?}");
    // With a limit of tunnels, the overlay knows nodes that it cannot reach.
    let short = [
        quiet[0],
        quiet[1],
        ("[protocol.xbone.manager]", "[protocol.xbone]\nmax_tunnels = 4"),
    ];
    let short = home(&short);
    short.run_on("1");
    let first = short.values("reachability", "working_fraction")[0];
    assert!(first < 0.9, "{first}");
    assert!(short.value("tunnels", "per_member_end") <= 4.0);
    assert!(short.value("tunnels", "failed_too_many") > 0.0);
}

/// Two nodes stand, and the others join.
const JOINS: (&str, &str) = (
    "bring_up.bulk = {}",
    r#"bring_up.joins = { over = "20s", founders = 2 }"#,
);

#[test]
fn nodes_stay_out_that_the_manager_does_not_admit() {
    let own = home(&[
        JOINS,
        STILL,
        ("[protocol.xbone.manager]", "[protocol.xbone.manager]\nlimit = 9"),
    ]);
    own.run_on("1");
    // The founders have their tunnels already, and are not asked for.
    assert_eq!(own.value("population", "members_end"), 11.0);
    assert!(
        own.value("population", "restarted_joins") > 13.0,
        "who is refused tries again"
    );
}

#[test]
fn a_host_can_have_several_virtual_nodes() {
    let twice = home(&[("nodes.count = 24", "nodes = { count = 24, virtual = 2 }")]);
    twice.run_on("1");
    let apart = home(&[]);
    apart.run_on("1");
    assert!(twice.value("lookups", "completed_fraction") > 0.8);
    // The shortest tunnels are those between nodes of one host, which need no time from end to end.
    let shortest = |own: &Home| own.value("tunnels", "set_up_p10_ms");
    let members = |own: &Home| own.value("population", "up_mean");
    assert!(
        shortest(&twice) <= shortest(&apart),
        "{} {}",
        shortest(&twice),
        shortest(&apart)
    );
    assert!(
        members(&twice) > 1.5 * members(&apart),
        "{} {}",
        members(&twice),
        members(&apart)
    );
}

#[test]
fn only_those_on_the_access_control_list_come_in() {
    let nodes: Vec<String> = (0..8).map(|node| node.to_string()).collect();
    let list = format!("[protocol.xbone.manager]\nallowed = [{}]", nodes.join(", "));
    let own = home(&[JOINS, STILL, ("[protocol.xbone.manager]", &list)]);
    own.run_on("1");
    let members = own.value("population", "members_end");
    // The two founders do not ask, and may be on the list or not.
    assert!((8.0..=10.0).contains(&members), "{members}");
}

#[test]
fn a_server_that_fails_comes_back_with_its_ledger() {
    let whole = home(&[("servers = 2", "servers = 1")]);
    let failing = "servers = 1\ntimeout = \"500ms\"\ntries = 1\noutages = [{ from = \"90s\", until = \"3min\" }]";
    let failing = home(&[("servers = 2", failing)]);
    whole.run_on("1");
    failing.run_on("1");
    assert_eq!(whole.value("tunnels", "failed_no_server"), 0.0);
    assert!(failing.value("tunnels", "failed_no_server") > 0.0);
    let pairs = failing.value("address_servers", "pairs_end");
    assert!(
        pairs >= failing.value("tunnels", "standing_end"),
        "no tunnel has lost its addresses: {pairs}"
    );
    assert!(failing.value("address_servers", "utilisation") < whole.value("address_servers", "utilisation"));
}

#[test]
fn what_cannot_be_is_refused_where_it_is_written() {
    refused(
        &[("servers = 2", "servers = 0")],
        "servers = 0",
        &["at least one address server", "provisioning.idle"],
    );
    refused(
        &[("servers = 2", "servers = 1"), ("10.0.0.0/20", "10.0.0.0/29")],
        "pool = \"10.0.0.0/29\"",
        &["room for 2 tunnels, but one node needs 4", "shorter prefix"],
    );
    refused(
        &[("10.0.0.0/20", "10.0.0.0/30")],
        "pool = \"10.0.0.0/30\"",
        &["no room for a tunnel"],
    );
    refused(
        &[("10.0.0.0/20", "10.0.0.1/20")],
        "pool = \"10.0.0.1/20\"",
        &["did you mean 10.0.0.0/20"],
    );
    refused(
        &[("10.0.0.0/20", "ten")],
        "pool = \"ten\"",
        &["expected a prefix such as"],
    );
    refused(&[("servers = 2", "rate = \"0/s\"")], "rate = \"0/s\"", &["rate"]);
    refused(
        &[("servers = 2", "transport = \"tcp\"\nrate = \"9/s\"")],
        "rate = \"9/s\"",
        &["leave one of them out"],
    );
    refused(
        &[("servers = 2", "transport = \"quic\"")],
        "transport = \"quic\"",
        &["udp"],
    );
    refused(&[("servers = 2", "tries = 0")], "tries = 0", &["at least 1"]);
    refused(&[("servers = 2", "queue = 1")], "queue = 1", &["unknown"]);
    refused(
        &[(
            "servers = 2",
            "outages = [{ server = 1, from = \"1s\", until = \"2s\" }]",
        )],
        "outages = [{ server = 1, from = \"1s\", until = \"2s\" }]",
        &["there is no server 1"],
    );
    refused(
        &[("[protocol.xbone.over.chord]", "[protocol.xbone.over.xbone.over.chord]")],
        "[protocol.xbone.over.xbone.over.chord]",
        &["cannot lie over itself"],
    );
    refused(
        &[("[protocol.xbone.over.chord]", "[protocol.xbone.over.dht.over.chord]")],
        "[protocol.xbone.over.dht.over.chord]",
        &["chord"],
    );
    refused(
        &[
            IDLE,
            ("idle]\ndelay = \"0s\"", "static]"),
            ("bring_up.bulk = {}", "bring_up.joins = { over = \"20s\" }"),
        ],
        "[protocol.xbone.provisioning.static]",
        &["no tunnel is made for a node that joins", "bring_up.bulk"],
    );
    refused(
        &[("[protocol.xbone.manager]", "[protocol.xbone]\nmax_tunnels = 0")],
        "max_tunnels = 0",
        &["at least 1 tunnel"],
    );
    refused(
        &[(
            "[protocol.xbone.manager]",
            "[protocol.xbone.manager]\nallowed = [3, 24]",
        )],
        "allowed = [3, 24]",
        &["there is no node 24: the scenario has 24"],
    );
    for (cost, words) in [("key_computation = \"1s\"", "keys"), ("ssl_handshakes = 2", "channel")] {
        let costs = format!("[protocol.xbone.provisioning.idle]\ndelay = \"0s\"\n[protocol.xbone]\n{cost}\n");
        refused(&[(IDLE.0, &costs)], cost, &["has no effect", words]);
    }
    // The manager and two servers need hosts of their own.
    let ring = |routers: u32| {
        format!(
            "network.ring = {{ routers = {routers}, delay = \"2ms\", access = \"1ms\", hosts = \"one_per_router\" }}"
        )
    };
    let constant = "network.constant.delay = \"20ms\"";
    refused(
        &[(constant, &ring(26))],
        "nodes.count = 24",
        &["xbone needs 3 hosts beside those of the nodes", "27 hosts"],
    );
    let (exit, text) = home(&[(constant, &ring(27))]).peerscope("check", &[]);
    assert_eq!(exit, Exit::Done, "{text}");
}
