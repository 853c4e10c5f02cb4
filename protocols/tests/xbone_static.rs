//! The static X-Bone: tunnels that are there from the beginning, and never others.

mod xbone_ring;

use std::collections::{BTreeMap, BTreeSet};

use protocols::chord::{self, LookupStyle, Ring};
use protocols::id::{Contact, Id};
use protocols::layer::{Both, Part};
use protocols::xbone::{self, Arrival, ContactInfo, Driver, Event, Failure, Init, Provisioning, XBone};
use sim_core::addr::NodeAddr;
use sim_core::network::Constant;
use sim_core::observer::{Deed, Observer};
use sim_core::random::StreamKey;
use sim_core::simulation::{Setup, Simulation};
use sim_core::time::SimTime;
use sim_core::world::{Control, Departure, World};
use xbone_ring::{Inner, secs};

const NODES: u32 = 16;
const NEWCOMER: NodeAddr = NodeAddr(NODES);
/// Who vanishes: two nodes next to each other on the ring, and one elsewhere.
const GONE: [NodeAddr; 3] = [NodeAddr(4), NodeAddr(5), NodeAddr(11)];

enum Act {
    Start,
    Vanish,
    Come,
}

/// Nodes at equal distances on the ring.
struct Hosts {
    config: chord::Config,
    tunnels: BTreeSet<(NodeAddr, NodeAddr)>,
    told: Vec<(NodeAddr, Event)>,
}

fn contact(node: u32) -> Contact<ContactInfo> {
    Contact {
        id: Id::new(u128::from(node) << 12),
        addr: ContactInfo::seal(NodeAddr(node)),
    }
}

/// What is said on the base network by daemons.
#[derive(Default)]
struct Daemons(u64);

impl Observer<XBone<Inner>> for Daemons {
    fn deed(&mut self, _: SimTime, _: NodeAddr, deed: &Deed<'_, XBone<Inner>>) {
        if let Deed::Send { msg: Part::Own(_), .. } = deed {
            self.0 += 1;
        }
    }
}

impl Hosts {
    /// Both ends of a tunnel between any two of which one lists the other.
    fn new(config: chord::Config) -> Self {
        let ring = Ring::new(&config, (0..NODES).map(contact));
        let mut tunnels = BTreeSet::new();
        for node in 0..NODES {
            let tables = ring.tables(contact(node).id);
            let listed = tables.predecessor.into_iter().chain(tables.successors.iter().copied());
            for peer in listed.chain(tables.fingers.contacts()) {
                let (one, other) = (NodeAddr(node), XBone::<Inner>::base_addr(peer.addr));
                tunnels.extend([(one, other), (other, one)]);
            }
        }
        Hosts {
            config,
            tunnels,
            told: Vec::new(),
        }
    }

    /// The other ends of a node's tunnels.
    fn peers(&self, addr: NodeAddr) -> impl Iterator<Item = NodeAddr> {
        self.tunnels
            .range((addr, NodeAddr(0))..=(addr, NEWCOMER))
            .map(|(_, peer)| *peer)
    }
}

impl World<XBone<Inner>> for Hosts {
    type Event = Act;

    fn on_event(&mut self, control: &mut Control<'_, XBone<Inner>, Act>, act: Act) {
        match act {
            Act::Start => {
                let ring = Ring::new(&self.config, (0..NODES).map(contact));
                for node in 0..NODES {
                    let id = contact(node).id;
                    let arrival = Arrival {
                        overlay: chord::Init::Ready {
                            id,
                            tables: Box::new(ring.tables(id)),
                        },
                        bootstrap: None,
                        tunnels: self
                            .peers(NodeAddr(node))
                            .map(|peer| (ContactInfo::seal(peer), None))
                            .collect(),
                    };
                    control.start(NodeAddr(node), Init::Node(Box::new(arrival)));
                }
            }
            Act::Vanish => GONE.iter().for_each(|addr| control.stop(*addr, Departure::Silent)),
            Act::Come => {
                let bootstrap = ContactInfo::seal(NodeAddr(0));
                let arrival = Arrival {
                    overlay: chord::Init::Join {
                        id: Id::new(7),
                        bootstrap,
                    },
                    bootstrap: Some(bootstrap),
                    tunnels: Vec::new(),
                };
                control.start(NEWCOMER, Init::Node(Box::new(arrival)));
            }
        }
    }

