//! `peerscope sweep merge` and `report`: from runs to tables, and from these to figures.

use std::io;

use indicatif::HumanCount;

use super::arguments::{Merge, Report};
use super::{complain_of_broken, failed, open, pool};
use crate::cli::arguments;
use crate::cli::cores::threads;
use crate::cli::terminal::Terminal;
use crate::cli::{plot, report as page};
use crate::exit::Exit;
use crate::registry::Registry;
use crate::sweep::{self, MergeError, Merged, Study};

/// Where the merged tables are within the folder of a study.
const MERGED: &str = "merged";

pub(super) fn merge(arguments: &Merge, registry: &Registry, terminal: &mut Terminal<'_>) -> io::Result<Exit> {
    let study = match open(&arguments.folder, registry, terminal) {
        Ok(study) => study,
        Err(exit) => return Ok(exit),
    };
    let target = arguments.output.clone().unwrap_or_else(|| study.folder.join(MERGED));
    // What lies in the study's own folder was merged from its runs, and can be merged again.
    let force = arguments.force || arguments.output.is_none();
    let pool = match pool(threads(None), terminal) {
        Ok(pool) => pool,
        Err(exit) => return Ok(exit),
    };
    match pool.install(|| sweep::merge(&study, &target, force, arguments.partial)) {
        Ok(merged) => tell(&study, &merged, terminal),
        Err(error) => Ok(refuse(&error, terminal)),
    }
}

fn refuse(error: &MergeError, terminal: &mut Terminal<'_>) -> Exit {
    match error {
        MergeError::Store(error) => return failed(error, terminal),
        error => terminal.complain(&error.to_string()),
    }
    match error {
        MergeError::Incomplete { .. } | MergeError::Changed { .. } => Exit::Again,
        MergeError::Results(error) => error.exit(),
        _ => Exit::InputOutput,
    }
}

fn tell(study: &Study, merged: &Merged, terminal: &mut Terminal<'_>) -> io::Result<Exit> {
    for warning in &merged.warnings {
        terminal.warn(warning);
    }
    if merged.more_warnings > 0 {
        terminal.warn(&format!("warnings besides: {}", HumanCount(merged.more_warnings)));
    }
    complain_of_broken(&merged.first_broken, merged.broken, terminal);
    let (runs, all) = (HumanCount(merged.runs), HumanCount(study.runs()));
    let folder = merged.results.display();
    terminal.print(&format!(
        "{}: {runs} of {all} runs merged in {folder}\n",
        study.plan.scenario
    ))?;
    Ok(match (merged.outstanding, merged.broken) {
        (0, 0) => Exit::Done,
        (0, _) => Exit::Failed,
        _ => Exit::Again,
    })
}

/// Draws the figures of the merged tables and makes the page of them.
pub(super) fn report(arguments: &Report, registry: &Registry, terminal: &mut Terminal<'_>) -> io::Result<Exit> {
    let study = match open(&arguments.folder, registry, terminal) {
        Ok(study) => study,
        Err(exit) => return Ok(exit),
    };
    let results = study.folder.join(MERGED);
    if !results.exists() {
        let folder = arguments.folder.display();
        terminal.complain(&format!(
            "nothing is merged yet; `peerscope sweep merge {folder}` does it"
        ));
        return Ok(Exit::MissingInput);
    }
    let drawn = plot::plot(
        &arguments::Plot {
            results: results.clone(),
            figure: Vec::new(),
            format: arguments.format.clone(),
            width: None,
            output: None,
            scenario: None,
        },
        terminal,
    )?;
    let written = page::report(&arguments::Report { results, output: None }, terminal)?;
    Ok(drawn.max(written))
}
