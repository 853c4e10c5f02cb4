//! What data cost on a virtual network, and paths in place of tunnels: what is refused, and that nothing changes without them.

use std::fs;

use scenarios::cli;
use scenarios::exit::Exit;
use scenarios::registry::Registry;

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

/// The exit, the words and the file `lookups.csv` of a command on the scenario with some texts replaced by others.
#[track_caller]
fn peerscope(command: &str, changes: &[(&str, &str)]) -> (Exit, String, String) {
    let mut text = SCENARIO.to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "{from:?} is not in the scenario");
        text = text.replacen(from, to, 1);
    }
    let folder = tempfile::tempdir().unwrap();
    let (file, output) = (folder.path().join("own.toml"), folder.path().join("out"));
    fs::write(&file, text).unwrap();
    let mut arguments = vec!["peerscope", command, file.to_str().unwrap()];
    if command == "run" {
        arguments.extend(["-q", "-o", output.to_str().unwrap()]);
    }
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let exit = cli::run_with(arguments, &Registry::standard(), &mut out, &mut err);
    let said = String::from_utf8(out).unwrap() + &String::from_utf8(err).unwrap();
    (
        exit,
        said,
        fs::read_to_string(output.join("lookups.csv")).unwrap_or_default(),
    )
}

#[track_caller]
fn refused(changes: &[(&str, &str)], words: &[&str]) {
    let (exit, text, _) = peerscope("check", changes);
    assert_eq!(exit, Exit::BadInput, "{text}");
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for word in words {
        assert!(flat.contains(word), "{word:?} is missing from\n{text}");
    }
}

#[test]
fn what_data_cost_makes_them_later_and_nothing_else() {
    let (exit, text, with) = peerscope("run", &[]);
    assert_eq!(exit, Exit::Done, "{text}");
    let forwarding =
        "[protocol.xbone.forwarding]\nway = { by = \"data-router\", tunnelled = true }\nsize = \"500B\"\nqueue = 8\n";
    let (_, _, without) = peerscope("run", &[(forwarding, "")]);
    let column = |table: &str, name: &str| {
        let mut lines = table.lines();
        let at = lines
            .next()
            .unwrap()
            .split(',')
            .position(|column| column == name)
            .unwrap();
        lines
            .next()
            .unwrap()
            .split(',')
            .nth(at)
            .unwrap()
            .parse::<f64>()
            .unwrap()
    };
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
        &["own.toml:14:", "expected 29B to 1480B, found 20B"],
    );
    refused(
        &[("queue = 8", "queue = 0")],
        &["own.toml:15:", "at least 1 message must be able to wait"],
    );
    refused(
        &[("queue = 8", "costs = { card = \"0s\", pass = \"0s\" }")],
        &["own.toml:15:", "must take the processor some time"],
    );
    refused(&[("data-router", "router")], &["own.toml:13:", "`data-router`"]);
    refused(
        &[("nodes.count = 20", "nodes = { count = 20, virtual = 2 }")],
        &["own.toml:12:", "would share its processor", "nodes.virtual"],
    );
}

#[test]
fn paths_need_routers() {
    let ring = "[network.ring]\nrouters = 8\ndelay = \"2ms\"\naccess = \"1ms\"\n";
    refused(
        &[(ring, "[network.constant]\ndelay = \"2ms\"\n")],
        &["own.toml:9:", "paths need a network of routers", "leave `path` out"],
    );
    refused(&[("path.switch = \"20ms\"", "path = {}")], &["own.toml:11:", "switch"]);
    let (exit, text, _) = peerscope("check", &[]);
    assert_eq!(exit, Exit::Done, "{text}");
}
