//! Replications until an interval is narrow enough: when to look, and when to stop.

use super::Summary;

/// After how many replications to look again, `n` having been too few: a quarter more, rounded up, and `maximum` at the most.
///
/// Looking after every single replication would stop at the first that happens to make the interval narrow; a few looks, and
/// these at numbers that do not depend on the results, keep the interval nearly honest.
pub fn next_look(n: u32, maximum: u32) -> u32 {
    n.saturating_add(n.div_ceil(4).max(1)).min(maximum)
}

/// Whether the mean is known as precisely as wanted: whether half of its 95 % interval is at most this share of its magnitude.
///
/// Law, *Simulation Modeling and Analysis*, 5th ed., section 9.4.1; Chow and Robbins 1965. An interval that decided when to
/// stop covers the true mean a little less often than its 95 %, since it stops sooner where the values happen to lie close
/// together: about 94 % with a minimum of ten replications, about 93 % with five (the tests measure it). A small wanted share and a
/// larger minimum make it better, a maximum that is reached does no harm.
pub fn precise_enough(summary: &Summary, share: f64) -> bool {
    summary
        .half_width
        .is_some_and(|half_width| half_width <= share * summary.mean.abs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::monte_carlo::Stream;

    #[test]
    fn looks_grow_by_a_quarter_and_end_at_the_maximum() {
        let looks: Vec<u32> = std::iter::successors(Some(2), |n| (*n < 40).then(|| next_look(*n, 40))).collect();
        assert_eq!(looks, [2, 3, 4, 5, 7, 9, 12, 15, 19, 24, 30, 38, 40]);
        assert_eq!(next_look(u32::MAX - 1, u32::MAX), u32::MAX);
    }

    #[test]
    fn precision_is_a_share_of_the_magnitude() {
        let summary = |mean, half_width| Summary { n: 5, mean, half_width };
        assert!(precise_enough(&summary(-100.0, Some(2.0)), 0.02));
        assert!(!precise_enough(&summary(100.0, Some(2.1)), 0.02));
        assert!(!precise_enough(&summary(100.0, None), 0.02));
        assert!(precise_enough(&summary(0.0, Some(0.0)), 0.02), "all values are zero");
        assert!(!precise_enough(&summary(0.0, Some(1e-9)), 0.02));
    }

    /// How often the interval covers the true mean 10 when it decides when to stop, and the mean number of replications.
    fn coverage(minimum: u32, trials: u64) -> (f64, f64) {
        let (mut covered, mut runs) = (0, 0);
        for trial in 0..trials {
            let mut stream = Stream::new(trial);
            let mut values = Vec::new();
            let mut n = minimum;
            let summary = loop {
                values.resize_with(n as usize, || 10.0 + stream.normal());
                let summary = Summary::of(&values).unwrap();
                if precise_enough(&summary, 0.04) || n == 400 {
                    break summary;
                }
                n = next_look(n, 400);
            };
            let (low, high) = summary.interval().unwrap();
            covered += u64::from(low <= 10.0 && 10.0 <= high);
            runs += summary.n;
        }
        (covered as f64 / trials as f64, runs as f64 / trials as f64)
    }

    #[test]
    fn stopping_when_the_interval_is_narrow_costs_little_of_its_coverage() {
        // About (1.96 / 0.4)^2 = 24 replications are needed.
        let (from_five, runs) = coverage(5, 2000);
        assert!((0.90..0.95).contains(&from_five), "{from_five}");
        assert!((22.0..34.0).contains(&runs), "{runs}");
        let (from_ten, _) = coverage(10, 2000);
        assert!((0.925..0.955).contains(&from_ten), "{from_ten}");
    }
}
