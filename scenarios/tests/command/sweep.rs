//! What a sweep can say: ranges, zips, derived values and filters, on the command line and in tables; and what it cannot.

use scenarios::exit::Exit;
use scenarios::registry::Registry;
use scenarios::scenario::json_schema;

use crate::home::Home;

const SCENARIO: &str = r#"seed = 5
replications = 2
run.duration = "1min"
nodes.count = 8
bring_up.bulk = {}
network.constant.delay = "10ms"
protocol.chord = { successors = 4, stabilize_period = "30s" }
workload.lookups = { start = "1s", until = "1min", rate = "6/min" }

[sweep]
where = "nodes.count >= 2 * protocol.chord.successors && (network == \"far\" || nodes.count < 15)"
"nodes.count" = { geometric = { from = 8, to = 32, factor = 2 } }
network = [
    { name = "near", value = { constant = { delay = "10ms" } } },
    { name = "far", value = { uniform = { minimum = "50ms", maximum = "60ms" } } },
]

[sweep.derived]
"run.duration" = "2 * protocol.chord.stabilize_period + 1min"

[[sweep.zip]]
"protocol.chord.stabilize_period" = ["10s", "20s"]
"protocol.chord.successors" = { linear = { from = 4, to = 8, step = 4 } }
"#;

/// The same with some texts replaced by others.
#[track_caller]
fn changed(changes: &[(&str, &str)]) -> Home {
    Home::of(SCENARIO, changes)
}

/// The points that `check` tells, each by what sets it apart.
fn points(home: &Home, more: &[&str]) -> Vec<String> {
    let (exit, text) = home.peerscope("check", more);
    assert_eq!(exit, Exit::Done, "{text}");
    let points = text.lines().filter_map(|line| line.trim_start().strip_prefix("point "));
    points
        .map(|point| point.trim_start().split_once(": ").unwrap().1.to_owned())
        .collect()
}

/// The scenario is refused at this place, with these words, the line shown.
#[track_caller]
fn refused(home: &Home, more: &[&str], place: &str, words: &[&str]) {
    let (exit, text) = home.peerscope("check", more);
    assert_eq!(exit, Exit::BadInput, "{text}");
    assert!(
        text.contains(&format!("{place}\n")),
        "{place} is not the place in\n{text}"
    );
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for word in words {
        assert!(flat.contains(word), "{word:?} is missing from\n{text}");
    }
}

#[test]
fn check_tells_what_is_swept_zipped_derived_and_left_out() {
    let home = changed(&[]);
    let (exit, text) = home.peerscope("check", &[]);
    assert_eq!(exit, Exit::Done, "{text}");
    for line in [
        "  sweep       nodes.count = 8, 16, 32\n",
        "  sweep       network = near, far\n",
        "  zip 1       protocol.chord.stabilize_period = 10s, 20s\n",
        "  zip 1       protocol.chord.successors = 4, 8\n",
        ": 6 of 12 points\n",
        "6 points x 2 replications = 12 runs, seed 5\n",
        "    duration  80s of simulated time\n",
        "    duration  100s of simulated time\n",
    ] {
        assert!(text.contains(line), "{line:?} is not in\n{text}");
    }
    assert!(!text.contains("unused"), "{text}");
    let far = |count: u32, period: u32, successors: u32| {
        format!(
            "nodes.count = {count}, network = far, protocol.chord.stabilize_period = {period}s, protocol.chord.successors = \
             {successors}"
        )
    };
    let near = far(8, 10, 4).replace("far", "near");
    let expected = [
        near,
        far(8, 10, 4),
        far(16, 10, 4),
        far(16, 20, 8),
        far(32, 10, 4),
        far(32, 20, 8),
    ];
    assert_eq!(points(&home, &[]), expected);

    // Values that no point has are told, here and as JSON.
    let filter = ["--set", "sweep.where=nodes.count < 10"];
    let (_, text) = home.peerscope("check", &filter);
    assert!(
        text.contains("unused      nodes.count = 32: the filter leaves no point with it\n"),
        "{text}"
    );
    let (_, text) = home.peerscope("check", &[&filter[..], &["--json"]].concat());
    let object: serde_json::Value = serde_json::from_str(&text).unwrap();
    let scenario = &object["scenarios"][0];
    assert_eq!(scenario["filter"]["combinations"], 12);
    assert_eq!(scenario["filter"]["unused"][0]["value"], "16");
    assert_eq!(scenario["axes"][2]["zip"], 1);
    assert!(scenario["axes"][0]["zip"].is_null());
    assert_eq!(scenario["points"][3]["values"]["run"]["duration"], "100s");
}

