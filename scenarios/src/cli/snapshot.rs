//! `peerscope snapshot`: the overlay at given times, as tables, as GraphML and as a figure.
//!
//! A snapshot is a run of one point with `observe.snapshots` and the figures that show them. Its results are results like any
//! other: they can be drawn again, verified and reported.

use std::io;
use std::path::PathBuf;

use sim_core::random::StreamKey;

use super::arguments::{Run, Scenarios, Snapshot};
use super::run;
use super::terminal::Terminal;
use crate::exit::Exit;
use crate::registry::Registry;
use crate::scenario::{NetworkModel, Point, Scenario};
use crate::units::{Duration, written};

pub(super) fn snapshot(arguments: &Snapshot, registry: &Registry, terminal: &mut Terminal<'_>) -> io::Result<Exit> {
    let scenario = match Scenario::load(&arguments.file, &arguments.changes.overrides(), registry) {
        Ok(scenario) => scenario,
        Err(error) => return Ok(terminal.refuse(&error)),
    };
    let point = match scenario.point(arguments.point) {
        Ok(point) => point,
        Err(reason) => {
            terminal.complain(&format!("{}: {reason}", scenario.name));
            return Ok(Exit::Usage);
        }
    };
    let mut times: Vec<Duration> = arguments.at.clone();
    times.sort_by_key(|time| time.get());
    times.dedup_by_key(|time| time.get());
    let output = arguments.output.clone();
    run::run(
        &Run {
            scenarios: Scenarios {
                files: vec![arguments.file.clone()],
                changes: arguments.changes.with(settings(&scenario, &point, &times)),
                replications: Some(1),
            },
            threads: Some(1),
            output: Some(
                output.unwrap_or_else(|| PathBuf::from("results").join(format!("{}-snapshot", scenario.name))),
            ),
            force: arguments.force,
            ignore_memory: arguments.ignore_memory,
            json: false,
            format: arguments.format.clone(),
            quiet: arguments.quiet,
        },
        registry,
        terminal,
    )
}

/// What makes of a scenario one that takes snapshots of one point, and nothing else.
fn settings(scenario: &Scenario, point: &Point, times: &[Duration]) -> Vec<String> {
    let pinned = point.settings.iter().map(|(key, value)| format!("{key}={value}"));
    let names: Vec<String> = times.iter().map(|time| written(time.get())).collect();
    let quoted: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    let pictures = pictures(scenario, point);
    let figures = times.iter().zip(&names).flat_map(|(time, name)| {
        let seconds = time.get().as_secs_f64();
        pictures.iter().map(move |(kind, more)| {
            format!(
                "{{ name = \"{kind}-{name}\", table = \"snapshot_links\", where = {{ time_s = {seconds} }}, {kind} = {{ nodes = \
                 \"snapshot_nodes\", kind = \"kind\", state = \"state\"{more} }} }}"
            )
        })
    });
    let figures: Vec<String> = figures.collect();
    pinned
        .chain([
            format!("observe.snapshots=[{}]", quoted.join(", ")),
            format!("figure=[{}]", figures.join(", ")),
            "expect=[]".to_owned(),
        ])
        .collect()
}

/// The kinds of picture that there can be, each with what its figure says besides: a ring of identifiers in an overlay, and a map where nodes
/// have places.
fn pictures(scenario: &Scenario, point: &Point) -> Vec<(&'static str, &'static str)> {
    let places = point
        .network
        .places(point.nodes as usize, StreamKey::root(scenario.seed, 0));
    let map = matches!(places, Ok(Some(_))).then_some(match point.network.model {
        NetworkModel::Topology(ref routed) if routed.geographic() => ("network", ", geographic = true"),
        _ => ("network", ""),
    });
    let ring = (!point.network_layer).then_some(("ring", ""));
    ring.into_iter().chain(map).collect()
}
