//! Lookups on whole rings: path lengths, failures, and whether rings that are built by joins end as rings built in
//! bulk.

use protocols::chord::invariants::RingError;
use protocols::chord::{Chord, Command, Config, Event, Init, LookupStyle, Ring, Rules};
use protocols::id::{Contact, distinct_ids};
use rand::Rng;
use sim_core::addr::NodeAddr;
use sim_core::network::Exponential;
use sim_core::protocol::OperationId;
use sim_core::random::{NodeRng, StreamKey, unit};
use sim_core::simulation::{Setup, Simulation};
use sim_core::time::{SimDuration, SimTime};
use sim_core::world::{Control, Departure, World};

/// A ring of nodes that come up, die and are asked.
struct Asking {
    ring: Ring,
    config: Config,
    rng: NodeRng,
    alive: Vec<Contact>,
    /// Who has told that it has joined.
    members: Vec<NodeAddr>,
    done: Vec<Event>,
    failed: Vec<Event>,
}

#[derive(Clone, Copy)]
enum Act {
    /// All nodes are members at once.
    StartAll,
    /// The node at this place joins through a random member; the first one starts the ring.
    Join(u32),
    /// Each node dies with this probability.
    Fail(f64),
    /// A random node looks up a random key.
    LookUp(u64),
}

impl World<Chord> for Asking {
    type Event = Act;

    fn on_event(&mut self, control: &mut Control<'_, Chord, Act>, act: Act) {
        match act {
            Act::StartAll => {
                for &Contact { id, addr } in self.ring.members() {
                    control.start(
                        addr,
                        Init::Ready {
                            id,
                            tables: Box::new(self.ring.tables(id)),
                        },
                    );
                }
                self.alive = self.ring.members().to_vec();
            }
            Act::Join(place) => {
                // Addresses are places in the ring; joins come in a random order of identifiers.
                let len = self.ring.members().len() as u64;
                let Contact { id, addr } = self.ring.members()[(u64::from(place) * 37 % len) as usize];
                let init = match self
                    .members
                    .get((self.rng.next_u64() % self.members.len().max(1) as u64) as usize)
                {
                    Some(bootstrap) => Init::Join {
                        id,
                        bootstrap: *bootstrap,
                    },
                    None => Init::First { id },
                };
                control.start(addr, init);
                self.alive.push(Contact { id, addr });
            }
            Act::Fail(probability) => {
                let rng = &mut self.rng;
                self.alive.retain(|_| unit(rng) >= probability);
                for contact in self.ring.members() {
                    if !self.alive.contains(contact) {
                        control.stop(contact.addr, Departure::Silent);
                    }
                }
            }
            Act::LookUp(operation) => {
                let asker = self.alive[(self.rng.next_u64() % self.alive.len() as u64) as usize];
                let key = self.config.space().random(&mut self.rng);
                control.command(asker.addr, OperationId(operation), Command::Lookup { key });
            }
        }
    }

    fn on_node_event(&mut self, _: SimTime, node: NodeAddr, event: Event) {
        match event {
            Event::LookupDone { .. } => self.done.push(event),
            Event::Joined => self.members.push(node),
            Event::Dropped(_) => {}
            _ => self.failed.push(event),
        }
    }
}

/// Means over the lookups of a run.
#[derive(Clone, Copy, Debug)]
struct Means {
    visited: f64,
    timeouts: f64,
    dead_owners: f64,
}

impl Asking {
    /// The means, after every owner has been compared with the true one among the living.
    fn means(&self, lookups: u64) -> Means {
        assert_eq!(self.failed, [], "nothing has failed");
        assert_eq!(self.done.len() as u64, lookups);
        let truth = Ring::new(&self.config, self.alive.iter().copied());
        let (mut visited, mut timeouts, mut dead_owners) = (0, 0, 0);
        for event in &self.done {
            if let Event::LookupDone {
                key,
                owner,
                visited: v,
                timeouts: t,
                dead_owners: d,
                hops,
                ..
            } = event
            {
                assert_eq!(truth.owner(*key), Some(*owner), "the owner of {key}");
                assert_eq!(*hops, v + 1);
                visited += u64::from(*v);
                timeouts += u64::from(*t);
                dead_owners += u64::from(*d);
            }
        }
        let mean = |sum: u64| sum as f64 / lookups as f64;
        Means {
            visited: mean(visited),
            timeouts: mean(timeouts),
            dead_owners: mean(dead_owners),
        }
    }
}

fn simulation(config: &Config, nodes: u32, seed: u64) -> Simulation<Chord, Asking> {
    split_simulation(config, nodes, seed, 1)
}

