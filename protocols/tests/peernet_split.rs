//! A simulation of PeerNet that is executed in several parts is one simulation.

mod peernet_support;

use peernet_support::{Script, Turn, air, at, split_network, wandering};
use protocols::packet::Send;
use protocols::peernet::{Command, Config, Detection, LookupKind};
use sim_core::addr::NodeAddr;
use sim_core::link_layer::{Air, LinkLayer, Wire};
use sim_core::mobility::{Area, Model, Moving, RandomWaypoint, Speeds, WaypointStart};
use sim_core::network::{Cut, Nothing};
use sim_core::random::StreamKey;
use sim_core::simulation::{Setup, Simulation};
use sim_core::time::SimDuration;
use sim_core::traffic::Traffic;

const NODES: u32 = 40;

#[test]
fn a_run_does_not_depend_on_how_it_is_split() {
    let fingerprints = [1, 2, 7].map(|partitions| {
        let streams = StreamKey::root(9, 0);
        let (contacts, _) = wandering(NODES, 0.3, 0.02, 30.0, &mut streams.purpose("places").rng());
        let config = Config {
            lookup: LookupKind::Replicated,
            balancing: true,
            multipath: true,
            ..Config::default()
        };
        let mut network = split_network(NODES, contacts, config, 9, partitions, ());
        for node in 0..NODES {
            network.schedule(at(0.2 * f64::from(node)), Turn::Start(node));
            let send = Send {
                to: NodeAddr((node + 7) % NODES),
                bytes: 100,
            };
            network.schedule(at(20.0), Turn::Ask(node, u64::from(node), Command::Send(send)));
        }
        network.run_until(at(40.0)).expect("no observer");
        (network.fingerprint(), network.events())
    });
    assert_eq!(fingerprints[0], fingerprints[1]);
    assert_eq!(fingerprints[0], fingerprints[2]);
}

/// Everything at once, in so many parts: radios that move, lose frames and are cut in two for a while, a wire, and nodes that come and go.
fn all_at_once(config: Config, partitions: u32) -> (u64, u64, Traffic) {
    let streams = StreamKey::root(9, 0);
    let model = RandomWaypoint {
        area: Area {
            width: 600.0,
            height: 500.0,
        },
        speed: Speeds {
            minimum: 1.0,
            maximum: 20.0,
        },
        minimum_pause: SimDuration::ZERO,
        maximum_pause: SimDuration::from_secs(5),
        start: WaypointStart::Steady,
    };
    let source = Moving::new(model.movements(NODES, streams.purpose("movement")), 150.0).expect("a range");
    let lossy = Air {
        loss: 0.1,
        tries: 3,
        ..air()
    };
    let wire = Wire {
        between: (NodeAddr(3), NodeAddr(31)),
        delay: SimDuration::from_millis(1),
        loss: 0.05,
    };
    let cut = Cut::new(at(25.0), at(35.0), (0..NODES as u16).map(|node| node % 2));
    let links = LinkLayer::new(NODES, Box::new(source), lossy).and_then(|links| links.with_wires([wire]));
    let setup = Setup {
        config,
        network: Box::new(Nothing),
        nodes: NODES,
        streams,
        partitions,
    };
    let links = links.expect("links").with_cuts([cut]);
    let mut network = Simulation::linked(setup, links, Script::default(), ());
    for node in 0..NODES {
        network.schedule(at(0.1 * f64::from(node)), Turn::Start(node));
        for (round, time) in [10.0, 20.0, 30.0, 40.0, 50.0].into_iter().enumerate() {
            let to = NodeAddr((node * 5 + round as u32 + 1) % NODES);
            let send = Command::Send(Send { to, bytes: 100 });
            network.schedule(at(time), Turn::Ask(node, round as u64, send));
        }
    }
    network.schedule(at(22.0), Turn::Fail(5));
    network.schedule(at(28.0), Turn::Leave(6));
    network.schedule(at(33.0), Turn::Start(5));
    network.run_until(at(60.0)).expect("no observer");
    (network.fingerprint(), network.events(), network.traffic())
}

#[test]
fn a_run_with_everything_in_it_does_not_depend_on_how_it_is_split() {
    for config in [Config::default(), Config::peernet_2003()] {
        let config = Config {
            detection: Detection::Carrier,
            lookup: LookupKind::HighOrder { step: 3 },
            multipath: true,
            ..config
        };
        let whole = all_at_once(config, 1);
        for partitions in [2, 7, NODES] {
            assert_eq!(
                all_at_once(config, partitions),
                whole,
                "{:?}, {partitions} parts",
                config.rules
            );
        }
    }
}
