//! What holds for every network.

use super::*;
use crate::math;

const HOSTS: u32 = 12;

fn millis(n: u64) -> SimDuration {
    SimDuration::from_millis(n)
}

/// One of each kind, with the longest delay it can have.
fn networks() -> Vec<(&'static str, Box<dyn Network>, SimDuration)> {
    let unbounded = SimDuration::from_secs(1_000_000);
    let places = StreamKey::root(1, 0).purpose("places");
    let propagation = Propagation::new(millis(2), 1e-3).unwrap();
    let matrix = (0..u64::from(HOSTS * HOSTS))
        .map(|cell| millis(5 + cell % 17))
        .collect();
    let matrix = LatencyMatrix::new(HOSTS as usize, matrix).unwrap();
    let boxed: Box<dyn Network> = Box::new(Constant::new(millis(40)));
    let odd = Cut::new(SimTime::ZERO, SimTime::MAX, (0..HOSTS as u16).map(|host| host % 2));
    vec![
        ("constant", Box::new(Constant::new(millis(50))), millis(50)),
        (
            "constant zero",
            Box::new(Constant::new(SimDuration::ZERO)),
            SimDuration::NANOSECOND,
        ),
        (
            "uniform",
            Box::new(Uniform::new(millis(10), millis(30)).unwrap()),
            millis(30),
        ),
        (
            "uniform from zero",
            Box::new(Uniform::new(SimDuration::ZERO, millis(30)).unwrap()),
            millis(30),
        ),
        (
            "exponential",
            Box::new(Exponential::new(SimDuration::ZERO, millis(50)).unwrap()),
            unbounded,
        ),
        (
            "shifted exponential",
            Box::new(Exponential::new(millis(20), millis(50)).unwrap()),
            unbounded,
        ),
        (
            "plane",
            Box::new(Plane::new(HOSTS as usize, 30.0, 40.0, propagation, places).unwrap()),
            millis(52),
        ),
        (
            "sphere",
            Box::new(Sphere::new(HOSTS as usize, 10.0, propagation, places).unwrap()),
            millis(34),
        ),
        ("matrix", Box::new(matrix), millis(21)),
        ("lossy", Box::new(Lossy::new(boxed, 0.2).unwrap()), millis(40)),
        (
            "partitioned",
            Box::new(Partitioned::new(Constant::new(millis(40)), [odd])),
            millis(40),
        ),
        (
            "partly connected",
            Box::new(PartlyConnected::new(Constant::new(millis(40)), 0.1, 0.1, places).unwrap()),
            millis(40),
        ),
    ]
}

/// The `counter`-th message of a sender, with the draw that an engine would give it.
fn message(seed: u64, from: u32, to: u32, counter: u64) -> Transmission {
    let draw = StreamKey::root(seed, 0)
        .purpose("network")
        .index(u64::from(from))
        .index(counter);
    Transmission {
        now: SimTime::ZERO,
        from: NodeAddr(from),
        to: NodeAddr(to),
        bytes: 100,
        draw,
    }
}

/// The delays of many messages between two hosts, in seconds; none for a lost one.
fn delays(network: &dyn Network, seed: u64, n: u64) -> Vec<Option<f64>> {
    (0..n)
        .map(|counter| match network.transmit(&message(seed, 3, 7, counter)) {
            Fate::Arrives(delay) => Some(delay.as_secs_f64()),
            Fate::Lost => None,
        })
        .collect()
}

#[test]
fn no_message_is_faster_than_the_lookahead_or_slower_than_the_bound() {
    for (name, network, longest) in networks() {
        assert!(network.min_delay() >= SimDuration::NANOSECOND, "{name}");
        for (from, to) in (0..HOSTS)
            .flat_map(|from| (0..HOSTS).map(move |to| (from, to)))
            .filter(|(a, b)| a != b)
        {
            let bounds = network.min_delay()..=longest;
            assert!(
                bounds.contains(&network.direct_delay(NodeAddr(from), NodeAddr(to))),
                "{name}"
            );
            for counter in 0..20 {
                if let Fate::Arrives(delay) = network.transmit(&message(1, from, to, counter)) {
                    assert!(bounds.contains(&delay), "{name}: {delay} from {from} to {to}");
                }
            }
        }
    }
}

#[test]
fn a_message_to_oneself_takes_no_time_and_is_never_lost() {
    for (name, network, _) in networks() {
        for counter in 0..50 {
            let fate = network.transmit(&message(1, 5, 5, counter));
            assert_eq!(fate, Fate::Arrives(SimDuration::ZERO), "{name}");
        }
        assert_eq!(
            network.direct_delay(NodeAddr(5), NodeAddr(5)),
            SimDuration::ZERO,
            "{name}"
        );
    }
}

