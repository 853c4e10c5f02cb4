//! What a scenario expects of its results: bands around published values, and the verdict on each.

mod percent;
mod report;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cell::{Cell, Conditions};
use crate::spec::{Checker, Problem, Schema, SpecError, describe, where_clause};
use crate::statistics::{Summary, paired, summarise};
use crate::table::{REPLICATION, Table};

pub use percent::Percent;
pub use report::report;

/// One `[[expect]]` of a scenario: the mean of a metric over replications must lie in a band. Exactly one of `within`,
/// `within_relative`, `at_least`, `at_most` and `between` says which.
///
/// ```toml
/// [[expect]]
/// table = "lookups"
/// metric = "visited_mean"
/// where = { nodes = 1024 }
/// published = 4.889
/// within = 0.10
/// cite = "Stoica et al. 2003, Fig. 10(a)"
/// ```
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// What a reader calls it; made from metric and conditions where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The table, as the name of its file without `.csv`.
    pub table: String,
    /// The column whose mean over the chosen rows is compared.
    pub metric: String,
    /// Which rows: one a replication.
    #[serde(default, rename = "where", skip_serializing_if = "Conditions::is_empty")]
    pub conditions: Conditions,
    /// What is taken over the replications: their `mean` (the default) or their `median`.
    #[serde(default, skip_serializing_if = "Statistic::is_mean")]
    pub statistic: Statistic,
    /// What is compared with: these columns have other values there, all else is as in `where`. The band is then one for the
    /// difference, the metric in the rows of `where` less the metric there, replication by replication: replications share
    /// their random numbers, so that a difference is known more precisely than either mean.
    #[serde(default, skip_serializing_if = "Conditions::is_empty")]
    pub paired_with: Conditions,
    /// The published value, in the column's unit. `within` and `within_relative` lie around it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<f64>,
    /// The band reaches this far to both sides of the published value, in the column's unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<f64>,
    /// The same as a share of the published value: `"5 %"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within_relative: Option<Percent>,
    /// The band is everything from here up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<f64>,
    /// The band is everything up to here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<f64>,
    /// The ends of the band, both allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub between: Option<[f64; 2]>,
    /// Where the published value stands, with figure, table or section.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cite: Option<String>,
}

/// What is taken over the replications of a metric.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Statistic {
    /// The arithmetic mean. Every replication must have a value.
    #[default]
    Mean,
    /// The median. A replication without a value counts as larger than all others: it is a time that was never reached. No
    /// interval is given.
    Median,
}

impl Statistic {
    fn is_mean(&self) -> bool {
        *self == Statistic::Mean
    }
}

/// What has become of one expectation.
#[derive(Clone, PartialEq, Debug)]
pub struct Verdict {
    /// The expectation.
    pub expectation: Expectation,
    /// The metric over the chosen rows; none where there is nothing to average.
    pub measured: Option<Summary>,
    /// The lowest and the highest mean allowed, infinite where the band is open.
    pub allowed: (f64, f64),
    /// Inside, or why not.
    pub outcome: Outcome,
}

/// Whether an expectation holds.
#[derive(Clone, PartialEq, Debug)]
pub enum Outcome {
    /// The mean over replications lies in the band, its ends included.
    Inside,
    /// It lies elsewhere.
    Outside,
    /// There is no such mean, for the reason given: never a pass.
    NoValue(String),
}

impl Verdict {
    /// Whether the expectation holds.
    pub fn inside(&self) -> bool {
        self.outcome == Outcome::Inside
    }
}

impl Expectation {
    /// The name, or one made from metric and conditions.
    pub fn title(&self) -> String {
        match &self.name {
            Some(name) => name.clone(),
            None => {
                let mut title = self.metric.clone();
                if !self.conditions.is_empty() {
                    title = format!("{title}, {}", describe(&self.conditions));
                }
                if !self.paired_with.is_empty() {
                    title = format!("{title}, less that where {}", describe(&self.paired_with));
                }
                title
            }
        }
    }

