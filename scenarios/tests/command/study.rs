//! Studies on one machine: planned, run in any order and by any number of tasks, merged; and what is refused.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use scenarios::exit::Exit;
use scenarios::registry::Registry;

use crate::support::{Echo, Ended, peerscope, peerscope_with};

pub(crate) const SCENARIO: &str = r#"name = "own"
seed = 5
replications = 3
run.duration = "3min"
nodes.count = 8
bring_up.bulk = {}
network.constant.delay = "10ms"
protocol.chord = { successors = 4, stabilize_period = "30s" }
workload.lookups = { start = "1s", until = "2min", rate = "6/min" }
observe.snapshots = ["1min"]

[sweep]
"nodes.count" = [8, 16]
"protocol.chord.stabilize_period" = ["10s", "20s"]
"#;

/// A protocol whose second replication breaks at one of two points.
pub(crate) const BREAKING: &str = r#"name = "own"
seed = 5
replications = 3
run.duration = "1min"
nodes.count = 8
bring_up.bulk = {}
network.constant.delay = "10ms"
protocol.echo = { period = "10s" }

[sweep]
"protocol.echo.breaks" = [1, 7]
"#;

/// A folder with the scenario `own.toml`.
pub(crate) struct Home(tempfile::TempDir);

impl Home {
    pub(crate) fn of(scenario: &str) -> Self {
        let home = Home(tempfile::tempdir().unwrap());
        fs::write(home.path("own.toml"), scenario).unwrap();
        home
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs a command line in which `@` stands for the folder.
    pub(crate) fn says(&self, line: &[&str]) -> Ended {
        let folder = self.0.path().to_str().unwrap();
        let line: Vec<String> = line.iter().map(|word| word.replace('@', folder)).collect();
        peerscope(&line.iter().map(String::as_str).collect::<Vec<_>>())
    }

    #[track_caller]
    pub(crate) fn ends(&self, exit: Exit, line: &[&str]) -> Ended {
        let ended = self.says(line);
        assert_eq!(ended.exit, exit, "{line:?}\n{}\n{}", ended.out, ended.err);
        ended
    }

    /// Plans a study in `study`, without a sample.
    #[track_caller]
    pub(crate) fn plan(&self, more: &[&str]) -> Ended {
        let plan = ["sweep", "plan", "@/own.toml", "-o", "@/study", "--sample", "0"];
        self.ends(Exit::Done, &[&plan[..], more].concat())
    }

    #[track_caller]
    pub(crate) fn run_and_merge(&self) {
        self.ends(Exit::Done, &["sweep", "run", "@/study", "-q"]);
        self.ends(Exit::Done, &["sweep", "merge", "@/study"]);
    }

    /// The files of a folder, by their names within it.
    pub(crate) fn files(&self, folder: &str) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        collect(&self.path(folder), "", &mut files);
        files
    }

    /// The folders of runs, relative to the study's.
    pub(crate) fn runs(&self) -> Vec<PathBuf> {
        let shards = fs::read_dir(self.path("study/runs")).unwrap();
        let mut runs: Vec<PathBuf> = shards
            .flat_map(|shard| fs::read_dir(shard.unwrap().path()).unwrap())
            .map(|run| run.unwrap().path())
            .collect();
        runs.sort();
        runs
    }
}

fn collect(folder: &Path, prefix: &str, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("{prefix}{}", path.file_name().unwrap().to_str().unwrap());
        if path.is_dir() {
            collect(&path, &format!("{name}/"), files);
        } else {
            files.insert(name, fs::read(&path).unwrap());
        }
    }
}

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
fn damaged_runs_are_found_by_their_digests_and_run_again() {
    let home = Home::of(SCENARIO);
    home.plan(&[]);
    home.run_and_merge();
    let whole = home.files("study/merged");
    let runs = home.runs();
    let damage: [fn(&Path); 4] = [
        |run| {
            let mut bytes = fs::read(run.join("record.bin")).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            fs::write(run.join("record.bin"), bytes).unwrap();
        },
        |run| fs::write(run.join("record.bin"), "").unwrap(),
        |run| fs::remove_file(run.join("record.bin")).unwrap(),
        |run| fs::write(run.join("manifest.toml"), "nonsense").unwrap(),
    ];
    for (run, damage) in runs.iter().zip(damage) {
        damage(run);
    }
    let merged = home.ends(Exit::Again, &["sweep", "merge", "@/study"]);
    assert!(
        merged
            .err
            .contains("runs outstanding: 4 of 12 (4 of them not as they had been written)"),
        "{}",
        merged.err
    );
    assert_eq!(home.files("study/merged"), whole, "earlier results stay");
    damage[0](&runs[5]);
    let ended = home.ends(Exit::Done, &["sweep", "resume", "@/study"]);
    assert!(ended.out.contains("5 runs ended well"), "{}", ended.out);
    assert!(
        ended
            .err
            .contains("warning: runs that were not as they had been written, and were run again: 1"),
        "{}",
        ended.err
    );
    home.ends(Exit::Done, &["sweep", "merge", "@/study"]);
    assert_eq!(home.files("study/merged"), whole);
}

