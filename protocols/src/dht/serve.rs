//! The root of a key: writes and their copies, gets, and what it asks of the other replicas.

use sim_core::addr::Address;
use sim_core::protocol::OperationId;
use sim_core::time::SimTime;

use super::store::{Entry, Record};
use super::wire::{Cause, Word};
use super::{Acknowledge, Carrier, Storage, replica_set, request_timer};
use crate::id::{Contact, Id};
use crate::layer::Below;
use crate::request::{Expired, RequestId};

/// What a request is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ask<A> {
    /// To store a version.
    Copy {
        /// Which.
        entry: Entry<A>,
        /// Who.
        to: Contact<A>,
        /// Why.
        cause: Cause,
    },
    /// To compare versions.
    Compare,
    /// To say what is stored, for a search.
    Fetch(u32),
}

/// A write that waits for its copies.
#[derive(Debug)]
pub(super) struct Write<A> {
    entry: Entry<A>,
    operation: OperationId,
    /// Who is told when it is done.
    source: A,
    /// When it came.
    since: SimTime,
}

/// A get of which the root has nothing, and asks the other replicas.
#[derive(Debug)]
pub(super) struct Search<A> {
    number: u32,
    key: Id,
    operation: OperationId,
    source: A,
    /// How many have yet to say what they have.
    waiting: usize,
    newest: Option<Record<A>>,
}

impl<const CACHE: bool, A: Address> Storage<CACHE, A> {
    /// The replicas of a key apart from this node, which is the root; none if it is not.
    fn replicas<O: Carrier<CACHE, A>>(&self, below: &mut Below<'_, '_, Self, O>, key: Id) -> Option<Vec<Contact<A>>> {
        let config = below.config();
        let mut set = replica_set(below, &self.suspects, key, config.replicas);
        (set.first() == Some(&below.contact())).then(|| set.split_off(1))
    }

    /// A write has come to the root of its key. One that is tried again finds its version here, and the copies that are still
    /// missing are sent once more.
    pub(super) fn serve_write<O: Carrier<CACHE, A>>(
        &mut self,
        below: &mut Below<'_, '_, Self, O>,
        key: Id,
        record: Record<A>,
        operation: OperationId,
        source: A,
    ) {
        self.store.accept(key, record, below.ctx().now());
        self.writes
            .retain(|write| (write.operation, write.source) != (operation, source));
        self.writes.push(Write {
            entry: Entry {
                key,
                version: record.version,
            },
            operation,
            source,
            since: below.ctx().now(),
        });
        for replica in self.replicas(below, key).unwrap_or_default() {
            if self.store.confirmed(key, &[replica]) == 0 {
                self.copy(below, key, replica, Cause::Write);
            }
        }
        self.finish_writes(below);
    }

    /// Sends a copy of a key to a node, unless one is on its way already.
    pub(super) fn copy<O: Carrier<CACHE, A>>(
        &mut self,
        below: &mut Below<'_, '_, Self, O>,
        key: Id,
        to: Contact<A>,
        cause: Cause,
    ) {
        let Some(record) = self.store.get(key) else { return };
        let entry = Entry {
            key,
            version: record.version,
        };
        if to.addr == below.contact().addr || self.is_on_its_way(entry, to) {
            return;
        }
        let (ask, patience) = (Ask::Copy { entry, to, cause }, below.config().patience());
        let request = self.requests.open(below.ctx(), to.addr, ask, patience, request_timer);
        let word = Word::Copy {
            request,
            key,
            record,
            cause,
        };
        below.send(to.addr, word);
    }

    /// Whether this version has been sent to a node that has not confirmed it yet.
    pub(super) fn is_on_its_way(&self, entry: Entry<A>, to: Contact<A>) -> bool {
        self.requests
            .any(|ask| matches!(ask, Ask::Copy { entry: sent, to: receiver, .. } if (*sent, *receiver) == (entry, to)))
    }

    /// Somebody wants this node to store something. What is news to the root of the key is news to its replicas.
    pub(super) fn copied<O: Carrier<CACHE, A>>(
        &mut self,
        below: &mut Below<'_, '_, Self, O>,
        from: A,
        request: RequestId,
        key: Id,
        record: Record<A>,
    ) {
        let news = self.store.accept(key, record, below.ctx().now());
        if news && below.is_root(key) {
            self.compare_soon(below);
        }
        below.send(from, Word::Stored { request });
    }

    /// A copy is there.
    pub(super) fn stored<O: Carrier<CACHE, A>>(
        &mut self,
        below: &mut Below<'_, '_, Self, O>,
        from: A,
        request: RequestId,
    ) {
        if let Some(Ask::Copy { entry, to, .. }) = self.requests.close(below.ctx(), request, from) {
            self.store.confirm(entry, to);
            self.finish_writes(below);
        }
    }

    /// Tells of the writes that have as many copies as they need.
    pub(super) fn finish_writes<O: Carrier<CACHE, A>>(&mut self, below: &mut Below<'_, '_, Self, O>) {
        let (done, waiting) = std::mem::take(&mut self.writes)
            .into_iter()
            .partition(|write| self.is_written(below, write.entry));
        self.writes = waiting;
        for Write { operation, source, .. } in done {
            self.say(below, source, Word::Written { operation });
        }
    }

