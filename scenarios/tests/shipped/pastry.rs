//! Scenarios on Pastry.

use super::{gnutella, run};

/// A fifth of the hosts for two hours.
#[test]
fn pastry_gnutella_with_a_hundred_hosts_for_two_hours() {
    let Some(trace) = gnutella() else { return };
    let profile = "protocol.pastry.profile=mspastry";
    let settings = [trace.as_str(), "nodes.count=100", "run.duration=2h", profile];
    let run = run("pastry-gnutella.toml", 2, &settings);
    let up = run.mean("churn", "up_mean") / 100.0;
    assert!((up - 0.61).abs() < 0.15, "{up} of the hosts are up");
    let (correct, control) = (
        run.mean("lookups", "correct_fraction"),
        run.mean("cost", "control_messages_per_node_s"),
    );
    assert!(correct > 0.995 && control < 0.5, "{correct}, {control}: {}", run.text);
    assert!(control < run.mean("cost", "messages_per_node_s"));
}

/// The short sessions alone: what MSPastry adds shows there.
#[test]
fn pastry_churn_delivers_nothing_at_a_wrong_node_by_mspastry() {
    let of = |profile: &str| {
        let profile = format!("protocol.pastry.profile=\"{profile}\"");
        let settings = [
            "churn=15min",
            "run.duration=80min",
            "workload.lookups.rate=60/h",
            &profile,
        ];
        run("pastry-churn.toml", 1, &settings)
    };
    let (with, without) = (of("mspastry"), of("pastry-2001"));
    let (completed, correct) = (
        with.mean("lookups", "completed_fraction"),
        with.mean("lookups", "correct_fraction"),
    );
    assert_eq!(completed, correct, "{}", with.text);
    assert!(correct > 0.998, "{}", with.text);
    let plain = without.mean("lookups", "correct_fraction");
    assert!(plain < correct - 0.001 && plain > 0.9, "{plain} and {correct}");
    assert!(with.mean("cost", "messages_per_node_s") < without.mean("cost", "messages_per_node_s"));
}
