//! Whoever asks: operations from end to end, and the copies that the way leaves behind.

use sim_core::protocol::{Ctx, OperationId, TimerId};
use sim_core::time::SimDuration;

use super::store::{Content, Record, Version};
use super::wire::{Request, Word};
use super::{Dht, Event, Timer};
use crate::id::Id;
use crate::kbr::{Call, KeyBased, Routed};

/// An operation that has not ended.
#[derive(Debug)]
pub(super) struct Pending<const CACHE: bool> {
    key: Id,
    request: Request<CACHE>,
    retries_left: u8,
    timer: TimerId,
}

impl<O: KeyBased<Payload = Request<CACHE>>, const CACHE: bool> Dht<O, CACHE> {
    /// Begins a put or a remove: gives it its version.
    pub(super) fn write(&mut self, ctx: &mut Ctx<'_, Self>, operation: OperationId, key: Id, content: Content) {
        // No two versions of a writer are equal.
        self.last_stamp = ctx.now().max(self.last_stamp + SimDuration::NANOSECOND);
        let version = Version {
            time: self.last_stamp,
            writer: ctx.me(),
        };
        self.cache.forget(key);
        self.begin(ctx, operation, key, Request::Write(Record { version, content }));
    }

    /// Begins an operation.
    pub(super) fn begin(&mut self, ctx: &mut Ctx<'_, Self>, operation: OperationId, key: Id, request: Request<CACHE>) {
        if !self.member {
            return ctx.emit(Event::Failed { operation });
        }
        let timer = ctx.set_timer(ctx.config().timeout, Timer::Operation(operation));
        let pending = Pending {
            key,
            request: request.clone(),
            retries_left: ctx.config().retries,
            timer,
        };
        self.pending.insert(operation, pending);
        self.call(ctx, operation, Call::Route { key, payload: request });
    }

    /// Nothing has come of an operation: try again, or give up.
    pub(super) fn operation_expired(&mut self, ctx: &mut Ctx<'_, Self>, operation: OperationId) {
        let Some(pending) = self.pending.get_mut(&operation) else {
            return;
        };
        match pending.retries_left.checked_sub(1) {
            Some(left) => {
                pending.retries_left = left;
                pending.timer = ctx.set_timer(ctx.config().timeout, Timer::Operation(operation));
                let (key, payload) = (pending.key, pending.request.clone());
                self.call(ctx, operation, Call::Route { key, payload });
            }
            None => {
                self.pending.remove(&operation);
                ctx.emit(Event::Failed { operation });
            }
        }
    }

    /// The node is no member any more: nothing comes of what it has begun.
    pub(super) fn abandon(&mut self, ctx: &mut Ctx<'_, Self>) {
        for (operation, pending) in std::mem::take(&mut self.pending) {
            ctx.cancel_timer(pending.timer);
            ctx.emit(Event::Failed { operation });
        }
    }

    /// A write is done.
    pub(super) fn written(&mut self, ctx: &mut Ctx<'_, Self>, operation: OperationId) {
        if let Some(Pending {
            request: Request::Write(record),
            timer,
            ..
        }) = self.pending.remove(&operation)
        {
            ctx.cancel_timer(timer);
            let version = record.version;
            ctx.emit(Event::Written { operation, version });
        }
    }

    /// A get has been answered.
    pub(super) fn answered(
        &mut self,
        ctx: &mut Ctx<'_, Self>,
        operation: OperationId,
        key: Id,
        record: Option<Record>,
        cached: bool,
    ) {
        let Some(pending) = self.pending.remove(&operation) else {
            return;
        };
        ctx.cancel_timer(pending.timer);
        let found = record.and_then(Record::value);
        // A copy of a copy would live longer than its root meant it to.
        if let Some(record) = found.filter(|_| !cached) {
            self.keep_copy(ctx, key, record);
        }
        ctx.emit(Event::Answered {
            operation,
            found,
            cached,
        });
    }

    /// The root has given away a copy.
    pub(super) fn keep_copy(&mut self, ctx: &mut Ctx<'_, Self>, key: Id, record: Record) {
        if let Some(caching) = ctx.config().cache.filter(|_| CACHE) {
            self.cache.keep(caching, key, record, ctx.now());
        }
    }

    /// A message is on its way: a get ends at the first node that has a copy, and leaves the name of the last one that has
    /// none, to which the root sends one (CFS, section 4.3: copies spread backwards from the root, a node a get).
    pub(super) fn forward(&mut self, ctx: &mut Ctx<'_, Self>, mut message: Box<Routed<Request<CACHE>>>) {
        let Routed { key, operation, .. } = *message;
        if let Request::Get { via } = &mut message.payload {
            if let Some(record) = self.cache.get(key, ctx.now()) {
                let answer = Word::Answer {
                    operation,
                    key,
                    record: Some(record),
                    cached: true,
                };
                return self.say(ctx, message.source.addr, answer);
            }
            *via = Some(self.overlay.contact());
        }
        self.call(ctx, operation, Call::Forward { message, next: None });
    }
}
