//! The same life of a ring twice: an overlay alone, and the same one driving a virtual network.

// Each test binary uses its own part.
#![allow(dead_code, unreachable_pub)]

use std::collections::BTreeMap;
use std::fmt::Debug;

use protocols::chord::{self, Chord};
use protocols::id::{Id, IdSpace};
use protocols::kbr::{Call, KeyBased, Nothing, Upcall};
use protocols::layer::{Both, Part};
use protocols::pastry::{self, Pastry};
use protocols::xbone::{self, Arrival, BlockPool, ContactInfo, Driver, Held, Ledger, Service, Terms, XBone};
use rand::Rng;
use sim_core::addr::{Address, NodeAddr};
use sim_core::network::{Network, Plane, Propagation};
use sim_core::observer::Observer;
use sim_core::protocol::{OperationId, Protocol};
use sim_core::random::{NodeRng, StreamKey};
use sim_core::simulation::{Setup, Simulation};
use sim_core::time::{SimDuration, SimTime};
use sim_core::world::{Control, Departure, World};

/// Chord whose peers are called by contact information.
pub type Inner = Chord<Nothing, ContactInfo>;
/// Pastry likewise.
pub type InnerPastry = Pastry<Nothing, ContactInfo>;

/// An overlay, whatever its nodes call each other.
pub trait Overlay<A: Address>: KeyBased<Addr = A, Payload = Nothing, Config: Clone, Event: Clone + Debug> {
    fn config(run: &Run) -> Self::Config;
    fn first(id: Id) -> Self::Init;
    fn join(id: Id, bootstrap: A) -> Self::Init;
    /// All ways to ask for a key.
    fn asks(key: Id) -> Vec<Self::Command>;
}

impl<A: Address> Overlay<A> for Chord<Nothing, A> {
    fn config(run: &Run) -> chord::Config {
        run.chord.clone().validate().expect("a sound configuration")
    }

    fn first(id: Id) -> Self::Init {
        chord::Init::First { id }
    }

    fn join(id: Id, bootstrap: A) -> Self::Init {
        chord::Init::Join { id, bootstrap }
    }

    fn asks(key: Id) -> Vec<Self::Command> {
        let payload = Nothing;
        vec![chord::Command::Lookup { key }, Call::Route { key, payload }.into()]
    }
}

impl<A: Address> Overlay<A> for Pastry<Nothing, A> {
    fn config(run: &Run) -> pastry::Config {
        run.pastry.clone().validate().expect("a sound configuration")
    }

    fn first(id: Id) -> Self::Init {
        pastry::Init::First { id }
    }

    fn join(id: Id, bootstrap: A) -> Self::Init {
        pastry::Init::Join { id, bootstrap }
    }

    fn asks(key: Id) -> Vec<Self::Command> {
        let payload = Nothing;
        vec![Call::Route { key, payload }]
    }
}

/// A ring of an overlay's nodes, under whatever.
pub trait Ring: Protocol<Addr = NodeAddr, Event: Clone> {
    type Peer: Address;
    type Overlay: Overlay<Self::Peer>;

    fn first(id: Id) -> Self::Init;
    fn join(id: Id, bootstrap: NodeAddr) -> Self::Init;
    fn asks(key: Id) -> Vec<Self::Command>;
    /// What the overlay tells, of which there may be more.
    fn of_overlay(event: Self::Event) -> Option<<Self::Overlay as Protocol>::Event>;
    /// Whether it tells that the node is not to be a member, before its overlay runs.
    fn is_refused(event: &Self::Event) -> bool;
}

impl<P: Overlay<NodeAddr>> Ring for P {
    type Peer = NodeAddr;
    type Overlay = P;

    fn first(id: Id) -> Self::Init {
        <P as Overlay<NodeAddr>>::first(id)
    }

    fn join(id: Id, bootstrap: NodeAddr) -> Self::Init {
        <P as Overlay<NodeAddr>>::join(id, bootstrap)
    }

    fn asks(key: Id) -> Vec<Self::Command> {
        <P as Overlay<NodeAddr>>::asks(key)
    }

    fn of_overlay(event: P::Event) -> Option<P::Event> {
        Some(event)
    }

    fn is_refused(_: &P::Event) -> bool {
        false
    }
}

impl<C: Overlay<ContactInfo> + Driver> Ring for XBone<C> {
    type Peer = ContactInfo;
    type Overlay = C;

    fn first(id: Id) -> Self::Init {
        node(C::first(id), None)
    }

    fn join(id: Id, bootstrap: NodeAddr) -> Self::Init {
        let bootstrap = ContactInfo::seal(bootstrap);
        node(C::join(id, bootstrap), Some(bootstrap))
    }

    fn asks(key: Id) -> Vec<Self::Command> {
        C::asks(key).into_iter().map(xbone::Command).collect()
    }

    fn of_overlay(event: Self::Event) -> Option<C::Event> {
        match event {
            Part::Own(_) => None,
            Part::Below(event) => Some(event),
        }
    }

    fn is_refused(event: &Self::Event) -> bool {
        matches!(event, Part::Own(xbone::Event::NotAdmitted))
    }
}

