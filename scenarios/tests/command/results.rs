//! What `peerscope run` leaves behind, in success and in failure.

use std::fs;
use std::path::Path;

use crate::support::{Ended, data, peerscope};
use scenarios::exit::Exit;

fn run(scenario: &str, output: &Path, more: &[&str]) -> Ended {
    let (file, output) = (data(scenario), output.to_str().unwrap().to_owned());
    let arguments = ["run", file.to_str().unwrap(), "--output", &output, "--quiet"];
    peerscope(&[&arguments, more].concat())
}

/// The files of a folder and their contents, but for the timing, which differs from run to run.
fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            files.extend(
                contents(&path)
                    .into_iter()
                    .map(|(inner, bytes)| (format!("{name}/{inner}"), bytes)),
            );
        } else if name != "timing.json" {
            files.push((name, fs::read(path).unwrap()));
        }
    }
    files.sort();
    files
}

#[test]
fn a_run_leaves_tables_figures_the_scenario_and_a_manifest() {
    let home = tempfile::tempdir().unwrap();
    let target = home.path().join("out");
    let ended = run("ring.toml", &target, &[]);
    assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
    assert_eq!((ended.out.as_str(), ended.err.as_str()), ("", ""));
    let contents = contents(&target);
    let names: Vec<&str> = contents.iter().map(|(name, _)| name.as_str()).collect();
    for name in [
        "lookups.csv",
        "figures/asked.svg",
        "figures/asked.csv",
        "scenario.toml",
        "manifest.toml",
        "expectations.txt",
    ] {
        assert!(names.contains(&name), "{name} is missing from {names:?}");
    }
    let timing: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(target.join("timing.json")).unwrap()).unwrap();
    assert_eq!(timing["events"], 4 * 80 + 4 * 160);
    let manifest: toml::Table = fs::read_to_string(target.join("manifest.toml"))
        .unwrap()
        .parse()
        .unwrap();
    assert_eq!(manifest["seed"].as_integer(), Some(2003));
    assert_eq!(manifest["runs"].as_array().unwrap().len(), 8);
    assert_eq!(manifest["inputs"][0]["file"].as_str(), Some("ring.toml"));
    assert_eq!(
        fs::read_dir(home.path()).unwrap().count(),
        1,
        "a temporary folder was left"
    );
}

#[test]
fn results_do_not_depend_on_threads_and_the_resolved_scenario_gives_them_again() {
    let home = tempfile::tempdir().unwrap();
    let [one, two, again] = ["one", "two", "again"].map(|name| home.path().join(name));
    let settings = [
        "--seed",
        "7",
        "--replications",
        "3",
        "--set",
        "sweep.'nodes.count'=[8, 4]",
    ];
    run("ring.toml", &one, &[&settings[..], &["--threads", "1"]].concat());
    run("ring.toml", &two, &[&settings[..], &["--threads", "2"]].concat());
    assert_eq!(contents(&one), contents(&two));

    let resolved = home.path().join("ring.toml");
    fs::copy(one.join("scenario.toml"), &resolved).unwrap();
    let (resolved, output) = (resolved.to_str().unwrap(), again.to_str().unwrap());
    peerscope(&["run", resolved, "--output", output]);
    let without_digest = |folder: &Path| -> Vec<(String, Vec<u8>)> {
        contents(folder)
            .into_iter()
            .filter(|(name, _)| name != "manifest.toml")
            .collect()
    };
    assert_eq!(without_digest(&one), without_digest(&again));
    let runs = |folder: &Path| {
        fs::read_to_string(folder.join("manifest.toml"))
            .unwrap()
            .parse::<toml::Table>()
            .unwrap()["runs"]
            .clone()
    };
    assert_eq!(runs(&one), runs(&again));
}

#[test]
fn an_expectation_that_does_not_hold_is_told_and_counts() {
    let home = tempfile::tempdir().unwrap();
    let ended = run(
        "ring.toml",
        &home.path().join("out"),
        &["--set", "expect.0.published=90"],
    );
    assert_eq!(ended.exit, Exit::Failed);
    assert!(ended.out.contains("OUTSIDE"), "{}", ended.out);
    assert!(
        home.path().join("out/manifest.toml").exists(),
        "the results are worth keeping all the same"
    );
}

