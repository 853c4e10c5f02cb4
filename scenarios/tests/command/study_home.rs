//! A folder with a scenario and the study of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use scenarios::exit::Exit;

use crate::support::{Ended, peerscope};

pub(crate) const SCENARIO: &str = r#"name = "own"
seed = 5
replications = 3
run.duration = "3min"
nodes.count = 8
bring_up.bulk = {}
network.constant.delay = "10ms"
protocol.chord = { successors = 4, stabilize_period = "30s" }
workload.lookups = { start = "1s", until = "2min", rate = "6/min" }
observe.snapshots = ["1min"]

[sweep]
"nodes.count" = [8, 16]
"protocol.chord.stabilize_period" = ["10s", "20s"]
"#;

/// A protocol whose second replication breaks at one of two points.
pub(crate) const BREAKING: &str = r#"name = "own"
seed = 5
replications = 3
run.duration = "1min"
nodes.count = 8
bring_up.bulk = {}
network.constant.delay = "10ms"
protocol.echo = { period = "10s" }

[sweep]
"protocol.echo.breaks" = [1, 7]
"#;

/// A folder with the scenario `own.toml`.
pub(crate) struct Home(tempfile::TempDir);

impl Home {
    pub(crate) fn of(scenario: &str) -> Self {
        let home = Home(tempfile::tempdir().unwrap());
        fs::write(home.path("own.toml"), scenario).unwrap();
        home
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs a command line in which `@` stands for the folder.
    pub(crate) fn says(&self, line: &[&str]) -> Ended {
        let folder = self.0.path().to_str().unwrap();
        let line: Vec<String> = line.iter().map(|word| word.replace('@', folder)).collect();
        peerscope(&line.iter().map(String::as_str).collect::<Vec<_>>())
    }

    #[track_caller]
    pub(crate) fn ends(&self, exit: Exit, line: &[&str]) -> Ended {
        let ended = self.says(line);
        assert_eq!(ended.exit, exit, "{line:?}\n{}\n{}", ended.out, ended.err);
        ended
    }

    /// Plans a study in `study`, without a sample.
    #[track_caller]
    pub(crate) fn plan(&self, more: &[&str]) -> Ended {
        let plan = ["sweep", "plan", "@/own.toml", "-o", "@/study", "--sample", "0"];
        self.ends(Exit::Done, &[&plan[..], more].concat())
    }

    #[track_caller]
    pub(crate) fn run_and_merge(&self) {
        self.ends(Exit::Done, &["sweep", "run", "@/study", "-q"]);
        self.ends(Exit::Done, &["sweep", "merge", "@/study"]);
    }

    /// The files of a folder, by their names within it.
    pub(crate) fn files(&self, folder: &str) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        collect(&self.path(folder), "", &mut files);
        files
    }

    /// The folders of runs, relative to the study's.
    pub(crate) fn runs(&self) -> Vec<PathBuf> {
        let shards = fs::read_dir(self.path("study/runs")).unwrap();
        let mut runs: Vec<PathBuf> = shards
            .flat_map(|shard| fs::read_dir(shard.unwrap().path()).unwrap())
            .map(|run| run.unwrap().path())
            .collect();
        runs.sort();
        runs
    }
}

fn collect(folder: &Path, prefix: &str, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("{prefix}{}", path.file_name().unwrap().to_str().unwrap());
        if path.is_dir() {
            collect(&path, &format!("{name}/"), files);
        } else {
            files.insert(name, fs::read(&path).unwrap());
        }
    }
}
