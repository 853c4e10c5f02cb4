use protocols::aodv::{Aodv, Config, Ring, Sensing};
use protocols::packet::{Dropped, Outcome};
use sim_core::addr::NodeAddr;
use sim_core::protocol::OperationId;
use sim_core::simulation::Simulation;
use sim_core::time::SimDuration;

use super::support::{
    Net, NoCircles, Script, Turn, distances, draws, grid, line, millis, random_contacts, random_graph, random_outages,
    sent,
};

/// Frames of each kind after one packet: requests, answers, errors, hellos, data.
fn cost(nodes: u32, links: &[(u32, u32)], (from, to): (u32, u32), config: Config) -> [u64; 5] {
    let mut simulation = Net::fixed(nodes, links).run::<Aodv>(config);
    simulation.schedule(millis(1000), Turn::Ask(from, to));
    simulation.run_until(millis(60_000)).expect("nobody watches");
    let delivered: Vec<_> = simulation.world().delivered().collect();
    assert_eq!(delivered.len(), 1);
    let shortest = distances(nodes, links, from)[to as usize];
    assert_eq!(delivered[0].hops, shortest, "not a shortest way from {from} to {to}");
    let kinds = sent(&simulation);
    std::array::from_fn(|kind| kinds[kind].messages)
}

/// Breaks are noticed at once.
fn sensing() -> Config {
    Config {
        sensing: Sensing::Carrier,
        ..Config::default()
    }
}

fn without_ring() -> Config {
    Config {
        expanding_ring: None,
        ..sensing()
    }
}

/// All but the sought one send a request on, once; the answer and the packet take the shortest way.
#[test]
fn without_a_ring_a_search_costs_a_frame_of_every_other_node() {
    let graphs = (1..8).map(|seed| (30, random_graph(30, seed)));
    for (nodes, links) in graphs.chain([(25, grid(5)), (10, line(10))]) {
        let (from, to) = (0, nodes - 1);
        // Whoever is sought sends nothing on, and whom it alone leads to is not reached.
        let behind: Vec<_> = links.iter().filter(|(a, b)| *a != to && *b != to).copied().collect();
        let reached = distances(nodes, &behind, from)
            .iter()
            .filter(|far| **far != u32::MAX)
            .count() as u64;
        let hops = u64::from(distances(nodes, &links, from)[to as usize]);
        assert_eq!(
            cost(nodes, &links, (from, to), without_ring()),
            [reached, hops, 0, 0, hops]
        );
    }
}

/// Section 6.4 on a line: rings of 1, 3, 5 and 7 hops cost as many frames; the last request goes as far as it must.
#[test]
fn on_a_line_a_widening_search_costs_the_sum_of_its_rings() {
    for hops in 1..12_u32 {
        let rings: u32 = [1, 3, 5, 7].into_iter().filter(|ttl| *ttl < hops).sum();
        let requests = u64::from(rings + hops);
        let hops_sent = u64::from(hops);
        let found = cost(hops + 1, &line(hops + 1), (0, hops), Config::default());
        assert_eq!(found, [requests, hops_sent, 0, 0, hops_sent], "{hops} hops");
    }
}

/// From corner to corner of a square of 5 by 5, 8 hops: 1, 6, 15 and 22 nodes lie within less than 1, 3, 5 and 7 hops, and the last
/// request passes all 24 others.
#[test]
fn on_a_grid_a_widening_search_costs_the_nodes_within_its_rings() {
    let found = cost(25, &grid(5), (0, 24), Config::default());
    assert_eq!(found, [1 + 6 + 15 + 22 + 24, 8, 0, 0, 8]);
}

/// A node on the way that knows a route answers: from the middle of a line, after its end has been found once.
#[test]
fn who_knows_a_route_answers_unless_only_the_sought_one_may() {
    let answers = |destination_only| {
        let config = Config {
            destination_only,
            ..without_ring()
        };
        let mut simulation = Net::fixed(6, &line(6)).run::<Aodv>(config);
        simulation.schedule(millis(1000), Turn::Ask(1, 5));
        simulation.schedule(millis(2000), Turn::Ask(0, 5));
        simulation.run_until(millis(3000)).expect("nobody watches");
        assert_eq!(
            simulation.world().delivered().count(),
            2,
            "{:?}",
            simulation.world().ended
        );
        let kinds = sent(&simulation);
        (kinds[0].messages, kinds[1].messages)
    };
    // The first search passes 5 nodes (0 to 4), and its answer comes 4 hops. The second one ends at the first neighbour.
    assert_eq!(answers(false), (5 + 1, 4 + 1));
    assert_eq!(answers(true), (5 + 5, 4 + 5));
}

