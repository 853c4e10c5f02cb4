//! What a scenario asks of a protocol and key-based routing already answers.
//!
//! A protocol that implements [`KeyBased`] is an [`Overlay`](super::Overlay) with little more: its settings and their defaults,
//! how many members it starts from, what nodes start with (`perfect`, `joining`), how much they keep, how long a join may take,
//! and what its links are called. The rest it hands to these functions, which have the names of the methods that they stand for.

use std::collections::BTreeMap;

use protocols::id::Id;
use protocols::kbr::{Call, KeyBased, Payload, Step, Upcall};
use sim_core::random::{NodeRng, StreamKey};

use super::Told;
use crate::scenario::By;

/// How many different identifiers there are; on 128 bits, one less than there are.
pub fn capacity<P: KeyBased>(config: &P::Config) -> u128 {
    1_u128.checked_shl(P::space(config).bits().into()).unwrap_or(u128::MAX)
}

/// The identifier of a node.
pub fn identifier<P: KeyBased>(config: &P::Config, stream: StreamKey) -> u128 {
    P::space(config).random(&mut stream.rng()).number()
}

/// A key, each as likely as any other.
pub fn key<P: KeyBased>(config: &P::Config, rng: &mut NodeRng) -> u128 {
    P::space(config).random(rng).number()
}

/// The command that routes a message to a key, if messages of this kind mean nothing to a layer above; an overlay may offer
/// lookups of its own beside it.
pub fn ask<P: KeyBased>(by: By, key: u128) -> Option<P::Command> {
    let payload = P::Payload::probe().filter(|_| by == By::Route)?;
    let key = Id::new(key);
    Some(Call::Route { key, payload }.into())
}

/// What an upcall means to a scenario.
pub fn told<B, A>(upcall: Upcall<B, A>) -> Told<A> {
    match upcall {
        Upcall::Joined => Told::Joined,
        Upcall::Out => Told::Out,
        Upcall::Deliver(message) => Told::Delivered {
            operation: message.operation,
            hops: message.hops.into(),
            visited: message.hops.saturating_sub(1).into(),
            timeouts: message.timeouts.into(),
        },
        Upcall::Undeliverable(message) => Told::NotFound {
            operation: message.operation,
            timeouts: message.timeouts.into(),
        },
        Upcall::Forward { .. } | Upcall::Update { .. } => Told::Other,
    }
}

/// The node that owns a key, if these are the members.
pub fn owner<P: KeyBased, N: Copy>(config: &P::Config, key: u128, members: &BTreeMap<u128, N>) -> Option<N> {
    P::roots(config, Id::new(key), members, 1).first().copied()
}

/// Where a message to a key would go next from a node.
pub fn route<P: KeyBased>(config: &P::Config, node: &P, key: u128) -> Step<P::Addr> {
    node.next_hop(config, Id::new(key))
}
