//! What `sweep report` shows of a study, and what it does not.

use std::fs;

use scenarios::exit::Exit;

use crate::study_home::{Home, SCENARIO};

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
