//! Node-link JSON: what NetworkX writes and the Python package `topohub` is made of.

use std::ops::Range;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::description::{DescribedLink, DescribedRouter, Description};
use crate::input::{InputError, Origin, Source};

/// The file. Nodes and links stay texts at first, so that a complaint about one knows its place.
#[derive(Deserialize)]
struct File<'a> {
    #[serde(default)]
    directed: bool,
    #[serde(default)]
    graph: GraphAttributes,
    #[serde(borrow)]
    nodes: Vec<&'a RawValue>,
    /// NetworkX called them `links` before release 3.4.
    #[serde(borrow, alias = "links")]
    edges: Vec<&'a RawValue>,
}

#[derive(Default, Deserialize)]
struct GraphAttributes {
    delay_unit: Option<String>,
}

type Object = Map<String, Value>;

/// The graph of a text.
pub(super) fn parse(source: &Arc<Source>) -> Result<Description, InputError> {
    let mut description = Description::new(source);
    let whole = 0..source.text().len();
    let file: File<'_> = read(source, &whole)?;
    if let Some(unit) = &file.graph.delay_unit {
        description.set_delay_unit(unit, 0..1)?;
    }
    for node in &file.nodes {
        router(&mut description, span_of(source, node))?;
    }
    for edge in &file.edges {
        link(&mut description, span_of(source, edge), file.directed)?;
    }
    Ok(description)
}

/// The bytes of the text that a value takes up.
fn span_of(source: &Source, value: &RawValue) -> Range<usize> {
    let start = value.get().as_ptr() as usize - source.text().as_ptr() as usize;
    start..start + value.get().len()
}

/// The value that these bytes of the text say.
fn read<'a, T: Deserialize<'a>>(source: &'a Arc<Source>, span: &Range<usize>) -> Result<T, InputError> {
    let text = &source.text()[span.clone()];
    serde_json::from_str(text).map_err(|error| {
        let at = span.start + offset(text, error.line(), error.column());
        let message = error.to_string();
        // The parser's own place is relative to the value.
        let message = message
            .rsplit_once(" at line ")
            .map_or(&*message, |(message, _)| message);
        let origin = Origin::new(source.clone(), at..at + 1);
        let error = InputError::at(&origin, format!("not a node-link graph: {message}"));
        error
            .labelled("here")
            .help("expected an object with the lists `nodes` and `edges`, as NetworkX writes it")
    })
}

/// The byte at a line and a column, both from one; the column counts bytes, and is zero at the end of the line before.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let lines = text.split_inclusive('\n').take(line.saturating_sub(1));
    (lines.map(str::len).sum::<usize>() + column.saturating_sub(1)).min(text.len())
}

/// Reads a node.
fn router(description: &mut Description, span: Range<usize>) -> Result<(), InputError> {
    let node: Object = read(&description.source, &span)?;
    let name = identifier(description, &node, "id", &span)?;
    let mut router = DescribedRouter {
        id: name.trim_matches('"').to_owned(),
        span: span.clone(),
        ..DescribedRouter::default()
    };
    for (attribute, value) in &node {
        match (attribute.as_str(), value) {
            ("pos", Value::Null) => {}
            ("pos", Value::Array(pair)) if pair.len() == 2 => {
                description.router_attribute(&mut router, "longitude", &text_of(&pair[0]), span.clone())?;
                description.router_attribute(&mut router, "latitude", &text_of(&pair[1]), span.clone())?;
            }
            ("pos", _) => {
                let error = description.error(span, "expected `pos` as a list of longitude and latitude");
                return Err(error.labelled("of this node"));
            }
            _ => description.router_attribute(&mut router, attribute, &text_of(value), span.clone())?,
        }
    }
    description.add_router(name, router)
}

/// Reads a link.
fn link(description: &mut Description, span: Range<usize>, directed: bool) -> Result<(), InputError> {
    let edge: Object = read(&description.source, &span)?;
    let end = |key: &str| {
        let name = identifier(description, &edge, key, &span)?;
        description.end(&name, &span)
    };
    let mut link = DescribedLink {
        ends: [end("source")?, end("target")?],
        directed,
        ..DescribedLink::default()
    };
    for (attribute, value) in &edge {
        description.link_attribute(&mut link, attribute, &text_of(value), span.clone())?;
    }
    description.add_link(link, span)
}

/// What the file calls a node: a number or a text in quotes, which are never the same node.
fn identifier(
    description: &Description,
    object: &Object,
    key: &str,
    span: &Range<usize>,
) -> Result<String, InputError> {
    match object.get(key) {
        Some(name @ (Value::Number(_) | Value::String(_))) => Ok(name.to_string()),
        Some(_) => {
            let error = description.error(span.clone(), format!("expected `{key}` to be a number or a text"));
            Err(error.labelled("of this one"))
        }
        None => {
            let error = description.error(span.clone(), format!("the key `{key}` is missing"));
            Err(error.labelled("in this object"))
        }
    }
}

/// A value as the text that says it; empty for what is not there.
fn text_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
