//! What layers do with `forward`, written against the interface alone, so that any overlay can be put below: a toy anycast that
//! answers at the first node on the way that has a copy, and messages that are changed or turned aside on the way.

use std::collections::BTreeMap;

use protocols::chord::{Chord, Config, Init, LookupStyle, Ring};
use protocols::id::{Contact, Id, distinct_ids};
use protocols::kbr::{KeyBased, Payload, Step, Upcall};
use protocols::layer::{Below, Both, Layer, Over, Part};
use protocols::pastry::{self, Pastry};
use rand::Rng;
use sim_core::addr::NodeAddr;
use sim_core::network::Constant;
use sim_core::protocol::{OperationId, Wire};
use sim_core::random::{NodeRng, StreamKey};
use sim_core::simulation::{Setup, Simulation};
use sim_core::time::{SimDuration, SimTime};
use sim_core::world::{Control, World};

/// What a test must know of an overlay beyond the interface: parameters under which messages go from node to node and nothing
/// else happens, and perfect tables.
trait Ground: KeyBased<Addr = NodeAddr> {
    fn parameters() -> Self::Config;
    fn perfect(config: &Self::Config, members: &[Contact]) -> Vec<Self::Init>;
}

impl<B: Payload> Ground for Chord<B> {
    fn parameters() -> Config {
        let config = Config {
            lookup: LookupStyle::Recursive,
            stabilize_period: SimDuration::from_secs(1_000_000),
            ..Config::default()
        };
        config.validate().expect("a sound configuration")
    }

    fn perfect(config: &Config, members: &[Contact]) -> Vec<Init> {
        let ring = Ring::new(config, members.iter().copied());
        let ready = |&Contact { id, .. }: &Contact| Init::Ready {
            id,
            tables: Box::new(ring.tables(id)),
        };
        members.iter().map(ready).collect()
    }
}

impl<B: Payload> Ground for Pastry<B> {
    fn parameters() -> pastry::Config {
        let config = pastry::Config {
            heartbeat_period: None,
            neighbourhood_period: None,
            ..pastry::Config::default()
        };
        config.validate().expect("a sound configuration")
    }

    fn perfect(config: &pastry::Config, members: &[Contact]) -> Vec<pastry::Init> {
        // To each other nodes are near, so that messages from different sources go different ways.
        let delay = |a: NodeAddr, b: NodeAddr| SimDuration::from_millis(u64::from((a.0 + b.0) * 37 % 101));
        let tables = pastry::bulk::build(config, members, delay);
        let ready = |tables| pastry::Init::Ready {
            tables: Box::new(tables),
        };
        tables.into_iter().map(ready).collect()
    }
}

/// What is to become of a question on its way.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Manner {
    /// Whoever has a copy answers it.
    AnyCopy,
    /// Its source makes it one for another key.
    OtherKey(Id),
    /// Its source sends it by way of its nearest neighbour.
    Aside,
}

/// A question to the root of a key, which counts the nodes that were asked about it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Question {
    manner: Manner,
    asked: u16,
}

impl Wire for Question {
    const KINDS: usize = 1;
    fn kind(&self) -> usize {
        0
    }
    fn kind_name(_: usize) -> &'static str {
        "question"
    }
    fn wire_bytes(&self) -> u32 {
        3
    }
}

impl Payload for Question {
    const FORWARD: bool = true;
    const UPDATE: bool = true;
}

/// What the one who answers tells the one who asked.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Answer {
    operation: OperationId,
    key: Id,
    hops: u16,
    asked: u16,
}

impl Wire for Answer {
    const KINDS: usize = 1;
    fn kind(&self) -> usize {
        0
    }
    fn kind_name(_: usize) -> &'static str {
        "answer"
    }
    fn wire_bytes(&self) -> u32 {
        30
    }
}

/// What the asker learns: from whom, and what he said.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Learned {
    from: NodeAddr,
    answer: Answer,
}

