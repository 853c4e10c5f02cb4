//! Keeping copies where they belong: comparing a root with its replicas, handing over, and finding copies that are out of
//! place.

use std::collections::BTreeMap;

use sim_core::addr::NodeAddr;
use sim_core::protocol::{Ctx, OperationId};
use sim_core::time::SimTime;

use super::serve::Ask;
use super::store::{Entry, Holding};
use super::wire::{Cause, Msg, Request, Verdict, Word};
use super::{Dht, Timer};
use crate::id::{Contact, Id};
use crate::kbr::{Call, KeyBased};
use crate::request::RequestId;

/// How many keys are offered at a time.
const OFFERED_AT_ONCE: usize = 64;
/// The operation of messages that nobody above has asked for.
const NOBODYS: OperationId = OperationId(u64::MAX);

/// A comparison under way: what has been named to a node.
#[derive(Debug)]
pub(super) struct Comparison {
    request: RequestId,
    with: Contact,
    entries: Box<[Entry]>,
    /// Whether there has been more to compare since.
    again: bool,
}

/// What is to be named to each of several nodes, by address.
type Named = BTreeMap<NodeAddr, (Contact, Vec<Entry>)>;

impl<O: KeyBased<Payload = Request<CACHE>>, const CACHE: bool> Dht<O, CACHE> {
    /// What is done each period: *local* maintenance names every key to all of its replicas, *global* maintenance sees to the
    /// copies of which no root has spoken for long.
    pub(super) fn repair(&mut self, ctx: &mut Ctx<'_, Self>) {
        let config = ctx.config();
        ctx.set_timer(config.repair_period, Timer::Repair);
        if !self.member {
            return;
        }
        let lifetime = config.tombstone_lifetime.as_nanos();
        let before = SimTime::from_nanos(ctx.now().as_nanos().saturating_sub(lifetime));
        self.store.forget_tombstones(before);
        self.forget_writes(ctx);
        self.look_over(ctx, |_, _| true);
        self.offer(ctx);
    }

    /// Names to its replicas what they have not confirmed: somebody has come or gone, or something is new.
    pub(super) fn compare_unconfirmed(&mut self, ctx: &mut Ctx<'_, Self>) {
        self.look_over(ctx, |holding, replica| !holding.is_confirmed(replica));
        self.finish_writes(ctx);
    }

    /// Goes through all keys: those of which the node is the root are named to the replicas of which `wanted` says so, those of
    /// which it has ceased to be the root to the new one.
    fn look_over(&mut self, ctx: &mut Ctx<'_, Self>, wanted: impl Fn(&Holding, &Contact) -> bool) {
        let (config, me, now) = (ctx.config(), self.overlay.contact(), ctx.now());
        let mut named = Named::new();
        let mut name = |to: Contact, entry| named.entry(to.addr).or_insert((to, Vec::new())).1.push(entry);
        for (key, holding) in self.store.holdings() {
            let version = holding.record.version;
            let entry = Entry { key, version };
            let set = self.overlay.replica_set(&config.overlay, key, config.replicas);
            let was_root = std::mem::replace(&mut holding.root, set.first() == Some(&me));
            if holding.root {
                (holding.vouched, holding.heir) = (now, None);
                let replicas = set[1..].iter().filter(|replica| wanted(holding, replica));
                replicas.for_each(|replica| name(*replica, entry));
            } else if was_root {
                holding.heir = heir(&self.overlay, &config.overlay, key);
                holding.heir.into_iter().for_each(|heir| name(heir, entry));
            }
        }
        for (with, entries) in named.into_values() {
            self.open_comparison(ctx, with, entries);
        }
    }

    /// Names keys to a node; one comparison with each at a time.
    fn open_comparison(&mut self, ctx: &mut Ctx<'_, Self>, with: Contact, mut entries: Vec<Entry>) {
        if let Some(open) = self.comparisons.iter_mut().find(|open| open.with == with) {
            open.again = true;
            return;
        }
        entries.retain(|entry| !self.is_on_its_way(*entry, with));
        if entries.is_empty() {
            return;
        }
        let patience = ctx.config().patience();
        let request = self
            .requests
            .open(ctx, with.addr, Ask::Compare, patience, Timer::Request);
        let entries: Box<[Entry]> = entries.into();
        self.comparisons.push(Comparison {
            request,
            with,
            entries: entries.clone(),
            again: false,
        });
        ctx.send(with.addr, Msg::Word(Word::Compare { request, entries }));
    }

    /// Somebody says that this node should have these keys.
    pub(super) fn compare(&mut self, ctx: &mut Ctx<'_, Self>, from: NodeAddr, request: RequestId, entries: &[Entry]) {
        let mut behind = false;
        for entry in entries {
            match self.store.get(entry.key) {
                Some(record) if record.version > entry.version => {
                    // The root, if it is the one, should have what this node has.
                    self.store.suspect(entry.key);
                    behind = true;
                }
                _ => self.store.vouch(entry.key, ctx.now()),
            }
        }
        let lacking = entries.iter().filter(|entry| !self.store.covers(**entry));
        let keys = lacking.map(|entry| entry.key).collect();
        ctx.send(from, Msg::Word(Word::Lacking { request, keys }));
        if behind {
            self.offer(ctx);
        }
    }

