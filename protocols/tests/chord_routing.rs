//! Messages to keys on whole rings: they come to the true owner with the hops of a lookup, under all rules and in both styles,
//! and go on doing so while nodes die, leave and join.

use std::collections::BTreeMap;

use protocols::chord::{Chord, Command, Config, Event, Init, LookupStyle, Ring, Rules};
use protocols::id::{Contact, Id, distinct_ids};
use protocols::kbr::{Call, KeyBased, Nothing, Upcall};
use rand::Rng;
use sim_core::addr::NodeAddr;
use sim_core::network::Uniform;
use sim_core::protocol::OperationId;
use sim_core::random::{NodeRng, StreamKey, unit};
use sim_core::simulation::{Setup, Simulation};
use sim_core::time::{SimDuration, SimTime};
use sim_core::world::{Control, Departure, World};

/// Asks random members for the owners of random keys, and sends each key a message at the same time.
struct Both {
    config: Config,
    ring: Ring,
    rng: NodeRng,
    members: BTreeMap<u128, NodeAddr>,
    joining: BTreeMap<NodeAddr, Id>,
    asked: Vec<(Contact, Id)>,
    looked_up: BTreeMap<u64, (NodeAddr, u16)>,
    delivered: BTreeMap<u64, (NodeAddr, u16)>,
    undeliverable: u64,
    /// Messages and lookups that ended at somebody who was not the owner at that moment.
    strangers: u64,
    wrong_answers: u64,
}

#[derive(Clone, Copy)]
enum Act {
    Start,
    /// Each node dies with this probability.
    Fail(f64),
    /// A random member leaves, gracefully, and comes back at once under another identifier.
    Return,
    Ask,
}

impl World<Chord> for Both {
    type Event = Act;

    fn on_event(&mut self, control: &mut Control<'_, Chord, Act>, act: Act) {
        match act {
            Act::Start => {
                for Contact { id, addr } in self.ring.members() {
                    let tables = Box::new(self.ring.tables(*id));
                    control.start(*addr, Init::Ready { id: *id, tables });
                    self.members.insert(id.number(), *addr);
                }
            }
            Act::Fail(probability) => {
                let rng = &mut self.rng;
                self.members.retain(|_, addr| {
                    let lives = unit(rng) >= probability;
                    if !lives {
                        control.stop(*addr, Departure::Silent);
                    }
                    lives
                });
            }
            Act::Return => {
                let Contact { id, addr } = self.member();
                control.stop(addr, Departure::Graceful);
                self.members.remove(&id.number());
                let bootstrap = self.member().addr;
                let id = self.config.space().random(&mut self.rng);
                self.joining.insert(addr, id);
                control.start(addr, Init::Join { id, bootstrap });
            }
            Act::Ask => {
                let operation = OperationId(self.asked.len() as u64);
                let asker = self.member();
                let key = self.config.space().random(&mut self.rng);
                self.asked.push((asker, key));
                control.command(asker.addr, operation, Command::Lookup { key });
                let payload = Nothing;
                control.command(asker.addr, operation, Call::Route { key, payload }.into());
            }
        }
    }

    fn on_node_event(&mut self, _: SimTime, node: NodeAddr, event: Event) {
        match Chord::upcall(event) {
            Ok(Upcall::Deliver(message)) => {
                let first = self.delivered.insert(message.operation.0, (node, message.hops));
                assert_eq!(first, None, "delivered once");
                self.strangers += u64::from(self.owner(message.key) != node);
            }
            Ok(Upcall::Joined) => {
                if let Some(id) = self.joining.remove(&node) {
                    self.members.insert(id.number(), node);
                }
            }
            Ok(Upcall::Undeliverable(_)) => self.undeliverable += 1,
            Ok(Upcall::Forward { .. } | Upcall::Update { .. }) => panic!("a plain Chord asks nobody and tells nobody"),
            Err(Event::LookupDone {
                operation,
                key,
                owner,
                hops,
                ..
            }) => {
                self.wrong_answers += u64::from(self.owner(key) != owner.addr);
                self.looked_up.insert(operation.0, (owner.addr, hops));
            }
            _ => {}
        }
    }
}

impl Both {
    /// The owner of a key among the members at this moment.
    fn owner(&self, key: Id) -> NodeAddr {
        Chord::<Nothing>::roots(&self.config, key, &self.members, 1)[0]
    }

    fn member(&mut self) -> Contact {
        let at = (self.rng.next_u64() % self.members.len() as u64) as usize;
        let (id, addr) = self.members.iter().nth(at).expect("some are members");
        let (id, addr) = (Id::new(*id), *addr);
        Contact { id, addr }
    }
}

