//! Who looks up what and when, and how keys spread, as a user meets it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use analysis::Table;
use scenarios::exit::Exit;
use serde_json::Value;

use crate::support::{Ended, peerscope};

/// Sixteen nodes that stand from the start, without a workload.
const SCENARIO: &str = r#"
seed = 5
run.duration = "12min"
nodes.count = 16
bring_up.bulk = {}
network.exponential.mean = "50ms"
protocol.chord = { successors = 4, timeout = "5s" }
"#;

struct Home {
    folder: tempfile::TempDir,
    file: String,
}

impl Home {
    fn new(more: &str) -> Home {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("own.toml");
        fs::write(&file, format!("{SCENARIO}{more}\n")).unwrap();
        let file = file.to_str().unwrap().to_owned();
        Home { folder, file }
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name), text).unwrap();
    }

    fn run(&self, more: &[&str]) -> Ended {
        let output = self.folder.path().join("out");
        peerscope(&[&["run", &self.file, "-o", output.to_str().unwrap(), "--force"], more].concat())
    }

    fn column(&self, table: &str, column: &str) -> Vec<f64> {
        let file = fs::File::open(self.folder.path().join("out").join(format!("{table}.csv"))).unwrap();
        let values = Table::read_csv(file).unwrap().numbers(column).unwrap();
        values.into_iter().flatten().collect()
    }

    /// The lookups that nodes were asked for: seconds, node, key.
    fn asked(&self) -> Vec<(f64, u64, String)> {
        let ended = peerscope(&["trace", &self.file, "--json"]);
        assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
        let lines = ended
            .out
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines
            .filter(|line| line["what"] == "asked")
            .map(|line| {
                let key = line["command"].as_str().unwrap().to_owned();
                (
                    line["time_ns"].as_f64().unwrap() / 1e9,
                    line["node"].as_u64().unwrap(),
                    key,
                )
            })
            .collect()
    }
}

#[track_caller]
fn refused(more: &str, place: &str, words: &str) {
    let ended = Home::new(more).run(&[]);
    assert_eq!(ended.exit, Exit::BadInput, "{}", ended.err);
    let flat = ended.err.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains(words) && flat.contains(place), "{}", ended.err);
}

