use protocols::aodv::{self, Aodv};
use protocols::distance_vector::{self, DistanceVector, Sensing};
use protocols::flooding::{self, Flooding};
use sim_core::mobility::{Area, Model, Moving, RandomWaypoint, Speeds, WaypointStart};
use sim_core::random::StreamKey;
use sim_core::time::SimDuration;

use super::support::{HOP, Net, Router, Turn, draws, millis, sent};

const NODES: u32 = 50;

/// The share of packets that arrive, and the control frames for each that does, on the field of Broch et al. 1998: 50 nodes, 1500 m
/// by 300 m, a range of 250 m, random waypoint up to 20 m/s, 10 sources of 4 packets a second; for two minutes and not for fifteen.
fn delivered<P: Router>(config: P::Config, pause: u64, data: usize) -> (f64, f64) {
    let pause = SimDuration::from_secs(pause);
    let model = RandomWaypoint {
        area: Area {
            width: 1500.0,
            height: 300.0,
        },
        speed: Speeds {
            minimum: 1.0,
            maximum: 20.0,
        },
        minimum_pause: pause,
        maximum_pause: pause,
        start: WaypointStart::Steady,
    };
    let movements = model.movements(NODES, StreamKey::root(7, 0));
    let mut net = Net::fixed(NODES, &[]);
    net.source = Box::new(Moving::new(movements, 250.0).expect("the range is positive"));
    net.air.jitter = HOP * 2;
    let mut simulation = net.run::<P>(config);
    let mut below = draws(7);
    let mut asked = 0;
    for from in 0..10 {
        let to = 10 + below(NODES - 10);
        for packet in 0..480 {
            simulation.schedule(millis(30_000 + packet * 250), Turn::Ask(from, to));
            asked += 1;
        }
    }
    simulation.run_until(millis(180_000)).expect("nobody watches");
    let arrived = simulation.world().delivered().count() as f64;
    let kinds = sent(&simulation);
    let control = simulation.traffic().total().messages - kinds[data].messages;
    (arrived / f64::from(asked), control as f64 / arrived)
}

/// The order of Broch et al. 1998, section 5: routes that are sought when they are needed deliver more than 95 % at any movement and cost less
/// where there is less; vectors that are told lose packets where nodes do not rest, and cost about the same whatever nodes do.
/// Flooding misses nobody who can be reached.
#[test]
fn sought_routes_deliver_where_told_ones_lose() {
    let aodv = [0, 120].map(|pause| delivered::<Aodv>(aodv::Config::default(), pause, 4));
    let vector = [0, 120].map(|pause| delivered::<DistanceVector>(distance_vector::Config::default(), pause, 2));
    let (flooding, _) = delivered::<Flooding>(flooding::Config::default(), 0, 0);
    let told = format!("AODV {aodv:?}, distance vectors {vector:?}, flooding {flooding}");
    assert!(aodv.iter().all(|(share, _)| *share > 0.95), "{told}");
    assert!(vector[0].0 < 0.95 && vector[0].0 < vector[1].0, "{told}");
    assert!(aodv[1].1 < 0.9 * aodv[0].1 && vector[1].1 > 0.9 * vector[0].1, "{told}");
    assert!(flooding > 0.999, "{told}");
}

/// Who takes each link that breaks for news, also where no packet goes, tells all others again and again that somebody near cannot be
/// reached: they believe so until he has numbered himself anew.
#[test]
fn vectors_lose_more_where_each_break_is_news() {
    let share = |sensing| {
        let config = distance_vector::Config {
            sensing,
            ..Default::default()
        };
        delivered::<DistanceVector>(config, 0, 2).0
    };
    let (used, carrier) = (share(Sensing::Use), share(Sensing::Carrier));
    assert!(carrier < used - 0.1, "{carrier} {used}");
}
