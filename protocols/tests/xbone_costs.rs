//! What tunnels cost, each cost alone: the time until one stands, what packets in it wait for, and limits.

mod xbone_ring;

use protocols::layer::Part;
use protocols::xbone::{
    self, Balancing, ContactInfo, Event, Failure, Provisioning, Quality, Security, ServerPatience, Servers, Service,
    XBone,
};
use sim_core::addr::NodeAddr;
use sim_core::network::Constant;
use sim_core::observer::{Deed, Observer};
use sim_core::protocol::Wire;
use sim_core::simulation::Simulation;
use sim_core::time::{SimDuration, SimTime};
use xbone_ring::{Act, Inner, Life, Run, secs};

/// From any host to any other.
const DELAY: SimDuration = SimDuration::from_millis(20);
/// In which each end configures its interface.
const CONFIGURATION: SimDuration = SimDuration::from_millis(200);

/// Writes down when packets of the overlay leave, and how large they are.
#[derive(Default)]
struct Departures {
    packets: Vec<(SimTime, NodeAddr, NodeAddr, u32)>,
}

impl Observer<XBone<Inner>> for Departures {
    fn deed(&mut self, now: SimTime, node: NodeAddr, deed: &Deed<'_, XBone<Inner>>) {
        if let Deed::Send {
            to,
            msg: Part::Below(packet),
            ..
        } = deed
        {
            self.packets.push((now, node, *to, packet.wire_bytes()));
        }
    }
}

type Sim = Simulation<XBone<Inner>, Life<XBone<Inner>>, Departures>;

/// Nodes that join one after the other, ten seconds apart, and an address server at which nobody waits.
fn network(nodes: u32, costs: impl FnOnce(&mut xbone::Config)) -> Sim {
    let mut run = Run::new(nodes, 1);
    let patience = ServerPatience {
        timeout: secs(2.0),
        tries: 3,
        servers: 1,
        term: None,
    };
    let servers = Servers::new(vec![NodeAddr(nodes + 1)], Balancing::RoundRobin, patience);
    run.xbone.provisioning = Provisioning::Daemons {
        servers: servers.expect("one server"),
        configuration: CONFIGURATION,
    };
    run.chord.timeout = secs(8.0);
    run.service = Service {
        time: SimDuration::NANOSECOND,
        backlog: None,
    };
    costs(&mut run.xbone);
    run.acts.push((secs(0.0), Act::Manager(nodes)));
    run.acts.push((secs(0.0), Act::Server(nodes + 1)));
    for node in 0..nodes {
        run.acts.push((secs(1.0 + 10.0 * f64::from(node)), Act::Arrive));
    }
    let mut simulation = run.driven_by(Constant::new(DELAY), Departures::default());
    let end = SimTime::ZERO + secs(10.0 * f64::from(nodes) + 20.0);
    simulation.run_until(end).expect("nothing is forbidden");
    simulation
}

fn own_events(simulation: &Sim) -> impl Iterator<Item = (SimTime, NodeAddr, Event)> {
    let events = simulation.world().events.iter();
    events.filter_map(|(time, node, event)| match event {
        Part::Own(event) => Some((*time, *node, *event)),
        Part::Below(_) => None,
    })
}

/// How long the first tunnel takes from the call for it until it stands: the second node's to the first.
fn set_up(costs: impl FnOnce(&mut xbone::Config)) -> SimDuration {
    let simulation = network(2, costs);
    let stands = own_events(&simulation).find_map(|(_, node, event)| match event {
        Event::Stands { after: Some(after), .. } if node == NodeAddr(1) => Some(after),
        _ => None,
    });
    stands.expect("a tunnel")
}

#[test]
fn a_tunnel_takes_two_round_trips_and_two_configurations_and_each_cost_adds_its_own() {
    // To the server, a nanosecond there, and to the other end.
    let free = DELAY * 4 + CONFIGURATION * 2 + SimDuration::NANOSECOND;
    assert_eq!(set_up(|_| {}), free);
    let seconds = secs(0.7);
    assert_eq!(
        set_up(|config| config.security = Security {
            key_computation: seconds,
            ..Security::default()
        }),
        free + seconds
    );
    // Two round trips more to the server, and two more to the other end.
    assert_eq!(
        set_up(|config| config.security = Security {
            handshakes: 2,
            ..Security::default()
        }),
        free + DELAY * 8
    );
    // The call and its answer are relayed.
    let relay = secs(0.03);
    assert_eq!(set_up(|config| config.upcall = relay), free + relay * 2);
}

