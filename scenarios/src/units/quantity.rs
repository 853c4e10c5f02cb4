//! Numbers with any of the units, as sweeps reckon with them: what a scenario writes as a text, and what comes out of ranges
//! and expressions written as a user would.

use std::fmt;

use sim_core::network::Bandwidth;
use sim_core::time::SimDuration;

use super::data::{BIT_RATE_UNITS, BYTE_UNITS, written_bit_rate, written_bytes};
use super::length::LENGTH_UNITS;
use super::{TIME_UNITS, written};

/// How many significant digits a result has: what lies beyond them is the rounding of binary fractions.
const DIGITS: usize = 12;

/// The whole numbers up to here are exact.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// What a quantity measures: the exponents of time, data and length.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Dimension {
    time: i8,
    data: i8,
    length: i8,
}

/// A number with its unit, in nanoseconds, bits and millimetres, of which all units are whole multiples.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Quantity {
    /// How many of the smallest units.
    pub(crate) value: f64,
    /// What it measures.
    pub(crate) dimension: Dimension,
}

/// A unit: `times / per` of the smallest ones.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Unit {
    times: f64,
    per: f64,
    /// What it measures.
    pub(crate) dimension: Dimension,
    /// The smallest difference that a value with this unit can have, in the smallest units: a nanosecond, a byte.
    grain: Option<f64>,
}

/// What a key of a scenario takes.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Written {
    /// A whole number.
    Whole(i128),
    /// Any other number.
    Number(f64),
    /// A number with its unit.
    Text(String),
}

impl Dimension {
    /// That of a number without a unit.
    pub(crate) const PLAIN: Dimension = Dimension {
        time: 0,
        data: 0,
        length: 0,
    };
    const TIME: Dimension = Dimension {
        time: 1,
        ..Dimension::PLAIN
    };
    const DATA: Dimension = Dimension {
        data: 1,
        ..Dimension::PLAIN
    };
    const LENGTH: Dimension = Dimension {
        length: 1,
        ..Dimension::PLAIN
    };

    /// Whether this is a number without a unit.
    pub(crate) fn is_plain(self) -> bool {
        self == Dimension::PLAIN
    }

    /// The dimension of a product with a power of another; `None` where an exponent is out of bounds.
    pub(crate) fn times(self, other: Dimension, power: i8) -> Option<Dimension> {
        let exponent = |own: i8, other: i8| own.checked_add(other.checked_mul(power)?);
        Some(Dimension {
            time: exponent(self.time, other.time)?,
            data: exponent(self.data, other.data)?,
            length: exponent(self.length, other.length)?,
        })
    }

    /// The dimension of the square root, where there is one.
    pub(crate) fn root(self) -> Option<Dimension> {
        let is_square = [self.time, self.data, self.length]
            .iter()
            .all(|exponent| exponent % 2 == 0);
        is_square.then_some(Dimension {
            time: self.time / 2,
            data: self.data / 2,
            length: self.length / 2,
        })
    }

    fn per_time(self) -> Dimension {
        Dimension {
            time: self.time - 1,
            ..self
        }
    }
}

/// As a sentence names it.
impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Dimension::PLAIN => f.write_str("a plain number"),
            Dimension::TIME => f.write_str("a time"),
            Dimension::DATA => f.write_str("an amount of data"),
            Dimension::LENGTH => f.write_str("a length"),
            other if other == Dimension::PLAIN.per_time() => f.write_str("a rate"),
            other if other == Dimension::DATA.per_time() => f.write_str("a bandwidth"),
            other if other == Dimension::LENGTH.per_time() => f.write_str("a speed"),
            Dimension { time, data, length } => {
                let powers = [("time", time), ("data", data), ("length", length)];
                let powers = powers.iter().filter(|(_, exponent)| *exponent != 0);
                let powers: Vec<String> = powers.map(|(name, exponent)| format!("{name}^{exponent}")).collect();
                write!(f, "of the dimension {}", powers.join(" "))
            }
        }
    }
}

impl Unit {
    /// The unit that stands behind a number: `ms`, `/min`, `Mbit/s`, `%`.
    pub(crate) fn parse(text: &str) -> Option<Unit> {
        let text = text.trim();
        if text == "%" {
            return Some(Unit {
                times: 1.0,
                per: 100.0,
                dimension: Dimension::PLAIN,
                grain: None,
            });
        }
        let Some((above, below)) = text.split_once('/') else {
            return Unit::named(text);
        };
        let below = Unit::named(below.trim()).filter(|unit| unit.dimension == Dimension::TIME)?;
        let above = match above.trim() {
            "" => None,
            name => Some(Unit::named(name)?),
        };
        Some(Unit {
            times: above.map_or(1.0, |above| above.times),
            per: below.times,
            dimension: above.map_or(Dimension::PLAIN, |above| above.dimension).per_time(),
            grain: None,
        })
    }