fn simulation(config: Config, nodes: u32, seed: u64) -> Simulation<Chord, Both> {
    let config = config.validate().expect("a sound configuration");
    let streams = StreamKey::root(seed, 0);
    let ids = distinct_ids(nodes as usize, config.space(), &mut streams.purpose("ids").rng());
    let contacts = ids.expect("a ring that is wide enough").into_iter().zip(0..);
    let world = Both {
        ring: Ring::new(
            &config,
            contacts.map(|(id, addr)| Contact {
                id,
                addr: NodeAddr(addr),
            }),
        ),
        config: config.clone(),
        rng: streams.purpose("world").rng(),
        members: BTreeMap::new(),
        joining: BTreeMap::new(),
        asked: Vec::new(),
        looked_up: BTreeMap::new(),
        delivered: BTreeMap::new(),
        undeliverable: 0,
        strangers: 0,
        wrong_answers: 0,
    };
    let network = Uniform::new(SimDuration::from_millis(10), SimDuration::from_millis(90)).expect("bounds in order");
    let setup = Setup {
        config,
        network: Box::new(network),
        nodes,
        streams,
        partitions: 1,
    };
    let mut simulation = Simulation::new(setup, world);
    simulation.schedule(SimTime::ZERO, Act::Start);
    simulation
}

fn secs(secs: u64) -> SimTime {
    SimTime::ZERO + SimDuration::from_secs(secs)
}

/// Asks, ten times a second.
fn ask(simulation: &mut Simulation<Chord, Both>, times: u64, start: u64) {
    for time in 0..times {
        simulation.schedule(secs(start) + SimDuration::from_millis(100 * time), Act::Ask);
    }
}

/// No maintenance, and no time-out that a slow answer could meet.
fn frozen(rules: Rules, lookup: LookupStyle) -> Config {
    Config {
        rules,
        lookup,
        successors: 16,
        confirm_owner: true,
        stabilize_period: SimDuration::from_secs(1_000_000),
        timeout: SimDuration::from_secs(1),
        recursive_timeout: SimDuration::from_secs(60),
        ..Config::default()
    }
}

const STYLES: [LookupStyle; 2] = [LookupStyle::Iterative, LookupStyle::Recursive];

#[test]
fn a_message_comes_to_the_true_owner_with_the_hops_of_a_lookup() {
    for (name, rules) in Rules::NAMES {
        for lookup in STYLES {
            let mut simulation = simulation(frozen(rules, lookup), 256, 3);
            ask(&mut simulation, 1500, 1);
            simulation.run_until(secs(200)).expect("nobody watches");
            let world = simulation.world();
            assert_eq!(world.delivered.len(), 1500, "{name}, {lookup:?}");
            let mut own = 0;
            for (at, (asker, key)) in world.asked.iter().enumerate() {
                let (node, hops) = world.delivered[&(at as u64)];
                assert_eq!(node, world.owner(*key));
                // A node knows its own keys; a lookup for one of them goes around the ring.
                let expected = if node == asker.addr {
                    own += 1;
                    (node, 0)
                } else {
                    world.looked_up[&(at as u64)]
                };
                assert_eq!((node, hops), expected, "{name}, {lookup:?}, key {key} from {asker:?}");
            }
            assert!((1..30).contains(&own), "{own} of 1500, one in 256");
        }
    }
}

/// Whoever follows dead nodes takes their keys although it does not know yet that they are dead: the owner is asked before he
/// gets a message, and asks his predecessor in turn.
#[test]
fn iteratively_messages_find_their_way_around_the_dead() {
    let mut simulation = simulation(frozen(Rules::Ton2003, LookupStyle::Iterative), 256, 5);
    simulation.schedule(secs(1), Act::Fail(0.3));
    ask(&mut simulation, 1000, 2);
    simulation.run_until(secs(300)).expect("nobody watches");
    let world = simulation.world();
    assert_eq!((world.delivered.len(), world.undeliverable), (1000, 0));
    for (at, (asker, key)) in world.asked.iter().enumerate() {
        let (node, hops) = world.delivered[&(at as u64)];
        assert_eq!(node, world.owner(*key));
        if node != asker.addr {
            assert_eq!((node, hops), world.looked_up[&(at as u64)], "key {key} from {asker:?}");
        }
    }
}

/// Nodes leave gracefully and come back all the time, under the same address. Some messages are lost where they were; those that
/// arrive come to the owner, more often than lookups name him.
#[test]
fn while_nodes_leave_and_join_messages_reach_who_owns_the_key() {
    for lookup in STYLES {
        let config = Config {
            lookup,
            stabilize_period: SimDuration::from_secs(2),
            ..Config::default()
        };
        let mut simulation = simulation(config, 64, 11);
        for time in 0..100 {
            simulation.schedule(secs(1 + 3 * time), Act::Return);
        }
        ask(&mut simulation, 3000, 1);
        simulation.run_until(secs(340)).expect("nobody watches");
        let world = simulation.world();
        let (delivered, strangers, wrong) = (world.delivered.len(), world.strangers, world.wrong_answers);
        println!("{lookup:?}: {delivered} of 3000 delivered, {strangers} to strangers; {wrong} wrong answers");
        assert!(delivered > 2900, "{lookup:?}: {delivered}");
        assert!(
            strangers < wrong,
            "{lookup:?}: a newcomer whom the sender does not know gets what is his"
        );
    }
}
