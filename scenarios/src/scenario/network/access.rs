//! The delays of access links as scenarios write them.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

use crate::units::Duration;

/// One delay for all, `"1ms"`, or the bounds of uniform ones, `{ minimum = "1ms", maximum = "5ms" }`.
#[derive(Clone, Copy, Debug)]
pub(in crate::scenario) struct RawAccess {
    pub(super) minimum: Duration,
    pub(super) maximum: Duration,
}

/// Delays between two bounds, each as likely as any other.
#[derive(serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Bounds {
    /// The shortest delay, one way.
    minimum: Duration,
    /// The longest delay, one way.
    maximum: Duration,
}

impl<'de> Deserialize<'de> for RawAccess {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Either)
    }
}

struct Either;

impl<'de> Visitor<'de> for Either {
    type Value = RawAccess;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a duration such as \"1ms\", or { minimum = \"1ms\", maximum = \"5ms\" }")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<RawAccess, E> {
        let delay: Duration = text.parse().map_err(E::custom)?;
        Ok(RawAccess {
            minimum: delay,
            maximum: delay,
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawAccess, A::Error> {
        let Bounds { minimum, maximum } = Bounds::deserialize(MapAccessDeserializer::new(map))?;
        Ok(RawAccess { minimum, maximum })
    }
}

impl JsonSchema for RawAccess {
    fn schema_name() -> Cow<'static, str> {
        "AccessDelay".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (one, bounds) = (
            generator.subschema_for::<Duration>(),
            generator.subschema_for::<Bounds>(),
        );
        json_schema!({
            "description": "One delay for all, or the bounds of uniform ones.",
            "anyOf": [one, bounds],
        })
    }
}
