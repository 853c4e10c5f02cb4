//! A virtual network as an overlay that workloads and layers can use: what its overlay is, with base addresses for those outside.

use std::collections::BTreeMap;

use super::event::Event;
use super::{Command, Config, ContactInfo, Driver, XBone};
use crate::id::{Contact, Id, IdSpace};
use crate::kbr::{Call, KeyBased, Routed, Step, Upcall};
use crate::layer::{Both, Part};

fn opened(contact: Contact<ContactInfo>) -> Contact {
    Contact {
        id: contact.id,
        addr: contact.addr.open(),
    }
}

fn sealed(contact: Contact) -> Contact<ContactInfo> {
    Contact {
        id: contact.id,
        addr: ContactInfo::seal(contact.addr),
    }
}

/// The same message with another way to say who sent it.
fn with_source<B, A, Z>(message: Routed<B, A>, source: impl FnOnce(Contact<A>) -> Contact<Z>) -> Box<Routed<B, Z>> {
    Box::new(Routed {
        key: message.key,
        operation: message.operation,
        source: source(message.source),
        hops: message.hops,
        timeouts: message.timeouts,
        payload: message.payload,
    })
}

impl<B, T: From<Call<B, ContactInfo>>> From<Call<B>> for Command<T> {
    fn from(call: Call<B>) -> Self {
        Command(T::from(match call {
            Call::Route { key, payload } => Call::Route { key, payload },
            Call::Forward { message, next } => Call::Forward {
                message: with_source(*message, sealed),
                next: next.map(sealed),
            },
        }))
    }
}

fn step(step: Step<ContactInfo>) -> Step {
    match step {
        Step::Owner(contact) => Step::Owner(opened(contact)),
        Step::Closer(contact) => Step::Closer(opened(contact)),
        Step::DeadEnd => Step::DeadEnd,
    }
}

/// Daemons that are no virtual nodes are not members of the overlay, and know nobody.
impl<C> KeyBased for XBone<C>
where
    C: Driver + KeyBased,
{
    type Payload = C::Payload;

    fn upcall(event: Self::Event) -> Result<Upcall<C::Payload>, Self::Event> {
        let event = match event {
            Part::Own(Event::NotAdmitted) => return Ok(Upcall::Out),
            Part::Own(_) => return Err(event),
            Part::Below(event) => event,
        };
        Ok(match C::upcall(event).map_err(Part::Below)? {
            Upcall::Joined => Upcall::Joined,
            Upcall::Out => Upcall::Out,
            Upcall::Deliver(message) => Upcall::Deliver(with_source(*message, opened)),
            Upcall::Forward { message, next } => Upcall::Forward {
                message: with_source(*message, opened),
                next: opened(next),
            },
            Upcall::Undeliverable(message) => Upcall::Undeliverable(with_source(*message, opened)),
            Upcall::Update { neighbour, joined } => Upcall::Update {
                neighbour: opened(neighbour),
                joined,
            },
        })
    }

    fn space(config: &Both<Config, C::Config>) -> IdSpace {
        C::space(&config.below)
    }

    fn contact(&self) -> Contact {
        match self {
            XBone::Node(node) => opened(node.overlay().contact()),
            XBone::Manager(_, addr) | XBone::Server(_, addr) => Contact {
                id: Id::new(0),
                addr: *addr,
            },
        }
    }

    fn next_hop(&self, config: &Both<Config, C::Config>, key: Id) -> Step {
        match self.overlay() {
            Some(overlay) => step(overlay.next_hop(&config.below, key)),
            None => Step::DeadEnd,
        }
    }

    fn neighbour_set(&self, config: &Both<Config, C::Config>, max: usize) -> Vec<Contact> {
        let neighbours = self.overlay().map(|overlay| overlay.neighbour_set(&config.below, max));
        neighbours.into_iter().flatten().map(opened).collect()
    }

    fn replica_set(&self, config: &Both<Config, C::Config>, key: Id, max_rank: usize) -> Vec<Contact> {
        let replicas = self
            .overlay()
            .map(|overlay| overlay.replica_set(&config.below, key, max_rank));
        replicas.into_iter().flatten().map(opened).collect()
    }

    fn most_replicas(config: &Both<Config, C::Config>) -> usize {
        C::most_replicas(&config.below)
    }

    fn is_root(&self, config: &Both<Config, C::Config>, key: Id) -> bool {
        self.overlay()
            .is_some_and(|overlay| overlay.is_root(&config.below, key))
    }

    fn roots<N: Copy>(
        config: &Both<Config, C::Config>,
        key: Id,
        members: &BTreeMap<u128, N>,
        max_rank: usize,
    ) -> Vec<N> {
        C::roots(&config.below, key, members, max_rank)
    }
}
