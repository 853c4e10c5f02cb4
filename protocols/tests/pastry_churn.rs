//! Pastry under churn, with what MSPastry adds and without (Castro, Costa and Rowstron, DSN 2004).

mod pastry_support;

use std::collections::BTreeMap;

use pastry_support::plane;
use protocols::id::{Contact, Id, distinct_ids};
use protocols::kbr::{Call, KeyBased, Nothing};
use protocols::pastry::{Config, Event, Init, LeafSet, MsPastry, Pastry, Quality};
use sim_core::addr::NodeAddr;
use sim_core::distribution::Exponential;
use sim_core::network::{Lossy, Network};
use sim_core::protocol::OperationId;
use sim_core::random::{NodeRng, StreamKey};
use sim_core::simulation::{Setup, Simulation};
use sim_core::time::{SimDuration, SimTime};
use sim_core::world::{Control, Departure, World};

/// What happens.
#[derive(Clone, Copy, Debug)]
enum Act {
    /// A node comes up.
    Come(NodeAddr),
    /// It fails.
    Go(NodeAddr),
    /// Somebody looks a key up.
    LookUp,
    /// From here on nodes fail, and messages count.
    Churn,
    /// From here on nobody comes or goes.
    Rest,
}

/// A network whose nodes come, and fail without a word.
struct Crowd {
    config: Config,
    contacts: Vec<Contact>,
    rng: NodeRng,
    sessions: Exponential,
    /// Between two messages of the network.
    pause: SimDuration,
    churns: bool,
    members: BTreeMap<u128, NodeAddr>,
    next: u64,
    sent: u64,
    delivered: BTreeMap<u64, u32>,
    wrong: u64,
    hops: u64,
    timeouts: u64,
    undeliverable: u64,
    failures: u64,
    out: u64,
}

impl Crowd {
    fn session(&mut self) -> SimDuration {
        SimDuration::from_secs_f64(self.sessions.sample(&mut self.rng))
    }

    /// A random member; with the key, the first at or after it.
    fn random_member(&mut self) -> Option<NodeAddr> {
        let from = self.config.space().random(&mut self.rng).number();
        let mut from = self.members.range(from..).chain(&self.members);
        from.next().map(|(_, addr)| *addr)
    }
}

impl World<Pastry> for Crowd {
    type Event = Act;

    fn on_event(&mut self, control: &mut Control<'_, Pastry, Act>, act: Act) {
        match act {
            Act::Come(addr) => {
                let id = self.contacts[addr.index()].id;
                let init = match self.random_member() {
                    Some(bootstrap) => Init::Join { id, bootstrap },
                    None => Init::First { id },
                };
                control.start(addr, init);
                if self.churns {
                    let session = self.session();
                    control.schedule(session, Act::Go(addr));
                }
            }
            Act::Go(addr) if self.churns => {
                self.members.remove(&self.contacts[addr.index()].id.number());
                control.stop(addr, Departure::Silent);
                self.failures += 1;
                // Half of all are there.
                let pause = self.session();
                control.schedule(pause, Act::Come(addr));
            }
            Act::Go(_) => {}
            Act::Churn => {
                self.churns = true;
                for at in 0..self.contacts.len() {
                    let session = self.session();
                    let addr = self.contacts[at].addr;
                    let act = if control.is_up(addr) {
                        Act::Go(addr)
                    } else {
                        Act::Come(addr)
                    };
                    control.schedule(session, act);
                }
                self.on_event(control, Act::LookUp);
            }
            Act::Rest => self.churns = false,
            Act::LookUp => {
                if self.churns {
                    control.schedule(self.pause, Act::LookUp);
                }
                let key = self.config.space().random(&mut self.rng);
                if let Some(source) = self.random_member() {
                    self.next += 1;
                    let payload = Nothing;
                    control.command(source, OperationId(self.next), Call::Route { key, payload });
                    self.sent += 1;
                }
            }
        }
    }

