//! Popularity: Zipf's law.

use thiserror::Error;

use crate::math;
use crate::random::{NodeRng, unit};

/// A Zipf distribution that cannot be.
#[derive(Clone, Copy, PartialEq, Debug, Error)]
pub enum ZipfError {
    /// The exponent is negative, infinite, undefined, or so large that only the first rank is ever drawn.
    #[error(
        "the exponent of Zipf's law must lie between 0 and {}, not {exponent}; measured requests have 0.6 to 1.2",
        Zipf::LARGEST_EXPONENT
    )]
    Exponent {
        /// The exponent asked for.
        exponent: f64,
    },
    /// There is nothing to draw from.
    #[error("Zipf's law needs at least one rank")]
    NoRanks,
}

/// Zipf's law over the ranks from 1 to a largest one: rank `k` has a probability in proportion to `k^-exponent`.
///
/// Drawn by rejection from the density `x^-exponent` (W. Hörmann and G. Derflinger 1996, *Rejection-inversion to generate
/// variates from monotone discrete distributions*): no table, and rarely a second attempt.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Zipf {
    ranks: u64,
    exponent: f64,
    /// The integral of the density up to the middle of the first rank's mass, and up to half a rank beyond the last one:
    /// between these a draw falls.
    low: f64,
    high: f64,
    /// A point that lies no further than this below a whole number needs no test.
    certain: f64,
}

impl Zipf {
    /// The largest exponent: at 64 the second rank has a probability below 1e-19.
    pub const LARGEST_EXPONENT: f64 = 64.0;

    /// Zipf's law over so many ranks. An exponent of 0 makes all ranks equally likely.
    ///
    /// # Errors
    /// [`ZipfError`] for an exponent that is negative or above [`Zipf::LARGEST_EXPONENT`], and for no ranks at all.
    pub fn new(ranks: u64, exponent: f64) -> Result<Self, ZipfError> {
        if !(0.0..=Self::LARGEST_EXPONENT).contains(&exponent) {
            return Err(ZipfError::Exponent { exponent });
        }
        if ranks == 0 {
            return Err(ZipfError::NoRanks);
        }
        let mut law = Zipf {
            ranks,
            exponent,
            low: 0.0,
            high: 0.0,
            certain: 0.0,
        };
        law.low = law.integral(1.5) - 1.0;
        law.high = law.integral(ranks as f64 + 0.5);
        law.certain = 2.0 - law.inverse_integral(law.integral(2.5) - law.density(2.0));
        Ok(law)
    }

    /// How many ranks there are.
    pub fn ranks(&self) -> u64 {
        self.ranks
    }

    /// One rank, the most popular being 1.
    pub fn sample(&self, rng: &mut NodeRng) -> u64 {
        loop {
            let area = self.high + unit(rng) * (self.low - self.high);
            let x = self.inverse_integral(area);
            let rank = x.round().clamp(1.0, self.ranks as f64);
            if rank - x <= self.certain || area >= self.integral(rank + 0.5) - self.density(rank) {
                return rank as u64;
            }
        }
    }

    fn density(&self, x: f64) -> f64 {
        math::exp(-self.exponent * math::ln(x))
    }

    /// The integral of the density from 1 to `x`: `(x^(1-s) - 1) / (1-s)`, whose limit at `s = 1` is `ln x`.
    fn integral(&self, x: f64) -> f64 {
        let logarithm = math::ln(x);
        let t = (1.0 - self.exponent) * logarithm;
        // Close to zero the quotient is taken by its series, which has no 0 / 0.
        if t.abs() < 1e-8 {
            logarithm * (1.0 + t / 2.0)
        } else {
            logarithm * math::exp_m1(t) / t
        }
    }

    fn inverse_integral(&self, area: f64) -> f64 {
        let t = (1.0 - self.exponent) * area;
        if t.abs() < 1e-8 {
            return math::exp(area * (1.0 - t / 2.0));
        }
        // Rounding may leave the range of the logarithm at its very end.
        math::exp(math::ln_1p(t.max(-1.0)) * area / t)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::StreamKey;

    /// Counts of 40,000 draws against the law by Pearson's statistic over the first ranks and the rest together: with ten
    /// degrees of freedom or fewer it exceeds 45 once in 500,000 times.
    #[test]
    fn ranks_are_drawn_by_the_law() {
        let n = 40_000;
        for (ranks, exponent) in [
            (1, 1.0),
            (2, 1.0),
            (10, 0.0),
            (1000, 0.6),
            (1000, 1.0),
            (50, 1.2),
            (1_000_000, 2.0),
        ] {
            let law = Zipf::new(ranks, exponent).unwrap();
            let whole: f64 = (1..=ranks).map(|rank| math::pow(rank as f64, -exponent)).sum();
            let told = ranks.min(10);
            for seed in 1..6 {
                let mut rng = StreamKey::root(seed, 0).rng();
                let mut counts = [0_u32; 11];
                for _ in 0..n {
                    let rank = law.sample(&mut rng);
                    assert!((1..=ranks).contains(&rank));
                    counts[(rank - 1).min(told) as usize] += 1;
                }
                let mut probabilities: Vec<f64> = (1..=told)
                    .map(|rank| math::pow(rank as f64, -exponent) / whole)
                    .collect();
                probabilities.push(1.0 - probabilities.iter().sum::<f64>());
                let statistic: f64 = probabilities
                    .iter()
                    .zip(counts)
                    .filter(|(probability, _)| **probability > 1e-9)
                    .map(|(probability, count)| {
                        let expected = probability * f64::from(n);
                        (f64::from(count) - expected) * (f64::from(count) - expected) / expected
                    })
                    .sum();
                assert!(
                    statistic < 45.0,
                    "{ranks} ranks, exponent {exponent}, seed {seed}: {statistic}"
                );
            }
        }
    }

    #[test]
    fn a_law_without_ranks_or_sense_is_refused() {
        assert_eq!(Zipf::new(0, 1.0), Err(ZipfError::NoRanks));
        for exponent in [-0.1, f64::NAN, f64::INFINITY, 65.0] {
            assert!(matches!(Zipf::new(5, exponent), Err(ZipfError::Exponent { .. })));
        }
    }
}
