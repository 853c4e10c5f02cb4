//! How many rings the members of an overlay make up, each followed by the one that it takes for its successor.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use sim_core::addr::NodeAddr;
use sim_core::time::SimTime;

/// The rings at one instant.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RingCount {
    /// When.
    pub time: SimTime,
    /// Members.
    pub members: u64,
    /// Rings: circles of members, each the successor of the one before. Who is on none is on his way into one.
    pub rings: u64,
    /// Members on the largest ring.
    pub largest: u64,
    /// Members whose successor is the next member by identifier. If all are, there is one ring, and it is in order.
    pub correct: u64,
}

/// Follows the successors of the members, which are given by identifier.
pub(super) fn count_rings(
    time: SimTime,
    members: &BTreeMap<u128, NodeAddr>,
    successor: impl Fn(NodeAddr) -> Option<NodeAddr>,
) -> RingCount {
    let by_identifier: Vec<NodeAddr> = members.values().copied().collect();
    let mut by_addr: Vec<(NodeAddr, usize)> = by_identifier.iter().copied().zip(0..).collect();
    by_addr.sort();
    let place = |addr: NodeAddr| {
        let at = by_addr.binary_search_by_key(&addr, |(addr, _)| *addr).ok()?;
        Some(by_addr[at].1)
    };
    let next: Vec<Option<usize>> = by_identifier.iter().map(|addr| place(successor(*addr)?)).collect();
    let (mut rings, mut largest) = (0, 0);
    // The number of the walk that came by first, and after how many steps.
    let mut seen: Vec<Option<(usize, u64)>> = vec![None; next.len()];
    for start in 0..next.len() {
        let (mut at, mut steps) = (start, 0);
        while seen[at].is_none() {
            seen[at] = Some((start, steps));
            steps += 1;
            match next[at] {
                Some(next) => at = next,
                None => break,
            }
        }
        // Back where this walk has been, and not at the end of a path that leads nowhere.
        if let (Some((walk, before)), true) = (seen[at], next[at].is_some())
            && walk == start
            && before < steps
        {
            rings += 1;
            largest = largest.max(steps - before);
        }
    }
    let follows = |(at, next): (usize, &Option<usize>)| *next == Some((at + 1) % by_identifier.len());
    RingCount {
        time,
        members: by_identifier.len() as u64,
        rings,
        largest,
        correct: next.iter().enumerate().filter(|place| follows(*place)).count() as u64,
    }
}

/// Since when every successor has been correct, up to the last count; none if one is not then.
pub(super) fn one_ring_since(counts: &[RingCount]) -> Option<SimTime> {
    let one = |count: &&RingCount| count.members > 0 && count.correct == count.members;
    counts.iter().rev().take_while(one).last().map(|count| count.time)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Members 0, 1, ... in the order of their identifiers, with these successors.
    fn count<const N: usize>(successors: [u32; N]) -> (u64, u64, u64) {
        let members = (0..N as u32)
            .map(|addr| (u128::from(addr) * 10, NodeAddr(addr)))
            .collect();
        let count = count_rings(SimTime::ZERO, &members, |addr| Some(NodeAddr(successors[addr.index()])));
        assert_eq!(count.members, N as u64);
        (count.rings, count.largest, count.correct)
    }

    #[test]
    fn rings_are_circles_of_successors() {
        assert_eq!(count([1, 2, 3, 0]), (1, 4, 4));
        assert_eq!(count([2, 3, 0, 1]), (2, 2, 0), "two rings");
        assert_eq!(count([1, 2, 1, 0]), (1, 2, 3), "0 and 3 lead into the ring of 1 and 2");
        assert_eq!(count([2, 3, 1, 0]), (1, 4, 1), "all on one ring, which is not in order");
        assert_eq!(count([0]), (1, 1, 1), "alone");
        assert_eq!(count([0, 1]), (2, 1, 0), "two of them, each alone");
        assert_eq!(count([9, 0, 1]), (0, 0, 0), "a successor that is no member");
    }

    #[test]
    fn one_ring_is_one_that_stays_to_the_end() {
        let count = |seconds: u64, correct| RingCount {
            time: SimTime::from_nanos(seconds * 1_000_000_000),
            members: 3,
            rings: 1,
            largest: 3,
            correct,
        };
        let counts = [count(1, 3), count(2, 1), count(3, 3), count(4, 3)];
        assert_eq!(one_ring_since(&counts), Some(counts[2].time));
        assert_eq!(one_ring_since(&counts[..2]), None);
        assert_eq!(one_ring_since(&[]), None);
    }
}
