//! The README says what is so: its scenario runs, its error is the one that is printed, its code is that of the example.

use std::path::{Path, PathBuf};

use scenarios::cli;
use scenarios::exit::Exit;
use scenarios::registry::Registry;

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(project().join(path)).expect(path)
}

/// The fenced blocks of a language.
fn blocks(language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    let readme = read("README.md");
    let after = readme.split(&fence).skip(1);
    after
        .filter_map(|text| text.split_once("```"))
        .map(|(block, _)| block.to_owned())
        .collect()
}

fn check(folder: &Path, settings: &[&str]) -> (Exit, String) {
    let file = folder.join("own.toml");
    std::fs::write(&file, &blocks("toml")[0]).expect("a temporary file");
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut arguments = vec!["peerscope".into(), "check".into(), file.to_string_lossy().into_owned()];
    arguments.extend(
        settings
            .iter()
            .flat_map(|setting| ["--set".to_owned(), (*setting).to_owned()]),
    );
    let exit = cli::run_with(arguments, &Registry::standard(), &mut out, &mut err);
    (
        exit,
        String::from_utf8_lossy(&out).into_owned() + &String::from_utf8_lossy(&err),
    )
}

#[test]
fn the_scenario_of_ten_lines_can_be_run() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (exit, text) = check(folder.path(), &[]);
    assert_eq!(exit, Exit::Done, "{text}");
    assert!(text.contains("3 points x 5 replications = 15 runs"), "{text}");
    assert_eq!(blocks("toml")[0].lines().count(), 10);
}

#[test]
fn its_figure_is_drawn_from_what_it_measures() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let blocks = blocks("toml");
    let file = folder.path().join("own.toml");
    std::fs::write(&file, format!("{}{}", blocks[0], blocks[1])).expect("a temporary file");
    let results = folder.path().join("results");
    let small = ["nodes.count=24", "run.duration=44min", "replications=2"];
    let mut arguments = vec!["peerscope".into(), "run".into(), file.to_string_lossy().into_owned()];
    arguments.extend(["--output".to_owned(), results.to_string_lossy().into_owned()]);
    arguments.extend(
        small
            .iter()
            .flat_map(|setting| ["--set".to_owned(), (*setting).to_owned()]),
    );
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let exit = cli::run_with(arguments, &Registry::standard(), &mut out, &mut err);
    assert_eq!(exit, Exit::Done, "{}", String::from_utf8_lossy(&err));
    let data = std::fs::read_to_string(results.join("figures/correct.csv")).expect("the figure's data");
    assert_eq!(data.lines().count(), 4, "a point a period: {data}");
}

#[test]
fn the_error_is_printed_as_shown() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (exit, text) = check(folder.path(), &["run.duration=\"5 sec\""]);
    assert_eq!(exit, Exit::BadInput);
    assert_eq!(text.trim_end(), blocks("text")[0].trim_end());
}

#[test]
fn the_code_is_that_of_the_example() {
    let example = read("scenarios/examples/one_hop.rs");
    let code = blocks("rust");
    assert_eq!(code.len(), 2);
    for block in code {
        assert!(example.contains(&block), "not in the example:\n{block}");
    }
}
