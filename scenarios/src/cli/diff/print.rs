//! A comparison as text for a reader, and as CSV for other programs.

use std::fmt::Write;

use analysis::{Cell, Table, TableError, significant};

use super::compare::Difference;
use super::settings::Setting;
use crate::results::Results;

/// What is compared, in what settings the two differ, and how.
pub(super) fn heading(first: &Results, second: &Results, settings: &[Setting], paired: bool) -> String {
    let mut text = String::new();
    for (name, results) in [("A", first), ("B", second)] {
        let manifest = &results.manifest;
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{name}  {} (scenario {}, seed {}, {} runs)",
            results.folder.display(),
            manifest.scenario,
            manifest.seed,
            manifest.runs.len()
        );
    }
    text.push('\n');
    if settings.is_empty() {
        text.push_str("no setting differs\n");
    } else {
        let rows = settings.iter().map(|setting| {
            [
                format!("  {}", setting.key),
                setting.first.clone(),
                setting.second.clone(),
            ]
        });
        let header = ["settings that differ", "A", "B"].map(str::to_owned);
        text.push_str(&aligned(std::iter::once(header).chain(rows).collect(), [false; 3]));
    }
    text.push('\n');
    text.push_str(if paired {
        "B - A with 95 % intervals of the mean, paired by replication: runs of one number saw the same random numbers\n"
    } else {
        "B - A with 95 % intervals of the mean, unpaired (Welch): the seeds or generators differ, so no two runs belong \
         together; the same seed would give narrower intervals\n"
    });
    text
}

/// The differences, table by table. `*` marks intervals that exclude zero.
pub(super) fn table(differences: &[Difference], all: bool, unmatched: usize) -> String {
    let mut text = String::new();
    for rows in differences.chunk_by(|one, other| one.table == other.table) {
        let shown = rows.iter().filter(|row| all || !row.unchanged).map(cells);
        let shown: Vec<[String; 9]> = shown.collect();
        if let ([first, ..], false) = (rows, shown.is_empty()) {
            let titles = ["metric", "point", "n", "A", "B", "B - A", "95 % interval", "relative"];
            let titles = titles.map(str::to_owned);
            let [metric, point, n, of_first, of_second, difference, interval, relative] = titles;
            let header = [
                String::new(),
                metric,
                point,
                n,
                of_first,
                of_second,
                difference,
                interval,
                relative,
            ];
            let lines = std::iter::once(header).chain(shown).collect();
            let right = [false, false, false, true, true, true, true, true, true];
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{}\n{}", first.table, aligned(lines, right));
        }
    }
    text.push_str(&notes(differences, all, unmatched));
    text
}

fn cells(row: &Difference) -> [String; 9] {
    let number = |value: f64| significant(value, 4);
    let n = if row.first.n == row.second.n {
        row.first.n.to_string()
    } else {
        format!("{}, {}", row.first.n, row.second.n)
    };
    let interval = row
        .interval()
        .map(|(low, high)| format!("{} to {}", signed(low), signed(high)));
    let relative = row
        .relative()
        .map(|relative| format!("{} %", signed_to(100.0 * relative, 2)));
    [
        if row.is_marked() { "*" } else { "" }.to_owned(),
        row.metric.clone(),
        row.point.clone(),
        n,
        number(row.first.mean),
        number(row.second.mean),
        signed(row.difference),
        interval.unwrap_or_default(),
        relative.unwrap_or_default(),
    ]
}

fn signed(value: f64) -> String {
    signed_to(value, 3)
}

fn signed_to(value: f64, digits: i32) -> String {
    let sign = if value > 0.0 { "+" } else { "" };
    format!("{sign}{}", significant(value, digits))
}

/// What a reader must know to read the table rightly.
fn notes(differences: &[Difference], all: bool, unmatched: usize) -> String {
    let with_interval = differences
        .iter()
        .filter(|row| row.half_width.is_some() && !row.unchanged)
        .count();
    let marked = differences.iter().filter(|row| row.is_marked()).count();
    let unchanged = differences.iter().filter(|row| row.unchanged).count();
    let mut lines = Vec::new();
    if with_interval > 0 {
        lines.push(format!(
            "* the interval excludes 0: {marked} of {with_interval} comparisons; with so many, {} would by chance alone \
             where nothing differs",
            expected(with_interval)
        ));
    }
    if differences.iter().any(|row| row.half_width.is_none()) {
        lines.push("no interval where there is a single replication: it tells nothing of its own spread".to_owned());
    }
    if unchanged > 0 && !all {
        lines.push(format!(
            "{unchanged} comparisons are the same in every replication and not shown (--all shows them)"
        ));
    }
    if unmatched > 0 {
        lines.push(format!(
            "{unmatched} points or kinds of rows are in one of the two only"
        ));
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// How many of so many 95 % intervals miss the truth on average.
fn expected(comparisons: usize) -> String {
    let mean = comparisons as f64 * 0.05;
    if mean < 1.0 {
        "less than one".to_owned()
    } else {
        format!("about {mean:.0}")
    }
}

/// Lines with columns as wide as their widest cell, those so marked flush right.
fn aligned<const N: usize>(rows: Vec<[String; N]>, right: [bool; N]) -> String {
    let mut widths = [0; N];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut text = String::new();
    for row in &rows {
        let cells = row.iter().zip(widths).zip(right);
        let cells = cells.map(|((cell, width), right)| match right {
            true => format!("{cell:>width$}"),
            false => format!("{cell:width$}"),
        });
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// The comparison as CSV: a row a metric and point.
pub(super) fn csv(differences: &[Difference]) -> Result<Vec<u8>, TableError> {
    let mut table = Table::new(&[
        "table",
        "metric",
        "point",
        "n_a",
        "n_b",
        "mean_a",
        "mean_b",
        "difference",
        "low",
        "high",
        "relative",
        "method",
        "excludes_zero",
    ]);
    for row in differences {
        let interval = row.interval();
        table.push_row([
            Cell::from(row.table.as_str()),
            row.metric.as_str().into(),
            row.point.as_str().into(),
            row.first.n.into(),
            row.second.n.into(),
            row.first.mean.into(),
            row.second.mean.into(),
            row.difference.into(),
            interval.map(|(low, _)| low).into(),
            interval.map(|(_, high)| high).into(),
            row.relative().into(),
            if row.paired { "paired" } else { "welch" }.into(),
            interval.map(|_| u64::from(row.is_marked())).into(),
        ])?;
    }
    let mut bytes = Vec::new();
    table.write_csv(&mut bytes)?;
    Ok(bytes)
}
