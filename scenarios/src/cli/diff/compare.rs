//! Comparing a table of two folders of results: which rows belong together, and how their numbers differ.

use std::collections::BTreeMap;

use analysis::statistics::{Summary, paired, welch_half_width};
use analysis::{Cell, Conditions, Row, Table};

use crate::results::Columns;

/// A column compared at a point.
pub(super) struct Difference {
    pub(super) table: String,
    pub(super) metric: String,
    /// The point and what else the rows have in common: `nodes.count = 64, kind = total`.
    pub(super) point: String,
    pub(super) first: Summary,
    pub(super) second: Summary,
    /// Second less first.
    pub(super) difference: f64,
    /// Half the width of its 95 % interval.
    pub(super) half_width: Option<f64>,
    /// Whether replications were paired.
    pub(super) paired: bool,
    /// Whether every replication has the same value in both.
    pub(super) unchanged: bool,
}

impl Difference {
    /// The ends of the 95 % interval of the difference.
    pub(super) fn interval(&self) -> Option<(f64, f64)> {
        let half_width = self.half_width?;
        Some((self.difference - half_width, self.difference + half_width))
    }

    /// Whether the interval excludes zero.
    pub(super) fn is_marked(&self) -> bool {
        self.interval().is_some_and(|(low, high)| low > 0.0 || high < 0.0)
    }

    /// The difference as a share of the magnitude of the first mean.
    pub(super) fn relative(&self) -> Option<f64> {
        let scale = self.first.mean.abs();
        (scale > 0.0).then(|| self.difference / scale)
    }
}

/// How to compare.
pub(super) struct Question<'a> {
    /// The name of the table.
    pub(super) table: &'a str,
    /// The columns to compare; all numbers if empty.
    pub(super) metrics: &'a [String],
    /// Which rows; a column that a table does not have is no condition on it.
    pub(super) conditions: &'a Conditions,
    /// Whether replications of one number saw the same random numbers.
    pub(super) paired: bool,
}

/// What came of it.
#[derive(Default)]
pub(super) struct Answer {
    pub(super) differences: Vec<Difference>,
    /// How many points and kinds of rows are in one of the two only.
    pub(super) unmatched: usize,
}

/// The rows of one point and kind, by replication.
type Replications<'t> = BTreeMap<Cell, Row<'t>>;

/// Compares two tables.
///
/// # Errors
/// Rows that cannot be told apart, and what to do about it.
pub(super) fn compare(question: &Question<'_>, first: &Table, second: &Table) -> Result<Answer, String> {
    let first = chosen(first, question.conditions);
    let second = chosen(second, question.conditions);
    let keys = keys(question.table, &first, &second)?;
    let of_first = groups(question.table, &first, &keys)?;
    let of_second: BTreeMap<Vec<Cell>, Replications<'_>> =
        groups(question.table, &second, &keys)?.into_iter().collect();
    let metrics = metrics(question, &first, &second, &keys);
    let mut answer = Answer::default();
    let mut matched = 0;
    for (key, rows) in &of_first {
        let Some(others) = of_second.get(key) else {
            answer.unmatched += 1;
            continue;
        };
        matched += 1;
        let point = label(&keys, key);
        for (metric, columns) in &metrics {
            let values = |rows: &Replications<'_>, column: usize| -> BTreeMap<Cell, f64> {
                rows.iter()
                    .filter_map(|(replication, row)| Some((replication.clone(), row[column].number()?)))
                    .collect()
            };
            let difference = difference(question, &values(rows, columns.0), &values(others, columns.1));
            answer.differences.extend(difference.map(|difference| Difference {
                table: question.table.to_owned(),
                metric: (*metric).to_owned(),
                point: point.clone(),
                ..difference
            }));
        }
    }
    answer.unmatched += of_second.len() - matched;
    Ok(answer)
}

