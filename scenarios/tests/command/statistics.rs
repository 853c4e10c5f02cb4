//! Warm-up, stationarity, precision and paired differences, as a user meets them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use analysis::statistics::precise_enough;
use analysis::{Summary, Table};
use scenarios::exit::Exit;

use crate::support::{Ended, peerscope};

/// A ring that stands from the start; every run takes milliseconds.
const STANDING: &str = r#"
seed = 5
replications = 3
run.duration = "12min"
nodes.count = 16
bring_up.bulk = {}
network.exponential.mean = "50ms"
protocol.chord = { successors = 4 }
workload.lookups = { start = "1min", until = "11min", rate = "2/min" }
"#;

/// A ring of 8 nodes that 48 join within ten minutes, while lookups go on: paths become longer, and then stay so.
const GROWING: &str = r#"
seed = 5
replications = 4
run.duration = "60min"
nodes.count = 56
network.exponential.mean = "50ms"
protocol.chord = { successors = 4, stabilize_period = "10s", timeout = "2s" }
workload.lookups = { start = "5s", until = "59min", rate = "6/min" }
[bring_up.joins]
over = "10min"
arrivals = "uniform"
"#;

struct Run {
    ended: Ended,
    folder: tempfile::TempDir,
}

impl Run {
    fn new(scenario: &str, more: &[&str]) -> Run {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("own.toml");
        fs::write(&file, scenario).unwrap();
        let output = folder.path().join("out");
        let arguments = ["run", file.to_str().unwrap(), "-o", output.to_str().unwrap()];
        let ended = peerscope(&[&arguments, more].concat());
        Run { ended, folder }
    }

    /// The same, which ends well.
    fn done(scenario: &str, more: &[&str]) -> Run {
        let run = Run::new(scenario, more);
        assert_eq!(run.ended.exit, Exit::Done, "{}{}", run.ended.out, run.ended.err);
        run
    }

    fn file(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join("out").join(name)).unwrap()
    }

    fn table(&self, name: &str) -> Table {
        Table::read_csv(self.file(&format!("{name}.csv")).as_bytes()).unwrap()
    }

    fn column(&self, table: &str, column: &str) -> Vec<f64> {
        self.table(table)
            .numbers(column)
            .unwrap()
            .into_iter()
            .flatten()
            .collect()
    }

    /// All files but the timing.
    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        fn collect(folder: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    collect(&path, files);
                } else if path.file_name().unwrap() != "timing.json" {
                    files.insert(
                        path.file_name().unwrap().to_string_lossy().into(),
                        fs::read(&path).unwrap(),
                    );
                }
            }
        }
        let mut files = BTreeMap::new();
        collect(&self.folder.path().join("out"), &mut files);
        files
    }
}

const PRECISE: [&str; 4] = [
    "--set",
    "replications={ precision = '2 %', of = ['lookups.latency_mean_ms', 'lookups.hops_mean'], minimum = 4, maximum = 90 }",
    "--set",
    "sweep.'workload.lookups.rate'=['1/min', '20/min']",
];

#[test]
fn replications_go_on_until_every_mean_is_known_precisely_and_no_longer() {
    let run = Run::done(STANDING, &PRECISE);
    let precision = run.table("precision");
    assert_eq!(precision.len(), 4, "two points, two metrics");
    assert_eq!(run.column("precision", "reached"), [1.0; 4]);
    assert_eq!(run.column("precision", "wanted"), [0.02; 4]);
    let replications = run.column("precision", "replications");
    assert_eq!(replications[0], replications[1]);
    assert!(
        replications[0] > replications[2],
        "few lookups say less: {replications:?}"
    );
    let looks = [4, 5, 7, 9, 12, 15, 19, 24, 30, 38, 48, 60, 75, 90];
    let lookups = run.table("lookups");
    for (place, rate) in [(0, "1/min"), (2, "20/min")] {
        let rows = lookups
            .select(&[("workload.lookups.rate".to_owned(), rate.into())].into())
            .unwrap();
        assert_eq!(rows.len() as f64, replications[place]);
        let look = looks
            .iter()
            .position(|look| *look == rows.len())
            .expect("stops where it looks");
        let precise = |n: usize| {
            ["latency_mean_ms", "hops_mean"].iter().all(|column| {
                let values: Vec<f64> = rows.numbers(column).unwrap().into_iter().flatten().take(n).collect();
                precise_enough(&Summary::of(&values).unwrap(), 0.02)
            })
        };
        assert!(
            precise(rows.len()) && looks[..look].iter().all(|look| !precise(*look)),
            "{rate}"
        );
    }
    let manifest: toml::Table = run.file("manifest.toml").parse().unwrap();
    assert_eq!(manifest["replications"].as_integer(), Some(90));
    assert_eq!(manifest["runs"].as_array().unwrap().len(), lookups.len());
}

