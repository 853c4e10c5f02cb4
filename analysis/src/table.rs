//! Tidy tables: one row an observation, one column a variable.

use std::collections::BTreeSet;
use std::io;

use thiserror::Error;

use crate::cell::{Cell, Conditions};
use crate::spec::did_you_mean;

/// The column that numbers the replications of one setting, from zero. Where a table has it, one replication may count
/// once in a mean: rows that repeat it within a group are an error and no additional observations.
pub const REPLICATION: &str = "replication";

/// A table in memory: named columns, rows in the order they were pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    columns: Vec<String>,
    /// Row after row.
    cells: Vec<Cell>,
}

/// One row of a table: one cell a column.
pub type Row<'a> = &'a [Cell];

/// What can be wrong with a table, or with a question put to one.
#[derive(Debug, Error)]
pub enum TableError {
    /// A column was asked for that the table does not have.
    #[error("unknown column `{column}`; columns are: {}{}", columns.join(", "), did_you_mean(column, columns))]
    UnknownColumn {
        /// The name asked for.
        column: String,
        /// The names there are.
        columns: Vec<String>,
    },
    /// Two columns of one name.
    #[error("the header names column `{column}` twice; a column's name must be its own")]
    RepeatedColumn {
        /// The name that occurs again.
        column: String,
    },
    /// A row that does not fill the columns.
    #[error("row {row} has {found} values where the table has {expected} columns")]
    WrongLength {
        /// The row, counted from 1.
        row: usize,
        /// How many columns there are.
        expected: usize,
        /// How many values the row has.
        found: usize,
    },
    /// A text where a number is needed.
    #[error("column `{column}`, row {row}: expected a finite number, found `{found}`")]
    NotANumber {
        /// The column.
        column: String,
        /// The row among those looked at, counted from 1.
        row: usize,
        /// What stands there.
        found: String,
    },
    /// A replication that occurs again among rows that are to be averaged over replications.
    #[error(
        "replication {replication} has several rows{group}; averaging needs one row a replication: \
         tell the rows apart with a `where` condition or a `series` column"
    )]
    RepeatedReplication {
        /// The replication that occurs again.
        replication: String,
        /// What the rows have in common, as ` where ...`; empty for nothing.
        group: String,
    },
    /// The file is not CSV with a header and rows of equal length, or cannot be read or written.
    #[error(transparent)]
    Csv(#[from] csv::Error),
}

impl Table {
    /// A table of these columns, without rows.
    pub fn new<S: AsRef<str>>(columns: &[S]) -> Self {
        Table {
            columns: columns.iter().map(|name| name.as_ref().to_owned()).collect(),
            cells: Vec::new(),
        }
    }

