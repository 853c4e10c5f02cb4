//! A figure as bytes of a file: SVG, PDF for LaTeX, PNG for everything else.
//!
//! PDF and PNG are made from the SVG with the font that this crate carries along; no font of the system is looked at, so
//! they are the same on every machine. A text that could not be set would otherwise vanish without a word: each
//! character is looked up in the font first, and the number of texts is compared afterwards.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use resvg::tiny_skia::{Color, Pixmap, Transform};
use resvg::usvg::{self, Group, Node, Tree, fontdb};
use thiserror::Error;

use super::Drawing;
use super::text::{FAMILIES, FAMILY, FONT, has_glyph};

/// The resolution of PNG files, in dots per inch: what journals ask of pictures that hold text.
const DOTS_PER_INCH: f32 = 300.0;
/// The same in dots per metre, as PNG files state it.
const DOTS_PER_METRE: u32 = 11_811;
/// Points in an inch: the unit of PDF files.
const POINTS_PER_INCH: f32 = 72.0;

/// The format of a figure's file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Format {
    /// Scalable Vector Graphics: for web pages, and to be edited. Names the font and leaves it to the reader's machine.
    Svg,
    /// Portable Document Format: for LaTeX. Holds the font; its text can be selected and searched.
    Pdf,
    /// Portable Network Graphics, 300 dots per inch.
    Png,
}

impl Format {
    /// All formats.
    pub const ALL: [Format; 3] = [Format::Svg, Format::Pdf, Format::Png];

    /// How it is called, which is also the extension of its files: `svg`, `pdf`, `png`.
    pub fn extension(self) -> &'static str {
        match self {
            Format::Svg => "svg",
            Format::Pdf => "pdf",
            Format::Png => "png",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.extension())
    }
}

/// No format of this name.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("unknown format `{0}`; formats are: svg, pdf, png")]
pub struct UnknownFormat(
    /// The name.
    pub String,
);

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        let found = Format::ALL.into_iter().find(|format| format.extension() == name);
        found.ok_or_else(|| UnknownFormat(name.to_owned()))
    }
}

/// Why a figure cannot be turned into a format.
#[derive(Debug, Error)]
pub enum RenderError {
    /// The font has no glyph for some characters.
    #[error(
        "the font of PDF and PNG figures has no glyph for {}; it has Latin, Greek and common signs: \
         write labels with those, or use the SVG",
        listed(characters)
    )]
    MissingGlyphs {
        /// The characters, each once.
        characters: BTreeSet<char>,
    },
    /// Some texts of the SVG could not be set, for instance because the document names another font.
    #[error("only {set} of {written} texts of the figure can be set in PDF and PNG")]
    LostText {
        /// How many could.
        set: usize,
        /// How many there are.
        written: usize,
    },
    /// The SVG document is malformed.
    #[error("the figure's SVG cannot be read: {0}")]
    Svg(#[from] usvg::Error),
    /// The PDF could not be made.
    #[error("the figure's PDF cannot be made: {0}")]
    Pdf(svg2pdf::ConversionError),
    /// There is no memory for the picture.
    #[error("a picture of {width} by {height} dots is too large")]
    TooLarge {
        /// Its width in dots.
        width: u32,
        /// Its height in dots.
        height: u32,
    },
    /// The PNG could not be written.
    #[error("the figure's PNG cannot be made: {0}")]
    Png(#[from] png::EncodingError),
}

fn listed(characters: &BTreeSet<char>) -> String {
    let names = characters
        .iter()
        .map(|character| format!("`{character}` (U+{:04X})", u32::from(*character)));
    names.collect::<Vec<_>>().join(", ")
}

impl Drawing {
    /// The figure as the bytes of a file; the same drawing gives the same bytes.
    ///
    /// # Errors
    /// [`RenderError`]; SVG has none.
    pub fn render(&self, format: Format) -> Result<Vec<u8>, RenderError> {
        match format {
            Format::Svg => Ok(self.svg.clone().into_bytes()),
            Format::Pdf => pdf(&tree(&self.svg)?),
            Format::Png => png(&tree(&self.svg)?),
        }
    }
}

/// The document with its texts set in the font carried along, a point a unit.
fn tree(svg: &str) -> Result<Tree, RenderError> {
    let mut fonts = fontdb::Database::new();
    fonts.load_font_data(FONT.to_vec());
    fonts.set_sans_serif_family(FAMILY);
    let options = usvg::Options {
        dpi: POINTS_PER_INCH,
        font_family: FAMILIES.to_owned(),
        fontdb: Arc::new(fonts),
        ..usvg::Options::default()
    };
    let tree = Tree::from_str(svg, &options)?;
    let mut texts = Vec::new();
    collect_texts(tree.root(), &mut texts);
    let characters: BTreeSet<char> = texts
        .iter()
        .flat_map(|text| text.chars())
        .filter(|character| !has_glyph(*character))
        .collect();
    if !characters.is_empty() {
        return Err(RenderError::MissingGlyphs { characters });
    }
    let (set, written) = (texts.len(), svg.matches("<text ").count());
    if set == written {
        Ok(tree)
    } else {
        Err(RenderError::LostText { set, written })
    }
}

/// The texts below a group that have been set.
fn collect_texts(group: &Group, texts: &mut Vec<String>) {
    for node in group.children() {
        match node {
            Node::Group(group) => collect_texts(group, texts),
            Node::Text(text) => texts.push(text.chunks().iter().map(usvg::TextChunk::text).collect()),
            Node::Path(_) | Node::Image(_) => {}
        }
    }
}

fn pdf(tree: &Tree) -> Result<Vec<u8>, RenderError> {
    let page = svg2pdf::PageOptions { dpi: POINTS_PER_INCH };
    svg2pdf::to_pdf(tree, svg2pdf::ConversionOptions::default(), page).map_err(RenderError::Pdf)
}

fn png(tree: &Tree) -> Result<Vec<u8>, RenderError> {
    let scale = DOTS_PER_INCH / POINTS_PER_INCH;
    let [width, height] = [tree.size().width(), tree.size().height()].map(|points| (points * scale).round() as u32);
    let mut pixmap = Pixmap::new(width, height).ok_or(RenderError::TooLarge { width, height })?;
    pixmap.fill(Color::WHITE);
    resvg::render(tree, Transform::from_scale(scale, scale), &mut pixmap.as_mut());
    // On a white page nothing is transparent, and the alpha channel says nothing.
    let colors: Vec<u8> = pixmap
        .pixels()
        .iter()
        .flat_map(|pixel| [pixel.red(), pixel.green(), pixel.blue()])
        .collect();
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Best);
    encoder.set_adaptive_filter(png::AdaptiveFilterType::Adaptive);
    encoder.set_pixel_dims(Some(png::PixelDimensions {
        xppu: DOTS_PER_METRE,
        yppu: DOTS_PER_METRE,
        unit: png::Unit::Meter,
    }));
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&colors)?;
    writer.finish()?;
    Ok(bytes)
}
