//! How often each point is run: so many times, or until an interval is narrow enough.

use std::fmt;

use analysis::expect::Percent;
use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserialize, Deserializer};

use crate::input::{Document, InputError, closest, list};
use crate::run::run_metrics;

/// The most replications that a point may have.
const LIMIT: u32 = 10_000;

/// Replications until the means are known as precisely as wanted. The level of the intervals is 95 %.
#[derive(Clone, PartialEq, Debug)]
pub struct Precision {
    /// How wide half of an interval may be, as a percentage of the magnitude of its mean.
    pub wanted: Percent,
    /// What must be known so precisely, at least one.
    pub of: Vec<Metric>,
    /// After how many replications it is first looked, at least two.
    pub minimum: u32,
}

impl Precision {
    /// The same as a share.
    pub fn share(&self) -> f64 {
        self.wanted.0 / 100.0
    }
}

/// A column of a table with one row a run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Metric {
    /// The name of the table.
    pub table: String,
    /// The name of the column.
    pub column: String,
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.table, self.column)
    }
}

/// How often each point is run, with randomness of its own: a number, or a table that says how precisely what must be known.
#[derive(Debug, JsonSchema)]
#[schemars(untagged)]
pub(super) enum RawReplications {
    /// So many times.
    Number(#[schemars(range(min = 1, max = LIMIT))] u32),
    /// Until the means are known precisely enough.
    Precision(RawPrecision),
}

#[derive(Debug, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPrecision {
    /// How wide half of a 95 % interval may be, as a share of its mean.
    precision: Percent,
    /// Of which means, as `table.column`: `"lookups.latency_mean_ms"`, or a list of these. A table with one row a run.
    of: Metrics,
    /// The fewest replications.
    #[serde(default = "minimum")]
    #[schemars(range(min = 2, max = LIMIT))]
    minimum: u32,
    /// The most replications.
    #[serde(default = "maximum")]
    #[schemars(range(min = 2, max = LIMIT))]
    maximum: u32,
}

fn minimum() -> u32 {
    5
}

fn maximum() -> u32 {
    200
}

/// One text or a list of texts.
#[derive(Debug, JsonSchema)]
#[schemars(untagged)]
enum Metrics {
    One(String),
    Several(Vec<String>),
}

impl Default for RawReplications {
    fn default() -> Self {
        RawReplications::Number(1)
    }
}

impl<'de> Deserialize<'de> for RawReplications {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = RawReplications;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let table = "{ precision = \"2 %\", of = \"lookups.hops_mean\" }";
                write!(f, "a whole number from 1 to {LIMIT}, or a table such as {table}")
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<RawReplications, E> {
                let number =
                    u32::try_from(number).map_err(|_| E::invalid_value(de::Unexpected::Unsigned(number), &self));
                number.map(RawReplications::Number)
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<RawReplications, A::Error> {
                RawPrecision::deserialize(MapAccessDeserializer::new(map)).map(RawReplications::Precision)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl<'de> Deserialize<'de> for Metrics {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Metrics;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a column such as \"lookups.hops_mean\", or a list of columns")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Metrics, E> {
                Ok(Metrics::One(text.to_owned()))
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut items: A) -> Result<Metrics, A::Error> {
                let mut texts = Vec::new();
                while let Some(text) = items.next_element()? {
                    texts.push(text);
                }
                Ok(Metrics::Several(texts))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// How many replications a point has at most, and what decides whether fewer are enough.
pub(super) fn replications(raw: RawReplications, document: &Document) -> Result<(u32, Option<Precision>), InputError> {
    let within = |key: &str, least: u32, number: u32| {
        if (least..=LIMIT).contains(&number) {
            return Ok(number);
        }
        let message = format!("expected between {least} and {LIMIT}, found {number}");
        Err(document.error_at(key, message).labelled("out of range"))
    };
    let raw = match raw {
        RawReplications::Number(number) => return Ok((within("replications", 1, number)?, None)),
        RawReplications::Precision(raw) => raw,
    };
    // A single run has no interval.
    let minimum = within("replications.minimum", 2, raw.minimum)?;
    let maximum = within("replications.maximum", minimum, raw.maximum)?;
    let Percent(percent) = raw.precision;
    if !(percent > 0.0 && percent <= 100.0) {
        let message = format!("expected more than 0 % and at most 100 %, found {}", raw.precision);
        return Err(document
            .error_at("replications.precision", message)
            .labelled("out of range"));
    }
    let of = match raw.of {
        Metrics::One(text) => vec![metric(&text, "replications.of", document)?],
        Metrics::Several(texts) => {
            let place = |index: usize| format!("replications.of.{index}");
            let read = texts
                .iter()
                .enumerate()
                .map(|(index, text)| metric(text, &place(index), document));
            read.collect::<Result<_, _>>()?
        }
    };
    if of.is_empty() {
        let message = "nothing is to be known precisely";
        return Err(document
            .error_at("replications.of", message)
            .labelled("expected at least one column"));
    }
    let wanted = raw.precision;
    Ok((maximum, Some(Precision { wanted, of, minimum })))
}

/// A column that can be wanted precisely.
fn metric(text: &str, place: &str, document: &Document) -> Result<Metric, InputError> {
    let known: Vec<String> = run_metrics().collect();
    if let Some((table, column)) = text.split_once('.').filter(|_| known.iter().any(|name| name == text)) {
        let (table, column) = (table.to_owned(), column.to_owned());
        return Ok(Metric { table, column });
    }
    let message = format!("expected a column of a table with one row a run, found {text:?}");
    let error = document.error_at(place, message);
    let names = || known.iter().map(String::as_str);
    Err(match closest(text, names()) {
        Some(guess) => error.labelled(format!("did you mean {guess:?}?")),
        None => error.labelled("there is no such column"),
    }
    .help(format!("these can be wanted precisely: {}", list(names()))))
}
