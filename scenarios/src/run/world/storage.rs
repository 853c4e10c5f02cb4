//! Who puts, gets and removes what, and what is left of it.

use std::collections::BTreeMap;

use protocols::dht::{Content, Record, Version};
use sim_core::addr::NodeAddr;
use sim_core::distribution::Exponential;
use sim_core::protocol::OperationId;
use sim_core::random::{NodeRng, StreamKey, unit};
use sim_core::time::{SimDuration, SimTime};
use sim_core::world::Control;

use super::{ScenarioWorld, Turn};
use crate::overlays::{Overlay, StorageCalls, StorageTold};
use crate::run::storage::{Count, Operations, Stored};
use crate::scenario::Storage;

/// What is asked of nodes that store, and how far that has come.
pub(super) struct Storing {
    plan: Storage,
    rng: NodeRng,
    keys: Vec<Key>,
    /// How many keys have had their first put.
    put: usize,
    under_way: BTreeMap<OperationId, UnderWay>,
    measured: Stored,
}

/// A key, and what is known of it from the outside.
#[derive(Clone, Copy)]
struct Key {
    id: u128,
    /// The newest write that was completed.
    newest: Option<Record>,
    /// When a put and a remove of it last began.
    last_put: Option<SimTime>,
    last_remove: Option<SimTime>,
}

/// What a key has to be found as.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Truth {
    /// Put, with this version the newest that was completed.
    Put(Version),
    /// Removed, and not put since.
    Removed,
    /// Being put for the first time, or removed, or put again: both answers would do.
    Unsure,
}

