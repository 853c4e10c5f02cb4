//! Provisioning by paths: what each router on the base path adds to the set-up of a tunnel, of which the overlay knows nothing.

mod xbone_ring;

use std::sync::Arc;

use petgraph::graph::UnGraph;
use protocols::layer::Part;
use protocols::xbone::{Balancing, Event, Provisioning, ServerPatience, Servers};
use sim_core::addr::NodeAddr;
use sim_core::network::{Constant, Network, RouterGraph, Routers};
use sim_core::observer::{Deed, Observer};
use sim_core::protocol::{Protocol, Wire};
use sim_core::time::{SimDuration, SimTime};
use xbone_ring::{Act, Inner, Run, secs};

/// The address server's address.
const SERVER: u32 = 5;
/// What a router takes to be configured.
const SWITCH: SimDuration = SimDuration::from_millis(20);
/// From a host to its router, and from a router to the next.
const ACCESS: SimDuration = SimDuration::from_millis(1);
const LINK: SimDuration = SimDuration::from_millis(3);

/// Routers in a line: the first node and the server at the one end, the second node so many routers on.
fn line(routers: usize) -> Routers {
    let mut graph: UnGraph<(), SimDuration> = UnGraph::default();
    let nodes: Vec<_> = (0..routers).map(|_| graph.add_node(())).collect();
    for pair in nodes.windows(2) {
        graph.add_edge(pair[0], pair[1], LINK);
    }
    let graph = Arc::new(RouterGraph::new(&graph).expect("a line"));
    let router = |host| if host == 1 { routers - 1 } else { 0 };
    let hosts: Vec<_> = (0..18).map(|host| (router(host), ACCESS)).collect();
    Routers::attach(graph, &hosts).expect("hosts")
}

/// Which kinds of message are sent, in order.
#[derive(Default)]
struct Kinds(Vec<&'static str>);

type Node = protocols::xbone::XBone<Inner>;

impl Observer<Node> for Kinds {
    fn deed(&mut self, _: SimTime, _: NodeAddr, deed: &Deed<'_, Node>) {
        if let Deed::Send { msg, .. } = deed {
            self.0.push(<Node as Protocol>::Msg::kind_name(msg.kind()));
        }
    }
}

/// How long it takes a second node to set up its tunnel to the first, and what both have told and sent until a second later.
fn set_up(
    network: impl Network + 'static,
    switch: Option<SimDuration>,
) -> (SimDuration, Vec<String>, Vec<&'static str>) {
    let mut run = Run::new(2, 1);
    let patience = ServerPatience {
        timeout: secs(2.0),
        tries: 3,
        servers: 1,
        term: None,
    };
    let servers = Servers::new(vec![NodeAddr(SERVER)], Balancing::RoundRobin, patience);
    run.xbone.provisioning = Provisioning::Daemons {
        servers: servers.expect("one server"),
        configuration: secs(0.1),
    };
    run.xbone.switch = switch;
    run.acts = vec![
        (secs(0.0), Act::Server(SERVER)),
        (secs(0.1), Act::Arrive),
        (secs(1.0), Act::Arrive),
    ];
    let mut simulation = run.driven_by(network, Kinds::default());
    let mut ended = None;
    for millis in 1..10_000 {
        simulation
            .run_until(SimTime::ZERO + SimDuration::from_millis(millis))
            .expect("nobody watches");
        let mut events = simulation.world().events.iter();
        let stands = events.find_map(|(_, _, event)| match event {
            Part::Own(Event::Stands { after, .. }) => *after,
            _ => None,
        });
        if let Some(after) = stands {
            ended = Some(after);
            let later = SimTime::ZERO + SimDuration::from_millis(millis + 1000);
            simulation.run_until(later).expect("nobody watches");
            break;
        }
    }
    let told = simulation
        .world()
        .log
        .iter()
        .map(|(_, node, told)| format!("{node} {told}"));
    let told = told.collect();
    let sent = simulation.observer().0.clone();
    (ended.expect("a tunnel"), told, sent)
}

#[test]
fn a_path_takes_a_round_trip_and_each_router_more_than_a_tunnel() {
    for routers in [1, 2, 5, 9] {
        let (tunnel, ..) = set_up(line(routers), None);
        let (path, ..) = set_up(line(routers), Some(SWITCH));
        let round_trip = (ACCESS * 2 + LINK * (routers as u64 - 1)) * 2;
        // To the server, which is at the other end of the line, and to the peer; 1 s / 67 at the server and both configurations.
        let served = SimDuration::from_secs_f64(1.0 / 67.0);
        let whole = round_trip * 2 + served + secs(0.2);
        assert!(
            tunnel.as_nanos().abs_diff(whole.as_nanos()) <= 2,
            "{routers} routers: {tunnel}, not {whole}"
        );
        assert_eq!(path - tunnel, round_trip + SWITCH * routers as u64, "{routers} routers");
    }
}

/// What is told and sent is the same, only later.
#[test]
fn the_overlay_and_the_daemons_say_the_same_whatever_is_provisioned() {
    let (_, told, sent) = set_up(line(5), None);
    let (_, told_by_paths, sent_by_paths) = set_up(line(5), Some(SWITCH));
    assert!(!told.is_empty());
    assert_eq!(told_by_paths, told);
    assert_eq!(sent_by_paths, sent);
}

/// Where there is no router a path is a signalling message there and back.
#[test]
fn without_routers_there_is_nothing_to_configure() {
    let constant = || Constant::new(secs(0.01));
    let (tunnel, ..) = set_up(constant(), None);
    let (path, ..) = set_up(constant(), Some(SWITCH));
    assert_eq!(path - tunnel, secs(0.02));
}
