//! Real Chord beside S-Chord: Zave's rules with successor lists, time-outs and iterative lookups, at the pace of S-Chord.

use std::time::Instant;

use protocols::chord::{Chord, Command, Config, Event, Init, Ring};
use protocols::id::{Contact, distinct_ids};
use sim_core::addr::NodeAddr;
use sim_core::distribution::Exponential;
use sim_core::network::Constant;
use sim_core::protocol::OperationId;
use sim_core::random::{NodeRng, StreamKey, unit};
use sim_core::simulation::{Setup, Simulation};
use sim_core::time::{SimDuration, SimTime};
use sim_core::world::{Control, World};

use crate::measure::{median, number_after, output, peak_memory};

/// Each node looks up a key so often, in seconds.
const LOOKUP_PERIOD: f64 = 10.0;
const DELAY: SimDuration = SimDuration::from_millis(50);

/// A perfect ring whose nodes look up uniform keys.
struct Workload {
    config: Config,
    inits: Vec<Init>,
    nodes: u32,
    rng: NodeRng,
    asked: u64,
    found: u64,
}

enum Turn {
    Open,
    Lookup,
}

impl World<Chord> for Workload {
    type Event = Turn;

    fn on_event(&mut self, control: &mut Control<'_, Chord, Turn>, turn: Turn) {
        match turn {
            Turn::Open => {
                for (index, init) in std::mem::take(&mut self.inits).into_iter().enumerate() {
                    control.start(NodeAddr(index as u32), init);
                }
            }
            Turn::Lookup => {
                let node = NodeAddr((unit(&mut self.rng) * f64::from(self.nodes)) as u32);
                let key = self.config.space().random(&mut self.rng);
                control.command(node, OperationId(self.asked), Command::Lookup { key });
                self.asked += 1;
            }
        }
        let pause = Exponential::new(LOOKUP_PERIOD / f64::from(self.nodes)).expect("a positive mean");
        control.schedule(SimDuration::from_secs_f64(pause.sample(&mut self.rng)), Turn::Lookup);
    }

    fn on_node_event(&mut self, _: SimTime, _: NodeAddr, event: Event) {
        self.found += u64::from(matches!(event, Event::LookupDone { .. }));
    }
}

/// Chord at the pace of S-Chord.
pub(crate) fn config() -> Config {
    Config {
        stabilize_period: SimDuration::from_secs(20),
        ..Config::default()
    }
}

/// Nodes with random identifiers and the tables of the finished ring.
pub(crate) fn perfect_ring(nodes: u32, config: &Config, streams: StreamKey) -> Vec<Init> {
    let mut rng = streams.purpose("identifiers").rng();
    let ids = distinct_ids(nodes as usize, config.space(), &mut rng).expect("64 bits have room for all");
    let contacts: Vec<Contact> = (0..)
        .map(NodeAddr)
        .zip(ids)
        .map(|(addr, id)| Contact { id, addr })
        .collect();
    let ring = Ring::new(config, contacts.iter().copied());
    let ready = |contact: &Contact| Init::Ready {
        id: contact.id,
        tables: Box::new(ring.tables(contact.id)),
    };
    contacts.iter().map(ready).collect()
}

fn simulation(nodes: u32) -> Simulation<Chord, Workload> {
    let streams = StreamKey::root(1, 0);
    let config = config();
    let world = Workload {
        inits: perfect_ring(nodes, &config, streams),
        config: config.clone(),
        nodes,
        rng: streams.purpose("lookups").rng(),
        asked: 0,
        found: 0,
    };
    let setup = Setup {
        config,
        network: Box::new(Constant::new(DELAY)),
        nodes,
        streams,
        partitions: 1,
    };
    let mut simulation = Simulation::new(setup, world);
    simulation.schedule(SimTime::ZERO, Turn::Open);
    simulation
}

/// Runs once in this process and prints what was measured.
///
/// # Errors
/// Lookups were not answered.
pub(crate) fn once(nodes: u32, seconds: u64) -> Result<(), String> {
    let mut simulation = simulation(nodes);
    simulation
        .run_until(SimTime::from_nanos(1))
        .map_err(|broken| broken.to_string())?;
    let before = simulation.events();
    let start = Instant::now();
    simulation
        .run_until(SimTime::ZERO + SimDuration::from_secs(seconds))
        .map_err(|broken| broken.to_string())?;
    let speed = (simulation.events() - before) as f64 / start.elapsed().as_secs_f64();
    let Workload { asked, found, .. } = simulation.world();
    let bytes = peak_memory() as f64 / f64::from(nodes);
    println!("events/s={speed:.0} bytes/node={bytes:.0} lookups={asked} found={found}");
    // Those of the last seconds are still on their way.
    match *found as f64 > 0.8 * *asked as f64 {
        true => Ok(()),
        false => Err(format!("only {found} of {asked} lookups were answered")),
    }
}

/// Prints events a second and bytes a node for each size.
///
/// # Errors
/// A run failed.
pub(crate) fn report(sizes: &[u32], seconds: u64, runs: usize) -> Result<(), String> {
    let this = std::env::current_exe().map_err(|error| error.to_string())?;
    println!("Chord, corrected rules, 8 successors, perfect ring, {seconds} simulated s, median of {runs} runs");
    println!("{:>10} {:>20} {:>12}", "nodes", "million events/s", "bytes/node");
    for nodes in sizes {
        let (mut speeds, mut bytes) = (Vec::new(), Vec::new());
        for _ in 0..runs {
            let text = output(
                &this,
                &["chord-once".to_owned(), nodes.to_string(), seconds.to_string()],
            )?;
            speeds.push(number_after(&text, "events/s=")? / 1e6);
            bytes.push(number_after(&text, "bytes/node=")?);
        }
        println!("{nodes:>10} {:>20.2} {:>12.0}", median(speeds), median(bytes));
    }
    Ok(())
}
