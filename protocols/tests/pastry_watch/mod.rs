//! Who watches messages on their way through a Pastry network.

use std::collections::BTreeMap;

use protocols::id::Id;
use protocols::kbr::{Call, KeyBased};
use protocols::pastry::{Config, Dropped, Event, Msg, Pastry};
use sim_core::Nodes;
use sim_core::addr::NodeAddr;
use sim_core::observer::{Cause, Deed, Observer, Step};
use sim_core::time::SimTime;

/// What has become of a message.
#[derive(Clone, Default, Debug)]
pub(crate) struct Journey {
    /// Who has had it, and when it came.
    had: Vec<(SimTime, NodeAddr)>,
    pub(crate) deliveries: u32,
    /// How many of these were at another member than the root of the key at that moment, or at nobody's.
    pub(crate) wrong: u32,
    pub(crate) most_hops: u16,
}

/// Follows all messages, and knows who is a member.
pub(crate) struct Watch {
    config: Config,
    members: BTreeMap<u128, NodeAddr>,
    journeys: BTreeMap<u64, Journey>,
    /// Who has left, and when.
    departures: Vec<(SimTime, NodeAddr)>,
    /// The message that the node of this event has just been given.
    given: Option<u64>,
}

impl Watch {
    pub(crate) fn new(config: &Config) -> Self {
        Watch {
            config: config.clone(),
            members: BTreeMap::new(),
            journeys: BTreeMap::new(),
            departures: Vec::new(),
            given: None,
        }
    }

    /// All messages, by operation.
    pub(crate) fn journeys(&self) -> impl Iterator<Item = (&u64, &Journey)> {
        self.journeys.iter()
    }

    /// Whether the last node that had a message has left since.
    pub(crate) fn went_down(&self, journey: &Journey) -> bool {
        let Some((since, last)) = journey.had.last() else {
            return false;
        };
        self.departures.iter().any(|(at, node)| node == last && at >= since)
    }

    fn has(&mut self, time: SimTime, node: NodeAddr, operation: u64) {
        self.given = Some(operation);
        self.journeys.entry(operation).or_default().had.push((time, node));
    }
}

impl Observer<Pastry> for Watch {
    fn event(&mut self, step: &Step<'_, Pastry>) {
        self.given = None;
        match &step.cause {
            Cause::Command {
                operation,
                command: Call::Route { .. },
            } => self.has(step.time, step.node, operation.0),
            Cause::Message {
                msg: Msg::Route { message, .. },
                ..
            } => {
                self.has(step.time, step.node, message.operation.0);
                let journey = self.journeys.entry(message.operation.0).or_default();
                journey.most_hops = journey.most_hops.max(message.hops);
            }
            Cause::Stop(_) => {
                self.departures.push((step.time, step.node));
                self.members.retain(|_, addr| *addr != step.node);
            }
            _ => {}
        }
    }

    fn deed(&mut self, _: SimTime, node: NodeAddr, deed: &Deed<'_, Pastry>) {
        match deed {
            // Not taken over: the node is no member, and its sender has it still.
            Deed::Emit(Event::Dropped(Dropped::NotMember)) => {
                if let Some(journey) = self.given.take().and_then(|given| self.journeys.get_mut(&given)) {
                    journey.had.pop();
                }
            }
            Deed::Emit(Event::Out(_)) => self.members.retain(|_, addr| *addr != node),
            Deed::Emit(Event::Deliver(message)) => {
                let roots = <Pastry as KeyBased>::roots(&self.config, message.key, &self.members, 1);
                let journey = self.journeys.entry(message.operation.0).or_default();
                journey.deliveries += 1;
                journey.wrong += u32::from(roots != [node]);
            }
            _ => {}
        }
    }

    fn state(&mut self, _: SimTime, addr: NodeAddr, nodes: &Nodes<'_, Pastry>) -> Result<(), String> {
        if let Some(node) = nodes.get(addr).filter(|node| node.has_joined()) {
            let id: Id = node.id();
            self.members.insert(id.number(), addr);
        }
        Ok(())
    }
}
