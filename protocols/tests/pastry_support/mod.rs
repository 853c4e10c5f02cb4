//! Pastry networks that grow by joins, whose nodes leave and route, for the tests beside this folder.

// Each test binary uses its own part.
#![allow(dead_code, unreachable_pub)]

use std::collections::BTreeMap;

use protocols::id::{Contact, Id, distinct_ids};
use protocols::kbr::{Call, KeyBased, Nothing, Routed};
use protocols::pastry::{Cell, Config, Event, Init, LeafSet, Pastry, Reason, Repair};
use rand::Rng;
use sim_core::addr::NodeAddr;
use sim_core::network::{Network, Plane, Propagation};
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
    /// A node leaves if it is there and others remain.
    Leave(NodeAddr, Departure),
    /// A random member routes a message to a random key, or to a random member's identifier.
    Route { operation: u64, to_node: bool },
}

/// A network, and what its nodes have told.
pub struct Town {
    pub config: Config,
    /// All that may ever be there, by address.
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
            Act::Leave(addr, departure) => {
                if control.is_up(addr) && (self.members.len() > self.least || !self.members.contains(&addr)) {
                    self.departures += 1;
                    self.up.retain(|up| *up != addr);
                    self.members.retain(|member| *member != addr);
                    control.stop(addr, departure);
                }
            }
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
    Simulation::new(setup, world)
}

pub fn millis(millis: u64) -> SimTime {
    SimTime::ZERO + SimDuration::from_millis(millis)
}

/// How well the tables of a network's members are kept.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Quality {
    /// Members whose leaf set is not the true one.
    pub wrong_leaf_sets: usize,
    /// Cells of routing tables that somebody fits, and how many of them are empty.
    pub cells: usize,
    pub empty: usize,
    /// How many have the nearest of those that fit.
    pub nearest: usize,
    /// Entries of routing tables and neighbourhood sets that are no members, or in the wrong cell.
    pub dead: usize,
}

/// Measures all members of a network.
pub fn quality(simulation: &Simulation<Pastry, Town>, network: Option<&dyn Network>) -> Quality {
    let town = simulation.world();
    let members = town.by_id();
    let mut quality = Quality::default();
    for &addr in members.values() {
        let Some(node) = simulation.node(addr) else {
            panic!("{addr} is a member and not there")
        };
        let mut truth = LeafSet::new(node.contact(), town.config.space(), town.config.leaves_a_side());
        let mut fitting: BTreeMap<Cell, Vec<NodeAddr>> = BTreeMap::new();
        for (&id, &addr) in &members {
            let contact = Contact { id: Id::new(id), addr };
            truth.insert(contact);
            if let Some(cell) = node.routing_table().cell(contact.id) {
                fitting.entry(cell).or_default().push(addr);
            }
        }
        if !truth.contacts().eq(node.leaf_set().contacts()) {
            quality.wrong_leaf_sets += 1;
        }
        for (cell, fitting) in &fitting {
            quality.cells += 1;
            match node.routing_table().get(cell.row, cell.column) {
                None => quality.empty += 1,
                Some(entry) => {
                    let delay = |to| network.map(|network| network.direct_delay(addr, to));
                    let nearest = fitting.iter().map(|to| delay(*to)).min();
                    quality.nearest += usize::from(nearest == Some(delay(entry.addr)));
                }
            }
        }
        let known = node.routing_table().contacts().chain(node.neighbourhood().contacts());
        quality.dead += known
            .filter(|known| members.get(&known.id.number()) != Some(&known.addr))
            .count();
    }
    quality
}

/// Whether every message has been delivered at the root of its key among the members that there are.
pub fn all_delivered_right(simulation: &Simulation<Pastry, Town>) -> bool {
    let town = simulation.world();
    let members = town.by_id();
    town.delivered
        .iter()
        .all(|(node, message)| <Pastry as KeyBased>::roots(&town.config, message.key, &members, 1) == [*node])
}
