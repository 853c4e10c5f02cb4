//! The deterministic discrete-event engine of peerscope.
//!
//! [`protocol`] is the interface between a node and everything else. A [`simulation`] drives nodes over a [`network`] in a
//! [`world`] that makes them come and go and asks them things, watched by an [`observer`]. Events leave the [`queue`] in an
//! order that their causes decide, randomness comes from streams that are derived from names ([`random`]), and the
//! [`fingerprint`] of a run covers all that happened. The crate names no protocol, reads no file and knows no wall clock.

mod act;
pub mod addr;
mod arena;
pub mod churn;
pub mod distribution;
mod environment;
pub mod fingerprint;
pub mod link_layer;
mod links;
pub mod math;
pub mod mobility;
pub mod network;
pub mod observer;
mod partition;
mod port;
pub mod protocol;
pub mod queue;
pub mod random;
mod read_ahead;
pub mod recorder;
pub mod simulation;
pub mod time;
pub mod traffic;
pub mod world;

pub use arena::Nodes;
