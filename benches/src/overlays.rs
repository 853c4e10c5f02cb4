//! Overlays side by side: members of a finished network route messages to each other, with maintenance at its usual pace.
//!
//! Everything but the overlay is the same: nodes lie at random places of a square, as in the experiments of Rowstron and
//! Druschel 2001, where a message takes 52 ms in the mean; each sends a message to another random node every ten seconds in
//! the mean (a Poisson process), beside what its overlay does to keep its tables. Parameters are those that a scenario gets
//! that names the overlay and nothing more. The network is built in bulk, which is timed apart.

use std::marker::PhantomData;

use clap::ValueEnum;
use protocols::chord::{self, Chord, Ring};
use protocols::id::{Contact, IdSpace, distinct_ids};
use protocols::kbr::{Call, KeyBased, Nothing, Upcall};
use protocols::pastry::{self, Pastry};
use protocols::xbone::{ContactInfo, XBone};
use sim_core::addr::NodeAddr;
use sim_core::distribution::Exponential;
use sim_core::network::{Network, Plane, Propagation};
use sim_core::protocol::OperationId;
use sim_core::random::{NodeRng, StreamKey, unit};
use sim_core::simulation::{Setup, Simulation};
use sim_core::time::{SimDuration, SimTime};
use sim_core::world::{Control, World};

use crate::measure::{Stopwatch, median, number_after, output, peak_memory};

/// Each node sends a message so often, in seconds.
const MESSAGE_PERIOD: f64 = 10.0;
/// The side of the square.
const SIDE: f64 = 1000.0;
/// In seconds a unit of length.
const PER_UNIT: f64 = 1e-4;
/// After this time without new messages all have arrived.
const LAST_MESSAGES: SimDuration = SimDuration::from_secs(10);

/// The overlays that can be measured.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Name {
    /// The corrected rules, eight successors.
    Chord,
    /// `b = 4`, 16 leaves, 32 neighbours, nearby nodes first.
    Pastry,
    /// Chord that drives a virtual network of tunnels.
    #[value(name = "xbone")]
    XBone,
}

/// What must be known of an overlay beyond its interface.
pub(crate) trait Overlay: KeyBased<Addr = NodeAddr, Payload = Nothing> {
    /// Its usual parameters.
    fn parameters() -> Self::Config;

    /// The nodes of a finished network of these members, in their order.
    fn perfect(
        config: &Self::Config,
        members: &[Contact],
        delay: impl Fn(NodeAddr, NodeAddr) -> SimDuration,
    ) -> Vec<Self::Init>;
}

impl Overlay for Chord {
    fn parameters() -> chord::Config {
        chord::Config::default()
    }

    fn perfect(
        config: &chord::Config,
        members: &[Contact],
        _: impl Fn(NodeAddr, NodeAddr) -> SimDuration,
    ) -> Vec<chord::Init> {
        let ring = Ring::new(config, members.iter().copied());
        let ready = |&Contact { id, .. }: &Contact| chord::Init::Ready {
            id,
            tables: Box::new(ring.tables(id)),
        };
        members.iter().map(ready).collect()
    }
}

impl Overlay for Pastry {
    fn parameters() -> pastry::Config {
        pastry::Config::default()
    }

    fn perfect(
        config: &pastry::Config,
        members: &[Contact],
        delay: impl Fn(NodeAddr, NodeAddr) -> SimDuration,
    ) -> Vec<pastry::Init> {
        let tables = pastry::bulk::build(config, members, delay);
        let ready = |tables| pastry::Init::Ready {
            tables: Box::new(tables),
        };
        tables.into_iter().map(ready).collect()
    }
}

/// Nodes with random identifiers; the first address belongs to the first.
pub(crate) fn members(nodes: u32, space: IdSpace, streams: StreamKey) -> Vec<Contact> {
    let mut rng = streams.purpose("identifiers").rng();
    let ids = distinct_ids(nodes as usize, space, &mut rng).expect("64 bits have room for all");
    let contact = |(addr, id)| Contact { id, addr };
    (0..).map(NodeAddr).zip(ids).map(contact).collect()
}

/// Members that send messages to each other.
struct Workload<O: Overlay> {
    inits: Vec<O::Init>,
    members: Vec<Contact>,
    rng: NodeRng,
    until: SimTime,
    sent: u64,
    arrived: u64,
    hops: u64,
    overlay: PhantomData<O>,
}

enum Turn {
    Open,
    Message,
}

impl<O: Overlay> Workload<O> {
    fn random_member(&mut self) -> Contact {
        self.members[(unit(&mut self.rng) * self.members.len() as f64) as usize]
    }
}

impl<O: Overlay> World<O> for Workload<O> {
    type Event = Turn;

    fn on_event(&mut self, control: &mut Control<'_, O, Turn>, turn: Turn) {
        match turn {
            Turn::Open => {
                for (addr, init) in (0..).map(NodeAddr).zip(std::mem::take(&mut self.inits)) {
                    control.start(addr, init);
                }
            }
            Turn::Message if control.now() >= self.until => return,
            Turn::Message => {
                let (from, to) = (self.random_member(), self.random_member());
                let call = Call::Route {
                    key: to.id,
                    payload: Nothing,
                };
                control.command(from.addr, OperationId(self.sent), call.into());
                self.sent += 1;
            }
        }
        let pause = Exponential::new(MESSAGE_PERIOD / self.members.len() as f64).expect("a positive mean");
        control.schedule(SimDuration::from_secs_f64(pause.sample(&mut self.rng)), Turn::Message);
    }

