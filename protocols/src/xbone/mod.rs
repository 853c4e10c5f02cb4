//! P2P-XBone: a virtual network of IP tunnels whose topology a peer-to-peer protocol drives.
//!
//! N. Fujita, J. D. Touch, V. Pingali and Y.-S. Wang, *P2P-XBone: A Virtual Network Support for Peer-to-Peer Systems*,
//! ISI-TR-2005-607, 2005.
//!
//! Each tunnel takes a block of virtual addresses, its two ends, from an address server. The blocks of one prefix are a
//! [`pool`](BlockPool); who holds which is in a [`Ledger`]; an [`AddressServer`] is the queue in front of it, which takes a time for
//! each transaction. A [`LeaseClient`] is the other side: which of several servers it asks, how long it waits, and what it
//! owes to those that it asked in vain. All of these are plain state machines: who owns them sends the messages and keeps
//! the timers.
//!
//! What it costs a host to forward a packet, in the kernel or by a daemon, is in [`forwarding`].

mod address_server;
pub mod forwarding;
mod lease_client;
mod ledger;
mod pool;
#[cfg(test)]
mod tests;

pub use address_server::{AddressServer, Completed, Load, ServerError, Service};
pub use lease_client::{Ask, Balancing, CallId, ClientError, Heard, LeaseClient, Patience, Servers, TimedOut};
pub use ledger::{Answer, Counts, Held, Lease, LeaseId, Ledger, Outcome, Terms, Transaction};
pub use pool::{AddressPair, Block, BlockPool, PoolError, VirtualAddr};
