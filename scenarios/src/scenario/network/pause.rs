//! Pauses of nodes that move, as scenarios write them.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::value::SeqAccessDeserializer;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use sim_core::time::SimDuration;

use crate::units::{Duration, written};

/// A time, or the bounds of one that is uniform.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::scenario) struct RawPause {
    pub(super) shortest: Duration,
    pub(super) longest: Duration,
}

impl fmt::Display for RawPause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.shortest.get(), self.longest.get()) {
            (_, SimDuration::ZERO) => f.write_str("no pauses"),
            (shortest, longest) if shortest == longest => write!(f, "pauses of {}", written(longest)),
            (shortest, longest) => write!(f, "pauses of {} to {}", written(shortest), written(longest)),
        }
    }
}

impl<'de> Deserialize<'de> for RawPause {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = RawPause;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a time such as \"10s\", or two between which it lies, [\"0s\", \"20s\"]")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<RawPause, E> {
                let always: Duration = text.parse().map_err(E::custom)?;
                Ok(RawPause {
                    shortest: always,
                    longest: always,
                })
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<RawPause, A::Error> {
                let [shortest, longest] = Deserialize::deserialize(SeqAccessDeserializer::new(list))?;
                Ok(RawPause { shortest, longest })
            }
        }
        deserializer.deserialize_any(Either)
    }
}

impl JsonSchema for RawPause {
    fn schema_name() -> Cow<'static, str> {
        "Pause".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (one, two) = (
            generator.subschema_for::<Duration>(),
            generator.subschema_for::<[Duration; 2]>(),
        );
        json_schema!({ "description": "A time, or two between which it is uniform.", "anyOf": [one, two] })
    }
}
