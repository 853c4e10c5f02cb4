//! Networks built in bulk: the joins themselves (section 2.4), one after the other, without their messages.
//!
//! Whether a cell of a table is filled, and by how near a node, depends on how the network has grown; the joins are
//! therefore carried out, and not computed from the list of all nodes. Leaf sets are exact, as they are after joins that
//! do not overlap.

use sim_core::addr::NodeAddr;
use sim_core::time::SimDuration;

use super::members::Members;
use super::neighbourhood::{Distance, Placed};
use super::tables::Tables;
use super::{Config, Quality, Routing};
use crate::id::Contact;
use crate::kbr::Step;

/// The tables of these members, in their order, which is the order in which they join.
///
/// `delay` says how far two of them are from each other, the same in both directions; without [`Config::proximity`] it is
/// not asked. Addresses are small numbers, as simulations give them; no two members have the same address or identifier.
pub fn build(config: &Config, members: &[Contact], delay: impl Fn(NodeAddr, NodeAddr) -> SimDuration) -> Vec<Tables> {
    if config.routing != Routing::Prefix {
        let all = Members::new(config, members.iter().copied());
        return members.iter().map(|member| all.leaves_only(config, *member)).collect();
    }
    let most = members.iter().map(|member| member.addr.index() + 1).max();
    let mut network = Growing {
        config,
        delay,
        tables: Vec::with_capacity(members.len()),
        places: vec![u32::MAX; most.unwrap_or(0)],
    };
    for member in members {
        network.join(*member);
    }
    network.tables.iter_mut().for_each(Tables::shrink);
    network.tables
}

/// A network that grows.
struct Growing<'a, D> {
    config: &'a Config,
    delay: D,
    tables: Vec<Tables>,
    /// By address: where a member is among the tables.
    places: Vec<u32>,
}

impl<D: Fn(NodeAddr, NodeAddr) -> SimDuration> Growing<'_, D> {
    fn place(&self, member: Contact) -> usize {
        self.places[member.addr.index()] as usize
    }

    fn of(&self, member: Contact) -> &Tables {
        &self.tables[self.place(member)]
    }

    fn distance(&self, a: Contact, b: Contact) -> Distance {
        match self.config.proximity {
            Some(_) => Distance::from((self.delay)(a.addr, b.addr)),
            None => Distance::arbitrary(a.addr, b.addr),
        }
    }

    /// Node arrival (section 2.4): `X` joins through a nearby `A`, and tells all that it then knows.
    fn join(&mut self, x: Contact) {
        let mut state = Tables::new(self.config, x);
        if let Some(any) = self.tables.last() {
            let a = self.nearby(any.me(), x);
            self.follow_the_path(&mut state, a);
            if self.config.quality == Quality::Wtf {
                self.second_stage(&mut state);
            }
        }
        self.announce(&state);
        self.places[x.addr.index()] = self.tables.len() as u32;
        self.tables.push(state);
    }

    /// A member near `X`, which the paper takes for known: from any member down its routing table, each time to the nearest
    /// of a row, and on along neighbourhood sets until nobody is nearer. (Castro, Druschel, Hu and Rowstron, "Exploiting
    /// network proximity in peer-to-peer overlay networks", 2002.)
    fn nearby(&self, any: Contact, x: Contact) -> Contact {
        // The first of those equally near, so that a walk ends.
        let nearer = |near: (Distance, Contact), next: Contact| {
            let distance = self.distance(next, x);
            if distance < near.0 { (distance, next) } else { near }
        };
        let mut near = (self.distance(any, x), any);
        for row in (0..self.of(any).routing_table.rows()).rev() {
            let entries = self.of(near.1).routing_table.row(row);
            near = entries.iter().map(|entry| entry.contact).fold(near, nearer);
        }
        loop {
            let tables = self.of(near.1);
            let row = tables.routing_table.row(0).iter().map(|entry| entry.contact);
            let next = row.chain(tables.neighbourhood.contacts()).fold(near, nearer);
            if next == near {
                return near.1;
            }
            near = next;
        }
    }

    /// The first stage: the neighbourhood set of `A`, what the nodes on the path from `A` to `Z` give of their routing tables,
    /// and the leaf set of `Z`.
    fn follow_the_path(&self, state: &mut Tables, a: Contact) {
        let x = state.me();
        self.offer(state, self.of(a).neighbourhood.placed());
        let mut at = a;
        for row in 0.. {
            state.learn(at, self.distance(at, x));
            let tables = self.of(at);
            let given = match self.config.quality {
                Quality::Sl => tables.routing_table.row(row),
                Quality::Wt | Quality::Wtf => tables.routing_table.corresponding(x.id),
            };
            self.offer(state, given);
            match tables.next_hop(self.config, x.id, &[]) {
                Step::Closer(next) | Step::Owner(next) if next != at => at = next,
                _ => break,
            }
        }
        for leaf in self.of(at).leaf_set.contacts() {
            state.learn(*leaf, self.distance(*leaf, x));
        }
    }

    /// The second stage (section 2.5): from all that `X` knows, the corresponding entries, of which it takes the nearer ones.
    fn second_stage(&self, state: &mut Tables) {
        let x = state.me();
        let mut asked: Vec<Contact> = state.routing_table.contacts().collect();
        asked.extend(state.neighbourhood.contacts());
        asked.sort_by_key(|contact| contact.id);
        asked.dedup();
        for other in asked {
            let tables = self.of(other);
            let distance = |contact| self.distance(contact, x);
            state.routing_table.offer_all(
                tables
                    .routing_table
                    .corresponding(x.id)
                    .iter()
                    .map(|entry| entry.contact),
                distance,
            );
            self.offer(state, tables.neighbourhood.placed());
        }
    }

    /// `X` transmits a copy of its state to all that it knows, each of which takes `X` itself and the nearer ones of the
    /// corresponding entries.
    fn announce(&mut self, state: &Tables) {
        let x = state.me();
        let Growing {
            config,
            delay,
            tables,
            places,
        } = self;
        for other in state.acquaintances() {
            let distance = |contact: Contact| match config.proximity {
                Some(_) => Distance::from(delay(contact.addr, other.addr)),
                None => Distance::arbitrary(contact.addr, other.addr),
            };
            let theirs = &mut tables[places[other.addr.index()] as usize];
            theirs.learn(x, distance(x));
            theirs.routing_table.offer_all(
                state
                    .routing_table
                    .corresponding(other.id)
                    .iter()
                    .map(|entry| entry.contact),
                distance,
            );
        }
    }

    /// Offers entries of another node's tables. Those known already, most of them, are passed over.
    fn offer(&self, state: &mut Tables, entries: &[Placed]) {
        let x = state.me();
        for entry in entries {
            if entry.contact.id != x.id {
                state.learn(entry.contact, self.distance(entry.contact, x));
            }
        }
    }
}
