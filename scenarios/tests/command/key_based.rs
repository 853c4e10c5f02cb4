//! Scenarios over key-based routing, as a user meets them: messages routed to keys, what nodes know and have to do, and what is
//! refused.

use std::fs;

use analysis::Cell;
use scenarios::exit::Exit;
use scenarios::registry::Registry;

use crate::support::Home;

/// Thirty-two nodes that stand from the start, and what they are asked for.
pub(crate) const SCENARIO: &str = r#"seed = 11
run.duration = "10min"
nodes.count = 32
bring_up.bulk = {}
network.constant.delay = "50ms"
protocol.chord = { lookup = "recursive", successors = 4 }
workload.lookups = { start = "1min", until = "9min", rate = "2/min", by = "route" }
observe.node_load = true
"#;

/// What the scenario says of its protocol.
pub(crate) const PROTOCOL: &str = r#"protocol.chord = { lookup = "recursive", successors = 4 }"#;

/// The scenario with some texts replaced by others.
#[track_caller]
fn own(changes: &[(&str, &str)]) -> Home {
    Home::new(Registry::standard, SCENARIO, changes)
}

/// The scenario so changed is refused at this place, with these words.
#[track_caller]
fn refused(changes: &[(&str, &str)], place: &str, words: &[&str]) {
    own(changes).refused(place, words);
}

#[test]
fn a_message_is_measured_where_it_is_delivered() {
    let home = own(&[]);
    home.run();
    let issued = home.first("lookups", "issued");
    assert!(issued > 300.0, "{issued}");
    for column in ["completed", "correct"] {
        assert_eq!(home.first("lookups", column), issued, "{column}");
    }
    // Every hop takes 50 ms, and so does the direct path, one way; both are zero for the node's own keys.
    let hops = home.first("lookups", "hops_mean");
    assert!(hops > 1.5, "{hops}");
    assert!((home.first("lookups", "latency_mean_ms") - 50.0 * hops).abs() < 1e-6);
    let (all, own) = (home.table("hops"), home.first("lookups", "completed"));
    let lookups = all.numbers("lookups").unwrap();
    let own_keys = lookups[0].unwrap() / own;
    assert!((home.first("lookups", "relative_distance") - hops / (1.0 - own_keys)).abs() < 1e-9);
    // The same distribution by nodes before the owner.
    let visited = home.table("path_length").numbers("lookups").unwrap();
    assert_eq!(visited[0], Some(lookups[0].unwrap() + lookups[1].unwrap()));
    assert_eq!(visited[1..], lookups[2..]);
}

#[test]
fn each_hop_of_a_message_is_received_by_a_node() {
    let home = own(&[]);
    home.run();
    let received =
        home.of_kind("node_load", "route", "received_mean") * home.of_kind("node_load", "route", "nodes_counted");
    let hops = home.first("lookups", "hops_mean") * home.first("lookups", "completed");
    assert!((received - hops).abs() < 1e-6, "{received} received, {hops} hops");
    let median = home.of_kind("node_load", "total", "received_p50");
    assert!(
        median > home.of_kind("node_load", "route", "received_p50"),
        "total is of all kinds"
    );
}

#[test]
fn state_is_counted_by_kind_for_the_members() {
    let home = own(&[]);
    home.run();
    assert_eq!(home.of_kind("state", "predecessor", "members"), 32.0);
    assert_eq!(home.of_kind("state", "predecessor", "entries_max"), 1.0);
    assert_eq!(home.of_kind("state", "further successor", "entries_p01"), 3.0);
    let kinds = ["predecessor", "successor", "further successor", "finger"];
    let sum: f64 = kinds
        .map(|kind| home.of_kind("state", kind, "entries_mean"))
        .iter()
        .sum();
    let (total, distinct) = (
        home.of_kind("state", "total", "entries_mean"),
        home.of_kind("state", "distinct", "entries_mean"),
    );
    assert!(
        (total - sum).abs() < 1e-9 && distinct < total,
        "{total} {sum} {distinct}"
    );
}

