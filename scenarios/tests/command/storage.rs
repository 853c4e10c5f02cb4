//! What is stored over an overlay, as a user meets it: what is measured, and what is refused.

use std::fs;

use analysis::{Cell, Conditions, Table};
use scenarios::exit::Exit;

use crate::support::{Ended, peerscope};

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

struct Home {
    folder: tempfile::TempDir,
    text: String,
}

impl Home {
    /// The scenario with some texts replaced by others.
    #[track_caller]
    fn new(changes: &[(&str, &str)]) -> Home {
        let mut text = SCENARIO.to_owned();
        for (from, to) in changes {
            assert!(text.contains(from), "{from:?} is not in the scenario");
            text = text.replacen(from, to, 1);
        }
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("own.toml"), &text).unwrap();
        Home { folder, text }
    }

    fn peerscope(&self, command: &str, more: &[&str]) -> Ended {
        let file = self.folder.path().join("own.toml");
        peerscope(&[&[command, file.to_str().unwrap()], more].concat())
    }

    #[track_caller]
    fn run(&self) {
        let output = self.folder.path().join("out");
        let ended = self.peerscope("run", &["-q", "--force", "-o", output.to_str().unwrap()]);
        assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
    }

    fn table(&self, name: &str) -> Table {
        let file = fs::File::open(self.folder.path().join("out").join(format!("{name}.csv"))).unwrap();
        Table::read_csv(file).unwrap()
    }

    /// The only value of a column of the table `storage`.
    #[track_caller]
    fn storage(&self, column: &str) -> f64 {
        self.table("storage").numbers(column).unwrap()[0].unwrap_or_else(|| panic!("{column} is empty"))
    }

    /// How many messages of a kind were sent.
    #[track_caller]
    fn messages(&self, kind: &str) -> f64 {
        let rows = Conditions::from([("kind".to_owned(), Cell::from(kind))]);
        self.table("messages")
            .select(&rows)
            .unwrap()
            .numbers("messages")
            .unwrap()[0]
            .unwrap()
    }
}

/// The scenario so changed is refused at this place, with these words and the line shown.
#[track_caller]
fn refused(changes: &[(&str, &str)], place: &str, words: &[&str]) {
    let home = Home::new(changes);
    let ended = home.peerscope("check", &[]);
    assert_eq!(ended.exit, Exit::BadInput, "{}\n{}", ended.out, ended.err);
    let err = &ended.err;
    assert!(
        err.contains(&format!("own.toml:{place}\n")),
        "{place} is not the place in\n{err}"
    );
    let flat = err.split_whitespace().collect::<Vec<_>>().join(" ");
    for word in words {
        assert!(flat.contains(word), "{word:?} is missing from\n{err}");
    }
    let line: usize = place.split(':').next().unwrap().parse().unwrap();
    let line = home.text.lines().nth(line - 1).unwrap();
    assert!(err.contains(&format!(" | {line}\n")), "{line:?} is not shown in\n{err}");
}

#[test]
fn where_nobody_leaves_everything_is_found_over_either_overlay() {
    for over in ["over.chord = { successors = 8 }", "over.pastry = {}"] {
        let home = Home::new(&[("over.chord = { successors = 8 }", over)]);
        home.run();
        let gets = home.storage("gets");
        assert!(gets > 1000.0, "{over}: {gets}");
        assert_eq!(home.storage("availability"), 1.0, "{over}");
        for column in [
            "gets_stale",
            "gets_failed",
            "puts_failed",
            "removes_failed",
            "revived",
            "lost_end",
            "void",
        ] {
            assert_eq!(home.storage(column), 0.0, "{over}: {column}");
        }
        assert!(home.storage("removed_gets") > 0.0, "{over}: some keys were removed");
        assert_eq!(home.storage("copies_mean"), 3.0, "{over}");
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
        let home = Home::new(&[
            ("20ms", "1s"),
            ("over.chord = { successors = 8 }", &slow),
            ("keys = 100", "keys = 20"),
            ("puts = \"6/h\"", "puts = \"10/h\""),
            ("removes = \"2/h\"", "removes = \"10/h\""),
        ]);
        home.run();
        assert!(home.storage("unsure") > 20.0, "{over}");
        assert!(
            home.storage("gets_found") > 500.0 && home.storage("removed_gets") > 500.0,
            "{over}"
        );
        for column in ["gets_not_found", "gets_stale", "revived", "gets_failed"] {
            assert_eq!(home.storage(column), 0.0, "{over}: {column}");
        }
    }
}

#[test]
fn first_puts_that_fail_are_shown() {
    // No copy can be confirmed before its writer gives up.
    let home = Home::new(&[("replicas = 3,", "replicas = 3, timeout = \"10ms\", retries = 0,")]);
    home.run();
    assert_eq!(home.storage("first_puts"), 100.0);
    assert_eq!(home.storage("first_puts_failed"), 100.0);
    assert_eq!(home.storage("first_puts_completed_fraction"), 0.0);
    let home = Home::new(&[]);
    home.run();
    assert_eq!(home.storage("first_puts_completed"), 100.0);
    assert_eq!(home.storage("first_puts_failed"), 0.0);
}

/// In one overlay of few hosts a popular key is soon kept everywhere, and some of what is found there is older than what was
/// written last.
#[test]
fn copies_on_the_way_answer_gets_and_may_be_stale() {
    let home = Home::new(&[
        (
            "replicas = 3,",
            "replicas = 3, cache = { entries = 20, lifetime = \"10min\" },",
        ),
        ("removes = \"2/h\"", "popularity.zipf.exponent = 1.2"),
        ("{ successors = 8 }", "{ successors = 8, lookup = \"recursive\" }"),
    ]);
    home.run();
    let (cached, stale) = (home.storage("cached_fraction"), home.storage("stale_fraction"));
    assert!(cached > 0.2, "{cached}");
    assert!(stale > 0.0 && stale < cached, "{stale} of {cached}");
    assert!(home.messages("cache") > 0.0);
    let plain = Home::new(&[]);
    plain.run();
    assert_eq!(plain.storage("gets_cached"), 0.0);
    assert_eq!(plain.messages("cache"), 0.0);
}

#[test]
fn what_the_hash_table_does_not_answer_is_asked_of_the_overlay() {
    let lookups = "\n[workload.lookups]\nstart = \"5min\"\nrate = \"1/min\"\n";
    let home = Home::new(&[("removes = \"2/h\"\n", &format!("removes = \"2/h\"\n{lookups}"))]);
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
    refused(
        &[("replicas = 3", "replicas = 0")],
        "6:29",
        &["protocol.dht.replicas", "between 1 and 32"],
    );
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
