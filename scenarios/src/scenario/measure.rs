//! How lookups are counted over time, and which of them are the warm-up.

use std::fmt;

use schemars::JsonSchema;
use serde::de::value::StrDeserializer;
use serde::de::{self, Deserialize, Deserializer};
use sim_core::time::SimDuration;

use super::{Lookups, Span};
use crate::input::{Document, InputError};
use crate::units::{Duration, written};

/// The most parts of equal length that the time of the lookups may be cut into.
pub(super) const BIN_LIMIT: u64 = 10_000;

/// How many such parts there are about, at most, where the scenario does not say how long they are.
const BINS: u64 = 100;

/// How lookups are counted over time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Measure {
    /// The length of the parts that the time of the lookups is cut into, the first of which begins with the first lookup.
    pub bin: SimDuration,
    /// Lookups that begin in the warm-up are not in the tables of lookups, of their distributions and quantiles. Traffic and
    /// population count from the start of the lookups all the same: where the warm-up ends may be known only after the run.
    pub warm_up: WarmUp,
}

/// How long the warm-up lasts, from `workload.lookups.start` on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum WarmUp {
    /// There is none: `workload.lookups.start` was chosen late enough.
    #[default]
    None,
    /// So many bins.
    Bins(usize),
    /// As many bins as the marginal standard error rule takes off, the same for all replications of a point.
    Auto,
}

#[derive(Debug, Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawMeasure {
    /// Lookups are counted over time in bins of this length; about a hundredth of their time where it is left out.
    bin: Option<Duration>,
    /// Lookups that begin earlier than this after the start of the lookups do not count: a time, rounded up to whole bins, or
    /// "auto". All count where it is left out. Traffic and population count from the start of the lookups in any case.
    warm_up: Option<RawWarmUp>,
}

/// `"auto"`, or a time such as `"10min"`.
#[derive(Clone, Copy, Debug, JsonSchema)]
#[schemars(untagged)]
enum RawWarmUp {
    Time(Duration),
    Auto(Auto),
}

/// The marginal standard error rule decides.
#[derive(Clone, Copy, Debug, JsonSchema)]
#[schemars(rename_all = "snake_case")]
enum Auto {
    Auto,
}

impl<'de> Deserialize<'de> for RawWarmUp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = RawWarmUp;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"auto\", or a duration such as \"10min\"")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<RawWarmUp, E> {
                if text == "auto" {
                    return Ok(RawWarmUp::Auto(Auto::Auto));
                }
                let duration = Duration::deserialize(StrDeserializer::<E>::new(text));
                let refused = |_| E::invalid_value(de::Unexpected::Str(text), &self);
                duration.map(RawWarmUp::Time).map_err(refused)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// How the lookups of a point are counted, those of a point without lookups in any way.
///
/// Packets of a network layer are counted in bins, too, but have no warm-up: they begin when the scenario says.
pub(super) fn measure(
    raw: RawMeasure,
    lookups: Option<&Lookups>,
    spans: impl Iterator<Item = Span> + Clone,
    document: &Document,
) -> Result<Measure, InputError> {
    let starts = spans.clone().map(|span| span.start).min();
    let Some(lookups) = lookups else {
        if let Some((start, until)) = starts.zip(spans.map(|span| span.until).max()) {
            let bin = bin(&raw, "packets", until.since(start), document)?;
            return match raw.warm_up {
                None => Ok(Measure {
                    bin,
                    warm_up: WarmUp::None,
                }),
                Some(_) => Err(document
                    .error_at("measure.warm_up", "only lookups of keys have a warm-up")
                    .labelled("begin later with `start`")),
            };
        }
        let asked = [("bin", raw.bin.is_some()), ("warm_up", raw.warm_up.is_some())];
        return match asked.iter().find(|(_, asked)| *asked) {
            Some((key, _)) => Err(document
                .error_at(&format!("measure.{key}"), "there are no lookups to be counted")
                .labelled("needs `workload.lookups`")),
            None => Ok(Measure {
                bin: default_bin(SimDuration::ZERO),
                warm_up: WarmUp::None,
            }),
        };
    };
    let span = lookups.until.since(lookups.start);
    let bin = bin(&raw, "lookups", span, document)?;
    let warm_up = match raw.warm_up {
        None => WarmUp::None,
        Some(RawWarmUp::Auto(Auto::Auto)) => WarmUp::Auto,
        Some(RawWarmUp::Time(time)) => {
            let bins = time.get().as_nanos().div_ceil(bin.as_nanos());
            if u128::from(bins) * u128::from(bin.as_nanos()) >= u128::from(span.as_nanos()) {
                let message = format!(
                    "a warm-up of {} leaves nothing of the {} of lookups",
                    written(time.get()),
                    written(span)
                );
                return Err(document
                    .error_at("measure.warm_up", message)
                    .labelled("must be shorter than the time of the lookups, in whole bins"));
            }
            WarmUp::Bins(bins as usize)
        }
    };
    Ok(Measure { bin, warm_up })
}

/// The length of the bins of what goes on for so long.
fn bin(raw: &RawMeasure, what: &str, span: SimDuration, document: &Document) -> Result<SimDuration, InputError> {
    let bin = raw.bin.map_or_else(|| default_bin(span), Duration::get);
    if bin == SimDuration::ZERO || span.as_nanos().div_ceil(bin.as_nanos()) > BIN_LIMIT {
        let message = format!(
            "{what} go on for {}, which must be at most {BIN_LIMIT} bins",
            written(span)
        );
        return Err(document.error_at("measure.bin", message).labelled("too short"));
    }
    Ok(bin)
}

/// A hundredth of the time of the lookups, rounded up to a length that reads well.
pub(super) fn default_bin(span: SimDuration) -> SimDuration {
    const SECOND: u64 = 1_000_000_000;
    const DAY: u64 = 86_400 * SECOND;
    let parts_of_a_second = [1000, 500, 200, 100, 50, 20, 10, 5, 2].map(|parts| SECOND / parts);
    let seconds = [
        1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 43_200, 86_400,
    ];
    let least = span.as_nanos().div_ceil(BINS);
    let mut lengths = parts_of_a_second
        .into_iter()
        .chain(seconds.map(|seconds| seconds * SECOND));
    let length = lengths
        .find(|length| *length >= least)
        .unwrap_or_else(|| least.div_ceil(DAY) * DAY);
    SimDuration::from_nanos(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_are_about_a_hundredth_and_read_well() {
        for (span, bin) in [
            ("0s", "1ms"),
            ("1s", "10ms"),
            ("10min", "10s"),
            ("11min", "10s"),
            ("1h", "1min"),
            ("60d", "1d"),
            ("36525d", "366d"),
        ] {
            let span: Duration = serde_json::from_value(span.into()).unwrap();
            let found = default_bin(span.get());
            assert_eq!(written(found), bin);
            assert!(found.as_nanos() * BINS >= span.get().as_nanos());
        }
    }
}
