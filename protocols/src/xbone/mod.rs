//! P2P-XBone: a virtual network of IP tunnels whose topology a peer-to-peer protocol drives.
//!
//! N. Fujita, J. D. Touch, V. Pingali and Y.-S. Wang, *P2P-XBone: A Virtual Network Support for Peer-to-Peer Systems*,
//! ISI-TR-2005-607, 2005.
//!
//! Each tunnel takes a block of virtual addresses, its two ends, from an address server. The blocks of one prefix are a
//! [`pool`](BlockPool); who holds which is in a [`Ledger`]; an [`AddressServer`] is the queue in front of it, which takes a time for
//! each transaction. A [`LeaseClient`] is the other side: which of several servers it asks, how long it waits, and what it
//! owes to those that it asked in vain. All of these are plain state machines: who owns them sends the messages and keeps
//! the timers.
//!
//! What it costs a host to forward a packet, in the kernel or by a daemon, is in [`forwarding`]; data that go over the overlay can cost
//! the same at each hop ([`Delivery`]).
//!
//! # The parts
//!
//! | paper | here |
//! |---|---|
//! | P2P daemon (P2PD) | the overlay's own protocol, any [`Driver`], unchanged: its address type is [`ContactInfo`] |
//! | resource daemon (RD) | `daemon.rs`: tunnels in the making, standing and going |
//! | virtual node (VN) | [`VirtualNode`]: both, one to each address of the engine; several of them can be on one host |
//! | overlay manager (OM) | [`Manager`] |
//! | address server | [`AddressServer`] |
//! | upcall daemon | the time that it takes, [`Config::upcall`] |
//!
//! An overlay runs as it is. It sends messages to peers as ever, and their addresses are contact information, which it gets in
//! messages and cannot open. A message to a peer without a tunnel waits until one stands. So the sequence of Fig. 2 needs no
//! message of its own: `find_successor` carries the origin, the responsible node answers it, and the answer has the tunnel made. A
//! tunnel goes when neither end lists the other any more ([`Driver::listed`]).
//!
//! # Nearby nodes first
//!
//! An overlay that chooses among its neighbours by delay (proximity route selection) does so as ever: tunnels to them stand, and
//! what goes through a tunnel takes as long as on the base network. One that chooses its neighbours by delay needs that of nodes to which
//! there is no tunnel (section II-E). There are three ways:
//!
//! - It takes delays for known ([`round_trip`](sim_core::protocol::Ctx::round_trip)), and the resource daemon measures the base
//!   network for it: the call that the paper describes, with [`Config::measures_base`]. That costs no tunnel, and in this model no message.
//! - It takes delays for known, and daemons do not measure: it knows them where a tunnel stands, and of nobody else.
//! - It probes: a probe is a message of the overlay like any other, to the daemons too, and goes through a tunnel, which is made for it,
//!   whether daemons measure or not. The paper calls that "not efficient"; where the set-up takes time, the delay that is found
//!   contains it.
//!
//! # Deviations
//!
//! - Whoever leaves says goodbye only to those to whom a tunnel stands: nobody would be there any more when another one did.
//! - The P2P daemon asks for its contact information when it is launched, and not before each request: it does not change.
//! - The paper does not say what happens when both ends open a tunnel at the same time. Of two requests that cross, the one of the
//!   lower base address counts, and the other one's addresses go back.
//! - "A P2P node only releases all IP tunnels and deletes routing table entries before departure" (section II-B.1). The other ends
//!   delete theirs as well: the resource daemon tells the P2P daemon that the neighbour has left ([`Driver::left`]). Tunnels
//!   without addresses, which nobody releases, do not tell.
//! - A tunnel is torn down when both ends agree, and not when one end wants it to: see `daemon/release.rs`.
//! - What comes through a tunnel before the end that asked for it has configured its own interface waits there.
//! - The bootstrap node is named by whoever starts a node, and not by the manager, which does not know who is still there.
//! - Paths through switches in place of tunnels: see `daemon/path.rs`.
//! - Invitations by the administrator, without a request of the node, are left out. What the manager sends are parameters in name
//!   only: all nodes have the same [`Config`] from the beginning.
//! - Keys of IPsec channels take time, and no bytes.
//! - Entries of the kernel's routing table (DataRouter's, section II-C) follow the overlay's tables at once and cost nothing.
//! - Leases can have a term, which the paper has not: without one the addresses of a tunnel are lost when both of its ends go
//!   silently, or at the same moment.
//! - The end that gives up its own request for that of the other hears of the tunnel without the upcall daemon's delay.
//! - A static network costs no time to make, and no addresses.
//! - There is a resource daemon for each virtual node, where the paper has one for each host: limits are for each node.
//! - A message in a tunnel has the bytes of another IP header also where tunnels cost nothing else: over links of limited
//!   capacity that is seen.
//! - That a node is isolated costs time at its own calls and their answers; requests of other nodes do not cross its border.

