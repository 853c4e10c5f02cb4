//! PeerNet: a network layer for nodes that move, in which the address of a node says where it is, not who it is.
//!
//! Jakob Eriksson, Michalis Faloutsos and Srikanth Krishnamurthy, "PeerNet: Pushing Peer-to-Peer Down the Stack", IPTPS 2003.
//! The sections and figures named here are its own. What the paper leaves open is completed by the same authors' DART
//! ("DART: Dynamic Address RouTing for scalable ad hoc and mesh networks", ToN 2007), whose rules ([`Rules::Dart`]) can also be
//! taken whole.
//!
//! | what | section, figure | where |
//! |---|---|---|
//! | address tree, levels, siblings, areas | 3, Fig. 1 and 2 | [`TreeAddress`] |
//! | allocation by splitting ranges; by validating and selecting | 3.1, Fig. 3; DART | `allocation.rs` |
//! | balancing by migration | 3.1 | `balance.rs` |
//! | routing table and its update | 3.2; DART | [`Table`] |
//! | forwarding, lookup on the way | 2, 3.2, Fig. 4 | `forward.rs` |
//! | lookup service: entries, solutions A and B | 3.3 | `registry.rs`, `lookup.rs` |
//! | packets that wait | | `packets.rs` |
//!
//! # Deviations
//!
//! - The paper does not say when a node violates the area invariant, what becomes of ranges whose nodes have left, and how
//!   networks merge. With [`Rules::PeerNet2003`], too, DART's hellos tell nodes of each other, and its *validate* rule finds
//!   addresses that are invalid (the smaller network id wins); their nodes resign and ask again.
//! - A range is the free siblings of the node with the lowest address across from them. While nobody leaves this is what the
//!   paper has; where whole siblings become empty, it returns them to somebody. A newcomer gets the largest free sibling,
//!   that is the upper half of the range; and where the responder itself is in the upper half, since those below it have left, the lower one.
//! - What a responder has given away counts as occupied until the newcomer is seen there, or for a neighbour's expiry.
//! - A node asks the neighbour that seems to have the largest range, and after a refusal the next. A node that knows nobody with
//!   an address for as long as three hellos take begins a network of its own, if it has the smallest identifier around; in any
//!   case after a neighbour's expiry.
//! - An address is validated once a hello, by what the node itself last said and what its neighbours have said since, and before the
//!   routing table is renewed for the next hello: in this order DART's multi-path variant goes about it. The order matters. A
//!   node that judges by a table that is newer than what its neighbours know of it, or at each piece of news, settles sooner, in a
//!   deeper tree: 10.4 to 10.6 levels in place of 10.1 with 400 nodes. What routes lead where is renewed at each piece of news.
//! - An address is selected by what the neighbour says beside which it lies, as in the same variant, and validated against what all say.
//! - A node between two networks that have not heard of each other may find no address that is valid next to both, and the
//!   networks cannot hear of each other but through it. It then takes one that is not valid, until the next hello, and that of a
//!   neighbour only by the rules of 2003 where no other is given.
//! - A network id is told with the links that it has come from the node that it names, and goes no further than
//!   [`Config::horizon`]. A log of levels keeps a way from coming back, but not from becoming longer: when a node has left an
//!   area, what was said of its identifier goes on there along ever longer ways, as many as there are, by one link a hello. Who hears
//!   it takes his own address for invalid, moves, and leaves other identifiers behind. Without that bound a network of
//!   1000 nodes that all begin with address 0 by DART's rules does not come to rest within 300 s.
//! - [`Config::change_backoff`] lets a node wait before it gives up an invalid address, which DART does not: where several neighbours hear the
//!   same news, they would all move, often to the same address, and make each other's invalid again.
//! - A hello has no "metric" besides the number of links; there is nothing that it could count here. Nor has it a number: one that says
//!   that its node has moved can follow another at once, and where delays vary, the older one can come last, and counts until the next.
//! - Lookup entries expire by the clock of the node that registered, which stands in them as their version. A node that comes to hold two
//!   entries of another one, for areas of different levels, that cannot both be true keeps the newer one alone: the older one would else
//!   answer for the smaller area.
//! - Addresses of 16 bits are few for 400 nodes: where all siblings of all neighbours of a node are occupied, any address would lie
//!   in an area in which it has no link to anybody. It is refused, as in the paper, and has none until one is free; DART's variant keeps the
//!   invalid one, which another node can have, too. The same befalls a part of the network that hangs on such a node: it keeps contradicting
//!   the rest. Of 72 networks of 400 nodes, which begin with address 0 and have 10 neighbours each, 4 had such a node with 16 bits, none with
//!   16 bits and [`Config::balancing`], and of 36 none with 32 bits.
//! - A responder cannot know that a neighbour of the newcomer, cut off from everybody else, is at the address that it gives. The newcomer then
//!   takes the next one that this neighbour would give it, if the block were that neighbour's range. The paper has no such case.
//! - Packets, too, carry a log of the levels they have crossed and the address of the node that they come from, and one that
//!   crosses a level for the second time, and no higher one in between, is dropped. DART's logs keep loops out of the routing tables; while these change, a packet could still
//!   meet old and new ones in turn. Whoever changes its address says so at once, with its next hello, so that where no hello gets lost no packet
//!   comes to a node twice, unless one on its way has another address since. Where one does get lost, a packet can come back, and is dropped.
//! - Solution A takes the areas in which there is anybody besides those of the next smaller one. In solution B the areas differ
//!   by a fixed number of levels, and the entry in the area of one step is renewed half as often as that in the area one step smaller, up
//!   to half of the entry time-out; an entry that a change of address makes wrong is renewed at once. The paper says neither.
//! - In solution B the paper has local nodes keep the less significant bits of an address alone. Here they keep all of it: the others
//!   are those of the area that the entry lies in, and with them an entry can be handed on whoever holds it.
//! - A lookup that comes by the very node that it is for goes no further: that node answers. The paper has entries alone answer.
//! - A lookup says which address is known to be wrong, where the destination was not where an entry had it: an old entry nearby would
//!   else hide the new one.
//! - Members of groups are registered with their whole addresses, in solution B as in A: high-order bits of several nodes are not
//!   those of one.
//! - Everybody forwards what comes to it as far as it can; nobody acknowledges. A packet that got stuck is looked up again, as
//!   in section 2; a registration or a query that got stuck is lost, and made again when its time comes.

