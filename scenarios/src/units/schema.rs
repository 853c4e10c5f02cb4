//! How values with units are written, for editors: their JSON Schema, and how a default is shown in it.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

use super::{Duration, Fraction, Positive, Rate, TIME_UNITS, written};

/// The regular expression of a decimal number.
pub(super) const NUMBER: &str = r"[0-9]+(\.[0-9]+)?";

fn time_units() -> String {
    TIME_UNITS.map(|(name, _)| name).join("|")
}

impl JsonSchema for Duration {
    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let units = time_units();
        let description = format!(
            "A span of time of at most 100 years, with its unit: {}.",
            units.replace('|', ", ")
        );
        json_schema!({
            "description": description,
            "type": "string",
            "pattern": format!(r"^\s*{NUMBER}\s*({units})\s*$"),
            "examples": ["50ms", "1.5s", "90min"],
        })
    }
}

impl Serialize for Duration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&written(self.0))
    }
}

impl JsonSchema for Rate {
    fn schema_name() -> Cow<'static, str> {
        "Rate".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let units = time_units();
        let description = format!(
            "A positive number a time, whose unit is one of {}.",
            units.replace('|', ", ")
        );
        json_schema!({
            "description": description,
            "type": "string",
            "pattern": format!(r"^\s*{NUMBER}\s*/\s*({units})\s*$"),
            "examples": ["10/min", "0.5/s"],
        })
    }
}

impl JsonSchema for Fraction {
    fn schema_name() -> Cow<'static, str> {
        "Fraction".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A share or probability from 0 to 1, as a number or a percentage.",
            "examples": [0.1, "10 %"],
            "anyOf": [
                { "type": "number", "minimum": 0, "maximum": 1 },
                { "type": "string", "pattern": r"^\s*0*(100(\.0+)?|[0-9]{1,2}(\.[0-9]+)?)\s*%\s*$" },
            ],
        })
    }
}

impl Serialize for Fraction {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.get())
    }
}

impl JsonSchema for Positive {
    fn schema_name() -> Cow<'static, str> {
        "Positive".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A number above zero and at most 1e15.",
            "type": "number",
            "exclusiveMinimum": 0,
            "maximum": 1e15,
        })
    }
}
