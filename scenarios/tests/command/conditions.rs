//! `[[partition]]`, `[connectivity]`, `[access_links]` and `nodes.virtual` as a user meets them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use analysis::Table;
use scenarios::exit::Exit;
use scenarios::registry::Registry;
use scenarios::scenario::{NetworkSpec, Overrides, Scenario};
use sim_core::addr::NodeAddr;
use sim_core::network::{Fate, Network, Transmission};
use sim_core::random::StreamKey;
use sim_core::time::{SimDuration, SimTime};

use crate::support::{Ended, peerscope};

const HEAD: &str = r#"seed = 7
run.duration = "20min"
nodes.count = 40
bring_up = "bulk"
protocol.chord = { successors = 4 }
workload.lookups = { start = "1min", rate = "3/min" }
"#;

const CONSTANT: &str = "network.constant.delay = \"20ms\"\n";

/// What `command` says of a scenario with these lines, and the folder in which `run` leaves `results`.
fn said(command: &str, lines: &str, more: &[&str]) -> (Ended, tempfile::TempDir) {
    let home = tempfile::tempdir().unwrap();
    let (scenario, results) = (home.path().join("hindered.toml"), home.path().join("results"));
    fs::write(&scenario, format!("{HEAD}{lines}\n")).unwrap();
    let results = ["-o", results.to_str().unwrap()];
    let output = if command == "run" { &results[..] } else { &[] };
    let mut ended = peerscope(&[&[command, scenario.to_str().unwrap()], output, more].concat());
    for text in [&mut ended.out, &mut ended.err] {
        *text = text.replace(&format!("{}/", home.path().display()), "");
    }
    (ended, home)
}

fn run(lines: &str) -> tempfile::TempDir {
    let (ended, home) = said("run", lines, &[]);
    assert_eq!(ended.exit, Exit::Done, "{}{}", ended.out, ended.err);
    home
}

fn table(home: &Path, name: &str) -> Table {
    let path = home.join("results").join(name).with_extension("csv");
    Table::read_csv(fs::File::open(path).expect(name)).unwrap()
}

fn numbers(home: &Path, name: &str, column: &str) -> Vec<f64> {
    let column = table(home, name).numbers(column).unwrap();
    column.into_iter().map(|number| number.expect("a number")).collect()
}

/// The number of messages in a row of the table `messages`.
fn messages(home: &Path, kind: &str) -> Option<f64> {
    let text = fs::read_to_string(home.join("results/messages.csv")).unwrap();
    let row = text.lines().find(|row| row.split(',').nth(2) == Some(kind))?;
    row.split(',').nth(3)?.parse().ok()
}

#[test]
fn check_tells_what_messages_meet() {
    let lines = r#"network.plane = { width = 1, height = 1, per_unit = "100ms" }
connectivity = { asymmetric = "1 %", non_transitive = "3 %" }
access_links = { classes = [{ share = 0.25, up = "33.6kbit/s", down = "56kbit/s" }, { share = 0.75, down = "10Mbit/s" }], queue = "64kB" }
[[partition]]
from = "5min"
until = "10min"
apart.groups = 3
[[partition]]
from = "15min"
apart.region.x = [0.0, 0.5]"#;
    let (ended, _) = said("check", lines, &["--set", "nodes.virtual=3"]);
    assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
    for words in [
        "hosts in a plane of 1 x 1, 3 % of pairs cannot talk, 2 % only one way, 3 groups of hosts apart from 5min until 10min, \
         the hosts of a region apart from 15min, access links 25 %: 33600bit/s up and 56kbit/s down; 75 %: without limit up \
         and 10Mbit/s down, queues of 64kB",
        "120 on 40 hosts, 3 on each",
        "about 2280 in all",
        "access_links, hops, latency",
    ] {
        assert!(ended.out.contains(words), "{words} is not in\n{}", ended.out);
    }
}

