//! Reading a folder of results back. Nothing in it is changed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use analysis::{Expectation, Figure, Schema, Table, TableError};
use serde::Deserialize;

use super::{MANIFEST, Manifest};
use crate::digest::sha256;
use crate::input::{Document, InputError, Origin, Source};
use crate::scenario::{Citation, check_figures};

/// The scenario with everything from the command line laid over it.
pub const SCENARIO: &str = "scenario.toml";

/// How long the runs took.
const TIMING: &str = "timing.json";

/// The most that a file of results may hold, in bytes: more than fits into a figure or a page.
const FILE_LIMIT: u64 = 1 << 30;

/// What a folder of results holds.
pub struct Results {
    /// The folder.
    pub folder: PathBuf,
    /// What the results were made from.
    pub manifest: Manifest,
    /// The tables, by the names of their files without `.csv`, in the order in which they were written.
    pub tables: Vec<(String, Table)>,
    /// The tables whose files are no longer, byte by byte, what the manifest tells.
    pub altered: Vec<String>,
    /// The scenario with everything from the command line laid over it.
    pub scenario: Document,
}

/// What a scenario says for its readers, and what it wants drawn and held: all that does not decide what is simulated.
#[derive(Debug, Deserialize)]
pub struct Presentation {
    /// One line on what the scenario shows.
    pub title: Option<String>,
    /// More than a line.
    pub description: Option<String>,
    /// The publications that it follows.
    #[serde(default)]
    pub cites: Vec<Citation>,
    /// The figures to draw.
    #[serde(default, rename = "figure")]
    pub figures: Vec<Figure>,
    /// What must hold.
    #[serde(default, rename = "expect")]
    pub expectations: Vec<Expectation>,
}

impl Results {
    /// Reads the results in `folder`: manifest, scenario and all tables.
    ///
    /// # Errors
    /// [`InputError::Missing`] where the folder or one of its files is not there; [`InputError::Invalid`], with file, line and
    /// column, where one is damaged: no TOML, no CSV, cut off, or with fewer rows than were written.
    pub fn read(folder: &Path) -> Result<Self, InputError> {
        let manifest = manifest(folder)?;
        let scenario = Document::parse(&source(&folder.join(SCENARIO))?)?;
        let mut tables = Vec::new();
        let mut altered = Vec::new();
        for (name, written) in table_names(folder, &manifest)? {
            let file = source(&folder.join(format!("{name}.csv")))?;
            let table = read_table(&file)?;
            if let Some(written) = written {
                check_rows(&file, &table, written.rows)?;
                if sha256(file.text().as_bytes()) != written.sha256 {
                    altered.push(name.clone());
                }
            }
            tables.push((name, table));
        }
        Ok(Results {
            folder: folder.to_owned(),
            manifest,
            tables,
            altered,
            scenario,
        })
    }

    /// The table of this name.
    pub fn table(&self, name: &str) -> Option<&Table> {
        let found = self.tables.iter().find(|(table, _)| table == name);
        found.map(|(_, table)| table)
    }

    /// The tables that there are, and their columns.
    pub fn schema(&self) -> Schema {
        let tables = self.tables.iter();
        tables.fold(Schema::new(), |schema, (name, table)| {
            schema.with(name, table.columns())
        })
    }

    /// What the file `timing.json` says: how long the runs took, and on what. Nothing where it is not there, for it is no part of
    /// the results.
    ///
    /// # Errors
    /// [`InputError::Invalid`], with file, line and column, where it is no JSON.
    pub fn timing(&self) -> Result<Option<serde_json::Value>, InputError> {
        let path = self.folder.join(TIMING);
        let file = match Source::read(&path, FILE_LIMIT) {
            Err(InputError::Missing { .. }) => return Ok(None),
            file => file?,
        };
        let text = file.text();
        serde_json::from_str(text).map(Some).map_err(|error| {
            let lines = text.split_inclusive('\n').take(error.line().saturating_sub(1));
            let at = lines.map(str::len).sum::<usize>() + error.column().saturating_sub(1);
            InputError::at(
                &Origin::new(file.clone(), at..at + 1),
                format!("not valid JSON: {error}"),
            )
            .help("the file can be removed: it is no part of the results")
        })
    }

