//! The delays of links between generated routers as scenarios write them.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

use crate::topology::generate::LinkDelay;
use crate::units::Duration;

/// One delay for all links, `"5ms"`, or one in proportion to the length, `{ per_unit = "5us", base = "1ms" }`.
#[derive(Clone, Copy, Debug)]
pub(super) struct RawLinkDelay(LinkDelay);

impl RawLinkDelay {
    pub(super) fn get(self) -> LinkDelay {
        self.0
    }
}

/// A delay in proportion to the length of a link.
#[derive(serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ByDistance {
    /// The delay for each unit of length, one way.
    per_unit: Duration,
    /// The delay that length has no part in.
    #[serde(default)]
    base: Duration,
}

impl<'de> Deserialize<'de> for RawLinkDelay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Either)
    }
}

struct Either;

impl<'de> Visitor<'de> for Either {
    type Value = RawLinkDelay;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a duration such as \"5ms\", or { per_unit = \"5us\" }")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<RawLinkDelay, E> {
        let delay: Duration = text.parse().map_err(E::custom)?;
        Ok(RawLinkDelay(LinkDelay::Constant(delay.get())))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawLinkDelay, A::Error> {
        let ByDistance { per_unit, base } = ByDistance::deserialize(MapAccessDeserializer::new(map))?;
        Ok(RawLinkDelay(LinkDelay::Distance {
            per_unit: per_unit.get(),
            base: base.get(),
        }))
    }
}

impl JsonSchema for RawLinkDelay {
    fn schema_name() -> Cow<'static, str> {
        "LinkDelay".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (one, by_distance) = (
            generator.subschema_for::<Duration>(),
            generator.subschema_for::<ByDistance>(),
        );
        json_schema!({
            "description": "One delay for all links, or one in proportion to the length.",
            "anyOf": [one, by_distance],
        })
    }
}
