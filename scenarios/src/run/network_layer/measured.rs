//! What a run of a network layer measures, and how it is counted.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use sim_core::addr::NodeAddr;
use sim_core::time::{SimDuration, SimTime};

use super::groups::GroupTally;
use crate::network_layers::Dropped;
use crate::run::Label;
use crate::run::tally::STRETCH_UNIT;
use crate::scenario::GroupKind;

/// Everything that one run of a network layer measured, beside what runs of overlays measure, too. Counts and integer sums, so that
/// tables do not depend on the order of additions.
#[derive(Clone, Default, Debug, Serialize, Deserialize)]
pub struct NetworkMeasured {
    /// Packets by when they were sent, in bins of equal length.
    pub bins: Vec<PacketTally>,
    /// When the first bin begins.
    pub start: SimTime,
    /// How long each is.
    pub width: SimDuration,
    /// The latency of each packet that arrived, in ns, in ascending order.
    pub latencies: Vec<u64>,
    /// Lookups of addresses, by how many links led to whom they asked for.
    pub lookups: BTreeMap<Option<u32>, LookupTally>,
    /// The latency of each lookup that was answered, in ns, in ascending order.
    pub lookup_latencies: Vec<u64>,
    /// Messages to groups.
    pub groups: GroupTally,
    /// To which members these went, if any were sent.
    pub groups_kind: Option<GroupKind>,
    /// The latency of each that arrived, in ns, in ascending order.
    pub group_latencies: Vec<u64>,
    /// What became of addresses, in a protocol that has any.
    pub addresses: Option<AddressTally>,
    /// How the network stood, probe by probe.
    pub probes: Vec<Probe>,
    /// What put the network out of order, in order of time.
    pub disturbances: Vec<Disturbance>,
    /// The nodes that were up at the end.
    pub nodes: Vec<NodeState>,
    /// The kinds of messages that carry packets.
    pub data_kinds: Vec<Label>,
    /// The kinds of messages that keep the lookup service up to date.
    pub update_kinds: Vec<Label>,
}

impl NetworkMeasured {
    /// All packets together.
    pub fn packets(&self) -> PacketTally {
        let mut sum = PacketTally::default();
        self.bins.iter().for_each(|bin| sum.add(bin));
        sum
    }

    /// The most links that led to somebody whose address was looked up.
    pub fn farthest(&self) -> Option<u32> {
        self.lookups.keys().next_back().copied().flatten()
    }
}

/// Packets counted together.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct PacketTally {
    /// Packets sent.
    pub sent: u64,
    /// Those whose destination could be reached over links when they were sent.
    pub connected: u64,
    /// Packets that arrived.
    pub delivered: u64,
    /// Those of these whose destination could be reached over links when they were sent.
    pub delivered_connected: u64,
    /// Copies of packets that arrived after the first.
    pub duplicates: u64,
    /// Links crossed by packets that arrived.
    pub hops: u64,
    /// Links on the shortest way when they were sent, of packets of which `stretch` tells.
    pub shortest: u64,
    /// Links crossed over links on the shortest way when they were sent, in millionths, summed over packets that arrived at another
    /// node that could be reached when they were sent.
    pub stretch: u64,
    /// How many packets `stretch` tells of.
    pub stretched: u64,
    /// How long packets that arrived were on their way, in ns.
    pub latency: u128,
    /// Packets that were dropped: no route, hop limit, waited, not found.
    pub dropped: [u64; 4],
    /// Packets of which nothing more was heard.
    pub lost: u64,
    /// Packets that were on their way when the run ended.
    pub unfinished: u64,
}

/// The place of a reason in [`PacketTally::dropped`].
pub(super) fn reason(dropped: Dropped) -> usize {
    match dropped {
        Dropped::NoRoute => 0,
        Dropped::HopLimit => 1,
        Dropped::Waited => 2,
        Dropped::NotFound => 3,
    }
}

