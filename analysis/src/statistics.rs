//! Means with intervals over replications, paired differences, quantiles and their intervals, warm-up and stationarity.

mod fit;
mod hull;
#[cfg(test)]
mod monte_carlo;
mod order;
mod paired;
mod ratio;
mod sequential;
mod stationarity;

use std::collections::{BTreeMap, BTreeSet};

use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::cell::{Cell, Conditions};
use crate::spec::where_clause;
use crate::table::{REPLICATION, Table, TableError};

pub use fit::{Line, least_squares};
pub use hull::{hull_height, lower_left_hull};
pub use order::{QuantileRanks, quantile_interval, quantile_ranks};
pub use paired::{Paired, paired, welch_half_width};
pub use ratio::ratio_of_means;
pub use sequential::{next_look, precise_enough};
pub use stationarity::{BATCHES, stationarity, warm_up};

/// A mean over replications and how far it can be trusted.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Summary {
    /// How many values the mean is of.
    pub n: u64,
    /// Their arithmetic mean.
    pub mean: f64,
    /// Half the width of the 95 % confidence interval of the mean, by Student's t with n - 1 degrees of freedom. None
    /// for a single value, which tells nothing of its own spread.
    pub half_width: Option<f64>,
}

impl Summary {
    /// The summary of independent values; none if there is no value.
    pub fn of(values: &[f64]) -> Option<Summary> {
        let n = values.len() as u64;
        let half_width = sample_variance(values).map(|variance| t_quantile(n - 1) * (variance / n as f64).sqrt());
        mean(values).map(|mean| Summary { n, mean, half_width })
    }

    /// The ends of the 95 % confidence interval, if there is one.
    pub fn interval(&self) -> Option<(f64, f64)> {
        self.half_width
            .map(|half_width| (self.mean - half_width, self.mean + half_width))
    }
}

/// The arithmetic mean; none of no values. Summed in the order given.
pub fn mean(values: &[f64]) -> Option<f64> {
    let mut mean = RunningMean::default();
    mean.extend(values.iter().copied());
    mean.mean()
}

/// The arithmetic mean of values that come one by one: that of [`mean`], to the last bit.
#[derive(Clone, Copy, Debug, Default)]
pub struct RunningMean {
    sum: f64,
    count: u64,
}

impl RunningMean {
    /// The mean of those that have come; none of no values.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / self.count as f64)
    }
}

impl Extend<f64> for RunningMean {
    fn extend<T: IntoIterator<Item = f64>>(&mut self, values: T) {
        for value in values {
            self.sum += value;
            self.count += 1;
        }
    }
}

/// The unbiased sample variance (divided by n - 1), in two passes; none of fewer than two values.
pub fn sample_variance(values: &[f64]) -> Option<f64> {
    let mean = mean(values).filter(|_| values.len() > 1)?;
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    Some(squares / (values.len() - 1) as f64)
}

/// The 97.5 % quantile of Student's t distribution with at least one degree of freedom: what a two-sided 95 % interval
/// multiplies the standard error by.
///
/// Rounded to six significant digits. statrs computes it with the logarithm and exponential of whatever library its
/// build selects, and their last bits differ between machines; six digits are far coarser than that difference and
/// far finer than any interval is read.
pub fn t_quantile(degrees_of_freedom: u64) -> f64 {
    let quantile = StudentsT::new(0.0, 1.0, degrees_of_freedom as f64).map_or(f64::NAN, |t| t.inverse_cdf(0.975));
    format!("{quantile:.5e}").parse().unwrap_or(quantile)
}

