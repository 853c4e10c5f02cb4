//! Golden runs: events and fingerprints that are the same on every machine, in every build, and from one commit to the
//! next unless behaviour is meant to change.

mod common;
#[path = "golden/record.rs"]
mod record;

use std::hash::Hasher;
use std::path::{Path, PathBuf};

use common::{Comings, Config, Rumour, Timer, Turn, rumours};
use sim_core::addr::NodeAddr;
use sim_core::fingerprint::Chain;
use sim_core::network::{
    Constant, Exponential, Fate, LatencyMatrix, Lossy, Network, NetworkError, Plane, Propagation, Sphere, Transmission,
    Uniform,
};
use sim_core::observer::{Cause, Observer, Step};
use sim_core::protocol::{LinkChange, OperationId, Wire};
use sim_core::random::{NodeRng, StreamKey, unit};
use sim_core::simulation::{Setup, Simulation};
use sim_core::time::{SimDuration, SimTime};
use sim_core::world::Departure;
use sim_core::{distribution, math};

const NODES: u32 = 23;
/// How many events are written down.
const LOGGED: usize = 400;
/// When fingerprints are taken, in milliseconds.
const INSTANTS: [u64; 3] = [100, 1_000, 10_000];

/// A file of `tests/golden`.
fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

/// A run on a network, watched.
fn run_on<O: Observer<Rumour>>(network: Box<dyn Network>, seed: u64, observer: O) -> Simulation<Rumour, Comings, O> {
    let config = Config {
        nodes: NODES,
        ..Config::default()
    };
    let world = rumours(config.clone(), seed, 1).into_world();
    let setup = Setup {
        config,
        network,
        nodes: NODES,
        streams: StreamKey::root(seed, 0),
        partitions: 1,
    };
    let mut simulation = Simulation::observed(setup, world, observer);
    simulation.schedule(SimTime::ZERO, Turn::Open);
    simulation
}

