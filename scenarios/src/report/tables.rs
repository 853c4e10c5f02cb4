//! The tables of the results on the page: folded where they are long, cut where they are very long, and whole as CSV.

use analysis::{Cell, Table, significant};
use maud::{Markup, html};

use super::data_address;

/// The most rows that are shown.
const ROWS_SHOWN: usize = 200;
/// The most rows of a table that stands open.
const ROWS_OPEN: usize = 12;
/// The largest CSV file that the page carries along, in bytes.
const CARRIED: usize = 2 << 20;
/// Numbers written longer than this are rounded for the reader.
const DIGITS_SHOWN: usize = 8;

/// A table under its name; `remark` is what a reader must know of it.
pub(super) fn table(name: &str, table: &Table, remark: Option<&str>) -> Markup {
    let rows = table.len();
    html! {
        details id={ "table-" (name) } open[rows <= ROWS_OPEN] {
            summary { code { (name) } " " span.count { (rows) @if rows == 1 { " row" } @else { " rows" } } }
            @if let Some(remark) = remark { p.warning { (remark) } }
            (grid(name, table))
            p.note {
                @if rows > ROWS_SHOWN { "The first " (ROWS_SHOWN) " of " (rows) " rows. " }
                "Long numbers are rounded to six digits. "
                (save(name, table))
            }
        }
    }
}

/// The rows in a frame of their own, which scrolls where the page is narrow.
fn grid(name: &str, table: &Table) -> Markup {
    let numeric: Vec<bool> = (0..table.columns().len())
        .map(|column| is_numeric(table, column))
        .collect();
    html! {
        div.scroll tabindex="0" role="region" aria-label={ "Table " (name) } {
            table {
                caption { "Table " (name) }
                thead { tr {
                    @for (column, numeric) in table.columns().iter().zip(&numeric) {
                        th.number[*numeric] scope="col" { (column) }
                    }
                } }
                tbody {
                    @for row in table.rows().take(ROWS_SHOWN) {
                        tr { @for (cell, numeric) in row.iter().zip(&numeric) { td.number[*numeric] { (shown(cell)) } } }
                    }
                }
            }
        }
    }
}

fn is_numeric(table: &Table, column: usize) -> bool {
    table
        .rows()
        .all(|row| row[column].is_empty() || row[column].number().is_some())
}

fn shown(cell: &Cell) -> String {
    let text = cell.to_string();
    match cell {
        Cell::Number(value) if text.len() > DIGITS_SHOWN => significant(*value, 6),
        _ => text,
    }
}

/// The link that saves the whole table as CSV.
pub(super) fn save(name: &str, table: &Table) -> Markup {
    let mut bytes = Vec::new();
    // Writing into memory cannot fail, and a table that could be read can be written.
    let written = table.write_csv(&mut bytes).is_ok();
    html! {
        @if written && bytes.len() <= CARRIED {
            a download={ (name) ".csv" } href=(data_address("text/csv", &bytes)) { "Save " (name) ".csv" }
        } @else {
            code { (name) ".csv" } " beside the results is too large to be carried along here."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(count: u64) -> Table {
        let mut rows = Table::new(&["n", "text"]);
        for number in 0..count {
            let fraction = number as f64 / 3.0;
            rows.push_row([fraction.into(), "<b>&\"".into()]).unwrap();
        }
        rows
    }

    #[test]
    fn long_tables_are_folded_and_cut_and_say_so() {
        let short = table("t", &rows(3), None).into_string();
        assert!(
            short.contains("<details id=\"table-t\" open>") && !short.contains("The first"),
            "{short}"
        );
        let long = table("t", &rows(1000), None).into_string();
        assert!(
            !long.contains(" open") && long.contains("The first 200 of 1000 rows"),
            "{long}"
        );
        assert_eq!(long.matches("<tr>").count(), 201);
        assert!(long.contains("data:text/csv;base64,"));
    }

    #[test]
    fn whatever_a_cell_says_is_text() {
        let text = table("t", &rows(2), Some("<i>")).into_string();
        assert!(
            text.contains("&lt;b&gt;&amp;") && !text.contains("<b>") && !text.contains("<i>"),
            "{text}"
        );
        assert!(text.contains(">0.333333<"), "{text}");
    }
}
