//! What a metric is taken relative to.

use std::fmt;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::cell::Conditions;

/// The rows that a metric is divided by: in the one table of an expectation, columns that have other values there than in its
/// `where`. Of several, each divides what those before it make: with `[A, B]` it is the ratio of the metric to that at `A`, over
/// the same ratio at `B`.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Relative(Vec<Conditions>);

/// The conditions of all that stands over and under the line of a fraction.
pub(crate) struct Sides {
    pub(crate) over: Vec<Conditions>,
    pub(crate) under: Vec<Conditions>,
}

impl Sides {
    /// All conditions, and whether they stand under the line.
    pub(super) fn all(&self) -> impl Iterator<Item = (&Conditions, bool)> {
        let over = self.over.iter().map(|conditions| (conditions, false));
        over.chain(self.under.iter().map(|conditions| (conditions, true)))
    }
}

impl Relative {
    /// Whether the metric is taken as it is.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What it is divided by, one after the other.
    pub fn iter(&self) -> impl Iterator<Item = &Conditions> {
        self.0.iter()
    }

    /// The fraction that begins with the metric where `own` holds.
    pub(crate) fn sides(&self, own: &Conditions) -> Sides {
        let mut sides = Sides {
            over: vec![own.clone()],
            under: Vec::new(),
        };
        for other in &self.0 {
            let elsewhere = |conditions: &Conditions| {
                let mut there = conditions.clone();
                there.extend(other.clone());
                there
            };
            let (over, under): (Vec<_>, Vec<_>) = (
                sides.under.iter().map(elsewhere).collect(),
                sides.over.iter().map(elsewhere).collect(),
            );
            sides.over.extend(over);
            sides.under.extend(under);
        }
        sides
    }
}

impl Serialize for Relative {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0[..] {
            [one] => one.serialize(serializer),
            several => several.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Relative {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Relative;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("columns and their values such as { nodes = 8 }, or a list of them")
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Relative, A::Error> {
                Conditions::deserialize(MapAccessDeserializer::new(map)).map(|one| Relative(vec![one]))
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, list: A) -> Result<Relative, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(list)).map(Relative)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}