/// A network and its name in a golden file.
type Named = (&'static str, Box<dyn Network>);
/// What draws numbers from a stream, and its name.
type Sampler = (&'static str, Box<dyn Fn(&mut NodeRng) -> f64>);
/// A function and its name.
type Function = (&'static str, fn(f64) -> f64);

/// Every network, with delays that make nodes wait, give up and talk past each other.
fn networks(places: StreamKey) -> Result<Vec<Named>, NetworkError> {
    let (short, long) = (SimDuration::from_millis(2), SimDuration::from_millis(25));
    let hosts = NODES as usize;
    let propagation = |seconds_per_unit| Propagation::new(short, seconds_per_unit);
    let exponential = Exponential::new(short, long)?;
    let measured = 40;
    let cells = (0..measured).flat_map(|from: u64| {
        (0..measured).map(move |to| SimDuration::from_micros(2_000 + (7_919 * from + 104_729 * to) % 60_000))
    });
    let matrix = LatencyMatrix::new(measured as usize, cells.collect())?;
    Ok(vec![
        ("constant", Box::new(Constant::new(long))),
        ("exponential", Box::new(exponential)),
        ("uniform", Box::new(Uniform::new(short, long * 3)?)),
        (
            "plane",
            Box::new(Plane::new(hosts, 300.0, 700.0, propagation(1e-4)?, places)?),
        ),
        (
            "sphere",
            Box::new(Sphere::new(hosts, 6371.0, propagation(5e-6)?, places)?),
        ),
        ("latency matrix", Box::new(matrix.assign(hosts, places)?)),
        ("lossy exponential", Box::new(Lossy::new(exponential, 0.05)?)),
    ])
}

/// Writes down events as rows: number, time in nanoseconds, node, what happened, and a digest of all so far.
#[derive(Default)]
struct EventLog {
    rows: Vec<String>,
    digest: Chain,
}

impl Observer<Rumour> for EventLog {
    fn event(&mut self, step: &Step<'_, Rumour>) {
        let what = match step.cause {
            Cause::Message { from, msg } => {
                self.digest.fold(msg);
                format!("{} from {from}", common::Msg::kind_name(msg.kind()))
            }
            Cause::Timer(Timer::Tell) => "timer tell".to_owned(),
            Cause::Timer(Timer::GiveUp) => "timer give up".to_owned(),
            Cause::Start => "start".to_owned(),
            Cause::Stop(Departure::Graceful) => "stop gracefully".to_owned(),
            Cause::Stop(Departure::Silent) => "stop silently".to_owned(),
            Cause::Command {
                operation: OperationId(operation),
                ..
            } => format!("command {operation}"),
            Cause::Link(LinkChange::Up(peer)) => format!("link to {peer} up"),
            Cause::Link(LinkChange::Down(peer)) => format!("link to {peer} down"),
        };
        let row = format!("{},{},{},{what}", self.rows.len() + 1, step.time.as_nanos(), step.node);
        self.digest.write(row.as_bytes());
        self.rows.push(format!("{row},{:016x}", self.digest.finish()));
    }
}

#[test]
fn the_first_events_of_a_run_are_the_golden_ones() {
    let lossy = Lossy::new(
        Exponential::new(SimDuration::from_millis(2), SimDuration::from_millis(25)).unwrap(),
        0.05,
    );
    let mut simulation = run_on(Box::new(lossy.unwrap()), 1, EventLog::default());
    simulation.run_until(SimTime::from_nanos(1_000_000_000)).unwrap();
    let rows = &simulation.observer().rows;
    assert!(rows.len() >= LOGGED, "only {} events", rows.len());
    let head = "event,time_ns,node,what,digest".to_owned();
    let rows: Vec<String> = std::iter::once(head).chain(rows[..LOGGED].iter().cloned()).collect();
    if let Err(difference) = record::hold(&golden("events.csv"), &rows) {
        panic!("an event happened otherwise; in {difference}");
    }
}

#[test]
fn the_fingerprints_on_every_network_are_the_golden_ones() {
    let mut rows = vec!["network,seed,time_ms,events,fingerprint".to_owned()];
    for seed in [1, 2] {
        for (name, network) in networks(StreamKey::root(seed, 0).purpose("places")).unwrap() {
            let mut simulation = run_on(network, seed, ());
            for time in INSTANTS {
                simulation.run_until(SimTime::from_nanos(time * 1_000_000)).unwrap();
                rows.push(format!(
                    "{name},{seed},{time},{},{:016x}",
                    simulation.events(),
                    simulation.fingerprint()
                ));
            }
        }
    }
    if let Err(difference) = record::hold(&golden("fingerprints.csv"), &rows) {
        panic!("a run went otherwise; in {difference}");
    }
}

/// Every function of [`math`], over arguments from all its domain that matters, by a fraction of it.
const FUNCTIONS: [Function; 16] = [
    ("ln", |u| math::ln(1e3 * u)),
    ("ln_1p", |u| math::ln_1p(-u)),
    ("log2", |u| math::log2(1e3 * u)),
    ("log10", |u| math::log10(1e3 * u)),
    ("exp", |u| math::exp(80.0 * u - 40.0)),
    ("exp_m1", |u| math::exp_m1(u - 0.5)),
    ("pow", |u| math::pow(1e3 * u, 0.61)),
    ("sin", |u| math::sin(1e3 * u)),
    ("cos", |u| math::cos(1e3 * u)),
    ("tan", |u| math::tan(1e3 * u)),
    ("asin", |u| math::asin(2.0 * u - 1.0)),
    ("acos", |u| math::acos(2.0 * u - 1.0)),
    ("atan2", |u| math::atan2(u - 0.5, 0.3)),
    ("hypot", |u| math::hypot(1e3 * u, 77.7)),
    ("gamma", |u| math::gamma(1.0 + 9.0 * u)),
    ("ln_gamma", |u| math::ln_gamma(30.0 * u)),
];

/// Samples of every distribution, in seconds.
fn samplers() -> Vec<Sampler> {
    let uniform = distribution::Uniform::new(1.0, 77.0).unwrap();
    let exponential = distribution::Exponential::new(3600.0).unwrap();
    let weibull = |shape| distribution::Weibull::new(shape, 3600.0).unwrap();
    let (heavy, light) = (weibull(0.5), weibull(3.3));
    vec![
        ("uniform sample", Box::new(move |rng| uniform.sample(rng))),
        ("exponential sample", Box::new(move |rng| exponential.sample(rng))),
        ("heavy Weibull sample", Box::new(move |rng| heavy.sample(rng))),
        (
            "heavy Weibull residual",
            Box::new(move |rng| heavy.sample_residual(rng)),
        ),
        ("light Weibull sample", Box::new(move |rng| light.sample(rng))),
        (
            "light Weibull residual",
            Box::new(move |rng| light.sample_residual(rng)),
        ),
    ]
}

/// Networks so slow that the last bit of a delay, about 2^53 ns, is a nanosecond: what differs by less than that in a
/// network of milliseconds comes to light here.
fn slow_networks(places: StreamKey) -> Result<Vec<Named>, NetworkError> {
    let (days, hosts) = (SimDuration::from_secs(86_400), NODES as usize);
    let propagation = |seconds_per_unit| Propagation::new(days, seconds_per_unit);
    Ok(vec![
        ("exponential delay", Box::new(Exponential::new(days, days * 100)?)),
        ("uniform delay", Box::new(Uniform::new(days, days * 200)?)),
        (
            "plane delay",
            Box::new(Plane::new(hosts, 300.0, 700.0, propagation(2e4)?, places)?),
        ),
        (
            "sphere delay",
            Box::new(Sphere::new(hosts, 6371.0, propagation(7e2)?, places)?),
        ),
    ])
}

#[test]
fn numbers_have_the_golden_bits() {
    let streams = StreamKey::root(1, 0).purpose("numbers");
    let mut rows = vec!["source,numbers,digest".to_owned()];
    let mut write = |source: &str, number: &mut dyn FnMut(u64) -> u64| {
        let mut digest = Chain::default();
        for index in 0..5_000 {
            digest.write_u64(number(index));
            if [1, 100, 5_000].contains(&(index + 1)) {
                rows.push(format!("{source},{},{:016x}", index + 1, digest.finish()));
            }
        }
    };
    for (name, function) in FUNCTIONS {
        write(name, &mut |index| function(streams.index(index).unit()).to_bits());
    }
    for (name, sample) in samplers() {
        let mut rng = streams.rng();
        write(name, &mut |_| sample(&mut rng).to_bits());
    }
    for (name, network) in slow_networks(streams).unwrap() {
        let mut rng = streams.rng();
        let mut host = || NodeAddr((unit(&mut rng) * f64::from(NODES)) as u32);
        write(name, &mut |index| {
            let fate = network.transmit(&Transmission {
                now: SimTime::ZERO,
                from: host(),
                to: host(),
                bytes: 0,
                draw: streams.index(index),
            });
            match fate {
                Fate::Arrives(delay) => delay.as_nanos(),
                Fate::Lost => u64::MAX,
            }
        });
    }
    if let Err(difference) = record::hold(&golden("numbers.csv"), &rows) {
        panic!("a number has other bits; in {difference}");
    }
}