/// Section 6.3 and 6.4: rings wait 80 ms for each hop and two more; three requests through the whole network wait 2.8 s, twice and four
/// times as long.
#[test]
fn who_is_not_there_is_given_up_after_all_requests() {
    let mut simulation = Net::fixed(4, &line(3)).run::<Aodv>(Config::default());
    simulation.schedule(millis(1000), Turn::Ask(0, 3));
    simulation.run_until(millis(100_000)).expect("nobody watches");
    let rings: u64 = [1, 3, 5, 7].iter().map(|ttl| 80 * (ttl + 2)).sum();
    let given_up = millis(1000 + rings + 2800 * (1 + 2 + 4));
    let ended = &simulation.world().ended;
    assert!(
        matches!(ended[..], [(time, Outcome::Dropped(_, Dropped::NoRoute))] if time == given_up),
        "{ended:?}"
    );
}

#[test]
fn a_break_is_reported_to_whoever_uses_the_route_and_the_next_packet_finds_another() {
    // 0 - 1 - 2 - 3, and from 5 s on 1 - 4 - 3 as well; 2 - 3 breaks at 4 s. 5 asks nobody.
    let contacts = [
        ((0, 1), 0, 90_000),
        ((1, 2), 0, 90_000),
        ((2, 3), 0, 4_000),
        ((1, 4), 5_000, 90_000),
        ((3, 4), 5_000, 90_000),
        ((2, 5), 0, 90_000),
    ];
    let mut simulation = Net::contacts(6, &contacts).run::<Aodv>(sensing());
    simulation.schedule(millis(3_000), Turn::Ask(0, 3));
    simulation.run_until(millis(3_999)).expect("nobody watches");
    let next =
        |simulation: &Simulation<Aodv, Script>, node| simulation.node(NodeAddr(node)).unwrap().next_hop(NodeAddr(3));
    assert_eq!(
        [0, 1, 2].map(|node| next(&simulation, node)),
        [1, 2, 3].map(|node| Some(NodeAddr(node)))
    );
    // The report needs a hop to each of them.
    simulation.run_until(millis(4_003)).expect("nobody watches");
    assert_eq!([0, 1, 2].map(|node| next(&simulation, node)), [None; 3]);
    let errors = sent(&simulation)[2];
    // 2 tells 1, and 1 tells 0: one destination each.
    assert_eq!((errors.messages, errors.bytes), (2, 2 * (48 + 4 + 8)));
    simulation.schedule(millis(6_000), Turn::Ask(0, 3));
    simulation.run_until(millis(9_000)).expect("nobody watches");
    let hops: Vec<_> = simulation.world().delivered().map(|packet| packet.hops).collect();
    assert_eq!(hops, [3, 3]);
    assert_eq!(next(&simulation, 1), Some(NodeAddr(4)));
}

#[test]
fn routes_that_nobody_uses_expire_and_used_ones_do_not() {
    let mut simulation = Net::fixed(4, &line(4)).run::<Aodv>(without_ring());
    for second in 1..10 {
        simulation.schedule(millis(second * 2000), Turn::Ask(0, 3));
    }
    simulation.run_until(millis(20_000)).expect("nobody watches");
    assert_eq!(simulation.world().delivered().count(), 9);
    let requests = |simulation: &Simulation<Aodv, Script>| sent(simulation)[0].messages;
    assert_eq!(requests(&simulation), 3, "the one search of the beginning");
    assert!(simulation.node(NodeAddr(1)).unwrap().entries() > 0);
    // The last packet went at 18 s; routes live for 3 s, and their entries for 15 s more.
    simulation.run_until(millis(21_500)).expect("nobody watches");
    for node in (0..4).map(NodeAddr) {
        let state = simulation.node(node).unwrap();
        assert_eq!(state.entries(), 0, "{node}");
        assert!(state.kept_entries() > 0, "{node}");
    }
    simulation.run_until(millis(36_800)).expect("nobody watches");
    assert!((0..4).all(|node| simulation.node(NodeAddr(node)).unwrap().kept_entries() == 0));
    simulation.schedule(millis(37_000), Turn::Ask(0, 3));
    simulation.run_until(millis(38_000)).expect("nobody watches");
    assert_eq!(requests(&simulation), 6);
}

