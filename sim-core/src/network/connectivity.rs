//! Pairs of hosts that cannot talk although both talk to others.

use super::{Fate, Network, NetworkError, Transmission, forward_the_rest};
use crate::addr::NodeAddr;
use crate::random::StreamKey;
use crate::time::SimDuration;

/// A network in which some hosts cannot reach some others, all the time: asymmetric and non-transitive connectivity
/// (Freedman et al. 2005).
///
/// What a pair can do is a draw of its own stream, keyed by its two addresses; there is no table, and more hosts change
/// nothing between the others. The direct delay takes no notice.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct PartlyConnected<N> {
    inner: N,
    asymmetric: f64,
    non_transitive: f64,
    pairs: StreamKey,
}

impl<N: Network> PartlyConnected<N> {
    /// `inner`, in which of all unordered pairs of hosts a share of `non_transitive` cannot talk in either direction, and of
    /// all ordered pairs a share of `asymmetric` cannot although the opposite direction works. Which ones, the streams under
    /// `pairs` decide.
    ///
    /// # Errors
    /// [`NetworkError::Connectivity`] unless both are shares and `2 asymmetric + non_transitive`, the share of pairs that
    /// are hindered in any way, is at most 1.
    pub fn new(inner: N, asymmetric: f64, non_transitive: f64, pairs: StreamKey) -> Result<Self, NetworkError> {
        let share = |share: f64| (0.0..=1.0).contains(&share);
        if !share(asymmetric) || !share(non_transitive) || !share(2.0 * asymmetric + non_transitive) {
            return Err(NetworkError::Connectivity {
                asymmetric,
                non_transitive,
            });
        }
        Ok(PartlyConnected {
            inner,
            asymmetric,
            non_transitive,
            pairs,
        })
    }

    /// Whether what the first host sends never reaches the second.
    #[inline]
    fn hinders(&self, from: NodeAddr, to: NodeAddr) -> bool {
        if from == to {
            return false;
        }
        let draw = self.pairs.pair(from.0.min(to.0), from.0.max(to.0)).unit();
        // One draw, cut into: neither way, not upwards, not downwards, both ways.
        let upwards = self.non_transitive + self.asymmetric;
        let blocked = if from < to {
            self.non_transitive..upwards
        } else {
            upwards..upwards + self.asymmetric
        };
        draw < self.non_transitive || blocked.contains(&draw)
    }
}

impl<N: Network> Network for PartlyConnected<N> {
    #[inline]
    fn transmit(&self, transmission: &Transmission) -> Fate {
        if self.hinders(transmission.from, transmission.to) {
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
    use crate::time::SimTime;

    fn network(asymmetric: f64, non_transitive: f64, seed: u64) -> PartlyConnected<Constant> {
        let inner = Constant::new(SimDuration::from_millis(10));
        PartlyConnected::new(inner, asymmetric, non_transitive, StreamKey::root(seed, 0)).unwrap()
    }

    fn works(network: &impl Network, now: u64, from: u32, to: u32) -> bool {
        let fate = network.transmit(&Transmission {
            now: SimTime::from_nanos(now),
            from: NodeAddr(from),
            to: NodeAddr(to),
            bytes: 100,
            draw: StreamKey::root(now, 7),
        });
        fate != Fate::Lost
    }

    /// Of the 44,850 pairs of 300 hosts, within five standard deviations, and the same at any time.
    #[test]
    fn shares_are_those_asked_for() {
        for (asymmetric, non_transitive, seed) in [(0.0, 0.1, 1), (0.2, 0.0, 2), (0.05, 0.3, 3), (0.5, 0.0, 4)] {
            let network = network(asymmetric, non_transitive, seed);
            let (mut neither, mut upwards, mut downwards, mut pairs) = (0_u32, 0_u32, 0_u32, 0_u32);
            for (from, to) in (0..300).flat_map(|to| (0..to).map(move |from| (from, to))) {
                let (there, back) = (works(&network, 1, from, to), works(&network, 1, to, from));
                assert_eq!(
                    (there, back),
                    (works(&network, 9, from, to), works(&network, 9, to, from))
                );
                neither += u32::from(!there && !back);
                upwards += u32::from(!there && back);
                downwards += u32::from(there && !back);
                pairs += 1;
            }
            let is = |count: u32, share: f64| {
                let deviation = 5.0 * (share * (1.0 - share) / f64::from(pairs)).sqrt();
                (f64::from(count) / f64::from(pairs) - share).abs() <= deviation
            };
            assert!(
                is(neither, non_transitive),
                "seed {seed}: {neither} of {pairs} neither way"
            );
            assert!(is(upwards, asymmetric), "seed {seed}: {upwards} of {pairs} not upwards");
            assert!(
                is(downwards, asymmetric),
                "seed {seed}: {downwards} of {pairs} not downwards"
            );
        }
    }

    #[test]
    fn extremes_are_exact_and_oneself_is_always_reached() {
        let (all, none, one_way) = (network(0.0, 0.0, 1), network(0.0, 1.0, 1), network(0.5, 0.0, 1));
        for (from, to) in (0..40).flat_map(|to| (0..to).map(move |from| (from, to))) {
            assert!(works(&all, 0, from, to) && works(&all, 0, to, from));
            assert!(!works(&none, 0, from, to) && !works(&none, 0, to, from));
            assert_ne!(works(&one_way, 0, from, to), works(&one_way, 0, to, from));
            assert!(works(&none, 0, to, to));
        }
    }

    #[test]
    fn shares_that_cannot_be_are_refused() {
        for (asymmetric, non_transitive) in [(-0.1, 0.0), (0.0, 1.1), (0.4, 0.3), (f64::NAN, 0.0)] {
            let made = PartlyConnected::new(
                Constant::new(SimDuration::NANOSECOND),
                asymmetric,
                non_transitive,
                StreamKey::root(1, 0),
            );
            assert!(matches!(made, Err(NetworkError::Connectivity { .. })));
        }
    }
}
