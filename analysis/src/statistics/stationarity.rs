//! Where the warm-up of a series ends, and whether what follows has settled.

use super::mean;

/// Into how many batches of neighbours the test for stationarity parts a series.
pub const BATCHES: usize = 8;

/// How many batches are left at least when the warm-up has been removed.
const LEAST: usize = 5;

/// How many values of a series are its warm-up: the number whose removal, in whole batches of `batch` values, leaves the
/// remaining mean with the least standard error, and at most half of the values, five batches being left.
///
/// The marginal standard error rule, MSER: White 1997, *Simulation* 69(6), 323-334; with batches of five, MSER-5, White, Cobb and
/// Spratt 2000, WSC, 755-760. Hoad, Robinson and Davies 2010, *J. Operational Research Society* 61, 1389-1403, found it the best
/// of many rules for automatic use, on the means of several replications. Where it finds the least only in the second half of
/// the series, the series is too short to tell (as all of these say): this function then stops at the half, and
/// [`stationarity`] of the rest tells more. Values that do not fill a batch at the end are not looked at. A single outlier can
/// be taken for the end of the warm-up: means over many observations are safer than observations.
pub fn warm_up(series: &[f64], batch: usize) -> usize {
    let batch = batch.max(1);
    let means: Vec<f64> = series.chunks_exact(batch).filter_map(mean).collect();
    // A few values that happen to lie close together must not win.
    let candidates = 0..=(means.len() / 2).min(means.len().saturating_sub(LEAST));
    let scored = candidates.filter_map(|cut| Some((marginal_error(means.get(cut..)?)?, cut)));
    let best = scored.min_by(|(one, first), (other, second)| one.total_cmp(other).then(first.cmp(second)));
    best.map_or(0, |(_, cut)| cut * batch)
}

/// The square of the standard error of the mean, but for a constant; none of no values.
fn marginal_error(rest: &[f64]) -> Option<f64> {
    let mean = mean(rest)?;
    let squares: f64 = rest.iter().map(|value| (value - mean) * (value - mean)).sum();
    Some(squares / (rest.len() as f64 * rest.len() as f64))
}

/// The probability that a series which has settled wanders from its mean as far as this one does; small where it trends or
/// has a level of its own at its beginning or its end. None of fewer than [`BATCHES`] values.
///
/// The series is parted into [`BATCHES`] batches of neighbours, whose means are nearly independent where a batch is longer
/// than the correlation of the series. If it is stationary, their ranks come in any order with the same probability. The
/// statistic is the Cramér-von Mises one of the standardised series, which Heidelberger and Welch 1983 (*Operations Research*
/// 31, 1109-1144) use after Schruben 1982: the sum of squares of the partial sums, here of ranks, less what a constant would
/// give (as Pettitt 1979 sums them for a change-point). Its distribution is counted over all orders of the ranks (8! =
/// 40,320), and is not the asymptotic one, which needs long series and the spectrum at zero. Integers decide, so that the
/// probability is the same on every machine.
///
/// At 5 %, the share of stationary series that it calls something else is 5 % without correlation, 6 % for 80 values of a
/// first-order autoregression with coefficient 0.5, and 10 % with 0.8, when a batch is hardly longer than the correlation: take
/// longer bins, or longer runs, where the correlation is long. Of series of 80 values with a trend of twice their standard
/// deviation from beginning to end it finds 8 in 10 (the tests measure all of these). What is over within the first batch it
/// cannot find, since any order of the batches puts some batch first: that is what [`warm_up`] is for.
pub fn stationarity(series: &[f64]) -> Option<f64> {
    let ranks = doubled_ranks(&batch_means(series)?);
    let all = 1_u32 << BATCHES;
    let sums: Vec<u64> = (0..all)
        .map(|set| {
            (0..BATCHES)
                .filter(|item| set >> item & 1 == 1)
                .map(|item| ranks[item])
                .sum()
        })
        .collect();
    let observed: u64 = (1..BATCHES).map(|count| excess(sums[(1 << count) - 1], count)).sum();
    let more = orders_as_extreme(&sums, 0, 0, observed);
    Some(more as f64 / (1..=BATCHES as u64).product::<u64>() as f64)
}

/// The means of batches of neighbours, as equal in length as can be.
fn batch_means(series: &[f64]) -> Option<[f64; BATCHES]> {
    if series.len() < BATCHES || series.iter().any(|value| !value.is_finite()) {
        return None;
    }
    let edge = |batch: usize| batch * series.len() / BATCHES;
    let means = std::array::from_fn(|batch| mean(&series[edge(batch)..edge(batch + 1)]).unwrap_or(f64::NAN));
    Some(means)
}

/// Twice the rank of each value, counted from 1; equal values share the mean of their ranks.
fn doubled_ranks(values: &[f64; BATCHES]) -> [u64; BATCHES] {
    values.map(|value| {
        let less = values.iter().filter(|other| **other < value).count() as u64;
        let equal = values.iter().filter(|other| **other == value).count() as u64;
        2 * less + equal + 1
    })
}

/// The square by which the sum of so many doubled ranks misses what a constant would give.
fn excess(sum: u64, count: usize) -> u64 {
    let expected = (count * (BATCHES + 1)) as u64;
    sum.abs_diff(expected).pow(2)
}

