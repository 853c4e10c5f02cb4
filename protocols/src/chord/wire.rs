//! The messages of Chord, what they weigh, and whether they are well-formed.

use sim_core::addr::{Address, NodeAddr};
use sim_core::protocol::Wire;

use super::i3;
use crate::id::{Contact, Id, IdSpace};
use crate::kbr::{Nothing, Payload, Routed, Step};
use crate::request::RequestId;

/// What nodes say to each other.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Msg<B = Nothing, A = NodeAddr> {
    /// Iterative lookup: who is next on the way to `key`, except those in `avoid`?
    NextHop {
        /// Named in the answer.
        request: RequestId,
        /// What is looked up.
        key: Id,
        /// Nodes not to be named.
        avoid: Box<[A]>,
    },
    /// Recursive lookup: pass on towards `key`, or answer the origin with [`Msg::Step`].
    FindSuccessor {
        /// The origin's request.
        request: RequestId,
        /// What is looked up.
        key: Id,
        /// Who wants to know.
        origin: A,
        /// Nodes visited before this one.
        visited: u8,
        /// Nodes not to be named.
        avoid: Box<[A]>,
    },
    /// Answer to both.
    Step {
        /// The request answered.
        request: RequestId,
        /// Where the key is, or who is closer.
        step: Step<A>,
        /// Nodes visited by a recursive lookup.
        visited: u8,
    },
    /// What are your predecessor and your successors?
    GetNeighbours {
        /// Named in the answer.
        request: RequestId,
    },
    /// Answer to it.
    Neighbours {
        /// The request answered.
        request: RequestId,
        /// What was asked for.
        neighbours: Box<Neighbours<A>>,
    },
    /// The sender thinks that it might be your predecessor.
    Notify {
        /// The sender's identifier.
        id: Id,
    },
    /// Are you there?
    Ping {
        /// Named in the answer.
        request: RequestId,
    },
    /// Answer to it.
    Pong {
        /// The request answered.
        request: RequestId,
        /// The identifier of who answers.
        id: Id,
    },
    /// The sender, your predecessor, leaves.
    PredecessorLeaving {
        /// Its identifier.
        id: Id,
        /// Its predecessor.
        predecessor: Option<Contact<A>>,
    },
    /// The sender, your successor, leaves.
    SuccessorLeaving {
        /// Its identifier.
        id: Id,
        /// Its successors.
        successors: Box<[Contact<A>]>,
    },
    /// What only i3's nodes say.
    I3(i3::Msg<A>),
    /// A message on its way to a key.
    Route {
        /// Whom the sender takes for the owner of the key; nobody if the receiver is only closer to it.
        owner: Option<Id>,
        /// The message.
        message: Box<Routed<B, A>>,
    },
}

/// What a member says of its neighbourhood.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Neighbours<A = NodeAddr> {
    /// Its own identifier.
    pub id: Id,
    /// Its predecessor.
    pub predecessor: Option<Contact<A>>,
    /// Its successors, the nearest first.
    pub successors: Vec<Contact<A>>,
}

/// Bytes of a message before its contents: what p2psim charges for headers (Li et al. 2005).
const HEADER_BYTES: usize = 20;
/// Bytes for each key or node that a message mentions, a node being its identifier and address (Li et al. 2005).
const MENTION_BYTES: usize = 4;

/// The names of Chord's own kinds of message. Those of the payload come after them.
const NAMES: [&str; 15] = [
    "next-hop",
    "find-successor",
    "step",
    "get-neighbours",
    "neighbours",
    "notify",
    "ping",
    "pong",
    "predecessor-leaving",
    "successor-leaving",
    "i3-found-successor",
    "i3-stab",
    "i3-stab-reply",
    "i3-ping",
    "i3-pong",
];

impl<B: Payload, A: Address> Wire for Msg<B, A> {
    const KINDS: usize = NAMES.len() + B::KINDS;