#[test]
fn what_cannot_be_is_refused_where_it_is_written() {
    for (lines, place, words) in [
        ("connectivity.asymmetric = 0.6", "8:27", "must lie between 0 and 1"),
        ("connectivity.transitive = 0.6", "8:14", "unknown key `transitive`"),
        (
            "access_links.queue = \"1s\"",
            "8:1",
            "neither `up` nor `down` nor `classes`",
        ),
        ("access_links.up = \"0bit/s\"", "8:19", "out of range: from 1bit/s"),
        ("access_links.up = 1000000", "8:19", "without a unit"),
        (
            "access_links = { up = \"1Mbit/s\", queue = \"5\" }",
            "8:42",
            "without a unit",
        ),
        (
            "access_links = { up = \"1Mbit/s\", queue = \"5GB\" }",
            "8:42",
            "there is no unit",
        ),
        (
            "access_links = { up = \"1Mbit/s\", classes = [{ share = 1 }] }",
            "8:44",
            "these or those",
        ),
        (
            "access_links.classes = [{ share = 0.5, up = \"1Mbit/s\" }, { share = 0.4 }]",
            "8:24",
            "add up to 0.9, not 1",
        ),
        (
            "access_links.classes = [{ share = 1 }, { share = 0 }]",
            "8:50",
            "no host has such a link",
        ),
        (
            "partition = [{ from = \"30min\", apart.groups = 2 }]",
            "8:23",
            "when the run has ended",
        ),
        (
            "partition = [{ from = \"3min\", until = \"2min\", apart.groups = 2 }]",
            "8:39",
            "healed before it begins",
        ),
        (
            "partition = [{ from = \"3min\", apart.groups = 1 }]",
            "8:46",
            "from 2 to 10000 groups",
        ),
        (
            "partition = [{ from = \"3min\", apart.fraction = 1.5 }]",
            "8:48",
            "out of range",
        ),
        (
            "partition = [{ from = \"3min\" }]",
            "8:14",
            "the key `apart` is missing",
        ),
        (
            "partition = [{ from = \"3min\", apart.region = { x = [0, 1] } }]",
            "8:46",
            "have no places",
        ),
        (
            "partition = [{ from = \"3min\", apart.routers = [\"Chicago\"] }]",
            "8:47",
            "has no routers",
        ),
        ("nodes.virtual = 0", "8:17", "a host without a node"),
        ("nodes.virtual = 1000000", "8:17", "more than 16777216 nodes"),
    ] {
        let (ended, _) = said("check", &format!("{CONSTANT}{lines}"), &[]);
        assert_eq!(ended.exit, Exit::BadInput, "{lines}\n{}", ended.out);
        let found = ended.err.contains(words) && ended.err.contains(&format!("--> hindered.toml:{place}\n"));
        assert!(found, "{words} at {place} is not in\n{}", ended.err);
    }
    let plane = "network.plane = { width = 1, height = 1, per_unit = \"9ms\" }\n";
    for (lines, words) in [
        (
            "partition = [{ from = \"3min\", apart.region = {} }]",
            "neither `x` nor `y`",
        ),
        (
            "partition = [{ from = \"3min\", apart.region = { y = [0.5, 0.5] } }]",
            "nothing lies from 0.5 to 0.5",
        ),
    ] {
        let (ended, _) = said("check", &format!("{plane}{lines}"), &[]);
        assert_eq!(ended.exit, Exit::BadInput, "{lines}\n{}", ended.out);
        assert!(ended.err.contains(words), "{words} is not in\n{}", ended.err);
    }
}

#[test]
fn routers_are_named_by_their_labels() {
    let abilene = Path::new(env!("CARGO_MANIFEST_DIR")).join("topologies/abilene.json");
    let on = |label: &str| {
        let lines = format!(
            "network.topology = {{ file = {:?}, access = \"1ms\" }}\n[[partition]]\nfrom = \"0s\"\napart.routers = [{label:?}]",
            abilene.to_str().unwrap()
        );
        said("run", &lines, &[])
    };
    let (ended, home) = on("Denver");
    assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
    assert!(messages(home.path(), "lost").unwrap() > 0.0);
    let (ended, _) = on("Dever");
    assert_eq!(ended.exit, Exit::BadInput);
    assert!(ended.err.contains("did you mean `Denver`?"), "{}", ended.err);
}

/// The network of a scenario with these lines, and how many nodes it has.
fn network(lines: &str) -> (NetworkSpec, usize) {
    let home = tempfile::tempdir().unwrap();
    let scenario = home.path().join("hindered.toml");
    fs::write(&scenario, format!("{HEAD}{lines}\n")).unwrap();
    let scenario = Scenario::load(&scenario, &Overrides::default(), &Registry::standard()).unwrap();
    let point = scenario.point(None).unwrap();
    (point.network.clone(), point.nodes as usize)
}

/// Whether a message sent at this second arrives.
fn arrives(network: &dyn Network, second: u64, from: u32, to: u32) -> bool {
    let transmission = Transmission {
        now: SimTime::ZERO + SimDuration::from_secs(second),
        from: NodeAddr(from),
        to: NodeAddr(to),
        bytes: 40,
        draw: StreamKey::root(5, 5),
    };
    network.transmit(&transmission) != Fate::Lost
}

