//! What a scenario cites: publications, and the data sets behind the files that it reads.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

use crate::input::{Document, InputError};

/// An entry of `cites`: a text, or a table from which bibliographies can be made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Citation {
    /// A reference as one would print it.
    Text(String),
    /// A reference by its parts.
    Work(Box<Work>),
}

/// A publication or a data set.
#[derive(Clone, PartialEq, Eq, Debug, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Work {
    /// What a bibliography calls it: letters, digits, `:`, `_`, `.` and `-`.
    #[serde(deserialize_with = "key")]
    #[schemars(regex(pattern = r"^[A-Za-z0-9:_.-]+$"))]
    pub key: String,
    /// What kind of work it is.
    #[serde(default, rename = "type")]
    pub kind: WorkKind,
    /// Who wrote it, each as `I. Stoica` or `Stoica, I.`.
    #[serde(default)]
    pub authors: Vec<String>,
    /// Its title.
    pub title: String,
    /// Where it appeared: the journal, the proceedings, the institution.
    pub venue: Option<String>,
    /// When it appeared.
    pub year: Option<u16>,
    /// The volume of the journal.
    pub volume: Option<String>,
    /// The number within the volume.
    pub number: Option<String>,
    /// The pages.
    pub pages: Option<String>,
    /// The digital object identifier, without `https://doi.org/`.
    pub doi: Option<String>,
    /// Where it can be read.
    pub url: Option<String>,
    /// The part that the scenario follows: `section VI-C`.
    pub section: Option<String>,
    /// The input file that it stands behind, by name: it is then cited only by who uses that file.
    pub file: Option<String>,
    /// Under which licence that file may be used.
    pub licence: Option<String>,
}

/// What kind of work it is, as bibliographies tell them apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, serde::Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum WorkKind {
    /// An article in a journal.
    Article,
    /// A paper in the proceedings of a conference.
    Inproceedings,
    /// A report of an institution.
    Techreport,
    /// Anything else: a preprint, a data set.
    #[default]
    Misc,
}

impl Citation {
    /// The input file that is cited, by name.
    pub fn file(&self) -> Option<&str> {
        match self {
            Citation::Text(_) => None,
            Citation::Work(work) => work.file.as_deref(),
        }
    }
}

impl Work {
    /// The family name of the first author.
    pub fn first_author(&self) -> Option<&str> {
        let first = self.authors.first()?;
        match first.split_once(',') {
            Some((family, _)) => Some(family.trim()),
            None => first.split_whitespace().next_back(),
        }
    }
}

impl fmt::Display for Citation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Citation::Text(text) => f.write_str(text),
            Citation::Work(work) => work.fmt(f),
        }
    }
}

impl fmt::Display for Work {
    /// The reference as one would print it, on one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.authors.is_empty() {
            write!(f, "{}: ", self.authors.join(", "))?;
        }
        f.write_str(&self.title)?;
        let volume = match (&self.volume, &self.number) {
            (Some(volume), Some(number)) => format!(" {volume}({number})"),
            (Some(volume), None) => format!(" {volume}"),
            (None, _) => String::new(),
        };
        let venue = self.venue.as_ref().map(|venue| format!("{venue}{volume}"));
        let parts = [
            venue,
            self.pages.as_ref().map(|pages| format!("pp. {pages}")),
            self.year.map(|year| year.to_string()),
            self.section.clone(),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        if !parts.is_empty() {
            write!(f, ". {}", parts.join(", "))?;
        }
        match (&self.doi, &self.url) {
            (Some(doi), _) => write!(f, ". https://doi.org/{doi}"),
            (None, Some(url)) => write!(f, ". {url}"),
            (None, None) => Ok(()),
        }
    }
}

/// Refuses two works under one key, which a bibliography could not tell apart.
pub(super) fn check_keys(cites: &[Citation], document: &Document) -> Result<(), InputError> {
    let key = |citation: &Citation| match citation {
        Citation::Text(_) => None,
        Citation::Work(work) => Some(work.key.clone()),
    };
    let keys: Vec<Option<String>> = cites.iter().map(key).collect();
    for (index, key) in keys.iter().enumerate() {
        if let Some(name) = key
            && keys[..index].contains(key)
        {
            let message = format!("there are two works under the key `{name}`");
            return Err(document
                .error_at(&format!("cites.{index}.key"), message)
                .labelled("the second"));
        }
    }
    Ok(())
}

fn key<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let key = String::deserialize(deserializer)?;
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '_' | '.' | '-');
    if !key.is_empty() && key.chars().all(fits) {
        return Ok(key);
    }
    Err(D::Error::custom(format!(
        "expected a key of letters, digits, `:`, `_`, `.` and `-`, found {key:?}\nfor example \"stoica2003\""
    )))
}

impl<'de> Deserialize<'de> for Citation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextOrTable;
        impl<'de> Visitor<'de> for TextOrTable {
            type Value = Citation;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a reference: a text, or a table with `key` and `title`")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Citation, E> {
                Ok(Citation::Text(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Citation, A::Error> {
                Work::deserialize(MapAccessDeserializer::new(map)).map(|work| Citation::Work(Box::new(work)))
            }
        }
        deserializer.deserialize_any(TextOrTable)
    }
}

impl JsonSchema for Citation {
    fn schema_name() -> Cow<'static, str> {
        "Citation".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let text = "A reference as one would print it.";
        json_schema!({
            "anyOf": [{ "type": "string", "description": text }, generator.subschema_for::<Work>()],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Citation> {
        #[derive(serde::Deserialize)]
        struct Cites {
            cites: Vec<Citation>,
        }
        toml::from_str::<Cites>(text).unwrap().cites
    }

    #[test]
    fn texts_and_tables_read_as_one_line() {
        let cites = read(
            r#"
            cites = [
                "Zave: How to make Chord correct",
                { key = "s", type = "article", authors = ["I. Stoica", "R. Morris"], title = "Chord", venue = "ToN", volume = "11", number = "1", pages = "17-32", year = 2003, doi = "10.1/2", section = "section VI" },
                { key = "d", title = "Delays", url = "https://example.org" },
            ]"#,
        );
        let lines: Vec<String> = cites.iter().map(ToString::to_string).collect();
        assert_eq!(
            lines,
            [
                "Zave: How to make Chord correct",
                "I. Stoica, R. Morris: Chord. ToN 11(1), pp. 17-32, 2003, section VI. https://doi.org/10.1/2",
                "Delays. https://example.org",
            ]
        );
    }

    #[test]
    fn the_first_author_has_a_family_name_in_either_writing() {
        for author in ["Ion Stoica", "Stoica, Ion"] {
            let text =
                format!("cites = [{{ key = \"s\", title = \"Chord\", authors = [\"{author}\", \"R. Morris\"] }}]");
            let [Citation::Work(work)] = &read(&text)[..] else {
                panic!("no work in {text}")
            };
            assert_eq!(work.first_author(), Some("Stoica"));
        }
    }
}
