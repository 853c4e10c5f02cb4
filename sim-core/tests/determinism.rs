//! The rules of determinism, each shown at work: what must not change a result, and what must.

mod common;

use std::num::NonZeroU32;

use common::{Config, TestNetwork, rumours, rumours_on};
use sim_core::network::{
    AccessLinks, Bandwidth, Capacity, Cut, Hosts, Linked, Network, Partitioned, PartlyConnected, QueueLimit,
    SharedHosts,
};
use sim_core::random::StreamKey;
use sim_core::time::{SimDuration, SimTime};

const END: SimTime = SimTime::from_nanos(10_000_000_000);

fn config() -> Config {
    Config {
        nodes: 23,
        ..Config::default()
    }
}

#[test]
fn the_same_run_twice_has_one_fingerprint_and_another_seed_another() {
    let run = |seed| {
        let mut simulation = rumours(config(), seed, 1);
        simulation.run_until(END).unwrap();
        (simulation.fingerprint(), simulation.events())
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

/// A network on which everything happens at once: partitions, pairs that cannot talk, links that are busy most of the
/// time and lose what would wait too long, and hosts with several nodes.
fn hindered(nodes_a_host: u32) -> Box<dyn Network> {
    let streams = StreamKey::root(77, 0);
    let hosts = Hosts::with_nodes(NonZeroU32::new(nodes_a_host).unwrap());
    let network = PartlyConnected::new(TestNetwork, 0.05, 0.1, streams).unwrap();
    let times = [(1, 3), (2, 5), (9, 20)].map(|(from, until)| {
        let at = |second: u64| SimTime::from_nanos(second * 1_000_000_000);
        Cut::new(at(from), at(until), Cut::into_groups(2, streams.index(from), 23))
    });
    let rate = |bits| Bandwidth::from_bits_per_second(bits);
    let slow = Capacity {
        up: rate(3_500),
        down: rate(4_000),
    };
    let links = [(0.8, slow), (0.2, Capacity::default())];
    let limit = QueueLimit::Wait(SimDuration::from_millis(150));
    let links = AccessLinks::drawn(&links, 23, streams, limit, 8).unwrap();
    Box::new(SharedHosts::new(
        Linked::new(Partitioned::new(network, times), links),
        hosts,
    ))
}

fn is_one_run(partitions: u32, seed: u64, network: impl Fn() -> Box<dyn Network>) {
    let mut whole = rumours_on(network(), config(), seed, 1);
    whole.run_until(END).unwrap();
    assert!(whole.events() > 2_000, "a test of the order needs events");
    let mut split = rumours_on(network(), config(), seed, partitions);
    split.run_until(END).unwrap();
    let differing = whole.chains().zip(split.chains()).position(|(a, b)| a != b);
    assert_eq!(
        differing, None,
        "seed {seed}: the first node whose events differ in {partitions} partitions"
    );
    assert_eq!(whole.fingerprint(), split.fingerprint(), "seed {seed}");
    assert_eq!(whole.traffic(), split.traffic(), "seed {seed}");
    assert_eq!(whole.events(), split.events(), "seed {seed}");
    assert_eq!(
        whole.world().heard,
        split.world().heard,
        "seed {seed}: what the world heard, in order"
    );
}

#[test]
fn a_run_split_into_1_2_and_7_partitions_is_one_run() {
    for (seed, partitions) in (0..5).flat_map(|seed| [2, 7, 23].map(|partitions| (seed, partitions))) {
        is_one_run(partitions, seed, || Box::new(TestNetwork));
    }
}

#[test]
fn queues_partitions_and_shared_hosts_do_not_depend_on_the_split() {
    for (seed, partitions) in (0..5).flat_map(|seed| [2, 7, 23].map(|partitions| (seed, partitions))) {
        is_one_run(partitions, seed, || hindered(1));
        is_one_run(partitions, seed, || hindered(3));
    }
    let mut run = rumours_on(hindered(1), config(), 0, 1);
    run.run_until(END).unwrap();
    let links = run.traffic().links.unwrap();
    for queue in [links.up, links.down] {
        let waiting = queue.waited as f64 / queue.messages as f64;
        assert!(
            queue.lost > 20 && waiting > 1e6,
            "a test of queues needs some: {queue:?}"
        );
    }
}

#[test]
fn pausing_a_run_changes_nothing() {
    let mut straight = rumours(config(), 4, 1);
    straight.run_until(END).unwrap();
    let mut halting = rumours(config(), 4, 1);
    let mut now = SimTime::ZERO;
    while now < END {
        now += SimDuration::from_micros(13_337);
        halting.run_until(now.min(END)).unwrap();
    }
    assert_eq!(straight.fingerprint(), halting.fingerprint());
    assert_eq!(straight.world().heard, halting.world().heard);
}

#[test]
fn a_draw_from_a_stream_that_nobody_uses_changes_nothing() {
    let mut plain = rumours(config(), 9, 1);
    let mut drawing = rumours(
        Config {
            draws_from_an_unused_stream: true,
            ..config()
        },
        9,
        1,
    );
    plain.run_until(END).unwrap();
    drawing.run_until(END).unwrap();
    assert_eq!(plain.fingerprint(), drawing.fingerprint());
}

#[test]
fn one_changed_byte_in_what_one_node_says_changes_the_fingerprint_and_is_located() {
    let changed = |byte| {
        let mut simulation = rumours(
            Config {
                change_at_node_three: byte,
                ..config()
            },
            9,
            1,
        );
        // Long enough for the first messages only, so that the difference has not spread.
        simulation.run_until(SimTime::from_nanos(60_000_000)).unwrap();
        simulation
    };
    let (plain, changed) = (changed(0), changed(1));
    assert_ne!(plain.fingerprint(), changed.fingerprint());
    let differing = plain.chains().zip(changed.chains()).filter(|(a, b)| a != b).count();
    assert!(
        (1..=8).contains(&differing),
        "{differing} nodes differ: those that node 3 has reached, and no more"
    );
}

#[test]
fn the_wire_is_charged_for_every_message_sent() {
    let mut simulation = rumours(config(), 2, 1);
    simulation.run_until(END).unwrap();
    let traffic = simulation.traffic();
    let kinds: Vec<_> = traffic.kinds().collect();
    assert_eq!(
        kinds.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
        ["tell", "confirm"]
    );
    assert_eq!(kinds[1].1.bytes, 20 * kinds[1].1.messages);
    let sent = traffic.total().messages as f64;
    let loss = traffic.lost as f64 / sent;
    assert!(
        (loss - 0.05).abs() < 4.0 * (0.05 * 0.95 / sent).sqrt(),
        "loss {loss} of {sent}"
    );
    assert!(
        traffic.unreachable > 0,
        "nodes were down while messages were on their way to them"
    );
}
