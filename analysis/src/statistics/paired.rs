//! Differences between two settings whose replications share their random numbers.

use super::{Summary, mean, sample_variance, t_quantile};

/// Two settings compared replication by replication.
///
/// Replication *r* sees the same random streams under both (common random numbers), so that what the streams bring along
/// cancels in each difference, and the interval of the mean difference is narrower than the two means' own would allow:
/// Law, *Simulation Modeling and Analysis*, 5th ed., sections 10.2.1 (paired-t) and 11.2.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Paired {
    /// How many pairs there are.
    pub n: usize,
    /// The first setting alone.
    pub first: Summary,
    /// The second setting alone.
    pub second: Summary,
    /// The second less the first, over the pairs; its interval is that of the paired t-test.
    pub difference: Summary,
    /// Pearson's correlation between the two; none where one of them does not vary.
    pub correlation: Option<f64>,
    /// Half the width of the 95 % interval of the difference if the two had been independent: Welch's, with his degrees of
    /// freedom rounded down. None for a single pair.
    pub unpaired_half_width: Option<f64>,
}

impl Paired {
    /// The mean difference as a share of the magnitude of the first mean, and half the width of its 95 % interval on the
    /// same scale, the first mean taken as known. None where the first mean is zero.
    pub fn relative(&self) -> Option<(f64, Option<f64>)> {
        let scale = self.first.mean.abs();
        let share = |value: f64| value / scale;
        (scale > 0.0).then(|| (share(self.difference.mean), self.difference.half_width.map(share)))
    }

    /// By what factor pairing narrows the interval of the difference: 2 means half as wide as without common random numbers,
    /// less than 1 that they were of no use. None for a single pair and where the differences do not vary.
    pub fn gain(&self) -> Option<f64> {
        let paired = self.difference.half_width.filter(|half_width| *half_width > 0.0)?;
        self.unpaired_half_width.map(|unpaired| unpaired / paired)
    }

    /// Whether the 95 % interval of the difference leaves out zero; none for a single pair.
    pub fn differ(&self) -> Option<bool> {
        self.difference.interval().map(|(low, high)| low > 0.0 || high < 0.0)
    }
}

/// Compares two settings by their values in the same replications, in the same order. None unless there are as many of one
/// as of the other, and at least one.
pub fn paired(first: &[f64], second: &[f64]) -> Option<Paired> {
    if first.len() != second.len() {
        return None;
    }
    let differences: Vec<f64> = first.iter().zip(second).map(|(first, second)| second - first).collect();
    Some(Paired {
        n: first.len(),
        first: Summary::of(first)?,
        second: Summary::of(second)?,
        difference: Summary::of(&differences)?,
        correlation: correlation(first, second),
        unpaired_half_width: welch_half_width(first, second),
    })
}

/// Pearson's correlation coefficient of two samples of one length.
fn correlation(first: &[f64], second: &[f64]) -> Option<f64> {
    let (first_mean, second_mean) = (mean(first)?, mean(second)?);
    let spread = (sample_variance(first)? * sample_variance(second)?).sqrt();
    let products = first
        .iter()
        .zip(second)
        .map(|(a, b)| (a - first_mean) * (b - second_mean));
    let covariance = products.sum::<f64>() / (first.len() - 1) as f64;
    // Rounding can carry the quotient past its bounds.
    (spread > 0.0).then(|| (covariance / spread).clamp(-1.0, 1.0))
}

/// Half the width of Welch's 95 % interval of the difference between the means of two independent samples, with his degrees
/// of freedom rounded down. None where one of the samples has fewer than two values.
pub fn welch_half_width(first: &[f64], second: &[f64]) -> Option<f64> {
    let of_mean = |sample: &[f64]| {
        Some((
            sample_variance(sample)? / sample.len() as f64,
            sample.len() as f64 - 1.0,
        ))
    };
    let ((first, first_freedom), (second, second_freedom)) = (of_mean(first)?, of_mean(second)?);
    let variance = first + second;
    if variance == 0.0 {
        return Some(0.0);
    }
    // Welch and Satterthwaite; between the smaller of the two degrees of freedom and their sum.
    let freedom = variance * variance / (first * first / first_freedom + second * second / second_freedom);
    Some(t_quantile((freedom as u64).max(1)) * variance.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Student's sleep data (1908): extra hours of sleep of ten patients under each of two drugs.
    const FIRST: [f64; 10] = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0];
    const SECOND: [f64; 10] = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];

    #[test]
    fn students_own_example_has_its_published_intervals() {
        let sleep = paired(&FIRST, &SECOND).unwrap();
        assert_eq!(sleep.n, 10);
        assert!((sleep.first.mean - 0.75).abs() < 1e-12 && (sleep.second.mean - 2.33).abs() < 1e-12);
        // As any statistics package prints them: paired 0.7001142 to 2.4598858; Welch -0.2054832 to 3.3654832 with
        // 17.776 degrees of freedom, which 17 widen a little; correlation 0.7951702.
        let (low, high) = sleep.difference.interval().unwrap();
        assert!(
            (low - 0.700_114_2).abs() < 1e-5 && (high - 2.459_885_8).abs() < 1e-5,
            "{low} to {high}"
        );
        let unpaired = sleep.unpaired_half_width.unwrap();
        assert!((1.785_483..1.795).contains(&unpaired), "{unpaired}");
        assert!((sleep.correlation.unwrap() - 0.795_170_2).abs() < 1e-6);
        assert!((sleep.gain().unwrap() - unpaired / 0.879_885_8).abs() < 1e-4);
        assert_eq!(sleep.differ(), Some(true));
        let (relative, half_width) = sleep.relative().unwrap();
        assert!((relative - 1.58 / 0.75).abs() < 1e-12);
        assert!((half_width.unwrap() - 0.879_885_8 / 0.75).abs() < 1e-5);
    }

    #[test]
    fn what_cannot_be_said_is_not() {
        assert_eq!(paired(&[], &[]), None);
        assert_eq!(paired(&[1.0], &[1.0, 2.0]), None);
        let single = paired(&[0.0], &[2.0]).unwrap();
        assert_eq!((single.difference.mean, single.difference.half_width), (2.0, None));
        assert_eq!(
            (single.correlation, single.gain(), single.differ(), single.relative()),
            (None, None, None, None)
        );
        // The same shift in every replication: known exactly.
        let shift = paired(&[1.0, 2.0, 4.0], &[2.0, 3.0, 5.0]).unwrap();
        assert_eq!(shift.difference.half_width, Some(0.0));
        assert_eq!(
            (shift.correlation, shift.gain(), shift.differ()),
            (Some(1.0), None, Some(true))
        );
        let constant = paired(&[1.0, 1.0], &[1.0, 1.0]).unwrap();
        assert_eq!(
            (constant.unpaired_half_width, constant.differ()),
            (Some(0.0), Some(false))
        );
    }
}
