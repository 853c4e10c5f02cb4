//! `peerscope report`: results as one web page.

use std::io;

use super::arguments::Report;
use super::plot::warn_of_altered;
use super::terminal::Terminal;
use crate::exit::Exit;
use crate::input::InputError;
use crate::report;
use crate::results::{Results, replace_file};

/// The page beside the results that it is of.
const PAGE: &str = "report.html";

pub(super) fn report(arguments: &Report, terminal: &mut Terminal<'_>) -> io::Result<Exit> {
    let (results, report) = match make(arguments) {
        Ok(made) => made,
        Err(error) => return Ok(terminal.refuse(&error)),
    };
    warn_of_altered(&results, terminal);
    let path = arguments.output.clone().unwrap_or_else(|| results.folder.join(PAGE));
    if let Err(error) = replace_file(&path, report.html.as_bytes()) {
        terminal.complain(&error.to_string());
        return Ok(error.exit());
    }
    for error in &report.undrawn {
        terminal.complain(&error.to_string());
    }
    terminal.print(&format!("{}\n", path.display()))?;
    Ok(if report.undrawn.is_empty() {
        Exit::Done
    } else {
        Exit::Failed
    })
}

fn make(arguments: &Report) -> Result<(Results, report::Report), InputError> {
    let results = Results::read(&arguments.results)?;
    let presentation = results.presentation(&results.scenario)?;
    let report = report::report(&results, &presentation, results.timing()?);
    Ok((results, report))
}