    /// The answer to a comparison: what is lacking is sent, the rest is confirmed.
    pub(super) fn lacking(&mut self, ctx: &mut Ctx<'_, Self>, from: NodeAddr, request: RequestId, keys: &[Id]) {
        if self.requests.close(ctx, request, from).is_none() {
            return;
        }
        let Some(comparison) = self.close_comparison(request) else {
            return;
        };
        for entry in &comparison.entries {
            if keys.contains(&entry.key) {
                let cause = match self.overlay.is_root(&ctx.config().overlay, entry.key) {
                    true => Cause::Repair,
                    false => Cause::HandOver,
                };
                self.copy(ctx, entry.key, comparison.with, cause);
            } else {
                self.store.confirm(*entry, comparison.with);
            }
        }
        self.finish_writes(ctx);
    }

    /// A node that was to compare does not answer.
    pub(super) fn compared_in_vain(&mut self, request: RequestId) {
        self.close_comparison(request);
    }

    fn close_comparison(&mut self, request: RequestId) -> Option<Comparison> {
        let at = self.comparisons.iter().position(|open| open.request == request)?;
        let comparison = self.comparisons.swap_remove(at);
        self.changed |= comparison.again;
        Some(comparison)
    }

    /// Asks the root of the first key of which no root has spoken for long whether this node should keep it, and the keys
    /// that follow.
    fn offer(&mut self, ctx: &mut Ctx<'_, Self>) {
        let (now, trust) = (ctx.now(), ctx.config().trust());
        let overdue = self
            .store
            .holdings()
            .filter(|(_, holding)| !holding.root && holding.vouched + trust < now);
        let entries: Box<[Entry]> = overdue
            .take(OFFERED_AT_ONCE)
            .map(|(key, holding)| Entry {
                key,
                version: holding.record.version,
            })
            .collect();
        if let Some(first) = entries.first() {
            let (key, payload) = (first.key, Request::Offer(entries));
            self.call(ctx, NOBODYS, Call::Route { key, payload });
        }
    }

    /// Somebody has keys of which he has not heard for long: those that this node is the root of are answered.
    pub(super) fn judge(&mut self, ctx: &mut Ctx<'_, Self>, source: Contact, entries: &[Entry]) {
        let mut verdicts = Vec::new();
        for entry in entries {
            let Some(verdict) = self.verdict(ctx, source, *entry) else {
                continue;
            };
            if verdict == Verdict::Keep {
                self.store.confirm(*entry, source);
                self.changed = true;
            }
            verdicts.push((entry.key, verdict));
        }
        if !verdicts.is_empty() {
            let (root, verdicts) = (self.overlay.contact().id, verdicts.into());
            self.say(ctx, source.addr, Word::Verdicts { root, verdicts });
        }
    }

    /// What is to become of a copy; nothing if this node is not the root of the key.
    fn verdict(&self, ctx: &Ctx<'_, Self>, source: Contact, entry: Entry) -> Option<Verdict> {
        let config = ctx.config();
        let set = self.overlay.replica_set(&config.overlay, entry.key, config.replicas);
        let (root, replicas) = set.split_first()?;
        if *root != self.overlay.contact() {
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
    pub(super) fn judged(&mut self, ctx: &mut Ctx<'_, Self>, root: Contact, verdicts: &[(Id, Verdict)]) {
        for (key, verdict) in verdicts {
            self.store.vouch(*key, ctx.now());
            match verdict {
                Verdict::Keep => {}
                Verdict::Send => self.copy(ctx, *key, root, Cause::HandOver),
                Verdict::Drop(version) => {
                    if !self.overlay.is_root(&ctx.config().overlay, *key) {
                        let (key, version) = (*key, *version);
                        self.store.drop(Entry { key, version });
                    }
                }
            }
        }
        self.offer(ctx);
    }

    /// The node leaves: those who will be responsible get what they are not known to have, and so do the new roots that have yet
    /// to confirm what they were named.
    pub(super) fn hand_over_all(&mut self, ctx: &mut Ctx<'_, Self>) {
        let (config, me) = (ctx.config(), self.overlay.contact());
        let mut left = Vec::new();
        for (key, holding) in self.store.holdings() {
            let set = self.overlay.replica_set(&config.overlay, key, config.replicas + 1);
            let heirs = match set.split_first() {
                Some((root, heirs)) if *root == me => heirs,
                _ => holding.heir.as_slice(),
            };
            let lacking = heirs.iter().filter(|heir| !holding.is_confirmed(heir));
            left.extend(lacking.map(|heir| (key, *heir)));
        }
        for (key, heir) in left {
            self.copy(ctx, key, heir, Cause::HandOver);
        }
    }
}

/// Whom a node that is not the root of a key takes for it, by the overlay's rule among those that it knows.
fn heir<O: KeyBased>(overlay: &O, config: &O::Config, key: Id) -> Option<Contact> {
    let neighbours = overlay.neighbour_set(usize::MAX);
    let members = neighbours
        .iter()
        .map(|contact| (contact.id.number(), contact.addr))
        .collect();
    let root = *O::roots(config, key, &members, 1).first()?;
    neighbours.into_iter().find(|contact| contact.addr == root)
}
