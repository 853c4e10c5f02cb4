//! Amounts of data and how fast they are sent: `"64kB"`, `"10Mbit/s"`.

use std::borrow::Cow;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer};
use serde::{Serialize, Serializer};
use sim_core::network::Bandwidth;

use super::schema::NUMBER;
use super::{Decimal, Reader, alternatives, names, unit_of};

/// Bytes in each unit of data.
pub(super) const BYTE_UNITS: [(&str, u64); 5] = [
    ("B", 1),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
];

/// Bits a second in each unit of bandwidth.
pub(super) const BIT_RATE_UNITS: [(&str, u64); 4] = [
    ("bit/s", 1),
    ("kbit/s", 1_000),
    ("Mbit/s", 1_000_000),
    ("Gbit/s", 1_000_000_000),
];

/// The most bytes that a scenario may name.
const MOST_BYTES: u64 = 1 << 32;

/// The highest bandwidth that a scenario may name, in bits a second.
const HIGHEST_BIT_RATE: u64 = 1_000_000_000_000_000;

/// An amount of data, at most 4 GiB: `"1500B"`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Bytes(u64);

/// A bandwidth from 1 bit/s to 1e15 bit/s: `"10Mbit/s"`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct BitRate(Bandwidth);

impl Bytes {
    /// So many bytes.
    pub const fn from_bytes(bytes: u64) -> Self {
        Bytes(bytes)
    }

    /// The number of bytes.
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl BitRate {
    /// The bandwidth as networks have it.
    pub const fn get(self) -> Bandwidth {
        self.0
    }
}

/// A bandwidth as scenarios write it, in the largest unit of which it is a whole number.
pub fn written_bit_rate(bandwidth: Bandwidth) -> String {
    largest_whole(bandwidth.bits_per_second(), &BIT_RATE_UNITS)
}

/// An amount of data as scenarios write it, likewise.
pub fn written_bytes(bytes: u64) -> String {
    largest_whole(bytes, &BYTE_UNITS[..3])
}

fn largest_whole(number: u64, units: &[(&str, u64)]) -> String {
    let whole = |(_, size): &&(&str, u64)| number >= *size && number.is_multiple_of(*size);
    let (name, size) = units.iter().rev().find(whole).unwrap_or(&units[0]);
    format!("{}{name}", number / size)
}

/// A number with one of these units, in the smallest of them, from `least` to `most`.
fn parse(text: &str, expected: &str, units: &[(&str, u64)], least: u64, most: u64) -> Result<u64, String> {
    let known = || format!("the units are {}", names(units));
    let (number, unit) =
        Decimal::split(text.trim()).ok_or_else(|| format!("expected {expected}, found {text:?}\n{}", known()))?;
    if unit.is_empty() {
        return Err(format!(
            "expected {expected}, found {text:?} without a unit\n{}",
            known()
        ));
    }
    let Some(size) = unit_of(units, unit) else {
        return Err(format!("expected {expected}: there is no unit {unit:?}\n{}", known()));
    };
    let in_range = |number: &u64| (least..=most).contains(number);
    number.times(size).filter(in_range).ok_or_else(|| {
        let (least, most) = (largest_whole(least, units), largest_whole(most, units));
        format!("{text:?} is out of range: from {least} to {most}")
    })
}

const EXPECTED_BYTES: &str = "an amount of data such as \"1500B\"";
const EXPECTED_BIT_RATE: &str = "a bandwidth such as \"10Mbit/s\"";

/// As in scenario files.
impl FromStr for Bytes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        parse(text, EXPECTED_BYTES, &BYTE_UNITS, 0, MOST_BYTES).map(Bytes)
    }
}

/// As in scenario files.
impl FromStr for BitRate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bits = parse(text, EXPECTED_BIT_RATE, &BIT_RATE_UNITS, 1, HIGHEST_BIT_RATE)?;
        let bandwidth = Bandwidth::from_bits_per_second(bits);
        bandwidth
            .map(BitRate)
            .ok_or_else(|| format!("expected {EXPECTED_BIT_RATE}, found {text:?}"))
    }
}

