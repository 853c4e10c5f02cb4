//! What a hop between neighbours is like, as scenarios write it.

use schemars::JsonSchema;
use serde::Deserialize;
use sim_core::link_layer::{Air, Medium};
use sim_core::time::SimDuration;

use crate::input::{Document, InputError};
use crate::scenario::conditions::RawQueue;
use crate::units::{BitRate, Duration, Fraction};

/// How often a frame for one neighbour is sent at most: the limit of IEEE 802.11 for short frames.
pub(super) fn tries() -> u32 {
    7
}

/// A medium that each node shares with its neighbours.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SharedMedium")]
pub(in crate::scenario) struct RawCapacity {
    /// What it carries: a frame waits until the medium is idle at its sender, and from then on occupies it at the sender and at all
    /// who hear it. Who does is decided at that moment: a frame for a neighbour that has gone is lost.
    bandwidth: BitRate,
    /// What may wait at a node: a time, or bytes. A frame that waits longer is lost. All frames wait as long as they must where it
    /// is left out.
    queue: Option<RawQueue>,
}

/// The keys of a hop, from the table at `key`.
pub(super) struct RawAir {
    pub(super) key: &'static str,
    pub(super) delay: Duration,
    pub(super) jitter: Duration,
    pub(super) loss: Fraction,
    pub(super) tries: u32,
    pub(super) capacity: Option<RawCapacity>,
}

impl RawAir {
    pub(super) fn get(self, document: &Document) -> Result<Air, InputError> {
        let error_at = |inner: &str, message: &str| document.error_at(&format!("{}.{inner}", self.key), message);
        if self.delay.get() == SimDuration::ZERO {
            let error = error_at("delay", "a delay of zero cannot be");
            return Err(error
                .labelled("must be longer than 0s")
                .help("an effect is later than its cause: \"1ns\""));
        }
        if self.tries == 0 {
            let error = error_at("tries", "a frame that is never sent never comes through");
            return Err(error.labelled("must be at least 1").help("1 has no retransmissions"));
        }
        Ok(Air {
            delay: self.delay.get(),
            jitter: self.jitter.get(),
            loss: self.loss.get(),
            tries: self.tries,
            medium: self.capacity.map(medium),
        })
    }
}

fn medium(raw: RawCapacity) -> Medium {
    let bandwidth = raw.bandwidth.get();
    let queue = raw.queue.map(RawQueue::get).unwrap_or_default();
    Medium {
        bandwidth,
        longest_wait: queue.longest_wait(bandwidth),
    }
}
