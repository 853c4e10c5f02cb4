//! What `run --json` tells of a scenario that ran to its end: an object in the list `scenarios`.
//!
//! | key | value |
//! |---|---|
//! | `name`, `exit`, `results` | the scenario, how it ended, the folder of its results |
//! | `runs`, `events` | how many runs ended well, and their events; `manifest.toml` in the results has the fingerprint of each |
//! | `expectations` | `{ name, table, metric, inside, mean, low, high, n, at, at_least, at_most, published, cite, reason }`: the mean over replications with its 95 % interval, where it was measured if the band must hold at several places, the ends of the band (null where it is open), and why there is no mean |
//! | `broken` | `{ point, settings, replication, reason, command }` of each run that broke: the point from 1, the replication from 0, the command that shows it again |
//! | `undrawn` | why figures could not be drawn |

use std::path::Path;

use analysis::{Outcome, Summary, Verdict};
use serde_json::{Value, json};

use super::Told;
use crate::exit::Exit;
use crate::run::Output;
use crate::scenario::Scenario;

/// How a scenario ended.
pub(super) struct End<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) exit: Exit,
    pub(super) results: &'a Path,
    pub(super) output: &'a Output,
    pub(super) verdicts: &'a [Verdict],
    pub(super) broken: &'a [Told<'a>],
    pub(super) undrawn: &'a [String],
}

impl End<'_> {
    pub(super) fn object(&self) -> Value {
        let records = &self.output.records;
        json!({
            "name": self.scenario.name,
            "exit": self.exit.code(),
            "results": self.results.display().to_string(),
            "runs": records.len(),
            "events": records.iter().map(|record| record.events).sum::<u64>(),
            "expectations": self.verdicts.iter().map(verdict).collect::<Vec<_>>(),
            "broken": self.broken.iter().map(broken).collect::<Vec<_>>(),
            "undrawn": self.undrawn,
        })
    }
}

fn verdict(verdict: &Verdict) -> Value {
    let expectation = &verdict.expectation;
    let measured = verdict.measured.as_ref();
    let interval = measured.and_then(Summary::interval);
    let finite = |end: f64| end.is_finite().then_some(end);
    let reason = match &verdict.outcome {
        Outcome::NoValue(reason) => Some(reason),
        Outcome::Inside | Outcome::Outside => None,
    };
    json!({
        "name": expectation.title(),
        "table": expectation.table,
        "metric": expectation.metric,
        "inside": verdict.inside(),
        "mean": measured.map(|summary| summary.mean),
        "low": interval.map(|(low, _)| low),
        "high": interval.map(|(_, high)| high),
        "n": measured.map(|summary| summary.n),
        "at": verdict.place(),
        "at_least": finite(verdict.allowed.0),
        "at_most": finite(verdict.allowed.1),
        "published": expectation.published,
        "cite": expectation.cite,
        "reason": reason,
    })
}

fn broken(told: &Told<'_>) -> Value {
    json!({
        "point": told.broken.point + 1,
        "settings": told.settings,
        "replication": told.broken.replication,
        "reason": told.broken.reason,
        "command": told.command,
    })
}
