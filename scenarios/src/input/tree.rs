//! The value tree of a scenario.

use super::Origin;

/// A value and where it was written.
#[derive(Clone, Debug)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// Where it was written; for a table its header, or the key that implies it.
    pub origin: Origin,
}

/// A value. There are no dates: nothing in a simulation happens on one.
#[derive(Clone, Debug)]
pub enum Value {
    /// A text.
    String(String),
    /// A whole number; wider than any that a scenario holds, so that the complaint is about the limit that matters.
    Integer(i128),
    /// A finite number.
    Float(f64),
    /// True or false.
    Boolean(bool),
    /// A list.
    Array(Vec<Node>),
    /// Keys with values.
    Table(Table),
}

/// Keys with values, in the order in which they were written.
#[derive(Clone, Debug, Default)]
pub struct Table {
    entries: Vec<Entry>,
}

/// One key of a table with its value.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key was written.
    pub key_origin: Origin,
    /// The value.
    pub node: Node,
}

impl Table {
    /// A table of these entries, whose keys differ.
    pub fn new(entries: Vec<Entry>) -> Self {
        Table { entries }
    }

    /// The entries in the order in which they were written.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.node)
    }

    /// The entry of a key.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// Removes a key.
    pub(super) fn take(&mut self, key: &str) -> Option<Entry> {
        let position = self.entries.iter().position(|entry| entry.key == key)?;
        Some(self.entries.remove(position))
    }

    /// Lays another table over this one: a key of both that is a table in both is laid over likewise, any other is replaced
    /// or added.
    pub(super) fn merge(&mut self, other: Table) {
        for entry in other.entries {
            match self.entries.iter_mut().find(|own| own.key == entry.key) {
                None => self.entries.push(entry),
                Some(own) => match (&mut own.node.value, entry.node.value) {
                    (Value::Table(own), Value::Table(other)) => own.merge(other),
                    (own_value, value) => {
                        *own_value = value;
                        own.node.origin = entry.node.origin;
                    }
                },
            }
        }
    }

    /// The entry of a key, added as an empty table if there is none.
    pub(super) fn entry_or_table(&mut self, key: &str, origin: &Origin) -> &mut Entry {
        let position = self
            .entries
            .iter()
            .position(|entry| entry.key == key)
            .unwrap_or_else(|| {
                let node = Node {
                    value: Value::Table(Table::default()),
                    origin: origin.clone(),
                };
                self.entries.push(Entry {
                    key: key.to_owned(),
                    key_origin: origin.clone(),
                    node,
                });
                self.entries.len() - 1
            });
        &mut self.entries[position]
    }
}

impl Node {
    /// What kind of value this is, for messages.
    pub fn kind(&self) -> &'static str {
        match self.value {
            Value::String(_) => "a text",
            Value::Integer(_) => "a whole number",
            Value::Float(_) => "a number",
            Value::Boolean(_) => "true or false",
            Value::Array(_) => "a list",
            Value::Table(_) => "a table",
        }
    }

    /// The table, if the value is one.
    pub fn as_table(&self) -> Option<&Table> {
        match &self.value {
            Value::Table(table) => Some(table),
            _ => None,
        }
    }

    /// What lies behind these keys inside of the value; elements of a list count from zero.
    pub fn inside<'a>(&self, keys: impl IntoIterator<Item = &'a str>) -> Option<&Node> {
        keys.into_iter().try_fold(self, |node, key| node.child(key))
    }

    /// What lies behind one key.
    pub(super) fn child(&self, key: &str) -> Option<&Node> {
        match &self.value {
            Value::Table(table) => table.get(key),
            Value::Array(items) => items.get(key.parse::<usize>().ok()?),
            _ => None,
        }
    }

    /// The value as TOML, for writing the resolved scenario. Whole numbers beyond 64 bits, which no TOML file
    /// holds, become texts.
    pub fn to_toml(&self) -> toml::Value {
        match &self.value {
            Value::String(text) => toml::Value::String(text.clone()),
            Value::Integer(number) => {
                i64::try_from(*number).map_or_else(|_| toml::Value::String(number.to_string()), toml::Value::Integer)
            }
            Value::Float(number) => toml::Value::Float(*number),
            Value::Boolean(flag) => toml::Value::Boolean(*flag),
            Value::Array(items) => toml::Value::Array(items.iter().map(Node::to_toml).collect()),
            Value::Table(table) => toml::Value::Table(
                table
                    .entries
                    .iter()
                    .map(|e| (e.key.clone(), e.node.to_toml()))
                    .collect(),
            ),
        }
    }

    /// The value on one line, as one would write it behind `--set key=`.
    pub fn inline(&self) -> String {
        match &self.value {
            Value::String(text) => text.clone(),
            _ => self.to_toml().to_string(),
        }
    }
}
