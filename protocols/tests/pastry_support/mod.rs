//! Pastry networks that grow by joins, whose nodes leave and route, for the tests beside this folder.

// Each test binary uses its own part.
#![allow(dead_code, unreachable_pub)]

use std::collections::BTreeMap;

use protocols::id::{Contact, distinct_ids};
use protocols::kbr::{Call, KeyBased, Nothing, Routed};
use protocols::pastry::invariants::TableError;
use protocols::pastry::{Cell, Config, Event, Init, Members, Pastry, Reason, Repair};
use rand::Rng;
use sim_core::addr::NodeAddr;
use sim_core::network::{Network, Plane, Propagation};
use sim_core::observer::Observer;
use sim_core::protocol::OperationId;
use sim_core::random::{NodeRng, StreamKey};
use sim_core::simulation::{Setup, Simulation};
use sim_core::time::{SimDuration, SimTime};
use sim_core::world::{Control, Departure, World};

/// What happens to a network.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Act {
    /// A node joins through a random member; the first one begins the network.
    Join(NodeAddr),
    /// The same under a new identifier, at an address that somebody else may have had.
    Return(NodeAddr),
    /// A node leaves if it is there and others remain.
    Leave(NodeAddr, Departure),
    /// A random member routes a message to a random key, or to a random member's identifier.
    Route { operation: u64, to_node: bool },
}

/// A network, and what its nodes have told.
pub struct Town {
    pub config: Config,
    /// Who is, was last, or is to be at each address.
    pub contacts: Vec<Contact>,
    rng: NodeRng,
    /// Those who have told that they have joined and are there.
    pub members: Vec<NodeAddr>,
    /// Those who are there.
    pub up: Vec<NodeAddr>,
    pub delivered: Vec<(NodeAddr, Routed<Nothing>)>,
    pub undeliverable: Vec<Routed<Nothing>>,
    pub out: Vec<(NodeAddr, Reason)>,
    pub repairs: BTreeMap<Repair, u64>,
    pub joins: u32,
    pub departures: u32,
    /// How many must remain.
    pub least: usize,
}

impl Town {
    /// The members, by identifier.
    pub fn by_id(&self) -> BTreeMap<u128, NodeAddr> {
        let contacts = self.members.iter().map(|addr| self.contacts[addr.index()]);
        contacts.map(|contact| (contact.id.number(), contact.addr)).collect()
    }
}

impl World<Pastry> for Town {
    type Event = Act;

    fn on_event(&mut self, control: &mut Control<'_, Pastry, Act>, act: Act) {
        match act {
            Act::Join(addr) => {
                let id = self.contacts[addr.index()].id;
                let init = match below(&mut self.rng, self.members.len().max(1)) {
                    _ if control.is_up(addr) => return,
                    at if !self.members.is_empty() => Init::Join {
                        id,
                        bootstrap: self.members[at],
                    },
                    _ if !self.up.is_empty() => return,
                    _ => Init::First { id },
                };
                self.joins += 1;
                self.up.push(addr);
                control.start(addr, init);
            }
            Act::Return(addr) => {
                if !control.is_up(addr) {
                    self.contacts[addr.index()].id = self.config.space().random(&mut self.rng);
                    self.on_event(control, Act::Join(addr));
                }
            }
            Act::Leave(addr, departure) => {
                if control.is_up(addr) && (self.members.len() > self.least || !self.members.contains(&addr)) {
                    self.departures += 1;
                    self.up.retain(|up| *up != addr);
                    self.members.retain(|member| *member != addr);
                    control.stop(addr, departure);
                }
            }
            Act::Route { .. } if self.members.is_empty() => {}
            Act::Route { operation, to_node } => {
                let source = self.members[below(&mut self.rng, self.members.len())];
                let key = if to_node {
                    let destination = self.members[below(&mut self.rng, self.members.len())];
                    self.contacts[destination.index()].id
                } else {
                    self.config.space().random(&mut self.rng)
                };
                let payload = Nothing;
                control.command(source, OperationId(operation), Call::Route { key, payload });
            }
        }
    }

    fn on_node_event(&mut self, _: SimTime, node: NodeAddr, event: Event<Nothing>) {
        match event {
            Event::Joined => self.members.push(node),
            Event::Out(reason) => {
                self.members.retain(|member| *member != node);
                self.out.push((node, reason));
            }
            Event::Deliver(message) => self.delivered.push((node, *message)),
            Event::Undeliverable(message) => self.undeliverable.push(*message),
            Event::Repairing(repair) => *self.repairs.entry(repair).or_default() += 1,
            Event::Dropped(_) => {}
            other => panic!("nobody asked for {other:?}"),
        }
    }
}

/// A number below a bound: the bias of a few in 2^64 does not matter here.
pub fn below(rng: &mut NodeRng, bound: usize) -> usize {
    (rng.next_u64() % bound as u64) as usize
}

/// The paper's plane: 1000 by 1000, here a delay of a microsecond for each unit of distance.
pub fn plane(nodes: u32, streams: StreamKey) -> Box<dyn Network> {
    let propagation = Propagation::new(SimDuration::from_micros(1), 1e-4).expect("a positive speed");
    let plane = Plane::new(nodes as usize, 1000.0, 1000.0, propagation, streams.purpose("places"));
    Box::new(plane.expect("sides and hosts"))
}