impl Key {
    fn truth(&self) -> Truth {
        let later = |begun: Option<SimTime>, version: Version| begun.is_some_and(|begun| begun > version.time);
        match self.newest {
            Some(Record { version, content }) => match content {
                Content::Value { .. } if !later(self.last_remove, version) => Truth::Put(version),
                Content::Removed if !later(self.last_put, version) => Truth::Removed,
                _ => Truth::Unsure,
            },
            None => Truth::Unsure,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    FirstPut,
    Get(Truth),
    Put,
    Remove,
}

/// An operation that has not ended.
struct UnderWay {
    key: usize,
    kind: Kind,
    at: SimTime,
}

impl Storing {
    /// What a scenario stores, under keys that `draw` makes of their streams.
    pub(super) fn new(plan: Storage, streams: StreamKey, draw: impl Fn(&mut NodeRng) -> u128) -> Self {
        let streams = streams.purpose("storage");
        let key = |number| Key {
            id: draw(&mut streams.purpose("key").index(number).rng()),
            newest: None,
            last_put: None,
            last_remove: None,
        };
        Storing {
            plan,
            rng: streams.rng(),
            keys: (0..plan.keys).map(key).collect(),
            put: 0,
            under_way: BTreeMap::new(),
            measured: Stored::default(),
        }
    }

    /// When measurement begins, and nodes write and read.
    pub(super) fn from(&self) -> SimTime {
        self.plan.from
    }

    /// What was measured, once the run has ended.
    pub(super) fn into_measured(mut self) -> Stored {
        for operations in [
            &mut self.measured.puts,
            &mut self.measured.removes,
            &mut self.measured.gets,
        ] {
            operations.latencies.sort_unstable();
        }
        self.measured
    }

    /// When the first put of a key is due: in equal steps.
    fn first_put(&self, number: usize) -> SimTime {
        let part = number as f64 / self.keys.len().saturating_sub(1).max(1) as f64;
        self.plan.start + self.plan.over.mul_f64(part)
    }

    /// The operations of a kind; none for those that are not measured.
    fn tally(&mut self, kind: Kind) -> Option<&mut Operations> {
        match kind {
            Kind::Put => Some(&mut self.measured.puts),
            Kind::Remove => Some(&mut self.measured.removes),
            Kind::Get(Truth::Put(_)) => Some(&mut self.measured.gets),
            Kind::FirstPut | Kind::Get(_) => None,
        }
    }

    /// What the next operation does, with which key, and where: all drawn whatever becomes of it, so that every point of a sweep
    /// sees the same.
    fn draw(&mut self, nodes: u32) -> (Kind, usize, NodeAddr) {
        let [gets, puts, _] = self.plan.rates;
        let (what, which, place) = (unit(&mut self.rng), self.rank(), unit(&mut self.rng));
        let kind = match what * self.plan.rate() {
            what if what < gets => Kind::Get(self.keys[which].truth()),
            what if what < gets + puts => Kind::Put,
            _ => Kind::Remove,
        };
        (kind, which, NodeAddr((place * f64::from(nodes)) as u32))
    }

    fn rank(&mut self) -> usize {
        match self.plan.popularity {
            Some(law) => law.sample(&mut self.rng) as usize - 1,
            None => (unit(&mut self.rng) * self.plan.among as f64) as usize,
        }
    }
}

impl<O: Overlay> ScenarioWorld<O> {
    /// What a scenario stores begins.
    pub(super) fn begin_storing(&mut self, control: &mut Control<'_, O::Protocol, Turn>) {
        if let Some(storing) = &self.storing {
            let Storage { start, from, .. } = storing.plan;
            control.schedule(start.since(SimTime::ZERO), Turn::FirstPut);
            control.schedule(from.since(SimTime::ZERO), Turn::CountCopies);
            self.schedule_operation(control, from);
        }
    }

    /// The next key is put for the first time, by any of the members.
    pub(super) fn put_first(&mut self, control: &mut Control<'_, O::Protocol, Turn>) {
        let Some(storing) = &mut self.storing else { return };
        let (number, member) = (storing.put, self.members.random(&mut storing.rng));
        storing.put += 1;
        if storing.put < storing.keys.len() {
            let next = storing.first_put(storing.put);
            control.schedule(next.since(control.now()), Turn::FirstPut);
        }
        self.ask_to_store(control, Kind::FirstPut, number, member);
    }

    /// Plans the next operation: those of all nodes together are one Poisson process.
    fn schedule_operation(&mut self, control: &mut Control<'_, O::Protocol, Turn>, after: SimTime) {
        let Some(storing) = &mut self.storing else { return };
        let rate = storing.plan.rate() * f64::from(self.plan.nodes);
        // Without any there is no law of the pause between them.
        let Ok(pause) = Exponential::new(1.0 / rate) else {
            return;
        };
        let next = after + SimDuration::from_secs_f64(pause.sample(&mut storing.rng));
        if next < storing.plan.until {
            control.schedule(next.since(control.now()), Turn::Operate);
        }
    }

    /// A node puts, gets or removes; where it is no member, the operation is void.
    pub(super) fn operate(&mut self, control: &mut Control<'_, O::Protocol, Turn>) {
        let Some(storing) = &mut self.storing else { return };
        let (kind, key, node) = storing.draw(self.plan.nodes);
        let node = Some(node).filter(|node| self.members.contains(*node));
        self.ask_to_store(control, kind, key, node);
        self.schedule_operation(control, control.now());
    }

    fn ask_to_store(
        &mut self,
        control: &mut Control<'_, O::Protocol, Turn>,
        kind: Kind,
        number: usize,
        node: Option<NodeAddr>,
    ) {
        let (Some(storing), Some(StorageCalls { put, get, remove, .. })) = (&mut self.storing, O::STORAGE) else {
            return;
        };
        let Some(node) = node else {
            storing.measured.void += 1;
            return;
        };
        let (at, key) = (control.now(), &mut storing.keys[number]);
        let command = match kind {
            Kind::FirstPut | Kind::Put => {
                key.last_put = Some(at);
                put(key.id, storing.plan.value)
            }
            Kind::Get(_) => get(key.id),
            Kind::Remove => {
                key.last_remove = Some(at);
                remove(key.id)
            }
        };
        match kind {
            Kind::Get(Truth::Removed) => storing.measured.removed += 1,
            Kind::Get(Truth::Unsure) => storing.measured.unsure += 1,
            _ => {}
        }
        if let Some(tally) = storing.tally(kind) {
            tally.begun += 1;
        }
        let operation = OperationId(self.next_operation);
        self.next_operation += 1;
        let key = number;
        storing.under_way.insert(operation, UnderWay { key, kind, at });
        control.command(node, operation, command);
    }

    /// A node tells what became of an operation.
    pub(super) fn hear_storage(&mut self, time: SimTime, told: StorageTold) {
        let Some(storing) = &mut self.storing else { return };
        let Some(UnderWay { key, kind, at }) = storing.under_way.remove(&told.operation()) else {
            return;
        };
        let latency = time.since(at);
        match (told, kind) {
            (StorageTold::Failed { .. }, _) => {
                if let Some(tally) = storing.tally(kind) {
                    tally.failed += 1;
                }
            }
            (StorageTold::Written { version, .. }, _) => {
                if let Some(tally) = storing.tally(kind) {
                    tally.complete(latency);
                }
                let content = match kind {
                    Kind::Remove => Content::Removed,
                    _ => Content::Value {
                        bytes: storing.plan.value,
                    },
                };
                let newest = &mut storing.keys[key].newest;
                if newest.is_none_or(|newest| newest.version < version) {
                    *newest = Some(Record { version, content });
                }
            }
            (StorageTold::Answered { found, cached, .. }, Kind::Get(truth)) => {
                let measured = &mut storing.measured;
                match (truth, found) {
                    (Truth::Put(newest), Some(version)) => {
                        measured.found += u64::from(version >= newest);
                        measured.stale += u64::from(version < newest);
                        measured.cached += u64::from(cached);
                    }
                    (Truth::Removed, Some(_)) => measured.revived += 1,
                    _ => {}
                }
                if let Some(tally) = storing.tally(kind) {
                    tally.complete(latency);
                }
            }
            (StorageTold::Answered { .. }, _) => {}
        }
    }

    /// Counts how many members have each key as it was written last.
    pub(super) fn count_copies(&mut self, control: &mut Control<'_, O::Protocol, Turn>) {
        let (Some(storing), Some(StorageCalls { records, replicas, .. })) = (&mut self.storing, O::STORAGE) else {
            return;
        };
        let mut held: BTreeMap<u128, Vec<Version>> = BTreeMap::new();
        for addr in self.members.by_identifier().values() {
            let stored = control.node(*addr).map(records).unwrap_or_default();
            for (key, record) in stored {
                held.entry(key.number()).or_default().push(record.version);
            }
        }
        let mut count = Count {
            time: control.now(),
            keys: 0,
            lost: 0,
            complete: 0,
            copies: 0,
        };
        let complete = replicas(&self.config).min(self.members.len()) as u64;
        for key in &storing.keys {
            if let Truth::Put(newest) = key.truth() {
                let versions = held.get(&key.id).into_iter().flatten();
                let copies = versions.filter(|version| **version >= newest).count() as u64;
                count.keys += 1;
                count.lost += u64::from(copies == 0);
                count.complete += u64::from(copies >= complete);
                count.copies += copies;
            }
        }
        storing.measured.counts.push(count);
        control.schedule(storing.plan.count_every, Turn::CountCopies);
    }
}
