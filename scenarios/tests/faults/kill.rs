//! A kill at any moment: what is under a final name is whole, and the next run clears up.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::support::{Home, contents, names, signal, wait_until};

/// When a process is killed.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// So long after its start.
    After(Duration),
    /// When it has written so many files.
    Files(usize),
}

/// Moments spread over a process that takes so long and writes so many files.
fn moments(whole: Duration, files: usize) -> Vec<Moment> {
    let times = (0..8).map(|step| Moment::After(whole * step / 7));
    let writes = (0..=files).step_by((files / 8).max(1)).map(Moment::Files);
    times.chain(writes).collect()
}

/// Kills a process at the moment, unless it has ended by then.
fn kill(mut child: Child, moment: Moment, written: impl Fn() -> usize) {
    let ended = |child: &mut Child| child.try_wait().unwrap().is_some();
    match moment {
        Moment::After(time) => std::thread::sleep(time),
        Moment::Files(count) => wait_until("files", || written() >= count || ended(&mut child)),
    }
    let _ = child.kill();
    child.wait().unwrap();
}

/// The hidden folders of a folder.
fn hidden(folder: &Path) -> Vec<PathBuf> {
    let hidden = names(folder).into_iter().filter(|name| name.starts_with('.'));
    hidden.map(|name| folder.join(name)).collect()
}

/// How many files lie in the hidden folders beside the target; a folder may vanish meanwhile.
fn written(folder: &Path) -> usize {
    let count = |folder: PathBuf| fs::read_dir(folder).map_or(0, |entries| entries.flatten().count());
    let folders = hidden(folder);
    let results = folders.iter().map(|folder| folder.join("results"));
    results
        .map(|results| count(results.join("figures")) + count(results))
        .sum()
}

/// The files of results, but for the timing, which differs from run to run: that it is whole must do.
fn results(folder: &Path) -> std::collections::BTreeMap<PathBuf, Vec<u8>> {
    let mut files = contents(folder);
    if let Some(timing) = files.remove(Path::new("timing.json")) {
        serde_json::from_slice::<serde_json::Value>(&timing).unwrap();
    }
    files
}

/// Kills a command that replaces `out` at many moments, and lets it end at last.
fn killed_while_replacing(arguments: &[&str], other: &[&str]) {
    let home = Home::new();
    let target = home.path().join("out");
    let start = Instant::now();
    home.done(&[other, &["--force"]].concat());
    let whole = start.elapsed();
    let later = results(&target);
    fs::remove_dir_all(&target).unwrap();
    home.done(arguments);
    let earlier = results(&target);
    assert_ne!(earlier, later);

    let mut survived = 0;
    for moment in moments(whole, later.len()) {
        let child = home.command(&[other, &["--force"]].concat()).spawn().unwrap();
        kill(child, moment, || written(home.path()));
        let now = results(&target);
        assert!(
            now == earlier || now == later,
            "{moment:?}: neither the earlier nor the later"
        );
        survived += usize::from(now == earlier);
        for name in home.names() {
            assert!(name == "out" || name.starts_with('.'), "{moment:?}: {name} was left");
        }
        home.done(&[arguments, &["--force"]].concat());
        assert_eq!(home.names(), ["out"], "{moment:?}: a leftover of the killed process");
        assert_eq!(results(&target), earlier);
    }
    assert!(survived > 0, "no process was killed before it had ended");
}

#[test]
fn a_run_killed_at_any_moment_loses_nothing() {
    let run = ["run", "small.toml", "-q", "-o", "out", "--format", "svg,pdf"];
    killed_while_replacing(&run, &[&run[..], &["--seed", "2"]].concat());
}

#[test]
fn a_snapshot_killed_at_any_moment_loses_nothing() {
    let snapshot = ["snapshot", "small.toml", "-q", "-o", "out", "--format", "svg"];
    let at = |time| [&snapshot[..], &["--at", time]].concat();
    killed_while_replacing(&at("2min"), &at("1min,2min,3min"));
}

