//! P2P-XBone over Pastry as a user meets it.

use std::fs;

use scenarios::cli;
use scenarios::exit::Exit;
use scenarios::registry::Registry;

/// Forty nodes that stand from the start.
const SCENARIO: &str = r#"seed = 11
run.duration = "6min"
nodes.count = 40
bring_up.bulk = {}
network.constant.delay = "20ms"
workload.lookups = { start = "1min", until = "5min", rate = "2/min", by = "route" }
churn = { sessions = { up.exponential.mean = "4min", down.exponential.mean = "1min", graceful = 0.5 } }
observe = { reachability.every = "1min", tables.every = "1min" }
protocol.xbone.provisioning.daemons = { pool = "10.0.0.0/20", configuration = "100ms" }
[protocol.xbone.over.pastry]
leaf_set = 8
proximity = "none"
neighbourhood = 0
heartbeat_period = "10s"
timeout = "2s"
join_timeout = "6s"
"#;

/// Checks or runs the scenario with a text replaced by another.
fn peerscope(command: &str, (from, to): (&str, &str)) -> (tempfile::TempDir, String, Exit, String) {
    assert!(SCENARIO.contains(from), "{from:?} is not in the scenario");
    let text = SCENARIO.replacen(from, to, 1);
    let folder = tempfile::tempdir().unwrap();
    let (file, output) = (folder.path().join("own.toml"), folder.path().join("out"));
    fs::write(&file, &text).unwrap();
    let mut arguments = vec!["peerscope", command, file.to_str().unwrap()];
    if command == "run" {
        arguments.extend(["-q", "-o", output.to_str().unwrap()]);
    }
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let exit = cli::run_with(arguments, &Registry::standard(), &mut out, &mut err);
    let said = String::from_utf8(out).unwrap() + &String::from_utf8(err).unwrap();
    (folder, text, exit, said)
}

#[test]
fn both_profiles_drive_tunnels_and_their_tables_are_compared() {
    for profile in ["pastry-2001", "mspastry"] {
        let chosen = format!("leaf_set = 8\nprofile = \"{profile}\"");
        let (folder, _, exit, said) = peerscope("run", ("leaf_set = 8", &chosen));
        assert_eq!(exit, Exit::Done, "{profile}: {said}");
        let value = |table: &str, column: &str| {
            let file = fs::File::open(folder.path().join("out").join(format!("{table}.csv"))).unwrap();
            let values = analysis::Table::read_csv(file).unwrap().numbers(column).unwrap();
            let values: Vec<f64> = values.into_iter().flatten().collect();
            values.iter().sum::<f64>() / values.len() as f64
        };
        let correct = value("lookups", "correct_fraction");
        assert!(correct > 0.9, "{profile}: {correct} correct");
        assert!(value("tunnels", "set_up") > 100.0, "{profile}");
        // Everybody has its leaves for neighbours.
        let each = value("tunnels", "per_member_end");
        assert!(each >= 8.0, "{profile}: {each} tunnels a member");
        let filled = value("table_errors", "filled_fraction");
        assert!(filled > 0.8, "{profile}: {filled} of the cells filled");
    }
}

#[test]
fn what_does_not_fit_is_refused_where_it_is_written() {
    for (change, line, words) in [
        (
            ("leaf_set = 8", "leaf_set = 64"),
            "leaf_set = 64",
            "smaller than the network",
        ),
        (
            ("10.0.0.0/20", "10.0.0.0/29"),
            r#"protocol.xbone.provisioning.daemons = { pool = "10.0.0.0/29", configuration = "100ms" }"#,
            "one node needs 8: to each of its neighbours",
        ),
    ] {
        let (_, text, exit, said) = peerscope("check", change);
        assert_eq!(exit, Exit::BadInput, "{said}");
        let at = text.lines().position(|written| written == line).unwrap() + 1;
        let flat = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            said.contains(&format!("own.toml:{at}:")) && flat.contains(words),
            "{said}"
        );
    }
}
