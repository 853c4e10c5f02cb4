//! Keeping copies where they belong: comparing a root with its replicas, handing over, and finding copies that are out of
//! place.

use std::collections::BTreeMap;

use sim_core::addr::Address;
use sim_core::protocol::OperationId;
use sim_core::time::SimTime;

use super::serve::Ask;
use super::store::{Entry, Holding};
use super::wire::{Cause, Request, Verdict, Word};
use super::{Carrier, Storage, Timer, replica_set, request_timer};
use crate::id::{Contact, Id};
use crate::layer::Below;
use crate::request::RequestId;

/// How many keys are offered at a time.
const OFFERED_AT_ONCE: usize = 64;
/// The operation of messages that nobody above has asked for.
const NOBODYS: OperationId = OperationId(u64::MAX);

/// A comparison under way: what has been named to a node.
#[derive(Debug)]
pub(super) struct Comparison<A> {
    request: RequestId,
    with: Contact<A>,
    entries: Box<[Entry<A>]>,
    /// Whether there has been more to compare since.
    again: bool,
}

/// What is to be named to each of several nodes, by address.
type Named<A> = BTreeMap<A, (Contact<A>, Vec<Entry<A>>)>;

impl<const CACHE: bool, A: Address> Storage<CACHE, A> {
    /// What is done each period: *local* maintenance names every key to all of its replicas, *global* maintenance sees to the
    /// copies of which no root has spoken for long.
    pub(super) fn repair<O: Carrier<CACHE, A>>(&mut self, below: &mut Below<'_, '_, Self, O>) {
        let config = below.config();
        below.set_timer(config.repair_period, Timer::Repair);
        if !self.member {
            return;
        }
        let lifetime = config.tombstone_lifetime.as_nanos();
        let before = SimTime::from_nanos(below.ctx().now().as_nanos().saturating_sub(lifetime));
        self.store.forget_tombstones(before);
        self.forget_writes(below);
        self.suspects.clear();
        self.look_over(below, |_, _| true);
        self.offer(below);
    }

    /// Names to its replicas what they have not confirmed: somebody has come or gone, or something is new.
    pub(super) fn compare_unconfirmed<O: Carrier<CACHE, A>>(&mut self, below: &mut Below<'_, '_, Self, O>) {
        self.changed = false;
        self.look_over(below, |holding, replica| !holding.is_confirmed(replica));
        self.finish_writes(below);
    }

    /// Goes through all keys: those of which the node is the root are named to the replicas of which `wanted` says so, those of
    /// which it has ceased to be the root to the new one.
    fn look_over<O: Carrier<CACHE, A>>(
        &mut self,
        below: &mut Below<'_, '_, Self, O>,
        wanted: impl Fn(&Holding<A>, &Contact<A>) -> bool,
    ) {
        let (config, me, now) = (below.config(), below.contact(), below.ctx().now());
        let mut named = Named::new();
        let mut name = |to: Contact<A>, entry| named.entry(to.addr).or_insert((to, Vec::new())).1.push(entry);
        for (key, holding) in self.store.holdings() {
            let version = holding.record.version;
            let entry = Entry { key, version };
            let set = replica_set(below, &self.suspects, key, config.replicas);
            let was_root = std::mem::replace(&mut holding.root, set.first() == Some(&me));
            if holding.root {
                (holding.vouched, holding.heir) = (now, None);
                let replicas = set[1..].iter().filter(|replica| wanted(holding, replica));
                replicas.for_each(|replica| name(*replica, entry));
            } else if was_root {
                holding.heir = heir(below, key);
                holding.heir.into_iter().for_each(|heir| name(heir, entry));
            }
        }
        for (with, entries) in named.into_values() {
            self.open_comparison(below, with, entries);
        }
    }

