//! Who has a tunnel to whom, and that all of them are leased.

use std::collections::BTreeSet;

use protocols::chord::{self, Chord};
use protocols::id::Id;
use protocols::kbr::Nothing;
use protocols::xbone::{BlockPool, ContactInfo};
use sim_core::time::SimDuration;

use super::*;

type Inner = Chord<Nothing, ContactInfo>;

fn nodes<const N: usize>(numbers: [u32; N]) -> Vec<NodeAddr> {
    numbers.map(NodeAddr).to_vec()
}

/// Nodes 0 to 4 with seven tunnels.
fn founders() -> Vec<(NodeAddr, Init<chord::Init<ContactInfo>>)> {
    let pairs = [(0, 1), (0, 3), (0, 4), (1, 2), (1, 3), (2, 3), (3, 4)];
    let founder = |addr: u32| {
        let other = |(one, other): (u32, u32)| match addr {
            _ if addr == one => Some(other),
            _ if addr == other => Some(one),
            _ => None,
        };
        let peers = pairs.into_iter().filter_map(other);
        let arrival = Arrival {
            overlay: chord::Init::First { id: Id::new(0) },
            bootstrap: None,
            tunnels: peers.map(|peer| (ContactInfo::seal(NodeAddr(peer)), None)).collect(),
        };
        (NodeAddr(addr), Init::Node(Box::new(arrival)))
    };
    (0..5).rev().map(founder).collect()
}

#[test]
fn leases_that_begin_together_are_renewed_at_different_times() {
    let term = SimDuration::from_secs(60);
    let terms = Terms {
        term: Some(term),
        ..Terms::default()
    };
    let mut ledgers = [Ledger::new(BlockPool::parse("10.0.0.0/24").unwrap(), terms)];
    let mut founders = founders();
    lease::<Inner>(&mut founders, &nodes([7]), &mut ledgers);
    let arrivals = arrivals(&mut founders).into_iter();
    let ends = arrivals.flat_map(|(_, arrival)| arrival.tunnels.iter().filter_map(|(_, held)| *held));
    let until: BTreeSet<SimTime> = ends.map(|held| held.until).collect();
    assert_eq!(until.len(), 7);
    // None lasts longer than the server says, and none is due at once.
    let (least, most) = (SimTime::ZERO + term / 2, SimTime::ZERO + term);
    assert!(until.iter().all(|until| (least..=most).contains(until)), "{until:?}");
    let gaps = until
        .iter()
        .zip(until.iter().skip(1))
        .map(|(one, next)| next.since(*one));
    assert!(gaps.max() < Some(term / 6), "{until:?}");
}

#[test]
fn both_ends_hold_the_same_lease_and_no_block_is_left_over() {
    let servers = nodes([7, 8]);
    // Together they have room for all tunnels, or for three of the seven.
    for (prefixes, tunnels) in [(["10.0.0.0/24", "10.1.0.0/29"], 7), (["10.0.0.0/29", "10.1.0.0/30"], 3)] {
        let ledger = |prefix| Ledger::new(BlockPool::parse(prefix).unwrap(), Terms::default());
        let mut ledgers = prefixes.map(ledger);
        let mut founders = founders();
        lease::<Inner>(&mut founders, &servers, &mut ledgers);
        let mut ends: BTreeMap<LeaseId, Vec<(NodeAddr, NodeAddr, Held)>> = BTreeMap::new();
        for (addr, arrival) in arrivals(&mut founders) {
            for (peer, held) in &arrival.tunnels {
                let held = held.expect("an end without addresses");
                let peer = XBone::<Inner>::base_addr(*peer);
                ends.entry(held.id).or_default().push((addr, peer, held));
            }
        }
        assert_eq!(ends.len(), tunnels);
        for both in ends.values() {
            let [(one, peer, held), (other, back, same)] = both[..] else {
                panic!("{both:?}");
            };
            assert_eq!((one, peer, held), (back, other, same));
            assert_eq!((held.id.client, held.peer), (one, other));
        }
        let handed_out: u128 = ledgers.iter().map(|ledger| ledger.pool().handed_out()).sum();
        assert_eq!(handed_out, tunnels as u128);
        for ledger in &ledgers {
            ledger.check().unwrap();
            assert_eq!(ledger.counts().refused(), 0);
        }
    }
}
