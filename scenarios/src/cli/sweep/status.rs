//! `peerscope sweep status`.
//!
//! With `--json` the object has `scenario`, how many `runs` there are and how many of them are `finished`, `broken` and `outstanding`,
//! and a list `broken_runs` of `{ settings, replication, reason, command }`.

use std::io;

use indicatif::HumanCount;
use serde_json::json;

use super::arguments::Status;
use super::{complain_of_broken, failed, open};
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
    let (mut finished, mut outstanding, mut broken) = (0_u64, 0_u64, Vec::new());
    for run in study.planned() {
        match study.state(run) {
            Ok(State::Finished) => finished += 1,
            Ok(State::Outstanding) => outstanding += 1,
            Ok(State::Broken(run)) => broken.push(run),
            Err(error) => return Ok(failed(&error, terminal)),
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
    if let Some(report) = terminal.report() {
        report.set("scenario", study.plan.scenario.as_str().into());
        report.set("runs", study.runs().into());
        report.set("finished", finished.into());
        report.set("broken", broken.len().into());
        report.set("outstanding", outstanding.into());
        report.set("broken_runs", json!(broken));
    }
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
