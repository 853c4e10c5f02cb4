//! Studies that are killed, stopped and hindered: what ended is kept, and the end is that of an undisturbed one.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::support::{Home, contents, ended, names, signal, wait_until};

/// How often the study is killed.
const KILLS: usize = 100;

const SETTINGS: [&str; 2] = ["--set", "sweep.\"nodes.count\"=[8, 16, 24, 32]"];

fn plan(home: &Home, folder: &str, more: &[&str]) {
    let plan = ["sweep", "plan", "small.toml", "--sample", "0", "-o", folder];
    home.done(&[&plan[..], &SETTINGS, more].concat());
}

/// The runs of a study that have ended, each with what tells whether it was written anew: its file, and the time, in seconds and ns.
fn finished(study: &Path) -> BTreeMap<PathBuf, (u64, i64, i64)> {
    let mut runs = BTreeMap::new();
    let shards = fs::read_dir(study.join("runs")).into_iter().flatten();
    for run in shards.flat_map(|shard| fs::read_dir(shard.unwrap().path()).unwrap()) {
        let run = run.unwrap();
        // Hidden: it has not ended.
        if !run.file_name().to_string_lossy().starts_with('.') {
            let record = run.path().join("record.bin");
            let file = fs::metadata(&record).unwrap();
            runs.insert(record, (file.ino(), file.mtime(), file.mtime_nsec()));
        }
    }
    runs
}

/// A number below a bound, another one each time, the same in each test.
fn scattered(step: usize, bound: u64) -> u64 {
    let mixed = (step as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) % bound.max(1)
}

#[test]
fn a_study_killed_a_hundred_times_ends_as_an_undisturbed_one() {
    let home = Home::new();
    plan(&home, "whole", &[]);
    let start = Instant::now();
    home.done(&["sweep", "run", "whole", "-q"]);
    let whole = start.elapsed();
    home.done(&["sweep", "merge", "whole"]);
    let expected = contents(&home.path().join("whole/merged"));

    let study = home.path().join("study");
    let (mut kills, mut in_midst, mut round) = (0, 0, 0);
    while kills < KILLS {
        plan(&home, "study", &[]);
        loop {
            let before = finished(&study);
            let mut child = home.command(&["sweep", "resume", "study", "-q"]).spawn().unwrap();
            let until = Duration::from_micros(scattered(kills + 1000 * round, whole.as_micros() as u64 / 2));
            std::thread::sleep(until);
            let alive = child.try_wait().unwrap().is_none();
            let _ = child.kill();
            child.wait().unwrap();
            let after = finished(&study);
            assert!(
                before.iter().all(|(run, file)| after.get(run) == Some(file)),
                "a run that had ended was run again"
            );
            if !alive {
                break;
            }
            kills += 1;
            in_midst += usize::from(after.len() > before.len());
            // A merge that is killed leaves nothing, or all.
            let mut merge = home.command(&["sweep", "merge", "study", "--partial"]).spawn().unwrap();
            std::thread::sleep(Duration::from_micros(scattered(kills, 30_000)));
            let _ = merge.kill();
            merge.wait().unwrap();
            let merged = study.join("merged");
            assert!(!merged.exists() || merged.join("manifest.toml").is_file());
        }
        home.done(&["sweep", "resume", "study", "-q"]);
        home.done(&["sweep", "merge", "study"]);
        assert!(contents(&study.join("merged")) == expected, "after {kills} kills");
        let left = names(&study).into_iter().filter(|name| name.starts_with('.'));
        assert_eq!(left.count(), 0, "leftovers of killed merges");
        fs::remove_dir_all(&study).unwrap();
        round += 1;
    }
    assert!(
        in_midst > KILLS / 10,
        "hardly one kill of {KILLS} was in the midst of the work: {in_midst}"
    );
}

#[test]
fn whoever_is_asked_to_stop_ends_between_runs_and_says_that_there_is_more() {
    let home = Home::new();
    plan(&home, "whole", &[]);
    home.done(&["sweep", "run", "whole", "-q"]);
    home.done(&["sweep", "merge", "whole"]);
    for (name, code) in [("TERM", 75), ("USR1", 75), ("INT", 130), ("HUP", 130)] {
        plan(&home, "study", &[]);
        let study = home.path().join("study");
        let resume = ["sweep", "resume", "study", "-q", "--jobs", "1"];
        let child = home.command(&resume).spawn().unwrap();
        wait_until("a run", || !finished(&study).is_empty());
        signal(&child, name);
        let stopped = ended(child.wait_with_output().unwrap());
        assert_eq!(stopped.code, Some(code), "{name}: {}", stopped.err);
        let kept = finished(&study);
        assert!(kept.len() < 80, "{name}: it had ended before");
        let merge = home.run(&["sweep", "merge", "study"]);
        assert_eq!(merge.code, Some(75), "{}", merge.err);
        home.done(&resume);
        let after = finished(&study);
        assert!(kept.iter().all(|(run, file)| after.get(run) == Some(file)), "{name}");
        home.done(&["sweep", "merge", "study"]);
        assert!(contents(&study.join("merged")) == contents(&home.path().join("whole/merged")));
        fs::remove_dir_all(&study).unwrap();
    }
}

