//! The font of figures, and how much room a text takes in it.

use std::sync::LazyLock;

use ttf_parser::Face;

/// The font that texts are measured with and that PDF and PNG figures hold; see `fonts/README.md`.
pub(super) const FONT: &[u8] = include_bytes!("../../fonts/Arimo-Regular.ttf");
/// Its name.
pub(super) const FAMILY: &str = "Arimo";
/// What an SVG names: the font itself, and fonts of the same metrics that most machines have.
pub(super) const FAMILIES: &str = "Arimo, Liberation Sans, Arial, Helvetica, sans-serif";

static FACE: LazyLock<Option<Face<'static>>> = LazyLock::new(|| Face::parse(FONT, 0).ok());

/// The width of a text in this size of the font, in the unit of the size.
pub(super) fn width(text: &str, size: f64) -> f64 {
    text.chars().map(advance).sum::<f64>() * size
}

/// Whether the font can show a character.
pub(super) fn has_glyph(character: char) -> bool {
    FACE.as_ref().is_some_and(|face| face.glyph_index(character).is_some())
}

/// The width of a character in ems; as wide as any, if another font will have to show it.
fn advance(character: char) -> f64 {
    let measured = FACE.as_ref().and_then(|face| {
        let units = face.glyph_hor_advance(face.glyph_index(character)?)?;
        Some(f64::from(units) / f64::from(face.units_per_em()))
    });
    measured.unwrap_or(1.0)
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

    /// Advances of Arimo, which are those of Arial: 1139, 455 and 1196 of 2048 units.
    #[test]
    fn widths_are_those_of_the_font() {
        for (text, units) in [("0", 1139.0), ("i", 455.0), ("\u{2212}", 1196.0), ("", 0.0)] {
            assert!((width(text, 80.0) - 80.0 * units / 2048.0).abs() < 1e-9, "{text}");
        }
        assert_eq!(width("\u{6f22}", 80.0), 80.0, "another font's");
    }

    #[test]
    fn the_font_has_what_figures_are_written_with() {
        let printable = ' '..='~';
        let signs = "\u{a0}àéîõüßñøåçžŁőαβγδεζηθικλμνξοπρστυφχψωΓΔΘΛΞΠΣΦΨΩ−–—×±·≤≥≠≈→←↑↓∞√∑∂°µ⁰¹²³⁴⁵⁶⁷⁸⁹⁻₀₁₂½‘’“”…•†";
        for character in printable.chain(signs.chars()) {
            assert!(has_glyph(character), "{character}");
        }
        assert!(!has_glyph('\u{6f22}'));
    }

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
