//! Tables as Parquet, which pandas, polars, DuckDB and R read with the types of their columns.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use csv::{Reader, StringRecord};
use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;
use thiserror::Error;

/// How many rows are in memory at a time: a row group of the file.
const ROWS_AT_A_TIME: usize = 1 << 14;

/// Why a table is not written as Parquet.
#[derive(Debug, Error)]
pub enum ParquetError {
    /// The table cannot be read.
    #[error("{0}")]
    Csv(#[from] csv::Error),
    /// The system refuses.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// The format refuses.
    #[error("{0}")]
    Parquet(#[from] parquet::errors::ParquetError),
}

/// Writes a table that lies in a CSV file as Parquet. A column holds whole numbers, numbers, truth values or text, whichever is the
/// narrowest that all of its cells are; empty cells are nulls. Memory does not depend on the number of rows.
///
/// # Errors
/// [`ParquetError`].
pub fn write_parquet(table: &Path, to: File) -> Result<(), ParquetError> {
    let columns = columns(Reader::from_path(table)?)?;
    let fields = columns.iter().map(|column| column.field().map(Arc::new));
    let fields = fields.collect::<Result<Vec<_>, _>>()?;
    let schema = Type::group_type_builder("table").with_fields(fields).build()?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        // Not the version of the library: the same table gives the same bytes.
        .set_created_by("peerscope".to_owned())
        .build();
    let mut writer = SerializedFileWriter::new(&to, Arc::new(schema), Arc::new(properties))?;
    let mut reader = Reader::from_path(table)?;
    let mut records = reader.records();
    loop {
        let rows = records
            .by_ref()
            .take(ROWS_AT_A_TIME)
            .collect::<Result<Vec<StringRecord>, _>>()?;
        if rows.is_empty() {
            break;
        }
        let mut group = writer.next_row_group()?;
        for (place, column) in columns.iter().enumerate() {
            let Some(mut sink) = group.next_column()? else { break };
            column.write(sink.untyped(), rows.iter().map(|row| &row[place]))?;
            sink.close()?;
        }
        group.close()?;
    }
    writer.close()?;
    Ok(to.sync_all()?)
}

/// What the cells of a column are.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Kind {
    /// Nothing is known yet: all cells are empty.
    Empty,
    Truth,
    Whole,
    Number,
    Text,
}

impl Kind {
    fn of(cell: &str) -> Self {
        let whole = cell.parse::<i64>().is_ok_and(|number| number.to_string() == cell);
        match cell {
            "" => Kind::Empty,
            "true" | "false" => Kind::Truth,
            _ if whole => Kind::Whole,
            _ if cell.parse::<f64>().is_ok() => Kind::Number,
            _ => Kind::Text,
        }
    }

    /// The narrowest kind that cells of both are.
    fn or(self, other: Kind) -> Kind {
        match (self, other) {
            (Kind::Empty, kind) | (kind, Kind::Empty) => kind,
            (one, other) if one == other => one,
            (Kind::Whole, Kind::Number) | (Kind::Number, Kind::Whole) => Kind::Number,
            _ => Kind::Text,
        }
    }
}

/// A column of the table.
struct Column {
    name: String,
    kind: Kind,
    /// Whether some of its cells are empty.
    nulls: bool,
}

/// The columns of a table, from all of its cells.
fn columns(mut table: Reader<impl Read>) -> Result<Vec<Column>, csv::Error> {
    let column = |name: &str| Column {
        name: name.to_owned(),
        kind: Kind::Empty,
        nulls: false,
    };
    let mut columns: Vec<Column> = table.headers()?.iter().map(column).collect();
    let mut row = StringRecord::new();
    while table.read_record(&mut row)? {
        for (column, cell) in columns.iter_mut().zip(&row) {
            column.kind = column.kind.or(Kind::of(cell));
            column.nulls |= cell.is_empty();
        }
    }
    Ok(columns)
}

impl Column {
    fn field(&self) -> Result<Type, parquet::errors::ParquetError> {
        let physical = match self.kind {
            Kind::Truth => Physical::BOOLEAN,
            Kind::Whole => Physical::INT64,
            // Most of what may have no value at all is measured.
            Kind::Number | Kind::Empty => Physical::DOUBLE,
            Kind::Text => Physical::BYTE_ARRAY,
        };
        let repetition = if self.nulls {
            Repetition::OPTIONAL
        } else {
            Repetition::REQUIRED
        };
        Type::primitive_type_builder(&self.name, physical)
            .with_repetition(repetition)
            .with_logical_type((self.kind == Kind::Text).then_some(LogicalType::String))
            .build()
    }