mod address;
mod allocation;
mod balance;
mod config;
mod event;
mod forward;
mod lookup;
mod neighbours;
mod packets;
#[cfg(test)]
mod properties;
mod registry;
mod table;
#[cfg(test)]
mod tests;
mod validity;
mod wire;

use std::collections::BTreeSet;

use sim_core::addr::NodeAddr;
use sim_core::protocol::{Ctx, LinkChange, OperationId, Protocol};
use sim_core::random::{StreamKey, unit};
use sim_core::read_ahead::read_ahead;

pub use address::{Group, Identifier, TreeAddress};
use allocation::Allocation;
pub use config::{Config, ConfigError, Detection, LookupKind, Rules};
pub use event::{Command, Event};
use lookup::Lookups;
use neighbours::{Neighbour, Neighbours, News};
use packets::Waiting;
use registry::Registry;
use table::Step;
pub use table::{Level, Route, Table};
pub use wire::{Advert, Answer, Entry, Hello, Load, Msg, Query, Sought, Way};

/// At most so many cache lines of a table are read ahead.
const MOST_LINES: usize = 32;

/// What a node says to its later self.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Timer {
    /// It is time for a hello.
    Hello,
    /// It is time to register.
    Register,
    /// The neighbour that was asked for an address has not answered.
    Request,
    /// The lookup of this number has not been answered.
    Lookup(u32),
}

/// A node of PeerNet.
#[derive(Debug)]
pub struct PeerNet {
    id: Identifier,
    bits: u8,
    address: Option<TreeAddress>,
    neighbours: Neighbours,
    table: Table,
    /// Its last hello.
    said: Hello,
    allocation: Allocation,
    registry: Registry,
    groups: BTreeSet<Group>,
    lookups: Lookups,
    waiting: Waiting,
}

impl Protocol for PeerNet {
    type Addr = NodeAddr;
    type Init = ();
    type Config = Config;
    type Msg = Msg;
    type Timer = Timer;
    type Command = Command;
    type Event = Event;

