//! Runs of whole scenarios in one simulation, however it is split.

use std::path::Path;

use protocols::dht::Request;
use sim_core::random::StreamKey;

use super::*;
use crate::overlays::{ChordOverlay, DhtOverlay, PastryOverlay};
use crate::registry::Registry;
use crate::scenario::Overrides;

struct Onward;

impl Pace for Onward {
    fn advanced(&self, _: u64, _: u64) {}

    fn run_ended(&self) {}

    fn interrupted(&self) -> bool {
        false
    }
}

/// The first replication of a point, split into so many parts that take turns.
fn split<O: Overlay>(point: &Point, partitions: u32) -> RunRecord {
    let job = Job {
        point,
        replication: 0,
        streams: StreamKey::root(14, 0),
    };
    let (mut setup, world) = OverlayEntry::<O>::prepare(&job).expect("a sound point");
    setup.partitions = partitions;
    drive::<O, _>(Simulation::new(setup, world), &job, &Onward, |()| None).expect("nobody stops it")
}

/// A point of a golden scenario comes to the same whole and in two, seven and more parts than nodes.
fn comes_to_the_same<O: Overlay>(scenario: &str, number: usize) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/{scenario}.toml"));
    let scenario = Scenario::load(&file, &Overrides::default(), &Registry::standard()).expect("a golden scenario");
    let point = scenario.points.get(number).expect("a point");
    let whole = split::<O>(&point, 1);
    assert!(whole.events > 10_000, "{} events", whole.events);
    for partitions in [2, 7, 50] {
        let parts = split::<O>(&point, partitions);
        assert_eq!(parts.events, whole.events, "in {partitions}");
        assert_eq!(parts.fingerprint, whole.fingerprint, "in {partitions}");
        let [parts, whole] = [&parts, &whole].map(|run| format!("{:?}", run.measured));
        assert!(parts == whole, "something else is measured in {partitions}");
    }
}

#[test]
fn pastry_does_not_depend_on_how_a_run_is_split() {
    for point in 0..3 {
        comes_to_the_same::<PastryOverlay>("pastry", point);
    }
}

#[test]
fn the_hash_table_over_chord_does_not_depend_on_how_a_run_is_split() {
    comes_to_the_same::<DhtOverlay<ChordOverlay<Request<false>>>>("storage", 0);
    comes_to_the_same::<DhtOverlay<ChordOverlay<Request<true>>, true>>("storage", 1);
}

#[test]
fn the_hash_table_over_pastry_does_not_depend_on_how_a_run_is_split() {
    comes_to_the_same::<DhtOverlay<PastryOverlay<Request<false>>>>("storage", 2);
    comes_to_the_same::<DhtOverlay<PastryOverlay<Request<true>>, true>>("storage", 3);
}
