//! Values of a sweep axis that have names.

use std::fs;
use std::path::{Path, PathBuf};

use scenarios::exit::Exit;
use scenarios::registry::Registry;
use scenarios::scenario::json_schema;

use crate::support::{Ended, peerscope};

const SCENARIO: &str = r#"
seed = 5
replications = 2
run.duration = "2min"
nodes.count = 8
bring_up.bulk = {}
protocol.chord = { successors = 4 }
workload.lookups = { start = "1s", until = "1min", rate = "6/min" }

[sweep]
network = [
    { name = "one room", value = { constant = { delay = "10ms" } } },
    { name = "far", value = { uniform = { minimum = "50ms", maximum = "60ms" } } },
]
"protocol.chord.lookup" = ["iterative", { name = "forwarded", value = "recursive" }]

[[figure]]
name = "latency"
table = "lookups"
where = { "protocol.chord.lookup" = "forwarded" }
bars = { x = "nodes", y = "latency_mean_ms", series = "network" }
x.label = "Nodes"
y = { label = "Latency", unit = "ms" }

[[figure]]
name = "styles"
table = "lookups"
bars = { x = "nodes", y = "latency_mean_ms", series = "protocol.chord.lookup" }
where = { network = "one room" }
x.label = "Nodes"
y = { label = "Latency", unit = "ms" }

[[expect]]
name = "one hop there and one back at least, but for keys of one's own"
table = "lookups"
metric = "latency_p95_ms"
where = { network = "far", "protocol.chord.lookup" = "forwarded" }
at_least = 100
"#;

/// A folder with a scenario in it.
fn own(scenario: &str) -> (tempfile::TempDir, PathBuf) {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("own.toml");
    fs::write(&file, scenario).unwrap();
    (home, file)
}

fn run(file: &Path, name: &str, more: &[&str]) -> (Ended, PathBuf) {
    let output = file.parent().unwrap().join(name);
    let arguments = ["run", file.to_str().unwrap(), "--output", output.to_str().unwrap()];
    (peerscope(&[&arguments, more].concat()), output)
}

fn done(arguments: &[&str]) -> String {
    let ended = peerscope(arguments);
    assert_eq!(ended.exit, Exit::Done, "{arguments:?}: {}{}", ended.out, ended.err);
    ended.out
}

/// What the scenario is refused with.
fn refusal(scenario: &str, more: &[&str]) -> String {
    let (_home, file) = own(scenario);
    let ended = peerscope(&[&["check", file.to_str().unwrap()], more].concat());
    assert_eq!(ended.exit, Exit::BadInput, "{}", ended.out);
    ended.err
}

#[test]
fn a_name_stands_for_its_value_in_tables_figures_and_conditions() {
    let (_home, file) = own(SCENARIO);
    let checked = done(&["check", file.to_str().unwrap()]);
    for line in [
        "network = one room, far\n",
        "protocol.chord.lookup = iterative, forwarded\n",
        "2: network = one room, protocol.chord.lookup = forwarded\n",
        "network   uniform delay\n",
    ] {
        assert!(checked.contains(line), "{line:?} is missing from\n{checked}");
    }
    let (ended, results) = run(&file, "out", &[]);
    assert_eq!(ended.exit, Exit::Done, "{}{}", ended.out, ended.err);
    let table = fs::read_to_string(results.join("lookups.csv")).unwrap();
    let begins = [
        "network,protocol.chord.lookup,nodes,",
        "one room,iterative,8,0,",
        "one room,iterative,8,1,",
        "one room,forwarded,8,0,",
        "one room,forwarded,8,1,",
        "far,iterative,8,0,",
        "far,iterative,8,1,",
        "far,forwarded,8,0,",
        "far,forwarded,8,1,",
    ];
    assert_eq!(table.lines().count(), begins.len());
    assert!(
        table.lines().zip(begins).all(|(line, begin)| line.starts_with(begin)),
        "{table}"
    );
    let drawn = |name: &str| fs::read_to_string(results.join("figures").join(name)).unwrap();
    assert!(drawn("latency.csv").contains("one room") && !drawn("latency.csv").contains("iterative"));
    for name in ["styles.csv", "styles.svg"] {
        assert!(drawn(name).contains("forwarded"), "{}", drawn(name));
    }
    let kept = fs::read_to_string(results.join("scenario.toml")).unwrap();
    assert!(kept.contains("one room") && kept.contains("50ms"), "{kept}");
    // The axes keep their order, which is that of the points.
    let again = done(&["check", results.join("scenario.toml").to_str().unwrap()]);
    assert!(
        again.contains("3: network = far, protocol.chord.lookup = iterative\n"),
        "{again}"
    );
}

