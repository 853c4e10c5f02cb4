//! The ring of all who have joined so far.

use crate::id::{Contact, IdSpace};

/// A ring that members join in their order: each knows beforehand who will be beside it when it comes.
///
/// That is found by making the ring of all and taking the members out again, the last first; as each goes, its links are left as
/// they were (Knuth, "Dancing links", 2000).
pub(super) struct Ring {
    before: Vec<u32>,
    after: Vec<u32>,
}

impl Ring {
    /// The ring before anybody has joined.
    pub(super) fn new<A>(members: &[Contact<A>]) -> Self {
        let count = members.len();
        let mut order: Vec<u32> = (0..count as u32).collect();
        order.sort_by_key(|member| members[*member as usize].id);
        let mut ring = Ring {
            before: vec![0; count],
            after: vec![0; count],
        };
        for (at, member) in order.iter().enumerate() {
            let next = order[(at + 1) % count];
            ring.after[*member as usize] = next;
            ring.before[next as usize] = *member;
        }
        for member in (0..count).rev() {
            let (before, after) = (ring.before[member], ring.after[member]);
            ring.after[before as usize] = after;
            ring.before[after as usize] = before;
        }
        ring
    }

    /// Has the next member join.
    pub(super) fn insert(&mut self, member: u32) {
        let (before, after) = (self.before[member as usize], self.after[member as usize]);
        self.after[before as usize] = member;
        self.before[after as usize] = member;
    }

    /// The leaf set of the member that joins next, on each side so many; nobody is in it twice.
    pub(super) fn leaf_set(&self, member: u32, a_side: usize) -> Vec<u32> {
        let others = member as usize;
        let walk = |links: &[u32], steps: usize| {
            let next = |at: &u32| Some(links[*at as usize]);
            let walk = std::iter::successors(next(&member), next);
            walk.take(steps).collect::<Vec<u32>>()
        };
        let after = others.min(a_side);
        let before = (others - after).min(a_side);
        let mut leaves = walk(&self.after, after);
        leaves.extend(walk(&self.before, before));
        leaves
    }

    /// The numerically closest to the member that joins next, which is not the first.
    pub(super) fn nearest<A>(&self, member: u32, members: &[Contact<A>], space: IdSpace) -> u32 {
        let (before, after) = (self.before[member as usize], self.after[member as usize]);
        let nearness = |other: &u32| space.nearness(members[member as usize].id, members[*other as usize].id);
        [before, after].into_iter().min_by_key(nearness).unwrap_or(after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{Id, distinct_ids};
    use sim_core::addr::NodeAddr;
    use sim_core::random::StreamKey;

    /// Each newcomer finds those who are there already, in order, as a sorted list has them.
    #[test]
    fn newcomers_find_their_neighbours_among_those_who_came_before() {
        let space = IdSpace::new(8);
        let ids = distinct_ids(60, space, &mut StreamKey::root(1, 0).rng()).expect("room enough");
        let contact = |id: &Id| Contact {
            id: *id,
            addr: NodeAddr(0),
        };
        let members: Vec<Contact> = ids.iter().map(contact).collect();
        let mut ring = Ring::new(&members);
        for member in 0..60_u32 {
            let me = ids[member as usize];
            let mut clockwise: Vec<u32> = (0..member).collect();
            clockwise.sort_by_key(|other| space.distance(me, ids[*other as usize]));
            for a_side in [1, 4, 100] {
                let mut expected: Vec<u32> = clockwise.iter().copied().take(a_side).collect();
                let rest = clockwise.iter().skip(a_side).rev().copied();
                expected.extend(rest.take(a_side));
                assert_eq!(ring.leaf_set(member, a_side), expected);
            }
            if member > 0 {
                let nearest = clockwise
                    .iter()
                    .copied()
                    .min_by_key(|other| space.nearness(me, ids[*other as usize]));
                assert_eq!(Some(ring.nearest(member, &members, space)), nearest);
            }
            ring.insert(member);
        }
    }
}
