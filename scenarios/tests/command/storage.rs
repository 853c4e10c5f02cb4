//! What is stored over an overlay, as a user meets it: what is measured, and what is refused.

use scenarios::exit::Exit;
use scenarios::registry::Registry;

use crate::support::Home;

/// Forty nodes that stand from the start, and a hundred keys on three of them each.
const SCENARIO: &str = r#"seed = 5
run.duration = "40min"
nodes.count = 40
bring_up.bulk = {}
network.constant.delay = "20ms"
protocol.dht = { replicas = 3, over.chord = { successors = 8 } }
[workload.storage]
keys = 100
value = "1kB"
start = "1min"
over = "4min"
gets = "2/min"
puts = "6/h"
removes = "2/h"
"#;

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
fn where_nobody_leaves_everything_is_found_over_either_overlay() {
    for over in ["over.chord = { successors = 8 }", "over.pastry = {}"] {
        let home = own(&[("over.chord = { successors = 8 }", over)]);
        home.run();
        let gets = home.first("storage", "gets");
        assert!(gets > 1000.0, "{over}: {gets}");
        assert_eq!(home.first("storage", "availability"), 1.0, "{over}");
        for column in [
            "gets_stale",
            "gets_failed",
            "puts_failed",
            "removes_failed",
            "revived",
            "lost_end",
            "void",
        ] {
            assert_eq!(home.first("storage", column), 0.0, "{over}: {column}");
        }
        assert!(
            home.first("storage", "removed_gets") > 0.0,
            "{over}: some keys were removed"
        );
        assert_eq!(home.first("storage", "copies_mean"), 3.0, "{over}");
        let stored = home.table("stored").numbers("mean").unwrap()[0];
        assert_eq!(stored, Some(100.0 * 3.0 / 40.0), "{over}: tombstones count");
    }
}

/// With a second from node to node, many a key is written while somebody waits for it. Nothing is lost here and nothing comes
/// back, so that no get may be counted so.
#[test]
fn a_get_that_a_write_overtakes_is_not_judged() {
    for over in ["chord", "pastry"] {
        let slow = format!("timeout = \"2min\", request_timeout = \"10s\", over.{over} = {{ timeout = \"10s\" }}");
        let home = own(&[
            ("20ms", "1s"),
            ("over.chord = { successors = 8 }", &slow),
            ("keys = 100", "keys = 20"),
            ("puts = \"6/h\"", "puts = \"10/h\""),
            ("removes = \"2/h\"", "removes = \"10/h\""),
        ]);
        home.run();
        assert!(home.first("storage", "unsure") > 20.0, "{over}");
        assert!(
            home.first("storage", "gets_found") > 500.0 && home.first("storage", "removed_gets") > 500.0,
            "{over}"
        );
        for column in ["gets_not_found", "gets_stale", "revived", "gets_failed"] {
            assert_eq!(home.first("storage", column), 0.0, "{over}: {column}");
        }
    }
}

#[test]
fn first_puts_that_fail_are_shown() {
    // No copy can be confirmed before its writer gives up.
    let home = own(&[("replicas = 3,", "replicas = 3, timeout = \"10ms\", retries = 0,")]);
    home.run();
    assert_eq!(home.first("storage", "first_puts"), 100.0);
    assert_eq!(home.first("storage", "first_puts_failed"), 100.0);
    assert_eq!(home.first("storage", "first_puts_completed_fraction"), 0.0);
    let home = own(&[]);
    home.run();
    assert_eq!(home.first("storage", "first_puts_completed"), 100.0);
    assert_eq!(home.first("storage", "first_puts_failed"), 0.0);
}

/// In one overlay of few hosts a popular key is soon kept everywhere, and some of what is found there is older than what was
/// written last.
#[test]
fn copies_on_the_way_answer_gets_and_may_be_stale() {
    let home = own(&[
        (
            "replicas = 3,",
            "replicas = 3, cache = { entries = 20, lifetime = \"10min\" },",
        ),
        ("removes = \"2/h\"", "popularity.zipf.exponent = 1.2"),
        ("{ successors = 8 }", "{ successors = 8, lookup = \"recursive\" }"),
    ]);
    home.run();
    let (cached, stale) = (
        home.first("storage", "cached_fraction"),
        home.first("storage", "stale_fraction"),
    );
    assert!(cached > 0.2, "{cached}");
    assert!(stale > 0.0 && stale < cached, "{stale} of {cached}");
    assert!(home.of_kind("messages", "cache", "messages") > 0.0);
    let plain = own(&[]);
    plain.run();
    assert_eq!(plain.first("storage", "gets_cached"), 0.0);
    assert_eq!(plain.of_kind("messages", "cache", "messages"), 0.0);
}

#[test]
fn what_the_hash_table_does_not_answer_is_asked_of_the_overlay() {
    let lookups = "\n[workload.lookups]\nstart = \"5min\"\nrate = \"1/min\"\n";
    let home = own(&[("removes = \"2/h\"\n", &format!("removes = \"2/h\"\n{lookups}"))]);
    home.run();
    let correct = home.table("lookups").numbers("correct_fraction").unwrap();
    assert_eq!(correct, [Some(1.0)]);
    let by_route = lookups.replace("rate", "by = \"route\"\nrate");
    refused(
        &[("removes = \"2/h\"\n", &format!("removes = \"2/h\"\n{by_route}"))],
        "18:6",
        &["workload.lookups.by"],
    );
}