#[test]
fn what_is_lost_on_the_way_has_failed_when_patience_ends() {
    let loss = [
        ("observe.node_load = true", "loss.probability = 0.2"),
        (r#"by = "route""#, r#"by = "route", patience = "20s""#),
    ];
    let home = own(&loss);
    home.run();
    let (issued, failed, hops) = (
        home.first("lookups", "issued"),
        home.first("lookups", "failed") / home.first("lookups", "issued"),
        home.first("lookups", "hops_mean"),
    );
    assert_eq!(home.first("lookups", "unfinished"), 0.0);
    assert_eq!(
        home.first("lookups", "completed") + home.first("lookups", "failed"),
        issued
    );
    // With h hops a fifth is lost at each: of 1 to 4 hops between 20 and 59 %.
    assert!((0.2..0.6).contains(&failed), "{failed} failed, {hops} hops");

    // The patience of the default goes beyond the end of the run for those who come last.
    let patient = [
        loss[0],
        (r#"until = "9min""#, r#"until = "10min""#),
        (r#"by = "route""#, r#"by = "route", patience = "2min""#),
    ];
    let home = own(&patient);
    home.run();
    assert!(home.first("lookups", "unfinished") > 0.0);
}

#[test]
fn what_comes_too_late_has_failed() {
    // A hop takes 50 ms: three hops and more are too many.
    let home = own(&[(r#"by = "route""#, r#"by = "route", patience = "120ms""#)]);
    home.run();
    let longest = home.table("hops").numbers("hops").unwrap();
    assert_eq!(longest.last().unwrap(), &Some(2.0));
    assert!(home.first("lookups", "failed") > 0.0 && home.first("lookups", "unfinished") == 0.0);
}

#[test]
fn lookups_are_asked_for_where_both_are_offered_and_nothing_is_said() {
    let unsaid = own(&[(r#", by = "route""#, "")]);
    let said = own(&[(r#"by = "route""#, r#"by = "lookup""#)]);
    unsaid.run();
    said.run();
    assert_eq!(
        unsaid.first("lookups", "latency_mean_ms"),
        said.first("lookups", "latency_mean_ms")
    );
    // A lookup is answered, and so is compared with a round trip.
    let routed = own(&[]);
    routed.run();
    assert!(unsaid.first("lookups", "relative_distance") < 0.75 * routed.first("lookups", "relative_distance"));
}

/// The scenario with Pastry in place of Chord.
fn pastry(settings: &'static str) -> (&'static str, &'static str) {
    (PROTOCOL, settings)
}

#[test]
fn pastry_carries_messages_in_tables_of_both_makes() {
    let bulk = own(&[pastry("protocol.pastry = { leaf_set = 8 }")]);
    let joins = own(&[
        pastry("protocol.pastry = { leaf_set = 8 }"),
        ("bring_up.bulk = {}", r#"bring_up.joins.over = "50s""#),
    ]);
    for home in [bulk, joins] {
        home.run();
        assert_eq!(home.first("lookups", "completed"), home.first("lookups", "issued"));
        assert_eq!(home.first("lookups", "correct"), home.first("lookups", "issued"));
        // One leaf set in four, and the digits of few nodes part at the first.
        assert!(
            (0.9..2.0).contains(&home.first("lookups", "hops_mean")),
            "{}",
            home.first("lookups", "hops_mean")
        );
        assert_eq!(home.of_kind("state", "leaf", "entries_mean"), 8.0);
        assert!((home.first("lookups", "latency_mean_ms") - 50.0 * home.first("lookups", "hops_mean")).abs() < 1e-6);
    }
}

#[test]
fn lists_of_all_take_one_hop_and_leaf_sets_alone_many() {
    let styles = ["exhaustive", "circular"].map(|style| {
        let settings = format!(r#"protocol.pastry = {{ leaf_set = 2, routing = "{style}" }}"#);
        let home = own(&[(PROTOCOL, settings.as_str())]);
        home.run();
        assert_eq!(
            home.first("lookups", "correct"),
            home.first("lookups", "issued"),
            "{style}"
        );
        (
            home.first("lookups", "hops_mean"),
            home.of_kind("state", "distinct", "entries_mean"),
        )
    });
    let [(one_hop, everybody), (around, neighbours)] = styles;
    // One key in 32 is the sender's own.
    assert!((one_hop - 31.0 / 32.0).abs() < 0.02, "{one_hop}");
    assert_eq!((everybody, neighbours), (31.0, 2.0));
    // A quarter of the ring, node by node.
    assert!((7.0..9.5).contains(&around), "{around}");
}

#[test]
fn rings_and_snapshots_of_pastry_are_told_from_its_leaf_sets() {
    let home = own(&[
        pastry("protocol.pastry = { leaf_set = 8 }"),
        (
            "observe.node_load = true",
            r#"observe = { rings.every = "1min", snapshots = ["5min"], reachability.every = "5min" }"#,
        ),
    ]);
    home.run();
    let rings = home.table("rings");
    assert!(rings.numbers("rings").unwrap().iter().all(|rings| *rings == Some(1.0)));
    assert!(
        rings
            .numbers("correct")
            .unwrap()
            .iter()
            .all(|correct| *correct == Some(32.0))
    );
    let kinds = home.table("snapshot_links").distinct("kind").unwrap();
    assert_eq!(kinds, ["leaf", "routing table", "neighbourhood"].map(Cell::from));
    let reachable = home.table("reachability").numbers("working_fraction").unwrap();
    assert!(reachable.iter().all(|fraction| *fraction == Some(1.0)), "{reachable:?}");
}

#[test]
fn what_pastry_cannot_work_with_is_refused_where_it_is_written() {
    refused(
        &[pastry("protocol.pastry = { b = 5 }")],
        "6:25",
        &[
            "protocol.pastry.b: b must divide `id_bits`",
            "5 does not divide 128",
            "4 divides 128",
        ],
    );
    refused(
        &[pastry("protocol.pastry = { id_bits = 30 }")],
        "6:19",
        &["protocol.pastry.b: b must divide `id_bits`", "4 does not divide 30"],
    );
    refused(
        &[pastry("protocol.pastry = { leaf_set = 64 }")],
        "6:32",
        &["protocol.pastry.leaf_set: ", "64 leaves, but 32 nodes"],
    );
    refused(
        &[pastry("protocol.pastry = { leaf_set = 15 }")],
        "6:32",
        &["protocol.pastry.leaf_set: ", "even number"],
    );
    refused(
        &[pastry(r#"protocol.pastry = { heartbeat_period = "0s" }"#)],
        "6:40",
        &["\"0s\" is no period", "write \"never\" to have none"],
    );
    refused(
        &[pastry(r#"protocol.pastry = { quality = "wft" }"#)],
        "6:31",
        &["the choices are `sl`, `wt`, `wtf`"],
    );
    refused(
        &[pastry("protocol.pastry = { id_bits = 4 }")],
        "3:15",
        &["nodes.count: 32 nodes, but there are only 16 identifiers"],
    );
    let joins = ("bring_up.bulk = {}", r#"bring_up.joins.over = "50s""#);
    refused(
        &[joins, pastry(r#"protocol.pastry = { routing = "exhaustive" }"#)],
        "6:31",
        &["protocol.pastry.routing: ", "needs `[bring_up.bulk]`"],
    );
}

#[test]
fn what_mspastry_cannot_work_with_is_refused_where_it_is_written() {
    refused(
        &[pastry(
            r#"protocol.pastry = { leaf_set = 8, profile = "mspastry", mspastry.raw_loss = 5 }"#,
        )],
        "6:77",
        &[
            "protocol.pastry.mspastry.raw_loss: ",
            "between 0 and 1",
            "MSPastry uses 0.05",
        ],
    );
    refused(
        &[pastry(
            r#"protocol.pastry = { leaf_set = 8, profile = "mspastry", mspastry.failures = 0 }"#,
        )],
        "6:77",
        &["protocol.pastry.mspastry.failures: ", "at least 1"],
    );
    refused(
        &[pastry(
            r#"protocol.pastry = { leaf_set = 8, profile = "mspastry", heartbeat_period = "never" }"#,
        )],
        "6:76",
        &["protocol.pastry.heartbeat_period: ", "must be given with MSPastry"],
    );
    refused(
        &[pastry(
            r#"protocol.pastry = { leaf_set = 8, profile = "mspastry", routing = "circular" }"#,
        )],
        "6:67",
        &["protocol.pastry.routing: ", "choose the profile pastry-2001"],
    );
    refused(
        &[pastry(
            r#"protocol.pastry = { leaf_set = 8, profile = "mspastry", repair = false }"#,
        )],
        "6:66",
        &["protocol.pastry.repair: ", "choose the profile pastry-2001"],
    );
    refused(
        &[pastry(r#"protocol.pastry = { leaf_set = 8, profile = "ms-pastry" }"#)],
        "6:45",
        &["the choices are `pastry-2001`, `mspastry`"],
    );
    refused(
        &[pastry(
            r#"protocol.pastry = { leaf_set = 8, mspastry.lowest_margin = "5ms" }"#,
        )],
        "6:44",
        &["`lowest_margin`", "least_margin"],
    );
}

#[test]
fn what_pastry_does_not_offer_is_refused_where_it_is_asked_for() {
    refused(
        &[
            pastry("protocol.pastry = { leaf_set = 8 }"),
            (r#"by = "route""#, r#"by = "lookup""#),
        ],
        "7:75",
        &[
            "workload.lookups.by: pastry does not offer `lookup`",
            "it offers `route`",
        ],
    );
    refused(
        &[
            pastry("protocol.pastry = { leaf_set = 8 }"),
            ("observe.node_load = true", "observe.ring_invariants = true"),
        ],
        "8:27",
        &[
            "observe.ring_invariants: pastry has no invariants to observe",
            "leave it out",
            "help: they are those of Chord's ring, which `[protocol.chord]` by itself has",
        ],
    );
}

#[test]
fn a_key_outside_pastrys_space_is_refused_at_its_line_of_the_trace() {
    let home = own(&[
        pastry("protocol.pastry = { id_bits = 16, leaf_set = 8 }"),
        (r#"rate = "2/min""#, r#"trace = "keys.csv""#),
    ]);
    fs::write(home.folder.path().join("keys.csv"), "70 3 0xffff\n80 4 0x10000\n").unwrap();
    let ended = home.peerscope("check", &[]);
    assert_eq!(ended.exit, Exit::BadInput, "{}", ended.err);
    for words in [
        "keys.csv:2:6\n",
        "the key lies outside the space: pastry has 65536 identifiers",
        "help: keys go from 0 to 0xffff; use more `id_bits`",
    ] {
        assert!(ended.err.contains(words), "{words:?} is missing from\n{}", ended.err);
    }
}

/// There is one identifier more than a number of 128 bits can say.
#[test]
fn the_largest_key_of_all_is_none_too_large() {
    for protocol in ["pastry", "chord"] {
        let settings = format!("protocol.{protocol} = {{ id_bits = 128 }}");
        let home = own(&[
            (PROTOCOL, settings.as_str()),
            (r#"rate = "2/min""#, r#"trace = "keys.csv""#),
        ]);
        let trace = format!("70 3 {:#x}\n", u128::MAX);
        fs::write(home.folder.path().join("keys.csv"), trace).unwrap();
        home.run();
        assert_eq!(home.first("lookups", "correct"), 1.0, "{protocol}");
    }
}

#[test]
fn a_value_of_another_kind_is_named_by_its_whole_path() {
    refused(
        &[pastry(r#"protocol.pastry = { leaf_set = "8" }"#)],
        "6:32",
        &[
            "error: protocol.pastry.leaf_set: expected a whole number from 0 to",
            "found the text \"8\"",
            "numbers stand without quotes",
        ],
    );
    refused(
        &[pastry(
            "protocol.pastry = { leaf_set = 8, mspastry = { raw_loss = true } }",
        )],
        "6:59",
        &["error: protocol.pastry.mspastry.raw_loss: expected a number, found true"],
    );
    refused(
        &[pastry("protocol.pastry = { leaf_set = 8, table_period = 5 }")],
        "6:50",
        &[
            "error: protocol.pastry.table_period: expected a period such as \"30s\", or \"never\", found 5 without a unit",
        ],
    );
    refused(
        &[pastry("protocol.pastry = { leafset = 8 }")],
        "6:21",
        &[
            "error: protocol.pastry: unknown key `leafset`",
            "did you mean `leaf_set`?",
        ],
    );
}

#[test]
fn a_way_to_ask_that_is_not_offered_is_refused() {
    refused(
        &[(r#"by = "route""#, r#"by = "rote""#)],
        "7:75",
        &["did you mean `route`?"],
    );
    refused(
        &[(r#"by = "route""#, r#"by = "route", patience = "0s""#)],
        "7:95",
        &["workload.lookups.patience: ", "must be longer than 0s"],
    );
    refused(
        &[(r#"by = "route""#, r#"patience = "5s""#)],
        "7:81",
        &["workload.lookups.patience: ", "leave it out, or set `by = \"route\"`"],
    );
}
