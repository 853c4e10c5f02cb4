//! Golden results: what the scenarios of this folder give on every machine, in every build and on any number of threads,
//! and from one commit to the next unless behaviour is meant to change.
//!
//! Between them they use all rule sets of Chord and both ways to look up, every network, loss, joins and rings that stand
//! from the start, exponential and Weibull churn, graceful and silent departures, a mass failure, and figures of lines
//! and bars; Pastry with and without what MSPastry adds, and the hash table over each overlay; every protocol of the network
//! layer over radios that move by every model.

#[path = "../../../sim-core/tests/golden/record.rs"]
mod record;

use std::fs;
use std::path::{Path, PathBuf};

use scenarios::cli;
use scenarios::digest::sha256;
use scenarios::exit::Exit;
use scenarios::registry::Registry;

/// The scenarios, by the names of their files, and where it is written what they give.
const SCENARIOS: [(&str, &[&str]); 3] = [
    ("expected.csv", &["rules", "networks", "departures"]),
    ("expected-key-based.csv", &["pastry", "storage"]),
    ("expected-network-layers.csv", &["radio"]),
];

/// A file of `tests/golden`.
fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

/// The files that a scenario writes, by path, on this many threads: all but the timing, which differs from run to run, and
/// pictures other than SVG: those are made from it by others, whose releases may change a byte.
fn results(scenario: &str, threads: u32) -> Vec<(String, Vec<u8>)> {
    let home = tempfile::tempdir().unwrap();
    let output = home.path().join(scenario);
    let (file, folder) = (golden(&format!("{scenario}.toml")), output.to_str().unwrap());
    let threads = threads.to_string();
    let command = [
        "peerscope",
        "run",
        file.to_str().unwrap(),
        "-q",
        "-o",
        folder,
        "--threads",
        &threads,
    ];
    let mut err = Vec::new();
    let exit = cli::run_with(command, &Registry::standard(), &mut Vec::new(), &mut err);
    assert_eq!(exit, Exit::Done, "{scenario}: {}", String::from_utf8_lossy(&err));
    let mut files = Vec::new();
    collect(&output, "", &mut files);
    files.retain(|(name, _)| name != "timing.json" && !name.ends_with(".pdf") && !name.ends_with(".png"));
    files.sort();
    files
}

fn collect(folder: &Path, prefix: &str, files: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("{prefix}{}", path.file_name().unwrap().to_str().unwrap());
        if path.is_dir() {
            collect(&path, &format!("{name}/"), files);
        } else {
            files.push((name, fs::read(path).unwrap()));
        }
    }
}

/// The rows of `expected.csv` for one scenario: its runs, and its files but for the manifest, which names the commit.
fn rows(scenario: &str, files: &[(String, Vec<u8>)]) -> Vec<String> {
    let manifest = files.iter().find(|(name, _)| name == "manifest.toml");
    let manifest: toml::Table = std::str::from_utf8(&manifest.unwrap().1).unwrap().parse().unwrap();
    let runs = manifest["runs"].as_array().unwrap().iter().map(|run| {
        let (point, replication) = (&run["point"], &run["replication"]);
        let (events, fingerprint) = (&run["events"], run["fingerprint"].as_str().unwrap());
        format!("{scenario},point {point} replication {replication},{events},{fingerprint}")
    });
    let files = files.iter().filter(|(name, _)| name != "manifest.toml");
    let files = files.map(|(name, bytes)| format!("{scenario},{name},{},{}", bytes.len(), sha256(bytes)));
    runs.chain(files).collect()
}

#[test]
fn runs_and_files_are_the_golden_ones() {
    let mut problems = Vec::new();
    for (expected, scenarios) in SCENARIOS {
        let mut all = vec!["scenario,run_or_file,events_or_bytes,digest".to_owned()];
        for scenario in scenarios {
            let files = results(scenario, 2);
            all.extend(rows(scenario, &files));
            if *scenario == "departures" {
                let (_, lookups) = files.iter().find(|(name, _)| name == "lookups.csv").unwrap();
                let lines: Vec<String> = std::str::from_utf8(lookups)
                    .unwrap()
                    .lines()
                    .map(str::to_owned)
                    .collect();
                problems.extend(record::hold(&golden("departures-lookups.csv"), &lines).err());
            }
        }
        problems.extend(record::hold(&golden(expected), &all).err());
    }
    assert!(problems.is_empty(), "results differ; in {}", problems.join("\nand in "));
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    for scenario in SCENARIOS.iter().flat_map(|(_, scenarios)| *scenarios) {
        let (one, two) = (results(scenario, 1), results(scenario, 2));
        let names =
            |files: &[(String, Vec<u8>)]| -> Vec<String> { files.iter().map(|(name, _)| name.clone()).collect() };
        assert_eq!(names(&one), names(&two), "{scenario}");
        for ((name, one), (_, two)) in one.iter().zip(&two) {
            assert!(one == two, "{scenario}: {name} differs between one thread and two");
        }
    }
}