#[cfg(target_os = "linux")]
#[test]
fn at_no_moment_are_there_no_results() {
    let home = Home::new();
    let run = [
        "run",
        "small.toml",
        "-q",
        "-o",
        "out",
        "--format",
        "svg",
        "--replications",
        "1",
    ];
    home.done(&run);
    let manifest = home.path().join("out/manifest.toml");
    let done = AtomicBool::new(false);
    let looked = std::thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let mut looked = 0_u64;
            while !done.load(Ordering::Relaxed) {
                assert!(manifest.exists(), "the results were gone for a moment");
                looked += 1;
            }
            looked
        });
        for seed in ["2", "3", "4", "5", "6"] {
            home.done(&[&run[..], &["--force", "--seed", seed]].concat());
        }
        done.store(true, Ordering::Relaxed);
        watch.join().unwrap()
    });
    assert!(looked > 100);
}

#[test]
fn the_folder_of_a_run_that_goes_on_is_not_cleared_away() {
    let home = Home::new();
    let endless = [
        "run",
        "small.toml",
        "-q",
        "-o",
        "out",
        "--set",
        "run.duration=30000d",
        "--set",
        "workload.lookups.until=2min",
    ];
    let alive = home.command(&endless).spawn().unwrap();
    wait_until("the folder of the run", || {
        written(home.path()) == 0 && hidden(home.path()).len() == 1
    });
    let folder = hidden(home.path());
    wait_until("its lock", || {
        fs::read(folder[0].join("lock")).is_ok_and(|name| name == b"out")
    });
    home.done(&["run", "small.toml", "-q", "-o", "out", "--format", "svg"]);
    assert_eq!(hidden(home.path()), folder);
    signal(&alive, "TERM");
    assert_eq!(alive.wait_with_output().unwrap().status.code(), Some(130));
    assert_eq!(home.names(), ["out"]);
}

#[test]
fn figures_drawn_again_are_the_earlier_or_the_later_file_by_file() {
    let home = Home::new();
    home.done(&["run", "small.toml", "-q", "-o", "out", "--format", "svg,pdf,png"]);
    let figures = home.path().join("out/figures");
    let plot = |width| ["plot", "out", "--format", "svg,pdf,png", "--width", width];
    let [wide, narrow] = ["page", "column"].map(plot);
    let start = Instant::now();
    home.done(&wide);
    let whole = start.elapsed();
    let later = contents(&figures);
    home.done(&narrow);
    let earlier = contents(&figures);
    for moment in moments(whole, 0) {
        let child = home.command(&wide).spawn().unwrap();
        kill(child, moment, || 0);
        for (name, now) in contents(&figures) {
            let is = |then: &std::collections::BTreeMap<PathBuf, Vec<u8>>| then.get(&name) == Some(&now);
            let unfinished = name.to_string_lossy().starts_with('.');
            assert!(
                unfinished || is(&earlier) || is(&later),
                "{moment:?}: {} is half a file",
                name.display()
            );
        }
        home.done(&narrow);
        assert_eq!(
            contents(&figures),
            earlier,
            "{moment:?}: a leftover of the killed process"
        );
    }
}

#[test]
fn a_page_is_the_earlier_or_the_later() {
    let home = Home::new();
    home.done(&["run", "small.toml", "-q", "-o", "out", "--format", "svg"]);
    let page = home.path().join("page.html");
    let report = ["report", "out", "-o", "page.html"];
    let start = Instant::now();
    home.done(&report);
    let whole = start.elapsed();
    let later = fs::read(&page).unwrap();
    for moment in moments(whole, 0) {
        fs::write(&page, "earlier").unwrap();
        kill(home.command(&report).spawn().unwrap(), moment, || 0);
        let now = fs::read(&page).unwrap();
        assert!(now == b"earlier" || now == later, "{moment:?}: half a page");
    }
    home.done(&report);
    assert_eq!(home.names(), ["out", "page.html"]);
}
