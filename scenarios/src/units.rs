//! Values with units: `"50ms"`, `"10/min"`, `"10 %"`.
//!
//! A bare number is refused wherever a unit decides its meaning. Decimals are read exactly: `"1.5s"` is
//! 1 500 000 000 nanoseconds and not the nearest double; what is finer than a nanosecond is rounded to the nearest one.

mod data;
mod length;
mod period;
mod quantity;
mod schema;

use std::fmt;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use sim_core::time::SimDuration;

pub use data::{BitRate, Bytes, written_bit_rate, written_bytes};
pub use length::{Length, Speed};
pub use period::Period;
pub(crate) use quantity::{Dimension, Quantity, Unit, Written, tidy};

/// Nanoseconds in each unit of time.
const TIME_UNITS: [(&str, u64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("min", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
];

/// The longest span of time that a scenario may name: 100 Julian years of 365.25 days, in nanoseconds.
const LONGEST: u64 = 36_525 * 86_400_000_000_000;

/// The highest rate that a scenario may name, a second: one event a nanosecond.
const HIGHEST_RATE: f64 = 1e9;

/// A span of time, at most 100 years: `"50ms"`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Duration(pub SimDuration);

/// A positive number of events a second, at most 1e9: `"10/min"`.
#[derive(Clone, Copy, PartialEq, PartialOrd, Debug)]
pub struct Rate(f64);

/// A share or probability in [0, 1]: `0.1` or `"10 %"`.
#[derive(Clone, Copy, PartialEq, PartialOrd, Debug, Default)]
pub struct Fraction(f64);

/// A finite number above zero and at most 1e15: the shape of a distribution, the side of a plane.
#[derive(Clone, Copy, PartialEq, PartialOrd, Debug)]
pub struct Positive(f64);

impl Duration {
    /// The span as the engine has it.
    pub const fn get(self) -> SimDuration {
        self.0
    }
}

impl From<Duration> for SimDuration {
    fn from(duration: Duration) -> Self {
        duration.0
    }
}

impl Rate {
    /// Events a second.
    pub const fn per_second(self) -> f64 {
        self.0
    }
}

impl Fraction {
    /// A share, held within [0, 1].
    pub const fn new(share: f64) -> Self {
        Fraction(share.clamp(0.0, 1.0))
    }

    /// The share, in [0, 1].
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl Positive {
    /// The number.
    pub const fn get(self) -> f64 {
        self.0
    }
}

/// A decimal number split at its point: `digits * 10^-decimals`.
struct Decimal {
    digits: u128,
    decimals: u32,
}

impl Decimal {
    /// Splits a text into a decimal number and what follows it; `None` if it starts with none or has over 25 digits.
    fn split(text: &str) -> Option<(Decimal, &str)> {
        let end = text
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(text.len());
        let (number, unit) = text.split_at(end);
        let (whole, part) = number.split_once('.').unwrap_or((number, ""));
        // No `.5`, no `5.`, no `1.2.3`: a slip, most likely.
        if whole.is_empty() || (number.contains('.') && part.is_empty()) || number.len() > 26 {
            return None;
        }
        let digits = format!("{whole}{part}").parse().ok()?;
        Some((
            Decimal {
                digits,
                decimals: u32::try_from(part.len()).ok()?,
            },
            unit.trim_start(),
        ))
    }

    /// The number times `unit`, rounded half up; `None` beyond 64 bits.
    fn times(&self, unit: u64) -> Option<u64> {
        let divisor = 10_u128.pow(self.decimals);
        let product = self.digits.checked_mul(u128::from(unit))?;
        u64::try_from(product / divisor + u128::from(product % divisor >= divisor.div_ceil(2))).ok()
    }

    fn to_f64(&self) -> f64 {
        self.digits as f64 / 10_u128.pow(self.decimals) as f64
    }
}

/// A span of time as scenarios write it, in the largest unit of which it is a whole number: `90min`.
pub fn written(span: SimDuration) -> String {
    let nanos = span.as_nanos();
    let whole = TIME_UNITS
        .iter()
        .rev()
        .find(|(name, size)| *name != "µs" && nanos > 0 && nanos.is_multiple_of(*size));
    whole.map_or_else(|| "0s".to_owned(), |(name, size)| format!("{}{name}", nanos / size))
}

/// So many things in words: `1 node`, `2 nodes`.
pub(crate) fn counted(count: usize, thing: &str) -> String {
    match count {
        1 => format!("1 {thing}"),
        _ => format!("{count} {thing}s"),
    }
}

fn unit_of(units: &[(&str, u64)], name: &str) -> Option<u64> {
    units.iter().find(|(unit, _)| *unit == name).map(|(_, size)| *size)
}

fn names<T>(units: &[(&str, T)]) -> String {
    units.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

/// The names of units in a pattern.
fn alternatives<T>(units: &[(&str, T)]) -> String {
    units.iter().map(|(name, _)| *name).collect::<Vec<_>>().join("|")
}

/// What is wrong with a text that is no duration: the first line the complaint, the second what to try.
fn parse_duration(text: &str) -> Result<Duration, String> {
    let units = || format!("the units are {}", names(&TIME_UNITS));
    let expected = "expected a duration such as \"50ms\"";
    let (number, unit) =
        Decimal::split(text.trim()).ok_or_else(|| format!("{expected}, found {text:?}\n{}", units()))?;
    if unit.is_empty() {
        return Err(format!("{expected}, found {text:?} without a unit\n{}", units()));
    }
    let Some(size) = unit_of(&TIME_UNITS, unit) else {
        return Err(format!("{expected}: there is no unit {unit:?}\n{}", units()));
    };
    match number.times(size) {
        Some(nanos) if nanos <= LONGEST => Ok(Duration(SimDuration::from_nanos(nanos))),
        _ => Err(format!(
            "{text:?} is too long: a duration is at most 100 years, \"36525d\""
        )),
    }
}

fn parse_rate(text: &str) -> Result<Rate, String> {
    let units = || format!("a rate is a number a time, whose units are {}", names(&TIME_UNITS));
    let expected = "expected a rate such as \"10/min\"";
    let found = || format!("{expected}, found {text:?}\n{}", units());
    let (number, rest) = Decimal::split(text.trim()).ok_or_else(found)?;
    let unit = rest.strip_prefix('/').ok_or_else(found)?.trim();
    let Some(nanos) = unit_of(&TIME_UNITS, unit) else {
        return Err(format!("{expected}: there is no unit {unit:?}\n{}", units()));
    };
    let per_second = number.to_f64() / (nanos as f64 / 1e9);
    match per_second {
        rate if rate > 0.0 && rate <= HIGHEST_RATE => Ok(Rate(rate)),
        _ => Err(format!(
            "the rate {text:?} is out of range: above 0/s and at most 1e9/s"
        )),
    }
}

fn parse_fraction(text: &str) -> Result<Fraction, String> {
    match Decimal::split(text.trim()) {
        Some((number, "%")) => fraction(
            Decimal {
                decimals: number.decimals + 2,
                ..number
            }
            .to_f64(),
        ),
        _ => Err(format!("expected a share such as 0.1 or \"10 %\", found {text:?}")),
    }
}

fn fraction(number: f64) -> Result<Fraction, String> {
    if (0.0..=1.0).contains(&number) {
        Ok(Fraction(number))
    } else {
        Err(format!(
            "{number} is out of range: expected a share from 0 to 1, or \"0 %\" to \"100 %\""
        ))
    }
}

fn positive(number: f64) -> Result<Positive, String> {
    if number > 0.0 && number <= 1e15 {
        Ok(Positive(number))
    } else {
        Err(format!(
            "{number} is out of range: expected a number above 0 and at most 1e15"
        ))
    }
}

/// What a text and a bare number mean to a type.
struct Reader<T> {
    expected: &'static str,
    text: fn(&str) -> Result<T, String>,
    number: fn(f64) -> Result<T, String>,
}

impl<T> Visitor<'_> for Reader<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        (self.text)(text).map_err(E::custom)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
        (self.number)(number as f64).map_err(E::custom)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
        (self.number)(number as f64).map_err(E::custom)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<T, E> {
        (self.number)(number).map_err(E::custom)
    }
}

/// As in scenario files, for the command line.
impl FromStr for Duration {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        parse_duration(text)
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = |number: f64| {
            let units = names(&TIME_UNITS);
            Err(format!(
                "expected a duration such as \"50ms\", found {number} without a unit\nwrite it in quotes with one of the units {units}"
            ))
        };
        deserializer.deserialize_any(Reader {
            expected: "a duration such as \"50ms\"",
            text: parse_duration,
            number,
        })
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = |number: f64| {
            let units = names(&TIME_UNITS);
            Err(format!(
                "expected a rate such as \"10/min\", found {number} without a unit\nwrite it in quotes as a number a time, whose units are {units}"
            ))
        };
        deserializer.deserialize_any(Reader {
            expected: "a rate such as \"10/min\"",
            text: parse_rate,
            number,
        })
    }
}

impl<'de> Deserialize<'de> for Fraction {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expected = "a share such as 0.1 or \"10 %\"";
        deserializer.deserialize_any(Reader {
            expected,
            text: parse_fraction,
            number: fraction,
        })
    }
}

impl<'de> Deserialize<'de> for Positive {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = |text: &str| {
            Err(format!(
                "expected a number above 0 without quotes, found the text {text:?}"
            ))
        };
        deserializer.deserialize_any(Reader {
            expected: "a number above 0",
            text,
            number: positive,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn nanos(text: &str) -> u64 {
        parse_duration(text).unwrap().0.as_nanos()
    }

    #[test]
    fn durations_are_read_exactly() {
        assert_eq!(nanos("50ms"), 50_000_000);
        assert_eq!(nanos("1.5s"), 1_500_000_000);
        assert_eq!(nanos("10us"), nanos("10µs"));
        assert_eq!(nanos("2h"), nanos("120min"));
        assert_eq!(nanos("1d"), nanos("24 h"));
        assert_eq!(nanos("0.1s"), 100_000_000);
        assert_eq!(nanos("36525d"), LONGEST);
        assert_eq!(nanos("0s"), 0);
    }

    #[test]
    fn spans_are_written_in_the_largest_unit_that_is_exact() {
        for text in ["90min", "2h", "1d", "1500ms", "10us", "7ns", "0s", "61s"] {
            assert_eq!(written(parse_duration(text).unwrap().0), text);
        }
        assert_eq!(written(parse_duration("120min").unwrap().0), "2h");
    }

    #[test]
    fn what_is_finer_than_a_nanosecond_is_rounded() {
        assert_eq!(nanos("1.4ns"), 1);
        assert_eq!(nanos("1.5ns"), 2);
        assert_eq!(nanos("0.3333333333333s"), 333_333_333);
    }

    #[test]
    fn a_duration_without_its_unit_or_out_of_range_is_refused() {
        for text in [
            "50",
            "",
            "ms",
            "-5s",
            "1e3s",
            "5 parsecs",
            ".5s",
            "5.s",
            "1.2.3s",
            "36526d",
            "inf",
            "NaN s",
        ] {
            assert!(parse_duration(text).is_err(), "{text:?} was accepted");
        }
        assert!(parse_duration("50").unwrap_err().contains("such as \"50ms\""));
        assert!(parse_duration("99999999999999999999999999999999s").is_err());
    }

    #[test]
    fn rates_and_shares_have_their_units() {
        assert_eq!(parse_rate("10/min").unwrap().per_second(), 10.0 / 60.0);
        assert_eq!(parse_fraction("10 %").unwrap().get(), 0.1);
        assert_eq!(parse_fraction("12.5%").unwrap().get(), 0.125);
        for text in ["0/s", "5", "5/", "/s", "-1/s", "1/week", "10000000000/s"] {
            assert!(parse_rate(text).is_err(), "{text:?} was accepted");
        }
        for text in ["10", "101 %", "-1 %", "%"] {
            assert!(parse_fraction(text).is_err(), "{text:?} was accepted");
        }
        assert!(fraction(f64::NAN).is_err() && fraction(1.01).is_err() && fraction(-0.01).is_err());
    }

    proptest! {
        #[test]
        fn whole_numbers_of_a_unit_are_exact(count in 0_u64..=36_525, unit in 0..TIME_UNITS.len()) {
            let (name, size) = TIME_UNITS[unit];
            prop_assert_eq!(nanos(&format!("{count}{name}")), count * size);
        }

        #[test]
        fn nine_decimals_of_a_second_are_exact(whole in 0_u64..1_000_000, part in 0_u64..1_000_000_000) {
            prop_assert_eq!(nanos(&format!("{whole}.{part:09}s")), whole * 1_000_000_000 + part);
        }

        #[test]
        fn no_text_makes_a_unit_panic(text in "\\PC{0,40}") {
            let _ = (parse_duration(&text), parse_rate(&text), parse_fraction(&text));
        }

        #[test]
        fn almost_numbers_never_panic(text in "[0-9.]{0,40}[a-zµ/% ]{0,4}") {
            let _ = (parse_duration(&text), parse_rate(&text), parse_fraction(&text));
        }
    }
}
