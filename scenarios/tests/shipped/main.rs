//! Short versions of the scenarios that come with peerscope, run from their files as a user would.

mod chord;
mod overlays;
mod pastry;
mod peernet_addresses;
mod peernet_groups;
mod peernet_moving;
mod peernet_services;
mod xbone;

use std::path::{Path, PathBuf};

use analysis::{Cell, Table};
use scenarios::cli;
use scenarios::exit::Exit;
use scenarios::registry::Registry;

fn file(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(name)
        .to_string_lossy()
        .into_owned()
}

struct Run {
    exit: Exit,
    text: String,
    folder: tempfile::TempDir,
}

/// Runs a scenario with settings laid over it.
fn run(scenario: &str, replications: u32, settings: &[&str]) -> Run {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let output = folder.path().join("results").to_string_lossy().into_owned();
    let mut arguments = vec!["peerscope".into(), "run".into(), file(scenario), "-o".into(), output];
    arguments.extend(["--replications".to_owned(), replications.to_string()]);
    arguments.extend(
        settings
            .iter()
            .flat_map(|setting| ["--set".to_owned(), (*setting).to_owned()]),
    );
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let exit = cli::run_with(arguments, &Registry::standard(), &mut out, &mut err);
    let text = String::from_utf8_lossy(&out).into_owned() + &String::from_utf8_lossy(&err);
    Run { exit, text, folder }
}

impl Run {
    fn table(&self, name: &str) -> Table {
        let path = self.folder.path().join("results").join(name).with_extension("csv");
        let file =
            std::fs::File::open(&path).unwrap_or_else(|error| panic!("{}: {error}\n{}", path.display(), self.text));
        Table::read_csv(file).expect("a table that was written can be read")
    }

    /// The values of a column, in the rows where others have these; there is none without a value.
    #[track_caller]
    fn values(&self, table: &str, rows: &[(&str, Cell)], column: &str) -> Vec<f64> {
        let rows = rows.iter().map(|(column, cell)| ((*column).to_owned(), cell.clone()));
        let rows = self.table(table).select(&rows.collect()).expect("columns of the table");
        let values = rows.numbers(column).expect(column).into_iter();
        values.map(|value| value.expect(column)).collect()
    }

    /// The mean of a column over all rows.
    fn mean(&self, table: &str, column: &str) -> f64 {
        let values: Vec<f64> = self
            .table(table)
            .numbers(column)
            .expect(column)
            .into_iter()
            .flatten()
            .collect();
        values.iter().sum::<f64>() / values.len() as f64
    }
}

#[test]
fn what_follows_gnutella_says_without_its_file_how_to_get_it() {
    for scenario in ["chord-gnutella.toml", "pastry-gnutella.toml", "dht-gnutella.toml"] {
        let run = run(scenario, 1, &[]);
        assert_eq!(run.exit, Exit::MissingInput, "{scenario}");
        assert!(
            run.text.contains("PeerSim") && run.text.contains("--set churn.trace.file=PATH"),
            "{scenario}: {}",
            run.text
        );
    }
}

/// The trace of Gnutella as a setting, if it is there.
fn gnutella() -> Option<String> {
    let data =
        std::env::var_os("PEERSCOPE_DATA").map_or_else(|| PathBuf::from(file("../../shared/data")), PathBuf::from);
    let trace = data.join("churn/gnutella_saroiu_intervals_ip.txt.gz");
    if trace.exists() {
        return Some(format!("churn.trace.file={}", trace.display()));
    }
    println!(
        "skipped: {} is not there; PEERSCOPE_DATA names the folder of the data sets",
        trace.display()
    );
    None
}

/// Whatever `peerscope check` says of a scenario.
fn check(scenario: &Path, more: &[&str]) -> (Exit, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let scenario = scenario.to_string_lossy().into_owned();
    let arguments = ["peerscope".to_owned(), "check".to_owned(), scenario].into_iter();
    let arguments = arguments.chain(more.iter().map(|argument| (*argument).to_owned()));
    let exit = cli::run_with(arguments, &Registry::standard(), &mut out, &mut err);
    (exit, String::from_utf8_lossy(&err).into_owned())
}

#[test]
fn every_scenario_can_be_run_as_it_is_and_at_the_sizes_of_its_paper() {
    let files = std::fs::read_dir(env!("CARGO_MANIFEST_DIR")).expect("the scenarios");
    let files = files.map(|entry| entry.expect("a file").path());
    let is_scenario = |path: &PathBuf| {
        path.extension().is_some_and(|extension| extension == "toml") && path.file_name() != Some("Cargo.toml".as_ref())
    };
    let mut full = 0;
    for scenario in files.filter(is_scenario) {
        let name = scenario.display();
        let (exit, text) = check(&scenario, &[]);
        // Some need a file that does not come with them.
        assert!(matches!(exit, Exit::Done | Exit::MissingInput), "{name}: {text}");
        let profiled = std::fs::read_to_string(&scenario)
            .expect("its text")
            .contains("\n[full]\n");
        if profiled && exit == Exit::Done {
            let (exit, text) = check(&scenario, &["--full"]);
            assert_eq!(exit, Exit::Done, "{name}: {text}");
            full += 1;
        }
    }
    assert!(full >= 12, "{full} scenarios have a full profile");
}
