//! From the output of a scenario's runs to its files.

use analysis::{DrawError, Drawing, Table, TableError, Verdict};
use thiserror::Error;

use crate::exit::Exit;
use crate::results::{Manifest, ResultsError, ResultsFolder, Timing};
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

/// What became of each expectation. Every table that one names was promised before the run.
pub(super) fn verdicts(scenario: &Scenario, output: &Output) -> Vec<Verdict> {
    let empty = Table::new::<&str>(&[]);
    let table = |name: &str| table(output, name).unwrap_or(&empty);
    scenario
        .expectations
        .iter()
        .map(|expectation| expectation.evaluate(table(&expectation.table)))
        .collect()
}

/// The figures, each with its name or the reason why it cannot be drawn.
pub(super) fn figures<'a>(scenario: &'a Scenario, output: &Output) -> Vec<(&'a str, Result<Drawing, DrawError>)> {
    let figures = scenario.figures.iter();
    figures
        .filter_map(|figure| Some((figure.name.as_str(), figure.draw(table(output, &figure.table)?))))
        .collect()
}

fn table<'a>(output: &'a Output, name: &str) -> Option<&'a Table> {
    output
        .tables
        .iter()
        .find(|(table, _)| table == name)
        .map(|(_, table)| table)
}

/// Writes all files into the folder, which is not yet in its place.
pub(super) fn write(
    folder: &ResultsFolder,
    scenario: &Scenario,
    output: &Output,
    figures: &[(&str, Result<Drawing, DrawError>)],
    verdicts: &[Verdict],
    timing: Timing,
) -> Result<(), PublishError> {
    for (name, table) in &output.tables {
        write_table(folder, &format!("{name}.csv"), table)?;
    }
    for (name, drawing) in figures {
        if let Ok(drawing) = drawing {
            folder.write(&format!("figures/{name}.svg"), drawing.svg.as_bytes())?;
            write_table(folder, &format!("figures/{name}.csv"), &drawing.data)?;
        }
    }
    if !verdicts.is_empty() {
        folder.write("expectations.txt", analysis::expect::report(verdicts).as_bytes())?;
    }
    folder.write("scenario.toml", scenario.resolved().as_bytes())?;
    folder.write(
        "manifest.toml",
        Manifest::new(scenario, &output.records).to_toml()?.as_bytes(),
    )?;
    folder.write("timing.json", timing.to_json().as_bytes())?;
    Ok(())
}

fn write_table(folder: &ResultsFolder, name: &str, table: &Table) -> Result<(), PublishError> {
    let mut bytes = Vec::new();
    table.write_csv(&mut bytes)?;
    Ok(folder.write(name, &bytes)?)
}