#[test]
fn periodic_lookups_keep_their_step_each_from_a_moment_of_its_own() {
    let home = Home::new(r#"workload.lookups = { start = "1min", until = "11min", every = "30s" }"#);
    let mut by_node: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
    for (time, node, _) in home.asked() {
        by_node.entry(node).or_default().push(time);
    }
    assert_eq!(by_node.len(), 16);
    let mut phases = BTreeSet::new();
    for times in by_node.values() {
        assert_eq!(times.len(), 20);
        assert!((60.0..90.0).contains(&times[0]));
        phases.insert((times[0] * 10.0) as u64);
        for pair in times.windows(2) {
            assert!((pair[1] - pair[0] - 30.0).abs() < 1e-6, "{pair:?}");
        }
    }
    assert!(phases.len() > 8, "they do not all begin at once: {phases:?}");
}

#[test]
fn some_look_up_and_the_others_do_not() {
    let lookups = |initiators: &str| {
        let home = Home::new(&format!(
            r#"workload.lookups = {{ start = "1min", rate = "6/min", initiators = {initiators} }}"#
        ));
        home.asked()
    };
    let nodes = |asked: &[(f64, u64, String)]| asked.iter().map(|(_, node, _)| *node).collect::<BTreeSet<_>>();
    let named = lookups("{ nodes = [3, 11] }");
    assert_eq!(nodes(&named), BTreeSet::from([3, 11]));
    // 132 are to be expected, and five standard deviations are 57.
    assert!((75..190).contains(&named.len()), "{}", named.len());
    let (one, three) = (lookups("{ random = 1 }"), lookups("{ random = 3 }"));
    assert_eq!((nodes(&one).len(), nodes(&three).len()), (1, 3));
    assert!(nodes(&one).is_subset(&nodes(&three)), "fewer are some of the more");
    assert_eq!(nodes(&lookups(r#""all""#)).len(), 16);
}

/// The rate of the whole network does not depend on how many share it: 1100 are to be expected, and five standard deviations are
/// 166.
#[test]
fn a_total_rate_is_shared_by_all_initiators() {
    let asked = |more: &str| {
        let lookups = format!(r#"workload.lookups = {{ start = "1min", total_rate = "100/min"{more} }}"#);
        Home::new(&lookups).asked()
    };
    let (all, four) = (asked(""), asked(", initiators = { random = 4 }"));
    for (asked, initiators) in [(all, 16), (four, 4)] {
        assert!((934..1266).contains(&asked.len()), "{}", asked.len());
        assert_eq!(
            asked.iter().map(|(_, node, _)| *node).collect::<BTreeSet<_>>().len(),
            initiators
        );
    }
}

#[test]
fn networks_beyond_a_size_are_not_joined_together() {
    let home = Home::new("");
    let joins = r#"bring_up={ joins = { over = "5min", bulk_beyond = 12 } }"#;
    for (count, words) in [
        ("12", "joining one by one over 5min"),
        ("13", "all there from the start"),
    ] {
        let count = format!("nodes.count={count}");
        let ended = peerscope(&["check", &home.file, "--set", joins, "--set", &count]);
        assert!(ended.out.contains(words), "{}{}", ended.out, ended.err);
    }
    let none = joins.replace("12", "0");
    let ended = peerscope(&["check", &home.file, "--set", &none]);
    assert_eq!(ended.exit, Exit::BadInput);
    for words in [
        "bring_up.joins.bulk_beyond: expected at least 1, found 0",
        "--set:1:",
        "write `[bring_up.bulk]`",
    ] {
        assert!(ended.err.contains(words), "{words:?} is missing from\n{}", ended.err);
    }
}

/// With exponent 1 and four keys these are asked for as 12 : 6 : 4 : 3. Of 3,000 lookups, five standard deviations of a fraction
/// are at most 0.046.
#[test]
fn popular_keys_are_looked_up_by_zipfs_law() {
    let home = Home::new(
        r#"workload.lookups = { start = "1min", rate = "17/min", keys = { zipf = { keys = 4, exponent = 1.0 } } }"#,
    );
    let asked = home.asked();
    let mut counts: BTreeMap<&str, f64> = BTreeMap::new();
    for (_, _, key) in &asked {
        *counts.entry(key).or_default() += 1.0 / asked.len() as f64;
    }
    let mut fractions: Vec<f64> = counts.into_values().collect();
    fractions.sort_by(|a, b| b.total_cmp(a));
    let law = [0.48, 0.24, 0.16, 0.12];
    assert_eq!(fractions.len(), law.len());
    for (fraction, law) in fractions.iter().zip(law) {
        assert!((fraction - law).abs() < 0.046, "{fractions:?}");
    }
}

#[test]
fn random_pairs_of_nodes_look_up_each_other_and_never_themselves() {
    let home = Home::new(r#"workload.lookups = { start = "1min", until = "11min", rate = "10/min", keys = "nodes" }"#);
    assert_eq!(home.run(&[]).exit, Exit::Done);
    assert_eq!(home.column("lookups", "correct_fraction"), [1.0]);
    let asked = home.asked();
    let keys: BTreeSet<&str> = asked.iter().map(|(_, _, key)| key.as_str()).collect();
    assert_eq!(keys.len(), 16, "as many keys as nodes");
    let mut partners: BTreeMap<u64, BTreeSet<&str>> = BTreeMap::new();
    for (_, node, key) in &asked {
        partners.entry(*node).or_default().insert(key);
    }
    assert!(partners.values().all(|partners| partners.len() == 15), "{partners:?}");
}

#[test]
fn a_trace_is_followed_line_by_line() {
    let home = Home::new(r#"workload.lookups = { start = "1min", trace = "lookups.csv" }"#);
    home.write(
        "lookups.csv",
        "time,node,key\n30,1,1\n61.5,3,255\n2min,0,0xabc\n2min,4,0xabc\n300,2\n",
    );
    let asked = home.asked();
    let times: Vec<(u64, u64)> = asked
        .iter()
        .map(|(time, node, _)| ((time * 10.0).round() as u64, *node))
        .collect();
    assert_eq!(
        times,
        [(615, 3), (1200, 0), (1200, 4), (3000, 2)],
        "none before the start"
    );
    assert!(asked[0].2.contains("ff") && asked[1].2.contains("abc"), "{asked:?}");
    assert_eq!(home.run(&[]).exit, Exit::Done);
    assert_eq!(home.column("lookups", "issued"), [4.0]);
    let manifest = fs::read_to_string(home.folder.path().join("out/manifest.toml")).unwrap();
    assert!(manifest.contains("lookups.csv"), "{manifest}");
}

#[test]
fn lookups_of_a_trace_at_nodes_that_are_away_are_told() {
    let home = Home::new(concat!(
        "workload.lookups = { start = \"1min\", trace = \"lookups.csv\" }\n",
        "mass_failure = { at = \"90s\", fraction = 1.0 }"
    ));
    home.write("lookups.csv", "61 3\n100 3\n101 4\n");
    let ended = home.run(&[]);
    assert!(
        ended.err.contains("2 of 3 lookups of the trace were not begun"),
        "{}",
        ended.err
    );
    assert_eq!(home.column("lookups", "issued"), [1.0]);
}

#[test]
fn a_trace_that_is_not_there_is_missed_where_it_was_named() {
    let ended = Home::new(r#"workload.lookups = { start = "1min", trace = "absent.csv" }"#).run(&[]);
    assert_eq!(ended.exit, Exit::MissingInput, "{}", ended.err);
    assert!(ended.err.contains("own.toml:8:"), "{}", ended.err);
}

#[test]
fn a_trace_that_cannot_be_is_refused_at_its_line() {
    for (text, place, words) in [
        (
            "100 3\n99 3\n",
            "lookups.csv:2:1",
            "time runs back: 99s comes after 100s",
        ),
        (
            "100 3\n# here\n101 16\n",
            "lookups.csv:3:5",
            "there is no node 16: the scenario has 16",
        ),
        ("100 x\n", "lookups.csv:1:5", "expected the number of a node"),
        (
            "100 3 0x1ffffffffffffffff\n",
            "lookups.csv:1:7",
            "the key lies outside the space",
        ),
        ("5 3\n", "own.toml:8:", "the trace has no lookup from 1min until 12min"),
        ("<html></html>\n", "lookups.csv:1:1", "expected 2 or 3 fields"),
        ("\n", "lookups.csv:1:1", "the trace has no lookup"),
    ] {
        let home = Home::new(r#"workload.lookups = { start = "1min", trace = "lookups.csv" }"#);
        home.write("lookups.csv", text);
        let ended = home.run(&[]);
        assert_eq!(ended.exit, Exit::BadInput, "{text:?}: {}", ended.err);
        assert!(
            ended.err.contains(place) && ended.err.contains(words),
            "{text:?}: {}",
            ended.err
        );
    }
}

#[test]
fn a_workload_that_cannot_be_is_refused_where_it_is_written() {
    let lookups = |keys: &str| format!(r#"workload.lookups = {{ start = "1min", {keys} }}"#);
    for (keys, words) in [
        (
            r#"until = "2min""#,
            "one of the keys `rate`, `total_rate`, `every` and `trace` is missing",
        ),
        (
            r#"rate = "1/s", every = "2s""#,
            "`every` and `rate` both say when lookups start",
        ),
        (
            r#"rate = "1/s", total_rate = "2/s""#,
            "`total_rate` and `rate` both say when lookups start",
        ),
        (r#"every = "0s""#, "must be longer than 0s"),
        (
            r#"rate = "1/s", initiators = { random = 17 }"#,
            "expected between 1 and 16 initiators, found 17",
        ),
        (
            r#"rate = "1/s", initiators = { nodes = [] }"#,
            "expected at least one node",
        ),
        (
            r#"rate = "1/s", initiators = { nodes = [2, 16] }"#,
            "there is no node 16",
        ),
        (
            r#"rate = "1/s", initiators = { nodes = [2, 2] }"#,
            "node 2 is named twice",
        ),
        (
            r#"rate = "1/s", keys = { zipf = { keys = 0, exponent = 1.0 } }"#,
            "at least one rank",
        ),
        (
            r#"rate = "1/s", keys = { zipf = { keys = 5, exponent = -1.0 } }"#,
            "between 0 and 64",
        ),
        (r#"rate = "1/s", keys = "popular""#, "popular"),
    ] {
        refused(&lookups(keys), "own.toml:8:", words);
    }
    refused(
        "observe.load.keys = 0",
        "own.toml:8:",
        "expected between 1 and 1000000000 keys",
    );
}

#[test]
fn all_keys_are_held_by_somebody_and_more_keys_are_those_and_others() {
    let held = |keys: u32| {
        let home = Home::new(&format!("observe.load.keys = {keys}"));
        assert_eq!(home.run(&[]).exit, Exit::Done);
        let (held, holders) = (
            home.column("load_distribution", "held"),
            home.column("load_distribution", "holders"),
        );
        let keys: f64 = held.iter().zip(&holders).map(|(held, holders)| held * holders).sum();
        (keys, holders.iter().sum::<f64>(), home.column("load", "held_max")[0])
    };
    let (few, many) = (held(100), held(1000));
    assert_eq!((few.0, few.1), (100.0, 16.0));
    assert_eq!((many.0, many.1), (1000.0, 16.0));
    assert!(many.2 > few.2);
}
