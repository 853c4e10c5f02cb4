//! What Inet 3.0 writes: a line with the numbers of nodes and links; `id x y` for each node; `id id weight` for each link.
//!
//! The weight is the length of the link in the plane of the coordinates. Inet gives that plane no unit: one is read as a
//! kilometre, and `per_km` scales it.

use std::sync::Arc;

use super::description::{DescribedLink, Description};
use super::lines::{Line, add_numbered, check_count, lines};
use crate::input::{InputError, Source};

/// Inet writes no comments.
const COMMENTS: &[char] = &[];

/// Whether a text begins as Inet's files do: two whole numbers, and a line of three words for the node 0.
pub(super) fn begins(source: &Arc<Source>) -> bool {
    let mut lines = lines(source, COMMENTS).map(|line| line.words(None));
    let whole = |text: &str| text.parse::<usize>().is_ok();
    let counts = lines
        .next()
        .is_some_and(|words| words.len() == 2 && words.iter().all(|word| whole(word.text)));
    counts
        && lines
            .next()
            .is_some_and(|words| words.len() == 3 && words[0].text == "0")
}

/// The graph of a text.
pub(super) fn parse(source: &Arc<Source>) -> Result<Description, InputError> {
    let mut description = Description::new(source);
    let mut lines = lines(source, COMMENTS);
    let counts = lines.next().map(|line| line.words(None)).unwrap_or_default();
    let [nodes, links] = &counts[..] else {
        let span = counts.first().map_or(0..0, |word| word.span.clone());
        let error = description.error(span, "expected the numbers of nodes and links in the first line");
        return Err(error.labelled("not two numbers"));
    };
    let count = nodes.whole(&description, "the number of nodes")?;
    links.whole(&description, "the number of links")?;
    for line in lines.by_ref().take(count) {
        router(&mut description, &line)?;
    }
    check_count(&description, nodes, "nodes", description.routers.len())?;
    for line in lines {
        link(&mut description, &line)?;
    }
    check_count(&description, links, "links", description.links.len())?;
    Ok(description)
}

fn router(description: &mut Description, line: &Line<'_>) -> Result<(), InputError> {
    let words = line.words(None);
    let [id, x, y] = &words[..] else {
        return Err(line.unexpected(description, "a node, `id x y`"));
    };
    add_numbered(description, line, [id, x, y])
}

fn link(description: &mut Description, line: &Line<'_>) -> Result<(), InputError> {
    let words = line.words(None);
    let [one, other, weight] = &words[..] else {
        return Err(line.unexpected(description, "a link, `id id weight`"));
    };
    let mut link = DescribedLink {
        ends: [
            description.end(one.text, &one.span)?,
            description.end(other.text, &other.span)?,
        ],
        ..DescribedLink::default()
    };
    description.link_attribute(&mut link, "dist", weight.text, weight.span.clone())?;
    description.add_link(link, line.span.clone())
}
