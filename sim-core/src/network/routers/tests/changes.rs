//! Links that come and go.

use super::*;

/// 0 - 1 - 2, and a longer link from 0 to 2; a host at each router.
fn triangle() -> (Arc<RouterGraph>, Routers) {
    let mut graph = UnGraph::default();
    let nodes: Vec<_> = (0..3).map(|_| graph.add_node(())).collect();
    for (one, other, delay) in [(0, 1, 10), (1, 2, 10), (0, 2, 50)] {
        graph.add_edge(nodes[one], nodes[other], micros(delay));
    }
    let graph = Arc::new(RouterGraph::new(&graph).unwrap());
    let hosts = Routers::attach(graph.clone(), &[0, 1, 2].map(|router| (router, micros(1)))).unwrap();
    (graph, hosts)
}

fn sent(network: &Routers, now: u64, from: u32, to: u32) -> Fate {
    network.transmit(&Transmission {
        now: SimTime::from_nanos(now),
        from: NodeAddr(from),
        to: NodeAddr(to),
        bytes: 1,
        draw: StreamKey::root(1, 0),
    })
}

#[test]
fn a_message_takes_the_path_of_the_instant_at_which_it_is_sent() {
    let (graph, hosts) = triangle();
    let (detour, parted) = (Arc::new(graph.without(&[1])), Arc::new(graph.without(&[1, 2])));
    let changes = [(300, graph.clone()), (100, detour), (200, parted)];
    let changes = changes.map(|(from, graph)| (SimTime::from_nanos(from), graph));
    let network = hosts.changing(changes.to_vec()).unwrap();
    let arrives = |delay| Fate::Arrives(micros(delay));
    for (now, expected) in [
        (0, arrives(22)),
        (99, arrives(22)),
        (100, arrives(52)),
        (199, arrives(52)),
        (200, Fate::Lost),
        (299, Fate::Lost),
        (300, arrives(22)),
        (u64::MAX, arrives(22)),
    ] {
        assert_eq!(sent(&network, now, 0, 2), expected, "at {now} ns");
        assert_eq!(sent(&network, now, 2, 0), expected, "at {now} ns");
        assert_eq!(sent(&network, now, 0, 1), arrives(12), "at {now} ns");
        assert_eq!(
            sent(&network, now, 2, 2),
            Fate::Arrives(SimDuration::ZERO),
            "at {now} ns"
        );
    }
    assert_eq!(network.direct_delay(NodeAddr(0), NodeAddr(2)), micros(22));
    assert_eq!(network.min_delay(), micros(12));
}

/// Hosts at one router can always talk: their access links do not fail.
#[test]
fn hosts_at_one_router_need_no_link() {
    let (graph, _) = triangle();
    let hosts = Routers::attach(graph.clone(), &[(0, micros(3)), (0, micros(4)), (1, micros(5))]).unwrap();
    let none = Arc::new(graph.without(&[0, 1, 2]));
    let network = hosts.changing(vec![(SimTime::ZERO, none)]).unwrap();
    assert_eq!(sent(&network, 5, 0, 1), Fate::Arrives(micros(7)));
    assert_eq!(sent(&network, 5, 0, 2), Fate::Lost);
}

#[test]
fn another_network_cannot_take_the_place_of_one() {
    let (_, hosts) = triangle();
    let other = Arc::new(RouterGraph::new(&random_graph(5, 1)).unwrap());
    let refused = hosts.changing(vec![(SimTime::ZERO, other)]).unwrap_err();
    assert_eq!(refused, NetworkError::OtherRouters { expected: 3, found: 5 });
}
