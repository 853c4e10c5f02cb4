//! Distributions of lifetimes as scenarios write them.

use schemars::JsonSchema;
use serde::Deserialize;
use sim_core::churn::Lifetime;
use sim_core::distribution::{DistributionError, Exponential, LogNormal, Pareto, Weibull};

use crate::input::{Document, InputError};
use crate::units::{Duration, Positive};

/// How long something lasts: one distribution with its parameters.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(in crate::scenario) enum RawLifetime {
    /// Without memory.
    Exponential {
        /// The mean.
        mean: Duration,
    },
    /// What measurements find, with a shape of 0.3 to 0.7.
    Weibull {
        /// The shape: below 1 for times with a heavy tail, 1 for exponential ones.
        shape: Positive,
        /// The scale: a share of 1 - 1/e of the times, 63 %, is shorter.
        scale: Duration,
    },
    /// With a heavy tail: a share of (minimum / x)^shape is longer than x.
    Pareto {
        /// The shape; at 1 and below the mean is infinite, and there is no steady state.
        shape: Positive,
        /// The shortest time.
        minimum: Duration,
    },
    /// The logarithm of the time is normal.
    LogNormal {
        /// The median.
        median: Duration,
        /// The standard deviation of the natural logarithm.
        sigma: Positive,
    },
}

impl RawLifetime {
    /// The distribution, written at `key`.
    pub(super) fn lifetime(&self, key: &str, document: &Document) -> Result<Lifetime, InputError> {
        let (name, made) = match *self {
            RawLifetime::Exponential { mean } => (
                "exponential",
                Exponential::new(mean.get().as_secs_f64()).map(Lifetime::Exponential),
            ),
            RawLifetime::Weibull { shape, scale } => (
                "weibull",
                Weibull::new(shape.get(), scale.get().as_secs_f64()).map(Lifetime::Weibull),
            ),
            RawLifetime::Pareto { shape, minimum } => (
                "pareto",
                Pareto::new(shape.get(), minimum.get().as_secs_f64()).map(Lifetime::Pareto),
            ),
            RawLifetime::LogNormal { median, sigma } => (
                "log_normal",
                LogNormal::new(median.get().as_secs_f64(), sigma.get()).map(Lifetime::LogNormal),
            ),
        };
        made.map_err(|error| {
            let parameter = match (&error, self) {
                (DistributionError::Shape { .. } | DistributionError::ParetoShape { .. }, _) => "shape",
                (DistributionError::Sigma { .. }, _) => "sigma",
                (_, RawLifetime::Exponential { .. }) => "mean",
                (_, RawLifetime::Weibull { .. }) => "scale",
                (_, RawLifetime::Pareto { .. }) => "minimum",
                (_, RawLifetime::LogNormal { .. }) => "median",
            };
            document.error_at(&format!("{key}.{name}.{parameter}"), error.to_string())
        })
    }
}
