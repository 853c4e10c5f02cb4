//! Ranges: values between two ends, in equal steps or by equal factors.
//!
//! `{ linear = { from = 100, to = 1000, step = 100 } }`, `{ geometric = { from = "1s", to = "100s", count = 5 } }`.

use sim_core::math;

use super::POINT_LIMIT;
use crate::input::{Entry, InputError, Node, Value, closest, list};
use crate::units::{Quantity, Unit, tidy};

/// How far from a whole number of steps the end of a range may lie: what rounding leaves.
const SLACK: f64 = 1e-9;

/// A range as it is written.
struct Range<'a> {
    key: &'a str,
    law: Law,
    /// The whole of it.
    node: &'a Node,
    from: End<'a>,
    to: End<'a>,
    pace: Pace,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Law {
    Linear,
    Geometric,
}

/// How far it is from one value to the next.
enum Pace {
    /// So many values in all.
    Count(usize),
    /// A difference, or a factor.
    Step(f64),
}

/// An end of a range, in the unit of its beginning.
#[derive(Clone, Copy)]
struct End<'a> {
    node: &'a Node,
    number: f64,
    unit: Option<(Unit, &'a str)>,
}

/// The law of a range by its name, and what it says, if a node is one: a table with this key alone and a table behind it.
pub(super) fn written(node: &Node) -> Option<&Entry> {
    match node.as_table()?.entries() {
        [entry] if law(&entry.key).is_some() && entry.node.as_table().is_some() => Some(entry),
        _ => None,
    }
}

fn law(name: &str) -> Option<Law> {
    match name {
        "linear" => Some(Law::Linear),
        "geometric" => Some(Law::Geometric),
        _ => None,
    }
}

/// The values of a range for a key, in order, the ends included as far as the steps reach them.
///
/// # Errors
/// [`InputError::Invalid`] at what is missing, unknown or cannot be: ends of different units, no step, two values that are one.
pub(super) fn values(key: &str, entry: &Entry) -> Result<Vec<Node>, InputError> {
    let range = Range::read(key, entry)?;
    let count = range.count()?;
    let values: Vec<Node> = (0..count).map(|index| range.value(index, count)).collect();
    let same = values.windows(2).position(|pair| pair[0].inline() == pair[1].inline());
    if let Some(index) = same {
        let message = format!(
            "values {} and {} are both {}",
            index + 1,
            index + 2,
            values[index].inline()
        );
        let error = range.error_at(range.node, &message).labelled("the steps are too small");
        return Err(match range.is_whole() {
            true => error.help("between whole numbers there are whole numbers only; write 1.0 for others"),
            false => error.help("take fewer values"),
        });
    }
    Ok(values)
}

impl<'a> Range<'a> {
    fn read(key: &'a str, entry: &'a Entry) -> Result<Self, InputError> {
        let node = &entry.node;
        let law = law(&entry.key).unwrap_or(Law::Linear);
        let paces = match law {
            Law::Linear => ["step", "count"],
            Law::Geometric => ["factor", "count"],
        };
        let at = |node: &Node, message: String| {
            InputError::at(&node.origin, format!("sweep.{key}.{}: {message}", entry.key))
        };
        let known = ["from", "to", paces[0], paces[1]];
        let entries = node.as_table().map_or(&[][..], |table| table.entries());
        if let Some(other) = entries.iter().find(|entry| !known.contains(&entry.key.as_str())) {
            let message = format!("sweep.{key}.{}: unknown key `{}`", entry.key, other.key);
            let error = InputError::at(&other.key_origin, message).help(format!("the keys here are {}", list(known)));
            return Err(match closest(&other.key, known) {
                Some(guess) => error.labelled(format!("did you mean `{guess}`?")),
                None => error.labelled("not a known key"),
            });
        }
        let get = |name: &str| node.as_table().and_then(|table| table.get(name));
        let needed = |name: &str| {
            get(name).ok_or_else(|| {
                at(node, format!("the key `{name}` is missing")).labelled(format!("`{name}` belongs in here"))
            })
        };
        let from = End::read(needed("from")?).map_err(|(node, message)| at(node, message))?;
        let to = End::read(needed("to")?)
            .and_then(|end| end.in_unit_of(&from))
            .map_err(|(node, message)| at(node, message))?;
        let pace = match (get(paces[0]), get(paces[1])) {
            (Some(step), None) => Pace::Step(law.step(step, &from).map_err(|message| at(step, message))?),
            (None, Some(count)) => Pace::Count(number_of_values(count).map_err(|message| at(count, message))?),
            (None, None) => {
                return Err(at(node, format!("either `{}` or `count` is missing", paces[0]))
                    .labelled(format!("`{}` or `count` belongs in here", paces[0])));
            }
            (Some(_), Some(second)) => {
                return Err(at(
                    second,
                    format!("`{}` and `count` are two ways to say the same", paces[0]),
                )
                .labelled("one of the two is too many"));
            }
        };
        let range = Range {
            key,
            law,
            node,
            from,
            to,
            pace,
        };
        range.check_ends()?;
        Ok(range)
    }

    fn error_at(&self, node: &Node, message: &str) -> InputError {
        let name = match self.law {
            Law::Linear => "linear",
            Law::Geometric => "geometric",
        };
        InputError::at(&node.origin, format!("sweep.{}.{name}: {message}", self.key))
    }

    fn check_ends(&self) -> Result<(), InputError> {
        if self.law == Law::Geometric {
            for end in [self.from, self.to] {
                if end.number <= 0.0 {
                    let message = format!("a geometric range lies above zero, found {}", end.node.inline());
                    return Err(self.error_at(end.node, &message).labelled("must be above 0"));
                }
            }
        }
        if self.from.number == self.to.number {
            return Err(self
                .error_at(self.to.node, "the range ends where it begins")
                .labelled("must differ from `from`"));
        }
        Ok(())
    }

