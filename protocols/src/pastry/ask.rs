//! The requests of a node: what they are for, and what an answer or its absence means.

use sim_core::addr::Address;
use sim_core::protocol::Ctx;
use sim_core::time::SimTime;

use super::forward::HopId;
use super::repair::RepairId;
use super::wire::{Part, State};
use super::{Cell, Config, Dropped, Event, Msg, Pastry, Reason, Repair, Side, Timer};
use crate::id::Contact;
use crate::kbr::Payload;
use crate::request::{Expired, Patience, RequestId};

/// What a request is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ask<A> {
    /// Who is near this node, so that the newcomer can join through somebody nearby?
    Nearby,
    /// To join: answered by the nodes on the way.
    Join,
    /// The second stage of a join: what do you know that I can use?
    Corresponding,
    /// I am here, are you?
    Announce(Contact<A>),
    /// Are you there? Asked of the neighbours on the ring, and of those in the neighbourhood set.
    Heartbeat,
    /// The leaf set of the next smaller neighbour.
    Exchange,
    /// The leaf set of the farthest on a side, where somebody has died.
    LeafRepair(Side),
    /// The entry of somebody else's routing table.
    EntryRepair(RepairId),
    /// The neighbourhood set of a member, where somebody has died.
    NeighbourhoodRepair,
    /// The same from time to time.
    Neighbourhood,
    /// A row of somebody else's routing table, from time to time.
    Row(u8),
    /// Is he there, and how far away?
    Measure {
        contact: Contact<A>,
        begun: SimTime,
        repair: Option<RepairId>,
    },
    /// Has a message that was handed on been received?
    Hop(HopId),
    /// Is he there, and whom does he know around him (MSPastry)?
    LeafProbe { contact: Contact<A>, begun: SimTime },
    /// Is he there still (MSPastry)?
    Liveness { contact: Contact<A>, begun: SimTime },
    /// The entry of a routing table for a cell that a message has found empty (MSPastry).
    Cell(Cell),
}

impl<A: Address> Ask<A> {
    /// Whether a newcomer waits for it before it goes on.
    pub(super) fn keeps_newcomer(self) -> bool {
        matches!(
            self,
            Ask::Nearby | Ask::Corresponding | Ask::Announce(_) | Ask::Measure { .. } | Ask::LeafProbe { .. }
        )
    }

    /// What a member asks it for, if it is for a repair.
    fn repairs(self) -> Option<Repair> {
        match self {
            Ask::LeafRepair(_) => Some(Repair::LeafSet),
            Ask::EntryRepair(_) | Ask::Cell(_) => Some(Repair::RoutingTable),
            Ask::NeighbourhoodRepair => Some(Repair::Neighbourhood),
            Ask::Announce(_) | Ask::LeafProbe { .. } => Some(Repair::LeafSetVerification),
            Ask::Measure { repair: Some(_), .. } => Some(Repair::RoutingTableVerification),
            _ => None,
        }
    }
}

impl<B: Payload, A: Address> Pastry<B, A> {
    pub(super) fn request(&mut self, ctx: &mut Ctx<'_, Self>, to: A, ask: Ask<A>) {
        if let Some(repair) = ask.repairs().filter(|_| self.has_joined()) {
            ctx.emit(Event::Repairing(repair));
        }
        let patience = self
            .hop_patience(ctx.config(), to, ask)
            .unwrap_or_else(|| Self::patience(ctx.config(), ask));
        let request = self.requests.open(ctx, to, ask, patience, Timer::Request);
        self.post(ctx, to, request, ask);
    }

    fn patience(config: &Config, ask: Ask<A>) -> Patience {
        let Config { timeout, retries, .. } = *config;
        match ask {
            Ask::Join => Patience {
                timeout: config.join_timeout,
                retries,
            },
            // A second ping would be measured from the first.
            Ask::Measure { .. } => Patience { timeout, retries: 0 },
            _ => Patience { timeout, retries },
        }
    }

    /// Sends the message of a request, for the first time or again.
    fn post(&mut self, ctx: &mut Ctx<'_, Self>, to: A, request: RequestId, ask: Ask<A>) {
        let part = match ask {
            Ask::Join => return self.post_join(ctx, to, request),
            Ask::Announce(contact) => return self.post_announcement(ctx, request, contact),
            Ask::Hop(hop) => return self.post_held(ctx, to, request, hop),
            Ask::Heartbeat | Ask::Measure { .. } => {
                let id = self.is_known().then_some(self.me().id);
                return ctx.send(to, Msg::Ping { request, id });
            }
            Ask::LeafProbe { .. } => return self.post_leaf_probe(ctx, to, request),
            Ask::Liveness { .. } => return self.post_liveness_probe(ctx, to, request),
            Ask::Cell(cell) => Part::Entry(cell),
            Ask::Nearby => Part::Everything,
            Ask::Corresponding => Part::Corresponding(self.me().id),
            Ask::Exchange => self.exchanged_part(to),
            Ask::LeafRepair(_) => Part::LeafSet { unless: None },
            Ask::EntryRepair(repair) => match self.repaired_cell(repair) {
                Some(cell) => Part::Entry(cell),
                None => return,
            },
            Ask::NeighbourhoodRepair | Ask::Neighbourhood => Part::Neighbourhood,
            Ask::Row(row) => Part::Row(row),
        };
        ctx.send(to, Msg::Get { request, part });
    }

