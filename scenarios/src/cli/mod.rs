//! The command line: `peerscope run`, `check`, `list` and others.
//!
//! A crate of one's own gets the same command line with its own protocols: its `main` calls [`main_with`].

mod arguments;
mod check;
mod cite;
mod completions;
mod cores;
mod diff;
mod json;
mod list;
mod man;
mod plot;
mod publish;
mod report;
mod run;
mod schema;
mod shown;
mod signals;
mod snapshot;
mod sweep;
mod terminal;
mod topology;
mod trace;
mod verify;

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use crate::exit::Exit;
use crate::registry::Registry;
use arguments::{Arguments, Command};
use terminal::Terminal;

/// Runs the command line of this process with the protocols of `registry`.
pub fn main_with(registry: &Registry) -> ExitCode {
    let mut terminal = Terminal::standard();
    execute(std::env::args_os(), registry, &mut terminal).into()
}

/// Runs a command line, whose first argument is the program's name, and writes to `out` and `err`, without colours.
pub fn run_with(
    arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>,
    registry: &Registry,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Exit {
    execute(arguments, registry, &mut Terminal::plain(out, err))
}

fn execute(
    arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>,
    registry: &Registry,
    terminal: &mut Terminal<'_>,
) -> Exit {
    let arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
    let exit = match Arguments::try_parse_from(&arguments) {
        Ok(arguments) => carry_out(arguments.command, registry, terminal),
        Err(error) => {
            // What was not understood may still say for whom the answer is.
            if error.use_stderr() && arguments.iter().any(|argument| argument == "--json") {
                terminal.for_machines(None);
            }
            terminal.usage(&error)
        }
    };
    match terminal.finish(exit) {
        Ok(()) => exit,
        Err(error) => unwritten(terminal, &error),
    }
}

fn carry_out(command: Command, registry: &Registry, terminal: &mut Terminal<'_>) -> Exit {
    match &command {
        Command::Run(run) if run.json => terminal.for_machines(Some("run")),
        Command::Check(check) if check.json => terminal.for_machines(Some("check")),
        Command::List(list) if list.json => terminal.for_machines(Some("list")),
        Command::Topology(topology) if topology.json => terminal.for_machines(Some("topology")),
        Command::Sweep(command) if command.is_for_machines() => terminal.for_machines(Some("sweep status")),
        _ => {}
    }
    let done = match command {
        Command::Run(run) => run::run(&run, registry, terminal),
        Command::Check(check) => check::check(&check, registry, terminal),
        Command::List(list) => list::list(&list, registry, terminal),
        Command::Snapshot(snapshot) => snapshot::snapshot(&snapshot, registry, terminal),
        Command::Topology(topology) => topology::topology(&topology, registry, terminal),
        Command::Trace(trace) => trace::trace(&trace, registry, terminal),
        Command::Plot(plot) => plot::plot(&plot, terminal),
        Command::Verify(verify) => verify::verify(&verify, registry, terminal),
        Command::Diff(diff) => diff::diff(&diff, terminal),
        Command::Sweep(command) => sweep::sweep(&command, registry, terminal),
        Command::Report(report) => report::report(&report, terminal),
        Command::Cite(cite) => cite::cite(&cite, terminal),
        Command::Schema => schema::schema(registry, terminal),
        Command::Completions(completions) => completions::completions(&completions, terminal),
        Command::Man(man) => man::man(&man, terminal),
    };
    done.unwrap_or_else(|error| unwritten(terminal, &error))
}

fn unwritten(terminal: &mut Terminal<'_>, error: &std::io::Error) -> Exit {
    terminal.complain(&format!("cannot write the output: {error}"));
    Exit::InputOutput
}
