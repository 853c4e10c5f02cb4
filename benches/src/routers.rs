//! Hosts on a large graph of routers: the memory and the time that routes take, with lookups of real Chord from all hosts.
//!
//! The graph grows by preferential attachment (Barabasi and Albert 1999): routers lie at random places in a square of
//! 4000 km, each newcomer has three links to routers drawn in proportion to the links that they have, and a link takes
//! 5 us a kilometre. Hosts are at random routers, with access links of 1 to 5 ms. All run Chord with the
//! parameters of the measurement `overlays`, on a perfect ring, and each looks up one random key; the lookups are spread evenly over
//! the first half of the simulated time. No route is known at the beginning: each is found when a message needs it.

use std::sync::Arc;
use std::time::Instant;

use petgraph::graph::UnGraph;
use protocols::chord::{Chord, Command, Config, Event, Init};
use sim_core::addr::NodeAddr;
use sim_core::math;
use sim_core::network::{AccessDelay, Network, Placement, RouterGraph, Routers, Spread};
use sim_core::protocol::OperationId;
use sim_core::random::{NodeRng, StreamKey, unit};
use sim_core::simulation::{Setup, Simulation};
use sim_core::time::{SimDuration, SimTime};
use sim_core::world::{Control, World};

use crate::measure::peak_memory;
use crate::overlays::{Overlay, members};

/// The links of a newcomer.
const LINKS: usize = 3;
/// The side of the square, in kilometres.
const SIDE: f64 = 4000.0;
/// Light in fibre, in seconds a kilometre.
const PER_KM: f64 = 5e-6;
/// How many delays are asked for to measure how long that takes.
const QUERIES: u32 = 10_000_000;

/// The graph that the head of this file describes.
fn preferential_attachment(routers: usize, mut rng: NodeRng) -> UnGraph<[f64; 2], SimDuration> {
    let mut graph = UnGraph::with_capacity(routers, LINKS * routers);
    // Each router stands here once for each link that it has, and once for being there.
    let mut drawn_from = Vec::with_capacity((2 * LINKS + 1) * routers);
    for _ in 0..routers {
        let newcomer = graph.add_node([unit(&mut rng) * SIDE, unit(&mut rng) * SIDE]);
        let before = drawn_from.len();
        for _ in 0..LINKS.min(newcomer.index()) {
            let other = drawn_from[(unit(&mut rng) * before as f64) as usize];
            let ([x1, y1], [x2, y2]): ([f64; 2], [f64; 2]) = (graph[newcomer], graph[other]);
            let length = math::hypot(x2 - x1, y2 - y1);
            graph.add_edge(newcomer, other, SimDuration::from_secs_f64(length * PER_KM));
            drawn_from.extend([newcomer, other]);
        }
        drawn_from.push(newcomer);
    }
    graph
}

/// A perfect ring in which each node looks up one key, one node after the other.
struct OneLookupEach {
    config: Config,
    inits: Vec<Init>,
    hosts: u32,
    pause: SimDuration,
    rng: NodeRng,
    asked: u32,
    found: u32,
}

enum Turn {
    Open,
    Lookup,
}

impl World<Chord> for OneLookupEach {
    type Event = Turn;

    fn on_event(&mut self, control: &mut Control<'_, Chord, Turn>, turn: Turn) {
        match turn {
            Turn::Open => {
                for (addr, init) in (0..).map(NodeAddr).zip(self.inits.drain(..)) {
                    control.start(addr, init);
                }
                control.schedule(self.pause, Turn::Lookup);
            }
            Turn::Lookup => {
                let key = self.config.space().random(&mut self.rng);
                control.command(
                    NodeAddr(self.asked),
                    OperationId(self.asked.into()),
                    Command::Lookup { key },
                );
                self.asked += 1;
                if self.asked < self.hosts {
                    control.schedule(self.pause, Turn::Lookup);
                }
            }
        }
    }

    fn on_node_event(&mut self, _: SimTime, _: NodeAddr, event: Event) {
        self.found += u32::from(matches!(event, Event::LookupDone { .. }));
    }
}