#[test]
fn results_with_names_are_verified_drawn_again_and_compared() {
    let (_home, file) = own(SCENARIO);
    let (_, one) = run(&file, "one", &[]);
    let (_, other) = run(&file, "other", &["--set", "protocol.chord.hop_limit=40"]);
    let (one, other) = (one.to_str().unwrap(), other.to_str().unwrap());
    let verified = done(&["verify", one]);
    assert!(verified.contains("everything is the same: 8 runs"), "{verified}");

    let svg = Path::new(one).join("figures/styles.svg");
    let drawn = fs::read(&svg).unwrap();
    fs::remove_file(&svg).unwrap();
    done(&["plot", one]);
    assert_eq!(fs::read(&svg).unwrap(), drawn);

    let compared = done(&[
        "diff",
        one,
        other,
        "--all",
        "--metric",
        "issued",
        "--where",
        "protocol.chord.lookup=forwarded",
    ]);
    assert!(compared.contains("protocol.chord.hop_limit"), "{compared}");
    for place in ["network = one room", "network = far"] {
        assert!(compared.contains(place), "{place} is not in\n{compared}");
    }

    // A changed value is told with the name of its point.
    let table = Path::new(one).join("lookups.csv");
    let text = fs::read_to_string(&table).unwrap();
    fs::write(&table, text.replacen("far,forwarded,8,1,", "far,forwarded,8,1,9", 1)).unwrap();
    let ended = peerscope(&["verify", one]);
    assert_eq!(ended.exit, Exit::Failed);
    let place = "replication 1 at network = far, protocol.chord.lookup = forwarded";
    assert!(ended.out.contains(place), "{}", ended.out);
}

#[test]
fn a_name_on_the_command_line_chooses_its_value() {
    let (_home, file) = own(SCENARIO);
    let chosen = [
        "--set",
        "network=one room",
        "--set",
        "protocol.chord.lookup=forwarded",
        "--set",
        "expect=[]",
    ];
    let (ended, results) = run(&file, "out", &chosen);
    assert_eq!(ended.exit, Exit::Done, "{}{}", ended.out, ended.err);
    let table = |results: &Path| fs::read_to_string(results.join("lookups.csv")).unwrap();
    assert_eq!(table(&results).lines().count(), 3);
    assert!(
        table(&results).contains("\none room,forwarded,8,1,"),
        "{}",
        table(&results)
    );
    let (_, whole) = run(&file, "whole", &[]);
    let of_point = |line: &&str| line.starts_with("one room,forwarded,");
    let whole = table(&whole);
    assert!(table(&results).lines().skip(1).eq(whole.lines().filter(of_point)));
    done(&["verify", results.to_str().unwrap()]);

    // A snapshot chooses its point in this way.
    let output = file.parent().unwrap().join("taken");
    let arguments = [
        "snapshot",
        file.to_str().unwrap(),
        "--at",
        "5s",
        "--point",
        "4",
        "--output",
    ];
    done(&[&arguments[..], &[output.to_str().unwrap()]].concat());
    let links = fs::read_to_string(output.join("snapshot_links.csv")).unwrap();
    assert!(links.contains("\nfar,forwarded,"), "{links}");
}

