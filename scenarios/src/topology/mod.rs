//! Files of real topologies: routers with coordinates, and the links between them.
//!
//! What the formats tell of a link, in this order: the delay that the file states; else its length; else the great circle
//! between its ends. Lengths become delays by the time that light takes in fibre ([`Reading::per_km`]).
//!
//! | format | delays | lengths | coordinates |
//! |---|---|---|---|
//! | GraphML (Internet Topology Zoo), node-link JSON (`topohub`) | `delay` or `latency`: a text with a unit, or a number in milliseconds unless the graph's `delay_unit` says `ns`, `us` or `s` | `dist`, in kilometres | `Latitude` and `Longitude` (also `lat` and `lon`, in any case), or `pos`, a list of longitude and latitude |
//! | SNDlib XML | none | none | `x` and `y` where `coordinatesType` is `geographical`; pixels are not used |
//! | BRITE | in milliseconds: BRITE's length over the speed of light | not used | not used |
//! | Inet 3.0 | none | the weight; a unit of Inet's plane is taken for a kilometre | not used |
//! | CAIDA AS relationships | none | none | none |
//! | edge list | the third word, if there is one: with a unit, or in milliseconds | none | none |
//!
//! Where a link has none of these, [`Missing`] decides. Link speeds (`LinkSpeedRaw`, BRITE's bandwidth) are not read:
//! messages here take no time for their size. A link works both ways, also where the file calls it directed. Of parallel
//! links the one with the shortest delay is kept, and a link from a router to itself is dropped. [`Treatment`] counts what
//! was done.

mod assemble;
mod brite;
mod caida;
mod description;
mod edge_list;
mod format;
pub mod generate;
mod geography;
mod graphml;
mod inet;
mod layout;
mod lines;
mod metrics;
mod node_link;
mod sndlib;
mod xml;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::network::RouterGraph;
use sim_core::time::SimDuration;

use crate::digest::sha256;
use crate::input::{InputError, Source, read_unpacked};
use crate::units::Duration;

pub use format::Format;
pub use geography::{Place, great_circle};
pub use layout::layout;
pub(crate) use metrics::hops_from;
pub use metrics::{Distribution, Metrics, PathMetrics};

/// The largest file that is read, in bytes.
const FILE_LIMIT: u64 = 128 << 20;

/// The most routers that a topology may have, more than there are ASes today: the routes between all of them take 20 GB,
/// those from some thousands of them a GB.
const ROUTER_LIMIT: usize = 100_000;

/// The most links that a file may list.
const LINK_LIMIT: usize = 1_000_000;

/// What to do about a link without a delay or length of its own whose routers do not both have coordinates.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Missing {
    /// Routers without coordinates are put in the middle of their neighbours that have some, again and again until all
    /// have.
    #[default]
    Neighbours,
    /// The file is refused.
    Refuse,
    /// The link takes this time one way.
    Delay(Duration),
}

/// What to do about a graph whose routers are not all connected.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Component {
    /// It is refused.
    #[default]
    Whole,
    /// The largest part that is connected is taken; of several of that size the one that the file begins.
    Largest,
}

/// Which paths messages take.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Paths {
    /// The shortest by delay.
    #[default]
    Shortest,
    /// The shortest by delay of those that the relationships of ASes allow: uphill from customers to providers, across at
    /// most one link between peers, downhill to customers (Gao and Rexford 2001). Only CAIDA's files state relationships.
    ValleyFree,
}

/// How to read a file of a topology.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Reading {
    /// How it is laid out; told from the file's name or beginning where it is `None`.
    pub format: Option<Format>,
    /// The delay for a kilometre of a link: light in fibre takes 5 us.
    pub per_km: SimDuration,
    /// How much longer than stated, or than the great circle, a link is.
    pub detour: f64,
    /// What to do about missing coordinates.
    pub missing: Missing,
    /// What to do about a graph that is not connected.
    pub component: Component,
    /// Which paths messages take.
    pub paths: Paths,
}

