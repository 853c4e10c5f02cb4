//! Lengths and speeds: `"250m"`, `"1.5m/s"`.

use std::borrow::Cow;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer};

use super::schema::NUMBER;
use super::{Decimal, Reader, alternatives, names};

/// Metres in each unit of length.
pub(super) const LENGTH_UNITS: [(&str, f64); 4] = [("mm", 1e-3), ("cm", 1e-2), ("m", 1.0), ("km", 1e3)];

/// Metres a second in each unit of speed.
const SPEED_UNITS: [(&str, f64); 2] = [("m/s", 1.0), ("km/h", 1.0 / 3.6)];

/// The longest length that a scenario may name, in metres: a million kilometres.
const LONGEST: f64 = 1e9;

/// The highest speed that a scenario may name, in metres a second: that of light.
const FASTEST: f64 = 299_792_458.0;

/// A length of at most a million kilometres: `"250m"`.
#[derive(Clone, Copy, PartialEq, PartialOrd, Debug)]
pub struct Length(f64);

/// A speed of at most that of light: `"1.5m/s"`.
#[derive(Clone, Copy, PartialEq, PartialOrd, Debug)]
pub struct Speed(f64);

impl Length {
    /// The length in metres, which may be zero.
    pub const fn metres(self) -> f64 {
        self.0
    }
}

impl Speed {
    /// The speed in metres a second, which may be zero.
    pub const fn metres_per_second(self) -> f64 {
        self.0
    }
}

const EXPECTED_LENGTH: &str = "a length such as \"250m\"";
const EXPECTED_SPEED: &str = "a speed such as \"1.5m/s\"";

/// A number with one of these units, in the unit whose size is 1, up to `most`.
fn parse(text: &str, expected: &str, units: &[(&'static str, f64)], most: f64) -> Result<f64, String> {
    let known = || format!("the units are {}", names(units));
    let (number, unit) =
        Decimal::split(text.trim()).ok_or_else(|| format!("expected {expected}, found {text:?}\n{}", known()))?;
    if unit.is_empty() {
        return Err(format!(
            "expected {expected}, found {text:?} without a unit\n{}",
            known()
        ));
    }
    let Some((_, size)) = units.iter().find(|(name, _)| *name == unit) else {
        return Err(format!("expected {expected}: there is no unit {unit:?}\n{}", known()));
    };
    match number.to_f64() * size {
        value if value <= most => Ok(value),
        _ => Err(format!(
            "{text:?} is out of range: at most {most} {}",
            unit_of_one(units)
        )),
    }
}

/// The unit whose size is 1.
fn unit_of_one(units: &[(&'static str, f64)]) -> &'static str {
    units
        .iter()
        .find(|(_, size)| *size == 1.0)
        .map_or("", |(name, _)| *name)
}

fn bare(number: f64, expected: &str, units: &[(&str, f64)]) -> String {
    let units = names(units);
    format!("expected {expected}, found {number} without a unit\nwrite it in quotes with one of the units {units}")
}

/// As in scenario files.
impl FromStr for Length {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        parse(text, EXPECTED_LENGTH, &LENGTH_UNITS, LONGEST).map(Length)
    }
}

/// As in scenario files.
impl FromStr for Speed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        parse(text, EXPECTED_SPEED, &SPEED_UNITS, FASTEST).map(Speed)
    }
}

impl<'de> Deserialize<'de> for Length {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader {
            expected: EXPECTED_LENGTH,
            text: str::parse,
            number: |number| Err(bare(number, EXPECTED_LENGTH, &LENGTH_UNITS)),
        })
    }
}

impl<'de> Deserialize<'de> for Speed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader {
            expected: EXPECTED_SPEED,
            text: str::parse,
            number: |number| Err(bare(number, EXPECTED_SPEED, &SPEED_UNITS)),
        })
    }
}

impl JsonSchema for Length {
    fn schema_name() -> Cow<'static, str> {
        "Length".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": format!("A length of at most a million kilometres, with its unit: {}.", names(&LENGTH_UNITS)),
            "type": "string",
            "pattern": format!(r"^\s*{NUMBER}\s*({})\s*$", alternatives(&LENGTH_UNITS)),
            "examples": ["250m", "1.5km"],
        })
    }
}

impl JsonSchema for Speed {
    fn schema_name() -> Cow<'static, str> {
        "Speed".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": format!("A speed of at most that of light, with its unit: {}.", names(&SPEED_UNITS)),
            "type": "string",
            "pattern": format!(r"^\s*{NUMBER}\s*({})\s*$", alternatives(&SPEED_UNITS)),
            "examples": ["1.5m/s", "50km/h"],
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lengths_and_speeds_have_their_units() {
        let metres = |text: &str| text.parse::<Length>().unwrap().metres();
        assert_eq!([metres("250m"), metres("1.5 km"), metres("0m")], [250.0, 1500.0, 0.0]);
        let speed = |text: &str| text.parse::<Speed>().unwrap().metres_per_second();
        assert_eq!([speed("20m/s"), speed("36km/h"), speed("0 m/s")], [20.0, 10.0, 0.0]);
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["250", "", "m", "-1m", "1e3m", "5 miles", "2000000km", "1m/s"] {
            assert!(text.parse::<Length>().is_err(), "{text:?} was accepted");
        }
        for text in ["1", "1m", "-1m/s", "5mph", "300000000m/s", "1/s"] {
            assert!(text.parse::<Speed>().is_err(), "{text:?} was accepted");
        }
        let error = "250".parse::<Length>().unwrap_err();
        assert!(
            error.contains("such as \"250m\"") && error.contains("without a unit"),
            "{error}"
        );
        let error = "2000000km".parse::<Length>().unwrap_err();
        assert!(error.contains("at most 1000000000 m"), "{error}");
    }

    proptest! {
        #[test]
        fn no_text_makes_a_unit_panic(text in "[0-9.]{0,40}[mkch/s ]{0,5}") {
            let _ = (text.parse::<Length>(), text.parse::<Speed>());
        }
    }
}