mod address_server;
mod config;
mod contact_info;
mod daemon;
mod delivery;
mod driver;
mod event;
pub mod forwarding;
mod key_based;
mod lease_client;
mod ledger;
mod manager;
mod node;
mod pool;
#[cfg(test)]
mod tests;
mod tunnel;
mod whole;
mod wire;

use sim_core::addr::NodeAddr;
use sim_core::protocol::{Ctx, OperationId, Protocol};
use sim_core::random::StreamKey;

use crate::layer::{Both, Part};
use crate::request::RequestId;
pub use address_server::{AddressServer, Completed, Load, ServerError, Service};
pub use config::{Admission, Config, ConfigError, Provisioning, Quality, Security};
pub use contact_info::ContactInfo;
pub use delivery::Delivery;
pub use driver::Driver;
pub use event::{Dialogue, Dropped, Event, Failure, Gone};
pub use lease_client::{Ask, Balancing, CallId, ClientError, Heard, LeaseClient, ServerPatience, Servers, TimedOut};
pub use ledger::{Answer, Counts, Held, Lease, LeaseId, Ledger, Outcome, Terms, Transaction};
pub use manager::Manager;
pub use node::{Arrival, VirtualNode};
pub use pool::{AddressPair, Block, BlockPool, PoolError, VirtualAddr};
pub use whole::whole;
pub use wire::{Msg, Tunnelled};

/// A participant of a virtual network whose overlay is `C`, by its role.
pub enum XBone<C: Driver> {
    /// A virtual node.
    Node(Box<VirtualNode<C>>),
    /// The overlay manager, and its base address.
    Manager(Manager, NodeAddr),
    /// An address server, and its base address.
    Server(Box<AddressServer>, NodeAddr),
}

/// What a participant starts as.
#[derive(Clone, Debug)]
pub enum Init<I> {
    /// A virtual node.
    Node(Box<Arrival<I>>),
    /// The overlay manager.
    Manager,
    /// An address server that is so fast, with the ledger that it had when it went down, or a new one.
    Server(Service, Box<Ledger>),
}

/// What is asked of a virtual node's overlay.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Command<T>(pub T);

/// What a participant says to its later self.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Timer {
    /// Another daemon has not answered in time.
    Request(RequestId),
    /// An address server has not.
    Address(CallId),
    /// The P2P daemon's call for a tunnel has arrived.
    Called(NodeAddr),
    /// The keys for a tunnel have been computed, and its path stands where it needs one.
    Keyed(NodeAddr),
    /// The interface of a tunnel is configured.
    Configured(NodeAddr),
    /// The next packet through a tunnel may go.
    Through(NodeAddr),
    /// A tunnel whose other end has left is to be given up.
    Closed(NodeAddr),
    /// It is time to look which tunnels are still wanted.
    Sweep,
    /// The P2P daemon has its contact information.
    Launch,
    /// An address server has served a transaction.
    Served,
    /// The processor is done with a message that carries data.
    Processed,
    /// The connection for such a message is open.
    Connected(u32),
}

impl Timer {
    /// The time-out of a request, as a timer of the node.
    fn request<T>(request: RequestId) -> Part<Timer, T> {
        Part::Own(Timer::Request(request))
    }
}

impl<C: Driver> XBone<C> {
    /// The virtual node, of a participant that is one.
    pub fn node(&self) -> Option<&VirtualNode<C>> {
        match self {
            XBone::Node(node) => Some(node),
            XBone::Manager(..) | XBone::Server(..) => None,
        }
    }

    /// The overlay's own node, of a participant that is a virtual node.
    pub fn overlay(&self) -> Option<&C> {
        self.node().map(VirtualNode::overlay)
    }

