//! Lookup entries: where they belong, who keeps them, and how they are renewed (section 3.3).

use std::collections::BTreeMap;

use sim_core::addr::NodeAddr;
use sim_core::protocol::Ctx;
use sim_core::random::unit;
use sim_core::time::{SimDuration, SimTime};

use super::address::{Group, Identifier, TreeAddress};
use super::table::Step;
use super::wire::{Entry, Load, Msg, Way};
use super::{Config, Event, LookupKind, PeerNet, Timer};

/// Under what an entry is kept: the identifier, the level of the area that it is for, and whom it tells of.
type Key = (Identifier, u8, NodeAddr);

fn key(entry: &Entry) -> Key {
    (entry.identifier, entry.scope, entry.node)
}

/// The entries that a node keeps for others, and its own registrations.
#[derive(Debug, Default)]
pub(super) struct Registry {
    held: BTreeMap<Key, Entry>,
    /// What the node itself last registered.
    pub(super) own: BTreeMap<(Identifier, u8), Entry>,
}

impl Registry {
    pub(super) fn len(&self) -> usize {
        self.held.len()
    }

    /// Keeps an entry, unless a newer one overtakes it, and forgets those that it overtakes itself.
    pub(super) fn store(&mut self, entry: Entry) {
        let (mut is_overtaken, mut overtaken) = (false, Vec::new());
        for held in self.under(entry.identifier, None) {
            is_overtaken |= held.overtakes(&entry);
            if entry.overtakes(held) {
                overtaken.push(key(held));
            }
        }
        if is_overtaken {
            return;
        }
        for old in overtaken {
            self.held.remove(&old);
        }
        self.held.insert(key(&entry), entry);
    }

    /// The entries under an identifier that an area of a level is for, or all.
    pub(super) fn under(&self, identifier: Identifier, scope: Option<u8>) -> impl Iterator<Item = &Entry> {
        let (from, to) = scope.map_or((0, u8::MAX), |scope| (scope, scope));
        let keys = (identifier, from, NodeAddr(0))..=(identifier, to, NodeAddr(u32::MAX));
        self.held.range(keys).map(|(_, entry)| entry)
    }

    /// Forgets what is known to be wrong.
    pub(super) fn discard(&mut self, identifier: Identifier, stale: TreeAddress) {
        self.held
            .retain(|(under, ..), entry| *under != identifier || entry.known > 0 || entry.address != stale);
    }

    fn expire(&mut self, now: SimTime, timeout: SimDuration) {
        self.held.retain(|_, entry| now.since(entry.version) < timeout);
    }
}

/// An area in which a node is registered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Scope {
    /// Its level.
    pub(super) level: u8,
    /// Of which level the area is that the entry tells: 0 for the whole address.
    known: u8,
    /// How many smaller ones there are, in solution B.
    steps: u32,
}

impl PeerNet {
    /// The areas in which a node or a member of a group is registered, the smallest first; the last is the whole tree.
    pub(super) fn scopes(&self, lookup: LookupKind, group: bool) -> Vec<Scope> {
        let whole = |known| Scope {
            level: self.bits,
            known,
            steps: 0,
        };
        match lookup {
            LookupKind::Basic => vec![whole(0)],
            LookupKind::HighOrder { step } if !group => {
                let lowest = self.table.levels().first().map_or(self.bits, |known| known.level);
                let ends = (1..).map(|count| count * u32::from(step));
                let inner = ends.take_while(|end| *end < u32::from(self.bits));
                let ends: Vec<_> = inner.map(|end| end as u8).chain([self.bits]).collect();
                let scopes = ends.iter().enumerate().map(|(steps, level)| Scope {
                    level: *level,
                    known: if steps == 0 { 0 } else { ends[steps - 1] },
                    steps: steps as u32,
                });
                // Where there is nobody else, the node answers for itself.
                scopes
                    .filter(|scope| scope.level > lowest || scope.level == self.bits)
                    .collect()
            }
            LookupKind::Replicated | LookupKind::HighOrder { .. } => {
                let inner = self.table.levels().iter().rev().skip(1).rev();
                let inner = inner.map(|known| Scope {
                    level: known.level + 1,
                    ..whole(0)
                });
                inner.chain([whole(0)]).collect()
            }
        }
    }