/// A network of so many places on this kind of network.
pub fn town(
    config: &Config,
    nodes: u32,
    seed: u64,
    partitions: u32,
    network: Box<dyn Network>,
) -> Simulation<Pastry, Town> {
    watched_town(config, nodes, seed, partitions, network, ())
}

/// The same, and somebody watches.
pub fn watched_town<W: Observer<Pastry>>(
    config: &Config,
    nodes: u32,
    seed: u64,
    partitions: u32,
    network: Box<dyn Network>,
    watch: W,
) -> Simulation<Pastry, Town, W> {
    let streams = StreamKey::root(seed, 0);
    let ids = distinct_ids(
        nodes as usize,
        config.space(),
        &mut streams.purpose("identifiers").rng(),
    );
    let ids = ids.expect("a ring that is wide enough");
    let contacts = ids.into_iter().zip(0..).map(|(id, addr)| Contact {
        id,
        addr: NodeAddr(addr),
    });
    let world = Town {
        config: config.clone(),
        contacts: contacts.collect(),
        rng: streams.purpose("world").rng(),
        members: Vec::new(),
        up: Vec::new(),
        delivered: Vec::new(),
        undeliverable: Vec::new(),
        out: Vec::new(),
        repairs: BTreeMap::new(),
        joins: 0,
        departures: 0,
        least: 1,
    };
    let setup = Setup {
        config: config.clone(),
        network,
        nodes,
        streams,
        partitions,
    };
    Simulation::observed(setup, world, watch)
}

pub fn millis(millis: u64) -> SimTime {
    SimTime::ZERO + SimDuration::from_millis(millis)
}

/// How well the tables of a network's members are kept.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Quality {
    pub error: TableError,
    /// How many cells of routing tables have the nearest of those that fit.
    pub nearest: usize,
}

/// Measures the tables of all members, and on which network their entries are the nearest.
pub fn quality<W: Observer<Pastry>>(town: &Simulation<Pastry, Town, W>, network: Option<&dyn Network>) -> Quality {
    let world = town.world();
    let contacts: Vec<Contact> = world.members.iter().map(|addr| world.contacts[addr.index()]).collect();
    let members = Members::new(&world.config, contacts.iter().copied());
    let tables = world.members.iter().map(|addr| match town.node(*addr) {
        Some(node) => node.tables(),
        None => panic!("{addr} is a member and not there"),
    });
    let nearest = tables.clone().map(|tables| {
        let mut least: BTreeMap<Cell, SimDuration> = BTreeMap::new();
        let Some(network) = network else { return 0 };
        for contact in &contacts {
            if let Some(cell) = tables.routing_table.cell(contact.id) {
                let delay = network.direct_delay(tables.me().addr, contact.addr);
                let least = least.entry(cell).or_insert(delay);
                *least = delay.min(*least);
            }
        }
        let is_nearest = |(cell, least): (Cell, SimDuration)| {
            let entry = tables.routing_table.get(cell);
            entry.is_some_and(|entry| network.direct_delay(tables.me().addr, entry.addr) == least)
        };
        least.into_iter().filter(|entry| is_nearest(*entry)).count()
    });
    Quality {
        nearest: nearest.sum(),
        error: TableError::measure(&members, tables),
    }
}

/// Lets all nodes join in turn, so many milliseconds apart, and a minute pass.
pub fn join_each(town: &mut Simulation<Pastry, Town>, apart: u64) {
    let nodes = town.world().contacts.len() as u64;
    for node in 0..nodes {
        town.schedule(millis(apart * node), Act::Join(NodeAddr(node as u32)));
    }
    town.run_until(millis(apart * nodes + 60_000)).expect("nobody watches");
}

/// Means over messages.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Sent {
    pub hops: f64,
    pub timeouts: f64,
}

/// Routes so many messages, one a millisecond, and checks that each has come to the true root of its key.
pub fn route(town: &mut Simulation<Pastry, Town>, messages: u64, to_node: bool) -> Sent {
    let (start, before) = (town.now(), town.world().delivered.len());
    for operation in 0..messages {
        let at = start + SimDuration::from_millis(1 + operation);
        town.schedule(at, Act::Route { operation, to_node });
    }
    let end = start + SimDuration::from_millis(messages) + SimDuration::from_secs(20);
    town.run_until(end).expect("nobody watches");
    let world = town.world();
    let delivered = &world.delivered[before..];
    assert_eq!(world.undeliverable, []);
    assert_eq!(delivered.len() as u64, messages);
    let members = world.by_id();
    for (node, message) in delivered {
        let roots = <Pastry as KeyBased>::roots(&world.config, message.key, &members, 1);
        assert_eq!(roots, [*node], "the root of {}", message.key);
    }
    let mean = |of: fn(&Routed<Nothing>) -> u16| {
        let sum: u64 = delivered.iter().map(|(_, message)| u64::from(of(message))).sum();
        sum as f64 / messages as f64
    };
    Sent {
        hops: mean(|message| message.hops),
        timeouts: mean(|message| message.timeouts),
    }
}
