//! Studies on one machine: planned, run in any order and by any number of tasks, merged.

use std::collections::BTreeMap;
use std::fs;

use scenarios::exit::Exit;
use scenarios::registry::Registry;

use crate::study_home::{BREAKING, Home, SCENARIO};
use crate::support::{Echo, peerscope, peerscope_with};

/// What only `run` writes: pictures, and how long it took.
fn without_pictures(mut files: BTreeMap<String, Vec<u8>>) -> BTreeMap<String, Vec<u8>> {
    files.retain(|name, _| !name.starts_with("figures/") && name != "timing.json");
    files
}

/// What only merged results have: tables as Parquet, and the one with a row a run.
fn as_run_writes(mut files: BTreeMap<String, Vec<u8>>) -> BTreeMap<String, Vec<u8>> {
    files.retain(|name, _| !name.ends_with(".parquet") && name != "runs.csv");
    files
}

#[test]
fn a_study_has_the_bytes_of_a_run() {
    let home = Home::of(SCENARIO);
    let planned = home.plan(&[]);
    assert!(
        planned.out.contains("4 points x 3 replications = 12 runs"),
        "{}",
        planned.out
    );
    assert_eq!(
        home.ends(Exit::Again, &["sweep", "status", "@/study"]).out,
        "own: 12 runs, 0 finished, 0 broken, 12 outstanding\n"
    );
    home.run_and_merge();
    home.ends(
        Exit::Done,
        &["run", "@/own.toml", "-q", "-o", "@/out", "--format", "svg"],
    );
    let merged = home.files("study/merged");
    let run = without_pictures(home.files("out"));
    assert!(
        run.len() > 12 && run.contains_key("snapshots/point-4-replication-2-at-60s.graphml"),
        "{:?}",
        run.keys()
    );
    assert_eq!(as_run_writes(merged.clone()), run);
    assert!(merged.contains_key("runs.parquet") && merged.contains_key("lookups.parquet"));
    assert_eq!(
        home.ends(Exit::Done, &["sweep", "status", "@/study"]).out,
        "own: 12 runs, 12 finished, 0 broken, 0 outstanding\n"
    );
    home.ends(Exit::Done, &["verify", "@/study/merged", "--quick", "-q"]);
}

#[test]
fn one_table_has_a_row_for_each_run() {
    let home = Home::of(SCENARIO);
    home.plan(&[]);
    home.run_and_merge();
    let runs = String::from_utf8(home.files("study/merged")["runs.csv"].clone()).unwrap();
    let runs = analysis::Table::read_csv(runs.as_bytes()).unwrap();
    assert_eq!(runs.len(), 12);
    assert_eq!(
        runs.columns()[..4],
        ["nodes.count", "protocol.chord.stabilize_period", "nodes", "replication"]
    );
    let lookups = String::from_utf8(home.files("study/merged")["lookups.csv"].clone()).unwrap();
    let lookups = analysis::Table::read_csv(lookups.as_bytes()).unwrap();
    assert_eq!(
        runs.numbers("lookups.hops_mean").unwrap(),
        lookups.numbers("hops_mean").unwrap()
    );
    assert!(runs.column_index("population.members_end").is_ok());
}