    /// Checks the expectation against the tables that a run will write.
    ///
    /// # Errors
    /// Unknown tables and columns, no band or several, a band without its published value, a published value without
    /// its citation, numbers that cannot be meant.
    pub fn check(&self, schema: &Schema) -> Result<(), SpecError> {
        let title = self.title();
        let checker = Checker {
            section: "expect",
            name: &title,
        };
        let columns = checker.table(schema, &self.table)?;
        checker.columns(&self.table, columns, [("metric", self.metric.as_str())])?;
        checker.conditions(&self.table, columns, &self.conditions)?;
        self.check_pairing(&checker, columns)?;
        let mean_of_differences = self.paired_with.is_empty() || self.statistic.is_mean();
        checker.require(
            mean_of_differences,
            "statistic",
            "the mean with `paired_with`",
            "the median",
        )?;
        let cited = self.published.is_none() || self.cite.as_ref().is_some_and(|cite| !cite.trim().is_empty());
        checker.require(cited, "cite", "the source of the published value", "none")?;
        self.allowed()
            .map(|_| ())
            .map_err(|(key, problem)| checker.error(key, problem))
    }

    /// Compares the metric's mean over the chosen rows with the band. Whatever prevents that is outside, with the reason.
    pub fn evaluate(&self, table: &Table) -> Verdict {
        let verdict = |measured, allowed, outcome| Verdict {
            expectation: self.clone(),
            measured,
            allowed,
            outcome,
        };
        let everything = (f64::NEG_INFINITY, f64::INFINITY);
        match (self.allowed(), self.measure(table)) {
            (Err((key, problem)), measured) => verdict(
                measured.ok(),
                everything,
                Outcome::NoValue(format!("key `{key}`: {problem}")),
            ),
            (Ok(allowed), Err(reason)) => verdict(None, allowed, Outcome::NoValue(reason)),
            (Ok(allowed), Ok(summary)) => {
                let inside = allowed.0 <= summary.mean && summary.mean <= allowed.1;
                verdict(
                    Some(summary),
                    allowed,
                    if inside { Outcome::Inside } else { Outcome::Outside },
                )
            }
        }
    }

    /// Refuses a comparison that is with nothing, or with itself.
    fn check_pairing(&self, checker: &Checker<'_>, columns: &[String]) -> Result<(), SpecError> {
        if self.paired_with.is_empty() {
            return Ok(());
        }
        for column in self.paired_with.keys() {
            checker.columns(
                &self.table,
                columns,
                [(format!("paired_with.{column}").as_str(), column.as_str())],
            )?;
        }
        checker.columns(&self.table, columns, [("paired_with", REPLICATION)])?;
        let itself = self
            .paired_with
            .iter()
            .all(|(column, value)| self.conditions.get(column) == Some(value));
        let found = describe(&self.paired_with);
        checker.require(!itself, "paired_with", "other values than those of `where`", &found)
    }

    /// The mean over the chosen rows, or of their differences from those that they are paired with; or why there is none.
    fn measure(&self, table: &Table) -> Result<Summary, String> {
        match self.statistic {
            _ if !self.paired_with.is_empty() => self.difference(table),
            Statistic::Mean => self.mean(table),
            Statistic::Median => self.median(table),
        }
    }