/// Nodes of one host lie at one place; who is in the region cannot talk with who is not, and nobody else is hindered.
#[test]
fn a_region_holds_the_hosts_that_lie_there() {
    let abilene = Path::new(env!("CARGO_MANIFEST_DIR")).join("topologies/abilene.json");
    let routed = format!(
        "network.topology = {{ file = {:?}, access = \"1ms\" }}\n",
        abilene.to_str().unwrap()
    );
    let plane = "network.plane = { width = 2, height = 1, per_unit = \"9ms\" }\n".to_owned();
    // The western half of a plane, and the south-west of the United States.
    for (lines, x, y) in [(plane, [0.0, 1.0], [0.0, 1.0]), (routed, [-125.0, -95.0], [20.0, 38.0])] {
        let cut =
            format!("partition = [{{ from = \"10s\", until = \"20s\", apart.region = {{ x = {x:?}, y = {y:?} }} }}]");
        let (spec, nodes) = network(&format!("{lines}nodes.virtual = 2\n{cut}"));
        let streams = StreamKey::root(3, 0);
        let places = spec.places(nodes, streams).unwrap().unwrap();
        assert_eq!((nodes, places.len()), (80, 80));
        let inside = |node: u32| {
            let (east, north) = places[node as usize];
            (x[0]..x[1]).contains(&east) && (y[0]..y[1]).contains(&north)
        };
        let count = (0..80).filter(|node| inside(*node)).count();
        assert!((8..=72).contains(&count), "{count} of 80 inside");
        let network = spec.build(nodes, streams).unwrap();
        for (from, to) in (0..80).flat_map(|from| (0..80).map(move |to| (from, to))) {
            assert_eq!(
                arrives(&*network, 15, from, to),
                inside(from) == inside(to),
                "{from} to {to}"
            );
            assert!(arrives(&*network, 5, from, to) && arrives(&*network, 20, from, to));
            assert!(
                from / 2 != to / 2 || places[from as usize] == places[to as usize],
                "one host"
            );
        }
    }
}

/// More hosts change nothing between the others: neither who is apart, nor who cannot talk, nor what links can carry.
#[test]
fn more_hosts_change_nothing_between_the_others() {
    let lines = r#"connectivity = { asymmetric = 0.1, non_transitive = 0.1 }
access_links.classes = [{ share = 0.5, up = "1Mbit/s" }, { share = 0.5, up = "2Mbit/s" }]
partition = [{ from = "10s", apart.groups = 3 }, { from = "20s", apart.fraction = 0.4 }]"#;
    let (spec, few) = network(&format!("{CONSTANT}{lines}"));
    let build = |hosts| spec.build(hosts, StreamKey::root(4, 1)).unwrap();
    let (small, large) = (build(few), build(1000));
    let links = |network: &dyn Network| network.access_links().unwrap();
    let mut hindered = 0;
    for (from, to) in (0..40).flat_map(|from| (0..40).map(move |to| (from, to))) {
        for second in [0, 10, 20] {
            let there = arrives(&*small, second, from, to);
            assert_eq!(
                there,
                arrives(&*large, second, from, to),
                "{from} to {to} at {second} s"
            );
            hindered += u32::from(!there);
        }
        assert_eq!(
            links(&*small).capacity(NodeAddr(from)),
            links(&*large).capacity(NodeAddr(from))
        );
    }
    assert!(hindered > 1000, "a test of what is hindered needs some: {hindered}");
}

/// Half of the pairs is cut off for five of nineteen minutes: before and after, nothing is lost.
#[test]
fn a_partition_loses_messages_while_it_lasts_and_no_longer() {
    let lines =
        |from: &str| format!("{CONSTANT}[[partition]]\nfrom = \"{from}\"\nuntil = \"10min\"\napart.fraction = 0.5\n");
    let early = run(&lines("5min"));
    assert!(messages(early.path(), "lost").unwrap() > 100.0);
    let (times, correct) = (
        numbers(early.path(), "lookups_over_time", "time_s"),
        numbers(early.path(), "lookups_over_time", "correct"),
    );
    let issued = numbers(early.path(), "lookups_over_time", "issued");
    let wrong = |from: f64, until: f64| -> f64 {
        let bins = times.iter().zip(issued.iter().zip(&correct));
        let within = bins.filter(|(time, _)| (from..until).contains(*time));
        within.map(|(_, (issued, correct))| issued - correct).sum()
    };
    assert_eq!(wrong(0.0, 280.0), 0.0, "before");
    assert!(wrong(300.0, 600.0) > 100.0, "while it lasts");
    let never = run(CONSTANT);
    assert_eq!(messages(never.path(), "lost"), Some(0.0));
    assert_eq!(messages(never.path(), "queue_full"), None, "no row without links");
    assert!(!never.path().join("results/access_links.csv").exists());
}

