//! What a scenario must know of a protocol of the network layer in order to run it: how to make a node, how to give it packets,
//! and how to understand what it tells.
//!
//! Its nodes talk to their neighbours only, over the links that a scenario's network has. An [overlay](crate::overlays), whose
//! nodes can talk to all others, is something else.

mod aodv;
mod distance_vector;
mod flooding;
mod peernet;
mod sensing;

use std::fmt::Debug;

pub use aodv::AodvLayer;
pub use distance_vector::DistanceVectorLayer;
pub use flooding::FloodingLayer;
pub use peernet::PeerNetLayer;
pub use protocols::packet::{Carries, Dropped, Outcome, Packet, Send};
use schemars::JsonSchema;
use sim_core::addr::NodeAddr;
use sim_core::protocol::{OperationId, Protocol};

use crate::input::InputError;
use crate::scenario::{Point, Settings};

/// Shorthand: the parameters that all nodes of a network layer share.
pub type ConfigOf<N> = <<N as NetworkLayer>::Protocol as Protocol>::Config;
/// Shorthand: what a node of a network layer is given when it starts.
pub type InitOf<N> = <<N as NetworkLayer>::Protocol as Protocol>::Init;
/// Shorthand: what a node of a network layer is asked.
pub type CommandOf<N> = <<N as NetworkLayer>::Protocol as Protocol>::Command;
/// Shorthand: what the nodes of a network layer say to each other.
pub type MessageOf<N> = <<N as NetworkLayer>::Protocol as Protocol>::Msg;
/// Shorthand: what a node of a network layer tells.
pub type EventOf<N> = <<N as NetworkLayer>::Protocol as Protocol>::Event;

/// Shorthand: to which neighbour a node would hand a packet for another one, by what both know at this moment; none if it knows no
/// way.
pub type NextHopOf<N> = fn(
    &ConfigOf<N>,
    at: &<N as NetworkLayer>::Protocol,
    to: NodeAddr,
    &<N as NetworkLayer>::Protocol,
) -> Option<NodeAddr>;

/// A protocol of the network layer that scenarios can run: the bridge between `[protocol.<name>]` and the engine.
pub trait NetworkLayer: Sized + Sync + 'static {
    /// The name in scenario files.
    const NAME: &'static str;
    /// One line for `peerscope list`.
    const SUMMARY: &'static str;
    /// The settings in scenario files: the table `[protocol.<name>]`, unknown keys refused. What their documentation says is
    /// shown by editors, through the JSON Schema of scenarios.
    type Settings: JsonSchema;
    /// The protocol itself.
    type Protocol: Protocol<
            Addr = NodeAddr,
            Config: Clone,
            Msg: Debug + Carries,
            Timer: Debug,
            Command: Debug,
            Event: Debug + Clone,
        >;

    /// The kinds of messages that carry packets: what the others cost is the price of knowing the way.
    const DATA_KINDS: &'static [&'static str];

    /// Where packets go next, in a protocol that knows a way to everybody before it is asked: for `[observe.convergence]`.
    const NEXT_HOP: Option<NextHopOf<Self>> = None;

    /// The addresses of nodes, in a protocol in which they are not their identities: for the table `addresses`, and for areas.
    const ADDRESSES: Option<AddressCalls<Self>> = None;

    /// The service that finds the address of a node, in a protocol that has one: for `[workload.node_lookups]`.
    const LOOKUP: Option<LookupCalls<Self>> = None;

    /// Groups of nodes that messages can be sent to, in a protocol that knows any: for `[workload.groups]`.
    const GROUPS: Option<GroupCalls<Self>> = None;

    /// Parameters from the settings as they are written: [`Settings::parse`] reads them as [`NetworkLayer::Settings`].
    ///
    /// # Errors
    /// [`InputError::Invalid`], pointing at the setting that will not do ([`Settings::error_at`]).
    fn config(settings: &Settings) -> Result<ConfigOf<Self>, InputError>;

    /// Holds the parameters against the rest of the point: addresses that are fewer than the nodes.
    ///
    /// # Errors
    /// [`InputError::Invalid`], pointing at the setting that does not fit.
    fn check(_config: &ConfigOf<Self>, _point: &Point) -> Result<(), InputError> {
        Ok(())
    }

    /// What is worth knowing of a point before it is run: that it can be, but hardly as was meant.
    fn caution(_config: &ConfigOf<Self>, _point: &Point) -> Option<String> {
        None
    }

    /// What a node starts with.
    fn init(config: &ConfigOf<Self>, node: NodeAddr) -> InitOf<Self>;

    /// The command that sends a packet.
    fn send(send: Send) -> CommandOf<Self>;

    /// What a node's event means to a scenario.
    fn told(event: EventOf<Self>) -> Told;

    /// What a node knows in order to find ways, by kind: how many entries of each. Kinds that a node has none of may be left out.
    fn state(node: &Self::Protocol) -> Vec<(&'static str, usize)>;

    /// About how many bytes a node keeps on the heap, beside its own size, in the network of this point.
    fn heap_bytes(config: &ConfigOf<Self>, point: &Point) -> usize;
}

