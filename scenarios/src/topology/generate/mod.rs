//! Random and regular graphs of routers, as the literature generates them.
//!
//! A graph depends on its model, on the seed of the scenario and on `instance`, and on nothing else: all replications and
//! all points of a sweep that ask for the same graph share it, with the paths that were found in it. Whoever wants to average
//! over graphs sweeps `instance`. What is random about hosts - their routers, their access links - differs from replication
//! to replication as it does on a graph that was read from a file.

mod lattice;
mod plane;
mod preferential;
mod sketch;
mod transit_stub;

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use sim_core::network::NetworkError;
use sim_core::random::StreamKey;
use sim_core::time::SimDuration;
use thiserror::Error;

use super::{LINK_LIMIT, ROUTER_LIMIT, Topology};
use crate::units::written;
use sketch::Sketch;

pub use lattice::{Grid, Ring};
pub use plane::{RandomGeometric, Waxman};
pub use preferential::BarabasiAlbert;
pub use transit_stub::{Probabilities, TransitStub, TransitStubDelays};

/// A model of graphs with its parameters.
#[derive(Clone, PartialEq, Debug)]
pub enum Model {
    /// Domains of transit routers, with domains of stub routers attached to them.
    TransitStub(TransitStub),
    /// Links that are the less likely the longer they would be.
    Waxman(Waxman),
    /// Newcomers that prefer routers with many links.
    BarabasiAlbert(BarabasiAlbert),
    /// Links between all routers that are near enough.
    RandomGeometric(RandomGeometric),
    /// A circle.
    Ring(Ring),
    /// Rows and columns.
    Grid(Grid),
}

/// How long a link between routers takes, one way.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum LinkDelay {
    /// Always the same.
    Constant(SimDuration),
    /// In proportion to its length.
    Distance {
        /// For each unit of length.
        per_unit: SimDuration,
        /// That length has no part in.
        base: SimDuration,
    },
}

impl LinkDelay {
    /// The delay of a link of this length.
    fn of(self, length: f64) -> SimDuration {
        match self {
            LinkDelay::Constant(delay) => delay,
            LinkDelay::Distance { per_unit, base } => base + per_unit.mul_f64(length),
        }
    }
}

impl fmt::Display for LinkDelay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LinkDelay::Constant(delay) => write!(f, "{} a link", written(*delay)),
            LinkDelay::Distance { per_unit, base } if *base == SimDuration::ZERO => {
                write!(f, "{} a unit of length", written(*per_unit))
            }
            LinkDelay::Distance { per_unit, base } => {
                write!(
                    f,
                    "{} a link and {} a unit of length",
                    written(*base),
                    written(*per_unit)
                )
            }
        }
    }
}

/// A graph that was generated.
#[derive(Clone, Debug)]
pub struct Generated {
    /// The routers, labelled by their numbers, and the links.
    pub topology: Arc<Topology>,
    /// Where the routers lie, in the model's units of length; nothing where the model knows no places.
    pub places: Option<Box<[(f64, f64)]>>,
    /// The routers of stub domains, where the model has domains: hosts are attached to them unless a scenario says otherwise.
    /// The others are transit routers.
    pub stubs: Option<Range<usize>>,
    /// How many links join parts that the model left unconnected.
    pub joined: usize,
}

/// Why there is no such graph.
#[derive(Clone, PartialEq, Debug, Error)]
pub enum GenerateError {
    /// There would be no router, or too many.
    #[error("expected between 1 and {ROUTER_LIMIT} routers in all, found {routers}")]
    Routers {
        /// The key to change.
        key: &'static str,
        /// How many there would be.
        routers: u64,
    },
    /// There would be too many links.
    #[error("there would be more than {LINK_LIMIT} links between the {routers} routers")]
    TooManyLinks {
        /// The key to change.
        key: &'static str,
        /// How many routers there are.
        routers: usize,
    },
    /// Newcomers without links.
    #[error("a newcomer needs at least 1 link, found 0")]
    NoLinks {
        /// The key to change.
        key: &'static str,
    },
    /// A domain whose links are drawn at random is not connected, however often they are drawn.
    #[error(
        "{attempts} draws with a probability of {probability} a link left {what} of {members} unconnected; raise the \
         probability"
    )]
    Unconnected {
        /// The key to change.
        key: &'static str,
        /// What is unconnected.
        what: &'static str,
        /// How many members it has.
        members: usize,
        /// The probability of a link between two of them.
        probability: f64,
        /// How often links were drawn.
        attempts: usize,
    },
    /// More links are asked for than there is room for.
    #[error("{wanted} links, but only {room} are possible there")]
    NoRoom {
        /// The key to change.
        key: &'static str,
        /// How many are asked for.
        wanted: usize,
        /// How many there can be.
        room: usize,
    },
    /// The links are too long.
    #[error("{error}")]
    Delays {
        /// The key to change.
        key: &'static str,
        /// What the network says.
        error: NetworkError,
    },
}

impl GenerateError {
    /// The key of the model that is to be changed.
    pub fn key(&self) -> &'static str {
        match self {
            GenerateError::Routers { key, .. }
            | GenerateError::TooManyLinks { key, .. }
            | GenerateError::NoLinks { key }
            | GenerateError::Unconnected { key, .. }
            | GenerateError::NoRoom { key, .. }
            | GenerateError::Delays { key, .. } => key,
        }
    }
}

impl Model {
    /// The graph with these streams, which should be the scenario's and the instance's own.
    ///
    /// # Errors
    /// [`GenerateError`], each naming the key to change.
    pub fn generate(&self, streams: StreamKey) -> Result<Generated, GenerateError> {
        let sketch = match self {
            Model::TransitStub(model) => model.sketch(streams)?,
            Model::Waxman(model) => model.sketch(streams)?,
            Model::BarabasiAlbert(model) => model.sketch(streams)?,
            Model::RandomGeometric(model) => model.sketch(streams)?,
            Model::Ring(model) => model.sketch()?,
            Model::Grid(model) => model.sketch()?,
        };
        sketch.finish()
    }
}

impl fmt::Display for Model {
    /// What a sentence about routers goes on with: `of a ring, 5ms a link`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Model::TransitStub(model) => model.fmt(f),
            Model::Waxman(model) => model.fmt(f),
            Model::BarabasiAlbert(model) => model.fmt(f),
            Model::RandomGeometric(model) => model.fmt(f),
            Model::Ring(model) => model.fmt(f),
            Model::Grid(model) => model.fmt(f),
        }
    }
}

/// `routers` as a number that a graph may have.
fn countable(key: &'static str, routers: u64) -> Result<usize, GenerateError> {
    match usize::try_from(routers) {
        Ok(routers @ 1..=ROUTER_LIMIT) => Ok(routers),
        _ => Err(GenerateError::Routers { key, routers }),
    }
}

#[cfg(test)]
mod tests;
