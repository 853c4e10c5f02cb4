//! What BRITE exports (Medina, Lakhina, Matta and Byers 2001): a section of nodes and one of edges, each with its number.
//!
//! A node is `id x y indegree outdegree as type`, an edge `id from to length delay bandwidth as as type`, at the levels of
//! routers and of ASes alike. The delay is in milliseconds: BRITE takes the length for kilometres and divides it by the speed
//! of light in vacuum, 299.8 km a millisecond. Coordinates, in the plane of these lengths, and bandwidths are not used.

use std::sync::Arc;

use super::description::{DescribedLink, Description};
use super::lines::{Line, Word, add_numbered, check_count, lines};
use crate::input::{InputError, Source};

/// BRITE writes no comments.
const COMMENTS: &[char] = &[];

/// How a file begins.
pub(super) const BEGINNING: &str = "Topology:";

/// What the lines that follow are.
enum Section<'a> {
    /// The model and its parameters.
    Head,
    Nodes(Word<'a>),
    Edges(Word<'a>),
}

/// The graph of a text.
pub(super) fn parse(source: &Arc<Source>) -> Result<Description, InputError> {
    let mut description = Description::new(source);
    let mut section = Section::Head;
    for line in lines(source, COMMENTS) {
        section = match (section, heading(&line, "Nodes:"), heading(&line, "Edges:")) {
            (Section::Head, Some(count), _) => Section::Nodes(count),
            (Section::Nodes(count), _, Some(edges)) => {
                check_count(&description, &count, "nodes", description.routers.len())?;
                Section::Edges(edges)
            }
            (Section::Head, _, None) => Section::Head,
            (Section::Nodes(count), None, None) => {
                router(&mut description, &line)?;
                Section::Nodes(count)
            }
            (Section::Edges(count), None, None) => {
                link(&mut description, &line)?;
                Section::Edges(count)
            }
            _ => return Err(line.unexpected(&description, "one section `Nodes:` and then one `Edges:`")),
        };
    }
    let Section::Edges(count) = section else {
        let end = source.text().trim_end().len();
        let wanting = if matches!(section, Section::Head) {
            "Nodes"
        } else {
            "Edges"
        };
        let error = description.error(end..end, format!("the section `{wanting}:` is missing"));
        return Err(error.labelled("the file ends here").help("is the file whole?"));
    };
    check_count(&description, &count, "edges", description.links.len())?;
    Ok(description)
}

/// The number in the heading of a section, `Nodes: ( 1000 )`.
fn heading<'a>(line: &Line<'a>, name: &str) -> Option<Word<'a>> {
    let count = line.text.strip_prefix(name)?;
    let inner = count.trim_matches(|c: char| c.is_whitespace() || c == '(' || c == ')');
    let at = line.span.start + (inner.as_ptr() as usize - line.text.as_ptr() as usize);
    Some(Word {
        text: inner,
        span: at..at + inner.len(),
    })
}

fn router(description: &mut Description, line: &Line<'_>) -> Result<(), InputError> {
    let words = line.words(None);
    let [id, x, y, ..] = &words[..] else {
        return Err(line.unexpected(description, "a node, `id x y indegree outdegree as type`"));
    };
    add_numbered(description, line, [id, x, y])
}

fn link(description: &mut Description, line: &Line<'_>) -> Result<(), InputError> {
    let words = line.words(None);
    let [id, from, to, length, delay, ..] = &words[..] else {
        return Err(line.unexpected(description, "an edge, `id from to length delay bandwidth as as type`"));
    };
    id.whole(description, "the number of an edge")?;
    length.check_number(description, "a length")?;
    let mut link = DescribedLink {
        ends: [
            description.end(from.text, &from.span)?,
            description.end(to.text, &to.span)?,
        ],
        ..DescribedLink::default()
    };
    description.link_attribute(&mut link, "delay", delay.text, delay.span.clone())?;
    description.add_link(link, line.span.clone())
}
