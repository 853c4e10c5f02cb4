//! Flooding: each node repeats each packet once. No routes, no control messages; the baseline that always finds a way.
//!
//! Ni, Tseng, Chen and Sheu, "The broadcast storm problem in a mobile ad hoc network", MobiCom 1999: a host that
//! receives a packet for the first time rebroadcasts it, so that a packet costs `n` transmissions in a network of `n` hosts,
//! wherever it goes. A copy is known by the packet's source and the number that the source gave it.
//!
//! | | |
//! |---|---|
//! | state | the packets seen lately ([`Config::memory`], [`Config::lifetime`]) |
//! | bytes | a packet, and a hop-by-hop option of 8 bytes that numbers it (RFC 6621, section 6.1) |
//!
//! # Deviations
//!
//! - Nobody waits a random time before repeating: the link layer here has no collisions that this would avoid.
//! - What ends a copy (it was seen before, or crossed the most links that a packet may) says nothing about the packet, of which
//!   others are on their way: only its arrival is told.

use sim_core::addr::NodeAddr;
use sim_core::protocol::{Ctx, OperationId, Protocol, Wire};
use sim_core::random::StreamKey;
use sim_core::time::SimDuration;
use thiserror::Error;

use crate::packet::{self, Carries, Outcome, Packet};
use crate::seen::Seen;

/// Bytes of the option that numbers a packet for its source.
pub const OPTION_BYTES: u32 = 8;

/// What all nodes of a run share. See [`Config::validate`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Config {
    /// How many packets a node remembers, at least one. With fewer than are under way, copies are repeated until they have
    /// crossed the most links that they may.
    pub memory: usize,
    /// How long it remembers a packet: longer than any copy of it is on its way.
    pub lifetime: SimDuration,
}

/// A value that flooding cannot work with. Each error names the field of [`Config`].
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum ConfigError {
    /// The number of packets.
    #[error("memory must be at least 1 packet, not 0: a node that remembers none repeats its own")]
    Memory,
    /// The time.
    #[error("lifetime must be longer than zero, or each copy is repeated")]
    Lifetime,
}

impl Default for Config {
    /// 4096 packets, each for 10 s.
    fn default() -> Self {
        Config {
            memory: 4096,
            lifetime: SimDuration::from_secs(10),
        }
    }
}

impl Config {
    /// The parameters themselves, if flooding can work with them.
    ///
    /// # Errors
    ///
    /// The first field whose value makes no sense.
    pub fn validate(self) -> Result<Self, ConfigError> {
        if self.memory == 0 {
            return Err(ConfigError::Memory);
        }
        if self.lifetime == SimDuration::ZERO {
            return Err(ConfigError::Lifetime);
        }
        Ok(self)
    }
}

/// What nodes say to each other: nothing but packets.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Msg(pub Packet);

impl Wire for Msg {
    const KINDS: usize = 1;

    fn kind(&self) -> usize {
        0
    }

    fn kind_name(_: usize) -> &'static str {
        "data"
    }

    fn wire_bytes(&self) -> u32 {
        self.0.wire_bytes().saturating_add(OPTION_BYTES)
    }
}

impl Carries for Msg {
    fn packet(&self) -> Option<&Packet> {
        Some(&self.0)
    }
}

/// A node's state.
#[derive(Debug)]
pub struct Flooding {
    me: NodeAddr,
    seen: Seen<(NodeAddr, OperationId)>,
}

impl Flooding {
    /// How many packets the node remembers: all the state that flooding has. Some may be older than their lifetime.
    pub fn remembered(&self) -> usize {
        self.seen.len()
    }

    /// How many routing entries the node has: none, ever.
    pub fn entries(&self) -> usize {
        0
    }

    /// Delivers a packet that is new here, and sends it on.
    fn flood(&mut self, ctx: &mut Ctx<'_, Self>, packet: Packet) {
        let config = ctx.config();
        let name = (packet.source, packet.operation);
        if !self.seen.is_new(name, ctx.now(), config.lifetime, config.memory) {
            return;
        }
        if packet.to == self.me {
            ctx.emit(Outcome::Delivered(packet));
            if packet.source == self.me {
                return;
            }
        }
        if packet.hops < packet::HOP_LIMIT {
            ctx.broadcast(Msg(packet));
        }
    }
}

