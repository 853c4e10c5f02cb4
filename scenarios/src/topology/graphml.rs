//! GraphML: the Internet Topology Zoo's format, and one that NetworkX, Gephi and yEd write.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use roxmltree::{Document, Node, ParsingOptions};

use super::description::{DescribedLink, DescribedRouter, Description};
use super::{LINK_LIMIT, ROUTER_LIMIT};
use crate::input::{InputError, Source};

/// The most elements, texts and comments of a file, some thirty for each router and link.
const XML_NODE_LIMIT: u32 = 32 * (ROUTER_LIMIT + LINK_LIMIT) as u32;

/// A key that the file declares: what data of this identifier mean.
struct Key<'a> {
    /// What it belongs to: `node`, `edge`, `graph` or `all`.
    domain: &'a str,
    name: &'a str,
    /// What holds where there is no data.
    default: Option<&'a str>,
}

/// The name of a datum, its value, and the bytes of the file that say so.
type Datum<'a> = (&'a str, &'a str, Range<usize>);

/// The keys of a file by their identifiers.
type Keys<'a> = BTreeMap<&'a str, Key<'a>>;

/// The graph of a text.
pub(super) fn parse(source: &Arc<Source>) -> Result<Description, InputError> {
    let mut description = Description::new(source);
    let options = ParsingOptions {
        nodes_limit: XML_NODE_LIMIT,
        ..ParsingOptions::default()
    };
    let document = Document::parse_with_options(source.text(), options).map_err(|error| {
        let place = error.pos();
        let at = offset(source.text(), place.row as usize, place.col as usize);
        let message = error.to_string();
        // The place is shown, and need not be said.
        let message = message.rsplit_once(" at ").map_or(&*message, |(message, _)| message);
        description
            .error(at..at + 1, format!("not XML: {message}"))
            .labelled("here")
    })?;
    let root = document.root_element();
    let graphs: Vec<_> = root
        .children()
        .filter(|child| child.has_tag_name(tag(&root, "graph")))
        .collect();
    let [graph] = graphs[..] else {
        let message = format!("expected <graphml> with one <graph> in it, found {}", graphs.len());
        return Err(description.error(start_of(&root), message).labelled("this is the root"));
    };
    let keys = keys(&description, &root)?;
    for (name, value, span) in attributes(&description, &keys, "graph", &graph)? {
        if name == "delay_unit" {
            description.set_delay_unit(value, span)?;
        }
    }
    for node in graph.children().filter(|child| child.has_tag_name(tag(&root, "node"))) {
        router(&mut description, &keys, &node)?;
    }
    let directed = graph.attribute("edgedefault") == Some("directed");
    for edge in graph.children().filter(|child| child.has_tag_name(tag(&root, "edge"))) {
        link(&mut description, &keys, &edge, directed)?;
    }
    refuse_more(&description, &graph)?;
    Ok(description)
}

/// A name in the namespace of the root, which some files leave out.
fn tag<'a>(root: &Node<'a, '_>, name: &'a str) -> roxmltree::ExpandedName<'a, 'a> {
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
fn start_of(node: &Node<'_, '_>) -> Range<usize> {
    let range = node.range();
    let text = &node.document().input_text()[range.clone()];
    range.start..range.start + text.find('\n').unwrap_or(text.len())
}

/// What the file declares.
fn keys<'a>(description: &Description, root: &Node<'a, '_>) -> Result<Keys<'a>, InputError> {
    let mut keys = Keys::new();
    for key in root.children().filter(|child| child.has_tag_name(tag(root, "key"))) {
        let id = required(description, &key, "id")?;
        let default = key.children().find(|child| child.tag_name().name() == "default");
        let declared = Key {
            domain: key.attribute("for").unwrap_or("all"),
            // Some programs leave the name out where it is the identifier.
            name: key.attribute("attr.name").unwrap_or(id),
            default: default.and_then(|default| default.text()),
        };
        if keys.insert(id, declared).is_some() {
            let error = description.error(start_of(&key), format!("the key {id} is declared twice"));
            return Err(error.labelled("the second time"));
        }
    }
    Ok(keys)
}

/// An attribute that XML must have.
fn required<'a>(description: &Description, node: &Node<'a, '_>, name: &str) -> Result<&'a str, InputError> {
    node.attribute(name).ok_or_else(|| {
        let element = node.tag_name().name();
        let error = description.error(start_of(node), format!("<{element}> has no attribute `{name}`"));
        error.labelled(format!("`{name}` belongs in here"))
    })
}

/// The data of an element with their names and places, and the defaults of what it does not have.
fn attributes<'a>(
    description: &Description,
    keys: &Keys<'a>,
    domain: &str,
    element: &Node<'a, '_>,
) -> Result<Vec<Datum<'a>>, InputError> {
    let mut found = Vec::new();
    let mut given = Vec::new();
    for data in element.children().filter(|child| child.tag_name().name() == "data") {
        let id = required(description, &data, "key")?;
        let Some(key) = keys.get(id) else {
            let error = description.error(start_of(&data), format!("no <key> declares {id}"));
            return Err(error.labelled("data of an unknown key"));
        };
        given.push(id);
        found.push((key.name, data.text().unwrap_or_default(), start_of(&data)));
    }
    for (id, key) in keys {
        if let Some(default) = key.default
            && (key.domain == domain || key.domain == "all")
            && !given.contains(id)
        {
            found.push((key.name, default, start_of(element)));
        }
    }
    Ok(found)
}

/// Reads a node.
fn router<'a>(description: &mut Description, keys: &Keys<'a>, node: &Node<'a, '_>) -> Result<(), InputError> {
    let name = required(description, node, "id")?;
    let mut router = DescribedRouter {
        span: start_of(node),
        ..DescribedRouter::default()
    };
    for (attribute, value, span) in attributes(description, keys, "node", node)? {
        description.router_attribute(&mut router, attribute, value, span)?;
    }
    if router.label.is_empty() {
        router.label = name.to_owned();
    }
    refuse_more(description, node)?;
    description.add_router(name.to_owned(), router)
}

/// Reads an edge.
fn link<'a>(
    description: &mut Description,
    keys: &Keys<'a>,
    edge: &Node<'a, '_>,
    directed: bool,
) -> Result<(), InputError> {
    let span = start_of(edge);
    let end = |name: &str| description.end(required(description, edge, name)?, &span);
    let mut link = DescribedLink {
        ends: [end("source")?, end("target")?],
        delay: None,
        length: None,
        directed: edge.attribute("directed").map_or(directed, |flag| flag == "true"),
    };
    for (attribute, value, span) in attributes(description, keys, "edge", edge)? {
        description.link_attribute(&mut link, attribute, value, span)?;
    }
    description.add_link(link, span)
}

/// Refuses what GraphML knows and a network of routers has no meaning for.
fn refuse_more(description: &Description, element: &Node<'_, '_>) -> Result<(), InputError> {
    let unknown = |child: &Node<'_, '_>| matches!(child.tag_name().name(), "hyperedge" | "graph");
    match element.children().find(unknown) {
        None => Ok(()),
        Some(child) => {
            let name = child.tag_name().name();
            let message = format!("<{name}> in <{}> has no meaning here", element.tag_name().name());
            let error = description.error(start_of(&child), message).labelled("not read");
            Err(error.help("expected routers as <node> and links as <edge>, all in one <graph>"))
        }
    }
}