    pub(super) fn join(&mut self, ctx: &mut Ctx<'_, Self>, group: Group) {
        self.groups.insert(group);
        self.register_changes(ctx);
    }

    /// Once a registration period: entries that have come of age are renewed, and those held for others expire.
    pub(super) fn registration_due(&mut self, ctx: &mut Ctx<'_, Self>) {
        let (now, config): (_, &Config) = (ctx.now(), ctx.config());
        self.registry.expire(now, config.entry_timeout);
        self.register(ctx, true);
        let next = config.registration_period.mul_f64(0.9 + unit(ctx.rng()) / 5.0);
        ctx.set_timer(next, Timer::Register);
    }

    /// Registers what is not true any more.
    pub(super) fn register_changes(&mut self, ctx: &mut Ctx<'_, Self>) {
        self.register(ctx, false);
    }

    fn register(&mut self, ctx: &mut Ctx<'_, Self>, renew: bool) {
        let (now, config): (_, &Config) = (ctx.now(), ctx.config());
        let Some(address) = self.address else {
            return self.registry.own.clear();
        };
        let groups = self.groups.iter().map(|group| (Identifier::of_group(*group), true));
        let mut due = Vec::new();
        let mut own = BTreeMap::new();
        for (identifier, group) in std::iter::once((self.id, false)).chain(groups) {
            for scope in self.scopes(config.lookup, group) {
                let entry = Entry {
                    identifier,
                    node: ctx.me(),
                    address: address.area(scope.known),
                    known: scope.known,
                    scope: scope.level,
                    version: now,
                };
                let key = (identifier, scope.level);
                let last = self.registry.own.get(&key).filter(|last| last.address == entry.address);
                // Nine tenths, since periods vary by a tenth.
                let old = |last: &Entry| renew && now.since(last.version) >= scope.renewal(config).mul_f64(0.9);
                match last {
                    Some(last) if !old(last) => {
                        own.insert(key, *last);
                    }
                    _ => {
                        own.insert(key, entry);
                        due.push(entry);
                    }
                }
            }
        }
        self.registry.own = own;
        for entry in due {
            self.forward(ctx, Way::new(entry.point(), entry.scope), Load::Register(entry));
        }
    }

    /// Hands on the entries that do not belong here: on to where they belong, as far as this node can tell, else to the neighbour
    /// nearest to that.
    pub(super) fn move_entries(&mut self, ctx: &mut Ctx<'_, Self>) {
        self.registry.expire(ctx.now(), ctx.config().entry_timeout);
        let (table, address) = (&self.table, self.address);
        let way = |entry: &Entry| Way::new(entry.point(), entry.scope);
        let step = |entry: &Entry| address.map_or(Step::NoRoute, |address| table.step(address, &way(entry)));
        let held = std::mem::take(&mut self.registry.held).into_iter();
        let (here, elsewhere): (BTreeMap<_, _>, BTreeMap<_, _>) =
            held.partition(|(_, entry)| step(entry) == Step::Here);
        let elsewhere = elsewhere.into_values();
        let elsewhere: Vec<_> = elsewhere
            .map(|entry| (entry, matches!(step(&entry), Step::Along(_))))
            .collect();
        self.registry.held = here;
        let mut entries = 0;
        for (entry, has_way) in elsewhere {
            if has_way {
                self.forward(ctx, way(&entry), Load::HandOver(entry));
            } else if let Some(next) = self.nearest_neighbour(entry.point()) {
                let way = Way {
                    last: address,
                    hops: 1,
                    ..way(&entry)
                };
                ctx.send(next, Msg::Routed(way, Load::HandOver(entry)));
            } else {
                continue;
            }
            entries += 1;
        }
        if entries > 0 {
            ctx.emit(Event::HandedOver { entries });
        }
    }

    fn nearest_neighbour(&self, point: TreeAddress) -> Option<NodeAddr> {
        let nearest = self
            .neighbours
            .addressed()
            .min_by_key(|(_, its, _)| its.distance(point));
        nearest.map(|(node, ..)| node)
    }
}

impl Scope {
    /// How often an entry there is renewed: half as often a step, in solution B.
    fn renewal(self, config: &Config) -> SimDuration {
        let period = config.registration_period;
        let farther = period * (1 << self.steps.min(16));
        farther.min(config.entry_timeout.mul_f64(0.5)).max(period)
    }
}
