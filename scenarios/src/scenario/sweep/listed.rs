//! A value of a sweep axis, and the name by which tables and figures tell it apart.

use std::sync::Arc;

use crate::input::{InputError, Node, Origin, Value};

/// One element of the list of an axis: a value, or `{ name = "cube", value = { space = { ... } } }`.
///
/// A table with these two keys is always a value with a name; no key of a scenario takes such a table itself, and a
/// protocol whose setting does is given it with a name.
#[derive(Clone, Debug)]
pub(super) struct Listed {
    /// The element as written.
    pub(super) written: Node,
    /// What the key is set to.
    pub(super) value: Node,
    /// What stands for the value in tables and figures: its name, or the value as one would write it.
    pub(super) label: Arc<str>,
    /// Where its name is written.
    name: Option<Origin>,
}

impl Listed {
    /// Reads an element of the list of the axis of a key.
    pub(super) fn read(key: &str, written: &Node) -> Result<Self, InputError> {
        let table = written.as_table();
        let both = table.and_then(|table| Some((table, table.get("name")?, table.get("value")?)));
        let Some((table, name, value)) = both else {
            return Ok(Listed {
                written: written.clone(),
                value: written.clone(),
                label: written.inline().into(),
                name: None,
            });
        };
        let others = |key: &str| !["name", "value"].contains(&key);
        if let Some(other) = table.entries().iter().find(|entry| others(&entry.key)) {
            let message = format!("sweep.{key}: unknown key `{}` beside a name and its value", other.key);
            return Err(InputError::at(&other.key_origin, message)
                .labelled("there is no such key")
                .help(FORM));
        }
        let refused = |message: String| Err(InputError::at(&name.origin, format!("sweep.{key}: {message}")).help(FORM));
        match &name.value {
            Value::String(text) if text.trim().is_empty() => {
                refused("the name of a value must not be empty".to_owned())
            }
            Value::String(text) if text.chars().any(char::is_control) => {
                refused("the name of a value must be on one line, without control characters".to_owned())
            }
            Value::String(text) => Ok(Listed {
                written: written.clone(),
                value: value.clone(),
                label: text.as_str().into(),
                name: Some(name.origin.clone()),
            }),
            _ => refused(format!("expected a text as the name of a value, found {}", name.kind())),
        }
    }

    /// Whether this is the value that the command line chooses with `--set key=name`.
    pub(super) fn is_called(&self, name: &Node) -> bool {
        self.name.is_some() && *self.label == *name.inline()
    }

    /// What to say of the second of two elements with the same label.
    pub(super) fn twice(&self, key: &str) -> InputError {
        match &self.name {
            None => {
                let message = format!("sweep.{key}: the value {} is listed twice", self.label);
                InputError::at(&self.value.origin, message).help("`replications` runs a point several times")
            }
            Some(origin) => InputError::at(origin, format!("sweep.{key}: two values are called {}", self.label))
                .help("tables and figures tell the points of an axis apart by these names"),
        }
        .labelled("the second time")
    }
}

/// How a value with a name is written.
const FORM: &str = "a value with a name is written { name = \"...\", value = ... }";
