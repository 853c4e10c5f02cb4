use super::*;
use crate::id::{Contact, Id};
use sim_core::addr::NodeAddr;
use sim_core::math::exp;

/// MSPastry as it was run: a heartbeat every 30 s, three probes of 3 s.
const TUNING: Tuning = Tuning {
    target: 0.05,
    leaf_set_period: 30.0,
    verdict: 9.0,
    longest: 1e6,
};

fn seconds(seconds: u64) -> SimTime {
    SimTime::ZERO + SimDuration::from_secs(seconds)
}

#[test]
fn a_fault_is_the_mean_of_the_exponential_over_the_period() {
    for (period, rate) in [
        (1.0, 1e-9),
        (9.999, 1e-6),
        (10.001, 1e-6),
        (30.0, 1e-3),
        (600.0, 1.0 / 300.0),
    ] {
        // The probability to be dead t seconds after the last sign of life is 1 - exp(-mu t), t uniform: Simpson's rule.
        let dead = |t: f64| -exp_m1(-rate * t);
        let mean = (0..1000).map(|i| {
            let (from, to) = (period * f64::from(i) / 1000.0, period * f64::from(i + 1) / 1000.0);
            (dead(from) + 4.0 * dead(0.5 * (from + to)) + dead(to)) / 6.0
        });
        let mean = mean.sum::<f64>() / 1000.0;
        assert!((fault(period, rate) / mean - 1.0).abs() < 1e-9, "{period} {rate}");
    }
}

#[test]
fn a_fault_has_its_limits() {
    assert_eq!(fault(30.0, 0.0), 0.0, "nobody fails");
    assert_eq!(fault(0.0, 1.0), 0.0, "always just probed");
    assert!(fault(1e9, 1.0) > 0.999_999, "never probed");
    let one = 1.0 - (1.0 - exp(-1.0));
    assert!(
        (fault(1.0, 1.0) - one).abs() < 1e-15,
        "1/e where one failure is expected"
    );
}

#[test]
fn hops_are_those_of_the_paper() {
    assert!((expected_hops(4, 65536.0) - 15.0 / 16.0 * 4.0).abs() < 1e-12);
    assert!((expected_hops(1, 1024.0) - 5.0).abs() < 1e-12);
    assert_eq!(expected_hops(4, 1.0), 0.0);
}

#[test]
fn loss_grows_with_every_time_with_the_rate_and_with_the_hops() {
    let base = raw_loss(39.0, 100.0, 1e-4, 3.0);
    assert!(raw_loss(40.0, 100.0, 1e-4, 3.0) > base);
    assert!(raw_loss(39.0, 101.0, 1e-4, 3.0) > base);
    assert!(raw_loss(39.0, 100.0, 1.1e-4, 3.0) > base);
    assert!(raw_loss(39.0, 100.0, 1e-4, 3.1) > base);
    // With one hop or less only the leaf set counts.
    for hops in [0.3, 1.0] {
        assert!((raw_loss(39.0, 100.0, 1e-4, hops) - fault(39.0, 1e-4)).abs() < 1e-15);
    }
}

#[test]
fn the_period_meets_the_target_exactly() {
    for session in [1800.0, 8280.0, 36000.0] {
        for nodes in [100.0, 2000.0, 1e5] {
            let (rate, hops) = (1.0 / session, expected_hops(4, nodes));
            let period = TUNING.table_period(rate, hops);
            let loss = raw_loss(39.0, period + 9.0, rate, hops);
            assert!(
                (loss - 0.05).abs() < 1e-9,
                "session {session}, {nodes} nodes: {period} s give {loss}"
            );
        }
    }
}

#[test]
fn the_period_falls_with_the_rate_and_with_the_hops() {
    let period = |session: f64, hops| TUNING.table_period(1.0 / session, hops);
    assert!(period(3600.0, 3.0) < period(7200.0, 3.0));
    assert!(period(3600.0, 3.0) < period(3600.0, 2.0));
    let strict = Tuning { target: 0.01, ..TUNING };
    assert!(strict.table_period(1.0 / 36000.0, 3.0) < period(36000.0, 3.0));
}

