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
    let churn = r#"churn.sessions = { up.exponential.mean = "30min", down.exponential.mean = "1h", graceful = 1 }"#;
    let (exit, text, folder) = run(churn, &[]);
    assert_eq!(exit, Exit::Done, "{text}");
    // 40 of 120; six runs of five hours, in each of which the population is renewed about seven times.
    let up = mean(folder.path(), "population", "up_mean");
    assert!((up - 40.0).abs() < 2.5, "{up} nodes are up on average, not 40");
}

#[test]
fn churn_that_begins_before_everybody_has_come_is_refused() {
    let churn = r#"churn.sessions = { up.exponential.mean = "30min", down.exponential.mean = "1h", graceful = 1, start = "5min" }"#;
    let (exit, text, _) = run(churn, &[]);
    assert_eq!(exit, Exit::BadInput);
    assert!(
        text.contains("churn.sessions.start") && text.contains("population.toml:10:"),
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
    let churn = r#"churn.sessions = { up.exponential.mean = "20min", down.exponential.mean = "20min", graceful = 1 }"#;
    let (exit, text, folder) = run(
        churn,
        &["nodes.count=60", "protocol.chord.id_bits=6", "run.duration=2h"],
    );
    assert_eq!(exit, Exit::Done, "{text}");
    let restarted = mean(folder.path(), "population", "restarted_joins");
    assert!(restarted < 5.0, "{restarted} joins a run were begun again");
}

/// Replaced at a rate, the population is constant, and half of it is new after each half-life (Liben-Nowell, Balakrishnan and
/// Karger 2002).
#[test]
fn replacement_keeps_the_population_and_halves_the_old_one() {
    let churn = r#"churn.replacement = { half_life = "30min", graceful = 1, population = 80 }"#;
    let (exit, text, folder) = run(churn, &["nodes.count=100"]);
    assert_eq!(exit, Exit::Done, "{text}");
    assert_eq!(
        mean(folder.path(), "churn", "up_least"),
        80.0,
        "who leaves is replaced in the same moment"
    );
    assert_eq!(mean(folder.path(), "churn", "up_most"), 80.0);
    assert_eq!(mean(folder.path(), "churn", "refused"), 0.0);
    // The time to the median of 80 exponential lives scatters by 0.16 of the mean life / ln 2; six runs of it.
    let halving = mean(folder.path(), "churn", "halving_s") / 60.0;
    assert!((halving - 30.0).abs() < 10.0, "half had left after {halving} min");
    let session = mean(folder.path(), "churn", "session_mean_s") / 60.0;
    let expected = 30.0 / std::f64::consts::LN_2;
    assert!(
        (session - expected).abs() < 0.1 * expected,
        "{session} min, not {expected}"
    );
}

#[test]
fn even_rates_of_joins_and_departures_are_kept() {
    let churn =
        r#"churn.rates = { joins = "1/min", departures = "1/min", timing = "even", population = 50, graceful = 1 }"#;
    let (exit, text, folder) = run(churn, &["run.duration=3h"]);
    assert_eq!(exit, Exit::Done, "{text}");
    for column in ["arrivals_per_s", "departures_per_s"] {
        let rate = 60.0 * mean(folder.path(), "churn", column);
        assert!((rate - 1.0).abs() < 0.02, "{column}: {rate} a minute");
    }
    assert!(text.contains("there is no steady state"), "{text}");
}

/// Somebody comes at the odd and somebody leaves at the even of events at equal distances: 180 of them in 3 h.
#[test]
fn joins_and_departures_in_turn_keep_the_population() {
    let churn = r#"churn.alternating = { rate = "1/min", timing = "even", population = 50, graceful = 1 }"#;
    let (exit, text, folder) = run(churn, &["run.duration=3h"]);
    assert_eq!(exit, Exit::Done, "{text}");
    let churn = |column| mean(folder.path(), "churn", column);
    assert_eq!(
        (churn("up_least"), churn("up_most"), churn("refused")),
        (50.0, 51.0, 0.0)
    );
    assert!((churn("up_mean") - 50.5).abs() < 0.01, "{}", churn("up_mean"));
    for column in ["arrivals_per_s", "departures_per_s"] {
        let rate = 120.0 * churn(column);
        assert!((rate - 1.0).abs() < 0.02, "{column}: {rate} in two minutes");
    }
    assert!(!text.contains("there is no steady state"), "{text}");
}

/// Newcomers are a queue with infinitely many servers: a Poisson number of them is up, whatever the distribution of sessions.
#[test]
fn newcomers_fill_as_many_places_as_rate_and_session_say() {
    let churn =
        r#"churn.arrivals = { rate = "2/min", sessions.weibull = { shape = 0.6, scale = "15min" }, graceful = 1 }"#;
    let (exit, text, folder) = run(churn, &[]);
    assert_eq!(exit, Exit::Done, "{text}");
    // 2/min of 15 min gamma(1 + 1/0.6) = 22.57 min.
    let up = mean(folder.path(), "churn", "up_mean");
    assert!((up - 45.1).abs() < 5.0, "{up} are up on average, not 45.1");
    assert_eq!(mean(folder.path(), "churn", "refused"), 0.0, "{text}");

    let (exit, text, folder) = run(churn, &["nodes.count=40", "run.duration=3h"]);
    assert_eq!(exit, Exit::Done, "{text}");
    assert!(mean(folder.path(), "churn", "refused") > 10.0);
    assert!(mean(folder.path(), "churn", "up_most") <= 40.0);
    assert!(text.contains("newcomers found no free place"), "{text}");
}

#[test]
fn a_flash_crowd_comes_and_goes_and_the_others_stay() {
    let crowd =
        r#"flash_crowd = { nodes = 70, at = "2h", over = "5min", stay.exponential.mean = "20min", graceful = 1 }"#;
    let (exit, text, folder) = run(crowd, &["run.duration=5h", "protocol.chord.successors=16"]);
    assert_eq!(exit, Exit::Done, "{text}");
    assert_eq!(mean(folder.path(), "churn", "up_least"), 50.0);
    let most = mean(folder.path(), "churn", "up_most");
    assert!(most > 100.0 && most <= 120.0, "{most}");
    assert!(mean(folder.path(), "population", "up_end") < 51.0);
}

/// Everybody leaves and nobody returns: a stated outcome, and not a hang.
#[test]
fn a_churn_that_empties_the_network_says_so() {
    let churn = r#"churn.sessions = { up.exponential.mean = "1min", down.pareto = { shape = 0.5, minimum = "40h" }, graceful = 0 }"#;
    let (exit, text, folder) = run(churn, &["nodes.count=20", "replications=2"]);
    assert_eq!(exit, Exit::Done, "{text}");
    assert!(mean(folder.path(), "churn", "empty_s") > 3600.0);
    assert!(text.contains("nobody was up for as long as"), "{text}");

    let churn = r#"churn.rates = { joins = "1/h", departures = "1/min", population = 20, graceful = 0 }"#;
    let (exit, text, folder) = run(churn, &["nodes.count=20", "replications=2"]);
    assert_eq!(exit, Exit::Done, "{text}");
    assert!(mean(folder.path(), "churn", "empty_s") > 3600.0, "{text}");
}

/// Both halves of the hosts take turns; whoever is up when churn sets in leaves when the trace says so.
#[test]
fn a_trace_is_followed_whatever_founded_the_overlay() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("turns.txt");
    let hosts = (0..40).map(|host| match host % 2 {
        0 => format!("h{host} 2 0 {} 7200 10800\n", 3600 + host),
        _ => format!("h{host} 1 {} 7300\n", 3500 + host),
    });
    std::fs::write(&file, hosts.collect::<String>()).unwrap();
    let churn = format!(
        "churn.trace = {{ file = {:?}, format = \"intervals\", graceful = 1, returning = \"same_id\" }}",
        file.to_str().unwrap()
    );
    let (exit, text, folder) = run(&churn, &["nodes.count=40", "run.duration=4h", "replications=1"]);
    assert_eq!(exit, Exit::Done, "{text}");
    // From 20 min on the trace runs: at an hour 20 are up, 2,400 s into it.
    let file = std::fs::File::open(folder.path().join("out/population_over_time.csv")).unwrap();
    let table = Table::read_csv(file).unwrap();
    let up = table.numbers("up_mean").unwrap();
    let times = table.numbers("time_s").unwrap();
    let at = |secs: f64| {
        let bin = times.iter().rposition(|time| time.unwrap() <= secs).unwrap();
        up[bin].unwrap()
    };
    for (trace_time, expected) in [(2700.0, 20.0), (5400.0, 20.0), (9000.0, 20.0), (12_000.0, 0.0)] {
        assert_eq!(
            at(1200.0 + trace_time),
            expected,
            "{trace_time} s into the trace: {up:?}"
        );
    }
    assert_eq!(mean(folder.path(), "churn", "sessions_begun"), 40.0);
}

