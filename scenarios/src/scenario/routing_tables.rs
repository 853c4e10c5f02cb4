//! Comparing what members know with what they should know, over time.

use schemars::JsonSchema;
use serde::Deserialize;
use sim_core::time::SimDuration;

use crate::input::{Document, InputError};
use crate::units::Duration;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRoutingTables {
    /// From one comparison to the next.
    every: Duration,
}

/// From one comparison of the tables to the next.
pub(super) fn routing_tables(
    raw: Option<RawRoutingTables>,
    document: &Document,
) -> Result<Option<SimDuration>, InputError> {
    match raw.map(|raw| raw.every.get()) {
        Some(SimDuration::ZERO) => Err(document
            .error_at("observe.tables.every", "tables cannot be compared all the time")
            .labelled("must be longer than 0s")),
        every => Ok(every),
    }
}
