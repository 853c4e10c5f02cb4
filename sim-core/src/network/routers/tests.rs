//! Shortest paths against Floyd and Warshall's, and what holds for hosts.

mod changes;

use std::collections::BTreeMap;

use petgraph::graph::UnGraph;

use super::*;
use crate::random::unit;

fn micros(n: u64) -> SimDuration {
    SimDuration::from_micros(n)
}

/// A connected graph: a random tree and as many links again, some of them parallel or from a router to itself.
fn random_graph(routers: usize, seed: u64) -> UnGraph<(), SimDuration> {
    let mut rng = StreamKey::root(seed, 0).purpose("graph").rng();
    let mut below = |n: usize| (unit(&mut rng) * n as f64) as usize;
    let mut graph = UnGraph::default();
    let nodes: Vec<_> = (0..routers).map(|_| graph.add_node(())).collect();
    for router in 1..routers {
        let to = below(router);
        graph.add_edge(nodes[router], nodes[to], micros(1 + below(50) as u64));
        let (one, other) = (below(routers), below(routers));
        graph.add_edge(nodes[one], nodes[other], micros(below(50) as u64));
    }
    graph
}

/// All shortest paths by the textbook's three loops.
fn floyd_warshall(graph: &UnGraph<(), SimDuration>) -> BTreeMap<(usize, usize), SimDuration> {
    let n = graph.node_count();
    let mut delays = BTreeMap::new();
    for (from, to) in pairs(n) {
        let apart = if from == to {
            SimDuration::ZERO
        } else {
            SimDuration::from_secs(1000)
        };
        delays.insert((from, to), apart);
    }
    let mut shorten = |pair: (usize, usize), delay: SimDuration| {
        let known = delays.entry(pair).or_default();
        *known = (*known).min(delay);
        *known
    };
    for link in graph.edge_indices() {
        let (one, other) = graph.edge_endpoints(link).unwrap();
        let delay = graph[link].max(SimDuration::NANOSECOND);
        shorten((one.index(), other.index()), delay);
        shorten((other.index(), one.index()), delay);
    }
    for via in 0..n {
        for (from, to) in pairs(n) {
            let unknown = SimDuration::from_secs(1000);
            let around = shorten((from, via), unknown) + shorten((via, to), unknown);
            shorten((from, to), around);
        }
    }
    delays
}

fn pairs(n: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..n).flat_map(move |from| (0..n).map(move |to| (from, to)))
}

#[test]
fn delays_are_those_of_floyd_and_warshall() {
    for seed in 0..30 {
        let routers = 1 + seed as usize % 23;
        let graph = random_graph(routers, seed);
        let found = RouterGraph::new(&graph).unwrap();
        for ((from, to), expected) in floyd_warshall(&graph) {
            assert_eq!(found.delay(from, to), Some(expected), "seed {seed}: {from} to {to}");
        }
    }
}

#[test]
fn delays_from_a_router_are_those_of_each_pair() {
    for seed in 0..5 {
        let routers = RouterGraph::new(&random_graph(15, seed)).unwrap();
        for from in 0..15 {
            let pairs: Vec<_> = (0..15).map(|to| routers.delay(from, to)).collect();
            assert_eq!(routers.delays_from(from), pairs, "seed {seed}");
        }
    }
}

#[test]
fn a_path_is_made_of_links_and_takes_the_delay() {
    for seed in 0..20 {
        let graph = random_graph(15, seed);
        let routers = RouterGraph::new(&graph).unwrap();
        for (from, to) in pairs(15) {
            let path = routers.path(from, to).expect("a path");
            assert_eq!((path.first(), path.last()), (Some(&from), Some(&to)), "seed {seed}");
            let links = path.windows(2).map(|pair| {
                let between = graph.edges_connecting((pair[0] as u32).into(), (pair[1] as u32).into());
                let delays = between.map(|link| (*link.weight()).max(SimDuration::NANOSECOND));
                delays.min().expect("a link")
            });
            let sum = links.fold(SimDuration::ZERO, |sum, delay| sum + delay);
            assert_eq!(Some(sum), routers.delay(from, to), "seed {seed}: {path:?}");
        }
    }
}

/// Routes do not depend on who asked first.
#[test]
fn the_order_of_the_questions_changes_nothing() {
    let graph = random_graph(40, 7);
    let (forwards, backwards) = (RouterGraph::new(&graph).unwrap(), RouterGraph::new(&graph).unwrap());
    let pairs: Vec<_> = pairs(40).collect();
    let asked: Vec<_> = pairs.iter().map(|(from, to)| forwards.delay(*from, *to)).collect();
    let mut reversed: Vec<_> = pairs
        .iter()
        .rev()
        .map(|(from, to)| backwards.delay(*from, *to))
        .collect();
    reversed.reverse();
    assert_eq!(asked, reversed);
}

