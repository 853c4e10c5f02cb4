//! What is the same in results and when their scenario is run again, and what is not.

use std::collections::BTreeMap;

use analysis::{Cell, REPLICATION, Row, Table};

use crate::results::{Columns, Manifest, Run};
use crate::run::BrokenRun;
use crate::scenario::Scenario;

/// Which runs were run again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// All.
    Everything,
    /// The first of each point. Tables then have fewer rows, and figures, which are of all runs, cannot be compared.
    FirstReplications,
}

/// Which run: the point and the replication, both from zero. What is of all runs comes last.
type Place = (usize, u32);
const ALL_RUNS: Place = (usize::MAX, u32::MAX);

/// Tables with columns that look at all replications of a point.
const OVER_REPLICATIONS: [&str; 3] = ["cost", "state", "stationarity"];

/// How many things of a kind were compared, and how many of them differ.
#[derive(Default)]
struct Count {
    compared: usize,
    differ: usize,
}

impl Count {
    fn add(&mut self, differs: bool) {
        self.compared += 1;
        self.differ += usize::from(differs);
    }
}

/// All that was found.
pub(super) struct Comparison<'a> {
    scenario: &'a Scenario,
    extent: Extent,
    runs: Count,
    tables: Count,
    figures: Count,
    pictures: Count,
    /// What differs, and in which run.
    differences: Vec<(Place, String)>,
}

/// A place in a table where the two differ.
struct Difference {
    /// The row of either table, which tells the run.
    row: Vec<Cell>,
    text: String,
}

impl<'a> Comparison<'a> {
    pub(super) fn new(scenario: &'a Scenario, extent: Extent) -> Self {
        Comparison {
            scenario,
            extent,
            runs: Count::default(),
            tables: Count::default(),
            figures: Count::default(),
            pictures: Count::default(),
            differences: Vec::new(),
        }
    }

    pub(super) fn same(&self) -> bool {
        self.differences.is_empty()
    }

    /// Compares fingerprints and numbers of events.
    pub(super) fn runs(&mut self, then: &Manifest, now: &Manifest, broken: &[BrokenRun]) {
        let place = |run: &Run| (run.point, run.replication);
        let compared = |place: &Place| self.extent == Extent::Everything || place.1 == 0;
        let recorded: BTreeMap<Place, &Run> = then.runs.iter().map(|run| (place(run), run)).collect();
        let again: BTreeMap<Place, &Run> = now.runs.iter().map(|run| (place(run), run)).collect();
        let reasons: BTreeMap<Place, &str> = broken
            .iter()
            .map(|run| ((run.point, run.replication), run.reason.as_str()))
            .collect();
        let mut places: Vec<Place> = recorded.keys().chain(again.keys()).copied().filter(compared).collect();
        places.sort_unstable();
        places.dedup();
        for place in places {
            let found = match (recorded.get(&place), again.get(&place)) {
                (Some(then), Some(now)) => {
                    let events =
                        (then.events != now.events).then(|| differ("manifest.toml, events", &then.events, &now.events));
                    let prints = (then.fingerprint != now.fingerprint)
                        .then(|| differ("manifest.toml, fingerprint", &then.fingerprint, &now.fingerprint));
                    events.into_iter().chain(prints).collect()
                }
                (None, _) => {
                    vec!["manifest.toml: this run is not recorded; it broke then, or was taken out".to_owned()]
                }
                (Some(_), None) => match reasons.get(&place) {
                    Some(reason) => vec![format!("the run broke now: {reason}")],
                    None => vec!["manifest.toml: the scenario has no such run".to_owned()],
                },
            };
            self.runs.add(!found.is_empty());
            self.differences.extend(found.into_iter().map(|text| (place, text)));
        }
    }

    /// Compares the tables cell by cell; of each the first difference counts.
    pub(super) fn tables(&mut self, then: &[(String, Table)], now: &[(String, Table)]) {
        if self.warm_up_is_of_all_runs() {
            return;
        }
        for (name, now) in now {
            let file = format!("{name}.csv");
            let then = then.iter().find(|(table, _)| table == name).map(|(_, table)| table);
            let found = match (then, self.extent) {
                (None, _) => Some(missing(&file, "recorded")),
                (Some(then), Extent::Everything) => line_by_line(&file, then, now),
                (Some(_), Extent::FirstReplications)
                    if OVER_REPLICATIONS.contains(&name.as_str()) || now.column_index(REPLICATION).is_err() =>
                {
                    continue;
                }
                (Some(then), Extent::FirstReplications) => row_by_key(&file, then, now),
            };
            self.tables.add(found.is_some());
            self.differences
                .extend(found.map(|found| (self.place(now, &found.row), found.text)));
        }
        for (name, _) in then
            .iter()
            .filter(|(name, _)| now.iter().all(|(table, _)| table != name))
        {
            self.tables.add(true);
            self.differences
                .push((ALL_RUNS, missing(&format!("{name}.csv"), "written now").text));
        }
    }

