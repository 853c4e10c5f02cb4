//! The memory that a run is estimated to take, held against what it takes.

use std::fs;

use scenarios::registry::Registry;
use scenarios::run::memory::Estimate;
use scenarios::scenario::{Overrides, Scenario};

use crate::support::Home;

/// The estimate and the peak, in bytes, of a run of `small.toml` with these settings, on so many threads.
fn estimate_and_peak(settings: &[&str], threads: usize) -> (f64, f64) {
    let home = Home::new();
    let overrides = Overrides {
        settings: settings.iter().map(|setting| (*setting).to_owned()).collect(),
        ..Overrides::default()
    };
    let registry = Registry::standard();
    let scenario = Scenario::load(&home.path().join("small.toml"), &overrides, &registry).unwrap();
    let estimate = Estimate::of(&scenario, &registry, threads);
    let threads = threads.to_string();
    let mut arguments = vec![
        "run",
        "small.toml",
        "-q",
        "-o",
        "out",
        "--format",
        "svg",
        "--threads",
        &threads,
    ];
    arguments.extend(settings.iter().flat_map(|setting| ["--set", setting]));
    home.done(&arguments);
    let timing = fs::read(home.path().join("out/timing.json")).unwrap();
    let timing: serde_json::Value = serde_json::from_slice(&timing).unwrap();
    (estimate.bytes as f64, timing["peak_memory_bytes"].as_f64().unwrap())
}

#[test]
fn the_estimate_is_near_what_is_taken() {
    let large = [
        "replications=1",
        "nodes.count=200000",
        "run.duration=40s",
        "workload.lookups={ start = \"10s\", rate = \"1/min\" }",
    ];
    let (estimate, peak) = estimate_and_peak(&large, 1);
    let ratio = estimate / peak;
    assert!(
        peak > 100e6 && (0.9..2.0).contains(&ratio),
        "estimated {estimate}, taken {peak}: {ratio}"
    );
}