/// Runs everything in this process and prints what was measured, the memory before anything else is asked of the routes.
///
/// # Errors
/// A lookup was not answered, or there are too few routers or hosts.
pub(crate) fn report(hosts: u32, routers: usize, seconds: u64) -> Result<(), String> {
    let streams = StreamKey::root(1, 0);
    let start = Instant::now();
    let graph = preferential_attachment(routers, streams.purpose("graph").rng());
    let shared = Arc::new(RouterGraph::new(&graph).map_err(|error| error.to_string())?);
    println!(
        "{hosts} hosts on {routers} routers with {} links, built in {:.2?}",
        graph.edge_count(),
        start.elapsed()
    );
    let access = AccessDelay::new(SimDuration::from_millis(1), SimDuration::from_millis(5))
        .map_err(|error| error.to_string())?;
    let everywhere = Placement::everywhere(Spread::Uniform, &shared);
    let network = Routers::new(
        shared.clone(),
        hosts as usize,
        &everywhere,
        access,
        streams.purpose("places"),
    )
    .map_err(|error| error.to_string())?;
    let start = Instant::now();
    let lookups = look_up(network.clone(), hosts, seconds, streams)?;
    println!("{lookups}, in {:.1?}", start.elapsed());
    let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    println!("peak memory {:.0} MiB", mib(peak_memory()));
    println!(
        "of these at most {:.0} MiB for routes and {:.1} MiB for hosts",
        mib(shared.memory(hosts as usize)),
        mib(Routers::memory(hosts as usize))
    );
    println!(
        "a delay between random hosts: {:.0} ns",
        query(&network, hosts, streams.purpose("queries").rng())
    );
    let fresh = RouterGraph::new(&graph).map_err(|error| error.to_string())?;
    let start = Instant::now();
    // Each question needs the routes of one more router.
    let farthest = (0..routers)
        .filter_map(|router| fresh.delay(router, 0))
        .max()
        .unwrap_or_default();
    let all = start.elapsed();
    println!(
        "all routes in {all:.1?}, {:.2?} a router; the farthest from the first {farthest}",
        all / routers as u32
    );
    Ok(())
}

/// Lets all hosts look up a key, and tells of it.
fn look_up(network: Routers, hosts: u32, seconds: u64, streams: StreamKey) -> Result<String, String> {
    let config = Chord::parameters();
    let members = members(hosts, config.space(), streams);
    let world = OneLookupEach {
        inits: Chord::perfect(&config, &members, |a, b| network.direct_delay(a, b)),
        config: config.clone(),
        hosts,
        pause: SimDuration::from_secs_f64(seconds as f64 / 2.0 / f64::from(hosts)),
        rng: streams.purpose("lookups").rng(),
        asked: 0,
        found: 0,
    };
    let setup = Setup {
        config,
        network: Box::new(network),
        nodes: hosts,
        streams,
        partitions: 1,
    };
    let mut simulation = Simulation::new(setup, world);
    simulation.schedule(SimTime::ZERO, Turn::Open);
    simulation
        .run_until(SimTime::ZERO + SimDuration::from_secs(seconds))
        .map_err(|broken| broken.to_string())?;
    let (events, OneLookupEach { asked, found, .. }) = (simulation.events(), simulation.world());
    match asked == found && *asked == hosts {
        true => Ok(format!(
            "{found} lookups, one from each host, {events} events in {seconds} simulated s"
        )),
        false => Err(format!("only {found} of {hosts} lookups were answered")),
    }
}

/// How long it takes to tell the delay between two random hosts, in nanoseconds, with all routes known.
fn query(network: &Routers, hosts: u32, mut rng: NodeRng) -> f64 {
    let mut host = || NodeAddr((unit(&mut rng) * f64::from(hosts)) as u32);
    let start = Instant::now();
    let longest = (0..QUERIES).map(|_| network.direct_delay(host(), host())).max();
    let taken = start.elapsed().as_nanos() as f64 / f64::from(QUERIES);
    std::hint::black_box(longest);
    taken
}
