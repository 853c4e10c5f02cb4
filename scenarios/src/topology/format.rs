//! How files are laid out, and how one is told from another.

use std::path::Path;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::description::Description;
use super::{brite, caida, edge_list, graphml, inet, lines, node_link, sndlib};
use crate::input::{InputError, Origin, Source};

/// How the file is laid out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// GraphML: the Internet Topology Zoo.
    Graphml,
    /// Node-link JSON of NetworkX: the Python package `topohub`.
    NodeLink,
    /// The XML of SNDlib.
    Sndlib,
    /// What BRITE exports.
    Brite,
    /// What Inet 3.0 writes.
    Inet,
    /// CAIDA's AS relationships: `as|as|-1` for a provider and its customer, `as|as|0` for peers.
    Caida,
    /// A link a line: two routers, and possibly the delay, with white space or commas between them; SNAP's files.
    EdgeList,
}

impl Format {
    /// The format of a file: by the ending of its name where that tells, else by how it begins.
    ///
    /// # Errors
    /// [`InputError::Invalid`] if neither tells.
    pub(super) fn of(path: &Path, source: &Arc<Source>) -> Result<Self, InputError> {
        // What is packed has the ending of what it contains before its own.
        let unpacked = path
            .extension()
            .filter(|ending| *ending == "gz")
            .map(|_| path.with_extension(""));
        let path = unpacked.as_deref().unwrap_or(path);
        let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        match ending.as_str() {
            "graphml" => return Ok(Format::Graphml),
            "json" => return Ok(Format::NodeLink),
            "brite" => return Ok(Format::Brite),
            _ => {}
        }
        let text = source.text().trim_start_matches('\u{feff}').trim_start();
        let first = lines::lines(source, edge_list::COMMENTS).next();
        let words = first.as_ref().map_or(0, |line| {
            let separator = line.text.contains(',').then_some(',');
            line.words(separator).len()
        });
        match first {
            _ if text.starts_with('{') => Ok(Format::NodeLink),
            _ if text.starts_with('<') => of_xml(text).ok_or_else(|| unknown(source)),
            _ if text.starts_with(brite::BEGINNING) => Ok(Format::Brite),
            Some(line) if line.text.contains('|') => Ok(Format::Caida),
            _ if inet::begins(source) => Ok(Format::Inet),
            _ if (2..=3).contains(&words) => Ok(Format::EdgeList),
            _ => Err(unknown(source)),
        }
    }

    /// The graph of a text.
    pub(super) fn parse(self, source: &Arc<Source>) -> Result<Description, InputError> {
        match self {
            Format::Graphml => graphml::parse(source),
            Format::NodeLink => node_link::parse(source),
            Format::Sndlib => sndlib::parse(source),
            Format::Brite => brite::parse(source),
            Format::Inet => inet::parse(source),
            Format::Caida => caida::parse(source),
            Format::EdgeList => edge_list::parse(source),
        }
    }
}

/// The format of a text in XML by the name of its root.
fn of_xml(mut text: &str) -> Option<Format> {
    // What stands before the root: the declaration, comments, a document type.
    while let Some((_, end)) = [("<?", "?>"), ("<!--", "-->"), ("<!", ">")]
        .iter()
        .find(|(start, _)| text.starts_with(start))
    {
        text = text.split_once(end)?.1.trim_start();
    }
    let root = text.strip_prefix('<')?;
    let end = root.find(|c: char| c.is_whitespace() || c == '>' || c == '/')?;
    match &root[..end] {
        "graphml" => Some(Format::Graphml),
        "network" => Some(Format::Sndlib),
        _ => None,
    }
}

/// The complaint about a text that is in none of the formats.
fn unknown(source: &Arc<Source>) -> InputError {
    let error = InputError::at(
        &Origin::new(
            source.clone(),
            0..source.text().find('\n').unwrap_or(source.text().len()),
        ),
        "neither the name of the file nor its beginning tells the format of a topology",
    );
    error.labelled("how the file begins").help(
        "set network.topology.format to \"graphml\", \"node-link\", \"sndlib\", \"brite\", \"inet\", \"caida\" or \
         \"edge-list\"",
    )
}
