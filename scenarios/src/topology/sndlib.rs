//! The XML of SNDlib (Orlowski, Wessaely, Pioro and Tomaszewski 2010): `<network>` with `<nodes>` and `<links>`.
//!
//! Coordinates are longitude (`x`) and latitude (`y`) where the file says that they are geographical, and give links their
//! lengths; pixels of a drawing do not. Costs, capacities and demands are not read.

use std::sync::Arc;

use roxmltree::Node;

use super::description::{DescribedLink, DescribedRouter, Description};
use super::xml::{document, required, start_of, tag};
use crate::input::{InputError, Source};

/// The graph of a text.
pub(super) fn parse(source: &Arc<Source>) -> Result<Description, InputError> {
    let mut description = Description::new(source);
    let document = document(&description, source.text())?;
    let root = document.root_element();
    if root.tag_name().name() != "network" {
        let message = format!("expected <network>, found <{}>", root.tag_name().name());
        return Err(description.error(start_of(&root), message).labelled("this is the root"));
    }
    let structure = child(&description, &root, "networkStructure")?;
    let (nodes, links) = (
        child(&description, &structure, "nodes")?,
        child(&description, &structure, "links")?,
    );
    let geographical = match required(&description, &nodes, "coordinatesType")? {
        "geographical" => true,
        "pixel" => false,
        other => {
            let message = format!("expected coordinates of the type geographical or pixel, found {other:?}");
            let error = description.error(start_of(&nodes), message);
            return Err(error.labelled("of which type?"));
        }
    };
    if !geographical {
        description.silent = "its coordinates are pixels of a drawing, which tell no length";
    }
    for node in elements(&nodes, "node") {
        router(&mut description, &node, geographical)?;
    }
    for link in elements(&links, "link") {
        self::link(&mut description, &link)?;
    }
    Ok(description)
}

/// The elements of a name in another, in the namespace that it is in itself.
fn elements<'a, 'input>(
    parent: &Node<'a, 'input>,
    name: &'static str,
) -> impl Iterator<Item = Node<'a, 'input>> + use<'a, 'input> {
    let parent = *parent;
    parent
        .children()
        .filter(move |child| child.has_tag_name(tag(&parent, name)))
}

/// The first element of a name in another.
fn child<'a, 'input>(
    description: &Description,
    parent: &Node<'a, 'input>,
    name: &'static str,
) -> Result<Node<'a, 'input>, InputError> {
    elements(parent, name).next().ok_or_else(|| {
        let message = format!("<{}> has no <{name}> in it", parent.tag_name().name());
        let error = description.error(start_of(parent), message);
        error.labelled(format!("<{name}> belongs in here"))
    })
}

fn router(description: &mut Description, node: &Node<'_, '_>, geographical: bool) -> Result<(), InputError> {
    let id = required(description, node, "id")?;
    let mut router = DescribedRouter {
        span: start_of(node),
        ..DescribedRouter::default()
    };
    if geographical && let Some(coordinates) = elements(node, "coordinates").next() {
        for (axis, attribute) in [("x", "longitude"), ("y", "latitude")] {
            let value = child(description, &coordinates, axis)?;
            let text = value.text().unwrap_or_default();
            description.router_attribute(&mut router, attribute, text, start_of(&value))?;
        }
    }
    description.add_router(id.to_owned(), router)
}

fn link(description: &mut Description, link: &Node<'_, '_>) -> Result<(), InputError> {
    let end = |name: &'static str| {
        let element = child(description, link, name)?;
        let id = element.text().unwrap_or_default().trim();
        description.end(id, &start_of(&element))
    };
    let link_between = DescribedLink {
        ends: [end("source")?, end("target")?],
        ..DescribedLink::default()
    };
    description.add_link(link_between, start_of(link))
}