/// Answers questions that pass by, if it can.
#[derive(Debug)]
struct Anycast {
    copies: Vec<Id>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Command {
    Ask(Id, Manner),
    Keep(Id),
}

impl<O: KeyBased<Addr = NodeAddr, Payload = Question>> Layer<O> for Anycast {
    type Init = ();
    type Config = ();
    type Msg = Answer;
    type Timer = ();
    type Command = Command;
    type Event = Learned;

    fn new(_: NodeAddr, (): (), (): &(), _: StreamKey) -> Self {
        Anycast { copies: Vec::new() }
    }

    fn on_start(&mut self, _: &mut Below<'_, '_, Self, O>) {}

    fn on_told(&mut self, below: &mut Below<'_, '_, Self, O>, event: O::Event) {
        let (message, next) = match O::upcall(event) {
            Ok(Upcall::Deliver(message)) => (message, None),
            Ok(Upcall::Forward { message, next }) => (message, Some(next)),
            _ => return,
        };
        let here = self.copies.contains(&message.key) && message.payload.manner == Manner::AnyCopy;
        let Some(next) = next.filter(|_| !here) else {
            let answer = Answer {
                operation: message.operation,
                key: message.key,
                hops: message.hops,
                asked: message.payload.asked,
            };
            return below.send(message.source.addr, answer);
        };
        let mut message = message;
        message.payload.asked += 1;
        let at_source = message.hops == 0;
        let next = match message.payload.manner {
            Manner::OtherKey(key) if at_source => {
                message.key = key;
                None
            }
            Manner::Aside if at_source => below.neighbour_set(1).first().copied(),
            // What the overlay chose anyway.
            Manner::AnyCopy => Some(next),
            _ => None,
        };
        below.forward(message, next);
    }

    fn on_message(&mut self, below: &mut Below<'_, '_, Self, O>, from: NodeAddr, answer: Answer) {
        below.emit(Learned { from, answer });
    }

    fn on_timer(&mut self, _: &mut Below<'_, '_, Self, O>, (): ()) {}

    fn on_command(&mut self, below: &mut Below<'_, '_, Self, O>, operation: OperationId, command: Command) {
        match command {
            Command::Ask(key, manner) => below.route(operation, key, Question { manner, asked: 0 }),
            Command::Keep(key) => self.copies.push(key),
        }
    }

    fn on_stop(&mut self, _: &mut Below<'_, '_, Self, O>) {}
}

/// Starts all nodes, and collects what askers learn.
struct Asking<I> {
    inits: Vec<I>,
    learned: BTreeMap<u64, (NodeAddr, Learned)>,
}

#[derive(Clone, Copy)]
enum Act {
    Start,
    Tell(NodeAddr, u64, Command),
}

impl<O: Ground<Payload = Question>> World<Over<Anycast, O>> for Asking<O::Init> {
    type Event = Act;

    fn on_event(&mut self, control: &mut Control<'_, Over<Anycast, O>, Act>, act: Act) {
        match act {
            Act::Start => {
                for (below, addr) in std::mem::take(&mut self.inits).into_iter().zip(0..) {
                    control.start(NodeAddr(addr), Both { own: (), below });
                }
            }
            Act::Tell(node, operation, command) => control.command(node, OperationId(operation), Part::Own(command)),
        }
    }

    fn on_node_event(&mut self, _: SimTime, node: NodeAddr, event: Part<Learned, O::Event>) {
        if let Part::Own(learned) = event {
            let operation = learned.answer.operation.0;
            let before = self.learned.insert(operation, (node, learned));
            assert_eq!(before, None, "one answer each");
        }
    }
}

/// A network of nodes, and who they are.
struct Town<O: Ground<Payload = Question>> {
    simulation: Simulation<Over<Anycast, O>, Asking<O::Init>>,
    config: O::Config,
    members: BTreeMap<u128, NodeAddr>,
    rng: NodeRng,
    operations: u64,
}

const NODES: u32 = 200;

impl<O: Ground<Payload = Question>> Town<O> {
    fn new(seed: u64) -> Self {
        Self::split(seed, 1)
    }