#[test]
fn a_plan_holds_for_its_scenario_and_its_program() {
    let home = Home::of(SCENARIO);
    home.plan(&[]);
    home.plan(&[]);
    let plan = fs::read_to_string(home.path("study/plan.toml")).unwrap();
    // Another seed is another study.
    let ended = home.ends(
        Exit::Usage,
        &["sweep", "plan", "@/own.toml", "-o", "@/study", "--seed", "6"],
    );
    assert!(
        ended.err.contains("another study is planned here (with the seed 5)"),
        "{}",
        ended.err
    );
    assert_eq!(fs::read_to_string(home.path("study/plan.toml")).unwrap(), plan);
    // A program of another version.
    let other = plan.replace(env!("CARGO_PKG_VERSION"), "99.0.0");
    assert_ne!(other, plan);
    fs::write(home.path("study/plan.toml"), other).unwrap();
    let ended = home.ends(Exit::BadInput, &["sweep", "run", "@/study"]);
    assert!(
        ended.err.contains("its version is 99.0.0") && ended.err.contains("plan anew in another folder"),
        "{}",
        ended.err
    );
    // No plan of ours.
    fs::write(home.path("study/plan.toml"), "[nonsense").unwrap();
    let ended = home.ends(Exit::BadInput, &["sweep", "status", "@/study"]);
    assert!(ended.err.contains("plan.toml"), "{}", ended.err);
    fs::write(home.path("study/plan.toml"), &plan).unwrap();
    // The scenario has changed, in what is run.
    fs::write(home.path("own.toml"), SCENARIO.replace("6/min", "7/min")).unwrap();
    let ended = home.ends(Exit::BadInput, &["sweep", "run", "@/study"]);
    assert!(
        ended.err.contains("workload.lookups.rate is 7/min and was 6/min"),
        "{}",
        ended.err
    );
    // Or in its seed, which keeps all points as they are.
    fs::write(home.path("own.toml"), SCENARIO.replace("seed = 5", "seed = 6")).unwrap();
    let ended = home.ends(Exit::BadInput, &["sweep", "run", "@/study"]);
    assert!(ended.err.contains("seed is 6 and was 5"), "{}", ended.err);
    // Or is gone.
    fs::remove_file(home.path("own.toml")).unwrap();
    let ended = home.ends(Exit::MissingInput, &["sweep", "run", "@/study"]);
    assert!(
        ended.err.contains("the scenario that is planned is not there any more"),
        "{}",
        ended.err
    );
    // It has moved.
    fs::write(home.path("moved.toml"), SCENARIO).unwrap();
    let moved = ["sweep", "plan", "@/moved.toml", "-o", "@/study", "--sample", "0"];
    let ended = home.ends(Exit::Usage, &moved);
    assert!(
        ended.err.contains("another study is planned here (of ") && ended.err.contains("own.toml)"),
        "{}",
        ended.err
    );
    home.ends(Exit::Done, &[&moved[..], &["--replace"]].concat());
    home.ends(Exit::Done, &["sweep", "run", "@/study"]);
}

