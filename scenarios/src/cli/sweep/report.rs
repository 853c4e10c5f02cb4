//! `peerscope sweep report`: from the merged tables to figures and one web page.

use std::io;

use indicatif::HumanCount;

use super::arguments::Report;
use super::{MERGED, failed, open};
use crate::cli::plot::{self, warn_of_altered};
use crate::cli::report as page;
use crate::cli::terminal::Terminal;
use crate::exit::Exit;
use crate::input::shell_path;
use crate::registry::Registry;
use crate::sweep::{Outdated, Study, UpToDate};

pub(super) fn report(arguments: &Report, registry: &Registry, terminal: &mut Terminal<'_>) -> io::Result<Exit> {
    let study = match open(&arguments.folder, registry, terminal) {
        Ok(study) => study,
        Err(exit) => return Ok(exit),
    };
    let folder = study.folder.join(MERGED);
    if !folder.exists() {
        terminal.complain(&format!("nothing is merged yet; {}", remedy(&study)));
        return Ok(Exit::MissingInput);
    }
    let (results, presentation) = match page::read(&folder) {
        Ok(read) => read,
        Err(error) => return Ok(terminal.refuse(&error)),
    };
    match study.up_to_date(&results) {
        Ok(found) => warn(&study, found, terminal),
        Err(Outdated::Unknown(error)) => return Ok(failed(&error, terminal)),
        Err(outdated) => {
            let folder = folder.display();
            terminal.complain(&format!(
                "{folder}: these are not the results of the study as it is now: {outdated}\n  {}",
                remedy(&study)
            ));
            return Ok(Exit::Again);
        }
    }
    warn_of_altered(&results, terminal);
    let drawn = if presentation.figures.is_empty() {
        terminal.warn("the scenario has no [[figure]]: the page shows tables alone");
        Exit::Done
    } else {
        plot::draw(&presentation.figures, &results, &arguments.format, None, terminal)?
    };
    // What the page cannot show has been told with the figures.
    let (written, _) = page::write(&results, &presentation, None, terminal)?;
    Ok(drawn.max(written))
}

/// Says in what the merged results are not all of the study.
fn warn(study: &Study, found: UpToDate, terminal: &mut Terminal<'_>) {
    let folder = shell_path(&study.folder);
    if found.missing > 0 {
        terminal.warn(&format!(
            "{} of {} runs are not among the results; `peerscope sweep status {folder}` tells of them",
            HumanCount(found.missing),
            HumanCount(study.runs())
        ));
    }
    if found.presented_otherwise {
        terminal.warn(&format!(
            "the words, figures or expectations of the scenario are others by now, and shown as they were; `peerscope sweep merge \
             {folder}` takes the new ones"
        ));
    }
}

/// What to do to have the results of the study as it is now.
fn remedy(study: &Study) -> String {
    let folder = shell_path(&study.folder);
    // Where the system does not tell, merging says so.
    let outstanding = study
        .outstanding(study.planned().collect())
        .map_or(0, |runs| runs.len());
    match outstanding {
        0 => format!("`peerscope sweep merge {folder}` merges it"),
        runs => format!(
            "runs outstanding: {}; `peerscope sweep resume {folder}` runs them, and then `peerscope sweep merge {folder}` merges",
            HumanCount(runs as u64)
        ),
    }
}
