//! Who can talk to whom where only neighbours can: the ground under protocols of the network layer.
//!
//! A [`LinkSource`] says between which places there are links, and when: positions and a radio range, a graph, a trace of
//! contacts. The [`LinkLayer`] leaves out the nodes that are down and those that a partition keeps apart, adds wires, and
//! knows what a frame meets on its hop. The engine makes the changes as they are due, between the events of the nodes, and
//! tells the nodes ([`on_link`](crate::protocol::Protocol::on_link)); a message that is under way when its link goes down
//! still arrives, and one that waits for a shared [`Medium`] is not under way yet.

mod hop;
mod shared;
mod source;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};

pub use hop::{Air, LinkLayerError, Medium, Wire};
pub(crate) use shared::{Admission, Frame, Shared};
pub use source::{Change, Contacts, Fixed, Leg, LinkSource, Place};

use crate::addr::NodeAddr;
use crate::network::Cut;
use crate::time::{SimDuration, SimTime};

/// The links of all nodes, as they are at this moment of a run.
pub struct LinkLayer {
    source: Box<dyn LinkSource>,
    air: Air,
    wires: BTreeMap<(NodeAddr, NodeAddr), Wire>,
    cuts: Vec<Cut>,
    /// What the source has told and has not happened yet.
    coming: VecDeque<Change>,
    /// All changes before this time have been told.
    told_until: SimTime,
    /// Until when everything has happened.
    now: SimTime,
    up: Box<[bool]>,
    /// Who would have a link to whom if all were up and nothing kept them apart.
    near: Box<[Vec<NodeAddr>]>,
    /// Who has a link to whom.
    linked: Box<[Vec<NodeAddr>]>,
}

/// A link that came up or went down.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Switched {
    pub(crate) between: (NodeAddr, NodeAddr),
    pub(crate) up: bool,
}

impl LinkLayer {
    /// The links that a source tells of, between nodes whose radios are alike.
    ///
    /// # Errors
    /// [`LinkLayerError`]: a probability that is none, or frames that are never sent.
    pub fn new(nodes: u32, source: Box<dyn LinkSource>, air: Air) -> Result<Self, LinkLayerError> {
        air.check()?;
        let nobody = || (0..nodes).map(|_| Vec::new()).collect();
        Ok(LinkLayer {
            source,
            air,
            wires: BTreeMap::new(),
            cuts: Vec::new(),
            coming: VecDeque::new(),
            told_until: SimTime::ZERO,
            now: SimTime::ZERO,
            up: (0..nodes).map(|_| false).collect(),
            near: nobody(),
            linked: nobody(),
        })
    }

    /// The same with wires, of which the last one counts where several have the same ends.
    ///
    /// # Errors
    /// [`LinkLayerError`]: a probability that is none, or an end where no node is.
    pub fn with_wires(mut self, wires: impl IntoIterator<Item = Wire>) -> Result<Self, LinkLayerError> {
        for wire in wires {
            hop::probability(wire.loss)?;
            let (a, b) = wire.between;
            let nodes = self.up.len();
            if a == b || a.index() >= nodes || b.index() >= nodes {
                return Err(LinkLayerError::NoSuchNode {
                    between: wire.between,
                    nodes: nodes as u32,
                });
            }
            if self.wires.insert((a.min(b), a.max(b)), wire).is_none() {
                set(&mut self.near, (a, b), true);
            }
        }
        Ok(self)
    }

    /// The same with partitions: while one lasts there is no link between its sides.
    #[must_use]
    pub fn with_cuts(mut self, cuts: impl IntoIterator<Item = Cut>) -> Self {
        self.cuts.extend(cuts);
        self
    }

    /// The nodes to which a node has a link at this moment, in ascending order. Nobody has one who is down.
    #[inline]
    pub fn neighbours(&self, node: NodeAddr) -> &[NodeAddr] {
        self.linked.get(node.index()).map_or(&[], Vec::as_slice)
    }

    /// Whether there is a link between two nodes at this moment.
    #[inline]
    pub fn has_link(&self, a: NodeAddr, b: NodeAddr) -> bool {
        self.neighbours(a).binary_search(&b).is_ok()
    }

