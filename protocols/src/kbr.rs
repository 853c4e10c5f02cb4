//! Key-based routing: what every structured overlay owes the layers above it.
//!
//! Frank Dabek, Ben Zhao, Peter Druschel, John Kubiatowicz and Ion Stoica, "Towards a common API for structured
//! peer-to-peer overlays", IPTPS 2003. Their calls and upcalls, and what stands for them here:
//!
//! | paper | here |
//! |---|---|
//! | `route(K, M, R)` | [`Call::Route`] |
//! | `deliver(K, M)` | [`Upcall::Deliver`] |
//! | `forward(K, M, R)` | [`Upcall::Forward`], answered by [`Call::Forward`] or not at all |
//! | `update(n, joined)` | [`Upcall::Update`] |
//! | `local_lookup(K, num, safe)` | [`KeyBased::next_hop`] |
//! | `neighborSet(num)` | [`KeyBased::neighbour_set`] |
//! | `replicaSet(k, max_rank)` | [`KeyBased::replica_set`] |
//! | `range(N, r, lkey, rkey)` | [`KeyBased::is_root`]: asked of a key, not enumerated |
//!
//! An overlay that implements [`KeyBased`] can be measured by every workload, and carries every layer. Calls are commands
//! of the overlay and upcalls are its events, so that a layer is an ordinary protocol that owns the overlay: it hosts the
//! overlay's effects and hears its events before anybody else does. [`layer`](crate::layer) does that for all layers.
//!
//! What nodes call each other is the overlay's [`Protocol::Addr`], which every [`Contact`] here contains: base addresses where
//! the overlay runs on the network itself, and others where a layer below it gives them.
//!
//! # Deviations
//!
//! - `forward` is no call within a call: the node that holds the message hands it upward and forgets it. The layer above
//!   lets it go on, changed or not, by [`Call::Forward`] within the same event, or keeps it. Overlays whose payload does not
//!   ask for that ([`Payload::FORWARD`]) pay nothing.
//! - The hint `R` of `route` is left out: a layer that knows a node sends it a message of its own, directly.
//! - A message tells who sent it first, and how it has fared on the way, since measurements ask for that.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::hash::Hash;

use sim_core::addr::NodeAddr;
use sim_core::protocol::{OperationId, Protocol, Wire};

use crate::id::{Contact, Id, IdSpace};

/// What rides in a routed message: a word of the layer above.
///
/// It has kinds of its own, each counted as a kind of the overlay's messages, and is charged beside the overlay's header
/// at each hop.
pub trait Payload: Wire + Clone + Eq + Debug + Send + Sync + 'static {
    /// Whether the layer above is asked at each node that the message itself comes to, the first one included and the last one
    /// not.
    const FORWARD: bool;
    /// Whether the layer above is told of neighbours that come and go.
    const UPDATE: bool;

    /// What may be sent to any key in order to measure routing itself; none where a message means something to the layer
    /// above.
    fn probe() -> Option<Self> {
        None
    }
}

/// Nothing: what overlays carry that have no layer above, so that routing itself can be measured.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Nothing;

impl Wire for Nothing {
    const KINDS: usize = 1;

    fn kind(&self) -> usize {
        0
    }

    fn kind_name(_: usize) -> &'static str {
        "route"
    }

    fn wire_bytes(&self) -> u32 {
        0
    }
}

impl Payload for Nothing {
    const FORWARD: bool = false;
    const UPDATE: bool = false;

    fn probe() -> Option<Self> {
        Some(Nothing)
    }
}

/// A message on its way to a key.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Routed<B, A = NodeAddr> {
    /// Where it goes.
    pub key: Id,
    /// What the sender calls it.
    pub operation: OperationId,
    /// Who sent it first.
    pub source: Contact<A>,
    /// How often it has been handed from one node to another.
    pub hops: u16,
    /// How often a node on the way was tried in vain.
    pub timeouts: u16,
    /// What it carries.
    pub payload: B,
}

