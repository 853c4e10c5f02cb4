//! From the output of a scenario's runs to its files.

use analysis::figure::{Format, RenderError};
use analysis::{DrawError, Drawing, Figure, Table, TableError, Verdict};
use thiserror::Error;

use crate::digest::sha256;
use crate::exit::Exit;
use crate::results::{Manifest, ResultsError, ResultsFolder, SnapshotNames, TableFile, Timing, snapshots};
use crate::run::Output;
use crate::scenario::Scenario;

/// Why results are not written.
#[derive(Debug, Error)]
pub(super) enum PublishError {
    #[error(transparent)]
    Folder(#[from] ResultsError),
    #[error("a table cannot be written: {0}")]
    Table(#[from] TableError),
    #[error("the manifest cannot be written: {0}")]
    Manifest(#[from] toml::ser::Error),
}

impl PublishError {
    pub(super) fn exit(&self) -> Exit {
        match self {
            PublishError::Folder(error) => error.exit(),
            PublishError::Table(_) | PublishError::Manifest(_) => Exit::Failed,
        }
    }
}

/// Why a figure has no files.
#[derive(Debug, Error)]
pub(super) enum FigureError {
    #[error(transparent)]
    Draw(#[from] DrawError),
    #[error("figure `{figure}`, as {format}: {error}")]
    Render {
        figure: String,
        format: Format,
        error: RenderError,
    },
    #[error("figure `{figure}`: its data cannot be written: {error}")]
    Data { figure: String, error: TableError },
}

/// A figure as files: their extensions and contents, the data among them.
pub(super) struct FigureFiles {
    pub(super) name: String,
    pub(super) files: Vec<(&'static str, Vec<u8>)>,
}

/// What became of each expectation. Every table that one names was promised before the run.
pub(super) fn verdicts(scenario: &Scenario, output: &Output) -> Vec<Verdict> {
    let empty = Table::new::<&str>(&[]);
    let table = |name: &str| table(&output.tables, name).unwrap_or(&empty);
    scenario
        .expectations
        .iter()
        .map(|expectation| expectation.evaluate(table(&expectation.table)))
        .collect()
}

/// The figures in these formats, or the reasons why they cannot be drawn.
pub(super) fn figures(
    figures: &[Figure],
    tables: &[(String, Table)],
    formats: &[Format],
) -> Vec<Result<FigureFiles, FigureError>> {
    let drawn = figures.iter().map(|figure| {
        let drawing = figure.draw(&|name| table(tables, name))?;
        files(&figure.name, &drawing, formats)
    });
    drawn.collect()
}

/// A drawing in these formats, each once, and its data.
fn files(name: &str, drawing: &Drawing, formats: &[Format]) -> Result<FigureFiles, FigureError> {
    let mut files = Vec::new();
    for format in Format::ALL.into_iter().filter(|format| formats.contains(format)) {
        let rendered = drawing.render(format).map_err(|error| FigureError::Render {
            figure: name.to_owned(),
            format,
            error,
        });
        files.push((format.extension(), rendered?));
    }
    let data = csv(&drawing.data).map_err(|error| FigureError::Data {
        figure: name.to_owned(),
        error,
    });
    files.push(("csv", data?));
    Ok(FigureFiles {
        name: name.to_owned(),
        files,
    })
}

fn table<'a>(tables: &'a [(String, Table)], name: &str) -> Option<&'a Table> {
    tables.iter().find(|(table, _)| table == name).map(|(_, table)| table)
}

/// Writes all files into the folder, which is not yet in its place.
pub(super) fn write(
    folder: &ResultsFolder,
    scenario: &Scenario,
    output: &Output,
    figures: &[Result<FigureFiles, FigureError>],
    verdicts: &[Verdict],
    timing: Timing,
) -> Result<(), PublishError> {
    let mut tables = Vec::new();
    for (name, table) in &output.tables {
        let bytes = csv(table)?;
        folder.write(&format!("{name}.csv"), &bytes)?;
        tables.push(TableFile {
            name: name.clone(),
            rows: table.len(),
            sha256: sha256(&bytes),
        });
    }
    for (name, contents) in snapshots(&output.tables, &SnapshotNames::of(scenario))? {
        folder.write(&name, &contents)?;
    }
    for FigureFiles { name, files } in figures.iter().flatten() {
        for (extension, contents) in files {
            folder.write(&format!("figures/{name}.{extension}"), contents)?;
        }
    }
    if !verdicts.is_empty() {
        folder.write("expectations.txt", analysis::expect::report(verdicts).as_bytes())?;
    }
    folder.write("scenario.toml", scenario.resolved().as_bytes())?;
    let manifest = Manifest::new(scenario, &output.records, tables);
    folder.write("manifest.toml", manifest.to_toml()?.as_bytes())?;
    folder.write("timing.json", timing.to_json().as_bytes())?;
    Ok(())
}

/// A table as the bytes of its file.
pub(super) fn csv(table: &Table) -> Result<Vec<u8>, TableError> {
    let mut bytes = Vec::new();
    table.write_csv(&mut bytes)?;
    Ok(bytes)
}