#[test]
fn tables_have_the_swept_keys_and_a_point_is_the_same_in_every_sweep() {
    let home = changed(&[]);
    home.run_on("2");
    let table = home.written("lookups");
    let header = "nodes.count,network,protocol.chord.stabilize_period,protocol.chord.successors,nodes,replication,";
    assert!(table.starts_with(header), "{table}");
    assert_eq!(table.lines().count(), 1 + 12);
    // Replications vary fastest.
    let start = |line: &str| line.split(',').take(6).collect::<Vec<_>>().join(",");
    let starts: Vec<String> = table.lines().skip(1).map(start).collect();
    assert_eq!(starts[..3], ["8,near,10s,4,8,0", "8,near,10s,4,8,1", "8,far,10s,4,8,0"]);

    // Another order, other values and no filter: what the points have in common is the same to the last digit.
    let other = changed(&[
        ("where = ", "# where = "),
        (
            "\"nodes.count\" = { geometric = { from = 8, to = 32, factor = 2 } }\n",
            "",
        ),
        ("[sweep.derived]", "\"nodes.count\" = [12, 16]\n[sweep.derived]"),
        ("[\"10s\", \"20s\"]", "[\"20s\", \"15s\"]"),
        ("from = 4, to = 8", "from = 8, to = 4"),
    ]);
    other.run_on("1");
    let row = |table: &str, network: &str, period: &str, nodes: &str| -> Vec<Vec<String>> {
        let rows = table
            .lines()
            .skip(1)
            .map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
        let is_it = |row: &Vec<String>| {
            [network, period]
                .iter()
                .all(|value| row.iter().any(|cell| cell == value))
                && row[4] == nodes
        };
        rows.filter(is_it).map(|row| row[4..].to_vec()).collect()
    };
    let common = row(&table, "far", "20s", "16");
    assert_eq!(common.len(), 2);
    assert_eq!(row(&other.written("lookups"), "far", "20s", "16"), common);
}

#[test]
fn results_are_verified_and_their_scenario_says_the_same() {
    let home = changed(&[("to = 32", "to = 16")]);
    home.run_on("2");
    let resolved = home.results().join("scenario.toml");
    let (exit, text) = home.verify();
    assert_eq!(exit, Exit::Done, "{text}");
    assert!(text.contains("everything is the same: 8 runs"), "{text}");
    let text = std::fs::read_to_string(resolved).unwrap();
    assert!(
        text.contains("[8, 16]") && text.contains("2 * protocol.chord.stabilize_period"),
        "{text}"
    );
}

#[test]
fn the_command_line_fixes_axes_zipped_keys_and_derived_ones() {
    let home = changed(&[]);
    let all = [
        "--set",
        "nodes.count=16",
        "--set",
        "network=far",
        "--set",
        "protocol.chord.stabilize_period=20s",
        "--set",
        "protocol.chord.successors=8",
    ];
    let only = "nodes.count = 16, network = far, protocol.chord.stabilize_period = 20s, protocol.chord.successors = 8";
    assert_eq!(points(&home, &all), [only]);
    // One key of the zip: the other still varies.
    let (_, text) = home.peerscope("check", &["--set", "protocol.chord.stabilize_period=15s"]);
    assert!(
        text.contains("  sweep       protocol.chord.stabilize_period = 15s\n"),
        "{text}"
    );
    assert!(
        text.contains("  zip 1       protocol.chord.successors = 4, 8\n"),
        "{text}"
    );
    assert!(text.contains("  duration    90s of simulated time\n"), "{text}");
    let (_, text) = home.peerscope("check", &["--set", "run.duration=3min"]);
    assert!(text.contains("  duration    3min of simulated time\n"), "{text}");
    let (_, text) = home.peerscope("check", &["--set", "sweep.derived.'run.duration'=nodes.count * 10s"]);
    assert!(text.contains("    duration  320s of simulated time\n"), "{text}");
    // A filter that leaves nothing is no reason to run nothing.
    refused(
        &home,
        &["--set", "nodes.count=4"],
        "own.toml:11:9",
        &["sweep.where: no point is left of 4", "is true at no point"],
    );
    refused(
        &home,
        &["--set", "sweep.where=nodes.cuont > 3"],
        "--set:1:13",
        &[
            "`nodes.cuont` is not written in this scenario",
            "did you mean `nodes.count`?",
        ],
    );
}