fn node<I>(overlay: I, bootstrap: Option<ContactInfo>) -> xbone::Init<I> {
    xbone::Init::Node(Box::new(Arrival {
        overlay,
        bootstrap,
        tunnels: Vec::new(),
    }))
}

/// What happens to a ring.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Act {
    /// An address without a node gets one, which joins through a random member.
    Arrive,
    /// A random member goes.
    Depart(Departure),
    /// Both, at the same address.
    Return,
    /// A random member asks for a random key, in all ways that there are.
    Ask,
    /// The overlay manager comes up.
    Manager(u32),
    /// An address server comes up, with the ledger that it had before.
    Server(u32),
    /// It goes down.
    ServerFails(u32),
}

/// Who lives, and what was told.
pub struct Life<R: Ring> {
    space: IdSpace,
    rng: NodeRng,
    places: u32,
    service: Service,
    pool: &'static str,
    terms: Terms,
    /// Addresses whose node is up, and whether it is a member.
    pub up: BTreeMap<NodeAddr, bool>,
    asked: u64,
    pub ledgers: BTreeMap<NodeAddr, Ledger>,
    pub log: Vec<(SimTime, NodeAddr, String)>,
    /// The node whose join is the first.
    founded: bool,
    save: fn(&R) -> Option<Ledger>,
    start_server: fn(Service, Ledger) -> Option<R::Init>,
    start_manager: Option<R::Init>,
    pub events: Vec<(SimTime, NodeAddr, R::Event)>,
}

impl<R: Ring> Life<R> {
    fn member(&mut self) -> Option<NodeAddr> {
        let members: Vec<NodeAddr> = self
            .up
            .iter()
            .filter(|(_, member)| **member)
            .map(|(addr, _)| *addr)
            .collect();
        let draw = self.rng.next_u64();
        (!members.is_empty()).then(|| members[(draw % members.len() as u64) as usize])
    }

    fn id(&mut self) -> Id {
        let number = u128::from(self.rng.next_u64()) << 64 | u128::from(self.rng.next_u64());
        Id::new(number >> (128 - self.space.bits()))
    }

    fn arrive(&mut self, control: &mut Control<'_, R, Act>, at: NodeAddr) {
        let id = self.id();
        let init = match self.member() {
            Some(bootstrap) => R::join(id, bootstrap),
            None if !self.founded => R::first(id),
            None => return,
        };
        self.founded = true;
        self.up.insert(at, false);
        control.start(at, init);
    }
}

impl<R: Ring> World<R> for Life<R> {
    type Event = Act;

    fn on_event(&mut self, control: &mut Control<'_, R, Act>, act: Act) {
        match act {
            Act::Arrive => {
                if let Some(at) = (0..self.places).map(NodeAddr).find(|at| !self.up.contains_key(at)) {
                    self.arrive(control, at);
                }
            }
            Act::Depart(departure) => {
                if self.up.values().filter(|member| **member).count() > 2
                    && let Some(addr) = self.member()
                {
                    self.up.remove(&addr);
                    control.stop(addr, departure);
                }
            }
            Act::Return => {
                if self.up.values().filter(|member| **member).count() > 2
                    && let Some(addr) = self.member()
                {
                    self.up.remove(&addr);
                    control.stop(addr, Departure::Silent);
                    self.arrive(control, addr);
                }
            }
            Act::Ask => {
                let key = self.id();
                if let Some(addr) = self.member() {
                    let operation = OperationId(self.asked);
                    self.asked += 1;
                    for command in R::asks(key) {
                        control.command(addr, operation, command);
                    }
                }
            }
            Act::Manager(addr) => {
                if let Some(init) = self.start_manager.take() {
                    control.start(NodeAddr(addr), init);
                }
            }
            Act::Server(addr) => {
                let addr = NodeAddr(addr);
                let fresh = || {
                    // Each server has a prefix of its own.
                    let number = addr.0 % 16;
                    let prefix = self.pool.replace('#', &number.to_string());
                    Ledger::new(BlockPool::parse(&prefix).expect("a prefix"), self.terms)
                };
                let ledger = self.ledgers.remove(&addr).unwrap_or_else(fresh);
                if let Some(init) = (self.start_server)(self.service, ledger) {
                    control.start(addr, init);
                }
            }
            Act::ServerFails(addr) => {
                let addr = NodeAddr(addr);
                if let Some(ledger) = control.node(addr).and_then(self.save) {
                    self.ledgers.insert(addr, ledger);
                    control.stop(addr, Departure::Silent);
                }
            }
        }
    }

    fn on_node_event(&mut self, time: SimTime, node: NodeAddr, event: R::Event) {
        let told = R::of_overlay(event.clone());
        let upcall = told.clone().and_then(|told| R::Overlay::upcall(told).ok());
        match upcall {
            Some(Upcall::Joined) => {
                if let Some(member) = self.up.get_mut(&node) {
                    *member = true;
                }
            }
            Some(Upcall::Out) => drop(self.up.remove(&node)),
            _ if R::is_refused(&event) => drop(self.up.remove(&node)),
            _ => {}
        }
        if let Some(told) = told {
            // In words that do not depend on what it calls its peers.
            self.log.push((time, node, format!("{told:?}").replace("@v", "@n")));
        }
        self.events.push((time, node, event));
    }
}

