//! What is written for machines: JSON, schemas, completions, manual pages; and colours, which are for people.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use scenarios::exit::Exit;
use serde_json::Value;

use crate::support::{data, peerscope};

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}:\n{text}"))
}

#[test]
fn check_tells_everything_as_one_object() {
    let file = data("ring.toml");
    let ended = peerscope(&["check", file.to_str().unwrap(), "absent.toml", "--json"]);
    assert_eq!(ended.exit, Exit::MissingInput);
    let object = json(&ended.out);
    assert_eq!(object["command"], "check");
    assert_eq!(object["exit"], 66);
    assert_eq!(object["errors"][0]["file"], "absent.toml");
    let ring = &object["scenarios"][0];
    assert_eq!(ring["name"], "ring");
    assert_eq!(ring["runs"], 8);
    assert_eq!(ring["axes"][1]["key"], "protocol.echo.period");
    assert!(ring["memory_bytes"].as_u64().is_some_and(|bytes| bytes > 0));
    let last = &ring["points"][3];
    assert_eq!(last["point"], 4);
    assert_eq!(last["settings"]["nodes.count"], "16");
    assert_eq!(last["values"]["nodes"]["count"], 16);
    assert_eq!(last["values"]["protocol"]["echo"]["period"], "20s");
    assert_eq!(last["values"]["network"]["exponential"]["minimum"], "1ms");
    assert_eq!(last["duration_s"], 600.0);
    let tables = ring["tables"].as_array().unwrap();
    let lookups = tables.iter().find(|table| table["name"] == "lookups").unwrap();
    let columns = lookups["columns"].as_array().unwrap();
    assert!(columns.iter().any(|column| column == "issued"), "{columns:?}");
    assert_eq!(ring["expectations"][0]["cite"], "Nobody 2026, Fig. 1");
    assert_eq!(ring["inputs"][0]["sha256"].as_str().map(str::len), Some(64));
}

#[test]
fn check_names_the_tables_in_words_too() {
    let file = data("ring.toml");
    let ended = peerscope(&["check", file.to_str().unwrap()]);
    let line = ended.out.lines().find(|line| line.starts_with("  tables ")).unwrap();
    for table in ["lookups", "path_length", "messages", "population"] {
        assert!(line.contains(table), "{table} is missing from {line}");
    }
}

#[test]
fn a_refusal_says_where_and_what_to_try() {
    let file = data("ring.toml");
    let file = file.to_str().unwrap();
    let in_file = {
        let home = tempfile::tempdir().unwrap();
        let copy = home.path().join("ring.toml");
        let text = fs::read_to_string(file).unwrap().replace("count = 16", "cuont = 16");
        fs::write(&copy, text).unwrap();
        let ended = peerscope(&["run", copy.to_str().unwrap(), "--json"]);
        assert_eq!(ended.exit, Exit::BadInput);
        json(&ended.out)
    };
    let error = &in_file["errors"][0];
    assert_eq!((&error["line"], &error["column"]), (&12.into(), &1.into()));
    assert!(error["file"].as_str().unwrap().ends_with("ring.toml"));
    assert_eq!(error["exit"], 65);
    assert_eq!(error["label"], "did you mean `count`?");
    assert_eq!(error["help"][0], "the keys here are `count`, `virtual`");

    let ended = peerscope(&["check", file, "--json", "--set", "run.duration=5 sec"]);
    let error = &json(&ended.out)["errors"][0];
    assert_eq!(error["argument"], "--set");
    assert_eq!(error["column"], 14);
    assert!(ended.err.contains("--> --set:1:14"), "{}", ended.err);

    let ended = peerscope(&["check", file, "--json", "--sett", "a=1"]);
    let object = json(&ended.out);
    assert_eq!((ended.exit, &object["exit"]), (Exit::Usage, &2.into()));
    assert!(object["errors"][0]["message"].as_str().unwrap().contains("--sett"));
}

#[test]
fn run_tells_how_it_ended_and_keeps_words_apart() {
    let home = tempfile::tempdir().unwrap();
    let output = home.path().join("results");
    let file = data("ring.toml");
    let run = [
        "run",
        file.to_str().unwrap(),
        "--json",
        "--output",
        output.to_str().unwrap(),
    ];
    let ended = peerscope(&[&run[..], &["--set", "protocol.echo.breaks=1"]].concat());
    assert_eq!(ended.exit, Exit::Failed, "{}", ended.err);
    assert!(ended.err.contains("results in"), "{}", ended.err);
    let object = json(&ended.out);
    let ring = &object["scenarios"][0];
    assert_eq!((&object["exit"], &ring["exit"]), (&1.into(), &1.into()));
    assert_eq!(ring["results"], output.display().to_string());
    assert_eq!(ring["runs"], 4);
    let broken = ring["broken"].as_array().unwrap();
    assert_eq!(broken.len(), 4);
    assert_eq!(broken[3]["settings"][0], "nodes.count=16");
    assert_eq!(broken[3]["replication"], 1);
    assert_eq!(broken[3]["reason"], "the echo died away");
    assert!(broken[3]["command"].as_str().unwrap().contains("nodes.count=16"));
    assert_eq!(ring["expectations"][0]["inside"], true);
    assert_eq!(ring["expectations"][0]["at_most"], 85.0);
    assert_eq!(object["errors"].as_array().unwrap().len(), 4);

    let again = peerscope(&run);
    assert_eq!(again.exit, Exit::Usage);
    let message = &json(&again.out)["errors"][0]["message"];
    assert!(message.as_str().unwrap().contains("--force"), "{message}");
}

