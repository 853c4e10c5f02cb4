//! Places inside of a text that a scenario holds.

use std::ops::Range;

use super::{Node, Origin, Value};

impl Node {
    /// Where these bytes of a text were written; the place of the whole text where that cannot be told, and where the value is
    /// no text.
    pub fn part(&self, part: Range<usize>) -> Origin {
        let Value::String(text) = &self.value else {
            return self.origin.clone();
        };
        let start = self.origin.span().start;
        let written = &self.origin.source().text()[self.origin.span()];
        let places = places(written);
        match (places.get(part.start), places.get(part.end)) {
            // One more than there are bytes: the end.
            (Some(from), Some(to)) if places.len() == text.len() + 1 => self.origin.within(start + from..start + to),
            _ => self.origin.clone(),
        }
    }
}

/// Where each byte of a text lies in what was written for it, and the end of the last: behind quotes and escapes, as TOML has
/// them.
fn places(written: &str) -> Vec<usize> {
    let (quotes, escapes) = match written.as_bytes() {
        [b'"', b'"', b'"', ..] => (3, true),
        [b'\'', b'\'', b'\'', ..] => (3, false),
        [b'"', ..] => (1, true),
        [b'\'', ..] => (1, false),
        _ => (0, false),
    };
    let mut at = quotes;
    // A line break right behind three quotes is no part of the text.
    if quotes == 3 {
        at += ["\r\n", "\n"]
            .iter()
            .find(|end| written[at..].starts_with(**end))
            .map_or(0, |end| end.len());
    }
    let end = written.len().saturating_sub(quotes);
    let mut places = Vec::new();
    while at < end {
        let Some(character) = written[at..].chars().next() else {
            break;
        };
        let (length, decoded) = match character {
            '\\' if escapes => escape(&written[at..end]),
            _ => (character.len_utf8(), character.len_utf8()),
        };
        places.extend((0..decoded).map(|byte| if length == decoded { at + byte } else { at }));
        at += length;
    }
    places.push(end);
    places
}

/// How long an escape is, and how many bytes it stands for.
fn escape(text: &str) -> (usize, usize) {
    let digits = match text.as_bytes().get(1) {
        Some(b'x') => 2,
        Some(b'u') => 4,
        Some(b'U') => 8,
        // The end of a line, and the white space behind it.
        Some(byte) if byte.is_ascii_whitespace() => return (text.len() - text[1..].trim_start().len(), 0),
        _ => return (2, 1),
    };
    let code = text
        .get(2..2 + digits)
        .and_then(|code| u32::from_str_radix(code, 16).ok());
    (2 + digits, code.and_then(char::from_u32).map_or(0, char::len_utf8))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::{Document, Source};

    /// What stands at the place of a part of the value of `x`.
    fn found(toml: &str, part: &str) -> String {
        let document = Document::parse(&Source::argument("test", toml)).unwrap();
        let node = document.get("x").unwrap();
        let Value::String(text) = &node.value else {
            panic!("no text")
        };
        let start = text.find(part).unwrap();
        let origin = node.part(start..start + part.len());
        toml[origin.span()].to_owned()
    }

    #[test]
    fn a_part_is_found_behind_quotes_and_escapes() {
        assert_eq!(found("x = 'a bc d'", "bc"), "bc");
        assert_eq!(found("x = \"\\\"ä\\\" bc\\n d\"", "bc"), "bc");
        assert_eq!(found("x = \"\\u00e4 bc\"", "bc"), "bc");
        assert_eq!(found("x = \"\"\"\na \\\n   bc\"\"\"", "bc"), "bc");
        assert_eq!(found("x = '''\nbc'''", "bc"), "bc");
        assert_eq!(found("x = \"say \\\"cube\\\"\"", "\"cube\""), "\\\"cube\\\"");
    }

    #[test]
    fn the_end_of_a_text_is_a_place() {
        let document = Document::parse(&Source::argument("test", "x = 'abc'")).unwrap();
        let node = document.get("x").unwrap();
        assert_eq!(node.part(3..3).line_column(), (1, 9));
        assert_eq!(node.part(90..99).line_column(), (1, 5));
    }
}
