//! What `check --json` tells of a scenario: an object in the list `scenarios`.
//!
//! | key | value |
//! |---|---|
//! | `name`, `title`, `file`, `seed`, `cites` | as the scenario has them, `cites` as lines to print |
//! | `axes` | the swept keys in order, each `{ key, values }` with the values as texts |
//! | `replications` | the most of a point; `fewest_replications` the fewest, fewer only where a precision is asked for |
//! | `runs` | the most runs there will be |
//! | `memory_bytes`, `runs_at_once` | an estimate for this machine's cores |
//! | `points` | `{ point, settings, duration_s, nodes, network, availability, churn_starts, lookups, protocol, values }`: the number from 1, the swept keys, the share of time that a host is up, a flash crowd not counted (none where there is no steady state), how churn starts (`steady`, `periodic`, `whole_sessions`, `wandering`, `as_measured`, `disturbed`), how many lookups are to be expected, and all keys that are written, with the values that they have here |
//! | `tables` | `{ name, columns }` of each that a run writes |
//! | `figures`, `expectations` | `{ name, table }`, and `{ name, table, metric, published, cite }` |
//! | `inputs` | the files that decide the result: `{ file, sha256 }` |

use serde_json::{Map, Value, json};

use super::churn::start;
use super::{expected_lookups, tables};
use crate::registry::Registry;
use crate::run::memory::Estimate;
use crate::scenario::{Point, Scenario};

pub(super) fn object(scenario: &Scenario, registry: &Registry, estimate: &Estimate) -> Value {
    let axes = scenario.axes.iter();
    let axes = axes.map(|axis| json!({ "key": axis.key, "values": axis.values, "zip": axis.zip }));
    let filtered = scenario.filtered.as_ref();
    let filtered = filtered.map(|filtered| {
        let unused = filtered.unused.iter();
        json!({
            "where": filtered.filter,
            "combinations": filtered.combinations,
            "unused": unused.map(|(key, value)| json!({ "key": key, "value": value })).collect::<Vec<_>>(),
        })
    });
    let tables = tables(scenario, registry).into_iter();
    let tables = tables.map(|(name, columns)| json!({ "name": name, "columns": columns }));
    let figures = scenario.figures.iter();
    let figures = figures.map(|figure| json!({ "name": figure.name, "table": figure.table }));
    let expectations = scenario.expectations.iter().map(|expectation| {
        json!({
            "name": expectation.title(),
            "table": expectation.table,
            "metric": expectation.metric,
            "published": expectation.published,
            "cite": expectation.cite,
        })
    });
    let inputs = scenario.inputs.iter();
    let inputs = inputs.map(|input| json!({ "file": input.path.display().to_string(), "sha256": input.sha256 }));
    json!({
        "name": scenario.name,
        "title": scenario.title,
        "file": scenario.path.display().to_string(),
        "seed": scenario.seed,
        "cites": scenario.cites.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "axes": axes.collect::<Vec<_>>(),
        "filter": filtered,
        "replications": scenario.replications,
        "fewest_replications": scenario.fewest_replications(),
        "runs": scenario.runs(),
        "memory_bytes": estimate.bytes,
        "runs_at_once": estimate.at_once,
        "points": scenario.points.iter().map(|of| point(&of)).collect::<Vec<_>>(),
        "tables": tables.collect::<Vec<_>>(),
        "figures": figures.collect::<Vec<_>>(),
        "expectations": expectations.collect::<Vec<_>>(),
        "inputs": inputs.collect::<Vec<_>>(),
    })
}

fn point(point: &Point) -> Value {
    let settings = point.settings.iter();
    let settings: Map<String, Value> = settings
        .map(|(key, value)| (key.clone(), value.as_str().into()))
        .collect();
    json!({
        "point": point.index + 1,
        "settings": settings,
        "duration_s": point.duration.as_secs_f64(),
        "nodes": point.nodes,
        "network": point.network.to_string(),
        "availability": point.mean_up().map(|up| up / f64::from(point.churn.places)),
        "churn_starts": start(point),
        "lookups": expected_lookups(point),
        "protocol": point.protocol.name(),
        "values": point.values(),
    })
}
