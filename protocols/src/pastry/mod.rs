//! Pastry: nodes and keys are numbers on a ring; a message to a key goes from node to node along ever longer shared
//! prefixes, nearby nodes first, and ends at the node whose number is closest to the key.
//!
//! Antony Rowstron and Peter Druschel, "Pastry: Scalable, decentralized object location, and routing for large-scale
//! peer-to-peer systems", Middleware 2001. The sections, tables and figures named here are its own.
//!
//! # Deviations
//!
//! - Closeness is that of the ring: zero follows the largest identifier. Of two nodes equally far from a key the one after it
//!   owns it.
//! - Of the nodes that the rare case of the routing procedure allows, the numerically closest to the key is taken.

pub mod bulk;
mod config;
mod digits;
pub mod invariants;
mod leaf_set;
mod members;
mod neighbourhood;
mod route;
mod routing_table;
mod tables;

pub use config::{Config, ConfigError, Proximity, Quality, Routing};
pub use digits::{Digits, Nearness};
pub use leaf_set::{LeafSet, Side};
pub use members::Members;
pub use neighbourhood::{Distance, NeighbourhoodSet, Placed};
pub use routing_table::{Cell, RoutingTable};
pub use tables::{Forgotten, Learnt, Tables};
