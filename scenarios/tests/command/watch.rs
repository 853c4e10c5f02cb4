//! Looking into runs: traces of nodes, snapshots of the overlay, paths between nodes, and the memory that all this takes.

use std::fs;
use std::path::Path;

use analysis::Table;
use scenarios::exit::Exit;
use serde_json::Value;

use crate::support::{Ended, peerscope};

/// Forty nodes that join within a minute under i3's rules.
const SCENARIO: &str = r#"
name = "small"
seed = 5
run.duration = "3min"
nodes.count = 40
bring_up.joins = { over = "1min", founders = 2 }
network.plane = { width = 100, height = 50, per_unit = "1ms" }
protocol.chord = { rules = "i3", stabilize_period = "2s" }
observe.reachability = { every = "10s" }
"#;

/// A folder with that scenario, and the path of the file.
fn home() -> (tempfile::TempDir, String) {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("small.toml");
    fs::write(&file, SCENARIO).unwrap();
    let file = file.to_str().unwrap().to_owned();
    (home, file)
}

fn trace(file: &str, more: &[&str]) -> Ended {
    peerscope(&[&["trace", file], more].concat())
}

fn table(folder: &Path, name: &str) -> Table {
    Table::read_csv(fs::File::open(folder.join(format!("{name}.csv"))).unwrap()).unwrap()
}

#[test]
fn a_trace_shows_what_one_node_saw_and_did_a_line_each() {
    let (_home, file) = home();
    let ended = trace(&file, &["--node", "7", "--to", "70s"]);
    assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
    let lines: Vec<&str> = ended.out.lines().collect();
    assert!(lines.iter().all(|line| line.contains(" n7 ")), "{}", ended.out);
    assert!(lines[0].ends_with("started"), "{}", lines[0]);
    let first = |what: &str| {
        lines
            .iter()
            .position(|line| line.contains(what))
            .unwrap_or_else(|| panic!("no {what}"))
    };
    assert!(first("sent find-successor") < first("received i3-found-successor"));
    assert!(first("received i3-found-successor") < first("told Joined"));
    // In order of time.
    let times: Vec<f64> = lines
        .iter()
        .map(|line| line.split_whitespace().next().unwrap().parse().unwrap())
        .collect();
    assert!(times.is_sorted() && times[times.len() - 1] < 70.0);
}

#[test]
fn a_message_that_one_node_sends_is_the_one_that_another_receives() {
    let (_home, file) = home();
    let ended = trace(&file, &["--node", "3,4", "--json", "--from", "100s", "--to", "2min"]);
    let lines: Vec<Value> = ended
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let is = |line: &&Value, what: &str| line["what"] == what;
    let sent: Vec<_> = lines
        .iter()
        .filter(|line| is(line, "sent") && line["node"] == 3 && line["to"] == 4)
        .collect();
    assert!(!sent.is_empty(), "two of forty nodes know each other");
    for message in sent {
        let due = message["time_ns"].as_u64().unwrap() + message["delay_ns"].as_u64().unwrap();
        let arrives =
            |line: &&Value| line["time_ns"] == due && line["node"] == 4 && line["message"] == message["message"];
        let received = lines.iter().filter(|line| is(line, "received")).find(arrives);
        assert!(received.is_some() || due >= 120_000_000_000, "{message}");
    }
}

#[test]
fn a_trace_is_refused_for_a_node_that_is_not_there_or_a_time_that_is_none() {
    let (_home, file) = home();
    for (more, reason) in [
        (&["--node", "40"][..], "there is no node 40"),
        (&["--from", "3min"], "must lie before the end"),
        (&["--from", "soon"], "duration"),
        (&["--point", "2"], "there is no point 2"),
        (&["--set", "sweep.\"nodes.count\"=[40, 50]"], "choose one with --point"),
    ] {
        let ended = trace(&file, more);
        assert_eq!(ended.exit, Exit::Usage, "{more:?}: {}", ended.err);
        assert!(ended.err.contains(reason), "{more:?}: {}", ended.err);
    }
}

#[test]
fn a_trace_changes_nothing_of_the_run() {
    let (_home, file) = home();
    let told = |more: &[&str]| trace(&file, &[&["--to", "70s"], more].concat()).out;
    let of_node = |line: &&str| line.split_whitespace().nth(1) == Some("n9");
    let all: Vec<String> = told(&[]).lines().filter(of_node).map(str::to_owned).collect();
    let one: Vec<String> = told(&["--node", "9"]).lines().map(str::to_owned).collect();
    assert!(!one.is_empty() && all == one);
}

#[test]
fn a_snapshot_is_tables_graphs_and_figures_that_tell_the_same() {
    let (home, file) = home();
    let target = home.path().join("seen");
    let output = target.to_str().unwrap();
    let ended = peerscope(&["snapshot", &file, "--at", "170s,30s", "--output", output, "--quiet"]);
    assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
    for name in [
        "snapshots/at-30s.graphml",
        "figures/ring-30s.svg",
        "figures/ring-170s.pdf",
        "figures/network-30s.png",
    ] {
        assert!(
            target.join(name).is_file(),
            "{name} in {:?}",
            fs::read_dir(target.join("figures")).unwrap().collect::<Vec<_>>()
        );
    }
    let (nodes, links) = (table(&target, "snapshot_nodes"), table(&target, "snapshot_links"));
    let at = |table: &Table, column: &str| -> usize {
        table
            .numbers(column)
            .unwrap()
            .iter()
            .filter(|time| **time == Some(170.0))
            .count()
    };
    assert_eq!(at(&nodes, "time_s"), 40, "everybody has come");
    let graph = fs::read_to_string(target.join("snapshots/at-170s.graphml")).unwrap();
    let graph = roxmltree::Document::parse(&graph).unwrap();
    let count = |name: &str| graph.descendants().filter(|node| node.has_tag_name(name)).count();
    assert_eq!((count("node"), count("edge")), (40, at(&links, "time_s")));
    // A ring that has settled: successors make one circle through all nodes.
    let mut successor = vec![usize::MAX; 40];
    let (from, to) = (links.numbers("from").unwrap(), links.numbers("to").unwrap());
    let (time, kind) = (links.numbers("time_s").unwrap(), links.column("kind").unwrap());
    for ((from, to), (time, kind)) in from.iter().zip(&to).zip(time.iter().zip(kind)) {
        if *time == Some(170.0) && kind.to_string() == "successor" {
            successor[from.unwrap() as usize] = to.unwrap() as usize;
        }
    }
    let mut circle = vec![0];
    while successor[circle[circle.len() - 1]] != 0 && circle.len() <= 40 {
        circle.push(successor[circle[circle.len() - 1]]);
    }
    assert_eq!(circle.len(), 40, "{circle:?}");
}