impl PacketTally {
    /// Adds the packets of another tally.
    pub(in crate::run) fn add(&mut self, other: &PacketTally) {
        self.sent += other.sent;
        self.connected += other.connected;
        self.delivered += other.delivered;
        self.delivered_connected += other.delivered_connected;
        self.duplicates += other.duplicates;
        self.hops += other.hops;
        self.shortest += other.shortest;
        self.stretch += other.stretch;
        self.stretched += other.stretched;
        self.latency += other.latency;
        for (sum, more) in self.dropped.iter_mut().zip(other.dropped) {
            *sum += more;
        }
        self.lost += other.lost;
        self.unfinished += other.unfinished;
    }

    /// One arrived, so long after it was sent.
    pub(super) fn arrived(&mut self, hops: u32, shortest: Option<u32>, latency: SimDuration) {
        self.delivered += 1;
        self.delivered_connected += u64::from(shortest.is_some());
        self.hops += u64::from(hops);
        self.latency += u128::from(latency.as_nanos());
        if let Some(shortest) = shortest.filter(|shortest| *shortest > 0) {
            self.shortest += u64::from(shortest);
            self.stretch += (f64::from(hops) / f64::from(shortest) / STRETCH_UNIT).round() as u64;
            self.stretched += 1;
        }
    }
}

/// Lookups of addresses counted together.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct LookupTally {
    /// Lookups begun.
    pub issued: u64,
    /// Those that were answered.
    pub answered: u64,
    /// Those of them that were answered with the address that the node had then.
    pub correct: u64,
    /// Those that were given up, or were neither answered nor given up in time.
    pub failed: u64,
    /// Those that were under way when the run ended.
    pub unfinished: u64,
    /// Links crossed by questions that were answered.
    pub hops: u64,
    /// Links crossed by the answers.
    pub hops_back: u64,
    /// From the question to the answer, in ns.
    pub latency: u128,
}

impl LookupTally {
    /// Adds the lookups of another tally.
    pub(in crate::run) fn add(&mut self, other: &LookupTally) {
        self.issued += other.issued;
        self.answered += other.answered;
        self.correct += other.correct;
        self.failed += other.failed;
        self.unfinished += other.unfinished;
        self.hops += other.hops;
        self.hops_back += other.hops_back;
        self.latency += other.latency;
    }
}

/// What became of addresses.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct AddressTally {
    /// How often a node got another address than it had last, since measurement began, at once or after a time without one.
    pub changes: u64,
    /// How often a node moved on its own account, to balance the tree of addresses.
    pub migrations: u64,
    /// How often a node lost its address and had none, since measurement began.
    pub losses: u64,
    /// How often there was no address for somebody, since measurement began.
    pub refusals: u64,
    /// When a node last got an address, or lost it, in the whole run.
    pub last_change: Option<SimTime>,
    /// Nodes that had an address at the end.
    pub addressed: u64,
    /// Nodes at the end that had none, or one that another node which they could reach had, too.
    pub without: u64,
    /// How deep the tree of addresses was at the end, summed over these nodes.
    pub depth: u64,
    /// The deepest of them.
    pub deepest: u64,
}

/// How the network stood at one instant.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Probe {
    /// When.
    pub time: SimTime,
    /// Nodes that were up.
    pub up: u64,
    /// Groups of nodes that could reach each other over links.
    pub components: u64,
    /// Nodes without an address of their own; none where nodes have no addresses.
    pub without: u64,
    /// Areas of addresses with a node.
    pub areas: u64,
    /// Those of them that were connected in themselves.
    pub connected_areas: u64,
    /// Ordered pairs of nodes that were looked at and could reach each other over links.
    pub pairs: u64,
    /// Those of them of which a packet from the first would have come to the second, by what all nodes knew.
    pub deliverable: u64,
}

