//! The tunnels that stand when a virtual network is made in bulk.

use std::collections::{BTreeMap, BTreeSet};

use protocols::xbone::{Arrival, ContactInfo, Driver, Held, Init, LeaseId, Ledger, Outcome, Terms, Transaction, XBone};
use sim_core::addr::NodeAddr;
use sim_core::time::SimTime;

/// The pairs of nodes that have a tunnel, of nodes that list these others: both ends have it if either wants it, as long as
/// neither has too many.
pub(super) fn pairs(lists: &[(NodeAddr, Vec<NodeAddr>)], max_tunnels: usize) -> BTreeSet<(NodeAddr, NodeAddr)> {
    let there: BTreeSet<NodeAddr> = lists.iter().map(|(addr, _)| *addr).collect();
    let wanted = lists.iter().flat_map(|(addr, peers)| {
        let there = &there;
        let others = peers.iter().filter(move |peer| *peer != addr && there.contains(peer));
        others.map(move |peer| (*addr.min(peer), *addr.max(peer)))
    });
    let wanted: BTreeSet<(NodeAddr, NodeAddr)> = wanted.collect();
    let mut ends: BTreeMap<NodeAddr, usize> = BTreeMap::new();
    let has_room = |pair: &(NodeAddr, NodeAddr)| {
        let room = [pair.0, pair.1]
            .iter()
            .all(|end| ends.get(end).is_none_or(|tunnels| *tunnels < max_tunnels));
        if room {
            *ends.entry(pair.0).or_default() += 1;
            *ends.entry(pair.1).or_default() += 1;
        }
        room
    };
    wanted.into_iter().filter(has_room).collect()
}

/// The golden section less one.
const GOLDEN_SECTION: f64 = 0.618_033_988_749_894_9;

/// Leases addresses for all tunnels of these nodes, from one server after the other; where the pools have no more, tunnels are
/// left out.
pub(super) fn lease<C: Driver>(
    founders: &mut [(NodeAddr, Init<C::Init>)],
    servers: &[NodeAddr],
    ledgers: &mut [Ledger],
) {
    let mut held: BTreeMap<(NodeAddr, NodeAddr), Held> = BTreeMap::new();
    let mut next = 0;
    for (addr, arrival) in arrivals(founders) {
        let mut number = 0;
        arrival.tunnels.retain_mut(|(peer, own)| {
            let peer = XBone::<C>::base_addr(*peer);
            let pair = (addr.min(peer), addr.max(peer));
            if addr < peer {
                let id = LeaseId::begun_with(addr, number);
                number += 1;
                // Not all of them are renewed at the same moment: the multiples of the golden section lie evenly.
                let of_term = 0.5 + 0.5 * (GOLDEN_SECTION * held.len() as f64).fract();
                for _ in 0..servers.len() {
                    let at = next % servers.len();
                    next += 1;
                    if let Some(leased) = ask(&mut ledgers[at], servers[at], id, peer, of_term) {
                        held.insert(pair, leased);
                        break;
                    }
                }
            }
            *own = held.get(&pair).copied();
            own.is_some()
        });
    }
}

/// The nodes that arrive, in the order of their addresses, so that the lower end of a tunnel comes first.
fn arrivals<I>(founders: &mut [(NodeAddr, Init<I>)]) -> Vec<(NodeAddr, &mut Arrival<I>)> {
    let mut arrivals: Vec<_> = founders
        .iter_mut()
        .filter_map(|(addr, init)| match init {
            Init::Node(arrival) => Some((*addr, &mut **arrival)),
            Init::Manager | Init::Server(..) => None,
        })
        .collect();
    arrivals.sort_by_key(|(addr, _)| *addr);
    arrivals
}

/// A lease of a free block of this server, from the beginning on; its ends take it to last so much of its term.
fn ask(ledger: &mut Ledger, server: NodeAddr, id: LeaseId, peer: NodeAddr, of_term: f64) -> Option<Held> {
    if ledger.pool().free() == 0 {
        return None;
    }
    let answer = ledger.transact(SimTime::ZERO, id.client, Transaction::Request { id, peer });
    let Outcome::Leased { pair } = answer.outcome else {
        return None;
    };
    let Terms { term, .. } = ledger.terms();
    Some(Held {
        id,
        peer,
        server,
        pair,
        until: term.map_or(SimTime::MAX, |term| SimTime::ZERO + term.mul_f64(of_term)),
    })
}

/// The tunnels of a node, of these pairs.
pub(super) fn tunnels_of(
    addr: NodeAddr,
    pairs: &BTreeMap<NodeAddr, Vec<NodeAddr>>,
) -> Vec<(ContactInfo, Option<Held>)> {
    let peers = pairs.get(&addr).into_iter().flatten();
    peers.map(|peer| (ContactInfo::seal(*peer), None)).collect()
}

/// The other ends of the tunnels of each node.
pub(super) fn by_end(pairs: &BTreeSet<(NodeAddr, NodeAddr)>) -> BTreeMap<NodeAddr, Vec<NodeAddr>> {
    let mut by_end: BTreeMap<NodeAddr, Vec<NodeAddr>> = BTreeMap::new();
    for (one, other) in pairs {
        by_end.entry(*one).or_default().push(*other);
        by_end.entry(*other).or_default().push(*one);
    }
    by_end
}

#[cfg(test)]
mod tests;
