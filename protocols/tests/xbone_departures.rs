//! When a node departs, its tunnels go, and their addresses come back; and at every moment what is handed out is what tunnels have
//! that stand, or are in the making.

mod xbone_ring;

use std::collections::{BTreeMap, BTreeSet};

use protocols::xbone::{Balancing, ContactInfo, Driver, Held, LeaseId, Provisioning, ServerPatience, Servers, XBone};
use rand::Rng;
use sim_core::addr::NodeAddr;
use sim_core::random::{StreamKey, unit};
use sim_core::simulation::Simulation;
use sim_core::time::{SimDuration, SimTime};
use sim_core::world::Departure;
use xbone_ring::{Act, Inner, Life, Run, ends, secs};

const PLACES: u32 = 12;
const SERVER: NodeAddr = NodeAddr(PLACES + 1);
/// From one look to the next.
const STEP: f64 = 0.05;

type Sim = Simulation<XBone<Inner>, Life<XBone<Inner>>>;

/// A ring of all places but two, made one by one within twenty seconds, with leases that never end by themselves.
fn ring(seed: u64) -> Run {
    let mut run = Run::new(PLACES, seed);
    let patience = ServerPatience {
        timeout: secs(5.0),
        tries: 2,
        servers: 1,
        term: None,
    };
    let servers = Servers::new(vec![SERVER], Balancing::RoundRobin, patience);
    run.xbone.provisioning = Provisioning::Daemons {
        servers: servers.expect("one server"),
        configuration: secs(0.1),
    };
    run.xbone.linger = secs(3.0);
    run.xbone.keep_alive = secs(8.0);
    run.chord.timeout = secs(4.0);
    run.acts.push((secs(0.0), Act::Server(SERVER.0)));
    for node in 0..PLACES - 2 {
        run.acts.push((secs(0.1 + 2.0 * f64::from(node)), Act::Arrive));
    }
    run
}

fn leased(simulation: &Sim) -> BTreeSet<LeaseId> {
    let server = simulation.node(SERVER).and_then(XBone::server).expect("the server");
    server.ledger().check().expect("a sound ledger");
    server.ledger().leases().map(|(id, _)| id).collect()
}

/// The leases that nodes know of, those in the making and on their way back included.
fn known(simulation: &Sim) -> BTreeSet<LeaseId> {
    let nodes = (0..PLACES).filter_map(|place| simulation.node(NodeAddr(place))?.node());
    nodes.flat_map(|node| node.leases()).collect()
}

/// Arrivals and graceful departures at random times, never two departures within three seconds of each other: of a tunnel whose
/// ends leave at the same moment nobody is there to give the addresses back.
#[test]
fn at_every_moment_what_is_handed_out_is_what_tunnels_have() {
    let (mut looks, mut most_unknown, mut most_tunnels) = (0, 0, 0);
    for seed in 0..60 {
        let mut run = ring(seed);
        let mut rng = StreamKey::root(seed, 0).purpose("acts").rng();
        for turn in 0..12 {
            let at = 24.0 + 4.0 * f64::from(turn);
            let act = match rng.next_u64() % 2 {
                0 => Act::Depart(Departure::Graceful),
                _ => Act::Arrive,
            };
            run.acts.push((secs(at + unit(&mut rng)), act));
            run.acts.push((secs(at + 3.0 * unit(&mut rng)), Act::Ask));
        }
        let mut simulation = run.virtually();
        let mut unknown_since: BTreeMap<LeaseId, SimTime> = BTreeMap::new();
        let mut bare_since: BTreeMap<LeaseId, SimTime> = BTreeMap::new();
        for look in 1..(90.0 / STEP) as u32 {
            let now = SimTime::ZERO + secs(f64::from(look) * STEP);
            simulation.run_until(now).expect("nobody watches");
            let (leased, known) = (leased(&simulation), known(&simulation));
            // A tunnel that stands has its addresses; one end alone, to whom the other's farewell is on its way, may not.
            let mut standing: BTreeMap<LeaseId, (Held, u32)> = BTreeMap::new();
            for held in ends(&simulation, PLACES).into_iter().filter_map(|(_, _, held)| held) {
                standing.entry(held.id).or_insert((held, 0)).1 += 1;
            }
            bare_since.retain(|id, _| standing.contains_key(id) && !leased.contains(id));
            for (id, (_, ends)) in standing.iter().filter(|(id, _)| !leased.contains(id)) {
                assert_eq!(*ends, 1, "seed {seed}, {now}: {id:?} stands without addresses");
                let since = bare_since.entry(*id).or_insert(now);
                assert!(
                    now.since(*since) < secs(0.1),
                    "seed {seed}, {now}: an end of {id:?} stands without addresses"
                );
            }
            let pairs: BTreeSet<_> = standing.values().map(|(held, _)| held.pair).collect();
            assert_eq!(
                pairs.len(),
                standing.len(),
                "seed {seed}, {now}: a pair is two tunnels'"
            );
            // What nobody knows of is on its way: the release that a leaving node has sent for a tunnel in the making.
            unknown_since.retain(|id, _| leased.contains(id) && !known.contains(id));
            for id in leased.difference(&known) {
                let since = unknown_since.entry(*id).or_insert(now);
                assert!(now.since(*since) < secs(0.5), "seed {seed}, {now}: {id:?} is lost");
            }
            most_unknown = most_unknown.max(unknown_since.len());
            most_tunnels = most_tunnels.max(standing.len());
            looks += 1;
        }
    }
    assert!(
        looks > 100_000 && most_unknown > 0 && most_tunnels > 40,
        "{looks} looks, {most_unknown} on their way, {most_tunnels} tunnels"
    );
}

