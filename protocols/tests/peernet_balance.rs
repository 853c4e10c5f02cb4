//! Balancing the address tree by migration: fewer nodes are refused an address where the tree is small.

mod peernet_support;

use peernet_support::{Network, Turn, at, network, pairs, unit_disk};
use protocols::peernet::{Config, Event, Rules};
use sim_core::addr::NodeAddr;
use sim_core::link_layer::Fixed;
use sim_core::random::StreamKey;

const NODES: u32 = 60;

/// A network in which one node after the other comes, beginning with those that already have a neighbour there, and the tree has 128
/// leaves for 60.
fn crowded(rules: Rules, balancing: bool, seed: u64) -> Network {
    let links = unit_disk(NODES, 10.0, &mut StreamKey::root(seed, 0).purpose("places").rng());
    let config = Config {
        rules,
        balancing,
        address_bits: 7,
        ..Config::default()
    };
    let mut network = network(NODES, Fixed::new(pairs(&links), Vec::new()), config, seed, ());
    let hops = peernet_support::hops_from(0, &links);
    let mut order: Vec<_> = hops.into_iter().map(|(node, hops)| (hops, node)).collect();
    order.sort_unstable();
    for (place, (_, node)) in order.into_iter().enumerate() {
        network.schedule(at(5.0 * place as f64), Turn::Start(node));
    }
    network.run_until(at(500.0)).expect("no observer");
    network
}

/// How often something was told.
fn count(network: &Network, what: impl Fn(&Event) -> bool) -> usize {
    network.world().told.iter().filter(|(.., event)| what(event)).count()
}

/// How many nodes have no address in the end.
fn without_address(network: &Network) -> usize {
    let nodes = (0..NODES).filter_map(|node| network.node(NodeAddr(node)));
    nodes.filter(|state| state.address().is_none()).count()
}

#[test]
fn migration_makes_room() {
    for rules in [Rules::Dart, Rules::PeerNet2003] {
        let (mut refusals, mut left_out, mut migrations) = ([0, 0], [0, 0], 0);
        for seed in 1..=12 {
            for balancing in [false, true] {
                let network = crowded(rules, balancing, seed);
                refusals[usize::from(balancing)] += count(&network, |event| *event == Event::Refused);
                left_out[usize::from(balancing)] += without_address(&network);
                migrations += count(&network, |event| matches!(event, Event::Address { migrated: true, .. }));
            }
        }
        println!("{rules:?}: {refusals:?} refusals, {left_out:?} left out, {migrations} migrations");
        assert!(migrations > 0, "{rules:?}");
        assert!(refusals[1] < refusals[0], "{rules:?}: {refusals:?} refusals");
        assert!(
            2 * left_out[1] < left_out[0],
            "{rules:?}: {left_out:?} left without an address"
        );
    }
}

#[test]
fn whoever_has_migrated_waits_longer_before_the_next_time() {
    for rules in [Rules::Dart, Rules::PeerNet2003] {
        let mut migrations = [0; 4];
        for seed in 1..=4 {
            let mut network = crowded(rules, true, seed);
            network.run_until(at(4500.0)).expect("no observer");
            for (time, _, event) in &network.world().told {
                if matches!(event, Event::Address { migrated: true, .. }) {
                    migrations[(time.since(at(0.0)).as_secs_f64() / 1125.0) as usize] += 1;
                }
            }
        }
        println!("{rules:?}: {migrations:?} migrations, by quarters of the time");
        assert!(4 * migrations[3] < migrations[0], "{rules:?}: {migrations:?}");
    }
}
