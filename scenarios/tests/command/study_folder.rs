//! Studies in whose folder somebody has been, plans that fit no more, and programs that are not those that planned.

use std::fs;
use std::path::Path;

use scenarios::exit::Exit;

use crate::study_home::{BREAKING, Home, SCENARIO};

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
fn what_is_in_the_place_of_a_run_and_is_none_is_run_again() {
    let home = Home::of(SCENARIO);
    home.plan(&[]);
    home.run_and_merge();
    let whole = home.files("study/merged");
    let damage: [fn(&Path); 4] = [
        // What a kill leaves that removes one file after the other.
        |run| fs::remove_file(run.join("manifest.toml")).unwrap(),
        |run| {
            fs::remove_dir_all(run).unwrap();
            fs::create_dir(run).unwrap();
        },
        |run| {
            fs::remove_dir_all(run).unwrap();
            fs::write(run, "a letter").unwrap();
        },
        |run| {
            fs::remove_file(run.join("record.bin")).unwrap();
            fs::create_dir(run.join("record.bin")).unwrap();
        },
    ];
    for (run, damage) in home.runs().iter().zip(damage) {
        damage(run);
    }
    let ended = home.ends(Exit::Done, &["sweep", "resume", "@/study"]);
    assert!(
        ended
            .out
            .contains("4 runs ended well, 0 broke, 8 were there before, 0 are left"),
        "{}",
        ended.out
    );
    home.ends(Exit::Done, &["sweep", "merge", "@/study"]);
    assert_eq!(home.files("study/merged"), whole);
}

#[test]
fn a_run_in_the_place_of_another_is_none_of_the_study() {
    let home = Home::of(SCENARIO);
    home.plan(&[]);
    home.run_and_merge();
    let whole = home.files("study/merged");
    let runs = home.runs();
    for file in ["manifest.toml", "record.bin"] {
        fs::copy(runs[1].join(file), runs[0].join(file)).unwrap();
    }
    // One that another program has run.
    let manifest = fs::read_to_string(runs[2].join("manifest.toml")).unwrap();
    let program = manifest
        .lines()
        .find(|line| line.starts_with("executable_sha256"))
        .unwrap();
    fs::write(
        runs[2].join("manifest.toml"),
        manifest.replace(program, "executable_sha256 = \"0\""),
    )
    .unwrap();
    let merged = home.ends(Exit::Again, &["sweep", "merge", "@/study"]);
    assert!(
        merged
            .err
            .contains("runs outstanding: 2 of 12 (2 of them not as they had been written)"),
        "{}",
        merged.err
    );
    home.run_and_merge();
    assert_eq!(home.files("study/merged"), whole);
}

#[test]
fn what_is_told_of_a_broken_run_and_makes_no_sense_does_not_hide_it() {
    let home = Home::of(BREAKING);
    home.plan(&[]);
    home.ends(Exit::Failed, &["sweep", "run", "@/study"]);
    let shard = fs::read_dir(home.path("study/broken")).unwrap().next().unwrap();
    let file = fs::read_dir(shard.unwrap().path()).unwrap().next().unwrap();
    fs::write(file.unwrap().path(), "").unwrap();
    let status = home.ends(Exit::Again, &["sweep", "status", "@/study"]);
    assert!(
        status.out.contains("5 finished, 0 broken, 1 outstanding"),
        "{}",
        status.out
    );
    let ended = home.ends(Exit::Failed, &["sweep", "run", "@/study"]);
    assert!(
        ended.out.contains("0 runs ended well, 1 broke, 5 were there before"),
        "{}",
        ended.out
    );
}

#[test]
fn a_plan_that_was_killed_can_be_made_again() {
    let home = Home::of(SCENARIO);
    home.plan(&[]);
    let [points, scenario] = ["points.csv", "scenario.toml"].map(|name| home.path(&format!("study/{name}")));
    fs::remove_file(home.path("study/plan.toml")).unwrap();
    fs::rename(&scenario, scenario.with_file_name(".scenario.toml.partial-abcdef")).unwrap();
    home.plan(&[]);
    fs::remove_file(home.path("study/plan.toml")).unwrap();
    fs::remove_file(points).unwrap();
    home.plan(&[]);
    home.ends(Exit::Done, &["sweep", "run", "@/study", "-q"]);
}

