//! References for BibTeX and its successors. Texts are UTF-8, which all of them read by now.

use super::sources::{Cited, DataSet, Software, Sources};
use super::text::uses;
use crate::scenario::{Citation, Work, WorkKind};

/// An entry for each source, with what it is used for as a comment before it.
pub(super) fn bibtex(sources: &Sources) -> String {
    let mut entries = vec![format!("% Behind {}\n", comment(&sources.scenario))];
    let mut texts = 0;
    let mut entry = |citation: &Citation, remarks: Vec<String>| {
        let remarks: String = remarks.iter().map(|line| format!("% {}\n", comment(line))).collect();
        let entry = match citation {
            Citation::Work(work) => published(work),
            Citation::Text(text) => {
                texts += 1;
                Entry::new("misc", &format!("{}-{texts}", sources.scenario)).with("note", text)
            }
        };
        remarks + &entry.to_string()
    };
    for Cited { citation, values } in &sources.publications {
        let section = match citation {
            Citation::Work(work) => work.section.clone(),
            Citation::Text(_) => None,
        };
        let values = values.iter().map(|quoted| format!("{}: {}", quoted.cite, uses(quoted)));
        entries.push(entry(citation, section.into_iter().chain(values).collect()));
    }
    for DataSet { file, citations, .. } in &sources.data {
        if citations.is_empty() {
            entries.push(format!(
                "% {}: the scenario does not say where it comes from\n",
                comment(file)
            ));
        }
        for citation in citations {
            entries.push(entry(citation, vec![format!("the file {file}")]));
        }
    }
    entries.push(software(&sources.software).to_string());
    entries.join("\n")
}

/// An entry of a bibliography.
struct Entry {
    text: String,
}

impl Entry {
    fn new(kind: &str, key: &str) -> Self {
        Entry {
            text: format!("@{kind}{{{key},\n"),
        }
    }

    /// The same with a field, whose text may hold anything.
    fn with(self, name: &str, text: &str) -> Self {
        self.verbatim(name, &escaped(text))
    }

    fn with_some(self, name: &str, text: Option<&str>) -> Self {
        match text {
            Some(text) => self.with(name, text),
            None => self,
        }
    }

    /// The same with a field as it is: addresses, which the styles print as they are, and what has been escaped.
    fn verbatim(mut self, name: &str, text: &str) -> Self {
        self.text.push_str(&format!("  {name} = {{{text}}},\n"));
        self
    }
}

impl std::fmt::Display for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{}}}", self.text)
    }
}

fn published(work: &Work) -> Entry {
    let (kind, venue) = match work.kind {
        WorkKind::Article => ("article", "journal"),
        WorkKind::Inproceedings => ("inproceedings", "booktitle"),
        WorkKind::Techreport => ("techreport", "institution"),
        WorkKind::Misc => ("misc", "howpublished"),
    };
    let mut entry = Entry::new(kind, &work.key);
    if !work.authors.is_empty() {
        entry = entry.with("author", &work.authors.join(" and "));
    }
    // The second pair of braces keeps the capitals of names.
    entry = entry
        .verbatim("title", &format!("{{{}}}", escaped(&work.title)))
        .with_some(venue, work.venue.as_deref());
    if let Some(year) = work.year {
        entry = entry.with("year", &year.to_string());
    }
    let pages = work
        .pages
        .as_ref()
        .map(|pages| pages.replace(['–', '-'], "--").replace("----", "--"));
    entry = entry
        .with_some("volume", work.volume.as_deref())
        .with_some("number", work.number.as_deref())
        .with_some("pages", pages.as_deref())
        .with_some(
            "note",
            work.licence
                .as_ref()
                .map(|licence| format!("Licence: {licence}"))
                .as_deref(),
        );
    for (name, address) in [("doi", &work.doi), ("url", &work.url)] {
        if let Some(address) = address {
            entry = entry.verbatim(name, &without_braces(address));
        }
    }
    entry
}

fn software(software: &Software) -> Entry {
    let year = software.released.split('-').next().unwrap_or_default();
    let authors: Vec<String> = software
        .authors
        .iter()
        .map(|name| format!("{{{}}}", escaped(name)))
        .collect();
    Entry::new("misc", "peerscope")
        .verbatim("author", &authors.join(" and "))
        .verbatim("title", &format!("{{{}}}", escaped(&software.title)))
        .with("howpublished", &format!("Computer software, {}", software.edition()))
        .with("year", year)
}

/// A text in which nothing means anything to TeX.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        match character {
            '&' | '%' | '$' | '#' | '_' | '{' | '}' => {
                escaped.push('\\');
                escaped.push(character);
            }
            '~' => escaped.push_str(r"\textasciitilde{}"),
            '^' => escaped.push_str(r"\textasciicircum{}"),
            '\\' => escaped.push_str(r"\textbackslash{}"),
            character if character.is_control() => escaped.push(' '),
            character => escaped.push(character),
        }
    }
    escaped
}

/// An address, with what would end its field replaced.
fn without_braces(address: &str) -> String {
    let address = address.replace('{', "%7B").replace('}', "%7D");
    address.replace(char::is_control, "")
}

/// A text that stays on its line, and begins no entry.
fn comment(text: &str) -> String {
    text.replace(char::is_control, " ").replace('@', "(at)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_means_anything_to_tex() {
        assert_eq!(
            escaped(r"50 % & $1_a #{x}~^\"),
            r"50 \% \& \$1\_a \#\{x\}\textasciitilde{}\textasciicircum{}\textbackslash{}"
        );
        assert_eq!(without_braces("https://a.org/{x}_y%20"), "https://a.org/%7Bx%7D_y%20");
        assert_eq!(comment("a\n@misc{x}"), "a (at)misc{x}");
    }
}