    fn on_node_event(
        &mut self,
        _: SimTime,
        node: NodeAddr,
        event: Part<Event, chord::Event<protocols::kbr::Nothing, ContactInfo>>,
    ) {
        if let Part::Own(event) = event {
            self.told.push((node, event));
        }
    }
}

/// Nodes vanish after ten seconds, and another one comes after twenty.
fn run() -> Simulation<XBone<Inner>, Hosts, Daemons> {
    let chord = chord::Config {
        id_bits: 16,
        successors: 4,
        lookup: LookupStyle::Recursive,
        stabilize_period: secs(2.0),
        ..chord::Config::default()
    };
    let own = xbone::Config {
        provisioning: Provisioning::Static,
        ..xbone::Config::default()
    };
    let setup = Setup {
        config: Both {
            own: own.validate().expect("a sound configuration"),
            below: chord.clone().validate().expect("a sound configuration"),
        },
        network: Box::new(Constant::new(secs(0.02))),
        nodes: NODES + 1,
        streams: StreamKey::root(1, 0),
        partitions: 1,
    };
    let mut simulation = Simulation::observed(setup, Hosts::new(chord), Daemons::default());
    for (time, act) in [(0.0, Act::Start), (10.0, Act::Vanish), (20.0, Act::Come)] {
        simulation.schedule(SimTime::ZERO + secs(time), act);
    }
    simulation
        .run_until(SimTime::ZERO + secs(300.0))
        .expect("nobody watches");
    simulation
}

#[test]
fn what_was_provisioned_stands_and_nothing_else() {
    let simulation = run();
    for addr in (0..NODES).map(NodeAddr).filter(|addr| !GONE.contains(addr)) {
        let node = simulation.node(addr).and_then(XBone::node).expect("a survivor");
        let tunnels: Vec<NodeAddr> = node
            .tunnels()
            .map(|(peer, _)| XBone::<Inner>::base_addr(peer))
            .collect();
        let first: Vec<NodeAddr> = simulation.world().peers(addr).collect();
        assert_eq!(tunnels, first, "{addr}: also those to the dead, whom nobody releases");
    }
    let told = &simulation.world().told;
    assert!(
        !told
            .iter()
            .any(|(_, event)| matches!(event, Event::Stands { .. } | Event::Gone { .. })),
        "{told:?}"
    );
    assert_eq!(simulation.observer().0, 0, "no daemon has anything to say");
}

/// The overlay repairs its lists with nodes that it hears of, and cannot talk to some of them.
#[test]
fn the_overlay_believes_in_neighbours_without_tunnels() {
    let simulation = run();
    let mut without: BTreeMap<NodeAddr, usize> = BTreeMap::new();
    let survivors = || (0..NODES).map(NodeAddr).filter(|addr| !GONE.contains(addr));
    for addr in survivors() {
        let node = simulation.node(addr).and_then(XBone::node).expect("a survivor");
        let unreachable = survivors()
            .map(ContactInfo::seal)
            .filter(|peer| *peer != ContactInfo::seal(addr))
            .filter(|peer| node.overlay().lists(*peer) && !node.reaches(*peer));
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
        assert!(
            !simulation.world().tunnels.contains(&(node, peer)),
            "{node} has a tunnel to {peer}"
        );
    }
}

#[test]
fn nobody_can_come() {
    let simulation = run();
    let own = simulation.world().told.iter().filter(|(node, _)| *node == NEWCOMER);
    let own: Vec<Event> = own.map(|(_, event)| *event).collect();
    let peer = NodeAddr(0);
    let why = Failure::Static;
    assert_eq!(own, [Event::Failed { peer, why }, Event::NotAdmitted]);
    for addr in (0..NODES).map(NodeAddr) {
        if let Some(node) = simulation.node(addr).and_then(XBone::overlay) {
            assert!(!node.lists(ContactInfo::seal(NEWCOMER)), "{addr}");
        }
    }
}