    fn on_node_event(&mut self, _: SimTime, node: NodeAddr, event: Event<Nothing>) {
        match event {
            Event::Joined => drop(self.members.insert(self.contacts[node.index()].id.number(), node)),
            Event::Out(_) => {
                self.members.remove(&self.contacts[node.index()].id.number());
                self.out += 1;
            }
            Event::Deliver(message) => {
                let root = <Pastry as KeyBased>::roots(&self.config, message.key, &self.members, 1);
                self.wrong += u64::from(root != [node]);
                self.hops += u64::from(message.hops);
                self.timeouts += u64::from(message.timeouts);
                *self.delivered.entry(message.operation.0).or_default() += 1;
            }
            Event::Undeliverable(_) => self.undeliverable += 1,
            _ => {}
        }
    }
}

fn seconds(seconds: u64) -> SimTime {
    SimTime::ZERO + SimDuration::from_secs(seconds)
}

/// The paper's parameters, with a small leaf set.
fn mspastry() -> Config {
    Config {
        leaf_set: 16,
        neighbourhood: 0,
        quality: Quality::Sl,
        join_timeout: SimDuration::from_secs(10),
        timeout: SimDuration::from_secs(3),
        retries: 2,
        heartbeat_period: Some(SimDuration::from_secs(30)),
        neighbourhood_period: None,
        table_period: Some(SimDuration::from_secs(20 * 60)),
        mspastry: Some(MsPastry::default()),
        ..Config::default()
    }
}

/// A network of about so many nodes, of twice as many that come and go, with sessions of this mean in seconds; it churns for so many.
fn crowd(
    config: &Config,
    network: fn(u32, StreamKey) -> Box<dyn Network>,
    nodes: u32,
    session: f64,
    churn: u64,
    pause: SimDuration,
    seed: u64,
) -> Simulation<Pastry, Crowd> {
    let streams = StreamKey::root(seed, 0);
    let space = config.space();
    let ids = distinct_ids(2 * nodes as usize, space, &mut streams.purpose("identifiers").rng());
    let contacts = ids
        .expect("a ring that is wide enough")
        .into_iter()
        .zip(0..)
        .map(|(id, addr)| Contact {
            id,
            addr: NodeAddr(addr),
        });
    let world = Crowd {
        config: config.clone(),
        contacts: contacts.collect(),
        rng: streams.purpose("world").rng(),
        sessions: Exponential::new(session).expect("a positive mean"),
        pause,
        churns: false,
        members: BTreeMap::new(),
        next: 0,
        sent: 0,
        delivered: BTreeMap::new(),
        wrong: 0,
        hops: 0,
        timeouts: 0,
        undeliverable: 0,
        failures: 0,
        out: 0,
    };
    let setup = Setup {
        config: config.clone().validate().expect("sound parameters"),
        network: network(2 * nodes, streams),
        nodes: 2 * nodes,
        streams,
        partitions: 1,
    };
    let mut simulation = Simulation::new(setup, world);
    for addr in 0..nodes {
        let at = SimTime::ZERO + SimDuration::from_millis(500) * u64::from(addr);
        simulation.schedule(at, Act::Come(NodeAddr(addr)));
    }
    let begin = u64::from(nodes) / 2 + 30;
    simulation.schedule(seconds(begin), Act::Churn);
    simulation.schedule(seconds(begin + churn), Act::Rest);
    simulation
        .run_until(seconds(begin + churn))
        .expect("no invariant is watched");
    simulation
        .run_until(seconds(begin + churn + 300))
        .expect("no invariant is watched");
    simulation
}

/// How many members have another leaf set than the true one.
fn wrong_leaf_sets(simulation: &Simulation<Pastry, Crowd>) -> usize {
    let world = simulation.world();
    let members = world.members.iter();
    let members: Vec<Contact> = members
        .map(|(id, addr)| Contact {
            id: Id::new(*id),
            addr: *addr,
        })
        .collect();
    let wrong = members.iter().filter(|member| {
        let node = simulation.node(member.addr).expect("a member is up");
        let mut truth = LeafSet::new(**member, world.config.space(), world.config.leaves_a_side());
        for other in &members {
            truth.insert(*other);
        }
        truth.contacts() != node.leaf_set().contacts()
    });
    wrong.count()
}

/// How a network has fared.
#[derive(Debug)]
struct Fared {
    sent: u64,
    /// Which share of the messages was delivered nowhere, and at a wrong node.
    lost: f64,
    wrong: f64,
    /// Messages a node and second that only serve to keep the network.
    upkeep: f64,
    /// How many of them are probes of routing tables.
    liveness_probes: u64,
    wrong_leaf_sets: usize,
}

