//! What the formats in XML have in common.

use std::ops::Range;

use roxmltree::{Document, ExpandedName, Node, ParsingOptions};

use super::description::Description;
use super::{LINK_LIMIT, ROUTER_LIMIT};
use crate::input::InputError;

/// The most elements, texts and comments of a file, some thirty for each router and link.
const XML_NODE_LIMIT: u32 = 32 * (ROUTER_LIMIT + LINK_LIMIT) as u32;

/// The document that a description is read from.
pub(super) fn document<'a>(description: &Description, text: &'a str) -> Result<Document<'a>, InputError> {
    let options = ParsingOptions {
        nodes_limit: XML_NODE_LIMIT,
        ..ParsingOptions::default()
    };
    Document::parse_with_options(text, options).map_err(|error| {
        let place = error.pos();
        let at = match error {
            roxmltree::Error::UnexpectedEndOfStream | roxmltree::Error::UnclosedRootNode => {
                text.trim_end().char_indices().next_back().map_or(0, |(at, _)| at)
            }
            _ => offset(text, place.row as usize, place.col as usize),
        };
        let message = error.to_string();
        // The place is shown, and need not be said.
        let message = message.rsplit_once(" at ").map_or(&*message, |(message, _)| message);
        description
            .error(at..at + 1, format!("not XML: {message}"))
            .labelled("here")
    })
}

/// A name in the namespace of the root, which some files leave out.
pub(super) fn tag<'a>(root: &Node<'a, '_>, name: &'a str) -> ExpandedName<'a, 'a> {
    match root.tag_name().namespace() {
        Some(namespace) => (namespace, name).into(),
        None => name.into(),
    }
}

/// The byte at a line and a column, both from one; the column counts characters.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text
        .split_inclusive('\n')
        .take(line.saturating_sub(1))
        .map(str::len)
        .sum();
    let before = text[start..].chars().take(column.saturating_sub(1));
    start + before.map(char::len_utf8).sum::<usize>()
}

/// The first line of an element.
pub(super) fn start_of(node: &Node<'_, '_>) -> Range<usize> {
    let range = node.range();
    let text = &node.document().input_text()[range.clone()];
    range.start..range.start + text.find('\n').unwrap_or(text.len())
}

/// An attribute that an element must have.
pub(super) fn required<'a>(description: &Description, node: &Node<'a, '_>, name: &str) -> Result<&'a str, InputError> {
    node.attribute(name).ok_or_else(|| {
        let element = node.tag_name().name();
        let error = description.error(start_of(node), format!("<{element}> has no attribute `{name}`"));
        error.labelled(format!("`{name}` belongs in here"))
    })
}
