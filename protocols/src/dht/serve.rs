//! The root of a key: writes and their copies, gets, and what it asks of the other replicas.

use sim_core::addr::NodeAddr;
use sim_core::protocol::{Ctx, OperationId};
use sim_core::time::SimTime;

use super::store::{Entry, Record};
use super::wire::{Cause, Msg, Request, Word};
use super::{Acknowledge, Dht, Timer};
use crate::id::{Contact, Id};
use crate::kbr::KeyBased;
use crate::request::{Expired, RequestId};

/// What a request is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ask {
    /// To store a version.
    Copy {
        /// Which.
        entry: Entry,
        /// Who.
        to: Contact,
    },
    /// To compare versions.
    Compare,
    /// To say what is stored, for a search.
    Fetch(u32),
}

/// A write that waits for its copies.
#[derive(Debug)]
pub(super) struct Write {
    entry: Entry,
    operation: OperationId,
    /// Who is told when it is done.
    source: NodeAddr,
    /// When it came.
    since: SimTime,
}

/// A get of which the root has nothing, and asks the other replicas.
#[derive(Debug)]
pub(super) struct Search {
    number: u32,
    key: Id,
    operation: OperationId,
    source: NodeAddr,
    /// How many have yet to say what they have.
    waiting: usize,
    newest: Option<Record>,
}

impl<O: KeyBased<Payload = Request<CACHE>>, const CACHE: bool> Dht<O, CACHE> {
    /// The replicas of a key apart from this node, which is the root; none if it is not.
    fn replicas(&self, ctx: &Ctx<'_, Self>, key: Id) -> Option<Vec<Contact>> {
        let config = ctx.config();
        let mut set = self.overlay.replica_set(&config.overlay, key, config.replicas);
        (set.first() == Some(&self.overlay.contact())).then(|| set.split_off(1))
    }

    /// A write has come to the root of its key. One that is tried again finds its version here, and the copies that are still
    /// missing are sent once more.
    pub(super) fn serve_write(
        &mut self,
        ctx: &mut Ctx<'_, Self>,
        key: Id,
        record: Record,
        operation: OperationId,
        source: NodeAddr,
    ) {
        self.store.accept(key, record, ctx.now());
        self.writes
            .retain(|write| (write.operation, write.source) != (operation, source));
        self.writes.push(Write {
            entry: Entry {
                key,
                version: record.version,
            },
            operation,
            source,
            since: ctx.now(),
        });
        for replica in self.replicas(ctx, key).unwrap_or_default() {
            if self.store.confirmed(key, &[replica]) == 0 {
                self.copy(ctx, key, replica, Cause::Write);
            }
        }
        self.finish_writes(ctx);
    }

    /// Sends a copy of a key to a node, unless one is on its way already.
    pub(super) fn copy(&mut self, ctx: &mut Ctx<'_, Self>, key: Id, to: Contact, cause: Cause) {
        let Some(record) = self.store.get(key) else { return };
        let entry = Entry {
            key,
            version: record.version,
        };
        if to.addr == ctx.me() || self.is_on_its_way(entry, to) {
            return;
        }
        let (ask, patience) = (Ask::Copy { entry, to }, ctx.config().patience());
        let request = self.requests.open(ctx, to.addr, ask, patience, Timer::Request);
        let word = Word::Copy {
            request,
            key,
            record,
            cause,
        };
        ctx.send(to.addr, Msg::Word(word));
    }

    /// Whether this version has been sent to a node that has not confirmed it yet.
    pub(super) fn is_on_its_way(&self, entry: Entry, to: Contact) -> bool {
        self.requests.any(|ask| *ask == Ask::Copy { entry, to })
    }

    /// Somebody wants this node to store something. What is news to the root of the key is news to its replicas.
    pub(super) fn copied(
        &mut self,
        ctx: &mut Ctx<'_, Self>,
        from: NodeAddr,
        request: RequestId,
        key: Id,
        record: Record,
    ) {
        let news = self.store.accept(key, record, ctx.now());
        self.changed |= news && self.overlay.is_root(&ctx.config().overlay, key);
        ctx.send(from, Msg::Word(Word::Stored { request }));
    }

    /// A copy is there.
    pub(super) fn stored(&mut self, ctx: &mut Ctx<'_, Self>, from: NodeAddr, request: RequestId) {
        if let Some(Ask::Copy { entry, to }) = self.requests.close(ctx, request, from) {
            self.store.confirm(entry, to);
            self.finish_writes(ctx);
        }
    }

    /// Tells of the writes that have as many copies as they need.
    pub(super) fn finish_writes(&mut self, ctx: &mut Ctx<'_, Self>) {
        let (done, waiting) = std::mem::take(&mut self.writes)
            .into_iter()
            .partition(|write| self.is_written(ctx, write.entry));
        self.writes = waiting;
        for Write { operation, source, .. } in done {
            self.say(ctx, source, Word::Written { operation });
        }
    }

