//! Places that cannot be written, and names that are unusual.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use crate::support::{Ended, Home, contents, ended};

/// Somebody whom permissions hold for, where the tests run as root.
const NOBODY: u32 = 65_534;

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Runs the program as somebody whom permissions hold for; nothing where there is no such person who may run it.
fn run_without_privileges(home: &Home, arguments: &[&str]) -> Option<Ended> {
    let mut command = home.command(arguments);
    if fs::metadata(home.path()).unwrap().uid() == 0 {
        let allowed = Command::new(env!("CARGO_BIN_EXE_peerscope"))
            .arg("--version")
            .uid(NOBODY)
            .output();
        if !allowed.is_ok_and(|output| output.status.success()) {
            eprintln!("SKIPPED: only root may run the program where it lies");
            return None;
        }
        command.uid(NOBODY);
    }
    Some(ended(command.output().unwrap()))
}

#[test]
fn what_permissions_forbid_is_told_with_the_place() {
    let home = Home::new();
    set_mode(home.path(), 0o755);
    fs::create_dir(home.path().join("locked")).unwrap();
    set_mode(&home.path().join("locked"), 0o555);
    home.done(&["run", "small.toml", "-q", "-o", "done", "--format", "svg"]);
    fs::write(home.path().join("secret.toml"), "").unwrap();
    set_mode(&home.path().join("secret.toml"), 0);
    set_mode(&home.path().join("done/figures"), 0o555);
    set_mode(&home.path().join("done"), 0o555);
    for (arguments, code, place) in [
        (&["run", "small.toml", "-o", "locked/out"][..], 74, "locked"),
        (&["run", "small.toml", "-o", "locked/deep/out"], 74, "locked"),
        (&["plot", "done"], 74, "done/figures"),
        (&["report", "done"], 74, "done/report.html"),
        (&["check", "secret.toml"], 66, "secret.toml"),
    ] {
        let Some(ended) = run_without_privileges(&home, arguments) else {
            return;
        };
        assert_eq!(ended.code, Some(code), "{arguments:?}: {}", ended.err);
        assert!(
            ended.err.contains(place) && ended.err.contains("Permission denied"),
            "{}",
            ended.err
        );
    }
    assert!(fs::read_dir(home.path().join("locked")).unwrap().next().is_none());
    // So that they can be removed.
    set_mode(&home.path().join("done"), 0o755);
    set_mode(&home.path().join("done/figures"), 0o755);
}

#[test]
fn what_is_in_the_way_is_not_replaced() {
    let home = Home::new();
    fs::write(home.path().join("thesis"), "years of work").unwrap();
    symlink("nowhere", home.path().join("dangling")).unwrap();
    let long = "x".repeat(256);
    for (target, force, code, words) in [
        ("thesis", false, 2, "the output folder exists"),
        ("thesis", true, 2, "not a folder of results"),
        ("dangling", false, 2, "the output folder exists"),
        ("dangling", true, 2, "not a folder of results"),
        ("thesis/out", false, 74, "Not a directory"),
        ("/dev/null/out", true, 74, "Not a directory"),
        (&long, false, 74, "File name too long"),
    ] {
        let force = if force { &["--force"][..] } else { &[] };
        // Known before anything runs.
        let endless = [
            "run",
            "small.toml",
            "-o",
            target,
            "--set",
            "run.duration=30000d",
            "--set",
            "workload.lookups.until=2min",
        ];
        let ended = home.run(&[&endless[..], force].concat());
        assert_eq!(ended.code, Some(code), "{target}: {}", ended.err);
        assert!(
            ended.err.contains(words) && ended.err.contains(target),
            "{target}: {}",
            ended.err
        );
    }
    assert_eq!(fs::read(home.path().join("thesis")).unwrap(), b"years of work");
    assert_eq!(home.names(), ["dangling", "thesis"]);
}

#[test]
fn names_need_be_neither_short_nor_plain_nor_text() {
    let home = Home::new();
    for name in [
        OsString::from("with spaces and 'quotes'"),
        OsString::from("--"),
        OsString::from_vec(b"no text: \xff\xfe".to_vec()),
        OsString::from("x".repeat(255)),
        OsString::from("ä".repeat(127)),
    ] {
        let mut target = OsString::from("--output=");
        target.push(&name);
        let run = ["run", "small.toml", "-q", "--format=svg", "--replications=1"].map(OsString::from);
        for seed in ["--seed=1", "--seed=2"] {
            home.done(&[&run[..], &[target.clone(), seed.into(), "--force".into()]].concat());
        }
        let folder = OsString::from_vec([b"./", name.as_encoded_bytes()].concat());
        for command in ["plot", "report"] {
            home.done(&[command.into(), folder.clone()]);
        }
        assert!(home.path().join(&name).join("report.html").exists(), "{name:?}");
        assert_eq!(home.names().len(), 1, "{name:?}");
        fs::remove_dir_all(home.path().join(&name)).unwrap();
    }
    let odd = OsString::from_vec(b"sm\xffll file.toml".to_vec());
    fs::copy(home.path().join("small.toml"), home.path().join(&odd)).unwrap();
    home.done(&["check".into(), odd]);
}

#[test]
fn results_behind_a_link_are_replaced_where_they_are() {
    let home = Home::new();
    fs::create_dir(home.path().join("disk")).unwrap();
    let run = ["run", "small.toml", "-q", "--format", "svg", "-o"];
    home.done(&[&run[..], &["disk/real"]].concat());
    let earlier = contents(&home.path().join("disk/real"));
    symlink("disk/real", home.path().join("link")).unwrap();
    home.done(&[&run[..], &["link", "--force", "--seed", "2"]].concat());
    assert!(home.path().join("link").is_symlink());
    assert_ne!(contents(&home.path().join("disk/real")), earlier);
    assert_eq!(home.names(), ["disk", "link"]);
    assert_eq!(crate::support::names(&home.path().join("disk")), ["real"]);
}

#[test]
fn a_page_goes_where_a_link_leads_and_to_what_is_no_file() {
    let home = Home::new();
    home.done(&["run", "small.toml", "-q", "--format", "svg", "-o", "out"]);
    fs::write(home.path().join("page"), "earlier").unwrap();
    symlink("page", home.path().join("link")).unwrap();
    home.done(&["report", "out", "-o", "link"]);
    assert!(home.path().join("link").is_symlink());
    let page = fs::read_to_string(home.path().join("page")).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>"));
    let piped = home.done(&["report", "out", "-o", "/dev/stdout"]);
    assert_eq!(piped.out, format!("{page}/dev/stdout\n"));
}
