//! Peer-to-peer protocols, each written to be read beside its paper.
//!
//! A protocol implements [`sim_core::protocol::Protocol`]. What several protocols need is here once: a request with its
//! time-out and retries ([`request`]) and the walk of an iterative lookup ([`lookup`]).

pub mod chord;
pub mod lookup;
pub mod request;
