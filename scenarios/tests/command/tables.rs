//! `[observe.tables]`: how far what members know is from what they should know; and what leaf sets are held against.

use std::fs;

use analysis::Table;
use scenarios::cli;
use scenarios::exit::Exit;
use scenarios::registry::Registry;

use crate::support::Ended;

/// Sixty-four nodes of which a quarter fails without a word.
const SCENARIO: &str = r#"seed = 12
run.duration = "10min"
nodes.count = 64
bring_up.bulk = {}
network.constant.delay = "50ms"
mass_failure = { at = "150s", fraction = 0.25 }
protocol.pastry = { leaf_set = 8, heartbeat_period = "20s", neighbourhood_period = "20s", table_period = "20s" }
observe.tables.every = "2min"
"#;

fn peerscope(command: &str, text: &str) -> (Ended, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("own.toml");
    fs::write(&file, text).unwrap();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut arguments = vec![
        "peerscope".to_owned(),
        command.to_owned(),
        file.to_str().unwrap().to_owned(),
    ];
    if command == "run" {
        let results = folder.path().join("out");
        arguments.extend(["-q".to_owned(), "-o".to_owned(), results.to_str().unwrap().to_owned()]);
    }
    let exit = cli::run_with(arguments, &Registry::standard(), &mut out, &mut err);
    let ended = Ended {
        exit,
        out: String::from_utf8(out).unwrap(),
        err: String::from_utf8(err).unwrap(),
    };
    (ended, folder)
}

#[track_caller]
fn refused(text: &str, words: &[&str]) {
    let (ended, _) = peerscope("check", text);
    assert_eq!(ended.exit, Exit::BadInput, "{}\n{}", ended.out, ended.err);
    for word in words {
        assert!(ended.err.contains(word), "{word:?} is not in\n{}", ended.err);
    }
}

#[test]
fn tables_are_right_before_failures_and_after_their_repair() {
    let (ended, folder) = peerscope("run", SCENARIO);
    assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
    let file = fs::File::open(folder.path().join("out/table_errors.csv")).unwrap();
    let table = Table::read_csv(file).unwrap();
    let column = |name: &str| -> Vec<f64> { table.numbers(name).unwrap().into_iter().flatten().collect() };
    assert_eq!(column("time_s"), [120.0, 240.0, 360.0, 480.0]);
    assert_eq!(column("members"), [64.0, 48.0, 48.0, 48.0]);
    assert_eq!(column("wrong_leaf_sets"), [0.0; 4]);
    assert_eq!(column("misplaced_entries"), [0.0; 4]);
    let dead = column("dead_entries");
    assert_eq!((dead[0], dead[3]), (0.0, 0.0), "{dead:?}");
    assert!(column("filled_fraction").iter().all(|part| *part > 0.9));
}

#[test]
fn tables_of_a_layer_are_those_of_the_overlay_and_without_repair_they_stay_wrong() {
    let pastry = "protocol.pastry = { leaf_set = 8, heartbeat_period = \"20s\", neighbourhood_period = \"20s\", \
                  table_period = \"20s\" }";
    let over = "protocol.dht.over.pastry = { leaf_set = 8, heartbeat_period = \"never\", repair = false }";
    let text = SCENARIO.replace(pastry, over);
    assert_ne!(text, SCENARIO);
    let (ended, folder) = peerscope("run", &text);
    assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
    let file = fs::File::open(folder.path().join("out/table_errors.csv")).unwrap();
    let wrong = Table::read_csv(file).unwrap().numbers("wrong_leaf_sets").unwrap();
    assert_eq!(wrong[0], Some(0.0));
    assert!(wrong[3].is_some_and(|wrong| wrong > 24.0), "{wrong:?}");
}

#[test]
fn what_cannot_be_compared_is_refused() {
    refused(
        &SCENARIO.replace("every = \"2min\"", "every = \"0s\""),
        &["observe.tables.every: tables cannot be compared all the time"],
    );
    let chord: Vec<&str> = SCENARIO.lines().filter(|line| !line.starts_with("protocol")).collect();
    refused(
        &format!("{}\nprotocol.chord = {{}}\n", chord.join("\n")),
        &["observe.tables: chord does not say what its tables should be"],
    );
}

/// Of 64 places 6 are up, so that eight leaves would be more than all others.
#[test]
fn leaf_sets_are_held_against_those_who_are_up() {
    let sessions = |up: &str| {
        let churn = format!(
            "churn.sessions = {{ up.exponential.mean = \"{up}\", down.exponential.mean = \"10min\", graceful = 0 }}"
        );
        SCENARIO.replace("mass_failure = { at = \"150s\", fraction = 0.25 }", &churn)
    };
    refused(
        &sessions("1min"),
        &["protocol.pastry.leaf_set", "8 leaves, but 5 nodes"],
    );
    let (ended, _) = peerscope("check", &sessions("10min"));
    assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
}
