//! A virtual network that is whole from the beginning.

use std::collections::{BTreeMap, BTreeSet};

use sim_core::addr::NodeAddr;
use sim_core::random::StreamKey;

use super::{Arrival, Config, ContactInfo, Driver, Init};
use crate::layer::Both;

/// What nodes start as that are all there from the beginning, by what their overlays start as: with a tunnel between any two of which
/// one [lists](Driver::listed) the other, unless either has too many already. The tunnels have no addresses yet.
pub fn whole<C>(config: &Both<Config, C::Config>, overlays: Vec<(NodeAddr, C::Init)>) -> Vec<Init<C::Init>>
where
    C: Driver<Init: Clone>,
{
    let listed = |(addr, init): &(NodeAddr, C::Init)| {
        // What a node lists does not depend on chance.
        let node = C::new(
            ContactInfo::seal(*addr),
            init.clone(),
            &config.below,
            StreamKey::root(0, 0),
        );
        (*addr, node.listed().map(ContactInfo::open).collect())
    };
    let lists: Vec<(NodeAddr, Vec<NodeAddr>)> = overlays.iter().map(listed).collect();
    let mut tunnels: BTreeMap<NodeAddr, Vec<(ContactInfo, _)>> = BTreeMap::new();
    for (one, other) in pairs(&lists, config.own.max_tunnels) {
        for (end, peer) in [(one, other), (other, one)] {
            tunnels.entry(end).or_default().push((ContactInfo::seal(peer), None));
        }
    }
    let arrival = |(addr, overlay)| {
        Init::Node(Box::new(Arrival {
            overlay,
            bootstrap: None,
            tunnels: tunnels.remove(&addr).unwrap_or_default(),
        }))
    };
    overlays.into_iter().map(arrival).collect()
}

/// The pairs of nodes that have a tunnel, of nodes that list these others: both ends have it if either wants it, as long as
/// neither has too many.
fn pairs(lists: &[(NodeAddr, Vec<NodeAddr>)], max_tunnels: usize) -> BTreeSet<(NodeAddr, NodeAddr)> {
    let there: BTreeSet<NodeAddr> = lists.iter().map(|(addr, _)| *addr).collect();
    let wanted = lists.iter().flat_map(|(addr, peers)| {
        let there = &there;
        let others = peers.iter().filter(move |peer| *peer != addr && there.contains(peer));
        others.map(move |peer| (*addr.min(peer), *addr.max(peer)))
    });
    let wanted: BTreeSet<(NodeAddr, NodeAddr)> = wanted.collect();
    let mut ends: BTreeMap<NodeAddr, usize> = BTreeMap::new();
    let has_room = |pair: &(NodeAddr, NodeAddr)| {
        let room = [pair.0, pair.1]
            .iter()
            .all(|end| ends.get(end).is_none_or(|tunnels| *tunnels < max_tunnels));
        if room {
            *ends.entry(pair.0).or_default() += 1;
            *ends.entry(pair.1).or_default() += 1;
        }
        room
    };
    wanted.into_iter().filter(has_room).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_have_a_tunnel_that_either_wants() {
        // Nodes 0 to 4, of which each lists the next and 3 lists all.
        let next = |at: u32| (NodeAddr(at), vec![NodeAddr((at + 1) % 5), NodeAddr(9)]);
        let mut lists: Vec<_> = (0..5).map(next).collect();
        lists[3].1 = [0, 1, 2, 3, 4].map(NodeAddr).to_vec();
        let all = pairs(&lists, usize::MAX);
        let expected = [(0, 1), (0, 3), (0, 4), (1, 2), (1, 3), (2, 3), (3, 4)];
        let expected: Vec<_> = expected.map(|(one, other)| (NodeAddr(one), NodeAddr(other))).to_vec();
        assert_eq!(all.into_iter().collect::<Vec<_>>(), expected, "9 is not there");
        let few = pairs(&lists, 2);
        let ends = |node| {
            few.iter()
                .filter(move |(one, other)| [*one, *other].contains(&NodeAddr(node)))
        };
        assert!((0..5).all(|node| ends(node).count() <= 2), "{few:?}");
    }
}
