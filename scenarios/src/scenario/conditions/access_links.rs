//! `[access_links]`: what hosts can send and receive a second.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error, Visitor};
use sim_core::network::{AccessLinks, Capacity, NetworkError, QueueLimit};
use sim_core::random::StreamKey;

use crate::input::{Document, InputError};
use crate::units::{BitRate, Bytes, Duration, Fraction, written, written_bit_rate, written_bytes};

/// Shares of classes add up to 1 but for so much: decimals are rounded.
const ROUNDING: f64 = 1e-6;

#[derive(Debug, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct RawAccessLinks {
    /// What a host can send; as much as it likes where it is left out.
    up: Option<BitRate>,
    /// What a host can receive; as much as there is where it is left out.
    down: Option<BitRate>,
    /// Links of several kinds instead of `up` and `down`, each with its share of the hosts.
    #[serde(default)]
    classes: Vec<RawClass>,
    /// What may wait at each end: a time, or bytes. A message is lost that would wait longer, or has more ahead of it. Nothing
    /// is lost where it is left out.
    queue: Option<RawQueue>,
    /// Carried with each message in addition to what the protocol charges; in no table.
    #[serde(default)]
    header: Bytes,
}

#[derive(Debug, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawClass {
    /// The probability that a host has such a link.
    share: Fraction,
    /// What such a host can send; as much as it likes where it is left out.
    up: Option<BitRate>,
    /// What such a host can receive; as much as there is where it is left out.
    down: Option<BitRate>,
}

/// `"100ms"` or `"64kB"`.
#[derive(Clone, Copy, Debug)]
pub(in crate::scenario) struct RawQueue(QueueLimit);

impl RawQueue {
    /// The limit as networks have it.
    pub(in crate::scenario) fn get(self) -> QueueLimit {
        self.0
    }
}

impl<'de> Deserialize<'de> for RawQueue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl Visitor<'_> for Either {
            type Value = RawQueue;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a time such as \"100ms\" or an amount of data such as \"64kB\"")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<RawQueue, E> {
                if text.trim_end().ends_with('B') {
                    let bytes = text.parse().map_err(E::custom);
                    return bytes.map(|bytes: Bytes| RawQueue(QueueLimit::Bytes(bytes.get())));
                }
                let wait = text.parse().map_err(E::custom);
                wait.map(|wait: Duration| RawQueue(QueueLimit::Wait(wait.get())))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

impl JsonSchema for RawQueue {
    fn schema_name() -> Cow<'static, str> {
        "QueueLimit".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (time, data) = (
            generator.subschema_for::<Duration>(),
            generator.subschema_for::<Bytes>(),
        );
        json_schema!({ "description": "A time or an amount of data.", "anyOf": [time, data] })
    }
}

/// The access links of all hosts.
#[derive(Clone, PartialEq, Debug)]
pub struct AccessLinksSpec {
    /// The kinds of links, each with its share of the hosts.
    pub classes: Vec<(f64, Capacity)>,
    /// What may wait at each end.
    pub queue: QueueLimit,
    /// Carried with each message in addition to what the protocol charges, in bytes.
    pub header_bytes: u32,
}

impl AccessLinksSpec {
    /// The links of so many hosts; which host has which is drawn from the streams of `replication`, the root of a run.
    ///
    /// # Errors
    /// None for validated links.
    pub(super) fn build(&self, hosts: usize, replication: StreamKey) -> Result<AccessLinks, NetworkError> {
        match self.classes.as_slice() {
            [(_, capacity)] => Ok(AccessLinks::alike(*capacity, self.queue, self.header_bytes)),
            classes => AccessLinks::drawn(
                classes,
                hosts,
                replication.purpose("access links"),
                self.queue,
                self.header_bytes,
            ),
        }
    }
}

impl fmt::Display for AccessLinksSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rate = |rate: Option<_>| rate.map_or_else(|| "without limit".to_owned(), written_bit_rate);
        let class = |(share, capacity): &(f64, Capacity)| {
            let (up, down) = (rate(capacity.up), rate(capacity.down));
            match self.classes.len() {
                1 => format!("{up} up and {down} down"),
                _ => format!("{} %: {up} up and {down} down", share * 100.0),
            }
        };
        let classes: Vec<String> = self.classes.iter().map(class).collect();
        write!(f, "access links {}", classes.join("; "))?;
        match self.queue {
            QueueLimit::None => Ok(()),
            QueueLimit::Wait(wait) => write!(f, ", queues of {}", written(wait)),
            QueueLimit::Bytes(bytes) => write!(f, ", queues of {}", written_bytes(bytes)),
        }
    }
}

/// The links of a scenario, held against each other.
pub(super) fn access_links(raw: RawAccessLinks, document: &Document) -> Result<AccessLinksSpec, InputError> {
    let RawAccessLinks {
        up,
        down,
        classes,
        queue,
        header,
    } = raw;
    let capacity = |up: Option<BitRate>, down: Option<BitRate>| Capacity {
        up: up.map(BitRate::get),
        down: down.map(BitRate::get),
    };
    let classes = match (up, down, classes.is_empty()) {
        (None, None, false) => {
            check_shares(&classes, document)?;
            let class = |class: &RawClass| (class.share.get(), capacity(class.up, class.down));
            classes.iter().map(class).collect()
        }
        (None, None, true) => {
            let error = document.error_at("access_links", "neither `up` nor `down` nor `classes` is given");
            return Err(error
                .labelled("links without limit")
                .help("for example: up = \"1Mbit/s\", down = \"10Mbit/s\""));
        }
        (_, _, false) => {
            let error = document.error_at("access_links.classes", "there are `up` or `down` for all links as well");
            return Err(error.labelled("these or those"));
        }
        (up, down, true) => vec![(1.0, capacity(up, down))],
    };
    let header_bytes = u32::try_from(header.get()).map_err(|_| {
        let error = document.error_at("access_links.header", "expected at most 4 GiB");
        error.labelled("the header of one message")
    })?;
    Ok(AccessLinksSpec {
        classes,
        queue: queue.map_or(QueueLimit::None, |RawQueue(limit)| limit),
        header_bytes,
    })
}

fn check_shares(classes: &[RawClass], document: &Document) -> Result<(), InputError> {
    if let Some(index) = classes.iter().position(|class| class.share.get() <= 0.0) {
        let error = document.error_at(
            &format!("access_links.classes.{index}.share"),
            "no host has such a link",
        );
        return Err(error.labelled("must be above 0"));
    }
    if classes.len() > AccessLinks::CLASSES {
        let message = format!("{} classes of links are too many", classes.len());
        let error = document.error_at("access_links.classes", message);
        return Err(error.labelled(format!("at most {}", AccessLinks::CLASSES)));
    }
    let sum: f64 = classes.iter().map(|class| class.share.get()).sum();
    if (sum - 1.0).abs() > ROUNDING {
        let message = format!("the shares of the classes add up to {sum}, not 1");
        return Err(document.error_at("access_links.classes", message));
    }
    Ok(())
}
