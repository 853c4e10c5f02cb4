//! Disks that are full, and files that cannot grow.

use std::fs;
use std::process::Command;

use crate::support::{Home, contents, ended};

/// Files may have four kilobytes: a signal tells of more, and is ignored, so that writing fails as on a full disk.
const SMALL_FILES: &str = r#"trap "" XFSZ; ulimit -f 4; exec "$@""#;

#[test]
fn a_run_that_cannot_write_a_file_names_it_and_keeps_the_earlier_results() {
    let home = Home::new();
    let run = ["run", "small.toml", "-q", "-o", "out", "--format", "svg"];
    home.done(&run);
    let earlier = contents(&home.path().join("out"));
    let later = [&run[..], &["--force", "--seed", "2"]].concat();
    let ended = ended(home.shell(SMALL_FILES, &later).output().unwrap());
    assert_eq!(ended.code, Some(74), "{}", ended.err);
    assert!(
        ended.err.contains("out/") && ended.err.contains("File too large"),
        "{}",
        ended.err
    );
    assert_eq!(contents(&home.path().join("out")), earlier);
    assert_eq!(home.names(), ["out"]);
}

#[test]
fn figures_and_pages_that_cannot_be_written_leave_the_earlier_ones() {
    let home = Home::new();
    home.done(&["run", "small.toml", "-q", "-o", "out", "--format", "svg"]);
    fs::write(home.path().join("out/report.html"), "earlier").unwrap();
    fs::write(home.path().join("out/figures/hops.png"), "earlier").unwrap();
    let earlier = contents(&home.path().join("out"));
    for (arguments, file) in [
        (&["plot", "out", "--figure", "hops", "--format", "png"][..], "hops.png"),
        (&["report", "out"], "report.html"),
    ] {
        let ended = ended(home.shell(SMALL_FILES, arguments).output().unwrap());
        assert_eq!(ended.code, Some(74), "{}", ended.err);
        assert!(
            ended.err.contains(file) && ended.err.contains("File too large"),
            "{}",
            ended.err
        );
        assert_eq!(contents(&home.path().join("out")), earlier, "{arguments:?}");
    }
}

#[test]
fn a_full_disk_is_told_and_the_earlier_results_stay() {
    let home = Home::new();
    let disk = home.path().join("disk");
    fs::create_dir(&disk).unwrap();
    // The mount is seen by this process alone, and gone with it.
    let line = r#"mount -t tmpfs -o size=64k tmpfs disk || exit 99
        mkdir disk/out && printf earlier > disk/out/manifest.toml
        "$@"; code=$?
        ls -A disk; cat disk/out/manifest.toml; exit $code"#;
    let arguments = ["run", "small.toml", "-q", "-o", "disk/out", "--force"];
    let shell = home.shell(line, &arguments);
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount"]);
    command
        .arg(shell.get_program())
        .args(shell.get_args())
        .current_dir(home.path());
    let Ok(output) = command.output() else {
        eprintln!("SKIPPED a full disk: there is no unshare(1) here");
        return;
    };
    let ended = ended(output);
    if ended.code == Some(99) || ended.err.contains("unshare") {
        eprintln!("SKIPPED a full disk: nothing can be mounted here: {}", ended.err);
        return;
    }
    assert_eq!(ended.code, Some(74), "{}", ended.err);
    assert!(
        ended.err.contains("disk/out") && ended.err.contains("No space left on device"),
        "{}",
        ended.err
    );
    assert_eq!(ended.out, "out\nearlier");
}

#[cfg(target_os = "linux")]
#[test]
fn an_output_that_takes_nothing_is_told_and_costs_no_results() {
    let home = Home::new();
    let full = r#"exec "$@" > /dev/full"#;
    for arguments in [
        &["run", "small.toml", "-o", "out", "--format", "svg"][..],
        &["check", "small.toml"],
        &["list", "."],
        &["trace", "small.toml", "--to", "10s"],
        &["plot", "out"],
        &["report", "out"],
        &["verify", "out"],
    ] {
        let ended = ended(home.shell(full, arguments).output().unwrap());
        assert_eq!(ended.code, Some(74), "{arguments:?}: {}", ended.err);
        let words = "cannot write the output: No space left on device";
        assert!(ended.err.contains(words), "{arguments:?}: {}", ended.err);
    }
    assert!(home.path().join("out/manifest.toml").exists());
    // Nobody hears complaints: the exit code tells them.
    let deaf = r#"exec "$@" 2> /dev/full"#;
    let output = home.shell(deaf, &["check", "absent.toml"]).output().unwrap();
    assert_eq!(output.status.code(), Some(66));
}
