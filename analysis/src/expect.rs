//! What a scenario expects of its results: bands around published values, and the verdict on each.

mod band;
mod check;
mod fit;
mod hull;
mod measure;
mod percent;
mod relative;
mod report;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cell::Conditions;
use crate::spec::describe;
use crate::statistics::Summary;
use crate::table::Table;

pub use fit::{Fit, Law, Quality};
pub use hull::BestAt;
pub use percent::Percent;
pub use relative::Relative;
pub use report::report;

/// One `[[expect]]` of a scenario: the mean of a metric over replications must lie in a band. Exactly one of `within`,
/// `within_relative`, `at_least`, `at_most` and `between` says which. With one of `paired_with`, `relative_to` and `fit` the band is
/// for a difference, a ratio, or how well a law fits.
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
    /// What is compared with, as in `paired_with`, but the band is for a ratio: the mean (or the median) in the rows of `where` over
    /// that there. Of means, only replications count that both sides have. Of a list of several such tables, each divides what
    /// those before it make: two are a ratio of ratios.
    #[serde(default, skip_serializing_if = "Relative::is_empty")]
    pub relative_to: Relative,
    /// How well a law fits the points of a sweep.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fit: Option<Fit>,
    /// The metric's best at a cost, over the points of a sweep. With `relative_to` it is over the best at that cost there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hull: Option<BestAt>,
    /// A column: the band must hold at each of its values in the rows of `where`. What is reported is the value that is furthest
    /// outside, or nearest to an end of the band.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_each: Option<String>,
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
    /// Where that is, of an expectation that must hold at each value of a column; empty otherwise.
    pub at: Conditions,
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

    /// Where the value was measured that is reported, of an expectation that must hold at several places.
    pub fn place(&self) -> Option<String> {
        (!self.at.is_empty()).then(|| describe(&self.at))
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
                for other in self.relative_to.iter() {
                    title = format!("{title}, over that where {}", describe(other));
                }
                if let Some(fit) = &self.fit {
                    title = format!("{title}, {fit}");
                }
                if let Some(hull) = &self.hull {
                    title = format!("{title}, {hull}");
                }
                if let Some(column) = &self.at_each {
                    title = format!("{title}, at each {column}");
                }
                title
            }
        }
    }

    /// Compares the metric's mean over the chosen rows with the band. Whatever prevents that is outside, with the reason.
    pub fn evaluate(&self, table: &Table) -> Verdict {
        let verdict = |measured, at, allowed, outcome| Verdict {
            expectation: self.clone(),
            measured,
            at,
            allowed,
            outcome,
        };
        let allowed = match self.allowed() {
            Ok(allowed) => allowed,
            Err((key, problem)) => {
                let everything = (f64::NEG_INFINITY, f64::INFINITY);
                let reason = format!("key `{key}`: {problem}");
                return verdict(None, Conditions::new(), everything, Outcome::NoValue(reason));
            }
        };
        match self.furthest(table, allowed) {
            Err(reason) => verdict(None, Conditions::new(), allowed, Outcome::NoValue(reason)),
            Ok((at, summary)) => {
                let inside = excess(&summary, allowed) <= 0.0;
                let outcome = if inside { Outcome::Inside } else { Outcome::Outside };
                verdict(Some(summary), at, allowed, outcome)
            }
        }
    }

    /// What is measured, and where: of several places the one that is furthest outside the band; or why there is nothing.
    fn furthest(&self, table: &Table, allowed: (f64, f64)) -> Result<(Conditions, Summary), String> {
        let mut furthest: Option<(Conditions, Summary)> = None;
        for at in self.places(table)? {
            let mut conditions = self.conditions.clone();
            conditions.extend(at.clone());
            let summary = self.measure(table, &conditions)?;
            if furthest
                .as_ref()
                .is_none_or(|(_, other)| excess(&summary, allowed) > excess(other, allowed))
            {
                furthest = Some((at, summary));
            }
        }
        furthest.ok_or_else(|| self.no_row(&self.conditions))
    }
}

/// How far a mean lies outside a band; negative inside.
fn excess(summary: &Summary, (low, high): (f64, f64)) -> f64 {
    (low - summary.mean).max(summary.mean - high)
}

#[cfg(test)]
mod tests;
