//! The delays of access links as scenarios write them.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use sim_core::distribution::{Exponential, LogNormal, Weibull};
use sim_core::network::{AccessDelay, NetworkError};

use crate::units::{Duration, Positive};

/// One delay for all, `"1ms"`, or the law by which each host draws its own: `{ minimum = "1ms", maximum = "5ms" }`,
/// `{ exponential = { mean = "5ms", minimum = "1ms" } }`, `{ weibull = { shape = 0.7, scale = "5ms" } }`,
/// `{ log_normal = { median = "5ms", sigma = 0.8 } }`.
#[derive(Clone, Copy, Debug)]
pub(in crate::scenario) enum RawAccess {
    Uniform { minimum: Duration, maximum: Duration },
    Exponential(RawExponential),
    Weibull(RawWeibull),
    LogNormal(RawLogNormal),
}

impl RawAccess {
    /// The delays, or what is wrong with them.
    pub(super) fn get(self) -> Result<AccessDelay, NetworkError> {
        match self {
            RawAccess::Uniform { minimum, maximum } => AccessDelay::new(minimum.get(), maximum.get()),
            RawAccess::Exponential(RawExponential { mean, minimum }) => {
                AccessDelay::exponential(minimum.get(), Exponential::new(mean.get().as_secs_f64())?)
            }
            RawAccess::Weibull(RawWeibull { shape, scale, minimum }) => {
                AccessDelay::weibull(minimum.get(), Weibull::new(shape.get(), scale.get().as_secs_f64())?)
            }
            RawAccess::LogNormal(RawLogNormal { median, sigma, minimum }) => {
                AccessDelay::log_normal(minimum.get(), LogNormal::new(median.get().as_secs_f64(), sigma.get())?)
            }
        }
    }
}

/// A minimum and an exponential delay on top.
#[derive(Clone, Copy, Debug, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ExponentialAccess")]
pub(in crate::scenario) struct RawExponential {
    /// The mean of the delay on top.
    mean: Duration,
    /// The shortest delay, one way.
    #[serde(default)]
    minimum: Duration,
}

/// A minimum and a Weibull delay on top.
#[derive(Clone, Copy, Debug, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "WeibullAccess")]
pub(in crate::scenario) struct RawWeibull {
    /// The shape of the delay on top: below 1 for a heavy tail, 1 for an exponential one.
    shape: Positive,
    /// Its scale: a share of 1 - 1/e of the hosts, 63 %, has less on top.
    scale: Duration,
    /// The shortest delay, one way.
    #[serde(default)]
    minimum: Duration,
}

/// A minimum and a log-normal delay on top.
#[derive(Clone, Copy, Debug, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "LogNormalAccess")]
pub(in crate::scenario) struct RawLogNormal {
    /// The median of the delay on top.
    median: Duration,
    /// The standard deviation of its natural logarithm.
    sigma: Positive,
    /// The shortest delay, one way.
    #[serde(default)]
    minimum: Duration,
}

/// The law of the delays: two bounds between which each is as likely as any other, or one law by name.
#[derive(Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AccessLaw")]
struct Law {
    /// The shortest of uniform delays, one way.
    minimum: Option<Duration>,
    /// The longest of uniform delays, one way.
    maximum: Option<Duration>,
    /// A minimum and an exponential delay on top.
    exponential: Option<RawExponential>,
    /// A minimum and a Weibull delay on top.
    weibull: Option<RawWeibull>,
    /// A minimum and a log-normal delay on top.
    log_normal: Option<RawLogNormal>,
}

impl Law {
    /// The one law that is written.
    fn chosen<E: Error>(self) -> Result<RawAccess, E> {
        match self {
            Law {
                minimum: None,
                maximum: None,
                exponential: Some(law),
                weibull: None,
                log_normal: None,
            } => Ok(RawAccess::Exponential(law)),
            Law {
                minimum: None,
                maximum: None,
                exponential: None,
                weibull: Some(law),
                log_normal: None,
            } => Ok(RawAccess::Weibull(law)),
            Law {
                minimum: None,
                maximum: None,
                exponential: None,
                weibull: None,
                log_normal: Some(law),
            } => Ok(RawAccess::LogNormal(law)),
            Law {
                minimum,
                maximum,
                exponential: None,
                weibull: None,
                log_normal: None,
            } => Ok(RawAccess::Uniform {
                minimum: minimum.ok_or_else(|| E::missing_field("minimum"))?,
                maximum: maximum.ok_or_else(|| E::missing_field("maximum"))?,
            }),
            _ => Err(E::custom(
                "expected one law of delays: minimum and maximum, exponential, weibull or log_normal\na law has its minimum inside: { \
                 exponential = { mean = \"5ms\", minimum = \"1ms\" } }",
            )),
        }
    }
}

impl<'de> Deserialize<'de> for RawAccess {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Either)
    }
}

struct Either;

impl<'de> Visitor<'de> for Either {
    type Value = RawAccess;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a duration such as \"1ms\", or { minimum = \"1ms\", maximum = \"5ms\" }")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<RawAccess, E> {
        let delay: Duration = text.parse().map_err(E::custom)?;
        Ok(RawAccess::Uniform {
            minimum: delay,
            maximum: delay,
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawAccess, A::Error> {
        Law::deserialize(MapAccessDeserializer::new(map))?.chosen()
    }
}

impl JsonSchema for RawAccess {
    fn schema_name() -> Cow<'static, str> {
        "AccessDelay".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (one, law) = (generator.subschema_for::<Duration>(), generator.subschema_for::<Law>());
        json_schema!({
            "description": "One delay for all, or the law by which each host draws its own.",
            "anyOf": [one, law],
        })
    }
}
