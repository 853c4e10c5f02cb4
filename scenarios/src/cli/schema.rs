//! `peerscope schema`.

use std::io;

use super::terminal::Terminal;
use crate::exit::Exit;
use crate::registry::Registry;
use crate::scenario::json_schema;

pub(super) fn schema(registry: &Registry, terminal: &mut Terminal<'_>) -> io::Result<Exit> {
    terminal.print(&format!("{:#}\n", json_schema(registry)))?;
    Ok(Exit::Done)
}