fn chosen(table: &Table, conditions: &Conditions) -> Table {
    let mut conditions = conditions.clone();
    conditions.retain(|column, _| table.columns().contains(column));
    table
        .select(&conditions)
        .unwrap_or_else(|_| Table::new(table.columns()))
}

/// The columns by which rows of the two tables belong together. A column that says the same of all rows of a table says
/// nothing of a row.
fn keys(name: &str, first: &Table, second: &Table) -> Result<Vec<String>, String> {
    let of = |table: &Table, places: fn(&Columns) -> &[usize]| -> Vec<String> {
        let columns = Columns::of(table);
        let names = places(&columns).iter().map(|&place| table.columns()[place].clone());
        names.collect()
    };
    let union = |places: fn(&Columns) -> &[usize]| {
        let mut names = of(first, places);
        let more = of(second, places);
        let more = more.into_iter().filter(|column| !names.contains(column));
        let more: Vec<String> = more.collect();
        names.extend(more);
        names
    };
    let values = |table: &Table, column: &str| table.distinct(column).map_or(0, |values| values.len());
    let mut keys = Vec::new();
    for column in union(|columns| &columns.point) {
        let counts = [first, second].map(|table| values(table, &column));
        match counts {
            [0 | 1, 0 | 1] => {}
            [0, _] | [_, 0] if !first.is_empty() && !second.is_empty() => {
                let swept = if counts[0] > 0 { "A" } else { "B" };
                return Err(format!(
                    "table `{name}`: only {swept} has several values of `{column}`; choose one with --where {column}=VALUE"
                ));
            }
            _ => keys.push(column),
        }
    }
    // Beside the key that is swept, its consequence is no news.
    if keys.iter().any(|key| key == "nodes.count") {
        keys.retain(|key| key != "nodes");
    }
    let own = union(|columns| &columns.own);
    let both = |column: &String| [first, second].iter().all(|table| table.columns().contains(column));
    keys.extend(own.into_iter().filter(both));
    Ok(keys)
}

/// The rows by what the keys say, in order of appearance, and by replication.
fn groups<'t>(name: &str, table: &'t Table, keys: &[String]) -> Result<Vec<(Vec<Cell>, Replications<'t>)>, String> {
    let columns: Vec<usize> = keys.iter().filter_map(|key| table.column_index(key).ok()).collect();
    let replication = Columns::of(table).replication;
    let mut places: BTreeMap<Vec<Cell>, usize> = BTreeMap::new();
    let mut groups: Vec<(Vec<Cell>, Replications<'t>)> = Vec::new();
    for row in table.rows() {
        let key: Vec<Cell> = columns.iter().map(|&column| row[column].clone()).collect();
        let place = *places.entry(key.clone()).or_insert_with(|| {
            groups.push((key.clone(), BTreeMap::new()));
            groups.len() - 1
        });
        let number = replication.map_or(Cell::Empty, |column| row[column].clone());
        if groups[place].1.insert(number.clone(), row).is_some() {
            return Err(format!(
                "table `{name}`: replication {number} has several rows with {}",
                label(keys, &key)
            ));
        }
    }
    Ok(groups)
}

/// The columns to compare, and where they stand in each table.
fn metrics<'t>(
    question: &Question<'_>,
    first: &'t Table,
    second: &Table,
    keys: &[String],
) -> Vec<(&'t str, (usize, usize))> {
    let measured = Columns::of(first)
        .measured
        .into_iter()
        .map(|place| (place, first.columns()[place].as_str()));
    let wanted = measured.filter(|(_, name)| {
        let asked = question.metrics.is_empty() || question.metrics.iter().any(|metric| metric == name);
        asked && !keys.iter().any(|key| key == name)
    });
    let numbers = wanted.filter(|(_, name)| first.numbers(name).is_ok() && second.numbers(name).is_ok());
    numbers
        .filter_map(|(place, name)| Some((name, (place, second.column_index(name).ok()?))))
        .collect()
}

