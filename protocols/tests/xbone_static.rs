//! The static X-Bone: tunnels that are there from the beginning, and never others.

mod xbone_bulk;

use std::collections::BTreeMap;

use protocols::chord::{self, LookupStyle};
use protocols::id::Id;
use protocols::kbr::Nothing;
use protocols::layer::{Both, Part};
use protocols::xbone::{self, Arrival, ContactInfo, Driver, Event, Failure, Init, Provisioning, XBone};
use sim_core::addr::NodeAddr;
use sim_core::network::Constant;
use sim_core::observer::{Deed, Observer};
use sim_core::random::StreamKey;
use sim_core::simulation::{Setup, Simulation};
use sim_core::time::{SimDuration, SimTime};
use sim_core::world::{Control, Departure, World};
use xbone_bulk::{Inner, Whole};

const NODES: u32 = 16;
const NEWCOMER: NodeAddr = NodeAddr(NODES);
/// Who vanishes: two nodes next to each other on the ring, and one elsewhere.
const GONE: [NodeAddr; 3] = [NodeAddr(4), NodeAddr(5), NodeAddr(11)];

enum Act {
    Start,
    Vanish,
    Come,
}

struct Hosts {
    whole: Whole,
    told: Vec<(NodeAddr, Event)>,
}

/// How much daemons say on the base network.
#[derive(Default)]
struct Daemons(u64);

impl Observer<XBone<Inner>> for Daemons {
    fn deed(&mut self, _: SimTime, _: NodeAddr, deed: &Deed<'_, XBone<Inner>>) {
        if let Deed::Send { msg: Part::Own(_), .. } = deed {
            self.0 += 1;
        }
    }
}

impl World<XBone<Inner>> for Hosts {
    type Event = Act;

    fn on_event(&mut self, control: &mut Control<'_, XBone<Inner>, Act>, act: Act) {
        match act {
            Act::Start => (0..NODES).for_each(|node| control.start(NodeAddr(node), self.whole.init(node))),
            Act::Vanish => GONE.iter().for_each(|addr| control.stop(*addr, Departure::Silent)),
            Act::Come => {
                let bootstrap = ContactInfo::seal(NodeAddr(0));
                let id = Id::new(7);
                let arrival = Arrival {
                    overlay: chord::Init::Join { id, bootstrap },
                    bootstrap: Some(bootstrap),
                    tunnels: Vec::new(),
                };
                control.start(NEWCOMER, Init::Node(Box::new(arrival)));
            }
        }
    }

    fn on_node_event(&mut self, _: SimTime, node: NodeAddr, event: Part<Event, chord::Event<Nothing, ContactInfo>>) {
        if let Part::Own(event) = event {
            self.told.push((node, event));
        }
    }
}

/// Nodes vanish after ten seconds, and another one comes after twenty.
fn run() -> Simulation<XBone<Inner>, Hosts, Daemons> {
    let below = chord::Config {
        id_bits: 16,
        successors: 4,
        lookup: LookupStyle::Recursive,
        stabilize_period: SimDuration::from_secs(2),
        ..chord::Config::default()
    };
    let own = xbone::Config {
        provisioning: Provisioning::Static,
        ..xbone::Config::default()
    };
    let hosts = Hosts {
        whole: Whole::new(&below, NODES),
        told: Vec::new(),
    };
    let setup = Setup {
        config: Both { own, below },
        network: Box::new(Constant::new(SimDuration::from_millis(20))),
        nodes: NODES + 1,
        streams: StreamKey::root(1, 0),
        partitions: 1,
    };
    let mut simulation = Simulation::observed(setup, hosts, Daemons::default());
    let at = |seconds| SimTime::ZERO + SimDuration::from_secs(seconds);
    for (time, act) in [(0, Act::Start), (10, Act::Vanish), (20, Act::Come)] {
        simulation.schedule(at(time), act);
    }
    simulation.run_until(at(300)).expect("nobody watches");
    simulation
}

fn survivors() -> impl Iterator<Item = NodeAddr> {
    (0..NODES).map(NodeAddr).filter(|addr| !GONE.contains(addr))
}

#[test]
fn what_was_provisioned_stands_and_nothing_else() {
    let simulation = run();
    for addr in survivors() {
        let node = simulation.node(addr).and_then(XBone::node).expect("a survivor");
        let tunnels: Vec<NodeAddr> = node
            .tunnels()
            .map(|(peer, _)| XBone::<Inner>::base_addr(peer))
            .collect();
        let first: Vec<NodeAddr> = simulation.world().whole.peers(addr).collect();
        assert_eq!(
            tunnels, first,
            "{addr}: also those to the vanished, whom nobody releases"
        );
    }
    let told = &simulation.world().told;
    let changes = |(_, event): &&(NodeAddr, Event)| matches!(event, Event::Stands { .. } | Event::Gone { .. });
    assert_eq!(told.iter().find(changes), None);
    assert_eq!(simulation.observer().0, 0, "no daemon has anything to say");
}

/// The overlay repairs its lists with nodes that it hears of, and cannot talk to some of them.
fn lists(overlay: &Inner, peer: ContactInfo) -> bool {
    overlay.listed().any(|other| other == peer)
}

#[test]
fn the_overlay_believes_in_neighbours_without_tunnels() {
    let simulation = run();
    let mut without: BTreeMap<NodeAddr, usize> = BTreeMap::new();
    for addr in survivors() {
        let node = simulation.node(addr).and_then(XBone::node).expect("a survivor");
        let others = survivors().filter(|peer| *peer != addr).map(ContactInfo::seal);
        let unreachable = others.filter(|peer| lists(node.overlay(), *peer) && !node.reaches(*peer));
        without.insert(addr, unreachable.count());
    }
    assert!(without.values().any(|count| *count > 0), "{without:?}");
    let failed = simulation.world().told.iter().filter_map(|(node, event)| match event {
        Event::Failed { peer, why } => Some((*node, *peer, *why)),
        _ => None,
    });
    let failed: Vec<_> = failed.collect();
    assert!(!failed.is_empty());
    for (node, peer, why) in failed {
        assert_eq!(why, Failure::Static);
        let tunnels = &simulation.world().whole.tunnels;
        assert!(!tunnels.contains(&(node, peer)), "{node} has a tunnel to {peer}");
    }
}

#[test]
fn nobody_can_come() {
    let simulation = run();
    let own = simulation.world().told.iter().filter(|(node, _)| *node == NEWCOMER);
    let own: Vec<Event> = own.map(|(_, event)| *event).collect();
    let (peer, why) = (NodeAddr(0), Failure::Static);
    assert_eq!(own, [Event::Failed { peer, why }, Event::NotAdmitted]);
    for addr in survivors() {
        let node = simulation.node(addr).and_then(XBone::overlay).expect("a survivor");
        assert!(!lists(node, ContactInfo::seal(NEWCOMER)), "{addr}");
    }
}
