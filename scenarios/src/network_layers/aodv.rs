//! AODV in scenarios: `[protocol.aodv]`.

use protocols::aodv::{Aodv, Config, Ring};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::addr::NodeAddr;

use super::sensing::SensingSettings;
use super::{NetworkLayer, Outcome, Send, Told, setting};
use crate::input::InputError;
use crate::scenario::{Point, Settings};
use crate::units::Duration;

/// [`Aodv`] as scenarios know it.
pub struct AodvLayer;

/// The settings of `[protocol.aodv]`, under the names of RFC 3561, section 10. What is left out is as in [`Config::default`].
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AodvSettings {
    /// How long a route lives after it was used: `ACTIVE_ROUTE_TIMEOUT`.
    active_route_timeout: Duration,
    /// How long the entry of a broken route is kept: `DELETE_PERIOD`.
    delete_period: Duration,
    /// The most hops between two nodes: `NET_DIAMETER`.
    net_diameter: u32,
    /// How long a message takes for a hop, with all that it waits for: `NODE_TRAVERSAL_TIME`.
    node_traversal_time: Duration,
    /// How many times a request through the whole network is repeated: `RREQ_RETRIES`.
    rreq_retries: u32,
    /// How far requests go.
    search: SearchSettings,
    /// How many hops more than it knows a ring waits for: `TIMEOUT_BUFFER`.
    timeout_buffer: u32,
    /// Whether only the destination answers requests (flag `D`).
    destination_only: bool,
    /// What tells that a neighbour is gone. With silence, nodes that have a route send hello messages.
    sensing: SensingSettings,
    /// The time between hello messages, where there are any: `HELLO_INTERVAL`.
    hello_interval: Duration,
    /// How many packets a node keeps while their routes are sought.
    buffer: usize,
}

/// How far requests go.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum SearchSettings {
    /// Each through the whole network.
    Network,
    /// Each further than the one before, and the last ones through the whole network (RFC 3561, section 6.4).
    ExpandingRing {
        /// How far the first goes: `TTL_START`.
        start: u32,
        /// How much further each next one goes: `TTL_INCREMENT`.
        increment: u32,
        /// Beyond this the next one goes through the whole network: `TTL_THRESHOLD`.
        threshold: u32,
    },
}

impl Default for AodvSettings {
    fn default() -> Self {
        let usual = Config::default();
        AodvSettings {
            active_route_timeout: Duration(usual.active_route_timeout),
            delete_period: Duration(usual.delete_period),
            net_diameter: usual.net_diameter,
            node_traversal_time: Duration(usual.node_traversal_time),
            rreq_retries: usual.rreq_retries,
            search: match usual.expanding_ring {
                None => SearchSettings::Network,
                Some(Ring {
                    start,
                    increment,
                    threshold,
                }) => SearchSettings::ExpandingRing {
                    start,
                    increment,
                    threshold,
                },
            },
            timeout_buffer: usual.timeout_buffer,
            destination_only: usual.destination_only,
            sensing: usual.sensing.into(),
            hello_interval: Duration(usual.hello_interval),
            buffer: usual.buffer,
        }
    }
}

impl NetworkLayer for AodvLayer {
    const NAME: &'static str = "aodv";
    const SUMMARY: &'static str = "routes that are sought when they are needed, AODV (RFC 3561)";
    type Settings = AodvSettings;
    type Protocol = Aodv;
    const DATA_KINDS: &'static [&'static str] = &["data"];

    fn config(settings: &Settings) -> Result<Config, InputError> {
        let written: AodvSettings = settings.parse()?;
        let config = Config {
            active_route_timeout: written.active_route_timeout.get(),
            delete_period: written.delete_period.get(),
            net_diameter: written.net_diameter,
            node_traversal_time: written.node_traversal_time.get(),
            rreq_retries: written.rreq_retries,
            expanding_ring: match written.search {
                SearchSettings::Network => None,
                SearchSettings::ExpandingRing {
                    start,
                    increment,
                    threshold,
                } => Some(Ring {
                    start,
                    increment,
                    threshold,
                }),
            },
            timeout_buffer: written.timeout_buffer,
            destination_only: written.destination_only,
            sensing: written.sensing.into(),
            hello_interval: written.hello_interval.get(),
            buffer: written.buffer,
        };
        config.validate().map_err(|error| {
            let message = error.to_string();
            let key = match setting(&message) {
                key if key.starts_with("expanding_ring") => format!("search.{key}"),
                key => key.to_owned(),
            };
            settings.error_at(&key, &message)
        })
    }

    fn init(_: &Config, _: NodeAddr) {}

    fn send(send: Send) -> Send {
        send
    }

    fn told(event: Outcome) -> Told {
        Told::Packet(event)
    }

    fn state(node: &Aodv) -> Vec<(&'static str, usize)> {
        vec![("routes", node.entries())]
    }

    /// A route to each of those whom it has talked to or heard of lately, at most to everybody, and the packets that wait.
    fn heap_bytes(config: &Config, point: &Point) -> usize {
        point.nodes as usize * 96 + config.buffer * 48
    }
}