    /// The base address of the participant.
    pub fn addr(&self) -> NodeAddr {
        match self {
            XBone::Node(node) => node.addr(),
            XBone::Manager(_, addr) | XBone::Server(_, addr) => *addr,
        }
    }

    /// The base address that a peer's contact information stands for: for whoever measures a virtual network from outside.
    pub fn base_addr(peer: ContactInfo) -> NodeAddr {
        peer.open()
    }

    /// The address server, of a participant that is one.
    pub fn server(&self) -> Option<&AddressServer> {
        match self {
            XBone::Server(server, _) => Some(server),
            XBone::Node(_) | XBone::Manager(..) => None,
        }
    }
}

impl<C: Driver> Protocol for XBone<C> {
    type Addr = NodeAddr;
    type Init = Init<C::Init>;
    type Config = Both<Config, C::Config>;
    type Msg = Part<Msg, Tunnelled<C::Msg>>;
    type Timer = Part<Timer, C::Timer>;
    type Command = Command<C::Command>;
    type Event = Part<Event, C::Event>;

    fn new(me: NodeAddr, init: Self::Init, config: &Self::Config, streams: StreamKey) -> Self {
        match init {
            Init::Node(arrival) => XBone::Node(Box::new(VirtualNode::new(me, *arrival, &config.below, streams))),
            Init::Manager => XBone::Manager(Manager::default(), me),
            Init::Server(service, ledger) => XBone::Server(Box::new(AddressServer::new(service, *ledger)), me),
        }
    }

    fn on_start(&mut self, ctx: &mut Ctx<'_, Self>) {
        match self {
            XBone::Node(node) => node.on_start(ctx),
            XBone::Manager(..) | XBone::Server(..) => {}
        }
    }

    fn on_message(&mut self, ctx: &mut Ctx<'_, Self>, from: NodeAddr, msg: Self::Msg) {
        match (self, msg) {
            (XBone::Node(node), Part::Below(packet)) => node.on_packet(ctx, from, packet),
            (XBone::Node(node), Part::Own(msg)) => node.on_message(ctx, from, msg),
            (XBone::Manager(manager, _), Part::Own(msg)) => {
                match manager.answer(&ctx.config().own.admission, from, msg) {
                    Some(answer) => ctx.send(from, Part::Own(answer)),
                    None => ctx.emit(Part::Own(Event::Dropped(Dropped::NotMine))),
                }
            }
            (XBone::Server(server, _), Part::Own(Msg::Ask(transaction))) => {
                if let Some(due) = server.arrive(ctx.now(), from, transaction) {
                    ctx.set_timer(due.since(ctx.now()), Part::Own(Timer::Served));
                }
            }
            (XBone::Server(..), Part::Own(Msg::Hello { request })) => {
                ctx.send(from, Part::Own(Msg::HelloBack { request }));
            }
            _ => ctx.emit(Part::Own(Event::Dropped(Dropped::NotMine))),
        }
    }

    fn on_timer(&mut self, ctx: &mut Ctx<'_, Self>, timer: Self::Timer) {
        match (self, timer) {
            (XBone::Node(node), Part::Own(timer)) => node.on_timer(ctx, timer),
            (XBone::Node(node), Part::Below(timer)) => node.on_overlay_timer(ctx, timer),
            (XBone::Server(server, _), Part::Own(Timer::Served)) => {
                if let Some(served) = server.complete(ctx.now()) {
                    ctx.send(served.to, Part::Own(Msg::Answer(served.answer)));
                    if let Some(next) = served.next {
                        ctx.set_timer(next.since(ctx.now()), Part::Own(Timer::Served));
                    }
                }
            }
            (XBone::Manager(..) | XBone::Server(..), _) => {}
        }
    }

    fn on_command(&mut self, ctx: &mut Ctx<'_, Self>, operation: OperationId, command: Self::Command) {
        match self {
            XBone::Node(node) => node.on_command(ctx, operation, command.0),
            XBone::Manager(..) | XBone::Server(..) => ctx.emit(Part::Own(Event::Dropped(Dropped::NotMine))),
        }
    }

    fn on_stop(&mut self, ctx: &mut Ctx<'_, Self>) {
        if let XBone::Node(node) = self {
            node.on_stop(ctx);
        }
    }
}
