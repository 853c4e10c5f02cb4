//! `peerscope cite`: the papers and data sets behind results, and the software itself.

mod bibtex;
mod sources;
mod text;

use std::io;

use super::arguments::{Cite, CiteFormat};
use super::terminal::Terminal;
use crate::exit::Exit;
use sources::Sources;

pub(super) fn cite(arguments: &Cite, terminal: &mut Terminal<'_>) -> io::Result<Exit> {
    let sources = match Sources::read(&arguments.path) {
        Ok(sources) => sources,
        Err(error) => return Ok(terminal.refuse(&error)),
    };
    terminal.print(&match arguments.format {
        CiteFormat::Text => text::text(&sources),
        CiteFormat::Bibtex => bibtex::bibtex(&sources),
    })?;
    Ok(Exit::Done)
}
