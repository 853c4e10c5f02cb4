//! A scenario of a test, changed, run and refused as a user would have it.

use std::fs;
use std::path::PathBuf;

use analysis::Table;
use scenarios::cli;
use scenarios::exit::Exit;
use scenarios::registry::Registry;

/// A scenario of a test in a folder of its own, where its results go too.
pub(crate) struct Home {
    folder: tempfile::TempDir,
    /// The scenario as it is written.
    pub(crate) text: String,
}

impl Home {
    /// The scenario with some texts replaced by others.
    #[track_caller]
    pub(crate) fn of(scenario: &str, changes: &[(&str, &str)]) -> Home {
        let mut text = scenario.to_owned();
        for (from, to) in changes {
            assert!(text.contains(from), "{from:?} is not in the scenario");
            text = text.replacen(from, to, 1);
        }
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("own.toml"), &text).unwrap();
        Home { folder, text }
    }

    /// What a command says of the scenario.
    pub(crate) fn peerscope(&self, command: &str, more: &[&str]) -> (Exit, String) {
        let file = self.folder.path().join("own.toml");
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let arguments = ["peerscope", command, file.to_str().unwrap()]
            .into_iter()
            .chain(more.iter().copied());
        let exit = cli::run_with(arguments, &Registry::standard(), &mut out, &mut err);
        (exit, String::from_utf8(out).unwrap() + &String::from_utf8(err).unwrap())
    }

    /// Runs it on so many threads.
    #[track_caller]
    pub(crate) fn run_on(&self, threads: &str) {
        let output = self.folder.path().join("out");
        let more = ["-q", "--force", "--threads", threads, "-o", output.to_str().unwrap()];
        let (exit, text) = self.peerscope("run", &more);
        assert_eq!(exit, Exit::Done, "{text}");
    }

    /// The folder of its results.
    pub(crate) fn results(&self) -> PathBuf {
        self.folder.path().join("out")
    }

    /// What `verify` says of its results.
    pub(crate) fn verify(&self) -> (Exit, String) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let results = self.results();
        let arguments = ["peerscope", "verify", results.to_str().unwrap()];
        let exit = cli::run_with(arguments, &Registry::standard(), &mut out, &mut err);
        (exit, String::from_utf8(out).unwrap() + &String::from_utf8(err).unwrap())
    }

    /// A table as it is written.
    pub(crate) fn written(&self, table: &str) -> String {
        fs::read_to_string(self.folder.path().join("out").join(format!("{table}.csv"))).unwrap()
    }

    /// A table.
    pub(crate) fn table(&self, name: &str) -> Table {
        Table::read_csv(self.written(name).as_bytes()).unwrap()
    }

    /// The fingerprints of all runs.
    pub(crate) fn fingerprints(&self) -> Vec<String> {
        let manifest = fs::read_to_string(self.folder.path().join("out").join("manifest.toml")).unwrap();
        let manifest: toml::Table = manifest.parse().unwrap();
        let runs = manifest["runs"].as_array().unwrap().iter();
        runs.map(|run| run["fingerprint"].as_str().unwrap().to_owned())
            .collect()
    }

    /// All values of a column.
    #[track_caller]
    pub(crate) fn values(&self, table: &str, column: &str) -> Vec<f64> {
        let values = self.table(table).numbers(column).unwrap();
        values.into_iter().flatten().collect()
    }

    /// The only value of a column.
    #[track_caller]
    pub(crate) fn value(&self, table: &str, column: &str) -> f64 {
        let values = self.values(table, column);
        assert_eq!(values.len(), 1, "{table}.{column}");
        values[0]
    }

    /// The mean of a column.
    #[track_caller]
    pub(crate) fn mean(&self, table: &str, column: &str) -> f64 {
        let values = self.values(table, column);
        values.iter().sum::<f64>() / values.len() as f64
    }

    /// The scenario is refused at this line, with these words.
    #[track_caller]
    pub(crate) fn is_refused(&self, line: &str, words: &[&str]) {
        let (exit, text) = self.peerscope("check", &[]);
        assert_eq!(exit, Exit::BadInput, "{text}");
        let at = self.text.lines().position(|written| written == line);
        let at = at.unwrap_or_else(|| panic!("{line:?} is no line of\n{}", self.text)) + 1;
        assert!(
            text.contains(&format!("own.toml:{at}:")),
            "line {at} is not the place in\n{text}"
        );
        let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for word in words {
            assert!(flat.contains(word), "{word:?} is missing from\n{text}");
        }
    }
}
