//! The scenario of PeerNet's groups.

use analysis::Cell;

use super::run;

/// A hundred nodes with groups of five.
#[test]
fn peernet_groups_with_a_hundred_nodes() {
    let settings = [
        "nodes.count=100",
        "workload.groups.members=5",
        "workload.groups.rate=0.3/s",
    ];
    let run = run("peernet-groups.toml", 1, &settings);
    let value = |kind: &str, lookup: &str, column: &str| {
        let rows = [
            ("workload.groups.kind", Cell::from(kind)),
            ("protocol.peernet.lookup", Cell::from(lookup)),
        ];
        let values = run.values("groups", &rows, column);
        assert_eq!(values.len(), 1, "{kind}, {lookup}: {}", run.text);
        values[0]
    };
    let basic = |column: &str| value("anycast", "basic", column);
    let replicas = |column: &str| value("anycast", "A: replicas", column);
    for (kind, lookup) in [("anycast", "basic"), ("anycast", "A: replicas"), ("multicast", "basic")] {
        assert!(value(kind, lookup, "sent") > 500.0);
        assert_eq!(value(kind, lookup, "delivered_fraction"), 1.0, "{kind}, {lookup}");
    }
    // Both find the member with the nearest address, which is nearer than any one.
    let (one, other) = (basic("distance_mean"), replicas("distance_mean"));
    assert!((one - other).abs() < 0.001, "{one} and {other}");
    assert!(1.1 < basic("distance_ratio") && basic("distance_mean") < 0.85 * basic("random_mean"));
    // What differs is how far the question goes.
    let (one, other) = (basic("latency_mean_ms"), replicas("latency_mean_ms"));
    assert!(other < one, "{one} and {other}");
    let stretch = value("multicast", "basic", "stretch_mean");
    assert!((1.0..1.6).contains(&stretch), "{stretch}");
}