/// The signals that a process handles itself, as bits.
#[cfg(target_os = "linux")]
fn handled(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    u64::from_str_radix(caught.unwrap_or("0").trim(), 16).unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn whoever_is_asked_to_stop_while_the_study_is_read_begins_nothing() {
    let home = Home::new();
    plan(&home, "study", &[]);
    home.done(&["sweep", "run", "study", "-q", "--task", "0", "--tasks", "2"]);
    let kept = finished(&home.path().join("study"));
    // A scenario that nobody has read before somebody writes it.
    let file = home.path().join("small.toml");
    let scenario = fs::read(&file).unwrap();
    fs::remove_file(&file).unwrap();
    let made = std::process::Command::new("mkfifo").arg(&file).status().unwrap();
    assert!(made.success());
    let (run, merge) = (
        ["sweep", "run", "study", "-q"],
        ["sweep", "merge", "study", "--partial"],
    );
    for (line, name, number, code) in [
        (&run[..], "USR1", 10, 75),
        (&run, "TERM", 15, 75),
        (&run, "INT", 2, 130),
        (&merge, "TERM", 15, 75),
        (&merge, "USR1", 10, 75),
        (&merge, "INT", 2, 130),
    ] {
        let child = home.command(line).spawn().unwrap();
        wait_until("the handling of signals", || {
            (handled(child.id()) >> (number - 1)) & 1 == 1
        });
        signal(&child, name);
        fs::write(&file, &scenario).unwrap();
        let stopped = ended(child.wait_with_output().unwrap());
        assert_eq!(stopped.code, Some(code), "{line:?}, {name}: {}", stopped.err);
        assert!(finished(&home.path().join("study")) == kept, "{line:?}, {name}");
        assert!(!home.path().join("study/merged").exists());
    }
}

#[test]
fn a_merge_that_is_asked_to_stop_leaves_what_was_merged_before() {
    let home = Home::new();
    plan(&home, "study", &[]);
    home.done(&["sweep", "run", "study", "-q"]);
    home.done(&["sweep", "merge", "study"]);
    let study = home.path().join("study");
    let merged = contents(&study.join("merged"));
    let is_begun = |study: &Path| names(study).iter().any(|name| name.starts_with('.'));
    let mut stopped = 0;
    for (name, code) in [("TERM", 75), ("USR1", 75), ("INT", 130)].repeat(5) {
        let mut child = home.command(&["sweep", "merge", "study"]).spawn().unwrap();
        wait_until("the merge", || is_begun(&study) || child.try_wait().unwrap().is_some());
        signal(&child, name);
        let ended = ended(child.wait_with_output().unwrap());
        // It may have been done by then.
        if ended.code != Some(0) {
            assert_eq!(ended.code, Some(code), "{name}: {}", ended.err);
            assert!(
                ended.err.contains("what was merged before is as it was"),
                "{}",
                ended.err
            );
            stopped += 1;
        }
        assert!(contents(&study.join("merged")) == merged, "{name}");
        assert!(!is_begun(&study), "{name}: {:?}", names(&study));
    }
    assert!(stopped > 0, "no merge was still under way");
}

#[test]
fn several_processes_work_on_one_study() {
    let home = Home::new();
    plan(&home, "whole", &[]);
    home.done(&["sweep", "run", "whole", "-q"]);
    home.done(&["sweep", "merge", "whole"]);
    plan(&home, "study", &[]);
    let run = ["sweep", "run", "study", "-q", "--jobs", "1"];
    let shared = |task: &'static str| [&run[..], &["--task", task, "--tasks", "3"]].concat();
    let all = [run.to_vec(), run.to_vec(), shared("0"), shared("1"), shared("2")];
    let children: Vec<_> = all.iter().map(|line| home.command(line).spawn().unwrap()).collect();
    for child in children {
        let ended = ended(child.wait_with_output().unwrap());
        assert_eq!(ended.code, Some(0), "{}", ended.err);
    }
    home.done(&["sweep", "merge", "study"]);
    assert!(contents(&home.path().join("study/merged")) == contents(&home.path().join("whole/merged")));
}

#[test]
fn a_disk_that_is_full_keeps_what_has_ended() {
    let home = Home::new();
    plan(&home, "whole", &["--replications", "5"]);
    home.done(&["sweep", "run", "whole", "-q"]);
    home.done(&["sweep", "merge", "whole"]);
    let sizes = finished(&home.path().join("whole"));
    let largest = sizes
        .keys()
        .map(|record| fs::metadata(record).unwrap().len())
        .max()
        .unwrap();
    plan(&home, "study", &["--replications", "5"]);
    // Records of a few kilobytes can be written, those of the largest networks cannot.
    let line = format!(r#"trap "" XFSZ; ulimit -f {}; exec "$@""#, (largest / 1024).max(1));
    let hindered = ended(home.shell(&line, &["sweep", "run", "study", "-q"]).output().unwrap());
    assert_eq!(hindered.code, Some(74), "{}", hindered.err);
    assert!(
        hindered.err.contains("File too large") && hindered.err.contains("what has ended so far is kept"),
        "{}",
        hindered.err
    );
    home.done(&["sweep", "resume", "study", "-q"]);
    home.done(&["sweep", "merge", "study"]);
    assert!(contents(&home.path().join("study/merged")) == contents(&home.path().join("whole/merged")));
    // A merge names the table.
    let line = r#"trap "" XFSZ; ulimit -f 4; exec "$@""#;
    let hindered = ended(home.shell(line, &["sweep", "merge", "study"]).output().unwrap());
    assert_eq!(hindered.code, Some(74), "{}", hindered.err);
    assert!(
        hindered.err.contains("study/merged/") && hindered.err.contains(".csv: File too large"),
        "{}",
        hindered.err
    );
    assert!(contents(&home.path().join("study/merged")) == contents(&home.path().join("whole/merged")));
}
