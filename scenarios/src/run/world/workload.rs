//! Who looks up what.

use sim_core::addr::NodeAddr;
use sim_core::distribution::Exponential;
use sim_core::protocol::OperationId;
use sim_core::random::{StreamKey, unit};
use sim_core::time::{SimDuration, SimTime};
use sim_core::world::Control;

use super::{ScenarioWorld, Turn};
use crate::overlays::Overlay;
use crate::scenario::{Initiators, Keys, LookupTimes, Lookups};

/// A lookup on its way.
pub(super) struct Issued {
    pub(super) at: SimTime,
    pub(super) from: NodeAddr,
    pub(super) key: u128,
}

/// What a scenario asks of its nodes, and how far that has come.
pub(super) struct Workload {
    lookups: Lookups,
    /// Who looks up, unless all do or a trace tells.
    initiators: Vec<NodeAddr>,
    /// For lookups in equal steps: when within a step each initiator's turn is, in this order.
    phases: Vec<(SimDuration, NodeAddr)>,
    /// How many lookups of a plan known beforehand have begun, or their number in the trace.
    begun: usize,
}

/// A lookup that is known beforehand.
struct Planned {
    at: SimTime,
    from: NodeAddr,
    key: Option<u128>,
}

impl Workload {
    /// The workload of so many nodes, with the streams of a replication.
    pub(super) fn new(lookups: Lookups, nodes: u32, streams: StreamKey) -> Self {
        let initiators = match &lookups.initiators {
            Initiators::All => Vec::new(),
            Initiators::Random(count) => drawn(*count, nodes, streams.purpose("initiators")),
            Initiators::Nodes(list) => list.iter().copied().map(NodeAddr).collect(),
        };
        let (mut phases, mut begun) = (Vec::new(), 0);
        match &lookups.times {
            LookupTimes::Poisson(_) => {}
            LookupTimes::Periodic(every) => {
                let streams = streams.purpose("phase");
                let phase = |addr: NodeAddr| (every.mul_f64(streams.index(u64::from(addr.0)).unit()), addr);
                phases = match initiators.is_empty() {
                    true => (0..nodes).map(NodeAddr).map(phase).collect(),
                    false => initiators.iter().copied().map(phase).collect(),
                };
                phases.sort();
            }
            LookupTimes::Trace(trace) => begun = trace.between(lookups.start, lookups.until).start,
        }
        Workload {
            lookups,
            initiators,
            phases,
            begun,
        }
    }

    /// When the first lookup may begin.
    pub(super) fn start(&self) -> SimTime {
        self.lookups.start
    }

    /// The next lookup, where it is known beforehand.
    fn planned(&self) -> Option<Planned> {
        match &self.lookups.times {
            LookupTimes::Poisson(_) => None,
            LookupTimes::Periodic(every) => {
                let (phase, from) = *self.phases.get(self.begun % self.phases.len().max(1))?;
                let steps = (self.begun / self.phases.len()) as u64;
                Some(Planned {
                    at: self.lookups.start + *every * steps + phase,
                    from,
                    key: None,
                })
            }
            LookupTimes::Trace(trace) => trace.lookups().get(self.begun).map(|lookup| Planned {
                at: lookup.at,
                from: lookup.node,
                key: lookup.key,
            }),
        }
    }
}

/// So many of the nodes, uniformly without replacement: those of the lowest ranks, which each draws from its own stream, so
/// that fewer initiators are some of those that more would be.
fn drawn(count: u32, nodes: u32, ranks: StreamKey) -> Vec<NodeAddr> {
    let mut all: Vec<NodeAddr> = (0..nodes).map(NodeAddr).collect();
    all.sort_by_cached_key(|addr| (ranks.index(u64::from(addr.0)).bits(), *addr));
    all.truncate(count as usize);
    all.sort();
    all
}

impl<O: Overlay> ScenarioWorld<O> {
    pub(super) fn measure(&mut self, control: &mut Control<'_, O::Protocol, Turn>) {
        self.measured.begin(control.now(), control.traffic());
        self.schedule_lookup(control);
    }

    pub(super) fn schedule_lookup(&mut self, control: &mut Control<'_, O::Protocol, Turn>) {
        let Some(workload) = &self.workload else { return };
        let next = match workload.lookups.times {
            // The processes of all initiators together are one Poisson process.
            LookupTimes::Poisson(rate) => {
                let initiators = match workload.initiators.len() {
                    0 => f64::from(self.plan.nodes),
                    some => some as f64,
                };
                Exponential::new(1.0 / (rate * initiators))
                    .ok()
                    .map(|pause| control.now() + SimDuration::from_secs_f64(pause.sample(&mut self.lookups)))
            }
            _ => workload.planned().map(|planned| planned.at),
        };
        if let Some(next) = next.filter(|next| *next < workload.lookups.until) {
            control.schedule(next.since(control.now()), Turn::Lookup);
        }
    }

    /// Begins the lookups that are due; those of nodes that are no members are void.
    pub(super) fn look_up(&mut self, control: &mut Control<'_, O::Protocol, Turn>) {
        let Some(workload) = &mut self.workload else { return };
        if let LookupTimes::Poisson(_) = workload.lookups.times {
            let place = unit(&mut self.lookups);
            let from = match workload.initiators.as_slice() {
                [] => NodeAddr((place * f64::from(self.plan.nodes)) as u32),
                some => some[(place * some.len() as f64) as usize],
            };
            self.begin(control, from, None);
        } else {
            while let Some(workload) = &mut self.workload
                && let Some(Planned { from, key, .. }) =
                    workload.planned().filter(|planned| planned.at <= control.now())
            {
                workload.begun += 1;
                self.begin(control, from, key);
            }
        }
        self.schedule_lookup(control);
    }

    fn begin(&mut self, control: &mut Control<'_, O::Protocol, Turn>, from: NodeAddr, key: Option<u128>) {
        if !self.members.contains(from) {
            self.measured.void_lookups += 1;
            return;
        }
        let key = match key {
            Some(key) => key,
            None => self.key(from),
        };
        let operation = OperationId(self.next_operation);
        self.next_operation += 1;
        let at = control.now();
        self.measured.bins.issued(at);
        self.issued.insert(operation, Issued { at, from, key });
        control.command(from, operation, O::lookup(key));
    }

    /// What a node looks up.
    fn key(&mut self, from: NodeAddr) -> u128 {
        match self.workload.as_ref().map(|workload| workload.lookups.keys) {
            None | Some(Keys::Uniform) => O::key(&self.config, &mut self.lookups),
            Some(Keys::Zipf(law)) => {
                let rank = law.sample(&mut self.lookups);
                O::key(&self.config, &mut self.streams.purpose("key").index(rank).rng())
            }
            Some(Keys::Nodes) => {
                let mut node = from;
                // Alone, a node can only look up itself.
                while node == from && self.members.len() > 1 {
                    node = self.members.random(&mut self.lookups).unwrap_or(from);
                }
                self.places[node.index()].id
            }
        }
    }
}
