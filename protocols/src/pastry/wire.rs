//! The messages of Pastry, what they weigh, and whether they are well-formed.

use sim_core::addr::{Address, NodeAddr};
use sim_core::protocol::Wire;

use super::{Cell, Probe, mspastry};
use crate::id::{Contact, Id, IdSpace};
use crate::kbr::{Payload, Routed};
use crate::request::RequestId;

/// What nodes say to each other.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Msg<B, A = NodeAddr> {
    /// A message for the root of its key: hand it on, or keep it.
    Route {
        /// What [`Msg::Acknowledge`] repeats, if the sender wants to hear of it.
        acknowledge: Option<RequestId>,
        /// The message.
        message: Box<Routed<B, A>>,
    },
    /// A newcomer's way to its place: tell it what you know, and hand it on.
    Join {
        /// As in [`Msg::Route`].
        acknowledge: Option<RequestId>,
        /// Who joins.
        arrival: Arrival<A>,
    },
    /// The message was received.
    Acknowledge {
        /// The sender's name for it.
        request: RequestId,
        /// The identifier of who has it: perhaps a newcomer at the address of somebody who is gone.
        id: Id,
    },
    /// What a node on the way tells the newcomer.
    OnTheWay {
        /// The newcomer's request to join.
        request: RequestId,
        /// Which node on the way this is, the first one being 0.
        hop: u16,
        /// Whether it is the last one.
        last: bool,
        /// What it knows.
        state: Box<State<A>>,
    },
    /// What do you know?
    Get {
        /// Named in the answer.
        request: RequestId,
        /// Which part of the tables is meant.
        part: Part,
    },
    /// Answer to it.
    State {
        /// The request answered; none where a neighbour was not asked, but tells of somebody who is missing at the receiver.
        request: Option<RequestId>,
        /// Which part of the tables this is.
        part: Part,
        /// What is there.
        state: Box<State<A>>,
    },
    /// The sender has arrived, or takes you for a neighbour that it has just heard of: are you there?
    Announce {
        /// Named in the answer.
        request: RequestId,
        /// What the sender says of itself.
        announcement: Box<Announcement<A>>,
    },
    /// Answer to it.
    Welcome {
        /// The request answered.
        request: RequestId,
        /// The leaf set, if it is wanted; else only who answers.
        state: Box<State<A>>,
    },
    /// Are you there?
    Ping {
        /// Named in the answer.
        request: RequestId,
        /// The sender's identifier; none as long as others cannot reckon with it.
        id: Option<Id>,
    },
    /// Answer to it.
    Pong {
        /// The request answered.
        request: RequestId,
        /// The identifier of who answers.
        id: Id,
    },
    /// What only MSPastry says.
    Probe(Probe<A>),
    /// The sender leaves.
    Leaving {
        /// Its identifier.
        id: Id,
        /// Its leaf set, if the receiver is a member of it.
        leaf_set: Box<[Contact<A>]>,
    },
}

/// A newcomer on the way to its place.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Arrival<A = NodeAddr> {
    /// The newcomer.
    pub newcomer: Contact<A>,
    /// Its request, named in what the nodes on the way tell it.
    pub request: RequestId,
    /// How many nodes it has passed.
    pub hop: u16,
}

/// What a node says of its tables.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct State<A = NodeAddr> {
    /// Its own identifier.
    pub id: Id,
    /// The version of its leaf set: the time stamp of the optimistic announcement (2001, section 2.4).
    pub version: u32,
    /// Whom it knows in the part that is meant.
    pub contacts: Box<[Contact<A>]>,
}

/// What somebody who arrives says of himself.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Announcement<A = NodeAddr> {
    /// Its identifier.
    pub id: Id,
    /// Whether the receiver's leaf set is wanted.
    pub wanted: Wanted,
    /// Its own leaf set, if it takes the receiver for a neighbour on the ring.
    pub leaf_set: Box<[Contact<A>]>,
    /// Of a newcomer's routing table the rows that the receiver can use.
    pub rows: Box<[Contact<A>]>,
}

/// A part of a node's tables.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Part {
    /// The leaf set, unless it is of this version still.
    LeafSet {
        /// The version that who asks has seen.
        unless: Option<u32>,
    },
    /// A row of the routing table.
    Row(u8),
    /// An entry of the routing table.
    Entry(Cell),
    /// The neighbourhood set.
    Neighbourhood,
    /// The rows of the routing table that a node with this identifier can use, and the neighbourhood set.
    Corresponding(Id),
    /// Everybody.
    Everything,
}

/// Whether a newcomer wants the leaf set of who it announces itself to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Wanted {
    /// No: it is no neighbour on the ring.
    No,
    /// Yes.
    Yes,
    /// If it has changed since this version, from which the newcomer's own was made.
    Unless(u32),
}

