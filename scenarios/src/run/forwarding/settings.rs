//! `[protocol.forwarding]` as it is written.

use protocols::xbone::forwarding::{Config, Forwarder, Way};
use schemars::JsonSchema;
use serde::Deserialize;
use sim_core::network::Bandwidth;
use sim_core::time::SimDuration;

use crate::input::InputError;
use crate::scenario::way::{CostSettings, WaySettings, packet_size};
use crate::scenario::{Point, Settings};
use crate::units::{BitRate, Bytes, Duration};

/// The settings of `[protocol.forwarding]`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ForwardingSettings {
    /// How packets are forwarded.
    way: WaySettings,
    /// How large they are, IPv4 header included and tunnel's header not: over TCP, a transfer has the data of a packet of UDP of
    /// this size.
    size: Bytes,
    /// What the generator sends a second, framing included; transfers over TCP follow each other instead. It is the bandwidth of the
    /// generator's line where it is left out.
    offered: Option<BitRate>,
    /// When counting begins.
    #[serde(default = "warm_up")]
    warm_up: Duration,
    /// How many packets may wait for the host's processor.
    #[serde(default = "queue")]
    queue: usize,
    /// How many transfers over TCP are open at a time.
    #[serde(default = "transfers")]
    transfers: u32,
    /// How many segments of a connection may be unacknowledged.
    #[serde(default = "window")]
    window: u32,
    /// After what time a transfer that has lost a segment is given up.
    #[serde(default = "patience")]
    patience: Duration,
    /// What the processor's work takes.
    #[serde(default)]
    costs: CostSettings,
}

fn warm_up() -> Duration {
    Duration(SimDuration::from_millis(10))
}

fn queue() -> usize {
    256
}

fn transfers() -> u32 {
    16
}

fn window() -> u32 {
    8
}

fn patience() -> Duration {
    Duration(SimDuration::from_secs(1))
}

/// The line from the generator, if it has a bandwidth, and what is carried with each packet on all lines.
pub(super) fn line(point: &Point) -> (Option<Bandwidth>, u32) {
    let links = point.network.conditions.access_links.as_ref();
    links.map_or((None, 0), |links| {
        let up = links.classes.first().and_then(|(_, capacity)| capacity.up);
        (up, links.header_bytes)
    })
}

/// The parameters of a point, and when counting begins.
pub(super) fn config(settings: &Settings, point: &Point) -> Result<(Config, SimDuration), InputError> {
    let written: ForwardingSettings = settings.parse()?;
    let way = written.way.way();
    let bytes = packet_size(&written.size, way, settings, "size")?;
    let zeros = [
        ("transfers", written.transfers == 0),
        ("window", written.window == 0),
        ("queue", written.queue == 0),
    ];
    if let Some((key, _)) = zeros.into_iter().find(|(_, zero)| *zero) {
        return Err(settings.error_at(key, "expected at least 1, found 0"));
    }
    if written.patience.get() == SimDuration::ZERO {
        return Err(settings.error_at("patience", "must be longer than zero"));
    }
    if written.warm_up.get() >= point.duration {
        return Err(settings
            .error_at("warm_up", "there is nothing to count when the run has ended")
            .labelled("must be shorter than `run.duration`"));
    }
    let config = Config {
        way,
        bytes,
        gap: gap(&written, way, bytes, settings, point)?,
        queue: written.queue,
        costs: written
            .costs
            .costs()
            .validate()
            .map_err(|error| settings.error_at("costs", error.to_string()))?,
        transfers: written.transfers,
        window: written.window,
        patience: written.patience.get(),
    };
    Ok((config, written.warm_up.get()))
}

/// From one packet of the generator to the next; transfers over TCP need none.
fn gap(
    written: &ForwardingSettings,
    way: Way,
    bytes: u32,
    settings: &Settings,
    point: &Point,
) -> Result<SimDuration, InputError> {
    if way.forwarder == Forwarder::Tcp {
        return Ok(SimDuration::ZERO);
    }
    let (line, header) = line(point);
    let offered = written.offered.map(BitRate::get).or(line).ok_or_else(|| {
        let error = settings.error_at("", "nothing says how fast the generator sends");
        error.help("give its line a bandwidth with [access_links] up, or say it with `offered`")
    })?;
    Ok(offered.serialisation(u64::from(way.line_bytes(bytes) + header)))
}
