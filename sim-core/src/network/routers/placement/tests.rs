//! Hosts against the laws by which they are spread.

use std::sync::Arc;

use petgraph::graph::UnGraph;

use super::*;
use crate::addr::NodeAddr;
use crate::network::{AccessDelay, Routers};
use crate::time::SimDuration;

/// A star of six routers: the first has five links, the others one each.
fn star() -> Arc<RouterGraph> {
    let mut graph = UnGraph::<(), SimDuration>::default();
    let routers: Vec<_> = (0..6).map(|_| graph.add_node(())).collect();
    for router in &routers[1..] {
        graph.add_edge(routers[0], *router, SimDuration::from_millis(1));
    }
    Arc::new(RouterGraph::new(&graph).unwrap())
}

/// The router of each host.
fn spread(placement: &Placement, hosts: usize, seed: u64) -> Result<Vec<usize>, NetworkError> {
    let access = AccessDelay::new(SimDuration::ZERO, SimDuration::ZERO).unwrap();
    let network = Routers::new(star(), hosts, placement, access, StreamKey::root(seed, 0))?;
    Ok((0..hosts as u32)
        .map(|host| network.router_of(NodeAddr(host)))
        .collect())
}

#[test]
fn by_degree_a_router_has_hosts_in_proportion_to_its_links() {
    let by_degree = Placement::everywhere(Spread::Degree, &star());
    for seed in 0..5 {
        let routers = spread(&by_degree, 10_000, seed).unwrap();
        let at = |router: usize| routers.iter().filter(|at| **at == router).count() as f64;
        // Five standard deviations of the binomial counts.
        assert!((at(0) - 5000.0).abs() < 250.0, "seed {seed}: {}", at(0));
        assert!((1..6).all(|router| (at(router) - 1000.0).abs() < 150.0), "seed {seed}");
    }
    let leaves = Placement {
        among: 3..6,
        ..by_degree
    };
    let routers = spread(&leaves, 300, 1).unwrap();
    assert!(routers.iter().all(|router| (3..6).contains(router)) && (3..6).all(|router| routers.contains(&router)));
}

#[test]
fn a_router_that_is_alone_has_all_hosts() {
    let mut graph = UnGraph::<(), SimDuration>::default();
    graph.add_node(());
    let graph = Arc::new(RouterGraph::new(&graph).unwrap());
    let access = AccessDelay::new(SimDuration::ZERO, SimDuration::ZERO).unwrap();
    for spread in [Spread::Uniform, Spread::Degree] {
        let placement = Placement::everywhere(spread, &graph);
        let network = Routers::new(graph.clone(), 3, &placement, access, StreamKey::root(1, 0)).unwrap();
        assert_eq!(network.router_of(NodeAddr(2)), 0);
    }
}

#[test]
fn one_a_router_is_a_random_choice_of_routers() {
    let apart = Placement::everywhere(Spread::OnePerRouter, &star());
    let mut counts = [0_u32; 6];
    for seed in 0..3000 {
        let few = spread(&apart, 2, seed).unwrap();
        assert_eq!(few[..], spread(&apart, 6, seed).unwrap()[..2], "more hosts move none");
        assert_ne!(few[0], few[1]);
        few.iter().for_each(|router| counts[*router] += 1);
    }
    // Two of six: each router in a third of the draws, within five standard deviations.
    assert!(counts.iter().all(|count| count.abs_diff(1000) < 130), "{counts:?}");
    let refused = spread(&apart, 7, 1).unwrap_err();
    assert_eq!(refused, NetworkError::TooFewRouters { hosts: 7, routers: 6 });
}

#[test]
fn routers_that_are_not_there_are_refused() {
    for among in [2..2, 4..7] {
        let placement = Placement {
            spread: Spread::Uniform,
            among: among.clone(),
        };
        let refused = spread(&placement, 1, 1).unwrap_err();
        let expected = NetworkError::NoSuchRouters {
            first: among.start,
            end: among.end,
            routers: 6,
        };
        assert_eq!(refused, expected);
    }
}
