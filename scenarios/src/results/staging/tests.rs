use super::*;

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// A folder with one file of this text.
fn folder_with(folder: &Path, text: &str) {
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join("a"), text).unwrap();
}

/// What a process killed at this moment leaves: the folder, with nobody who holds its lock.
fn killed(staging: Staging) {
    staging._lock.unlock().unwrap();
    std::mem::forget(staging);
}

#[test]
fn leftovers_of_the_dead_are_removed_and_those_of_the_living_are_not() {
    let home = tempfile::tempdir().unwrap();
    let target = home.path().join("r");
    killed(Staging::begin(&target).unwrap());
    let alive = Staging::begin(&target).unwrap();
    fs::write(alive.results().join("a"), "growing").unwrap();
    killed(Staging::begin(&home.path().join("other")).unwrap());
    assert_eq!(names(home.path()).len(), 3);
    clear_leftovers(&target);
    assert!(alive.results().join("a").exists());
    assert_eq!(
        names(home.path()).len(),
        2,
        "the leftover is gone, another target's is not"
    );
    drop(alive);
    clear_leftovers(&home.path().join("other"));
    assert_eq!(names(home.path()), [""; 0]);
}

#[test]
fn what_has_no_lock_is_removed_only_while_it_is_empty() {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join(".r.partial-begun")).unwrap();
    folder_with(&home.path().join(".r.partial-mine"), "somebody's own");
    clear_leftovers(&home.path().join("r"));
    assert_eq!(names(home.path()), [".r.partial-mine"]);
}

#[test]
fn results_taken_away_by_the_dead_are_put_back() {
    let home = tempfile::tempdir().unwrap();
    let target = home.path().join("r");
    folder_with(&target, "earlier");
    let staging = Staging::begin(&target).unwrap();
    // The first of the two renames is done when the process is killed.
    fs::rename(&target, staging.folder.path().join(EARLIER)).unwrap();
    clear_leftovers(&target);
    assert!(!target.exists(), "its process is about to replace them");
    killed(staging);
    clear_leftovers(&target);
    assert_eq!(fs::read_to_string(target.join("a")).unwrap(), "earlier");
    assert_eq!(names(home.path()), ["r"]);
}

#[test]
fn both_ways_of_replacing_leave_the_new_results_alone() {
    let home = tempfile::tempdir().unwrap();
    let target = home.path().join("r");
    type Way = fn(Staging, &Path) -> io::Result<()>;
    for (way, text) in [
        (Staging::publish as Way, "exchanged"),
        (Staging::replace, "renamed twice"),
    ] {
        folder_with(&target, "earlier");
        let staging = Staging::begin(&target).unwrap();
        folder_with(&staging.results(), text);
        way(staging, &target).unwrap();
        assert_eq!(fs::read_to_string(target.join("a")).unwrap(), text);
        assert_eq!(names(home.path()), ["r"]);
    }
}

#[test]
fn a_replacement_that_fails_puts_the_earlier_results_back() {
    let home = tempfile::tempdir().unwrap();
    let target = home.path().join("r");
    for way in [Staging::publish, Staging::replace] {
        folder_with(&target, "earlier");
        let staging = Staging::begin(&target).unwrap();
        fs::remove_dir(staging.results()).unwrap();
        way(staging, &target).unwrap_err();
        assert_eq!(fs::read_to_string(target.join("a")).unwrap(), "earlier");
        assert_eq!(names(home.path()), ["r"]);
    }
}

#[test]
fn a_name_as_long_as_the_system_allows_still_has_a_place_beside_it() {
    let home = tempfile::tempdir().unwrap();
    let target = home.path().join("ä".repeat(127));
    let staging = Staging::begin(&target).unwrap();
    folder_with(&staging.results(), "new");
    staging.publish(&target).unwrap();
    assert_eq!(names(&target), ["a"]);
}

#[test]
fn half_files_of_the_dead_are_removed_with_the_next_one() {
    let home = tempfile::tempdir().unwrap();
    let target = home.path().join("a.svg");
    let (_, dead) = temporary_file(&target).unwrap().keep().unwrap();
    let alive = temporary_file(&target).unwrap();
    assert!(!dead.exists());
    let another = temporary_file(&target).unwrap();
    assert!(alive.path().exists() && another.path().exists());
}
