//! Dotted keys, such as `nodes.count`.

use std::fmt;
use std::ops::Range;

use super::{InputError, Origin};

/// The most keys on the way to a value: as deep as TOML may be nested.
const DEEPEST: usize = 80;

/// A dotted key: `nodes.count`, `figure.0.title` (elements of a list count from zero), `protocol."my overlay".bits`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPath {
    segments: Vec<(String, Range<usize>)>,
}

impl KeyPath {
    /// Parses the dotted key that `origin` spans; the segments' spans are relative to the origin's text.
    ///
    /// # Errors
    /// [`InputError::Invalid`] where the key is empty, has too many parts, holds a character that needs quotes, or leaves a quote open.
    pub fn parse(origin: &Origin) -> Result<Self, InputError> {
        let text = &origin.source().text()[origin.span()];
        KeyPath::parse_str(text)
            .map(|path| path.shifted(origin.span().start))
            .map_err(|(message, at)| {
                let place = Origin::new(
                    origin.source().clone(),
                    origin.span().start + at..origin.span().start + at + 1,
                );
                InputError::at(&place, message)
                    .labelled("here")
                    .help("a key is words of letters, digits, `-` and `_` joined by dots: nodes.count")
            })
    }

    /// Parses a dotted key; on failure tells what is wrong and at which byte.
    pub(crate) fn parse_str(text: &str) -> Result<Self, (String, usize)> {
        let mut segments = Vec::new();
        let mut rest = 0;
        loop {
            let start = rest + (text[rest..].len() - text[rest..].trim_start().len());
            let (name, end) = segment(text, start)?;
            if segments.len() == DEEPEST {
                return Err((format!("a key has at most {DEEPEST} parts"), start));
            }
            segments.push((name, start..end));
            rest = end + (text[end..].len() - text[end..].trim_start().len());
            match text[rest..].chars().next() {
                None => return Ok(KeyPath { segments }),
                Some('.') => rest += 1,
                Some(other) => return Err((format!("unexpected `{}` in a key", other.escape_default()), rest)),
            }
        }
    }

    /// The path through these keys, as if each were written at the start of a text.
    pub fn through<'a>(keys: impl IntoIterator<Item = &'a str>) -> Self {
        KeyPath {
            segments: keys.into_iter().map(|key| (key.to_owned(), 0..0)).collect(),
        }
    }

    fn shifted(mut self, by: usize) -> Self {
        for (_, span) in &mut self.segments {
            *span = span.start + by..span.end + by;
        }
        self
    }

    /// The keys on the way from the root, with the bytes that each takes up in the text it was parsed from.
    pub fn segments(&self) -> impl DoubleEndedIterator<Item = (&str, Range<usize>)> + ExactSizeIterator {
        self.segments.iter().map(|(name, span)| (name.as_str(), span.clone()))
    }

    /// The first key on the way from the root.
    pub fn first(&self) -> &str {
        self.segments.first().map_or("", |(name, _)| name)
    }
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, _)) in self.segments.iter().enumerate() {
            if index > 0 {
                f.write_str(".")?;
            }
            if !name.is_empty() && name.chars().all(bare) {
                f.write_str(name)?;
            } else {
                write!(f, "{name:?}")?;
            }
        }
        Ok(())
    }
}

fn bare(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '-' | '_')
}

/// One key from byte `start` on: its name, and the byte behind it.
fn segment(text: &str, start: usize) -> Result<(String, usize), (String, usize)> {
    if let Some(quote @ ('"' | '\'')) = text[start..].chars().next() {
        let inside = start + 1;
        let length = text[inside..]
            .find(quote)
            .ok_or((format!("this {quote} is never closed"), start))?;
        return Ok((text[inside..inside + length].to_owned(), inside + length + 1));
    }
    let length = text[start..].find(|c| !bare(c)).unwrap_or(text.len() - start);
    if length == 0 {
        return Err(("a key is missing".to_owned(), start));
    }
    Ok((text[start..start + length].to_owned(), start + length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Result<Vec<String>, usize> {
        KeyPath::parse_str(text)
            .map(|p| p.segments().map(|(n, _)| n.to_owned()).collect())
            .map_err(|(_, at)| at)
    }

    #[test]
    fn dotted_keys_may_be_quoted() {
        assert_eq!(names("nodes.count").unwrap(), ["nodes", "count"]);
        assert_eq!(names(" a . 'b.c'.\"d e\" ").unwrap(), ["a", "b.c", "d e"]);
        assert_eq!(KeyPath::parse_str("a.'b.c'").unwrap().to_string(), "a.\"b.c\"");
    }

    #[test]
    fn a_malformed_key_is_refused_at_the_offending_byte() {
        assert_eq!(names(""), Err(0));
        assert_eq!(names("a..b"), Err(2));
        assert_eq!(names("a."), Err(2));
        assert_eq!(names("a.'b"), Err(2));
        assert_eq!(names("a b"), Err(2));
        assert_eq!(names("a.ü"), Err(2));
        assert_eq!(names(&"a.".repeat(100_000)), Err(2 * DEEPEST));
    }
}