/// How addresses are looked at.
pub struct AddressCalls<N: NetworkLayer> {
    /// How many bits they have, at most 128.
    pub bits: fn(&ConfigOf<N>) -> u32,
    /// The address of a node at this moment, if it has one.
    pub of: fn(&N::Protocol) -> Option<u128>,
    /// On which leg a packet in a message is.
    pub leg: fn(&MessageOf<N>) -> Option<Leg>,
}

/// A part of a packet's way, on which it goes to one address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Leg {
    /// The address.
    pub address: u128,
    /// How many legs came before it.
    pub number: u32,
}

/// How a lookup service is asked.
pub struct LookupCalls<N: NetworkLayer> {
    /// The command that asks for the address of a node.
    pub ask: fn(NodeAddr) -> CommandOf<N>,
    /// The kinds of messages that keep the service up to date.
    pub update_kinds: &'static [&'static str],
}

/// How a node becomes a member of a group, and sends to one. Groups have numbers; packets say as their receiver which member they go
/// to, and those that found nobody name their sender.
pub struct GroupCalls<N: NetworkLayer> {
    /// The command that makes a node a member.
    pub join: fn(group: u32) -> CommandOf<N>,
    /// The command that sends so many bytes to one member.
    pub anycast: fn(group: u32, bytes: u32) -> CommandOf<N>,
    /// The command that sends so many bytes to every member but the sender, under one operation.
    pub multicast: fn(group: u32, bytes: u32) -> CommandOf<N>,
}

/// What a node told, as far as scenarios measure it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Told {
    /// Something became of a packet.
    Packet(Outcome),
    /// The node has another address from now on, or none.
    Address {
        /// The one that it had before, if any.
        from: Option<u128>,
        /// The one that it has now, if any.
        to: Option<u128>,
        /// Whether it moved on its own account, to balance the tree of addresses.
        migrated: bool,
    },
    /// There was no address for the node, or for one that asked it.
    Refused,
    /// A lookup was answered.
    Found {
        /// Which lookup.
        operation: OperationId,
        /// The address that was found.
        address: u128,
        /// How many links the question has crossed.
        hops: u32,
        /// How many links the answer has crossed.
        hops_back: u32,
    },
    /// A lookup was given up.
    NotFound {
        /// Which lookup.
        operation: OperationId,
    },
    /// Nothing that is measured.
    Other,
}

/// A complaint about the setting of the same name that a parameter's error is about.
fn refused(settings: &Settings, error: &impl ToString) -> InputError {
    let message = error.to_string();
    settings.error_at(setting(&message), &message)
}

/// The setting that a parameter's error is about: each of these errors begins with its name.
fn setting(message: &str) -> &str {
    message.split(' ').next().unwrap_or_default()
}
