//! Texts of a record a line: lines that say something, and their words, each with its place.

use std::ops::Range;
use std::sync::Arc;

use super::Source;

/// A word, and the bytes of the file that it takes up.
#[derive(Clone, Debug)]
pub(crate) struct Word<'a> {
    pub(crate) text: &'a str,
    pub(crate) span: Range<usize>,
}

/// A line, and the bytes of the file that it takes up without the white space around it.
#[derive(Clone, Debug)]
pub(crate) struct Line<'a> {
    pub(crate) text: &'a str,
    pub(crate) span: Range<usize>,
}

/// The lines of a text that are neither empty nor a comment, which begins with one of these characters.
pub(crate) fn lines<'a>(source: &'a Arc<Source>, comments: &'a [char]) -> impl Iterator<Item = Line<'a>> {
    let text = source.text();
    // Spreadsheets put a byte order mark in front of UTF-8.
    let mut start = text.len() - text.trim_start_matches('\u{feff}').len();
    let lines = text[start..].split_inclusive('\n').map(move |whole| {
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
    pub(crate) fn words(&self, separator: Option<char>) -> Vec<Word<'a>> {
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
}
