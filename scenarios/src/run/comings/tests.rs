use super::*;

fn at(secs: u64) -> SimTime {
    SimTime::ZERO + SimDuration::from_secs(secs)
}

/// Measured from 100 s on, in bins of 10 s: two are up, one leaves, two come, and all have gone for a while.
#[test]
fn everything_is_counted_from_the_start_of_measurement_on() {
    let mut comings = Comings {
        from: at(100),
        width: SimDuration::from_secs(10),
        ..Comings::default()
    };
    for (now, since) in [(10, None), (20, None), (30, None), (40, Some(10))] {
        match since {
            None => comings.came(at(now)),
            Some(since) => comings.left(at(now), at(since)),
        }
    }
    comings.left(at(105), at(20));
    comings.came(at(110));
    comings.came(at(115));
    comings.refused(at(115));
    comings.left(at(120), at(110));
    comings.left(at(125), at(30));
    comings.left(at(130), at(115));
    comings.came(at(150));
    comings.finish(at(160), [at(150)].into_iter());
    assert_eq!((comings.begun, comings.ended, comings.refused), (3, 4, 1));
    assert_eq!((comings.up_first, comings.up_least, comings.up_most), (2, 0, 3));
    assert_eq!(comings.empty, SimDuration::from_secs(20));
    assert_eq!((comings.halved, comings.doubled), (Some(at(105)), Some(at(115))));
    // 5 s of two, 5 of one, 5 of two, 5 of three, 5 of two, 5 of one, 20 of nobody and 10 of one.
    assert_eq!(comings.up_time, 65 * 1_000_000_000);
    let up: Vec<u128> = comings.bins.iter().map(|bin| bin.up_time / 1_000_000_000).collect();
    assert_eq!(up[..6], [15, 25, 15, 0, 0, 10]);
    let begun: Vec<u64> = comings.bins.iter().map(|bin| bin.begun).collect();
    assert_eq!(begun[..6], [0, 2, 0, 0, 0, 1]);
    assert_eq!(comings.bins[2].ended, 2);
}

/// Kaplan and Meier 1958 by hand: lengths 1, 2, 2+, 3+, 4, of which those with a plus were cut off.
#[test]
fn sessions_that_were_cut_off_count_for_as_long_as_they_were_seen() {
    let mut comings = Comings::default();
    for (since, now) in [(10, 11), (10, 12), (10, 14)] {
        comings.came(at(since));
        comings.left(at(now), at(since));
    }
    comings.finish(at(20), [at(18), at(17)].into_iter());
    let seconds: Vec<(u64, f64)> = comings
        .survival()
        .into_iter()
        .map(|(length, share)| (length / 1_000_000_000, share))
        .collect();
    let expected = [(1, 4.0 / 5.0), (2, 4.0 / 5.0 * 3.0 / 4.0), (4, 0.0)];
    assert_eq!(seconds.len(), 3);
    for ((length, share), (expected_length, expected_share)) in seconds.iter().zip(expected) {
        assert_eq!(*length, expected_length);
        assert!((share - expected_share).abs() < 1e-12, "{length}: {share}");
    }
}