    /// The median over the chosen rows, those without a value being larger than all others.
    fn median(&self, table: &Table) -> Result<Summary, String> {
        let rows = table.select(&self.conditions).map_err(|error| error.to_string())?;
        // Grouped only to refuse rows that repeat a replication.
        summarise(&rows, &[], &self.metric).map_err(|error| error.to_string())?;
        let values = rows.numbers(&self.metric).map_err(|error| error.to_string())?;
        let mut values: Vec<f64> = values.into_iter().map(|value| value.unwrap_or(f64::INFINITY)).collect();
        values.sort_by(f64::total_cmp);
        let n = values.len();
        let Some(median) = values.get(n / 2).map(|upper| (upper + values[(n - 1) / 2]) / 2.0) else {
            let place = where_clause(&self.conditions);
            return Err(format!("no row in table `{}`{place}", self.table));
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
    fn difference(&self, table: &Table) -> Result<Summary, String> {
        let mut there = self.conditions.clone();
        there.extend(self.paired_with.clone());
        let (own, other) = (
            self.by_replication(table, &self.conditions)?,
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
            (0, _) => Err(format!("no row in table `{}`{}", self.table, where_clause(conditions))),
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
    fn mean(&self, table: &Table) -> Result<Summary, String> {
        let rows = table.select(&self.conditions).map_err(|error| error.to_string())?;
        let groups = summarise(&rows, &[], &self.metric).map_err(|error| error.to_string())?;
        let Some(group) = groups.first() else {
            return Err(format!(
                "no row in table `{}`{}",
                self.table,
                where_clause(&self.conditions)
            ));
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

    /// The lowest and the highest mean allowed; on error the key at fault.
    fn allowed(&self) -> Result<(f64, f64), (&'static str, Problem)> {
        let relative = self.within_relative.map(|percent| percent.0);
        let numbers = [
            ("published", self.published),
            ("within", self.within),
            ("within_relative", relative),
            ("at_least", self.at_least),
            ("at_most", self.at_most),
            ("between", self.between.map(|[low, _]| low)),
            ("between", self.between.map(|[_, high]| high)),
        ];
        for (key, number) in numbers {
            if let Some(number) = number.filter(|number| !number.is_finite()) {
                return Err((key, Problem::unexpected("a finite number", number.to_string())));
            }
        }
        match (self.within, relative, self.at_least, self.at_most, self.between) {
            (Some(reach), None, None, None, None) => self.around("within", reach),
            (None, Some(percent), None, None, None) => {
                let reach = self.published.map_or(0.0, f64::abs) * percent / 100.0;
                if self.published == Some(0.0) {
                    let expected = "an absolute `within` where the published value is 0";
                    return Err((
                        "within_relative",
                        Problem::unexpected(expected, format!("{percent} % of it")),
                    ));
                }
                self.around("within_relative", reach)
            }
            (None, None, Some(low), None, None) => Ok((low, f64::INFINITY)),
            (None, None, None, Some(high), None) => Ok((f64::NEG_INFINITY, high)),
            (None, None, None, None, Some([low, high])) if low <= high => Ok((low, high)),
            (None, None, None, None, Some([low, high])) => Err((
                "between",
                Problem::unexpected("the lower end first", format!("[{low}, {high}]")),
            )),
            _ => Err(("within", self.not_one_band())),
        }
    }

    /// The band around the published value.
    fn around(&self, key: &'static str, reach: f64) -> Result<(f64, f64), (&'static str, Problem)> {
        let Some(published) = self.published else {
            return Err((
                "published",
                Problem::unexpected(format!("the value that `{key}` lies around"), "none"),
            ));
        };
        if reach < 0.0 {
            return Err((key, Problem::unexpected("a band of 0 or more", reach.to_string())));
        }
        Ok((published - reach, published + reach))
    }

    fn not_one_band(&self) -> Problem {
        let bands = [
            ("within", self.within.is_some()),
            ("within_relative", self.within_relative.is_some()),
            ("at_least", self.at_least.is_some()),
            ("at_most", self.at_most.is_some()),
            ("between", self.between.is_some()),
        ];
        let given: Vec<&str> = bands.iter().filter(|(_, given)| *given).map(|(key, _)| *key).collect();
        Problem::NotOne {
            expected: bands.map(|(key, _)| key).join(", "),
            found: if given.is_empty() {
                "none".to_owned()
            } else {
                given.join(", ")
            },
        }
    }
}

#[cfg(test)]
mod tests;