    pub(super) fn request_expired(&mut self, ctx: &mut Ctx<'_, Self>, request: RequestId) {
        let Some(ask) = self.requests.purpose(request) else {
            return;
        };
        let patience = Self::patience(ctx.config(), ask);
        match self.requests.expire(ctx, request, patience, Timer::Request) {
            Expired::Again { to, purpose } => self.post(ctx, to, request, purpose),
            Expired::GivenUp { to, purpose } => self.no_answer(ctx, to, purpose),
            Expired::Closed => {}
        }
    }

    /// Nobody answers at that address.
    fn no_answer(&mut self, ctx: &mut Ctx<'_, Self>, to: A, ask: Ask<A>) {
        match ask {
            Ask::Join => return self.out(ctx, Reason::JoinTimeout),
            Ask::Hop(hop) => return self.hop_failed(ctx, hop, to),
            Ask::Nearby => self.approach_failed(),
            Ask::LeafProbe { contact, begun } => self.leaf_probe_failed(ctx, contact, begun),
            Ask::Liveness { contact, begun } => self.liveness_probe_failed(ctx, contact, begun),
            // It is not repeated, so that one that is lost says little.
            Ask::Measure { .. } => {}
            _ if self.dependable.is_some() => self.suspect(ctx, to),
            Ask::Announce(contact) => {
                self.note_gone(ctx, contact);
                self.dead(ctx, to);
            }
            _ => self.dead(ctx, to),
        }
        if let Ask::EntryRepair(repair)
        | Ask::Measure {
            repair: Some(repair), ..
        } = ask
        {
            self.repair_goes_on(ctx, repair);
        }
        self.newcomer_goes_on(ctx);
    }

    /// What somebody says of his tables has come.
    pub(super) fn state_received(
        &mut self,
        ctx: &mut Ctx<'_, Self>,
        from: A,
        request: Option<RequestId>,
        state: &State<A>,
    ) {
        let responder = Contact {
            id: state.id,
            addr: from,
        };
        let Some(request) = request else {
            return self.consider_all(ctx, &state.contacts);
        };
        self.recognise(ctx, responder);
        match self.requests.close(ctx, request, from) {
            Some(Ask::Nearby) => self.approach(ctx, responder, &state.contacts),
            Some(Ask::Corresponding) => self.take_all(ctx, responder, &state.contacts),
            Some(Ask::Exchange) => self.exchanged(ctx, responder, state),
            Some(Ask::LeafRepair(side)) => {
                self.leaf_set_answered(ctx, side, responder, &state.contacts);
                self.look_around(ctx);
            }
            Some(Ask::EntryRepair(repair)) => self.entry_answered(ctx, repair, &state.contacts),
            Some(Ask::NeighbourhoodRepair | Ask::Neighbourhood | Ask::Row(_) | Ask::Cell(_)) => {
                self.consider_all(ctx, &state.contacts);
            }
            _ => ctx.emit(Event::Dropped(Dropped::StaleAnswer)),
        }
        self.newcomer_goes_on(ctx);
    }

    pub(super) fn pong(&mut self, ctx: &mut Ctx<'_, Self>, responder: Contact<A>, request: RequestId) {
        match self.requests.close(ctx, request, responder.addr) {
            Some(Ask::Heartbeat) => {
                self.met(ctx, responder);
            }
            Some(Ask::Measure { contact, begun, repair }) => {
                self.measured(ctx, contact, responder, ctx.now().since(begun));
                if let Some(repair) = repair {
                    self.repair_goes_on(ctx, repair);
                }
            }
            _ => return ctx.emit(Event::Dropped(Dropped::StaleAnswer)),
        }
        self.newcomer_goes_on(ctx);
    }

    /// What the node says of its own tables.
    pub(super) fn part(&self, part: Part) -> State<A> {
        let tables = &self.tables;
        let placed = |entries: &[super::Placed<A>]| entries.iter().map(|entry| entry.contact).collect::<Vec<_>>();
        let contacts = match part {
            Part::LeafSet { unless } if unless == Some(self.version) => Vec::new(),
            Part::LeafSet { .. } => tables.leaf_set.contacts().to_vec(),
            Part::Row(row) => placed(tables.routing_table.row(row)),
            Part::Entry(cell) => tables.routing_table.get(cell).into_iter().collect(),
            Part::Neighbourhood => placed(tables.neighbourhood.placed()),
            Part::Corresponding(id) => {
                let mut corresponding = placed(tables.routing_table.corresponding(id));
                corresponding.extend(tables.neighbourhood.contacts());
                corresponding
            }
            Part::Everything => tables.acquaintances(),
        };
        State {
            id: tables.me().id,
            version: self.version,
            contacts: contacts.into(),
        }
    }
}
