//! Points that are ratios: what a column is in some rows over what it is in others.

use std::collections::BTreeMap;

use super::{Columns, Figure};
use crate::cell::{Cell, Conditions};
use crate::statistics::{Group, ratio_of_means, summarise};
use crate::table::{REPLICATION, Table, TableError};

/// For each x among these rows of one series, the mean of y over that in the rows that it is relative to, of the replications
/// that have all of them. A replication that lacks one counts as missing.
pub(super) fn ratios(
    figure: &Figure,
    columns: &Columns,
    table: &Table,
    rows: &Table,
) -> Result<Vec<Group>, TableError> {
    let mut series = figure.conditions.clone();
    if let Some(column) = &columns.series {
        let value = rows.distinct(column)?.into_iter().next();
        series.extend(value.map(|value| (column.clone(), value)));
    }
    let ratio = |x: Cell| {
        let mut own = series.clone();
        own.insert(columns.x.clone(), x.clone());
        let sides = columns.relative_to.sides(&own);
        let of = |conditions: &Vec<Conditions>| {
            let of = |conditions| by_replication(table, conditions, &columns.y);
            conditions.iter().map(of).collect::<Result<Vec<_>, _>>()
        };
        let (over, under) = (of(&sides.over)?, of(&sides.under)?);
        let runs = table.select(&own)?.distinct(REPLICATION)?.len() as u64;
        let (common, summary) = ratio_of_means(&over, &under);
        Ok(Group {
            key: vec![x],
            summary,
            missing: runs - common,
        })
    };
    rows.distinct(&columns.x)?.into_iter().map(ratio).collect()
}

/// The values of a column in the rows where the conditions hold, one a replication; one that has none is left out.
fn by_replication(table: &Table, conditions: &Conditions, column: &str) -> Result<BTreeMap<Cell, f64>, TableError> {
    let groups = summarise(&table.select(conditions)?, &[REPLICATION], column)?;
    let value = |group: Group| Some((group.key.into_iter().next()?, group.summary?.mean));
    Ok(groups.into_iter().filter_map(value).collect())
}
