//! `update`, written against the interface alone: a layer that only listens knows the neighbours of its node at all times, while
//! nodes join, leave and die.

use std::collections::BTreeSet;

use protocols::chord::{Chord, Config, Init, Rules};
use protocols::id::{Contact, Id, distinct_ids};
use protocols::kbr::{KeyBased, Nothing, Payload, Upcall};
use protocols::layer::{Below, Both, Layer, Over};
use protocols::pastry::{self, Pastry};
use rand::Rng;
use sim_core::addr::NodeAddr;
use sim_core::network::Uniform;
use sim_core::protocol::{OperationId, Wire};
use sim_core::random::{NodeRng, StreamKey};
use sim_core::simulation::{Setup, Simulation};
use sim_core::time::{SimDuration, SimTime};
use sim_core::world::{Control, Departure, World};

/// What a test must know of an overlay beyond the interface.
trait Ground: KeyBased<Addr = NodeAddr> {
    fn first(id: Id) -> Self::Init;
    fn joining(id: Id, bootstrap: NodeAddr) -> Self::Init;
}

impl<B: Payload> Ground for Chord<B> {
    fn first(id: Id) -> Init {
        Init::First { id }
    }

    fn joining(id: Id, bootstrap: NodeAddr) -> Init {
        Init::Join { id, bootstrap }
    }
}

impl<B: Payload> Ground for Pastry<B> {
    fn first(id: Id) -> pastry::Init {
        pastry::Init::First { id }
    }

    fn joining(id: Id, bootstrap: NodeAddr) -> pastry::Init {
        pastry::Init::Join { id, bootstrap }
    }
}

/// Says nothing, and wants to know its neighbours.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Silence;

impl Wire for Silence {
    const KINDS: usize = 1;
    fn kind(&self) -> usize {
        0
    }
    fn kind_name(_: usize) -> &'static str {
        "silence"
    }
    fn wire_bytes(&self) -> u32 {
        0
    }
}

impl Payload for Silence {
    const FORWARD: bool = false;
    const UPDATE: bool = true;
}

/// Keeps a list of neighbours by what it hears, and compares it with the overlay's from time to time.
#[derive(Debug, Default)]
struct Listener {
    joined: bool,
    neighbours: BTreeSet<(Id, NodeAddr)>,
    came: u32,
    went: u32,
    compared: u32,
}

const EVERY: SimDuration = SimDuration::from_millis(100);

impl<O: KeyBased<Addr = NodeAddr, Payload = Silence>> Layer<O> for Listener {
    type Init = ();
    type Config = ();
    type Msg = Nothing;
    type Timer = ();
    type Command = ();
    type Event = ();

    fn new(_: NodeAddr, (): (), (): &(), _: StreamKey) -> Self {
        Listener::default()
    }

    fn on_start(&mut self, _: &mut Below<'_, '_, Self, O>) {}

    fn on_told(&mut self, below: &mut Below<'_, '_, Self, O>, event: O::Event) {
        match O::upcall(event) {
            Ok(Upcall::Joined) => {
                self.joined = true;
                self.neighbours = all_neighbours(below);
                below.set_timer(EVERY, ());
                below.emit(());
            }
            Ok(Upcall::Update { neighbour, joined }) => {
                assert!(self.joined, "said of a member only");
                let entry = (neighbour.id, neighbour.addr);
                let changed = if joined {
                    self.came += 1;
                    self.neighbours.insert(entry)
                } else {
                    self.went += 1;
                    self.neighbours.remove(&entry)
                };
                assert!(changed, "{neighbour:?} {joined}: said already");
            }
            // A join fails where the bootstrap dies meanwhile.
            Ok(Upcall::Out) => assert!(!self.joined, "no member is lost"),
            _ => {}
        }
    }

    fn on_message(&mut self, _: &mut Below<'_, '_, Self, O>, _: NodeAddr, _: Nothing) {}

    fn on_timer(&mut self, below: &mut Below<'_, '_, Self, O>, (): ()) {
        assert_eq!(self.neighbours, all_neighbours(below), "at {:?}", below.contact());
        self.compared += 1;
        below.set_timer(EVERY, ());
    }

    fn on_command(&mut self, _: &mut Below<'_, '_, Self, O>, _: OperationId, (): ()) {}

    fn on_stop(&mut self, _: &mut Below<'_, '_, Self, O>) {}
}

