//! `peerscope sweep run` and `resume`, which are the same.

use std::io;

use indicatif::{BinaryBytes, HumanCount};

use super::arguments::Work;
use super::watch::Watch;
use super::{complain_of_broken, failed, open, pool};
use crate::cli::cores::threads;
use crate::cli::signals::requests;
use crate::cli::terminal::Terminal;
use crate::exit::Exit;
use crate::input::shell_path;
use crate::registry::Registry;
use crate::run::memory::{self, Estimate};
use crate::sweep::{self, Share, State, StoreError, Study};

pub(super) fn work(arguments: &Work, registry: &Registry, terminal: &mut Terminal<'_>) -> io::Result<Exit> {
    // Before the study is read, which takes a while where it is large: a signal would else end the process.
    let requests = requests();
    let study = match open(&arguments.folder, registry, terminal) {
        Ok(study) => study,
        Err(exit) => return Ok(exit),
    };
    let share = match (arguments.task, arguments.tasks) {
        (Some(task), Some(of)) if task < of => Share { task, of },
        (Some(task), Some(of)) => {
            terminal.complain(&format!("there is no task {task} of {of}: they are numbered from 0"));
            return Ok(Exit::Usage);
        }
        _ => Share::ALL,
    };
    let threads = threads(arguments.jobs);
    if let Some(reason) = too_large(&study, registry, threads).filter(|_| !arguments.ignore_memory) {
        terminal.complain(&reason);
        return Ok(Exit::Unavailable);
    }
    let pool = match pool(threads, terminal) {
        Ok(pool) => pool,
        Err(exit) => return Ok(exit),
    };
    if arguments.retry_broken
        && !requests.any()
        && let Err(error) = discard_broken(&study, share)
    {
        return Ok(failed(&error, terminal));
    }
    let watch = Watch::begin(&study.plan.scenario, !arguments.quiet);
    let done = pool.install(|| sweep::work(&study, share, registry, &watch));
    let interrupted = watch.is_interrupted();
    let broken = watch.end();
    let done = match done {
        Ok(done) => done,
        Err(error) => {
            terminal.complain(&format!("{error}; what has ended so far is kept"));
            return Ok(Exit::InputOutput);
        }
    };
    complain_of_broken(&broken, done.broken, terminal);
    if done.damaged > 0 {
        terminal.warn(&format!(
            "runs that were not as they had been written, and were run again: {}",
            HumanCount(done.damaged)
        ));
    }
    let all_broken = done.broken + done.broken_before;
    if !arguments.quiet {
        terminal.print(&format!(
            "{} runs ended well, {} broke, {} were there before, {} are left\n",
            HumanCount(done.finished),
            HumanCount(done.broken),
            HumanCount(done.before),
            HumanCount(done.left)
        ))?;
    }
    let folder = shell_path(&arguments.folder);
    Ok(match done.left {
        0 if all_broken == 0 => Exit::Done,
        0 => {
            let told = HumanCount(all_broken);
            terminal.complain(&format!(
                "broken runs: {told}; `peerscope sweep status {folder}` tells which, --retry-broken runs them again"
            ));
            Exit::Failed
        }
        _ if interrupted => {
            terminal.complain("interrupted; what has ended so far is kept");
            Exit::Interrupted
        }
        _ => {
            terminal.warn(&format!(
                "stopped on request; `peerscope sweep resume {folder}` goes on"
            ));
            Exit::Again
        }
    })
}

/// Makes the broken runs of a share outstanding ones.
fn discard_broken(study: &Study, share: Share) -> Result<(), StoreError> {
    for run in study.share(share) {
        if let State::Broken(_) = study.state(run)? {
            study.store.discard(&study.key(run.point, run.replication))?;
        }
    }
    Ok(())
}

/// Why the runs of a study cannot go on so many at a time in the memory that there is; nothing if they can, or if the system does
/// not tell.
fn too_large(study: &Study, registry: &Registry, threads: usize) -> Option<String> {
    let available = memory::available()?;
    let estimate = |threads| Estimate::written_down(&study.scenario, registry, threads);
    let all = estimate(threads);
    if all.bytes <= available {
        return None;
    }
    let (largest, bytes) = (BinaryBytes(all.largest), BinaryBytes(all.bytes));
    let fewer = (1..threads).rev().find(|threads| estimate(*threads).bytes <= available);
    let remedy = match fewer {
        Some(threads) => format!("run fewer at a time: --jobs {threads}"),
        None => "run it on a machine with more memory".to_owned(),
    };
    Some(format!(
        "the largest run takes about {largest} of memory, {threads} at a time {bytes}, and {} are free\n  {remedy}; --ignore-memory runs them \
         all the same",
        BinaryBytes(available)
    ))
}
