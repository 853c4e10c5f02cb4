//! What nodes say to each other: words that ride in the overlay's routed messages, words that go straight to a
//! node. And what they weigh.

use sim_core::addr::{Address, NodeAddr};
use sim_core::protocol::{OperationId, Wire};

use super::store::{Content, Entry, Record, Version};
use crate::id::{Contact, Id};
use crate::kbr::Payload;
use crate::request::RequestId;

/// What is routed to the root of a key. With `CACHE` the nodes on the way are asked whether they have a copy.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Request<const CACHE: bool, A = NodeAddr> {
    /// Write this record: a value, or the tombstone of a remove.
    Write(Record<A>),
    /// What is stored?
    Get {
        /// The last node on the way that had no copy.
        via: Option<Contact<A>>,
    },
    /// The source has had these for long without word of a root, the first of them under the key of this message: should
    /// it go on?
    Offer(Box<[Entry<A>]>),
}

impl<const CACHE: bool, A: Address> Payload for Request<CACHE, A> {
    const FORWARD: bool = CACHE;
    const UPDATE: bool = true;
}

/// Why a record is copied: each counts as a kind of message of its own.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Cause {
    /// It was written.
    Write,
    /// The replica lacks it.
    Repair,
    /// Who was responsible is not any more, or leaves.
    HandOver,
}

/// What the root of a key says to somebody who has a copy of it and has not heard of it for long.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Verdict<A = NodeAddr> {
    /// It is one of the replicas, or the replicas are not complete.
    Keep,
    /// The replicas have this version without it.
    Drop(Version<A>),
    /// The root lacks this version.
    Send,
}

/// What nodes say to each other directly.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Word<A = NodeAddr> {
    /// Store this.
    Copy {
        /// Named in the answer.
        request: RequestId,
        /// Under this key.
        key: Id,
        /// What.
        record: Record<A>,
        /// Why.
        cause: Cause,
    },
    /// Answer to it: it is stored.
    Stored {
        /// The request answered.
        request: RequestId,
    },
    /// What have you stored under this key?
    Fetch {
        /// Named in the answer.
        request: RequestId,
        /// The key.
        key: Id,
    },
    /// Answer to it.
    Fetched {
        /// The request answered.
        request: RequestId,
        /// What is stored.
        record: Option<Record<A>>,
    },
    /// You should have these.
    Compare {
        /// Named in the answer.
        request: RequestId,
        /// The versions that the sender has.
        entries: Box<[Entry<A>]>,
    },
    /// Answer to it.
    Lacking {
        /// The request answered.
        request: RequestId,
        /// The keys of which the sender has an older version, or none.
        keys: Box<[Id]>,
    },
    /// What is to become of what was offered.
    Verdicts {
        /// The identifier of the sender, the root of these keys.
        root: Id,
        /// Key by key.
        verdicts: Box<[(Id, Verdict<A>)]>,
    },
    /// The write is done.
    Written {
        /// Which.
        operation: OperationId,
    },
    /// Answer to a get.
    Answer {
        /// Which.
        operation: OperationId,
        /// Of which key.
        key: Id,
        /// What is stored; none if nothing is.
        record: Option<Record<A>>,
        /// Whether it comes from a copy on the way.
        cached: bool,
    },
    /// Keep a copy of this: it was asked for by way of you.
    Cache {
        /// The key.
        key: Id,
        /// What is stored.
        record: Record<A>,
    },
}

/// Bytes of a message before its contents, and for each key that it mentions: as the overlays charge them (Li et al. 2005).
const HEADER_BYTES: usize = 20;
const KEY_BYTES: usize = 4;
/// A time and an address.
const VERSION_BYTES: usize = 12;
const ENTRY_BYTES: usize = KEY_BYTES + VERSION_BYTES;

impl<A: Address> Record<A> {
    fn bytes(&self) -> usize {
        let content = match self.content {
            Content::Value { bytes } => bytes as usize,
            Content::Removed => 0,
        };
        VERSION_BYTES + content
    }
}

impl<const CACHE: bool, A: Address> Wire for Request<CACHE, A> {
    const KINDS: usize = 4;

    fn kind(&self) -> usize {
        match self {
            Request::Write(record) if record.value().is_some() => 0,
            Request::Write(_) => 1,
            Request::Get { .. } => 2,
            Request::Offer(_) => 3,
        }
    }

    fn kind_name(kind: usize) -> &'static str {
        ["put", "remove", "get", "offer"][kind]
    }

    fn wire_bytes(&self) -> u32 {
        let bytes = match self {
            Request::Write(record) => record.bytes(),
            Request::Get { via } => via.map_or(0, |_| KEY_BYTES),
            Request::Offer(entries) => entries.len() * ENTRY_BYTES,
        };
        bytes as u32
    }
}

impl<A: Address> Wire for Word<A> {
    const KINDS: usize = 12;

    fn kind(&self) -> usize {
        match self {
            Word::Copy { cause, .. } => *cause as usize,
            Word::Stored { .. } => 3,
            Word::Fetch { .. } => 4,
            Word::Fetched { .. } => 5,
            Word::Compare { .. } => 6,
            Word::Lacking { .. } => 7,
            Word::Verdicts { .. } => 8,
            Word::Written { .. } => 9,
            Word::Answer { .. } => 10,
            Word::Cache { .. } => 11,
        }
    }

    fn kind_name(kind: usize) -> &'static str {
        const NAMES: [&str; <Word>::KINDS] = [
            "copy",
            "copy-repair",
            "copy-hand-over",
            "stored",
            "fetch",
            "fetched",
            "compare",
            "lacking",
            "verdicts",
            "written",
            "answer",
            "cache",
        ];
        NAMES[kind]
    }

    fn wire_bytes(&self) -> u32 {
        let contents = match self {
            Word::Copy { record, .. } | Word::Cache { record, .. } => KEY_BYTES + record.bytes(),
            Word::Stored { .. } | Word::Written { .. } => 0,
            Word::Fetch { .. } => KEY_BYTES,
            Word::Fetched { record, .. } => record.map_or(0, |record| record.bytes()),
            Word::Compare { entries, .. } => entries.len() * ENTRY_BYTES,
            Word::Lacking { keys, .. } => keys.len() * KEY_BYTES,
            Word::Verdicts { verdicts, .. } => {
                let each = verdicts.iter().map(|(_, verdict)| KEY_BYTES + verdict.bytes());
                KEY_BYTES + each.sum::<usize>()
            }
            Word::Answer { record, .. } => KEY_BYTES + record.map_or(0, |record| record.bytes()),
        };
        (HEADER_BYTES + contents) as u32
    }
}

impl<A: Address> Verdict<A> {
    fn bytes(self) -> usize {
        match self {
            Verdict::Keep | Verdict::Send => 1,
            Verdict::Drop(_) => 1 + VERSION_BYTES,
        }
    }
}
