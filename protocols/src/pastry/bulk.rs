//! Networks built in bulk: the joins themselves (section 2.4), one after the other, without their messages.
//!
//! Which cells of a table are filled, and by how near a node, depends on how the network has grown; the joins are therefore
//! carried out, and not replaced by the best tables that there could be. Leaf sets are exact, as they are after joins that do
//! not overlap.
//!
//! A network of 100,000 spends its time waiting for memory, so that a growing node has its tables as small numbers in a row for
//! each digit (`compact.rs`), and leaf sets are read off the ring of all members (`ring.rs`).

mod compact;
mod ring;

use std::cell::Cell;

use sim_core::addr::Address;
use sim_core::time::SimDuration;

use super::members::Members;
use super::neighbourhood::Distance;
use super::tables::Tables;
use super::{Config, Digits, Quality, Routing};
use crate::id::{Contact, Id};
use compact::{Compact, NOBODY, Near};
use ring::Ring;

/// The tables of these members, in their order, which is the order in which they join: one that has nothing to do with their
/// identifiers, since neighbours on the ring that come one after the other do not come to know enough of the rest.
///
/// `delay` says how far two of them are from each other, the same in both directions; without [`Config::proximity`] it is
/// not asked. No two members have the same address or identifier.
pub fn build<A: Address>(
    config: &Config,
    members: &[Contact<A>],
    delay: impl Fn(A, A) -> SimDuration,
) -> Vec<Tables<A>> {
    let all = Members::new(config, members.iter().copied());
    let mut growing = Vec::new();
    if config.routing == Routing::Prefix {
        let ring = Ring::new(members);
        let plan = Plan {
            config,
            digits: config.digits(),
            members,
            addrs: members.iter().map(|member| member.addr).collect(),
            delay,
            to_newcomer: vec![Cell::new((NOBODY, Distance::UNKNOWN)); members.len()],
        };
        let mut network = Growing {
            plan,
            nodes: Vec::with_capacity(members.len()),
            ring,
            met: Met::new(members.len()),
        };
        (0..members.len() as u32).for_each(|x| network.join(x));
        growing = network.nodes;
    }
    let mut growing = growing.into_iter();
    let finished = |member: &Contact<A>| {
        let mut tables = all.leaves_only(config, *member);
        if let Some(compact) = growing.next() {
            compact.unfold(members, &mut tables);
        }
        tables
    };
    members.iter().map(finished).collect()
}

/// What all joins have in common. Members go by their places in the order of arrival.
struct Plan<'a, A, D> {
    config: &'a Config,
    digits: Digits,
    members: &'a [Contact<A>],
    /// The members' addresses, close together.
    addrs: Vec<A>,
    delay: D,
    /// By member: the last newcomer whose distance from it was asked for, and that distance. Those around a newcomer know the
    /// same nodes, so that it hears of each many times.
    to_newcomer: Vec<Cell<(u32, Distance)>>,
}

impl<A: Address, D: Fn(A, A) -> SimDuration> Plan<'_, A, D> {
    fn id(&self, member: u32) -> Id {
        self.members[member as usize].id
    }

    #[inline]
    fn distance(&self, a: u32, b: u32) -> Distance {
        match self.config.proximity {
            Some(_) => Distance::from((self.delay)(self.addrs[a as usize], self.addrs[b as usize])),
            None => Distance::arbitrary(self.id(a), self.id(b)),
        }
    }

    /// The distance of the member that is joining from another one.
    #[inline]
    fn to_newcomer(&self, x: u32, other: u32) -> Distance {
        let known = &self.to_newcomer[other as usize];
        let (newcomer, mut distance) = known.get();
        if newcomer != x {
            distance = self.distance(x, other);
            known.set((x, distance));
        }
        distance
    }

    /// Offers a node somebody at some distance for its routing table and its neighbourhood set.
    fn offer(&self, node: &mut Compact, me: u32, other: u32, distance: Distance) {
        if me != other {
            let near = Near { place: other, distance };
            node.offer_entry(self.digits, self.id(me), self.id(other), near);
            node.offer_neighbour(near, self.config.neighbourhood);
        }
    }

    /// Offers the newcomer somebody.
    fn offer_newcomer(&self, state: &mut Compact, x: u32, other: u32) {
        self.offer(state, x, other, self.to_newcomer(x, other));
    }

    /// Offers a node the corresponding entries of another one's routing table (section 2.5), or of one row of it.
    fn offer_rows(
        &self,
        (node, me): (&mut Compact, u32),
        (from, other): (&Compact, u32),
        only: Option<usize>,
        distance: impl Fn(u32) -> Distance,
    ) {
        let own = self.id(me);
        let shared = usize::from(self.digits.shared_prefix(own, self.id(other)));
        let (first, last) = only.map_or((0, shared), |row| (row, row.min(shared)));
        for row in first..=last {
            let closer = node.compare_row(self.digits, own, row, from, &distance);
            // Where the two identifiers part, an entry may share more digits with the one than with the other.
            if let Some(place) = closer.filter(|place| *place != me) {
                let near = Near {
                    place,
                    distance: distance(place),
                };
                node.offer_entry(self.digits, own, self.id(place), near);
            }
        }
    }
}

