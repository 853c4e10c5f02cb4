//! Formats of a record a line: lines that say something, and their words, each with its place.

use std::ops::Range;
use std::sync::Arc;

use super::description::Description;
use crate::input::{InputError, Source};

/// A word, and the bytes of the file that it takes up.
#[derive(Clone, Debug)]
pub(super) struct Word<'a> {
    pub(super) text: &'a str,
    pub(super) span: Range<usize>,
}

/// A line, and the bytes of the file that it takes up without the white space around it.
#[derive(Clone, Debug)]
pub(super) struct Line<'a> {
    pub(super) text: &'a str,
    pub(super) span: Range<usize>,
}

/// The lines of a text that are neither empty nor a comment, which begins with one of these characters.
pub(super) fn lines<'a>(source: &'a Arc<Source>, comments: &'a [char]) -> impl Iterator<Item = Line<'a>> {
    let mut start = 0;
    let lines = source.text().split_inclusive('\n').map(move |whole| {
        let text = whole.trim();
        let at = start + (whole.len() - whole.trim_start().len());
        start += whole.len();
        Line {
            text,
            span: at..at + text.len(),
        }
    });
    lines.filter(move |line| !line.text.is_empty() && !line.text.starts_with(comments))
}

impl<'a> Line<'a> {
    /// The words between these separators, without the white space around them. Where white space itself separates, several
    /// of it count as one.
    pub(super) fn words(&self, separator: Option<char>) -> Vec<Word<'a>> {
        let start = self.text.as_ptr() as usize;
        let word = |text: &'a str| {
            let text = text.trim();
            let at = self.span.start + (text.as_ptr() as usize - start);
            Word {
                text,
                span: at..at + text.len(),
            }
        };
        match separator {
            Some(separator) => self.text.split(separator).map(word).collect(),
            None => self.text.split_whitespace().map(word).collect(),
        }
    }

    /// A complaint about the line: what was expected of it.
    pub(super) fn unexpected(&self, description: &Description, expected: &str) -> InputError {
        let error = description.error(self.span.clone(), format!("expected {expected}"));
        error.labelled(format!("not {expected}"))
    }
}

impl Word<'_> {
    /// A whole number.
    pub(super) fn whole(&self, description: &Description, what: &str) -> Result<usize, InputError> {
        self.text.parse().map_err(|_| {
            let message = format!("expected {what}, a whole number, found {:?}", self.text);
            let error = description.error(self.span.clone(), message);
            error.labelled("not a whole number")
        })
    }

    /// Makes sure that the word is a finite number.
    pub(super) fn check_number(&self, description: &Description, what: &str) -> Result<(), InputError> {
        match self.text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(()),
            _ => {
                let message = format!("expected {what}, a number, found {:?}", self.text);
                let error = description.error(self.span.clone(), message);
                Err(error.labelled("not a number"))
            }
        }
    }
}

/// Holds what a file says it has against what it has.
pub(super) fn check_count(
    description: &Description,
    stated: &Word<'_>,
    what: &str,
    found: usize,
) -> Result<(), InputError> {
    if stated.whole(description, &format!("how many {what} there are"))? == found {
        return Ok(());
    }
    let message = format!("the file says that it has {} {what}, but lists {found}", stated.text);
    let error = description.error(stated.span.clone(), message);
    Err(error
        .labelled(format!("{found} {what} follow"))
        .help("is the file whole?"))
}