/// What a layer asks of the overlay below it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Call<B, A = NodeAddr> {
    /// Route a payload to the root of a key. [`Upcall::Deliver`] tells of it there, or nothing if it is lost on the way. The
    /// message bears the [`OperationId`] of the command.
    Route {
        /// Where to.
        key: Id,
        /// What.
        payload: B,
    },
    /// Let a message go on that the layer was asked about.
    Forward {
        /// The message, as it came or with another payload or key.
        message: Box<Routed<B, A>>,
        /// The node that it is to go to; the overlay's own choice where it is none.
        next: Option<Contact<A>>,
    },
}

/// What an overlay tells the layer above it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Upcall<B, A = NodeAddr> {
    /// This node has become a member.
    Joined,
    /// It is no member any more, or could not become one, and does nothing until it is started anew.
    Out,
    /// A message has come to this node, which is the root of its key by what it knows, or by what others know who could tell.
    Deliver(Box<Routed<B, A>>),
    /// A message is about to leave this node for `next`, and waits for [`Call::Forward`].
    Forward {
        /// The message.
        message: Box<Routed<B, A>>,
        /// Where the overlay would send it.
        next: Contact<A>,
    },
    /// This node gave up a message: nobody that it knows leads nearer to the key.
    Undeliverable(Box<Routed<B, A>>),
    /// Somebody has come into the neighbour set of this node, which is a member, or has left it. Those who were in it when the
    /// node became a member go without saying: a layer asks for them at [`Upcall::Joined`], and knows them all from then on.
    Update {
        /// Who.
        neighbour: Contact<A>,
        /// Whether he came.
        joined: bool,
    },
}

/// What a node knows about the way to a key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Step<A = NodeAddr> {
    /// This node owns the key; it may be the node that was asked.
    Owner(Contact<A>),
    /// This node is closer to it.
    Closer(Contact<A>),
    /// Nobody that is not to be avoided is known.
    DeadEnd,
}

impl<A> Step<A> {
    /// The node that a message would go to.
    pub fn contact(self) -> Option<Contact<A>> {
        match self {
            Step::Owner(contact) | Step::Closer(contact) => Some(contact),
            Step::DeadEnd => None,
        }
    }
}

/// A structured overlay: a protocol whose nodes have identifiers, and which routes messages to keys.
///
/// The *root* of a key is the member that owns it by the overlay's own rule. Its replicas of rank 2, 3, ... are those that would
/// own it if the ones before them failed.
pub trait KeyBased: Protocol<Command: From<Call<Self::Payload, Self::Addr>>> {
    /// What it carries for the layer above.
    type Payload: Payload;

    /// What an event says in the words of this interface, or the event itself if it says nothing in them.
    ///
    /// # Errors
    /// The event, if it is one that only this overlay has.
    fn upcall(event: Self::Event) -> Result<Upcall<Self::Payload, Self::Addr>, Self::Event>;

    /// The identifiers of nodes and keys.
    fn space(config: &Self::Config) -> IdSpace;

    /// The node's own identifier and address.
    fn contact(&self) -> Contact<Self::Addr>;

    /// Where a message to a key would go next, by what the node knows.
    fn next_hop(&self, config: &Self::Config, key: Id) -> Step<Self::Addr>;

    /// Up to `max` neighbours of this node in the space of identifiers, the nearest first, itself not among them.
    fn neighbour_set(&self, config: &Self::Config, max: usize) -> Vec<Contact<Self::Addr>>;

    /// The first `max_rank` replicas of a key by what the node knows, the root first; fewer where it knows no more of them,
    /// and none if it is not among them or cannot tell. The root can always tell; whether the other replicas can is up to
    /// the overlay, and a layer that holds copies there asks the root before it gives one up.
    fn replica_set(&self, config: &Self::Config, key: Id, max_rank: usize) -> Vec<Contact<Self::Addr>>;

    /// How many replicas of a key its root can know, itself included; as many as one likes where the overlay says nothing.
    fn most_replicas(_: &Self::Config) -> usize {
        usize::MAX
    }

    /// Whether the node is the root of a key, by what it knows.
    fn is_root(&self, config: &Self::Config, key: Id) -> bool {
        let replicas = self.replica_set(config, key, 1);
        replicas.first() == Some(&self.contact())
    }

    /// The first `max_rank` replicas of a key, the root first, if these are the members: what an oracle says.
    fn roots<N: Copy>(config: &Self::Config, key: Id, members: &BTreeMap<u128, N>, max_rank: usize) -> Vec<N>;
}