    /// A unit by its name alone.
    pub(crate) fn named(name: &str) -> Option<Unit> {
        let all = units();
        let mut all = all.iter();
        all.find(|(unit, ..)| *unit == name)
            .map(|(_, size, dimension, grain)| Unit {
                times: *size as f64,
                per: 1.0,
                dimension: *dimension,
                grain: *grain,
            })
    }

    /// The names of all units, for messages.
    pub(crate) fn names() -> String {
        units().iter().map(|(name, ..)| *name).collect::<Vec<_>>().join(", ")
    }

    /// So many of this unit.
    pub(crate) fn quantity(&self, number: f64) -> Quantity {
        Quantity {
            value: number * self.times / self.per,
            dimension: self.dimension,
        }
    }

    /// How many of this unit a quantity of the same dimension is, as one would write it: as many digits as mean something, and
    /// nothing finer than what the scenario can hold.
    pub(crate) fn count(&self, value: f64) -> f64 {
        let value = match self.grain {
            Some(grain) => (value / grain).round() * grain,
            None => value,
        };
        tidy(value * self.per / self.times)
    }
}

/// All units with a name of their own, their sizes, what they measure, and how fine a value can be.
fn units() -> Vec<(&'static str, u64, Dimension, Option<f64>)> {
    let time = TIME_UNITS.map(|(name, size)| (name, size, Dimension::TIME, Some(1.0)));
    let bytes = BYTE_UNITS.map(|(name, size)| (name, 8 * size, Dimension::DATA, Some(8.0)));
    let bits = BIT_RATE_UNITS.map(|(name, size)| (name.trim_end_matches("/s"), size, Dimension::DATA, Some(1.0)));
    let lengths = LENGTH_UNITS.map(|(name, metres)| (name, (metres * 1e3).round() as u64, Dimension::LENGTH, None));
    time.into_iter().chain(bytes).chain(bits).chain(lengths).collect()
}

impl Quantity {
    /// A number without a unit.
    pub(crate) fn plain(value: f64) -> Self {
        Quantity {
            value,
            dimension: Dimension::PLAIN,
        }
    }

    /// What a text such as `"50ms"` or `"10 %"` says, with its number and unit; `None` for any other text.
    pub(crate) fn split(text: &str) -> Option<(f64, Unit, &str)> {
        let start = text.len() - text.trim_start().len();
        let digits = |c: char| c.is_ascii_digit() || c == '.';
        let end = start + text[start..].find(|c| !digits(c)).unwrap_or(text.len() - start);
        let number = text[start..end].parse().ok()?;
        let suffix = text[end..].trim_end();
        Some((number, Unit::parse(suffix)?, suffix))
    }

    /// The quantity as the value of a key, rounded to twelve significant digits, and to whole nanoseconds, bytes or bits a
    /// second.
    ///
    /// # Errors
    /// A text that says why no key takes it.
    pub(crate) fn written(self) -> Result<Written, String> {
        let whole = |value: f64| {
            let value = value.round();
            (0.0..EXACT * 1024.0).contains(&value).then_some(value as u64)
        };
        let out_of_range = || format!("{self} is out of range");
        let per_second = self.value * 1e9;
        match self.dimension {
            Dimension::PLAIN => Ok(plain(tidy(self.value))),
            Dimension::TIME => whole(self.value)
                .map(|nanos| Written::Text(written(SimDuration::from_nanos(nanos))))
                .ok_or_else(out_of_range),
            Dimension::DATA => whole(self.value / 8.0)
                .map(|bytes| Written::Text(written_bytes(bytes)))
                .ok_or_else(out_of_range),
            Dimension::LENGTH => Ok(Written::Text(format!("{}m", tidy(self.value / 1e3)))),
            other if other == Dimension::DATA.per_time() => whole(per_second)
                .and_then(Bandwidth::from_bits_per_second)
                .map(|bandwidth| Written::Text(written_bit_rate(bandwidth)))
                .ok_or_else(out_of_range),
            other if other == Dimension::PLAIN.per_time() => Ok(Written::Text(rate(self.value))),
            other if other == Dimension::LENGTH.per_time() => {
                Ok(Written::Text(format!("{}m/s", tidy(per_second / 1e3))))
            }
            other => Err(format!("no key takes a value {other}")),
        }
    }
}

