//! Texts that values come from, and places in them.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::InputError;

/// How much of a file is looked at before the rest is read, in bytes.
const HEAD: u64 = 1 << 16;

/// What kind of text a value was written in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceKind {
    /// A file, at this path as the user named it.
    File(PathBuf),
    /// An argument of the command line.
    CommandLine,
}

/// A text that values come from.
#[derive(Debug)]
pub struct Source {
    kind: SourceKind,
    name: String,
    text: String,
}

impl Source {
    /// A file already read.
    pub fn file(path: &Path, text: String) -> Arc<Self> {
        Arc::new(Source {
            kind: SourceKind::File(path.to_owned()),
            name: path.display().to_string(),
            text,
        })
    }

    /// An argument of the command line, named after its option.
    pub fn argument(option: &str, text: &str) -> Arc<Self> {
        Arc::new(Source {
            kind: SourceKind::CommandLine,
            name: option.to_owned(),
            text: text.to_owned(),
        })
    }

    /// Reads a file of UTF-8 text of at most `limit` bytes.
    ///
    /// # Errors
    /// What [`read_limited`] refuses, and [`InputError::Invalid`], pointing at the first byte that is no UTF-8.
    pub fn read(path: &Path, limit: u64) -> Result<Arc<Self>, InputError> {
        Source::decode(path, read_limited(path, limit)?)
    }

    /// The text of a file from its bytes.
    ///
    /// # Errors
    /// [`InputError::Invalid`], pointing at the first byte that is no UTF-8.
    pub fn decode(path: &Path, bytes: Vec<u8>) -> Result<Arc<Self>, InputError> {
        String::from_utf8(bytes)
            .map(|text| Source::file(path, text))
            .map_err(|error| {
                let at = error.utf8_error().valid_up_to();
                let byte = error.as_bytes()[at];
                let source = Source::file(path, String::from_utf8_lossy(error.as_bytes()).into_owned());
                not_text(&Origin::new(source, at..at + 1), byte)
            })
    }

    /// Where the text comes from.
    pub fn kind(&self) -> &SourceKind {
        &self.kind
    }

    /// How messages call the text: the file's path or the option.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text itself.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// Reads a file of text of at most `limit` bytes.
///
/// # Errors
/// [`InputError::Missing`] if there is no such file or it may not be read, [`InputError::Unreadable`] if reading fails,
/// [`InputError::TooLarge`] beyond the limit, [`InputError::Invalid`] where its beginning is no text.
pub fn read_limited(path: &Path, limit: u64) -> Result<Vec<u8>, InputError> {
    read(path, limit, None)
}

/// Reads a file of text, or one that begins with `packed` and is none, of at most `limit` bytes.
///
/// # Errors
/// As [`read_limited`].
pub(super) fn read_packed(path: &Path, limit: u64, packed: &[u8]) -> Result<Vec<u8>, InputError> {
    read(path, limit, Some(packed))
}

fn read(path: &Path, limit: u64, packed: Option<&[u8]>) -> Result<Vec<u8>, InputError> {
    let failed = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound | ErrorKind::PermissionDenied | ErrorKind::IsADirectory | ErrorKind::InvalidInput => {
            InputError::missing(path, &error)
        }
        _ => InputError::Unreadable {
            path: path.to_owned(),
            error,
        },
    };
    let mut bytes = Vec::new();
    // One byte more than allowed tells an oversized file, and an endless one, from one that just fits.
    let mut file = File::open(path).map_err(failed)?.take(limit + 1);
    file.by_ref().take(HEAD).read_to_end(&mut bytes).map_err(failed)?;
    // Neither a disk image nor `/dev/zero` is worth gigabytes of memory.
    let is_packed = packed.is_some_and(|packed| bytes.starts_with(packed));
    if let Some(at) = bytes.iter().position(|byte| !is_packed && *byte == 0) {
        let source = Source::file(path, String::from_utf8_lossy(&bytes[..=at]).into_owned());
        let end = source.text().len();
        return Err(not_text(&Origin::new(source, end - 1..end), 0));
    }
    file.read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > limit {
        return Err(InputError::TooLarge {
            path: path.to_owned(),
            limit,
        });
    }
    Ok(bytes)
}

fn not_text(place: &Origin, byte: u8) -> InputError {
    InputError::at(place, format!("byte 0x{byte:02x} is not UTF-8 text"))
        .labelled("here")
        .help("save the file as UTF-8 text")
}

/// The place where a value was written.
#[derive(Clone, Debug)]
pub struct Origin {
    source: Arc<Source>,
    span: Range<usize>,
    note: Option<Arc<str>>,
}

impl Origin {
    /// A span of bytes of a text. A span beyond the text is cut to it.
    pub fn new(source: Arc<Source>, span: Range<usize>) -> Self {
        let text = source.text();
        let mut start = span.start.min(text.len());
        while !text.is_char_boundary(start) {
            start -= 1;
        }
        let mut end = span.end.clamp(start, text.len());
        while !text.is_char_boundary(end) {
            end += 1;
        }
        Origin {
            source,
            span: start..end,
            note: None,
        }
    }

    /// The same place, with a remark on how the value came to be used: shown with every complaint about it.
    pub fn with_note(mut self, note: impl Into<Arc<str>>) -> Self {
        self.note = Some(note.into());
        self
    }

    /// A span of bytes of the same text, with the same remark.
    pub(super) fn within(&self, span: Range<usize>) -> Self {
        Origin {
            note: self.note.clone(),
            ..Origin::new(self.source.clone(), span)
        }
    }

    /// The text that contains the place.
    pub fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// The bytes of the text that the value takes up.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// The remark given with [`Origin::with_note`].
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// Line and column, both from one, the column in characters.
    pub fn line_column(&self) -> (usize, usize) {
        let before = &self.source.text()[..self.span.start];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (
            before.matches('\n').count() + 1,
            before[line_start..].chars().count() + 1,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_characters_from_one() {
        let source = Source::argument("--set", "ä = 1\nü = 2");
        assert_eq!(Origin::new(source.clone(), 0..1).line_column(), (1, 1));
        assert_eq!(Origin::new(source.clone(), 5..6).line_column(), (1, 5));
        assert_eq!(Origin::new(source, 12..13).line_column(), (2, 5));
    }

    #[test]
    fn a_span_never_splits_a_character_or_leaves_the_text() {
        let source = Source::argument("--set", "aäb");
        assert_eq!(Origin::new(source.clone(), 2..2).span(), 1..3);
        assert_eq!(Origin::new(source.clone(), 1..2).span(), 1..3);
        assert_eq!(Origin::new(source, 90..99).span(), 4..4);
    }
}