#[test]
fn what_precision_asks_for_does_not_depend_on_threads() {
    let on = |threads: &str| Run::done(STANDING, &[&PRECISE[..], &["--threads", threads]].concat()).files();
    let (one, two) = (on("1"), on("2"));
    assert!(one.contains_key("precision.csv"));
    assert!(one == two, "results differ between one thread and two");
}

#[test]
fn a_number_on_the_command_line_takes_the_place_of_a_precision() {
    let run = Run::done(STANDING, &[&PRECISE[..], &["--replications", "2"]].concat());
    assert_eq!(run.table("lookups").len(), 4);
    assert!(!run.files().contains_key("precision.csv"));
}

#[test]
fn a_precision_that_is_not_reached_is_told_and_costs_no_results() {
    let wanted = "replications={ precision = '0.01 %', of = 'lookups.latency_mean_ms', minimum = 2, maximum = 3 }";
    let run = Run::done(STANDING, &["--set", wanted]);
    assert_eq!(run.column("precision", "reached"), [0.0]);
    assert_eq!(run.column("precision", "replications"), [3.0]);
    let relative = run.column("precision", "relative_half_width")[0];
    let warning = format!(
        "warning: own: lookups.latency_mean_ms is known to {:.2} %, and not to 0.01 %, after 3 replications",
        relative * 100.0
    );
    assert!(run.ended.err.contains(&warning), "{}", run.ended.err);
}

#[test]
fn a_precision_that_cannot_be_meant_is_refused_where_it_stands() {
    for (setting, message) in [
        (
            "{ precision = '2 %', of = 'lookups.latency_maen_ms' }",
            "did you mean \"lookups.latency_mean_ms\"?",
        ),
        (
            "{ precision = '2 %', of = 'latency.fraction_at_most' }",
            "a table with one row a run",
        ),
        (
            "{ precision = '2 %', of = ['lookups.hops_mean', 'hops'] }",
            "replications.of.1",
        ),
        ("{ precision = '2 %', of = [] }", "at least one column"),
        ("{ precision = '0 %', of = 'lookups.hops_mean' }", "more than 0 %"),
        ("{ precision = 2, of = 'lookups.hops_mean' }", "a percentage such as"),
        (
            "{ precision = '2 %', of = 'lookups.hops_mean', minimum = 1 }",
            "between 2 and",
        ),
        (
            "{ precision = '2 %', of = 'lookups.hops_mean', minimum = 9, maximum = 8 }",
            "between 9 and",
        ),
        ("{ precision = '2 %', of = 'lookups.hops_mean', most = 8 }", "most"),
        ("{ precision = '2 %' }", "of"),
        ("'often'", "a whole number from 1 to 10000, or a table"),
        ("0", "between 1 and 10000"),
    ] {
        let run = Run::new(STANDING, &["--set", &format!("replications={setting}")]);
        assert_eq!(run.ended.exit, Exit::BadInput, "{setting}: {}", run.ended.err);
        assert!(run.ended.err.contains(message), "{setting}: {}", run.ended.err);
    }
}

#[test]
fn a_warm_up_is_found_and_cut_off_for_all_runs_alike() {
    let whole = Run::done(GROWING, &[]);
    let cut = Run::done(GROWING, &["--set", "measure.warm_up=auto"]);
    let warm_up = cut.column("stationarity", "warm_up_s");
    assert!(warm_up.iter().all(|seconds| *seconds == warm_up[0]), "{warm_up:?}");
    assert_eq!(whole.column("stationarity", "suggested_warm_up_s"), warm_up);
    assert!(
        (300.0..1800.0).contains(&warm_up[0]),
        "nodes come until 600 s: {warm_up:?}"
    );
    let mean = |run: &Run, column| run.column("lookups", column).iter().sum::<f64>() / 4.0;
    assert!(mean(&cut, "hops_mean") > mean(&whole, "hops_mean") + 0.02);

    // What is left out is out of every table of lookups, and still there over time.
    let over_time = cut.table("lookups_over_time");
    let counted = over_time
        .select(&[("counted".to_owned(), 1_u64.into())].into())
        .unwrap();
    let issued = |table: &Table| table.numbers("issued").unwrap().into_iter().flatten().sum::<f64>();
    assert_eq!(issued(&counted), cut.column("lookups", "issued").iter().sum::<f64>());
    assert_eq!(
        issued(&over_time),
        whole.column("lookups", "issued").iter().sum::<f64>()
    );
    assert!(issued(&counted) < issued(&over_time));
    let first = counted.numbers("time_s").unwrap()[0].unwrap();
    assert_eq!(first, 5.0 + warm_up[0]);
    let sums = [("path_length", "lookups"), ("lookups", "completed")].map(|(table, column)| cut.column(table, column));
    assert_eq!(sums[0].iter().sum::<f64>(), sums[1].iter().sum::<f64>());
}