fn split_simulation(config: &Config, nodes: u32, seed: u64, partitions: u32) -> Simulation<Chord, Asking> {
    let streams = StreamKey::root(seed, 0);
    let ids = distinct_ids(
        nodes as usize,
        config.space(),
        &mut streams.purpose("identifiers").rng(),
    );
    let ids = ids.expect("a ring that is wide enough");
    let ring = Ring::new(
        config,
        ids.into_iter().zip(0..).map(|(id, addr)| Contact {
            id,
            addr: NodeAddr(addr),
        }),
    );
    let world = Asking {
        ring,
        config: config.clone(),
        rng: streams.purpose("world").rng(),
        alive: Vec::new(),
        members: Vec::new(),
        done: Vec::new(),
        failed: Vec::new(),
    };
    let network =
        Exponential::new(SimDuration::from_millis(1), SimDuration::from_millis(50)).expect("a mean above the minimum");
    Simulation::new(
        Setup {
            config: config.clone(),
            network: Box::new(network),
            nodes,
            streams,
            partitions,
        },
        world,
    )
}

fn secs(secs: u64) -> SimTime {
    SimTime::ZERO + SimDuration::from_secs(secs)
}

/// Schedules lookups, a hundred a second, from `start` on, and runs until all have ended.
fn look_up(simulation: &mut Simulation<Chord, Asking>, lookups: u64, start: u64) {
    for operation in 0..lookups {
        simulation.schedule(
            secs(start) + SimDuration::from_millis(10 * operation),
            Act::LookUp(operation),
        );
    }
    simulation
        .run_until(secs(start + lookups / 100 + 120))
        .expect("nobody watches");
}

/// No maintenance, and no time-out that a slow answer could meet.
fn frozen(config: Config) -> Config {
    let config = Config {
        stabilize_period: SimDuration::from_secs(1_000_000),
        timeout: SimDuration::from_secs(3),
        recursive_timeout: SimDuration::from_secs(60),
        ..config
    };
    config.validate().expect("a sound configuration")
}

/// ToN, Fig. 10a: 4.89 nodes at 1024, and 1/2 log2 N - 0.12 from theory for random identifiers.
#[test]
fn fingers_alone_visit_half_log_n_nodes_fig_10a() {
    let config = frozen(Config {
        route_with_successors: false,
        ..Config::default()
    });
    let mut means = Vec::new();
    for seed in 1..=5 {
        let mut simulation = simulation(&config, 1024, seed);
        simulation.schedule(SimTime::ZERO, Act::StartAll);
        look_up(&mut simulation, 4000, 1);
        means.push(simulation.world().means(4000).visited);
    }
    println!("visited, fingers only, 1024 nodes: {means:?}");
    assert!(means.iter().all(|mean| (mean - 4.88).abs() <= 0.15), "{means:?}");
}

/// Theory: 1/2 log2 N - 1/2 log2 r + 1.
#[test]
fn the_successor_list_shortens_paths() {
    let config = frozen(Config {
        successors: 20,
        ..Config::default()
    });
    let mut simulation = simulation(&config, 1024, 1);
    simulation.schedule(SimTime::ZERO, Act::StartAll);
    look_up(&mut simulation, 10_000, 1);
    let mean = simulation.world().means(10_000).visited;
    println!("visited, with 20 successors, 1024 nodes: {mean}");
    assert!((mean - 3.80).abs() <= 0.1, "{mean}");
}

#[test]
fn every_style_and_rule_set_finds_the_same_owners() {
    for (name, rules) in Rules::NAMES {
        for lookup in [LookupStyle::Iterative, LookupStyle::Recursive] {
            let config = frozen(Config {
                rules,
                lookup,
                ..Config::default()
            });
            let mut simulation = simulation(&config, 256, 3);
            simulation.schedule(SimTime::ZERO, Act::StartAll);
            look_up(&mut simulation, 1000, 1);
            let means = simulation.world().means(1000);
            println!("{name} {lookup:?}: {means:?}");
            assert_eq!(means.timeouts, 0.0);
        }
    }
}