/// Bytes of a message before its contents: what p2psim charges for headers (Li et al. 2005).
const HEADER_BYTES: usize = 20;
/// Bytes for each key or node that a message mentions, a node being its identifier and address (Li et al. 2005).
const MENTION_BYTES: usize = 4;

/// The kinds that Pastry has beside those of the payload.
const KINDS: [&str; 18] = [
    "join",
    "acknowledge",
    "on-the-way",
    "get-leaf-set",
    "get-row",
    "get-entry",
    "get-neighbourhood",
    "get-state",
    "leaf-set",
    "row",
    "entry",
    "neighbourhood",
    "state",
    "announce",
    "welcome",
    "ping",
    "pong",
    "leaving",
];

/// Those and the kinds that MSPastry adds.
const OWN_KINDS: usize = KINDS.len() + mspastry::wire::KINDS.len();

impl Part {
    /// Its place among the kinds of [`Msg::Get`] and [`Msg::State`].
    fn kind(self) -> usize {
        match self {
            Part::LeafSet { .. } => 0,
            Part::Row(_) => 1,
            Part::Entry(_) => 2,
            Part::Neighbourhood => 3,
            Part::Corresponding(_) | Part::Everything => 4,
        }
    }
}

impl<B: Payload, A: Address> Wire for Msg<B, A> {
    const KINDS: usize = OWN_KINDS + B::KINDS;

    fn kind(&self) -> usize {
        match self {
            Msg::Join { .. } => 0,
            Msg::Acknowledge { .. } => 1,
            Msg::OnTheWay { .. } => 2,
            Msg::Get { part, .. } => 3 + part.kind(),
            Msg::State { part, .. } => 8 + part.kind(),
            Msg::Announce { .. } => 13,
            Msg::Welcome { .. } => 14,
            Msg::Ping { .. } => 15,
            Msg::Pong { .. } => 16,
            Msg::Leaving { .. } => 17,
            Msg::Probe(probe) => KINDS.len() + probe.kind(),
            Msg::Route { message, .. } => OWN_KINDS + message.payload.kind(),
        }
    }

    fn kind_name(kind: usize) -> &'static str {
        match (kind.checked_sub(OWN_KINDS), kind.checked_sub(KINDS.len())) {
            (Some(kind), _) => B::kind_name(kind),
            (None, Some(kind)) => mspastry::wire::KINDS[kind],
            (None, None) => KINDS[kind],
        }
    }

    fn wire_bytes(&self) -> u32 {
        let mentions = match self {
            Msg::Route { .. } => 2,
            Msg::Join { .. } | Msg::Pong { .. } => 1,
            Msg::Ping { id, .. } => usize::from(id.is_some()),
            Msg::Acknowledge { .. } => 1,
            Msg::Probe(probe) => probe.mentions(),
            Msg::Get { part, .. } => usize::from(matches!(part, Part::Corresponding(_))),
            Msg::OnTheWay { state, .. } | Msg::State { state, .. } | Msg::Welcome { state, .. } => {
                1 + state.contacts.len()
            }
            Msg::Announce { announcement, .. } => 1 + announcement.leaf_set.len() + announcement.rows.len(),
            Msg::Leaving { leaf_set, .. } => 1 + leaf_set.len(),
        };
        let payload = match self {
            Msg::Route { message, .. } => message.payload.wire_bytes(),
            _ => 0,
        };
        (HEADER_BYTES + MENTION_BYTES * mentions) as u32 + payload
    }
}

impl<B, A: Address> Msg<B, A> {
    /// Whether all identifiers in the message belong to the ring.
    pub(super) fn belongs_to(&self, space: IdSpace) -> bool {
        let all = |contacts: &[Contact<A>]| contacts.iter().all(|contact| space.holds(contact.id));
        match self {
            Msg::Route { message, .. } => space.holds(message.key) && space.holds(message.source.id),
            Msg::Join { arrival, .. } => space.holds(arrival.newcomer.id),
            Msg::Get { part, .. } => match part {
                Part::Corresponding(id) => space.holds(*id),
                _ => true,
            },
            Msg::Acknowledge { id, .. } => space.holds(*id),
            Msg::Probe(probe) => probe.belongs_to(space),
            Msg::OnTheWay { state, .. } | Msg::State { state, .. } | Msg::Welcome { state, .. } => {
                space.holds(state.id) && all(&state.contacts)
            }
            Msg::Ping { id, .. } => id.is_none_or(|id| space.holds(id)),
            Msg::Pong { id, .. } => space.holds(*id),
            Msg::Announce { announcement, .. } => {
                space.holds(announcement.id) && all(&announcement.leaf_set) && all(&announcement.rows)
            }
            Msg::Leaving { id, leaf_set } => space.holds(*id) && all(leaf_set),
        }
    }
}
