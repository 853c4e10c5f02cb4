//! The JSON Schema of values that have a writing of their own. That of tables is derived from their types.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::cell::{Cell, Conditions};
use crate::expect::{Percent, Relative};
use crate::figure::PublishedPoint;

impl JsonSchema for Cell {
    fn schema_name() -> Cow<'static, str> {
        "Cell".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "What a column of a table holds: a number, a text, true or false.",
            "type": ["number", "string", "boolean"],
        })
    }
}

impl JsonSchema for Percent {
    fn schema_name() -> Cow<'static, str> {
        "Percent".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A percentage.",
            "type": "string",
            "pattern": r"^\s*[0-9]+(\.[0-9]+)?\s*%$",
            "examples": ["5 %"],
        })
    }
}

impl JsonSchema for Relative {
    fn schema_name() -> Cow<'static, str> {
        "Relative".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let conditions = generator.subschema_for::<Conditions>();
        json_schema!({
            "description": "Columns that have other values there than in `where`; a list of several for a ratio of ratios.",
            "anyOf": [conditions, { "type": "array", "items": conditions }],
        })
    }
}

impl JsonSchema for PublishedPoint {
    fn schema_name() -> Cow<'static, str> {
        "PublishedPoint".into()
    }

    /// Two or four numbers, as it is written: the type itself has names for them.
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A point that a paper prints: [x, y], or [x, y, low, high] with the range printed with it.",
            "type": "array",
            "items": { "type": "number" },
            "oneOf": [{ "minItems": 2, "maxItems": 2 }, { "minItems": 4, "maxItems": 4 }],
        })
    }
}
