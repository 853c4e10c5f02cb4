//! The messages that MSPastry adds.

use sim_core::addr::{Address, NodeAddr};
use sim_core::time::SimDuration;

use crate::id::{Contact, Id, IdSpace};
use crate::pastry::Distance;
use crate::request::RequestId;

/// What nodes say to each other only to learn who is there.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Probe<A = NodeAddr> {
    /// Are you there? This is my leaf set, and who has failed.
    LeafSet {
        /// Named in the answer.
        request: RequestId,
        /// What the sender knows.
        view: Box<View<A>>,
    },
    /// Answer to it. Who answers has the other one in its leaf set from now on, if he belongs there.
    LeafSetReply {
        /// The request answered.
        request: RequestId,
        /// What the sender knows.
        view: Box<View<A>>,
    },
    /// To the next smaller neighbour: I am here.
    Heartbeat {
        /// The sender's identifier.
        id: Id,
        /// How often it would probe routing tables.
        period: SimDuration,
    },
    /// To an entry of the routing table: are you there?
    Liveness {
        /// Named in the answer.
        request: RequestId,
        /// The sender's identifier.
        id: Id,
        /// How often it would probe routing tables.
        period: SimDuration,
    },
    /// Answer to it.
    LivenessReply {
        /// The request answered.
        request: RequestId,
        /// The identifier of who answers.
        id: Id,
        /// How often it would probe routing tables.
        period: SimDuration,
    },
    /// The sender has measured how far away the receiver is, which need not measure it again.
    Distance {
        /// The sender's identifier.
        id: Id,
        /// How far.
        distance: Distance,
    },
}

/// What a node knows of its neighbours on the ring.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct View<A = NodeAddr> {
    /// Its own identifier.
    pub id: Id,
    /// The ends of the part of the ring that its leaf set covers; none if that is all of it.
    pub reach: Option<(Id, Id)>,
    /// Its leaf set.
    pub leaf_set: Box<[Contact<A>]>,
    /// Who has failed of late.
    pub failed: Box<[Contact<A>]>,
    /// How often it would probe routing tables.
    pub period: SimDuration,
}

impl<A: Address> View<A> {
    /// Whether the leaf set covers an identifier: whoever has it should be in there.
    pub(super) fn reaches(&self, space: IdSpace, id: Id) -> bool {
        self.reach
            .is_none_or(|(first, last)| space.distance(first, id) <= space.distance(first, last))
    }
}

/// The names of their kinds.
pub(in crate::pastry) const KINDS: [&str; 6] = [
    "leaf-set-probe",
    "leaf-set-probe-reply",
    "heartbeat",
    "liveness-probe",
    "liveness-reply",
    "distance",
];

impl<A: Address> Probe<A> {
    /// Its place in [`KINDS`].
    pub(in crate::pastry) fn kind(&self) -> usize {
        match self {
            Probe::LeafSet { .. } => 0,
            Probe::LeafSetReply { .. } => 1,
            Probe::Heartbeat { .. } => 2,
            Probe::Liveness { .. } => 3,
            Probe::LivenessReply { .. } => 4,
            Probe::Distance { .. } => 5,
        }
    }

    /// How many nodes it mentions. A period or a distance takes as many bytes as a node.
    pub(in crate::pastry) fn mentions(&self) -> usize {
        match self {
            Probe::LeafSet { view, .. } | Probe::LeafSetReply { view, .. } => {
                let ends = if view.reach.is_some() { 2 } else { 0 };
                2 + ends + view.leaf_set.len() + view.failed.len()
            }
            Probe::Heartbeat { .. } | Probe::Liveness { .. } | Probe::LivenessReply { .. } | Probe::Distance { .. } => {
                2
            }
        }
    }

    /// Whether all identifiers in it belong to the ring.
    pub(in crate::pastry) fn belongs_to(&self, space: IdSpace) -> bool {
        let all = |contacts: &[Contact<A>]| contacts.iter().all(|contact| space.holds(contact.id));
        match self {
            Probe::LeafSet { view, .. } | Probe::LeafSetReply { view, .. } => {
                let ends = view
                    .reach
                    .is_none_or(|(first, last)| space.holds(first) && space.holds(last));
                ends && space.holds(view.id) && all(&view.leaf_set) && all(&view.failed)
            }
            Probe::Heartbeat { id, .. }
            | Probe::Liveness { id, .. }
            | Probe::LivenessReply { id, .. }
            | Probe::Distance { id, .. } => space.holds(*id),
        }
    }
}
