//! What one place of a table holds.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// One value of a table. Made with `From`, which keeps one form for one value: a text that is the shortest writing of a
/// number becomes that number, so that a table read back from CSV equals the one written.
#[derive(Clone, Debug)]
pub enum Cell {
    /// No value: an empty field. A measurement that does not exist, such as the mean of no lookups.
    Empty,
    /// A whole number: a count, a seed, a node.
    Integer(u64),
    /// Any other number, never undefined.
    Number(f64),
    /// A text that is not the shortest writing of a number.
    Text(String),
}

/// A choice of rows: column and the value it must hold, as `where = { nodes = 1024, rules = "i3" }` says it.
pub type Conditions = BTreeMap<String, Cell>;

/// Doubles hold every whole number below this one.
const EXACT_INTEGERS: f64 = 9_007_199_254_740_992.0;

impl Cell {
    /// The value as a finite number, if it is or reads as one.
    pub fn number(&self) -> Option<f64> {
        match self {
            Cell::Empty => None,
            Cell::Integer(value) => Some(*value as f64),
            Cell::Number(value) => Some(*value),
            Cell::Text(text) => text.trim().parse().ok(),
        }
        .filter(|value: &f64| value.is_finite())
    }

    /// Whether nothing is here.
    pub fn is_empty(&self) -> bool {
        matches!(self, Cell::Empty)
    }

    /// Whether both hold the same value: as numbers if both read as numbers, else as texts.
    pub fn matches(&self, other: &Cell) -> bool {
        match (self, other) {
            (Cell::Integer(left), Cell::Integer(right)) => left == right,
            _ => match (self.number(), other.number()) {
                (Some(left), Some(right)) => left == right,
                _ => self == other,
            },
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Cell::Empty => 0,
            Cell::Integer(_) => 1,
            Cell::Number(_) => 2,
            Cell::Text(_) => 3,
        }
    }
}

impl From<u64> for Cell {
    fn from(value: u64) -> Self {
        Cell::Integer(value)
    }
}

impl From<u32> for Cell {
    fn from(value: u32) -> Self {
        Cell::Integer(value.into())
    }
}

impl From<usize> for Cell {
    fn from(value: usize) -> Self {
        Cell::Integer(value as u64)
    }
}

impl From<f64> for Cell {
    /// An undefined number (the mean of nothing) is [`Cell::Empty`].
    fn from(value: f64) -> Self {
        if value.is_nan() {
            Cell::Empty
        } else if (0.0..EXACT_INTEGERS).contains(&value) && value.trunc() == value {
            Cell::Integer(value as u64)
        } else {
            Cell::Number(value)
        }
    }
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Cell::Empty, Into::into)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        if text.is_empty() {
            return Cell::Empty;
        }
        let integer = text.parse().map(Cell::Integer).ok();
        let number = || text.parse::<f64>().ok().map(Cell::from);
        match integer.or_else(number) {
            Some(cell) if cell.to_string() == text => cell,
            _ => Cell::Text(text.to_owned()),
        }
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Cell::from(text.as_str())
    }
}

impl fmt::Display for Cell {
    /// The shortest text that reads back as the same value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cell::Empty => Ok(()),
            Cell::Integer(value) => write!(f, "{value}"),
            Cell::Number(value) => write!(f, "{value}"),
            Cell::Text(text) => f.write_str(text),
        }
    }
}

impl Ord for Cell {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Cell::Integer(left), Cell::Integer(right)) => left.cmp(right),
            (Cell::Number(left), Cell::Number(right)) => left.total_cmp(right),
            (Cell::Text(left), Cell::Text(right)) => left.cmp(right),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl PartialOrd for Cell {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Cell {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Cell {}

impl Serialize for Cell {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Cell::Empty => serializer.serialize_str(""),
            Cell::Integer(value) => serializer.serialize_u64(*value),
            Cell::Number(value) => serializer.serialize_f64(*value),
            Cell::Text(text) => serializer.serialize_str(text),
        }
    }
}

impl<'de> Deserialize<'de> for Cell {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CellVisitor)
    }
}

struct CellVisitor;

impl de::Visitor<'_> for CellVisitor {
    type Value = Cell;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number or a text, as the table's column holds it")
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Cell, E> {
        Ok(Cell::Text(value.to_string()))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Cell, E> {
        Ok(u64::try_from(value).map_or(Cell::Number(value as f64), Cell::Integer))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Cell, E> {
        Ok(Cell::Integer(value))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Cell, E> {
        if value.is_nan() {
            Err(E::invalid_value(de::Unexpected::Float(value), &self))
        } else {
            Ok(Cell::from(value))
        }
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Cell, E> {
        Ok(Cell::from(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_has_one_form_however_it_was_written() {
        assert_eq!(Cell::from(3.0), Cell::Integer(3));
        assert_eq!(Cell::from("3"), Cell::Integer(3));
        assert_eq!(Cell::from(-0.0), Cell::Integer(0));
        assert_eq!(Cell::from("0.25"), Cell::Number(0.25));
        assert_eq!(Cell::from(f64::NAN), Cell::Empty);
        assert_eq!(Cell::from(""), Cell::Empty);
        assert_eq!(Cell::from(u64::MAX.to_string()), Cell::Integer(u64::MAX));
        for unusual in ["007", "1.50", "1e3", "+4", "NaN", "infinity"] {
            assert_eq!(Cell::from(unusual), Cell::Text(unusual.to_owned()));
            assert_eq!(Cell::from(unusual).to_string(), unusual);
        }
    }

    #[test]
    fn values_match_as_numbers_where_both_are_numbers() {
        assert!(Cell::from("1.50").matches(&Cell::from(1.5)));
        assert!(Cell::from("1e3").matches(&Cell::from(1000_u64)));
        assert!(!Cell::from(u64::MAX).matches(&Cell::from(u64::MAX - 1)));
        assert!(!Cell::from("ton-2003").matches(&Cell::from(2003_u64)));
        assert!(!Cell::Empty.matches(&Cell::from(0_u64)));
    }

    #[test]
    fn what_is_no_finite_number_is_none() {
        assert_eq!(Cell::from(f64::INFINITY).number(), None);
        assert_eq!(Cell::from("nan").number(), None);
        assert_eq!(Cell::Empty.number(), None);
    }
}
