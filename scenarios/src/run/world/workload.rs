//! Who looks up what.

use sim_core::addr::NodeAddr;
use sim_core::distribution::Exponential;
use sim_core::network::Hosts;
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
    /// How many hosts there are, and which nodes are theirs.
    count: u32,
    hosts: Hosts,
    /// Which hosts look up, unless all do or a trace tells.
    initiators: Vec<NodeAddr>,
    /// For lookups in equal steps: when within a step each initiator's turn is, in this order.
    phases: Vec<(SimDuration, NodeAddr)>,
    /// How many lookups of a plan known beforehand have begun, or their number in the trace.
    begun: usize,
}

/// A lookup that is known beforehand.
struct Planned {
    at: SimTime,
    host: NodeAddr,
    key: Option<u128>,
}

impl Workload {
    /// The workload of so many nodes on their hosts, with the streams of a replication.
    pub(super) fn new(lookups: Lookups, nodes: u32, hosts: Hosts, streams: StreamKey) -> Self {
        let count = hosts.count(nodes);
        let initiators = match &lookups.initiators {
            Initiators::All => Vec::new(),
            Initiators::Random(some) => drawn(*some, count, streams.purpose("initiators")),
            Initiators::Nodes(list) => list.iter().copied().map(NodeAddr).collect(),
        };
        let (mut phases, mut begun) = (Vec::new(), 0);
        match &lookups.times {
            LookupTimes::Poisson(_) => {}
            LookupTimes::Periodic(every) => {
                let streams = streams.purpose("phase");
                let phase = |host: NodeAddr| (every.mul_f64(streams.index(u64::from(host.0)).unit()), host);
                phases = match initiators.is_empty() {
                    true => (0..count).map(NodeAddr).map(phase).collect(),
                    false => initiators.iter().copied().map(phase).collect(),
                };
                phases.sort();
            }
            LookupTimes::Trace(trace) => begun = trace.between(lookups.start, lookups.until).start,
        }
        Workload {
            lookups,
            count,
            hosts,
            initiators,
            phases,
            begun,
        }
    }

    /// How long a routed message may be on its way.
    pub(super) fn patience(&self) -> SimDuration {
        self.lookups.patience()
    }

    /// When the first lookup may begin.
    pub(super) fn start(&self) -> SimTime {
        self.lookups.start
    }

    /// The node of a host at this part of the way through them all, from 0 to below 1.
    fn node(&self, host: NodeAddr, part: f64) -> NodeAddr {
        let per_host = self.hosts.per_host();
        NodeAddr(host.0 * per_host + (part * f64::from(per_host)) as u32)
    }

    /// The next lookup, where it is known beforehand.
    fn planned(&self) -> Option<Planned> {
        match &self.lookups.times {
            LookupTimes::Poisson(_) => None,
            LookupTimes::Periodic(every) => {
                let (phase, host) = *self.phases.get(self.begun % self.phases.len().max(1))?;
                let steps = (self.begun / self.phases.len()) as u64;
                Some(Planned {
                    at: self.lookups.start + *every * steps + phase,
                    host,
                    key: None,
                })
            }
            LookupTimes::Trace(trace) => trace.lookups().get(self.begun).map(|lookup| Planned {
                at: lookup.at,
                host: lookup.host,
                key: lookup.key,
            }),
        }
    }
}

/// So many of the hosts, uniformly without replacement: those of the lowest ranks, which each draws from its own stream, so
/// that fewer initiators are some of those that more would be.
fn drawn(some: u32, count: u32, ranks: StreamKey) -> Vec<NodeAddr> {
    let mut all: Vec<NodeAddr> = (0..count).map(NodeAddr).collect();
    all.sort_by_cached_key(|host| (ranks.index(u64::from(host.0)).bits(), *host));
    all.truncate(some as usize);
    all.sort();
    all
}

impl<O: Overlay> ScenarioWorld<O> {
    pub(super) fn measure(&mut self, control: &mut Control<'_, O::Protocol, Turn>) {
        self.measured.begin(control.now(), control.traffic());
        self.begin_tunnels(control);
        self.schedule_lookup(control);
    }

    pub(super) fn schedule_lookup(&mut self, control: &mut Control<'_, O::Protocol, Turn>) {
        let Some(workload) = &self.workload else { return };
        let next = match workload.lookups.times {
            // The processes of all initiators together are one Poisson process.
            LookupTimes::Poisson(rate) => {
                let initiators = match workload.initiators.len() {
                    0 => f64::from(workload.count),
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

    /// Begins the lookups that are due. A host looks up through one of its nodes, each as likely as any other; where that is no
    /// member, the lookup is void.
    pub(super) fn look_up(&mut self, control: &mut Control<'_, O::Protocol, Turn>) {
        let Some(workload) = &mut self.workload else { return };
        if let LookupTimes::Poisson(_) = workload.lookups.times {
            let place = unit(&mut self.lookups);
            let from = match workload.initiators.as_slice() {
                [] => NodeAddr((place * f64::from(self.plan.nodes)) as u32),
                some => {
                    let place = place * some.len() as f64;
                    workload.node(some[place as usize], place.fract())
                }
            };
            self.begin(control, from, None);
        } else {
            while let Some(workload) = &mut self.workload
                && let Some(Planned { host, key, .. }) =
                    workload.planned().filter(|planned| planned.at <= control.now())
            {
                workload.begun += 1;
                let from = workload.node(host, unit(&mut self.lookups));
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
        if let Some(command) = self.asked.and_then(|by| O::ask(by, key)) {
            control.command(from, operation, command);
        }
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
                self.ids[node.index()]
            }
        }
    }
}