#[test]
fn pairs_that_cannot_talk_lose_their_share() {
    let home = run(&format!("{CONSTANT}connectivity = {{ non_transitive = 1 }}"));
    assert_eq!(messages(home.path(), "lost"), messages(home.path(), "total"));
    assert_eq!(numbers(home.path(), "lookups", "correct_fraction").len(), 1);
}

/// Requests of 40 bytes and more at 8 kbit/s take 40 ms and more each way, beside 20 ms in the network; the direct round trip
/// is that of the network alone.
#[test]
fn links_delay_messages_and_lose_what_would_wait_too_long() {
    let without = run(CONSTANT);
    let slow = run(&format!("{CONSTANT}access_links = {{ up = \"8kbit/s\" }}"));
    let latency = |home: &tempfile::TempDir| numbers(home.path(), "lookups", "latency_mean_ms")[0];
    let stretch = |home: &tempfile::TempDir| numbers(home.path(), "lookups", "stretch_mean")[0];
    assert!(latency(&slow) > 2.0 * latency(&without), "{} ms", latency(&slow));
    assert!(stretch(&slow) > 2.0 * stretch(&without), "{}", stretch(&slow));
    assert_eq!(messages(slow.path(), "queue_full"), Some(0.0), "queues have no end");
    assert!(numbers(slow.path(), "access_links", "wait_max_ms")[0] > 0.0);
    assert_eq!(
        numbers(slow.path(), "access_links", "wait_max_ms")[1],
        0.0,
        "down links have no limit"
    );

    let full = run(&format!(
        "{CONSTANT}access_links = {{ up = \"8kbit/s\", down = \"8kbit/s\", queue = \"30ms\" }}"
    ));
    let lost: f64 = numbers(full.path(), "access_links", "lost").iter().sum();
    assert!(lost > 0.0);
    assert_eq!(messages(full.path(), "queue_full"), Some(lost));
    assert_eq!(messages(full.path(), "lost"), Some(0.0), "the network loses nothing");
    assert!(
        numbers(full.path(), "access_links", "wait_max_ms")
            .iter()
            .all(|wait| *wait <= 30.0)
    );
}

/// Under churn and after a mass failure, all nodes of a host are up or none is.
#[test]
fn virtual_nodes_come_and_go_with_their_host() {
    for bring_up in ["bulk = {}", "joins = { over = \"2min\" }"] {
        let lines = format!(
            "{CONSTANT}nodes.virtual = 4\nchurn.sessions = {{ up.exponential.mean = \"10min\", down.exponential.mean = \"5min\", graceful = 0.5 }}\n\
             mass_failure = {{ at = \"15min\", fraction = 0.3, graceful = 0.5 }}\n\
             observe.snapshots = [\"3min\", \"6min\", \"14min\", \"16min\"]\n"
        );
        let text = HEAD.replace("bring_up = \"bulk\"", &format!("bring_up.{bring_up}"));
        let home = tempfile::tempdir().unwrap();
        let (scenario, results) = (home.path().join("virtual.toml"), home.path().join("results"));
        fs::write(&scenario, format!("{text}{lines}")).unwrap();
        let ended = peerscope(&["run", scenario.to_str().unwrap(), "-o", results.to_str().unwrap()]);
        assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
        let mut up: BTreeMap<(u64, u64), u32> = BTreeMap::new();
        let times = numbers(home.path(), "snapshot_nodes", "time_s");
        for (time, node) in times.iter().zip(numbers(home.path(), "snapshot_nodes", "node")) {
            *up.entry((*time as u64, node as u64 / 4)).or_default() += 1;
        }
        for (at, nodes) in &up {
            assert_eq!(*nodes, 4, "at {} s, host {}", at.0, at.1);
        }
        let hosts_at = |time| up.keys().filter(|(at, _)| *at == time).count();
        assert!(hosts_at(360) < 40 && hosts_at(960) < hosts_at(840), "hosts have gone");
        assert_eq!(numbers(home.path(), "population", "up_mean").len(), 1);
    }
}

/// A host looks up as often with many nodes as with one, and one node a host is what there is without the key.
#[test]
fn the_load_of_lookups_is_a_hosts() {
    let issued = |lines: &str| {
        let home = run(&format!("{CONSTANT}{lines}"));
        (
            numbers(home.path(), "lookups", "issued")[0],
            numbers(home.path(), "population", "up_mean")[0],
            numbers(home.path(), "lookups", "nodes")[0],
            fs::read_to_string(home.path().join("results/latency.csv")).unwrap(),
        )
    };
    let (one, none, many) = (issued("nodes.virtual = 1"), issued(""), issued("nodes.virtual = 8"));
    assert_eq!(one, none);
    assert_eq!((many.0, many.1, many.2), (one.0, 320.0, 320.0));
}
