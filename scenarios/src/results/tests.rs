use super::*;

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// A folder of results with this text in its manifest.
fn publish(target: &Path, force: bool, text: &str) -> Result<PathBuf, ResultsError> {
    let folder = ResultsFolder::begin(target, force)?;
    folder.write(MANIFEST, text.as_bytes())?;
    folder.write("figures/a.svg", b"<svg/>")?;
    folder.finish()
}

#[test]
fn results_appear_whole_and_under_their_name_only() {
    let home = tempfile::tempdir().unwrap();
    let target = home.path().join("deep/results");
    let folder = ResultsFolder::begin(&target, false).unwrap();
    folder.write("a.csv", b"1").unwrap();
    assert!(!target.exists());
    folder.write(MANIFEST, b"x").unwrap();
    assert_eq!(folder.finish().unwrap(), target);
    assert_eq!(names(&target), ["a.csv", MANIFEST]);
    assert_eq!(names(target.parent().unwrap()), ["results"]);
}

#[test]
fn an_abandoned_folder_leaves_nothing_and_keeps_the_earlier_results() {
    let home = tempfile::tempdir().unwrap();
    let target = home.path().join("r");
    publish(&target, false, "earlier").unwrap();
    let folder = ResultsFolder::begin(&target, true).unwrap();
    folder.write(MANIFEST, b"later").unwrap();
    drop(folder);
    assert_eq!(names(home.path()), ["r"]);
    assert_eq!(fs::read_to_string(target.join(MANIFEST)).unwrap(), "earlier");
}

#[test]
fn earlier_results_are_replaced_only_by_force() {
    let home = tempfile::tempdir().unwrap();
    let target = home.path().join("r");
    publish(&target, false, "earlier").unwrap();
    let error = publish(&target, false, "later").unwrap_err();
    assert!(matches!(error, ResultsError::Exists { .. }) && error.exit() == Exit::Usage);
    assert_eq!(fs::read_to_string(target.join(MANIFEST)).unwrap(), "earlier");
    publish(&target, true, "later").unwrap();
    assert_eq!(fs::read_to_string(target.join(MANIFEST)).unwrap(), "later");
    assert_eq!(names(home.path()), ["r"]);
}

#[test]
fn results_that_appear_while_a_run_goes_on_are_kept() {
    let home = tempfile::tempdir().unwrap();
    let target = home.path().join("r");
    let slow = ResultsFolder::begin(&target, false).unwrap();
    slow.write(MANIFEST, b"slow").unwrap();
    publish(&target, false, "fast").unwrap();
    assert!(matches!(slow.finish(), Err(ResultsError::Exists { .. })));
    assert_eq!(fs::read_to_string(target.join(MANIFEST)).unwrap(), "fast");
    assert_eq!(names(home.path()), ["r"]);
}

#[test]
fn force_never_removes_what_is_no_result() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("thesis.tex"), "years of work").unwrap();
    assert!(matches!(
        publish(home.path(), true, "x"),
        Err(ResultsError::NotResults { .. })
    ));
    let file = home.path().join("thesis.tex");
    assert!(matches!(
        publish(&file, true, "x"),
        Err(ResultsError::NotResults { .. })
    ));
    assert!(matches!(
        publish(Path::new(".."), true, "x"),
        Err(ResultsError::NoName { .. })
    ));
    assert_eq!(names(home.path()), ["thesis.tex"]);
}

#[test]
fn a_place_that_cannot_be_written_is_an_input_output_error() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("file"), "").unwrap();
    let error = ResultsFolder::begin(&home.path().join("file/results"), false)
        .err()
        .unwrap();
    assert_eq!(error.exit(), Exit::InputOutput);
}
