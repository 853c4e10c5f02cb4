//! How much memory a scenario will take, estimated before any of it is asked for.

use std::cmp::Reverse;
use std::iter::repeat_n;

use sim_core::math;

use crate::registry::Registry;
use crate::scenario::{Point, Scenario};

/// What is kept of a lookup: its latency and stretch, eight bytes each, in lists that grow by doubling. Measured: 15 to 38.
const BYTES_A_LOOKUP: f64 = 40.0;
/// What is kept of a packet, or of a lookup of an address, until the run has ended: in a tree, and its latency in a list.
const BYTES_ASKED_OF_A_NETWORK_LAYER: f64 = 120.0;
/// What a count of paths takes: the count itself, and its row of a table, in memory and as text.
const BYTES_A_PATH_COUNT: u64 = 400;
/// What a bin of lookups takes, and its row.
const BYTES_A_BIN: u64 = 600;
/// What a node of a snapshot takes with some two dozen links: rows of tables in memory and as text, GraphML, and its part of a
/// figure. Measured for Chord with 8 successors and 50,000 nodes.
const BYTES_A_SEEN_NODE: u64 = 16_000;
/// What a row of the distribution of keys takes, in memory and as text.
const BYTES_A_HELD_COUNT: u64 = 250;
/// What is kept of a session, in a list that grows by doubling.
const BYTES_A_SESSION: u64 = 32;
/// What a node received: a number for each of at most so many kinds of messages.
const BYTES_A_NODE_LOAD: u64 = 40 * 8;
/// What the process takes without any simulation, figures included.
const BYTES_OF_PROCESS: u64 = 16 << 20;

/// What a scenario is estimated to take.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Estimate {
    /// Bytes in all, when most is taken.
    pub bytes: u64,
    /// Bytes of the largest run alone.
    pub largest: u64,
    /// The point that the largest run is of, as [`Point::label`] has it, and its nodes.
    pub point: (String, u32),
    /// How many runs go on at a time.
    pub at_once: usize,
    /// Bytes of what all runs measure, which is kept until the last has ended.
    pub kept: u64,
    /// Bytes of what that run measures that measures most.
    pub measured: u64,
}

impl Estimate {
    /// The estimate for a scenario whose runs go on so many at a time, and are written down one by one as they end.
    pub fn written_down(scenario: &Scenario, registry: &Registry, threads: usize) -> Self {
        let estimate = Estimate::of(scenario, registry, threads);
        // What the runs that go on have measured so far: no more than the largest of them for each.
        let going_on = estimate.measured.saturating_mul(estimate.at_once as u64);
        Estimate {
            bytes: (estimate.bytes - estimate.kept).saturating_add(going_on),
            kept: 0,
            ..estimate
        }
    }

    /// The estimate for a scenario whose runs go on so many at a time.
    pub fn of(scenario: &Scenario, registry: &Registry, threads: usize) -> Self {
        let replications = scenario.replications;
        let needed = |point: Point| Needed {
            run: run(&point, registry),
            measured: measured(&point),
            nodes: point.nodes,
        };
        let points: Vec<Needed> = scenario.points.iter().map(needed).collect();
        let kept = points
            .iter()
            .map(|point| point.measured.saturating_mul(replications.into()));
        let kept = kept.fold(0, u64::saturating_add);
        let each = threads.min(replications as usize);
        let numbered = points.iter().enumerate();
        let mut runs: Vec<(usize, &Needed)> = numbered.flat_map(|point| repeat_n(point, each)).collect();
        // Stable: of equal points the first is told.
        runs.sort_by_key(|(_, point)| Reverse(point.run));
        let at_once = threads.min(runs.len());
        let together = runs[..at_once].iter().map(|(_, point)| point.run);
        let together = together.fold(0, u64::saturating_add);
        let largest = runs.first();
        Estimate {
            bytes: together.saturating_add(kept).saturating_add(BYTES_OF_PROCESS),
            largest: largest.map_or(0, |(_, point)| point.run.saturating_add(point.measured)),
            point: largest.map_or_else(Default::default, |(index, point)| {
                (scenario.points.label(*index).unwrap_or_default(), point.nodes)
            }),
            at_once,
            kept,
            measured: points.iter().map(|point| point.measured).max().unwrap_or_default(),
        }
    }
}

/// What a run of a point needs.
struct Needed {
    /// Bytes while it goes on, without what it measures.
    run: u64,
    /// Bytes of what it measures.
    measured: u64,
    nodes: u32,
}

/// One run while it goes on, without what it measures, which is kept when it has ended.
fn run(point: &Point, registry: &Registry) -> u64 {
    let nodes = registry
        .get(point.protocol.name())
        .map_or(0, |entry| entry.node_bytes(point).saturating_mul(point.nodes.into()));
    // A run has a network for its messages and one for measurements.
    nodes.saturating_add(2 * point.network.memory(point.nodes as usize))
}

