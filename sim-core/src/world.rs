//! The world outside the protocols: who is there when, what is asked of whom, what is probed.

use crate::act::Action;
use crate::addr::NodeAddr;
use crate::environment::Environment;
use crate::link_layer::LinkLayer;
use crate::network::Network;
use crate::observer::{Witness, reborrow};
use crate::partition::Partition;
use crate::port::Told;
use crate::protocol::{LinkChange, OperationId, Protocol};
use crate::queue::{EventKey, Queue, Source};
use crate::time::{SimDuration, SimTime};
use crate::traffic::Traffic;

impl Source {
    /// The world's own rank: of events of the same instant, the world's come first.
    pub const WORLD: Source = Source(0);

    /// The rank of a node.
    #[inline]
    pub const fn node(addr: NodeAddr) -> Source {
        Source(addr.0 + 1)
    }

    /// The node of this rank; none for the world.
    pub const fn addr(self) -> Option<NodeAddr> {
        match self.0.checked_sub(1) {
            Some(index) => Some(NodeAddr(index)),
            None => None,
        }
    }
}

pub use crate::act::Departure;

/// What happens to a simulation from outside, and who listens to it: churn, workload and measurement.
///
/// World events take place between node events, in the total order; of one instant, first. A world acts through
/// [`Control`] and hears the nodes' events in the total order, however the run is split. It decides by its own streams
/// and by what the nodes told, never by looking into them; only measurements look.
pub trait World<P: Protocol<Addr = NodeAddr>> {
    /// What the world has put into its own calendar.
    type Event;

    /// Something the world scheduled is due.
    fn on_event(&mut self, control: &mut Control<'_, P, Self::Event>, event: Self::Event);

    /// A node told something. Everything a node told before a world event has been heard when that event happens.
    fn on_node_event(&mut self, time: SimTime, node: NodeAddr, event: P::Event);
}

/// What a [`World`] may do while one of its events is handled.
pub struct Control<'a, P: Protocol<Addr = NodeAddr>, E> {
    pub(crate) cause: EventKey,
    pub(crate) environment: &'a mut Environment<P>,
    pub(crate) partitions: &'a mut [Partition<P>],
    pub(crate) calendar: &'a mut Calendar<E>,
    /// To whom something has been done, in order.
    pub(crate) touched: &'a mut Vec<NodeAddr>,
    pub(crate) witness: Option<&'a mut dyn Witness<P>>,
    /// What was told in answer, in the order of the acts.
    pub(crate) told: &'a mut Vec<Told<P::Event>>,
}

/// The world's own queue.
pub(crate) struct Calendar<E> {
    pub(crate) queue: Queue<E>,
    pub(crate) next_counter: u32,
    /// When the world has ended the run, if it has.
    pub(crate) ended: Option<SimTime>,
}

impl<E> Calendar<E> {
    pub(crate) fn new() -> Self {
        Calendar {
            queue: Queue::new(),
            next_counter: 0,
            ended: None,
        }
    }

    pub(crate) fn schedule(&mut self, time: SimTime, event: E) {
        let key = EventKey {
            time,
            source: Source::WORLD,
            counter: self.next_counter,
        };
        self.next_counter += 1;
        self.queue.push(key, event);
    }
}

impl<P: Protocol<Addr = NodeAddr>, E> Control<'_, P, E> {
    /// The present instant.
    pub fn now(&self) -> SimTime {
        self.cause.time
    }

    /// Puts an event into the world's calendar, `delay` ahead; a delay of zero means a nanosecond.
    pub fn schedule(&mut self, delay: SimDuration, event: E) {
        self.calendar
            .schedule(self.cause.time + delay.max(SimDuration::NANOSECOND), event);
    }

    /// Ends the run: nothing happens any more but what else the world has in its calendar for this instant.
    pub fn end(&mut self) {
        self.calendar.ended = Some(self.cause.time);
    }

    /// Starts a node. A node that is up is silently replaced by its next incarnation.
    pub fn start(&mut self, node: NodeAddr, init: P::Init) {
        self.act(node, Action::Start(init));
    }

    /// Makes a node leave. One that is down stays down.
    pub fn stop(&mut self, node: NodeAddr, departure: Departure) {
        self.act(node, Action::Stop(departure));
    }

    /// Asks a node for something. A node that is down does not hear it.
    pub fn command(&mut self, node: NodeAddr, operation: OperationId, command: P::Command) {
        self.act(node, Action::Command(operation, command));
    }

    /// Whether a node is up.
    pub fn is_up(&self, node: NodeAddr) -> bool {
        self.node(node).is_some()
    }

    /// The state of a node that is up: for measurements only.
    pub fn node(&self, node: NodeAddr) -> Option<&P> {
        self.partitions
            .get(self.environment.split.partition_of(node))?
            .node(node)
    }

    /// Messages and bytes sent so far.
    pub fn traffic(&self) -> Traffic {
        Partition::traffic_of(self.partitions)
    }

    /// The network: for measurements that compare with the direct path.
    pub fn network(&self) -> &dyn Network {
        &*self.environment.network
    }

    /// Who are neighbours at this moment, where only neighbours can talk: for measurements.
    pub fn links(&self) -> Option<&LinkLayer> {
        self.environment.links.as_ref()
    }

    /// An address that no host has is nobody's: nothing happens there.
    fn act(&mut self, node: NodeAddr, action: Action<P>) {
        if !self.environment.split.has(node) {
            return;
        }
        // Who comes has links when it starts, and who goes has them until it has stopped.
        let comes = matches!(action, Action::Start(_));
        let goes = matches!(action, Action::Stop(_));
        let mut set_up = |up| self.environment.links.as_mut().map(|links| links.set_up(node, up));
        let gained = if comes { set_up(true) } else { None };
        self.act_alone(node, action);
        let mut set_up = |up| self.environment.links.as_mut().map(|links| links.set_up(node, up));
        let lost = if goes { set_up(false) } else { None };
        for neighbour in gained.into_iter().flatten() {
            self.act_alone(neighbour, Action::Link(LinkChange::Up(node)));
        }
        for neighbour in lost.into_iter().flatten() {
            self.act_alone(neighbour, Action::Link(LinkChange::Down(node)));
        }
    }

    /// Does something to a node, and nothing to its neighbours.
    pub(crate) fn act_alone(&mut self, node: NodeAddr, action: Action<P>) {
        self.touched.push(node);
        let partition = &mut self.partitions[self.environment.split.partition_of(node)];
        let witness = reborrow(&mut self.witness);
        partition.act(self.cause, node, action, self.environment, witness);
        partition.drain_told(self.told);
    }
}
