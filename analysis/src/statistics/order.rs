//! Distribution-free intervals for quantiles, from the order of a sample alone.

/// Two order statistics between which a quantile lies.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct QuantileRanks {
    /// The rank of the lower end, counted from 1 for the smallest value.
    pub low: u64,
    /// The rank of the upper end.
    pub high: u64,
    /// The probability that the values of these ranks enclose the quantile: at least 95 %, and exactly this for a
    /// continuous distribution.
    pub coverage: f64,
}

/// A binomial term below this share of the largest one adds nothing to a double.
const NEGLIGIBLE: f64 = 1e-25;

/// The probability that is left out on either side of an interval.
const TAIL: f64 = 0.025;

/// The ranks of the order statistics that enclose the `q` quantile of the distribution that `n` independent values were
/// drawn from, with at least 95 % probability and at most 2.5 % on either side. None where `n` is too small for such ranks
/// (below 6 for the median, below 368 for the 99th percentile), and unless `q` lies between 0 and 1.
///
/// How many of the values lie below the quantile is binomial whatever the distribution; so are the ranks: Conover,
/// *Practical Nonparametric Statistics*, 3rd ed., section 3.2; Hahn and Meeker, *Statistical Intervals*, section 5.2. Lookups of
/// one run are not independent of each other (they meet the same tables, hosts and departures), which makes this interval
/// too narrow for them; the interval over replications does not have that flaw.
///
/// Only additions, multiplications and divisions are involved, so that the ranks are the same on every machine.
pub fn quantile_ranks(n: u64, q: f64) -> Option<QuantileRanks> {
    if n == 0 || !(q > 0.0 && q < 1.0) {
        return None;
    }
    let (first, terms) = binomial(n, q);
    let total: f64 = terms.iter().sum();
    // `at_most[i]` is the probability that at most `first + i` of the values lie below the quantile.
    let mut sum = 0.0;
    let at_most: Vec<f64> = terms
        .iter()
        .map(|term| {
            sum += term;
            sum / total
        })
        .collect();
    // The lower end lies too high if fewer values than its rank lie below the quantile.
    let low = first + at_most.partition_point(|probability| *probability <= TAIL) as u64;
    let high = first + at_most.partition_point(|probability| *probability < 1.0 - TAIL) as u64 + 1;
    if low == 0 || high > n {
        return None;
    }
    let below = |rank: u64| rank.checked_sub(first + 1).map_or(0.0, |index| at_most[index as usize]);
    Some(QuantileRanks {
        low,
        high,
        coverage: below(high) - below(low),
    })
}

/// The interval of [`quantile_ranks`] in a sorted sample.
pub fn quantile_interval<T: Copy>(sorted: &[T], q: f64) -> Option<(T, T)> {
    let ranks = quantile_ranks(sorted.len() as u64, q)?;
    let at = |rank: u64| sorted.get((rank - 1) as usize).copied();
    at(ranks.low).zip(at(ranks.high))
}

