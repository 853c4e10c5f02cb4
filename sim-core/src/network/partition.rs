//! Partitions of a network: for a time, hosts on different sides cannot talk.

use super::{Fate, Network, Transmission, forward_the_rest};
use crate::addr::NodeAddr;
use crate::random::StreamKey;
use crate::time::{SimDuration, SimTime};

/// One partition: from when until when, and on which side each host is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cut {
    from: SimTime,
    until: SimTime,
    sides: Box<[u16]>,
}

impl Cut {
    /// A partition from `from` on that is healed at `until`, with the side of each host. Hosts beyond `sides` are on side 0.
    pub fn new(from: SimTime, until: SimTime, sides: impl IntoIterator<Item = u16>) -> Self {
        Cut {
            from,
            until,
            sides: sides.into_iter().collect(),
        }
    }

    /// Each host on one of `groups` sides, as likely on any, by its own stream under `streams`: more hosts move none of the
    /// others.
    pub fn into_groups(groups: u16, streams: StreamKey, hosts: usize) -> impl Iterator<Item = u16> {
        (0..hosts as u64).map(move |host| (streams.index(host).unit() * f64::from(groups)) as u16)
    }

    /// Each host on side 1 with this probability, and else on side 0, likewise.
    pub fn by_fraction(fraction: f64, streams: StreamKey, hosts: usize) -> impl Iterator<Item = u16> {
        (0..hosts as u64).map(move |host| u16::from(streams.index(host).unit() < fraction))
    }

    #[inline]
    fn side(&self, host: NodeAddr) -> u16 {
        self.sides.get(host.index()).copied().unwrap_or(0)
    }

    /// When it begins and when it is healed.
    pub(crate) fn bounds(&self) -> [SimTime; 2] {
        [self.from, self.until]
    }

    /// Whether it keeps two hosts apart at this moment.
    #[inline]
    pub(crate) fn parts(&self, a: NodeAddr, b: NodeAddr, now: SimTime) -> bool {
        (self.from..self.until).contains(&now) && self.side(a) != self.side(b)
    }

    /// Whether it keeps a message from its receiver.
    #[inline]
    fn separates(&self, transmission: &Transmission) -> bool {
        self.parts(transmission.from, transmission.to, transmission.now)
    }
}

/// A network that falls apart for a time, or several. Two hosts can talk if they are on one side of every partition that
/// lasts; partitions may overlap.
///
/// A message is lost if it is sent while a partition separates its ends; one that is under way when the partition begins
/// arrives. The direct delay is that of the network in one piece.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Partitioned<N> {
    inner: N,
    cuts: Box<[Cut]>,
}

impl<N: Network> Partitioned<N> {
    /// `inner`, with these partitions.
    pub fn new(inner: N, cuts: impl IntoIterator<Item = Cut>) -> Self {
        Partitioned {
            inner,
            cuts: cuts.into_iter().collect(),
        }
    }
}

impl<N: Network> Network for Partitioned<N> {
    #[inline]
    fn transmit(&self, transmission: &Transmission) -> Fate {
        if self.cuts.iter().any(|cut| cut.separates(transmission)) {
            Fate::Lost
        } else {
            self.inner.transmit(transmission)
        }
    }

    forward_the_rest!(direct_delay, min_delay, hosts, routers_between, access_links, shared);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Constant;

    const SECOND: u64 = 1_000_000_000;

    fn at(seconds: u64) -> SimTime {
        SimTime::from_nanos(seconds * SECOND)
    }

    fn works(network: &impl Network, now: SimTime, from: u32, to: u32) -> bool {
        let fate = network.transmit(&Transmission {
            now,
            from: NodeAddr(from),
            to: NodeAddr(to),
            bytes: 100,
            draw: StreamKey::root(1, 0),
        });
        fate != Fate::Lost
    }

    #[test]
    fn hosts_on_different_sides_cannot_talk_while_it_lasts() {
        let cut = Cut::new(at(10), at(20), [0, 0, 1, 1]);
        let network = Partitioned::new(Constant::new(SimDuration::from_secs(5)), [cut]);
        for (from, to) in [(0, 2), (2, 0), (3, 1)] {
            assert!(
                works(&network, SimTime::from_nanos(10 * SECOND - 1), from, to),
                "sent before"
            );
            assert!(!works(&network, at(10), from, to), "sent at its first instant");
            assert!(!works(&network, SimTime::from_nanos(20 * SECOND - 1), from, to));
            assert!(works(&network, at(20), from, to), "healed");
        }
        assert!(works(&network, at(15), 0, 1) && works(&network, at(15), 2, 3) && works(&network, at(15), 2, 2));
        assert!(works(&network, at(15), 0, 9), "who is not named is on side 0");
    }

    #[test]
    fn hosts_talk_only_if_every_partition_has_them_together() {
        let cuts = [
            Cut::new(at(0), at(20), [0, 0, 1, 1]),
            Cut::new(at(10), SimTime::MAX, [0, 1, 0, 1]),
        ];
        let network = Partitioned::new(Constant::new(SimDuration::from_millis(1)), cuts);
        let talking = |now| {
            let pairs = (0..4).flat_map(|from| (0..4).map(move |to| (from, to)));
            pairs
                .filter(|(from, to)| from < to && works(&network, at(now), *from, *to))
                .collect::<Vec<_>>()
        };
        assert_eq!(talking(5), [(0, 1), (2, 3)]);
        assert_eq!(talking(15), [], "each alone");
        assert_eq!(talking(25), [(0, 2), (1, 3)], "for ever");
    }

    /// Shares of 20,000 hosts within five standard deviations, and the same hosts whatever their number.
    #[test]
    fn sides_have_their_shares_and_more_hosts_move_none() {
        for seed in 1..6 {
            let streams = StreamKey::root(seed, 0);
            let n = 20_000;
            let apart: Vec<u16> = Cut::by_fraction(0.3, streams, n).collect();
            let share = apart.iter().filter(|side| **side == 1).count() as f64 / n as f64;
            assert!(
                (share - 0.3).abs() < 5.0 * (0.21 / n as f64).sqrt(),
                "seed {seed}: {share}"
            );
            assert!(Cut::by_fraction(0.3, streams, 100).eq(apart[..100].iter().copied()));

            let groups: Vec<u16> = Cut::into_groups(4, streams, n).collect();
            for group in 0..4 {
                let share = groups.iter().filter(|side| **side == group).count() as f64 / n as f64;
                assert!(
                    (share - 0.25).abs() < 5.0 * (0.1875 / n as f64).sqrt(),
                    "seed {seed}, {group}: {share}"
                );
            }
            assert!(groups.iter().all(|group| *group < 4));
            assert!(Cut::into_groups(4, streams, 100).eq(groups[..100].iter().copied()));
        }
        assert!(Cut::by_fraction(0.0, StreamKey::root(1, 0), 1000).all(|side| side == 0));
        assert!(Cut::by_fraction(1.0, StreamKey::root(1, 0), 1000).all(|side| side == 1));
    }
}
