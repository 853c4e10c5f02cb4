//! The addresses of the tunnels that stand when a virtual network is made in bulk.

use std::collections::BTreeMap;

use protocols::xbone::{Arrival, Driver, Held, Init, LeaseId, Ledger, Outcome, Terms, Transaction, XBone};
use sim_core::addr::NodeAddr;
use sim_core::time::SimTime;

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

#[cfg(test)]
mod tests;
