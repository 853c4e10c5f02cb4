//! The invariant of a network layer whose nodes have addresses: a packet never comes to a node twice without an address change in
//! between.
//!
//! A packet that is looked up anew on its way begins a new leg, since its destination has another address.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use sim_core::Nodes;
use sim_core::addr::NodeAddr;
use sim_core::observer::{Cause, Deed, Observer, Step};
use sim_core::protocol::OperationId;
use sim_core::time::SimTime;

use crate::network_layers::{Carries, Leg, NetworkLayer, Outcome, Told};

/// A packet: who sent it, as what, and to whom.
type Name = (NodeAddr, OperationId, NodeAddr);

/// Where a packet has been on a leg since an address last changed.
struct Journey {
    /// How many address changes there had been then.
    since: u64,
    leg: Option<Leg>,
    /// Where it has been, in order.
    visited: Vec<NodeAddr>,
}

/// Follows all packets, and ends the run when one goes in a circle.
pub(super) struct Loops<N> {
    journeys: BTreeMap<Name, Journey>,
    /// How many address changes there have been.
    changes: u64,
    /// The address of each node that has one, as it was last seen.
    addresses: BTreeMap<NodeAddr, u128>,
    /// What has been found and not been told yet.
    circle: Option<String>,
    layer: PhantomData<fn() -> N>,
}

impl<N> Loops<N> {
    pub(super) fn new() -> Self {
        Loops {
            journeys: BTreeMap::new(),
            changes: 0,
            addresses: BTreeMap::new(),
            circle: None,
            layer: PhantomData,
        }
    }

    /// A packet comes to a node from another one.
    fn comes(&mut self, from: NodeAddr, node: NodeAddr, name: Name, leg: Option<Leg>) {
        let changes = self.changes;
        let begun = || Journey {
            since: changes,
            leg,
            visited: vec![from],
        };
        let journey = self.journeys.entry(name).or_insert_with(begun);
        if (journey.since, journey.leg) != (changes, leg) {
            *journey = begun();
        }
        if journey.visited.contains(&node) {
            let way: Vec<String> = journey.visited.iter().map(NodeAddr::to_string).collect();
            let (source, OperationId(operation), to) = name;
            self.circle = Some(format!(
                "the packet {operation} from node {source} to node {to} comes to node {node} again, after {}, and no address has \
                 changed",
                way.join(", ")
            ));
        }
        journey.visited.push(node);
    }
}

impl<N: NetworkLayer> Observer<N::Protocol> for Loops<N> {
    fn event(&mut self, step: &Step<'_, N::Protocol>) {
        if let Cause::Message { from, msg } = &step.cause
            && let Some(packet) = msg.packet()
        {
            let leg = N::ADDRESSES.and_then(|calls| (calls.leg)(msg));
            self.comes(*from, step.node, (packet.source, packet.operation, packet.to), leg);
        }
    }

    fn deed(&mut self, _: SimTime, _: NodeAddr, deed: &Deed<'_, N::Protocol>) {
        if let Deed::Emit(event) = deed
            && let Told::Packet(Outcome::Delivered(packet) | Outcome::Dropped(packet, _)) = N::told((*event).clone())
        {
            self.journeys.remove(&(packet.source, packet.operation, packet.to));
        }
    }

    fn state(&mut self, _: SimTime, node: NodeAddr, nodes: &Nodes<'_, N::Protocol>) -> Result<(), String> {
        let address = N::ADDRESSES.and_then(|calls| (calls.of)(nodes.get(node)?));
        let before = match address {
            Some(address) => self.addresses.insert(node, address),
            None => self.addresses.remove(&node),
        };
        self.changes += u64::from(before != address);
        self.circle.take().map_or(Ok(()), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network_layers::PeerNetLayer;

    const NAME: Name = (NodeAddr(1), OperationId(7), NodeAddr(9));

    fn leg(address: u128, number: u32) -> Option<Leg> {
        Some(Leg { address, number })
    }

    fn circle_of(hops: &[(u32, u32, Option<Leg>, u64)]) -> Option<String> {
        let mut loops = Loops::<PeerNetLayer>::new();
        for (from, node, leg, changes) in hops {
            loops.changes = *changes;
            loops.comes(NodeAddr(*from), NodeAddr(*node), NAME, *leg);
        }
        loops.circle
    }

    #[test]
    fn a_packet_that_comes_back_is_found_unless_an_address_has_changed() {
        let way = [(1, 2, leg(5, 0), 0), (2, 3, leg(5, 0), 0)];
        let and = |last| circle_of(&[way[0], way[1], last]);
        let found = and((3, 1, leg(5, 0), 0)).expect("a circle");
        assert!(
            found.contains("the packet 7 from node n1 to node n9 comes to node n1 again, after n1, n2, n3"),
            "{found}"
        );
        assert!(and((3, 2, leg(5, 0), 0)).is_some(), "back by one link");
        assert_eq!(and((3, 4, leg(5, 0), 0)), None, "on its way");
        assert_eq!(and((3, 1, leg(5, 0), 1)), None, "an address has changed");
        assert_eq!(and((3, 1, leg(6, 0), 0)), None, "its destination has another one");
        assert_eq!(and((3, 1, leg(5, 1), 0)), None, "it was looked up again");
    }
}
