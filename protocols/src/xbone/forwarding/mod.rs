//! Forwarding through one host, measured as the paper does it (Fujita et al. 2005, section III-C and Fig. 7): a generator of
//! packets, the host under test, and a sink that counts what comes through.
//!
//! The host has one processor, which handles packets one by one, and a finite queue before it; what finds the queue full is lost
//! and costs nothing. What a packet costs is in [`Costs`]; how fast lines are is the network's business. So the throughput is that of
//! the processor for small packets and that of the line for large ones, and the knee between them is nobody's parameter.
//!
//! # Deviations
//! - Packets that are lost at the full queue cost the processor nothing: the paper's rates do not fall under overload either.
//! - TCP has a fixed window and no retransmission: there is a message for each connection, the lines lose nothing unless they are
//!   told to, and the generator keeps fewer transfers open than the queue holds. A transfer that does lose a segment is given up.
//!   The last segment of data carries the end of the connection, and the handshake's last acknowledgement rides on the first.
//! - The daemon over TCP learns from the first data where a message goes, and connects then.

mod costs;
mod host;
mod source;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::convert::Infallible;

use sim_core::addr::NodeAddr;
use sim_core::protocol::{Ctx, OperationId, Protocol, Wire};
use sim_core::random::StreamKey;
use sim_core::time::SimDuration;

pub use costs::{Costs, Forwarder, NoCosts, SEGMENT_BYTES, TCP_BYTES, TUNNEL_BYTES, UDP_BYTES, Way};
pub use host::Host;
pub use source::Source;

/// Where the three nodes are.
pub const SOURCE: NodeAddr = NodeAddr(0);
/// The host under test.
pub const HOST: NodeAddr = NodeAddr(1);
/// Who counts.
pub const SINK: NodeAddr = NodeAddr(2);

/// What is measured.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    /// How packets are forwarded.
    pub way: Way,
    /// The size of a packet in bytes, IPv4 header included, that of a tunnel not: over TCP, of a packet of UDP with the same data.
    pub bytes: u32,
    /// From one packet of the generator to the next.
    pub gap: SimDuration,
    /// How many packets may wait for the processor, not counting the one it is at.
    pub queue: usize,
    /// What the processor's work takes.
    pub costs: Costs,
    /// How many transfers the generator keeps open at a time.
    pub transfers: u32,
    /// How many segments of a TCP connection may be unacknowledged.
    pub window: u32,
    /// How long the generator waits for the end of a transfer before it gives it up.
    pub patience: SimDuration,
}

/// A packet.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Msg {
    /// One of the generator's, in its own or in a daemon's datagram.
    Packet {
        /// Bytes on the line, below the framing.
        bytes: u32,
    },
    /// A segment of TCP.
    Segment {
        /// Which transfer it is of.
        transfer: u32,
        /// What it is.
        what: Segment,
        /// Bytes on the line, below the framing.
        bytes: u32,
    },
}

/// What a segment of TCP does.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Segment {
    /// Opens a connection.
    Syn,
    /// Accepts it.
    SynAck,
    /// Carries data.
    Data {
        /// Which of the transfer's segments of data, from zero. One that does not follow the last is ignored.
        index: u32,
        /// How many bytes.
        payload: u32,
        /// Whether they are the last, and the connection is closed from this side.
        last: bool,
    },
    /// Acknowledges data.
    Ack {
        /// Whether they were the last, and the connection is closed from that side, too.
        last: bool,
    },
    /// Acknowledges the end.
    End,
}

impl Segment {
    /// A message with this segment, of a transfer that goes this way.
    fn of(self, transfer: u32, way: Way) -> Msg {
        let data = match self {
            Segment::Data { payload, .. } => payload,
            _ => 0,
        };
        Msg::Segment {
            transfer,
            what: self,
            bytes: data + TCP_BYTES + way.tunnel_bytes(),
        }
    }
}

impl Wire for Msg {
    const KINDS: usize = 4;

