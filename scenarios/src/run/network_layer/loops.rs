//! The invariant of a network layer whose nodes have addresses: no node sends a packet on twice without an address change in
//! between.
//!
//! A packet that is looked up anew on its way begins a new leg, since its destination has another address. One that comes back to a
//! node and is dropped there has gone no further, and is no circle. That happens: which level a packet crosses is known where it
//! arrives, and a neighbour may not have heard yet of an address change before the packet was sent.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use sim_core::Nodes;
use sim_core::addr::NodeAddr;
use sim_core::observer::{Deed, Observer};
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
    /// Who has sent it on, in order.
    senders: Vec<NodeAddr>,
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

    fn sends(&mut self, node: NodeAddr, name: Name, leg: Option<Leg>) {
        let changes = self.changes;
        let journey = self.journeys.entry(name).or_insert_with(|| Journey {
            since: changes,
            leg,
            senders: Vec::new(),
        });
        if (journey.since, journey.leg) != (changes, leg) {
            (journey.since, journey.leg) = (changes, leg);
            journey.senders.clear();
        }
        if journey.senders.contains(&node) {
            let way: Vec<String> = journey.senders.iter().map(NodeAddr::to_string).collect();
            let (source, OperationId(operation), to) = name;
            self.circle = Some(format!(
                "the packet {operation} from node {source} to node {to} is sent on by node {node} again, after {}, and no address has \
                 changed",
                way.join(", ")
            ));
        }
        journey.senders.push(node);
    }
}

impl<N: NetworkLayer> Observer<N::Protocol> for Loops<N> {
    fn deed(&mut self, _: SimTime, node: NodeAddr, deed: &Deed<'_, N::Protocol>) {
        match deed {
            Deed::Send { msg, .. } => {
                if let Some(packet) = msg.packet() {
                    let leg = N::ADDRESSES.and_then(|calls| (calls.leg)(msg));
                    self.sends(node, (packet.source, packet.operation, packet.to), leg);
                }
            }
            Deed::Emit(event) => {
                if let Told::Packet(Outcome::Delivered(packet) | Outcome::Dropped(packet, _)) =
                    N::told((*event).clone())
                {
                    self.journeys.remove(&(packet.source, packet.operation, packet.to));
                }
            }
            Deed::SetTimer { .. } | Deed::CancelTimer(_) => {}
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

    fn circle_of(sends: &[(u32, Option<Leg>, u64)]) -> Option<String> {
        let mut loops = Loops::<PeerNetLayer>::new();
        for (node, leg, changes) in sends {
            loops.changes = *changes;
            loops.sends(NodeAddr(*node), NAME, *leg);
        }
        loops.circle
    }

    #[test]
    fn whoever_sends_a_packet_on_twice_is_found_unless_an_address_has_changed() {
        let way = [(1, leg(5, 0), 0), (2, leg(5, 0), 0)];
        let and = |last| circle_of(&[way[0], way[1], last]);
        let found = and((1, leg(5, 0), 0)).expect("a circle");
        assert!(
            found.contains("the packet 7 from node n1 to node n9 is sent on by node n1 again, after n1, n2"),
            "{found}"
        );
        assert_eq!(and((3, leg(5, 0), 0)), None, "on its way");
        assert_eq!(and((1, leg(5, 0), 1)), None, "an address has changed");
        assert_eq!(and((1, leg(6, 0), 0)), None, "its destination has another one");
        assert_eq!(and((1, leg(5, 1), 0)), None, "it was looked up again");
    }
}