/// The terms of a binomial distribution that count, relative to the largest, and which number of successes the first is of.
fn binomial(n: u64, p: f64) -> (u64, Vec<f64>) {
    let mode = ((n as f64 + 1.0) * p) as u64;
    let mode = mode.min(n);
    let odds = p / (1.0 - p);
    let mut below = Vec::new();
    let (mut term, mut k) = (1.0, mode);
    while k > 0 && term > NEGLIGIBLE {
        term *= k as f64 / ((n - k + 1) as f64 * odds);
        below.push(term);
        k -= 1;
    }
    let mut terms: Vec<f64> = below.into_iter().rev().collect();
    terms.push(1.0);
    let (mut term, mut k) = (1.0, mode);
    let first = mode + 1 - terms.len() as u64;
    while k < n && term > NEGLIGIBLE {
        term *= (n - k) as f64 * odds / (k + 1) as f64;
        terms.push(term);
        k += 1;
    }
    (first, terms)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::monte_carlo::Stream;

    #[test]
    fn the_ranks_are_those_of_printed_tables() {
        // Hahn and Meeker, section 5.2: n = 100 and the median; the others by the binomial distribution, to four digits.
        for (n, q, low, high, coverage) in [
            (6, 0.5, 1, 6, 0.9688),
            (10, 0.5, 2, 9, 0.9785),
            (20, 0.5, 6, 15, 0.9586),
            (100, 0.5, 40, 61, 0.9648),
        ] {
            let ranks = quantile_ranks(n, q).unwrap();
            assert_eq!((ranks.low, ranks.high), (low, high), "{n}, {q}");
            assert!((ranks.coverage - coverage).abs() < 5e-5, "{n}, {q}: {}", ranks.coverage);
        }
    }

    #[test]
    fn too_few_values_have_no_interval() {
        assert_eq!(quantile_ranks(5, 0.5), None);
        // 0.99^n falls to 2.5 % at n = 368.
        assert_eq!(quantile_ranks(367, 0.99), None);
        assert_eq!(quantile_ranks(368, 0.99).map(|ranks| ranks.high), Some(368));
        for (n, q) in [(0, 0.5), (10, 0.0), (10, 1.0), (10, f64::NAN)] {
            assert_eq!(quantile_ranks(n, q), None);
        }
        assert_eq!(quantile_interval::<u64>(&[], 0.5), None);
        assert_eq!(quantile_interval(&[1, 2, 3, 4, 5, 6], 0.5), Some((1, 6)));
    }

    #[test]
    fn ranks_of_large_samples_are_the_normal_approximation() {
        for (n, q) in [
            (1_000_000_u64, 0.5),
            (1_000_000, 0.99),
            (40_000_000, 0.95),
            (30_000, 0.01),
        ] {
            let ranks = quantile_ranks(n, q).unwrap();
            let (mean, reach) = (n as f64 * q, 1.959_964 * (n as f64 * q * (1.0 - q)).sqrt());
            assert!((ranks.low as f64 - (mean - reach)).abs() < 3.0, "{n}, {q}: {ranks:?}");
            assert!((ranks.high as f64 - (mean + reach)).abs() < 3.0, "{n}, {q}: {ranks:?}");
            assert!((0.95..0.955).contains(&ranks.coverage), "{n}, {q}: {ranks:?}");
        }
    }

    #[test]
    fn each_tail_is_at_most_its_share_and_no_rank_could_be_dropped() {
        for n in 6..200_u64 {
            for q in [0.1, 0.25, 0.5, 0.9] {
                let Some(ranks) = quantile_ranks(n, q) else { continue };
                let (first, terms) = binomial(n, q);
                let total: f64 = terms.iter().sum();
                let below = |rank: u64| {
                    let counted = terms.iter().zip(first..).filter(|(_, k)| *k < rank);
                    counted.map(|(term, _)| term).sum::<f64>() / total
                };
                assert!(below(ranks.low) <= TAIL && below(ranks.low + 1) > TAIL, "{n}, {q}");
                assert!(
                    below(ranks.high) >= 1.0 - TAIL && below(ranks.high - 1) < 1.0 - TAIL,
                    "{n}, {q}"
                );
            }
        }
    }

    #[test]
    fn the_interval_covers_as_often_as_it_says() {
        // Exponential values with mean 1: the 0.9 quantile is ln 10.
        let (trials, n, quantile) = (4000_u64, 60, std::f64::consts::LN_10);
        let mut covered = 0_u64;
        for trial in 0..trials {
            let mut stream = Stream::new(trial);
            let mut sample: Vec<f64> = (0..n).map(|_| stream.exponential()).collect();
            sample.sort_by(f64::total_cmp);
            let (low, high) = quantile_interval(&sample, 0.9).unwrap();
            covered += u64::from(low <= quantile && quantile <= high);
        }
        let expected = quantile_ranks(n, 0.9).unwrap().coverage;
        let share = covered as f64 / trials as f64;
        // Four standard errors of a share near 0.96.
        assert!((share - expected).abs() < 0.0125, "{share} instead of {expected}");
    }
}