    /// Whether the values are whole numbers because what is written is.
    fn is_whole(&self) -> bool {
        let is_integer = |node: &Node| matches!(node.value, Value::Integer(_));
        let step = match self.pace {
            Pace::Step(step) if self.law == Law::Linear => step.fract() == 0.0,
            _ => true,
        };
        is_integer(self.from.node) && is_integer(self.to.node) && step
    }

    fn count(&self) -> Result<usize, InputError> {
        let steps = match (self.law, &self.pace) {
            (_, Pace::Count(count)) => return Ok(*count),
            (Law::Linear, Pace::Step(step)) => (self.to.number - self.from.number).abs() / step,
            (Law::Geometric, Pace::Step(factor)) => {
                math::ln(self.to.number / self.from.number).abs() / math::ln(*factor)
            }
        };
        let count = (steps + SLACK).floor() + 1.0;
        if count > POINT_LIMIT as f64 {
            let message = format!("the range has {count} values: a sweep has at most {POINT_LIMIT} points");
            return Err(self.error_at(self.node, &message).labelled("too many values"));
        }
        if count < 2.0 {
            return Err(self
                .error_at(self.node, "the first step leads beyond the end")
                .labelled("one value only"));
        }
        Ok(count as usize)
    }

    /// One of so many values.
    fn value(&self, index: usize, count: usize) -> Node {
        let (from, to) = (self.from.number, self.to.number);
        let last = index + 1 == count;
        let (index_f, intervals) = (index as f64, (count - 1) as f64);
        let number = match (self.law, &self.pace) {
            _ if index == 0 => from,
            (_, Pace::Count(_)) if last => to,
            (Law::Linear, Pace::Count(_)) => (from * (intervals - index_f) + to * index_f) / intervals,
            (Law::Geometric, Pace::Count(_)) => from * math::pow(to / from, index_f / intervals),
            (Law::Linear, Pace::Step(step)) => from + (step * index_f).copysign(to - from),
            (Law::Geometric, Pace::Step(factor)) if to > from => from * math::pow(*factor, index_f),
            (Law::Geometric, Pace::Step(factor)) => from / math::pow(*factor, index_f),
        };
        let value = match self.from.unit {
            _ if self.is_whole() => Value::Integer(number.round() as i128),
            None => Value::Float(tidy(number)),
            Some((unit, suffix)) => Value::String(format!("{}{suffix}", unit.count(unit.quantity(number).value))),
        };
        let mut node = Node {
            value,
            origin: self.node.origin.clone(),
        };
        let note = format!("number {} of the range, {}", index + 1, node.inline());
        node.origin = node.origin.with_note(note);
        node
    }
}

impl Law {
    /// A difference in the unit of the range, or a factor.
    fn step(self, node: &Node, from: &End<'_>) -> Result<f64, String> {
        match self {
            Law::Linear => {
                let step = End::read(node).and_then(|step| step.in_unit_of(from));
                match step.map_err(|(_, message)| message)?.number {
                    step if step > 0.0 => Ok(step),
                    _ => Err(format!(
                        "expected a step above zero, found {}; the ends tell the direction",
                        node.inline()
                    )),
                }
            }
            Law::Geometric => match node.value {
                Value::Integer(factor) if factor > 1 => Ok(factor as f64),
                Value::Float(factor) if factor > 1.0 => Ok(factor),
                _ => Err(format!(
                    "expected a factor above 1, found {}; the ends tell the direction",
                    node.inline()
                )),
            },
        }
    }
}

impl<'a> End<'a> {
    fn read(node: &'a Node) -> Result<Self, (&'a Node, String)> {
        let bare = |number: f64| End {
            node,
            number,
            unit: None,
        };
        match &node.value {
            // Beyond this, whole numbers have gaps.
            Value::Integer(number) if number.unsigned_abs() <= 1 << 53 => Ok(bare(*number as f64)),
            Value::Float(number) => Ok(bare(*number)),
            Value::String(text) => match Quantity::split(text) {
                Some((number, unit, suffix)) => Ok(End {
                    node,
                    number,
                    unit: Some((unit, suffix)),
                }),
                None => Err((node, format!("expected a number, or one with its unit, found {text:?}"))),
            },
            _ => Err((
                node,
                format!("expected a number, or one with its unit, found {}", node.kind()),
            )),
        }
    }

    /// The same in the unit of another.
    fn in_unit_of(self, other: &End<'a>) -> Result<Self, (&'a Node, String)> {
        let quantity = |end: &End<'_>| match end.unit {
            Some((unit, _)) => unit.quantity(end.number),
            None => Quantity::plain(end.number),
        };
        let (own, others) = (quantity(&self), quantity(other));
        if own.dimension != others.dimension {
            let message = format!(
                "expected {} as in `from`, found {}",
                others.dimension,
                self.node.inline()
            );
            return Err((self.node, message));
        }
        let number = match other.unit {
            Some((unit, _)) if Some(unit) != self.unit.map(|(unit, _)| unit) => unit.count(own.value),
            Some(_) => self.number,
            None => own.value,
        };
        Ok(End {
            number,
            unit: other.unit,
            ..self
        })
    }
}

fn number_of_values(node: &Node) -> Result<usize, String> {
    match node.value {
        Value::Integer(count) if (2..=POINT_LIMIT as i128).contains(&count) => Ok(count as usize),
        _ => Err(format!(
            "expected a whole number from 2 to {POINT_LIMIT}, found {}",
            node.inline()
        )),
    }
}

#[cfg(test)]
mod tests;