/// How long after a departure the last end of a tunnel to the departed is gone, counted from when the overlay of that end has
/// listed him last.
fn longest_survival(seed: u64, departure: Departure) -> (usize, SimDuration) {
    let mut run = ring(seed);
    run.acts.push((secs(40.0), Act::Depart(departure)));
    let mut simulation = run.virtually();
    simulation
        .run_until(SimTime::ZERO + secs(39.9))
        .expect("nobody watches");
    let before: BTreeSet<NodeAddr> = simulation.world().up.keys().copied().collect();
    simulation
        .run_until(SimTime::ZERO + secs(40.001))
        .expect("nobody watches");
    let mut gone = before
        .into_iter()
        .filter(|addr| !simulation.world().up.contains_key(addr));
    let departed = ContactInfo::seal(gone.next().expect("somebody departed"));
    let time = SimTime::ZERO + secs(40.0);
    let mut listed: BTreeMap<NodeAddr, SimTime> = BTreeMap::new();
    let (mut tunnels, mut shared, mut longest) = (0, BTreeSet::new(), SimDuration::ZERO);
    for look in 0..(160.0 / STEP) as u32 {
        let now = time + secs(f64::from(look + 1) * STEP);
        simulation.run_until(now).expect("nobody watches");
        let to_departed = ends(&simulation, PLACES)
            .into_iter()
            .filter(|(_, peer, _)| *peer == departed);
        let survivors: Vec<NodeAddr> = to_departed.map(|(node, ..)| node).collect();
        if look == 0 {
            tunnels = survivors.len();
            shared = known(&simulation);
        }
        for node in survivors {
            let overlay = simulation.node(node).and_then(XBone::overlay).expect("a node");
            let last = listed.entry(node).or_insert(time);
            if overlay.listed().any(|peer| peer == departed) {
                *last = now;
            }
            longest = longest.max(now.since(*last));
        }
    }
    let left = ends(&simulation, PLACES)
        .into_iter()
        .filter(|(_, peer, _)| *peer == departed)
        .count();
    assert_eq!(left, 0, "seed {seed}: tunnels to the departed at the end");
    // What a node that went silently was just asking for nobody else has heard of: only the end of a lease brings that back.
    let lost = &leased(&simulation) - &known(&simulation);
    let is_own = |id: &LeaseId| departure == Departure::Silent && ContactInfo::seal(id.client) == departed;
    assert!(
        lost.is_disjoint(&shared) && lost.iter().all(is_own),
        "seed {seed}: addresses of the departed are lost: {lost:?}"
    );
    (tunnels, longest)
}

#[test]
fn the_tunnels_of_a_departed_node_are_gone_within_the_keep_alive_time() {
    let config = &ring(0).xbone;
    let answer = config.patience.timeout * (u64::from(config.patience.retries) + 1);
    let slack = config.sweep_period + secs(STEP);
    let mut tunnels = 0;
    for seed in 0..60 {
        // Nobody answers the question whether the tunnel is still wanted.
        let (silent, longest) = longest_survival(seed, Departure::Silent);
        let bound = config.keep_alive.max(config.linger) + slack + answer;
        assert!(
            longest <= bound,
            "seed {seed}: {longest} after the overlay gave the neighbour up"
        );
        // Who leaves says so, and what it sent last is waited for.
        let (graceful, longest) = longest_survival(seed, Departure::Graceful);
        let bound = config.patience.timeout + secs(0.2);
        assert!(longest <= bound, "seed {seed}: {longest} after a farewell");
        tunnels += silent + graceful;
    }
    assert!(tunnels > 500, "{tunnels} ends of tunnels");
}
