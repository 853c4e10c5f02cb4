//! What is wrong with an input, and where.

use std::fmt::{self, Display};
use std::io;
use std::path::{Path, PathBuf};

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet, normalize_untrusted_str};
use serde::de::{Expected, Unexpected};

use super::{KeyPath, Origin, Table, shell_word};
use crate::exit::Exit;

/// Why an input cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// It says something that cannot be.
    #[error("{0}")]
    Invalid(Box<Complaint>),
    /// It is not there, or may not be read.
    #[error("{}: {reason}", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: String,
        /// What to try.
        help: Vec<String>,
    },
    /// Reading it failed half-way.
    #[error("{}: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// It is larger than any sensible input.
    #[error("{}: the file is larger than the limit of {limit} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The most that is read, in bytes.
        limit: u64,
    },
}

/// A complaint about a value.
#[derive(Debug, Default)]
pub struct Complaint {
    message: String,
    /// The keys from the root to the value, outermost last: they are learnt while the error travels outwards.
    path: Vec<String>,
    origin: Option<Origin>,
    label: String,
    help: Vec<String>,
    /// What the value could be replaced by, as `--set` has it.
    replacement: Option<String>,
}

impl InputError {
    /// A complaint about what was written at `origin`.
    pub fn at(origin: &Origin, message: impl Into<String>) -> Self {
        let complaint = Complaint {
            message: message.into(),
            origin: Some(origin.clone()),
            ..Complaint::default()
        };
        InputError::Invalid(Box::new(complaint))
    }

    /// A file that is not there or may not be read.
    pub fn missing(path: &Path, error: &io::Error) -> Self {
        InputError::Missing {
            path: path.to_owned(),
            reason: error.to_string(),
            help: Vec::new(),
        }
    }

    /// Sets the words under the shown line.
    pub fn labelled(mut self, label: impl Into<String>) -> Self {
        if let InputError::Invalid(complaint) = &mut self {
            complaint.label = label.into();
        }
        self
    }

    /// Adds what to try.
    pub fn help(mut self, text: impl Into<String>) -> Self {
        match &mut self {
            InputError::Invalid(complaint) => complaint.help.push(text.into()),
            InputError::Missing { help, .. } => help.push(text.into()),
            InputError::Unreadable { .. } | InputError::TooLarge { .. } => {}
        }
        self
    }

    /// Tells how to replace the table of a choice, in which several were made, by the last of them.
    pub(super) fn replaced_by(mut self, table: &Table) -> Self {
        if let (InputError::Invalid(complaint), Some(last)) = (&mut self, table.entries().last()) {
            let chosen = toml::Table::from_iter([(last.key.clone(), last.node.to_toml())]);
            complaint.replacement = Some(toml::Value::Table(chosen).to_string());
        }
        self
    }

    /// Sets where the complaint is about, unless something further inside has done so.
    pub(super) fn or_at(mut self, origin: &Origin) -> Self {
        if let InputError::Invalid(complaint) = &mut self {
            complaint.origin.get_or_insert_with(|| origin.clone());
        }
        self
    }

    /// Notes that the complaint is about something inside this key.
    pub(crate) fn inside(mut self, key: &str) -> Self {
        if let InputError::Invalid(complaint) = &mut self {
            complaint.path.push(key.to_owned());
        }
        self
    }

    /// What to try, a text each.
    pub fn helps(&self) -> Vec<String> {
        match self {
            InputError::Invalid(complaint) => complaint.helps(),
            InputError::Missing { help, .. } => help.clone(),
            InputError::Unreadable { .. } | InputError::TooLarge { .. } => Vec::new(),
        }
    }

    /// The exit code that tells this failure.
    pub fn exit(&self) -> Exit {
        match self {
            InputError::Invalid(_) | InputError::TooLarge { .. } => Exit::BadInput,
            InputError::Missing { .. } => Exit::MissingInput,
            InputError::Unreadable { .. } => Exit::InputOutput,
        }
    }

    /// The message as the terminal shows it, in colour if `coloured`.
    pub fn render(&self, coloured: bool) -> String {
        let renderer = if coloured {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        match self {
            InputError::Invalid(complaint) => complaint.render(&renderer),
            InputError::Missing { help, .. } => renderer.render(&[titled(&self.to_string(), help)]),
            InputError::Unreadable { .. } | InputError::TooLarge { .. } => {
                renderer.render(&[titled(&self.to_string(), &[])])
            }
        }
    }
}

impl Complaint {
    /// Where the complaint is about, if that is known.
    pub fn origin(&self) -> Option<&Origin> {
        self.origin.as_ref()
    }

    /// The words under the shown line; empty where there are none.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// What is wrong, with the keys from the root to the value.
    pub fn title(&self) -> String {
        if self.path.is_empty() {
            return self.message.clone();
        }
        let keys: Vec<&str> = self.path.iter().rev().map(String::as_str).collect();
        format!("{}: {}", keys.join("."), self.message)
    }

    fn render(&self, renderer: &Renderer) -> String {
        let mut group = titled(&self.title(), &[]);
        if let Some(origin) = &self.origin {
            let mut annotation = AnnotationKind::Primary.span(origin.span());
            if !self.label.is_empty() {
                annotation = annotation.label(normalize_untrusted_str(&self.label));
            }
            let source = origin.source();
            group = group.element(
                Snippet::source(source.text())
                    .path(source.name())
                    .annotation(annotation),
            );
            if let Some(note) = origin.note() {
                group = group.element(Level::NOTE.message(normalize_untrusted_str(note)));
            }
        }
        renderer.render(&[with_help(group, &self.helps())])
    }

