//! Churn as a user writes it: what `check` says of it, and what is refused.

use std::fs;

use scenarios::exit::Exit;

use crate::support::{Ended, peerscope};

const SCENARIO: &str = r#"
seed = 1
run.duration = "3h"
nodes.count = 100
bring_up.joins.over = "20min"
network.constant.delay = "50ms"
protocol.chord = {}
workload.lookups = { start = "30min", rate = "1/min" }
"#;

fn check(lines: &str) -> Ended {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("own.toml");
    fs::write(&file, format!("{SCENARIO}{lines}\n")).unwrap();
    peerscope(&["check", file.to_str().unwrap()])
}

#[test]
fn every_model_is_explained_and_how_it_begins() {
    for (churn, words) in [
        (
            "churn.sessions = { up.exponential.mean = '1h', down.exponential.mean = '3h', graceful = 0 }",
            ["each node up 25.0 % of the time", "in the steady state"],
        ),
        (
            "churn.sessions = { up.log_normal = { median = '1h', sigma = 1 }, down.exponential.mean = '1h', graceful = 0 }",
            ["each node up 62.2 % of the time", "in the steady state"],
        ),
        (
            "churn.sessions = { up.pareto = { shape = 1, minimum = '30min' }, down.exponential.mean = '3h', graceful = 0 }",
            [
                "alternate between up and down",
                "no steady state, for a mean is infinite",
            ],
        ),
        (
            "churn.replacement = { half_life = '1h', graceful = 0.5 }",
            [
                "of 100 nodes replaced a second, half of them in 3600 s",
                "in the steady state",
            ],
        ),
        (
            "churn.rates = { joins = '2/s', departures = '1/s', population = 50, graceful = 1 }",
            ["2.0000 joins and 1.0000 departures a second", "where chance takes it"],
        ),
        (
            "churn.alternating = { rate = '2/s', timing = 'even', population = 50, graceful = 1 }",
            [
                "2.0000 joins and departures a second in turn, 50 nodes and one more",
                "in the steady state",
            ],
        ),
        (
            "churn.arrivals = { rate = '1/min', sessions.exponential.mean = '30min', diurnal.amplitude = 0.5, graceful = 0 }",
            ["30.0 up on average", "that time of the day"],
        ),
        (
            "flash_crowd = { nodes = 20, at = '1h', over = '1min' }",
            ["20 newcomers within 1min, for good", "there is no steady state"],
        ),
    ] {
        let Ended { exit, out, err } = check(churn);
        assert_eq!(exit, Exit::Done, "{churn}: {err}");
        assert!(words.iter().all(|words| out.contains(words)), "{churn}: {out}");
    }
}

#[test]
fn what_cannot_be_is_refused_where_it_is_written() {
    for (churn, words) in [
        (
            "churn.sessions = { up.pareto = { shape = 0.01, minimum = '1h' }, down.exponential.mean = '1h', graceful = 0 }",
            "churn.sessions.up.pareto.shape: the Pareto shape must lie between",
        ),
        (
            "churn.sessions = { up.log_normal = { median = '1h', sigma = 40 }, down.exponential.mean = '1h', graceful = 0 }",
            "churn.sessions.up.log_normal.median: the mean would be",
        ),
        (
            "churn.sessions = { up.exponential.mean = '1h', down.exponential.mean = '0s', graceful = 0 }",
            "churn.sessions.down.exponential.mean: the mean must be a positive",
        ),
        (
            "churn.replacement = { half_life = '1h', rate = '1/s', graceful = 0 }",
            "churn.replacement: expected either `rate` or `half_life`",
        ),
        (
            "churn.replacement.graceful = 0",
            "expected either `rate` or `half_life`",
        ),
        (
            "churn.replacement = { half_life = '1h', population = 101, graceful = 0 }",
            "churn.replacement.population: expected a population between 1 and 100, found 101",
        ),
        (
            "churn.alternating = { rate = '1/s', population = 100, graceful = 0 }",
            "churn.alternating.population: all 100 nodes are up, and there is no place for a newcomer",
        ),
        (
            "churn.alternating = { rate = '1/s', population = 0, graceful = 0 }",
            "churn.alternating.population: expected a population between 1 and 100, found 0",
        ),
        (
            "churn.arrivals = { rate = '1/s', sessions.pareto = { shape = 1, minimum = '1h' }, graceful = 0 }",
            "churn.arrivals.sessions: sessions with an infinite mean",
        ),
        (
            "churn.arrivals = { rate = '1/s', sessions.exponential.mean = '1h', diurnal = { amplitude = 0.5, period = '0s' }, \
             graceful = 0 }",
            "churn.arrivals.diurnal.period: the period must be positive",
        ),
        (
            "churn.trace = { file = 'none.txt', format = 'interval', graceful = 0 }",
            "did you mean `intervals`?",
        ),
        (
            "flash_crowd = { nodes = 100, at = '1h', over = '1min' }",
            "flash_crowd.nodes: expected a crowd of 1 to 99 of the 100 nodes, found 100",
        ),
        (
            "flash_crowd = { nodes = 10, at = '10min', over = '1min' }",
            "flash_crowd.at: the crowd comes at 10min, while the others still do",
        ),
        (
            "mass_failure = [{ at = '1h', fraction = 0.5 }, { at = '4h', fraction = 0.5 }]",
            "mass_failure.1.at: the failure is at 4h",
        ),
        (
            "mass_failure = { at = '1h', fraction = 0.5, nearest_to = [1.0, 2.0] }",
            "mass_failure.nearest_to: the hosts of this network have no places",
        ),
        (
            "mass_failure = 3",
            "expected a failure such as { at = \"1h\", fraction = 0.5 }, or a list of them",
        ),
    ] {
        let Ended { exit, err, .. } = check(churn);
        assert_eq!(exit, Exit::BadInput, "{churn}: {err}");
        assert!(err.contains(words) && err.contains("own.toml:"), "{churn}: {err}");
    }
}

#[test]
fn a_trace_has_as_many_hosts_as_there_are_nodes() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("small.txt");
    fs::write(&file, "a 1 0 5\nb 1 3 9\n").unwrap();
    let churn = format!(
        "churn.trace = {{ file = {:?}, format = 'intervals', graceful = 0 }}",
        file.to_str().unwrap()
    );
    let Ended { exit, err, .. } = check(&churn);
    assert_eq!(exit, Exit::BadInput, "{err}");
    assert!(
        err.contains("nodes.count: 100 nodes need as many hosts, but only 2"),
        "{err}"
    );
}

#[test]
fn a_missing_trace_says_how_to_get_one() {
    let Ended { exit, err, .. } = check("churn.trace = { file = 'none.txt', format = 'intervals', graceful = 0 }");
    assert_eq!(exit, Exit::MissingInput, "{err}");
    assert!(
        err.contains("PeerSim") && err.contains("--set churn.trace.file=PATH"),
        "{err}"
    );
}