    /// What `document`, the scenario of these results or another one, wants drawn and held; the figures are checked against the tables.
    ///
    /// # Errors
    /// [`InputError::Invalid`], pointing at what the tables do not have.
    pub fn presentation(&self, document: &Document) -> Result<Presentation, InputError> {
        let presentation: Presentation = document.deserialize()?;
        check_figures(document, &presentation.figures, &self.schema())?;
        Ok(presentation)
    }
}

/// Reads a table of results.
///
/// # Errors
/// [`InputError::Missing`], and [`InputError::Invalid`] with file, line and column where the file is no CSV with rows as long as
/// its header, or is cut off within a line.
pub fn read_table_file(path: &Path) -> Result<Table, InputError> {
    read_table(&source(path)?)
}

/// Reads what the results in `folder` were made from.
///
/// # Errors
/// As [`Results::read`].
pub(crate) fn manifest(folder: &Path) -> Result<Manifest, InputError> {
    let file = source(&folder.join(MANIFEST)).map_err(|error| match error {
        InputError::Missing { .. } => error.help("name a folder that `peerscope run` has written"),
        other => other,
    })?;
    let document = Document::parse(&file)?;
    let manifest: Manifest = document.deserialize()?;
    for (index, table) in manifest.tables.iter().enumerate() {
        if !is_table_name(&table.name) {
            let message = format!("expected the name of a table, found {:?}", table.name);
            return Err(document.error_at(&format!("tables.{index}.name"), message));
        }
    }
    Ok(manifest)
}

/// Whether a name is that of a file in the folder itself.
fn is_table_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    !name.is_empty() && name.bytes().all(fits)
}

/// The tables of the manifest; where it does not tell, those that lie in the folder.
fn table_names<'a>(
    folder: &Path,
    manifest: &'a Manifest,
) -> Result<Vec<(String, Option<&'a super::TableFile>)>, InputError> {
    if !manifest.tables.is_empty() {
        let tables = manifest.tables.iter();
        return Ok(tables.map(|table| (table.name.clone(), Some(table))).collect());
    }
    let entries = std::fs::read_dir(folder).map_err(|error| InputError::missing(folder, &error))?;
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let tables = paths.filter(|path| path.extension().is_some_and(|extension| extension == "csv"));
    let names: BTreeSet<String> = tables
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect();
    Ok(names.into_iter().map(|name| (name, None)).collect())
}

fn source(path: &Path) -> Result<Arc<Source>, InputError> {
    Source::read(path, FILE_LIMIT)
        .map_err(|error| error.help("the folder is not complete: `peerscope run` writes results anew"))
}

fn read_table(file: &Arc<Source>) -> Result<Table, InputError> {
    let text = file.text();
    let damaged = |at: usize, message: String| {
        let rest = &text[at..];
        let line = at..at + rest.find('\n').unwrap_or(rest.len());
        InputError::at(&Origin::new(file.clone(), line), message).help(RUN_AGAIN)
    };
    if !text.ends_with('\n') {
        let last = text.rfind('\n').map_or(0, |newline| newline + 1);
        return Err(damaged(last, "the table ends within a line: it was cut off".to_owned()));
    }
    Table::read_csv(text.as_bytes()).map_err(|error| {
        let TableError::Csv(csv) = &error else {
            return damaged(0, error.to_string());
        };
        let at = csv.position().map_or(0, |position| position.byte() as usize);
        let message = match csv.kind() {
            csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                format!("this row has {len} values where the header names {expected_len} columns")
            }
            _ => error.to_string(),
        };
        damaged(at.min(text.len()), message)
    })
}

const RUN_AGAIN: &str = "the table is damaged: run `scenario.toml` beside it again, with another --output";

fn check_rows(file: &Arc<Source>, table: &Table, written: usize) -> Result<(), InputError> {
    if table.len() == written {
        return Ok(());
    }
    let end = file.text().len();
    let message = format!("the table has {} rows; {written} were written", table.len());
    let place = Origin::new(file.clone(), end.saturating_sub(1)..end);
    Err(InputError::at(&place, message).labelled("its end").help(RUN_AGAIN))
}