/// The quantile `part / of` of integer observations given as (value, how often) in ascending order of value, by nearest
/// rank: the smallest value that at least `part / of` of the observations do not exceed, so always a value that
/// occurred. The 99th percentile is `quantile(histogram, 99, 100)`. None if nothing was observed. Exact: no
/// floating-point arithmetic is involved.
pub fn quantile(histogram: impl IntoIterator<Item = (u64, u64), IntoIter: Clone>, part: u64, of: u64) -> Option<u64> {
    let histogram = histogram.into_iter().filter(|(_, count)| *count > 0);
    let total: u128 = histogram.clone().map(|(_, count)| u128::from(count)).sum();
    let rank = (total * u128::from(part))
        .div_ceil(u128::from(of.max(1)))
        .clamp(1, total.max(1));
    let mut below = 0;
    histogram.into_iter().find_map(|(value, count)| {
        below += u128::from(count);
        (below >= rank).then_some(value)
    })
}

/// The rows of a table that agree in the columns grouped by, and what one other column says of them.
#[derive(Clone, PartialEq, Debug)]
pub struct Group {
    /// The values the rows agree in, in the order of the columns grouped by.
    pub key: Vec<Cell>,
    /// The summary of the value column over the rows that have a value; none if no row has.
    pub summary: Option<Summary>,
    /// How many rows have no value.
    pub missing: u64,
}

/// Summarises one column over the rows that agree in the columns `by`; groups in order of appearance.
///
/// # Errors
/// [`TableError::UnknownColumn`], [`TableError::NotANumber`], and [`TableError::RepeatedReplication`] where a table with
/// a [`REPLICATION`] column has several rows of one replication in a group.
pub fn summarise(table: &Table, by: &[&str], value: &str) -> Result<Vec<Group>, TableError> {
    let numbers = table.numbers(value)?;
    let groups = group_rows(table, by)?;
    let summarised = groups.into_iter().map(|(key, rows)| {
        let values: Vec<f64> = rows.iter().filter_map(|&row| numbers[row]).collect();
        Group {
            key,
            summary: Summary::of(&values),
            missing: (rows.len() - values.len()) as u64,
        }
    });
    Ok(summarised.collect())
}

/// The rows that agree in some columns: the values they agree in, and their numbers.
type RowGroup = (Vec<Cell>, Vec<usize>);

/// Row numbers grouped by the values of some columns, in order of appearance.
fn group_rows(table: &Table, by: &[&str]) -> Result<Vec<RowGroup>, TableError> {
    let columns: Vec<usize> = by
        .iter()
        .map(|name| table.column_index(name))
        .collect::<Result<_, _>>()?;
    let mut places: BTreeMap<Vec<&Cell>, usize> = BTreeMap::new();
    let mut groups: Vec<RowGroup> = Vec::new();
    for (number, row) in table.rows().enumerate() {
        let key: Vec<&Cell> = columns.iter().map(|&column| &row[column]).collect();
        let values = || key.iter().map(|&cell| cell.clone()).collect();
        let place = *places.entry(key.clone()).or_insert_with(|| {
            groups.push((values(), Vec::new()));
            groups.len() - 1
        });
        groups[place].1.push(number);
    }
    for (key, rows) in &groups {
        refuse_repeated_replications(table, by, key, rows)?;
    }
    Ok(groups)
}

