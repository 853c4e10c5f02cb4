//! `peerscope verify`: results run again and compared.

use std::fs;

use crate::plot::{edit, results};
use crate::support::{data, peerscope};
use scenarios::exit::Exit;

#[test]
fn the_same_scenario_gives_the_same_results_on_any_number_of_threads() {
    let home = tempfile::tempdir().unwrap();
    let results = results(home.path(), "r", &["--seed", "7"]);
    for threads in ["1", "2"] {
        let ended = peerscope(&["verify", results.to_str().unwrap(), "--threads", threads]);
        assert_eq!(ended.exit, Exit::Done, "{}{}", ended.out, ended.err);
        assert!(
            ended.out.starts_with("ring: everything is the same: 8 runs, "),
            "{}",
            ended.out
        );
        assert!(ended.out.contains("1 figures"), "{}", ended.out);
    }
    let ended = peerscope(&["verify", results.to_str().unwrap(), "--quiet"]);
    assert_eq!(
        (ended.exit, ended.out.as_str(), ended.err.as_str()),
        (Exit::Done, "", "")
    );
}

#[test]
fn a_value_that_was_changed_is_named_with_its_run() {
    let home = tempfile::tempdir().unwrap();
    let results = results(home.path(), "r", &[]);
    let table = results.join("lookups.csv");
    let text = fs::read_to_string(&table).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    // The rows are by point and replication: the second replication at 8 nodes and 20 s, and one later on.
    assert!(lines[4].starts_with("8,20s,8,1,80,"), "{}", lines[4]);
    lines[4] = lines[4].replacen(",80,", ",81,", 1);
    lines[6] = lines[6].replacen(",160,", ",0,", 1);
    fs::write(&table, lines.join("\n") + "\n").unwrap();

    let ended = peerscope(&["verify", results.to_str().unwrap()]);
    assert_eq!(ended.exit, Exit::Failed, "{}", ended.err);
    for words in [
        "ring: DIFFERENT",
        "first difference: replication 1 at nodes.count = 8, protocol.echo.period = 20s\n",
        "lookups.csv, line 5, column `issued`: recorded 81, now 80\n",
        "different in all: 0 of 8 runs, 1 of ",
        "the fingerprints agree",
    ] {
        assert!(ended.out.contains(words), "{words:?} is missing from\n{}", ended.out);
    }
    assert!(
        ended.err.contains("warning:") && ended.err.contains("lookups.csv"),
        "{}",
        ended.err
    );
    assert_eq!(fs::read_to_string(&table).unwrap(), lines.join("\n") + "\n");
}

