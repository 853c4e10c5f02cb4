//! From tokens to an expression, by how tightly operators bind (Pratt 1973, Top down operator precedence).

use std::ops::Range;

use super::lexer::{Token, tokens};
use super::{COMPARISON, Expression, FUNCTIONS, Fault, Function, Kind, Operator, SIGN, Term};
use crate::input::{KeyPath, closest, list};
use crate::units::Unit;

/// The longest expression, in bytes: far longer than any, but an end to how deep terms lie within each other.
const LONGEST: usize = 1000;

/// How deep terms may lie within each other in parentheses and behind signs.
const DEEPEST: usize = 50;

pub(super) fn parse(text: &str) -> Result<Expression, Fault> {
    if text.len() > LONGEST {
        return Err(Fault::new(
            0..text.len(),
            format!("this expression is too long: at most {LONGEST} bytes"),
        ));
    }
    let mut parser = Parser {
        tokens: tokens(text)?,
        next: 0,
        depth: 0,
        keys: Vec::new(),
    };
    let root = parser.term(0)?;
    match parser.peek() {
        Token::End => Ok(Expression {
            root,
            keys: parser.keys,
        }),
        Token::Close => Err(Fault::new(parser.place(), "this `)` closes nothing").labelled("never opened")),
        other => Err(Fault::new(
            parser.place(),
            format!("expected an operator, found {}", other.describe()),
        )
        .labelled("expected an operator before this")),
    }
}

struct Parser {
    tokens: Vec<(Token, Range<usize>)>,
    next: usize,
    depth: usize,
    keys: Vec<(KeyPath, Range<usize>)>,
}

impl Parser {
    /// The next token, an end from the last one on.
    fn peek(&self) -> &Token {
        self.tokens.get(self.next).map_or(&Token::End, |(token, _)| token)
    }

    /// Where the next token stands.
    fn place(&self) -> Range<usize> {
        let last = self.tokens.len().saturating_sub(1);
        self.tokens
            .get(self.next.min(last))
            .map_or(0..0, |(_, place)| place.clone())
    }

    /// A term of operators that bind tighter than `strength`.
    fn term(&mut self, strength: u8) -> Result<Term, Fault> {
        self.depth += 1;
        if self.depth > DEEPEST {
            let message = format!("terms lie within each other more than {DEEPEST} deep");
            return Err(Fault::new(self.place(), message));
        }
        let mut left = self.value()?;
        while let Token::Operator(operator) = *self.peek() {
            if operator.strength() <= strength {
                break;
            }
            self.next += 1;
            // What stands right of a power can be one itself: 2^3^2 is 2^9.
            let right = match operator {
                Operator::Power => self.term(SIGN - 1)?,
                _ => self.term(operator.strength())?,
            };
            let at = left.at.start..right.at.end;
            left = Term {
                at,
                kind: Kind::Pair(operator, Box::new(left), Box::new(right)),
            };
            let again = matches!(self.peek(), Token::Operator(next) if next.strength() == COMPARISON);
            if again && operator.strength() == COMPARISON {
                return Err(Fault::new(self.place(), "comparisons cannot be chained")
                    .labelled("the second")
                    .help("join them with `&&`"));
            }
        }
        self.depth -= 1;
        Ok(left)
    }

    fn value(&mut self) -> Result<Term, Fault> {
        let place = self.place();
        let token = self.peek().clone();
        self.next += 1;
        let kind = match token {
            Token::Number(number) => Kind::Number(number),
            Token::Text(text) => Kind::Text(text),
            Token::Word(word) if matches!(self.peek(), Token::Open) => return self.call(&word, place),
            Token::Word(word) => self.named(&word, &place)?,
            Token::Operator(Operator::Minus) => return self.signed(place, Kind::Negative),
            Token::Not => return self.signed(place, Kind::Not),
            Token::Open => {
                let inside = self.term(0)?;
                self.close(&place)?;
                return Ok(inside);
            }
            other => {
                return Err(
                    Fault::new(place, format!("expected a value, found {}", other.describe()))
                        .labelled("expected a value"),
                );
            }
        };
        Ok(Term { at: place, kind })
    }

    fn signed(&mut self, place: Range<usize>, kind: fn(Box<Term>) -> Kind) -> Result<Term, Fault> {
        let value = self.term(SIGN - 1)?;
        Ok(Term {
            at: place.start..value.at.end,
            kind: kind(Box::new(value)),
        })
    }

    /// A word that is not called: a truth, a unit or a key.
    fn named(&mut self, word: &str, place: &Range<usize>) -> Result<Kind, Fault> {
        match word {
            "true" => return Ok(Kind::Truth(true)),
            "false" => return Ok(Kind::Truth(false)),
            _ => {}
        }
        if let Some(unit) = Unit::named(word) {
            return Ok(Kind::Number(unit.quantity(1.0)));
        }
        if let Some((name, _)) = FUNCTIONS.iter().find(|(name, _)| *name == word) {
            return Err(
                Fault::new(place.clone(), format!("`{name}` is a function: expected `{name}(…)`"))
                    .labelled("expected `(` behind this"),
            );
        }
        let path = KeyPath::parse_str(word).map_err(|(message, _)| Fault::new(place.clone(), message))?;
        let known = |(other, _): &(KeyPath, _)| other.to_string() == path.to_string();
        let number = self.keys.iter().position(known).unwrap_or_else(|| {
            self.keys.push((path.clone(), place.clone()));
            self.keys.len() - 1
        });
        Ok(Kind::Key(number))
    }

    fn call(&mut self, name: &str, place: Range<usize>) -> Result<Term, Fault> {
        let names = || FUNCTIONS.iter().map(|(name, _)| *name);
        let Some((_, function)) = FUNCTIONS.iter().find(|(known, _)| *known == name) else {
            let fault = Fault::new(place, format!("unknown function `{name}`"));
            let fault = match closest(name, names()) {
                Some(guess) => fault.labelled(format!("did you mean `{guess}`?")),
                None => fault.labelled("not a known function"),
            };
            return Err(fault.help(format!("the functions are {}", list(names()))));
        };
        let open = self.place();
        self.next += 1;
        let mut arguments = vec![self.term(0)?];
        while matches!(self.peek(), Token::Comma) {
            self.next += 1;
            arguments.push(self.term(0)?);
        }
        let end = self.close(&open)?;
        let takes_many = matches!(function, Function::Min | Function::Max);
        let at = place.start..end;
        if arguments.len() > 1 && !takes_many {
            let message = format!("`{name}` takes one value, found {}", arguments.len());
            return Err(Fault::new(at, message).labelled("too many values"));
        }
        Ok(Term {
            at,
            kind: Kind::Call(*function, arguments),
        })
    }

    /// Takes a closing parenthesis, and tells where it ends.
    fn close(&mut self, open: &Range<usize>) -> Result<usize, Fault> {
        let place = self.place();
        match self.peek() {
            Token::Close => {
                self.next += 1;
                Ok(place.end)
            }
            Token::End => Err(Fault::new(open.clone(), "this `(` is never closed").labelled("opened here")),
            other => Err(Fault::new(place, format!("expected `)`, found {}", other.describe()))
                .labelled("expected an operator or `)` before this")),
        }
    }
}
