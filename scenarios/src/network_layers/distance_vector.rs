//! Distance-vector routing in scenarios: `[protocol.distance_vector]`.

use protocols::distance_vector::{Config, DistanceVector, Trigger};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::addr::NodeAddr;

use super::sensing::SensingSettings;
use super::{NetworkLayer, NextHopOf, Outcome, Send, Told, refused};
use crate::input::InputError;
use crate::scenario::{Point, Settings};
use crate::units::{Duration, Period};

/// [`DistanceVector`] as scenarios know it.
pub struct DistanceVectorLayer;

/// The settings of `[protocol.distance_vector]`. What is left out is as in [`Config::default`].
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DistanceVectorSettings {
    /// The time from one full dump of a node to the next.
    period: Duration,
    /// What incremental updates are sent for.
    trigger: TriggerName,
    /// The time from one incremental update of a node to the next at least, in which changes gather.
    aggregation: Duration,
    /// How long it takes at first until the best route of a new sequence number has come; `"never"` tells all at once.
    settling: Period,
    /// What tells that a neighbour is gone.
    sensing: SensingSettings,
}

/// What incremental updates are sent for, besides routes that are new, broken or better known than to a neighbour.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum TriggerName {
    /// Routes of another length.
    Metric,
    /// All that is newer: DSDV-SQ of Broch et al. (MobiCom 1998).
    Sequence,
}

impl Default for DistanceVectorSettings {
    fn default() -> Self {
        let usual = Config::default();
        DistanceVectorSettings {
            period: Duration(usual.period),
            trigger: match usual.trigger {
                Trigger::Metric => TriggerName::Metric,
                Trigger::Sequence => TriggerName::Sequence,
            },
            aggregation: Duration(usual.aggregation),
            settling: Period(usual.settling),
            sensing: usual.sensing.into(),
        }
    }
}

impl NetworkLayer for DistanceVectorLayer {
    const NAME: &'static str = "distance_vector";
    const SUMMARY: &'static str = "distance vectors with sequence numbers, DSDV (Perkins and Bhagwat 1994)";
    type Settings = DistanceVectorSettings;
    type Protocol = DistanceVector;
    const DATA_KINDS: &'static [&'static str] = &["data"];
    const NEXT_HOP: Option<NextHopOf<Self>> = Some(|_, at, to, _| at.next_hop(to));

    fn config(settings: &Settings) -> Result<Config, InputError> {
        let written: DistanceVectorSettings = settings.parse()?;
        let config = Config {
            period: written.period.get(),
            trigger: match written.trigger {
                TriggerName::Metric => Trigger::Metric,
                TriggerName::Sequence => Trigger::Sequence,
            },
            aggregation: written.aggregation.get(),
            settling: written.settling.0,
            sensing: written.sensing.into(),
        };
        config.validate().map_err(|error| refused(settings, &error))
    }

    fn init(_: &Config, _: NodeAddr) {}

    fn send(send: Send) -> Send {
        send
    }

    fn told(event: Outcome) -> Told {
        Told::Packet(event)
    }

    fn state(node: &DistanceVector) -> Vec<(&'static str, usize)> {
        vec![("routes", node.entries())]
    }

    /// A route to everybody, as the node has it and as each of a dozen neighbours was told, in trees.
    fn heap_bytes(_: &Config, point: &Point) -> usize {
        point.nodes as usize * 160
    }
}