fn bare(number: f64, expected: &str, units: &[(&str, u64)]) -> String {
    let units = names(units);
    format!("expected {expected}, found {number} without a unit\nwrite it in quotes with one of the units {units}")
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader {
            expected: EXPECTED_BYTES,
            text: str::parse,
            number: |number| Err(bare(number, EXPECTED_BYTES, &BYTE_UNITS)),
        })
    }
}

impl<'de> Deserialize<'de> for BitRate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader {
            expected: EXPECTED_BIT_RATE,
            text: str::parse,
            number: |number| Err(bare(number, EXPECTED_BIT_RATE, &BIT_RATE_UNITS)),
        })
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&written_bytes(self.0))
    }
}

impl JsonSchema for Bytes {
    fn schema_name() -> Cow<'static, str> {
        "Bytes".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": format!("An amount of data of at most 4 GiB, with its unit: {}.", names(&BYTE_UNITS)),
            "type": "string",
            "pattern": format!(r"^\s*{NUMBER}\s*({})\s*$", alternatives(&BYTE_UNITS)),
            "examples": ["1500B", "64kB"],
        })
    }
}

impl JsonSchema for BitRate {
    fn schema_name() -> Cow<'static, str> {
        "BitRate".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": format!("A bandwidth above zero, with its unit: {}.", names(&BIT_RATE_UNITS)),
            "type": "string",
            "pattern": format!(r"^\s*{NUMBER}\s*({})\s*$", alternatives(&BIT_RATE_UNITS)),
            "examples": ["56kbit/s", "10Mbit/s"],
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bits(text: &str) -> u64 {
        text.parse::<BitRate>().unwrap().get().bits_per_second()
    }

    fn bytes(text: &str) -> u64 {
        text.parse::<Bytes>().unwrap().get()
    }

    #[test]
    fn units_are_decimal_but_for_those_that_say_otherwise() {
        assert_eq!(bits("56kbit/s"), 56_000);
        assert_eq!(bits("1.5 Mbit/s"), 1_500_000);
        assert_eq!(bits("10Gbit/s"), 10_000_000_000);
        assert_eq!(bits("300bit/s"), 300);
        assert_eq!(
            (bytes("64kB"), bytes("64KiB"), bytes("1MiB")),
            (64_000, 65_536, 1 << 20)
        );
        assert_eq!((bytes("0B"), bytes("1500 B")), (0, 1500));
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "0bit/s",
            "0Mbit/s",
            "10",
            "1MB/s",
            "1mbit/s",
            "-1bit/s",
            "2000000Gbit/s",
            "0.1bit/s",
            "1/s",
        ] {
            assert!(text.parse::<BitRate>().is_err(), "{text:?} was accepted");
        }
        for text in ["10", "1bit", "5MiB/s", "-1B", "1TB", "5000MiB"] {
            assert!(text.parse::<Bytes>().is_err(), "{text:?} was accepted");
        }
        let error = "0bit/s".parse::<BitRate>().unwrap_err();
        assert!(error.contains("from 1bit/s to"), "{error}");
    }

    proptest! {
        #[test]
        fn what_is_written_reads_the_same(number in 1_u64..=MOST_BYTES) {
            let bandwidth = Bandwidth::from_bits_per_second(number).unwrap();
            prop_assert_eq!(bits(&written_bit_rate(bandwidth)), number);
            prop_assert_eq!(bytes(&written_bytes(number)), number);
        }

        #[test]
        fn no_text_makes_a_unit_panic(text in "[0-9.]{0,40}[kMGbitB/s ]{0,7}") {
            let _ = (text.parse::<Bytes>(), text.parse::<BitRate>());
        }
    }
}