    fn on_node_event(&mut self, _: SimTime, node: NodeAddr, event: O::Event) {
        if let Ok(Upcall::Deliver(message)) = O::upcall(event)
            && message.key == self.members[node.index()].id
        {
            self.arrived += 1;
            self.hops += u64::from(message.hops);
        }
    }
}

/// Runs an overlay once in this process and prints what was measured.
///
/// # Errors
/// A message has not arrived.
pub(crate) fn once(name: Name, nodes: u32, seconds: u64) -> Result<(), String> {
    match name {
        Name::Chord => run::<Chord>(nodes, seconds),
        Name::Pastry => run::<Pastry>(nodes, seconds),
        Name::XBone => run::<XBone<Chord<Nothing, ContactInfo>>>(nodes, seconds),
    }
}

fn run<O: Overlay>(nodes: u32, seconds: u64) -> Result<(), String> {
    let streams = StreamKey::root(1, 0);
    let config = O::parameters();
    let until = SimTime::ZERO + SimDuration::from_secs(seconds);
    let propagation = Propagation::new(SimDuration::NANOSECOND, PER_UNIT).map_err(|error| error.to_string())?;
    let network = Plane::new(nodes as usize, SIDE, SIDE, propagation, streams.purpose("places"))
        .map_err(|error| error.to_string())?;
    let members = members(nodes, O::space(&config), streams);
    let watch = Stopwatch::start();
    let inits = O::perfect(&config, &members, |a, b| network.direct_delay(a, b));
    let built = watch.elapsed();
    let world = Workload::<O> {
        inits,
        members,
        rng: streams.purpose("messages").rng(),
        until,
        sent: 0,
        arrived: 0,
        hops: 0,
        overlay: PhantomData,
    };
    let setup = Setup {
        config,
        network: Box::new(network),
        nodes,
        streams,
        partitions: 1,
    };
    let mut simulation = Simulation::new(setup, world);
    simulation.schedule(SimTime::ZERO, Turn::Open);
    // The nodes come up before the clock starts.
    let mut run_until = |end| {
        let watch = Stopwatch::start();
        let before = simulation.events();
        simulation.run_until(end).map_err(|broken| broken.to_string())?;
        Ok::<f64, String>((simulation.events() - before) as f64 / watch.elapsed())
    };
    run_until(SimTime::from_nanos(1))?;
    let speed = run_until(until)?;
    let bytes = peak_memory() as f64 / f64::from(nodes);
    run_until(until + LAST_MESSAGES)?;
    let Workload {
        sent, arrived, hops, ..
    } = simulation.world();
    println!(
        "built={built:.3} events/s={speed:.0} bytes/node={bytes:.0} messages={sent} hops={:.3}",
        *hops as f64 / *arrived as f64
    );
    match arrived == sent {
        true => Ok(()),
        false => Err(format!("only {arrived} of {sent} messages arrived")),
    }
}

/// What the runs of one overlay of one size have shown.
#[derive(Default)]
struct Measured {
    built: Vec<f64>,
    speeds: Vec<f64>,
    bytes: Vec<f64>,
    hops: Vec<f64>,
}

/// Prints the time of building, events a second and bytes a node for each overlay and size; the overlays take turns.
///
/// # Errors
/// A run failed.
pub(crate) fn report(sizes: &[(Name, Vec<u32>)], seconds: u64, runs: usize) -> Result<(), String> {
    let this = std::env::current_exe().map_err(|error| error.to_string())?;
    println!("built in bulk, routed messages, {seconds} simulated s, median of {runs} runs, times on a processor");
    println!(
        "{:>10} {:>8} {:>10} {:>17} {:>12} {:>8}",
        "nodes", "overlay", "built in s", "million events/s", "bytes/node", "hops"
    );
    let mut all: Vec<u32> = sizes.iter().flat_map(|(_, sizes)| sizes).copied().collect();
    all.sort_unstable();
    all.dedup();
    for nodes in all {
        let overlays = sizes.iter().filter(|(_, sizes)| sizes.contains(&nodes));
        let mut overlays: Vec<(String, Measured)> = overlays
            .map(|(name, _)| (format!("{name:?}").to_lowercase(), Measured::default()))
            .collect();
        for _ in 0..runs {
            for (name, measured) in &mut overlays {
                let arguments = ["overlay-once", name, &nodes.to_string(), &seconds.to_string()].map(str::to_owned);
                let text = output(&this, &arguments)?;
                measured.built.push(number_after(&text, "built=")?);
                measured.speeds.push(number_after(&text, "events/s=")? / 1e6);
                measured.bytes.push(number_after(&text, "bytes/node=")?);
                measured.hops.push(number_after(&text, "hops=")?);
            }
        }
        for (name, measured) in overlays {
            println!(
                "{nodes:>10} {name:>8} {:>10.2} {:>17.2} {:>12.0} {:>8.2}",
                median(measured.built),
                median(measured.speeds),
                median(measured.bytes),
                median(measured.hops)
            );
        }
    }
    Ok(())
}
