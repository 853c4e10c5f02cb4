//! Lists of contacts: who is near whom, from when until when.

use std::collections::BTreeMap;
use std::ops::Range;

use sim_core::addr::NodeAddr;
use sim_core::time::SimTime;

use super::Contact;
use super::fields::Reader;
use crate::input::{InputError, Word};

/// The nodes that a file may name.
struct Nodes {
    numbers: Range<u32>,
}

impl Nodes {
    /// A pair of nodes, the one with the smaller number first.
    fn pair(&self, reader: Reader<'_>, one: &Word<'_>, other: &Word<'_>) -> Result<(NodeAddr, NodeAddr), InputError> {
        let (a, b) = (self.node(reader, one)?, self.node(reader, other)?);
        if a == b {
            return Err(reader
                .error(
                    other.span.clone(),
                    format!("node {} has a contact with itself", other.text),
                )
                .labelled("the same node"));
        }
        Ok((a.min(b), a.max(b)))
    }

    /// The node of a number, of which letters may stand in front: 12 in `p12`.
    fn node(&self, reader: Reader<'_>, word: &Word<'_>) -> Result<NodeAddr, InputError> {
        let digits = word.text.trim_start_matches(|c: char| c.is_alphabetic());
        let Ok(number) = digits.parse::<u32>() else {
            let message = format!("expected the number of a node, found {:?}", word.text);
            return Err(reader.error(word.span.clone(), message).labelled("which node?"));
        };
        let Range { start, end } = self.numbers;
        if !self.numbers.contains(&number) {
            let last = end.saturating_sub(1);
            return Err(reader
                .error(word.span.clone(), format!("node {number} is unknown"))
                .labelled(format!("the nodes have the numbers {start} to {last}"))
                .help("`nodes.count` says how many they are, `network.contacts.first_node` the number of the first"));
        }
        Ok(NodeAddr(number - start))
    }
}

/// The ONE simulator's events: `<time> CONN <node> <node> up` and `down`.
pub(super) fn one(reader: Reader<'_>, numbers: Range<u32>) -> Result<Vec<Contact>, InputError> {
    let (nodes, mut last) = (Nodes { numbers }, SimTime::ZERO);
    let mut together: BTreeMap<(NodeAddr, NodeAddr), SimTime> = BTreeMap::new();
    let mut contacts = Vec::new();
    for line in reader.lines() {
        let words = line.words(None);
        let [time, event, rest @ ..] = words.as_slice() else {
            return Err(reader
                .error(line.span.clone(), "expected `<time> CONN <node> <node> up` or `down`")
                .labelled("the line ends early"));
        };
        let now = reader.time(time)?;
        reader.in_order(last, now, time.span.clone(), "sort the lines by their times")?;
        last = now;
        if event.text != "CONN" {
            continue;
        }
        let [a, b, state, ..] = rest else {
            return Err(reader
                .error(line.span.clone(), "expected `<time> CONN <node> <node> up` or `down`")
                .labelled("the line ends early"));
        };
        let pair = nodes.pair(reader, a, b)?;
        let refuse = |problem: &str| {
            let message = format!("nodes {} and {} {problem}", a.text, b.text);
            reader.error(state.span.clone(), message)
        };
        match state.text {
            "up" if together.insert(pair, now).is_some() => {
                return Err(refuse("meet, but they have not parted").labelled("up for the second time"));
            }
            "up" => {}
            "down" => match together.remove(&pair) {
                Some(from) => contacts.push((pair, from, now)),
                None => return Err(refuse("part, but they have not met").labelled("was not up")),
            },
            _ => {
                return Err(reader
                    .error(
                        state.span.clone(),
                        format!("expected up or down, found {:?}", state.text),
                    )
                    .labelled("which of them?"));
            }
        }
    }
    contacts.extend(together.into_iter().map(|(pair, from)| (pair, from, SimTime::MAX)));
    found(reader, contacts)
}

/// A line a contact: `<node> <node> <start> <end>`.
pub(super) fn intervals(reader: Reader<'_>, numbers: Range<u32>) -> Result<Vec<Contact>, InputError> {
    let (nodes, mut contacts) = (Nodes { numbers }, Vec::new());
    for line in reader.lines() {
        let words = line.words(None);
        let [a, b, start, end, ..] = words.as_slice() else {
            return Err(reader
                .error(line.span.clone(), "expected `<node> <node> <start> <end>`")
                .labelled("the line ends early"));
        };
        let pair = nodes.pair(reader, a, b)?;
        let (from, until) = (reader.time(start)?, reader.time(end)?);
        let help = "a contact ends after it has begun: is the last number how long it takes?";
        reader.in_order(from, until, end.span.clone(), help)?;
        contacts.push((pair, from, until));
    }
    found(reader, contacts)
}

/// What was read, if anybody meets anybody for any time.
fn found(reader: Reader<'_>, contacts: Vec<Contact>) -> Result<Vec<Contact>, InputError> {
    if contacts.iter().any(|(_, from, until)| from < until) {
        return Ok(contacts);
    }
    let error = reader.error(0..0, "nobody meets anybody in this file");
    Err(error.help(match contacts.is_empty() {
        true => "is `network.contacts.format` right?",
        false => "all contacts end when they begin, and one without length is none",
    }))
}
