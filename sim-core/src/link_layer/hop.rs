//! What a frame meets between two neighbours: delay, loss, and a medium that others use, too.

use thiserror::Error;

use crate::addr::NodeAddr;
use crate::network::Bandwidth;
use crate::random::StreamKey;
use crate::time::SimDuration;

/// What the radio of every node is like.
///
/// A frame takes `delay` and something between nothing and `jitter`, each as likely; each receiver loses it with probability `loss`. A
/// frame for one neighbour is sent up to `tries` times until it comes through, each time after the delay of the one before,
/// as link layers with acknowledgements do; one for all neighbours is sent once.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Air {
    /// What a hop takes at least, processing and access to the medium included.
    pub delay: SimDuration,
    /// What comes on top of that at most.
    pub jitter: SimDuration,
    /// The probability that a receiver loses a frame.
    pub loss: f64,
    /// How often a frame for one neighbour is sent at most.
    pub tries: u32,
    /// The medium, if its capacity is limited.
    pub medium: Option<Medium>,
}

/// A medium that a node shares with all its neighbours.
///
/// A frame waits until the medium is idle at its sender, and then occupies it, from that moment on and not earlier, at the sender and at
/// all its neighbours for as long as its bits take, in all tries together and without a gap between them. Who hears it is decided when it
/// goes on the air: whoever has come into range by then does, and a frame for a neighbour that has gone is lost without occupying anything.
/// What waits at a node that leaves is lost with it. A node sends its frames in the order in which they were asked for; of several nodes
/// that could begin at the same moment the one begins whose frame was asked for first, and who hears it waits on.
///
/// Senders that do not hear each other are never in each other's way: there are no collisions, neither at once nor at hidden terminals. As
/// with carrier sensing, a node between two that do not hear each other gets no turn while the frames of one overlap those of the other.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Medium {
    /// How fast it is.
    pub bandwidth: Bandwidth,
    /// A frame that waits longer than this is lost: at once where what is on the air at its sender and what waits there before it take
    /// longer, else when its turn comes.
    pub longest_wait: SimDuration,
}

/// A link by wire, which is always there: it takes the place of a link by radio between the same two nodes.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Wire {
    /// Its two ends.
    pub between: (NodeAddr, NodeAddr),
    /// How long a frame takes.
    pub delay: SimDuration,
    /// The probability that it is lost.
    pub loss: f64,
}

/// A link layer that cannot be.
#[derive(Clone, Copy, PartialEq, Debug, Error)]
pub enum LinkLayerError {
    /// A probability lies outside `[0, 1]`.
    #[error("a probability of loss lies between 0 and 1, not at {value}")]
    Probability {
        /// Its value.
        value: f64,
    },
    /// Frames are never sent.
    #[error("a frame must be tried at least once")]
    NoTries,
    /// A wire ends at a node that is not there, or where it begins.
    #[error("a wire between node {} and node {} cannot be laid: expected two of the {nodes} nodes, numbered from 0", between.0, between.1)]
    NoSuchNode {
        /// Its ends.
        between: (NodeAddr, NodeAddr),
        /// How many nodes there are.
        nodes: u32,
    },
}

impl Air {
    pub(super) fn check(&self) -> Result<(), LinkLayerError> {
        probability(self.loss)?;
        if self.tries == 0 {
            return Err(LinkLayerError::NoTries);
        }
        Ok(())
    }

    /// How long the bits of a frame take; nothing on a medium without limits.
    pub(crate) fn airtime(&self, bytes: u32) -> SimDuration {
        self.medium.map_or(SimDuration::ZERO, |medium| {
            medium.bandwidth.serialisation(u64::from(bytes))
        })
    }

    /// What one transmission of a frame takes, and whether a receiver hears it.
    fn once(&self, airtime: SimDuration, draw: StreamKey) -> (SimDuration, bool) {
        let jitter = (draw.index(stream::DELAY).unit() * self.jitter.as_nanos() as f64) as u64;
        let heard = self.loss == 0.0 || draw.index(stream::LOSS).unit() >= self.loss;
        (self.delay + SimDuration::from_nanos(jitter) + airtime, heard)
    }

    /// What becomes of a frame for all neighbours at one of them: after how long it is there, if it is.
    pub(crate) fn for_all(&self, airtime: SimDuration, draw: StreamKey) -> Option<SimDuration> {
        let (delay, heard) = self.once(airtime, draw);
        heard.then_some(delay)
    }

    /// What becomes of a frame for one neighbour: after how long it is there, if it is, and how often it was sent.
    pub(crate) fn for_one(&self, airtime: SimDuration, draw: StreamKey) -> (Option<SimDuration>, u32) {
        let mut whole = SimDuration::ZERO;
        for attempt in 0..self.tries {
            let (delay, heard) = self.once(airtime, draw.index(u64::from(attempt)));
            whole += delay;
            if heard {
                return (Some(whole), attempt + 1);
            }
        }
        (None, self.tries)
    }
}

impl Wire {
    /// What becomes of a frame.
    pub(crate) fn carry(&self, draw: StreamKey) -> Option<SimDuration> {
        let heard = self.loss == 0.0 || draw.index(stream::LOSS).unit() >= self.loss;
        heard.then_some(self.delay)
    }
}

/// `value` if it is a probability.
pub(super) fn probability(value: f64) -> Result<f64, LinkLayerError> {
    if (0.0..=1.0).contains(&value) {
        Ok(value)
    } else {
        Err(LinkLayerError::Probability { value })
    }
}

/// The labels of the streams of one transmission.
mod stream {
    pub(super) const DELAY: u64 = 1 << 32;
    pub(super) const LOSS: u64 = 2 << 32;
}