/// The mean of 40,000 messages against the direct delay, within five standard errors.
#[test]
fn the_direct_delay_is_the_mean() {
    let n = 40_000;
    for (name, network, _) in networks() {
        for seed in 1..4 {
            let arrived: Vec<f64> = delays(&*network, seed, n).into_iter().flatten().collect();
            let mean = arrived.iter().sum::<f64>() / arrived.len() as f64;
            let variance = arrived.iter().map(|delay| (delay - mean) * (delay - mean)).sum::<f64>() / n as f64;
            let direct = network.direct_delay(NodeAddr(3), NodeAddr(7)).as_secs_f64();
            // Where delays are constant, only the rounding of the sum is left.
            let tolerance = 5.0 * (variance / n as f64).sqrt() + 1e-12;
            assert!(
                (mean - direct).abs() < tolerance,
                "{name}, seed {seed}: {mean} not {direct} +- {tolerance}"
            );
        }
    }
}

/// Beyond a time `t` after the minimum, `exp(-t / mean)` of the delays: within five binomial standard deviations.
#[test]
fn exponential_delays_have_the_exponential_tail() {
    let n = 40_000;
    let network = Exponential::new(millis(20), millis(70)).unwrap();
    for seed in 1..4 {
        let delays: Vec<f64> = delays(&network, seed, n).into_iter().flatten().collect();
        for t in [0.01, 0.05, 0.1, 0.2] {
            let expected = math::exp(-t / 0.05);
            let tolerance = 5.0 * (expected * (1.0 - expected) / n as f64).sqrt();
            let beyond = delays.iter().filter(|delay| **delay > 0.02 + t).count() as f64 / n as f64;
            assert!(
                (beyond - expected).abs() < tolerance,
                "seed {seed}, {t} s: {beyond} not {expected}"
            );
        }
    }
}

#[test]
fn uniform_delays_fill_their_range_evenly() {
    let n = 40_000;
    let network = Uniform::new(millis(10), millis(30)).unwrap();
    for seed in 1..4 {
        let delays: Vec<f64> = delays(&network, seed, n).into_iter().flatten().collect();
        for (edge, expected) in [(0.012, 0.1), (0.02, 0.5), (0.028, 0.9)] {
            let below = delays.iter().filter(|delay| **delay < edge).count() as f64 / n as f64;
            let tolerance = 5.0 * (expected * (1.0_f64 - expected) / n as f64).sqrt();
            assert!(
                (below - expected).abs() < tolerance,
                "seed {seed}, {edge} s: {below} not {expected}"
            );
        }
    }
}

#[test]
fn loss_has_its_probability_and_touches_no_delay() {
    let n = 40_000;
    let plain = Exponential::new(SimDuration::ZERO, millis(50)).unwrap();
    for (seed, probability) in (1..4).flat_map(|seed| [0.0, 0.01, 0.3, 1.0].map(|probability| (seed, probability))) {
        let lossy = delays(&Lossy::new(plain, probability).unwrap(), seed, n);
        let lost = lossy.iter().filter(|delay| delay.is_none()).count() as f64 / n as f64;
        let tolerance = 5.0 * (probability * (1.0 - probability) / n as f64).sqrt();
        assert!(
            (lost - probability).abs() <= tolerance,
            "seed {seed}: {lost} not {probability}"
        );

        let without_loss = delays(&plain, seed, n);
        assert!(
            lossy.iter().zip(&without_loss).all(|(a, b)| a.is_none() || a == b),
            "seed {seed}"
        );

        // Independence: the delays that the lost messages would have had are like all others.
        if probability == 0.3 {
            let lost_delays: Vec<f64> = lossy
                .iter()
                .zip(&without_loss)
                .filter(|(a, _)| a.is_none())
                .filter_map(|(_, b)| *b)
                .collect();
            let mean = lost_delays.iter().sum::<f64>() / lost_delays.len() as f64;
            assert!(
                (mean - 0.05).abs() < 5.0 * 0.05 / (lost_delays.len() as f64).sqrt(),
                "seed {seed}: {mean}"
            );
        }
    }
}

#[test]
fn a_transmission_depends_on_nothing_but_its_argument() {
    for (name, network, _) in networks() {
        let forward: Vec<Fate> = (0..100).map(|i| network.transmit(&message(1, 3, 7, i))).collect();
        let backward: Vec<Fate> = (0..100).rev().map(|i| network.transmit(&message(1, 3, 7, i))).collect();
        assert!(forward.iter().eq(backward.iter().rev()), "{name}");
    }
}

