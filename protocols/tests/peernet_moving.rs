//! PeerNet while nodes come, fail and move: no packet ever goes in a circle, and when everything has come to rest, so has the
//! address tree.

mod peernet_support;

use std::collections::BTreeMap;

use peernet_support::{Loops, Network, Turn, at, network, sound, wandering};
use protocols::packet::{Outcome, Send};
use protocols::peernet::{Command, Config, Detection, LookupKind, Rules};
use rand::Rng;
use sim_core::addr::NodeAddr;
use sim_core::random::{StreamKey, unit};

const NODES: u32 = 40;
/// Until when nodes come, go and move.
const UNREST: f64 = 120.0;
/// When the network has had time to settle.
const REST: f64 = 320.0;

/// A network of nodes that move, come and fail at random, with packets between random pairs.
fn moving(config: Config, speed: f64, seed: u64) -> (Network<Loops>, Vec<(u32, u32)>) {
    let streams = StreamKey::root(seed, 0);
    let (contacts, links) = wandering(NODES, 0.3, speed, UNREST, &mut streams.purpose("places").rng());
    let mut network = network(NODES, contacts, config, seed, Loops::default());
    let mut rng = streams.purpose("schedule").rng();
    for node in 0..NODES {
        network.schedule(at(20.0 * unit(&mut rng)), Turn::Start(node));
        if unit(&mut rng) < 0.3 {
            let down = 30.0 + 60.0 * unit(&mut rng);
            let turn = if unit(&mut rng) < 0.5 {
                Turn::Fail(node)
            } else {
                Turn::Leave(node)
            };
            network.schedule(at(down), turn);
            if unit(&mut rng) < 0.7 {
                network.schedule(at(down + 20.0 * unit(&mut rng)), Turn::Start(node));
            }
        }
    }
    for operation in 0..1500 {
        let (from, to) = (rng.next_u32() % NODES, NodeAddr(rng.next_u32() % NODES));
        let time = at(30.0 + (UNREST - 30.0) * unit(&mut rng));
        network.schedule(time, Turn::Ask(from, operation, Command::Send(Send { to, bytes: 100 })));
    }
    (network, links)
}

/// The same, afterwards at rest: it is sound.
fn unrest(config: Config, speed: f64, seed: u64) -> Network<Loops> {
    let (mut network, links) = moving(config, speed, seed);
    let run = network.run_until(at(REST));
    run.unwrap_or_else(|broken| panic!("{config:?}, speed {speed}, seed {seed}: {broken}"));
    let sound = sound(&network, 0..NODES, &links);
    sound.unwrap_or_else(|error| panic!("{config:?}, speed {speed}, seed {seed}: {error}"));
    network
}

/// Which part of the packets that anybody sent arrived.
fn delivered(network: &Network<Loops>) -> f64 {
    let mut counts: BTreeMap<bool, f64> = BTreeMap::new();
    for outcome in network.world().told.iter().filter_map(|(.., event)| event.outcome()) {
        *counts.entry(matches!(outcome, Outcome::Delivered(_))).or_default() += 1.0;
    }
    counts[&true] / counts.values().sum::<f64>()
}

#[test]
fn packets_go_in_no_circle_and_the_tree_comes_to_rest() {
    let lookups = [
        LookupKind::Basic,
        LookupKind::Replicated,
        LookupKind::HighOrder { step: 8 },
    ];
    for seed in 1..=3 {
        for (number, lookup) in lookups.into_iter().enumerate() {
            for rules in [Rules::Dart, Rules::PeerNet2003] {
                let config = Config {
                    rules,
                    lookup,
                    multipath: (seed as usize + number).is_multiple_of(2),
                    detection: if seed == 2 {
                        Detection::Hello
                    } else {
                        Detection::Carrier
                    },
                    balancing: number == 2,
                    address_bits: 32,
                    ..Config::default()
                };
                let network = unrest(config, 0.02, seed);
                let delivered = delivered(&network);
                println!(
                    "{rules:?}, {lookup:?}, {:?}, seed {seed}: {delivered:.3}",
                    config.detection
                );
                // A link lasts some 15 s here; hellos notice too late that one is gone.
                let least = if config.detection == Detection::Carrier {
                    0.3
                } else {
                    0.03
                };
                assert!(delivered > least, "{rules:?}, {lookup:?}, seed {seed}: {delivered}");
            }
        }
    }
}

#[test]
fn while_nodes_move_no_packet_comes_to_a_node_twice_unless_an_address_changes_in_between() {
    let detections = [Detection::Hello, Detection::Use, Detection::Carrier];
    for seed in 11_u32..=30 {
        for rules in [Rules::Dart, Rules::PeerNet2003] {
            let config = Config {
                rules,
                detection: detections[seed as usize % 3],
                multipath: seed.is_multiple_of(2),
                address_bits: 32,
                ..Config::default()
            };
            let speed = 0.002 * f64::from(seed % 7 + 1);
            let (mut network, _) = moving(config, speed, seed.into());
            let run = network.run_until(at(UNREST));
            run.unwrap_or_else(|broken| panic!("{config:?}, speed {speed}, seed {seed}: {broken}"));
            assert!(delivered(&network) > 0.05, "{config:?}, speed {speed}, seed {seed}");
        }
    }
}

#[test]
fn slow_nodes_get_most_packets() {
    let config = Config {
        detection: Detection::Carrier,
        address_bits: 32,
        ..Config::default()
    };
    let (slow, fast) = (unrest(config, 0.001, 1), unrest(config, 0.03, 1));
    let (slow, fast) = (delivered(&slow), delivered(&fast));
    println!("slow {slow:.3}, fast {fast:.3}");
    assert!(slow > 0.6 && slow > fast, "{slow} and {fast}");
}
