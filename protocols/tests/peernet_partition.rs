//! PeerNet when a network falls apart, when its parts meet again, and when many nodes fail at once.

mod peernet_support;

use peernet_support::{Network, Turn, at, cold_start, components, last_change, network, pairs, sound, unit_disk};
use protocols::peernet::{Config, PeerNet, Rules};
use sim_core::addr::NodeAddr;
use sim_core::link_layer::Contacts;
use sim_core::random::StreamKey;
use sim_core::time::SimTime;

const NODES: u32 = 60;

fn config(rules: Rules) -> Config {
    Config {
        rules,
        address_bits: 32,
        ..Config::default()
    }
}

fn check(network: &Network, links: &[(u32, u32)], what: &str) {
    let sound = sound(network, 0..NODES, links);
    sound.unwrap_or_else(|error| panic!("{what}, last change at {} s: {error}", last_change(network)));
}

/// The network id of the whole tree, as a node knows it.
fn whole(network: &Network, node: u32) -> protocols::peernet::Identifier {
    let state: &PeerNet = network.node(NodeAddr(node)).expect("it is up");
    state.network(32)
}

#[test]
fn parts_settle_each_for_itself_and_become_one_again() {
    for rules in [Rules::Dart, Rules::PeerNet2003] {
        for seed in 1..=4 {
            let links = unit_disk(NODES, 10.0, &mut StreamKey::root(seed, 0).purpose("places").rng());
            // Numbers say nothing of places, so halve the network by hops from one node.
            let near = peernet_support::hops_from(0, &links);
            let mut hops: Vec<_> = near.values().copied().collect();
            hops.sort_unstable();
            let middle = hops[hops.len() / 2];
            let crosses = |(a, b): &(u32, u32)| (near[a] < middle) != (near[b] < middle);
            let inner: Vec<_> = links.iter().copied().filter(|link| !crosses(link)).collect();
            let contact = |link: &(u32, u32)| {
                let between = (NodeAddr(link.0), NodeAddr(link.1));
                match crosses(link) {
                    true => vec![(between, at(0.0), at(150.0)), (between, at(300.0), SimTime::MAX)],
                    false => vec![(between, at(0.0), SimTime::MAX)],
                }
            };
            let contacts = Contacts::new(links.iter().flat_map(contact));
            let mut network = network(NODES, contacts, config(rules), seed, ());
            for node in 0..NODES {
                network.schedule(SimTime::ZERO, Turn::Start(node));
            }
            network.run_until(at(150.0)).expect("no observer");
            check(&network, &links, &format!("{rules:?}, seed {seed}, before"));
            network.run_until(at(300.0)).expect("no observer");
            check(&network, &inner, &format!("{rules:?}, seed {seed}, apart"));
            let parts = components(0..NODES, &inner);
            assert!(parts.len() > 1, "{rules:?}, seed {seed}");
            network.run_until(at(450.0)).expect("no observer");
            check(&network, &links, &format!("{rules:?}, seed {seed}, again"));
            let smallest = (0..NODES)
                .map(|node| protocols::peernet::Identifier::of_node(NodeAddr(node)))
                .min();
            assert!((0..NODES).all(|node| Some(whole(&network, node)) == smallest));
        }
    }
}

#[test]
fn who_is_left_after_a_mass_failure_settles() {
    for rules in [Rules::Dart, Rules::PeerNet2003] {
        for seed in 1..=4 {
            let (mut network, links) = cold_start(NODES, config(rules), seed);
            for node in (0..NODES).filter(|node| node % 3 == seed as u32 % 3) {
                network.schedule(at(150.0), Turn::Fail(node));
            }
            network.run_until(at(300.0)).expect("no observer");
            assert!(last_change(&network) > 150.0, "{rules:?}, seed {seed}: nobody noticed");
            check(&network, &links, &format!("{rules:?}, seed {seed}"));
        }
    }
}

#[test]
fn a_line_and_a_ring_are_trees_of_their_own_kind() {
    // Degenerate networks: each node has two neighbours at most, so every area is a stretch of the line.
    for rules in [Rules::Dart, Rules::PeerNet2003] {
        for ring in [false, true] {
            let mut links: Vec<_> = (1..20).map(|node| (node - 1, node)).collect();
            if ring {
                links.push((0, 19));
            }
            let source = sim_core::link_layer::Fixed::new(pairs(&links), Vec::new());
            let mut network = network(20, source, config(rules), 1, ());
            for node in 0..20 {
                network.schedule(SimTime::ZERO, Turn::Start(node));
            }
            network.run_until(at(200.0)).expect("no observer");
            let sound = sound(&network, 0..20, &links);
            sound.unwrap_or_else(|error| panic!("{rules:?}, ring {ring}: {error}"));
        }
    }
}

#[test]
fn a_line_comes_in_order_if_the_horizon_is_farther_than_its_ends_are_apart() {
    const LENGTH: u32 = 50;
    let links: Vec<_> = (1..LENGTH).map(|node| (node - 1, node)).collect();
    for rules in [Rules::Dart, Rules::PeerNet2003] {
        for (horizon, suffices) in [(20, false), (60, true)] {
            let config = Config {
                horizon,
                ..config(rules)
            };
            let source = sim_core::link_layer::Fixed::new(pairs(&links), Vec::new());
            let mut network = network(LENGTH, source, config, 1, ());
            for node in 0..LENGTH {
                network.schedule(SimTime::ZERO, Turn::Start(node));
            }
            network.run_until(at(400.0)).expect("no observer");
            let sound = sound(&network, 0..LENGTH, &links);
            assert_eq!(sound.is_ok(), suffices, "{rules:?}, horizon {horizon}: {sound:?}");
        }
    }
}
