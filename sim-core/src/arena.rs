//! The hosts of a run, and the nodes that are up there.

use std::collections::VecDeque;
use std::hash::{Hash, Hasher};

use crate::addr::NodeAddr;
use crate::fingerprint::Chain;
use crate::protocol::TimerId;
use crate::queue::EventKey;
use crate::random::{NodeRng, StreamKey};
use crate::time::SimTime;

/// What the engine keeps for a host, whether a node is up there or not.
pub(crate) struct Core {
    pub(crate) chain: Chain,
    pub(crate) rng: NodeRng,
    /// Events caused so far, over all incarnations: it never goes back, so that no two events share a key.
    pub(crate) counter: u32,
    pub(crate) incarnation: u32,
    pub(crate) cancelled: Option<Box<Cancelled>>,
}

/// Timers of the present incarnation that were cancelled and are still in the queue, the earliest first.
#[derive(Default)]
pub(crate) struct Cancelled(VecDeque<TimerId>);

/// A host, and the node that is up there. Aligned to cache lines, so that reading ahead touches no line too many.
#[repr(align(64))]
pub(crate) struct Slot<P> {
    pub(crate) core: Core,
    pub(crate) state: Option<P>,
}

impl<P> Slot<P> {
    /// The slot of a host at which nobody has been up yet.
    pub(crate) fn new(streams: StreamKey) -> Self {
        Slot {
            core: Core {
                chain: Chain::default(),
                rng: streams.rng(),
                counter: 0,
                incarnation: 0,
                cancelled: None,
            },
            state: None,
        }
    }
}

pub(crate) const RECORD_START: u64 = 1;
pub(crate) const RECORD_STOP: u64 = 2;
pub(crate) const RECORD_COMMAND: u64 = 3;
pub(crate) const RECORD_MESSAGE: u64 = 4;
pub(crate) const RECORD_TIMER: u64 = 5;
pub(crate) const RECORD_LINK: u64 = 6;

impl Core {
    /// Adds an event to the node's fingerprint.
    #[inline]
    pub(crate) fn record(&mut self, cause: EventKey, kind: u64, contents: &impl Hash) {
        self.chain.write_u64(cause.time.as_nanos());
        self.chain.write_u64(kind << 32 | u64::from(cause.source.0));
        self.chain.fold(contents);
    }

    /// Whether a timer that is due was set by this incarnation and not cancelled.
    pub(crate) fn awaits(&self, incarnation: u32, key: EventKey) -> bool {
        incarnation == self.incarnation
            && self
                .cancelled
                .as_ref()
                .is_none_or(|cancelled| cancelled.0.binary_search(&timer_id(key)).is_err())
    }

    /// Whether the timer that is due was cancelled; if so, that need not be remembered any longer.
    #[inline]
    pub(crate) fn forget_cancelled(&mut self, key: EventKey) -> bool {
        let Some(cancelled) = &mut self.cancelled else {
            return false;
        };
        let found = cancelled.0.binary_search(&timer_id(key));
        found.is_ok_and(|at| cancelled.0.remove(at).is_some())
    }
}

fn timer_id(key: EventKey) -> TimerId {
    TimerId {
        due: key.time,
        counter: key.counter,
    }
}

impl Cancelled {
    /// Remembers that a timer was cancelled.
    pub(crate) fn add(&mut self, id: TimerId, now: SimTime) {
        // What was cancelled after it had fired is never asked for again.
        while self.0.front().is_some_and(|earliest| earliest.due < now) {
            self.0.pop_front();
        }
        if let Err(at) = self.0.binary_search(&id) {
            self.0.insert(at, id);
        }
    }
}

/// All nodes of a run, for observers.
pub struct Nodes<'a, P> {
    pub(crate) slots: &'a [Slot<P>],
}

impl<'a, P> Nodes<'a, P> {
    /// The state of a node that is up.
    pub fn get(&self, node: NodeAddr) -> Option<&'a P> {
        self.slots.get(node.index())?.state.as_ref()
    }

    /// The nodes that are up, by address.
    pub fn iter(&self) -> impl Iterator<Item = (NodeAddr, &'a P)> + use<'a, P> {
        let states = self.slots.iter().map(|slot| slot.state.as_ref());
        (0..)
            .map(NodeAddr)
            .zip(states)
            .filter_map(|(addr, state)| Some((addr, state?)))
    }
}
