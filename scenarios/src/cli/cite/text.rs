//! References to be read.

use std::fmt::Write;

use super::sources::{Cited, DataSet, Quoted, Sources};
use crate::cli::check::count;
use crate::scenario::Citation;

/// All sources, one under the other.
pub(super) fn text(sources: &Sources) -> String {
    let mut text = sources.scenario.clone();
    if let Some(title) = &sources.title {
        text.push_str(&format!(": {title}"));
    }
    text.push('\n');
    section(&mut text, "Publications", sources.publications.iter().map(publication));
    section(&mut text, "Data sets", sources.data.iter().map(data_set));
    let software = &sources.software;
    let authors = software.authors.join(", ");
    let year = software.released.split('-').next().unwrap_or_default();
    let line = format!("{authors}: {}. {}, {year}", software.title, software.edition());
    section(&mut text, "Software", [vec![line]].into_iter());
    text
}

/// A heading, and under it entries of a line and what belongs to it; nothing where there is no entry.
fn section(text: &mut String, heading: &str, entries: impl Iterator<Item = Vec<String>>) {
    let mut entries = entries.peekable();
    if entries.peek().is_none() {
        return;
    }
    // Writing to a String cannot fail.
    let _ = writeln!(text, "\n{heading}");
    for entry in entries {
        for (index, line) in entry.iter().enumerate() {
            let indent = if index == 0 { "  " } else { "      " };
            let _ = writeln!(text, "{indent}{line}");
        }
    }
}

fn publication(cited: &Cited) -> Vec<String> {
    let mut lines = vec![cited.citation.to_string()];
    lines.extend(cited.values.iter().map(|quoted| {
        let uses = uses(quoted);
        // What is cited by its own text alone needs no second one.
        match &cited.citation {
            Citation::Text(text) if *text == quoted.cite => uses,
            _ => format!("{}: {uses}", quoted.cite),
        }
    }));
    lines
}

/// Where published values stand: `figure fig10a, 7 expectations`.
pub(super) fn uses(quoted: &Quoted) -> String {
    let figures = quoted.figures.iter().map(|name| format!("figure {name}"));
    let expectations = (quoted.expectations > 0).then(|| count(quoted.expectations, "expectation"));
    figures.chain(expectations).collect::<Vec<_>>().join(", ")
}

fn data_set(data: &DataSet) -> Vec<String> {
    let digest = data.sha256.as_ref().map(|digest| format!(" (SHA-256 {digest})"));
    let mut lines = vec![format!("{}{}", data.file, digest.unwrap_or_default())];
    for citation in &data.citations {
        lines.push(citation.to_string());
        if let Citation::Work(work) = citation
            && let Some(licence) = &work.licence
        {
            lines.push(format!("licence: {licence}"));
        }
    }
    if data.citations.is_empty() {
        let file = &data.file;
        lines.push(format!(
            "the scenario does not say where it comes from; add {{ key = \"…\", title = \"…\", file = \"{file}\" }} to `cites`"
        ));
    }
    lines
}