#[test]
fn a_warm_up_of_a_given_length_is_whole_bins() {
    let run = Run::done(GROWING, &["--set", "measure={ bin = '2min', warm_up = '15min' }"]);
    assert_eq!(run.column("stationarity", "warm_up_s"), [960.0; 12]);
    assert_eq!(run.column("lookups_over_time", "time_s")[..3], [5.0, 125.0, 245.0]);
    assert!(!run.ended.err.contains("warning"), "{}", run.ended.err);
}

#[test]
fn lookups_that_still_change_are_told_with_what_to_try() {
    // The ring grows for ten minutes: one minute is no warm-up.
    let settings = ["--set", "measure.warm_up=1min", "--set", "workload.lookups.until=12min"];
    let run = Run::done(GROWING, &settings);
    let warning = "warning: own: hops_mean has not settled (table stationarity, p = ";
    assert!(run.ended.err.contains(warning), "{}", run.ended.err);
    assert!(
        run.ended.err.contains("let measure.warm_up be longer than 1min"),
        "{}",
        run.ended.err
    );
    let table = run.table("stationarity");
    let hops = table
        .select(&[("metric".to_owned(), "hops_mean".into())].into())
        .unwrap();
    assert_eq!(hops.numbers("together_stationary").unwrap(), [Some(0.0); 4]);

    // Whoever looks at the growing itself is not warned; the table says it all the same.
    let run = Run::done(GROWING, &["--set", "workload.lookups.until=12min"]);
    assert_eq!(run.ended.err, "");
    assert_eq!(run.column("stationarity", "together_stationary"), [0.0; 12]);
    let suggested = run.column("stationarity", "suggested_warm_up_s");
    assert!(suggested.iter().all(|seconds| *seconds >= 300.0), "{suggested:?}");
}

#[test]
fn a_ring_that_stands_is_stationary() {
    let run = Run::done(STANDING, &["--replications", "12"]);
    assert_eq!(run.ended.err, "");
    let stationary = run.column("stationarity", "stationary");
    assert_eq!(stationary.len(), 36);
    assert!(
        stationary.iter().sum::<f64>() >= 32.0,
        "about one in twenty may look otherwise"
    );
}

#[test]
fn bins_change_nothing_but_the_tables_over_time() {
    let with = |setting| Run::done(STANDING, &["--set", setting]).files();
    let (one, other) = (with("measure.bin=7s"), with("measure.bin=3min"));
    let differing: Vec<&String> = one.keys().filter(|name| one[*name] != other[*name]).collect();
    assert_eq!(
        differing,
        [
            "lookups_over_time.csv",
            "manifest.toml",
            "scenario.toml",
            "stationarity.csv"
        ]
    );
}

#[test]
fn a_warm_up_that_cannot_be_is_refused_where_it_stands() {
    for (setting, message) in [
        ("measure.warm_up=10min", "leaves nothing of the 10min of lookups"),
        ("measure.warm_up=atuo", "\"auto\", or a duration such as"),
        ("measure.warm_up=3", "\"auto\", or a duration such as"),
        ("measure.bin=1ms", "at most 10000 bins"),
        ("measure.bin=0s", "at most 10000 bins"),
        ("measure.bni=1s", "did you mean `bin`?"),
    ] {
        let run = Run::new(STANDING, &["--set", setting]);
        assert_eq!(run.ended.exit, Exit::BadInput, "{setting}: {}", run.ended.err);
        assert!(run.ended.err.contains(message), "{setting}: {}", run.ended.err);
    }
    let idle = STANDING.replace("workload.lookups", "# ");
    let run = Run::new(&idle, &["--set", "measure.warm_up=auto"]);
    assert!(
        run.ended.err.contains("there are no lookups to be counted"),
        "{}",
        run.ended.err
    );
}