#[test]
fn another_program_does_not_go_on_with_a_study() {
    let home = Home::of(SCENARIO);
    home.plan(&[]);
    let plan = fs::read_to_string(home.path("study/plan.toml")).unwrap();
    let program = plan.lines().find(|line| line.starts_with("executable_sha256")).unwrap();
    assert!(program.len() > 64, "{program}");
    fs::write(
        home.path("study/plan.toml"),
        plan.replace(program, "executable_sha256 = \"0\""),
    )
    .unwrap();
    let replace = [
        "sweep",
        "plan",
        "@/own.toml",
        "-o",
        "@/study",
        "--sample",
        "0",
        "--replace",
    ];
    for line in [
        &["sweep", "run", "@/study"][..],
        &["sweep", "status", "@/study"],
        &replace,
    ] {
        let ended = home.ends(Exit::BadInput, line);
        assert!(
            ended.err.contains("its program file is another one") && ended.err.contains("plan anew in another folder"),
            "{}",
            ended.err
        );
    }
}

#[test]
fn a_command_that_plans_anew_says_all_that_was_said() {
    let home = Home::of(SCENARIO);
    let line = ["--set", "run.duration=2min", "--replications", "2", "--seed", "9"];
    home.plan(&line);
    fs::write(home.path("own.toml"), SCENARIO.replace("[8, 16]", "[8, 16, 32]")).unwrap();
    let ended = home.ends(Exit::BadInput, &["sweep", "run", "@/study"]);
    assert!(
        ended
            .err
            .contains("own.toml --set 'run.duration=2min' --seed 9 --replications 2 --output "),
        "{}",
        ended.err
    );
}

#[test]
fn a_file_that_runs_depend_on_and_that_is_another_now_is_named() {
    let home = Home::of(&SCENARIO.replace(
        "network.constant.delay = \"10ms\"",
        "network.matrix = { file = \"delays.txt\", unit = \"ms\" }",
    ));
    let matrix = |delay: u32| {
        let entry = |from: u32, to: u32| if from == to { 0 } else { delay };
        let row = |from| (0..16).map(|to| entry(from, to).to_string()).collect::<Vec<_>>();
        let rows: Vec<String> = (0..16).map(|from| row(from).join(" ")).collect();
        fs::write(home.path("delays.txt"), rows.join("\n")).unwrap();
    };
    matrix(10);
    home.plan(&[]);
    matrix(11);
    let ended = home.ends(Exit::BadInput, &["sweep", "run", "@/study"]);
    assert!(
        ended.err.contains("delays.txt is another file now\n  put back ") && ended.err.contains("delays.txt as it was"),
        "{}",
        ended.err
    );
}

#[cfg(unix)]
#[test]
fn a_folder_that_may_not_be_read_is_told_and_not_taken_for_an_empty_one() {
    use std::os::unix::fs::PermissionsExt;

    let home = Home::of(SCENARIO);
    home.plan(&[]);
    home.ends(Exit::Done, &["sweep", "run", "@/study", "-q"]);
    let forbid = |name: &str, mode: u32| {
        fs::set_permissions(home.path(name), fs::Permissions::from_mode(mode)).unwrap();
    };
    forbid("study/runs", 0o000);
    // Whoever may do everything reads it all the same.
    if fs::read_dir(home.path("study/runs")).is_err() {
        for command in ["status", "merge", "run"] {
            let ended = home.ends(Exit::InputOutput, &["sweep", command, "@/study"]);
            assert!(ended.err.contains("study/runs/"), "{}", ended.err);
        }
        forbid("study/plan.toml", 0o000);
        home.ends(Exit::MissingInput, &["sweep", "status", "@/study"]);
    }
    forbid("study/runs", 0o755);
}
