//! Who looks up what.

use sim_core::addr::NodeAddr;
use sim_core::distribution::Exponential;
use sim_core::protocol::OperationId;
use sim_core::time::{SimDuration, SimTime};
use sim_core::world::Control;

use super::{ScenarioWorld, Turn};
use crate::overlays::Overlay;

/// A lookup on its way.
pub(super) struct Issued {
    pub(super) at: SimTime,
    pub(super) from: NodeAddr,
    pub(super) key: u128,
}

impl<O: Overlay> ScenarioWorld<O> {
    pub(super) fn measure(&mut self, control: &mut Control<'_, O::Protocol, Turn>) {
        self.measured.begin(control.now(), control.traffic());
        self.schedule_lookup(control);
    }

    /// The processes of all hosts together are one Poisson process, and a host looks up through one of its nodes, each as
    /// likely as any other; a draw that falls on a node that is no member is void.
    pub(super) fn schedule_lookup(&mut self, control: &mut Control<'_, O::Protocol, Turn>) {
        let Some(lookups) = self.plan.lookups else { return };
        let Ok(pause) = Exponential::new(1.0 / (lookups.rate * f64::from(self.plan.hosts.count(self.plan.nodes))))
        else {
            return;
        };
        let pause = SimDuration::from_secs_f64(pause.sample(&mut self.lookups));
        if control.now() + pause < lookups.until {
            control.schedule(pause, Turn::Lookup);
        }
    }

    pub(super) fn look_up(&mut self, control: &mut Control<'_, O::Protocol, Turn>) {
        let from = NodeAddr((sim_core::random::unit(&mut self.lookups) * f64::from(self.plan.nodes)) as u32);
        if self.members.contains(from) {
            let operation = OperationId(self.next_operation);
            self.next_operation += 1;
            self.measured.bins.issued(control.now());
            let key = O::key(&self.config, &mut self.lookups);
            self.issued.insert(
                operation,
                Issued {
                    at: control.now(),
                    from,
                    key,
                },
            );
            control.command(from, operation, O::lookup(key));
        }
        self.schedule_lookup(control);
    }
}
