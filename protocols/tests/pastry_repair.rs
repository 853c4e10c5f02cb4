//! Departures, and what becomes of the tables afterwards (Rowstron and Druschel 2001, section 2.4 and Fig. 10).

mod pastry_support;
mod pastry_watch;

use pastry_support::*;
use pastry_watch::Watch;
use protocols::pastry::{Config, MsPastry, Pastry, Reason, Repair};
use sim_core::addr::NodeAddr;
use sim_core::network::Uniform;
use sim_core::random::StreamKey;
use sim_core::simulation::Simulation;
use sim_core::time::SimDuration;
use sim_core::world::Departure;

/// Fig. 10: a tenth of the nodes fail at once. Leaf sets become exact again, and messages find the true root around dead
/// entries, which are repaired when they are found.
#[test]
fn after_a_tenth_has_failed_leaf_sets_become_exact_again() {
    let config = Config {
        neighbourhood_period: Some(SimDuration::from_secs(60)),
        ..Config::default()
    };
    let nodes = 500;
    let mut town = town(&config, nodes, 9, 1, plane(nodes, StreamKey::root(9, 0)));
    join_each(&mut town, 100);
    let before = route(&mut town, 10_000, false);
    assert_eq!(before.timeouts, 0.0);
    let at = town.now();
    for node in 0..nodes / 10 {
        let act = Act::Leave(NodeAddr(10 * node + 3), Departure::Silent);
        town.schedule(at + SimDuration::from_millis(1), act);
    }
    town.run_until(at + SimDuration::from_secs(240))
        .expect("nobody watches");
    let repaired = quality(&town, None);
    println!("{repaired:?}");
    assert_eq!(repaired.error.wrong_leaf_sets, 0, "{repaired:?}");
    assert_eq!(town.world().members.len() as u32, nodes - nodes / 10);
    let finding = route(&mut town, 20_000, false);
    let after = route(&mut town, 20_000, false);
    println!("before {before:?}, finding {finding:?}, after {after:?}");
    assert!(finding.timeouts > 0.0 && after.timeouts < finding.timeouts / 4.0);
    assert!((after.hops - before.hops).abs() < 0.06, "{before:?} {after:?}");
    assert!(
        town.world().repairs[&Repair::RoutingTable] > 1000,
        "{:?}",
        town.world().repairs
    );
}

/// Without repair the dead are passed over: every message comes to where it should while leaf sets have living members on both
/// sides, after time-outs and by longer ways.
#[test]
fn without_repair_the_way_grows() {
    let config = Config {
        repair: false,
        heartbeat_period: None,
        neighbourhood_period: None,
        ..Config::default()
    };
    let nodes = 500;
    let mut town = town(&config, nodes, 10, 1, plane(nodes, StreamKey::root(10, 0)));
    join_each(&mut town, 100);
    let before = route(&mut town, 10_000, false);
    let at = town.now();
    for node in 0..nodes / 10 {
        let act = Act::Leave(NodeAddr(10 * node + 3), Departure::Silent);
        town.schedule(at + SimDuration::from_millis(1), act);
    }
    town.run_until(at + SimDuration::from_millis(2))
        .expect("nobody watches");
    let after = route(&mut town, 10_000, false);
    println!("before {before:?}, after {after:?}");
    assert!(
        after.timeouts > 0.05 && after.hops > before.hops,
        "{before:?} {after:?}"
    );
    assert!(town.world().repairs.is_empty());
}

/// Thousands of random schedules of joins, silent and graceful departures, returns to old addresses under new identifiers, and
/// delays on small rings, while messages are routed. When all has settled, leaf sets are exact, and each entry of the other
/// tables is a living node in the right place. (A dead one is found by the comparison of rows, and among the neighbours by their
/// pings.) No message goes in circles, and whatever was delivered nowhere went down with the last node that had it.
#[test]
fn whatever_happens_the_tables_become_right() {
    after_schedules_all_is_right(4, None, Some(SimDuration::from_secs(1)));
}

