//! The host under test: a processor with a finite queue, and what it does with each packet.

use std::collections::{BTreeMap, VecDeque};

use sim_core::addr::NodeAddr;
use sim_core::protocol::{Ctx, Wire};
use sim_core::time::{SimDuration, SimTime};

use super::costs::half;
use super::{Config, Forwarding, Msg, SINK, SOURCE, Segment, Timer};

/// A host that forwards.
#[derive(Default, Debug)]
pub struct Host {
    /// Packets that found the queue full.
    pub lost: u64,
    /// Packets and segments put on the line to the sink.
    pub sent: u64,
    /// Their bytes, below the framing.
    pub sent_bytes: u64,
    /// The time that the processor has worked on packets that it is done with.
    worked: SimDuration,
    /// What waits for the processor, in the order of arrival.
    queue: VecDeque<(NodeAddr, Msg)>,
    /// What it is at.
    at: Option<Work>,
    /// What the daemon over TCP has not passed on altogether.
    relays: BTreeMap<u32, Relay>,
}

/// A packet that is being worked on.
#[derive(Debug)]
struct Work {
    since: SimTime,
    takes: SimDuration,
    /// What is sent when it is done.
    sends: Vec<(NodeAddr, Msg)>,
}

/// A transfer on its way through the daemon: data that have come in and not gone out, and the connection to the sink.
#[derive(Default, Debug)]
struct Relay {
    /// Whether the connection to the sink has been asked for, and stands.
    connecting: bool,
    connected: bool,
    /// How many segments of data have come, and how many have been sent on.
    came: u32,
    passed: u32,
    waiting: VecDeque<(u32, bool)>,
    unacknowledged: u32,
}

/// What handling a packet takes and leads to, as it is found out.
struct Bill<'a> {
    config: &'a Config,
    takes: SimDuration,
    sends: Vec<(NodeAddr, Msg)>,
}

impl Bill<'_> {
    /// A segment has been received.
    fn received(&mut self) {
        self.takes += half(self.config.costs.kernel(self.config.way));
    }

    /// A segment is sent.
    fn send(&mut self, to: NodeAddr, transfer: u32, what: Segment) {
        self.takes += half(self.config.costs.kernel(self.config.way));
        self.sends.push((to, what.of(transfer, self.config.way)));
    }
}

impl Relay {
    /// Sends what has come in, as far as the connection and its window allow.
    fn pass_on(&mut self, bill: &mut Bill<'_>, transfer: u32) {
        while self.connected && self.unacknowledged < bill.config.window {
            let Some((payload, last)) = self.waiting.pop_front() else {
                return;
            };
            let index = self.passed;
            self.passed += 1;
            self.unacknowledged += 1;
            bill.takes += bill.config.costs.socket(payload);
            bill.send(SINK, transfer, Segment::Data { index, payload, last });
        }
    }
}

impl Host {
    /// How long the processor has worked by now.
    pub fn worked(&self, now: SimTime) -> SimDuration {
        let at = self.at.as_ref().map_or(SimDuration::ZERO, |work| now.since(work.since));
        self.worked + at
    }

    /// A packet comes from a line.
    pub(super) fn arrive(&mut self, ctx: &mut Ctx<'_, Forwarding>, from: NodeAddr, msg: Msg) {
        if self.at.is_some() && self.queue.len() >= ctx.config().queue {
            self.lost += 1;
            return;
        }
        self.queue.push_back((from, msg));
        if self.at.is_none() {
            self.begin(ctx);
        }
    }

    /// The processor turns to the next packet, if there is one.
    fn begin(&mut self, ctx: &mut Ctx<'_, Forwarding>) {
        let Some((from, msg)) = self.queue.pop_front() else {
            return;
        };
        let config = ctx.config();
        let mut bill = Bill {
            config,
            takes: SimDuration::ZERO,
            sends: Vec::new(),
        };
        match msg {
            Msg::Packet { .. } => {
                bill.takes = config.costs.hop(config.way, config.bytes);
                bill.sends.push((SINK, msg));
            }
            Msg::Segment { transfer, what, .. } => self.relay(&mut bill, from, transfer, what),
        }
        let Bill { takes, sends, .. } = bill;
        ctx.set_timer(takes, Timer::Done);
        self.at = Some(Work {
            since: ctx.now(),
            takes,
            sends,
        });
    }

    /// It is done with one.
    pub(super) fn done(&mut self, ctx: &mut Ctx<'_, Forwarding>) {
        let Some(work) = self.at.take() else {
            return;
        };
        self.worked += work.takes;
        for (to, msg) in work.sends {
            if to == SINK {
                self.sent += 1;
                self.sent_bytes += u64::from(msg.wire_bytes());
            }
            ctx.send(to, msg);
        }
        self.begin(ctx);
    }

    /// The daemon over TCP. A segment of a transfer that is over or that was not begun, or that does not follow the last, is
    /// received for nothing.
    fn relay(&mut self, bill: &mut Bill<'_>, from: NodeAddr, transfer: u32, what: Segment) {
        let costs = bill.config.costs;
        bill.received();
        match (from, what) {
            (SOURCE, Segment::Syn) => {
                bill.takes += costs.connection;
                bill.send(SOURCE, transfer, Segment::SynAck);
                self.relays.insert(transfer, Relay::default());
            }
            (SOURCE, Segment::Data { index, payload, last }) => {
                let relay = self.relays.get_mut(&transfer);
                let Some(relay) = relay.filter(|relay| relay.came == index) else {
                    return;
                };
                relay.came += 1;
                bill.takes += costs.socket(payload);
                bill.send(SOURCE, transfer, Segment::Ack { last });
                if !std::mem::replace(&mut relay.connecting, true) {
                    bill.takes += costs.connection;
                    bill.send(SINK, transfer, Segment::Syn);
                }
                relay.waiting.push_back((payload, last));
                relay.pass_on(bill, transfer);
            }
            (SINK, Segment::SynAck) => {
                if let Some(relay) = self.relays.get_mut(&transfer) {
                    relay.connected = true;
                    relay.pass_on(bill, transfer);
                }
            }
            (SINK, Segment::Ack { last }) => {
                if let Some(relay) = self.relays.get_mut(&transfer) {
                    relay.unacknowledged = relay.unacknowledged.saturating_sub(1);
                    relay.pass_on(bill, transfer);
                }
                if last && self.relays.remove(&transfer).is_some() {
                    bill.send(SINK, transfer, Segment::End);
                }
            }
            _ => {}
        }
    }
}
