//! The legs of all nodes over a while.

use super::Movement;
use crate::addr::NodeAddr;
use crate::link_layer::{Leg, Place};
use crate::time::SimTime;

/// The legs that nodes are on from one time until another.
pub(super) struct Paths {
    movements: Vec<Box<dyn Movement>>,
    /// Node by node, in the order of time.
    legs: Vec<Leg>,
    /// Where those of each node begin in `legs`; one more than there are nodes.
    begins: Vec<u32>,
    /// What `legs` were before, for its memory.
    spare: Vec<Leg>,
}

impl Paths {
    /// At time zero.
    pub(super) fn new(movements: Vec<Box<dyn Movement>>) -> Self {
        let nodes = movements.len();
        let mut paths = Paths {
            movements,
            legs: Vec::new(),
            begins: vec![0; nodes + 1],
            spare: Vec::new(),
        };
        paths.follow(SimTime::ZERO, SimTime::ZERO);
        paths
    }

    pub(super) fn nodes(&self) -> usize {
        self.movements.len()
    }

    /// Forgets the legs that have ended at `from`, and gets those that begin up to `until`, which is before the end of time.
    pub(super) fn follow(&mut self, from: SimTime, until: SimTime) {
        std::mem::swap(&mut self.legs, &mut self.spare);
        self.legs.clear();
        let mut begin = 0;
        for (node, movement) in self.movements.iter_mut().enumerate() {
            let end = self.begins[node + 1] as usize;
            let known = &self.spare[begin as usize..end];
            self.begins[node] = self.legs.len() as u32;
            self.legs.extend(known.iter().filter(|leg| leg.end > from));
            let mut latest = known.last().map_or(SimTime::ZERO, |leg| leg.end);
            while latest <= until {
                let leg = movement.next_leg();
                latest = leg.end;
                if leg.end > from {
                    self.legs.push(leg);
                }
            }
            begin = end as u32;
        }
        if let Some(end) = self.begins.last_mut() {
            *end = self.legs.len() as u32;
        }
    }

    /// The legs of a node that have not ended when the last [`Paths::follow`] begins.
    pub(super) fn of(&self, node: usize) -> &[Leg] {
        &self.legs[self.begins[node] as usize..self.begins[node + 1] as usize]
    }

    /// Whether everybody stands for ever.
    pub(super) fn ended(&self) -> bool {
        (0..self.nodes()).all(|node| {
            let leg = self.of(node)[0];
            leg.end == SimTime::MAX && leg.from == leg.to
        })
    }

    /// Where a node is at a time of the last [`Paths::follow`], after a jump at that time.
    pub(super) fn place(&self, node: NodeAddr, time: SimTime) -> Option<Place> {
        if node.index() >= self.nodes() {
            return None;
        }
        let legs = self.of(node.index());
        let leg = legs.iter().find(|leg| leg.end > time).or(legs.last());
        leg.map(|leg| leg.place(time))
    }
}
