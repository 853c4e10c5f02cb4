//! Access links with a bandwidth, on which messages queue.

use std::num::NonZeroU64;
use std::sync::Arc;

use super::{Fate, Network, NetworkError, Transmission, forward_the_rest};
use crate::addr::NodeAddr;
use crate::random::StreamKey;
use crate::time::SimDuration;

/// Bits in a second.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Bandwidth(NonZeroU64);

impl Bandwidth {
    /// So many bits in a second; none for zero, on which nothing would ever arrive.
    pub fn from_bits_per_second(bits: u64) -> Option<Self> {
        NonZeroU64::new(bits).map(Bandwidth)
    }

    /// Bits in a second.
    pub fn bits_per_second(self) -> u64 {
        self.0.get()
    }

    /// How long it takes to put so many bytes on the line, rounded up to whole nanoseconds.
    pub fn serialisation(self, bytes: u64) -> SimDuration {
        let bit_nanos = u128::from(bytes) * 8 * 1_000_000_000;
        let nanos = bit_nanos.div_ceil(u128::from(self.0.get()));
        SimDuration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

/// What an access link carries in each direction; `None` where messages take no time and never wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Capacity {
    /// From the host into the network.
    pub up: Option<Bandwidth>,
    /// From the network to the host.
    pub down: Option<Bandwidth>,
}

/// How much may wait at each end of an access link. First in, first out; what comes when there is too much ahead is lost
/// (drop-tail).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum QueueLimit {
    /// Nothing is ever lost.
    #[default]
    None,
    /// A message that would wait longer than this before its first bit is sent is lost.
    Wait(SimDuration),
    /// A message is lost that finds more than so many bytes ahead of it, counting what is left of the one being sent. Its
    /// own length does not matter: one that is longer than the queue is sent where little enough is ahead.
    Bytes(u64),
}

impl QueueLimit {
    /// The longest that a message waits at a link of this bandwidth.
    pub fn longest_wait(self, bandwidth: Bandwidth) -> SimDuration {
        match self {
            QueueLimit::None => SimDuration::from_nanos(u64::MAX),
            QueueLimit::Wait(wait) => wait,
            QueueLimit::Bytes(bytes) => bandwidth.serialisation(bytes),
        }
    }
}

/// The access links of all hosts: full duplex, each direction with a queue of its own. What varies during a run, the
/// engine keeps.
#[derive(Clone, PartialEq, Debug)]
pub struct AccessLinks {
    classes: Box<[Capacity]>,
    /// The class of each host; all are of the first where there is one only.
    class_of: Box<[u8]>,
    queue: QueueLimit,
    header_bytes: u32,
}

impl AccessLinks {
    /// The most classes of links.
    pub const CLASSES: usize = u8::MAX as usize + 1;

    /// The same links for all hosts. `header_bytes` are carried with each message in addition to those that it is charged
    /// on the wire.
    pub fn alike(capacity: Capacity, queue: QueueLimit, header_bytes: u32) -> Self {
        AccessLinks {
            classes: Box::new([capacity]),
            class_of: Box::new([]),
            queue,
            header_bytes,
        }
    }

    /// Links of several classes, each with its share of the hosts; shares are relative to their sum. The class of a host is
    /// a draw of its own stream under `streams`: more hosts change none of the others.
    ///
    /// # Errors
    /// [`NetworkError::LinkClasses`] if there is no class, more than [`CLASSES`](Self::CLASSES), or a share that is not a
    /// positive finite number.
    pub fn drawn(
        classes: &[(f64, Capacity)],
        hosts: usize,
        streams: StreamKey,
        queue: QueueLimit,
        header_bytes: u32,
    ) -> Result<Self, NetworkError> {
        let sum: f64 = classes.iter().map(|(share, _)| *share).sum();
        let positive = classes.iter().all(|(share, _)| *share > 0.0) && sum.is_finite();
        if !positive || !(1..=Self::CLASSES).contains(&classes.len()) {
            return Err(NetworkError::LinkClasses { classes: classes.len() });
        }
        let class = |host: u64| {
            let mut left = streams.index(host).unit() * sum;
            let found = classes.iter().position(|(share, _)| {
                left -= share;
                left < 0.0
            });
            // Sums of shares are rounded: what is beyond the last is of the last.
            found.unwrap_or(classes.len() - 1) as u8
        };
        Ok(AccessLinks {
            classes: classes.iter().map(|(_, capacity)| *capacity).collect(),
            class_of: (0..hosts as u64).map(class).collect(),
            queue,
            header_bytes,
        })
    }

    /// The link of a host.
    #[inline]
    pub fn capacity(&self, host: NodeAddr) -> Capacity {
        let class = self.class_of.get(host.index()).copied().unwrap_or(0);
        self.classes[usize::from(class)]
    }