impl Protocol for Flooding {
    type Addr = NodeAddr;
    type Init = ();
    type Config = Config;
    type Msg = Msg;
    type Timer = ();
    type Command = packet::Send;
    type Event = Outcome;

    fn new(me: NodeAddr, (): (), _: &Config, _: StreamKey) -> Self {
        Flooding {
            me,
            seen: Seen::default(),
        }
    }

    fn on_start(&mut self, _: &mut Ctx<'_, Self>) {}

    fn on_message(&mut self, ctx: &mut Ctx<'_, Self>, _: NodeAddr, Msg(packet): Msg) {
        if let Some(packet) = packet.one_further() {
            self.flood(ctx, packet);
        }
    }

    fn on_timer(&mut self, _: &mut Ctx<'_, Self>, (): ()) {}

    fn on_command(&mut self, ctx: &mut Ctx<'_, Self>, operation: OperationId, send: packet::Send) {
        self.flood(ctx, Packet::new(self.me, operation, send));
    }

    fn on_stop(&mut self, _: &mut Ctx<'_, Self>) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::recorder::{Effect, Recorder};

    const ME: NodeAddr = NodeAddr(3);
    const OTHER: NodeAddr = NodeAddr(5);

    fn packet(operation: u64, hops: u32) -> Packet {
        Packet {
            source: NodeAddr(1),
            operation: OperationId(operation),
            to: OTHER,
            bytes: 60,
            hops,
        }
    }

    fn node(config: Config) -> Recorder<Flooding> {
        Recorder::new(ME, (), config, 1)
    }

    #[test]
    fn the_first_copy_is_repeated_one_hop_further_and_no_other() {
        let mut node = node(Config::default());
        assert_eq!(
            node.message(OTHER, Msg(packet(1, 0))),
            [Effect::Broadcast(Msg(packet(1, 1)))]
        );
        assert_eq!(node.message(NodeAddr(6), Msg(packet(1, 0))), []);
        assert_eq!(
            node.message(OTHER, Msg(packet(2, 4))),
            [Effect::Broadcast(Msg(packet(2, 5)))]
        );
        assert_eq!(Msg(packet(1, 1)).wire_bytes(), 40 + 60 + 8);
    }

    #[test]
    fn a_packet_that_came_as_far_as_any_may_is_not_repeated() {
        let mut node = node(Config::default());
        assert_eq!(node.message(OTHER, Msg(packet(1, packet::HOP_LIMIT - 1))), []);
        assert_eq!(node.message(OTHER, Msg(packet(2, packet::HOP_LIMIT))), []);
        let here = Packet {
            to: ME,
            ..packet(3, packet::HOP_LIMIT - 1)
        };
        let arrived = here.one_further().expect("one hop is left");
        assert_eq!(
            node.message(OTHER, Msg(here)),
            [Effect::Emit(Outcome::Delivered(arrived))]
        );
    }

    #[test]
    fn a_packet_to_oneself_arrives_without_being_sent() {
        let send = packet::Send { to: ME, bytes: 10 };
        let own = Packet::new(ME, OperationId(4), send);
        let told = node(Config::default()).command(OperationId(4), send);
        assert_eq!(told, [Effect::Emit(Outcome::Delivered(own))]);
    }

    #[test]
    fn what_is_forgotten_is_repeated() {
        let mut node = node(Config {
            memory: 1,
            lifetime: SimDuration::from_secs(2),
        });
        assert_eq!(node.message(OTHER, Msg(packet(1, 0))).len(), 1);
        node.advance(SimDuration::from_secs(2));
        assert_eq!(node.message(OTHER, Msg(packet(1, 0))).len(), 1, "its lifetime is over");
        assert_eq!(node.message(OTHER, Msg(packet(2, 0))).len(), 1);
        assert_eq!(node.message(OTHER, Msg(packet(1, 0))).len(), 1, "the memory is full");
        assert_eq!(node.node.remembered(), 1);
    }

    #[test]
    fn each_absurd_value_is_refused_by_the_name_of_its_field() {
        let refused = |memory, seconds| {
            let lifetime = SimDuration::from_secs(seconds);
            Config { memory, lifetime }
                .validate()
                .map_err(|error| error.to_string())
        };
        assert!(refused(1, 1).is_ok());
        assert!(refused(0, 1).is_err_and(|error| error.starts_with("memory ")));
        assert!(refused(1, 0).is_err_and(|error| error.starts_with("lifetime ")));
    }
}
