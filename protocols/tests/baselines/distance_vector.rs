use protocols::distance_vector::{Config, DistanceVector, ENTRY_BYTES, Sensing, Trigger, UPDATE_HEADER_BYTES};
use protocols::packet::{Dropped, Outcome};
use sim_core::addr::NodeAddr;
use sim_core::simulation::Simulation;
use sim_core::time::SimDuration;
use sim_core::world::World;

use super::support::{
    HOP, Net, NoCircles, Script, Turn, distances, grid, line, millis, random_contacts, random_graph, random_outages,
    sent,
};

/// News travels at once, and breaks are noticed at once.
fn prompt() -> Config {
    Config {
        aggregation: SimDuration::ZERO,
        settling: None,
        sensing: Sensing::Carrier,
        ..Config::default()
    }
}

/// How many pairs have no route, and by how many hops the others have longer ones than they need, all together.
fn excess<W: World<DistanceVector>>(
    simulation: &Simulation<DistanceVector, W>,
    nodes: u32,
    links: &[(u32, u32)],
) -> (u32, u32) {
    let (mut missing, mut longer) = (0, 0);
    for from in 0..nodes {
        let node = simulation.node(NodeAddr(from)).expect("all are up");
        for (to, shortest) in distances(nodes, links, from).into_iter().enumerate() {
            match node.hops(NodeAddr(to as u32)) {
                _ if to == from as usize => {}
                Some(hops) => longer += hops - shortest,
                None => missing += 1,
            }
        }
    }
    (missing, longer)
}

/// Each route is as long as the shortest one (breadth-first search) as soon as news can have come from one end of the network to the
/// other, and stays so while newer sequence numbers travel.
#[test]
fn all_routes_are_shortest_after_a_diameter_of_hops_and_stay_so() {
    for seed in 1..8 {
        let (nodes, links) = (30, random_graph(30, seed));
        let diameter = (0..nodes)
            .flat_map(|from| distances(nodes, &links, from))
            .max()
            .expect("some");
        let mut simulation = Net::fixed(nodes, &links).run::<DistanceVector>(prompt());
        // A nanosecond passes at each node.
        let told = millis(0) + (HOP + SimDuration::NANOSECOND * 2) * u64::from(diameter);
        simulation.run_until(told).expect("nobody watches");
        assert_eq!(excess(&simulation, nodes, &links), (0, 0), "seed {seed}");
        for step in 1..40 {
            simulation.run_until(millis(step * 1371)).expect("nobody watches");
            assert_eq!(excess(&simulation, nodes, &links), (0, 0), "seed {seed}, step {step}");
        }
        assert_eq!(simulation.node(NodeAddr(0)).expect("up").entries(), 29);
    }
}

/// Where there is one way only, no news but a full dump of each node in each period is left: `N` entries to each, so that a node sends O(N) bytes a
/// period. With news of sequence numbers each node also repeats the number of each other once.
#[test]
fn overhead_is_that_of_its_closed_form() {
    for (trigger, nodes) in [(Trigger::Metric, 20), (Trigger::Metric, 150), (Trigger::Sequence, 20)] {
        let config = Config { trigger, ..prompt() };
        let mut simulation = Net::fixed(nodes, &line(nodes)).run::<DistanceVector>(config);
        // No dump is under way at the ends of whole periods after one at which all was quiet.
        let mut sent_by = |time| {
            simulation.run_until(millis(time)).expect("nobody watches");
            sent(&simulation)
        };
        let (before, after) = (sent_by(45_000), sent_by(75_000));
        let messages = |kind: usize| after[kind].messages - before[kind].messages;
        let bytes = |kind: usize| after[kind].bytes - before[kind].bytes;
        let passed = |kind| (messages(kind), bytes(kind));
        let n = u64::from(nodes);
        let (headers, entry) = (u64::from(UPDATE_HEADER_BYTES), u64::from(ENTRY_BYTES));
        let packets = if nodes == 150 { 2 } else { 1 };
        assert_eq!(
            passed(0),
            (2 * n, 2 * n * (packets * headers + n * entry)),
            "{trigger:?}"
        );
        let updates = if trigger == Trigger::Sequence {
            2 * n * (n - 1)
        } else {
            0
        };
        assert_eq!(passed(1), (updates, updates * (headers + entry)), "{trigger:?}");
    }
}

