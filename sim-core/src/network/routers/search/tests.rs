//! Paths that policy allows against all that there are, one by one; and shortest ones against petgraph's.

use petgraph::algo::dijkstra;
use petgraph::graph::UnGraph;

use super::super::{Relationship, RouterGraph};
use crate::random::{StreamKey, unit};
use crate::time::SimDuration;

use Relationship::{Customer, Peer, Provider, Sibling};

type Related = UnGraph<(), (SimDuration, Relationship)>;

fn micros(n: u64) -> SimDuration {
    SimDuration::from_micros(n)
}

/// A connected graph: a random tree and more links, all with random delays and relationships. Delays are few, so that
/// many paths are equally long.
fn random_graph(routers: usize, seed: u64) -> Related {
    let mut rng = StreamKey::root(seed, 0).purpose("graph").rng();
    let mut below = |n: usize| (unit(&mut rng) * n as f64) as usize;
    let mut graph = UnGraph::default();
    let nodes: Vec<_> = (0..routers).map(|_| graph.add_node(())).collect();
    for router in 1..routers {
        for (one, other) in [(router, below(router)), (below(routers), below(routers))] {
            let relationship = [Provider, Customer, Peer, Peer, Sibling][below(5)];
            graph.add_edge(nodes[one], nodes[other], (micros(1 + below(6) as u64), relationship));
        }
    }
    graph
}

/// Whether the relationships along a path make a valley, by the words of Gao's definition: without siblings, it climbs, may
/// cross one link between peers, and descends.
fn valley_free(path: &[Relationship]) -> bool {
    let path = || path.iter().filter(|hop| **hop != Sibling);
    let climbed = path().take_while(|hop| **hop == Provider).count();
    let peers = path().skip(climbed).take_while(|hop| **hop == Peer).count();
    peers <= 1 && path().skip(climbed + peers).all(|hop| *hop == Customer)
}

/// All paths from a router that visit none twice: where they end, how long they are, and their relationships.
fn all_paths(graph: &Related, from: usize) -> Vec<(usize, SimDuration, Vec<Relationship>)> {
    let mut found = vec![(vec![from], SimDuration::ZERO, Vec::new())];
    let mut at = 0;
    while at < found.len() {
        let (visited, delay, hops) = found[at].clone();
        let last = *visited.last().unwrap();
        for link in graph.raw_edges() {
            for (one, other, hop) in [
                (link.source(), link.target(), link.weight.1),
                (link.target(), link.source(), link.weight.1.reversed()),
            ] {
                if one.index() == last && !visited.contains(&other.index()) {
                    let longer = [visited.clone(), vec![other.index()]].concat();
                    found.push((longer, delay + link.weight.0, [hops.clone(), vec![hop]].concat()));
                }
            }
        }
        at += 1;
    }
    let end = |(visited, delay, hops): (Vec<usize>, _, _)| (*visited.last().unwrap(), delay, hops);
    found.into_iter().map(end).collect()
}

#[test]
fn the_shortest_valley_free_path_is_found_and_no_other() {
    let (mut with, mut without, mut detours) = (0, 0, 0);
    for seed in 0..120 {
        let routers = 2 + seed as usize % 5;
        let graph = random_graph(routers, seed);
        let found = RouterGraph::valley_free(&graph).unwrap();
        let shortest = RouterGraph::new(&graph.map(|_, ()| (), |_, (delay, _)| *delay)).unwrap();
        for from in 0..routers {
            let paths = all_paths(&graph, from);
            let mut reached = 0;
            for to in 0..routers {
                let allowed = paths.iter().filter(|(end, _, hops)| *end == to && valley_free(hops));
                let expected = allowed.map(|(_, delay, _)| *delay).min();
                assert_eq!(found.delay(from, to), expected, "seed {seed}: {from} to {to}");
                let direct = expected.or(shortest.delay(from, to)).unwrap();
                assert_eq!(found.direct_delay(from, to), direct, "seed {seed}: {from} to {to}");
                reached += usize::from(expected.is_some());
                detours += usize::from(expected > shortest.delay(from, to));
            }
            let delays: Vec<_> = (0..routers).map(|to| found.delay(from, to)).collect();
            assert_eq!(found.delays_from(from), delays, "seed {seed}: from {from}");
            with += reached;
            without += routers - reached;
        }
    }
    assert!(
        with > 1000 && without > 50 && detours > 50,
        "{with}, {without}, {detours}"
    );
}