impl Probe {
    /// The fraction of pairs that could reach each other; none if there is no pair.
    pub fn fraction(&self) -> Option<f64> {
        (self.pairs > 0).then(|| self.deliverable as f64 / self.pairs as f64)
    }

    /// Whether every node has an address of its own, every area is connected and every pair can reach each other.
    pub fn in_order(&self) -> bool {
        self.without == 0 && self.connected_areas == self.areas && self.deliverable == self.pairs
    }

    /// Whether addresses and areas are in order, and at least this part of the pairs can reach each other.
    pub(super) fn has(&self, part: f64) -> bool {
        let addresses = self.without == 0 && self.connected_areas == self.areas;
        addresses && self.fraction().is_none_or(|fraction| fraction >= part)
    }
}

/// Something that put the network out of order.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Disturbance {
    /// What, as tables print it.
    pub what: Label,
    /// When.
    pub time: SimTime,
}

/// A node at the end of the run.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct NodeState {
    /// Which.
    pub node: NodeAddr,
    /// How many neighbours it has.
    pub neighbours: usize,
    /// What it knows, by kind.
    pub state: Vec<(Label, usize)>,
    /// Its address, if it has one, in digits.
    pub address: Option<String>,
}

/// How many probes in a row must find the network in order until it has settled.
const SETTLED_PROBES: usize = 3;

/// When the first probe from a disturbance until the next one, or the end, found the network in order, and since when all did, if these
/// are [enough](SETTLED_PROBES) to say so.
pub(in crate::run) fn settled(
    probes: &[Probe],
    from: SimTime,
    until: Option<SimTime>,
) -> (Option<SimTime>, Option<SimTime>) {
    let between = |probe: &&Probe| probe.time >= from && until.is_none_or(|until| probe.time < until);
    let between: Vec<&Probe> = probes.iter().filter(between).collect();
    let first = between.iter().find(|probe| probe.in_order()).map(|probe| probe.time);
    let quiet = between.iter().rev().take_while(|probe| probe.in_order()).count();
    let since = between.len().checked_sub(quiet).filter(|_| quiet >= SETTLED_PROBES);
    (first, since.map(|place| between[place].time))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SimTime {
        SimTime::ZERO + SimDuration::from_secs(seconds)
    }

    fn probe(seconds: u64, deliverable: u64) -> Probe {
        Probe {
            time: at(seconds),
            up: 3,
            components: 1,
            without: 0,
            areas: 5,
            connected_areas: 5,
            pairs: 6,
            deliverable,
        }
    }

    #[test]
    fn the_network_has_settled_when_it_stays_in_order() {
        let probes = [
            probe(1, 2),
            probe(2, 6),
            probe(3, 5),
            probe(4, 6),
            probe(5, 6),
            probe(6, 6),
            probe(7, 0),
            probe(8, 6),
            probe(9, 6),
        ];
        assert_eq!(settled(&probes, at(0), Some(at(7))), (Some(at(2)), Some(at(4))));
        assert_eq!(
            settled(&probes, at(7), None),
            (Some(at(8)), None),
            "two probes are too few"
        );
        assert_eq!(settled(&probes, at(0), Some(at(2))), (None, None));
        let unfinished = Probe {
            connected_areas: 4,
            ..probe(8, 6)
        };
        assert!(!unfinished.in_order() && !unfinished.has(0.5));
        assert!(probe(1, 3).has(0.5) && !probe(1, 2).has(0.5));
    }

    #[test]
    fn stretch_is_of_packets_that_could_arrive() {
        let mut tally = PacketTally::default();
        let latency = SimDuration::from_millis(3);
        tally.arrived(3, Some(2), latency);
        tally.arrived(5, None, latency);
        tally.arrived(0, Some(0), latency);
        assert_eq!((tally.delivered, tally.delivered_connected, tally.hops), (3, 2, 8));
        assert_eq!((tally.stretch, tally.stretched, tally.shortest), (1_500_000, 1, 2));
    }
}