/// Without the comparison of rows, as the paper has it: leaf sets become right, and what is in a table is in its place. Entries that
/// point to the dead stay until a message meets them.
#[test]
fn whatever_happens_leaf_sets_become_right_by_heartbeats_and_messages_alone() {
    for leaf_set in [4, 8] {
        after_schedules_all_is_right(leaf_set, None, None);
    }
}

/// The same with what MSPastry adds, whose neighbours on the ring hear less of each other; also where everybody is in the
/// leaf set of everybody.
#[test]
fn whatever_happens_the_tables_of_mspastry_become_right() {
    let mspastry = MsPastry {
        longest_probe_period: SimDuration::from_secs(5),
        ..MsPastry::default()
    };
    for leaf_set in [4, 16] {
        after_schedules_all_is_right(leaf_set, Some(mspastry), Some(SimDuration::from_secs(1)));
    }
}

/// Places for nodes in these schedules.
const PLACES: u32 = 16;

fn after_schedules_all_is_right(leaf_set: usize, mspastry: Option<MsPastry>, table_period: Option<SimDuration>) {
    let (mut joins, mut departures) = (0, 0);
    let mut fates = Fates::default();
    for seed in 0..2000 {
        let ms = SimDuration::from_millis;
        let config = Config {
            leaf_set,
            b: 2,
            id_bits: 16,
            neighbourhood: 4,
            timeout: ms(250),
            retries: 1,
            join_timeout: ms(2000),
            heartbeat_period: Some(ms(1000)),
            neighbourhood_period: Some(ms(3000)),
            table_period,
            mspastry,
            ..Config::default()
        };
        let delays = Uniform::new(ms(1), ms(100)).expect("in order");
        let mut rng = StreamKey::root(seed, 0).purpose("schedule").rng();
        let mut town = watched_town(&config, PLACES, seed, 1, Box::new(delays), Watch::new(&config));
        for node in 0..8 {
            let at = if node == 0 { 0 } else { 1 + below(&mut rng, 2000) };
            town.schedule(millis(at as u64), Act::Join(NodeAddr(node)));
        }
        let churn = 2000 + below(&mut rng, 18_000);
        for _ in 0..6 + below(&mut rng, 30) {
            // Some remain, so that there is always a network.
            let node = NodeAddr(3 + below(&mut rng, 13) as u32);
            let act = match below(&mut rng, 5) {
                0 => Act::Leave(node, Departure::Graceful),
                1 | 2 => Act::Leave(node, Departure::Silent),
                // In every other schedule they come back as they were.
                _ if seed % 2 == 0 => Act::Join(node),
                _ => Act::Return(node),
            };
            town.schedule(millis(3000 + below(&mut rng, churn) as u64), act);
        }
        for operation in 0..40 {
            let (at, to_node) = (3000 + below(&mut rng, churn), operation % 2 == 0);
            town.schedule(millis(at as u64), Act::Route { operation, to_node });
        }
        let rest = 3000 + churn as u64 + 50_000;
        for operation in 40..50 {
            let at = rest + 100 * (operation - 40);
            town.schedule(
                millis(at),
                Act::Route {
                    operation,
                    to_node: false,
                },
            );
        }
        town.run_until(millis(rest + 5000)).expect("nothing is broken");
        let quality = quality(&town, None);
        let error = &quality.error;
        let in_place = error.wrong_leaf_sets == 0 && error.misplaced == 0;
        let right = if table_period.is_some() {
            error.holds()
        } else {
            in_place
        };
        assert!(right, "seed {seed}: {quality:?}");
        fates.check(seed, &town);
        let world = town.world();
        // Whoever joined through a node that has died meanwhile has failed, and says so.
        let failed = world.out.iter().all(|(_, reason)| *reason == Reason::JoinTimeout);
        let nowhere = world.up.iter().filter(|up| !world.members.contains(up)).count();
        assert!(failed && nowhere <= world.out.len(), "seed {seed}: {:?}", world.out);
        joins += world.joins;
        departures += world.departures;
    }
    println!("{joins} joins, {departures} departures, {fates:?}");
    assert!(
        joins > 20_000 && departures > 5_000,
        "{joins} joins, {departures} departures"
    );
    fates.check_all();
}

