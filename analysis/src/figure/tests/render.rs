//! The formats: that PDF and PNG show what the SVG says, texts above all.

use std::collections::BTreeMap;

use lopdf::content::Content;
use lopdf::{Document, Object, Stream};
use png::Decoder;

use super::*;

/// The texts of the SVG as a reader sees them, exponents behind their bases.
fn written(svg: &str) -> Vec<String> {
    let plain = |text: String| {
        let signs = [
            ("&lt;", "<"),
            ("&gt;", ">"),
            ("&quot;", "\""),
            ("&apos;", "'"),
            ("&amp;", "&"),
        ];
        signs
            .iter()
            .fold(text, |text, (escaped, sign)| text.replace(escaped, sign))
    };
    texts(svg).into_iter().map(plain).collect()
}

/// The text of the only page of a document, without spaces: where they stand is a matter of glyph positions. Read as any
/// program reads it that searches or copies text: the codes shown are looked up in the font's `ToUnicode` map.
fn extracted(pdf: &[u8]) -> String {
    let document = Document::load_mem(pdf).unwrap();
    assert_eq!(document.get_pages().len(), 1);
    let maps = document.objects.values().filter_map(|object| {
        let map = object
            .as_dict()
            .ok()?
            .get(b"ToUnicode")
            .and_then(Object::as_reference)
            .ok()?;
        let stream = document.get_object(map).and_then(Object::as_stream).unwrap();
        Some(to_unicode(&String::from_utf8(plain(stream)).unwrap()))
    });
    let maps: Vec<BTreeMap<u16, char>> = maps.collect();
    assert_eq!(maps.len(), 1, "one font");
    let mut text = String::new();
    for stream in document.objects.values().filter_map(|object| object.as_stream().ok()) {
        let Ok(content) = Content::decode(&plain(stream)) else {
            continue;
        };
        for operation in content
            .operations
            .iter()
            .filter(|one| matches!(one.operator.as_str(), "Tj" | "TJ"))
        {
            let mut codes = Vec::new();
            operation
                .operands
                .iter()
                .for_each(|operand| collect_codes(operand, &mut codes));
            text.extend(codes.iter().map(|code| maps[0][code]));
        }
    }
    text.retain(|character| !character.is_whitespace());
    text
}

/// The bytes of a stream, which may be compressed.
fn plain(stream: &Stream) -> Vec<u8> {
    stream.decompressed_content().unwrap_or_else(|_| stream.content.clone())
}

fn collect_codes(operand: &Object, codes: &mut Vec<u16>) {
    match operand {
        Object::String(bytes, _) => {
            codes.extend(bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])))
        }
        Object::Array(parts) => parts.iter().for_each(|part| collect_codes(part, codes)),
        _ => {}
    }
}

/// Codes and the characters they stand for, from the lines `<code> <character>` of a map.
fn to_unicode(map: &str) -> BTreeMap<u16, char> {
    let pair = |line: &str| {
        let numbers: Option<Vec<u32>> = line
            .split_whitespace()
            .map(|field| u32::from_str_radix(field.strip_prefix('<')?.strip_suffix('>')?, 16).ok())
            .collect();
        match numbers.as_deref() {
            Some(&[code, character]) => Some((u16::try_from(code).ok()?, char::from_u32(character)?)),
            _ => None,
        }
    };
    map.lines().filter_map(pair).collect()
}

fn logarithmic() -> Figure {
    let mut figure = by_rules();
    figure.title = Some("Path length < 10 & \u{3b1} \u{2264} 1 in \u{b5}s \u{2013} \u{201c}Chord\u{201d}".to_owned());
    figure.x.scale = Scale::Log10;
    figure.y.label = "log scale \u{d7} \u{221e}".to_owned();
    figure
}

#[test]
fn every_text_of_the_svg_is_in_the_pdf() {
    let drawing = drawn(&logarithmic(), &lookups()).unwrap();
    let written = written(&drawing.svg);
    assert!(written.len() > 15, "{written:?}");
    let mut text = extracted(&drawing.render(Format::Pdf).unwrap());
    // Each is taken out where it was found, so that none is counted for another. Longest first: a tick `1` is not to be
    // found within `10`.
    let mut sorted = written.clone();
    sorted.sort_by_key(|text| std::cmp::Reverse(text.len()));
    for expected in &sorted {
        let expected = expected.replace(char::is_whitespace, "");
        let at = text.find(&expected);
        let at = at.unwrap_or_else(|| panic!("`{expected}` is not in the rest of the PDF's text: {text}"));
        text.replace_range(at..at + expected.len(), "");
    }
    assert_eq!(text, "", "and nothing else");
}