    /// How long a message of so many bytes takes in one direction of a link, and how long it may wait before.
    #[inline]
    pub(crate) fn demand(&self, bandwidth: Bandwidth, bytes: u32) -> (SimDuration, SimDuration) {
        let bytes = u64::from(bytes) + u64::from(self.header_bytes);
        (bandwidth.serialisation(bytes), self.queue.longest_wait(bandwidth))
    }

    /// About how many bytes the links of so many hosts take, the engine's part included.
    pub fn memory(hosts: usize) -> u64 {
        (hosts * (size_of::<u8>() + crate::links::Links::BYTES_A_HOST)) as u64
    }
}

/// A network whose hosts have access links with a bandwidth.
///
/// A message waits for those that its host has sent before, is put on the host's up link bit by bit, crosses the network,
/// waits at the receiver's down link for those that came before, and is received when its last bit is. A link carries what
/// is sent to a host that is down as well. Messages that a host sends to itself use no link; what the network loses has
/// used the sender's. The direct delay takes no notice of links: it is that of an empty message between idle hosts.
#[derive(Clone, Debug)]
pub struct Linked<N> {
    inner: N,
    links: Arc<AccessLinks>,
}

impl<N: Network> Linked<N> {
    /// `inner`, with these links.
    pub fn new(inner: N, links: AccessLinks) -> Self {
        Linked {
            inner,
            links: Arc::new(links),
        }
    }
}

impl<N: Network> Network for Linked<N> {
    #[inline]
    fn transmit(&self, transmission: &Transmission) -> Fate {
        self.inner.transmit(transmission)
    }

    fn access_links(&self) -> Option<Arc<AccessLinks>> {
        Some(self.links.clone())
    }

    forward_the_rest!(direct_delay, min_delay, hosts, routers_between, shared);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(bits: u64) -> Option<Bandwidth> {
        Bandwidth::from_bits_per_second(bits)
    }

    fn link(bits: u64) -> Capacity {
        Capacity {
            up: rate(bits),
            down: None,
        }
    }

    #[test]
    fn serialisation_is_exact_and_rounded_up() {
        let of = |bits, bytes| rate(bits).unwrap().serialisation(bytes).as_nanos();
        assert_eq!(of(8_000, 1), 1_000_000);
        assert_eq!(of(1_000_000, 1500), 12_000_000);
        assert_eq!(of(3, 1), 2_666_666_667);
        assert_eq!(of(u64::MAX, 1), 1);
        assert_eq!(of(1, u64::MAX), u64::MAX, "longer than any run");
        assert_eq!(of(56_000, 0), 0);
        assert_eq!(rate(0), None);
    }

    #[test]
    fn a_queue_of_bytes_is_a_wait_at_each_bandwidth() {
        let (slow, fast) = (rate(8_000).unwrap(), rate(8_000_000).unwrap());
        let wait = |limit: QueueLimit, rate| limit.longest_wait(rate);
        assert_eq!(wait(QueueLimit::Bytes(1000), slow), SimDuration::from_secs(1));
        assert_eq!(wait(QueueLimit::Bytes(1000), fast), SimDuration::from_millis(1));
        let limit = SimDuration::from_millis(100);
        assert_eq!(wait(QueueLimit::Wait(limit), slow), limit);
        assert_eq!(wait(QueueLimit::Bytes(0), slow), SimDuration::ZERO);
    }

    /// Shares of 20,000 hosts within five standard deviations.
    #[test]
    fn classes_have_their_shares_and_more_hosts_change_none() {
        let classes = [(2.0, link(1)), (5.0, link(2)), (3.0, link(3))];
        for seed in 1..6 {
            let drawn =
                |hosts| AccessLinks::drawn(&classes, hosts, StreamKey::root(seed, 0), QueueLimit::None, 0).unwrap();
            let (many, few) = (drawn(20_000), drawn(50));
            for (share, capacity) in classes {
                let expected = share / 10.0;
                let count = (0..20_000)
                    .filter(|host| many.capacity(NodeAddr(*host)) == capacity)
                    .count();
                let found = count as f64 / 20_000.0;
                assert!(
                    (found - expected).abs() < 5.0 * (expected * (1.0 - expected) / 20_000.0).sqrt(),
                    "seed {seed}: {found}"
                );
            }
            assert!(
                (0..50)
                    .map(NodeAddr)
                    .all(|host| few.capacity(host) == many.capacity(host))
            );
        }
    }

    #[test]
    fn classes_that_cannot_be_are_refused() {
        for shares in [
            &[][..],
            &[0.0],
            &[1.0, -1.0],
            &[f64::NAN],
            &[f64::INFINITY],
            &[1.0; 257],
        ] {
            let classes: Vec<_> = shares.iter().map(|share| (*share, link(1))).collect();
            let made = AccessLinks::drawn(&classes, 10, StreamKey::root(1, 0), QueueLimit::None, 0);
            assert_eq!(made, Err(NetworkError::LinkClasses { classes: shares.len() }));
        }
    }
}
