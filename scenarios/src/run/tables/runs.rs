//! One table with a row a run: all that has one value a run, side by side.

use analysis::{Cell, Row, Table, TableError};

use super::{columns_in_common, tables_of_runs};
use crate::run::RunRecord;
use crate::scenario::{Point, Scenario};

/// All that has one value a run, from the tables of a point and the runs that they are of: what was swept, how many nodes there
/// were, which replication it was, and behind that a column for each of a table with one row a run, as `table.column`.
///
/// # Errors
/// None for tables that runs have; a [`TableError`] would be a mistake in this module.
pub(in crate::run) fn of_runs(
    scenario: &Scenario,
    tables: &[(String, Table)],
    point: &Point,
    records: &[RunRecord],
) -> Result<Table, TableError> {
    let common = columns_in_common(scenario);
    let own = |name: &str| tables_of_runs().any(|layout| layout.name == name);
    let parts: Vec<&(String, Table)> = tables.iter().filter(|(name, _)| own(name)).collect();
    let named = parts.iter().flat_map(|(name, table)| {
        let own = &table.columns()[common.len()..];
        own.iter().map(move |column| format!("{name}.{column}"))
    });
    let columns: Vec<String> = common.iter().cloned().chain(named).collect();
    let mut runs = Table::new(&columns);
    for record in records {
        let settings = point.settings.iter().map(|(_, value)| Cell::from(value.as_str()));
        let key: Vec<Cell> = settings
            .chain([Cell::from(point.nodes), Cell::from(record.replication)])
            .collect();
        let values = parts.iter().flat_map(|(_, table)| values(table, &key));
        let values: Vec<Cell> = values.collect();
        runs.push_row(key.into_iter().chain(values))?;
    }
    Ok(runs)
}

/// The values of a run in a table, behind what names the run; empty ones where it has no row.
fn values(table: &Table, run: &[Cell]) -> Vec<Cell> {
    let own = table.columns().len() - run.len();
    let found = table.rows().find(|row: &Row<'_>| row[..run.len()] == *run);
    found.map_or_else(|| vec![Cell::from(None::<f64>); own], |row| row[run.len()..].to_vec())
}