#[test]
fn tasks_share_the_runs_and_change_no_byte() {
    let home = Home::of(SCENARIO);
    home.plan(&[]);
    home.run_and_merge();
    let whole = home.files("study/merged");
    fs::remove_dir_all(home.path("study")).unwrap();
    home.plan(&[]);
    let commands = home
        .ends(
            Exit::Done,
            &["sweep", "commands", "@/study", "--tasks", "5", "--jobs", "1"],
        )
        .out;
    let lines: Vec<&str> = commands.lines().collect();
    assert_eq!(lines.len(), 5);
    // In another order, and one of them twice.
    for line in [4, 0, 2, 2, 1] {
        let words: Vec<&str> = lines[line].split(' ').skip(1).collect();
        assert_eq!(peerscope(&words).exit, Exit::Done, "{}", lines[line]);
    }
    let missing = home.ends(Exit::Again, &["sweep", "merge", "@/study"]);
    assert!(
        missing
            .err
            .contains("runs outstanding: 2 of 12; `peerscope sweep resume"),
        "{}",
        missing.err
    );
    assert!(!home.path("study/merged").exists());
    home.ends(Exit::Again, &["sweep", "merge", "@/study", "--partial", "-o", "@/part"]);
    home.run_and_merge();
    assert_eq!(home.files("study/merged"), whole);
    let commands = home.ends(Exit::Done, &["sweep", "commands", "@/study"]).out;
    assert_eq!(commands.lines().count(), 12, "one a run");
    let commands = home
        .ends(Exit::Done, &["sweep", "commands", "@/study", "--runs-per-task", "5"])
        .out;
    assert_eq!(commands.lines().count(), 3);
    assert!(commands.lines().all(|line| line.contains(" --tasks 3 ")), "{commands}");
    // A minute of work a command: 6 runs of 8 nodes and 6 of 16 for 3 minutes each are 25,920 of work. As if 1000 of it took so many
    // seconds: runs of more than a minute are one each, 259 seconds are five commands.
    let plan: toml::Table = fs::read_to_string(home.path("study/plan.toml"))
        .unwrap()
        .parse()
        .unwrap();
    let commands = |seconds: f64| {
        let points = &plan["points_sha256"];
        let sample = format!("points_sha256 = {points}\nrun = [{{ work = 1000, seconds = {seconds:?} }}]\n");
        fs::write(home.path("study/sample.toml"), sample).unwrap();
        let commands = home.ends(Exit::Done, &["sweep", "commands", "@/study"]).out;
        commands.lines().count()
    };
    assert_eq!([commands(500.0), commands(10.0), commands(0.001)], [12, 5, 1]);
    home.ends(Exit::Usage, &["sweep", "run", "@/study", "--task", "3", "--tasks", "3"]);
}

#[test]
fn more_points_change_no_result_of_the_others() {
    let home = Home::of(SCENARIO);
    home.plan(&[]);
    home.run_and_merge();
    let before = home.runs();
    let lookups = |home: &Home| String::from_utf8(home.files("study/merged")["lookups.csv"].clone()).unwrap();
    let earlier = lookups(&home);
    let wider = SCENARIO.replace("[8, 16]", "[4, 8, 12, 16]");
    fs::write(home.path("own.toml"), wider).unwrap();
    let ended = home.ends(Exit::BadInput, &["sweep", "run", "@/study"]);
    assert!(
        ended
            .err
            .contains("sweep.\"nodes.count\" is [4, 8, 12, 16] and was [8, 16]\n  put back ")
            && ended.err.contains("own.toml --output ")
            && ended.err.contains(" --replace`"),
        "{}",
        ended.err
    );
    let ended = home.ends(
        Exit::Usage,
        &["sweep", "plan", "@/own.toml", "-o", "@/study", "--sample", "0"],
    );
    assert!(
        ended
            .err
            .contains("another study is planned here (with other points, 4 in all)"),
        "{}",
        ended.err
    );
    home.plan(&["--replace"]);
    let ended = home.ends(Exit::Done, &["sweep", "run", "@/study"]);
    assert!(
        ended
            .out
            .contains("12 runs ended well, 0 broke, 12 were there before, 0 are left"),
        "{}",
        ended.out
    );
    home.ends(Exit::Done, &["sweep", "merge", "@/study"]);
    assert!(before.iter().all(|run| home.runs().contains(run)));
    let later = lookups(&home);
    assert_eq!(later.lines().count(), 25);
    assert!(earlier.lines().all(|line| later.lines().any(|other| other == line)));
    // Figures, expectations and descriptions are no part of what is run.
    fs::write(
        home.path("own.toml"),
        SCENARIO
            .replace("[8, 16]", "[4, 8, 12, 16]")
            .replace("seed", "description = \"Other words.\"\nseed"),
    )
    .unwrap();
    home.ends(Exit::Done, &["sweep", "status", "@/study"]);
}

