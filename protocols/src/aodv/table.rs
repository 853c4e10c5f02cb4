//! The routing table (RFC 3561, sections 2 and 6.2).

use std::collections::{BTreeMap, BTreeSet};

use sim_core::addr::NodeAddr;
use sim_core::time::{SimDuration, SimTime};

/// Whether a sequence number is newer than another: numbers go round (section 6.1).
pub(super) fn is_newer(sequence: u32, than: u32) -> bool {
    (sequence.wrapping_sub(than) as i32) > 0
}

/// The newer of two sequence numbers.
pub(super) fn newer(a: u32, b: u32) -> u32 {
    if is_newer(a, b) { a } else { b }
}

/// What is known of the way to a destination.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Route {
    /// Over whom.
    pub(super) next: NodeAddr,
    /// How many links.
    pub(super) hops: u32,
    /// How new it is; none for a neighbour of whom only a message of somebody else was heard.
    pub(super) sequence: Option<u32>,
    /// Whether packets can take it.
    pub(super) valid: bool,
    /// Until when it is valid, or kept.
    pub(super) expires: SimTime,
    /// To whom this node is the next hop, and who must hear when the route is broken.
    pub(super) precursors: BTreeSet<NodeAddr>,
}

/// Whom a node cannot reach any more.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Unreachable {
    pub(super) to: NodeAddr,
    pub(super) sequence: u32,
    /// Who must hear of it.
    pub(super) precursors: BTreeSet<NodeAddr>,
}

/// A way that a message tells of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told {
    pub(super) next: NodeAddr,
    pub(super) hops: u32,
    pub(super) sequence: Option<u32>,
    pub(super) expires: SimTime,
}

/// The routes of a node.
#[derive(Debug, Default)]
pub(super) struct Table(BTreeMap<NodeAddr, Route>);

impl Table {
    /// What is known of a destination.
    pub(super) fn get(&self, to: NodeAddr) -> Option<&Route> {
        self.0.get(&to)
    }

    /// The route that packets take.
    pub(super) fn valid(&self, to: NodeAddr) -> Option<&Route> {
        self.0.get(&to).filter(|route| route.valid)
    }

    /// How many routes packets can take.
    pub(super) fn valid_routes(&self) -> usize {
        self.0.values().filter(|route| route.valid).count()
    }

    /// How many entries there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// When the first entry expires.
    pub(super) fn next_expiry(&self) -> Option<SimTime> {
        self.0.values().map(|route| route.expires).min()
    }

    /// Section 6.2: a message tells of a way. It is taken if it is newer than what is known, as new and shorter, or as new where
    /// the known way is broken. Whether it was taken.
    pub(super) fn update(&mut self, to: NodeAddr, told: Told) -> bool {
        let Some(route) = self.0.get_mut(&to) else {
            self.0.insert(to, Route::of(told));
            return true;
        };
        if route.valid && route.next == to && route.sequence.is_none() && told.next != to {
            // Nothing is shorter than the link itself.
            route.sequence = told.sequence;
            route.expires = route.expires.max(told.expires);
            return true;
        }
        let better = match (told.sequence, route.sequence) {
            (_, None) => true,
            // A way of unknown age is that to the sender of a message, who is the destination: nothing is shorter.
            (None, Some(_)) => !route.valid || route.hops > told.hops,
            (Some(new), Some(known)) => {
                is_newer(new, known) || new == known && (!route.valid || told.hops < route.hops)
            }
        };
        if better {
            let expires = if route.valid {
                route.expires.max(told.expires)
            } else {
                told.expires
            };
            let sequence = told.sequence.or(route.sequence);
            *route = Route {
                sequence,
                expires,
                precursors: std::mem::take(&mut route.precursors),
                ..Route::of(told)
            };
        }
        better
    }

    /// A route is used, or told to be good: it stays valid until then at least.
    pub(super) fn extend(&mut self, to: NodeAddr, until: SimTime) {
        if let Some(route) = self.0.get_mut(&to).filter(|route| route.valid) {
            route.expires = route.expires.max(until);
        }
    }

    /// This node becomes the next hop of another on the way to a destination.
    pub(super) fn add_precursor(&mut self, to: NodeAddr, precursor: NodeAddr) {
        if let Some(route) = self.0.get_mut(&to) {
            route.precursors.insert(precursor);
        }
    }

    /// Section 6.11, case (i): the link to a neighbour is gone, and with it all routes over it.
    pub(super) fn break_over(&mut self, neighbour: NodeAddr, kept_until: SimTime) -> Vec<Unreachable> {
        let over = |route: &Route| route.valid && route.next == neighbour;
        let broken = self.0.iter_mut().filter(|(_, route)| over(route));
        broken
            .map(|(to, route)| route.invalidate(*to, None, kept_until))
            .collect()
    }

    /// Section 6.11, case (iii): a neighbour says whom it cannot reach any more.
    pub(super) fn break_told(
        &mut self,
        neighbour: NodeAddr,
        told: &[(NodeAddr, u32)],
        kept_until: SimTime,
    ) -> Vec<Unreachable> {
        let broken = |(to, sequence): &(NodeAddr, u32)| {
            let route = self
                .0
                .get_mut(to)
                .filter(|route| route.valid && route.next == neighbour)?;
            Some(route.invalidate(*to, Some(*sequence), kept_until))
        };
        told.iter().filter_map(broken).collect()
    }

    /// What has expired by now becomes invalid, and what was so already is forgotten.
    pub(super) fn expire(&mut self, now: SimTime, delete_period: SimDuration) {
        self.0.retain(|to, route| {
            if route.expires > now {
                return true;
            }
            let was_valid = route.valid;
            if was_valid {
                route.invalidate(*to, None, now + delete_period);
            }
            was_valid
        });
    }
}

impl Route {
    fn of(told: Told) -> Self {
        Route {
            next: told.next,
            hops: told.hops,
            sequence: told.sequence,
            valid: true,
            expires: told.expires,
            precursors: BTreeSet::new(),
        }
    }

    /// Packets cannot take the route any more. It is numbered one higher, or as told if that is newer still: what is older than
    /// that is no news.
    fn invalidate(&mut self, to: NodeAddr, told: Option<u32>, kept_until: SimTime) -> Unreachable {
        let raised = self.sequence.map(|sequence| sequence.wrapping_add(1));
        self.sequence = match (raised, told) {
            (Some(raised), Some(told)) => Some(newer(raised, told)),
            (raised, told) => raised.or(told),
        };
        self.valid = false;
        self.expires = kept_until;
        Unreachable {
            to,
            sequence: self.sequence.unwrap_or(0),
            precursors: std::mem::take(&mut self.precursors),
        }
    }
}