#[test]
fn an_isolated_node_learns_its_contact_information_by_way_of_the_upcall_daemon() {
    let relay = secs(0.03);
    let launched = |config: fn(&mut xbone::Config)| {
        let simulation = network(1, config);
        let info = own_events(&simulation).find_map(|(time, _, event)| match event {
            Event::Dialogue(xbone::Dialogue::ContactInfo(info)) => Some((time, info)),
            _ => None,
        });
        info.expect("its contact information")
    };
    let (at_once, info) = launched(|_| {});
    assert_eq!(info, ContactInfo::seal(NodeAddr(0)));
    assert_eq!(launched(|config| config.upcall = secs(0.03)).0, at_once + relay * 2);
}

#[test]
fn packets_wait_for_the_delay_and_the_bandwidth_of_their_tunnel() {
    /// When the first packets of the second node leave after the tunnel to the first stands, and their sizes.
    fn first(quality: Quality) -> Vec<(SimDuration, u32)> {
        let simulation = network(2, |config| config.quality = quality);
        let stands = own_events(&simulation).find_map(|(time, node, event)| {
            (node == NodeAddr(1) && matches!(event, Event::Stands { .. })).then_some(time)
        });
        let stands = stands.expect("a tunnel");
        let packets = simulation.observer().packets.iter();
        let of_second = packets.filter(|(_, from, to, _)| (*from, *to) == (NodeAddr(1), NodeAddr(0)));
        of_second
            .map(|(time, .., bytes)| (time.since(stands), *bytes))
            .take(1)
            .collect()
    }
    let [(at_once, bytes)] = first(Quality::default())[..] else {
        panic!("a packet");
    };
    assert_eq!(at_once, SimDuration::ZERO);
    let delay = secs(0.15);
    assert_eq!(first(Quality { delay, bandwidth: None }), [(delay, bytes)]);
    let bandwidth = Some(1000);
    let transmission = SimDuration::from_nanos(u64::from(bytes) * 8 * 1_000_000);
    assert_eq!(first(Quality { delay, bandwidth }), [(transmission + delay, bytes)]);
}

#[test]
fn what_a_slow_tunnel_holds_back_leaves_in_order_and_no_faster_than_it_carries() {
    let bandwidth = 4000;
    let simulation = network(4, |config| config.quality.bandwidth = Some(bandwidth));
    let packets = &simulation.observer().packets;
    let mut compared = 0;
    for from in (0..4).map(NodeAddr) {
        for to in (0..4).map(NodeAddr).filter(|to| *to != from) {
            let sent: Vec<_> = packets
                .iter()
                .filter(|(_, one, other, _)| (*one, *other) == (from, to))
                .collect();
            for pair in sent.windows(2) {
                let transmission = SimDuration::from_nanos(u64::from(pair[1].3) * 8 * 1_000_000_000 / bandwidth);
                assert!(pair[1].0.since(pair[0].0) >= transmission, "{from} to {to}: {pair:?}");
                compared += 1;
            }
        }
    }
    assert!(compared > 50, "{compared} packets after another");
}

#[test]
fn nobody_has_more_tunnels_than_the_limit() {
    let mut failures = Vec::new();
    for limit in 1..=5 {
        let simulation = network(8, |config| config.max_tunnels = limit);
        let nodes = (0..8).filter_map(|place| simulation.node(NodeAddr(place))?.node());
        let most = nodes.map(|node| node.tunnels().count()).max();
        assert_eq!(most, Some(limit));
        failures.extend(own_events(&simulation).filter_map(|(_, _, event)| match event {
            Event::Failed { why, .. } => Some(why),
            _ => None,
        }));
    }
    // One end has too many, or the other one.
    for why in [Failure::TooMany, Failure::Refused] {
        assert!(failures.contains(&why), "{failures:?}");
    }
}