/// Section 4: what settles is kept back. Without that, a longer route that comes first is told on and replaced, again and again.
#[test]
fn settling_saves_updates_and_detours_where_ways_differ() {
    let updates = |settling| {
        let config = Config {
            settling,
            ..Config::default()
        };
        let mut simulation = Net::fixed(49, &grid(7)).run::<DistanceVector>(config);
        simulation.run_until(millis(600_000)).expect("nobody watches");
        let (missing, longer) = excess(&simulation, 49, &grid(7));
        assert_eq!(missing, 0);
        (sent(&simulation)[1].bytes, longer)
    };
    let (damped, undamped) = (updates(Config::default().settling), updates(None));
    // Updates in bytes, and hops too many.
    assert!(
        damped.0 < undamped.0 && damped.1 < undamped.1,
        "{damped:?} {undamped:?}"
    );
}

/// Perkins and Bhagwat, section 4 and appendix: no circle at any instant, whatever links and nodes do.
#[test]
fn no_way_ever_leads_in_a_circle() {
    let configs = [
        prompt(),
        Config::default(),
        Config {
            trigger: Trigger::Metric,
            sensing: Sensing::Carrier,
            ..Config::default()
        },
        Config {
            sensing: Sensing::Silence(SimDuration::from_secs(9)),
            ..Config::default()
        },
    ];
    for seed in 1..13 {
        let nodes = 12;
        let config = Config {
            period: SimDuration::from_secs(3),
            ..configs[seed as usize % configs.len()]
        };
        let net = Net::contacts(nodes, &random_contacts(nodes, seed, 90_000)).in_disorder(seed);
        let mut simulation = net.watched::<DistanceVector, _>(config, NoCircles::among(nodes));
        // Who is back before his absence is noticed has forgotten what keeps ways over him free of circles.
        if config.sensing == Sensing::Carrier {
            for (time, turn) in random_outages(nodes, seed, 80_000) {
                simulation.schedule(millis(time), turn);
            }
        }
        let end = simulation.run_until(millis(100_000));
        assert_eq!(end, Ok(()), "seed {seed}");
        assert!(simulation.observer().followed > 10_000);
    }
}

#[test]
fn a_break_is_told_at_once_and_the_next_number_finds_the_way_round() {
    // A ring of six, of which the link between 0 and 1 breaks.
    let until = |link| if link == (0, 1) { 30_000 } else { 1_000_000 };
    let ring: Vec<_> = line(6).into_iter().chain([(0, 5)]).collect();
    let contacts: Vec<_> = ring.iter().map(|link| (*link, 0, until(*link))).collect();
    let mut simulation = Net::contacts(6, &contacts).run::<DistanceVector>(prompt());
    simulation.schedule(millis(29_000), Turn::Ask(0, 1));
    simulation.schedule(millis(30_001), Turn::Ask(0, 1));
    simulation.schedule(millis(50_000), Turn::Ask(0, 1));
    simulation.run_until(millis(60_000)).expect("nobody watches");
    let ended: Vec<_> = simulation.world().ended.iter().map(|(_, outcome)| *outcome).collect();
    assert!(matches!(ended[0], Outcome::Delivered(packet) if packet.hops == 1));
    assert!(matches!(ended[1], Outcome::Dropped(_, Dropped::NoRoute)));
    assert!(matches!(ended[2], Outcome::Delivered(packet) if packet.hops == 5));
    assert_eq!(ended.len(), 3);
}

#[test]
fn a_run_does_not_depend_on_how_it_is_split() {
    let fingerprint = |partitions| {
        let mut net = Net::contacts(12, &random_contacts(12, 3, 60_000));
        net.partitions = partitions;
        let mut simulation: Simulation<DistanceVector, Script> = net.run(Config::default());
        simulation.run_until(millis(60_000)).expect("nobody watches");
        simulation.fingerprint()
    };
    assert!(
        [2, 7]
            .into_iter()
            .all(|partitions| fingerprint(partitions) == fingerprint(1))
    );
}
