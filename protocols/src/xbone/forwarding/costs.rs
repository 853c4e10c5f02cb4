//! What it costs a host to forward a packet: the processor's time, and the bytes on the line.

use sim_core::time::SimDuration;
use thiserror::Error;

/// What forwards on a host (Fujita et al. 2005, section III-C).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Forwarder {
    /// The kernel's IP.
    Ip,
    /// The kernel's IP extended by DataRouter, which matches ranges of hash values.
    DataRouter,
    /// A daemon that receives each packet from a UDP socket and sends it on.
    Udp,
    /// A daemon that accepts a connection for each message and opens another one to send it on.
    Tcp,
}

/// How a packet is forwarded.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Way {
    /// By what.
    pub forwarder: Forwarder,
    /// Whether packets come and go in IP tunnels: each is taken out of one, forwarded and put into another, and so passes the
    /// kernel's forwarding twice.
    pub tunnelled: bool,
}

/// The times that the steps of forwarding take. These are parameters: what follows from them is the throughput.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Costs {
    /// From one card and to the other, once for each packet, however it is forwarded.
    pub card: SimDuration,
    /// A pass through the kernel's IP: received, looked up and sent. Half of it where a packet is only received or only sent.
    pub pass: SimDuration,
    /// What DataRouter adds to each pass.
    pub matching: SimDuration,
    /// A system call on a socket, with the switch to the process.
    pub call: SimDuration,
    /// Opening and closing a TCP connection at one end, beyond what its segments cost.
    pub connection: SimDuration,
    /// Copying a thousand bytes, and taking their checksum, from the kernel to a process or back.
    pub copying: SimDuration,
}

impl Default for Costs {
    /// A PC of 2004 with a processor of 2.4 GHz under FreeBSD 5.3. What its figure implies: 180,000 to 200,000 packets a second by IP
    /// in a tunnel, of which the lower end is taken; what the paper says: 70 % of that by DataRouter. What is done once for each
    /// packet and not in each pass is taken for a tenth of an untunnelled packet's time. The rest is not in the paper: system calls,
    /// copies and connections are such as machines of that kind took, a few microseconds, a byte a nanosecond, and some ten
    /// thousand connections a second.
    fn default() -> Self {
        Costs {
            card: SimDuration::from_nanos(260),
            pass: SimDuration::from_nanos(2650),
            matching: SimDuration::from_nanos(1190),
            call: SimDuration::from_micros(5),
            connection: SimDuration::from_micros(40),
            copying: SimDuration::from_micros(1),
        }
    }
}

/// Costs that cannot be.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("a packet must take the processor some time; `card` and `pass` are both zero")]
pub struct NoCosts;

/// Bytes of an IPv4 header: what a tunnel adds to a packet (RFC 2003).
pub const TUNNEL_BYTES: u32 = 20;
/// Bytes of the headers of IPv4 and UDP.
pub const UDP_BYTES: u32 = 28;
/// Bytes of the headers of IPv4 and TCP.
pub const TCP_BYTES: u32 = 40;
/// The most data in a TCP segment: Ethernet's 1500 bytes less the headers, and less those of a tunnel, so that none is split.
pub const SEGMENT_BYTES: u32 = 1500 - TUNNEL_BYTES - TCP_BYTES;

impl Costs {
    /// The costs, if they make sense.
    ///
    /// # Errors
    /// [`NoCosts`].
    pub fn validate(self) -> Result<Self, NoCosts> {
        match self.card + self.pass {
            SimDuration::ZERO => Err(NoCosts),
            _ => Ok(self),
        }
    }

    /// A packet through the kernel: once over the cards, once through IP, or twice with a tunnel.
    pub fn kernel(&self, way: Way) -> SimDuration {
        let pass = match way.forwarder {
            Forwarder::DataRouter => self.pass + self.matching,
            Forwarder::Ip | Forwarder::Udp | Forwarder::Tcp => self.pass,
        };
        self.card + pass * if way.tunnelled { 2 } else { 1 }
    }

    /// Data from the kernel to a process, or back.
    pub fn socket(&self, payload: u32) -> SimDuration {
        self.call + self.copying * u64::from(payload) / 1000
    }

    /// The processor's time for a message of so many bytes, UDP and IPv4 headers included, from its arrival at a host to
    /// its departure: what one hop costs. With TCP that is a connection on either side and all of their segments, with the
    /// data of a message of UDP.
    pub fn hop(&self, way: Way, bytes: u32) -> SimDuration {
        let kernel = self.kernel(way);
        let payload = payload(bytes);
        match way.forwarder {
            Forwarder::Ip | Forwarder::DataRouter => kernel,
            Forwarder::Udp => kernel + self.socket(payload) * 2,
            Forwarder::Tcp => {
                let copies = segments(payload).map(|data| self.socket(data) * 2);
                let count = segments(payload).count() as u64;
                let copying = copies.fold(SimDuration::ZERO, |sum, copy| sum + copy);
                // Of both connections: three segments of opening and closing, and each of data with its acknowledgement.
                half(kernel) * (4 * count + 6) + self.connection * 2 + copying
            }
        }
    }
}

impl Way {
    /// The bytes that a message of so many takes on the line to the next host, below all headers of IP: of TCP the data
    /// segments alone.
    pub fn line_bytes(self, bytes: u32) -> u32 {
        let tunnel = self.tunnel_bytes();
        match self.forwarder {
            Forwarder::Tcp => segments(payload(bytes)).map(|data| data + TCP_BYTES + tunnel).sum(),
            Forwarder::Ip | Forwarder::DataRouter | Forwarder::Udp => bytes + tunnel,
        }
    }

    /// What a tunnel adds to a packet.
    pub fn tunnel_bytes(self) -> u32 {
        if self.tunnelled { TUNNEL_BYTES } else { 0 }
    }
}

/// What a message of so many bytes carries; at least one.
pub(super) fn payload(bytes: u32) -> u32 {
    bytes.saturating_sub(UDP_BYTES).max(1)
}

/// The data of the segments of a transfer.
pub(super) fn segments(payload: u32) -> impl Iterator<Item = u32> {
    let count = payload.div_ceil(SEGMENT_BYTES);
    (0..count).map(move |at| SEGMENT_BYTES.min(payload - at * SEGMENT_BYTES))
}

/// What it takes to receive a packet, or to send one: half of what it takes to forward it.
pub(super) fn half(kernel: SimDuration) -> SimDuration {
    kernel / 2
}
