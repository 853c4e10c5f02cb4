//! Expressions over the keys of a scenario: `20 * protocol.chord.stabilize_period + 10min`, `nodes.count >= 100`.
//!
//! Numbers carry their units through the reckoning, and keys have dots in their names. A parser of a few functions does that and
//! says at which place of the text an expression is wrong; the crates for it that could be used (exmex, for one) take dotted names
//! in braces only, apply operators that cannot refuse their operands, and tell no places.
//!
//! From the loosest to the tightest: `||`, `&&`, one comparison, `+ -`, `* /`, `! -` before a value, `^`. Values are numbers, with a
//! unit or without, texts in quotes, `true`, `false`, keys, and calls of functions.

mod evaluate;
mod lexer;
mod parser;

use std::ops::Range;
use std::sync::Arc;

pub(super) use evaluate::{Operand, Value};

use crate::input::KeyPath;
use crate::units::Quantity;

/// An expression and the keys that it names.
pub(super) struct Expression {
    root: Term,
    /// The keys, each once, in the order in which they are first named, with the place of that.
    pub(super) keys: Vec<(KeyPath, Range<usize>)>,
}

/// What is wrong with an expression, at which bytes of its text.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Fault {
    pub(super) at: Range<usize>,
    pub(super) message: String,
    pub(super) label: String,
    pub(super) help: Option<String>,
}

/// A part of an expression.
struct Term {
    at: Range<usize>,
    kind: Kind,
}

enum Kind {
    Number(Quantity),
    Text(Arc<str>),
    Truth(bool),
    /// The number of a key among those named.
    Key(usize),
    Negative(Box<Term>),
    Not(Box<Term>),
    Pair(Operator, Box<Term>, Box<Term>),
    Call(Function, Vec<Term>),
}

/// What stands between two values.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Operator {
    Or,
    And,
    Equal,
    Unequal,
    Less,
    AtMost,
    More,
    AtLeast,
    Plus,
    Minus,
    Times,
    Over,
    Power,
}

/// What can be called, by its name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Function {
    Min,
    Max,
    Floor,
    Ceil,
    Round,
    Log2,
    Ln,
    Sqrt,
}

const FUNCTIONS: [(&str, Function); 8] = [
    ("min", Function::Min),
    ("max", Function::Max),
    ("floor", Function::Floor),
    ("ceil", Function::Ceil),
    ("round", Function::Round),
    ("log2", Function::Log2),
    ("ln", Function::Ln),
    ("sqrt", Function::Sqrt),
];

const OPERATORS: [(&str, Operator); 13] = [
    ("||", Operator::Or),
    ("&&", Operator::And),
    ("==", Operator::Equal),
    ("!=", Operator::Unequal),
    ("<=", Operator::AtMost),
    (">=", Operator::AtLeast),
    ("<", Operator::Less),
    (">", Operator::More),
    ("+", Operator::Plus),
    ("-", Operator::Minus),
    ("*", Operator::Times),
    ("/", Operator::Over),
    ("^", Operator::Power),
];

impl Expression {
    /// Parses an expression.
    ///
    /// # Errors
    /// A [`Fault`] where it is none.
    pub(super) fn parse(text: &str) -> Result<Self, Fault> {
        parser::parse(text)
    }
}

impl Fault {
    fn new(at: Range<usize>, message: impl Into<String>) -> Self {
        Fault {
            at,
            message: message.into(),
            label: String::new(),
            help: None,
        }
    }

    fn labelled(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl Operator {
    /// How tightly it binds.
    fn strength(self) -> u8 {
        match self {
            Operator::Or => 1,
            Operator::And => 2,
            Operator::Plus | Operator::Minus => 4,
            Operator::Times | Operator::Over => 5,
            Operator::Power => 7,
            _ => COMPARISON,
        }
    }

    fn symbol(self) -> &'static str {
        OPERATORS
            .iter()
            .find(|(_, operator)| *operator == self)
            .map_or("", |(symbol, _)| symbol)
    }
}

/// How tightly a comparison binds.
const COMPARISON: u8 = 3;

/// How tightly a sign binds to what stands behind it: looser than a power, `-2^2` is -4.
const SIGN: u8 = 6;

impl Function {
    fn name(self) -> &'static str {
        FUNCTIONS
            .iter()
            .find(|(_, function)| *function == self)
            .map_or("", |(name, _)| name)
    }
}

#[cfg(test)]
mod tests;
