//! `peerscope list`.
//!
//! With `--json` the object has lists `scenarios` of `{ file, title, error }` (a title or why there is none), `protocols` and
//! `networks` of `{ name, summary }`.

use std::fmt::Write;
use std::fs;
use std::io;
use std::path::PathBuf;

use serde_json::json;

use super::arguments::List;
use super::json::Report;
use super::terminal::Terminal;
use crate::exit::Exit;
use crate::input::InputError;
use crate::registry::{ProtocolEntry, Registry};
use crate::scenario::{NETWORKS, Scenario};

pub(super) fn list(arguments: &List, registry: &Registry, terminal: &mut Terminal<'_>) -> io::Result<Exit> {
    let entries = match fs::read_dir(&arguments.folder) {
        Ok(entries) => entries,
        Err(error) => {
            let error = InputError::missing(&arguments.folder, &error);
            return Ok(terminal.refuse(&error.help("name the folder that holds the scenarios: peerscope list DIR")));
        }
    };
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "toml") && path.is_file());
    // A crate's own manifest is no scenario.
    files.retain(|path| path.file_name().is_some_and(|name| name != "Cargo.toml"));
    files.sort();
    let titles: Vec<(String, Result<Option<String>, InputError>)> = files
        .iter()
        .map(|path| (path.display().to_string(), Scenario::title(path)))
        .collect();
    if let Some(report) = terminal.report() {
        tell(report, &titles, registry);
        return Ok(Exit::Done);
    }
    let scenarios = titles.into_iter().map(|(path, title)| match title {
        Ok(title) => (path, title.unwrap_or_default()),
        Err(error) => (path, format!("cannot be read: {error}")),
    });
    let protocols = registry
        .iter()
        .map(|entry: &dyn ProtocolEntry| (entry.name().to_owned(), entry.summary().to_owned()));
    let networks = NETWORKS
        .iter()
        .map(|(name, summary)| ((*name).to_owned(), (*summary).to_owned()));
    let mut text = String::new();
    section(
        &mut text,
        &format!("Scenarios in {}", arguments.folder.display()),
        scenarios.collect(),
    );
    section(&mut text, "Protocols", protocols.collect());
    section(&mut text, "Networks", networks.collect());
    terminal.print(&text)?;
    Ok(Exit::Done)
}

/// The same for machines.
fn tell(report: &mut Report, titles: &[(String, Result<Option<String>, InputError>)], registry: &Registry) {
    let scenario = |(file, title): &(String, Result<Option<String>, InputError>)| match title {
        Ok(title) => json!({ "file": file, "title": title, "error": null }),
        Err(error) => json!({ "file": file, "title": null, "error": error.to_string() }),
    };
    let named = |name: &str, summary: &str| json!({ "name": name, "summary": summary });
    report.set("scenarios", titles.iter().map(scenario).collect());
    let protocols = registry.iter().map(|entry| named(entry.name(), entry.summary()));
    report.set("protocols", protocols.collect());
    report.set(
        "networks",
        NETWORKS.iter().map(|(name, summary)| named(name, summary)).collect(),
    );
}

/// A heading, and under it names with what they stand for in aligned columns.
fn section(text: &mut String, heading: &str, rows: Vec<(String, String)>) {
    let width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{heading}:");
    if rows.is_empty() {
        text.push_str("  none\n");
    }
    for (name, summary) in rows {
        let line = format!("  {name:width$}  {summary}");
        let _ = writeln!(text, "{}", line.trim_end());
    }
}
