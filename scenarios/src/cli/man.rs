//! `peerscope man`.

use std::fs;
use std::io;
use std::path::Path;

use clap::{Command, CommandFactory};
use clap_mangen::Man;

use super::arguments;
use super::terminal::Terminal;
use crate::exit::Exit;
use crate::input::{closest, list};

pub(super) fn man(arguments: &arguments::Man, terminal: &mut Terminal<'_>) -> io::Result<Exit> {
    let mut program = arguments::Arguments::command().disable_help_subcommand(true);
    // Gives the commands their full names: `peerscope run`.
    program.build();
    if let Some(folder) = &arguments.output {
        return Ok(match write(&program, folder) {
            Ok(()) => Exit::Done,
            Err(error) => {
                terminal.complain(&format!("{}: {error}", folder.display()));
                Exit::InputOutput
            }
        });
    }
    let mut chosen = &program;
    for name in &arguments.command {
        chosen = match chosen.find_subcommand(name) {
            Some(command) => command,
            None => {
                terminal.complain(&unknown(chosen, name));
                return Ok(Exit::Usage);
            }
        };
    }
    terminal.print(&String::from_utf8_lossy(&page(chosen)?))?;
    Ok(Exit::Done)
}

fn unknown(of: &Command, name: &str) -> String {
    let names = || of.get_subcommands().map(Command::get_name);
    let guess = closest(name, names()).map(|guess| format!(": did you mean `{guess}`?"));
    let guess = guess.unwrap_or_default();
    format!(
        "there is no command `{name}`{guess}\n  the commands are {}",
        list(names())
    )
}

/// The page of a command, in roff.
fn page(command: &Command) -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    let name = file_name(command);
    Man::new(command.clone())
        .title(name.to_uppercase())
        .source(concat!("peerscope ", env!("CARGO_PKG_VERSION")))
        .manual("peerscope manual")
        .render(&mut page)?;
    Ok(page)
}

/// What the page of a command is filed under: `peerscope-run`.
fn file_name(command: &Command) -> String {
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name());
    name.replace(' ', "-")
}

/// Writes the page of a command, and those of its subcommands.
fn write(command: &Command, folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    fs::write(folder.join(format!("{}.1", file_name(command))), page(command)?)?;
    command
        .get_subcommands()
        .try_for_each(|subcommand| write(subcommand, folder))
}
