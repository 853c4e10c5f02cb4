//! `peerscope sweep merge`: from runs to tables.

use std::io;

use indicatif::HumanCount;

use super::arguments::Merge;
use super::{MERGED, complain_of_broken, failed, open, pool};
use crate::cli::cores::threads;
use crate::cli::signals::requests;
use crate::cli::terminal::Terminal;
use crate::exit::Exit;
use crate::registry::Registry;
use crate::sweep::{self, MergeError, Merged, Study};

pub(super) fn merge(arguments: &Merge, registry: &Registry, terminal: &mut Terminal<'_>) -> io::Result<Exit> {
    // Before anything is read or begun: a signal would else end the process, and leave what was begun.
    let requests = requests();
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
    let stopping = || requests.any();
    match pool.install(|| sweep::merge(&study, &target, force, arguments.partial, &stopping)) {
        Ok(merged) => tell(&study, &merged, terminal),
        Err(MergeError::Stopped) if requests.at_once() => {
            terminal.complain("interrupted; what was merged before is as it was");
            Ok(Exit::Interrupted)
        }
        Err(error) => Ok(refuse(&error, terminal)),
    }
}

fn refuse(error: &MergeError, terminal: &mut Terminal<'_>) -> Exit {
    match error {
        MergeError::Store(error) => return failed(error, terminal),
        error => terminal.complain(&error.to_string()),
    }
    match error {
        MergeError::Incomplete { .. } | MergeError::Changed { .. } | MergeError::Stopped => Exit::Again,
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