#[test]
fn what_a_sweep_cannot_say_is_refused_where_it_stands() {
    let filter = "nodes.count >= 2 * protocol.chord.successors && (network == \\\"far\\\" || nodes.count < 15)";
    let derived = "2 * protocol.chord.stabilize_period + 1min";
    let range = "{ geometric = { from = 8, to = 32, factor = 2 } }";
    for (from, to, place, words) in [
        // Ranges.
        (
            range,
            "{ geometric = { from = 8, to = 32 } }",
            "12:31",
            &["either `factor` or `count` is missing"][..],
        ),
        (
            range,
            "{ linear = { from = 8, to = \"9s\", step = 1 } }",
            "12:45",
            &["expected a plain number as in `from`"],
        ),
        (
            range,
            "{ lienar = { from = 8, to = 9, step = 1 } }",
            "12:37",
            &["expected a list of values, or a range"],
        ),
        (
            "{ from = 4, to = 8, step = 4 }",
            "{ from = 4, to = 5, count = 3 }",
            "23:42",
            &["values 2 and 3 are both 5", "1.0"],
        ),
        // What a range makes is held against the key.
        (
            range,
            "{ linear = { from = 8, to = 9, count = 3, } }\n\"run.duration\" = [\"1min\"]",
            "12:28",
            &["values 2 and 3 are both 9"],
        ),
        (
            range,
            "{ linear = { from = 8, to = 9.0, step = 0.5 } }",
            "12:28",
            &[
                "expected a whole number",
                "sweep axis `nodes.count`, number 1 of the range, 8.0",
            ],
        ),
        // Zips.
        (
            "[\"10s\", \"20s\"]",
            "[\"10s\", \"20s\", \"40s\"]",
            "23:31",
            &["has 3 values", "own.toml:22:37", "has 2", "go in step"],
        ),
        (
            "[[sweep.zip]]",
            "[sweep.zip]",
            "21:1",
            &["sweep.zip: expected a list of tables, found a table"],
        ),
        ("[\"10s\", \"20s\"]", "[]", "22:37", &["expected a list of values"]),
        (
            "\"protocol.chord.successors\" = {",
            "\"nodes.count\" = {",
            "23:1",
            &["`nodes.count` is swept twice", "the second time"],
        ),
        (
            "[\"10s\", \"20s\"]\n\"protocol.chord.successors\" = { linear = { from = 4, to = 8, step = 4 } }",
            "[\"10s\", \"10s\"]",
            "22:45",
            &["steps 1 and 2 are both protocol.chord.stabilize_period = 10s"],
        ),
        // Derived values.
        (
            derived,
            "2 * protocol.chord.stabilize_period + 1m",
            "19:19",
            &["sweep.derived.run.duration: a time + a length", "at nodes.count = 8"],
        ),
        (
            derived,
            "2 * protocol.chord.stabilise_period",
            "19:23",
            &["is not written in this scenario", "did you mean"],
        ),
        (
            derived,
            "run.duration + 1min",
            "19:18",
            &["`run.duration` depends on itself"],
        ),
        (
            derived,
            "2 * protocol.chord.stabilize_period - 1h",
            "19:18",
            &["-3580 s is out of range at nodes.count = 8"],
        ),
        (
            derived,
            "1h ^ 2",
            "19:18",
            &["no key takes a value of the dimension time^2"],
        ),
        (derived, "2 +", "19:22", &["expected a value, found the end"]),
        (
            derived,
            "floor(1min)",
            "19:25",
            &["what is rounded must be a plain number", "divide by the unit before"],
        ),
        (
            "\"run.duration\" = \"2",
            "\"nodes.virtual\" = \"nodes.count / 5 * 1min / 1min * 1\" # \"2",
            "19:19",
            &[
                "expected a whole number",
                "`nodes.virtual` is derived: 1.6 at nodes.count = 8",
                "round(…)",
            ],
        ),
        (
            "\"run.duration\" = \"2",
            "\"run.duration\" = 3 # \"2",
            "19:18",
            &["expected an expression in quotes"],
        ),
        (
            "\"run.duration\" = \"2",
            "\"nodes.count\" = \"2",
            "19:1",
            &["`nodes.count` is swept and derived"],
        ),
        (
            "\"run.duration\" = \"2",
            "\"seed\" = \"2",
            "19:1",
            &["`seed` holds for all points"],
        ),
        (
            "\"run.duration\" = \"2",
            "\"rnu.duration\" = \"2",
            "19:1",
            &["did you mean `run`?"],
        ),
        // Filters.
        (
            filter,
            "nodes.count",
            "11:9",
            &["sweep.where: expected a condition, found a plain number"],
        ),
        (filter, "nodes.count > 100", "11:9", &["no point is left of 12"]),
        (
            filter,
            "network == 3",
            "11:10",
            &["a table is never equal to a plain number"],
        ),
        (
            filter,
            "network == \\\"far\\\" && nodes.count > 5 minn",
            "11:48",
            &["there is no unit `minn`", "did you mean `min`?"],
        ),
        (
            "where = \"",
            "where = 3 # \"",
            "11:9",
            &["sweep.where: expected an expression in quotes, found a whole number"],
        ),
    ] {
        refused(&changed(&[(from, to)]), &[], &format!("own.toml:{place}"), words);
    }
}