/// In how many orders of the ranks that are not yet in `taken` the statistic, `so_far` from those that are, comes to at
/// least `observed`.
fn orders_as_extreme(sums: &[u64], taken: usize, so_far: u64, observed: u64) -> u64 {
    let count = taken.count_ones() as usize;
    let remaining = BATCHES - count;
    if so_far >= observed {
        return (1..=remaining as u64).product();
    }
    let next = (0..BATCHES).map(|item| taken | 1 << item).filter(|next| *next != taken);
    next.map(|next| orders_as_extreme(sums, next, so_far + excess(sums[next], count + 1), observed))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::monte_carlo::Stream;

    #[test]
    fn the_cut_removes_what_lies_off_and_no_more() {
        let mut series = vec![50.0, 40.0, 30.0, 20.0, 12.0];
        series.extend([10.0, 11.0, 9.0, 10.5, 9.5].repeat(9));
        assert_eq!(warm_up(&series, 1), 5);
        assert_eq!(warm_up(&series, 5), 5);
        assert_eq!(warm_up(&series[5..], 1), 0);
        assert_eq!((warm_up(&[], 5), warm_up(&[1.0], 1), warm_up(&[3.0; 40], 1)), (0, 0, 0));
        assert_eq!(warm_up(&[9.0, 1.0, 1.0, 1.0, 1.0], 1), 0, "too short to tell");
        // A trend that never ends is cut at the half.
        let trend: Vec<f64> = (0..100).map(f64::from).collect();
        assert_eq!(warm_up(&trend, 1), 50);
        assert_eq!(warm_up(&trend, 5), 50);
    }

    #[test]
    fn the_cut_leaves_a_mean_without_the_bias_of_the_warm_up() {
        // A first-order autoregression that starts five standard deviations high and decays; Hoad et al. test such series.
        let (mut with, mut without, mut removed) = (0.0, 0.0, 0);
        for trial in 0..400 {
            let noise = Stream::new(trial).autoregression(100, 0.4);
            let decay = |place: usize| 5.0 * libm::exp(-(place as f64) / 8.0);
            let series: Vec<f64> = noise
                .iter()
                .enumerate()
                .map(|(place, noise)| noise + decay(place))
                .collect();
            let cut = warm_up(&series, 1);
            removed += cut;
            with += mean(&series).unwrap() / 400.0;
            without += mean(&series[cut..]).unwrap() / 400.0;
        }
        assert!(with > 0.38, "the warm-up biases the mean by {with}");
        assert!(without.abs() < 0.1, "a bias of {without} is left");
        assert!((10.0..30.0).contains(&(f64::from(removed as u32) / 400.0)), "{removed}");
    }

    /// The share of series that the test rejects at 5 %.
    fn rejected(trials: u64, series: impl Fn(&mut Stream) -> Vec<f64>) -> f64 {
        let small = (0..trials).filter(|trial| stationarity(&series(&mut Stream::new(*trial))).unwrap() < 0.05);
        small.count() as f64 / trials as f64
    }

    #[test]
    fn few_settled_series_are_rejected() {
        let share = |length, rho| rejected(2000, move |stream| stream.autoregression(length, rho));
        // Three standard errors are 1.5 percentage points.
        for length in [8, 20, 61] {
            let found = share(length, 0.0);
            assert!((0.03..0.065).contains(&found), "{length} independent values: {found}");
        }
        assert!(share(80, 0.5) < 0.085, "{}", share(80, 0.5));
        assert!(share(80, 0.8) < 0.12, "{}", share(80, 0.8));
        let skewed = rejected(2000, |stream| (0..40).map(|_| stream.exponential()).collect());
        assert!((0.03..0.065).contains(&skewed), "{skewed}");
    }

    #[test]
    fn most_series_that_have_not_settled_are_rejected() {
        let with = |shift: fn(f64) -> f64| {
            move |stream: &mut Stream| -> Vec<f64> {
                let noise = stream.autoregression(80, 0.3);
                noise
                    .iter()
                    .zip(0..)
                    .map(|(noise, place)| noise + shift(f64::from(place) / 80.0))
                    .collect()
            }
        };
        let trend = rejected(500, with(|part| 2.0 * part));
        assert!(trend > 0.75, "a trend of two standard deviations: {trend}");
        let step = rejected(500, with(|part| if part < 0.4 { 2.0 } else { 0.0 }));
        assert!(step > 0.75, "a step of two standard deviations: {step}");
        let decay = rejected(500, with(|part| 6.0 * libm::exp(-part * 6.0)));
        assert!(decay > 0.75, "a decay from six standard deviations: {decay}");
    }

    #[test]
    fn the_probability_is_exact() {
        // Monotone: the order itself and its reverse, of 40,320.
        let up: Vec<f64> = (0..8).map(f64::from).collect();
        assert_eq!(stationarity(&up), Some(2.0 / 40_320.0));
        // A constant wanders nowhere.
        assert_eq!(stationarity(&[1.0; 30]), Some(1.0));
        // One batch apart from seven equal ones: it stands at an end in two of eight orders.
        assert_eq!(stationarity(&[5.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]), Some(0.25));
        assert_eq!(stationarity(&[1.0; 7]), None);
        assert_eq!(stationarity(&[f64::NAN; 9]), None);
    }
}