#[test]
fn the_pdf_holds_its_font_and_is_as_wide_as_a_column() {
    for (width, points) in [(Width::Column, 252.0), (Width::Page, 504.0)] {
        let mut figure = by_rules();
        figure.width = width;
        let pdf = drawn(&figure, &lookups()).unwrap().render(Format::Pdf).unwrap();
        let document = Document::load_mem(&pdf).unwrap();
        let page = document.get_dictionary(document.get_pages()[&1]).unwrap();
        let box_of: Vec<f32> = page
            .get(b"MediaBox")
            .and_then(Object::as_array)
            .unwrap()
            .iter()
            .map(|number| number.as_float().unwrap())
            .collect();
        assert!((box_of[2] - box_of[0] - points).abs() < 0.01, "{box_of:?}");
        let fonts = document.objects.values().filter_map(|object| object.as_dict().ok());
        let embedded = fonts.filter(|dictionary| dictionary.has(b"FontFile2")).count();
        assert_eq!(embedded, 1, "Arimo Regular");
    }
}

/// The picture as rows of darkness, 0 for white and 255 for black.
struct Picture {
    width: usize,
    height: usize,
    darkness: Vec<u8>,
    dots_per_metre: Option<(u32, u32)>,
}

fn decoded(bytes: &[u8]) -> Picture {
    let mut reader = Decoder::new(bytes).read_info().unwrap();
    let mut colors = vec![0; reader.output_buffer_size()];
    let frame = reader.next_frame(&mut colors).unwrap();
    let dark = |pixel: &[u8]| 255 - pixel.iter().copied().max().unwrap();
    Picture {
        width: frame.width as usize,
        height: frame.height as usize,
        darkness: colors.chunks_exact(3).map(dark).collect(),
        dots_per_metre: reader.info().pixel_dims.map(|dots| (dots.xppu, dots.yppu)),
    }
}

#[test]
fn the_png_is_dark_where_the_texts_stand() {
    let mut figure = logarithmic();
    for (width, dots) in [(Width::Column, 1050), (Width::Page, 2100)] {
        figure.width = width;
        let drawing = drawn(&figure, &lookups()).unwrap();
        let picture = decoded(&drawing.render(Format::Png).unwrap());
        assert_eq!(picture.width, dots, "300 dots per inch");
        assert_eq!(picture.dots_per_metre, Some((11_811, 11_811)));
        // 720 units of the canvas are an inch.
        let dot = |units: f64| (units * 300.0 / 720.0) as usize;
        for text in elements(&drawing.svg, "text") {
            let (x, y, size) = (text.number("x"), text.number("y"), text.number("font-size"));
            // A few characters from where it begins, or around its middle.
            let length = text::width(text.1, size).min(160.0);
            let (left, right, top, bottom) = if text.0.contains("rotate(270") {
                (x - size / 2.0, x + size / 2.0, y - length / 2.0, y + length / 2.0)
            } else {
                let from = match text.attribute("text-anchor") {
                    "start" => x,
                    "middle" => x - length / 2.0,
                    _ => x - length,
                };
                (from, from + length, y - size / 2.0, y + size / 2.0)
            };
            let rows = dot(top.max(0.0))..dot(bottom).min(picture.height);
            let darkest = rows
                .flat_map(|row| &picture.darkness[row * dots + dot(left)..row * dots + dot(right).min(dots)])
                .max();
            assert!(
                darkest.is_some_and(|dark| *dark > 150),
                "nothing is written at `{}`",
                text.1
            );
        }
    }
}

#[test]
fn the_same_drawing_gives_the_same_bytes() {
    let drawing = drawn(&by_rules(), &lookups()).unwrap();
    for format in Format::ALL {
        let [first, second] = [(), ()].map(|()| drawing.render(format).unwrap());
        assert!(first == second, "{format}");
        assert!(first.len() > 1000);
        assert_eq!(format.extension().parse(), Ok(format));
    }
    assert!(drawing.render(Format::Pdf).unwrap().starts_with(b"%PDF-"));
    let pdf = drawing.render(Format::Pdf).unwrap();
    let date = pdf.windows(13).any(|bytes| bytes == b"/CreationDate");
    assert!(!date, "a date would make every file another one");
    assert_eq!(
        "gif".parse::<Format>().unwrap_err().to_string(),
        "unknown format `gif`; formats are: svg, pdf, png"
    );
}

#[test]
fn what_the_font_cannot_show_is_an_error_and_never_left_out() {
    let mut figure = by_rules();
    figure.title = Some("Path length \u{6f22} \u{1f600} \u{6f22}".to_owned());
    let drawing = drawn(&figure, &lookups()).unwrap();
    assert!(drawing.svg.contains('\u{6f22}'), "the reader's machine may have it");
    for format in [Format::Pdf, Format::Png] {
        let message = drawing.render(format).unwrap_err().to_string();
        assert!(
            message.contains("no glyph for `\u{6f22}` (U+6F22), `\u{1f600}` (U+1F600);"),
            "{message}"
        );
    }
}

#[test]
fn a_text_in_a_font_that_is_not_there_is_an_error() {
    let drawing = drawn(&by_rules(), &lookups()).unwrap();
    let svg = drawing.svg.replace(text::FAMILIES, "Comic Sans MS");
    let other = Drawing { svg, ..drawing };
    assert!(matches!(other.render(Format::Pdf), Err(RenderError::LostText { set: 0, written }) if written > 10));
}
