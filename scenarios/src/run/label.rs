//! Names that tables print: known when the program is built, or read back from what an earlier one has measured.

use std::collections::BTreeSet;
use std::ops::Deref;
use std::sync::{Mutex, PoisonError};

use analysis::Cell;
use serde::{Deserialize, Deserializer, Serialize};

/// A name that lives as long as the program. There are few of them: kinds of messages, of links, of holders.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub struct Label(&'static str);

impl Label {
    /// The name itself.
    pub fn as_str(self) -> &'static str {
        self.0
    }

    /// The one copy of a name that has been read.
    fn read(name: &str) -> Self {
        static READ: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
        let mut known = READ.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(name) = known.get(name) {
            return Label(name);
        }
        let name: &'static str = name.to_owned().leak();
        known.insert(name);
        Label(name)
    }

    /// Names that are known when the program is built.
    pub fn all(names: &'static [&'static str]) -> Vec<Self> {
        names.iter().copied().map(Label).collect()
    }
}

impl AsRef<str> for Label {
    fn as_ref(&self) -> &str {
        self.0
    }
}

impl From<&'static str> for Label {
    fn from(name: &'static str) -> Self {
        Label(name)
    }
}

impl Deref for Label {
    type Target = str;

    fn deref(&self) -> &str {
        self.0
    }
}

impl From<Label> for Cell {
    fn from(name: Label) -> Self {
        Cell::from(name.0)
    }
}

impl<'de> Deserialize<'de> for Label {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|name| Label::read(&name))
    }
}
