use protocols::flooding::{Config, Flooding};
use sim_core::addr::NodeAddr;

use super::support::{Net, Turn, distances, grid, line, millis, random_graph};

/// Ni et al. 1999: `n` transmissions in a network of `n` hosts, wherever the packet goes, and all hear it. With equal delays the
/// first copy has come a shortest way.
#[test]
fn each_node_sends_each_packet_once_and_the_first_copy_comes_a_shortest_way() {
    let random = (1..8).map(|seed| (30, random_graph(30, seed)));
    for (nodes, links) in random.chain([(25, grid(5)), (12, line(12)), (1, Vec::new())]) {
        let mut simulation = Net::fixed(nodes, &links).run::<Flooding>(Config::default());
        let pairs = (0..nodes)
            .map(|node| (node, (node * 7 + 3) % nodes))
            .filter(|(a, b)| a != b);
        let pairs: Vec<_> = pairs.collect();
        for (number, (from, to)) in pairs.iter().enumerate() {
            simulation.schedule(millis(number as u64), Turn::Ask(*from, *to));
        }
        simulation.run_until(millis(1000)).expect("nobody watches");
        let asked = pairs.len();
        assert_eq!(simulation.traffic().total().messages, asked as u64 * u64::from(nodes));
        for node in (0..nodes).map(NodeAddr) {
            assert_eq!(simulation.node(node).expect("all are up").remembered(), asked, "{node}");
        }
        let delivered: Vec<_> = simulation.world().delivered().collect();
        assert_eq!(delivered.len(), asked);
        for packet in delivered {
            let shortest = distances(nodes, &links, packet.source.0)[packet.to.index()];
            assert_eq!(packet.hops, shortest, "{packet:?}");
        }
    }
}

#[test]
fn a_packet_costs_its_part_of_the_network_only_and_is_not_told_to_be_lost() {
    let links = [(0, 1), (1, 2), (3, 4)];
    let mut simulation = Net::fixed(5, &links).run::<Flooding>(Config::default());
    simulation.schedule(millis(1), Turn::Ask(0, 4));
    simulation.run_until(millis(1000)).expect("nobody watches");
    assert_eq!(simulation.traffic().total().messages, 3);
    assert!(simulation.world().ended.is_empty());
}
