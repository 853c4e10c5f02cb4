//! Addresses of tunnels under churn, loss and failures of the servers that hand them out: none is lost, and none is two
//! tunnels' at a time.

mod xbone_ring;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use protocols::layer::Part;
use protocols::pastry::MsPastry;
use protocols::xbone::{
    Balancing, Block, ContactInfo, Driver, Event, Failure, Held, LeaseId, Provisioning, ServerPatience, Servers, Terms,
    XBone,
};
use rand::Rng;
use sim_core::addr::NodeAddr;
use sim_core::network::Lossy;
use sim_core::random::{StreamKey, unit};
use sim_core::simulation::Simulation;
use sim_core::time::SimTime;
use sim_core::world::Departure;
use xbone_ring::{Act, Inner, InnerPastry, Life, Overlay, Run, ends, secs};

const PLACES: u32 = 10;
const SERVERS: [u32; 2] = [PLACES + 1, PLACES + 2];
/// Until when nodes come and go.
const BUSY: f64 = 60.0;
/// How long a lease lasts without renewal.
const TERM: f64 = 60.0;
/// When all that was under way has come to its end: each release has been answered, and each lease of the departed has ended.
const QUIET: f64 = 400.0;

/// Nodes that come, go and return, and two servers that fail for some seconds.
fn schedule(seed: u64, pool: &'static str) -> Run {
    let mut run = Run::new(PLACES, seed);
    let mut rng = StreamKey::root(seed, 0).purpose("schedule").rng();
    let patience = ServerPatience {
        timeout: secs(1.0),
        tries: 2,
        servers: 2,
        term: Some(secs(TERM)),
    };
    let balancing = [Balancing::RoundRobin, Balancing::HashOfPair, Balancing::Random][seed as usize % 3];
    let servers = Servers::new(SERVERS.map(NodeAddr).to_vec(), balancing, patience).expect("two servers");
    run.xbone.provisioning = Provisioning::Daemons {
        servers,
        configuration: secs(0.2),
    };
    run.xbone.linger = secs(3.0);
    run.xbone.keep_alive = secs(10.0);
    run.chord.timeout = secs(5.0);
    run.pastry.timeout = secs(5.0);
    run.pastry.join_timeout = secs(15.0);
    run.pool = pool;
    run.terms = Terms {
        term: Some(secs(TERM)),
        ..Terms::default()
    };
    run.acts.extend(SERVERS.map(|server| (secs(0.0), Act::Server(server))));
    run.acts.push((secs(0.1), Act::Arrive));
    for _ in 0..8 {
        run.acts.push((secs(1.0 + unit(&mut rng) * 15.0), Act::Arrive));
    }
    for _ in 0..12 {
        let act = match rng.next_u64() % 4 {
            0 => Act::Depart(Departure::Graceful),
            1 => Act::Depart(Departure::Silent),
            2 => Act::Return,
            _ => Act::Arrive,
        };
        run.acts.push((secs(15.0 + unit(&mut rng) * (BUSY - 15.0)), act));
    }
    for server in SERVERS {
        let at = unit(&mut rng) * BUSY;
        run.acts.push((secs(at), Act::ServerFails(server)));
        run.acts.push((secs(at + unit(&mut rng) * 10.0), Act::Server(server)));
    }
    for _ in 0..30 {
        run.acts.push((secs(10.0 + unit(&mut rng) * BUSY), Act::Ask));
    }
    run.acts.sort_by_key(|(time, _)| *time);
    run
}

type Sim<C> = Simulation<XBone<C>, Life<XBone<C>>>;

/// What the servers have leased: a lease that has ended is taken off when the server is asked something next.
fn leased<C: Overlay<ContactInfo> + Driver>(simulation: &Sim<C>, now: SimTime) -> BTreeMap<LeaseId, Block> {
    let ledgers = SERVERS.map(|server| {
        simulation
            .node(NodeAddr(server))
            .and_then(XBone::server)
            .expect("a server")
            .ledger()
    });
    for ledger in ledgers {
        ledger.check().expect("a sound ledger");
    }
    ledgers
        .into_iter()
        .flat_map(|ledger| ledger.leases())
        .filter(|(_, lease)| lease.until > now)
        .map(|(id, lease)| (id, lease.block))
        .collect()
}

/// The addresses of tunnels that stand, at least at one end.
fn standing<C: Overlay<ContactInfo> + Driver>(simulation: &Sim<C>) -> BTreeMap<LeaseId, Held> {
    ends(simulation, PLACES)
        .into_iter()
        .filter_map(|(_, _, held)| held.map(|held| (held.id, held)))
        .collect()
}

/// The leases that nodes know of, those in the making included.
fn known<C: Overlay<ContactInfo> + Driver>(simulation: &Sim<C>) -> BTreeSet<LeaseId> {
    let nodes = (0..PLACES).filter_map(|place| simulation.node(NodeAddr(place))?.node());
    nodes.flat_map(|node| node.leases()).collect()
}

