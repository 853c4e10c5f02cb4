//! `peerscope sweep status`.

use std::io;

use indicatif::HumanCount;

use super::arguments::Status;
use super::{complain_of_broken, open};
use crate::cli::terminal::Terminal;
use crate::exit::Exit;
use crate::registry::Registry;
use crate::sweep::State;

/// How many of the broken runs are told one by one where not all are asked for.
const TOLD: usize = 10;

pub(super) fn status(arguments: &Status, registry: &Registry, terminal: &mut Terminal<'_>) -> io::Result<Exit> {
    let study = match open(&arguments.folder, registry, terminal) {
        Ok(study) => study,
        Err(exit) => return Ok(exit),
    };
    let (mut finished, mut outstanding, mut broken) = (0, 0, Vec::new());
    for run in study.planned() {
        match study.state(run) {
            State::Finished => finished += 1,
            State::Outstanding => outstanding += 1,
            State::Broken => broken.extend(study.store.broken(&study.key(run.point, run.replication))),
        }
    }
    terminal.print(&format!(
        "{}: {} runs, {} finished, {} broken, {} outstanding\n",
        study.plan.scenario,
        HumanCount(study.runs()),
        HumanCount(finished),
        HumanCount(broken.len() as u64),
        HumanCount(outstanding),
    ))?;
    let told = if arguments.all {
        broken.len()
    } else {
        TOLD.min(broken.len())
    };
    complain_of_broken(&broken[..told], broken.len() as u64, terminal);
    Ok(match (outstanding, broken.len()) {
        (0, 0) => Exit::Done,
        (0, _) => Exit::Failed,
        _ => Exit::Again,
    })
}
