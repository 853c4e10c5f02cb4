//! What an expression comes to at a point.

use std::ops::Range;
use std::sync::Arc;

use sim_core::math;

use super::{Expression, Fault, Function, Kind, Operator, Term};
use crate::units::{Dimension, Quantity, tidy};

/// What a key has at a point, or a part of an expression comes to.
#[derive(Clone, PartialEq, Debug)]
pub(in crate::scenario::sweep) struct Operand {
    pub(in crate::scenario::sweep) value: Value,
    /// The name of a value, or how it is written, where it is that of a key.
    pub(in crate::scenario::sweep) label: Option<Arc<str>>,
}

#[derive(Clone, PartialEq, Debug)]
pub(in crate::scenario::sweep) enum Value {
    Number(Quantity),
    Text(Arc<str>),
    Truth(bool),
    /// A list or a table: all that can be asked is its name.
    Other(&'static str),
    /// The key is not there at this point.
    Missing,
}

impl From<Value> for Operand {
    fn from(value: Value) -> Self {
        Operand { value, label: None }
    }
}

impl From<Quantity> for Operand {
    fn from(quantity: Quantity) -> Self {
        Value::Number(quantity).into()
    }
}

impl Value {
    /// As messages name it.
    pub(in crate::scenario::sweep) fn describe(&self) -> String {
        match self {
            Value::Number(quantity) => quantity.dimension.to_string(),
            Value::Text(text) => format!("the text \"{text}\""),
            Value::Truth(truth) => truth.to_string(),
            Value::Other(kind) => (*kind).to_owned(),
            Value::Missing => "nothing".to_owned(),
        }
    }
}

impl Expression {
    /// The value, where `operands` gives those of the keys by their numbers.
    ///
    /// # Errors
    /// A [`Fault`] at a part that has no value: a time plus a length, a key that is not there, a division by zero.
    pub(in crate::scenario::sweep) fn evaluate(&self, operands: &dyn Fn(usize) -> Operand) -> Result<Value, Fault> {
        let context = Context {
            expression: self,
            operands,
        };
        Ok(context.term(&self.root)?.value)
    }
}

struct Context<'a> {
    expression: &'a Expression,
    operands: &'a dyn Fn(usize) -> Operand,
}

