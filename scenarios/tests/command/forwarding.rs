//! `[protocol.forwarding]` as a user meets it: what it writes, what it does under loss, and what is refused.

use std::fs;

use analysis::Table;
use scenarios::exit::Exit;

use crate::support::{Ended, peerscope};

/// A host that forwards by IP in tunnels.
const SCENARIO: &str = r#"seed = 11
run.duration = "20ms"
nodes.count = 3
bring_up.bulk = {}
network.constant.delay = "10us"
access_links = { up = "1Gbit/s", down = "1Gbit/s", queue = "1ms", header = "38B" }
protocol.forwarding = { way = { by = "ip", tunnelled = true }, size = "600B" }
"#;

/// What a command says of the scenario with `from` replaced by `to`.
#[track_caller]
fn with(command: &[&str], from: &str, to: &str) -> (tempfile::TempDir, Ended) {
    assert!(SCENARIO.contains(from), "{from:?} is not in the scenario");
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("host.toml");
    fs::write(&file, SCENARIO.replacen(from, to, 1)).unwrap();
    let file = file.to_string_lossy();
    let results = home.path().join("results").to_string_lossy().into_owned();
    let mut arguments = vec![command[0], &*file];
    arguments.extend(&command[1..]);
    if command[0] == "run" {
        arguments.extend(["-o", &*results]);
    }
    let ended = peerscope(&arguments);
    (home, ended)
}

/// The only row of the table, column by column.
#[track_caller]
fn row(from: &str, to: &str) -> impl Fn(&str) -> f64 + use<> {
    let (home, ended) = with(&["run"], from, to);
    assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
    let file = fs::File::open(home.path().join("results/forwarding.csv")).unwrap();
    let table = Table::read_csv(file).unwrap();
    let others = fs::read_dir(home.path().join("results")).unwrap();
    let tables = others.filter(|file| {
        file.as_ref()
            .is_ok_and(|file| file.path().extension().is_some_and(|e| e == "csv"))
    });
    assert_eq!(tables.count(), 1, "no table of overlays");
    move |column| table.numbers(column).unwrap()[0].unwrap()
}

#[test]
fn a_host_forwards_as_many_packets_as_its_processor_can_take() {
    let of = row("600B", "200B");
    let nanos = 260.0 + 2.0 * 2650.0;
    assert!((of("forwarded_per_s") / (1e9 / nanos) - 1.0).abs() < 0.01);
    assert!((of("throughput_mbit_s") / (1600.0 * 1e3 / nanos) - 1.0).abs() < 0.01);
    assert!(of("processor") > 0.999 && of("lost") > 0.0);
    // 258 bytes of each packet are on the line.
    assert!((of("line") - 258.0 * 8.0 / nanos).abs() < 0.01);
    // Twice as fast a processor.
    let fast = row(
        "size = \"600B\"",
        "size = \"200B\", costs = { card = \"130ns\", pass = \"1325ns\" }",
    );
    assert!((fast("forwarded_per_s") / of("forwarded_per_s") - 2.0).abs() < 0.02);
}

#[test]
fn a_generator_can_send_less_than_its_line_could_carry() {
    let of = row("size = \"600B\"", "size = \"600B\", offered = \"100Mbit/s\"");
    assert!((of("line") - 0.1).abs() < 0.001 && of("lost") == 0.0);
    assert!((of("throughput_mbit_s") - 100.0 * 600.0 / 658.0).abs() < 0.5);
}

#[test]
fn transfers_that_lose_a_segment_are_given_up_and_others_go_on() {
    let tcp = "protocol.forwarding = { way = { by = \"tcp\" }, size = \"9000B\", patience = \"2ms\", transfers = 4 }";
    let written = "protocol.forwarding = { way = { by = \"ip\", tunnelled = true }, size = \"600B\" }";
    let whole = row(written, tcp);
    assert!(whole("given_up") == 0.0 && whole("forwarded_per_s") > 3000.0);
    let lossy = row(written, &format!("{tcp}\nloss.probability = 0.02"));
    assert!(lossy("given_up") > 0.0 && lossy("forwarded_per_s") > 500.0);
}

#[test]
fn what_the_host_does_can_be_traced() {
    let (_home, ended) = with(&["trace", "--node", "1", "--to", "100us"], "600B", "700B");
    assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
    assert!(
        ended.out.contains("packet") && ended.out.contains("bytes: 720"),
        "{}",
        ended.out
    );
}

#[test]
fn what_makes_no_sense_is_refused_where_it_is_written() {
    let size = "size = \"600B\"";
    for (from, to, place, words) in [
        (
            "nodes.count = 3",
            "nodes.count = 4",
            "3:15",
            "forwarding takes 3 nodes, not 4",
        ),
        ("600B", "20B", "7:", "expected 29B to 1480B, found 20B"),
        ("600B", "1481B", "7:", "expected 29B to 1480B, found 1481B"),
        ("by = \"ip\", tunnelled = true", "by = \"ip\"", "", ""),
        ("\"ip\"", "\"ipx\"", "7:", "ipx"),
        (size, "size = \"600B\", queue = 0", "7:", "expected at least 1, found 0"),
        (
            size,
            "size = \"600B\", window = 0",
            "7:",
            "expected at least 1, found 0",
        ),
        (
            size,
            "size = \"600B\", transfers = 0",
            "7:",
            "expected at least 1, found 0",
        ),
        (
            size,
            "size = \"600B\", patience = \"0s\"",
            "7:",
            "must be longer than zero",
        ),
        (
            size,
            "size = \"600B\", warm_up = \"20ms\"",
            "7:",
            "nothing to count when the run has ended",
        ),
        (
            size,
            "size = \"600B\", costs = { card = \"0s\", pass = \"0s\" }",
            "7:",
            "must take the processor some time",
        ),
        (
            "up = \"1Gbit/s\", ",
            "",
            "7:",
            "nothing says how fast the generator sends",
        ),
        (
            "bring_up.bulk = {}",
            "bring_up.joins.over = \"1ms\"",
            "4:",
            "forwarding is no overlay",
        ),
        (
            "seed = 11\n",
            "seed = 11\nchurn.replacement = { rate = \"1/s\", graceful = 0 }\n",
            "2:",
            "forwarding is no overlay",
        ),
        (
            "seed = 11\n",
            "seed = 11\nworkload.lookups = { start = \"1ms\", rate = \"1/s\" }\n",
            "2:",
            "forwarding is no overlay",
        ),
        (
            "seed = 11\n",
            "seed = 11\nobserve.node_load = true\n",
            "2:",
            "forwarding is no overlay",
        ),
    ] {
        let (_home, ended) = with(&["check"], from, to);
        if words.is_empty() {
            assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
            continue;
        }
        assert_eq!(ended.exit, Exit::BadInput, "{to}: {}", ended.err);
        assert!(ended.err.contains(words), "{words:?} is missing from\n{}", ended.err);
        assert!(
            ended.err.contains(&format!("host.toml:{place}")),
            "{place} is not the place in\n{}",
            ended.err
        );
    }
}
