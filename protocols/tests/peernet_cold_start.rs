//! The cold start of a large network: all begin at once with address 0, by DART's rules.

mod peernet_support;

use std::collections::{BTreeMap, BTreeSet};

use peernet_support::{Network, at, cold_start, last_change};
use protocols::peernet::{Config, Identifier, PeerNet, TreeAddress};
use sim_core::addr::NodeAddr;

const NODES: u32 = 1000;

fn all(network: &Network) -> impl Iterator<Item = (&PeerNet, TreeAddress)> {
    (0..NODES).map(|node| {
        let node = network.node(NodeAddr(node)).expect("it is up");
        (node, node.address().expect("it has one from the start"))
    })
}

/// How many entries of routing tables name a node that is not in the area that they tell of.
fn stale_entries(network: &Network) -> usize {
    let places: BTreeMap<Identifier, TreeAddress> = all(network)
        .map(|(node, address)| (node.identifier(), address))
        .collect();
    let stale = |(node, own): (&PeerNet, TreeAddress)| {
        let levels = node.table().levels().iter();
        levels
            .filter(|known| own.level(places[&known.network]) != Some(known.level))
            .count()
    };
    all(network).map(stale).sum()
}

#[test]
fn a_thousand_nodes_come_to_rest_and_forget_who_has_left() {
    let config = Config {
        address_bits: 64,
        horizon: 44,
        ..Config::default()
    };
    let (mut network, _) = cold_start(NODES, config, 2);
    network.run_until(at(40.0)).expect("no observer");
    assert!(stale_entries(&network) > 100, "nothing to forget");
    network.run_until(at(150.0)).expect("no observer");
    let last = last_change(&network);
    assert!(last < 130.0, "the last change after {last} s");
    assert_eq!(stale_entries(&network), 0);
    let addresses: BTreeSet<_> = all(&network).map(|(_, address)| address).collect();
    assert_eq!(addresses.len(), NODES as usize);
}
