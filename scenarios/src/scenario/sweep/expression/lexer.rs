//! From the text of an expression to its words and signs.

use std::ops::Range;
use std::sync::Arc;

use super::{Fault, OPERATORS, Operator};
use crate::input::closest;
use crate::units::{Quantity, Unit};

#[derive(Clone, Debug)]
pub(super) enum Token {
    Number(Quantity),
    Text(Arc<str>),
    /// A key, a function, a unit, `true` or `false`.
    Word(String),
    Operator(Operator),
    Not,
    Open,
    Close,
    Comma,
    End,
}

impl Token {
    /// As messages name it.
    pub(super) fn describe(&self) -> String {
        match self {
            Token::Number(_) => "a number".to_owned(),
            Token::Text(text) => format!("the text \"{text}\""),
            Token::Word(word) => format!("`{word}`"),
            Token::Operator(operator) => format!("`{}`", operator.symbol()),
            Token::Not => "`!`".to_owned(),
            Token::Open => "`(`".to_owned(),
            Token::Close => "`)`".to_owned(),
            Token::Comma => "`,`".to_owned(),
            Token::End => "the end".to_owned(),
        }
    }
}

/// The tokens with the bytes that they take up, the last an end.
pub(super) fn tokens(text: &str) -> Result<Vec<(Token, Range<usize>)>, Fault> {
    let mut lexer = Lexer { text, at: 0 };
    let mut tokens = Vec::new();
    loop {
        lexer.skip_space();
        let start = lexer.at;
        let token = lexer.token()?;
        let is_end = matches!(token, Token::End);
        tokens.push((token, start..lexer.at));
        if is_end {
            return Ok(tokens);
        }
    }
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn skip_space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    /// Takes what a test allows.
    fn take_while(&mut self, allowed: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c| !allowed(c)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    fn token(&mut self) -> Result<Token, Fault> {
        let Some(first) = self.rest().chars().next() else {
            return Ok(Token::End);
        };
        match first {
            '0'..='9' => self.number(),
            '"' | '\'' => self.quoted(first).map(|text| Token::Text(text.into())),
            first if starts_word(first) => self.word(),
            _ => self.sign(first),
        }
    }

    fn sign(&mut self, first: char) -> Result<Token, Fault> {
        let rest = self.rest();
        if let Some((symbol, operator)) = OPERATORS.iter().find(|(symbol, _)| rest.starts_with(symbol)) {
            self.at += symbol.len();
            return Ok(Token::Operator(*operator));
        }
        let start = self.at;
        self.at += first.len_utf8();
        match first {
            '!' => Ok(Token::Not),
            '(' => Ok(Token::Open),
            ')' => Ok(Token::Close),
            ',' => Ok(Token::Comma),
            '=' | '&' | '|' => Err(Fault::new(start..self.at, format!("`{first}` alone means nothing"))
                .labelled(format!("did you mean `{first}{first}`?"))),
            _ => Err(
                Fault::new(start..self.at, format!("`{first}` has no meaning in an expression"))
                    .labelled("not understood")
                    .help("operators are + - * / ^ == != < <= > >= && || !"),
            ),
        }
    }

    /// A number, and the unit behind it: `10min`, `0.5/s`, `10Mbit/s`, `5 %`.
    fn number(&mut self) -> Result<Token, Fault> {
        let start = self.at;
        let digit = |c: char| c.is_ascii_digit() || c == '_';
        self.take_while(digit);
        let fraction = self.rest().strip_prefix('.');
        if fraction.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit())) {
            self.at += 1;
            self.take_while(digit);
        }
        let exponent = self.rest().strip_prefix(['e', 'E']);
        let exponent = exponent.map(|rest| rest.strip_prefix(['+', '-']).unwrap_or(rest));
        if let Some(rest) = exponent.filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit())) {
            self.at = self.text.len() - rest.len();
            self.take_while(|c| c.is_ascii_digit());
        }
        let digits = self.text[start..self.at].replace('_', "");
        let number: f64 = digits.parse().unwrap_or(f64::INFINITY);
        if !number.is_finite() {
            return Err(Fault::new(start..self.at, "this number is too large"));
        }
        let unit = self.unit()?;
        Ok(Token::Number(
            unit.map_or(Quantity::plain(number), |unit| unit.quantity(number)),
        ))
    }

    /// The unit of a number.
    fn unit(&mut self) -> Result<Option<Unit>, Fault> {
        let end = self.at;
        self.skip_space();
        let start = self.at;
        if self.rest().starts_with('%') {
            self.at += 1;
            return Ok(Unit::parse("%"));
        }
        if self.rest().starts_with(starts_word) {
            let name = self.take_while(in_word);
            if Unit::named(name).is_none() {
                let fault = Fault::new(start..self.at, format!("there is no unit `{name}`"));
                let names = Unit::names();
                let fault = match closest(name, names.split(", ")) {
                    Some(guess) => fault.labelled(format!("did you mean `{guess}`?")),
                    None => fault.labelled("not a known unit"),
                };
                return Err(fault.help(format!("the units are {names}")));
            }
        }
        // A time below a stroke belongs to the unit, so that `x / 6/min` is what it looks like.
        let before_stroke = self.at;
        self.skip_space();
        if self.rest().starts_with('/') {
            self.at += 1;
            self.skip_space();
            let name = self.take_while(in_word);
            let is_word = self.rest().starts_with(['.', '(']);
            let unit = Unit::parse(&self.text[start..self.at]);
            if unit.is_some() && !name.is_empty() && !is_word {
                return Ok(unit);
            }
        }
        self.at = before_stroke;
        if before_stroke == start {
            self.at = end;
            return Ok(None);
        }
        Ok(Unit::named(&self.text[start..before_stroke]))
    }

    /// A text in quotes.
    fn quoted(&mut self, quote: char) -> Result<&'a str, Fault> {
        let start = self.at;
        self.at += 1;
        let text = self.take_while(|c| c != quote);
        if self.rest().is_empty() {
            return Err(Fault::new(
                start..self.text.len(),
                format!("this {quote} is never closed"),
            ));
        }
        self.at += 1;
        Ok(text)
    }

    /// A word: a key with its dots, of which each part but the first may stand in quotes.
    fn word(&mut self) -> Result<Token, Fault> {
        let start = self.at;
        self.take_while(in_word);
        while self.rest().starts_with('.') {
            self.at += 1;
            match self.rest().chars().next() {
                Some(quote @ ('"' | '\'')) => {
                    self.quoted(quote)?;
                }
                _ => {
                    if self.take_while(in_word).is_empty() {
                        let fault = Fault::new(self.at - 1..self.at, "a key is missing behind this dot");
                        return Err(fault.labelled("here"));
                    }
                }
            }
        }
        Ok(Token::Word(self.text[start..self.at].to_owned()))
    }
}

fn starts_word(character: char) -> bool {
    character.is_alphabetic() || character == '_'
}

fn in_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}
