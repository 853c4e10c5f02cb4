//! What is measured of an expectation.

use std::collections::BTreeMap;

use super::{Expectation, Fit, Statistic};
use crate::cell::{Cell, Conditions};
use crate::spec::where_clause;
use crate::statistics::{Summary, paired, ratio_of_means, summarise};
use crate::table::{REPLICATION, Table};

impl Expectation {
    /// The places at which the band must hold, each as conditions beside those of `where`.
    pub(super) fn places(&self, table: &Table) -> Result<Vec<Conditions>, String> {
        let Some(column) = &self.at_each else {
            return Ok(vec![Conditions::new()]);
        };
        let rows = table.select(&self.conditions).map_err(|error| error.to_string())?;
        let values = rows.distinct(column).map_err(|error| error.to_string())?;
        Ok(values
            .into_iter()
            .map(|value| Conditions::from([(column.clone(), value)]))
            .collect())
    }

    /// What is compared with the band, under these conditions; or why there is nothing.
    pub(super) fn measure(&self, table: &Table, conditions: &Conditions) -> Result<Summary, String> {
        if let Some(fit) = &self.fit {
            return self.fitted(fit, table, conditions);
        }
        if let Some(hull) = &self.hull {
            return self.ratio_of(conditions, |conditions| self.best_at(hull, table, conditions));
        }
        if !self.paired_with.is_empty() {
            return self.difference(table, conditions);
        }
        match self.statistic {
            Statistic::Mean if self.relative_to.is_empty() => self.mean(table, conditions),
            Statistic::Mean => self.ratio_of_means(table, conditions),
            Statistic::Median => self.ratio_of(conditions, |conditions| self.median(table, conditions)),
        }
    }

    /// That nothing fulfils the conditions.
    pub(super) fn no_row(&self, conditions: &Conditions) -> String {
        format!("no row in table `{}`{}", self.table, where_clause(conditions))
    }

    /// How well the law fits the points, each of them a mean or a median over replications.
    fn fitted(&self, fit: &Fit, table: &Table, conditions: &Conditions) -> Result<Summary, String> {
        let rows = table.select(conditions).map_err(|error| error.to_string())?;
        let mut points = Vec::new();
        for x in rows.distinct(&fit.x).map_err(|error| error.to_string())? {
            let mut there = conditions.clone();
            there.insert(fit.x.clone(), x.clone());
            let y = match self.statistic {
                Statistic::Mean => self.mean(table, &there)?,
                Statistic::Median => self.median(table, &there)?,
            };
            let x = x
                .number()
                .ok_or_else(|| format!("`{}` is \"{x}\", no number, somewhere", fit.x))?;
            points.push((x, y.mean));
        }
        let quality = fit.measure(&points)?;
        Ok(Summary {
            n: points.len() as u64,
            mean: quality,
            half_width: None,
        })
    }

    /// The means of the rows over those of the rows that they are relative to, over the replications that all of them have.
    fn ratio_of_means(&self, table: &Table, conditions: &Conditions) -> Result<Summary, String> {
        let sides = self.relative_to.sides(conditions);
        let by_replication = |conditions: &Conditions| self.by_replication(table, conditions);
        let over: Vec<_> = sides.over.iter().map(by_replication).collect::<Result<_, _>>()?;
        let under: Vec<_> = sides.under.iter().map(by_replication).collect::<Result<_, _>>()?;
        match ratio_of_means(&over, &under) {
            (0, _) => Err("no replication has a row on all sides of the comparison".to_owned()),
            (_, ratio) => ratio.ok_or_else(|| self.no_ratio()),
        }
    }

    /// A value of the rows, which has no interval, over those of the rows that they are relative to.
    fn ratio_of(
        &self,
        conditions: &Conditions,
        value: impl Fn(&Conditions) -> Result<Summary, String>,
    ) -> Result<Summary, String> {
        let sides = self.relative_to.sides(conditions);
        let (mut ratio, mut n) = (1.0, u64::MAX);
        for (conditions, under) in sides.all() {
            let value = value(conditions)?;
            n = n.min(value.n);
            ratio = if under { ratio / value.mean } else { ratio * value.mean };
        }
        let mean = Some(ratio)
            .filter(|ratio| ratio.is_finite())
            .ok_or_else(|| self.no_ratio())?;
        Ok(Summary {
            n,
            mean,
            half_width: None,
        })
    }