/// A router of a topology.
#[derive(Clone, PartialEq, Debug)]
pub struct Router {
    /// What the file calls it.
    pub id: String,
    /// Its label in the file, else its identifier.
    pub label: String,
    /// Where it is; none where the file does not tell and nothing stands in.
    pub place: Option<Place>,
}

/// What was done to the graph of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Treatment {
    /// Links that work both ways although the file calls them directed.
    pub directed: usize,
    /// Links from a router to itself, dropped.
    pub self_loops: usize,
    /// Parallel links, dropped for one with a shorter or the same delay.
    pub parallel: usize,
    /// Routers outside of the largest component, dropped.
    pub outside: usize,
    /// Routers without coordinates, put in the middle of their neighbours.
    pub placed: usize,
    /// Links whose delay the file states, parallel ones included.
    pub stated_delays: usize,
    /// Links whose length the file states, parallel ones included.
    pub stated_lengths: usize,
    /// Links as long as the great circle, parallel ones included.
    pub great_circles: usize,
    /// Links with the delay that stands in for missing coordinates, parallel ones included.
    pub substituted: usize,
    /// Ordered pairs of different routers of which it was asked whether policy leaves them a path: those from some routers,
    /// spread over all, to all others. Zero where no policy decides.
    pub asked: usize,
    /// Of these pairs, those without a path.
    pub pathless: usize,
}

impl fmt::Display for Treatment {
    /// What was done at all, each with how often; nothing if nothing was.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let done = [
            (self.stated_delays, "delays stated in the file"),
            (self.stated_lengths, "lengths stated in the file"),
            (self.great_circles, "lengths by great circle"),
            (self.substituted, "links with the delay for missing coordinates"),
            (self.placed, "routers without coordinates placed amid their neighbours"),
            (self.directed, "directed links taken both ways"),
            (self.parallel, "parallel links dropped"),
            (self.self_loops, "links from a router to itself dropped"),
            (self.outside, "routers outside of the largest component dropped"),
        ];
        let words = done.iter().filter(|(count, _)| *count > 0);
        let mut words: Vec<String> = words.map(|(count, what)| format!("{what}: {count}")).collect();
        if self.asked > 0 {
            words.push(format!(
                "pairs without a valley-free path: {} of {} asked",
                self.pathless, self.asked
            ));
        }
        f.write_str(&words.join("; "))
    }
}

/// A topology as it was read: connected, with a delay for each link.
#[derive(Clone, Debug)]
pub struct Topology {
    /// The routers, in the order of the file.
    pub routers: Vec<Router>,
    /// How many links there are between them.
    pub links: usize,
    /// The delays between the routers, numbered as `routers` has them.
    pub graph: Arc<RouterGraph>,
    /// What was done to the graph of the file.
    pub treatment: Treatment,
    /// The SHA-256 of the file, in hexadecimal.
    pub sha256: String,
}

impl Topology {
    /// Reads a file.
    ///
    /// # Errors
    /// [`InputError::Missing`] with advice on where topologies are, [`InputError::TooLarge`], and what
    /// [`Topology::parse`] refuses.
    pub fn read(path: &Path, reading: Reading) -> Result<Self, InputError> {
        let (source, digest) = read_unpacked(path, FILE_LIMIT).map_err(|error| match error {
            InputError::Missing { .. } => error.help(
                "Abilene and Geant come with this project, in scenarios/topologies; the Internet Topology Zoo has more as \
                 GraphML, the Python package topohub as JSON",
            ),
            other => other,
        })?;
        let format = match reading.format {
            Some(format) => format,
            None => Format::of(path, &source)?,
        };
        let mut topology = Topology::parse(&source, format, reading)?;
        topology.sha256 = digest;
        Ok(topology)
    }

    /// Parses the text of a file of this format, whatever that of `reading` is.
    ///
    /// # Errors
    /// [`InputError::Invalid`] pointing at what is malformed, or at what makes the graph unfit for a network.
    pub fn parse(source: &Arc<Source>, format: Format, reading: Reading) -> Result<Self, InputError> {
        let description = format.parse(source)?;
        assemble::topology(description, reading, sha256(source.text().as_bytes()))
    }
}

#[cfg(test)]
mod tests;