fn random_hosts(seed: u64) -> Routers {
    let access = AccessDelay::new(micros(3), micros(90)).unwrap();
    let graph = Arc::new(RouterGraph::new(&random_graph(12, seed)).unwrap());
    let everywhere = Placement::everywhere(Spread::Uniform, &graph);
    Routers::new(graph, 30, &everywhere, access, StreamKey::root(seed, 1)).unwrap()
}

#[test]
fn delays_are_a_metric_and_none_is_below_the_lookahead() {
    for seed in 0..20 {
        let network = random_hosts(seed);
        let addrs = || (0..30).map(NodeAddr);
        let mut shortest = SimDuration::from_secs(1);
        for from in addrs() {
            assert_eq!(network.direct_delay(from, from), SimDuration::ZERO);
            for to in addrs().filter(|to| *to != from) {
                let direct = network.direct_delay(from, to);
                shortest = shortest.min(direct);
                assert_eq!(direct, network.direct_delay(to, from), "seed {seed}");
                for via in addrs() {
                    let around = network.direct_delay(from, via) + network.direct_delay(via, to);
                    assert!(direct <= around, "seed {seed}: {from:?} {via:?} {to:?}");
                }
            }
        }
        assert!(network.min_delay() <= shortest, "seed {seed}");
        assert!(
            network.min_delay() >= micros(6),
            "seed {seed}: two access links at least"
        );
    }
}

/// Routers 0 - 1 at 10 us; hosts at 0 with 1, 2 and 5 us, at 1 with 3 us.
#[test]
fn a_message_takes_its_access_links_and_the_path() {
    let mut graph = UnGraph::default();
    let (zero, one) = (graph.add_node(()), graph.add_node(()));
    graph.add_edge(zero, one, micros(10));
    let graph = Arc::new(RouterGraph::new(&graph).unwrap());
    let hosts = [(0, micros(1)), (0, micros(2)), (0, micros(5)), (1, micros(3))];
    let network = Routers::attach(graph.clone(), &hosts).unwrap();
    let delay = |from, to| network.direct_delay(NodeAddr(from), NodeAddr(to));
    assert_eq!(
        [delay(0, 1), delay(1, 2), delay(0, 3), delay(3, 2)],
        [3, 7, 14, 18].map(micros)
    );
    assert_eq!(network.min_delay(), micros(3));
    let apart = Routers::attach(graph, &hosts[2..]).unwrap();
    assert_eq!(apart.min_delay(), micros(18));
    assert_eq!(apart.router_of(NodeAddr(1)), 1);
}

#[test]
fn hosts_are_spread_evenly_and_more_of_them_move_none() {
    let graph = Arc::new(RouterGraph::new(&random_graph(10, 1)).unwrap());
    let access = AccessDelay::new(micros(1), micros(2)).unwrap();
    let places = StreamKey::root(3, 0).purpose("places");
    let everywhere = Placement::everywhere(Spread::Uniform, &graph);
    let few = Routers::new(graph.clone(), 50, &everywhere, access, places).unwrap();
    let many = Routers::new(graph, 20_000, &everywhere, access, places).unwrap();
    assert_eq!(few.hosts[..], many.hosts[..50]);
    // Binomial counts and the mean of a uniform delay, within five standard deviations.
    let mut at = [0_u32; 10];
    many.hosts.iter().for_each(|host| at[host.router as usize] += 1);
    let tolerance = 5.0 * (20_000.0 * 0.1 * 0.9_f64).sqrt();
    assert!(
        at.iter().all(|count| (f64::from(*count) - 2000.0).abs() < tolerance),
        "{at:?}"
    );
    let mean = many.hosts.iter().map(|host| f64::from(host.access)).sum::<f64>() / 20_000.0;
    assert!(
        (mean - 1500.0).abs() < 5.0 * (1000.0 / 12_f64.sqrt()) / 20_000_f64.sqrt(),
        "{mean} ns"
    );
}

#[test]
fn the_memory_of_routes_is_that_of_all_pairs_at_most() {
    let graph = RouterGraph::new(&random_graph(20, 2)).unwrap();
    (0..20).for_each(|to| assert!(graph.delay(19, to) < Some(SimDuration::from_secs(1))));
    let kept = |graph: &RouterGraph| -> usize {
        graph
            .routes
            .iter()
            .filter_map(|row| row.get())
            .map(|row| 4 * row.len())
            .sum()
    };
    assert_eq!((kept(&graph), graph.memory(1)), (4 * 19, 4 * 19));
    for from in 0..20 {
        (0..20).for_each(|to| assert!(graph.delay(from, to) < Some(SimDuration::from_secs(1))));
    }
    assert_eq!((kept(&graph) as u64, graph.memory(20)), (4 * 190, 4 * 190));
    assert_eq!(graph.memory(1000), graph.memory(20));
}

