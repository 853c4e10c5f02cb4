//! Links of nodes that move: what it costs to know them at the exact times, and by looking now and then.

use sim_core::link_layer::{Change, LinkSource};
use sim_core::mobility::{Area, Model, Moving, RandomWaypoint, Scanned, Speeds, WaypointStart};
use sim_core::random::StreamKey;
use sim_core::time::{SimDuration, SimTime};

use crate::measure::{Stopwatch, median};

/// In metres.
pub(crate) const RANGE: f64 = 250.0;
/// Neighbours of a node, were all spread evenly; by random waypoint there are more in the middle, and on average.
const DEGREE: f64 = 10.0;
/// Intervals between looks, in milliseconds.
const INTERVALS: [u64; 6] = [100, 250, 500, 1000, 2000, 5000];

/// How nodes move, in a square with the room that so many need.
pub(crate) fn random_waypoint(nodes: u32) -> RandomWaypoint {
    let side = (f64::from(nodes) * std::f64::consts::PI / DEGREE).sqrt() * RANGE;
    RandomWaypoint {
        area: Area {
            width: side,
            height: side,
        },
        speed: Speeds {
            minimum: 1.0,
            maximum: 20.0,
        },
        minimum_pause: SimDuration::ZERO,
        maximum_pause: SimDuration::ZERO,
        start: WaypointStart::Steady,
    }
}

/// What one run of a source of links tells.
struct Told {
    /// Links at time zero.
    first: usize,
    /// Contacts that begin later.
    contacts: usize,
    /// Milliseconds for each simulated second, without those for time zero.
    cost: f64,
}

fn run(source: &mut dyn LinkSource, seconds: u64) -> Told {
    let end = SimTime::ZERO + SimDuration::from_secs(seconds);
    let mut changes: Vec<Change> = Vec::new();
    let mut reached = source.next_stretch(&mut changes);
    let first = changes.iter().filter(|change| change.time == SimTime::ZERO).count();
    let (watch, from) = (Stopwatch::start(), reached);
    let mut contacts = changes[first..].iter().filter(|change| change.up).count();
    while reached < end {
        changes.clear();
        reached = source.next_stretch(&mut changes);
        contacts += changes.iter().filter(|change| change.up && change.time <= end).count();
    }
    Told {
        first,
        contacts,
        cost: watch.elapsed() * 1e3 / reached.since(from).as_secs_f64(),
    }
}

/// The same of several runs, with the median of what they cost.
fn repeated(runs: usize, seconds: u64, source: impl Fn() -> Box<dyn LinkSource>) -> Told {
    let all: Vec<Told> = (0..runs).map(|_| run(&mut *source(), seconds)).collect();
    Told {
        first: all[0].first,
        contacts: all[0].contacts,
        cost: median(all.iter().map(|told| told.cost).collect()),
    }
}

/// Prints what links cost for each number of nodes.
pub(crate) fn report(nodes: &[u32], seconds: u64, runs: usize) {
    println!("random waypoint, 1 to 20 m/s, range {RANGE} m, {seconds} simulated seconds, median of {runs} runs");
    println!(
        "{:>8} {:>10} {:>8} {:>12} {:>10} {:>12}",
        "nodes", "links", "degree", "contacts/s", "missed %", "ms a second"
    );
    for &nodes in nodes {
        let movements = || random_waypoint(nodes).movements(nodes, StreamKey::root(1, 0).purpose("mobility"));
        let exact = repeated(runs, seconds, || {
            Box::new(Moving::new(movements(), RANGE).expect("a range above zero"))
        });
        let print = |links: &str, told: &Told| {
            println!(
                "{nodes:>8} {links:>10} {:>8.2} {:>12.1} {:>10.2} {:>12.3}",
                2.0 * told.first as f64 / f64::from(nodes),
                told.contacts as f64 / seconds as f64,
                100.0 * (1.0 - told.contacts as f64 / exact.contacts as f64),
                told.cost
            );
        };
        print("exact", &exact);
        for interval in INTERVALS.map(SimDuration::from_millis) {
            let scanned = repeated(runs, seconds, || {
                Box::new(Scanned::new(movements(), RANGE, interval).expect("a range and an interval above zero"))
            });
            print(&interval.to_string(), &scanned);
        }
    }
}
