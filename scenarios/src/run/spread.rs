//! How a number is spread over nodes: what they know, and what they have to do.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

use protocols::dht::{Content, Record};
use protocols::id::Id;
use sim_core::addr::NodeAddr;
use sim_core::observer::{Cause, Step};
use sim_core::protocol::{Protocol, Wire};
use sim_core::time::SimTime;

use super::label::Label;
use super::tables::nearest_rank;

/// A number that each node has, over all of them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Spread {
    /// What is counted.
    pub of: Label,
    /// How many nodes there are.
    pub nodes: u64,
    /// Their numbers together.
    pub sum: u64,
    /// The number that the 1st, the 50th and the 99th of a hundred nodes has, in ascending order (nearest rank).
    pub percentiles: [u64; 3],
    /// The largest.
    pub max: u64,
}

impl Spread {
    /// The mean over the nodes; none without any.
    pub fn mean(&self) -> Option<f64> {
        (self.nodes > 0).then(|| self.sum as f64 / self.nodes as f64)
    }

    /// The spread of these numbers over so many nodes; those of which nothing is said have zero.
    pub(super) fn of(of: &'static str, mut numbers: Vec<u64>, nodes: usize) -> Self {
        numbers.resize(nodes, 0);
        numbers.sort_unstable();
        Spread {
            of: of.into(),
            nodes: nodes as u64,
            sum: numbers.iter().sum(),
            percentiles: [0.01, 0.50, 0.99].map(|part| nearest_rank(&numbers, part).unwrap_or(0)),
            max: numbers.last().copied().unwrap_or(0),
        }
    }
}

/// What nodes know, by kind: the links of each. `total` are all its entries, and `distinct` the different nodes among them.
pub(super) fn state(nodes: impl Iterator<Item = Vec<(&'static str, NodeAddr)>>) -> Vec<Spread> {
    let mut count = 0;
    let mut by_kind: BTreeMap<&'static str, Vec<u64>> = BTreeMap::new();
    let (mut total, mut distinct) = (Vec::new(), Vec::new());
    for links in nodes {
        count += 1;
        total.push(links.len() as u64);
        distinct.push(links.iter().map(|(_, addr)| addr).collect::<BTreeSet<_>>().len() as u64);
        let mut own: BTreeMap<&'static str, u64> = BTreeMap::new();
        for (kind, _) in links {
            *own.entry(kind).or_default() += 1;
        }
        for (kind, entries) in own {
            by_kind.entry(kind).or_default().push(entries);
        }
    }
    let kinds = by_kind.into_iter().chain([("total", total), ("distinct", distinct)]);
    kinds.map(|(kind, entries)| Spread::of(kind, entries, count)).collect()
}

/// What nodes store: how many records, tombstones among them, and how many bytes of values.
pub(super) fn stored(nodes: impl Iterator<Item = Vec<(Id, Record)>>) -> Vec<Spread> {
    let bytes = |(_, record): &(Id, Record)| match record.content {
        Content::Value { bytes } => u64::from(bytes),
        Content::Removed => 0,
    };
    let each = nodes.map(|records| (records.len() as u64, records.iter().map(bytes).sum::<u64>()));
    let (records, bytes): (Vec<u64>, Vec<u64>) = each.unzip();
    let count = records.len();
    vec![Spread::of("records", records, count), Spread::of("bytes", bytes, count)]
}

/// Counts what each node receives from a moment on, by kind of message: what it answers, passes on and takes in.
pub(super) struct NodeLoads {
    from: SimTime,
    /// Received messages: a row a node, with a number for each kind.
    received: Vec<u64>,
    kinds: usize,
    /// Who was there.
    seen: Vec<bool>,
}

impl NodeLoads {
    /// Nothing yet, of so many nodes that say such messages; what comes before `from` does not count.
    pub(super) fn new<M: Wire>(nodes: u32, from: SimTime) -> Self {
        let kinds = M::KINDS;
        NodeLoads {
            from,
            received: vec![0; nodes as usize * kinds],
            kinds,
            seen: vec![false; nodes as usize],
        }
    }

    /// Counts what a node handles.
    pub(super) fn event<P: Protocol>(&mut self, step: &Step<'_, P>) {
        // Who is no node is not counted as one.
        if step.time < self.from || step.node.index() >= self.seen.len() {
            return;
        }
        self.seen[step.node.index()] = true;
        if let Cause::Message { msg, .. } = &step.cause {
            self.received[step.node.index() * self.kinds + msg.kind()] += 1;
        }
    }

    /// The spread by kind, and of all kinds together: over the members and whoever else handled anything.
    pub(super) fn spreads<M: Wire>(&self, members: &[NodeAddr]) -> Vec<Spread> {
        let mut there = self.seen.clone();
        members.iter().for_each(|member| there[member.index()] = true);
        let nodes: Vec<usize> = (0..there.len()).filter(|node| there[*node]).collect();
        let row = |node: &usize| &self.received[node * self.kinds..][..self.kinds];
        let of_kind = |kind: usize| {
            let received = nodes.iter().map(|node| row(node)[kind]).collect();
            Spread::of(M::kind_name(kind), received, nodes.len())
        };
        let total = nodes.iter().map(|node| row(node).iter().sum()).collect();
        let kinds = (0..self.kinds).map(of_kind);
        kinds.chain([Spread::of("total", total, nodes.len())]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(kinds: &[(&'static str, u32)]) -> Vec<(&'static str, NodeAddr)> {
        kinds.iter().map(|(kind, addr)| (*kind, NodeAddr(*addr))).collect()
    }

    #[test]
    fn entries_are_counted_by_kind_with_the_nodes_that_have_none() {
        let nodes = [
            links(&[("leaf", 1), ("leaf", 2), ("table", 2)]),
            links(&[("leaf", 0)]),
            links(&[]),
        ];
        let spreads = state(nodes.into_iter());
        let told: Vec<_> = spreads
            .iter()
            .map(|spread| (spread.of.as_str(), spread.sum, spread.percentiles, spread.max))
            .collect();
        assert_eq!(
            told,
            [
                ("leaf", 3, [0, 1, 2], 2),
                ("table", 1, [0, 0, 1], 1),
                ("total", 4, [0, 1, 3], 3),
                ("distinct", 3, [0, 1, 2], 2),
            ]
        );
        assert!(spreads.iter().all(|spread| spread.nodes == 3));
    }
}
