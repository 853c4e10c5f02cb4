//! What is stored: how many keys, how large, and who writes, reads and removes them how often.
//!
//! No get is for a key that was never put: keys are asked for among those that are put, and only when all first puts have begun;
//! scenarios that say otherwise are refused. A first put may still fail while the scenario runs: then it is counted so, and gets of
//! its key are not judged.

use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;
use sim_core::distribution::Zipf;
use sim_core::time::{SimDuration, SimTime};

use super::measure::{BIN_LIMIT, default_bin};
use super::validate::{BEFORE_END, KEY_LIMIT, since_start};
use crate::input::{Document, InputError};
use crate::units::{Bytes, Duration, Rate, written, written_bytes};

/// First every key is put once, then nodes write, read and remove at random times.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawStorage {
    /// How many keys there are, at random places of the identifier space.
    #[schemars(range(min = 1, max = KEY_LIMIT))]
    keys: u64,
    /// The size of a value.
    value: Bytes,
    /// When the first key is put.
    start: Duration,
    /// From the first put to the last of those that put each key once, in equal steps, each by a random member.
    over: Duration,
    /// When nodes begin to write, read and remove; when all keys have been put where it is left out.
    from: Option<Duration>,
    /// None of that begins from here on; the end of the run where it is left out.
    until: Option<Duration>,
    /// How many gets begin at each node that is up: a Poisson process.
    gets: Option<Rate>,
    /// How many puts, which overwrite a value or bring a removed key back.
    puts: Option<Rate>,
    /// How many removes.
    removes: Option<Rate>,
    /// How many of the keys are asked for, the first ones; all where it is left out.
    among: Option<u64>,
    /// From one count of the copies that there are to the next; about a hundredth of the time in which they are counted where it is
    /// left out.
    count_every: Option<Duration>,
    /// How often one of these is asked for, written or removed rather than another.
    #[serde(default)]
    popularity: RawPopularity,
}

/// How popular keys are.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum RawPopularity {
    /// Each as much as any other.
    #[default]
    Uniform,
    /// The few more than the many.
    Zipf {
        /// The exponent: the key of rank k is asked for in proportion to k to the power of minus this.
        exponent: f64,
    },
}

/// What is stored, and what becomes of it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Storage {
    /// How many keys there are.
    pub keys: u64,
    /// The size of a value in bytes.
    pub value: u32,
    /// When the first key is put.
    pub start: SimTime,
    /// From then to the last of the first puts.
    pub over: SimDuration,
    /// From when on nodes write, read and remove, and measurement counts.
    pub from: SimTime,
    /// Until when.
    pub until: SimTime,
    /// From one count of the copies to the next.
    pub count_every: SimDuration,
    /// Gets, puts and removes a second and node.
    pub rates: [f64; 3],
    /// Which keys: so many, the first ones.
    pub among: u64,
    /// How popular they are by their rank, if not all the same.
    pub popularity: Option<Zipf>,
}

impl Storage {
    /// All operations a second and node, the first puts not counted.
    pub fn rate(&self) -> f64 {
        self.rates.iter().sum()
    }
}

impl fmt::Display for Storage {
    /// What is put, and what is done with it, in words.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = written_bytes(self.value.into());
        write!(
            f,
            "{} keys of {value} are put from {}",
            self.keys,
            since_start(self.start)
        )?;
        write!(f, " over {}", written(self.over))?;
        for (rate, what) in self.rates.iter().zip(["get", "put", "remove"]) {
            if *rate > 0.0 {
                let pause = written(SimDuration::from_secs_f64(1.0 / rate));
                write!(f, ", a {what} in {pause} from each node")?;
            }
        }
        Ok(())
    }
}

/// The storage of a scenario that ends at `end`.
pub(super) fn storage(raw: RawStorage, end: SimTime, document: &Document) -> Result<Storage, InputError> {
    let complain = |key: &str, message: String| document.error_at(&format!("workload.storage.{key}"), message);
    if !(1..=KEY_LIMIT).contains(&raw.keys) {
        let message = format!("expected between 1 and {KEY_LIMIT} keys, found {}", raw.keys);
        return Err(complain("keys", message).labelled("out of range"));
    }
    let among = raw.among.unwrap_or(raw.keys);
    if !(1..=raw.keys).contains(&among) {
        let message = format!("{among} keys are asked for, but {} are put", raw.keys);
        let error = complain("among", message).labelled("a get for a key that is never put");
        return Err(error.help("expected at least 1 and at most workload.storage.keys"));
    }
    let value = u32::try_from(raw.value.get()).map_err(|_| complain("value", "too large for a message".to_owned()))?;
    let rates = [raw.gets, raw.puts, raw.removes].map(|rate| rate.map_or(0.0, Rate::per_second));
    let (start, from, until) = span(&raw, end, document)?;
    let counted = end.since(from);
    let count_every = raw.count_every.map_or_else(|| default_bin(counted), Duration::get);
    if count_every == SimDuration::ZERO || counted.as_nanos().div_ceil(count_every.as_nanos()) > BIN_LIMIT {
        let message = format!("copies are counted for {}, at most {BIN_LIMIT} times", written(counted));
        return Err(complain("count_every", message).labelled("too short"));
    }
    let popularity = match raw.popularity {
        RawPopularity::Uniform => None,
        RawPopularity::Zipf { exponent } => {
            let law = Zipf::new(among, exponent);
            Some(law.map_err(|error| complain("popularity.zipf.exponent", error.to_string()))?)
        }
    };
    Ok(Storage {
        keys: raw.keys,
        value,
        start,
        over: raw.over.get(),
        from,
        until,
        count_every,
        rates,
        among,
        popularity,
    })
}

/// When the first key is put, and from when until when nodes do what they do.
fn span(raw: &RawStorage, end: SimTime, document: &Document) -> Result<(SimTime, SimTime, SimTime), InputError> {
    let complain = |key: &str, message: String| document.error_at(&format!("workload.storage.{key}"), message);
    let start = SimTime::ZERO + raw.start.get();
    let put = start + raw.over.get();
    if put >= end {
        let message = format!("the last key is put at {}, when the run has ended", since_start(put));
        let key = if start >= end { "start" } else { "over" };
        return Err(complain(key, message).labelled(BEFORE_END));
    }
    let from = raw.from.map_or(put, |from| SimTime::ZERO + from.get());
    if from < put {
        let message = format!(
            "gets begin at {}, before all keys have been put: the last is put at {}",
            since_start(from),
            since_start(put)
        );
        let error = complain("from", message).labelled("a get for a key that has not been put");
        return Err(error.help("expected no earlier than workload.storage.start and .over together"));
    }
    let until = raw.until.map_or(end, |until| SimTime::ZERO + until.get());
    if until > end || until <= from {
        let message = format!(
            "nodes write and read from {} until {}, but the run ends at {}",
            since_start(from),
            since_start(until),
            since_start(end)
        );
        let key = if raw.until.is_some() { "until" } else { "from" };
        return Err(complain(key, message).labelled("must lie after `from` and not after `run.duration`"));
    }
    Ok((start, from, until))
}
