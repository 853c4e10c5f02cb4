//! What combinations of Chord's parameters cost and buy.

use super::*;

const BASE: &str = "protocol.chord.finger_base";
const FINGERS: &str = "protocol.chord.finger_period";
const SUCCESSOR: &str = "protocol.chord.stabilize_period";

/// A ninth of the scenario's combinations, of a quarter of its nodes.
#[test]
fn chord_cost_performance_pays_for_latency_with_fingers_and_for_success_with_stabilisation() {
    let sweep = |key: &str, values: &str| format!("sweep.\"{key}\"={values}");
    let sweeps = [
        sweep(BASE, "[2, 32]"),
        sweep("protocol.chord.successors", "[8]"),
        sweep(SUCCESSOR, "[\"20s\", \"320s\"]"),
        sweep(FINGERS, "[\"1min\", \"9min\"]"),
    ];
    let short = ["nodes.count=128", "run.duration=2h", "workload.lookups.start=1h"];
    let settings: Vec<&str> = short.into_iter().chain(sweeps.iter().map(String::as_str)).collect();
    let run = run("chord-cost-performance.toml", 2, &settings);
    let mean = |base: u64, successor: &str, fingers: &str, column: &str| {
        let rows = [
            (BASE, base.into()),
            (SUCCESSOR, successor.into()),
            (FINGERS, fingers.into()),
        ];
        let values = run.values("cost", &rows, column);
        assert_eq!(values.len(), 2, "{base} {successor} {fingers}");
        values.iter().sum::<f64>() / 2.0
    };
    for period in ["1min", "9min"] {
        let [small, large] = [2, 32].map(|base| mean(base, "20s", period, "bytes_per_node_s"));
        assert!(large > 1.2 * small, "fingers every {period}: {large} and {small} bytes");
        let [small, large] = [2, 32].map(|base| mean(base, "20s", period, "latency_mean_ms"));
        assert!(large < 0.85 * small, "fingers every {period}: {large} and {small} ms");
    }
    let [often, seldom] = ["20s", "320s"].map(|period| mean(2, period, "9min", "correct_fraction"));
    assert!(often > 0.98 && seldom < 0.95, "{often} and {seldom} correct");
    // Nobody refreshes fingers more often than successors.
    assert_eq!(run.table("cost").len(), 2 * 2 * 3);

    let data = run.table("figures/by-base");
    assert_eq!(data.len(), 2 * 3);
    let points = |column: &str| data.numbers(column).expect(column);
    let (cost, latency, hull) = (points("x"), points("y"), points("hull"));
    let corners = hull.iter().flatten().count();
    assert!(corners >= 2, "the cheapest and the fastest at least: {hull:?}");
    let corner = |turn: usize| hull.iter().position(|own| *own == Some(turn as f64)).expect("a corner");
    for turn in 1..corners {
        let (left, right) = (corner(turn), corner(turn + 1));
        assert!(cost[left] < cost[right] && latency[left] > latency[right], "{hull:?}");
    }
}
