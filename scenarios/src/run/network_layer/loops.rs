//! The invariant of a network layer whose nodes have addresses: no node has a packet twice without an address change on its way in
//! between.
//!
//! A packet that is looked up anew on its way begins a new leg, since its destination has another address. Whoever sends a packet on has
//! had it; who drops it as soon as it comes has not taken it. Where hellos get lost, or take longer than packets, a neighbour need
//! not have heard of an address change when the packet was sent: one can then come back, and is dropped.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use protocols::circles::Circles;
use sim_core::Nodes;
use sim_core::addr::NodeAddr;
use sim_core::observer::{Deed, Observer};
use sim_core::protocol::OperationId;
use sim_core::time::SimTime;

use crate::network_layers::{Carries, Leg, NetworkLayer, Outcome, Told};

/// Follows all packets, and ends the run when one goes in a circle.
pub(super) struct Loops<N> {
    circles: Circles<Option<Leg>>,
    /// The address of each node that has one, as it was last seen.
    addresses: BTreeMap<NodeAddr, u128>,
    /// What has been found and not been told yet.
    found: Option<String>,
    layer: PhantomData<fn() -> N>,
}

impl<N> Loops<N> {
    pub(super) fn new() -> Self {
        Loops {
            circles: Circles::default(),
            addresses: BTreeMap::new(),
            found: None,
            layer: PhantomData,
        }
    }
}

impl<N: NetworkLayer> Observer<N::Protocol> for Loops<N> {
    fn deed(&mut self, time: SimTime, node: NodeAddr, deed: &Deed<'_, N::Protocol>) {
        match deed {
            // What waits for the medium was sent on when that was decided, not when it has its turn.
            Deed::Send { msg, .. } | Deed::Wait { msg, .. } => {
                let Some(packet) = msg.packet() else { return };
                let leg = N::ADDRESSES.and_then(|calls| (calls.leg)(msg));
                let name = (packet.source, packet.operation, packet.to);
                if let Some(circle) = self.circles.is_at(time, node, name, leg) {
                    let (source, OperationId(operation), to) = name;
                    let circle: Vec<String> = circle.iter().map(NodeAddr::to_string).collect();
                    self.found = Some(format!(
                        "the packet {operation} from node {source} to node {to} is sent on in a circle, by {}, and none of them has \
                         changed its address",
                        circle.join(", ")
                    ));
                }
            }
            Deed::Emit(event) => {
                if let Told::Packet(Outcome::Delivered(packet) | Outcome::Dropped(packet, _)) =
                    N::told((*event).clone())
                {
                    self.circles.ends((packet.source, packet.operation, packet.to));
                }
            }
            Deed::Waited { .. } | Deed::SetTimer { .. } | Deed::CancelTimer(_) => {}
        }
    }

    fn state(&mut self, time: SimTime, node: NodeAddr, nodes: &Nodes<'_, N::Protocol>) -> Result<(), String> {
        let address = N::ADDRESSES.and_then(|calls| (calls.of)(nodes.get(node)?));
        let before = match address {
            Some(address) => self.addresses.insert(node, address),
            None => self.addresses.remove(&node),
        };
        if before != address {
            self.circles.address_changes(time, node);
        }
        self.found.take().map_or(Ok(()), Err)
    }
}
