//! Flooding in scenarios: `[protocol.flooding]`.

use protocols::flooding::{Config, Flooding};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::addr::NodeAddr;
use sim_core::protocol::OperationId;

use super::{NetworkLayer, Outcome, Send, Told, refused};
use crate::input::InputError;
use crate::scenario::{Point, Settings};
use crate::units::Duration;

/// [`Flooding`] as scenarios know it.
pub struct FloodingLayer;

/// The settings of `[protocol.flooding]`. What is left out is as in [`Config::default`].
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FloodingSettings {
    /// How many packets a node remembers, so that it does not repeat them: more than are under way at a time.
    memory: usize,
    /// How long it remembers a packet: longer than any copy of it is on its way.
    lifetime: Duration,
}

impl Default for FloodingSettings {
    fn default() -> Self {
        let Config { memory, lifetime } = Config::default();
        FloodingSettings {
            memory,
            lifetime: Duration(lifetime),
        }
    }
}

impl NetworkLayer for FloodingLayer {
    const NAME: &'static str = "flooding";
    const SUMMARY: &'static str = "every node repeats every packet once (Ni, Tseng, Chen and Sheu 1999)";
    type Settings = FloodingSettings;
    type Protocol = Flooding;
    const DATA_KINDS: &'static [&'static str] = &["data"];

    fn config(settings: &Settings) -> Result<Config, InputError> {
        let FloodingSettings { memory, lifetime } = settings.parse()?;
        let config = Config {
            memory,
            lifetime: lifetime.get(),
        };
        config.validate().map_err(|error| refused(settings, &error))
    }

    fn init(_: &Config, _: NodeAddr) {}

    fn send(send: Send) -> Send {
        send
    }

    fn told(event: Outcome) -> Told {
        Told::Packet(event)
    }

    fn state(node: &Flooding) -> Vec<(&'static str, usize)> {
        vec![("routes", node.entries()), ("packets", node.remembered())]
    }

    /// A packet that is remembered is kept in a tree and in a queue.
    fn heap_bytes(config: &Config, _: &Point) -> usize {
        config.memory * 4 * size_of::<(NodeAddr, OperationId)>()
    }
}
