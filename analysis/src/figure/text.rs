//! How much room a text takes. The reader's fonts are unknown when a figure is drawn, so widths are estimated from above:
//! classes of characters, as wide as in the widest of the common sans-serif fonts.

/// The width of a text in a font of this size, in the unit of the size.
pub(super) fn width(text: &str, size: f64) -> f64 {
    text.chars().map(advance).sum::<f64>() * size
}

/// The width of a character in ems.
fn advance(character: char) -> f64 {
    match character {
        'i' | 'j' | 'l' | '\'' => 0.29,
        ' ' | '.' | ',' | ':' | ';' | 'I' | '|' | '!' => 0.34,
        'f' | 'r' | 't' | '(' | ')' | '[' | ']' | '-' | '/' => 0.41,
        'm' | 'M' | 'w' | 'W' | '%' | '@' | '\u{2014}' => 1.0,
        '+' | '=' | '<' | '>' | '\u{d7}' | '\u{b1}' | '\u{2212}' => 0.84,
        'A'..='Z' => 0.76,
        '\0'..='\u{10ff}' => 0.64,
        _ => 1.0,
    }
}

/// The text in lines no wider than `room`: broken between words, and within a word only if it is wider by itself.
pub(super) fn wrap(text: &str, size: f64, room: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace().flat_map(|word| pieces(word, size, room)) {
        match lines.last_mut() {
            Some(line) if width(line, size) + width(" ", size) + width(&word, size) <= room => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines
}

/// A word, cut where it is wider than the room.
fn pieces(word: &str, size: f64, room: f64) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut filled = 0.0;
    for character in word.chars() {
        let more = advance(character) * size;
        if filled > 0.0 && filled + more > room {
            pieces.push(String::new());
            filled = 0.0;
        }
        filled += more;
        if let Some(piece) = pieces.last_mut() {
            piece.push(character);
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_no_wider_than_the_room() {
        let text = "mean of 5 runs; thick bars: 95 % interval anextraordinarilylongwordwithoutanyspace end";
        for room in [300.0, 800.0, 2400.0] {
            let lines = wrap(text, 70.0, room);
            assert!(lines.iter().all(|line| width(line, 70.0) <= room), "{lines:?}");
            let kept: String = lines.concat();
            assert_eq!(kept.replace(' ', ""), text.replace(' ', ""));
        }
        assert_eq!(wrap("one line", 70.0, 2400.0), ["one line"]);
        assert!(wrap("  ", 70.0, 2400.0).is_empty());
        assert_eq!(wrap("ab", 70.0, 1.0), ["a", "b"]);
    }
}
