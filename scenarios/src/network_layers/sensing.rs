//! How nodes notice that a neighbour is gone: `sensing` of several protocols.

use protocols::aodv::Sensing;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::units::Duration;

/// What tells that there is no link to a neighbour any more.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum SensingSettings {
    /// The link layer, at once.
    Carrier,
    /// The link layer, when a packet is to go there: links that nobody uses break unnoticed.
    Use,
    /// That nothing has been heard from it for so long.
    Silence(Duration),
}

impl From<SensingSettings> for Sensing {
    fn from(settings: SensingSettings) -> Self {
        match settings {
            SensingSettings::Carrier => Sensing::Carrier,
            SensingSettings::Use => Sensing::Use,
            SensingSettings::Silence(silence) => Sensing::Silence(silence.get()),
        }
    }
}

impl From<Sensing> for SensingSettings {
    fn from(sensing: Sensing) -> Self {
        match sensing {
            Sensing::Carrier => SensingSettings::Carrier,
            Sensing::Use => SensingSettings::Use,
            Sensing::Silence(silence) => SensingSettings::Silence(Duration(silence)),
        }
    }
}