#[test]
fn more_hosts_move_none_of_the_others() {
    let places = StreamKey::root(1, 0).purpose("places");
    let propagation = Propagation::new(SimDuration::ZERO, 1.0).unwrap();
    let plane = |hosts| Plane::new(hosts, 100.0, 100.0, propagation, places).unwrap();
    let sphere = |hosts| Sphere::new(hosts, 100.0, propagation, places).unwrap();
    let pairs: [(Box<dyn Network>, Box<dyn Network>); 2] = [
        (Box::new(plane(5)), Box::new(plane(9))),
        (Box::new(sphere(5)), Box::new(sphere(9))),
    ];
    for (small, large) in pairs {
        assert_eq!((small.hosts(), large.hosts()), (Some(5), Some(9)));
        for (from, to) in (0..5).flat_map(|from| (0..5).map(move |to| (NodeAddr(from), NodeAddr(to)))) {
            assert_eq!(small.direct_delay(from, to), large.direct_delay(from, to));
            assert_eq!(small.direct_delay(from, to), small.direct_delay(to, from));
        }
    }
}

/// The mean distance of two uniform points of a unit square is 0.521405. Over all pairs of n = 2000 hosts its standard
/// error is 0.004: twice the standard deviation of a host's own mean distance, over sqrt(n). The cap within 60 degrees of
/// a point is a quarter of the sphere, about every point alike, which leaves sqrt(2 * 1/4 * 3/4) / n = 0.0003. The bounds
/// are five of these.
#[test]
fn places_are_uniform() {
    let propagation = Propagation::new(SimDuration::ZERO, 1.0).unwrap();
    let hosts = 2000;
    for seed in 1..4 {
        let places = StreamKey::root(seed, 0).purpose("places");
        let mean_over_pairs = |network: &dyn Network, of_distance: fn(f64) -> f64| {
            let pairs = (0..hosts).flat_map(|a| (0..a).map(move |b| (NodeAddr(a), NodeAddr(b))));
            let sum: f64 = pairs
                .map(|(a, b)| of_distance(network.direct_delay(a, b).as_secs_f64()))
                .sum();
            sum / (f64::from(hosts) * f64::from(hosts - 1) / 2.0)
        };
        let plane = Plane::new(hosts as usize, 1.0, 1.0, propagation, places).unwrap();
        let mean = mean_over_pairs(&plane, |distance| distance);
        assert!((mean - 0.521_405).abs() < 0.02, "seed {seed}: {mean}");
        let sphere = Sphere::new(hosts as usize, 1.0, propagation, places).unwrap();
        let near = mean_over_pairs(
            &sphere,
            |angle| if angle < std::f64::consts::FRAC_PI_3 { 1.0 } else { 0.0 },
        );
        assert!((near - 0.25).abs() < 0.0015, "seed {seed}: {near}");
    }
}

#[test]
fn impossible_networks_are_refused() {
    assert!(matches!(
        Uniform::new(millis(2), millis(1)),
        Err(NetworkError::MinimumAboveMaximum { .. })
    ));
    assert!(Uniform::new(millis(1), millis(1)).is_ok());
    for mean in [0, 1, 2] {
        let refused = Exponential::new(millis(2), millis(mean));
        assert!(matches!(refused, Err(NetworkError::MeanNotAboveMinimum { .. })));
    }
    let places = StreamKey::root(1, 0);
    let propagation = Propagation::new(SimDuration::ZERO, 1.0).unwrap();
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let refused = [
            Propagation::new(SimDuration::ZERO, bad).unwrap_err(),
            Plane::new(3, bad, 1.0, propagation, places).unwrap_err(),
            Plane::new(3, 1.0, bad, propagation, places).unwrap_err(),
            Sphere::new(3, bad, propagation, places).unwrap_err(),
        ];
        assert!(
            refused
                .iter()
                .all(|error| matches!(error, NetworkError::NotPositive { .. })),
            "{refused:?}"
        );
    }
    assert_eq!(Plane::new(0, 1.0, 1.0, propagation, places), Err(NetworkError::NoHosts));
    assert_eq!(Sphere::new(0, 1.0, propagation, places), Err(NetworkError::NoHosts));
    for bad in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
        assert!(matches!(
            Lossy::new(Constant::new(millis(1)), bad),
            Err(NetworkError::Probability { .. })
        ));
    }
}

/// Sizes near the largest double must neither panic nor come out short.
#[test]
fn absurd_sizes_saturate() {
    let propagation = Propagation::new(SimDuration::ZERO, f64::MAX).unwrap();
    let plane = Plane::new(2, f64::MAX, f64::MAX, propagation, StreamKey::root(1, 0)).unwrap();
    assert_eq!(
        plane.direct_delay(NodeAddr(0), NodeAddr(1)),
        SimDuration::from_nanos(u64::MAX)
    );
}