#[test]
fn quantiles_have_intervals_that_hold_them() {
    let run = Run::done(STANDING, &[]);
    let table = run.table("quantiles");
    assert_eq!(table.len(), 3 * 8);
    for row in table.rows() {
        let at = |name: &str| row[table.column_index(name).unwrap()].number();
        match (at("low"), at("value"), at("high")) {
            (Some(low), Some(value), Some(high)) => assert!(low <= value && value <= high && low < high, "{row:?}"),
            ends => {
                assert!(
                    at("quantile") == Some(0.99) && at("samples") < Some(368.0),
                    "{row:?}: {ends:?}"
                );
            }
        }
    }
    let medians = |table: &str, column: &str, conditions: &[(&str, analysis::Cell)]| {
        let conditions = conditions
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect();
        run.table(table).select(&conditions).unwrap().numbers(column).unwrap()
    };
    let of_latency = [("of", "latency_ms".into()), ("quantile", 0.5.into())];
    assert_eq!(
        medians("quantiles", "value", &of_latency),
        medians("lookups", "latency_p50_ms", &[])
    );
}

#[test]
fn a_difference_under_common_random_numbers_is_expected_pair_by_pair() {
    let difference = r#"
sweep."protocol.chord.lookup" = ["iterative", "recursive"]
[[expect]]
name = "recursive lookups are faster"
table = "lookups"
metric = "latency_mean_ms"
where = { "protocol.chord.lookup" = "recursive" }
paired_with = { "protocol.chord.lookup" = "iterative" }
at_most = -20
"#;
    let run = Run::done(&format!("{STANDING}{difference}"), &[]);
    assert!(run.ended.out.contains("inside"), "{}", run.ended.out);
    let latency = run.column("lookups", "latency_mean_ms");
    let differences: Vec<f64> = (0..3).map(|pair| latency[3 + pair] - latency[pair]).collect();
    let summary = Summary::of(&differences).unwrap();
    let shown = run.file("expectations.txt");
    assert!(
        shown.contains(&format!("{:.2}", summary.mean)),
        "{} in {shown}",
        summary.mean
    );
}

#[test]
fn check_says_what_would_be_measured_and_how_often() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("own.toml");
    fs::write(&file, STANDING).unwrap();
    let check = |more: &[&str]| {
        let ended = peerscope(&[&["check", file.to_str().unwrap()], more].concat());
        assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
        ended.out
    };
    let plain = check(&[]);
    assert!(plain.contains("1 point x 3 replications = 3 runs, seed 5"), "{plain}");
    assert!(plain.contains("in bins of 10s, no warm-up cut off"), "{plain}");
    let precise = check(&PRECISE);
    assert!(
        precise.contains("2 points x 4 to 90 replications = 180 runs at most"),
        "{precise}"
    );
    assert!(
        precise.contains("2 % of the mean of lookups.latency_mean_ms, lookups.hops_mean"),
        "{precise}"
    );
    let cut = check(&["--set", "measure.warm_up=25s"]);
    assert!(cut.contains("the first 30s cut off as warm-up"), "{cut}");
}

#[test]
fn editors_are_told_how_precision_and_warm_up_are_written() {
    let schema = scenarios::scenario::json_schema(&scenarios::registry::Registry::standard());
    let validator = jsonschema::validator_for(&schema).unwrap();
    let accepted = |line: &str| {
        let scenario: toml::Table = format!("{STANDING}{line}").parse().unwrap();
        validator.is_valid(&serde_json::to_value(scenario).unwrap())
    };
    for line in [
        "measure.warm_up = \"auto\"",
        "measure = { bin = \"1min\", warm_up = \"5min\" }",
        "sweep.\"measure.warm_up\" = [\"auto\", \"2min\"]",
    ] {
        assert!(accepted(line), "{line}");
    }
    for line in [
        "measure.warm_up = \"atuo\"",
        "measure.warm_up = 5",
        "measure.bins = \"1min\"",
    ] {
        assert!(!accepted(line), "{line}");
    }
    let accepted = |replications: &str| {
        let scenario = STANDING.replace("replications = 3", &format!("replications = {replications}"));
        let scenario: toml::Table = scenario.parse().unwrap();
        validator.is_valid(&serde_json::to_value(scenario).unwrap())
    };
    assert!(accepted("7") && accepted("{ precision = \"2 %\", of = \"lookups.hops_mean\" }"));
    assert!(accepted(
        "{ precision = \"2 %\", of = [\"lookups.hops_mean\"], minimum = 3, maximum = 9 }"
    ));
    assert!(!accepted("0") && !accepted("\"7\"") && !accepted("{ of = \"lookups.hops_mean\" }"));
    assert!(!accepted(
        "{ precision = \"2 %\", of = \"lookups.hops_mean\", most = 3 }"
    ));
}