    /// The names of the columns, in order.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows().len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// The rows, in the order they were pushed.
    pub fn rows(&self) -> std::slice::ChunksExact<'_, Cell> {
        self.cells.chunks_exact(self.columns.len().max(1))
    }

    /// Adds a row at the end.
    ///
    /// # Errors
    /// [`TableError::WrongLength`] unless there is one value a column.
    pub fn push_row(&mut self, row: impl IntoIterator<Item = Cell>) -> Result<(), TableError> {
        let before = self.cells.len();
        self.cells.extend(row);
        let found = self.cells.len() - before;
        if found == self.columns.len() {
            return Ok(());
        }
        self.cells.truncate(before);
        Err(TableError::WrongLength {
            row: self.len() + 1,
            expected: self.columns.len(),
            found,
        })
    }

    /// Adds the rows of another table with the same columns: how the tables of several replications become one.
    ///
    /// # Errors
    /// [`TableError::UnknownColumn`] if the other has a column that this one has not, and
    /// [`TableError::WrongLength`] if it lacks one. Columns in another order are put in this table's order.
    pub fn append(&mut self, other: &Table) -> Result<(), TableError> {
        if other.columns == self.columns {
            self.cells.extend_from_slice(&other.cells);
            return Ok(());
        }
        if let Some(unknown) = other.columns.iter().find(|name| !self.columns.contains(name)) {
            return Err(self.unknown(unknown));
        }
        let order: Result<Vec<usize>, _> = self.columns.iter().map(|name| other.column_index(name)).collect();
        let order = order?;
        for row in other.rows() {
            self.push_row(order.iter().map(|&index| row[index].clone()))?;
        }
        Ok(())
    }

    /// Where a column stands in each row.
    ///
    /// # Errors
    /// [`TableError::UnknownColumn`], which names the columns there are.
    pub fn column_index(&self, name: &str) -> Result<usize, TableError> {
        self.columns
            .iter()
            .position(|column| column == name)
            .ok_or_else(|| self.unknown(name))
    }

    /// The values of a column, row by row.
    ///
    /// # Errors
    /// [`TableError::UnknownColumn`].
    pub fn column(&self, name: &str) -> Result<impl Iterator<Item = &Cell>, TableError> {
        let index = self.column_index(name)?;
        Ok(self.rows().map(move |row| &row[index]))
    }

    /// The numbers of a column, row by row; `None` where the cell is empty.
    ///
    /// # Errors
    /// [`TableError::UnknownColumn`], and [`TableError::NotANumber`] for any other text or an infinite number.
    pub fn numbers(&self, name: &str) -> Result<Vec<Option<f64>>, TableError> {
        let number = |(row, cell): (usize, &Cell)| match cell.number() {
            None if !cell.is_empty() => Err(TableError::NotANumber {
                column: name.to_owned(),
                row: row + 1,
                found: cell.to_string(),
            }),
            number => Ok(number),
        };
        self.column(name)?.enumerate().map(number).collect()
    }

    /// The different values of a column, in order of appearance.
    ///
    /// # Errors
    /// [`TableError::UnknownColumn`].
    pub fn distinct(&self, name: &str) -> Result<Vec<Cell>, TableError> {
        let mut seen = BTreeSet::new();
        Ok(self.column(name)?.filter(|cell| seen.insert(*cell)).cloned().collect())
    }

    /// The rows in which every condition holds (see [`Cell::matches`]), in order.
    ///
    /// # Errors
    /// [`TableError::UnknownColumn`].
    pub fn select(&self, conditions: &Conditions) -> Result<Table, TableError> {
        let conditions: Result<Vec<(usize, &Cell)>, TableError> = conditions
            .iter()
            .map(|(name, value)| Ok((self.column_index(name)?, value)))
            .collect();
        let conditions = conditions?;
        let mut selected = Table::new(&self.columns);
        for row in self
            .rows()
            .filter(|row| conditions.iter().all(|(index, value)| row[*index].matches(value)))
        {
            selected.cells.extend_from_slice(row);
        }
        Ok(selected)
    }

    /// Writes the table as CSV: a header, then a line a row, ended by a line feed. The same table gives the same bytes on
    /// every machine; numbers are written with the fewest digits that read back as the same number.
    ///
    /// # Errors
    /// [`TableError::Csv`] if writing fails.
    pub fn write_csv(&self, mut sink: impl io::Write) -> Result<(), TableError> {
        self.write_csv_header(&mut sink)?;
        self.write_csv_rows(sink)
    }

    /// Writes the first line of [`write_csv`](Self::write_csv).
    ///
    /// # Errors
    /// [`TableError::Csv`] if writing fails.
    pub fn write_csv_header(&self, sink: impl io::Write) -> Result<(), TableError> {
        let mut writer = csv::Writer::from_writer(sink);
        writer.write_record(&self.columns)?;
        Ok(writer.flush().map_err(csv::Error::from)?)
    }

    /// Writes all but the first line of [`write_csv`](Self::write_csv), so that tables with the same columns can go to one file.
    ///
    /// # Errors
    /// [`TableError::Csv`] if writing fails.
    pub fn write_csv_rows(&self, sink: impl io::Write) -> Result<(), TableError> {
        let mut writer = csv::Writer::from_writer(sink);
        for row in self.rows() {
            writer.write_record(row.iter().map(Cell::to_string))?;
        }
        Ok(writer.flush().map_err(csv::Error::from)?)
    }

    /// Reads a table from CSV with a header.
    ///
    /// # Errors
    /// [`TableError::Csv`] for what is no CSV, no UTF-8 or has lines of unequal length (with the line);
    /// [`TableError::RepeatedColumn`].
    pub fn read_csv(source: impl io::Read) -> Result<Table, TableError> {
        let mut reader = csv::Reader::from_reader(source);
        let columns: Vec<String> = reader.headers()?.iter().map(str::to_owned).collect();
        let mut seen = BTreeSet::new();
        if let Some(column) = columns.iter().find(|name| !seen.insert(*name)) {
            return Err(TableError::RepeatedColumn { column: column.clone() });
        }
        let mut table = Table {
            columns,
            cells: Vec::new(),
        };
        for record in reader.records() {
            table.push_row(record?.iter().map(Cell::from))?;
        }
        Ok(table)
    }

    fn unknown(&self, column: &str) -> TableError {
        TableError::UnknownColumn {
            column: column.to_owned(),
            columns: self.columns.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookups() -> Table {
        let mut table = Table::new(&["rules", "nodes", "visited_mean"]);
        for (rules, nodes, mean) in [
            ("i3", 8_u64, 1.5),
            ("ton-2003", 8, 1.25),
            ("i3", 16, f64::NAN),
            ("ton-2003", 16, 1.0 / 3.0),
        ] {
            table.push_row([rules.into(), nodes.into(), mean.into()]).unwrap();
        }
        table
    }

    fn csv(table: &Table) -> String {
        let mut bytes = Vec::new();
        table.write_csv(&mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn csv_has_shortest_numbers_and_reads_back_as_the_same_table() {
        let table = lookups();
        let text = csv(&table);
        assert_eq!(
            text,
            "rules,nodes,visited_mean\ni3,8,1.5\nton-2003,8,1.25\ni3,16,\nton-2003,16,0.3333333333333333\n"
        );
        assert_eq!(Table::read_csv(text.as_bytes()).unwrap(), table);
    }

    #[test]
    fn texts_with_separators_survive_the_round_trip() {
        let mut table = Table::new(&["label"]);
        for text in ["a, b", "say \"so\"", "two\nlines", "", " padded ", "Zürich"] {
            table.push_row([text.into()]).unwrap();
        }
        assert_eq!(Table::read_csv(csv(&table).as_bytes()).unwrap(), table);
    }

    #[test]
    fn rows_are_selected_by_number_or_text() {
        let chosen = |conditions: &[(&str, Cell)]| {
            let conditions = conditions
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone()))
                .collect();
            lookups().select(&conditions).map(|table| table.len())
        };
        assert_eq!(chosen(&[]).unwrap(), 4);
        assert_eq!(chosen(&[("nodes", 8.0.into())]).unwrap(), 2);
        assert_eq!(chosen(&[("nodes", "8".into()), ("rules", "i3".into())]).unwrap(), 1);
        assert_eq!(chosen(&[("rules", "corrected".into())]).unwrap(), 0);
        let message = chosen(&[("node", 8_u64.into())]).unwrap_err().to_string();
        assert!(message.contains("columns are: rules, nodes, visited_mean"), "{message}");
        assert!(message.contains("did you mean `nodes`?"), "{message}");
    }

    #[test]
    fn distinct_values_keep_their_order_of_appearance() {
        assert_eq!(
            lookups().distinct("rules").unwrap(),
            [Cell::from("i3"), Cell::from("ton-2003")]
        );
    }

    #[test]
    fn a_row_of_the_wrong_length_changes_nothing() {
        let mut table = lookups();
        let message = table.push_row([Cell::Empty]).unwrap_err().to_string();
        assert_eq!(message, "row 5 has 1 values where the table has 3 columns");
        assert_eq!(table, lookups());
    }

    #[test]
    fn tables_are_appended_by_column_name() {
        let mut table = lookups();
        let mut other = Table::new(&["nodes", "visited_mean", "rules"]);
        other.push_row([32_u64.into(), 2.5.into(), "i3".into()]).unwrap();
        table.append(&other).unwrap();
        assert_eq!(
            table.rows().next_back().unwrap(),
            [Cell::from("i3"), Cell::from(32_u64), Cell::from(2.5)]
        );
        assert!(matches!(
            table.append(&Table::new(&["hops"])),
            Err(TableError::UnknownColumn { .. })
        ));
        assert!(matches!(
            other.append(&Table::new(&["hops", "rules"])),
            Err(TableError::UnknownColumn { .. })
        ));
    }

    #[test]
    fn malformed_csv_is_refused_with_its_place() {
        let message = Table::read_csv("a,b\n1,2\n3\n".as_bytes()).unwrap_err().to_string();
        assert!(message.contains("line: 3"), "{message}");
        assert!(matches!(
            Table::read_csv("a,a\n".as_bytes()),
            Err(TableError::RepeatedColumn { .. })
        ));
        assert!(Table::read_csv(&b"a\n\xff\n"[..]).is_err());
    }

    #[test]
    fn a_text_among_numbers_is_named_and_an_empty_cell_is_none() {
        assert_eq!(lookups().numbers("visited_mean").unwrap()[2], None);
        let message = lookups().numbers("rules").unwrap_err().to_string();
        assert_eq!(message, "column `rules`, row 1: expected a finite number, found `i3`");
    }
}
