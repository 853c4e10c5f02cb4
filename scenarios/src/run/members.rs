//! Who is a member of the overlay: up, and joined.

use std::collections::BTreeMap;

use sim_core::addr::NodeAddr;
use sim_core::random::{NodeRng, unit};

const ABSENT: u32 = u32::MAX;

/// The members, by identifier and for uniform draws.
pub(super) struct Members {
    /// Owners of identifiers: what the oracle asks.
    by_identifier: BTreeMap<u128, NodeAddr>,
    /// In no meaning order; what a draw is taken from.
    list: Vec<(NodeAddr, u128)>,
    /// Where each address stands in `list`.
    position: Vec<u32>,
}

impl Members {
    /// Nobody, of `places` that there are.
    pub(super) fn new(places: u32) -> Self {
        Members {
            by_identifier: BTreeMap::new(),
            list: Vec::new(),
            position: vec![ABSENT; places as usize],
        }
    }

    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    pub(super) fn contains(&self, addr: NodeAddr) -> bool {
        self.position[addr.index()] != ABSENT
    }

    pub(super) fn by_identifier(&self) -> &BTreeMap<u128, NodeAddr> {
        &self.by_identifier
    }

    pub(super) fn insert(&mut self, addr: NodeAddr, id: u128) {
        if !self.contains(addr) {
            self.position[addr.index()] = self.list.len() as u32;
            self.list.push((addr, id));
            self.by_identifier.insert(id, addr);
        }
    }

    pub(super) fn remove(&mut self, addr: NodeAddr) {
        let position = std::mem::replace(&mut self.position[addr.index()], ABSENT);
        if position == ABSENT {
            return;
        }
        let (_, id) = self.list.swap_remove(position as usize);
        if let Some((moved, _)) = self.list.get(position as usize) {
            self.position[moved.index()] = position;
        }
        self.by_identifier.remove(&id);
    }

    /// A member, each as likely as any other.
    pub(super) fn random(&self, rng: &mut NodeRng) -> Option<NodeAddr> {
        let index = (unit(rng) * self.list.len() as f64) as usize;
        self.list.get(index).map(|(addr, _)| *addr)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::random::StreamKey;

    #[test]
    fn removal_keeps_draws_and_owners_in_step() {
        let mut members = Members::new(10);
        for addr in 0..10 {
            members.insert(NodeAddr(addr), u128::from(addr) * 100);
        }
        for addr in [0, 9, 4] {
            members.remove(NodeAddr(addr));
            members.remove(NodeAddr(addr));
        }
        let mut rng = StreamKey::root(1, 0).rng();
        let mut drawn: Vec<_> = (0..1000).filter_map(|_| members.random(&mut rng)).collect();
        drawn.sort();
        drawn.dedup();
        let owners: Vec<_> = members.by_identifier().values().copied().collect();
        assert_eq!(drawn, owners);
        assert_eq!(members.len(), 7);
    }
}
