//! How often something is done, if at all.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer};
use serde::{Serialize, Serializer};
use sim_core::time::SimDuration;

use super::{Duration, Reader, parse_duration, written};

/// From one time to the next: `"30s"`, or `"never"`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Period(pub Option<SimDuration>);

const NEVER: &str = "never";

fn parse_period(text: &str) -> Result<Period, String> {
    if text.trim() == NEVER {
        return Ok(Period(None));
    }
    let Duration(span) = parse_duration(text).map_err(|error| format!("{error}; \"{NEVER}\" has none"))?;
    match span {
        SimDuration::ZERO => Err(format!("{text:?} is no period\nwrite \"{NEVER}\" to have none")),
        span => Ok(Period(Some(span))),
    }
}

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader {
            expected: "a period such as \"30s\", or \"never\"",
            text: parse_period,
            number: |number| {
                Err(format!(
                    "expected a period such as \"30s\", or \"{NEVER}\", found {number} without a unit"
                ))
            },
        })
    }
}

impl Serialize for Period {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Some(span) => serializer.serialize_str(&written(span)),
            None => serializer.serialize_str(NEVER),
        }
    }
}

impl JsonSchema for Period {
    fn schema_name() -> Cow<'static, str> {
        "Period".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "From one time to the next, or \"never\".",
            "anyOf": [generator.subschema_for::<Duration>(), { "type": "string", "const": NEVER }],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_a_time_or_never() {
        assert_eq!(parse_period("30s"), Ok(Period(Some(SimDuration::from_secs(30)))));
        assert_eq!(parse_period("never"), Ok(Period(None)));
        for (text, words) in [("0s", "is no period"), ("30", "without a unit"), ("nver", "never")] {
            let error = parse_period(text).expect_err(text);
            assert!(error.contains(words), "{error}");
        }
    }
}
