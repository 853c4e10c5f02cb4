//! Areas of addresses: the nodes whose addresses begin with the same bits, which should be connected among themselves.

use std::collections::{BTreeMap, BTreeSet};

use sim_core::addr::NodeAddr;

/// How addresses are spread over nodes that can all reach each other, or over several such groups.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Areas {
    /// Nodes that have no address, or one that another node of their group has, too.
    pub(super) without: u64,
    /// Areas with a node, each of as many bits as addresses have or of fewer, those of a group by themselves.
    pub(super) all: u64,
    /// Those of them in which every node can reach every other without leaving the area.
    pub(super) connected: u64,
}

/// Counts the areas of addresses with so many bits. Each node has an address and the group of those whom it can reach;
/// `links` are between nodes of a group.
pub(super) fn count(
    bits: u32,
    nodes: &[(NodeAddr, NodeAddr, Option<u128>)],
    links: impl Iterator<Item = (NodeAddr, NodeAddr)>,
) -> Areas {
    let addressed: Vec<(NodeAddr, u128)> = nodes
        .iter()
        .filter_map(|(_, group, address)| Some((*group, (*address)?)))
        .collect();
    let place: BTreeMap<NodeAddr, usize> = nodes
        .iter()
        .filter(|(.., address)| address.is_some())
        .enumerate()
        .map(|(place, (node, ..))| (*node, place))
        .collect();
    let mut holders: BTreeMap<(NodeAddr, u128), u64> = BTreeMap::new();
    addressed
        .iter()
        .for_each(|name| *holders.entry(*name).or_default() += 1);
    let shared: u64 = holders.values().filter(|held| **held > 1).sum();
    let mut areas = Areas {
        without: (nodes.len() - addressed.len()) as u64 + shared,
        ..Areas::default()
    };
    // A link lies within the areas of as many leading bits as its ends have in common, and of fewer.
    let mut by_level: Vec<Vec<(usize, usize)>> = vec![Vec::new(); bits as usize + 1];
    for (a, b) in links {
        if let (Some(&a), Some(&b)) = (place.get(&a), place.get(&b)) {
            by_level[level(addressed[a].1, addressed[b].1) as usize].push((a, b));
        }
    }
    let mut parts = Parts::new(addressed.len());
    for (level, links) in by_level.iter().enumerate() {
        links.iter().for_each(|(a, b)| parts.join(*a, *b));
        let prefix = |address: u128| address.checked_shr(level as u32).unwrap_or(0);
        let mut roots: BTreeMap<(NodeAddr, u128), BTreeSet<usize>> = BTreeMap::new();
        for (node, (group, address)) in addressed.iter().enumerate() {
            roots
                .entry((*group, prefix(*address)))
                .or_default()
                .insert(parts.root(node));
        }
        areas.all += roots.len() as u64;
        areas.connected += roots.values().filter(|roots| roots.len() == 1).count() as u64;
    }
    areas
}

/// The least number of trailing bits without which two addresses are the same.
fn level(a: u128, b: u128) -> u32 {
    u128::BITS - (a ^ b).leading_zeros()
}

/// How deep the tree of these addresses is below each of them: the bits that tell it from all others.
pub(super) fn depths(bits: u32, mut addresses: Vec<u128>) -> Vec<u32> {
    addresses.sort_unstable();
    let common = |place: usize| match addresses.get(place..place + 2) {
        Some([a, b]) => bits - level(*a, *b).min(bits),
        _ => 0,
    };
    let depth = |place: usize| {
        let before = place.checked_sub(1).map_or(0, common);
        let shared = before.max(common(place));
        match addresses.len() {
            0 | 1 => 0,
            _ => (shared + 1).min(bits),
        }
    };
    (0..addresses.len()).map(depth).collect()
}

/// Sets of numbers that grow together.
struct Parts {
    parent: Vec<usize>,
}

impl Parts {
    fn new(count: usize) -> Self {
        Parts {
            parent: (0..count).collect(),
        }
    }

    fn root(&mut self, mut at: usize) -> usize {
        while self.parent[at] != at {
            // Halving the way keeps it short.
            self.parent[at] = self.parent[self.parent[at]];
            at = self.parent[at];
        }
        at
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.parent[a.max(b)] = a.min(b);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUP: NodeAddr = NodeAddr(0);

    fn counted(addresses: &[Option<u128>], links: &[(u32, u32)]) -> (u64, u64, u64) {
        let node = |(node, address): (usize, &Option<u128>)| (NodeAddr(node as u32), GROUP, *address);
        let nodes: Vec<_> = addresses.iter().enumerate().map(node).collect();
        let links = links.iter().map(|(a, b)| (NodeAddr(*a), NodeAddr(*b)));
        let Areas {
            without,
            all,
            connected,
        } = count(3, &nodes, links);
        (without, all, connected)
    }

    #[test]
    fn every_area_is_looked_at_by_itself() {
        // A line of 000, 001, 010, 100: its areas are four nodes, then 00*, 01*, 10*, then 0**, 1**, and all.
        let line = [(0, 1), (1, 2), (2, 3)];
        let addresses = [Some(0b000), Some(0b001), Some(0b010), Some(0b100)];
        assert_eq!(counted(&addresses, &line), (0, 4 + 3 + 2 + 1, 10));
        // 100 in the middle parts 0** but neither 00* nor all of them.
        let addresses = [Some(0b000), Some(0b001), Some(0b100), Some(0b010)];
        assert_eq!(counted(&addresses, &line), (0, 10, 9));
    }

    #[test]
    fn who_has_no_address_of_his_own_is_counted_and_in_no_area() {
        let line = [(0, 1), (1, 2)];
        assert_eq!(counted(&[Some(1), None, Some(1)], &line), (3, 4, 0));
        assert_eq!(counted(&[Some(1), Some(1), None], &line), (3, 4, 4));
        assert_eq!(counted(&[], &[]), (0, 0, 0));
    }

    #[test]
    fn the_same_prefix_in_two_groups_is_two_areas() {
        let nodes = [(NodeAddr(0), NodeAddr(0), Some(5)), (NodeAddr(1), NodeAddr(1), Some(5))];
        let areas = count(3, &nodes, std::iter::empty());
        assert_eq!((areas.without, areas.all, areas.connected), (0, 8, 8));
    }

    #[test]
    fn the_depth_of_an_address_is_what_tells_it_from_the_others() {
        assert_eq!(depths(3, vec![0b000, 0b001, 0b100]), [3, 3, 1]);
        assert_eq!(depths(3, vec![0b000, 0b010, 0b100, 0b110]), [2, 2, 2, 2]);
        assert_eq!(depths(3, vec![0b101]), [0]);
        assert_eq!(depths(128, vec![0, 1 << 127]), [1, 1]);
        assert_eq!(depths(3, vec![0b101, 0b101]), [3, 3], "two that are the same");
    }
}
