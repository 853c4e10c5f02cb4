//! What of an expectation can be refused before the run.

use super::Expectation;
use crate::cell::Conditions;
use crate::spec::{Checker, Problem, Schema, SpecError, describe};
use crate::table::REPLICATION;

impl Expectation {
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
        self.check_comparisons(&checker, columns)?;
        self.check_sweep(&checker, columns)?;
        self.check_hull(&checker, columns)?;
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

    /// Refuses comparisons that exclude each other, are with nothing, or with themselves.
    fn check_comparisons(&self, checker: &Checker<'_>, columns: &[String]) -> Result<(), SpecError> {
        let keys = [
            ("paired_with", !self.paired_with.is_empty()),
            ("relative_to", !self.relative_to.is_empty()),
            ("fit", self.fit.is_some()),
        ];
        let given: Vec<&str> = keys.iter().filter(|(_, given)| *given).map(|(key, _)| *key).collect();
        if let [_, second, ..] = given[..] {
            let expected = keys.map(|(key, _)| key).join(", ");
            let found = given.join(", ");
            return Err(checker.error(second, Problem::NotOne { expected, found }));
        }
        let paired = (!self.paired_with.is_empty()).then_some(("paired_with", &self.paired_with));
        let relative = self.relative_to.iter().map(|other| ("relative_to", other));
        for (key, other) in paired.into_iter().chain(relative) {
            self.check_other(checker, columns, key, other)?;
        }
        Ok(())
    }

    /// Refuses rows to compare with that cannot be, or are those of `where`.
    fn check_other(
        &self,
        checker: &Checker<'_>,
        columns: &[String],
        key: &str,
        other: &Conditions,
    ) -> Result<(), SpecError> {
        for column in other.keys() {
            let wanted = [(format!("{key}.{column}"), column.as_str())];
            let wanted = wanted.iter().map(|(key, column)| (key.as_str(), *column));
            checker.columns(&self.table, columns, wanted)?;
        }
        checker.columns(&self.table, columns, [(key, REPLICATION)])?;
        let itself = other
            .iter()
            .all(|(column, value)| self.conditions.get(column) == Some(value));
        let found = if other.is_empty() {
            "none".to_owned()
        } else {
            describe(other)
        };
        checker.require(!itself, key, "other values than those of `where`", &found)
    }

    /// Refuses a hull of a cost that is not there, and one of which something else than a mean is asked.
    fn check_hull(&self, checker: &Checker<'_>, columns: &[String]) -> Result<(), SpecError> {
        let Some(hull) = &self.hull else { return Ok(()) };
        checker.columns(
            &self.table,
            columns,
            [("hull.cost", hull.cost.as_str()), ("hull", REPLICATION)],
        )?;
        checker.require(hull.at.is_finite(), "hull.at", "a finite number", "another")?;
        let others = [
            ("paired_with", !self.paired_with.is_empty()),
            ("fit", self.fit.is_some()),
            ("statistic", !self.statistic.is_mean()),
        ];
        for (key, given) in others {
            checker.require(!given, key, "none with `hull`, which is of means", "one")?;
        }
        Ok(())
    }

    /// Refuses columns that a sweep is seen along which are not there, or chosen already.
    fn check_sweep(&self, checker: &Checker<'_>, columns: &[String]) -> Result<(), SpecError> {
        let fitted = self.fit.as_ref().map(|fit| ("fit.x", fit.x.as_str()));
        let each = self.at_each.as_deref().map(|column| ("at_each", column));
        for (key, column) in fitted.into_iter().chain(each) {
            checker.columns(&self.table, columns, [(key, column)])?;
            let found = format!("`{column}`, which `where` chooses one value of");
            checker.require(!self.conditions.contains_key(column), key, "another column", &found)?;
        }
        let same = fitted.zip(each).is_some_and(|((_, fitted), (_, each))| fitted == each);
        checker.require(!same, "at_each", "another column than that of `fit.x`", "the same")
    }
}
