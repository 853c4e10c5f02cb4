//! What nodes tell, and what becomes of lookups and routed messages by it.

use sim_core::addr::NodeAddr;
use sim_core::protocol::OperationId;
use sim_core::time::{SimDuration, SimTime};

use super::ScenarioWorld;
use super::workload::Issued;
use crate::overlays::{Overlay, Told};
use crate::run::tally::Answer;
use crate::scenario::By;

impl<O: Overlay> ScenarioWorld<O> {
    pub(super) fn hear(&mut self, time: SimTime, node: NodeAddr, told: Told) {
        match told {
            Told::Joined => {
                if self.is_up(node) {
                    self.joining.remove(&node);
                    self.members.insert(node, self.ids[node.index()]);
                }
            }
            Told::Out => {
                if self.is_up(node) {
                    self.members.remove(node);
                    self.joining.insert(node, time);
                }
            }
            Told::Storage(told) => self.hear_storage(time, told),
            Told::Tunnel(told) => {
                if let Some(tunnels) = &mut self.measured.tunnels {
                    tunnels.hear(told);
                }
            }
            Told::Other => {}
            Told::Repairing { what } => *self.measured.repairs.entry(what.into()).or_default() += 1,
            Told::Found {
                operation,
                owner,
                hops,
                visited,
                timeouts,
                dead_owners,
            } => self.reached(time, operation, owner, |answer| Answer {
                hops,
                visited,
                timeouts,
                dead_owners,
                ..answer
            }),
            Told::Delivered {
                operation,
                hops,
                visited,
                timeouts,
            } => self.reached(time, operation, node, |answer| Answer {
                hops,
                visited,
                timeouts,
                ..answer
            }),
            Told::NotFound { operation, timeouts } => {
                if let Some(Issued { at, .. }) = self.issued.remove(&operation) {
                    self.measured.bins.not_found(at, timeouts);
                }
            }
        }
    }

    /// An owner was found, or a message has been delivered to one; `how` adds how that went.
    fn reached(&mut self, time: SimTime, operation: OperationId, owner: NodeAddr, how: impl FnOnce(Answer) -> Answer) {
        // What comes twice counts once.
        let Some(Issued { at, from, key }) = self.issued.remove(&operation) else {
            return;
        };
        let latency = time.since(at);
        let direct = match self.asked {
            Some(By::Route) => self.paths.one_way(from, owner),
            Some(By::Lookup) | None => self.paths.round_trip(from, owner),
        };
        let truth = O::owner(&self.config, key, self.members.by_identifier());
        let correct = truth == Some(owner);
        let answer = how(Answer {
            correct,
            at_newcomer: !correct && self.would_own(owner, key),
            latency,
            direct,
            ..Answer::default()
        });
        match self.patience() {
            Some(patience) if latency > patience => self.measured.bins.not_found(at, answer.timeouts),
            _ => self.measured.bins.found(at, &answer),
        }
    }

    /// Whether a node that is up and has not joined yet would own a key if it had.
    fn would_own(&self, node: NodeAddr, key: u128) -> bool {
        if !self.is_up(node) || self.members.contains(node) {
            return false;
        }
        let mut members = self.members.by_identifier().clone();
        members.insert(self.ids[node.index()], node);
        O::owner(&self.config, key, &members) == Some(node)
    }

    /// How long a message may be on its way, where messages are routed: nobody hears of one that is lost.
    fn patience(&self) -> Option<SimDuration> {
        let workload = self.workload.as_ref()?;
        (self.asked == Some(By::Route)).then(|| workload.patience())
    }

    /// What is on its way when the run ends has failed if it has had its time, and is unfinished otherwise.
    pub(super) fn end_workload(&mut self, end: SimTime) {
        let patience = self.patience();
        for Issued { at, .. } in std::mem::take(&mut self.issued).into_values() {
            match patience {
                Some(patience) if end.since(at) > patience => self.measured.bins.not_found(at, 0),
                _ => self.measured.bins.unfinished(at),
            }
        }
    }
}
