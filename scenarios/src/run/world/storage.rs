//! Who puts, gets and removes what, and what is left of it.

mod truth;

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
use truth::{Expected, Key, Truth};

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

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    FirstPut,
    Get(Expected),
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
        let key = |number| Key::new(draw(&mut streams.purpose("key").index(number).rng()));
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
            &mut self.measured.first_puts,
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

    /// The operations of a kind; none for gets that are not judged by whether they find a value.
    fn tally(&mut self, kind: Kind) -> Option<&mut Operations> {
        match kind {
            Kind::FirstPut => Some(&mut self.measured.first_puts),
            Kind::Put => Some(&mut self.measured.puts),
            Kind::Remove => Some(&mut self.measured.removes),
            Kind::Get(expected) => match expected.truth {
                Truth::Put(_) => Some(&mut self.measured.gets),
                Truth::Removed | Truth::Unsure => None,
            },
        }
    }

    /// How many gets there are of keys that have to be found so.
    fn gets_of(&mut self, truth: Truth) -> &mut u64 {
        match truth {
            Truth::Put(_) => &mut self.measured.gets.begun,
            Truth::Removed => &mut self.measured.removed,
            Truth::Unsure => &mut self.measured.unsure,
        }
    }

    /// An operation begins.
    fn begin(&mut self, operation: OperationId, kind: Kind, number: usize, at: SimTime) {
        let (key, measured) = (&mut self.keys[number], &mut self.measured);
        match kind {
            Kind::FirstPut => {
                key.put_begins(at);
                measured.first_puts.begun += 1;
            }
            Kind::Put => {
                key.put_begins(at);
                measured.puts.begun += 1;
            }
            Kind::Remove => {
                key.remove_begins(at);
                measured.removes.begun += 1;
            }
            Kind::Get(expected) => *self.gets_of(expected.truth) += 1,
        }
        self.under_way.insert(operation, UnderWay { key: number, kind, at });
    }

    /// Something became of an operation.
    fn end(&mut self, time: SimTime, told: StorageTold) {
        let Some(UnderWay { key, kind, at }) = self.under_way.remove(&told.operation()) else {
            return;
        };
        let latency = time.since(at);
        match (told, kind) {
            (StorageTold::Failed { .. }, _) => {
                if let Some(tally) = self.tally(kind) {
                    tally.failed += 1;
                }
            }
            (StorageTold::Written { version, .. }, _) => {
                if let Some(tally) = self.tally(kind) {
                    tally.complete(latency);
                }
                let content = match kind {
                    Kind::Remove => Content::Removed,
                    _ => Content::Value { bytes: self.plan.value },
                };
                self.keys[key].written(Record { version, content });
            }
            (StorageTold::Answered { found, cached, .. }, Kind::Get(expected)) => {
                let truth = self.keys[key].judged(expected);
                *self.gets_of(expected.truth) -= 1;
                *self.gets_of(truth) += 1;
                self.answered(truth, found, cached, latency);
            }
            (StorageTold::Answered { .. }, _) => {}
        }
    }

    /// A get was answered that had to find this.
    fn answered(&mut self, truth: Truth, found: Option<Version>, cached: bool, latency: SimDuration) {
        let measured = &mut self.measured;
        match (truth, found) {
            (Truth::Put(newest), Some(version)) => {
                measured.found += u64::from(version >= newest);
                measured.stale += u64::from(version < newest);
                measured.cached += u64::from(cached);
                measured.gets.complete(latency);
            }
            (Truth::Put(_), None) => measured.gets.complete(latency),
            (Truth::Removed, Some(_)) => measured.revived += 1,
            (Truth::Removed, None) | (Truth::Unsure, _) => {}
        }
    }

    /// What the next operation does, with which key, and where: all drawn whatever becomes of it, so that every point of a sweep
    /// sees the same.
    fn draw(&mut self, nodes: u32) -> (Kind, usize, NodeAddr) {
        let [gets, puts, _] = self.plan.rates;
        let (what, which, place) = (unit(&mut self.rng), self.rank(), unit(&mut self.rng));
        let kind = match what * self.plan.rate() {
            what if what < gets => Kind::Get(self.keys[which].expected()),
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
        let key = storing.keys[number].id;
        let command = match kind {
            Kind::FirstPut | Kind::Put => put(key, storing.plan.value),
            Kind::Get(_) => get(key),
            Kind::Remove => remove(key),
        };
        let operation = OperationId(self.next_operation);
        self.next_operation += 1;
        storing.begin(operation, kind, number, control.now());
        control.command(node, operation, command);
    }

    /// A node tells what became of an operation.
    pub(super) fn hear_storage(&mut self, time: SimTime, told: StorageTold) {
        if let Some(storing) = &mut self.storing {
            storing.end(time, told);
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
