//! Dijkstra's algorithm over routers, and over routers with what a path has done so far where policy decides.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::links::{Links, Relationship};

/// The delay to what cannot be reached.
pub(super) const UNREACHED: u64 = u64::MAX;

/// Which paths messages take: of those allowed, the one with the shortest delay.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Policy {
    /// All are allowed.
    #[default]
    Shortest,
    /// Those on which nobody carries traffic that no neighbour pays for (Gao and Rexford 2001): first any number of links
    /// from customer to provider, then at most one between peers, then any number from provider to customer. Links
    /// between siblings are allowed everywhere and change nothing.
    ValleyFree,
}

/// How far a path is: it climbs to providers, until it has crossed to a peer or gone down to a customer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Phase {
    Climbing,
    Descending,
}

impl Phase {
    const ALL: [Phase; 2] = [Phase::Climbing, Phase::Descending];

    /// The phase after a hop to such a router; none if the path must not take it.
    fn after(self, hop: Relationship, policy: Policy) -> Option<Phase> {
        match (policy, hop, self) {
            (Policy::Shortest, _, _) | (_, Relationship::Sibling, _) => Some(self),
            (_, Relationship::Provider, Phase::Climbing) => Some(Phase::Climbing),
            (_, Relationship::Peer, Phase::Climbing) => Some(Phase::Descending),
            (_, Relationship::Provider | Relationship::Peer, Phase::Descending) => None,
            (_, Relationship::Customer, _) => Some(Phase::Descending),
        }
    }
}

/// The delays of the paths from one router, in nanoseconds.
pub(super) struct Search<'a> {
    links: &'a Links,
    policy: Policy,
    /// For each router, the delays to it in each [`Phase`]. One that descends is not there if it is no shorter: it is
    /// allowed nothing that one still climbing is not.
    delays: Box<[[u64; 2]]>,
}

impl<'a> Search<'a> {
    /// All paths from a router.
    pub(super) fn from(links: &'a Links, policy: Policy, router: usize) -> Self {
        let mut delays = vec![[UNREACHED; 2]; links.routers()].into_boxed_slice();
        let mut frontier = BinaryHeap::new();
        delays[router][Phase::Climbing as usize] = 0;
        frontier.push(Reverse((0_u64, router as u32, Phase::Climbing)));
        while let Some(Reverse((delay, at, phase))) = frontier.pop() {
            if delay > delays[at as usize][phase as usize] {
                continue;
            }
            for hop in links.of(at as usize) {
                let Some(next) = phase.after(hop.relationship, policy) else {
                    continue;
                };
                let known = &mut delays[hop.to as usize];
                let longer = delay + u64::from(hop.delay);
                if longer < known[Phase::Climbing as usize] && longer < known[next as usize] {
                    known[next as usize] = longer;
                    frontier.push(Reverse((longer, hop.to, next)));
                }
            }
        }
        Search { links, policy, delays }
    }

    /// The delays to all routers in their order; [`UNREACHED`] to those without a path.
    pub(super) fn delays(&self) -> impl Iterator<Item = u64> {
        self.delays
            .iter()
            .map(|[climbing, descending]| *climbing.min(descending))
    }

    /// The routers on the path to a router, both ends included; of paths with equal delays the one whose routers, beginning
    /// at `to`, have the lowest numbers, those first that still climb. None if there is no path.
    pub(super) fn path(&self, to: usize) -> Option<Vec<usize>> {
        let delay = |router: usize, phase: Phase| self.delays[router][phase as usize];
        let (mut left, mut phase) = Phase::ALL.map(|phase| (delay(to, phase), phase)).into_iter().min()?;
        if left == UNREACHED {
            return None;
        }
        let mut path = vec![to];
        let mut at = to;
        while left > 0 {
            let before = self.links.of(at).iter().flat_map(|hop| {
                let from = hop.to as usize;
                let leads_here = move |before: &Phase| {
                    let after = before.after(hop.relationship.reversed(), self.policy);
                    after == Some(phase) && delay(from, *before).checked_add(u64::from(hop.delay)) == Some(left)
                };
                let found = Phase::ALL.into_iter().filter(leads_here);
                found.map(move |before| (from, before))
            });
            // There is one: the delay was found along it, and each link takes at least a nanosecond off what is left.
            (at, phase) = before.min()?;
            left = delay(at, phase);
            path.push(at);
        }
        path.reverse();
        Some(path)
    }
}

#[cfg(test)]
mod tests;
