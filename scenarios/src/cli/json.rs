//! What `--json` writes: one object on the standard output, whatever happens. Words go to the standard error.
//!
//! Every object has
//!
//! | key | value |
//! |---|---|
//! | `command` | `run`, `check`, `list`, `topology` or `sweep status`; missing where the command line could not be understood |
//! | `exit` | the exit code |
//! | `errors` | a list of objects with `message` and, where they are about an input, `exit`, `file` (or `argument`, the option), `line`, `column`, `label`, `help` (a list) and `note` |
//! | `warnings` | a list of texts |
//!
//! and what its command adds: see [`list`](super::list), [`check`](super::check), [`run`](super::run),
//! [`topology`](super::topology) and [`sweep status`](super::sweep).

use serde_json::{Map, Value, json};

use crate::exit::Exit;
use crate::input::{InputError, SourceKind};

/// The object that a command with `--json` writes when it ends.
pub(super) struct Report {
    command: Option<&'static str>,
    errors: Vec<Value>,
    warnings: Vec<Value>,
    results: Map<String, Value>,
}

impl Report {
    pub(super) fn new(command: Option<&'static str>) -> Self {
        Report {
            command,
            errors: Vec::new(),
            warnings: Vec::new(),
            results: Map::new(),
        }
    }

    pub(super) fn error(&mut self, error: Value) {
        self.errors.push(error);
    }

    pub(super) fn warning(&mut self, message: &str) {
        self.warnings.push(message.into());
    }

    /// Adds what the command tells under a key of its own.
    pub(super) fn set(&mut self, key: &str, value: Value) {
        self.results.insert(key.to_owned(), value);
    }

    /// Adds an element to a list under a key of its own.
    pub(super) fn push(&mut self, key: &str, element: Value) {
        let list = self.results.entry(key).or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(list) = list {
            list.push(element);
        }
    }

    /// The object as text.
    pub(super) fn finish(self, exit: Exit) -> String {
        let mut object = Map::new();
        if let Some(command) = self.command {
            object.insert("command".to_owned(), command.into());
        }
        object.insert("exit".to_owned(), exit.code().into());
        object.extend(self.results);
        object.insert("errors".to_owned(), self.errors.into());
        object.insert("warnings".to_owned(), self.warnings.into());
        format!("{:#}\n", Value::Object(object))
    }
}

/// An error that has only words.
pub(super) fn message(text: &str) -> Value {
    json!({ "message": text })
}

/// What is wrong with an input, and where.
pub(super) fn input_error(error: &InputError) -> Value {
    let mut object = Map::new();
    let mut set = |key: &str, value: Value| object.insert(key.to_owned(), value);
    set("exit", error.exit().code().into());
    match error {
        InputError::Invalid(complaint) => {
            set("message", complaint.title().into());
            if let Some(origin) = complaint.origin() {
                let source = origin.source();
                match source.kind() {
                    SourceKind::File(path) => set("file", path.display().to_string().into()),
                    SourceKind::CommandLine => set("argument", source.name().into()),
                };
                let (line, column) = origin.line_column();
                set("line", line.into());
                set("column", column.into());
                if let Some(note) = origin.note() {
                    set("note", note.into());
                }
            }
            if !complaint.label().is_empty() {
                set("label", complaint.label().into());
            }
        }
        InputError::Missing { path, .. } | InputError::Unreadable { path, .. } | InputError::TooLarge { path, .. } => {
            set("message", error.to_string().into());
            set("file", path.display().to_string().into());
        }
    }
    set("help", error.helps().into());
    Value::Object(object)
}