    /// The same, executed in parts.
    fn split(seed: u64, partitions: u32) -> Self {
        let streams = StreamKey::root(seed, 0);
        let ids = distinct_ids(
            NODES as usize,
            O::space(&O::parameters()),
            &mut streams.purpose("ids").rng(),
        );
        let ids = ids.expect("a space that is wide enough");
        let contacts: Vec<Contact> = ids
            .into_iter()
            .zip(0..)
            .map(|(id, addr)| Contact {
                id,
                addr: NodeAddr(addr),
            })
            .collect();
        let setup = Setup {
            config: Both {
                own: (),
                below: O::parameters(),
            },
            network: Box::new(Constant::new(SimDuration::from_millis(20))),
            nodes: NODES,
            streams,
            partitions,
        };
        let world = Asking {
            inits: O::perfect(&O::parameters(), &contacts),
            learned: BTreeMap::new(),
        };
        let mut simulation = Simulation::new(setup, world);
        simulation.schedule(SimTime::ZERO, Act::Start);
        Town {
            simulation,
            config: O::parameters(),
            members: contacts
                .iter()
                .map(|contact| (contact.id.number(), contact.addr))
                .collect(),
            rng: streams.purpose("test").rng(),
            operations: 0,
        }
    }

    fn tell(&mut self, node: NodeAddr, command: Command) -> u64 {
        let operation = self.operations;
        self.operations += 1;
        let time = SimTime::ZERO + SimDuration::from_secs(1 + operation);
        self.simulation.schedule(time, Act::Tell(node, operation, command));
        operation
    }

    fn learned(&mut self) -> &BTreeMap<u64, (NodeAddr, Learned)> {
        let end = SimTime::ZERO + SimDuration::from_secs(self.operations + 60);
        self.simulation.run_until(end).expect("nobody watches");
        &self.simulation.world().learned
    }

    fn somebody(&mut self) -> NodeAddr {
        NodeAddr((self.rng.next_u64() % u64::from(NODES)) as u32)
    }

    fn key(&mut self) -> Id {
        O::space(&self.config).random(&mut self.rng)
    }

    fn root(&self, key: Id) -> NodeAddr {
        O::roots(&self.config, key, &self.members, 1)[0]
    }