/// What has become of the messages of all schedules.
#[derive(Default, Debug)]
struct Fates {
    sent: usize,
    delivered: usize,
    undeliverable: usize,
    lost: usize,
    wrong: usize,
    twice: usize,
    most_hops: u16,
}

impl Fates {
    /// Adds those of one schedule, each of which must have one.
    fn check(&mut self, seed: u64, town: &Simulation<Pastry, Town, Watch>) {
        let watch = town.observer();
        let undeliverable: Vec<u64> = town
            .world()
            .undeliverable
            .iter()
            .map(|message| message.operation.0)
            .collect();
        for (operation, journey) in watch.journeys() {
            self.sent += 1;
            let given_up = undeliverable.contains(operation);
            self.delivered += usize::from(journey.deliveries > 0);
            self.twice += usize::from(journey.deliveries > 1);
            self.wrong += usize::from(journey.wrong > 0);
            if journey.deliveries == 0 && given_up {
                self.undeliverable += 1;
            } else if journey.deliveries == 0 {
                self.lost += 1;
                assert!(
                    watch.went_down(journey),
                    "seed {seed}: message {operation}: {journey:?}"
                );
            }
            self.most_hops = self.most_hops.max(journey.most_hops);
            let at_rest = *operation >= 40;
            let well = journey.deliveries > 0 && journey.wrong == 0 && !given_up;
            assert!(
                well || !at_rest,
                "seed {seed}: message {operation} at rest: {journey:?}"
            );
        }
    }

    /// A message visits nobody twice for nothing, and only few miss a network in which a node lives for some seconds: as long as it
    /// takes to find out that another one does not.
    fn check_all(&self) {
        assert!(self.most_hops <= PLACES as u16, "{self:?}");
        let percent = |count: usize| 100.0 * count as f64 / self.sent as f64;
        assert!(self.sent > 90_000, "{self:?}");
        assert!(
            percent(self.lost) < 0.5 && percent(self.undeliverable) < 0.2,
            "{self:?}"
        );
        assert!(percent(self.wrong) < 1.5, "{self:?}");
    }
}

/// The same where a fiftieth of all messages is lost: somebody may be taken for dead who is not, and comes back by what others say.
#[test]
fn lost_messages_do_no_lasting_harm() {
    let mut failures = 0;
    for seed in 0..400 {
        let ms = SimDuration::from_millis;
        let config = Config {
            leaf_set: 4,
            b: 2,
            id_bits: 16,
            neighbourhood: 4,
            timeout: ms(250),
            retries: 2,
            join_timeout: ms(2000),
            heartbeat_period: Some(ms(1000)),
            neighbourhood_period: None,
            table_period: None,
            ..Config::default()
        };
        let delays = Uniform::new(ms(1), ms(100)).expect("in order");
        let lossy = sim_core::network::Lossy::new(Box::new(delays), 0.02).expect("a probability");
        let mut town = town(&config, 16, seed, 1, Box::new(lossy));
        for node in 0..16 {
            town.schedule(millis(100 * u64::from(node)), Act::Join(NodeAddr(node)));
        }
        // Somebody may just have been taken for dead, for which there are some seconds to be found wrong.
        let exact = (60..66).any(|second| {
            town.run_until(millis(1000 * second)).expect("nobody watches");
            quality(&town, None).error.wrong_leaf_sets == 0
        });
        assert!(exact, "seed {seed}: {:?}", quality(&town, None));
        let world = town.world();
        // A join fails if something is lost in each of its attempts.
        let failed = world
            .out
            .iter()
            .filter(|(_, reason)| *reason == Reason::JoinTimeout)
            .count();
        assert_eq!(world.members.len() + failed, 16, "seed {seed}: {:?}", world.out);
        failures += failed;
    }
    assert!(failures <= 32, "{failures} of 6400 joins have failed");
}