/// ToN, Table II: with a list of 20 no lookup fails even when half of the nodes die at once; the path grows and dead
/// fingers cost time-outs. Bands: path +-0.15; time-outs +-25 % or 0.1, whichever is larger.
#[test]
fn simultaneous_failures_cost_time_outs_and_no_lookup_table_ii() {
    let published = [
        (0.0, 3.84, 0.0),
        (0.1, 4.03, 0.60),
        (0.3, 4.44, 2.02),
        (0.5, 5.09, 5.10),
    ];
    for (probability, path, timeouts) in published {
        let config = frozen(Config {
            rules: Rules::Ton2003,
            successors: 20,
            confirm_owner: true,
            ..Config::default()
        });
        let mut simulation = simulation(&config, 1000, 7);
        simulation.schedule(SimTime::ZERO, Act::StartAll);
        simulation.schedule(secs(1), Act::Fail(probability));
        look_up(&mut simulation, 4000, 2);
        let means = simulation.world().means(4000);
        println!("{probability}: {means:?}, published {path} and {timeouts}");
        assert!((means.visited - path).abs() <= 0.15, "at {probability}: {means:?}");
        let measured = means.timeouts;
        assert!(
            (measured - timeouts).abs() <= (0.25 * timeouts).max(0.1),
            "at {probability}: {means:?}"
        );
        // The dead between the key and its first living successor are geometric in number.
        let dead_owners = probability / (1.0 - probability);
        assert!(
            (means.dead_owners - dead_owners).abs() <= 0.15,
            "at {probability}: {means:?}"
        );
    }
}

#[test]
fn a_ring_built_by_joins_ends_as_one_built_in_bulk() {
    for (rules, lookup) in [
        (Rules::Sigcomm2001, LookupStyle::Iterative),
        (Rules::Ton2003, LookupStyle::Recursive),
        (Rules::Corrected, LookupStyle::Iterative),
        (Rules::Corrected, LookupStyle::Recursive),
    ] {
        let config = Config {
            rules,
            lookup,
            successors: 4,
            route_with_successors: false,
            stabilize_period: SimDuration::from_secs(5),
            timeout: SimDuration::from_secs(3),
            ..Config::default()
        };
        let nodes = 128;
        let mut simulation = simulation(&config.validate().expect("a sound configuration"), nodes, 5);
        for place in 0..nodes {
            simulation.schedule(secs(u64::from(place)), Act::Join(place));
        }
        simulation.run_until(secs(400)).expect("nobody watches");
        let states = (0..nodes).filter_map(|addr| simulation.node(NodeAddr(addr)));
        let error = RingError::measure(&simulation.world().config, states);
        assert_eq!(simulation.world().members.len() as u32, nodes);
        assert!(error.is_ideal(), "{rules:?}: {error:?}");
        look_up(&mut simulation, 2000, 400);
        let joined = simulation.world().means(2000).visited;
        let mut bulk = self::simulation(&simulation.world().config, nodes, 5);
        bulk.schedule(SimTime::ZERO, Act::StartAll);
        look_up(&mut bulk, 2000, 400);
        let bulk = bulk.world().means(2000).visited;
        println!("{rules:?}, {lookup:?}: visited {joined} after joins, {bulk} in bulk");
        assert!((joined - bulk).abs() < 0.15, "{joined} {bulk}");
    }
}

#[test]
fn an_i3_ring_built_by_joins_finds_every_owner() {
    let config = Config {
        rules: Rules::I3,
        stabilize_period: SimDuration::from_secs(1),
        timeout: SimDuration::from_secs(3),
        ..Config::default()
    };
    let nodes = 128;
    let mut simulation = simulation(&config.validate().expect("a sound configuration"), nodes, 5);
    for place in 0..nodes {
        simulation.schedule(secs(u64::from(place)), Act::Join(place));
    }
    simulation.run_until(secs(300)).expect("nobody watches");
    let states = (0..nodes).filter_map(|addr| simulation.node(NodeAddr(addr)));
    let error = RingError::measure(&simulation.world().config, states);
    assert!(error.ring_is_ideal(), "{error:?}");
    look_up(&mut simulation, 1000, 300);
    println!("i3: {:?}", simulation.world().means(1000));
}

#[test]
fn a_run_does_not_depend_on_how_it_is_split() {
    for (name, rules) in Rules::NAMES {
        let config = Config {
            rules,
            stabilize_period: SimDuration::from_secs(5),
            ..Config::default()
        };
        let fingerprints = [1, 2, 7].map(|partitions| {
            let mut simulation = split_simulation(&config, 40, 11, partitions);
            for place in 0..40 {
                simulation.schedule(secs(u64::from(place)), Act::Join(place));
            }
            simulation.schedule(secs(60), Act::Fail(0.2));
            look_up(&mut simulation, 200, 61);
            (
                simulation.fingerprint(),
                simulation.events(),
                simulation.world().done.len(),
            )
        });
        assert!(fingerprints[0].2 > 100, "{name}: {fingerprints:?}");
        assert!(
            fingerprints.iter().all(|fingerprint| *fingerprint == fingerprints[0]),
            "{name}: {fingerprints:?}"
        );
    }
}
