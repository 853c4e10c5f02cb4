//! `peerscope plot`: the figures of results, drawn again from their tables.

use std::io;
use std::path::Path;

use analysis::Figure;
use analysis::figure::Format;

use super::arguments::Plot;
use super::publish::{self, FigureFiles};
use super::terminal::Terminal;
use crate::exit::Exit;
use crate::input::{Document, InputError, closest, list};
use crate::results::{Results, replace_file};

pub(super) fn plot(arguments: &Plot, terminal: &mut Terminal<'_>) -> io::Result<Exit> {
    let (results, figures) = match read(arguments) {
        Ok(read) => read,
        Err(error) => return Ok(terminal.refuse(&error)),
    };
    let figures = match chosen(arguments, figures) {
        Ok(figures) => figures,
        Err(reason) => {
            terminal.complain(&reason);
            return Ok(Exit::Usage);
        }
    };
    warn_of_altered(&results, terminal);
    draw(
        &figures,
        &results,
        &arguments.format,
        arguments.output.as_deref(),
        terminal,
    )
}

/// Draws figures of results in these formats, beside them or to the folder `output`.
pub(super) fn draw(
    figures: &[Figure],
    results: &Results,
    formats: &[Format],
    output: Option<&Path>,
    terminal: &mut Terminal<'_>,
) -> io::Result<Exit> {
    let folder = output.map_or_else(|| results.folder.join("figures"), Path::to_owned);
    let mut exit = Exit::Done;
    let mut lines = String::new();
    for drawn in publish::figures(figures, &results.tables, formats) {
        let FigureFiles { name, files } = match drawn {
            Ok(files) => files,
            Err(error) => {
                terminal.complain(&error.to_string());
                exit = exit.max(Exit::Failed);
                continue;
            }
        };
        for (extension, contents) in files {
            let path = folder.join(format!("{name}.{extension}"));
            if let Err(error) = replace_file(&path, &contents) {
                terminal.complain(&error.to_string());
                return Ok(error.exit());
            }
            lines.push_str(&format!("{}\n", path.display()));
        }
    }
    terminal.print(&lines)?;
    Ok(exit)
}

/// The results, and the figures of their scenario or of another one.
fn read(arguments: &Plot) -> Result<(Results, Vec<Figure>), InputError> {
    let results = Results::read(&arguments.results)?;
    let figures = match &arguments.scenario {
        None => results.presentation(&results.scenario)?.figures,
        Some(file) => results.presentation(&Document::read(file)?)?.figures,
    };
    Ok((results, figures))
}

/// The figures asked for, as wide as asked for.
fn chosen(arguments: &Plot, mut figures: Vec<Figure>) -> Result<Vec<Figure>, String> {
    if figures.is_empty() {
        return Err(
            "the scenario has no [[figure]]; add one to a scenario file and name it with --scenario".to_owned(),
        );
    }
    let names: Vec<&str> = figures.iter().map(|figure| figure.name.as_str()).collect();
    if let Some(name) = arguments.figure.iter().find(|name| !names.contains(&name.as_str())) {
        let guess = closest(name, names.iter().copied()).map(|guess| format!("; did you mean `{guess}`?"));
        return Err(format!(
            "there is no figure `{name}`; the figures are {}{}",
            list(names),
            guess.unwrap_or_default()
        ));
    }
    figures.retain(|figure| arguments.figure.is_empty() || arguments.figure.contains(&figure.name));
    if let Some(width) = arguments.width {
        figures.iter_mut().for_each(|figure| figure.width = width.into());
    }
    Ok(figures)
}

/// Tells of tables that somebody has edited since they were written.
pub(super) fn warn_of_altered(results: &Results, terminal: &mut Terminal<'_>) {
    for name in &results.altered {
        let path = results.folder.join(format!("{name}.csv"));
        terminal.warn(&format!(
            "{}: the table is not what was written (its SHA-256 is not that in manifest.toml)",
            path.display()
        ));
    }
}