#[test]
fn list_tells_what_there_is() {
    let ended = peerscope(&["list", data("").to_str().unwrap(), "--json"]);
    let object = json(&ended.out);
    let files = object["scenarios"].as_array().unwrap();
    let ring = files
        .iter()
        .find(|entry| entry["file"].as_str().unwrap().ends_with("ring.toml"));
    assert_eq!(ring.unwrap()["title"], "A small ring, for tests");
    let names = |key: &str| -> Vec<String> {
        let entries = object[key].as_array().unwrap();
        entries
            .iter()
            .map(|entry| entry["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert!(names("protocols").contains(&"echo".to_owned()));
    assert!(names("networks").contains(&"matrix".to_owned()));
    assert_eq!(json(&peerscope(&["list", "absent", "--json"]).out)["exit"], 66);
}

/// Runs a program on a text; nothing where the program is not installed.
fn through(program: &str, arguments: &[&str], text: &str) -> Option<std::process::Output> {
    let child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else {
        println!("skipped: there is no {program}");
        return None;
    };
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    Some(child.wait_with_output().unwrap())
}

#[test]
fn completions_are_scripts_that_their_shell_accepts() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ended = peerscope(&["completions", shell]);
        assert_eq!(ended.exit, Exit::Done);
        for word in ["snapshot", "replications", "ignore-memory"] {
            assert!(ended.out.contains(word), "{word} is missing for {shell}");
        }
        if !matches!(shell, "bash" | "zsh" | "fish") {
            continue;
        }
        if let Some(checked) = through(shell, &["-n"], &ended.out) {
            let complaint = String::from_utf8_lossy(&checked.stderr);
            assert!(checked.status.success(), "{shell}: {complaint}");
        }
    }
}

#[test]
fn manual_pages_can_be_read() {
    let page = peerscope(&["man"]).out;
    assert!(
        page.contains(".TH PEERSCOPE 1") && page.contains("peerscope\\-run(1)"),
        "{page}"
    );
    let page = peerscope(&["man", "run"]).out;
    assert!(
        page.contains("\\-\\-replications") && page.contains("Exit codes"),
        "{page}"
    );
    if let Some(read) = through("groff", &["-man", "-Tutf8", "-ww"], &page) {
        let complaint = String::from_utf8_lossy(&read.stderr);
        assert!(read.status.success() && complaint.is_empty(), "{complaint}");
        assert!(String::from_utf8_lossy(&read.stdout).contains("PEERSCOPE-RUN(1)"));
    }
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("man");
    assert_eq!(
        peerscope(&["man", "--output", folder.to_str().unwrap()]).exit,
        Exit::Done
    );
    for name in ["peerscope", "peerscope-run", "peerscope-cite"] {
        assert!(folder.join(format!("{name}.1")).is_file(), "{name}");
    }
    let file = data("ring.toml");
    let blocked = peerscope(&["man", "--output", file.join("below").to_str().unwrap()]);
    assert_eq!(blocked.exit, Exit::InputOutput);
}

#[test]
fn colours_are_shown_only_where_they_are_wanted() {
    let run = |arguments: &[&str], variables: &[(&str, &str)]| {
        let ended = Command::new(env!("CARGO_BIN_EXE_peerscope"))
            .args(arguments)
            .env_remove("NO_COLOR")
            .env_remove("CLICOLOR_FORCE")
            .envs(variables.iter().copied())
            .output()
            .unwrap();
        String::from_utf8([ended.stdout, ended.stderr].concat()).unwrap()
    };
    for arguments in [["--help"].as_slice(), &["check", "absent.toml"], &["chekc"]] {
        assert!(!run(arguments, &[]).contains('\u{1b}'), "{arguments:?} into a pipe");
        assert!(
            run(arguments, &[("CLICOLOR_FORCE", "1")]).contains('\u{1b}'),
            "{arguments:?}"
        );
        let never = [("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")];
        assert!(
            !run(arguments, &never).contains('\u{1b}'),
            "{arguments:?} with NO_COLOR"
        );
    }
}