    /// Where a node is at this moment, where links come from places.
    pub fn place(&self, node: NodeAddr, now: SimTime) -> Option<Place> {
        self.source.place(node, now)
    }

    /// What the radio of every node is like.
    pub fn air(&self) -> &Air {
        &self.air
    }

    /// The wire between two nodes.
    #[inline]
    pub(crate) fn wire(&self, a: NodeAddr, b: NodeAddr) -> Option<&Wire> {
        // Most link layers have none.
        if self.wires.is_empty() {
            return None;
        }
        self.wires.get(&(a.min(b), a.max(b)))
    }

    /// No frame takes less than this.
    pub(crate) fn min_delay(&self) -> SimDuration {
        let wires = self.wires.values().map(|wire| wire.delay);
        wires.fold(self.air.delay, SimDuration::min)
    }

    /// Nothing changes before this time.
    pub(crate) fn next_time(&self) -> Option<SimTime> {
        let told = self.coming.front().map_or(self.told_until, |change| change.time);
        let bounds = self.cuts.iter().flat_map(Cut::bounds).filter(|time| *time > self.now);
        bounds.chain([told]).min().filter(|time| *time < SimTime::MAX)
    }

    /// Makes the changes of one instant, and says which they were.
    pub(crate) fn turn(&mut self, now: SimTime) -> Vec<Switched> {
        let mut switched = Vec::new();
        let bounded = self.cuts.iter().flat_map(Cut::bounds).any(|time| time == now);
        self.now = now;
        if self.coming.is_empty() && self.told_until == now {
            let mut changes = Vec::new();
            self.told_until = self.source.next_stretch(&mut changes);
            self.coming = changes.into();
        }
        while let Some(change) = self.coming.front().copied().filter(|change| change.time == now) {
            self.coming.pop_front();
            if self.wire(change.between.0, change.between.1).is_none() {
                set(&mut self.near, change.between, change.up);
                switched.extend(self.settle(change.between));
            }
        }
        if bounded {
            let pairs = |(node, near): (usize, &Vec<NodeAddr>)| {
                let node = NodeAddr(node as u32);
                let above = near.iter().filter(move |other| **other > node);
                above.map(move |other| (node, *other)).collect::<Vec<_>>()
            };
            let all: Vec<_> = self.near.iter().enumerate().flat_map(pairs).collect();
            switched.extend(all.into_iter().filter_map(|pair| self.settle(pair)));
        }
        switched
    }

    /// A node comes up or goes down: to whom it gets a link by that, or loses one. Nothing changes if it was so before.
    pub(crate) fn set_up(&mut self, node: NodeAddr, up: bool) -> Vec<NodeAddr> {
        match self.up.get_mut(node.index()) {
            Some(state) if *state != up => *state = up,
            _ => return Vec::new(),
        }
        let near = self.near[node.index()].clone();
        let switches = |other: &NodeAddr| self.settle((node, *other)).is_some();
        near.into_iter().filter(switches).collect()
    }

    /// Makes a link what it should be, and says so if it was not.
    fn settle(&mut self, (a, b): (NodeAddr, NodeAddr)) -> Option<Switched> {
        let near = self.near[a.index()].binary_search(&b).is_ok();
        let both_up = self.up[a.index()] && self.up[b.index()];
        let should = near && both_up && !self.cuts.iter().any(|cut| cut.parts(a, b, self.now));
        (should != self.has_link(a, b)).then(|| {
            set(&mut self.linked, (a, b), should);
            Switched {
                between: (a, b),
                up: should,
            }
        })
    }
}

/// Enters two nodes in each other's lists, or takes them out.
fn set(lists: &mut [Vec<NodeAddr>], (a, b): (NodeAddr, NodeAddr), there: bool) {
    for (list, other) in [(a, b), (b, a)] {
        let list = &mut lists[list.index()];
        match (list.binary_search(&other), there) {
            (Err(at), true) => list.insert(at, other),
            (Ok(at), false) => {
                list.remove(at);
            }
            _ => {}
        }
    }
}
