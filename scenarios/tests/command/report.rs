//! `peerscope report`: results as one web page. What only a browser can see is checked by `.ci/report-check`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::plot::results;
use crate::support::{Ended, peerscope};
use scenarios::exit::Exit;

fn report(results: &Path) -> (Ended, String) {
    let ended = peerscope(&["report", results.to_str().unwrap()]);
    let page = fs::read_to_string(results.join("report.html")).unwrap_or_default();
    (ended, page)
}

/// The values of an attribute.
fn attributes<'a>(page: &'a str, name: &str) -> Vec<&'a str> {
    let begin = format!(" {name}=\"");
    let after = page.split(&begin).skip(1);
    after.filter_map(|text| text.split('"').next()).collect()
}

#[test]
fn a_page_has_all_there_is_and_asks_for_nothing() {
    let home = tempfile::tempdir().unwrap();
    let results = results(home.path(), "r", &[]);
    let (ended, page) = report(&results);
    assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
    let manifest: toml::Table = fs::read_to_string(results.join("manifest.toml"))
        .unwrap()
        .parse()
        .unwrap();
    for words in [
        "<title>A small ring, for tests</title>",
        "All 1 expectations hold",
        "ten lookups a node",
        "75.00 to 85.00",
        "Nobody 2026, Fig. 1",
        "Nobody, Journal of Tests, 2026",
        "8 runs: 4 points, 2 replications, seed 2003",
        "nodes.count = 16, protocol.echo.period = 20s",
        "Wall seconds".to_lowercase().as_str(),
        manifest["lock_file_sha256"].as_str().unwrap(),
        manifest["inputs"][0]["sha256"].as_str().unwrap(),
        manifest["runs"][7]["fingerprint"].as_str().unwrap(),
    ] {
        assert!(page.contains(words), "{words:?} is missing");
    }
    assert_eq!(page.matches("<tr class=\"expectation\">").count(), 1);
    assert_eq!(page.matches("<svg role=\"img\"").count(), 1);
    let tables = manifest["tables"].as_array().unwrap();
    assert!(
        tables
            .iter()
            .all(|table| page.contains(&format!("Table {}<", table["name"].as_str().unwrap())))
    );
    // Every address leads into the page or is the thing itself.
    let addresses = [attributes(&page, "href"), attributes(&page, "src")].concat();
    assert!(addresses.len() > tables.len());
    assert!(
        addresses
            .iter()
            .all(|address| address.starts_with('#') || address.starts_with("data:")),
        "{addresses:?}"
    );
    assert!(!page.contains("<script") && !page.contains("<link") && !page.contains("@import"));
    assert!(page.contains("default-src 'none'"));
}

#[test]
fn the_same_results_give_the_same_page_wherever_it_is_written() {
    let home = tempfile::tempdir().unwrap();
    let results = results(home.path(), "r", &[]);
    let (_, first) = report(&results);
    let elsewhere = home.path().join("new/page.html");
    let ended = peerscope(&[
        "report",
        results.to_str().unwrap(),
        "--output",
        elsewhere.to_str().unwrap(),
    ]);
    assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
    assert_eq!(fs::read_to_string(elsewhere).unwrap(), first);
    assert_eq!(report(&results).1, first);
    // The page is no part of the results.
    assert_eq!(peerscope(&["verify", results.to_str().unwrap()]).exit, Exit::Done);
}

#[test]
fn several_figures_share_no_names() {
    let home = tempfile::tempdir().unwrap();
    let folder = results(home.path(), "r", &[]);
    let scenario = fs::read_to_string(folder.join("scenario.toml")).unwrap();
    let (_, figure) = scenario.split_once("[[figure]]").unwrap();
    let (figure, _) = figure.split_once("[[expect]]").unwrap();
    let second = figure.replace("name = \"asked\"", "name = \"again\"");
    fs::write(folder.join("scenario.toml"), format!("{scenario}\n[[figure]]{second}")).unwrap();
    let (ended, page) = report(&folder);
    assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
    assert_eq!(page.matches("<svg role=\"img\"").count(), 2);
    let ids = attributes(&page, "id");
    let different: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(different.len(), ids.len(), "{ids:?}");
}

#[test]
fn texts_of_a_scenario_are_never_taken_for_markup() {
    let home = tempfile::tempdir().unwrap();
    let attack = "</title></style></svg><script>alert(1)</script><img src=x onerror=alert(2)>";
    let text = |key: &str| format!("{key}='{attack}'");
    let settings = [
        text("title"),
        text("description"),
        text("cites.0"),
        text("figure.0.title"),
        text("figure.0.published.0.label"),
        text("figure.0.x.label"),
        text("expect.0.name"),
        text("expect.0.cite"),
    ];
    let arguments: Vec<&str> = settings.iter().flat_map(|setting| ["--set", setting]).collect();
    let (ended, page) = report(&results(home.path(), "r", &arguments));
    assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
    assert!(
        !page.contains("<script") && !page.contains("<img"),
        "the text has become markup"
    );
    assert_eq!(page.matches("</style>").count(), 1);
    assert!(page.matches("&lt;script&gt;").count() >= settings.len() - 1);
}

#[test]
fn what_is_wrong_with_results_is_on_their_page() {
    let home = tempfile::tempdir().unwrap();
    let broken = results(home.path(), "broken", &["--set", "protocol.echo.breaks=1"]);
    let (_, page) = report(&broken);
    assert!(page.contains("4 runs broke and are not in the tables"));

    let undrawn = results(home.path(), "undrawn", &["--set", "figure.0.where={ nodes = 5 }"]);
    let (ended, page) = report(&undrawn);
    assert_eq!(ended.exit, Exit::Failed);
    assert!(
        ended.err.contains("figure `asked`: nothing to draw") && page.contains("nothing to draw"),
        "{}",
        ended.err
    );

    let failed = results(home.path(), "failed", &["--set", "expect.0.published=90"]);
    let table = failed.join("lookups.csv");
    let text = fs::read_to_string(&table).unwrap();
    fs::write(&table, text.replace(",160,", ",161,")).unwrap();
    let (ended, page) = report(&failed);
    assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
    assert!(ended.err.contains("warning:") && page.contains("This table is not what was written"));
    assert!(page.contains("1 of 1 expectations do not hold") && page.contains(">outside<"));
}

#[test]
fn timing_is_no_part_of_the_results() {
    let home = tempfile::tempdir().unwrap();
    let results = results(home.path(), "r", &[]);
    let timing = results.join("timing.json");
    fs::write(&timing, "{\n  \"events\": 3,\n  oops\n}\n").unwrap();
    let (ended, _) = report(&results);
    assert_eq!(ended.exit, Exit::BadInput);
    assert!(ended.err.contains("timing.json:3:"), "{}", ended.err);
    fs::remove_file(&timing).unwrap();
    let (ended, page) = report(&results);
    assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
    assert!(!page.contains("id=\"timing\""));
}