    /// Whether the first replications alone would be cut at another place, so that no table could be compared.
    fn warm_up_is_of_all_runs(&self) -> bool {
        self.extent == Extent::FirstReplications && self.scenario.points.kinds().any(|kind| kind.automatic_warm_up)
    }

    /// Compares the data of a figure.
    pub(super) fn figure(&mut self, name: &str, then: Option<&Table>, now: Option<&Table>) {
        let file = format!("{name}.csv");
        let found = match (then, now) {
            (None, None) => None,
            (None, Some(_)) => Some(missing(&file, "recorded")),
            (Some(_), None) => Some(missing(&file, "drawn now")),
            (Some(then), Some(now)) => line_by_line(&file, then, now),
        };
        self.figures.add(found.is_some());
        self.differences.extend(found.map(|found| (ALL_RUNS, found.text)));
    }

    /// Notes the picture of a figure, and in which line, from one, it differs from what is drawn now.
    pub(super) fn picture(&mut self, name: &str, differs: Option<usize>) {
        self.pictures.add(differs.is_some());
        let text = differs.map(|line| format!("{name}.svg, line {line}: not as it is drawn now"));
        self.differences.extend(text.map(|text| (ALL_RUNS, text)));
    }

    /// The run that a row of a table is of.
    fn place(&self, table: &Table, row: &[Cell]) -> Place {
        let columns = Columns::of(table);
        let Some(replication) = columns.replication.and_then(|column| row.get(column)?.number()) else {
            return ALL_RUNS;
        };
        let values: Vec<String> = row.iter().take(self.scenario.axes.len()).map(Cell::to_string).collect();
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        let point = self.scenario.points.position(&values);
        point.map_or(ALL_RUNS, |point| (point, replication as u32))
    }

    /// What was found, in words; `trace` says how to look into a run.
    pub(super) fn report(&self, trace: &dyn Fn(usize, u32) -> String) -> String {
        let Some(first) = self.differences.iter().map(|(place, _)| *place).min() else {
            let extent = match self.extent {
                Extent::Everything => "everything is the same",
                Extent::FirstReplications => "the first replications are the same",
            };
            let counts = self.counts(|count| count.compared.to_string());
            let note = match self.warm_up_is_of_all_runs() {
                true => "; tables only without --quick: all replications decide where the warm-up ends",
                false => "",
            };
            return format!("{extent}: {counts}{note}\n");
        };
        let mut text = format!("DIFFERENT\nfirst difference: {}\n", self.run(first));
        for (_, difference) in self.differences.iter().filter(|(place, _)| *place == first) {
            text.push_str(&format!("  {difference}\n"));
        }
        let counts = self.counts(|count| format!("{} of {}", count.differ, count.compared));
        text.push_str(&format!("different in all: {counts}\n"));
        if self.runs.differ == 0 {
            text.push_str(
                "the fingerprints agree: the runs are the same, and what was written was changed afterwards or is \
                 written otherwise by this version\n",
            );
        } else if first != ALL_RUNS {
            text.push_str(&format!(
                "to see this run event by event: {}\n",
                trace(first.0, first.1)
            ));
        }
        text
    }

    fn run(&self, (point, replication): Place) -> String {
        if (point, replication) == ALL_RUNS {
            return "what is of all runs".to_owned();
        }
        match self.scenario.points.label(point) {
            Some(label) if !label.is_empty() => format!("replication {replication} at {label}"),
            _ => format!("replication {replication}"),
        }
    }

    fn counts(&self, tell: impl Fn(&Count) -> String) -> String {
        let kinds = [
            (&self.runs, "runs"),
            (&self.tables, "tables"),
            (&self.figures, "figures"),
            (&self.pictures, "SVG files"),
        ];
        let told = kinds.into_iter().filter(|(count, _)| count.compared > 0);
        let told: Vec<String> = told.map(|(count, kind)| format!("{} {kind}", tell(count))).collect();
        told.join(", ")
    }
}

fn missing(file: &str, how: &str) -> Difference {
    Difference {
        row: Vec::new(),
        text: format!("{file}: not {how}"),
    }
}

fn differ(place: &str, then: &dyn std::fmt::Display, now: &dyn std::fmt::Display) -> String {
    format!("{place}: recorded {then}, now {now}")
}

/// The first difference between two tables that should be the same.
fn line_by_line(file: &str, then: &Table, now: &Table) -> Option<Difference> {
    let rows = || then.rows().zip(now.rows()).enumerate();
    header(file, then, now)
        .or_else(|| rows().find_map(|(index, (then, now_row))| cells(file, now, index, then, now_row)))
        .or_else(|| length(file, then, now))
}

