//! Who takes part in a run without being one of its nodes.

use sim_core::addr::NodeAddr;
use sim_core::protocol::Protocol;
use sim_core::time::SimTime;
use sim_core::world::{Control, Departure};

use super::{ScenarioWorld, Turn};
use crate::overlays::{InitOf, Overlay, ServerReport};

/// Somebody who takes part without being a node.
pub(super) struct Attending<P: Protocol> {
    addr: NodeAddr,
    resumed: fn(&P) -> Option<P::Init>,
    /// What it starts with when it is back, while it is down.
    kept: Option<P::Init>,
}

impl<O: Overlay> ScenarioWorld<O> {
    /// Starts all attendants, on whom it may depend what the founders start with, and plans their failures.
    pub(super) fn attend(
        &mut self,
        control: &mut Control<'_, O::Protocol, Turn>,
        founders: &mut [(NodeAddr, InitOf<O>)],
    ) {
        // What is wrong with the settings has been said before the run.
        let attendants = O::attendants(&self.settings, &self.config, founders).unwrap_or_default();
        for (addr, attendant) in (self.plan.nodes..).map(NodeAddr).zip(attendants) {
            control.start(addr, attendant.init);
            let present = self.attendants.len();
            self.attendants.push(Attending {
                addr,
                resumed: attendant.resumed,
                kept: None,
            });
            for (from, until) in attendant.outages {
                control.schedule(from.since(SimTime::ZERO), Turn::Fail(present));
                control.schedule(until.since(SimTime::ZERO), Turn::Resume(present));
            }
        }
    }

    /// An attendant fails: what it is to start with again is kept.
    pub(super) fn fail_attendant(&mut self, control: &mut Control<'_, O::Protocol, Turn>, which: usize) {
        let Attending { addr, resumed, kept } = &mut self.attendants[which];
        *kept = control.node(*addr).and_then(*resumed);
        if let (Some(tunnels), Some(report)) = (&mut self.measured.tunnels, report::<O>(control, *addr)) {
            tunnels.server_failed(*addr, report);
        }
        control.stop(*addr, Departure::Silent);
    }

    /// It is back.
    pub(super) fn resume_attendant(&mut self, control: &mut Control<'_, O::Protocol, Turn>, which: usize) {
        let Attending { addr, kept, .. } = &mut self.attendants[which];
        if let Some(init) = kept.take() {
            control.start(*addr, init);
        }
    }

    /// Tunnels count from now on.
    pub(super) fn begin_tunnels(&mut self, control: &Control<'_, O::Protocol, Turn>) {
        if let Some(tunnels) = &mut self.measured.tunnels {
            let addrs = self.attendants.iter().map(|attendant| attendant.addr);
            tunnels.begin(addrs.filter_map(|addr| Some((addr, report::<O>(control, addr)?))));
        }
    }

    /// The addresses of all attendants.
    pub(in crate::run) fn attendants(&self) -> impl Iterator<Item = NodeAddr> {
        self.attendants.iter().map(|attendant| attendant.addr)
    }
}

/// What an address server has had to do, if one is up at this address.
fn report<O: Overlay>(control: &Control<'_, O::Protocol, Turn>, addr: NodeAddr) -> Option<ServerReport> {
    (O::TUNNELS?.server)(control.node(addr)?, control.now())
}