    /// Whether a version, or one that has replaced it, has as many copies as it needs.
    fn is_written<O: Carrier<CACHE, A>>(&self, below: &mut Below<'_, '_, Self, O>, entry: Entry<A>) -> bool {
        let Some(replicas) = self.replicas(below, entry.key) else {
            return false;
        };
        let needed = match below.config().acknowledge {
            Acknowledge::Root => 0,
            Acknowledge::Majority => replicas.len().div_ceil(2),
            Acknowledge::All => replicas.len(),
        };
        self.store.covers(entry) && self.store.confirmed(entry.key, &replicas) >= needed
    }

    /// Forgets writes that whoever began them has given up, or tries again.
    pub(super) fn forget_writes<O: Carrier<CACHE, A>>(&mut self, below: &mut Below<'_, '_, Self, O>) {
        let (now, timeout) = (below.ctx().now(), below.config().timeout);
        self.writes.retain(|write| now.since(write.since) <= timeout);
    }

    /// A get has come to the root of its key.
    pub(super) fn serve_get<O: Carrier<CACHE, A>>(
        &mut self,
        below: &mut Below<'_, '_, Self, O>,
        key: Id,
        operation: OperationId,
        source: A,
        via: Option<Contact<A>>,
    ) {
        let Some(record) = self.store.get(key) else {
            return self.search(below, key, operation, source);
        };
        self.answer(below, key, operation, source, Some(record));
        if let (Some(via), Some(record)) = (via, record.value())
            && via.addr != source
        {
            self.say(below, via.addr, Word::Cache { key, record });
        }
    }

    fn answer<O: Carrier<CACHE, A>>(
        &mut self,
        below: &mut Below<'_, '_, Self, O>,
        key: Id,
        operation: OperationId,
        source: A,
        record: Option<Record<A>>,
    ) {
        let answer = Word::Answer {
            operation,
            key,
            record,
            cached: false,
        };
        self.say(below, source, answer);
    }

    /// The root has nothing: it may be new, and the others have yet to give it what it should have. They are those that would
    /// be responsible without this node.
    fn search<O: Carrier<CACHE, A>>(
        &mut self,
        below: &mut Below<'_, '_, Self, O>,
        key: Id,
        operation: OperationId,
        source: A,
    ) {
        let config = below.config();
        let mut others = replica_set(below, &self.suspects, key, config.replicas + 1);
        if others.is_empty() {
            others = below.neighbour_set(config.replicas);
        }
        others.retain(|other| *other != below.contact());
        if others.is_empty() {
            return self.answer(below, key, operation, source, None);
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
            let request = self
                .requests
                .open(below.ctx(), other.addr, ask, patience, request_timer);
            below.send(other.addr, Word::Fetch { request, key });
        }
    }

    /// Somebody has said what he has.
    pub(super) fn fetched<O: Carrier<CACHE, A>>(
        &mut self,
        below: &mut Below<'_, '_, Self, O>,
        from: A,
        request: RequestId,
        record: Option<Record<A>>,
    ) {
        if let Some(Ask::Fetch(number)) = self.requests.close(below.ctx(), request, from) {
            self.searched(below, number, record);
        }
    }

    /// One of the replicas has been asked: the get is answered when all have.
    fn searched<O: Carrier<CACHE, A>>(
        &mut self,
        below: &mut Below<'_, '_, Self, O>,
        number: u32,
        record: Option<Record<A>>,
    ) {
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
        if let Some(record) = newest
            && self.store.accept(key, record, below.ctx().now())
        {
            self.compare_soon(below);
        }
        let record = self.store.get(key);
        self.answer(below, key, operation, source, record);
    }

    /// A request has not been answered in time.
    pub(super) fn request_expired<O: Carrier<CACHE, A>>(
        &mut self,
        below: &mut Below<'_, '_, Self, O>,
        request: RequestId,
    ) {
        let patience = below.config().patience();
        match self.requests.expire(below.ctx(), request, patience, request_timer) {
            Expired::Again { to, purpose } => self.ask_again(below, to, request, purpose),
            Expired::GivenUp { purpose, .. } => {
                let silent = match purpose {
                    Ask::Copy { to, .. } => Some(to),
                    Ask::Compare => self.compared_in_vain(request),
                    Ask::Fetch(number) => return self.searched(below, number, None),
                };
                silent.into_iter().for_each(|silent| self.suspect(below, silent));
            }
            Expired::Closed => {}
        }
    }

    fn ask_again<O: Carrier<CACHE, A>>(
        &mut self,
        below: &mut Below<'_, '_, Self, O>,
        to: A,
        request: RequestId,
        purpose: Ask<A>,
    ) {
        let word = match purpose {
            Ask::Copy { entry, cause, .. } => self.store.get(entry.key).map(|record| Word::Copy {
                request,
                key: entry.key,
                record,
                cause,
            }),
            Ask::Compare => self.named_in(request).map(|entries| Word::Compare { request, entries }),
            Ask::Fetch(number) => {
                let search = self.searches.iter().find(|search| search.number == number);
                search.map(|search| Word::Fetch {
                    request,
                    key: search.key,
                })
            }
        };
        if let Some(word) = word {
            below.send(to, word);
        }
    }

    /// A replica does not answer: somebody else is to take its place.
    fn suspect<O: Carrier<CACHE, A>>(&mut self, below: &mut Below<'_, '_, Self, O>, silent: Contact<A>) {
        self.store.doubt(silent);
        if !self.suspects.contains(&silent) {
            self.suspects.push(silent);
        }
        self.compare_soon(below);
    }
}
