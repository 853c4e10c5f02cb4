//! Whoever asks: operations from end to end, and the copies that the way leaves behind.

use sim_core::addr::Address;
use sim_core::protocol::{OperationId, TimerId};
use sim_core::time::SimDuration;

use super::store::{Content, Record, Version};
use super::wire::{Request, Word};
use super::{Carrier, Event, Storage, Timer};
use crate::id::Id;
use crate::kbr::Routed;
use crate::layer::Below;

/// An operation that has not ended.
#[derive(Debug)]
pub(super) struct Pending<const CACHE: bool, A> {
    key: Id,
    request: Request<CACHE, A>,
    retries_left: u8,
    timer: TimerId,
}

impl<const CACHE: bool, A: Address> Storage<CACHE, A> {
    /// Begins a put or a remove: gives it its version.
    pub(super) fn write<O: Carrier<CACHE, A>>(
        &mut self,
        below: &mut Below<'_, '_, Self, O>,
        operation: OperationId,
        key: Id,
        content: Content,
    ) {
        // No two versions of a writer are equal.
        self.last_stamp = below.ctx().now().max(self.last_stamp + SimDuration::NANOSECOND);
        let version = Version {
            time: self.last_stamp,
            writer: below.contact().addr,
        };
        self.cache.forget(key);
        self.begin(below, operation, key, Request::Write(Record { version, content }));
    }

    /// Begins an operation.
    pub(super) fn begin<O: Carrier<CACHE, A>>(
        &mut self,
        below: &mut Below<'_, '_, Self, O>,
        operation: OperationId,
        key: Id,
        request: Request<CACHE, A>,
    ) {
        if !self.member {
            return below.emit(Event::Failed { operation });
        }
        let timer = below.set_timer(below.config().timeout, Timer::Operation(operation));
        let pending = Pending {
            key,
            request: request.clone(),
            retries_left: below.config().retries,
            timer,
        };
        self.pending.insert(operation, pending);
        below.route(operation, key, request);
    }

    /// Nothing has come of an operation: try again, or give up.
    pub(super) fn operation_expired<O: Carrier<CACHE, A>>(
        &mut self,
        below: &mut Below<'_, '_, Self, O>,
        operation: OperationId,
    ) {
        let Some(pending) = self.pending.get_mut(&operation) else {
            return;
        };
        match pending.retries_left.checked_sub(1) {
            Some(left) => {
                pending.retries_left = left;
                pending.timer = below.set_timer(below.config().timeout, Timer::Operation(operation));
                let (key, payload) = (pending.key, pending.request.clone());
                below.route(operation, key, payload);
            }
            None => {
                self.pending.remove(&operation);
                below.emit(Event::Failed { operation });
            }
        }
    }

    /// The node is no member any more: nothing comes of what it has begun.
    pub(super) fn abandon<O: Carrier<CACHE, A>>(&mut self, below: &mut Below<'_, '_, Self, O>) {
        for (operation, pending) in std::mem::take(&mut self.pending) {
            below.ctx().cancel_timer(pending.timer);
            below.emit(Event::Failed { operation });
        }
    }

    /// A write is done.
    pub(super) fn written<O: Carrier<CACHE, A>>(&mut self, below: &mut Below<'_, '_, Self, O>, operation: OperationId) {
        if let Some(Pending {
            request: Request::Write(record),
            timer,
            ..
        }) = self.pending.remove(&operation)
        {
            below.ctx().cancel_timer(timer);
            let version = record.version;
            below.emit(Event::Written { operation, version });
        }
    }

    /// A get has been answered.
    pub(super) fn answered<O: Carrier<CACHE, A>>(
        &mut self,
        below: &mut Below<'_, '_, Self, O>,
        operation: OperationId,
        key: Id,
        record: Option<Record<A>>,
        cached: bool,
    ) {
        let Some(pending) = self.pending.remove(&operation) else {
            return;
        };
        below.ctx().cancel_timer(pending.timer);
        let found = record.and_then(Record::value);
        // A copy of a copy would live longer than its root meant it to.
        if let Some(record) = found.filter(|_| !cached) {
            self.keep_copy(below, key, record);
        }
        below.emit(Event::Answered {
            operation,
            found,
            cached,
        });
    }

    /// The root has given away a copy.
    pub(super) fn keep_copy<O: Carrier<CACHE, A>>(
        &mut self,
        below: &mut Below<'_, '_, Self, O>,
        key: Id,
        record: Record<A>,
    ) {
        if let Some(caching) = below.config().cache.filter(|_| CACHE) {
            self.cache.keep(caching, key, record, below.ctx().now());
        }
    }

    /// A message is on its way: a get ends at the first node that has a copy, and leaves the name of the last one that has
    /// none, to which the root sends one (CFS, section 4.3: copies spread backwards from the root, a node a get).
    pub(super) fn forward<O: Carrier<CACHE, A>>(
        &mut self,
        below: &mut Below<'_, '_, Self, O>,
        mut message: Box<Routed<Request<CACHE, A>, A>>,
    ) {
        let Routed { key, operation, .. } = *message;
        if let Request::Get { via } = &mut message.payload {
            if let Some(record) = self.cache.get(key, below.ctx().now()) {
                let answer = Word::Answer {
                    operation,
                    key,
                    record: Some(record),
                    cached: true,
                };
                return self.say(below, message.source.addr, answer);
            }
            *via = Some(below.contact());
        }
        below.forward(message, None);
    }
}
