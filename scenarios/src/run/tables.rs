//! From what runs measured to tidy tables: the documented columns of the results.

mod comings;
mod forwarding;
mod layout;
mod network_layer;
mod paths;
mod rows;
mod runs;
mod storage;
mod tunnels;

use analysis::{Cell, Schema, Table, TableError};

use super::common::Common;
use super::measure::Measured;
use super::{Ended, precision};
use crate::scenario::{Metric, Scenario};
pub(super) use comings::{bytes_per_node_s, ended as ended_sessions};
use layout::{Layout, TABLES};
pub(super) use rows::nearest_rank;
pub(super) use runs::of_runs;

/// The tables that a scenario asks for.
fn layouts(scenario: &Scenario) -> impl Iterator<Item = &'static Layout> {
    let kinds = || scenario.points.kinds();
    let forwards = kinds().all(forwarding::forwards);
    let network_layer = kinds().all(|kind| kind.network_layer);
    let overlays = TABLES.iter().filter(move |layout| {
        let told = !network_layer || network_layer::SHARED.contains(&layout.name);
        told && !forwards
    });
    let layouts = overlays.chain([&forwarding::FORWARDING]).chain(&network_layer::TABLES);
    layouts.filter(move |layout| kinds().any(layout.written))
}

/// The tables that a scenario's runs will write, and their columns.
pub fn schema(scenario: &Scenario) -> Schema {
    let schema = layouts(scenario).fold(Schema::new(), |schema, layout| {
        schema.with(layout.name, &columns(scenario, layout))
    });
    match &scenario.precision {
        Some(_) => schema.with(precision::TABLE, &precision::columns(scenario)),
        None => schema,
    }
}

/// The tables with one row a run.
fn tables_of_runs() -> impl Iterator<Item = &'static Layout> {
    const NAMES: [&str; 7] = [
        "lookups",
        "population",
        "packets",
        "overhead",
        "addresses",
        "node_lookups",
        "groups",
    ];
    let all = TABLES.iter().chain(&network_layer::TABLES);
    all.filter(|layout| NAMES.contains(&layout.name))
}

/// What has one value a run, as `table.column`.
pub(crate) fn run_metrics() -> impl Iterator<Item = String> {
    tables_of_runs().flat_map(|layout| {
        layout
            .columns
            .iter()
            .map(move |column| format!("{}.{column}", layout.name))
    })
}

/// The value that a run has of such a metric.
pub(super) fn run_metric(metric: &Metric, measured: &Measured) -> Option<f64> {
    let layout = tables_of_runs().find(|layout| layout.name == metric.table)?;
    let column = layout.columns.iter().position(|column| *column == metric.column)?;
    let rows = (layout.rows)(measured, &Common::default());
    rows.first()?.get(column)?.number()
}

/// The columns that name a run: what was swept, how many nodes there were, and which replication it was.
fn columns_in_common(scenario: &Scenario) -> Vec<String> {
    let axes = scenario.axes.iter().map(|axis| axis.key.clone());
    axes.chain(["nodes", analysis::REPLICATION].map(str::to_owned))
        .collect()
}

fn columns(scenario: &Scenario, layout: &Layout) -> Vec<String> {
    let own = layout.columns.iter().map(|column| (*column).to_owned());
    columns_in_common(scenario).into_iter().chain(own).collect()
}

/// The tables that a scenario asks for, which depends on all of its points.
pub(crate) struct Layouts<'a> {
    scenario: &'a Scenario,
    layouts: Vec<&'static Layout>,
}

impl<'a> Layouts<'a> {
    /// Those of a scenario.
    pub(crate) fn of(scenario: &'a Scenario) -> Self {
        Layouts {
            scenario,
            layouts: layouts(scenario).collect(),
        }
    }

    /// The scenario.
    pub(crate) fn scenario(&self) -> &'a Scenario {
        self.scenario
    }
}

/// The tables of a scenario, from all runs that ended well, point by point and by replication.
///
/// # Errors
/// None for tables laid out as above; a [`TableError`] would be a mistake in this module.
pub(super) fn tables(layouts: &Layouts<'_>, by_point: &[Ended<'_>]) -> Result<Vec<(String, Table)>, TableError> {
    let scenario = layouts.scenario;
    let fill = |layout: &&Layout| Ok((layout.name.to_owned(), table(scenario, layout, by_point)?));
    let mut tables = layouts
        .layouts
        .iter()
        .map(fill)
        .collect::<Result<Vec<(String, Table)>, TableError>>()?;
    if let Some(precision) = &scenario.precision {
        tables.push((
            precision::TABLE.to_owned(),
            precision::table(scenario, precision, by_point)?,
        ));
    }
    Ok(tables)
}

/// One table: the rows of every run, each behind what was swept, how many nodes there were and which replication it was.
fn table(scenario: &Scenario, layout: &Layout, by_point: &[Ended<'_>]) -> Result<Table, TableError> {
    let mut table = Table::new(&columns(scenario, layout));
    for Ended { point, records, common } in by_point {
        for record in *records {
            for own in (layout.rows)(&record.measured, common) {
                let settings = point.settings.iter().map(|(_, value)| Cell::from(value.as_str()));
                let common = [Cell::from(point.nodes), Cell::from(record.replication)];
                table.push_row(settings.chain(common).chain(own))?;
            }
        }
    }
    Ok(table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_nearest_ranks() {
        assert_eq!(nearest_rank(&[10, 20, 30, 40], 0.5), Some(20));
        assert_eq!(nearest_rank(&[10, 20, 30, 40], 0.51), Some(30));
        assert_eq!(nearest_rank(&[], 0.5), None);
    }
}
