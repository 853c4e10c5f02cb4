//! How packets are forwarded and what that costs, as scenarios say it: of one host, and of each node of a virtual network.

use protocols::xbone::forwarding::{Costs, Forwarder, SEGMENT_BYTES, TCP_BYTES, TUNNEL_BYTES, UDP_BYTES, Way};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Settings;
use crate::input::InputError;
use crate::units::{Bytes, Duration};

/// What forwards, and whether in tunnels.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WaySettings {
    /// What forwards.
    by: ForwarderName,
    /// Whether packets come and go in IP tunnels.
    #[serde(default)]
    tunnelled: bool,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema)]
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

impl WaySettings {
    pub(crate) fn way(&self) -> Way {
        Way {
            forwarder: match self.by {
                ForwarderName::Ip => Forwarder::Ip,
                ForwarderName::DataRouter => Forwarder::DataRouter,
                ForwarderName::Udp => Forwarder::Udp,
                ForwarderName::Tcp => Forwarder::Tcp,
            },
            tunnelled: self.tunnelled,
        }
    }
}

/// What the processor's work takes. What is left out is as in [`Costs::default`].
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CostSettings {
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

impl CostSettings {
    pub(crate) fn costs(&self) -> Costs {
        Costs {
            card: self.card.get(),
            pass: self.pass.get(),
            matching: self.matching.get(),
            call: self.call.get(),
            connection: self.connection.get(),
            copying: self.copying.get(),
        }
    }
}

/// The longest transfer over TCP, in bytes.
const LONGEST_TRANSFER: u64 = 1 << 20;

/// The size of a packet at this key, which must hold its headers and fit a frame.
pub(crate) fn packet_size(size: &Bytes, way: Way, settings: &Settings, key: &str) -> Result<u32, InputError> {
    let (size, least) = (size.get(), u64::from(UDP_BYTES) + 1);
    let most = match way.forwarder {
        Forwarder::Tcp => LONGEST_TRANSFER,
        // Without the tunnel's header a packet may be longer by that.
        Forwarder::Ip | Forwarder::DataRouter | Forwarder::Udp => {
            u64::from(SEGMENT_BYTES + TCP_BYTES + TUNNEL_BYTES - way.tunnel_bytes())
        }
    };
    if !(least..=most).contains(&size) {
        let message = format!("expected {least}B to {most}B, found {size}B");
        let label = "a packet has headers and must fit a frame of Ethernet";
        return Err(settings.error_at(key, message).labelled(label));
    }
    Ok(size as u32)
}