    /// Whether a version, or one that has replaced it, has as many copies as it needs.
    fn is_written(&self, ctx: &Ctx<'_, Self>, entry: Entry) -> bool {
        let Some(replicas) = self.replicas(ctx, entry.key) else {
            return false;
        };
        let needed = match ctx.config().acknowledge {
            Acknowledge::Root => 0,
            Acknowledge::Majority => replicas.len().div_ceil(2),
            Acknowledge::All => replicas.len(),
        };
        self.store.covers(entry) && self.store.confirmed(entry.key, &replicas) >= needed
    }

    /// Forgets writes that whoever began them has given up, or tries again.
    pub(super) fn forget_writes(&mut self, ctx: &Ctx<'_, Self>) {
        let (now, timeout) = (ctx.now(), ctx.config().timeout);
        self.writes.retain(|write| now.since(write.since) <= timeout);
    }

    /// A get has come to the root of its key.
    pub(super) fn serve_get(
        &mut self,
        ctx: &mut Ctx<'_, Self>,
        key: Id,
        operation: OperationId,
        source: NodeAddr,
        via: Option<Contact>,
    ) {
        let Some(record) = self.store.get(key) else {
            return self.search(ctx, key, operation, source);
        };
        self.answer(ctx, key, operation, source, Some(record));
        if let (Some(via), Some(record)) = (via, record.value())
            && via.addr != source
        {
            self.say(ctx, via.addr, Word::Cache { key, record });
        }
    }

    fn answer(
        &mut self,
        ctx: &mut Ctx<'_, Self>,
        key: Id,
        operation: OperationId,
        source: NodeAddr,
        record: Option<Record>,
    ) {
        let answer = Word::Answer {
            operation,
            key,
            record,
            cached: false,
        };
        self.say(ctx, source, answer);
    }

    /// The root has nothing: it may be new, and the others have yet to give it what it should have. They are those that would
    /// be responsible without this node.
    fn search(&mut self, ctx: &mut Ctx<'_, Self>, key: Id, operation: OperationId, source: NodeAddr) {
        let config = ctx.config();
        let mut others = self.overlay.replica_set(&config.overlay, key, config.replicas + 1);
        if others.is_empty() {
            others = self.overlay.neighbour_set(config.replicas);
        }
        others.retain(|other| *other != self.overlay.contact());
        if others.is_empty() {
            return self.answer(ctx, key, operation, source, None);
        }
        let number = self.next_search;
        self.next_search = number.wrapping_add(1);
        self.searches.push(Search {
            number,
            key,
            operation,
            source,
            waiting: others.len(),
            newest: None,
        });
        for other in others {
            let (ask, patience) = (Ask::Fetch(number), config.patience());
            let request = self.requests.open(ctx, other.addr, ask, patience, Timer::Request);
            ctx.send(other.addr, Msg::Word(Word::Fetch { request, key }));
        }
    }

    /// Somebody has said what he has.
    pub(super) fn fetched(
        &mut self,
        ctx: &mut Ctx<'_, Self>,
        from: NodeAddr,
        request: RequestId,
        record: Option<Record>,
    ) {
        if let Some(Ask::Fetch(number)) = self.requests.close(ctx, request, from) {
            self.searched(ctx, number, record);
        }
    }

    /// One of the replicas has been asked: the get is answered when all have.
    fn searched(&mut self, ctx: &mut Ctx<'_, Self>, number: u32, record: Option<Record>) {
        let Some(at) = self.searches.iter().position(|search| search.number == number) else {
            return;
        };
        let search = &mut self.searches[at];
        search.waiting -= 1;
        search.newest = search
            .newest
            .into_iter()
            .chain(record)
            .max_by_key(|record| record.version);
        if search.waiting > 0 {
            return;
        }
        let Search {
            key,
            operation,
            source,
            newest,
            ..
        } = self.searches.swap_remove(at);
        if let Some(record) = newest {
            self.changed |= self.store.accept(key, record, ctx.now());
        }
        let record = self.store.get(key);
        self.answer(ctx, key, operation, source, record);
    }

    /// A request has not been answered in time.
    pub(super) fn request_expired(&mut self, ctx: &mut Ctx<'_, Self>, request: RequestId) {
        let patience = ctx.config().patience();
        if let Expired::GivenUp { purpose, .. } = self.requests.expire(ctx, request, patience, Timer::Request) {
            match purpose {
                // The next comparison finds that it is missing.
                Ask::Copy { .. } => {}
                Ask::Compare => self.compared_in_vain(request),
                Ask::Fetch(number) => self.searched(ctx, number, None),
            }
        }
    }
}
