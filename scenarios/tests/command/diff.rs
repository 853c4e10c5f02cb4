//! `peerscope diff`: two folders of results compared.

use std::fs;
use std::path::Path;

use crate::plot::results;
use crate::support::{Ended, peerscope};
use scenarios::exit::Exit;

fn diff(first: &Path, second: &Path, more: &[&str]) -> Ended {
    let arguments = ["diff", first.to_str().unwrap(), second.to_str().unwrap()];
    peerscope(&[&arguments, more].concat())
}

/// Adds to the number in a column of the rows that begin so.
fn add(folder: &Path, begin: &str, column: usize, more: u64) {
    let path = folder.join("lookups.csv");
    let text = fs::read_to_string(&path).unwrap();
    let lines = text.lines().map(|line| {
        let mut cells: Vec<String> = line.split(',').map(str::to_owned).collect();
        if line.starts_with(begin) {
            cells[column] = (cells[column].parse::<u64>().unwrap() + more).to_string();
        }
        cells.join(",") + "\n"
    });
    let changed: String = lines.collect();
    assert_ne!(changed, text);
    fs::write(&path, changed).unwrap();
}

#[test]
fn what_does_not_differ_is_counted_and_shown_on_demand() {
    let home = tempfile::tempdir().unwrap();
    let [one, other] = ["a", "b"].map(|name| results(home.path(), name, &[]));
    let ended = diff(&one, &other, &[]);
    assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
    assert!(
        ended.out.contains("no setting differs") && ended.out.contains("paired by replication"),
        "{}",
        ended.out
    );
    assert!(
        ended.out.contains("are the same in every replication and not shown"),
        "{}",
        ended.out
    );
    assert!(!ended.out.contains("issued"), "{}", ended.out);
    let all = diff(&one, &other, &["--all", "--metric", "issued"]);
    assert_eq!(all.out.matches("issued").count(), 4, "{}", all.out);
}

#[test]
fn differences_are_paired_by_replication_with_their_interval() {
    let home = tempfile::tempdir().unwrap();
    let more = ["--replications", "3"];
    let [one, other] = ["a", "b"].map(|name| results(home.path(), name, &more));
    // The two vary together by far more than they differ: 80, 180, 80 and 90, 191, 92.
    add(&one, "8,10s,8,1,", 4, 100);
    for (begin, change) in [("8,10s,8,0,", 10), ("8,10s,8,1,", 111), ("8,10s,8,2,", 12)] {
        add(&other, begin, 4, change);
    }
    let file = home.path().join("diff.csv");
    let ended = diff(
        &one,
        &other,
        &["--output", file.to_str().unwrap(), "--metric", "issued"],
    );
    assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
    // Mean 11, standard deviation 1, three pairs: 4.30265 / sqrt(3) = 2.484 to both sides.
    let row =
        "*  issued  nodes.count = 8, protocol.echo.period = 10s  3  113.3  124.3  +11.0  +8.52 to +13.5    +9.7 %";
    assert!(ended.out.contains(row), "{}", ended.out);
    assert!(ended.out.contains("1 of 1 comparisons"), "{}", ended.out);
    let table = analysis::Table::read_csv(fs::read(&file).unwrap().as_slice()).unwrap();
    assert_eq!(table.len(), 4);
    let first: Vec<String> = table.rows().next().unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(
        first[..5],
        [
            "lookups",
            "issued",
            "nodes.count = 8, protocol.echo.period = 10s",
            "3",
            "3"
        ]
    );
    assert_eq!(
        (first[7].as_str(), first[11].as_str(), first[12].as_str()),
        ("11", "paired", "1")
    );
    let low: f64 = first[8].parse().unwrap();
    assert!((low - (11.0 - 4.30265 / 3_f64.sqrt())).abs() < 1e-4, "{low}");
}

#[test]
fn other_seeds_are_told_and_not_paired() {
    let home = tempfile::tempdir().unwrap();
    let one = results(home.path(), "a", &[]);
    let other = results(
        home.path(),
        "b",
        &["--seed", "5", "--set", "network.exponential.mean=60ms"],
    );
    let ended = diff(&one, &other, &["--all", "--metric", "issued"]);
    assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
    for words in [
        "unpaired (Welch)",
        "seed",
        "2003",
        "network.exponential.mean",
        "50ms",
        "60ms",
    ] {
        assert!(ended.out.contains(words), "{words:?} is missing from\n{}", ended.out);
    }
    assert_eq!(
        ended.out.matches("+0").count() + ended.out.matches("0 to 0").count(),
        4,
        "{}",
        ended.out
    );
}

