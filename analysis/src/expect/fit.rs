//! How well a law fits the points of a sweep.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::math;
use crate::statistics::{Line, least_squares};

/// A law that is fitted by least squares to the metric against a column, a point for each value of the column in the rows of
/// `where`, and what of the fit lies in the band.
///
/// ```toml
/// [[expect]]
/// table = "address_servers"
/// metric = "offered_per_s"
/// fit = { x = "nodes", law = "log2", quality = "r_squared" }
/// at_least = 0.97
/// ```
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fit {
    /// The column of the numbers that the metric is fitted against, at least three of them.
    pub x: String,
    /// The law.
    pub law: Law,
    /// What is measured of the fit.
    pub quality: Quality,
}

/// A law with two parameters, `a` and `b`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Law {
    /// `a + b x`.
    Line,
    /// `a + b log2 x`.
    Log2,
}

/// How well a law fits.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Quality {
    /// The coefficient of determination: the share of the variance between the points that the law explains, 1 being all.
    RSquared,
    /// The sum of squared residuals over that of a line fitted to the same points: below 1 the law fits better than a line.
    ResidualsOverLine,
}

impl fmt::Display for Fit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let law = match self.law {
            Law::Line => "a line".to_owned(),
            Law::Log2 => format!("a + b log2 {}", self.x),
        };
        match self.quality {
            Quality::RSquared => write!(f, "R^2 of {law} against {}", self.x),
            Quality::ResidualsOverLine => {
                write!(f, "squared residuals of {law} over those of a line against {}", self.x)
            }
        }
    }
}

impl Law {
    /// What the law is linear in; none where the law has no value.
    fn abscissa(self, x: f64) -> Option<f64> {
        match self {
            Law::Line => Some(x),
            Law::Log2 => (x > 0.0).then(|| math::log2(x)),
        }
    }

    /// The law that fits the points best.
    fn fitted(self, points: &[(f64, f64)]) -> Result<Line, String> {
        let moved: Option<Vec<(f64, f64)>> = points.iter().map(|(x, y)| Some((self.abscissa(*x)?, *y))).collect();
        let moved = moved.ok_or("a logarithm is fitted only against numbers above zero")?;
        if moved.len() < 3 {
            let found = moved.len();
            return Err(format!(
                "two parameters are fitted to at least 3 points, not to {found}"
            ));
        }
        least_squares(&moved).ok_or_else(|| "the points do not differ in x".to_owned())
    }
}

impl Fit {
    /// What is asked of the fit to these points, x before y; or why that has no value.
    pub(super) fn measure(&self, points: &[(f64, f64)]) -> Result<f64, String> {
        let fitted = self.law.fitted(points)?;
        let (part, whole, nothing) = match self.quality {
            Quality::RSquared => (
                fitted.explained(),
                fitted.total,
                "the points do not differ, so that there is nothing to explain",
            ),
            Quality::ResidualsOverLine => (
                fitted.residual,
                Law::Line.fitted(points)?.residual,
                "a line fits exactly, so that nothing can fit better",
            ),
        };
        let quality = part / whole;
        quality.is_finite().then_some(quality).ok_or_else(|| nothing.to_owned())
    }
}