/// Whom a search has met already.
struct Met {
    searches: u32,
    /// By member: the last search that has met him.
    last: Vec<u32>,
}

impl Met {
    fn new(members: usize) -> Self {
        Met {
            searches: 0,
            last: vec![0; members],
        }
    }

    /// Those of these members that are met for the first time in one search.
    fn each_once(&mut self, members: impl IntoIterator<Item = u32>) -> Vec<u32> {
        self.searches += 1;
        let members = members.into_iter();
        members.filter(|member| self.is_first(*member)).collect()
    }

    fn is_first(&mut self, member: u32) -> bool {
        std::mem::replace(&mut self.last[member as usize], self.searches) != self.searches
    }
}

/// A network that grows.
struct Growing<'a, A, D> {
    plan: Plan<'a, A, D>,
    nodes: Vec<Compact>,
    ring: Ring,
    met: Met,
}

impl<A: Address, D: Fn(A, A) -> SimDuration> Growing<'_, A, D> {
    /// Node arrival (section 2.4): `X` joins through a nearby `A`, and tells all that it then knows.
    fn join(&mut self, x: u32) {
        let mut state = Compact::default();
        let leaves = self.ring.leaf_set(x, self.plan.config.leaves_a_side());
        if let Some(last) = x.checked_sub(1) {
            let a = self.nearby(last, x);
            self.follow_the_path(&mut state, x, a, &leaves);
            if self.plan.config.quality == Quality::Wtf {
                self.second_stage(&mut state, x);
            }
        }
        self.announce(&state, x, &leaves);
        self.ring.insert(x);
        self.nodes.push(state);
    }

    /// A member near `X`, which the paper takes for known: from any member down its routing table, each time to the nearest
    /// of a row, and on along neighbourhood sets until nobody is nearer. (Castro, Druschel, Hu and Rowstron, "Exploiting
    /// network proximity in peer-to-peer overlay networks", 2002.)
    fn nearby(&self, any: u32, x: u32) -> u32 {
        let distance = |place| self.plan.to_newcomer(x, place);
        // The first of those equally near, so that a walk ends.
        let nearer = |near: Near, next: u32| {
            let next = Near {
                place: next,
                distance: distance(next),
            };
            if next.distance < near.distance { next } else { near }
        };
        let node = |near: Near| &self.nodes[near.place as usize];
        let columns = self.plan.digits.base();
        let mut near = Near {
            place: any,
            distance: distance(any),
        };
        for row in (0..node(near).rows(columns)).rev() {
            near = node(near).row(row, columns).fold(near, nearer);
        }
        loop {
            let next = node(near)
                .row(0, columns)
                .chain(node(near).neighbours())
                .fold(near, nearer);
            if next.place == near.place {
                return near.place;
            }
            near = next;
        }
    }

    /// The first stage: the neighbourhood set of `A`, what the nodes on the path from `A` to `Z` give of their routing tables,
    /// and the leaf set of `Z`, which holds that of `X`. In the rare case, where there is mostly nobody between, a message goes
    /// to `Z` at once.
    fn follow_the_path(&self, state: &mut Compact, x: u32, a: u32, leaves: &[u32]) {
        let plan = &self.plan;
        let z = self.ring.nearest(x, plan.members, plan.config.space());
        let node = |place: u32| &self.nodes[place as usize];
        let distance = |place| plan.to_newcomer(x, place);
        node(a)
            .neighbours()
            .for_each(|place| plan.offer_newcomer(state, x, place));
        let mut at = a;
        for hop in 0.. {
            plan.offer_newcomer(state, x, at);
            let only = (plan.config.quality == Quality::Sl).then_some(hop);
            plan.offer_rows((state, x), (node(at), at), only, distance);
            if at == z {
                break;
            }
            // Those that would have `X` in their leaf sets are those in that of `X`.
            let entry = node(at).toward(plan.digits, plan.id(at), plan.id(x));
            at = entry.filter(|_| !leaves.contains(&at)).unwrap_or(z);
        }
        leaves.iter().for_each(|place| plan.offer_newcomer(state, x, *place));
    }

    /// The second stage (section 2.5): from all that `X` knows, the corresponding entries, of which it takes the nearer ones.
    fn second_stage(&mut self, state: &mut Compact, x: u32) {
        let Growing { plan, nodes, met, .. } = self;
        let asked = met.each_once(state.entries().chain(state.neighbours()));
        met.searches += 1;
        for other in asked {
            let node = &nodes[other as usize];
            plan.offer_rows((state, x), (node, other), None, |place| plan.to_newcomer(x, place));
            // Nearby nodes have nearly the same neighbourhood sets.
            for place in node.neighbours() {
                if met.is_first(place) {
                    plan.offer_newcomer(state, x, place);
                }
            }
        }
    }

    /// `X` transmits a copy of its state to all that it knows, each of which takes `X` itself and the nearer ones of the
    /// corresponding entries.
    fn announce(&mut self, state: &Compact, x: u32, leaves: &[u32]) {
        let Growing { plan, nodes, met, .. } = self;
        let known = state.entries().chain(state.neighbours()).chain(leaves.iter().copied());
        for other in met.each_once(known) {
            let node = &mut nodes[other as usize];
            plan.offer(node, other, x, plan.to_newcomer(x, other));
            plan.offer_rows((node, other), (state, x), None, |place| plan.distance(other, place));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::distinct_ids;
    use crate::pastry::Proximity;
    use crate::pastry::invariants::TableError;
    use sim_core::addr::NodeAddr;
    use sim_core::random::StreamKey;

    /// Networks of no node and more, whatever the digits and the quality: leaf sets are exact, and a key comes to its owner from
    /// everywhere.
    #[test]
    fn small_networks_work_whatever_the_parameters() {
        let delay = |a: NodeAddr, b: NodeAddr| SimDuration::from_millis(u64::from(a.0.abs_diff(b.0)));
        for nodes in (0..40).chain([100]) {
            for (b, id_bits, quality, proximity) in [
                (1, 8, Quality::Wtf, Some(Proximity::Oracle)),
                (2, 32, Quality::Wt, None),
                (4, 128, Quality::Sl, Some(Proximity::Probe)),
                (8, 64, Quality::Wtf, None),
            ] {
                let config = Config {
                    b,
                    id_bits,
                    quality,
                    proximity,
                    leaf_set: 8,
                    neighbourhood: nodes % 3 * 4,
                    ..Config::default()
                };
                let mut rng = StreamKey::root(nodes as u64, b).rng();
                let ids = distinct_ids(nodes, config.space(), &mut rng).expect("room enough");
                // Addresses are in no relation to places.
                let addr = |at: u32| NodeAddr(3 * (nodes as u32 - at));
                let contact = |(id, at): (Id, u32)| Contact { id, addr: addr(at) };
                let members: Vec<Contact> = ids.into_iter().zip(0..).map(contact).collect();
                let built = build(&config, &members, delay);
                assert!(built.iter().map(Tables::me).eq(members.iter().copied()));
                let all = Members::new(&config, members.iter().copied());
                let error = TableError::measure(&all, &built);
                assert!(error.holds(), "{nodes} nodes, {config:?}: {error:?}");
                for from in &built {
                    let key = config.space().random(&mut rng);
                    let mut at = from;
                    for _ in 0..=nodes {
                        let next = at.next_hop(&config, key, &[]).contact().expect("somebody is nearer");
                        at = built.iter().find(|tables| tables.me() == next).expect("a member");
                    }
                    assert_eq!(Some(at.me()), all.owner(key), "{nodes} nodes, {config:?}");
                }
            }
        }
    }

    /// Tables without regard to proximity are everybody's own: the entries for one cell are not all the same node.
    #[test]
    fn without_proximity_entries_are_arbitrary() {
        let config = Config {
            proximity: None,
            ..Config::default()
        };
        let mut rng = StreamKey::root(5, 0).rng();
        let ids = distinct_ids(400, config.space(), &mut rng).expect("a wide ring");
        let contact = |(id, addr)| Contact {
            id,
            addr: NodeAddr(addr),
        };
        let members: Vec<Contact> = ids.into_iter().zip(0..).map(contact).collect();
        let built = build(&config, &members, |_, _| panic!("nobody asks how far it is"));
        let mut referred = vec![0; members.len()];
        for entry in built.iter().flat_map(|tables| tables.routing_table.row(0)) {
            referred[entry.contact.addr.index()] += 1;
        }
        // Each of some 25 nodes with a first digit is the entry of a twenty-fifth of the others.
        let most = referred.iter().max().expect("members");
        assert!((15..80).contains(most), "{most} nodes have the same entry");
        assert!(referred.iter().filter(|times| **times == 0).count() < 4);
    }
}
