//! PeerNet on nodes that move: what a simulated second takes once a network has stood up by itself.
//!
//! Nodes move by random waypoint in a square with as many neighbours as [`motion`](crate::motion) has, all start at once and know
//! nothing, and find addresses by hellos; after that, seconds are counted. Each node may send packets to random others (Poisson
//! processes). Parameters are PeerNet's usual ones, but neighbours are forgotten when the link layer says that they are gone, and
//! addresses have as many bits as so many nodes need by DART's rules: 32.

use clap::ValueEnum;
use protocols::packet::Send;
use protocols::peernet::{Command, Config, Detection, Event, PeerNet};
use sim_core::addr::NodeAddr;
use sim_core::distribution::Exponential;
use sim_core::link_layer::{Air, LinkLayer};
use sim_core::mobility::{Model, Moving};
use sim_core::network::Nothing;
use sim_core::protocol::OperationId;
use sim_core::random::{NodeRng, StreamKey, unit};
use sim_core::simulation::{Setup, Simulation};
use sim_core::time::{SimDuration, SimTime};
use sim_core::world::{Control, World};

use crate::measure::{Stopwatch, median, number_after, output, peak_memory};
use crate::motion::{RANGE, random_waypoint};

/// Bytes of a packet's contents.
const PACKET_BYTES: u32 = 512;
/// Packets a second of each node, in the runs that have any.
const PACKET_RATE: f64 = 0.1;

/// The rules that can be measured.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Rules {
    /// DART's, with addresses of 32 bits.
    Dart,
    /// The paper's own, with addresses of 128 bits.
    #[value(name = "peernet-2003")]
    PeerNet2003,
}

impl Rules {
    fn config(self) -> Config {
        let config = match self {
            Rules::Dart => Config {
                address_bits: 32,
                ..Config::default()
            },
            Rules::PeerNet2003 => Config::peernet_2003(),
        };
        Config {
            detection: Detection::Carrier,
            ..config
        }
    }
}

/// Nodes that all start at once, and send packets to each other.
struct Workload {
    nodes: u32,
    /// Packets a second of each node.
    rate: f64,
    rng: NodeRng,
    sent: u64,
}

enum Turn {
    Open,
    Packet,
}

impl Workload {
    fn random_node(&mut self) -> NodeAddr {
        NodeAddr((unit(&mut self.rng) * f64::from(self.nodes)) as u32)
    }
}

impl World<PeerNet> for Workload {
    type Event = Turn;

    fn on_event(&mut self, control: &mut Control<'_, PeerNet, Turn>, turn: Turn) {
        match turn {
            Turn::Open => (0..self.nodes).for_each(|node| control.start(NodeAddr(node), ())),
            Turn::Packet => {
                let (from, to) = (self.random_node(), self.random_node());
                let send = Send {
                    to,
                    bytes: PACKET_BYTES,
                };
                control.command(from, OperationId(self.sent), Command::Send(send));
                self.sent += 1;
            }
        }
        if self.rate > 0.0 {
            let pause = Exponential::new(1.0 / (self.rate * f64::from(self.nodes))).expect("a positive mean");
            control.schedule(SimDuration::from_secs_f64(pause.sample(&mut self.rng)), Turn::Packet);
        }
    }

    fn on_node_event(&mut self, _: SimTime, _: NodeAddr, _: Event) {}
}

/// Runs PeerNet once in this process and prints what was measured.
///
/// # Errors
/// An impossible configuration.
pub(crate) fn once(rules: Rules, nodes: u32, rate: f64, start: u64, seconds: u64) -> Result<(), String> {
    let streams = StreamKey::root(1, 0);
    let movements = random_waypoint(nodes).movements(nodes, streams.purpose("mobility"));
    let source = Moving::new(movements, RANGE).map_err(|error| error.to_string())?;
    let air = Air {
        delay: SimDuration::from_millis(2),
        jitter: SimDuration::from_millis(1),
        loss: 0.0,
        tries: 1,
        medium: None,
    };
    let links = LinkLayer::new(nodes, Box::new(source), air).map_err(|error| error.to_string())?;
    let setup = Setup {
        config: rules.config().validate().map_err(|error| error.to_string())?,
        network: Box::new(Nothing),
        nodes,
        streams,
        partitions: 1,
    };
    let world = Workload {
        nodes,
        rate,
        rng: streams.purpose("packets").rng(),
        sent: 0,
    };
    let mut simulation = Simulation::linked(setup, links, world, ());
    simulation.schedule(SimTime::ZERO, Turn::Open);
    let mut run_for = |seconds| {
        let watch = Stopwatch::start();
        let before = simulation.events();
        let end = simulation.now() + SimDuration::from_secs(seconds);
        simulation.run_until(end).map_err(|broken| broken.to_string())?;
        Ok::<_, String>((watch.elapsed(), (simulation.events() - before) as f64))
    };
    let (cold, _) = run_for(start)?;
    let (taken, events) = run_for(seconds)?;
    println!(
        "cold={:.4} second={:.4} events/s={:.0} bytes/node={:.0} fingerprint {:016x}",
        cold / start as f64,
        taken / seconds as f64,
        events / taken,
        peak_memory() as f64 / f64::from(nodes),
        simulation.fingerprint()
    );
    Ok(())
}

/// What the runs of one row have shown.
#[derive(Default)]
struct Measured {
    cold: Vec<f64>,
    second: Vec<f64>,
    speeds: Vec<f64>,
    bytes: Vec<f64>,
}

/// Prints what a simulated second takes, during the cold start and after it, events a second and bytes a node.
///
/// # Errors
/// A run failed.
pub(crate) fn report(nodes: &[u32], start: u64, seconds: u64, runs: usize) -> Result<(), String> {
    let this = std::env::current_exe().map_err(|error| error.to_string())?;
    println!("random waypoint, 1 to 20 m/s, cold start of {start} s, then {seconds} s, median of {runs} runs");
    println!(
        "{:>8} {:>12} {:>10} {:>12} {:>12} {:>17} {:>12}",
        "nodes", "rules", "packets/s", "s a cold s", "s a second", "million events/s", "bytes/node"
    );
    for &nodes in nodes {
        for rules in [Rules::Dart, Rules::PeerNet2003] {
            for rate in [0.0, PACKET_RATE] {
                let name = rules
                    .to_possible_value()
                    .map_or(String::new(), |value| value.get_name().to_owned());
                let numbers = [
                    nodes.to_string(),
                    rate.to_string(),
                    start.to_string(),
                    seconds.to_string(),
                ];
                let arguments: Vec<String> = ["peer-net-once".to_owned(), name.clone()]
                    .into_iter()
                    .chain(numbers)
                    .collect();
                let mut measured = Measured::default();
                for _ in 0..runs {
                    let text = output(&this, &arguments)?;
                    measured.cold.push(number_after(&text, "cold=")?);
                    measured.second.push(number_after(&text, "second=")?);
                    measured.speeds.push(number_after(&text, "events/s=")? / 1e6);
                    measured.bytes.push(number_after(&text, "bytes/node=")?);
                }
                println!(
                    "{nodes:>8} {name:>12} {rate:>10.1} {:>12.3} {:>12.3} {:>17.2} {:>12.0}",
                    median(measured.cold),
                    median(measured.second),
                    median(measured.speeds),
                    median(measured.bytes)
                );
            }
        }
    }
    Ok(())
}
