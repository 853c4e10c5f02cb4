//! The shortest ways that there are, by the links themselves: what protocols are measured against.

use std::collections::VecDeque;

use sim_core::addr::NodeAddr;
use sim_core::link_layer::LinkLayer;

/// Counts links from one node to others. What it needs for that is kept from one count to the next.
#[derive(Default)]
pub(super) struct Shortest {
    /// How far each node is, where `counted` says that it is of this count.
    distance: Vec<u32>,
    counted: Vec<u64>,
    count: u64,
    queue: VecDeque<NodeAddr>,
}

impl Shortest {
    /// The nodes that are at most `most` links away from a node, itself the first, in the order of their distance; the walk ends when it
    /// has found `wanted`.
    fn walk(
        &mut self,
        links: &LinkLayer,
        from: NodeAddr,
        most: u32,
        wanted: Option<NodeAddr>,
        found: &mut Vec<NodeAddr>,
    ) {
        self.count += 1;
        self.queue.clear();
        self.reach(from, 0);
        while let Some(node) = self.queue.pop_front() {
            found.push(node);
            let distance = self.distance[node.index()];
            if wanted == Some(node) || distance == most {
                continue;
            }
            for &next in links.neighbours(node) {
                if self.counted.get(next.index()) != Some(&self.count) {
                    self.reach(next, distance + 1);
                    if wanted == Some(next) {
                        return;
                    }
                }
            }
        }
    }

    fn reach(&mut self, node: NodeAddr, distance: u32) {
        if self.counted.len() <= node.index() {
            self.counted.resize(node.index() + 1, 0);
            self.distance.resize(node.index() + 1, 0);
        }
        self.counted[node.index()] = self.count;
        self.distance[node.index()] = distance;
        self.queue.push_back(node);
    }

    /// How many links the shortest way from one node to another has at this moment; none if there is no way.
    pub(super) fn between(&mut self, links: &LinkLayer, from: NodeAddr, to: NodeAddr) -> Option<u32> {
        self.walk(links, from, u32::MAX, Some(to), &mut Vec::new());
        (self.counted.get(to.index()) == Some(&self.count)).then(|| self.distance[to.index()])
    }

    /// How many links the shortest way from a node to each of some others has; none where there is no way.
    pub(super) fn distances(&mut self, links: &LinkLayer, from: NodeAddr, to: &[NodeAddr]) -> Vec<Option<u32>> {
        self.walk(links, from, u32::MAX, None, &mut Vec::new());
        let distance = |node: &NodeAddr| {
            let counted = self.counted.get(node.index()) == Some(&self.count);
            counted.then(|| self.distance[node.index()])
        };
        to.iter().map(distance).collect()
    }

    /// Those to whom at most so many links lead from a node, itself not among them.
    pub(super) fn within(&mut self, links: &LinkLayer, from: NodeAddr, most: u32) -> Vec<NodeAddr> {
        let mut found = Vec::new();
        self.walk(links, from, most, None, &mut found);
        found.remove(0);
        found.sort_unstable();
        found
    }

    /// Those who can reach each other: for each node that is up, the least of them.
    pub(super) fn components(&mut self, links: &LinkLayer, up: &[NodeAddr], nodes: u32) -> Vec<Option<NodeAddr>> {
        let mut component = vec![None; nodes as usize];
        let mut found = Vec::new();
        for &node in up {
            if component[node.index()].is_none() {
                found.clear();
                self.walk(links, node, u32::MAX, None, &mut found);
                found.iter().for_each(|member| component[member.index()] = Some(node));
            }
        }
        component
    }
}
