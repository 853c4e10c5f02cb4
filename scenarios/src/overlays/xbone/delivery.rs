//! `[protocol.xbone.forwarding]`: what data cost that go over a virtual network.

use protocols::xbone::Delivery;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::input::InputError;
use crate::scenario::way::{CostSettings, WaySettings, packet_size};
use crate::scenario::{Point, Settings};
use crate::units::Bytes;

/// What each node takes to forward data: what the overlay routes to a key. Its own messages and those of the daemons cost nothing.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DeliverySettings {
    /// How data are forwarded: by the kernel in tunnels, or by a daemon over the overlay alone.
    way: WaySettings,
    /// How large a message is, headers of IPv4 and UDP included, that of a tunnel not; what carries more is as large as what it carries.
    size: Bytes,
    /// How many messages may wait for a node's processor; those beyond are lost.
    #[serde(default = "queue")]
    queue: usize,
    /// What the processor's work takes.
    #[serde(default)]
    costs: CostSettings,
}

fn queue() -> usize {
    256
}

impl DeliverySettings {
    pub(super) fn delivery(&self, settings: &Settings) -> Result<Delivery, InputError> {
        let way = self.way.way();
        Ok(Delivery {
            way,
            costs: self.costs.costs(),
            bytes: packet_size(&self.size, way, settings, "forwarding.size")?,
            queue: self.queue,
        })
    }
}

/// Refuses what data cannot be forwarded over.
pub(super) fn check(settings: &Settings, point: &Point) -> Result<(), InputError> {
    if point.hosts().per_host() == 1 {
        return Ok(());
    }
    let error = settings.error_at("forwarding", "nodes that share a host would share its processor");
    Err(error
        .labelled("each node has a processor of its own")
        .help("leave `nodes.virtual` out, or `forwarding`"))
}
