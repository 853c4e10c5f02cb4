//! Observers: who sees every event as it happens, what nodes do about it, and every node.

use crate::act::Departure;
use crate::addr::NodeAddr;
use crate::arena::Nodes;
use crate::network::Fate;
use crate::protocol::{LinkChange, OperationId, Protocol};
use crate::time::{SimDuration, SimTime};

/// One event at one node.
pub struct Step<'a, P: Protocol> {
    /// When.
    pub time: SimTime,
    /// Where.
    pub node: NodeAddr,
    /// What.
    pub cause: Cause<'a, P>,
}

/// What a node is told in a [`Step`].
pub enum Cause<'a, P: Protocol> {
    /// A message from another node, or from itself.
    Message {
        /// The sender.
        from: NodeAddr,
        /// The message.
        msg: &'a P::Msg,
    },
    /// A timer.
    Timer(&'a P::Timer),
    /// The world has it come up.
    Start,
    /// The world has it leave.
    Stop(Departure),
    /// The world asks it for something.
    Command {
        /// Which operation.
        operation: OperationId,
        /// What.
        command: &'a P::Command,
    },
    /// A link of it came up or went down.
    Link(LinkChange<P::Addr>),
}

/// One thing a node does while it handles a [`Step`], or what comes of it later.
pub enum Deed<'a, P: Protocol> {
    /// It sends a message.
    Send {
        /// To whom.
        to: NodeAddr,
        /// The message.
        msg: &'a P::Msg,
        /// What becomes of it on the way; where the receiver has an access link with a bandwidth, on the way to that. Whether anybody is up to receive it is known only when it arrives.
        fate: Fate,
    },
    /// It sends a message that has to wait for a [shared medium](crate::link_layer::Medium).
    Wait {
        /// To whom: to all who are neighbours by radio when its turn comes, if to nobody.
        to: Option<NodeAddr>,
        /// The message.
        msg: &'a P::Msg,
    },
    /// A message that it sent and that had to wait for the medium has its turn. One to all neighbours is told once for each of them.
    Waited {
        /// To whom.
        to: NodeAddr,
        /// The message.
        msg: &'a P::Msg,
        /// What becomes of it on the way: it is lost, too, if it has waited too long, or if either of the two has gone.
        fate: Fate,
    },
    /// It sets a timer.
    SetTimer {
        /// How far ahead.
        delay: SimDuration,
        /// What it will be told.
        timer: &'a P::Timer,
    },
    /// It cancels the timer that was due at this time.
    CancelTimer(SimTime),
    /// It tells the world something.
    Emit(&'a P::Event),
}

/// Watches a run, event by event. It sees everything and changes nothing; that is why it needs the run in one piece.
pub trait Observer<P: Protocol<Addr = NodeAddr>> {
    /// Whether there is anything to watch: the engine skips what a constant `false` makes unnecessary.
    const WATCHES: bool = true;

    /// A node that is up is about to handle something.
    fn event(&mut self, _step: &Step<'_, P>) {}

    /// The node of the last step does something about it; [`Deed::Waited`] is told between steps.
    fn deed(&mut self, _time: SimTime, _node: NodeAddr, _deed: &Deed<'_, P>) {}

    /// A node has handled something; `nodes` is the state of all. After acts of the world this is told node by node when
    /// the world's event that did them has ended. An error ends the run: an invariant does not hold, and the text says
    /// which.
    fn state(&mut self, _time: SimTime, _node: NodeAddr, _nodes: &Nodes<'_, P>) -> Result<(), String> {
        Ok(())
    }
}

/// No observer.
impl<P: Protocol<Addr = NodeAddr>> Observer<P> for () {
    const WATCHES: bool = false;
}

/// The part of an [`Observer`] that whoever calls a node need not know the type of.
pub(crate) trait Witness<P: Protocol<Addr = NodeAddr>> {
    fn event(&mut self, step: &Step<'_, P>);

    fn deed(&mut self, time: SimTime, node: NodeAddr, deed: &Deed<'_, P>);
}

impl<P: Protocol<Addr = NodeAddr>, O: Observer<P>> Witness<P> for O {
    fn event(&mut self, step: &Step<'_, P>) {
        Observer::event(self, step);
    }

    fn deed(&mut self, time: SimTime, node: NodeAddr, deed: &Deed<'_, P>) {
        Observer::deed(self, time, node, deed);
    }
}

/// An observer as a witness, if it watches.
#[inline]
pub(crate) fn witness<P: Protocol<Addr = NodeAddr>, O: Observer<P>>(observer: &mut O) -> Option<&mut dyn Witness<P>> {
    if O::WATCHES { Some(observer) } else { None }
}

/// The same witness for a shorter time.
#[inline]
pub(crate) fn reborrow<'a, P: Protocol<Addr = NodeAddr>>(
    witness: &'a mut Option<&mut dyn Witness<P>>,
) -> Option<&'a mut dyn Witness<P>> {
    match witness {
        Some(witness) => Some(&mut **witness),
        None => None,
    }
}