/// One column at one point; none without values.
fn difference(
    question: &Question<'_>,
    first: &BTreeMap<Cell, f64>,
    second: &BTreeMap<Cell, f64>,
) -> Option<Difference> {
    let made = |first, second, difference, half_width, paired, unchanged| Difference {
        table: String::new(),
        metric: String::new(),
        point: String::new(),
        first,
        second,
        difference,
        half_width,
        paired,
        unchanged,
    };
    let pairs = first
        .iter()
        .filter_map(|(number, value)| Some((*value, *second.get(number)?)));
    let (of_first, of_second): (Vec<f64>, Vec<f64>) = pairs.unzip();
    if let Some(pairs) = paired(&of_first, &of_second).filter(|_| question.paired) {
        let unchanged = of_first == of_second;
        let Summary { mean, half_width, .. } = pairs.difference;
        return Some(made(pairs.first, pairs.second, mean, half_width, true, unchanged));
    }
    let [of_first, of_second] = [first, second].map(|values| values.values().copied().collect::<Vec<f64>>());
    let half_width = welch_half_width(&of_first, &of_second);
    let (first, second) = (Summary::of(&of_first)?, Summary::of(&of_second)?);
    Some(made(first, second, second.mean - first.mean, half_width, false, false))
}

/// What rows have in common, in words.
fn label(keys: &[String], values: &[Cell]) -> String {
    let texts = keys.iter().zip(values).map(|(key, value)| format!("{key} = {value}"));
    texts.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(csv: &str) -> Table {
        Table::read_csv(csv.as_bytes()).unwrap()
    }

    fn ask(first: &str, second: &str, paired: bool) -> Result<Answer, String> {
        let question = Question {
            table: "t",
            metrics: &[],
            conditions: &Conditions::new(),
            paired,
        };
        compare(&question, &table(first), &table(second))
    }

    #[test]
    fn replications_are_paired_by_number_and_not_by_place() {
        let first = "nodes,replication,hops\n8,0,1\n8,1,5\n8,2,9\n";
        let second = "nodes,replication,hops\n8,2,10\n8,1,6\n8,0,2\n";
        let answer = ask(first, second, true).unwrap();
        let [found] = answer.differences.as_slice() else {
            panic!("one metric")
        };
        assert_eq!(
            (found.difference, found.half_width, found.paired),
            (1.0, Some(0.0), true)
        );
        assert!(found.is_marked() && found.relative() == Some(0.2));
        let apart = ask(first, second, false).unwrap();
        assert!(!apart.differences[0].is_marked() && apart.differences[0].half_width.unwrap() > 5.0);
    }

    #[test]
    fn points_are_matched_by_swept_keys_and_kinds_and_the_rest_is_counted() {
        let first = "nodes.count,nodes,replication,kind,n\n8,8,0,ask,1\n8,8,0,tell,2\n16,16,0,ask,3\n";
        let second = "nodes.count,nodes,replication,kind,n\n16,16,0,ask,5\n32,32,0,ask,9\n";
        let answer = ask(first, second, true).unwrap();
        let found: Vec<(&str, f64)> = answer
            .differences
            .iter()
            .map(|found| (found.point.as_str(), found.difference))
            .collect();
        assert_eq!(found, [("nodes.count = 16, kind = ask", 2.0)]);
        assert_eq!(answer.unmatched, 3);
    }

    #[test]
    fn what_differs_between_the_scenarios_keeps_no_rows_apart() {
        let first = "nodes,replication,hops\n8,0,1\n";
        let second = "rules,nodes,replication,hops\ni3,16,0,4\n";
        let answer = ask(first, second, true).unwrap();
        assert_eq!((answer.differences.len(), answer.unmatched), (1, 0));
        assert_eq!(answer.differences[0].half_width, None);
        let swept = "rules,nodes,replication,hops\ni3,16,0,4\nton,16,0,5\n";
        let refused = ask(first, swept, true).err().unwrap();
        assert!(
            refused.contains("only B has several values of `rules`; choose one with --where rules=VALUE"),
            "{refused}"
        );
    }
}
