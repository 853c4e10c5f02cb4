//! Traces of lookups: who looks up what, and when.
//!
//! A text of lines `time node key`, parted by commas or by blanks and tabs, in ascending order of time. The time counts from the
//! start of the run and is a bare number of seconds or has a unit (`90`, `1.5`, `250ms`); the node is its number, from zero (with
//! virtual nodes, that of its host); the key is a whole number of up to 128 bits, decimal or with `0x`, and is drawn by the
//! scenario where it is left out. Empty lines, lines that begin with `#` and a first line of names (`time,node,key`) say nothing.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use sim_core::addr::NodeAddr;
use sim_core::time::{SimDuration, SimTime};

use crate::digest::sha256;
use crate::input::{InputError, Line, Origin, Source, Word, lines, read_unpacked};
use crate::units::{Duration, written};

/// The largest trace that is read, in bytes.
const FILE_LIMIT: u64 = 1 << 30;

/// One lookup of a trace.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TracedLookup {
    /// When it begins.
    pub at: SimTime,
    /// Which host looks up.
    pub host: NodeAddr,
    /// The key, where the trace tells it.
    pub key: Option<u128>,
}

/// A field of a line, by its place in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Field {
    /// Which host looks up.
    Node = 1,
    /// The key.
    Key = 2,
}

/// A trace of lookups, in ascending order of time.
pub struct LookupTrace {
    lookups: Vec<TracedLookup>,
    /// The SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    source: Arc<Source>,
}

impl std::fmt::Debug for LookupTrace {
    /// Without the lookups, of which there may be millions.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LookupTrace")
            .field("source", &self.source.name())
            .field("lookups", &self.lookups.len())
            .finish_non_exhaustive()
    }
}

impl LookupTrace {
    /// Reads a trace, which may be packed by gzip.
    ///
    /// # Errors
    /// [`InputError::Missing`]; [`InputError::Invalid`], pointing at what is malformed or at the first line whose time runs
    /// back.
    pub fn read(path: &Path) -> Result<Self, InputError> {
        let (source, digest) = read_unpacked(path, FILE_LIMIT)?;
        let mut trace = LookupTrace::parse(&source)?;
        trace.sha256 = digest;
        Ok(trace)
    }

    /// Parses the text of a trace.
    ///
    /// # Errors
    /// [`InputError::Invalid`], as [`LookupTrace::read`].
    pub fn parse(source: &Arc<Source>) -> Result<Self, InputError> {
        let mut lookups: Vec<TracedLookup> = Vec::new();
        for (number, line) in lines(source, &['#']).enumerate() {
            let fields = fields(&line);
            if number == 0
                && fields
                    .iter()
                    .all(|field| field.text.starts_with(|c: char| c.is_ascii_alphabetic()))
            {
                continue;
            }
            let lookup = parse_line(source, &line, &fields)?;
            if let Some(before) = lookups.last().filter(|before| before.at > lookup.at) {
                let message = format!(
                    "time runs back: {} comes after {}",
                    written(lookup.at.since(SimTime::ZERO)),
                    written(before.at.since(SimTime::ZERO))
                );
                let error = complaint(source, fields[0].span.clone(), message);
                return Err(error
                    .labelled("earlier than the line before")
                    .help("sort the lines by time"));
            }
            lookups.push(lookup);
        }
        if lookups.is_empty() {
            return Err(complaint(source, 0..0, "the trace has no lookup").help("expected lines of `time node key`"));
        }
        Ok(LookupTrace {
            lookups,
            sha256: sha256(source.text().as_bytes()),
            source: source.clone(),
        })
    }

    /// The lookups, in ascending order of time.
    pub fn lookups(&self) -> &[TracedLookup] {
        &self.lookups
    }

    /// Those that begin at `from` or later and before `until`.
    pub fn between(&self, from: SimTime, until: SimTime) -> Range<usize> {
        let before = |instant: SimTime| self.lookups.partition_point(|lookup| lookup.at < instant);
        before(from)..before(until).max(before(from))
    }

    /// A complaint about a field of one of the lookups; about its line if the field is not there.
    pub fn error_at(&self, index: usize, field: Field, message: impl Into<String>) -> InputError {
        let lines = || lines(&self.source, &['#']);
        let with_names = lines()
            .next()
            .is_some_and(|line| line.text.starts_with(|c: char| c.is_ascii_alphabetic()));
        let span = lines().nth(index + usize::from(with_names)).map_or(0..0, |line| {
            let word = fields(&line).into_iter().nth(field as usize);
            word.map_or(line.span, |word| word.span)
        });
        complaint(&self.source, span, message)
    }
}

/// The fields of a line, parted by commas if there are any.
fn fields<'a>(line: &Line<'a>) -> Vec<Word<'a>> {
    line.words(line.text.contains(',').then_some(','))
}