#[test]
fn a_snapshot_is_reproducible_like_any_other_result() {
    let (home, file) = home();
    let target = home.path().join("seen");
    let output = target.to_str().unwrap();
    peerscope(&["snapshot", &file, "--at", "1min", "--output", output, "--quiet"]);
    let ended = peerscope(&["verify", output, "--quiet"]);
    assert_eq!(ended.exit, Exit::Done, "{}{}", ended.out, ended.err);
}

#[test]
fn paths_are_followed_from_everywhere_to_everywhere() {
    let (home, file) = home();
    let target = home.path().join("paths");
    let output = target.to_str().unwrap();
    let ended = peerscope(&["run", &file, "--output", output, "--quiet"]);
    assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
    let reachability = table(&target, "reachability");
    let column = |name: &str| -> Vec<f64> { reachability.numbers(name).unwrap().into_iter().flatten().collect() };
    assert_eq!(
        column("time_s").len(),
        17,
        "every ten seconds for three minutes, the end excluded"
    );
    assert!(
        column("pairs").iter().all(|pairs| *pairs == 40.0 * 39.0),
        "who is yet to come counts"
    );
    let (first, last) = (column("working_fraction")[0], column("working_fraction")[16]);
    assert!(first < 0.5 && last == 1.0, "{first} {last}");
    // To some destinations only, the picture is the same.
    let sampled = home.path().join("sampled");
    let set = ["--set", "observe.reachability.destinations=10"];
    peerscope(
        &[
            &["run", &file, "--output", sampled.to_str().unwrap(), "--quiet"][..],
            &set,
        ]
        .concat(),
    );
    let sampled = table(&sampled, "reachability").numbers("pairs").unwrap();
    assert!(sampled.iter().all(|pairs| *pairs == Some(10.0 * 39.0)));
    let convergence = table(&target, "convergence");
    let times = convergence.numbers("time_s").unwrap();
    assert!(times.is_sorted() && times.iter().all(Option::is_some), "{times:?}");
}

#[test]
fn a_run_can_end_when_enough_paths_work() {
    let (home, file) = home();
    let run = |name: &str, more: &[&str]| {
        let target = home.path().join(name);
        let ended = peerscope(&[&["run", &file, "--output", target.to_str().unwrap(), "--quiet"], more].concat());
        (ended, target)
    };
    let (ended, whole) = run("whole", &[]);
    assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
    let (ended, short) = run("short", &["--set", "observe.reachability.stop_at=0.9"]);
    assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
    let column = |folder: &Path, name: &str, column: &str| table(folder, name).numbers(column).unwrap();
    // The same run as far as it goes, and that is to the first count with nine tenths.
    let (all, first) = (
        column(&whole, "reachability", "working_fraction"),
        column(&short, "reachability", "working_fraction"),
    );
    assert_eq!(all[..first.len()], first);
    let enough = |fraction: &Option<f64>| fraction.is_some_and(|fraction| fraction >= 0.9);
    assert_eq!(first.iter().position(enough), Some(first.len() - 1));
    let (all, first) = (
        column(&whole, "convergence", "time_s"),
        column(&short, "convergence", "time_s"),
    );
    assert_eq!(all[..2], first[..2], "half and nine tenths");
    assert!(all[3] > first[1], "the whole run goes on");
    let refused = run("never", &["--set", "observe.reachability.stop_at=0"]).0;
    assert!(refused.err.contains("must be larger than 0"), "{}", refused.err);
    let checked = peerscope(&["check", &file, "--set", "observe.reachability.stop_at=0.9"]);
    assert!(
        checked.out.contains("ends when 0.9 of the pairs have one"),
        "{}",
        checked.out
    );
}

#[test]
fn a_run_that_cannot_fit_is_refused_with_the_estimate_before_anything_is_written() {
    let (home, file) = home();
    let target = home.path().join("huge");
    let output = target.to_str().unwrap();
    // A latency matrix would be larger than any machine; lookups are what can be had in such numbers here.
    let more = [
        "--set",
        "nodes.count=16000000",
        "--set",
        "workload.lookups={ start = \"1min\", rate = \"100000/s\" }",
    ];
    let ended = peerscope(&[&["run", &file, "--output", output][..], &more].concat());
    if cfg!(target_os = "linux") {
        assert_eq!(ended.exit, Exit::Unavailable, "{}", ended.err);
        for part in [
            "this would take about",
            "are free",
            "16000000 nodes",
            "what all runs measure, about",
            "--ignore-memory",
        ] {
            assert!(ended.err.contains(part), "{part} in {}", ended.err);
        }
        assert!(!target.exists());
    }
}
