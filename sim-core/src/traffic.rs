//! Messages and bytes, counted by kind.

use std::borrow::Cow;

use crate::protocol::Wire;
use crate::time::SimDuration;
use serde::{Deserialize, Serialize};

/// What was sent of one kind of message.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct KindTraffic {
    /// Messages sent, whether they arrived or not. Between neighbours each time counts that a link layer sends one.
    pub messages: u64,
    /// Bytes of these messages.
    pub bytes: u64,
}

/// What came to one direction of the access links of all hosts, or to a shared medium.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct QueueTraffic {
    /// Messages that were taken, with or without a wait; at a shared medium they are counted when they go on the air.
    pub messages: u64,
    /// Messages that were lost because too much was waiting already, or at a shared medium because they had waited too long.
    pub lost: u64,
    /// How long the messages that were taken waited for others, in nanoseconds all together. The time that it takes to send
    /// a message itself is not counted.
    pub waited: u128,
    /// The longest of these waits, since the run began.
    pub longest: SimDuration,
}

/// What came to the access links of all hosts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct LinkTraffic {
    /// From hosts into the network.
    pub up: QueueTraffic,
    /// From the network to hosts.
    pub down: QueueTraffic,
}

impl QueueTraffic {
    /// Counts a message that was taken.
    #[inline]
    pub(crate) fn passed(&mut self, wait: SimDuration) {
        self.messages += 1;
        self.waited += u128::from(wait.as_nanos());
        self.longest = self.longest.max(wait);
    }

    fn add(&mut self, other: &QueueTraffic) {
        self.messages += other.messages;
        self.lost += other.lost;
        self.waited += other.waited;
        self.longest = self.longest.max(other.longest);
    }

    fn remove(&mut self, earlier: &QueueTraffic) {
        self.messages -= earlier.messages;
        self.lost -= earlier.lost;
        self.waited -= earlier.waited;
    }
}

impl LinkTraffic {
    /// Adds what came to other links of the same run.
    pub(crate) fn add(&mut self, other: &LinkTraffic) {
        self.up.add(&other.up);
        self.down.add(&other.down);
    }

    /// Messages that were lost because too much was waiting already.
    pub fn lost(&self) -> u64 {
        self.up.lost + self.down.lost
    }
}

/// What was sent in a run, or in a part of one. Integers only, so that parts can be added in any order.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Traffic {
    kinds: Vec<KindTraffic>,
    names: Vec<Cow<'static, str>>,
    /// Messages that the network lost. Where they wait for a shared medium, also those whose sender or receiver had gone before their turn.
    pub lost: u64,
    /// Messages that arrived where no node was up.
    pub unreachable: u64,
    /// What came to the access links, where they have a bandwidth. What is lost there is not counted in `lost`.
    pub links: Option<LinkTraffic>,
    /// What came to the shared medium, where its capacity is limited. What is lost there is not counted in `lost`.
    pub medium: Option<QueueTraffic>,
}

impl Traffic {
    /// Nothing sent yet, of the kinds of a message type.
    pub fn new<M: Wire>() -> Self {
        Traffic {
            kinds: vec![KindTraffic::default(); M::KINDS],
            names: (0..M::KINDS).map(|kind| M::kind_name(kind).into()).collect(),
            lost: 0,
            unreachable: 0,
            links: None,
            medium: None,
        }
    }

    /// Counts a message.
    #[inline]
    pub(crate) fn sent(&mut self, kind: usize, bytes: u32) {
        let row = &mut self.kinds[kind];
        row.messages += 1;
        row.bytes += u64::from(bytes);
    }

    /// The kinds of message, each with its name.
    pub fn kinds(&self) -> impl Iterator<Item = (&str, KindTraffic)> {
        self.names.iter().map(|name| &**name).zip(self.kinds.iter().copied())
    }

    /// All kinds together.
    pub fn total(&self) -> KindTraffic {
        self.kinds.iter().fold(KindTraffic::default(), |sum, row| KindTraffic {
            messages: sum.messages + row.messages,
            bytes: sum.bytes + row.bytes,
        })
    }

    /// The kinds of these names together.
    pub fn of_kinds(&self, names: &[impl AsRef<str>]) -> KindTraffic {
        let is_named = |kind: &str| names.iter().any(|name| name.as_ref() == kind);
        let named = self.kinds().filter(|(kind, _)| is_named(kind));
        named.fold(KindTraffic::default(), |sum, (_, row)| KindTraffic {
            messages: sum.messages + row.messages,
            bytes: sum.bytes + row.bytes,
        })
    }

    /// Adds what was sent in another part of the same run.
    pub fn add(&mut self, other: &Traffic) {
        for (row, more) in self.kinds.iter_mut().zip(&other.kinds) {
            row.messages += more.messages;
            row.bytes += more.bytes;
        }
        self.lost += other.lost;
        self.unreachable += other.unreachable;
        if let Some(links) = &other.links {
            self.links.get_or_insert_default().add(links);
        }
        if let Some(medium) = &other.medium {
            self.medium.get_or_insert_default().add(medium);
        }
    }

    /// What was sent since an earlier state of the same counters.
    pub fn since(&self, earlier: &Traffic) -> Traffic {
        let mut difference = self.clone();
        for (row, less) in difference.kinds.iter_mut().zip(&earlier.kinds) {
            row.messages -= less.messages;
            row.bytes -= less.bytes;
        }
        difference.lost -= earlier.lost;
        difference.unreachable -= earlier.unreachable;
        if let (Some(links), Some(earlier)) = (&mut difference.links, &earlier.links) {
            links.up.remove(&earlier.up);
            links.down.remove(&earlier.down);
        }
        if let (Some(medium), Some(earlier)) = (&mut difference.medium, &earlier.medium) {
            medium.remove(earlier);
        }
        difference
    }
}