/// How a ring is run.
#[derive(Clone)]
pub struct Run {
    pub places: u32,
    pub seed: u64,
    pub chord: chord::Config,
    pub pastry: pastry::Config,
    pub xbone: xbone::Config,
    pub service: Service,
    /// The prefix of the servers' pools; `#` stands for the server's number.
    pub pool: &'static str,
    pub terms: Terms,
    pub acts: Vec<(SimDuration, Act)>,
}

impl Run {
    /// Daemons of the virtual network have the addresses after those of the nodes.
    pub fn new(places: u32, seed: u64) -> Self {
        Run {
            places,
            seed,
            chord: chord::Config {
                id_bits: 32,
                successors: 4,
                stabilize_period: SimDuration::from_secs(2),
                ..chord::Config::default()
            },
            pastry: pastry::Config {
                id_bits: 32,
                leaf_set: 4,
                neighbourhood: 4,
                heartbeat_period: Some(SimDuration::from_secs(5)),
                neighbourhood_period: Some(SimDuration::from_secs(10)),
                ..pastry::Config::default()
            },
            xbone: xbone::Config::default(),
            service: Service::with_rate(Service::UDP).expect("a rate"),
            pool: "10.#.0.0/16",
            terms: Terms::default(),
            acts: Vec::new(),
        }
    }

    fn life<R: Ring>(&self) -> Life<R> {
        Life {
            space: R::Overlay::space(&R::Overlay::config(self)),
            rng: StreamKey::root(self.seed, 0).purpose("life").rng(),
            places: self.places,
            service: self.service,
            pool: self.pool,
            terms: self.terms,
            up: BTreeMap::new(),
            asked: 0,
            ledgers: BTreeMap::new(),
            log: Vec::new(),
            founded: false,
            save: |_| None,
            start_server: |_, _| None,
            start_manager: None,
            events: Vec::new(),
        }
    }

    /// Hosts at random places, so that no two delays are the same.
    pub fn network(&self) -> Plane {
        let propagation = Propagation::new(SimDuration::from_millis(5), 1e-4).expect("a speed");
        let hosts = self.places as usize + 16;
        Plane::new(
            hosts,
            1000.0,
            1000.0,
            propagation,
            StreamKey::root(self.seed, 0).purpose("places"),
        )
        .expect("a plane")
    }

    fn simulation<R: Ring, O: Observer<R>>(
        &self,
        config: R::Config,
        network: impl Network + 'static,
        life: Life<R>,
        observer: O,
    ) -> Simulation<R, Life<R>, O> {
        let setup = Setup {
            config,
            network: Box::new(network),
            nodes: self.places + 16,
            streams: StreamKey::root(self.seed, 0),
            partitions: 1,
        };
        let mut simulation = Simulation::observed(setup, life, observer);
        for (after, act) in &self.acts {
            simulation.schedule(SimTime::ZERO + *after, *act);
        }
        simulation
    }

    /// Of an overlay without a virtual network.
    pub fn plain_of<P: Overlay<NodeAddr>>(&self) -> Simulation<P, Life<P>> {
        self.simulation(P::config(self), self.network(), self.life(), ())
    }

    /// Of a virtual network that an overlay drives.
    pub fn driven_by<C: Overlay<ContactInfo> + Driver, O: Observer<XBone<C>>>(
        &self,
        network: impl Network + 'static,
        observer: O,
    ) -> Simulation<XBone<C>, Life<XBone<C>>, O> {
        let config = Both {
            own: self.xbone.clone().validate().expect("a sound configuration"),
            below: C::config(self),
        };
        let life = Life {
            save: |node: &XBone<C>| node.server().map(|server| server.ledger().clone()),
            start_server: |service, ledger| Some(xbone::Init::Server(service, Box::new(ledger))),
            start_manager: Some(xbone::Init::Manager),
            ..self.life()
        };
        self.simulation(config, network, life, observer)
    }

    pub fn virtually(&self) -> Simulation<XBone<Inner>, Life<XBone<Inner>>> {
        self.watched(())
    }

    pub fn watched<O: Observer<XBone<Inner>>>(&self, observer: O) -> Simulation<XBone<Inner>, Life<XBone<Inner>>, O> {
        self.driven_by(self.network(), observer)
    }
}

pub fn secs(secs: f64) -> SimDuration {
    SimDuration::from_secs_f64(secs)
}

/// The tunnels of all nodes that are up: both ends, as each of them sees it.
pub fn ends<C: Overlay<ContactInfo> + Driver>(
    simulation: &Simulation<XBone<C>, Life<XBone<C>>>,
    places: u32,
) -> Vec<(NodeAddr, ContactInfo, Option<Held>)> {
    (0..places)
        .map(NodeAddr)
        .filter_map(|addr| Some((addr, simulation.node(addr)?.node()?)))
        .flat_map(|(addr, node)| node.tunnels().map(move |(peer, held)| (addr, peer, held)))
        .collect()
}
