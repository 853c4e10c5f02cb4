//! What a scenario must know of a protocol in order to run it: how to make a node, what to ask it, and how to understand
//! what it tells.

mod chord;
mod dht;
pub mod key_based;
mod pastry;
mod xbone;

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Debug;

pub use chord::ChordOverlay;
pub use dht::DhtOverlay;
pub use pastry::PastryOverlay;
pub use protocols::dht::{Record, Version};
pub use protocols::id::{Contact, Id};
pub use protocols::kbr::Step;
pub use protocols::xbone::{ContactInfo, Failure, Gone};
use schemars::JsonSchema;
use sim_core::addr::{Address, NodeAddr};
use sim_core::protocol::{OperationId, Protocol};
use sim_core::random::{NodeRng, StreamKey};
use sim_core::time::{SimDuration, SimTime};
pub use xbone::XBoneOverlay;

use crate::input::InputError;
use crate::scenario::{By, Point, Settings};

/// Shorthand: the parameters that all nodes of an overlay share.
pub type ConfigOf<O, A = NodeAddr> = <<O as Overlay<A>>::Protocol as Protocol>::Config;
/// Shorthand: what a node of an overlay is given when it starts.
pub type InitOf<O, A = NodeAddr> = <<O as Overlay<A>>::Protocol as Protocol>::Init;
/// Shorthand: what the nodes of an overlay say to each other.
pub type MessageOf<O> = <<O as Overlay>::Protocol as Protocol>::Msg;

/// Shorthand: compares the tables of nodes that are members with those that they should have, if these are all members.
pub type TableErrorsOf<O, A = NodeAddr> =
    fn(&ConfigOf<O, A>, members: &BTreeMap<u128, A>, nodes: &[&<O as Overlay<A>>::Protocol]) -> TableErrors;

/// The names of the protocols that make tunnels: only for them there are tables of tunnels.
pub const VIRTUAL_NETWORKS: [&str; 1] = ["xbone"];