#[test]
fn an_axis_of_the_command_line_can_have_names() {
    let (_home, file) = own(SCENARIO);
    let axis = r#"sweep.network=[{ name = "here", value = { constant = { delay = "1ms" } } }, { constant = { delay = "2ms" } }]"#;
    let checked = done(&["check", file.to_str().unwrap(), "--set", axis, "--set", "expect=[]"]);
    assert!(
        checked.contains("network = here, { constant = { delay = \"2ms\" } }\n"),
        "{checked}"
    );
    let refused = refusal(SCENARIO, &["--set", r#"sweep.network=[{ name = "", value = 1 }]"#]);
    assert!(
        refused.contains("--> --set:1:") && refused.contains("must not be empty"),
        "{refused}"
    );
}

#[test]
fn a_name_that_will_not_do_is_refused_where_it_stands() {
    let second = "name = \"far\"";
    for (from, to, place, words) in [
        (
            second,
            "name = \"one room\"",
            "13:14",
            "sweep.network: two values are called one room",
        ),
        (
            second,
            "name = \" \"",
            "13:14",
            "sweep.network: the name of a value must not be empty",
        ),
        (second, "name = \"f\\nar\"", "13:14", "must be on one line"),
        (
            second,
            "name = 3",
            "13:14",
            "expected a text as the name of a value, found a whole number",
        ),
        (
            second,
            "colour = 1, name = \"far\"",
            "13:7",
            "sweep.network: unknown key `colour`",
        ),
        (
            "name = \"forwarded\"",
            "name = \"iterative\"",
            "15:50",
            "sweep.protocol.chord.lookup: two values are called iterative",
        ),
        // The value is refused as it would be without a name.
        ("\"10ms\"", "\"10 sec\"", "12:57", "there is no unit \"sec\""),
    ] {
        assert_eq!(SCENARIO.matches(from).count(), 1, "{from}");
        let err = refusal(&SCENARIO.replace(from, to), &[]);
        assert!(
            err.contains(&format!("own.toml:{place}\n")),
            "{to}: {place} is not in\n{err}"
        );
        assert!(err.contains(words), "{to}: {words:?} is not in\n{err}");
    }
}

#[test]
fn files_of_named_values_are_data_to_be_cited() {
    let axis = r#"
"network.matrix.file" = [{ name = "PlanetLab", value = "delays/planetlab.txt" }, "king.txt"]"#;
    let matrices = SCENARIO.replace(
        "\n\"protocol.chord.lookup\"",
        &format!("{axis}\n\"protocol.chord.lookup\""),
    );
    let (_home, file) = own(&matrices);
    let cited = done(&["cite", file.to_str().unwrap()]);
    assert!(cited.contains("planetlab.txt") && cited.contains("king.txt"), "{cited}");
    assert!(!cited.contains("PlanetLab"), "{cited}");
}

#[test]
fn editors_are_told_how_a_value_is_named() {
    let schema = json_schema(&Registry::standard());
    let validator = jsonschema::validator_for(&schema).unwrap();
    let accepted = |from: &str, to: &str| {
        assert!(SCENARIO.contains(from), "{from}");
        let scenario: toml::Table = SCENARIO.replace(from, to).parse().unwrap();
        validator.is_valid(&serde_json::to_value(scenario).unwrap())
    };
    assert!(accepted("far", "near"));
    assert!(accepted(
        "[sweep]",
        "[sweep]\n\"nodes.count\" = [8, { name = \"more\", value = 16 }]"
    ));
    assert!(!accepted(
        "[sweep]",
        "[sweep]\n\"nodes.count\" = [8, { name = \"more\", value = \"many\" }]"
    ));
    assert!(!accepted("\"far\"", "\"\""));
    assert!(!accepted("\"far\"", "3"));
    assert!(!accepted("\"far\"", "\"far\", colour = 1"));
    assert!(!accepted("\"60ms\"", "\"60 msec\""));
    assert!(!accepted("\"recursive\"", "\"recursively\""));
}
