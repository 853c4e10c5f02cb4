//! Peer-to-peer protocols, each written to be read beside its paper.
//!
//! A protocol implements [`sim_core::protocol::Protocol`]. What several protocols need is here once: identifiers ([`id`]),
//! what a structured overlay owes the layers above it ([`kbr`]), the wiring of a layer over another protocol ([`layer`]), a
//! request with its time-out and retries ([`request`]), the walk of an iterative lookup ([`lookup`]), the packets that a
//! network layer carries ([`packet`]), and whether these go in circles ([`circles`]).

pub mod aodv;
pub mod chord;
pub mod circles;
pub mod dht;
pub mod distance_vector;
pub mod flooding;
pub mod id;
pub mod kbr;
pub mod layer;
pub mod lookup;
mod neighbours;
pub mod packet;
pub mod pastry;
pub mod peernet;
pub mod request;
mod seen;
pub mod xbone;