/// At any moment, whatever is lost: a tunnel that stands at both ends has addresses, and they are no other's. (At one end alone it may stand
/// until it hears from the other; and what nobody knows of is leased until its term ends: at rest there is neither.)
fn no_pair_is_two_tunnels<C: Overlay<ContactInfo> + Driver>(simulation: &Sim<C>, seed: u64, now: SimTime) {
    if SERVERS
        .iter()
        .any(|server| simulation.node(NodeAddr(*server)).is_none())
    {
        return;
    }
    let mut both: BTreeMap<LeaseId, (Held, u32)> = BTreeMap::new();
    for held in ends(simulation, PLACES).into_iter().filter_map(|(_, _, held)| held) {
        both.entry(held.id).or_insert((held, 0)).1 += 1;
    }
    both.retain(|_, (_, ends)| *ends == 2);
    let leased = leased(simulation, now);
    let missing: Vec<_> = both.keys().filter(|id| !leased.contains_key(id)).collect();
    assert!(missing.is_empty(), "seed {seed}, {now}: no addresses for {missing:?}");
    let pairs: BTreeSet<_> = both.values().map(|(held, _)| held.pair).collect();
    assert_eq!(pairs.len(), both.len(), "seed {seed}, {now}: a pair is two tunnels'");
}

/// Runs schedules; returns how many tunnels were seen to stand, second by second, and how many were refused.
fn exactly_the_tunnels_that_stand_have_addresses<C>(seeds: Range<u64>, change: impl Fn(&mut Run)) -> (usize, usize)
where
    C: Overlay<ContactInfo> + Driver,
{
    let (mut tunnels, mut refused) = (0, 0);
    for seed in seeds {
        // Every other schedule has 2 x 8 blocks, which is not enough.
        let pool = if seed % 2 == 0 { "10.#.0.0/16" } else { "10.#.0.0/27" };
        let mut run = schedule(seed, pool);
        change(&mut run);
        let network = Lossy::new(run.network(), 0.05).expect("a probability");
        let mut simulation = run.driven_by::<C, ()>(network, ());
        for second in 1..QUIET as u32 {
            let now = SimTime::ZERO + secs(f64::from(second));
            simulation.run_until(now).expect("nobody watches");
            no_pair_is_two_tunnels(&simulation, seed, now);
        }
        for second in 0..10 {
            let now = SimTime::ZERO + secs(QUIET + f64::from(second));
            simulation.run_until(now).expect("nobody watches");
            let (leased, standing, known) = (leased(&simulation, now), standing(&simulation), known(&simulation));
            let missing: Vec<_> = standing.keys().filter(|id| !leased.contains_key(id)).collect();
            assert!(
                missing.is_empty(),
                "seed {seed}: tunnels without addresses: {missing:?}"
            );
            let lost: Vec<_> = leased.keys().filter(|id| !known.contains(id)).collect();
            assert!(lost.is_empty(), "seed {seed}: addresses that nobody knows of: {lost:?}");
            let pairs: BTreeSet<_> = standing.values().map(|held| held.pair).collect();
            assert_eq!(pairs.len(), standing.len(), "seed {seed}: a pair is two tunnels'");
            tunnels += standing.len();
        }
        let is_refused = |event: &Event| {
            matches!(
                event,
                Event::Failed {
                    why: Failure::NoAddresses,
                    ..
                }
            )
        };
        let own = simulation
            .world()
            .events
            .iter()
            .filter_map(|(_, _, event)| match event {
                Part::Own(event) => Some(event),
                Part::Below(_) => None,
            });
        refused += own.filter(|event| is_refused(event)).count();
    }
    (tunnels, refused)
}

#[test]
fn after_churn_loss_and_failures_of_servers_exactly_the_tunnels_of_chord_that_stand_have_addresses() {
    let (tunnels, refused) = exactly_the_tunnels_that_stand_have_addresses::<Inner>(0..400, |_| {});
    assert!(
        tunnels > 10_000 && refused > 1000,
        "{tunnels} tunnels seen, {refused} refused"
    );
}

#[test]
fn after_churn_loss_and_failures_of_servers_exactly_the_tunnels_of_pastry_that_stand_have_addresses() {
    for (seeds, mspastry) in [(0..200, None), (200..400, Some(MsPastry::default()))] {
        let change = |run: &mut Run| run.pastry.mspastry = mspastry;
        let (tunnels, refused) = exactly_the_tunnels_that_stand_have_addresses::<InnerPastry>(seeds, change);
        assert!(
            tunnels > 10_000 && refused > 1000,
            "{tunnels} tunnels seen, {refused} refused with {mspastry:?}"
        );
    }
}