/// In seconds, bits and metres, for messages.
impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Dimension { time, data, length } = self.dimension;
        let mut value = self.value;
        for (exponent, size) in [(time, 1e9), (length, 1e3)] {
            for _ in 0..exponent.unsigned_abs() {
                value = if exponent > 0 { value / size } else { value * size };
            }
        }
        write!(f, "{}", tidy(value))?;
        let powers = [("s", time), ("bit", data), ("m", length)];
        for (unit, exponent) in powers.iter().filter(|(_, exponent)| *exponent != 0) {
            match exponent {
                1 => write!(f, " {unit}")?,
                _ => write!(f, " {unit}^{exponent}")?,
            }
        }
        Ok(())
    }
}

fn plain(value: f64) -> Written {
    if value.fract() == 0.0 && value.abs() < EXACT {
        Written::Whole(value as i128)
    } else {
        Written::Number(value)
    }
}

/// Events a nanosecond as a number a time, in the shortest unit in which it has the fewest decimals.
fn rate(per_nanosecond: f64) -> String {
    let numbers = ["s", "min", "h", "d"].map(|name| {
        let size = super::unit_of(&TIME_UNITS, name).unwrap_or(1);
        (tidy(per_nanosecond * size as f64).to_string(), name)
    });
    let decimals = |number: &str| number.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let best = numbers.iter().min_by_key(|(number, _)| decimals(number));
    best.map(|(number, name)| format!("{number}/{name}"))
        .unwrap_or_default()
}

/// A number rounded to twelve significant digits, unless it is whole: `0.30000000000000004` is 0.3.
///
/// Printing and reading decimals is exact, so that this is the same on every machine.
pub(crate) fn tidy(value: f64) -> f64 {
    if value.fract() == 0.0 {
        return value;
    }
    format!("{value:.*e}", DIGITS - 1).parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quantity(text: &str) -> Quantity {
        let (number, unit, _) = Quantity::split(text).unwrap_or_else(|| panic!("{text}"));
        unit.quantity(number)
    }

    #[test]
    fn what_is_read_is_written_as_a_scenario_has_it() {
        for text in [
            "90min", "1500ms", "3s", "10/min", "30/min", "7/d", "64kB", "1500B", "10Mbit/s", "250m", "1.5m/s",
        ] {
            assert_eq!(quantity(text).written(), Ok(Written::Text(text.to_owned())), "{text}");
        }
        assert_eq!(quantity("10 %").written(), Ok(Written::Number(0.1)));
        assert_eq!(quantity("36km/h").written(), Ok(Written::Text("10m/s".to_owned())));
        assert_eq!(quantity("64KiB").written(), Ok(Written::Text("65536B".to_owned())));
    }

    #[test]
    fn other_texts_are_no_quantities() {
        for text in ["cube", "50", "", "5 parsecs", "ms", "1.2.3s", "5/m", "never", "-5s"] {
            assert!(Quantity::split(text).is_none(), "{text}");
        }
    }

    #[test]
    fn the_rounding_of_binary_fractions_does_not_show() {
        assert_eq!(tidy(0.1 + 0.2), 0.3);
        assert_eq!(tidy(1e15 + 1.0), 1e15 + 1.0);
        let eight = (0.1 + 0.7) * 10.0;
        assert!(eight < 8.0);
        assert_eq!(Quantity::plain(eight).written(), Ok(Written::Whole(8)));
        let times = Unit::named("s").unwrap();
        assert_eq!(times.count(3_162_277_660.168_379), 3.16227766);
    }

    #[test]
    fn what_no_key_takes_is_told() {
        let square = Quantity {
            value: 4e18,
            dimension: Dimension::TIME.times(Dimension::TIME, 1).unwrap(),
        };
        assert_eq!(square.to_string(), "4 s^2");
        assert!(square.written().unwrap_err().contains("time^2"));
        let negative = Quantity {
            value: -5e9,
            ..quantity("1s")
        };
        assert_eq!(negative.written().unwrap_err(), "-5 s is out of range");
        assert_eq!(square.dimension.root(), Some(Dimension::TIME));
        assert_eq!(Dimension::TIME.root(), None);
        assert_eq!(Dimension::TIME.times(Dimension::TIME, 127), None);
    }
}
