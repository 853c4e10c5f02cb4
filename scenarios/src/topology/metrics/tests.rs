//! Graphs of which everything is known.

use petgraph::graph::UnGraph;

use super::*;

/// A graph of links with delays in milliseconds.
fn graph(routers: usize, links: &[(usize, usize, u64)]) -> RouterGraph {
    let mut graph = UnGraph::<(), SimDuration>::default();
    let nodes: Vec<_> = (0..routers).map(|_| graph.add_node(())).collect();
    for &(one, other, delay) in links {
        graph.add_edge(nodes[one], nodes[other], SimDuration::from_millis(delay));
    }
    RouterGraph::new(&graph).unwrap()
}

/// A triangle 0 - 1 - 2 with a tail 2 - 3; the link 0 - 2 is slower than the way around.
#[test]
fn a_triangle_with_a_tail_has_the_known_numbers() {
    let metrics = Metrics::of(&graph(4, &[(0, 1, 1), (1, 2, 2), (0, 2, 9), (2, 3, 4)]));
    assert_eq!(metrics.degrees, [2, 2, 3, 1]);
    assert_eq!(metrics.routers_by_degree(), [(1, 1), (2, 2), (3, 1)]);
    // Local coefficients 1, 1, 1/3 and 0; three of the five paths of two links are closed.
    assert!(
        (metrics.clustering - 7.0 / 12.0).abs() < 1e-12,
        "{}",
        metrics.clustering
    );
    assert!(
        (metrics.transitivity - 3.0 / 5.0).abs() < 1e-12,
        "{}",
        metrics.transitivity
    );
    let PathMetrics {
        sources,
        hops,
        delays,
        without,
    } = metrics.paths;
    assert_eq!((sources, without), (4, 0));
    assert_eq!(hops.sorted, [1, 1, 1, 1, 2, 2]);
    assert_eq!(delays.sorted, [1, 2, 3, 4, 6, 7].map(|millis| millis * 1_000_000));
    assert_eq!((delays.minimum(), delays.maximum()), (Some(1_000_000), Some(7_000_000)));
    assert_eq!(
        (delays.quantile(0.5), delays.quantile(0.95)),
        (Some(3_000_000), Some(7_000_000))
    );
    assert!((hops.mean().unwrap() - 8.0 / 6.0).abs() < 1e-12);
    assert_eq!(metrics.link_delays.mean(), Some(4_000_000.0));
}

#[test]
fn a_router_alone_has_no_paths() {
    let metrics = Metrics::of(&graph(1, &[]));
    assert_eq!((metrics.clustering, metrics.transitivity), (0.0, 0.0));
    assert_eq!((metrics.paths.hops.count(), metrics.paths.hops.mean()), (0, None));
    assert_eq!(
        (metrics.paths.delays.quantile(0.5), metrics.paths.delays.maximum()),
        (None, None)
    );
}

/// A ring looks the same from everywhere: a sample has the distribution of the whole.
#[test]
fn large_graphs_are_sampled() {
    let links: Vec<_> = (0..5000).map(|router| (router, (router + 1) % 5000, 0)).collect();
    let metrics = Metrics::of(&graph(5000, &links));
    let PathMetrics { sources, hops, .. } = &metrics.paths;
    assert_eq!((*sources, hops.count()), (1600, 1600 * 4999));
    assert_eq!((hops.quantile(0.5), hops.maximum()), (Some(1250), Some(2500)));
    let drawn = super::sources(5000);
    let mut different = drawn.clone();
    different.sort_unstable();
    different.dedup();
    assert_eq!((drawn.len(), different.len()), (1600, 1600));
}