/// The first difference between the rows of some runs and a table of these and others.
fn row_by_key(file: &str, then: &Table, now: &Table) -> Option<Difference> {
    let columns = Columns::of(now);
    let keys = || {
        columns
            .point
            .iter()
            .chain(&columns.replication)
            .chain(&columns.own)
            .copied()
    };
    let rows = then.rows().enumerate();
    let recorded: BTreeMap<Vec<&Cell>, (usize, Row<'_>)> = rows
        .filter_map(|(index, row)| {
            Some((
                keys().map(|key| row.get(key)).collect::<Option<Vec<_>>>()?,
                (index, row),
            ))
        })
        .collect();
    let compare = |row: Row<'_>| match recorded.get(&keys().map(|key| &row[key]).collect::<Vec<_>>()) {
        Some((index, then)) => cells(file, now, *index, then, row),
        None => {
            let key = keys().map(|key| format!("{} = {}", now.columns()[key], row[key]));
            let key: Vec<String> = key.collect();
            Some(Difference {
                row: row.to_vec(),
                text: format!("{file}: no row with {} is recorded", key.join(", ")),
            })
        }
    };
    header(file, then, now).or_else(|| now.rows().find_map(compare))
}

fn header(file: &str, then: &Table, now: &Table) -> Option<Difference> {
    (then.columns() != now.columns()).then(|| Difference {
        row: Vec::new(),
        text: differ(
            &format!("{file}, columns"),
            &then.columns().join(", "),
            &now.columns().join(", "),
        ),
    })
}

/// The first cell in which two rows differ; `index` is that of the recorded one.
fn cells(file: &str, table: &Table, index: usize, then: Row<'_>, now: Row<'_>) -> Option<Difference> {
    let column = then.iter().zip(now).position(|(then, now)| then != now)?;
    let shown = |cell: &Cell| match cell {
        Cell::Empty => "nothing".to_owned(),
        cell => cell.to_string(),
    };
    // The header is the first line.
    let place = format!("{file}, line {}, column `{}`", index + 2, table.columns()[column]);
    Some(Difference {
        row: now.to_vec(),
        text: differ(&place, &shown(&then[column]), &shown(&now[column])),
    })
}

/// Rows that only one of two tables has, which agree otherwise.
fn length(file: &str, then: &Table, now: &Table) -> Option<Difference> {
    let longer = if then.len() > now.len() { then } else { now };
    let row = longer.rows().nth(then.len().min(now.len()))?;
    Some(Difference {
        row: row.to_vec(),
        text: differ(&format!("{file}, rows"), &then.len(), &now.len()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(csv: &str) -> Table {
        Table::read_csv(csv.as_bytes()).unwrap()
    }

    fn text(found: Option<Difference>) -> String {
        found.map(|found| found.text).unwrap_or_default()
    }

    #[test]
    fn the_first_cell_that_differs_is_named_with_both_values() {
        let then = table("nodes,replication,hops\n8,0,1.5\n8,1,2.5\n");
        assert_eq!(text(line_by_line("t.csv", &then, &then)), "");
        let now = table("nodes,replication,hops\n8,0,1.5\n8,1,\n");
        let expected = "t.csv, line 3, column `hops`: recorded 2.5, now nothing";
        assert_eq!(text(line_by_line("t.csv", &then, &now)), expected);
        let shorter = table("nodes,replication,hops\n8,0,1.5\n");
        assert_eq!(
            text(line_by_line("t.csv", &then, &shorter)),
            "t.csv, rows: recorded 2, now 1"
        );
        let other = table("nodes,replication,visited\n8,0,1.5\n");
        assert!(text(line_by_line("t.csv", &then, &other)).contains("columns: recorded nodes, replication, hops"));
    }

    #[test]
    fn some_runs_are_compared_by_key_whatever_else_is_recorded() {
        let then = table("nodes,replication,kind,n\n8,0,ask,1\n8,0,tell,2\n8,1,ask,3\n");
        let now = table("nodes,replication,kind,n\n8,0,ask,1\n8,0,tell,2\n");
        assert_eq!(text(row_by_key("t.csv", &then, &now)), "");
        let other = table("nodes,replication,kind,n\n8,0,ask,1\n8,0,tell,4\n");
        let expected = "t.csv, line 3, column `n`: recorded 2, now 4";
        assert_eq!(text(row_by_key("t.csv", &then, &other)), expected);
        let unknown = table("nodes,replication,kind,n\n8,0,ask,1\n8,0,shout,4\n");
        let expected = "t.csv: no row with nodes = 8, replication = 0, kind = shout is recorded";
        assert_eq!(text(row_by_key("t.csv", &then, &unknown)), expected);
    }
}
