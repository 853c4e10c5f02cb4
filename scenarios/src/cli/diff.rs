//! `peerscope diff`: two folders of results, compared metric by metric.

mod compare;
mod print;
mod settings;

use std::collections::BTreeSet;
use std::io;

use analysis::{Cell, Conditions, Table};

use super::arguments::Diff;
use super::plot::warn_of_altered;
use super::terminal::Terminal;
use crate::exit::Exit;
use crate::input::{closest, list};
use crate::results::{Columns, Results, replace_file};
use compare::{Difference, Question};

/// How many values of a column are named to choose from.
const SHOWN: usize = 12;

pub(super) fn diff(arguments: &Diff, terminal: &mut Terminal<'_>) -> io::Result<Exit> {
    let read = Results::read(&arguments.first).and_then(|first| Ok((first, Results::read(&arguments.second)?)));
    let (first, second) = match read {
        Ok(read) => read,
        Err(error) => return Ok(terminal.refuse(&error)),
    };
    let questions = conditions(arguments, &first, &second).and_then(|conditions| {
        let tables = tables(arguments, &first, &second)?;
        check_metrics(arguments, &first, &second, &tables)?;
        check_values(&conditions, &first, &second, &tables)?;
        Ok((conditions, tables))
    });
    let (conditions, tables) = match questions {
        Ok(questions) => questions,
        Err(reason) => {
            terminal.complain(&reason);
            return Ok(Exit::Usage);
        }
    };
    warn_of_altered(&first, terminal);
    warn_of_altered(&second, terminal);
    let paired = first.manifest.seed == second.manifest.seed && first.manifest.generator == second.manifest.generator;
    let mut differences: Vec<Difference> = Vec::new();
    let mut unmatched = 0;
    for name in &tables {
        let (Some(one), Some(other)) = (first.table(name), second.table(name)) else {
            continue;
        };
        let mut conditions = conditions.clone();
        if arguments.table.is_empty() && name == "messages" {
            conditions
                .entry("kind".to_owned())
                .or_insert_with(|| Cell::from("total"));
        }
        let question = Question {
            table: name,
            metrics: &arguments.metric,
            conditions: &conditions,
            paired,
        };
        match compare::compare(&question, one, other) {
            Ok(answer) => {
                differences.extend(answer.differences);
                // The tables have the same points: counted once.
                unmatched = unmatched.max(answer.unmatched);
            }
            Err(reason) => {
                terminal.complain(&reason);
                return Ok(Exit::Usage);
            }
        }
    }
    if differences.is_empty() {
        let rows = match arguments.conditions.is_empty() {
            true => "no rows of the two belong together".to_owned(),
            false => format!(
                "no rows of the two belong together where {}",
                arguments.conditions.join(", ")
            ),
        };
        terminal.complain(&format!("nothing to compare: {rows}"));
        return Ok(Exit::Usage);
    }
    if let Some(path) = &arguments.output {
        let written = print::csv(&differences).map_err(|error| (error.to_string(), Exit::Failed));
        let written =
            written.and_then(|bytes| replace_file(path, &bytes).map_err(|error| (error.to_string(), error.exit())));
        if let Err((reason, exit)) = written {
            terminal.complain(&reason);
            return Ok(exit);
        }
    }
    let heading = print::heading(&first, &second, &settings::differing(&first, &second), paired);
    let table = print::table(&differences, arguments.all, unmatched);
    terminal.print(&format!("{heading}\n{table}"))?;
    Ok(Exit::Done)
}

/// The tables to compare: those asked for, or those that can be read at a glance.
fn tables(arguments: &Diff, first: &Results, second: &Results) -> Result<Vec<String>, String> {
    let in_both = first.tables.iter().filter(|(name, _)| second.table(name).is_some());
    let names: Vec<&str> = in_both.clone().map(|(name, _)| name.as_str()).collect();
    if let Some(unknown) = arguments.table.iter().find(|name| !names.contains(&name.as_str())) {
        return Err(unknown_name("both have no table", unknown, &names));
    }
    let at_a_glance = |name: &str, table: &Table| {
        let columns = Columns::of(table);
        name == "messages" || (columns.replication.is_some() && columns.own.is_empty())
    };
    let wanted = in_both.filter(|(name, table)| match arguments.table.as_slice() {
        [] => at_a_glance(name, table),
        asked => asked.contains(name),
    });
    Ok(wanted.map(|(name, _)| name.clone()).collect())
}

fn check_metrics(arguments: &Diff, first: &Results, second: &Results, tables: &[String]) -> Result<(), String> {
    let columns = |results: &Results| -> BTreeSet<String> {
        let chosen = tables.iter().filter_map(|name| results.table(name));
        chosen.flat_map(|table| table.columns().to_vec()).collect()
    };
    let of_second = columns(second);
    let known = columns(first);
    let names: Vec<&str> = known.intersection(&of_second).map(String::as_str).collect();
    match arguments.metric.iter().find(|metric| !names.contains(&metric.as_str())) {
        None => Ok(()),
        Some(unknown) => Err(unknown_name("the tables compared have no column", unknown, &names)),
    }
}

/// Refuses a value that no row of the tables compared has in its column.
fn check_values(conditions: &Conditions, first: &Results, second: &Results, tables: &[String]) -> Result<(), String> {
    let compared = || tables.iter().flat_map(|name| [first.table(name), second.table(name)]);
    for (column, value) in conditions {
        let values = compared().flatten().filter_map(|table| table.distinct(column).ok());
        // In order of appearance, as a sweep lists them.
        let mut seen = BTreeSet::new();
        let values: Vec<Cell> = values.flatten().filter(|cell| seen.insert(cell.clone())).collect();
        if values.is_empty() {
            return Err(format!(
                "--where {column}={value}: no table compared has this column; choose one with --table"
            ));
        }
        if !values.iter().any(|known| known.matches(value)) {
            let shown: Vec<String> = values.iter().take(SHOWN).map(Cell::to_string).collect();
            let shown = list(shown.iter().map(String::as_str));
            let more = if values.len() > SHOWN { " and others" } else { "" };
            return Err(format!(
                "--where {column}={value}: no row compared has this value; there are {shown}{more}"
            ));
        }
    }
    Ok(())
}

/// The conditions of the command line.
fn conditions(arguments: &Diff, first: &Results, second: &Results) -> Result<Conditions, String> {
    let tables = || first.tables.iter().chain(&second.tables);
    let known: BTreeSet<&str> = tables()
        .flat_map(|(_, table)| table.columns())
        .map(String::as_str)
        .collect();
    let names: Vec<&str> = known.into_iter().collect();
    let mut conditions = Conditions::new();
    for text in &arguments.conditions {
        let Some((column, value)) = text.split_once('=') else {
            return Err(format!(
                "--where {text}: expected COLUMN=VALUE, for example --where nodes=128"
            ));
        };
        let column = column.trim();
        if !names.contains(&column) {
            return Err(unknown_name("no table has a column", column, &names));
        }
        conditions.insert(column.to_owned(), Cell::from(value.trim()));
    }
    Ok(conditions)
}

fn unknown_name(complaint: &str, name: &str, known: &[&str]) -> String {
    let guess = closest(name, known.iter().copied()).map(|guess| format!("; did you mean `{guess}`?"));
    let known = list(known.iter().copied());
    format!("{complaint} `{name}`; there are {known}{}", guess.unwrap_or_default())
}
