//! Whether packets go in circles: what those who watch a network layer hold it to.
//!
//! A packet is in a circle when it comes to a node for the second time on the same leg of its journey, though none of the nodes
//! that have had it since the first time has changed its address in between. A leg ends where the packet is given another address
//! to go to.

use std::collections::BTreeMap;

use sim_core::addr::NodeAddr;
use sim_core::protocol::OperationId;
use sim_core::time::SimTime;

/// A packet: who sent it, as what, and to whom.
pub type Name = (NodeAddr, OperationId, NodeAddr);

struct Journey<L> {
    leg: L,
    /// Who has had the packet on this leg, and since when.
    way: Vec<(SimTime, NodeAddr)>,
}

/// Follows packets, of which a leg is told by an `L`.
pub struct Circles<L> {
    journeys: BTreeMap<Name, Journey<L>>,
    /// When a node last changed its address.
    changed: BTreeMap<NodeAddr, SimTime>,
}

impl<L> Default for Circles<L> {
    fn default() -> Self {
        Circles {
            journeys: BTreeMap::new(),
            changed: BTreeMap::new(),
        }
    }
}

impl<L: PartialEq> Circles<L> {
    /// A node has another address than before, or none any more.
    pub fn address_changes(&mut self, time: SimTime, node: NodeAddr) {
        self.changed.insert(node, time);
    }

    /// A node has a packet: it comes there or leaves from there. Gives the nodes of the circle, in order, if it is one.
    pub fn is_at(&mut self, time: SimTime, node: NodeAddr, packet: Name, leg: L) -> Option<Vec<NodeAddr>> {
        let way = match self.journeys.get_mut(&packet) {
            Some(journey) if journey.leg == leg => &mut journey.way,
            _ => {
                let way = vec![(time, node)];
                self.journeys.insert(packet, Journey { leg, way });
                return None;
            }
        };
        if way.last().is_some_and(|(_, last)| *last == node) {
            return None;
        }
        let first = way.iter().rposition(|(_, before)| *before == node);
        way.push((time, node));
        let circle = &way[first?..];
        let since = circle[0].0;
        let changed = |node: &NodeAddr| self.changed.get(node).is_some_and(|at| *at >= since);
        let nodes: Vec<_> = circle.iter().map(|(_, node)| *node).collect();
        (!nodes.iter().any(changed)).then_some(nodes)
    }

    /// Who has had a packet on its present leg, in order.
    pub fn way(&self, packet: Name) -> Vec<NodeAddr> {
        let way = self.journeys.get(&packet).map(|journey| &journey.way);
        way.into_iter().flatten().map(|(_, node)| *node).collect()
    }

    /// A packet has arrived or been dropped.
    pub fn ends(&mut self, packet: Name) {
        self.journeys.remove(&packet);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACKET: Name = (NodeAddr(1), OperationId(7), NodeAddr(9));

    fn at(second: u64) -> SimTime {
        SimTime::from_nanos(second)
    }

    #[test]
    fn who_has_a_packet_twice_is_found_unless_an_address_on_its_way_has_changed_or_it_has_another_to_go_to() {
        let visits = |last: (u32, u8), change: Option<(u64, u32)>| {
            let mut circles = Circles::default();
            if let Some((time, node)) = change {
                circles.address_changes(at(time), NodeAddr(node));
            }
            for (time, node) in [(1, 1), (2, 1), (3, 2), (4, 3)] {
                assert_eq!(circles.is_at(at(time), NodeAddr(node), PACKET, 0), None);
            }
            circles.is_at(at(5), NodeAddr(last.0), PACKET, last.1)
        };
        let circle = Some(vec![NodeAddr(2), NodeAddr(3), NodeAddr(2)]);
        assert_eq!(visits((2, 0), None), circle);
        assert_eq!(visits((2, 0), Some((2, 3))), circle, "that was before");
        assert_eq!(visits((2, 0), Some((4, 1))), circle, "that was elsewhere");
        assert_eq!(visits((2, 0), Some((4, 3))), None);
        assert_eq!(visits((2, 1), None), None, "on another leg");
        assert_eq!(visits((4, 0), None), None);
    }
}
