//! GraphML: the Internet Topology Zoo's format, and one that NetworkX, Gephi and yEd write.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use roxmltree::Node;

use super::description::{DescribedLink, DescribedRouter, Description};
use super::xml::{document, required, start_of, tag};
use crate::input::{InputError, Source};

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
    let document = document(&description, source.text())?;
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
        directed: edge.attribute("directed").map_or(directed, |flag| flag == "true"),
        ..DescribedLink::default()
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
