//! Networks in which all pairs of hosts are alike.

use super::{Fate, Network, NetworkError, Transmission, stream, unless_local};
use crate::addr::NodeAddr;
use crate::distribution::unit_exponential;
use crate::time::SimDuration;

/// Every message takes the same time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Constant {
    delay: SimDuration,
}

impl Constant {
    /// Every message takes `delay`; zero counts as a nanosecond.
    pub fn new(delay: SimDuration) -> Self {
        Constant {
            delay: delay.max(SimDuration::NANOSECOND),
        }
    }
}

impl Network for Constant {
    #[inline]
    fn transmit(&self, transmission: &Transmission) -> Fate {
        Fate::Arrives(self.direct_delay(transmission.from, transmission.to))
    }

    #[inline]
    fn direct_delay(&self, from: NodeAddr, to: NodeAddr) -> SimDuration {
        unless_local(from, to, || self.delay)
    }

    fn min_delay(&self) -> SimDuration {
        self.delay
    }
}

/// Every message takes a time of its own, uniform between two bounds. Messages can overtake each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Uniform {
    minimum: SimDuration,
    maximum: SimDuration,
}

impl Uniform {
    /// Delays uniform between `minimum` and `maximum`.
    ///
    /// # Errors
    /// [`NetworkError::MinimumAboveMaximum`].
    pub fn new(minimum: SimDuration, maximum: SimDuration) -> Result<Self, NetworkError> {
        if minimum > maximum {
            return Err(NetworkError::MinimumAboveMaximum { minimum, maximum });
        }
        Ok(Uniform { minimum, maximum })
    }
}

impl Network for Uniform {
    #[inline]
    fn transmit(&self, transmission: &Transmission) -> Fate {
        Fate::Arrives(unless_local(transmission.from, transmission.to, || {
            let fraction = transmission.draw.index(stream::DELAY).unit();
            self.minimum + (self.maximum - self.minimum).mul_f64(fraction)
        }))
    }

    fn direct_delay(&self, from: NodeAddr, to: NodeAddr) -> SimDuration {
        unless_local(from, to, || self.minimum + (self.maximum - self.minimum) / 2)
    }

    fn min_delay(&self) -> SimDuration {
        self.minimum.max(SimDuration::NANOSECOND)
    }
}

/// Every message takes a time of its own: a minimum, and an exponential time on top. Messages can overtake each other.
///
/// With a mean of 50 ms and no minimum, the network of the simulations in Stoica et al. 2003 and of i3's own simulator.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Exponential {
    minimum: SimDuration,
    mean: SimDuration,
}

impl Exponential {
    /// Delays of at least `minimum` and with this `mean`, the minimum included.
    ///
    /// # Errors
    /// [`NetworkError::MeanNotAboveMinimum`].
    pub fn new(minimum: SimDuration, mean: SimDuration) -> Result<Self, NetworkError> {
        if mean <= minimum {
            return Err(NetworkError::MeanNotAboveMinimum { minimum, mean });
        }
        Ok(Exponential { minimum, mean })
    }
}

impl Network for Exponential {
    #[inline]
    fn transmit(&self, transmission: &Transmission) -> Fate {
        Fate::Arrives(unless_local(transmission.from, transmission.to, || {
            let draw = transmission.draw.index(stream::DELAY).unit();
            self.minimum + (self.mean - self.minimum).mul_f64(unit_exponential(draw))
        }))
    }

    fn direct_delay(&self, from: NodeAddr, to: NodeAddr) -> SimDuration {
        unless_local(from, to, || self.mean)
    }

    fn min_delay(&self) -> SimDuration {
        self.minimum.max(SimDuration::NANOSECOND)
    }
}
