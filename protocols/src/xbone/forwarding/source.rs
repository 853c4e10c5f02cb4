//! The generator of packets, and of transfers.

use std::collections::BTreeMap;

use sim_core::protocol::{Ctx, TimerId};

use super::costs::{payload, segments};
use super::{Config, Forwarder, Forwarding, HOST, Msg, Segment, Timer};

/// Sends packets in equal steps, or keeps a number of transfers open. It takes itself no time.
#[derive(Default, Debug)]
pub struct Source {
    /// Packets sent, or transfers begun.
    pub sent: u64,
    /// Transfers given up.
    pub given_up: u64,
    next_transfer: u32,
    open: BTreeMap<u32, Transfer>,
}

/// A transfer that has not ended.
#[derive(Debug)]
struct Transfer {
    /// How many segments of data have been sent, and acknowledged.
    sent: u32,
    acknowledged: u32,
    patience: TimerId,
}

impl Source {
    pub(super) fn start(&mut self, ctx: &mut Ctx<'_, Forwarding>) {
        let config = ctx.config();
        match config.way.forwarder {
            Forwarder::Tcp => (0..config.transfers).for_each(|_| self.open(ctx)),
            Forwarder::Ip | Forwarder::DataRouter | Forwarder::Udp => self.next(ctx),
        }
    }

    /// The next packet.
    pub(super) fn next(&mut self, ctx: &mut Ctx<'_, Forwarding>) {
        let Config { way, bytes, gap, .. } = *ctx.config();
        let bytes = way.line_bytes(bytes);
        self.sent += 1;
        ctx.send(HOST, Msg::Packet { bytes });
        ctx.set_timer(gap, Timer::Next);
    }

    /// The next transfer.
    fn open(&mut self, ctx: &mut Ctx<'_, Forwarding>) {
        let config = ctx.config();
        let transfer = self.next_transfer;
        self.next_transfer = transfer.wrapping_add(1);
        self.sent += 1;
        let patience = ctx.set_timer(config.patience, Timer::Patience(transfer));
        let begun = Transfer {
            sent: 0,
            acknowledged: 0,
            patience,
        };
        self.open.insert(transfer, begun);
        ctx.send(HOST, Segment::Syn.of(transfer, config.way));
    }

    /// The host answers. What is not of a transfer that is open comes too late.
    pub(super) fn hear(&mut self, ctx: &mut Ctx<'_, Forwarding>, msg: Msg) {
        let Msg::Segment { transfer, what, .. } = msg else {
            return;
        };
        match what {
            Segment::SynAck => self.send_data(ctx, transfer),
            Segment::Ack { last } => {
                if let Some(open) = self.open.get_mut(&transfer) {
                    open.acknowledged += 1;
                }
                if last {
                    self.close(ctx, transfer);
                } else {
                    self.send_data(ctx, transfer);
                }
            }
            Segment::Syn | Segment::Data { .. } | Segment::End => {}
        }
    }

    /// As much as the window allows.
    fn send_data(&mut self, ctx: &mut Ctx<'_, Forwarding>, transfer: u32) {
        let config = ctx.config();
        let Some(open) = self.open.get_mut(&transfer) else {
            return;
        };
        let room = config.window - (open.sent - open.acknowledged);
        let mut data = segments(payload(config.bytes)).skip(open.sent as usize).peekable();
        for _ in 0..room {
            let Some(payload) = data.next() else {
                break;
            };
            let (index, last) = (open.sent, data.peek().is_none());
            open.sent += 1;
            ctx.send(HOST, Segment::Data { index, payload, last }.of(transfer, config.way));
        }
    }

    /// A transfer has ended, and another one begins.
    fn close(&mut self, ctx: &mut Ctx<'_, Forwarding>, transfer: u32) {
        if let Some(open) = self.open.remove(&transfer) {
            ctx.cancel_timer(open.patience);
            let way = ctx.config().way;
            ctx.send(HOST, Segment::End.of(transfer, way));
            self.open(ctx);
        }
    }

    pub(super) fn give_up(&mut self, ctx: &mut Ctx<'_, Forwarding>, transfer: u32) {
        if self.open.remove(&transfer).is_some() {
            self.given_up += 1;
            self.open(ctx);
        }
    }
}