#[test]
fn a_valley_free_path_is_made_of_links_and_takes_the_delay() {
    for seed in 0..40 {
        let graph = random_graph(9, seed);
        let found = RouterGraph::valley_free(&graph).unwrap();
        for (from, to) in (0..9).flat_map(|from| (0..9).map(move |to| (from, to))) {
            let Some(path) = found.path(from, to) else {
                assert_eq!(found.delay(from, to), None, "seed {seed}: {from} to {to}");
                continue;
            };
            assert_eq!((path.first(), path.last()), (Some(&from), Some(&to)), "seed {seed}");
            // Of parallel links some choice must fit both the delay and the policy.
            let mut ways = vec![(SimDuration::ZERO, Vec::new())];
            for pair in path.windows(2) {
                let mut longer = Vec::new();
                for link in graph.raw_edges() {
                    let ends = [link.source().index(), link.target().index()];
                    let hop = match link.weight.1 {
                        hop if ends == pair => hop,
                        hop if [ends[1], ends[0]] == pair => hop.reversed(),
                        _ => continue,
                    };
                    for (delay, hops) in &ways {
                        longer.push((*delay + link.weight.0, [&hops[..], &[hop]].concat()));
                    }
                }
                ways = longer;
            }
            let fits =
                |(delay, hops): &(SimDuration, Vec<_>)| Some(*delay) == found.delay(from, to) && valley_free(hops);
            assert!(ways.iter().any(fits), "seed {seed}: {path:?}");
        }
    }
}

/// 0 and 1 are peers, 2 is a customer of both, 3 of 2, and 4 a sibling of 3:
///
/// ```text
///   0 --- 1
///    \   /
///      2
///      |
///      3 === 4
/// ```
#[test]
fn nobody_carries_traffic_between_two_that_do_not_pay() {
    let mut graph = Related::default();
    let nodes: Vec<_> = (0..5).map(|_| graph.add_node(())).collect();
    for (one, other, delay, relationship) in [
        (0, 1, 100, Peer),
        (0, 2, 1, Customer),
        (2, 1, 1, Provider),
        (2, 3, 1, Customer),
        (3, 4, 1, Sibling),
    ] {
        graph.add_edge(nodes[one], nodes[other], (micros(delay), relationship));
    }
    let found = RouterGraph::valley_free(&graph).unwrap();
    assert_eq!(found.delay(0, 1), Some(micros(100)), "not through the customer of both");
    assert_eq!(found.path(0, 1), Some(vec![0, 1]));
    assert_eq!(found.path(4, 1), Some(vec![4, 3, 2, 1]));
    assert_eq!(found.path(1, 4), Some(vec![1, 2, 3, 4]));
    let parted = found.without(&[0]);
    assert_eq!((parted.delay(0, 1), parted.path(0, 1)), (None, None));
    assert_eq!(parted.direct_delay(0, 1), micros(2), "on the links that there are");
    let reached = |router: usize| parted.delays_from(router).into_iter().flatten().count();
    assert_eq!((reached(0), reached(4)), (4, 5));
}

#[test]
fn shortest_delays_are_those_of_petgraph_whatever_is_gone() {
    let mut unreached = 0;
    for seed in 0..20 {
        let graph = random_graph(30, seed).map(|_, ()| (), |_, (delay, _)| *delay);
        let routers = RouterGraph::new(&graph).unwrap();
        let gone: Vec<usize> = (0..graph.edge_count())
            .filter(|link| (link * 7 + seed as usize).is_multiple_of(3))
            .collect();
        let left = graph.filter_map(
            |_, ()| Some(()),
            |link, delay| (!gone.contains(&link.index())).then_some(*delay),
        );
        for (graph, routers) in [(&graph, &routers), (&left, &routers.without(&gone))] {
            for from in graph.node_indices() {
                let expected = dijkstra(graph, from, None, |link| *link.weight());
                for to in graph.node_indices() {
                    let expected = expected.get(&to).copied();
                    unreached += usize::from(expected.is_none());
                    assert_eq!(routers.delay(from.index(), to.index()), expected, "seed {seed}");
                }
            }
        }
    }
    assert!(unreached > 0, "nothing was cut off");
}

/// Without a link that was short the way around takes longer than delays are kept.
#[test]
fn a_path_that_takes_too_long_is_none() {
    let mut graph: UnGraph<(), SimDuration> = UnGraph::default();
    let nodes: Vec<_> = (0..4).map(|_| graph.add_node(())).collect();
    for (one, other, delay) in [(0, 1, 2_000), (1, 2, 2_000), (2, 3, 2_000), (3, 0, 1)] {
        graph.add_edge(nodes[one], nodes[other], SimDuration::from_millis(delay));
    }
    let routers = RouterGraph::new(&graph).unwrap();
    assert_eq!(routers.delay(0, 3), Some(SimDuration::from_millis(1)));
    let around = routers.without(&[3]);
    assert_eq!(around.delay(0, 3), None);
    assert_eq!(around.delay(0, 2), Some(SimDuration::from_secs(4)));
    assert_eq!(around.direct_delay(0, 3), SimDuration::from_nanos(u64::from(u32::MAX)));
}
