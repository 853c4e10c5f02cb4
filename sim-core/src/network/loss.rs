//! Loss on top of any network.

use super::{Fate, Network, NetworkError, Transmission, forward_the_rest, stream};
use crate::addr::NodeAddr;
use crate::time::SimDuration;

/// A network that loses each message with a fixed probability, independently of the others and of its delay.
///
/// Two of these around one network lose the same messages twice, for they draw from one stream: give one of them the
/// joint probability.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Lossy<N> {
    inner: N,
    probability: f64,
}

impl<N: Network> Lossy<N> {
    /// `inner`, losing messages with this probability.
    ///
    /// # Errors
    /// [`NetworkError::Probability`] unless it lies in `[0, 1]`.
    pub fn new(inner: N, probability: f64) -> Result<Self, NetworkError> {
        if !(0.0..=1.0).contains(&probability) {
            return Err(NetworkError::Probability { value: probability });
        }
        Ok(Lossy { inner, probability })
    }
}

impl<N: Network> Network for Lossy<N> {
    #[inline]
    fn transmit(&self, transmission: &Transmission) -> Fate {
        let lost = || transmission.draw.index(stream::LOSS).unit() < self.probability;
        if transmission.from != transmission.to && lost() {
            Fate::Lost
        } else {
            self.inner.transmit(transmission)
        }
    }

    forward_the_rest!(direct_delay, min_delay, hosts, routers_between, access_links, shared);
}