    fn kind(&self) -> usize {
        match self {
            Msg::NextHop { .. } => 0,
            Msg::FindSuccessor { .. } => 1,
            Msg::Step { .. } => 2,
            Msg::GetNeighbours { .. } => 3,
            Msg::Neighbours { .. } => 4,
            Msg::Notify { .. } => 5,
            Msg::Ping { .. } => 6,
            Msg::Pong { .. } => 7,
            Msg::PredecessorLeaving { .. } => 8,
            Msg::SuccessorLeaving { .. } => 9,
            Msg::I3(i3::Msg::FindSuccessor { .. } | i3::Msg::Responsible { .. }) => 1,
            Msg::I3(i3::Msg::FoundSuccessor(_)) => 10,
            Msg::I3(i3::Msg::Stab { .. }) => 11,
            Msg::I3(i3::Msg::StabReply(_)) => 12,
            Msg::I3(i3::Msg::Ping { .. }) => 13,
            Msg::I3(i3::Msg::Pong { .. }) => 14,
            Msg::Route { message, .. } => NAMES.len() + message.payload.kind(),
        }
    }

    fn kind_name(kind: usize) -> &'static str {
        match NAMES.get(kind) {
            Some(name) => name,
            None => B::kind_name(kind - NAMES.len()),
        }
    }

    fn wire_bytes(&self) -> u32 {
        let mentions = match self {
            Msg::NextHop { avoid, .. } => 1 + avoid.len(),
            Msg::FindSuccessor { avoid, .. } => 2 + avoid.len(),
            Msg::Step { step, .. } => usize::from(step.contact().is_some()),
            Msg::GetNeighbours { .. } | Msg::Ping { .. } => 0,
            Msg::Neighbours { neighbours, .. } => {
                1 + usize::from(neighbours.predecessor.is_some()) + neighbours.successors.len()
            }
            Msg::Notify { .. } | Msg::Pong { .. } => 1,
            Msg::PredecessorLeaving { predecessor, .. } => 1 + usize::from(predecessor.is_some()),
            Msg::SuccessorLeaving { successors, .. } => 1 + successors.len(),
            Msg::I3(i3::Msg::FindSuccessor { .. } | i3::Msg::Responsible { .. }) => 2,
            Msg::I3(_) => 1,
            // Key and source.
            Msg::Route { owner, .. } => 2 + usize::from(owner.is_some()),
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
        let holds = |contact: &Contact<A>| space.holds(contact.id);
        match self {
            Msg::NextHop { key, .. } | Msg::FindSuccessor { key, .. } => space.holds(*key),
            Msg::Step { step, .. } => step.contact().as_ref().is_none_or(holds),
            Msg::GetNeighbours { .. } | Msg::Ping { .. } => true,
            Msg::Neighbours { neighbours, .. } => {
                space.holds(neighbours.id)
                    && neighbours.predecessor.as_ref().is_none_or(holds)
                    && neighbours.successors.iter().all(holds)
            }
            Msg::Notify { id } | Msg::Pong { id, .. } => space.holds(*id),
            Msg::PredecessorLeaving { id, predecessor } => space.holds(*id) && predecessor.as_ref().is_none_or(holds),
            Msg::SuccessorLeaving { id, successors } => space.holds(*id) && successors.iter().all(holds),
            Msg::I3(i3::Msg::FindSuccessor { key: id, .. } | i3::Msg::Stab { id } | i3::Msg::Ping { id }) => {
                space.holds(*id)
            }
            Msg::I3(i3::Msg::Pong { id } | i3::Msg::Responsible { key: id, .. }) => space.holds(*id),
            Msg::I3(i3::Msg::FoundSuccessor(contact) | i3::Msg::StabReply(contact)) => holds(contact),
            Msg::Route { owner, message } => {
                space.holds(message.key) && holds(&message.source) && owner.is_none_or(|owner| space.holds(owner))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::protocol::OperationId;

    fn contact(id: u128) -> Contact {
        Contact {
            id: Id::new(id),
            addr: NodeAddr(1),
        }
    }

    fn routed(key: Id, source: Contact) -> Box<Routed<Nothing>> {
        Box::new(Routed {
            key,
            operation: OperationId(1),
            source,
            hops: 0,
            timeouts: 0,
            payload: Nothing,
        })
    }

    fn samples() -> Vec<(Msg, u32)> {
        let request = RequestId(1);
        let key = Id::new(5);
        let neighbours = Neighbours {
            id: key,
            predecessor: Some(contact(1)),
            successors: vec![contact(2), contact(3)],
        };
        let avoid: Box<[NodeAddr]> = Box::new([NodeAddr(4)]);
        let message = routed(key, contact(1));
        vec![
            (
                Msg::NextHop {
                    request,
                    key,
                    avoid: avoid.clone(),
                },
                28,
            ),
            (
                Msg::FindSuccessor {
                    request,
                    key,
                    origin: NodeAddr(0),
                    visited: 0,
                    avoid,
                },
                32,
            ),
            (
                Msg::Step {
                    request,
                    step: Step::Owner(contact(1)),
                    visited: 0,
                },
                24,
            ),
            (Msg::GetNeighbours { request }, 20),
            (
                Msg::Neighbours {
                    request,
                    neighbours: Box::new(neighbours),
                },
                36,
            ),
            (Msg::Notify { id: key }, 24),
            (Msg::Ping { request }, 20),
            (Msg::Pong { request, id: key }, 24),
            (
                Msg::PredecessorLeaving {
                    id: key,
                    predecessor: None,
                },
                24,
            ),
            (
                Msg::SuccessorLeaving {
                    id: key,
                    successors: Box::new([contact(1)]),
                },
                28,
            ),
            (Msg::I3(i3::Msg::FoundSuccessor(contact(1))), 24),
            (Msg::I3(i3::Msg::Stab { id: key }), 24),
            (Msg::I3(i3::Msg::StabReply(contact(1))), 24),
            (Msg::I3(i3::Msg::Ping { id: key }), 24),
            (Msg::I3(i3::Msg::Pong { id: key }), 24),
            (
                Msg::Route {
                    owner: Some(key),
                    message,
                },
                32,
            ),
        ]
    }

    #[test]
    fn a_message_weighs_twenty_bytes_and_four_for_each_key_and_node_it_mentions() {
        for (kind, (msg, bytes)) in samples().into_iter().enumerate() {
            assert_eq!(
                (msg.kind(), msg.wire_bytes()),
                (kind, bytes),
                "{}",
                <Msg>::kind_name(kind)
            );
        }
        let forwarded: Msg = Msg::I3(i3::Msg::FindSuccessor {
            key: Id::new(1),
            origin: NodeAddr(0),
            ttl: 64,
        });
        assert_eq!((forwarded.kind(), forwarded.wire_bytes()), (1, 28));
    }

    #[test]
    fn identifiers_from_another_ring_are_seen_in_every_message() {
        let (narrow, wide) = (IdSpace::new(3), IdSpace::new(4));
        let foreign = contact(8);
        for (msg, _) in samples() {
            assert!(msg.belongs_to(narrow), "{msg:?}");
        }
        let foreigners: [Msg; 6] = [
            Msg::Notify { id: foreign.id },
            Msg::Step {
                request: RequestId(0),
                step: Step::Closer(foreign),
                visited: 0,
            },
            Msg::SuccessorLeaving {
                id: Id::new(1),
                successors: Box::new([foreign]),
            },
            Msg::I3(i3::Msg::StabReply(foreign)),
            Msg::Route {
                owner: Some(foreign.id),
                message: routed(Id::new(1), contact(2)),
            },
            Msg::Route {
                owner: None,
                message: routed(Id::new(1), foreign),
            },
        ];
        for msg in foreigners {
            assert!(!msg.belongs_to(narrow) && msg.belongs_to(wide), "{msg:?}");
        }
    }
}
