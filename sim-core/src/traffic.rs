//! Messages and bytes, counted by kind.

use crate::protocol::Wire;

/// What was sent of one kind of message.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct KindTraffic {
    /// Messages sent, whether they arrived or not.
    pub messages: u64,
    /// Bytes of these messages.
    pub bytes: u64,
}

/// What was sent in a run, or in a part of one. Integers only, so that parts can be added in any order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Traffic {
    kinds: Vec<KindTraffic>,
    names: Vec<&'static str>,
    /// Messages that the network lost.
    pub lost: u64,
    /// Messages that arrived where no node was up.
    pub unreachable: u64,
}

impl Traffic {
    /// Nothing sent yet, of the kinds of a message type.
    pub fn new<M: Wire>() -> Self {
        Traffic {
            kinds: vec![KindTraffic::default(); M::KINDS],
            names: (0..M::KINDS).map(M::kind_name).collect(),
            lost: 0,
            unreachable: 0,
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
    pub fn kinds(&self) -> impl Iterator<Item = (&'static str, KindTraffic)> {
        self.names.iter().copied().zip(self.kinds.iter().copied())
    }

    /// All kinds together.
    pub fn total(&self) -> KindTraffic {
        self.kinds.iter().fold(KindTraffic::default(), |sum, row| KindTraffic {
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
        difference
    }
}
