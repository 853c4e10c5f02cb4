//! The program itself, run in a folder of its own, and what it leaves there.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A scenario whose runs take a fraction of a second and whose tables some tens of kilobytes.
const SCENARIO: &str = r#"
name = "small"
seed = 1
replications = 20
run.duration = "10min"
nodes.count = 32
bring_up.bulk = {}
network.constant.delay = "20ms"
protocol.chord = {}
workload.lookups = { start = "1min", rate = "1/min" }

[[figure]]
name = "hops"
table = "lookups"
[figure.lines]
x = "nodes"
y = "hops_mean"
[figure.x]
label = "Nodes"
[figure.y]
label = "Hops"

[[figure]]
name = "lengths"
table = "path_length"
[figure.bars]
x = "visited"
y = "fraction"
[figure.x]
label = "Path length"
[figure.y]
label = "Fraction of lookups"
"#;

/// A folder with `small.toml`, in which the program runs.
pub(crate) struct Home {
    folder: TempDir,
}

/// How the program ended.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Home {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("small.toml"), SCENARIO).unwrap();
        Home { folder }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The program with these arguments, not yet started.
    pub(crate) fn command<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_peerscope"));
        command.args(arguments);
        self.settle(&mut command);
        command
    }

    /// A line for `bash`, in which `"$@"` is the program with these arguments.
    pub(crate) fn shell<S: AsRef<OsStr>>(&self, line: &str, arguments: &[S]) -> Command {
        let mut command = Command::new("bash");
        command.args(["-c", line, "bash", env!("CARGO_BIN_EXE_peerscope")]);
        command.args(arguments);
        self.settle(&mut command);
        command
    }

    fn settle(&self, command: &mut Command) {
        command
            .current_dir(self.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
    }

    pub(crate) fn run<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Ended {
        ended(self.command(arguments).output().unwrap())
    }

    /// Runs the program, which must succeed.
    #[track_caller]
    pub(crate) fn done<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Ended {
        let ended = self.run(arguments);
        assert_eq!(ended.code, Some(0), "{}", ended.err);
        ended
    }

    /// What lies in the folder, but for the scenario.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names = names(self.path());
        names.retain(|name| name != "small.toml");
        names
    }
}

pub(crate) fn ended(output: Output) -> Ended {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ended {
        code: output.status.code(),
        out: text(&output.stdout),
        err: text(&output.stderr),
    }
}

/// What lies in a folder.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// All files of a folder and their contents.
pub(crate) fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.insert(path.strip_prefix(folder).unwrap().to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    files
}

/// Waits until something holds, as it must within a minute.
#[track_caller]
pub(crate) fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(60), "{what}: not within a minute");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Sends a signal, by its name.
pub(crate) fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill")
        .args(["-s", name, &child.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
}
