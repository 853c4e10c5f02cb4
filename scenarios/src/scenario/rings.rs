//! Counting rings over time.

use schemars::JsonSchema;
use serde::Deserialize;
use sim_core::time::SimDuration;

use crate::input::{Document, InputError};
use crate::units::Duration;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRings {
    /// From one count to the next.
    every: Duration,
}

/// From one count of the rings to the next.
pub(super) fn rings(raw: Option<RawRings>, document: &Document) -> Result<Option<SimDuration>, InputError> {
    match raw.map(|raw| raw.every.get()) {
        Some(SimDuration::ZERO) => Err(document
            .error_at("observe.rings.every", "rings cannot be counted all the time")
            .labelled("must be longer than 0s")),
        every => Ok(every),
    }
}