fn fared(simulation: &Simulation<Pastry, Crowd>) -> Fared {
    let world = simulation.world();
    let share = |count: u64| count as f64 / world.sent as f64;
    let traffic = simulation.traffic();
    let of = |wanted: fn(&str) -> bool| -> u64 {
        let kinds = traffic.kinds().filter(|(name, _)| wanted(name));
        kinds.map(|(_, kind)| kind.messages).sum()
    };
    let node_seconds = simulation.now().as_secs_f64() * world.contacts.len() as f64 / 2.0;
    let fared = Fared {
        sent: world.sent,
        lost: share(world.sent - world.delivered.len() as u64),
        wrong: share(world.wrong),
        upkeep: of(|name| name != "route" && name != "acknowledge") as f64 / node_seconds,
        liveness_probes: of(|name| name == "liveness-probe"),
        wrong_leaf_sets: wrong_leaf_sets(simulation),
    };
    println!("{} failures, {} out: {fared:?}", world.failures, world.out);
    fared
}

const OFTEN: SimDuration = SimDuration::from_millis(50);
const SELDOM: SimDuration = SimDuration::from_secs(2);

/// No message comes to a wrong node and hardly any is lost, where plain Pastry with the same time-outs
/// delivers some at the neighbours of whoever does not answer or has just come.
#[test]
fn under_churn_messages_come_to_the_right_node() {
    for (minutes, most_lost) in [(15.0, 1e-3), (60.0, 1e-4)] {
        let with = fared(&crowd(&mspastry(), plane, 200, 60.0 * minutes, 3600, OFTEN, 3));
        assert!(with.sent > 70_000);
        assert_eq!(with.wrong, 0.0, "sessions of {minutes} minutes");
        assert!(with.lost < most_lost, "sessions of {minutes} minutes: {with:?}");
        assert_eq!(with.wrong_leaf_sets, 0);
        let plain = Config {
            mspastry: None,
            ..mspastry()
        };
        let without = fared(&crowd(&plain, plane, 200, 60.0 * minutes, 3600, OFTEN, 3));
        assert!(without.wrong > 5e-4, "sessions of {minutes} minutes: {without:?}");
        assert!(with.upkeep < without.upkeep, "{with:?} {without:?}");
    }
}

/// Without acknowledgements, whatever meets a dead node is lost.
#[test]
fn acknowledgements_save_what_meets_a_dead_node() {
    let silent = Config {
        acknowledge: false,
        ..mspastry()
    };
    let without = fared(&crowd(&silent, plane, 200, 1800.0, 3600, OFTEN, 4));
    assert!(without.lost > 0.02, "{without:?}");
    let with = fared(&crowd(&mspastry(), plane, 200, 1800.0, 3600, OFTEN, 4));
    assert!(with.lost < without.lost / 50.0, "{with:?} {without:?}");
}

/// Whoever is heard from anyway is not probed, and networks whose nodes live longer probe less.
#[test]
fn probes_follow_traffic_and_failures() {
    let quiet = fared(&crowd(&mspastry(), plane, 200, 1800.0, 3600, SELDOM, 5));
    let busy = fared(&crowd(&mspastry(), plane, 200, 1800.0, 3600, OFTEN, 5));
    assert!(
        busy.liveness_probes < quiet.liveness_probes * 9 / 10,
        "{busy:?} {quiet:?}"
    );
    let lasting = fared(&crowd(&mspastry(), plane, 200, 7200.0, 3600, SELDOM, 5));
    assert!(
        lasting.liveness_probes < quiet.liveness_probes / 2,
        "{lasting:?} {quiet:?}"
    );
}

/// Where messages are lost, live nodes are taken for dead now and then, and messages still come to where
/// they should but for a few.
#[test]
fn lost_packets_do_little_harm() {
    let lossy = |nodes, streams| -> Box<dyn Network> {
        Box::new(Lossy::new(plane(nodes, streams), 0.02).expect("a probability"))
    };
    let with = fared(&crowd(&mspastry(), lossy, 200, 3600.0, 1800, OFTEN, 6));
    assert!(with.wrong < 1e-3 && with.lost < 1e-3, "{with:?}");
    assert_eq!(with.wrong_leaf_sets, 0);
}
