//! The settings of a protocol, and of the overlay below it.

use serde::de::DeserializeOwned;

use crate::input::{Document, InputError, Node, Origin, list};

/// The settings of a protocol as written, for the registry to make sense of.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The dotted key of the table: `protocol.chord`.
    path: String,
    name: String,
    key_origin: Origin,
    node: Node,
    /// How many nodes the point has.
    nodes: u32,
}

impl Settings {
    /// What is chosen in the table `[protocol]`.
    ///
    /// # Errors
    /// [`InputError::Invalid`] unless exactly one of the protocols known is chosen.
    pub(super) fn chosen(document: &Document, known: &[&str], nodes: u32) -> Result<Self, InputError> {
        Settings::choose(document.root(), "protocol", "protocol", known, nodes)
    }

    /// The overlay below a layer, chosen in its table `over`.
    ///
    /// # Errors
    /// [`InputError::Invalid`] unless exactly one of the overlays known is chosen.
    pub fn over(&self, known: &[&str]) -> Result<Self, InputError> {
        let over = self.node.as_table().and_then(|table| table.get("over"));
        let itself = over
            .and_then(Node::as_table)
            .and_then(|table| table.entries().iter().find(|entry| entry.key == self.name));
        if let Some(entry) = itself.filter(|_| !known.contains(&self.name.as_str())) {
            let message = format!("{}.over: {} cannot lie over itself", self.path, self.name);
            let error = InputError::at(&entry.key_origin, message).labelled("expected an overlay");
            return Err(error.help(format!("known: {}", list(known.iter().copied()))));
        }
        Settings::choose(&self.node, &format!("{}.over", self.path), "overlay", known, self.nodes)
    }

    fn choose(within: &Node, path: &str, noun: &str, known: &[&str], nodes: u32) -> Result<Self, InputError> {
        let (name, key_origin, node) = within.choice(path, noun, known)?;
        Ok(Settings {
            path: format!("{path}.{name}"),
            name: name.to_owned(),
            key_origin: key_origin.clone(),
            node: node.clone(),
            nodes,
        })
    }

    /// The name of the protocol.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many nodes the point has: whoever else takes part has the addresses after theirs.
    pub fn nodes(&self) -> u32 {
        self.nodes
    }

    /// Whether one of the settings is written.
    pub fn has(&self, key: &str) -> bool {
        self.node.as_table().is_some_and(|table| table.get(key).is_some())
    }

    /// The settings as a value of type `T`, which should refuse unknown keys.
    ///
    /// # Errors
    /// [`InputError::Invalid`], pointing at what `T` refuses and naming it by its whole path.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, InputError> {
        let keys = || self.path.rsplit('.');
        T::deserialize(&self.node).map_err(|error| keys().fold(error, InputError::inside))
    }

    /// A complaint about one of the settings, a dotted key; about all of them if it is empty or not written.
    pub fn error_at(&self, key: &str, message: impl AsRef<str>) -> InputError {
        let origin = key
            .split('.')
            .try_fold(&self.node, |node, name| node.as_table()?.get(name));
        let origin = origin.map_or(&self.node.origin, |node| &node.origin);
        let dot = if key.is_empty() { "" } else { "." };
        InputError::at(origin, format!("{}{dot}{key}: {}", self.path, message.as_ref()))
    }

    /// The settings on one line, as written: what is not there has its default.
    pub fn inline(&self) -> String {
        self.node.inline()
    }

    /// Where the protocol was named.
    pub fn origin(&self) -> &Origin {
        &self.key_origin
    }
}
