//! Data over a virtual network, whose forwarding costs the same at each hop as on a single host.

mod xbone_bulk;

use std::collections::BTreeMap;

use protocols::chord::{self, LookupStyle};
use protocols::kbr::{Call, Nothing, Routed};
use protocols::layer::{Both, Part};
use protocols::xbone::forwarding::{Costs, Forwarder, Way};
use protocols::xbone::{self, Command, ContactInfo, Delivery, Dropped, Event, Provisioning, XBone};
use sim_core::addr::NodeAddr;
use sim_core::network::Constant;
use sim_core::observer::{Deed, Observer};
use sim_core::protocol::{OperationId, Wire};
use sim_core::random::StreamKey;
use sim_core::simulation::{Setup, Simulation};
use sim_core::time::{SimDuration, SimTime};
use sim_core::world::{Control, World};
use xbone_bulk::{Inner, Whole, contact};

const NODES: u32 = 16;
const DELAY: SimDuration = SimDuration::from_micros(100);
/// When messages are sent.
const SENT: SimTime = SimTime::from_nanos(1_000_000_000);

/// A node sends a message to the key of another.
#[derive(Clone, Copy)]
enum Act {
    Start,
    Send { from: u32, to: u32, number: u64 },
}

struct Hosts {
    whole: Whole,
    /// When each message arrived, where, and how it had fared.
    delivered: BTreeMap<u64, (SimTime, NodeAddr, Routed<Nothing, ContactInfo>)>,
    queue_full: Vec<NodeAddr>,
}

impl World<XBone<Inner>> for Hosts {
    type Event = Act;

    fn on_event(&mut self, control: &mut Control<'_, XBone<Inner>, Act>, act: Act) {
        match act {
            Act::Start => (0..NODES).for_each(|node| control.start(NodeAddr(node), self.whole.init(node))),
            Act::Send { from, to, number } => {
                let call = Call::Route {
                    key: contact(to).id,
                    payload: Nothing,
                };
                control.command(NodeAddr(from), OperationId(number), Command(call.into()));
            }
        }
    }

    fn on_node_event(&mut self, time: SimTime, node: NodeAddr, event: Part<Event, chord::Event<Nothing, ContactInfo>>) {
        match event {
            Part::Below(chord::Event::Delivered(message)) => {
                self.delivered.insert(message.operation.0, (time, node, *message));
            }
            Part::Own(Event::Dropped(Dropped::QueueFull)) => self.queue_full.push(node),
            _ => {}
        }
    }
}

/// The sizes of the overlay's routed messages on the line.
#[derive(Default)]
struct Sizes(Vec<u32>);

impl Observer<XBone<Inner>> for Sizes {
    fn deed(&mut self, _: SimTime, _: NodeAddr, deed: &Deed<'_, XBone<Inner>>) {
        if let Deed::Send {
            msg: Part::Below(packet),
            ..
        } = deed
            && matches!(packet.inner, chord::Msg::Route { .. })
        {
            self.0.push(packet.wire_bytes());
        }
    }
}

fn run(forwarding: Option<Delivery>, acts: &[Act]) -> Simulation<XBone<Inner>, Hosts, Sizes> {
    let below = chord::Config {
        id_bits: 16,
        successors: 4,
        lookup: LookupStyle::Recursive,
        stabilize_period: SimDuration::from_secs(1000),
        ..chord::Config::default()
    };
    let own = xbone::Config {
        provisioning: Provisioning::Static,
        forwarding,
        ..xbone::Config::default()
    };
    let hosts = Hosts {
        whole: Whole::new(&below, NODES),
        delivered: BTreeMap::new(),
        queue_full: Vec::new(),
    };
    let setup = Setup {
        config: Both {
            own: own.validate().expect("a sound configuration"),
            below,
        },
        network: Box::new(Constant::new(DELAY)),
        nodes: NODES,
        streams: StreamKey::root(1, 0),
        partitions: 1,
    };
    let mut simulation = Simulation::observed(setup, hosts, Sizes::default());
    simulation.schedule(SimTime::ZERO, Act::Start);
    acts.iter().for_each(|act| simulation.schedule(SENT, *act));
    simulation
        .run_until(SENT + SimDuration::from_secs(1))
        .expect("nobody watches");
    simulation
}

fn delivery(forwarder: Forwarder, tunnelled: bool, bytes: u32, queue: usize) -> Delivery {
    Delivery {
        way: Way { forwarder, tunnelled },
        costs: Costs::default(),
        bytes,
        queue,
    }
}

