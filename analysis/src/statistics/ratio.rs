//! Ratios between settings whose replications share their random numbers.

use super::{Summary, mean, sample_variance, t_quantile};

/// The product of the means of some samples over that of others, replication by replication the same in all of them: a ratio of
/// two means, or a ratio of such ratios.
///
/// It is a ratio of means and not a mean of ratios, which would favour the replications whose divisor is small: the mean of
/// `X / Y` and that of `Y / X` can both lie above 1. Its interval is that of the ratio estimator (Cochran, *Sampling Techniques*,
/// 3rd ed., chapter 6), the delta method with the replications' own residuals, so that what they have in common cancels. It is no
/// interval of single replications' ratios, and one for many replications or little spread. None where a divisor is zero, or a
/// sample is empty or of another length.
pub fn ratio_of_means(over: &[Vec<f64>], under: &[Vec<f64>]) -> Option<Summary> {
    let n = over.first()?.len();
    let signed = || {
        let over = over.iter().map(|sample| (sample, 1.0));
        over.chain(under.iter().map(|sample| (sample, -1.0)))
    };
    if signed().any(|(sample, _)| sample.len() != n) {
        return None;
    }
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

    #[test]
    fn what_replications_have_in_common_cancels() {
        let (own, other) = (vec![2.0, 4.0, 6.0], vec![1.0, 2.0, 3.0]);
        let ratio = ratio_of_means(std::slice::from_ref(&own), std::slice::from_ref(&other)).unwrap();
        assert_eq!((ratio.n, ratio.mean), (3, 2.0));
        assert!(ratio.half_width.unwrap() < 1e-12);
        // Apart from each other they do not: residuals 2 - 2*3, 4 - 2*2, 6 - 2*1 over the mean 2, variance 16, n = 3.
        let ratio = ratio_of_means(&[own], &[vec![3.0, 2.0, 1.0]]).unwrap();
        let expected = 4.302_65 * (16.0_f64 / 3.0).sqrt() / 2.0;
        assert!((ratio.half_width.unwrap() - expected).abs() < 1e-4, "{ratio:?}");
        assert_eq!(ratio.mean, 2.0);
    }

    #[test]
    fn a_ratio_of_ratios_is_one_over_all_four_means() {
        let constant = |value: f64| vec![value; 4];
        let ratio = ratio_of_means(&[constant(6.0), constant(2.0)], &[constant(3.0), constant(8.0)]).unwrap();
        assert_eq!((ratio.mean, ratio.half_width), (0.5, Some(0.0)));
    }

    #[test]
    fn there_is_no_ratio_to_nothing() {
        assert_eq!(ratio_of_means(&[vec![1.0]], &[vec![0.0]]), None);
        assert_eq!(ratio_of_means(&[vec![1.0]], &[vec![1.0, 2.0]]), None);
        assert_eq!(ratio_of_means(&[vec![]], &[vec![]]), None);
        let single = ratio_of_means(&[vec![1.0]], &[vec![2.0]]).unwrap();
        assert_eq!((single.mean, single.half_width), (0.5, None));
        // Nothing relative to something is zero, and how far that can be trusted is not known.
        let nothing = ratio_of_means(&[vec![0.0, 0.0]], &[vec![2.0, 3.0]]).unwrap();
        assert_eq!((nothing.mean, nothing.half_width), (0.0, None));
    }
}