/// One replication repeated within a group would count as several independent ones and narrow the interval.
fn refuse_repeated_replications(table: &Table, by: &[&str], key: &[Cell], rows: &[usize]) -> Result<(), TableError> {
    let Ok(column) = table.column_index(REPLICATION) else {
        return Ok(());
    };
    let mut seen = BTreeSet::new();
    for row in rows.iter().filter_map(|&row| table.rows().nth(row)) {
        if !seen.insert(&row[column]) {
            let group: Conditions = by
                .iter()
                .map(|name| (*name).to_owned())
                .zip(key.iter().cloned())
                .collect();
            return Err(TableError::RepeatedReplication {
                replication: row[column].to_string(),
                group: where_clause(&group),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t_quantiles_agree_with_printed_tables() {
        // Student's t, two-sided 95 %: the columns of any textbook's table.
        for (degrees, expected) in [
            (1, 12.706),
            (2, 4.303),
            (3, 3.182),
            (4, 2.776),
            (9, 2.262),
            (29, 2.045),
            (120, 1.980),
            (100_000, 1.960),
        ] {
            let quantile = t_quantile(degrees);
            assert!((quantile - expected).abs() < 5e-4, "{degrees}: {quantile}");
        }
    }

    #[test]
    fn t_quantiles_do_not_lie_where_rounding_could_go_either_way() {
        // The seventh and eighth digit decide the rounding; a last-bit difference must not reach them.
        for degrees in 1..=1000 {
            let exact = StudentsT::new(0.0, 1.0, degrees as f64).unwrap().inverse_cdf(0.975);
            let moved = |factor: f64| format!("{:.5e}", exact * factor);
            assert_eq!(moved(1.0 - 1e-12), moved(1.0 + 1e-12), "{degrees}");
        }
    }

    #[test]
    fn a_summary_is_the_textbook_interval() {
        let summary = Summary::of(&[2.0, 4.0, 4.0, 4.0, 6.0]).unwrap();
        assert_eq!((summary.n, summary.mean), (5, 4.0));
        // Variance 2, standard error sqrt(2/5), t quantile 2.77645.
        assert!((summary.half_width.unwrap() - 2.776_45 * 0.4_f64.sqrt()).abs() < 1e-12);
        assert_eq!(Summary::of(&[3.0]).unwrap().half_width, None);
        assert_eq!(Summary::of(&[3.0, 3.0]).unwrap().half_width, Some(0.0));
        assert_eq!(Summary::of(&[]), None);
    }

    #[test]
    fn quantiles_are_nearest_rank() {
        // The textbook's ordered list 15, 20, 35, 40, 50.
        let list = [(15, 1), (20, 1), (35, 1), (40, 1), (50, 1)];
        let quantiles: Vec<_> = [5, 30, 40, 50, 100]
            .iter()
            .map(|&p| quantile(list, p, 100).unwrap())
            .collect();
        assert_eq!(quantiles, [15, 20, 20, 35, 50]);
        assert_eq!(quantile(list, 0, 100), Some(15));
        assert_eq!(quantile([(1, 99), (7, 1)], 99, 100), Some(1));
        assert_eq!(quantile([(1, 98), (5, 0), (7, 2)], 99, 100), Some(7));
        assert_eq!(quantile([(3, 0)], 50, 100), None);
        assert_eq!(quantile([(1, u64::MAX), (2, u64::MAX)], 999, 1000), Some(2));
    }

    fn runs(rows: &[(u64, u64, Option<f64>)]) -> Table {
        let mut table = Table::new(&["nodes", REPLICATION, "hops"]);
        for &(nodes, replication, hops) in rows {
            table.push_row([nodes.into(), replication.into(), hops.into()]).unwrap();
        }
        table
    }

    #[test]
    fn groups_appear_in_order_and_count_what_is_missing() {
        let table = runs(&[
            (16, 0, Some(2.0)),
            (8, 0, None),
            (16, 1, Some(3.0)),
            (8, 1, None),
            (16, 2, None),
        ]);
        let groups = summarise(&table, &["nodes"], "hops").unwrap();
        assert_eq!(groups.len(), 2);
        assert_eq!(groups[0].key, [Cell::from(16_u64)]);
        assert_eq!(
            groups[0].summary.map(|summary| (summary.n, summary.mean)),
            Some((2, 2.5))
        );
        assert_eq!((groups[0].missing, groups[1].missing), (1, 2));
        assert_eq!(groups[1].summary, None);
    }

    #[test]
    fn one_replication_never_counts_twice() {
        let table = runs(&[(8, 0, Some(1.0)), (8, 1, Some(2.0)), (16, 1, Some(2.0))]);
        assert!(summarise(&table, &["nodes"], "hops").is_ok());
        let message = summarise(&table, &[], "hops").unwrap_err().to_string();
        assert!(message.starts_with("replication 1 has several rows"), "{message}");
    }
}
