//! Who watches a run event by event.

use std::fmt::Debug;

use sim_core::Nodes;
use sim_core::addr::NodeAddr;
use sim_core::observer::{Deed, Observer, Step};
use sim_core::protocol::Protocol;
use sim_core::time::SimTime;

use super::spread::NodeLoads;
use super::trace::Tracer;

/// All who watch a run, as the scenario or the command asks for it. They are one type, so that an overlay's simulation is
/// compiled for them once, and once for runs that nobody watches.
pub(super) struct Watch<'a, I> {
    /// The invariants of the overlay.
    pub(super) invariants: Option<I>,
    /// What each node has to do.
    pub(super) loads: Option<NodeLoads>,
    /// Who writes down what happens.
    pub(super) tracer: Option<Tracer<'a>>,
}

impl<P, I> Observer<P> for Watch<'_, I>
where
    P: Protocol<Addr = NodeAddr, Msg: Debug, Timer: Debug, Command: Debug, Event: Debug>,
    I: Observer<P>,
{
    fn event(&mut self, step: &Step<'_, P>) {
        if let Some(invariants) = &mut self.invariants {
            invariants.event(step);
        }
        if let Some(loads) = &mut self.loads {
            loads.event(step);
        }
        if let Some(tracer) = &mut self.tracer {
            tracer.event(step);
        }
    }

    fn deed(&mut self, time: SimTime, node: NodeAddr, deed: &Deed<'_, P>) {
        if let Some(invariants) = &mut self.invariants {
            invariants.deed(time, node, deed);
        }
        if let Some(tracer) = &mut self.tracer {
            tracer.deed(time, node, deed);
        }
    }

    fn state(&mut self, time: SimTime, node: NodeAddr, nodes: &Nodes<'_, P>) -> Result<(), String> {
        match &mut self.invariants {
            Some(invariants) => invariants.state(time, node, nodes),
            None => Ok(()),
        }
    }
}