    fn kind(&self) -> usize {
        match self {
            Msg::Packet { .. } => 0,
            Msg::Segment {
                what: Segment::Data { .. },
                ..
            } => 1,
            Msg::Segment {
                what: Segment::Ack { .. },
                ..
            } => 2,
            Msg::Segment { .. } => 3,
        }
    }

    fn kind_name(kind: usize) -> &'static str {
        [
            "packet",
            "data segment",
            "acknowledgement",
            "segment of opening or closing",
        ][kind]
    }

    fn wire_bytes(&self) -> u32 {
        match self {
            Msg::Packet { bytes } | Msg::Segment { bytes, .. } => *bytes,
        }
    }
}

/// What a node says to its later self.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Timer {
    /// The generator's next packet is due.
    Next,
    /// A transfer has taken too long.
    Patience(u32),
    /// The processor is done with a packet.
    Done,
}

/// What comes through.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Sink {
    /// Packets, or whole transfers.
    pub delivered: u64,
    /// How many segments of data have come of transfers that are not whole.
    came: BTreeMap<u32, u32>,
}

/// One of the three nodes: which, its address says.
#[derive(Debug)]
pub enum Forwarding {
    /// The generator.
    Source(Source),
    /// The host under test.
    Host(Host),
    /// Who counts.
    Sink(Sink),
}

impl Protocol for Forwarding {
    type Addr = NodeAddr;
    type Init = ();
    type Config = Config;
    type Msg = Msg;
    type Timer = Timer;
    type Command = Infallible;
    type Event = Infallible;

    fn new(me: NodeAddr, (): (), _: &Config, _: StreamKey) -> Self {
        match me {
            SOURCE => Forwarding::Source(Source::default()),
            HOST => Forwarding::Host(Host::default()),
            _ => Forwarding::Sink(Sink::default()),
        }
    }

    fn on_start(&mut self, ctx: &mut Ctx<'_, Self>) {
        if let Forwarding::Source(source) = self {
            source.start(ctx);
        }
    }

    fn on_message(&mut self, ctx: &mut Ctx<'_, Self>, from: NodeAddr, msg: Msg) {
        match self {
            Forwarding::Source(source) => source.hear(ctx, msg),
            Forwarding::Host(host) => host.arrive(ctx, from, msg),
            Forwarding::Sink(sink) => sink.receive(ctx, from, msg),
        }
    }

    fn on_timer(&mut self, ctx: &mut Ctx<'_, Self>, timer: Timer) {
        match (self, timer) {
            (Forwarding::Source(source), Timer::Next) => source.next(ctx),
            (Forwarding::Source(source), Timer::Patience(transfer)) => source.give_up(ctx, transfer),
            (Forwarding::Host(host), Timer::Done) => host.done(ctx),
            _ => {}
        }
    }

    fn on_command(&mut self, _: &mut Ctx<'_, Self>, _: OperationId, command: Infallible) {
        match command {}
    }

    fn on_stop(&mut self, _: &mut Ctx<'_, Self>) {}
}

impl Sink {
    /// A packet has come through; it takes the sink no time.
    fn receive(&mut self, ctx: &mut Ctx<'_, Forwarding>, from: NodeAddr, msg: Msg) {
        let (transfer, what) = match msg {
            Msg::Packet { .. } => {
                self.delivered += 1;
                return;
            }
            Msg::Segment { transfer, what, .. } => (transfer, what),
        };
        let answer = match what {
            Segment::Syn => {
                self.came.insert(transfer, 0);
                Segment::SynAck
            }
            Segment::Data { index, last, .. } => {
                let Some(came) = self.came.get_mut(&transfer).filter(|came| **came == index) else {
                    return;
                };
                *came += 1;
                if last {
                    self.came.remove(&transfer);
                    self.delivered += 1;
                }
                Segment::Ack { last }
            }
            Segment::SynAck | Segment::Ack { .. } | Segment::End => return,
        };
        let way = ctx.config().way;
        ctx.send(from, answer.of(transfer, way));
    }
}
