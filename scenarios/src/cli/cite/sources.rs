//! What results rest on, gathered from a folder of results or from a scenario file. The files that a scenario reads need not
//! be there.

use std::path::Path;

use crate::input::{Document, InputError, Node, Value};
use crate::results::{Presentation, SCENARIO, read_manifest};
use crate::scenario::Citation;

/// What results rest on.
pub(super) struct Sources {
    /// The name of the scenario.
    pub(super) scenario: String,
    /// One line on what it shows.
    pub(super) title: Option<String>,
    /// The publications that the scenario follows.
    pub(super) publications: Vec<Cited>,
    /// The files that it reads.
    pub(super) data: Vec<DataSet>,
    /// The program.
    pub(super) software: Software,
}

/// A publication and what of it is used.
pub(super) struct Cited {
    pub(super) citation: Citation,
    /// Its published values by their own citations, with the figures and expectations that they stand in:
    /// `Stoica et al. 2003, Fig. 10(a)`, `figure fig10a`.
    pub(super) values: Vec<Quoted>,
}

/// The citation of published values, and where they stand.
pub(super) struct Quoted {
    pub(super) cite: String,
    pub(super) figures: Vec<String>,
    pub(super) expectations: usize,
}

/// A file that the scenario reads.
pub(super) struct DataSet {
    /// Its name, without folders.
    pub(super) file: String,
    /// The SHA-256 that the results were made from.
    pub(super) sha256: Option<String>,
    /// What stands behind it, as far as the scenario says.
    pub(super) citations: Vec<Citation>,
}

/// The program that made the results, or that would.
pub(super) struct Software {
    pub(super) title: String,
    pub(super) authors: Vec<String>,
    pub(super) version: String,
    pub(super) commit: String,
    /// The date of its release, as `2026-11-21`.
    pub(super) released: String,
}

/// The project's own citation file (citation-file-format.github.io).
const CITATION: &str = include_str!("../../../../CITATION.cff");

impl Sources {
    /// The sources of a folder of results, or of a scenario file.
    ///
    /// # Errors
    /// [`InputError`] where the file, or the results' manifest or scenario, is missing or says something that cannot be.
    pub(super) fn read(path: &Path) -> Result<Self, InputError> {
        let mut software = Software::this();
        let (document, scenario, files) = if path.is_dir() {
            let manifest = read_manifest(path)?;
            software.version = manifest.version;
            software.commit = manifest.commit;
            // The first is the scenario itself.
            let inputs = manifest.inputs.into_iter().skip(1);
            let files = inputs.map(|input| (input.file, Some(input.sha256))).collect();
            (Document::read(&path.join(SCENARIO))?, manifest.scenario, files)
        } else {
            let document = Document::read(path)?;
            let mut files = Vec::new();
            for table in ["network", "sweep"] {
                document
                    .get(table)
                    .into_iter()
                    .for_each(|node| named(node, false, &mut files));
            }
            let name: Option<String> = document.get("name").map(serde::Deserialize::deserialize).transpose()?;
            let stem = || path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let files = files.into_iter().map(|file| (file, None)).collect();
            (document, name.unwrap_or_else(stem), files)
        };
        Ok(Sources::new(scenario, document.deserialize()?, files, software))
    }

    fn new(
        scenario: String,
        presentation: Presentation,
        files: Vec<(String, Option<String>)>,
        software: Software,
    ) -> Self {
        let (behind_files, publications): (Vec<Citation>, Vec<Citation>) = presentation
            .cites
            .iter()
            .cloned()
            .partition(|cite| cite.file().is_some());
        let data = files.into_iter().map(|(file, sha256)| DataSet {
            citations: behind_files
                .iter()
                .filter(|citation| citation.file().map(file_name) == Some(file.clone()))
                .cloned()
                .collect(),
            file,
            sha256,
        });
        let mut cited: Vec<Cited> = publications
            .into_iter()
            .map(|citation| Cited {
                citation,
                values: Vec::new(),
            })
            .collect();
        for quoted in quoted(&presentation) {
            match cited.iter_mut().find(|cited| stands_for(&quoted.cite, &cited.citation)) {
                Some(cited) => cited.values.push(quoted),
                None => cited.push(Cited {
                    citation: Citation::Text(quoted.cite.clone()),
                    values: vec![quoted],
                }),
            }
        }
        Sources {
            scenario,
            title: presentation.title,
            publications: cited,
            data: data.collect(),
            software,
        }
    }
}