    /// The nodes that a message passes, by what each of them knows: the source first, the root last.
    fn way(&self, source: NodeAddr, key: Id) -> Vec<NodeAddr> {
        let mut way = vec![source];
        loop {
            let at = way[way.len() - 1];
            let node = self.simulation.node(at).expect("all are up").below();
            match node.next_hop(&self.config, key) {
                Step::Owner(owner) if owner.addr == at => return way,
                step => way.push(step.contact().expect("a perfect network has no dead ends").addr),
            }
        }
    }
}

/// Without copies every question goes all the way, and each node on it is asked but the last.
fn every_node_on_the_way_is_asked<O: Ground<Payload = Question>>() {
    let mut town = Town::<O>::new(1);
    let mut asked = Vec::new();
    for _ in 0..300 {
        let (source, key) = (town.somebody(), town.key());
        town.tell(source, Command::Ask(key, Manner::AnyCopy));
        asked.push((source, key));
    }
    town.learned();
    for (operation, (source, key)) in asked.into_iter().enumerate() {
        let way = town.way(source, key);
        assert_eq!(way.last(), Some(&town.root(key)));
        let (asker, learned) = &town.simulation.world().learned[&(operation as u64)];
        let hops = way.len() as u16 - 1;
        let answer = &learned.answer;
        assert_eq!((*asker, learned.from), (source, way[way.len() - 1]));
        assert_eq!((answer.hops, answer.asked, answer.key), (hops, hops, key));
    }
}

/// A question ends at the first node on its way that has a copy, which may be its source, and goes no further.
fn the_first_copy_on_the_way_answers<O: Ground<Payload = Question>>() {
    let mut town = Town::<O>::new(2);
    let mut asked = Vec::new();
    for _ in 0..20 {
        let key = town.key();
        let holders: Vec<NodeAddr> = (0..40).map(|_| town.somebody()).collect();
        for holder in &holders {
            town.tell(*holder, Command::Keep(key));
        }
        for _ in 0..40 {
            let source = town.somebody();
            let operation = town.tell(source, Command::Ask(key, Manner::AnyCopy));
            asked.push((operation, source, key, holders.clone()));
        }
    }
    town.learned();
    let (mut at_source, mut on_the_way) = (0, 0);
    for (operation, source, key, holders) in asked {
        let way = town.way(source, key);
        let first = way.iter().position(|node| holders.contains(node));
        let at = first.unwrap_or(way.len() - 1);
        let (_, learned) = &town.simulation.world().learned[&operation];
        assert_eq!((learned.from, usize::from(learned.answer.hops)), (way[at], at));
        at_source += u32::from(at == 0);
        on_the_way += u32::from(at > 0 && at + 1 < way.len());
    }
    assert!(at_source > 100 && on_the_way > 40, "{at_source} {on_the_way}");
}

/// A changed key is where the message goes, and a changed next node is where it goes first.
fn what_the_layer_changes_is_honoured<O: Ground<Payload = Question>>() {
    let mut town = Town::<O>::new(3);
    let mut asked = Vec::new();
    for turn in 0..300 {
        let (source, key, other) = (town.somebody(), town.key(), town.key());
        let manner = if turn % 2 == 0 {
            Manner::OtherKey(other)
        } else {
            Manner::Aside
        };
        town.tell(source, Command::Ask(key, manner));
        asked.push((source, key, manner));
    }
    town.learned();
    for (operation, (source, key, manner)) in asked.into_iter().enumerate() {
        let (_, learned) = &town.simulation.world().learned[&(operation as u64)];
        let answer = &learned.answer;
        // Of a key of its own the source is not asked.
        let (key, hops) = match manner {
            _ if town.root(key) == source => (key, 0),
            Manner::OtherKey(other) => (other, town.way(source, other).len() as u16 - 1),
            _ => {
                let node = town.simulation.node(source).expect("all are up").below();
                let neighbour = node.neighbour_set(&town.config, 1)[0];
                (key, town.way(neighbour.addr, key).len() as u16)
            }
        };
        assert_eq!((learned.from, answer.key), (town.root(key), key), "{manner:?}");
        assert_eq!(answer.hops, hops, "{manner:?} from {source:?}");
    }
}

fn a_run_does_not_depend_on_how_it_is_split<O: Ground<Payload = Question>>() {
    let runs = [1, 2, 7].map(|partitions| {
        let mut town = Town::<O>::split(4, partitions);
        let key = town.key();
        for turn in 0..100 {
            let (holder, source) = (town.somebody(), town.somebody());
            let other = town.key();
            if turn % 10 == 0 {
                town.tell(holder, Command::Keep(key));
            }
            let manner = [Manner::AnyCopy, Manner::OtherKey(other), Manner::Aside][turn % 3];
            town.tell(source, Command::Ask(key, manner));
        }
        let learned = town.learned().clone();
        (town.simulation.fingerprint(), town.simulation.events(), learned)
    });
    assert_eq!(runs[0].2.len(), 100);
    assert!(runs.iter().all(|run| *run == runs[0]));
}

#[test]
fn every_node_on_the_way_is_asked_over_every_overlay() {
    every_node_on_the_way_is_asked::<Chord<Question>>();
    every_node_on_the_way_is_asked::<Pastry<Question>>();
}

#[test]
fn the_first_copy_on_the_way_answers_over_every_overlay() {
    the_first_copy_on_the_way_answers::<Chord<Question>>();
    the_first_copy_on_the_way_answers::<Pastry<Question>>();
}

#[test]
fn what_the_layer_changes_is_honoured_over_every_overlay() {
    what_the_layer_changes_is_honoured::<Chord<Question>>();
    what_the_layer_changes_is_honoured::<Pastry<Question>>();
}

#[test]
fn no_run_depends_on_how_it_is_split() {
    a_run_does_not_depend_on_how_it_is_split::<Chord<Question>>();
    a_run_does_not_depend_on_how_it_is_split::<Pastry<Question>>();
}
