//! `peerscope completions`.

use std::io;

use clap::CommandFactory;

use super::arguments;
use super::terminal::Terminal;
use crate::exit::Exit;

pub(super) fn completions(arguments: &arguments::Completions, terminal: &mut Terminal<'_>) -> io::Result<Exit> {
    let mut script = Vec::new();
    let mut command = arguments::Arguments::command();
    let name = command.get_name().to_owned();
    clap_complete::generate(arguments.shell, &mut command, name, &mut script);
    terminal.print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}