/// The files named under a key `file`, or `….file` in a sweep, each once, without their folders. `of_file` tells whether the
/// value is of such a key.
fn named(node: &Node, of_file: bool, files: &mut Vec<String>) {
    match &node.value {
        Value::String(path) if of_file => {
            let name = file_name(path);
            if !files.contains(&name) {
                files.push(name);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| named(value, of_file, files)),
        Value::Table(table) => {
            for entry in table.entries() {
                // A value of a sweep axis that has a name.
                let inside = of_file && entry.key == "value";
                let of_file = inside || entry.key == "file" || entry.key.ends_with(".file");
                named(&entry.node, of_file, files);
            }
        }
        _ => {}
    }
}

fn file_name(path: &str) -> String {
    let name = Path::new(path).file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// The citations of published values, each once, in the order of figures and expectations.
fn quoted(presentation: &Presentation) -> Vec<Quoted> {
    let mut all: Vec<Quoted> = Vec::new();
    let mut of = |cite: &str, figure: Option<&str>| {
        let position = all.iter().position(|quoted| quoted.cite == cite).unwrap_or_else(|| {
            all.push(Quoted {
                cite: cite.to_owned(),
                figures: Vec::new(),
                expectations: 0,
            });
            all.len() - 1
        });
        match figure {
            Some(figure) => all[position].figures.push(figure.to_owned()),
            None => all[position].expectations += 1,
        }
    };
    for figure in &presentation.figures {
        for published in &figure.published {
            of(&published.label, Some(&figure.name));
        }
    }
    for cite in presentation
        .expectations
        .iter()
        .filter_map(|expect| expect.cite.as_deref())
    {
        of(cite, None);
    }
    all
}

/// Whether `Stoica et al. 2003, Fig. 10` is about a work: it names the first author and the year.
fn stands_for(cite: &str, citation: &Citation) -> bool {
    match citation {
        Citation::Work(work) => {
            let year = work.year.is_some_and(|year| cite.contains(&year.to_string()));
            year && work.first_author().is_some_and(|author| cite.contains(author))
        }
        Citation::Text(text) => {
            let mut words = cite
                .split(|c: char| !c.is_alphanumeric())
                .filter(|word| !word.is_empty());
            let author = words.next().unwrap_or_default();
            let is_year = |word: &&str| word.len() == 4 && word.bytes().all(|byte| byte.is_ascii_digit());
            text == cite
                || words
                    .find(is_year)
                    .is_some_and(|year| text.contains(author) && text.contains(year))
        }
    }
}

impl Software {
    /// The program that is running.
    fn this() -> Self {
        let field = |name: &str| {
            let line = CITATION
                .lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
            line.unwrap_or_default().trim_matches('"').to_owned()
        };
        let authors = CITATION.lines().filter_map(|line| line.strip_prefix("  - name: "));
        Software {
            title: field("title"),
            authors: authors.map(str::to_owned).collect(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            commit: env!("PEERSCOPE_COMMIT").to_owned(),
            released: field("date-released"),
        }
    }

    /// The version, with the commit where it is known.
    pub(super) fn edition(&self) -> String {
        match self.commit.as_str() {
            "unknown" => format!("version {}", self.version),
            commit => format!("version {}, commit {commit}", self.version),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_as_its_citation_file_says() {
        let this = Software::this();
        assert!(this.title.starts_with("peerscope: "), "{}", this.title);
        assert_eq!(this.authors, ["The peerscope developers"]);
        assert_eq!(this.released.len(), "2026-11-21".len());
        assert!(CITATION.contains(&format!("\nversion: {}\n", this.version)));
    }
}
