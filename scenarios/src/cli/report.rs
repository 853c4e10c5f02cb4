//! `peerscope report`: results as one web page.

use std::io;
use std::path::Path;

use analysis::DrawError;

use super::arguments::Report;
use super::plot::warn_of_altered;
use super::terminal::Terminal;
use crate::exit::Exit;
use crate::input::InputError;
use crate::report;
use crate::results::{Presentation, Results, replace_file};

/// The page beside the results that it is of.
const PAGE: &str = "report.html";

pub(super) fn report(arguments: &Report, terminal: &mut Terminal<'_>) -> io::Result<Exit> {
    let (results, presentation) = match read(&arguments.results) {
        Ok(read) => read,
        Err(error) => return Ok(terminal.refuse(&error)),
    };
    warn_of_altered(&results, terminal);
    let (exit, undrawn) = write(&results, &presentation, arguments.output.as_deref(), terminal)?;
    for error in &undrawn {
        terminal.complain(&error.to_string());
    }
    Ok(exit)
}

/// Results, and what their scenario says for its readers.
pub(super) fn read(folder: &Path) -> Result<(Results, Presentation), InputError> {
    let results = Results::read(folder)?;
    let presentation = results.presentation(&results.scenario)?;
    Ok((results, presentation))
}

/// Writes the page of results, beside them or to `output`. The figures that could not be drawn are returned, and not yet told.
pub(super) fn write(
    results: &Results,
    presentation: &Presentation,
    output: Option<&Path>,
    terminal: &mut Terminal<'_>,
) -> io::Result<(Exit, Vec<DrawError>)> {
    let timing = match results.timing() {
        Ok(timing) => timing,
        Err(error) => return Ok((terminal.refuse(&error), Vec::new())),
    };
    let report = report::report(results, presentation, timing);
    let path = output.map_or_else(|| results.folder.join(PAGE), Path::to_owned);
    if let Err(error) = replace_file(&path, report.html.as_bytes()) {
        terminal.complain(&error.to_string());
        return Ok((error.exit(), Vec::new()));
    }
    terminal.print(&format!("{}\n", path.display()))?;
    let exit = if report.undrawn.is_empty() {
        Exit::Done
    } else {
        Exit::Failed
    };
    Ok((exit, report.undrawn))
}