#[test]
fn a_broken_run_is_reported_with_the_command_that_shows_it_and_takes_no_other_down() {
    let home = tempfile::tempdir().unwrap();
    let target = home.path().join("out");
    let ended = run("ring.toml", &target, &["--set", "protocol.echo.breaks=1"]);
    assert_eq!(ended.exit, Exit::Failed);
    assert!(ended.err.contains("the echo died away"), "{}", ended.err);
    let command = "--seed 2003 --set 'protocol.echo.breaks=1' --set 'nodes.count=8' \
                   --set 'protocol.echo.period=10s' --replications 2";
    assert!(ended.err.contains(command), "{}", ended.err);
    let manifest: toml::Table = fs::read_to_string(target.join("manifest.toml"))
        .unwrap()
        .parse()
        .unwrap();
    assert_eq!(manifest["runs"].as_array().unwrap().len(), 4);
    // The command shows what it promises: this point alone.
    let point = [
        "--set",
        "nodes.count=8",
        "--set",
        "protocol.echo.period=10s",
        "--replications",
        "2",
    ];
    let breaks = ["--set", "protocol.echo.breaks=1"];
    let ended = run(
        "ring.toml",
        &home.path().join("single"),
        &[&breaks[..], &point].concat(),
    );
    assert_eq!(ended.err.matches("the echo died away").count(), 1, "{}", ended.err);
}

#[test]
fn the_command_that_shows_a_broken_run_survives_a_shell() {
    let home = tempfile::tempdir().unwrap();
    let setting = "title='it breaks'";
    let settings = ["--set", setting, "--set", "protocol.echo.breaks=0"];
    let ended = run("ring.toml", &home.path().join("out"), &settings);
    assert_eq!(ended.exit, Exit::Failed);
    let quoted = r"--set 'title='\''it breaks'\''' --set 'protocol.echo.breaks=0'";
    assert!(ended.err.contains(quoted), "{}", ended.err);
}

#[test]
fn a_resolved_scenario_tells_how_to_find_its_files() {
    let home = tempfile::tempdir().unwrap();
    let resolved = |scenario: &str| {
        let target = home.path().join(scenario);
        let ended = run(scenario, &target, &[]);
        assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
        target.join("scenario.toml")
    };
    let matrix = resolved("matrix.toml");
    let comment = "# File paths are as they were named; give one anew with --set network.matrix.file=PATH.\n";
    assert!(fs::read_to_string(&matrix).unwrap().starts_with(comment));
    let file = format!("network.matrix.file={}", data("hosts.txt").display());
    let ended = peerscope(&["check", matrix.to_str().unwrap(), "--set", &file]);
    assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
    assert!(!fs::read_to_string(resolved("ring.toml")).unwrap().starts_with('#'));
}

#[test]
fn earlier_results_are_refused_without_force_and_survive_bad_input() {
    let home = tempfile::tempdir().unwrap();
    let target = home.path().join("out");
    run("ring.toml", &target, &[]);
    let earlier = contents(&target);

    let ended = run("ring.toml", &target, &[]);
    assert_eq!(ended.exit, Exit::Usage);
    assert!(ended.err.contains("--force"), "{}", ended.err);
    let ended = run("ring.toml", &target, &["--force", "--set", "nodes.cuont=3"]);
    assert_eq!(ended.exit, Exit::BadInput);
    assert_eq!(contents(&target), earlier);

    let ended = run("ring.toml", &target, &["--force", "--seed", "1"]);
    assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
    assert_ne!(contents(&target), earlier);
}

#[test]
fn several_scenarios_get_a_folder_each() {
    let home = tempfile::tempdir().unwrap();
    let (ring, matrix) = (data("ring.toml"), data("matrix.toml"));
    let output = home.path().to_str().unwrap();
    let ended = peerscope(&[
        "run",
        "-q",
        "-o",
        output,
        ring.to_str().unwrap(),
        matrix.to_str().unwrap(),
    ]);
    assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
    assert!(home.path().join("ring/manifest.toml").exists() && home.path().join("matrix/manifest.toml").exists());
    let twice = peerscope(&[
        "run",
        "-q",
        "-o",
        output,
        ring.to_str().unwrap(),
        ring.to_str().unwrap(),
        "--force",
    ]);
    assert_eq!(twice.exit, Exit::Usage, "{}", twice.err);
}

#[test]
fn a_figure_without_anything_to_draw_is_told_and_costs_no_results() {
    let home = tempfile::tempdir().unwrap();
    let ended = run(
        "ring.toml",
        &home.path().join("out"),
        &["--set", "figure.0.where={ nodes = 5 }"],
    );
    assert_eq!(ended.exit, Exit::Failed);
    assert!(ended.err.contains("figure `asked`: nothing to draw"), "{}", ended.err);
    assert!(home.path().join("out/lookups.csv").exists() && !home.path().join("out/figures").exists());
}

#[test]
fn a_place_that_cannot_be_written_is_told_before_anything_runs() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("file"), "").unwrap();
    let ended = run(
        "ring.toml",
        &home.path().join("file/out"),
        &["--set", "protocol.echo.breaks=0"],
    );
    assert_eq!(ended.exit, Exit::InputOutput);
    assert!(
        ended.err.contains("file") && !ended.err.contains("died away"),
        "{}",
        ended.err
    );
}
