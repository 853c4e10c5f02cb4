//! A scenario as it is written, before its parts are held against each other.

use std::path::PathBuf;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::matrix::{Format, Gaps, Measures, Unit};
use crate::units::{Duration, Fraction, Positive, Rate};

/// The root table. What a table holds that only the registry knows, or that was expanded before, is skipped here.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawScenario {
    pub(super) name: Option<String>,
    pub(super) title: Option<String>,
    pub(super) description: Option<String>,
    #[serde(default)]
    pub(super) cites: Vec<String>,
    pub(super) seed: u64,
    #[serde(default = "one")]
    pub(super) replications: u32,
    pub(super) run: RawRun,
    pub(super) nodes: RawNodes,
    pub(super) bring_up: RawBringUp,
    pub(super) network: RawNetwork,
    pub(super) loss: Option<RawLoss>,
    #[serde(default)]
    pub(super) churn: RawChurn,
    pub(super) mass_failure: Option<RawMassFailure>,
    #[serde(rename = "protocol")]
    pub(super) _protocol: IgnoredAny,
    #[serde(default)]
    pub(super) workload: RawWorkload,
    #[serde(default)]
    pub(super) observe: RawObserve,
    #[serde(default, rename = "sweep")]
    pub(super) _sweep: Option<IgnoredAny>,
    #[serde(default)]
    pub(super) figure: Vec<analysis::Figure>,
    #[serde(default)]
    pub(super) expect: Vec<analysis::Expectation>,
}

fn one() -> u32 {
    1
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRun {
    pub(super) duration: Duration,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawNodes {
    pub(super) count: u32,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum RawBringUp {
    Joins { over: Duration },
    Bulk {},
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum RawNetwork {
    Constant {
        delay: Duration,
    },
    Uniform {
        minimum: Duration,
        maximum: Duration,
    },
    Exponential {
        mean: Duration,
        #[serde(default)]
        minimum: Duration,
    },
    Plane {
        width: Positive,
        height: Positive,
        per_unit: Duration,
        #[serde(default)]
        base: Duration,
    },
    Sphere {
        radius: Positive,
        per_unit: Duration,
        #[serde(default)]
        base: Duration,
    },
    Matrix {
        file: PathBuf,
        unit: Option<Unit>,
        #[serde(default)]
        measures: Measures,
        #[serde(default)]
        gaps: Gaps,
        #[serde(default)]
        format: Format,
    },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLoss {
    pub(super) probability: Fraction,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum RawChurn {
    #[default]
    None,
    Exponential {
        up_mean: Duration,
        down_mean: Duration,
        graceful: Fraction,
        start: Option<Duration>,
    },
    Weibull {
        up: RawWeibull,
        down: RawWeibull,
        graceful: Fraction,
        start: Option<Duration>,
    },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawWeibull {
    pub(super) shape: Positive,
    pub(super) scale: Duration,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawMassFailure {
    pub(super) at: Duration,
    pub(super) fraction: Fraction,
    #[serde(default)]
    pub(super) graceful: Fraction,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawWorkload {
    pub(super) lookups: Option<RawLookups>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLookups {
    pub(super) start: Duration,
    pub(super) until: Option<Duration>,
    pub(super) rate: Rate,
    #[serde(default)]
    pub(super) keys: Keys,
}

/// Which keys are looked up.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keys {
    /// Each key of the identifier space as likely as any other.
    #[default]
    Uniform,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawObserve {
    #[serde(default)]
    pub(super) ring_invariants: bool,
}
