//! A scenario file as a tree, with the values that the command line and sweep axes lay over it.

use std::path::Path;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::{Entry, InputError, KeyPath, Node, Origin, Source, Table, Value, parse};

/// The most that a scenario file may hold, in bytes: a hundred times any sensible one.
const FILE_LIMIT: u64 = 4 << 20;

/// A scenario file, or one point of its sweep.
#[derive(Clone, Debug)]
pub struct Document {
    root: Node,
}

impl Document {
    /// Reads a scenario file.
    ///
    /// # Errors
    /// [`InputError`] if the file cannot be read or is not TOML.
    pub fn read(path: &Path) -> Result<Self, InputError> {
        Document::parse(&Source::read(path, FILE_LIMIT)?)
    }

    /// Parses a scenario.
    ///
    /// # Errors
    /// [`InputError::Invalid`] if the text is not TOML or holds a date or a number that is not finite.
    pub fn parse(source: &Arc<Source>) -> Result<Self, InputError> {
        Ok(Document {
            root: parse::document(source)?,
        })
    }

    /// Removes a key of the root table, and returns its value.
    pub fn take(&mut self, key: &str) -> Option<Node> {
        match &mut self.root.value {
            Value::Table(root) => root.take(key).map(|entry| entry.node),
            _ => None,
        }
    }

    /// Lays a table over the root table, key by key: tables that both have are merged, everything else is replaced.
    pub fn merge(&mut self, table: Table) {
        if let Value::Table(root) = &mut self.root.value {
            root.merge(table);
        }
    }

    /// Lays one `key.path=value` of `--set` over the document.
    ///
    /// The value is TOML; what TOML does not know is taken as a text, so that `network.constant.delay=50ms` needs no quotes.
    ///
    /// # Errors
    /// [`InputError::Invalid`], pointing into the argument.
    pub fn apply(&mut self, argument: &str) -> Result<(), InputError> {
        let source = Source::argument("--set", argument);
        let Some(equals) = argument.find('=') else {
            let whole = Origin::new(source, 0..argument.len());
            return Err(InputError::at(&whole, "expected key=value").help("for example: --set nodes.count=128"));
        };
        let path = KeyPath::parse(&Origin::new(source.clone(), 0..equals))?;
        let value = parse::value(&source, equals + 1)?;
        let key_origins: Vec<_> = path
            .segments()
            .map(|(_, span)| Origin::new(source.clone(), span))
            .collect();
        self.set(&path, value, &key_origins)
    }

    /// Lays a number given with an option of its own, such as `--seed`, over a key of the root table.
    pub fn override_number(&mut self, key: &str, option: &str, number: u64) {
        let text = number.to_string();
        let origin = Origin::new(Source::argument(option, &text), 0..text.len());
        if let Value::Table(root) = &mut self.root.value {
            let entry = root.entry_or_table(key, &origin);
            entry.node = Node {
                value: Value::Integer(number.into()),
                origin,
            };
        }
    }

    /// Replaces or adds the value of a dotted key, adding the tables on the way. `key_origins` has one place a segment.
    ///
    /// # Errors
    /// [`InputError::Invalid`] if a segment leads into something that is neither a table nor an element of a list.
    pub fn set(&mut self, path: &KeyPath, value: Node, key_origins: &[Origin]) -> Result<(), InputError> {
        let mut current = &mut self.root;
        for ((name, _), origin) in path.segments().zip(key_origins) {
            let kind = current.kind();
            current = match &mut current.value {
                Value::Table(table) => &mut table.entry_or_table(name, origin).node,
                Value::Array(items) => {
                    let length = items.len();
                    name.parse::<usize>()
                        .ok()
                        .and_then(|index| items.get_mut(index))
                        .ok_or_else(|| {
                            InputError::at(origin, format!("`{name}` is no element of a list of {length}"))
                                .labelled(format!("elements are counted from 0 to {}", length.saturating_sub(1)))
                        })?
                }
                _ => {
                    let message = format!("`{name}` cannot be set: what it lies in is {kind}, not a table");
                    return Err(InputError::at(origin, message).labelled("no such key"));
                }
            };
        }
        *current = value;
        Ok(())
    }

    /// The root table.
    pub fn root(&self) -> &Node {
        &self.root
    }

    /// The value of a dotted key such as `nodes.count` or `figure.0.title`.
    pub fn get(&self, path: &str) -> Option<&Node> {
        self.nearest(path).filter(|(_, whole)| *whole).map(|(node, _)| node)
    }

    /// A complaint about the value of a dotted key, or about the innermost table on the way to it if it is not written.
    pub fn error_at(&self, path: &str, message: impl AsRef<str>) -> InputError {
        let origin = self.nearest(path).map_or(&self.root.origin, |(node, _)| &node.origin);
        let message = message.as_ref();
        InputError::at(
            origin,
            if path.is_empty() {
                message.to_owned()
            } else {
                format!("{path}: {message}")
            },
        )
    }

    /// The innermost value on the way along a dotted key, and whether the way was walked to its end.
    fn nearest(&self, path: &str) -> Option<(&Node, bool)> {
        if path.is_empty() {
            return Some((&self.root, true));
        }
        let path = KeyPath::parse_str(path).ok()?;
        let mut node = &self.root;
        for (name, _) in path.segments() {
            match node.child(name) {
                Some(next) => node = next,
                None => return Some((node, false)),
            }
        }
        Some((node, true))
    }

    /// The document as a value of type `T`.
    ///
    /// # Errors
    /// [`InputError::Invalid`], pointing at what `T` refuses.
    pub fn deserialize<T: DeserializeOwned>(&self) -> Result<T, InputError> {
        T::deserialize(&self.root)
    }

    /// The document as TOML text without its comments. Keys keep the order in which they were written, as far as TOML lets
    /// them: values come before tables.
    ///
    /// A list of tables that is not the last key of its table is written on one line, and the table at the end. As
    /// `[[sweep.network]]` it could only stand behind all other keys, and the order of a sweep's axes is that of its points.
    pub fn to_toml(&self) -> String {
        let Value::Table(root) = &self.root.value else {
            return String::new();
        };
        let (last, first): (Vec<&Entry>, Vec<&Entry>) =
            root.entries().iter().partition(|entry| would_lose_order(entry));
        let first = first.into_iter().map(|entry| (entry.key.clone(), entry.node.to_toml()));
        let mut text = first.collect::<toml::Table>().to_string();
        let quoted = |key: &str| toml::Value::String(key.to_owned());
        for entry in last {
            text.push_str(&format!("\n[{}]\n", quoted(&entry.key)));
            for inner in entry.node.as_table().into_iter().flat_map(Table::entries) {
                text.push_str(&format!("{} = {}\n", quoted(&inner.key), inner.node.to_toml()));
            }
        }
        text
    }
}

/// Whether an entry is a table in which another value follows a list of tables.
fn would_lose_order(entry: &Entry) -> bool {
    let is_list = |inner: &Entry| match &inner.node.value {
        Value::Array(items) => !items.is_empty() && items.iter().all(|item| item.as_table().is_some()),
        _ => false,
    };
    let table = entry.node.as_table();
    table.is_some_and(|table| !table.entries().iter().is_sorted_by_key(is_list))
}