    /// Writes the cells of a row group.
    fn write<'a>(
        &self,
        sink: &mut ColumnWriter<'_>,
        cells: impl Iterator<Item = &'a str> + Clone,
    ) -> Result<(), parquet::errors::ParquetError> {
        // One for a value, zero for a null; a column without nulls has no levels.
        let levels: Option<Vec<i16>> = self
            .nulls
            .then(|| cells.clone().map(|cell| i16::from(!cell.is_empty())).collect());
        let levels = levels.as_deref();
        let values = cells.filter(|cell| !cell.is_empty());
        match sink {
            ColumnWriter::BoolColumnWriter(sink) => {
                let values: Vec<bool> = values.map(|cell| cell == "true").collect();
                sink.write_batch(&values, levels, None)?;
            }
            ColumnWriter::Int64ColumnWriter(sink) => {
                let values: Vec<i64> = values.filter_map(|cell| cell.parse().ok()).collect();
                sink.write_batch(&values, levels, None)?;
            }
            ColumnWriter::DoubleColumnWriter(sink) => {
                let values: Vec<f64> = values.filter_map(|cell| cell.parse().ok()).collect();
                sink.write_batch(&values, levels, None)?;
            }
            ColumnWriter::ByteArrayColumnWriter(sink) => {
                let values: Vec<ByteArray> = values.map(ByteArray::from).collect();
                sink.write_batch(&values, levels, None)?;
            }
            _ => unreachable!("no field is of another type"),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use parquet::file::reader::{FileReader, SerializedFileReader};

    use super::*;

    /// The schema and the rows of a table as a reader of Parquet sees them.
    fn written(csv: &str) -> (String, Vec<String>) {
        let home = tempfile::tempdir().unwrap();
        let (table, file) = (home.path().join("t.csv"), home.path().join("t.parquet"));
        std::fs::write(&table, csv).unwrap();
        write_parquet(&table, File::create(&file).unwrap()).unwrap();
        let reader = SerializedFileReader::new(File::open(&file).unwrap()).unwrap();
        let mut schema = Vec::new();
        parquet::schema::printer::print_schema(&mut schema, reader.metadata().file_metadata().schema());
        let rows = reader.get_row_iter(None).unwrap();
        let rows = rows.map(|row| row.unwrap().to_string()).collect();
        (String::from_utf8(schema).unwrap(), rows)
    }

    #[test]
    fn columns_have_the_narrowest_type_that_holds_all_cells() {
        let (schema, rows) = written("a,b,c,d,e\n1,1,true,x,\n-2,2.5,false,007,\n3,,true,1,\n");
        for field in [
            "REQUIRED INT64 a",
            "OPTIONAL DOUBLE b",
            "REQUIRED BOOLEAN c",
            "REQUIRED BYTE_ARRAY d (STRING)",
            "OPTIONAL DOUBLE e",
        ] {
            assert!(schema.contains(field), "{field} is not in\n{schema}");
        }
        assert_eq!(rows.len(), 3);
        assert_eq!(rows[1], "{a: -2, b: 2.5, c: false, d: \"007\", e: null}");
        assert_eq!(rows[2], "{a: 3, b: null, c: true, d: \"1\", e: null}");
    }

    #[test]
    fn tables_longer_than_a_row_group_are_whole() {
        let rows = ROWS_AT_A_TIME + 5;
        let mut csv = String::from("n,half\n");
        for row in 0..rows {
            csv.push_str(&format!("{row},{}\n", row as f64 / 2.0));
        }
        let (_, written) = written(&csv);
        assert_eq!(written.len(), rows);
        assert_eq!(
            written[rows - 1],
            format!("{{n: {}, half: {:?}}}", rows - 1, (rows - 1) as f64 / 2.0)
        );
    }

    #[test]
    fn a_table_without_rows_has_its_columns() {
        let (schema, rows) = written("a,b\n");
        assert!(schema.contains(" a") && schema.contains(" b") && rows.is_empty());
    }
}