    /// Names keys to a node; one comparison with each at a time.
    fn open_comparison<O: Carrier<CACHE, A>>(
        &mut self,
        below: &mut Below<'_, '_, Self, O>,
        with: Contact<A>,
        mut entries: Vec<Entry<A>>,
    ) {
        if let Some(open) = self.comparisons.iter_mut().find(|open| open.with == with) {
            open.again = true;
            return;
        }
        entries.retain(|entry| !self.is_on_its_way(*entry, with));
        if entries.is_empty() {
            return;
        }
        let patience = below.config().patience();
        let request = self
            .requests
            .open(below.ctx(), with.addr, Ask::Compare, patience, request_timer);
        let entries: Box<[Entry<A>]> = entries.into();
        self.comparisons.push(Comparison {
            request,
            with,
            entries: entries.clone(),
            again: false,
        });
        below.send(with.addr, Word::Compare { request, entries });
    }

    /// Somebody says that this node should have these keys.
    pub(super) fn compare<O: Carrier<CACHE, A>>(
        &mut self,
        below: &mut Below<'_, '_, Self, O>,
        from: A,
        request: RequestId,
        entries: &[Entry<A>],
    ) {
        let mut behind = false;
        for entry in entries {
            match self.store.get(entry.key) {
                Some(record) if record.version > entry.version => {
                    // The root, if it is the one, should have what this node has.
                    self.store.suspect(entry.key);
                    behind = true;
                }
                _ => self.store.vouch(entry.key, below.ctx().now()),
            }
        }
        let lacking = entries.iter().filter(|entry| !self.store.covers(**entry));
        let keys = lacking.map(|entry| entry.key).collect();
        below.send(from, Word::Lacking { request, keys });
        if behind {
            self.offer(below);
        }
    }

    /// The answer to a comparison: what is lacking is sent, the rest is confirmed.
    pub(super) fn lacking<O: Carrier<CACHE, A>>(
        &mut self,
        below: &mut Below<'_, '_, Self, O>,
        from: A,
        request: RequestId,
        keys: &[Id],
    ) {
        if self.requests.close(below.ctx(), request, from).is_none() {
            return;
        }
        let Some(comparison) = self.close_comparison(request) else {
            return;
        };
        if comparison.again {
            self.compare_soon(below);
        }
        for entry in &comparison.entries {
            if keys.contains(&entry.key) {
                let cause = match below.is_root(entry.key) {
                    true => Cause::Repair,
                    false => Cause::HandOver,
                };
                self.copy(below, entry.key, comparison.with, cause);
            } else {
                self.store.confirm(*entry, comparison.with);
            }
        }
        self.finish_writes(below);
    }

    /// A node that was to compare does not answer: which.
    pub(super) fn compared_in_vain(&mut self, request: RequestId) -> Option<Contact<A>> {
        self.close_comparison(request).map(|comparison| comparison.with)
    }

    /// What was named in a comparison under way.
    pub(super) fn named_in(&self, request: RequestId) -> Option<Box<[Entry<A>]>> {
        let open = self.comparisons.iter().find(|open| open.request == request)?;
        Some(open.entries.clone())
    }

    fn close_comparison(&mut self, request: RequestId) -> Option<Comparison<A>> {
        let at = self.comparisons.iter().position(|open| open.request == request)?;
        Some(self.comparisons.swap_remove(at))
    }

    /// Asks the root of the first key of which no root has spoken for long whether this node should keep it, and the keys
    /// that follow.
    fn offer<O: Carrier<CACHE, A>>(&mut self, below: &mut Below<'_, '_, Self, O>) {
        let (now, trust) = (below.ctx().now(), below.config().trust());
        let overdue = self
            .store
            .holdings()
            .filter(|(_, holding)| !holding.root && holding.vouched + trust < now);
        let entries: Box<[Entry<A>]> = overdue
            .take(OFFERED_AT_ONCE)
            .map(|(key, holding)| Entry {
                key,
                version: holding.record.version,
            })
            .collect();
        if let Some(first) = entries.first() {
            let (key, payload) = (first.key, Request::Offer(entries));
            below.route(NOBODYS, key, payload);
        }
    }