    fn new(me: NodeAddr, (): (), config: &Config, _: StreamKey) -> Self {
        PeerNet {
            id: Identifier::of_node(me),
            bits: config.address_bits,
            address: None,
            neighbours: Neighbours::default(),
            table: Table::default(),
            said: Hello::default(),
            allocation: Allocation::default(),
            registry: Registry::default(),
            groups: BTreeSet::new(),
            lookups: Lookups::default(),
            waiting: Waiting::default(),
        }
    }

    fn on_start(&mut self, ctx: &mut Ctx<'_, Self>) {
        self.allocation.start(ctx.now());
        if ctx.config().rules == Rules::Dart {
            self.move_to(ctx, Some(self.first_address()), false);
        }
        // Nodes that start together do not speak together.
        let (hello, register) = (unit(ctx.rng()), unit(ctx.rng()));
        ctx.set_timer(ctx.config().hello_period.mul_f64(hello), Timer::Hello);
        ctx.set_timer(ctx.config().registration_period.mul_f64(register), Timer::Register);
    }

    fn on_message(&mut self, ctx: &mut Ctx<'_, Self>, from: NodeAddr, msg: Msg) {
        match msg {
            Msg::Hello(hello) => self.heard(ctx, from, hello),
            Msg::Request => self.asked_for_address(ctx, from),
            Msg::Grant(address) => self.granted(ctx, from, address),
            Msg::Refuse => self.refused(ctx, from),
            Msg::Routed(way, load) => {
                let came_from = Some(from);
                self.forward(ctx, Way { came_from, ..way }, load);
            }
        }
    }

    fn read_ahead(&self, _: NodeAddr, msg: &Msg) {
        match msg {
            Msg::Hello(hello) => {
                self.neighbours.read_ahead();
                self.table.read_ahead();
                read_ahead(&*hello.levels, MOST_LINES);
            }
            Msg::Routed(..) => self.table.read_ahead(),
            Msg::Request | Msg::Grant(_) | Msg::Refuse => {}
        }
    }

    fn on_timer(&mut self, ctx: &mut Ctx<'_, Self>, timer: Timer) {
        match timer {
            Timer::Hello => self.hello_due(ctx),
            Timer::Register => self.registration_due(ctx),
            Timer::Request => self.request_expired(ctx),
            Timer::Lookup(number) => self.lookup_expired(ctx, number),
        }
    }

    fn on_link(&mut self, ctx: &mut Ctx<'_, Self>, change: LinkChange<NodeAddr>) {
        if let LinkChange::Down(node) = change
            && ctx.config().detection == Detection::Carrier
        {
            self.forget(ctx, node);
        }
    }

    fn on_command(&mut self, ctx: &mut Ctx<'_, Self>, operation: OperationId, command: Command) {
        match command {
            Command::Send(send) => self.send_packet(ctx, operation, send),
            Command::Lookup(node) => self.look_up_for(ctx, operation, node),
            Command::Join(group) => self.join(ctx, group),
            Command::Leave(group) => {
                self.groups.remove(&group);
            }
            Command::Anycast { group, bytes } => self.send_to_group(ctx, operation, group, bytes, false),
            Command::Multicast { group, bytes } => self.send_to_group(ctx, operation, group, bytes, true),
        }
    }

    fn on_stop(&mut self, ctx: &mut Ctx<'_, Self>) {
        self.move_to(ctx, None, false);
    }
}

/// What measurements may ask of a node; other nodes never do.
impl PeerNet {
    /// Its identifier.
    pub fn identifier(&self) -> Identifier {
        self.id
    }

    /// Its address, if it has one.
    pub fn address(&self) -> Option<TreeAddress> {
        self.address
    }

    /// Its routing table: the occupied levels with their network ids.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// The network id of its area of a level: the smallest identifier there, as far as it knows.
    pub fn network(&self, level: u8) -> Identifier {
        self.table.network(self.id, level)
    }

    /// The first and the last address of its range: of the largest area around it in which there is nobody else, nor somebody
    /// to come.
    pub fn range(&self) -> Option<(TreeAddress, TreeAddress)> {
        let own = self.address?;
        let level = (0..self.bits).find(|level| self.is_taken(*level)).unwrap_or(self.bits);
        let first = own.area(level);
        let last = (0..level).fold(first, |address, below| address.across(below));
        Some((first, last))
    }

