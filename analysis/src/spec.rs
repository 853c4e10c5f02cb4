//! What figures and expectations ask of tables can be checked before a run, against the tables that it will write.

use std::collections::BTreeMap;

use thiserror::Error;

use crate::cell::Conditions;

/// The tables that a run will write, and their columns.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    tables: BTreeMap<String, Vec<String>>,
}

impl Schema {
    /// No table.
    pub fn new() -> Self {
        Schema::default()
    }

    /// The same with one table more.
    #[must_use]
    pub fn with<S: AsRef<str>>(mut self, table: &str, columns: &[S]) -> Self {
        self.tables.insert(
            table.to_owned(),
            columns.iter().map(|name| name.as_ref().to_owned()).collect(),
        );
        self
    }

    /// The tables and their columns, by name.
    pub fn tables(&self) -> impl Iterator<Item = (&str, &[String])> {
        let tables = self.tables.iter();
        tables.map(|(name, columns)| (name.as_str(), columns.as_slice()))
    }

    /// The columns of a table.
    pub(crate) fn columns(&self, table: &str) -> Result<&[String], Problem> {
        self.tables
            .get(table)
            .map(Vec::as_slice)
            .ok_or_else(|| Problem::UnknownTable {
                table: table.to_owned(),
                tables: self.tables.keys().cloned().collect(),
            })
    }
}

/// An error in a `[[figure]]` or an `[[expect]]`, found before the run.
#[derive(Clone, Debug, PartialEq, Error)]
#[error("{section} `{name}`, key `{key}`: {problem}")]
pub struct SpecError {
    /// `figure` or `expect`.
    pub section: &'static str,
    /// The figure's or the expectation's name.
    pub name: String,
    /// The key at fault within the section, dotted: `lines.y`, `where.nodes`.
    pub key: String,
    /// What is wrong.
    pub problem: Box<Problem>,
}

/// What is wrong with a figure or an expectation.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum Problem {
    /// The run writes no such table.
    #[error("unknown table `{table}`; tables are: {}{}", tables.join(", "), did_you_mean(table, tables))]
    UnknownTable {
        /// The name asked for.
        table: String,
        /// The tables there are.
        tables: Vec<String>,
    },
    /// The table has no such column.
    #[error(
        "unknown column `{column}` in table `{table}`; columns are: {}{}",
        columns.join(", "),
        did_you_mean(column, columns)
    )]
    UnknownColumn {
        /// The name asked for.
        column: String,
        /// The table.
        table: String,
        /// The columns there are.
        columns: Vec<String>,
    },
    /// Several keys exclude each other, or none of them is there.
    #[error("expected exactly one of {expected}, found {found}")]
    NotOne {
        /// The keys to choose from.
        expected: String,
        /// The keys that are there, or `none`.
        found: String,
    },
    /// Any other value that cannot be meant.
    #[error("expected {expected}, found {found}")]
    Unexpected {
        /// What can stand here.
        expected: String,
        /// What does.
        found: String,
    },
}

impl Problem {
    pub(crate) fn unexpected(expected: impl Into<String>, found: impl Into<String>) -> Self {
        Problem::Unexpected {
            expected: expected.into(),
            found: found.into(),
        }
    }
}

/// Checks the keys of one `[[figure]]` or `[[expect]]` and says of each error where it is.
pub(crate) struct Checker<'a> {
    pub(crate) section: &'static str,
    pub(crate) name: &'a str,
}

impl Checker<'_> {
    pub(crate) fn error(&self, key: &str, problem: Problem) -> SpecError {
        SpecError {
            section: self.section,
            name: self.name.to_owned(),
            key: key.to_owned(),
            problem: Box::new(problem),
        }
    }

    /// Refuses a value that does not hold.
    pub(crate) fn require(&self, holds: bool, key: &str, expected: &str, found: &str) -> Result<(), SpecError> {
        if holds {
            Ok(())
        } else {
            Err(self.error(key, Problem::unexpected(expected, found)))
        }
    }

    /// The columns of the section's table.
    pub(crate) fn table<'s>(&self, schema: &'s Schema, table: &str) -> Result<&'s [String], SpecError> {
        schema.columns(table).map_err(|problem| self.error("table", problem))
    }

    /// Refuses columns that the table does not have; each with the key that names it.
    pub(crate) fn columns<'c>(
        &self,
        table: &str,
        columns: &[String],
        wanted: impl IntoIterator<Item = (&'c str, &'c str)>,
    ) -> Result<(), SpecError> {
        match wanted
            .into_iter()
            .find(|(_, column)| !columns.iter().any(|name| name == column))
        {
            None => Ok(()),
            Some((key, column)) => Err(self.error(
                key,
                Problem::UnknownColumn {
                    column: column.to_owned(),
                    table: table.to_owned(),
                    columns: columns.to_vec(),
                },
            )),
        }
    }

    /// The same for the columns of `where`.
    pub(crate) fn conditions(&self, table: &str, columns: &[String], conditions: &Conditions) -> Result<(), SpecError> {
        for column in conditions.keys() {
            self.columns(table, columns, [(format!("where.{column}").as_str(), column.as_str())])?;
        }
        Ok(())
    }
}

/// ` - did you mean ...?` if a name is close to the one asked for, else nothing.
pub(crate) fn did_you_mean(asked: &str, names: &[String]) -> String {
    let near = names
        .iter()
        .map(|name| (strsim::damerau_levenshtein(asked, name), name))
        .min();
    match near {
        Some((distance, name)) if distance <= (asked.chars().count() / 3).max(1) => {
            format!(" - did you mean `{name}`?")
        }
        _ => String::new(),
    }
}

/// The conditions as a reader would say them: `nodes = 1024 and rules = i3`.
pub(crate) fn describe(conditions: &Conditions) -> String {
    let texts: Vec<String> = conditions
        .iter()
        .map(|(column, value)| format!("{column} = {value}"))
        .collect();
    texts.join(" and ")
}

/// The same as the end of a sentence about rows; nothing where there is no condition.
pub(crate) fn where_clause(conditions: &Conditions) -> String {
    if conditions.is_empty() {
        String::new()
    } else {
        format!(" where {}", describe(conditions))
    }
}
