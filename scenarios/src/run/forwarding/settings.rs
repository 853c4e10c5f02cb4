//! `[protocol.forwarding]` as it is written.

use protocols::xbone::forwarding::{Config, Costs, Forwarder, SEGMENT_BYTES, TCP_BYTES, UDP_BYTES, Way};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::network::Bandwidth;
use sim_core::time::SimDuration;

use crate::input::InputError;
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

/// What forwards, and whether in tunnels.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WaySettings {
    /// What forwards.
    by: ForwarderName,
    /// Whether packets come and go in IP tunnels.
    #[serde(default)]
    tunnelled: bool,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum ForwarderName {
    /// The kernel's IP.
    Ip,
    /// The kernel's IP with DataRouter, which matches ranges of hash values.
    DataRouter,
    /// A daemon with a UDP socket.
    Udp,
    /// A daemon that opens a TCP connection for each message.
    Tcp,
}

/// What the processor's work takes. What is left out is as in [`Costs::default`].
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct CostSettings {
    /// From one card and to the other, once for each packet.
    card: Duration,
    /// A pass through the kernel's IP, of which there are two with a tunnel.
    pass: Duration,
    /// What DataRouter adds to each pass.
    matching: Duration,
    /// A system call on a socket.
    call: Duration,
    /// Opening and closing a TCP connection at one end, beyond what its segments cost.
    connection: Duration,
    /// Copying a thousand bytes from the kernel to a process or back, checksum included.
    copying: Duration,
}

impl Default for CostSettings {
    fn default() -> Self {
        let costs = Costs::default();
        CostSettings {
            card: Duration(costs.card),
            pass: Duration(costs.pass),
            matching: Duration(costs.matching),
            call: Duration(costs.call),
            connection: Duration(costs.connection),
            copying: Duration(costs.copying),
        }
    }
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

/// The longest transfer over TCP, in bytes.
const LONGEST_TRANSFER: u64 = 1 << 20;

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
    let way = Way {
        forwarder: match written.way.by {
            ForwarderName::Ip => Forwarder::Ip,
            ForwarderName::DataRouter => Forwarder::DataRouter,
            ForwarderName::Udp => Forwarder::Udp,
            ForwarderName::Tcp => Forwarder::Tcp,
        },
        tunnelled: written.way.tunnelled,
    };
    let bytes = size(&written, way, settings)?;
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
    let costs = Costs {
        card: written.costs.card.get(),
        pass: written.costs.pass.get(),
        matching: written.costs.matching.get(),
        call: written.costs.call.get(),
        connection: written.costs.connection.get(),
        copying: written.costs.copying.get(),
    };
    let config = Config {
        way,
        bytes,
        gap: gap(&written, way, bytes, settings, point)?,
        queue: written.queue,
        costs: costs
            .validate()
            .map_err(|error| settings.error_at("costs", error.to_string()))?,
        transfers: written.transfers,
        window: written.window,
        patience: written.patience.get(),
    };
    Ok((config, written.warm_up.get()))
}

/// The size of a packet, which must hold its headers and fit a frame.
fn size(written: &ForwardingSettings, way: Way, settings: &Settings) -> Result<u32, InputError> {
    let (size, least) = (written.size.get(), u64::from(UDP_BYTES) + 1);
    let most = match way.forwarder {
        Forwarder::Tcp => LONGEST_TRANSFER,
        // Without the tunnel's header a packet may be longer by that.
        Forwarder::Ip | Forwarder::DataRouter | Forwarder::Udp => {
            u64::from(SEGMENT_BYTES + TCP_BYTES) + if way.tunnelled { 0 } else { 20 }
        }
    };
    if !(least..=most).contains(&size) {
        let message = format!("expected {least}B to {most}B, found {size}B");
        let label = "a packet has headers and must fit a frame of Ethernet";
        return Err(settings.error_at("size", message).labelled(label));
    }
    Ok(size as u32)
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