/// A protocol that scenarios can run: the bridge between `[protocol.<name>]` and the engine.
///
/// Nodes have identifiers on 128 bits, of which an overlay may use fewer; keys are identifiers. A protocol that offers key-based
/// routing ([`KeyBased`](protocols::kbr::KeyBased)) leaves most of this to [`key_based`].
///
/// Scenarios run overlays whose nodes have addresses of the engine. One that can do with any kind of address is an `Overlay<A>` for
/// all of them, and can drive a virtual network ([`XBoneOverlay`]), in which nodes are called by [`ContactInfo`].
pub trait Overlay<A: Address = NodeAddr>: Sized + Sync + 'static {
    /// The name in scenario files.
    const NAME: &'static str;
    /// One line for `peerscope list`.
    const SUMMARY: &'static str;
    /// The settings in scenario files: the table `[protocol.<name>]`, unknown keys refused. What their documentation says is
    /// shown by editors, through the JSON Schema of scenarios.
    type Settings: JsonSchema;
    /// The protocol itself.
    type Protocol: Protocol<Addr = A, Config: Clone, Msg: Debug, Timer: Debug, Command: Debug, Event: Debug>;
    /// What `[observe] ring_invariants` watches: an [`Observer`](sim_core::observer::Observer) of the protocol, which the
    /// registry asks for.
    type Invariants;
    /// Who follows a node that is a member on the ring, by what it knows at this moment, itself if it knows nobody; none in
    /// an overlay that is not a ring of identifiers. For `[observe.rings]`.
    const SUCCESSOR: Option<fn(&Self::Protocol) -> A> = None;

    /// How what members know compares with what they should know, in an overlay that can tell. For `[observe.tables]`.
    const TABLE_ERRORS: Option<TableErrorsOf<Self, A>> = None;

    /// The kinds of messages that only carry what is routed to keys, and acknowledge that from hop to hop: what the others
    /// cost is the price of keeping the overlay. None where kinds serve both.
    const ROUTING_KINDS: Option<&'static [&'static str]> = None;

    /// How values are stored and read, in a protocol that stores any. For `[workload.storage]`.
    const STORAGE: Option<StorageCalls<Self::Protocol>> = None;

    /// The tunnels of a virtual network, in a protocol that has any. For the tables `tunnels` and `address_servers`.
    const TUNNELS: Option<TunnelCalls<Self::Protocol>> = None;

    /// Parameters from the settings as they are written: [`Settings::parse`] reads them as [`Overlay::Settings`].
    ///
    /// # Errors
    /// [`InputError::Invalid`], pointing at the setting that will not do ([`Settings::error_at`]).
    fn config(settings: &Settings) -> Result<ConfigOf<Self, A>, InputError>;

    /// Holds the parameters against the rest of the point: a table that needs more nodes than there are.
    ///
    /// # Errors
    /// [`InputError::Invalid`], pointing at the setting that does not fit.
    fn check(_config: &ConfigOf<Self, A>, _point: &Point) -> Result<(), InputError> {
        Ok(())
    }

    /// Who takes part in a run without being one of its nodes, such as the servers of a virtual network: at the addresses after
    /// those of the nodes, in this order. They are up from the start, before everybody else; churn does not touch them and no
    /// table counts them as nodes. `founders` start at the same time: what they start with may depend on them, and the other
    /// way round. How many there are does not depend on the founders.
    ///
    /// # Errors
    /// [`InputError::Invalid`], pointing at the setting that will not do.
    fn attendants(
        _settings: &Settings,
        _config: &ConfigOf<Self, A>,
        _founders: &mut [(A, InitOf<Self, A>)],
    ) -> Result<Vec<Attendant<Self::Protocol>>, InputError> {
        Ok(Vec::new())
    }

    /// How many different identifiers there are.
    fn capacity(config: &ConfigOf<Self, A>) -> u128;

    /// The identifier of a node, from the stream of its incarnation.
    fn identifier(config: &ConfigOf<Self, A>, stream: StreamKey) -> u128;

    /// A key, each as likely as any other.
    fn key(config: &ConfigOf<Self, A>, rng: &mut NodeRng) -> u128;

    /// How many members an overlay that is brought up by joins starts from, with perfect tables: at least one.
    fn founders(config: &ConfigOf<Self, A>) -> u32;

    /// How many others a member at least has in its tables, in an overlay with more members: for a virtual network, which makes a
    /// tunnel to each. All those whom a founder knows, unless the overlay says more.
    fn least_listed(config: &ConfigOf<Self, A>) -> u32 {
        Self::founders(config).saturating_sub(1)
    }

    /// About how many others a member has in its tables, in an overlay of so many nodes.
    fn about_listed(config: &ConfigOf<Self, A>, nodes: u32) -> u32 {
        Self::least_listed(config) + nodes.max(2).ilog2() + 2
    }

    /// What nodes start with whose tables are already perfect, in the order of `members`.
    fn perfect(
        config: &ConfigOf<Self, A>,
        members: &[(u128, A)],
        surroundings: &Surroundings<'_, A>,
    ) -> Vec<InitOf<Self, A>>;

    /// What a node starts with that joins through a member.
    fn joining(config: &ConfigOf<Self, A>, id: u128, bootstrap: A) -> InitOf<Self, A>;

    /// About how many bytes a node keeps on the heap, beside its own size, in the overlay of this point.
    fn heap_bytes(config: &ConfigOf<Self, A>, point: &Point) -> usize;

    /// A join that has neither completed nor failed after this long is begun again.
    fn join_patience(config: &ConfigOf<Self, A>) -> SimDuration;

    /// The command that asks for a key in this way; none if the protocol does not offer it. Which ways there are does not
    /// depend on the key.
    fn ask(by: By, key: u128) -> Option<<Self::Protocol as Protocol>::Command>;

    /// What a node's event means to a scenario.
    fn told(event: <Self::Protocol as Protocol>::Event) -> Told<A>;

    /// The node that owns a key, if these are the members.
    fn owner<N: Copy>(config: &ConfigOf<Self, A>, key: u128, members: &BTreeMap<u128, N>) -> Option<N>;

    /// Where a message to a key would go next from a node that is a member, by what it knows at this moment: for
    /// measurements over the whole overlay.
    fn route(config: &ConfigOf<Self, A>, node: &Self::Protocol, key: u128) -> Step<A>;

    /// Whom a node knows, each with what he is to it: `successor`, `finger`. Somebody can be several things. For pictures
    /// of the overlay, and for counting its state.
    fn links(node: &Self::Protocol) -> Vec<(&'static str, A)>;

    /// The observer of the invariants of the overlay, told of members who never leave.
    fn invariants(config: &ConfigOf<Self, A>, base: &[(u128, A)]) -> Self::Invariants;
}

