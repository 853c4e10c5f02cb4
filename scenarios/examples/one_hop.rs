//! A protocol of one's own, with the command line of peerscope: an overlay in which every node knows every other.
//!
//!     cargo run --release --example one_hop -- run scenarios/examples/one-hop.toml

use std::collections::BTreeMap;
use std::process::ExitCode;

use rand::Rng;
use scenarios::input::InputError;
use scenarios::overlays::{Contact, Id, Overlay, Step, Surroundings, Told};
use scenarios::registry::Registry;
use scenarios::run::OverlayEntry;
use scenarios::scenario::{self, By, Point};
use scenarios::units::Duration;
use sim_core::addr::NodeAddr;
use sim_core::protocol::{Ctx, OperationId, Protocol, Wire};
use sim_core::random::{NodeRng, StreamKey};
use sim_core::time::SimDuration;

// The protocol: what a node knows, and what it does about it.

/// A node and everybody it knows, itself included, by identifier.
pub struct OneHop {
    id: u128,
    bootstrap: Option<NodeAddr>,
    everybody: BTreeMap<u128, NodeAddr>,
}

/// What nodes say to each other.
#[derive(Clone, Hash, Debug)]
pub enum Msg {
    /// I am new: who is there?
    Join(u128),
    /// These are.
    Everybody(Vec<(u128, NodeAddr)>),
    /// I am new: count me in.
    Hello(u128),
    /// I am leaving.
    Goodbye(u128),
    /// Is this key yours?
    Ask(OperationId),
    /// It is.
    Answer(OperationId),
}

impl Wire for Msg {
    const KINDS: usize = 6;

    fn kind(&self) -> usize {
        match self {
            Msg::Join(_) => 0,
            Msg::Everybody(_) => 1,
            Msg::Hello(_) => 2,
            Msg::Goodbye(_) => 3,
            Msg::Ask(_) => 4,
            Msg::Answer(_) => 5,
        }
    }

    fn kind_name(kind: usize) -> &'static str {
        ["join", "everybody", "hello", "goodbye", "ask", "answer"][kind]
    }

    fn wire_bytes(&self) -> u32 {
        match self {
            Msg::Everybody(list) => 20 + 20 * list.len() as u32,
            _ => 36,
        }
    }
}

impl Protocol for OneHop {
    type Addr = NodeAddr;
    type Init = OneHop;
    type Config = SimDuration;
    type Msg = Msg;
    type Timer = OperationId;
    type Command = u128;
    type Event = Told;

    fn new(_: NodeAddr, node: OneHop, _: &SimDuration, _: StreamKey) -> Self {
        node
    }

    fn on_start(&mut self, ctx: &mut Ctx<'_, Self>) {
        match self.bootstrap {
            Some(member) => ctx.send(member, Msg::Join(self.id)),
            None => ctx.emit(Told::Joined),
        }
    }

    fn on_message(&mut self, ctx: &mut Ctx<'_, Self>, from: NodeAddr, msg: Msg) {
        match msg {
            Msg::Join(id) => {
                let list = self.everybody.iter().map(|(id, addr)| (*id, *addr)).collect();
                ctx.send(from, Msg::Everybody(list));
                self.everybody.insert(id, from);
            }
            Msg::Everybody(list) => {
                for (id, addr) in list {
                    self.everybody.insert(id, addr);
                    ctx.send(addr, Msg::Hello(self.id));
                }
                ctx.emit(Told::Joined);
            }
            Msg::Hello(id) => {
                self.everybody.insert(id, from);
            }
            Msg::Goodbye(id) => {
                self.everybody.remove(&id);
            }
            Msg::Ask(operation) => ctx.send(from, Msg::Answer(operation)),
            Msg::Answer(operation) => {
                ctx.emit(Told::Found {
                    operation,
                    owner: from,
                    hops: 1,
                    visited: 0,
                    timeouts: 0,
                    dead_owners: 0,
                });
            }
        }
    }

    fn on_timer(&mut self, ctx: &mut Ctx<'_, Self>, operation: OperationId) {
        // Whoever has been answered does not listen any more: a scenario counts the first outcome of a lookup.
        ctx.emit(Told::NotFound { operation, timeouts: 1 });
    }