#[test]
fn a_point_that_breaks_is_told_with_its_command_and_takes_no_other_with_it() {
    let home = Home::of(BREAKING);
    home.plan(&[]);
    let ended = home.ends(Exit::Failed, &["sweep", "run", "@/study"]);
    let words = [
        "replication 1 at protocol.echo.breaks = 1 broke: the echo died away",
        "to see it again: peerscope run",
        "--set 'protocol.echo.breaks=1'",
        "--replications 2",
    ];
    for word in words {
        assert!(ended.err.contains(word), "{word} is not in\n{}", ended.err);
    }
    assert!(
        ended
            .out
            .contains("5 runs ended well, 1 broke, 0 were there before, 0 are left"),
        "{}",
        ended.out
    );
    // What broke once breaks again: it is not tried anew, and not forgotten.
    let again = home.ends(Exit::Failed, &["sweep", "resume", "@/study"]);
    assert!(
        again
            .out
            .contains("0 runs ended well, 0 broke, 6 were there before, 0 are left"),
        "{}",
        again.out
    );
    let again = home.ends(Exit::Failed, &["sweep", "resume", "@/study", "--retry-broken"]);
    assert!(
        again
            .out
            .contains("0 runs ended well, 1 broke, 5 were there before, 0 are left"),
        "{}",
        again.out
    );
    let status = home.ends(Exit::Failed, &["sweep", "status", "@/study"]);
    assert!(status.out.contains("5 finished, 1 broken, 0 outstanding") && status.err.contains("the echo died away"));
    let status = home.ends(Exit::Failed, &["sweep", "status", "@/study", "--json"]);
    let status: serde_json::Value = serde_json::from_str(&status.out).unwrap();
    assert_eq!(
        ["exit", "runs", "finished", "broken", "outstanding"].map(|key| status[key].as_u64()),
        [1, 6, 5, 1, 0].map(Some),
        "{status}"
    );
    let broken = &status["broken_runs"][0];
    assert!(
        broken["command"]
            .as_str()
            .is_some_and(|command| command.contains("peerscope run"))
            && broken["reason"]
                .as_str()
                .is_some_and(|reason| reason.contains("the echo died away")),
        "{status}"
    );
    let merged = home.ends(Exit::Failed, &["sweep", "merge", "@/study"]);
    assert!(
        merged.out.contains("5 of 6 runs merged") && merged.err.contains("to see it again"),
        "{}\n{}",
        merged.out,
        merged.err
    );
    home.ends(Exit::Failed, &["run", "@/own.toml", "-q", "-o", "@/out"]);
    assert_eq!(
        as_run_writes(home.files("study/merged")),
        without_pictures(home.files("out"))
    );
}

#[test]
fn the_sample_of_a_plan_is_part_of_the_study() {
    let home = Home::of(SCENARIO);
    let plan = ["sweep", "plan", "@/own.toml", "-o", "@/study", "--sample", "30"];
    let planned = home.ends(Exit::Done, &plan);
    assert!(
        planned.out.contains("time: about ") && planned.out.contains("memory: about "),
        "{}",
        planned.out
    );
    let timed = home.runs().len();
    assert!((1..=6).contains(&timed), "{timed} runs");
    let ended = home.ends(Exit::Done, &["sweep", "run", "@/study"]);
    assert!(
        ended.out.contains(&format!("{timed} were there before")),
        "{}",
        ended.out
    );
}

#[test]
fn a_sample_keeps_to_its_time_where_one_run_takes_longer() {
    let home = Home::of(SCENARIO);
    let plan = ["sweep", "plan", "@/own.toml", "-o", "@/study", "--sample", "1"];
    let endless = ["--set", "run.duration=30000d"];
    let start = std::time::Instant::now();
    home.ends(Exit::Done, &[&plan[..], &endless].concat());
    let took = start.elapsed().as_secs();
    assert!((1..60).contains(&took), "{took} s");
    // The run was stopped and is outstanding. What it will take is known about: far more than a minute.
    assert!(home.runs().is_empty());
    let sample: toml::Table = fs::read_to_string(home.path("study/sample.toml"))
        .unwrap()
        .parse()
        .unwrap();
    assert!(sample["run"][0]["seconds"].as_float().unwrap() > 60.0, "{sample}");
    let commands = home.ends(Exit::Done, &["sweep", "commands", "@/study"]).out;
    assert_eq!(commands.lines().count(), 12);
}

#[test]
fn a_command_line_of_its_own_has_sweeps_too() {
    let home = Home::of(BREAKING);
    home.plan(&["--set", "sweep.\"protocol.echo.breaks\"=[7]"]);
    let folder = home.path("study");
    let registry = Registry::standard();
    let ended = peerscope_with(&registry, &["sweep", "run", folder.to_str().unwrap()]);
    assert_eq!(ended.exit, Exit::BadInput, "it knows no echo");
    let ended = peerscope_with(&registry.with(Echo), &["sweep", "run", folder.to_str().unwrap()]);
    assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
}