#[test]
fn a_regional_failure_takes_those_who_are_nearest() {
    let settings = r#"
observe.snapshots = ["50min", "70min"]
mass_failure = [{ at = "1h", fraction = 0.25, nearest_to = [0.0, 0.0] }, { at = "65min", fraction = 0.1 }]
"#;
    let plane = "network={ plane = { width = 100, height = 100, per_unit = '1ms' } }";
    let (exit, text, folder) = run(
        settings,
        &["nodes.count=80", "run.duration=90min", "replications=1", plane],
    );
    assert_eq!(exit, Exit::Done, "{text}");
    let file = std::fs::File::open(folder.path().join("out/snapshot_nodes.csv")).unwrap();
    let table = Table::read_csv(file).unwrap();
    let column = |name: &str| table.numbers(name).unwrap().into_iter().flatten().collect::<Vec<f64>>();
    let places = column("x")
        .into_iter()
        .zip(column("y"))
        .map(|(x, y)| sim_core::math::hypot(x, y));
    let seen: Vec<(f64, f64)> = column("time_s").into_iter().zip(places).collect();
    let before = seen.iter().filter(|(time, _)| *time == 3000.0);
    let mut before: Vec<f64> = before.map(|(_, distance)| *distance).collect();
    before.sort_by(f64::total_cmp);
    let after: Vec<f64> = seen
        .iter()
        .filter(|(time, _)| *time == 4200.0)
        .map(|(_, distance)| *distance)
        .collect();
    assert_eq!((before.len(), after.len()), (80, 54), "20 of 80 fail, then 6 of 60");
    assert!(
        after.iter().all(|distance| *distance >= before[20]),
        "nobody of the region is left"
    );
}