    fn on_command(&mut self, ctx: &mut Ctx<'_, Self>, operation: OperationId, key: u128) {
        if let Some(owner) = owner(key, &self.everybody) {
            ctx.send(owner, Msg::Ask(operation));
            ctx.set_timer(*ctx.config(), operation);
        }
    }

    fn on_stop(&mut self, ctx: &mut Ctx<'_, Self>) {
        for addr in self.everybody.values() {
            ctx.send(*addr, Msg::Goodbye(self.id));
        }
    }
}

/// The first node at or after a key.
fn owner<N: Copy>(key: u128, nodes: &BTreeMap<u128, N>) -> Option<N> {
    nodes.range(key..).chain(nodes).next().map(|(_, addr)| *addr)
}

// What a scenario must know of it: `[protocol.one-hop]`.

/// The settings in scenario files.
#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// How long an answer is waited for.
    timeout: Duration,
}

/// The overlay, for the registry.
pub struct OneHopOverlay;

impl Overlay for OneHopOverlay {
    const NAME: &'static str = "one-hop";
    const SUMMARY: &'static str =
        "everybody knows everybody: one hop to any key, and a message to all for every arrival";
    type Settings = Settings;
    type Protocol = OneHop;
    type Invariants = ();

    fn config(written: &scenario::Settings) -> Result<SimDuration, InputError> {
        match written.parse::<Settings>()?.timeout.get() {
            SimDuration::ZERO => Err(written.error_at("timeout", "must be longer than zero")),
            timeout => Ok(timeout),
        }
    }

    fn capacity(_: &SimDuration) -> u128 {
        u128::MAX
    }

    fn identifier(_: &SimDuration, stream: StreamKey) -> u128 {
        stream.bits().into()
    }

    fn key(_: &SimDuration, rng: &mut NodeRng) -> u128 {
        rng.next_u64().into()
    }

    fn founders(_: &SimDuration) -> u32 {
        1
    }

    fn perfect(_: &SimDuration, members: &[(u128, NodeAddr)], _: &Surroundings<'_>) -> Vec<OneHop> {
        let everybody: BTreeMap<u128, NodeAddr> = members.iter().copied().collect();
        let node = |&(id, _): &(u128, NodeAddr)| OneHop {
            id,
            bootstrap: None,
            everybody: everybody.clone(),
        };
        members.iter().map(node).collect()
    }

    fn joining(_: &SimDuration, id: u128, bootstrap: NodeAddr) -> OneHop {
        OneHop {
            id,
            bootstrap: Some(bootstrap),
            everybody: BTreeMap::new(),
        }
    }

    fn heap_bytes(_: &SimDuration, point: &Point) -> usize {
        point.nodes as usize * size_of::<(u128, NodeAddr)>()
    }

    fn join_patience(timeout: &SimDuration) -> SimDuration {
        *timeout
    }

    fn ask(by: By, key: u128) -> Option<u128> {
        match by {
            By::Lookup => Some(key),
            By::Route => None,
        }
    }

    fn told(event: Told) -> Told {
        event
    }

    fn owner<N: Copy>(_: &SimDuration, key: u128, members: &BTreeMap<u128, N>) -> Option<N> {
        owner(key, members)
    }

    fn route(_: &SimDuration, node: &OneHop, key: u128) -> Step {
        let contact = |addr| Contact { id: Id::new(key), addr };
        owner(key, &node.everybody).map_or(Step::DeadEnd, |addr| Step::Owner(contact(addr)))
    }

    fn links(node: &OneHop) -> Vec<(&'static str, NodeAddr)> {
        node.everybody.values().map(|addr| ("known", *addr)).collect()
    }

    fn invariants(_: &SimDuration, _: &[(u128, NodeAddr)]) {}
}

/// The protocols that come with peerscope, and this one.
pub fn registry() -> Registry {
    Registry::standard().with(OverlayEntry::<OneHopOverlay>::new())
}

#[cfg_attr(test, allow(dead_code, reason = "a test includes this file for its registry"))]
fn main() -> ExitCode {
    scenarios::cli::main_with(&registry())
}