#[test]
fn a_protocol_that_stores_nothing_cannot_serve_it() {
    refused(
        &[(
            "protocol.dht = { replicas = 3, over.chord = { successors = 8 } }",
            "protocol.chord = { successors = 8 }",
        )],
        "7:1",
        &["workload.storage: chord stores nothing", "[protocol.dht.over.chord]"],
    );
}

#[test]
fn a_get_for_a_key_that_is_never_put_is_refused() {
    refused(
        &[("gets =", "among = 101\ngets =")],
        "12:9",
        &[
            "workload.storage.among: 101 keys are asked for, but 100 are put",
            "never put",
        ],
    );
    refused(
        &[("gets =", "from = \"3min\"\ngets =")],
        "12:8",
        &[
            "workload.storage.from",
            "before all keys have been put: the last is put at 5min",
        ],
    );
    refused(
        &[("keys = 100", "keys = 0")],
        "8:8",
        &["workload.storage.keys", "between 1 and"],
    );
}

#[test]
fn what_the_hash_table_cannot_work_with_is_refused_with_advice() {
    for (setting, place, words) in [
        ("repair_period = \"0s\"", "6:48", "expected a period such as \"1min\""),
        ("tombstone_lifetime = \"0s\"", "6:53", "expected a time such as \"1h\""),
        ("timeout = \"0s\"", "6:42", "expected a time such as \"10s\""),
        (
            "cache = { entries = 0, lifetime = \"1min\" }",
            "6:52",
            "without `cache` there are none",
        ),
        ("cache.lifetime = \"1min\"", "6:32", "the key `entries` is missing"),
    ] {
        let key = setting.split([' ', '.']).next().unwrap();
        let named = format!("error: protocol.dht.{key}");
        refused(
            &[("replicas = 3", &format!("replicas = 3, {setting}"))],
            place,
            &[&named, words],
        );
    }
}

#[test]
fn what_the_overlay_below_complains_about_is_named_where_it_is() {
    let pastry = |settings| [("over.chord = { successors = 8 }", settings)];
    refused(
        &pastry("over.pastry = { leaf_set = 64 }"),
        "6:59",
        &[
            "error: protocol.dht.over.pastry.leaf_set: leaf_set must be smaller than the network: 64 leaves, but 40 nodes",
        ],
    );
    refused(
        &pastry("over.pastry = { b = 5 }"),
        "6:52",
        &[
            "error: protocol.dht.over.pastry.b: b must divide `id_bits`",
            "5 does not divide 128",
        ],
    );
    refused(
        &pastry("over.pastry = { id_bits = 160 }"),
        "6:58",
        &[
            "error: protocol.dht.over.pastry.id_bits: id_bits must lie between 3 and 128",
            "Pastry has 128",
        ],
    );
    refused(
        &pastry("over.pastry = { leaf_set = \"x\" }"),
        "6:59",
        &["error: protocol.dht.over.pastry.leaf_set: expected a whole number"],
    );
}

#[test]
fn times_outside_the_run_are_refused() {
    refused(
        &[("start = \"1min\"", "start = \"1h\"")],
        "10:9",
        &["workload.storage.start", "when the run has ended"],
    );
    refused(
        &[("gets =", "until = \"2min\"\ngets =")],
        "12:9",
        &["workload.storage.until", "after `from`"],
    );
    refused(
        &[("gets =", "count_every = \"0s\"\ngets =")],
        "12:15",
        &["workload.storage.count_every", "too short"],
    );
}

#[test]
fn replicas_that_the_overlay_does_not_know_are_refused() {
    refused(
        &[("replicas = 3", "replicas = 10")],
        "6:29",
        &["protocol.dht.replicas: 10 replicas", "chord knows only 9"],
    );
    for (over, overlay) in [
        ("over.chord = { successors = 8 }", "chord"),
        ("over.pastry = { leaf_set = 16 }", "pastry"),
    ] {
        let over = ("over.chord = { successors = 8 }", over);
        let knows = format!("{overlay} knows only 9 of a key");
        refused(
            &[over, ("replicas = 3", "replicas = 9")],
            "6:29",
            &[
                "protocol.dht.replicas: 9 replicas and the node that takes over from one of them are 10 nodes",
                &knows,
                "help: expected at most 8",
            ],
        );
        let ended = own(&[over, ("replicas = 3", "replicas = 8")]).peerscope("check", &[]);
        assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
    }
    for replicas in ["0", "33"] {
        refused(
            &[("replicas = 3", &format!("replicas = {replicas}"))],
            "6:29",
            &["protocol.dht.replicas", "between 1 and 32", "help: leave it out for 3"],
        );
    }
    refused(
        &[("nodes.count = 40", "nodes.count = 2")],
        "6:29",
        &["3 replicas, but there are 2 nodes"],
    );
    refused(
        &[("over.chord", "over.dht")],
        "6:37",
        &["dht cannot lie over itself", "known: `chord`, `pastry`"],
    );
}