#[test]
fn a_run_that_goes_otherwise_is_named_with_the_command_that_shows_it() {
    let home = tempfile::tempdir().unwrap();
    let results = results(home.path(), "r", &[]);
    let manifest = results.join("manifest.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    let parsed: toml::Table = text.parse().unwrap();
    let fingerprint = parsed["runs"][3]["fingerprint"].as_str().unwrap();
    edit(&manifest, fingerprint, "0123456789abcdef");
    let ended = peerscope(&["verify", results.to_str().unwrap()]);
    assert_eq!(ended.exit, Exit::Failed, "{}", ended.err);
    for words in [
        "replication 1 at nodes.count = 8, protocol.echo.period = 20s",
        &format!("fingerprint: recorded 0123456789abcdef, now {fingerprint}"),
        "1 of 8 runs",
        "scenario.toml --point 2 --replication 1",
    ] {
        assert!(ended.out.contains(words), "{words:?} is missing from\n{}", ended.out);
    }
}

#[test]
fn the_data_of_a_figure_is_compared() {
    let home = tempfile::tempdir().unwrap();
    let results = results(home.path(), "r", &[]);
    edit(&results.join("figures/asked.csv"), "20s,16,160,", "20s,16,170,");
    let ended = peerscope(&["verify", results.to_str().unwrap()]);
    assert_eq!(ended.exit, Exit::Failed, "{}", ended.err);
    assert!(
        ended
            .out
            .contains("figures/asked.csv, line 5, column `y`: recorded 170, now 160"),
        "{}",
        ended.out
    );
}

#[test]
fn the_picture_of_a_figure_is_compared_at_whatever_width_it_was_drawn() {
    let home = tempfile::tempdir().unwrap();
    let results = results(home.path(), "r", &[]);
    let folder = results.to_str().unwrap();
    assert_eq!(peerscope(&["plot", folder, "--width", "page"]).exit, Exit::Done);
    let ended = peerscope(&["verify", folder]);
    assert_eq!(ended.exit, Exit::Done, "{}{}", ended.out, ended.err);
    assert!(ended.out.contains("1 figures, 1 SVG files"), "{}", ended.out);

    assert_eq!(peerscope(&["plot", folder, "--width", "column"]).exit, Exit::Done);
    let picture = results.join("figures/asked.svg");
    let text = fs::read_to_string(&picture).unwrap();
    let line = 1 + text.lines().position(|line| line.starts_with("<circle ")).unwrap();
    fs::write(&picture, text.replacen("<circle ", "<circle class=\"moved\" ", 1)).unwrap();
    let ended = peerscope(&["verify", folder]);
    assert_eq!(ended.exit, Exit::Failed, "{}", ended.err);
    for words in [
        &format!("figures/asked.svg, line {line}: not as it is drawn now"),
        "0 of 1 figures, 1 of 1 SVG files",
        "the fingerprints agree",
    ] {
        assert!(ended.out.contains(words), "{words:?} is missing from\n{}", ended.out);
    }
    let quick = peerscope(&["verify", "--quick", folder]);
    assert_eq!(quick.exit, Exit::Done, "figures are of all runs: {}", quick.out);
    fs::remove_file(&picture).unwrap();
    let ended = peerscope(&["verify", folder]);
    assert_eq!(
        ended.exit,
        Exit::Done,
        "a figure need not be drawn as SVG: {}",
        ended.out
    );
}

#[test]
fn a_quick_look_runs_the_first_replications_only() {
    let home = tempfile::tempdir().unwrap();
    let results = results(home.path(), "r", &[]);
    let table = results.join("lookups.csv");
    let text = fs::read_to_string(&table).unwrap();
    let (first, second) = ("\n8,20s,8,0,80,", "\n8,20s,8,1,80,");
    assert!(text.contains(first) && text.contains(second), "{text}");

    fs::write(&table, text.replace(second, "\n8,20s,8,1,79,")).unwrap();
    let ended = peerscope(&["verify", "--quick", results.to_str().unwrap()]);
    assert_eq!(ended.exit, Exit::Done, "{}", ended.out);
    assert!(
        ended.out.contains("the first replications are the same: 4 runs, "),
        "{}",
        ended.out
    );

    fs::write(&table, text.replace(first, "\n8,20s,8,0,79,")).unwrap();
    let ended = peerscope(&["verify", "--quick", results.to_str().unwrap()]);
    assert_eq!(ended.exit, Exit::Failed, "{}", ended.out);
    assert!(
        ended
            .out
            .contains("lookups.csv, line 4, column `issued`: recorded 79, now 80"),
        "{}",
        ended.out
    );
}

#[test]
fn a_quick_look_does_not_compare_tables_that_all_replications_decide_on() {
    let home = tempfile::tempdir().unwrap();
    let results = results(home.path(), "r", &["--set", "measure.warm_up=auto"]);
    let ended = peerscope(&["verify", "--quick", results.to_str().unwrap()]);
    assert_eq!(ended.exit, Exit::Done, "{}{}", ended.out, ended.err);
    assert!(
        ended.out.contains("same: 4 runs; tables only without --quick"),
        "{}",
        ended.out
    );
    let ended = peerscope(&["verify", results.to_str().unwrap()]);
    assert_eq!(ended.exit, Exit::Done, "{}{}", ended.out, ended.err);
}

#[test]
fn the_files_that_results_were_made_from_are_compared_first() {
    let home = tempfile::tempdir().unwrap();
    let (scenario, results) = (data("matrix.toml"), home.path().join("r"));
    let results = results.to_str().unwrap();
    let ended = peerscope(&["run", scenario.to_str().unwrap(), "--quiet", "--output", results]);
    assert_eq!(ended.exit, Exit::Done, "{}", ended.err);

    // The file is found from where the scenario lay, which is told beside the results on the machine that made them.
    let ended = peerscope(&["verify", results]);
    assert_eq!(ended.exit, Exit::Done, "{}{}", ended.out, ended.err);
    fs::remove_file(home.path().join("r/timing.json")).unwrap();
    let ended = peerscope(&["verify", results]);
    assert_eq!(ended.exit, Exit::MissingInput, "{}", ended.out);
    assert!(ended.err.contains("--set network.matrix.file=PATH"), "{}", ended.err);

    let file = |path: &std::path::Path| format!("network.matrix.file={}", path.display());
    let ended = peerscope(&["verify", results, "--set", &file(&data("hosts.txt"))]);
    assert_eq!(ended.exit, Exit::Done, "{}{}", ended.out, ended.err);

    let other = home.path().join("other.txt");
    fs::write(&other, fs::read_to_string(data("hosts.txt")).unwrap() + "\n").unwrap();
    let ended = peerscope(&["verify", results, "--set", &file(&other)]);
    assert_eq!(ended.exit, Exit::BadInput, "{}{}", ended.out, ended.err);
    assert!(
        ended
            .err
            .contains("other.txt is not the file that the results were made from"),
        "{}",
        ended.err
    );
}

#[test]
fn another_version_is_told_and_does_no_harm() {
    let home = tempfile::tempdir().unwrap();
    let results = results(home.path(), "r", &[]);
    let version = format!("version = \"{}\"", env!("CARGO_PKG_VERSION"));
    edit(&results.join("manifest.toml"), &version, "version = \"0.0.7\"");
    let ended = peerscope(&["verify", results.to_str().unwrap()]);
    assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
    assert!(
        ended.err.contains("warning: the results were made with version 0.0.7"),
        "{}",
        ended.err
    );
}

#[test]
fn a_run_that_broke_breaks_again() {
    let home = tempfile::tempdir().unwrap();
    let results = results(home.path(), "r", &["--set", "protocol.echo.breaks=1"]);
    let ended = peerscope(&["verify", results.to_str().unwrap()]);
    assert_eq!(ended.exit, Exit::Done, "{}{}", ended.out, ended.err);
    assert!(ended.out.contains("everything is the same: 4 runs"), "{}", ended.out);

    let ended = peerscope(&["verify", results.to_str().unwrap(), "--set", "protocol.echo.breaks=0"]);
    assert_eq!(ended.exit, Exit::Failed, "{}", ended.err);
    assert!(
        ended.out.contains("the run broke now: the echo died away"),
        "{}",
        ended.out
    );
}

/// The traffic that stands beside each run of a point is the mean of all of them.
#[test]
fn a_quick_look_leaves_the_mean_traffic_of_all_replications_alone() {
    let home = tempfile::tempdir().unwrap();
    let (file, results) = (home.path().join("churning.toml"), home.path().join("r"));
    let text = "seed = 1\nreplications = 3\nrun.duration = \"20min\"\nnodes.count = 20\nbring_up = \"bulk\"\n\
                network.constant.delay = \"20ms\"\nprotocol.chord.successors = 4\n\
                workload.lookups = { start = \"1min\", rate = \"2/min\" }\n\
                churn.sessions = { up.exponential.mean = \"30min\", down.exponential.mean = \"10min\", graceful = 1 }\n";
    fs::write(&file, text).unwrap();
    let ended = peerscope(&["run", file.to_str().unwrap(), "-o", results.to_str().unwrap()]);
    assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
    let ended = peerscope(&["verify", "--quick", results.to_str().unwrap()]);
    assert_eq!(ended.exit, Exit::Done, "{}", ended.out);
}
