//! `peerscope plot`: figures drawn again from the tables.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{data, peerscope};
use scenarios::exit::Exit;

/// Results of the small ring in a folder of their own.
pub(crate) fn results(home: &Path, name: &str, more: &[&str]) -> PathBuf {
    let folder = home.join(name);
    let (file, output) = (data("ring.toml"), folder.to_str().unwrap().to_owned());
    let arguments = ["run", file.to_str().unwrap(), "--quiet", "--output", &output];
    let ended = peerscope(&[&arguments, more].concat());
    assert!(folder.join("manifest.toml").exists(), "{}", ended.err);
    folder
}

/// Replaces a text that occurs once in a file.
pub(crate) fn edit(file: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(file).unwrap();
    assert_eq!(text.matches(from).count(), 1, "{from:?} in {text}");
    fs::write(file, text.replace(from, to)).unwrap();
}

/// The names and contents of a folder's files.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.filter(|path| path.is_file());
    let mut files: Vec<(String, Vec<u8>)> = files
        .map(|path| {
            (
                path.file_name().unwrap().to_str().unwrap().to_owned(),
                fs::read(&path).unwrap(),
            )
        })
        .collect();
    files.sort();
    files
}

fn names(folder: &Path) -> Vec<String> {
    files(folder).into_iter().map(|(name, _)| name).collect()
}

#[test]
fn a_run_and_a_plot_draw_the_same_and_nothing_else_is_touched() {
    let home = tempfile::tempdir().unwrap();
    let results = results(home.path(), "r", &[]);
    let figures = results.join("figures");
    assert_eq!(names(&figures), ["asked.csv", "asked.pdf", "asked.png", "asked.svg"]);
    let (drawn, beside) = (files(&figures), files(&results));
    fs::write(figures.join("notes.txt"), "mine").unwrap();
    fs::write(figures.join("asked.svg"), "edited").unwrap();
    fs::remove_file(figures.join("asked.pdf")).unwrap();

    let ended = peerscope(&["plot", results.to_str().unwrap()]);
    assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
    assert_eq!(ended.out.lines().count(), 4, "{}", ended.out);
    assert_eq!(fs::read_to_string(figures.join("notes.txt")).unwrap(), "mine");
    fs::remove_file(figures.join("notes.txt")).unwrap();
    assert_eq!(files(&figures), drawn);
    assert_eq!(files(&results), beside);
}

#[test]
fn a_run_writes_only_the_formats_asked_for() {
    let home = tempfile::tempdir().unwrap();
    let results = results(home.path(), "r", &["--format", "pdf"]);
    assert_eq!(names(&results.join("figures")), ["asked.csv", "asked.pdf"]);
    let ended = peerscope(&["plot", results.to_str().unwrap(), "--format", "gif"]);
    assert_eq!(ended.exit, Exit::Usage);
    assert!(ended.err.contains("svg, pdf, png"), "{}", ended.err);
}

#[test]
fn figure_format_width_and_folder_can_be_chosen() {
    let home = tempfile::tempdir().unwrap();
    let results = results(home.path(), "r", &[]);
    let earlier = files(&results.join("figures"));
    let output = home.path().join("paper/figures");
    let choice = [
        "--figure",
        "asked",
        "--format",
        "svg",
        "--output",
        output.to_str().unwrap(),
    ];
    let width = |width: &str| {
        let plot = ["plot", results.to_str().unwrap(), "--width", width];
        let ended = peerscope(&[&plot[..], &choice].concat());
        assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
        let svg = fs::read_to_string(output.join("asked.svg")).unwrap();
        let (_, after) = svg.split_once("width=\"").unwrap();
        after.split('"').next().unwrap().to_owned()
    };
    // A point is 1/72 in.
    assert_eq!(width("page"), "504.0pt");
    assert_eq!(width("column"), "252.0pt");
    assert_eq!(names(&output), ["asked.csv", "asked.svg"]);
    assert_eq!(files(&results.join("figures")), earlier);

    let ended = peerscope(&["plot", results.to_str().unwrap(), "--figure", "aksed"]);
    assert_eq!(ended.exit, Exit::Usage);
    assert!(ended.err.contains("did you mean `asked`?"), "{}", ended.err);
}

