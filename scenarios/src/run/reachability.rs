//! Between which nodes there are paths: each node's own tables followed from everywhere to a destination.

use serde::{Deserialize, Serialize};
use sim_core::addr::NodeAddr;
use sim_core::random::StreamKey;
use sim_core::time::SimTime;

use crate::overlays::Step;

/// What a node does with a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Onward {
    /// It passes it on to this node.
    To(NodeAddr),
    /// It takes this node for the last one on its way.
    Ends(NodeAddr),
    /// It knows no way.
    Nowhere,
}

impl From<Step> for Onward {
    fn from(step: Step) -> Self {
        match step {
            Step::Owner(owner) => Onward::Ends(owner.addr),
            Step::Closer(closer) => Onward::To(closer.addr),
            Step::DeadEnd => Onward::Nowhere,
        }
    }
}

/// So many of these nodes, each as likely as any other, in ascending order; all if there are no more.
pub(super) fn sample(nodes: &[NodeAddr], count: u32, stream: StreamKey) -> Vec<NodeAddr> {
    let mut chosen = nodes.to_vec();
    chosen.sort_by_cached_key(|addr| (stream.index(u64::from(addr.0)).bits(), *addr));
    chosen.truncate(count as usize);
    chosen.sort();
    chosen
}

/// Paths counted at one instant.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PathCount {
    /// When.
    pub time: SimTime,
    /// Nodes that are up.
    pub up: u64,
    /// Those among them that are members.
    pub members: u64,
    /// Ordered pairs of different nodes that were looked at, whether or not both are up.
    pub pairs: u64,
    /// How many of these have a working path from the first to the second.
    pub working: u64,
}

impl PathCount {
    /// The fraction of pairs with a working path; none if there is no pair.
    pub fn fraction(&self) -> Option<f64> {
        (self.pairs > 0).then(|| self.working as f64 / self.pairs as f64)
    }

    /// Whether at least this part of the pairs has one.
    pub(super) fn has(&self, part: f64) -> bool {
        self.fraction().is_some_and(|fraction| fraction >= part)
    }
}

/// From how many of `sources` a message for `destination` arrives there, each node passing it on as `route` says; addresses
/// lie below `hosts`. One that is passed on to a node without a route, in a circle, or to another owner does not arrive.
///
/// Where a message goes next depends on the node alone, so that each node is asked once, however many paths it is on.
pub(super) fn arriving(
    hosts: u32,
    sources: &[NodeAddr],
    destination: NodeAddr,
    mut route: impl FnMut(NodeAddr) -> Onward,
) -> usize {
    // Whether a message arrives from a node; while it is being followed from there, it is taken not to: that is a circle.
    let mut arrives: Vec<Option<bool>> = vec![None; hosts as usize];
    let mut on_the_way = Vec::new();
    let mut count = 0;
    for &source in sources.iter().filter(|source| **source != destination) {
        let mut at = source;
        let outcome = loop {
            if at == destination {
                break true;
            }
            if let Some(known) = arrives[at.index()] {
                break known;
            }
            arrives[at.index()] = Some(false);
            on_the_way.push(at);
            match route(at) {
                Onward::Ends(last) => break last == destination,
                Onward::To(next) => at = next,
                Onward::Nowhere => break false,
            }
        };
        for node in on_the_way.drain(..) {
            arrives[node.index()] = Some(outcome);
        }
        count += usize::from(outcome);
    }
    count
}

/// When it was first found that at least `part` of the pairs had a path.
pub(super) fn time_to(part: f64, counts: &[PathCount]) -> Option<SimTime> {
    counts.iter().find(|count| count.has(part)).map(|count| count.time)
}

#[cfg(test)]
mod tests {
    use super::*;
    const NODES: [NodeAddr; 6] = [
        NodeAddr(0),
        NodeAddr(1),
        NodeAddr(2),
        NodeAddr(3),
        NodeAddr(4),
        NodeAddr(5),
    ];

    fn closer(node: u32) -> Onward {
        Onward::To(NodeAddr(node))
    }

    /// 0 -> 1 -> 2, which takes 5 for the owner; 3 and 4 send in a circle; 5 is the destination.
    fn route(node: NodeAddr) -> Onward {
        match node.0 {
            0 => closer(1),
            1 => closer(2),
            2 => Onward::Ends(NodeAddr(5)),
            3 => closer(4),
            4 => closer(3),
            _ => Onward::Nowhere,
        }
    }

    #[test]
    fn only_what_arrives_at_the_destination_counts() {
        assert_eq!(arriving(6, &NODES, NodeAddr(5), route), 3);
        // Whoever ends at another owner has not arrived, and one that comes by on the way has.
        assert_eq!(arriving(6, &NODES, NodeAddr(2), route), 2);
        assert_eq!(arriving(6, &NODES, NodeAddr(4), route), 1);
        assert_eq!(
            arriving(6, &[NodeAddr(5)], NodeAddr(5), route),
            0,
            "no path from a node to itself is counted"
        );
    }

    #[test]
    fn the_answer_does_not_depend_on_where_following_begins() {
        let mut reversed = NODES;
        reversed.reverse();
        for destination in NODES {
            let count = arriving(6, &NODES, destination, route);
            assert_eq!(arriving(6, &reversed, destination, route), count, "to {destination}");
        }
    }

    #[test]
    fn each_node_is_asked_once() {
        let mut asked = Vec::new();
        arriving(6, &NODES, NodeAddr(5), |node| {
            asked.push(node);
            route(node)
        });
        asked.sort();
        asked.dedup();
        assert_eq!(asked.len(), 5);
    }

    #[test]
    fn the_time_to_a_part_is_that_of_the_first_count_with_as_much() {
        let count = |seconds: u64, working| PathCount {
            time: SimTime::from_nanos(seconds * 1_000_000_000),
            up: 3,
            members: 3,
            pairs: 6,
            working,
        };
        let counts = [count(1, 0), count(2, 3), count(3, 2), count(4, 6)];
        assert_eq!(time_to(0.5, &counts), Some(counts[1].time));
        assert_eq!(time_to(0.9, &counts), Some(counts[3].time));
        assert_eq!(time_to(0.9, &counts[..3]), None);
    }
}