/// One message at a time: as many hops of the processor as of the network, with a round trip more for each connection of TCP.
#[test]
fn a_message_takes_the_costs_of_each_hop() {
    for (forwarder, tunnelled) in [
        (Forwarder::Ip, true),
        (Forwarder::DataRouter, true),
        (Forwarder::DataRouter, false),
        (Forwarder::Udp, false),
        (Forwarder::Tcp, false),
    ] {
        for to in 1..NODES {
            let delivery = delivery(forwarder, tunnelled, 1000, 4);
            let simulation = run(Some(delivery), &[Act::Send { from: 0, to, number: 7 }]);
            let (time, node, message) = &simulation.world().delivered[&7];
            assert_eq!(*node, NodeAddr(to));
            let hops = u64::from(message.hops);
            let lines = if forwarder == Forwarder::Tcp { 3 } else { 1 };
            let hop = DELAY * lines + delivery.costs.hop(delivery.way, 1000);
            assert_eq!(
                time.since(SENT),
                hop * hops,
                "{forwarder:?}, tunnelled: {tunnelled}, {hops} hops to {to}"
            );
            let sizes = vec![delivery.way.line_bytes(1000); hops as usize];
            assert_eq!(simulation.observer().0, sizes);
        }
    }
}

/// Without costs nothing waits, and messages are as large as the overlay says.
#[test]
fn without_costs_a_message_takes_the_network_alone() {
    let simulation = run(
        None,
        &[Act::Send {
            from: 0,
            to: 9,
            number: 7,
        }],
    );
    let (time, _, message) = &simulation.world().delivered[&7];
    assert_eq!(time.since(SENT), DELAY * u64::from(message.hops));
    assert!(simulation.observer().0.iter().all(|bytes| *bytes < 100));
}

/// What is larger than the size of data is as large as it is: this payload has no bytes, and Chord's header about thirty.
#[test]
fn no_message_is_smaller_than_what_it_carries() {
    let small = delivery(Forwarder::Ip, true, 1, 4);
    let simulation = run(
        Some(small),
        &[Act::Send {
            from: 0,
            to: 9,
            number: 7,
        }],
    );
    let alone = run(
        None,
        &[Act::Send {
            from: 0,
            to: 9,
            number: 7,
        }],
    );
    assert_eq!(simulation.observer().0, alone.observer().0);
}

/// The processor takes one after the other, and the queue holds so many beside it: the rest is lost.
#[test]
fn a_burst_is_served_in_order_and_what_finds_the_queue_full_is_lost() {
    let delivery = delivery(Forwarder::Udp, false, 1000, 5);
    // To the next on the ring: one hop.
    let burst: Vec<Act> = (0..20).map(|number| Act::Send { from: 3, to: 4, number }).collect();
    let simulation = run(Some(delivery), &burst);
    let world = simulation.world();
    assert_eq!(world.delivered.keys().copied().collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5]);
    assert_eq!(world.queue_full, [NodeAddr(3); 14]);
    let hop = delivery.costs.hop(delivery.way, 1000);
    let sending = SimDuration::from_nanos(hop.as_nanos().div_ceil(2));
    for (number, (time, ..)) in &world.delivered {
        // The receiver takes no longer for each than the sender, so that none waits there.
        assert_eq!(time.since(SENT), DELAY + hop + sending * *number, "message {number}");
    }
}

/// A node that forwards is as busy as one host that forwards: two of its neighbours send more than it can pass on.
#[test]
fn a_node_forwards_what_its_processor_can() {
    let delivery = delivery(Forwarder::DataRouter, true, 1000, 8);
    // Through the node that both have for a finger, to the one after it.
    let through = |from: u32| {
        let simulation = run(Some(delivery), &[Act::Send { from, to: 9, number: 0 }]);
        simulation.world().delivered[&0].2.hops
    };
    assert_eq!((through(0), through(4)), (2, 2), "0 and 4 reach 9 through 8");
    let burst: Vec<Act> = (0..9)
        .flat_map(|number| [(0, number), (4, number + 100)].map(|(from, number)| Act::Send { from, to: 9, number }))
        .collect();
    let simulation = run(Some(delivery), &burst);
    let world = simulation.world();
    let hop = delivery.costs.hop(delivery.way, 1000);
    let mut times: Vec<SimTime> = world.delivered.values().map(|(time, ..)| *time).collect();
    times.sort();
    // Each of the two sends one in half a hop, and the node takes a whole one for each: twice a hop comes for each that goes.
    assert!(times.windows(2).all(|pair| pair[1].since(pair[0]) >= hop), "{times:?}");
    assert_eq!(world.delivered.len() + world.queue_full.len(), 18);
    assert!(
        world.queue_full.iter().all(|node| *node == NodeAddr(8)),
        "{:?}",
        world.queue_full
    );
    assert!(!world.queue_full.is_empty());
}