#[test]
fn the_figures_of_another_scenario_file_are_drawn_without_running_again() {
    let home = tempfile::tempdir().unwrap();
    let results = results(home.path(), "r", &[]);
    let scenario = home.path().join("edited.toml");
    fs::copy(data("ring.toml"), &scenario).unwrap();
    edit(
        &scenario,
        "title = \"Lookups asked for\"",
        "title = \"Asked for, anew\"",
    );
    let arguments = [
        "plot",
        results.to_str().unwrap(),
        "--scenario",
        scenario.to_str().unwrap(),
    ];
    let ended = peerscope(&arguments);
    assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
    let svg = fs::read_to_string(results.join("figures/asked.svg")).unwrap();
    assert!(svg.contains("Asked for, anew"), "{svg}");

    // What the tables do not have is told where it is asked for.
    edit(&scenario, "y = \"issued\"", "y = \"isued\"");
    let ended = peerscope(&arguments);
    assert_eq!(ended.exit, Exit::BadInput);
    assert!(ended.err.contains("edited.toml:"), "{}", ended.err);
    assert!(ended.err.contains("did you mean `issued`?"), "{}", ended.err);
}

#[test]
fn damaged_results_are_refused_with_the_place_and_stay_as_they_are() {
    let home = tempfile::tempdir().unwrap();
    let good = results(home.path(), "good", &[]);
    let lookups = fs::read_to_string(good.join("lookups.csv")).unwrap();
    let (last, _) = lookups.trim_end().rsplit_once('\n').unwrap();
    let third = lookups.lines().nth(2).unwrap();
    let cases: [(&str, &str, String, &str, Exit); 6] = [
        (
            "cut off within a line",
            "lookups.csv",
            lookups[..lookups.len() - 5].to_owned(),
            "lookups.csv:9:1",
            Exit::BadInput,
        ),
        (
            "cut off between lines",
            "lookups.csv",
            format!("{last}\n"),
            "the table has 7 rows; 8 were written",
            Exit::BadInput,
        ),
        (
            "a line that is too short",
            "lookups.csv",
            lookups.replace(third, "8,10s,8,1"),
            "lookups.csv:3:1",
            Exit::BadInput,
        ),
        (
            "no manifest of results",
            "manifest.toml",
            "scenario = 3\n".to_owned(),
            "manifest.toml:1:12",
            Exit::BadInput,
        ),
        (
            "a table elsewhere",
            "manifest.toml",
            fs::read_to_string(good.join("manifest.toml"))
                .unwrap()
                .replace("name = \"lookups\"", "name = \"../lookups\""),
            "expected the name of a table, found \"../lookups\"",
            Exit::BadInput,
        ),
        (
            "no scenario",
            "scenario.toml",
            "figure = 1\n".to_owned(),
            "scenario.toml:1:10",
            Exit::BadInput,
        ),
    ];
    for (what, file, text, told, exit) in cases {
        let path = good.join(file);
        let before = fs::read(&path).unwrap();
        fs::write(&path, text).unwrap();
        let (figures, damaged) = (files(&good.join("figures")), files(&good));
        for command in ["plot", "report", "verify"] {
            let ended = peerscope(&[command, good.to_str().unwrap()]);
            assert_eq!(ended.exit, exit, "{command}, {what}: {}", ended.err);
            assert!(ended.err.contains(told), "{command}, {what}: {}", ended.err);
        }
        assert_eq!(
            (files(&good.join("figures")), files(&good)),
            (figures, damaged),
            "{what}"
        );
        fs::write(&path, before).unwrap();
    }
    for file in ["manifest.toml", "scenario.toml", "lookups.csv"] {
        let (path, away) = (good.join(file), home.path().join(file));
        fs::rename(&path, &away).unwrap();
        for command in ["plot", "report", "verify"] {
            let ended = peerscope(&[command, good.to_str().unwrap()]);
            assert_eq!(ended.exit, Exit::MissingInput, "{command}, {file}: {}", ended.err);
            assert!(ended.err.contains(file) && ended.err.contains("help"), "{}", ended.err);
        }
        fs::rename(&away, &path).unwrap();
    }
    assert_eq!(peerscope(&["plot", "absent"]).exit, Exit::MissingInput);
}

#[test]
fn a_table_that_was_edited_is_drawn_with_a_warning() {
    let home = tempfile::tempdir().unwrap();
    let results = results(home.path(), "r", &[]);
    let table = results.join("lookups.csv");
    let text = fs::read_to_string(&table).unwrap();
    fs::write(&table, text.replace(",160,", ",161,")).unwrap();
    let ended = peerscope(&["plot", results.to_str().unwrap(), "--format", "svg"]);
    assert_eq!(ended.exit, Exit::Done, "{}", ended.err);
    assert!(
        ended.err.starts_with("warning:") && ended.err.contains("lookups.csv"),
        "{}",
        ended.err
    );
    let data = fs::read_to_string(results.join("figures/asked.csv")).unwrap();
    assert!(data.contains(",16,161,"), "{data}");
}