#[test]
fn derived_keys_that_need_each_other_are_refused() {
    let circle = "\"run.duration\" = \"nodes.count * observe.rings.every\"\n\"observe.rings.every\" = \"run.duration / 10\" # \"2";
    let home = changed(&[("\"run.duration\" = \"2", circle)]);
    refused(
        &home,
        &[],
        "own.toml:19:18",
        &[
            "`run.duration` depends on itself",
            "`run.duration`, `observe.rings.every`",
        ],
    );
}

#[test]
fn a_sweep_has_an_end() {
    let many = |filter: &str| {
        let axes = "\"workload.lookups.start\" = { linear = { from = \"1ms\", to = \"1s\", count = 500 } }\n\
                    \"measure.bin\" = { linear = { from = \"1s\", to = \"9s\", count = 500 } }\n";
        changed(&[("where = ", &format!("{filter}\n{axes}# where = "))])
    };
    refused(
        &many(""),
        &[],
        "own.toml:13:1",
        &["this axis makes 250000 points: a sweep has at most 100000"],
    );
    let filter = "where = \"workload.lookups.start <= measure.bin\"";
    refused(
        &many(filter),
        &[],
        "own.toml:11:9",
        &["the filter leaves more than 100000 points"],
    );
}

#[test]
fn editors_know_ranges_zips_derived_values_and_filters() {
    let validator = jsonschema::validator_for(&json_schema(&Registry::standard())).unwrap();
    let accepted = |from: &str, to: &str| {
        let home = changed(&[(from, to)]);
        let scenario: toml::Table = home.text.parse().unwrap();
        validator.is_valid(&serde_json::to_value(scenario).unwrap())
    };
    assert!(accepted("seed = 5", "seed = 6"));
    assert!(accepted("factor = 2", "count = 3"));
    assert!(accepted("\"run.duration\" = \"2", "run.duration = \"2"));
    // Set by the zip and the expression alone.
    assert!(accepted("run.duration = \"1min\"\n", ""));
    for (from, to) in [
        ("factor = 2", "step = 2"),
        ("factor = 2", "factor = 2, count = 3"),
        ("from = 8, ", ""),
        ("geometric", "geometrical"),
        (
            "{ geometric = { from = 8, to = 32, factor = 2 } }\nnetwork",
            "[8]\n\"observe.node_load\" = { linear = { from = 0, to = 1, step = 1 } }\nnetwork",
        ),
        ("where = \"", "where = 3 # \""),
        ("[\"10s\", \"20s\"]", "[\"10 sec\", \"20s\"]"),
        ("\"protocol.chord.successors\" = {", "\"protocol.chord.sucessors\" = {"),
        ("[[sweep.zip]]", "[[sweep.zip]]\nwhere = \"true\""),
        ("\"run.duration\" = \"2", "\"run.duration\" = 2 # \""),
        ("\"run.duration\" = \"2", "\"seed\" = \"2"),
    ] {
        assert!(!accepted(from, to), "{from:?} -> {to:?}");
    }
}
