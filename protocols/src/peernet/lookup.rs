//! Looking addresses up (section 3.3).

use std::collections::BTreeMap;

use sim_core::addr::NodeAddr;
use sim_core::protocol::{Ctx, OperationId, TimerId};

use super::address::{Group, Identifier, TreeAddress};
use super::wire::{Answer, Load, Query, Sought, Way};
use super::{Event, PeerNet, Timer};

/// Whose address is wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Wanted {
    /// That of a node.
    Node(NodeAddr),
    /// That of the nearest member of a group.
    Nearest(Group),
    /// Those of all members of a group.
    All(Group),
}

impl Wanted {
    fn identifier(self) -> Identifier {
        match self {
            Wanted::Node(node) => Identifier::of_node(node),
            Wanted::Nearest(group) | Wanted::All(group) => Identifier::of_group(group),
        }
    }

    fn sought(self) -> Sought {
        match self {
            Wanted::Node(_) => Sought::Node,
            Wanted::Nearest(_) => Sought::Nearest,
            Wanted::All(_) => Sought::All,
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Pending {
    wanted: Wanted,
    stale: Option<TreeAddress>,
    operation: Option<OperationId>,
    tries: u8,
    timer: TimerId,
}

/// The lookups that have not ended.
#[derive(Debug, Default)]
pub(super) struct Lookups {
    pending: BTreeMap<u32, Pending>,
    next: u32,
}

impl Lookups {
    /// The number of a lookup that packets for somebody wait for, and whether it has yet to begin.
    pub(super) fn number_for(&mut self, wanted: Wanted, stale: Option<TreeAddress>) -> (u32, bool) {
        let same =
            |pending: &Pending| pending.operation.is_none() && pending.wanted == wanted && pending.stale == stale;
        match self.pending.iter().find(|(_, pending)| same(pending)) {
            Some((number, _)) => (*number, false),
            None => (self.new_number(), true),
        }
    }

    fn new_number(&mut self) -> u32 {
        self.next = self.next.wrapping_add(1);
        self.next
    }
}

impl PeerNet {
    /// Looks a node up because somebody above wants to know.
    pub(super) fn look_up_for(&mut self, ctx: &mut Ctx<'_, Self>, operation: OperationId, node: NodeAddr) {
        let number = self.lookups.new_number();
        self.begin_lookup(ctx, number, Wanted::Node(node), None, Some(operation));
    }

    /// Begins a lookup. Whatever waits for it must wait already: the answer can be here.
    pub(super) fn begin_lookup(
        &mut self,
        ctx: &mut Ctx<'_, Self>,
        number: u32,
        wanted: Wanted,
        stale: Option<TreeAddress>,
        operation: Option<OperationId>,
    ) {
        let timer = ctx.set_timer(ctx.config().request_timeout, Timer::Lookup(number));
        let pending = Pending {
            wanted,
            stale,
            operation,
            tries: 1,
            timer,
        };
        self.lookups.pending.insert(number, pending);
        self.ask_around(ctx, number, wanted, stale);
    }

    /// Sends a query to where the entry should be in the smallest area, or in the whole tree if all are wanted.
    fn ask_around(&mut self, ctx: &mut Ctx<'_, Self>, number: u32, wanted: Wanted, stale: Option<TreeAddress>) {
        let Some(address) = self.address else {
            return;
        };
        let query = Query {
            wanted: wanted.identifier(),
            sought: wanted.sought(),
            asker: ctx.me(),
            answer_to: address,
            number,
            stale,
            growing: true,
        };
        let scopes = self.scopes(ctx.config().lookup, query.sought != Sought::Node);
        let scope = match query.sought {
            Sought::All => self.bits,
            Sought::Node | Sought::Nearest => scopes.first().map_or(self.bits, |scope| scope.level),
        };
        let way = Way::new(address.point(query.wanted, scope), scope);
        self.forward(ctx, way, Load::Query(query));
    }

    pub(super) fn lookup_expired(&mut self, ctx: &mut Ctx<'_, Self>, number: u32) {
        let Some(pending) = self.lookups.pending.get_mut(&number) else {
            return;
        };
        if pending.tries < ctx.config().lookup_tries {
            pending.tries += 1;
            pending.timer = ctx.set_timer(ctx.config().request_timeout, Timer::Lookup(number));
            let (wanted, stale) = (pending.wanted, pending.stale);
            return self.ask_around(ctx, number, wanted, stale);
        }
        let nothing = Answer {
            asker: ctx.me(),
            number,
            found: Vec::new(),
            hops: 0,
        };
        self.answered_lookup(ctx, nothing, 0);
    }

    pub(super) fn answered_lookup(&mut self, ctx: &mut Ctx<'_, Self>, answer: Answer, hops_back: u32) {
        let Some(pending) = self.lookups.pending.get(&answer.number).copied() else {
            return;
        };
        // The next try may find an entry that is on its way to where it belongs now. A packet that got stuck does not wait for
        // that: it could be told the same address once more, and turn back.
        if answer.found.is_empty() && pending.stale.is_none() && pending.tries < ctx.config().lookup_tries {
            return;
        }
        self.lookups.pending.remove(&answer.number);
        ctx.cancel_timer(pending.timer);
        let found = answer.found.first().map(|(_, address)| *address);
        if let (Wanted::Node(node), Some(address)) = (pending.wanted, found) {
            self.waiting.learn(node, address, ctx.now());
        }
        ctx.emit(Event::LookedUp {
            operation: pending.operation,
            found,
            hops: answer.hops,
            hops_back,
        });
        self.release(ctx, answer.number, &answer.found);
    }

    /// A query has come to the node that keeps the entry, if anybody in that area does.
    pub(super) fn serve(&mut self, ctx: &mut Ctx<'_, Self>, way: Way, query: Query) {
        if let Some(stale) = query.stale {
            self.registry.discard(query.wanted, stale);
        }
        match query.sought {
            Sought::All => {
                let entries = self.registry.under(query.wanted, Some(way.scope));
                let found = entries.map(|entry| (entry.node, entry.address)).collect();
                self.answer(ctx, way, query, found);
            }
            Sought::Nearest => {
                let entries = self.registry.under(query.wanted, None);
                let nearest = entries.min_by_key(|entry| (entry.address.distance(query.answer_to), entry.node));
                match nearest.map(|entry| (entry.node, entry.address)) {
                    Some(nearest) => self.answer(ctx, way, query, vec![nearest]),
                    None => self.widen(ctx, way, query),
                }
            }
            Sought::Node => {
                let entries = self.registry.under(query.wanted, None);
                let best = entries
                    .filter(|entry| entry.known < way.scope)
                    .min_by_key(|entry| entry.known);
                match best.copied() {
                    Some(entry) if entry.known == 0 => {
                        self.answer(ctx, way, query, vec![(entry.node, entry.address)]);
                    }
                    // Solution B: the entry in the smaller area knows more.
                    Some(entry) => {
                        let target = entry.address.point(query.wanted, entry.known);
                        self.send_on(
                            ctx,
                            way,
                            target,
                            entry.known,
                            Query {
                                growing: false,
                                ..query
                            },
                        );
                    }
                    None => self.widen(ctx, way, query),
                }
            }
        }
    }

    /// The wanted one is this node.
    pub(super) fn answer_for_itself(&mut self, ctx: &mut Ctx<'_, Self>, way: Way, query: Query) {
        let found = self.address.map(|address| (ctx.me(), address));
        self.answer(ctx, way, query, found.into_iter().collect());
    }

    /// There is no entry in this area: the query goes on to the next larger one.
    fn widen(&mut self, ctx: &mut Ctx<'_, Self>, way: Way, query: Query) {
        let scopes = self.scopes(ctx.config().lookup, query.sought != Sought::Node);
        let next = scopes.into_iter().find(|scope| scope.level > way.scope);
        match (next, self.address) {
            (Some(next), Some(address)) if query.growing => {
                let target = address.point(query.wanted, next.level);
                self.send_on(ctx, way, target, next.level, query);
            }
            _ => self.answer(ctx, way, query, Vec::new()),
        }
    }

    fn send_on(&mut self, ctx: &mut Ctx<'_, Self>, way: Way, target: TreeAddress, scope: u8, query: Query) {
        let way = Way {
            hops: way.hops,
            ..Way::new(target, scope)
        };
        self.forward(ctx, way, Load::Query(query));
    }

    fn answer(&mut self, ctx: &mut Ctx<'_, Self>, way: Way, query: Query, found: Vec<(NodeAddr, TreeAddress)>) {
        let answer = Answer {
            asker: query.asker,
            number: query.number,
            found,
            hops: way.hops,
        };
        self.forward(ctx, Way::new(query.answer_to, 0), Load::Answer(answer));
    }
}