#[test]
fn impossible_graphs_and_hosts_are_refused() {
    let mut graph: UnGraph<(), SimDuration> = UnGraph::default();
    let refused = |graph: &UnGraph<(), SimDuration>| RouterGraph::new(graph).unwrap_err();
    assert_eq!(refused(&graph), NetworkError::NoRouters);
    let (zero, one, two) = (graph.add_node(()), graph.add_node(()), graph.add_node(()));
    graph.add_edge(zero, one, micros(1));
    assert_eq!(refused(&graph), NetworkError::Unconnected { routers: 3, reached: 2 });
    let link = graph.add_edge(one, two, SimDuration::from_secs(2));
    let routers = Arc::new(RouterGraph::new(&graph).unwrap());
    graph[link] = SimDuration::from_secs(3);
    assert!(matches!(refused(&graph), NetworkError::DelayTooLong { .. }));
    graph[link] = SimDuration::from_secs(5);
    assert!(matches!(refused(&graph), NetworkError::DelayTooLong { .. }));

    let attach = |hosts: &[(usize, SimDuration)]| Routers::attach(routers.clone(), hosts).unwrap_err();
    assert_eq!(attach(&[]), NetworkError::NoHosts);
    assert_eq!(
        attach(&[(3, micros(1))]),
        NetworkError::NoSuchRouter { router: 3, routers: 3 }
    );
    assert!(matches!(
        attach(&[(0, SimDuration::from_secs(5))]),
        NetworkError::DelayTooLong { .. }
    ));
    let swapped = AccessDelay::new(micros(2), micros(1));
    assert!(matches!(swapped, Err(NetworkError::MinimumAboveMaximum { .. })));
}

/// A line of routers 0 - 1 - 2 - 3 - 4 with a short cut from 0 to 3 that is longer by delay.
#[test]
fn routers_between_hosts_are_those_of_the_shortest_path_both_ways() {
    let mut graph: UnGraph<(), SimDuration> = UnGraph::default();
    let nodes: Vec<_> = (0..5).map(|_| graph.add_node(())).collect();
    for pair in nodes.windows(2) {
        graph.add_edge(pair[0], pair[1], micros(10));
    }
    graph.add_edge(nodes[0], nodes[3], micros(31));
    let graph = Arc::new(RouterGraph::new(&graph).unwrap());
    let hosts = [0, 0, 1, 3, 4].map(|router| (router, micros(1)));
    let routers = Routers::attach(graph, &hosts).unwrap();
    let between = |one, other| routers.routers_between(NodeAddr(one), NodeAddr(other));
    for (one, other, count) in [(0, 0, 0), (0, 1, 1), (0, 2, 2), (1, 3, 4), (0, 4, 5), (2, 4, 4)] {
        assert_eq!(between(one, other), Some(count), "{one} to {other}");
        assert_eq!(between(other, one), Some(count), "{other} to {one}");
    }
}

/// Around a ring of four routers there are two ways of equal length, over different routers but as many.
#[test]
fn networks_around_one_of_routers_have_its_routers_and_others_have_none() {
    use crate::network::{Constant, Hosts, Lossy, SharedHosts};
    let mut graph: UnGraph<(), SimDuration> = UnGraph::default();
    let nodes: Vec<_> = (0..4).map(|_| graph.add_node(())).collect();
    for at in 0..4 {
        graph.add_edge(nodes[at], nodes[(at + 1) % 4], micros(10));
    }
    let graph = Arc::new(RouterGraph::new(&graph).unwrap());
    let routers = Routers::attach(graph, &[0, 1, 2, 3].map(|router| (router, micros(1)))).unwrap();
    let wrapped: Box<dyn Network> = Box::new(Lossy::new(routers, 0.5).unwrap());
    assert_eq!(wrapped.routers_between(NodeAddr(0), NodeAddr(2)), Some(3));
    let two = std::num::NonZeroU32::new(2).unwrap();
    let shared = SharedHosts::new(wrapped, Hosts::with_nodes(two));
    assert_eq!(shared.routers_between(NodeAddr(0), NodeAddr(1)), Some(0), "one host");
    assert_eq!(shared.routers_between(NodeAddr(1), NodeAddr(2)), Some(2));
    assert_eq!(Constant::new(micros(1)).routers_between(NodeAddr(0), NodeAddr(1)), None);
}