impl Context<'_> {
    fn term(&self, term: &Term) -> Result<Operand, Fault> {
        match &term.kind {
            Kind::Number(number) => Ok((*number).into()),
            Kind::Text(text) => Ok(Value::Text(text.clone()).into()),
            Kind::Truth(truth) => Ok(Value::Truth(*truth).into()),
            Kind::Key(number) => {
                let operand = (self.operands)(*number);
                match operand.value {
                    Value::Missing => Err(self.missing(*number, term.at.clone())),
                    _ => Ok(operand),
                }
            }
            Kind::Negative(inner) => {
                let Quantity { value, dimension } = self.number(inner)?;
                Ok(Quantity {
                    value: -value,
                    dimension,
                }
                .into())
            }
            Kind::Not(inner) => Ok(Value::Truth(!self.truth(inner)?).into()),
            Kind::Pair(operator, left, right) => self.pair(*operator, left, right, &term.at),
            Kind::Call(function, arguments) => self.call(*function, arguments, &term.at),
        }
    }

    fn missing(&self, number: usize, at: Range<usize>) -> Fault {
        let key = self.expression.keys.get(number);
        let key = key.map_or_else(String::new, |(path, _)| path.to_string());
        Fault::new(at, format!("`{key}` has no value at this point of the sweep"))
            .labelled("not there at every point")
            .help("`a && b` looks at b only where a is true")
    }

    fn pair(&self, operator: Operator, left: &Term, right: &Term, at: &Range<usize>) -> Result<Operand, Fault> {
        match operator {
            Operator::Or => Ok(Value::Truth(self.truth(left)? || self.truth(right)?).into()),
            Operator::And => Ok(Value::Truth(self.truth(left)? && self.truth(right)?).into()),
            Operator::Equal => Ok(Value::Truth(self.equal(left, right, at)?).into()),
            Operator::Unequal => Ok(Value::Truth(!self.equal(left, right, at)?).into()),
            Operator::Less | Operator::AtMost | Operator::More | Operator::AtLeast => {
                let (left, right) = self.alike(operator, left, right, at)?;
                Ok(Value::Truth(match operator {
                    Operator::Less => left < right,
                    Operator::AtMost => left <= right,
                    Operator::More => left > right,
                    _ => left >= right,
                })
                .into())
            }
            Operator::Plus | Operator::Minus => {
                let first = self.number(left)?;
                let second = self.number(right)?;
                if first.dimension != second.dimension {
                    return Err(unlike(operator, first, second, at));
                }
                let value = match operator {
                    Operator::Plus => first.value + second.value,
                    _ => first.value - second.value,
                };
                finite(Quantity { value, ..first }, at)
            }
            Operator::Times | Operator::Over => {
                let first = self.number(left)?;
                let second = self.number(right)?;
                if operator == Operator::Over && second.value == 0.0 {
                    return Err(Fault::new(right.at.clone(), "a division by zero").labelled("this is 0"));
                }
                let (value, power) = match operator {
                    Operator::Times => (first.value * second.value, 1),
                    _ => (first.value / second.value, -1),
                };
                let dimension = first.dimension.times(second.dimension, power);
                with_dimension(value, dimension, at)
            }
            Operator::Power => self.power(left, right, at),
        }
    }

    fn power(&self, left: &Term, right: &Term, at: &Range<usize>) -> Result<Operand, Fault> {
        let base = self.number(left)?;
        let exponent = self.plain(right, "an exponent")?;
        let value = math::pow(base.value, exponent);
        if base.dimension.is_plain() {
            return finite(Quantity::plain(value), at);
        }
        if exponent.fract() != 0.0 || exponent.abs() > 9.0 {
            let message = format!(
                "{} can only be raised to a small whole power, found {exponent}",
                base.dimension
            );
            return Err(Fault::new(right.at.clone(), message).labelled("expected a whole number such as 2"));
        }
        with_dimension(value, Dimension::PLAIN.times(base.dimension, exponent as i8), at)
    }

    fn call(&self, function: Function, arguments: &[Term], at: &Range<usize>) -> Result<Operand, Fault> {
        let [first, others @ ..] = arguments else {
            return Err(Fault::new(at.clone(), "expected a value"));
        };
        let name = function.name();
        match function {
            Function::Min | Function::Max => {
                let mut best = self.number(first)?;
                for other in others {
                    let other = self.number(other)?;
                    if other.dimension != best.dimension {
                        let message = format!("{name} of {} and {}", best.dimension, other.dimension);
                        return Err(Fault::new(at.clone(), message).labelled("these cannot be compared"));
                    }
                    let better = match function {
                        Function::Min => other.value < best.value,
                        _ => other.value > best.value,
                    };
                    best = if better { other } else { best };
                }
                Ok(best.into())
            }
            Function::Floor => Ok(Quantity::plain(tidy(self.rounded(first)?).floor()).into()),
            Function::Ceil => Ok(Quantity::plain(tidy(self.rounded(first)?).ceil()).into()),
            Function::Round => Ok(Quantity::plain(tidy(self.rounded(first)?).round()).into()),
            Function::Log2 => finite(Quantity::plain(math::log2(self.positive(first, name)?)), at),
            Function::Ln => finite(Quantity::plain(math::ln(self.positive(first, name)?)), at),
            Function::Sqrt => {
                let number = self.number(first)?;
                if number.value < 0.0 {
                    return Err(Fault::new(first.at.clone(), format!("the square root of {number}"))
                        .labelled("must not be negative"));
                }
                with_dimension(number.value.sqrt(), number.dimension.root(), at)
            }
        }
    }

    fn number(&self, term: &Term) -> Result<Quantity, Fault> {
        match self.term(term)?.value {
            Value::Number(number) => Ok(number),
            other => Err(Fault::new(
                term.at.clone(),
                format!("expected a number, found {}", other.describe()),
            )
            .labelled("expected a number")),
        }
    }

    fn truth(&self, term: &Term) -> Result<bool, Fault> {
        match self.term(term)?.value {
            Value::Truth(truth) => Ok(truth),
            other => Err(Fault::new(
                term.at.clone(),
                format!("expected a comparison, found {}", other.describe()),
            )
            .labelled("expected something true or false")),
        }
    }

    fn plain(&self, term: &Term, what: &str) -> Result<f64, Fault> {
        let number = self.number(term)?;
        if number.dimension.is_plain() {
            return Ok(number.value);
        }
        let message = format!("{what} must be a plain number, found {}", number.dimension);
        Err(Fault::new(term.at.clone(), message).labelled("expected a number without a unit"))
    }

    fn rounded(&self, term: &Term) -> Result<f64, Fault> {
        self.plain(term, "what is rounded")
            .map_err(|fault| fault.help("divide by the unit before and multiply by it afterwards: round(x / 1s) * 1s"))
    }

    fn positive(&self, term: &Term, name: &str) -> Result<f64, Fault> {
        match self.plain(term, &format!("the value of `{name}`"))? {
            value if value > 0.0 => Ok(value),
            value => Err(Fault::new(term.at.clone(), format!("the logarithm of {value}")).labelled("must be above 0")),
        }
    }

    /// Two quantities that can be compared.
    fn alike(&self, operator: Operator, left: &Term, right: &Term, at: &Range<usize>) -> Result<(f64, f64), Fault> {
        let first = self.number(left)?;
        let second = self.number(right)?;
        if first.dimension != second.dimension {
            return Err(unlike(operator, first, second, at));
        }
        Ok((tidy(first.value), tidy(second.value)))
    }

    fn equal(&self, left: &Term, right: &Term, at: &Range<usize>) -> Result<bool, Fault> {
        let (first, second) = (self.term(left)?, self.term(right)?);
        match (&first.value, &second.value) {
            (Value::Number(one), Value::Number(other)) if one.dimension == other.dimension => {
                Ok(tidy(one.value) == tidy(other.value))
            }
            (Value::Number(one), Value::Number(other)) => Err(unlike(Operator::Equal, *one, *other, at)),
            (Value::Truth(one), Value::Truth(other)) => Ok(one == other),
            // A text is also the name of a value.
            (one, other) => {
                let (names, others) = (names(&first), names(&second));
                if names.is_empty() || others.is_empty() {
                    let message = format!("{} is never equal to {}", one.describe(), other.describe());
                    return Err(Fault::new(at.clone(), message).labelled("these cannot be compared"));
                }
                Ok(names.iter().any(|name| others.contains(name)))
            }
        }
    }
}

/// A text, and the name of the value of a key.
fn names(operand: &Operand) -> Vec<&str> {
    let text = match &operand.value {
        Value::Text(text) => Some(&**text),
        _ => None,
    };
    text.into_iter().chain(operand.label.as_deref()).collect()
}

fn unlike(operator: Operator, first: Quantity, second: Quantity, at: &Range<usize>) -> Fault {
    let message = format!("{} {} {}", first.dimension, operator.symbol(), second.dimension);
    Fault::new(at.clone(), message).labelled("the two sides have different units")
}

fn with_dimension(value: f64, dimension: Option<Dimension>, at: &Range<usize>) -> Result<Operand, Fault> {
    match dimension {
        Some(dimension) => finite(Quantity { value, dimension }, at),
        None => Err(Fault::new(at.clone(), "this has no unit that could be reckoned with")),
    }
}

fn finite(quantity: Quantity, at: &Range<usize>) -> Result<Operand, Fault> {
    if quantity.value.is_finite() {
        return Ok(quantity.into());
    }
    Err(Fault::new(at.clone(), "the result is not a finite number"))
}
