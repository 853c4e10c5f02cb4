//! What can happen several times in a run: written as a table, or as a list of tables.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{DeserializeOwned, Deserializer, MapAccess, SeqAccess, Visitor};

/// A table of a scenario that there may be several of.
pub(super) trait Repeatable: DeserializeOwned + JsonSchema {
    /// Its key.
    const KEY: &'static str;
    /// What is expected where something else was found, as far as "or a list of them".
    const EXPECTED: &'static str;
    /// What the schema calls one or several of them.
    const SCHEMA: &'static str;
}

/// One of them, or a list.
#[derive(Debug)]
pub(super) struct OneOrMany<T> {
    entries: Vec<T>,
    listed: bool,
}

impl<T> Default for OneOrMany<T> {
    /// None.
    fn default() -> Self {
        OneOrMany {
            entries: Vec::new(),
            listed: true,
        }
    }
}

impl<T: Repeatable> OneOrMany<T> {
    /// Each with the key at which it was written, in order.
    pub(super) fn keyed(&self) -> impl Iterator<Item = (String, &T)> {
        let key = |index: usize| match self.listed {
            true => format!("{}.{index}", T::KEY),
            false => T::KEY.to_owned(),
        };
        let numbered = self.entries.iter().enumerate();
        numbered.map(move |(index, entry)| (key(index), entry))
    }
}

impl<'de, T: Repeatable> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader(PhantomData))
    }
}

struct Reader<T>(PhantomData<T>);

impl<'de, T: Repeatable> Visitor<'de> for Reader<T> {
    type Value = OneOrMany<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, or a list of them", T::EXPECTED)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<OneOrMany<T>, A::Error> {
        let one = T::deserialize(MapAccessDeserializer::new(map))?;
        Ok(OneOrMany {
            entries: vec![one],
            listed: false,
        })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<OneOrMany<T>, A::Error> {
        let entries = Vec::deserialize(SeqAccessDeserializer::new(list))?;
        Ok(OneOrMany { entries, listed: true })
    }
}

impl<T: Repeatable> JsonSchema for OneOrMany<T> {
    fn schema_name() -> Cow<'static, str> {
        T::SCHEMA.into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = generator.subschema_for::<T>();
        // Written out: a key of the one table may be missing where an axis sets it, a key of a table in the list may not.
        let listed = T::json_schema(generator);
        json_schema!({
            "description": "One of them, or a list of them.",
            "anyOf": [one, { "type": "array", "items": listed }],
        })
    }
}
