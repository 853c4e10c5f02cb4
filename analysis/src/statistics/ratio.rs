//! Ratios between settings whose replications share their random numbers.

use std::collections::BTreeMap;

use super::{Summary, mean, sample_variance, t_quantile};

/// The product of the means of some samples over that of others, of the replications that all of them have: a ratio of two means,
/// or a ratio of such ratios. Also how many replications these are.
///
/// It is a ratio of means and not a mean of ratios, which would favour the replications whose divisor is small: the mean of
/// `X / Y` and that of `Y / X` can both lie above 1. Its interval is that of the ratio estimator (Cochran, *Sampling Techniques*,
/// 3rd ed., chapter 6), the delta method with the replications' own residuals, so that what they have in common cancels. It is no
/// interval of single replications' ratios, and one for many replications or little spread. None where a divisor is zero, or there
/// are no such replications.
pub fn ratio_of_means<K: Ord>(over: &[BTreeMap<K, f64>], under: &[BTreeMap<K, f64>]) -> (u64, Option<Summary>) {
    let everywhere = |key: &&K| over.iter().chain(under).all(|sample| sample.contains_key(*key));
    let common: Vec<&K> = over
        .first()
        .into_iter()
        .flat_map(BTreeMap::keys)
        .filter(everywhere)
        .collect();
    let values = |samples: &[BTreeMap<K, f64>]| -> Vec<Vec<f64>> {
        let of = |sample: &BTreeMap<K, f64>| common.iter().filter_map(|key| sample.get(*key).copied()).collect();
        samples.iter().map(of).collect()
    };
    (common.len() as u64, ratio(&values(over), &values(under)))
}

/// The same of samples that have the same replications, in the same order.
fn ratio(over: &[Vec<f64>], under: &[Vec<f64>]) -> Option<Summary> {
    let n = over.first()?.len();
    let signed = || {
        let over = over.iter().map(|sample| (sample, 1.0));
        over.chain(under.iter().map(|sample| (sample, -1.0)))
    };
    let product = |samples: &[Vec<f64>]| samples.iter().map(|sample| mean(sample)).product::<Option<f64>>();
    let ratio = product(over)? / product(under)?;
    if !ratio.is_finite() {
        return None;
    }
    // To the first order, by what share each replication moves the ratio.
    let mut shares = vec![0.0; n];
    for (sample, sign) in signed() {
        let mean = mean(sample)?;
        for (share, value) in shares.iter_mut().zip(sample) {
            *share += sign * (value - mean) / mean;
        }
    }
    let error = sample_variance(&shares).map(|variance| (variance / n as f64).sqrt());
    let half_width = error.map(|error| t_quantile(n as u64 - 1) * error * ratio.abs());
    Some(Summary {
        n: n as u64,
        mean: ratio,
        half_width: half_width.filter(|width| width.is_finite()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A value for each replication.
    fn runs<const N: usize>(values: [f64; N]) -> BTreeMap<usize, f64> {
        values.into_iter().enumerate().collect()
    }

    #[test]
    fn what_replications_have_in_common_cancels() {
        let (own, other) = ([runs([2.0, 4.0, 6.0])], [runs([1.0, 2.0, 3.0])]);
        let ratio = ratio_of_means(&own, &other).1.unwrap();
        assert_eq!((ratio.n, ratio.mean), (3, 2.0));
        assert!(ratio.half_width.unwrap() < 1e-12);
        // Apart from each other they do not: residuals 2 - 2*3, 4 - 2*2, 6 - 2*1 over the mean 2, variance 16, n = 3.
        let ratio = ratio_of_means(&own, &[runs([3.0, 2.0, 1.0])]).1.unwrap();
        let expected = 4.302_65 * (16.0_f64 / 3.0).sqrt() / 2.0;
        assert!((ratio.half_width.unwrap() - expected).abs() < 1e-4, "{ratio:?}");
        assert_eq!(ratio.mean, 2.0);
    }

    #[test]
    fn only_replications_count_that_all_samples_have() {
        let other = BTreeMap::from([(1, 2.0), (2, 2.0), (7, 100.0)]);
        let (common, ratio) = ratio_of_means(&[runs([100.0, 4.0, 8.0])], &[other]);
        assert_eq!((common, ratio.unwrap().mean), (2, 3.0));
    }

    #[test]
    fn a_ratio_of_ratios_is_one_over_all_four_means() {
        let constant = |value: f64| runs([value; 4]);
        let ratio = ratio_of_means(&[constant(6.0), constant(2.0)], &[constant(3.0), constant(8.0)]);
        let ratio = ratio.1.unwrap();
        assert_eq!((ratio.mean, ratio.half_width), (0.5, Some(0.0)));
    }

    #[test]
    fn there_is_no_ratio_to_nothing() {
        assert_eq!(ratio_of_means(&[runs([1.0])], &[runs([0.0])]), (1, None));
        assert_eq!(ratio_of_means(&[runs([])], &[runs([])]), (0, None));
        let single = ratio_of_means(&[runs([1.0])], &[runs([2.0])]).1.unwrap();
        assert_eq!((single.mean, single.half_width), (0.5, None));
        // Nothing relative to something is zero, and how far that can be trusted is not known.
        let nothing = ratio_of_means(&[runs([0.0, 0.0])], &[runs([2.0, 3.0])]).1.unwrap();
        assert_eq!((nothing.mean, nothing.half_width), (0.0, None));
    }
}