#[test]
fn points_that_only_one_has_are_counted_and_a_lone_sweep_must_be_narrowed() {
    let home = tempfile::tempdir().unwrap();
    let one = results(home.path(), "a", &[]);
    let other = results(home.path(), "b", &["--set", "sweep.\"nodes.count\"=[16, 32]"]);
    let ended = diff(&one, &other, &["--all", "--metric", "issued"]);
    assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
    assert_eq!(ended.out.matches("issued").count(), 2, "{}", ended.out);
    assert!(
        ended
            .out
            .contains("4 points or kinds of rows are in one of the two only"),
        "{}",
        ended.out
    );

    let settings = [
        "--set",
        "sweep={ \"nodes.count\" = [8, 16] }",
        "--set",
        "protocol.echo.period=10s",
        "--set",
        "figure=[]",
        "--set",
        "expect=[]",
    ];
    let single = results(home.path(), "c", &settings);
    let ended = diff(&one, &single, &[]);
    assert_eq!(ended.exit, Exit::Usage, "{}", ended.out);
    let remedy =
        "only A has several values of `protocol.echo.period`; choose one with --where protocol.echo.period=VALUE";
    assert!(ended.err.contains(remedy), "{}", ended.err);
    let ended = diff(
        &one,
        &single,
        &["--where", "protocol.echo.period=10s", "--all", "--metric", "issued"],
    );
    assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
    assert_eq!(ended.out.matches("issued").count(), 2, "{}", ended.out);
}

/// Where nothing is compared, nothing is said to be the same.
#[test]
fn a_comparison_of_nothing_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let one = results(home.path(), "a", &[]);
    let other = results(home.path(), "b", &["--set", "sweep.\"nodes.count\"=[16, 32]"]);
    let none = results(home.path(), "c", &["--set", "sweep.\"nodes.count\"=[32, 64]"]);
    for (second, conditions, words) in [
        (
            &one,
            "nodes=12",
            "--where nodes=12: no row compared has this value; there are `8`, `16`",
        ),
        (
            &one,
            "visited=3",
            "--where visited=3: no table compared has this column; choose one with --table",
        ),
        (
            &other,
            "nodes=8",
            "nothing to compare: no rows of the two belong together where nodes=8",
        ),
        (&none, "", "nothing to compare: no rows of the two belong together"),
    ] {
        let more = if conditions.is_empty() {
            vec![]
        } else {
            vec!["--where", conditions]
        };
        let ended = diff(&one, second, &more);
        assert_eq!(ended.exit, Exit::Usage, "{conditions}: {}", ended.out);
        assert!(ended.err.contains(words), "{words:?} is not in\n{}", ended.err);
    }
    let ended = diff(&one, &other, &["--where", "nodes.count=16.0", "--all"]);
    assert_eq!(ended.exit, Exit::Done, "a number, however it is written: {}", ended.err);
}

#[test]
fn names_that_do_not_exist_and_results_that_cannot_be_read_are_refused() {
    let home = tempfile::tempdir().unwrap();
    let one = results(home.path(), "a", &[]);
    for (option, name, guess) in [
        ("--metric", "isued", "did you mean `issued`?"),
        ("--table", "lokups", "did you mean `lookups`?"),
        ("--where", "node=8", "did you mean `nodes`?"),
        ("--where", "nodes", "expected COLUMN=VALUE"),
    ] {
        let ended = diff(&one, &one, &[option, name]);
        assert_eq!(ended.exit, Exit::Usage, "{option} {name}");
        assert!(ended.err.contains(guess), "{}", ended.err);
    }
    assert_eq!(diff(&one, Path::new("absent"), &[]).exit, Exit::MissingInput);
    let text = fs::read_to_string(one.join("lookups.csv")).unwrap();
    fs::write(one.join("lookups.csv"), &text[..text.len() - 2]).unwrap();
    let ended = diff(&one, &one, &[]);
    assert_eq!(ended.exit, Exit::BadInput);
    assert!(ended.err.contains("lookups.csv:9:1"), "{}", ended.err);
}
