//! Observers: who sees every event as it happens, and every node.

use crate::act::WorldAct;
use crate::addr::NodeAddr;
use crate::arena::Nodes;
use crate::protocol::Protocol;
use crate::time::SimTime;

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
    /// An act of the world.
    World(WorldAct),
}

/// Watches a run, event by event. It sees everything and changes nothing; that is why it needs the run in one piece.
pub trait Observer<P: Protocol<Addr = NodeAddr>> {
    /// Whether there is anything to watch: the engine skips what a constant `false` makes unnecessary.
    const WATCHES: bool = true;

    /// A node is about to handle something. Acts of the world are told, one by one, when the world's event that did them
    /// has ended.
    fn event(&mut self, step: &Step<'_, P>);

    /// The node of the last step has handled it; `nodes` is the state of all. An error ends the run: an invariant does
    /// not hold, and the text says which.
    fn state(&mut self, time: SimTime, node: NodeAddr, nodes: &Nodes<'_, P>) -> Result<(), String>;
}

/// No observer.
impl<P: Protocol<Addr = NodeAddr>> Observer<P> for () {
    const WATCHES: bool = false;

    fn event(&mut self, _: &Step<'_, P>) {}

    fn state(&mut self, _: SimTime, _: NodeAddr, _: &Nodes<'_, P>) -> Result<(), String> {
        Ok(())
    }
}
