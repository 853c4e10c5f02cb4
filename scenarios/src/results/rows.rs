//! What the columns of a table of results are: which run a row is of, what tells a run's rows apart, and what was measured.

use std::collections::BTreeSet;

use analysis::{Cell, REPLICATION, Table};

/// First columns that say what a row is about and measure nothing, also where every run happens to have a single row.
const SUBJECTS: [&str; 8] = [
    "time_s",
    "kind",
    "metric",
    "of",
    "part",
    "visited",
    "latency_ms",
    "stretch",
];

/// What the columns of a table are. A table has a column for each swept key, then `nodes` and `replication`, then its own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Columns {
    /// The swept keys and `nodes`: what tells the points apart.
    pub point: Vec<usize>,
    /// The replication, in a table of runs.
    pub replication: Option<usize>,
    /// The table's own columns that tell a run's rows apart: `kind`, `visited`, `latency_ms`; none with a row a run.
    pub own: Vec<usize>,
    /// What was measured.
    pub measured: Vec<usize>,
}

impl Columns {
    /// The columns of a table. Its own keys are the fewest of its leading columns that tell all rows apart, and the first of
    /// them if it is one of those that measure nothing.
    pub fn of(table: &Table) -> Self {
        let replication = table.column_index(REPLICATION).ok();
        let first_own = replication.map_or(0, |place| place + 1);
        let count = table.columns().len();
        let subject = table
            .columns()
            .get(first_own)
            .is_some_and(|name| SUBJECTS.contains(&name.as_str()));
        let keys = (first_own + usize::from(subject)..=count)
            .find(|&end| distinct(table, end))
            .unwrap_or(count);
        Columns {
            point: (0..replication.unwrap_or(0)).collect(),
            replication,
            own: (first_own..keys).collect(),
            measured: (keys..count).collect(),
        }
    }
}

/// Whether no two rows agree in the first `end` columns.
fn distinct(table: &Table, end: usize) -> bool {
    let mut seen: BTreeSet<&[Cell]> = BTreeSet::new();
    table.rows().all(|row| seen.insert(&row[..end]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(csv: &str) -> Columns {
        Columns::of(&Table::read_csv(csv.as_bytes()).unwrap())
    }

    #[test]
    fn a_row_a_run_needs_no_key_of_its_own() {
        let lookups = columns("rules,nodes,replication,issued\ni3,8,0,5\ni3,8,1,5\nton,8,0,5\n");
        assert_eq!(lookups.point, [0, 1]);
        assert_eq!((lookups.replication, lookups.own.len()), (Some(2), 0));
        assert_eq!(lookups.measured, [3]);
        let over_time = columns("nodes,replication,time_s,issued\n8,0,0,5\n8,1,0,5\n");
        assert_eq!((over_time.own, over_time.measured), (vec![2], vec![3]));
        let convergence = columns("nodes,replication,part,time_s\n8,0,0.9,50\n8,1,0.9,60\n");
        assert_eq!((convergence.own, convergence.measured), (vec![2], vec![3]));
    }

    #[test]
    fn rows_of_a_run_are_told_apart_by_the_fewest_leading_columns() {
        let links =
            columns("nodes,replication,time_s,from,to,kind\n8,0,1,2,3,finger\n8,0,1,2,4,finger\n8,0,1,2,3,next\n");
        assert_eq!((links.own, links.measured.len()), (vec![2, 3, 4, 5], 0));
        let messages = columns("nodes,replication,kind,messages\n8,0,ask,5\n8,0,total,5\n8,1,ask,5\n");
        assert_eq!((messages.own, messages.measured), (vec![2], vec![3]));
    }

    #[test]
    fn a_table_over_all_runs_has_keys_as_well() {
        let precision = columns("metric,n\nhops,5\nlatency,5\n");
        assert_eq!((precision.point.len(), precision.replication), (0, None));
        assert_eq!((precision.own, precision.measured), (vec![0], vec![1]));
    }
}