/// A protocol over an overlay, which may be any that carries what it says: `[protocol.<name>.over.<overlay>]`.
///
/// Its settings have a field `over` that takes any table, such as [`serde::de::IgnoredAny`]: its [`Overlay::config`] reads the
/// overlay's settings with [`Settings::over`], and a [`LayerEntry`](crate::registry::LayerEntry) chooses between overlays.
pub trait Layered: Overlay {
    /// What the overlay below it calls its nodes.
    type BelowAddr: Address;
    /// The overlay below it.
    type Below: Overlay<Self::BelowAddr>;
}

/// Somebody who takes part in a run without being one of its nodes.
pub struct Attendant<P: Protocol> {
    /// What it starts with.
    pub init: P::Init,
    /// When it fails, silently, and when it is back: in order, none before the end of the one before.
    pub outages: Vec<(SimTime, SimTime)>,
    /// What it starts with when it is back, by what it is when it fails.
    pub resumed: fn(&P) -> Option<P::Init>,
}

/// How the tunnels of a virtual network are looked at.
pub struct TunnelCalls<P: Protocol> {
    /// The tunnels that stand at a node at this moment, by their other ends.
    pub standing: fn(&P) -> Vec<NodeAddr>,
    /// What an attendant that hands out addresses has had to do until now; none for everybody else.
    pub server: fn(&P, SimTime) -> Option<ServerReport>,
}

/// What an address server has had to do.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct ServerReport {
    /// Transactions that came since it came up.
    pub arrivals: u64,
    /// Requests served since then, repetitions and renewals among them.
    pub requests: u64,
    /// Releases served since then.
    pub releases: u64,
    /// Transactions since then that found its queue full.
    pub lost: u64,
    /// Transactions since then whose service has begun.
    pub begun: u64,
    /// The time for which these waited, in nanoseconds.
    pub waited: u128,
    /// The longest of their waiting times.
    pub longest_wait: SimDuration,
    /// How long it has been busy since it came up.
    pub busy: SimDuration,
    /// The most transactions that were there at a time since it came up, waiting or being served.
    pub peak_backlog: u64,
    /// Requests that it has refused since its first start.
    pub refused: u64,
    /// The most pairs of addresses that have been handed out at a time since its first start.
    pub peak_pairs: u64,
    /// How many are handed out now.
    pub pairs: u64,
}

/// How a protocol is asked to store, and what its nodes have stored.
pub struct StorageCalls<P: Protocol> {
    /// The command that puts a value of so many bytes under a key.
    pub put: fn(u128, u32) -> P::Command,
    /// The command that asks what is stored under a key.
    pub get: fn(u128) -> P::Command,
    /// The command that removes it.
    pub remove: fn(u128) -> P::Command,
    /// What a node has stored at this moment.
    pub records: fn(&P) -> Vec<(Id, Record)>,
    /// How many nodes should have each key.
    pub replicas: fn(&P::Config) -> usize,
}

/// How the tables of all members compare with those that they should have at rest.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct TableErrors {
    /// Members whose leaf set, or what stands for it, is not the true one.
    pub wrong_leaf_sets: u64,
    /// Entries of any table that are no members.
    pub dead_entries: u64,
    /// Entries that are not found where they belong.
    pub misplaced_entries: u64,
    /// Places in routing tables that have a member.
    pub filled: u64,
    /// Places that have none although somebody fits.
    pub unfilled: u64,
}