fn complaint(source: &Arc<Source>, span: Range<usize>, message: impl Into<String>) -> InputError {
    InputError::at(&Origin::new(source.clone(), span), message)
}

fn parse_line(source: &Arc<Source>, line: &Line<'_>, fields: &[Word<'_>]) -> Result<TracedLookup, InputError> {
    let (time, host, key) = match fields {
        [time, host] => (time, host, None),
        [time, host, key] => (time, host, Some(key)),
        _ => {
            let error = complaint(
                source,
                line.span.clone(),
                format!("expected 2 or 3 fields, found {}", fields.len()),
            );
            return Err(error.labelled("not `time node` or `time node key`"));
        }
    };
    let refuse = |word: &Word<'_>, expected: &str| {
        let error = complaint(
            source,
            word.span.clone(),
            format!("expected {expected}, found {:?}", word.text),
        );
        error.labelled("in a line of `time node key`")
    };
    let at = instant(time.text).ok_or_else(|| refuse(time, "a time in seconds, or with a unit"))?;
    let number = host
        .text
        .parse()
        .map_err(|_| refuse(host, "the number of a node, from 0"))?;
    let parse_key = |key: &Word<'_>| {
        let hexadecimal = key.text.strip_prefix("0x").or_else(|| key.text.strip_prefix("0X"));
        let parsed = match hexadecimal {
            Some(digits) => u128::from_str_radix(digits, 16),
            None => key.text.parse(),
        };
        parsed.map_err(|_| refuse(key, "a key: a whole number of up to 128 bits, decimal or with 0x"))
    };
    Ok(TracedLookup {
        at,
        host: NodeAddr(number),
        key: key.map(parse_key).transpose()?,
    })
}

/// An instant: a bare number of seconds from the start of the run, or one with a unit.
fn instant(text: &str) -> Option<SimTime> {
    let bare = text.parse::<f64>().ok();
    let span = match bare {
        // The end of simulated time lies 584 years ahead.
        Some(seconds) if (0.0..=1e10).contains(&seconds) => SimDuration::from_secs_f64(seconds),
        Some(_) => return None,
        None => text.parse::<Duration>().ok()?.get(),
    };
    Some(SimTime::ZERO + span)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Result<LookupTrace, InputError> {
        LookupTrace::parse(&Source::file(Path::new("lookups.txt"), text.to_owned()))
    }

    #[test]
    fn times_nodes_and_keys_are_read_in_every_spelling() {
        let trace = parse("time,node,key\n# the first\n0.5,3,0xff\n\n 250e-2\t4  17\n3min , 0\n").unwrap();
        let expected = [(500, 3, Some(255)), (2500, 4, Some(17)), (180_000, 0, None)];
        let lookups = trace.lookups().iter().map(|lookup| {
            let millis = lookup.at.since(SimTime::ZERO).as_nanos() / 1_000_000;
            (millis, lookup.host.0, lookup.key)
        });
        assert_eq!(lookups.collect::<Vec<_>>(), expected);
        let at = |secs| SimTime::ZERO + SimDuration::from_secs(secs);
        assert_eq!(trace.between(at(1), at(180)), 1..2);
        assert_eq!(trace.between(at(500), at(600)), 3..3);
    }

    #[test]
    fn what_is_malformed_is_pointed_at() {
        for (text, place, expected) in [
            ("1 2 3 4\n", "lookups.txt:1:1", "expected 2 or 3 fields, found 4"),
            ("1 2\nsoon 2\n", "lookups.txt:2:1", "expected a time in seconds"),
            ("1 2\n-1 2\n", "lookups.txt:2:1", "expected a time in seconds"),
            ("1 2\n2 -2\n", "lookups.txt:2:3", "expected the number of a node"),
            ("1 2 0xg\n", "lookups.txt:1:5", "expected a key"),
            (
                "5 2\n4.5 2\n",
                "lookups.txt:2:1",
                "time runs back: 4500ms comes after 5s",
            ),
            ("# nothing\n", "lookups.txt:1:1", "the trace has no lookup"),
            (
                "<html>\n<body>no such page</body>\n",
                "lookups.txt:1:1",
                "expected 2 or 3 fields",
            ),
        ] {
            let error = parse(text).unwrap_err();
            let message = error.to_string();
            assert!(
                message.starts_with(place) && message.contains(expected),
                "{text:?}: {message}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in "[-0-9a-fx#., \t\nmsé]{0,80}") {
            if let Ok(trace) = parse(&text) {
                prop_assert!(trace.lookups().is_sorted_by_key(|lookup| lookup.at));
                for index in 0..trace.lookups().len() {
                    trace.error_at(index, Field::Key, "here");
                }
            }
        }
    }
}
