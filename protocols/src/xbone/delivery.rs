//! What data cost that go over the overlay: each node that they pass takes them in and sends them on, one by one.
//!
//! The costs of a hop are those of [`forwarding`](super::forwarding), so that delivery by the kernel, in tunnels, and by a daemon, over
//! an overlay alone, can be compared end to end: half of a hop is the receiving, and half the sending, of which the first node has only the
//! one and the last only the other. A node has one processor, with a finite queue before it. What it has taken in and the overlay sends on
//! is sent on at once, before what waits. Over TCP, a message leaves after another round trip, in which its connection is opened.
//!
//! What waits for the processor of a node that leaves is lost with it.
//!
//! Only data cost, which are what the overlay routes to a key for those above it. What daemons and overlays say to keep the network
//! itself is little, and goes past the processor.

use std::collections::{BTreeMap, VecDeque};

use sim_core::addr::NodeAddr;
use sim_core::protocol::Wire;
use sim_core::time::SimDuration;

use super::Driver;
use super::forwarding::{Costs, TUNNEL_BYTES, Way};
use super::ledger::LeaseId;
use super::wire::Tunnelled;

/// How data are forwarded over the overlay.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Delivery {
    /// By what, and whether in tunnels.
    pub way: Way,
    /// What a node's processor takes for it.
    pub costs: Costs,
    /// How large a message is, headers of IPv4 and UDP included; what carries more is as large as what it carries.
    pub bytes: u32,
    /// How many messages may wait for the processor, not counting the one it is at; those beyond are lost.
    pub queue: usize,
}

impl Delivery {
    fn hop<M: Wire>(&self, inner: &M) -> SimDuration {
        self.costs.hop(self.way, self.bytes.max(inner.wire_bytes()))
    }

    fn line_bytes<M: Wire>(&self, inner: &M) -> u32 {
        self.way.line_bytes(self.bytes.max(inner.wire_bytes()))
    }
}

/// A message of the overlay as it goes on the line, in a tunnel with this name, if tunnels have names.
pub(super) fn packet<C: Driver>(
    delivery: Option<&Delivery>,
    lease: Option<LeaseId>,
    inner: C::Msg,
) -> Tunnelled<C::Msg> {
    let bytes = match delivery {
        Some(delivery) if C::carries_data(&inner) => delivery.line_bytes(&inner),
        _ => TUNNEL_BYTES + inner.wire_bytes(),
    };
    Tunnelled { lease, inner, bytes }
}

/// Something for the processor to do.
#[derive(Debug)]
pub(super) enum Work<M> {
    /// To take in what has come from there.
    Receive(NodeAddr, Tunnelled<M>),
    /// To send this to there.
    Send(NodeAddr, M),
}

/// What becomes of work.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Taken {
    /// The processor is at it, for so long.
    Begun(SimDuration),
    /// It waits.
    Waits,
    /// There is no room for it.
    Lost,
}

/// The processor of a node, as far as it forwards data.
#[derive(Debug)]
pub(super) struct Processor<M> {
    at: Option<Work<M>>,
    waiting: VecDeque<Work<M>>,
    connecting: BTreeMap<u32, (NodeAddr, M)>,
    next_connection: u32,
}

impl<M> Default for Processor<M> {
    fn default() -> Self {
        Processor {
            at: None,
            waiting: VecDeque::new(),
            connecting: BTreeMap::new(),
            next_connection: 0,
        }
    }
}

impl<M: Wire> Processor<M> {
    /// Something is to be done.
    pub(super) fn take_on(&mut self, delivery: &Delivery, work: Work<M>) -> Taken {
        if self.at.is_none() {
            return Taken::Begun(self.begin(delivery, work));
        }
        if self.waiting.len() >= delivery.queue {
            return Taken::Lost;
        }
        self.waiting.push_back(work);
        Taken::Waits
    }

    /// It is done with what it was at. What the overlay sends on of it is taken on before what waits.
    pub(super) fn done(&mut self) -> Option<Work<M>> {
        self.at.take()
    }

    /// It turns to what waits, unless it is at something, and says how long that takes.
    pub(super) fn next(&mut self, delivery: &Delivery) -> Option<SimDuration> {
        if self.at.is_some() {
            return None;
        }
        let work = self.waiting.pop_front()?;
        Some(self.begin(delivery, work))
    }

    fn begin(&mut self, delivery: &Delivery, work: Work<M>) -> SimDuration {
        let takes = match &work {
            Work::Receive(_, packet) => delivery.hop(&packet.inner) / 2,
            Work::Send(_, inner) => {
                let hop = delivery.hop(inner);
                SimDuration::from_nanos(hop.as_nanos() - (hop / 2).as_nanos())
            }
        };
        self.at = Some(work);
        takes
    }

    /// A message waits for its connection, which has this number.
    pub(super) fn connect(&mut self, to: NodeAddr, inner: M) -> u32 {
        let number = self.next_connection;
        self.next_connection = number.wrapping_add(1);
        self.connecting.insert(number, (to, inner));
        number
    }

    /// The connection stands.
    pub(super) fn connected(&mut self, number: u32) -> Option<(NodeAddr, M)> {
        self.connecting.remove(&number)
    }
}