/// What can be known of the network when perfect tables are made.
pub struct Surroundings<'a, A = NodeAddr> {
    /// The round trip of the direct path between two nodes.
    pub round_trip: &'a dyn Fn(A, A) -> SimDuration,
    /// For what is left to chance.
    pub streams: StreamKey,
}

/// What a node told, as far as scenarios measure it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Told<A = NodeAddr> {
    /// Its join is complete: others may join through it, and it may be asked.
    Joined,
    /// It is no member, and does nothing until it is started anew: its join failed, or it has lost the others.
    Out,
    /// A lookup found an owner.
    Found {
        /// Which lookup.
        operation: OperationId,
        /// The owner it names.
        owner: A,
        /// Nodes on the way to the owner, the owner included and the initiator not.
        hops: u32,
        /// Nodes visited up to and including the owner's predecessor: the path length of the Chord papers.
        visited: u32,
        /// Requests that were not answered in time.
        timeouts: u32,
        /// Owners that were named and did not answer, where the protocol asks for their answer. They count among the
        /// time-outs, too.
        dead_owners: u32,
    },
    /// A lookup was given up, or a message on its way to a key.
    NotFound {
        /// Which of them.
        operation: OperationId,
        /// Requests that were not answered in time.
        timeouts: u32,
    },
    /// It has asked somebody in order to repair what a failed node left in its tables.
    Repairing {
        /// What is repaired, as tables print it.
        what: &'static str,
    },
    /// A message that was routed to a key has come to this node, which takes itself for the key's root.
    Delivered {
        /// Which message.
        operation: OperationId,
        /// How often it was handed from one node to another, the last time included.
        hops: u32,
        /// Nodes visited up to and including the last one before this: the path length of the Chord papers.
        visited: u32,
        /// How often a node on the way was tried in vain.
        timeouts: u32,
    },
    /// Something became of a put, a get or a remove.
    Storage(StorageTold),
    /// Something became of a tunnel.
    Tunnel(TunnelTold),
    /// Nothing that is measured.
    Other,
}

/// What became of a tunnel, at one end of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TunnelTold {
    /// It stands: so long after this end has asked for it.
    SetUp(SimDuration),
    /// This end has asked for it, and it has not come about.
    Failed(Failure),
    /// It is gone.
    Gone(Gone),
}

/// What became of a put, a get or a remove.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StorageTold {
    /// A put or a remove is done.
    Written {
        /// Which.
        operation: OperationId,
        /// The version that it wrote.
        version: Version,
    },
    /// A get was answered.
    Answered {
        /// Which.
        operation: OperationId,
        /// The version of the value that was found, if any was.
        found: Option<Version>,
        /// Whether a copy on the way was found, and not one of the replicas.
        cached: bool,
    },
    /// It was given up.
    Failed {
        /// Which.
        operation: OperationId,
    },
}

impl<A> Told<A> {
    /// The same with the owner that a lookup names under another address.
    pub fn readdressed<Z>(self, address: impl FnOnce(A) -> Z) -> Told<Z> {
        match self {
            Told::Found {
                operation,
                owner,
                hops,
                visited,
                timeouts,
                dead_owners,
            } => Told::Found {
                operation,
                owner: address(owner),
                hops,
                visited,
                timeouts,
                dead_owners,
            },
            Told::Delivered {
                operation,
                hops,
                visited,
                timeouts,
            } => Told::Delivered {
                operation,
                hops,
                visited,
                timeouts,
            },
            Told::Joined => Told::Joined,
            Told::Out => Told::Out,
            Told::NotFound { operation, timeouts } => Told::NotFound { operation, timeouts },
            Told::Repairing { what } => Told::Repairing { what },
            Told::Storage(told) => Told::Storage(told),
            Told::Tunnel(told) => Told::Tunnel(told),
            Told::Other => Told::Other,
        }
    }
}

impl StorageTold {
    /// The operation that is meant.
    pub fn operation(self) -> OperationId {
        match self {
            StorageTold::Written { operation, .. }
            | StorageTold::Answered { operation, .. }
            | StorageTold::Failed { operation } => operation,
        }
    }
}