#[test]
fn what_is_no_study_is_not_touched() {
    let home = Home::of(SCENARIO);
    let missing = home.ends(Exit::MissingInput, &["sweep", "run", "@/nowhere"]);
    assert!(missing.err.contains("peerscope sweep plan FILE"), "{}", missing.err);
    fs::create_dir(home.path("letters")).unwrap();
    fs::write(home.path("letters/dear"), "Dear all").unwrap();
    let ended = home.ends(Exit::Usage, &["sweep", "plan", "@/own.toml", "-o", "@/letters"]);
    assert!(ended.err.contains("this is no folder of a study"), "{}", ended.err);
    assert_eq!(home.files("letters").len(), 1);
    let precise = SCENARIO.replace(
        "replications = 3",
        "replications = { precision = \"5 %\", of = \"lookups.hops_mean\", minimum = 2, maximum = 9 }",
    );
    fs::write(home.path("own.toml"), precise).unwrap();
    let ended = home.ends(Exit::Usage, &["sweep", "plan", "@/own.toml", "-o", "@/precise"]);
    assert!(
        ended.err.contains("a fixed number of replications") && ended.err.contains("--replications N"),
        "{}",
        ended.err
    );
    assert!(!home.path("precise").exists());
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
fn a_report_shows_what_was_merged() {
    let figure = r#"
[[figure]]
name = "hops"
table = "lookups"
[figure.lines]
x = "nodes"
y = "hops_mean"
series = "protocol.chord.stabilize_period"
[figure.x]
label = "Nodes"
[figure.y]
label = "Hops"
"#;
    let home = Home::of(&format!("{SCENARIO}{figure}"));
    home.plan(&[]);
    let ended = home.ends(Exit::MissingInput, &["sweep", "report", "@/study"]);
    assert!(ended.err.contains("peerscope sweep merge"), "{}", ended.err);
    home.run_and_merge();
    home.ends(Exit::Done, &["sweep", "report", "@/study", "--format", "svg"]);
    home.ends(
        Exit::Done,
        &["run", "@/own.toml", "-q", "-o", "@/out", "--format", "svg"],
    );
    let (merged, run) = (home.files("study/merged"), home.files("out"));
    assert_eq!(merged["figures/hops.svg"], run["figures/hops.svg"]);
    assert!(merged.contains_key("report.html"));
    // A figure that has changed since is said to be the old one.
    let other = figure.replace("\"Hops\"", "\"Steps\"");
    fs::write(home.path("own.toml"), format!("{SCENARIO}{other}")).unwrap();
    let ended = home.ends(Exit::Done, &["sweep", "report", "@/study", "--format", "svg"]);
    assert!(ended.err.contains("figures or expectations"), "{}", ended.err);
    // Merging again leaves no picture of what was merged before.
    home.ends(Exit::Done, &["sweep", "merge", "@/study"]);
    assert!(!home.files("study/merged").contains_key("report.html"));
}

#[test]
fn a_report_shows_nothing_that_the_study_is_not_any_more() {
    let home = Home::of(SCENARIO);
    let report = ["sweep", "report", "@/study", "--format", "svg"];
    let stale = |words: &str| {
        let ended = home.ends(Exit::Again, &report);
        assert!(ended.err.contains(words), "{words:?} is not in\n{}", ended.err);
        assert!(!home.path("study/merged/report.html").exists());
        ended.err
    };
    home.plan(&[]);
    home.ends(
        Exit::Done,
        &["sweep", "run", "@/study", "-q", "--task", "0", "--tasks", "3"],
    );
    home.ends(Exit::Again, &["sweep", "merge", "@/study", "--partial"]);
    let ended = home.ends(Exit::Done, &report);
    assert!(
        ended.err.contains("warning: 8 of 12 runs are not among the results"),
        "{}",
        ended.err
    );
    fs::remove_file(home.path("study/merged/report.html")).unwrap();
    // Further runs.
    home.ends(
        Exit::Done,
        &["sweep", "run", "@/study", "-q", "--task", "1", "--tasks", "3"],
    );
    let told = stale("runs that have ended well since: 4;");
    assert!(
        told.contains("runs outstanding: 4;") && told.contains("peerscope sweep resume"),
        "{told}"
    );
    home.run_and_merge();
    // Another seed, before and after its runs.
    home.plan(&["--replace", "--seed", "6"]);
    stale("they are of another plan (with the seed 5)");
    home.ends(Exit::Done, &["sweep", "run", "@/study", "-q"]);
    let told = stale("they are of another plan (with the seed 5)");
    assert!(told.contains("`peerscope sweep merge"), "{told}");
    home.ends(Exit::Done, &["sweep", "merge", "@/study"]);
    // Something else that is no axis.
    fs::write(home.path("own.toml"), SCENARIO.replace("6/min", "7/min")).unwrap();
    home.plan(&["--replace", "--seed", "6"]);
    let of_others = home.runs();
    home.ends(Exit::Done, &["sweep", "run", "@/study", "-q"]);
    stale("its scenario says something else of what is run");
    home.ends(Exit::Done, &["sweep", "merge", "@/study"]);
    // A run that is gone.
    let of_this = home.runs().into_iter().find(|run| !of_others.contains(run));
    fs::remove_dir_all(of_this.unwrap()).unwrap();
    stale("runs of theirs that are not there any more: 1");
    home.run_and_merge();
    assert_eq!(
        home.ends(Exit::Done, &report).err.lines().count(),
        1,
        "only that there are no figures"
    );
}

#[test]
fn a_report_without_figures_is_a_page_and_what_cannot_be_drawn_is_told_once() {
    let home = Home::of(SCENARIO);
    home.plan(&[]);
    home.run_and_merge();
    let ended = home.ends(Exit::Done, &["sweep", "report", "@/study"]);
    assert!(home.path("study/merged/report.html").is_file());
    assert!(
        ended.err.contains("the scenario has no [[figure]]") && !ended.err.contains("--scenario"),
        "{}",
        ended.err
    );
    // There are no such rows.
    let figure = r#"
[[figure]]
name = "none"
table = "lookups"
where = { nodes = 9 }
[figure.lines]
x = "nodes"
y = "hops_mean"
[figure.x]
label = "Nodes"
[figure.y]
label = "Hops"
"#;
    fs::write(home.path("own.toml"), format!("{SCENARIO}{figure}")).unwrap();
    home.ends(Exit::Done, &["sweep", "merge", "@/study"]);
    let ended = home.ends(Exit::Failed, &["sweep", "report", "@/study"]);
    assert_eq!(ended.err.matches("none").count(), 1, "{}", ended.err);
    assert!(home.path("study/merged/report.html").is_file());
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
