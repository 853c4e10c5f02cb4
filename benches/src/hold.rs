//! The hold model: the earliest of `P` pending events is taken out and put back an exponential time later.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

use sim_core::addr::NodeAddr;
use sim_core::distribution::Exponential;
use sim_core::queue::{Entry, EventKey, Queue, Source};
use sim_core::random::{NodeRng, StreamKey};
use sim_core::time::{SimDuration, SimTime};

use crate::measure::median;

/// The mean time for which an event is put back, in seconds: about what a timer of a peer-to-peer protocol waits.
const MEAN: f64 = 10.0;
const HOLDS: u32 = 10_000_000;

/// Draws due times in advance, so that the queue is measured and not the logarithm.
struct Delays {
    table: Vec<SimDuration>,
    next: usize,
}

impl Delays {
    fn new(rng: &mut NodeRng) -> Self {
        let distribution = Exponential::new(MEAN).expect("a positive mean");
        let table = (0..1 << 16)
            .map(|_| SimDuration::from_secs_f64(distribution.sample(rng)))
            .collect();
        Delays { table, next: 0 }
    }

    fn next(&mut self) -> SimDuration {
        self.next = (self.next + 1) & 0xffff;
        self.table[self.next]
    }
}

trait Pending {
    fn put(&mut self, key: EventKey, item: u64);
    fn take(&mut self) -> Option<Entry<u64>>;
}

impl Pending for Queue<u64> {
    fn put(&mut self, key: EventKey, item: u64) {
        self.push(key, item);
    }

    fn take(&mut self) -> Option<Entry<u64>> {
        self.pop_before(SimTime::MAX)
    }
}

impl Pending for BinaryHeap<Reverse<Entry<u64>>> {
    fn put(&mut self, key: EventKey, item: u64) {
        self.push(Reverse(Entry { key, item }));
    }

    fn take(&mut self) -> Option<Entry<u64>> {
        self.pop().map(|Reverse(entry)| entry)
    }
}

/// A queue of `pending` events, and what it takes to hold.
struct Bench<Q> {
    queue: Q,
    delays: Delays,
    counter: u32,
}

impl<Q: Pending> Bench<Q> {
    fn new(queue: Q, pending: u32) -> Self {
        let mut bench = Bench {
            queue,
            delays: Delays::new(&mut StreamKey::root(1, 0).rng()),
            counter: 0,
        };
        for item in 0..pending {
            bench.put(SimTime::ZERO, u64::from(item));
        }
        bench
    }

    fn put(&mut self, now: SimTime, item: u64) {
        self.counter += 1;
        let (time, source) = (now + self.delays.next(), Source::node(NodeAddr(self.counter % 1000)));
        self.queue.put(
            EventKey {
                time,
                source,
                counter: self.counter,
            },
            item,
        );
    }

    fn hold(&mut self, times: u32) {
        for _ in 0..times {
            let entry = self.queue.take().expect("as many as were put in");
            self.put(entry.key.time, entry.item);
        }
    }
}

/// Million holds a second, after as many holds as there are events have gone by unmeasured.
fn holds_per_second(queue: impl Pending, pending: u32) -> f64 {
    let mut bench = Bench::new(queue, pending);
    bench.hold(pending);
    let start = Instant::now();
    bench.hold(HOLDS);
    f64::from(HOLDS) / start.elapsed().as_secs_f64() / 1e6
}

/// Prints million holds a second for each number of pending events.
pub(crate) fn report(pending: &[u32], runs: usize) {
    println!("hold model, exponential times, {HOLDS} holds, median of {runs} runs: million holds a second");
    println!("{:>10} {:>12} {:>16}", "pending", "this queue", "std BinaryHeap");
    for &pending in pending {
        let ours = (0..runs).map(|_| holds_per_second(Queue::new(), pending)).collect();
        let heap = (0..runs)
            .map(|_| holds_per_second(BinaryHeap::new(), pending))
            .collect();
        println!("{pending:>10} {:>12.1} {:>16.1}", median(ours), median(heap));
    }
}