    /// What to try.
    fn helps(&self) -> Vec<String> {
        let mut help = self.help.clone();
        if let Some(replacement) = &self.replacement {
            let key = KeyPath::through(self.path.iter().rev().map(String::as_str));
            let setting = shell_word(&format!("{key}={replacement}"));
            help.push(format!("`--set {setting}` replaces it"));
        }
        help
    }
}

/// One line, without the shown source: for logs and for errors inside errors.
impl Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(origin) = &self.origin {
            let (line, column) = origin.line_column();
            write!(f, "{}:{line}:{column}: ", origin.source().name())?;
        }
        f.write_str(&self.title())
    }
}

/// The most characters of a title: a key may be as long as a file.
const LONGEST_TITLE: usize = 500;

fn titled<'a>(title: &str, help: &[String]) -> Group<'a> {
    let mut title = normalize_untrusted_str(title);
    if let Some((end, _)) = title.char_indices().nth(LONGEST_TITLE) {
        title.replace_range(end.., "…");
    }
    with_help(Group::with_title(Level::ERROR.primary_title(title)), help)
}

fn with_help<'a>(group: Group<'a>, help: &[String]) -> Group<'a> {
    group.elements(
        help.iter()
            .map(|text| Level::HELP.message(normalize_untrusted_str(text))),
    )
}

impl serde::de::Error for InputError {
    /// The first line of the text is the message; each further line is something to try.
    fn custom<T: Display>(text: T) -> Self {
        let text = text.to_string();
        let mut lines = text.lines();
        let complaint = Complaint {
            message: lines.next().unwrap_or_default().to_owned(),
            ..Complaint::default()
        };
        lines.fold(InputError::Invalid(Box::new(complaint)), InputError::help)
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let expected = plain_expectation(&expected.to_string());
        let error = InputError::custom(format_args!("expected {expected}, found {}", plain_value(&found)))
            .labelled(format!("expected {expected}"));
        match found {
            Unexpected::Str(_) if expected.contains("number") => error.help("numbers stand without quotes"),
            Unexpected::Str(_) if expected == "true or false" => error.help("these stand without quotes"),
            _ => error,
        }
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(found, expected)
    }

    fn invalid_length(length: usize, expected: &dyn Expected) -> Self {
        InputError::custom(format_args!("expected {expected}, found {length} values"))
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        unknown("choice", variant, expected, "the choices are")
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        unknown("key", field, expected, "the keys here are")
    }

    fn missing_field(field: &'static str) -> Self {
        InputError::custom(format_args!("the key `{field}` is missing")).labelled(format!("`{field}` belongs in here"))
    }

    fn duplicate_field(field: &'static str) -> Self {
        InputError::custom(format_args!("the key `{field}` is given twice"))
    }
}

fn unknown(what: &str, name: &str, known: &[&str], introduction: &str) -> InputError {
    let error = InputError::Invalid(Box::new(Complaint {
        message: format!("unknown {what} `{name}`"),
        label: match closest(name, known.iter().copied()) {
            Some(guess) => format!("did you mean `{guess}`?"),
            None => format!("not a known {what}"),
        },
        ..Complaint::default()
    }));
    match known {
        [] => error.help(format!("there are no {what}s here")),
        _ => error.help(format!("{introduction} {}", list(known.iter().copied()))),
    }
}

/// The name that `word` most likely stands for, if one is near.
pub(crate) fn closest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(word, name), name))
        .filter(|(distance, name)| *distance <= 1 + name.chars().count() / 4)
        .min()
        .map(|(_, name)| name)
}

/// Names as a sentence shows them: `` `a`, `b` ``.
pub(crate) fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names
        .into_iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

/// Names to choose from as a sentence shows them: `` `a`, `b` or `c` ``.
pub(crate) fn alternatives(names: &[&str]) -> String {
    match names {
        [] => "nothing".to_owned(),
        [only] => format!("`{only}`"),
        [first @ .., last] => format!("{} or `{last}`", list(first.iter().copied())),
    }
}

/// What serde expects, in the words of a scenario's author.
fn plain_expectation(expected: &str) -> String {
    let whole = |low: &str, high: &str| format!("a whole number from {low} to {high}");
    match expected {
        "u8" => whole("0", "255"),
        "u16" => whole("0", "65535"),
        "u32" => whole("0", "4294967295"),
        "u64" | "usize" => whole("0", "18446744073709551615"),
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number".to_owned(),
        "f32" | "f64" => "a number".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a string" => "a text in quotes".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a map" => "a table of keys".to_owned(),
        other if other.starts_with("struct ") => "a table of keys".to_owned(),
        other => other.to_owned(),
    }
}

fn plain_value(found: &Unexpected<'_>) -> String {
    match found {
        Unexpected::Bool(flag) => format!("{flag}"),
        Unexpected::Unsigned(number) => format!("{number}"),
        Unexpected::Signed(number) => format!("{number}"),
        Unexpected::Float(number) => format!("{number}"),
        Unexpected::Str(text) => format!("the text {text:?}"),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map => "a table of keys".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_proposed_and_far_ones_are_not() {
        assert_eq!(closest("delya", ["delay", "minimum"]), Some("delay"));
        assert_eq!(closest("mean", ["min", "max"]), None);
        assert_eq!(closest("zzzzzz", ["delay", "minimum"]), None);
    }

    #[test]
    fn choices_read_as_a_sentence() {
        assert_eq!(alternatives(&["a"]), "`a`");
        assert_eq!(alternatives(&["a", "b", "c"]), "`a`, `b` or `c`");
    }
}
