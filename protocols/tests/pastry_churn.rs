//! Pastry under churn, with what MSPastry adds and without (Castro, Costa and Rowstron, DSN 2004).

mod pastry_support;

use std::collections::BTreeMap;

use pastry_support::{below, plane};
use protocols::id::{Contact, Id, distinct_ids};
use protocols::kbr::{Call, KeyBased, Nothing};
use protocols::pastry::{Config, Event, Init, LeafSet, MsPastry, Pastry, Quality};
use sim_core::addr::NodeAddr;
use sim_core::distribution::Exponential;
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
                // Another one comes in its place; it keeps the address and the identifier.
                let pause = SimDuration::from_secs_f64(1.0 + below(&mut self.rng, 60_000) as f64 / 1000.0);
                control.schedule(pause, Act::Come(addr));
            }
            Act::Go(_) => {}
            Act::Churn => {
                self.churns = true;
                for at in 0..self.contacts.len() {
                    let session = self.session();
                    control.schedule(session, Act::Go(self.contacts[at].addr));
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
        leaf_set: 4,
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

/// A network of so many places, with sessions of this mean in seconds; it churns for so many.
fn crowd(
    config: &Config,
    nodes: u32,
    session: f64,
    churn: u64,
    pause: SimDuration,
    seed: u64,
) -> Simulation<Pastry, Crowd> {
    let streams = StreamKey::root(seed, 0);
    let space = config.space();
    let ids = distinct_ids(nodes as usize, space, &mut streams.purpose("identifiers").rng());
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
        network: plane(nodes, streams),
        nodes,
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

#[test]
fn scratch() {
    let session: f64 = std::env::var("SESSION").map_or(1800.0, |s| s.parse().unwrap());
    let nodes: u32 = std::env::var("NODES").map_or(200, |s| s.parse().unwrap());
    for (name, config) in [
        ("ms", mspastry()),
        (
            "2001",
            Config {
                mspastry: None,
                ..mspastry()
            },
        ),
        (
            "2001 500ms",
            Config {
                mspastry: None,
                timeout: SimDuration::from_millis(500),
                ..mspastry()
            },
        ),
    ] {
        let t = std::time::Instant::now();
        let sim = crowd(&config, nodes, session, 3600, SimDuration::from_millis(50), 3);
        let w = sim.world();
        let lost = w.sent - w.delivered.len() as u64;
        let doubles: u64 = w.delivered.values().map(|n| u64::from(*n) - 1).sum();
        println!(
            "{name}: {:?} sent {} lost {lost} undeliverable {} doubles {doubles} wrong {} hops {:.3} timeouts {:.4} failures {} out {} members {} events {}",
            t.elapsed(),
            w.sent,
            w.undeliverable,
            w.wrong,
            w.hops as f64 / w.delivered.len() as f64,
            w.timeouts as f64 / w.delivered.len() as f64,
            w.failures,
            w.out,
            w.members.len(),
            sim.events()
        );
        let kinds: Vec<_> = sim
            .traffic()
            .kinds()
            .map(|(n, k)| (n, k.messages))
            .filter(|k| k.1 > 0)
            .collect();
        let secs = sim.now().as_secs_f64() * f64::from(nodes);
        let upkeep: u64 = kinds.iter().filter(|k| k.0 != "route").map(|k| k.1).sum();
        println!(
            "{} upkeep {:.3} {kinds:?} wrong leaf sets {}",
            sim.now(),
            upkeep as f64 / secs,
            wrong_leaf_sets(&sim)
        );
    }
}

#[test]
fn schedules() {
    use pastry_support::{millis, quality, town};
    use rand::Rng;
    use sim_core::network::Uniform;
    let mut bad = 0;
    let t = std::time::Instant::now();
    let seeds: u64 = std::env::var("SEEDS").map_or(500, |s| s.parse().unwrap());
    for seed in std::env::var("SEED").map_or(0..seeds, |s| {
        let s: u64 = s.parse().unwrap();
        s..s + 1
    }) {
        let ms = SimDuration::from_millis;
        let config = Config {
            leaf_set: 4,
            b: 2,
            id_bits: 16,
            neighbourhood: 4,
            timeout: ms(250),
            retries: 1,
            join_timeout: ms(2000),
            heartbeat_period: Some(ms(1000)),
            neighbourhood_period: Some(ms(3000)),
            table_period: Some(ms(1000)),
            mspastry: std::env::var("PLAIN").is_err().then(|| MsPastry {
                longest_probe_period: ms(5000),
                ..MsPastry::default()
            }),
            ..Config::default()
        };
        let net = Uniform::new(ms(1), ms(100)).unwrap();
        let nodes = 16;
        let mut rng = StreamKey::root(seed, 7).rng();
        let mut sim = town(&config, nodes, seed, 1, Box::new(net));
        for n in 0..8 {
            sim.schedule(
                millis(if n == 0 { 0 } else { 1 + rng.next_u64() % 2000 }),
                pastry_support::Act::Join(NodeAddr(n)),
            );
        }
        let span = 2000 + below(&mut rng, 18_000) as u64;
        for _ in 0..6 + below(&mut rng, 30) {
            let at = millis(3000 + rng.next_u64() % span);
            let node = NodeAddr(3 + below(&mut rng, 13) as u32);
            let act = match below(&mut rng, 5) {
                0 => pastry_support::Act::Leave(node, Departure::Graceful),
                1 | 2 => pastry_support::Act::Leave(node, Departure::Silent),
                _ => pastry_support::Act::Join(node),
            };
            if std::env::var("VERBOSE").is_ok() {
                println!("{at} {act:?}");
            }
            sim.schedule(at, act);
        }
        sim.run_until(millis(3000 + span + 60_000)).unwrap();
        let q = quality(&sim, None);
        if q.wrong_leaf_sets > 0
            || q.dead > 0
            || sim.world().members.len() < sim.world().up.len()
            || sim.world().out.len() > 0
        {
            println!(
                "{seed} span {span} {q:?} {:?} members {} up {}",
                sim.world().out,
                sim.world().members.len(),
                sim.world().up.len()
            );
            bad += 1;
            let w = sim.world();
            if std::env::var("VERBOSE").is_ok() {
                for (id, addr) in w.by_id() {
                    let n = sim.node(addr).unwrap();
                    println!(
                        "  {id:x} {addr} wraps {} {:?} <> {:?}",
                        n.leaf_set().wraps(),
                        n.leaf_set().smaller().collect::<Vec<_>>(),
                        n.leaf_set().larger().collect::<Vec<_>>()
                    );
                }
            }
        }
    }
    println!("bad {bad} {:?}", t.elapsed());
}