    /// Somebody has keys of which he has not heard for long: those that this node is the root of are answered.
    pub(super) fn judge<O: Carrier<CACHE, A>>(
        &mut self,
        below: &mut Below<'_, '_, Self, O>,
        source: Contact<A>,
        entries: &[Entry<A>],
    ) {
        let mut verdicts = Vec::new();
        for entry in entries {
            let Some(verdict) = self.verdict(below, source, *entry) else {
                continue;
            };
            if verdict == Verdict::Keep {
                self.store.confirm(*entry, source);
                self.compare_soon(below);
            }
            verdicts.push((entry.key, verdict));
        }
        if !verdicts.is_empty() {
            let (root, verdicts) = (below.contact().id, verdicts.into());
            self.say(below, source.addr, Word::Verdicts { root, verdicts });
        }
    }

    /// What is to become of a copy; nothing if this node is not the root of the key.
    fn verdict<O: Carrier<CACHE, A>>(
        &self,
        below: &mut Below<'_, '_, Self, O>,
        source: Contact<A>,
        entry: Entry<A>,
    ) -> Option<Verdict<A>> {
        let config = below.config();
        let set = replica_set(below, &self.suspects, entry.key, config.replicas);
        let (root, replicas) = set.split_first()?;
        if *root != below.contact() {
            return None;
        }
        let record = self
            .store
            .get(entry.key)
            .filter(|record| record.version >= entry.version);
        let complete = || self.store.confirmed(entry.key, replicas) == replicas.len();
        Some(match record {
            None => Verdict::Send,
            Some(record) if !set.contains(&source) && complete() => Verdict::Drop(record.version),
            Some(_) => Verdict::Keep,
        })
    }

    /// The root says what is to become of copies that this node has offered. If it said something, there may be more to ask.
    pub(super) fn judged<O: Carrier<CACHE, A>>(
        &mut self,
        below: &mut Below<'_, '_, Self, O>,
        root: Contact<A>,
        verdicts: &[(Id, Verdict<A>)],
    ) {
        for (key, verdict) in verdicts {
            self.store.vouch(*key, below.ctx().now());
            match verdict {
                Verdict::Keep => {}
                Verdict::Send => self.copy(below, *key, root, Cause::HandOver),
                Verdict::Drop(version) => {
                    if !below.is_root(*key) {
                        let (key, version) = (*key, *version);
                        self.store.drop(Entry { key, version });
                    }
                }
            }
        }
        self.offer(below);
    }

    /// The node leaves: those who will be responsible get what they are not known to have, and so do the new roots that have yet
    /// to confirm what they were named.
    pub(super) fn hand_over<O: Carrier<CACHE, A>>(&mut self, below: &mut Below<'_, '_, Self, O>) {
        let (config, me) = (below.config(), below.contact());
        let mut left = Vec::new();
        for (key, holding) in self.store.holdings() {
            let set = replica_set(below, &self.suspects, key, config.replicas + 1);
            let heirs = match set.split_first() {
                Some((root, heirs)) if *root == me => heirs,
                _ => holding.heir.as_slice(),
            };
            let lacking = heirs.iter().filter(|heir| !holding.is_confirmed(heir));
            left.extend(lacking.map(|heir| (key, *heir)));
        }
        for (key, heir) in left {
            self.copy(below, key, heir, Cause::HandOver);
        }
    }
}

/// Whom a node that is not the root of a key takes for it, by the overlay's rule among those that it knows.
fn heir<O: Carrier<CACHE, A>, const CACHE: bool, A: Address>(
    below: &mut Below<'_, '_, Storage<CACHE, A>, O>,
    key: Id,
) -> Option<Contact<A>> {
    let neighbours = below.neighbour_set(usize::MAX).into_iter();
    let members = neighbours.map(|contact| (contact.id.number(), contact)).collect();
    O::roots(&below.ctx().config().below, key, &members, 1).pop()
}
