//! The invariant of a network layer whose nodes have addresses: a packet never comes to a node twice without an address change in
//! between, that of its destination included.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use sim_core::Nodes;
use sim_core::addr::NodeAddr;
use sim_core::observer::{Cause, Deed, Observer, Step};
use sim_core::protocol::OperationId;
use sim_core::time::SimTime;

use crate::network_layers::{Carries, NetworkLayer, Outcome, Told};

/// Where a packet has been since an address last changed.
struct Journey {
    /// How many address changes there had been then.
    since: u64,
    /// To which address it goes: it may have been looked up anew.
    heading: Option<u128>,
    visited: Vec<NodeAddr>,
}

/// Follows all packets, and ends the run when one goes in a circle.
pub(super) struct Loops<N> {
    journeys: BTreeMap<(NodeAddr, OperationId), Journey>,
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
}

impl<N: NetworkLayer> Observer<N::Protocol> for Loops<N> {
    fn event(&mut self, step: &Step<'_, N::Protocol>) {
        let Cause::Message { from, msg } = &step.cause else {
            return;
        };
        let Some(packet) = msg.packet() else { return };
        let changes = self.changes;
        let heading = N::ADDRESSES.and_then(|calls| (calls.heading)(msg));
        let journey = self.journeys.entry((packet.source, packet.operation));
        let journey = journey.or_insert_with(|| Journey {
            since: changes,
            heading,
            visited: vec![*from],
        });
        if (journey.since, journey.heading) != (changes, heading) {
            (journey.since, journey.heading) = (changes, heading);
            journey.visited.clear();
        }
        if journey.visited.contains(&step.node) {
            let way: Vec<String> = journey.visited.iter().map(NodeAddr::to_string).collect();
            self.circle = Some(format!(
                "the packet {} from node {} to node {} comes to node {} again, by way of {}, and no address has changed",
                packet.operation.0,
                packet.source,
                packet.to,
                step.node,
                way.join(", ")
            ));
        }
        journey.visited.push(step.node);
    }

    fn deed(&mut self, _: SimTime, _: NodeAddr, deed: &Deed<'_, N::Protocol>) {
        if let Deed::Emit(event) = deed
            && let Told::Packet(Outcome::Delivered(packet) | Outcome::Dropped(packet, _)) = N::told((*event).clone())
        {
            self.journeys.remove(&(packet.source, packet.operation));
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