    fn no_ratio(&self) -> String {
        format!("the ratio of `{}` is not finite: it is relative to zero", self.metric)
    }

    /// The median over the chosen rows, those without a value being larger than all others.
    fn median(&self, table: &Table, conditions: &Conditions) -> Result<Summary, String> {
        let rows = table.select(conditions).map_err(|error| error.to_string())?;
        // Grouped only to refuse rows that repeat a replication.
        summarise(&rows, &[], &self.metric).map_err(|error| error.to_string())?;
        let values = rows.numbers(&self.metric).map_err(|error| error.to_string())?;
        let mut values: Vec<f64> = values.into_iter().map(|value| value.unwrap_or(f64::INFINITY)).collect();
        values.sort_by(f64::total_cmp);
        let n = values.len();
        let Some(median) = values.get(n / 2).map(|upper| (upper + values[(n - 1) / 2]) / 2.0) else {
            return Err(self.no_row(conditions));
        };
        if !median.is_finite() {
            let missing = values.iter().filter(|value| value.is_infinite()).count();
            return Err(format!(
                "`{}` is empty in {missing} of {n} rows, and so has no median",
                self.metric
            ));
        }
        Ok(Summary {
            n: n as u64,
            mean: median,
            half_width: None,
        })
    }

    /// The mean difference, over the replications that have both.
    fn difference(&self, table: &Table, conditions: &Conditions) -> Result<Summary, String> {
        let mut there = conditions.clone();
        there.extend(self.paired_with.clone());
        let (own, other) = (
            self.by_replication(table, conditions)?,
            self.by_replication(table, &there)?,
        );
        let pairs = own
            .iter()
            .filter_map(|(replication, own)| Some((*own, *other.get(replication)?)));
        let (own, other): (Vec<f64>, Vec<f64>) = pairs.unzip();
        match paired(&other, &own).map(|paired| paired.difference) {
            Some(difference) if difference.mean.is_finite() => Ok(difference),
            Some(difference) => Err(format!(
                "the mean difference of `{}` is {}",
                self.metric, difference.mean
            )),
            None => Err("no replication has a row on both sides of the comparison".to_owned()),
        }
    }

    /// The metric in the rows where the conditions hold, one a replication.
    fn by_replication(&self, table: &Table, conditions: &Conditions) -> Result<BTreeMap<Cell, f64>, String> {
        let rows = table.select(conditions).map_err(|error| error.to_string())?;
        let groups = summarise(&rows, &[REPLICATION], &self.metric).map_err(|error| error.to_string())?;
        let missing = groups.iter().filter(|group| group.summary.is_none()).count();
        match (groups.len(), missing) {
            (0, _) => Err(self.no_row(conditions)),
            (_, 0) => Ok(groups
                .into_iter()
                .filter_map(|group| Some((group.key.into_iter().next()?, group.summary?.mean)))
                .collect()),
            (all, missing) => Err(format!(
                "`{}` is empty in {missing} of {all} rows{}",
                self.metric,
                where_clause(conditions)
            )),
        }
    }

    /// The mean over the chosen rows.
    fn mean(&self, table: &Table, conditions: &Conditions) -> Result<Summary, String> {
        let rows = table.select(conditions).map_err(|error| error.to_string())?;
        let groups = summarise(&rows, &[], &self.metric).map_err(|error| error.to_string())?;
        let Some(group) = groups.first() else {
            return Err(self.no_row(conditions));
        };
        match group.summary {
            Some(summary) if group.missing == 0 && summary.mean.is_finite() => Ok(summary),
            Some(summary) if group.missing == 0 => Err(format!("the mean of `{}` is {}", self.metric, summary.mean)),
            _ => Err(format!(
                "`{}` is empty in {} of {} rows",
                self.metric,
                group.missing,
                rows.len()
            )),
        }
    }
}