/// What one run measures.
fn measured(point: &Point) -> u64 {
    let nodes = u64::from(point.nodes);
    let (lookups, bins) = point.lookups.as_ref().map_or((0.0, 0), |lookups| {
        let span = lookups.until.since(lookups.start);
        let bins = span.as_nanos() / point.measure.bin.as_nanos().max(1);
        (lookups.expected(point.hosts().count(point.nodes), 1.0), bins)
    });
    let counts = point.observe.reachability.map_or(0, |reachability| {
        point.duration.as_nanos() / reachability.every.as_nanos().max(1) * BYTES_A_PATH_COUNT
    });
    let rings = point.observe.rings.map_or(0, |every| {
        point.duration.as_nanos() / every.as_nanos().max(1) * BYTES_A_PATH_COUNT
    });
    let probes = point.observe.convergence.map_or(0, |convergence| {
        point.duration.as_nanos() / convergence.every.as_nanos().max(1) * BYTES_A_PATH_COUNT
    });
    let loads = point.observe.load.map_or(0, |keys| load(point, keys));
    let sessions = match point.comes_and_goes() {
        true => {
            point
                .churn
                .churn
                .model()
                .sessions_in(point.churn.places, point.duration) as u64
                * BYTES_A_SESSION
        }
        false => 0,
    };
    let snapshots = point.observe.snapshots.len() as u64 * nodes * BYTES_A_SEEN_NODE;
    let node_loads = u64::from(point.observe.node_load) * nodes * BYTES_A_NODE_LOAD;
    let asked = point.packets.map_or(0.0, |packets| packets.expected(point.nodes))
        + point.node_lookups.map_or(0.0, |lookups| lookups.expected(point.nodes))
        + point.groups.map_or(0.0, |groups| groups.expected(point.nodes));
    let asked = (asked * BYTES_ASKED_OF_A_NETWORK_LAYER) as u64 + probes;
    asked
        + node_loads
        + (lookups * BYTES_A_LOOKUP) as u64
        + bins * BYTES_A_BIN
        + counts
        + rings
        + loads
        + sessions
        + snapshots
}

/// What the spread of so many keys takes: how many each holder has, and a row for each number up to the largest, which by the
/// law of random arcs lies within three means of the mean times the logarithm of the holders, and is never above all keys.
fn load(point: &Point, keys: u64) -> u64 {
    let hosts = point.hosts().count(point.nodes);
    let mean = keys as f64 / f64::from(hosts);
    let most_held = ((math::ln(f64::from(hosts)) + 3.0) * mean).min(keys as f64) as u64;
    let kinds = 1 + u64::from(hosts != point.nodes);
    u64::from(point.nodes) * 16 + kinds * most_held.saturating_mul(BYTES_A_HELD_COUNT)
}

/// The most memory that this process has had since [`forget_peak`], in bytes, where the system tells (Linux).
pub fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}

/// From here on, [`peak`] is the peak of what follows. Where the system does not know how, it stays that of the whole process.
pub fn forget_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// How many bytes this process may still take, where the system tells (Linux): what is available on the machine, and no more
/// than its control group leaves.
pub fn available() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let machine: u64 = line
        .trim()
        .strip_suffix("kB")?
        .trim()
        .parse::<u64>()
        .ok()?
        .checked_mul(1024)?;
    let groups = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    Some(left_in_groups(&groups, "/sys/fs/cgroup").map_or(machine, |left| left.min(machine)))
}

/// What the control groups of a process leave, given its `/proc/self/cgroup` and where the groups are mounted: version 2 (one
/// hierarchy) and version 1 (one for memory). A limit of a group holds for all below it.
fn left_in_groups(groups: &str, mount: &str) -> Option<u64> {
    let left = |line: &str| {
        let mut fields = line.splitn(3, ':').skip(1);
        let (controllers, path) = (fields.next()?, fields.next()?);
        let (root, limit, used) = match controllers {
            "" => (mount.to_owned(), "memory.max", "memory.current"),
            "memory" => (
                format!("{mount}/memory"),
                "memory.limit_in_bytes",
                "memory.usage_in_bytes",
            ),
            _ => return None,
        };
        let read = |folder: &str, name: &str| -> Option<u64> {
            std::fs::read_to_string(format!("{root}{folder}/{name}"))
                .ok()?
                .trim()
                .parse()
                .ok()
        };
        let mut folder = path.trim_end_matches('/');
        let mut least: Option<u64> = None;
        loop {
            // A group without a limit says `max`, or a number that no machine has.
            if let (Some(limit), Some(used)) = (read(folder, limit), read(folder, used)) {
                let here = limit.saturating_sub(used);
                least = Some(least.map_or(here, |least| least.min(here)));
            }
            match folder.rfind('/') {
                Some(parent) => folder = &folder[..parent],
                None => return least,
            }
        }
    };
    groups.lines().filter_map(left).min()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_tightest_of_the_groups_above_decides() {
        let home = tempfile::tempdir().unwrap();
        let mount = home.path().to_str().unwrap();
        let group = |path: &str, limit: &str, used: &str| {
            let folder = home.path().join(path);
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("memory.max"), format!("{limit}\n")).unwrap();
            fs::write(folder.join("memory.current"), format!("{used}\n")).unwrap();
        };
        group("job", "1000", "400");
        group("job/step", "max", "300");
        group("job/step/task", "900", "200");
        assert_eq!(left_in_groups("0::/job/step/task\n", mount), Some(600));
        assert_eq!(left_in_groups("0::/job/step\n", mount), Some(600));
        assert_eq!(left_in_groups("0::/elsewhere\n", mount), None);
        assert_eq!(left_in_groups("12:cpu,cpuacct:/job\n", mount), None);
    }

    #[test]
    fn the_first_version_of_control_groups_is_understood_too() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("memory/job");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("memory.limit_in_bytes"), "5000\n").unwrap();
        fs::write(folder.join("memory.usage_in_bytes"), "6000\n").unwrap();
        let groups = "5:pids:/\n4:memory:/job\n0::/\n";
        assert_eq!(
            left_in_groups(groups, home.path().to_str().unwrap()),
            Some(0),
            "more is used than is allowed"
        );
    }
}