#[test]
fn silence_tells_of_lost_neighbours_where_no_carrier_is_sensed() {
    let config = Config {
        sensing: Sensing::Silence(SimDuration::from_secs(2)),
        ..without_ring()
    };
    let contacts = [((0, 1), 0, 90_000), ((1, 2), 0, 10_500)];
    let mut simulation = Net::contacts(3, &contacts).run::<Aodv>(config);
    for packet in 1..40 {
        simulation.schedule(millis(packet * 500), Turn::Ask(0, 2));
    }
    simulation.run_until(millis(10_400)).expect("nobody watches");
    assert_eq!(simulation.world().delivered().count(), 20, "all so far");
    assert!(sent(&simulation)[3].messages > 10);
    // Two seconds of silence, up to one until it is noticed, and a report.
    simulation.run_until(millis(13_600)).expect("nobody watches");
    assert_eq!(simulation.node(NodeAddr(1)).unwrap().next_hop(NodeAddr(2)), None);
    assert_eq!(simulation.node(NodeAddr(0)).unwrap().next_hop(NodeAddr(2)), None);
}

/// The claim of Perkins and Royer 1999 and of the RFC, by its reason: sequence numbers never fall along next hops.
#[test]
fn no_way_ever_leads_in_a_circle() {
    let configs = [
        Config::default(),
        without_ring(),
        Config {
            expanding_ring: Some(Ring {
                start: 2,
                increment: 1,
                threshold: 4,
            }),
            net_diameter: 12,
            ..sensing()
        },
        Config {
            sensing: Sensing::Silence(SimDuration::from_secs(2)),
            ..Config::default()
        },
    ];
    for seed in 1..13 {
        let nodes = 12;
        let net = Net::contacts(nodes, &random_contacts(nodes, seed, 90_000)).in_disorder(seed);
        let config = configs[seed as usize % configs.len()];
        let mut simulation = net.watched::<Aodv, _>(config, NoCircles::among(nodes));
        let mut below = draws(seed);
        let mut asked = 0;
        for _ in 0..600 {
            let (from, to, when) = (below(nodes), below(nodes), u64::from(below(90_000)));
            asked += 1;
            simulation.schedule(millis(when), Turn::Ask(from, to));
        }
        // Who is back before his absence is noticed has forgotten what keeps ways over him free of circles.
        if config.sensing == Sensing::Carrier {
            for (time, turn) in random_outages(nodes, seed, 80_000) {
                simulation.schedule(millis(time), turn);
            }
        }
        let end = simulation.run_until(millis(130_000));
        assert_eq!(end, Ok(()), "seed {seed}");
        let delivered = simulation.world().delivered().count();
        assert!(delivered * 3 > asked, "seed {seed}: {delivered} of {asked}");
    }
}

#[test]
fn packets_beyond_the_buffer_push_the_oldest_out() {
    let config = Config {
        buffer: 2,
        ..Config::default()
    };
    let mut simulation = Net::fixed(3, &[(0, 1)]).run::<Aodv>(config);
    for packet in 1..4 {
        simulation.schedule(millis(packet), Turn::Ask(0, 2));
    }
    simulation.run_until(millis(10)).expect("nobody watches");
    let ended = &simulation.world().ended;
    assert!(
        matches!(ended[..], [(_, Outcome::Dropped(packet, Dropped::Waited))] if packet.operation == OperationId(1))
    );
    assert_eq!(simulation.node(NodeAddr(0)).unwrap().waiting(), 2);
}

#[test]
fn a_run_does_not_depend_on_how_it_is_split() {
    let fingerprint = |partitions| {
        let mut net = Net::contacts(12, &random_contacts(12, 3, 60_000));
        net.partitions = partitions;
        let mut simulation: Simulation<Aodv, Script> = net.run(Config::default());
        for packet in 0..100 {
            simulation.schedule(millis(packet * 500), Turn::Ask(packet as u32 % 12, packet as u32 / 9));
        }
        simulation.run_until(millis(60_000)).expect("nobody watches");
        simulation.fingerprint()
    };
    assert!(
        [2, 7]
            .into_iter()
            .all(|partitions| fingerprint(partitions) == fingerprint(1))
    );
}