    /// The level of the largest block of addresses that it could give away: none if it would refuse.
    pub fn largest_block(&self) -> Option<u8> {
        neighbours::largest_block(self.address?, |level| self.is_taken(level))
    }

    /// To which neighbour it would hand what goes to an address: none if that is its own, or it knows no way.
    pub fn next_hop(&self, target: TreeAddress) -> Option<NodeAddr> {
        match self.table.step(self.address?, &Way::new(target, 0)) {
            Step::Along(route) => Some(route.next),
            Step::Here | Step::NoRoute | Step::Loop => None,
        }
    }

    /// How many lookup entries it keeps for others.
    pub fn entries_held(&self) -> usize {
        self.registry.len()
    }
}

impl PeerNet {
    /// The address that a network begins with.
    fn first_address(&self) -> TreeAddress {
        TreeAddress::new(0, self.bits)
    }

    fn heard(&mut self, ctx: &mut Ctx<'_, Self>, from: NodeAddr, hello: Hello) {
        let right_tree = hello.address.is_none_or(|address| address.bits() == self.bits);
        // A hello can be on its way when its link goes down: it does not bring the neighbour back.
        let late = ctx.config().detection == Detection::Carrier && ctx.links().binary_search(&from).is_err();
        if !right_tree || late {
            return;
        }
        let before = match self.neighbours.hear(from, ctx.now(), hello) {
            News::None => return,
            News::Since(before) => Some(before),
            News::Newcomer => None,
        };
        self.renew_table(ctx, from, before.as_ref());
    }

    /// Forgets a neighbour. Says whether it was one.
    fn forget(&mut self, ctx: &mut Ctx<'_, Self>, node: NodeAddr) -> bool {
        let forgotten = self.neighbours.forget(node);
        if forgotten.is_some() {
            self.renew_table(ctx, node, forgotten.as_ref());
        }
        forgotten.is_some()
    }

    /// Takes into the routing table that somebody, who was this neighbour before, is another one now.
    fn renew_table(&mut self, ctx: &mut Ctx<'_, Self>, node: NodeAddr, before: Option<&Neighbour>) {
        let occupied = self.table.occupied();
        self.table.renew(&self.neighbours, ctx.config(), (node, before));
        self.table_renewed(ctx, occupied);
    }

    fn hello_due(&mut self, ctx: &mut Ctx<'_, Self>) {
        let config = ctx.config();
        if self.neighbours.expire(ctx.now(), config.neighbour_expiry) {
            let occupied = self.table.occupied();
            self.table = Table::build(&self.neighbours, config);
            self.table_renewed(ctx, occupied);
        }
        self.settle(ctx);
        self.balance(ctx);
        self.waiting_expired(ctx);
        self.say_hello(ctx);
        let next = config.hello_period.mul_f64(0.75 + unit(ctx.rng()) / 2.0);
        ctx.set_timer(next, Timer::Hello);
    }

    fn say_hello(&mut self, ctx: &mut Ctx<'_, Self>) {
        self.said = Hello {
            address: self.address,
            levels: self.table.adverts(),
        };
        ctx.broadcast(Msg::Hello(self.said.clone()));
    }

    /// Where other levels are occupied than before, lookup entries may belong elsewhere.
    fn table_renewed(&mut self, ctx: &mut Ctx<'_, Self>, before: u128) {
        if self.table.occupied() != before {
            self.move_entries(ctx);
        }
    }

    /// Changes the address. The lookup entries that belonged to the old one are handed on, the node registers with the new one,
    /// and packets that waited for it leave.
    fn move_to(&mut self, ctx: &mut Ctx<'_, Self>, to: Option<TreeAddress>, migrated: bool) {
        let from = std::mem::replace(&mut self.address, to);
        if from == to {
            return;
        }
        self.allocation.moved(ctx.now(), migrated);
        self.neighbours.seen_from(to, ctx.config().horizon);
        self.table = Table::build(&self.neighbours, ctx.config());
        ctx.emit(Event::Address { from, to, migrated });
        self.move_entries(ctx);
        if to.is_some() {
            self.register_changes(ctx);
            self.release_all(ctx);
        }
    }
}