#[test]
fn the_period_has_its_limits() {
    assert_eq!(TUNING.table_period(0.0, 3.0), 1e6, "nobody fails");
    assert_eq!(TUNING.table_period(1e-5, 1.0), 1e6, "the routing table is not used");
    // Five minutes' sessions: the heartbeats alone miss the target.
    assert!(fault(39.0, 1.0 / 300.0) > 0.05);
    assert!((TUNING.table_period(1.0 / 300.0, 3.0) - 9.0).abs() < 1e-9);
}

#[test]
fn the_density_of_a_leaf_set_tells_how_many_there_are() {
    let space = IdSpace::new(32);
    let contact = |place: u32, of: u32| Contact {
        id: Id::new((1_u128 << 32) * u128::from(place) / u128::from(of)),
        addr: NodeAddr(place),
    };
    let leaf_set = |of: u32| {
        let mut leaf_set = LeafSet::new(contact(0, of), space, 8);
        for place in 1..of {
            leaf_set.insert(contact(place, of));
        }
        leaf_set
    };
    for of in [1, 2, 10, 16] {
        assert_eq!(nodes(&leaf_set(of), space), f64::from(of), "everybody is known");
    }
    for of in [64, 4096] {
        assert!(
            (nodes(&leaf_set(of), space) / f64::from(of) - 1.0).abs() < 1e-6,
            "evenly spaced"
        );
    }
    let mut bereft = leaf_set(64);
    for place in 1..=8 {
        bereft.remove(NodeAddr(place));
    }
    assert_eq!(
        nodes(&bereft, space),
        9.0,
        "a side is lost: at least those that are known"
    );
}

#[test]
fn the_rate_is_estimated_from_the_last_failures() {
    let mut failures = Failures::since(seconds(100), 4);
    assert_eq!(
        failures.rate(seconds(200), 50),
        1.0 / (50.0 * 100.0),
        "as if one failed just now"
    );
    for second in [110, 120, 130] {
        failures.note(seconds(second));
    }
    assert_eq!(failures.rate(seconds(140), 10), 4.0 / (10.0 * 40.0));
    // Older ones are forgotten, and where nothing fails any more the rate falls.
    (200..300).for_each(|second| failures.note(seconds(second)));
    assert_eq!(failures.rate(seconds(300), 10), 4.0 / (10.0 * 4.0));
    assert!(failures.rate(seconds(10_000), 10) < 1e-4);
    assert!(failures.rate(seconds(296), 10).is_finite(), "no time has passed");
}

/// Failures at random times with a known rate.
#[test]
fn the_estimate_of_the_rate_is_that_of_a_poisson_process() {
    let rate = 1.0 / 3600.0;
    let known = 60;
    let gaps = sim_core::distribution::Exponential::new(1.0 / (rate * f64::from(known))).expect("a positive mean");
    let mut rng = sim_core::random::StreamKey::root(8, 0).rng();
    let mut failures = Failures::since(SimTime::ZERO, 16);
    let mut now = SimTime::ZERO;
    let estimates = (0..4000).map(|_| {
        now += SimDuration::from_secs_f64(gaps.sample(&mut rng));
        failures.note(now);
        failures.rate(now, known as usize)
    });
    let mut estimates: Vec<f64> = estimates.skip(16).collect();
    estimates.sort_by(f64::total_cmp);
    let median = estimates[estimates.len() / 2] / rate;
    assert!((0.95..1.25).contains(&median), "{median} of the true rate");
}

#[test]
fn the_median_lets_no_single_value_decide() {
    let of = |periods: &[u64]| median(periods.iter().map(|secs| SimDuration::from_secs(*secs)).collect());
    assert_eq!(of(&[]), None);
    assert_eq!(of(&[7]), Some(SimDuration::from_secs(7)));
    assert_eq!(of(&[9, 1]), Some(SimDuration::from_secs(1)));
    assert_eq!(of(&[1_000_000, 60, 9]), Some(SimDuration::from_secs(60)));
}