fn all_neighbours<O: KeyBased<Addr = NodeAddr, Payload = Silence>>(
    below: &Below<'_, '_, Listener, O>,
) -> BTreeSet<(Id, NodeAddr)> {
    let neighbours = below.neighbour_set(usize::MAX);
    neighbours.into_iter().map(|Contact { id, addr }| (id, addr)).collect()
}

/// Nodes join one after another, and some leave or die.
struct Coming {
    ids: Vec<Id>,
    rng: NodeRng,
    members: Vec<NodeAddr>,
}

#[derive(Clone, Copy)]
enum Act {
    Join(u32),
    Leave(Departure),
}

impl<O: Ground<Payload = Silence>> World<Over<Listener, O>> for Coming {
    type Event = Act;

    fn on_event(&mut self, control: &mut Control<'_, Over<Listener, O>, Act>, act: Act) {
        match act {
            Act::Join(node) => {
                let id = self.ids[node as usize];
                let below = match self.somebody() {
                    Some(at) => O::joining(id, self.members[at]),
                    None => O::first(id),
                };
                control.start(NodeAddr(node), Both { own: (), below });
            }
            Act::Leave(departure) => {
                if let Some(at) = self.somebody() {
                    control.stop(self.members.swap_remove(at), departure);
                }
            }
        }
    }

    fn on_node_event(
        &mut self,
        _: SimTime,
        node: NodeAddr,
        _: <Over<Listener, O> as sim_core::protocol::Protocol>::Event,
    ) {
        self.members.push(node);
    }
}

impl Coming {
    fn somebody(&mut self) -> Option<usize> {
        let members = self.members.len() as u64;
        (members > 0).then(|| (self.rng.next_u64() % members) as usize)
    }
}

fn the_layer_knows_the_neighbours<O: Ground<Payload = Silence>>(config: O::Config, seed: u64) {
    const NODES: u32 = 60;
    let streams = StreamKey::root(seed, 0);
    let ids = distinct_ids(NODES as usize, O::space(&config), &mut streams.purpose("ids").rng());
    let network = Uniform::new(SimDuration::from_millis(5), SimDuration::from_millis(95)).expect("bounds in order");
    let setup = Setup {
        config: Both { own: (), below: config },
        network: Box::new(network),
        nodes: NODES,
        streams,
        partitions: 1,
    };
    let world = Coming {
        ids: ids.expect("a space that is wide enough"),
        rng: streams.purpose("world").rng(),
        members: Vec::new(),
    };
    let mut simulation = Simulation::<Over<Listener, O>, _>::new(setup, world);
    let secs = |secs: u64| SimTime::ZERO + SimDuration::from_secs(secs);
    for node in 0..NODES {
        simulation.schedule(secs(u64::from(node)), Act::Join(node));
    }
    for leaver in 0..20 {
        let departure = [Departure::Silent, Departure::Graceful][leaver as usize % 2];
        simulation.schedule(secs(30 + 3 * leaver), Act::Leave(departure));
    }
    simulation.run_until(secs(120)).expect("nobody watches");
    let nodes = (0..NODES).filter_map(|node| simulation.node(NodeAddr(node)));
    let (mut came, mut went, mut compared) = (0, 0, 0);
    for layer in nodes.map(Over::layer) {
        came += layer.came;
        went += layer.went;
        compared += layer.compared;
    }
    println!("seed {seed}: {came} came, {went} went, compared {compared} times");
    assert!(came > 100 && went > 100 && compared > 10_000);
}

#[test]
fn over_chord_the_layer_knows_the_neighbours() {
    // Under the rules of 2001 a ring decays when nodes die.
    for rules in [Rules::Ton2003, Rules::I3, Rules::Corrected] {
        println!("{rules:?}");
        let config = Config {
            rules,
            stabilize_period: SimDuration::from_secs(1),
            ..Config::default()
        };
        the_layer_knows_the_neighbours::<Chord<Silence>>(config.validate().expect("a sound configuration"), 7);
    }
}

#[test]
fn over_pastry_the_layer_knows_the_neighbours() {
    let config = pastry::Config {
        heartbeat_period: Some(SimDuration::from_secs(2)),
        ..pastry::Config::default()
    };
    the_layer_knows_the_neighbours::<Pastry<Silence>>(config.validate().expect("a sound configuration"), 7);
}
