//! Who comes and goes in a scenario is who should, whatever the protocol.

use std::path::Path;

use analysis::Table;
use scenarios::cli;
use scenarios::exit::Exit;
use scenarios::registry::Registry;

const SCENARIO: &str = r#"
seed = 5
replications = 6
run.duration = "6h"
nodes.count = 120
bring_up.joins.over = "20min"
network.constant.delay = "50ms"
protocol.chord = { stabilize_period = "5s" }
workload.lookups = { start = "1h", rate = "1/min" }
"#;

fn run(lines: &str, settings: &[&str]) -> (Exit, String, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    std::fs::write(path("population.toml"), format!("{SCENARIO}{lines}")).expect("a temporary file");
    let mut arguments = vec![
        "peerscope".into(),
        "run".into(),
        path("population.toml"),
        "-o".into(),
        path("out"),
    ];
    arguments.extend(
        settings
            .iter()
            .flat_map(|setting| ["--set".to_owned(), (*setting).to_owned()]),
    );
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let exit = cli::run_with(arguments, &Registry::standard(), &mut out, &mut err);
    (
        exit,
        String::from_utf8_lossy(&out).into_owned() + &String::from_utf8_lossy(&err),
        folder,
    )
}

fn mean(folder: &Path, table: &str, column: &str) -> f64 {
    let file = std::fs::File::open(folder.join("out").join(table).with_extension("csv")).expect(table);
    let table = Table::read_csv(file).expect("a table that was written can be read");
    let values: Vec<f64> = table.numbers(column).expect(column).into_iter().flatten().collect();
    values.iter().sum::<f64>() / values.len() as f64
}

#[test]
fn churn_holds_the_population_at_its_availability() {
    let churn = r#"churn.exponential = { up_mean = "30min", down_mean = "1h", graceful = 1 }"#;
    let (exit, text, folder) = run(churn, &[]);
    assert_eq!(exit, Exit::Done, "{text}");
    // 40 of 120; six runs of five hours, in each of which the population is renewed about seven times.
    let up = mean(folder.path(), "population", "up_mean");
    assert!((up - 40.0).abs() < 2.5, "{up} nodes are up on average, not 40");
}

#[test]
fn churn_that_begins_before_everybody_has_come_is_refused() {
    let churn = r#"churn.exponential = { up_mean = "30min", down_mean = "1h", graceful = 1, start = "5min" }"#;
    let (exit, text, _) = run(churn, &[]);
    assert_eq!(exit, Exit::BadInput);
    assert!(
        text.contains("churn.exponential.start") && text.contains("population.toml:10:"),
        "{text}"
    );
}

#[test]
fn survivors_of_a_failure_that_took_all_their_neighbours_end_in_one_overlay() {
    let failure = r#"mass_failure = { at = "40min", fraction = 0.95 }"#;
    let (exit, text, folder) = run(failure, &["nodes.count=200"]);
    assert_eq!(exit, Exit::Done, "{text}");
    assert_eq!(mean(folder.path(), "population", "members_end"), 10.0, "{text}");
    let correct = mean(folder.path(), "lookups", "correct_fraction");
    assert!(correct > 0.99, "{correct} of the lookups find the true owner");
}

#[test]
fn nobody_takes_an_identifier_that_somebody_else_has() {
    let churn = r#"churn.exponential = { up_mean = "20min", down_mean = "20min", graceful = 1 }"#;
    let (exit, text, folder) = run(
        churn,
        &["nodes.count=60", "protocol.chord.id_bits=6", "run.duration=2h"],
    );
    assert_eq!(exit, Exit::Done, "{text}");
    let restarted = mean(folder.path(), "population", "restarted_joins");
    assert!(restarted < 5.0, "{restarted} joins a run were begun again");
}
