//! Lists of contacts: who is near whom, from when until when.

use std::collections::BTreeMap;
use std::ops::Range;

use sim_core::addr::NodeAddr;
use sim_core::time::SimTime;

use super::fields::Reader;
use crate::input::{InputError, Word};

/// A contact of two nodes, from when until when.
type Contact = ((NodeAddr, NodeAddr), SimTime, SimTime);

/// The contacts of a file, and its largest number of a node with the place where that stands first.
type Read = (Vec<Contact>, Option<(u32, Range<usize>)>);

/// The numbers of nodes that have been read.
#[derive(Default)]
struct Nodes {
    largest: Option<(u32, Range<usize>)>,
}

impl Nodes {
    /// A pair of nodes, the one with the smaller number first.
    fn pair(
        &mut self,
        reader: Reader<'_>,
        one: &Word<'_>,
        other: &Word<'_>,
    ) -> Result<(NodeAddr, NodeAddr), InputError> {
        let (a, b) = (self.node(reader, one)?, self.node(reader, other)?);
        if a == b {
            return Err(reader
                .error(other.span.clone(), format!("node {a} has a contact with itself"))
                .labelled("the same node"));
        }
        Ok((NodeAddr(a.min(b)), NodeAddr(a.max(b))))
    }

    /// The number of a node, of which letters may stand in front: 12 in `p12`.
    fn node(&mut self, reader: Reader<'_>, word: &Word<'_>) -> Result<u32, InputError> {
        let digits = word.text.trim_start_matches(|c: char| c.is_alphabetic());
        let Ok(number) = digits.parse::<u32>() else {
            let message = format!("expected the number of a node, found {:?}", word.text);
            return Err(reader.error(word.span.clone(), message).labelled("which node?"));
        };
        if self.largest.as_ref().is_none_or(|(largest, _)| number > *largest) {
            self.largest = Some((number, word.span.clone()));
        }
        Ok(number)
    }
}

/// The ONE simulator's events: `<time> CONN <node> <node> up` and `down`.
pub(super) fn one(reader: Reader<'_>) -> Result<Read, InputError> {
    let (mut nodes, mut last) = (Nodes::default(), SimTime::ZERO);
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
        reader.in_order(last, now, time.span.clone())?;
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
            let message = format!("nodes {} and {} {problem}", pair.0.0, pair.1.0);
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
    found(reader, contacts, nodes)
}

/// A line a contact: `<node> <node> <start> <end>`.
pub(super) fn intervals(reader: Reader<'_>) -> Result<Read, InputError> {
    let (mut nodes, mut contacts) = (Nodes::default(), Vec::new());
    for line in reader.lines() {
        let words = line.words(None);
        let [a, b, start, end, ..] = words.as_slice() else {
            return Err(reader
                .error(line.span.clone(), "expected `<node> <node> <start> <end>`")
                .labelled("the line ends early"));
        };
        let pair = nodes.pair(reader, a, b)?;
        let (from, until) = (reader.time(start)?, reader.time(end)?);
        reader.in_order(from, until, end.span.clone())?;
        contacts.push((pair, from, until));
    }
    found(reader, contacts, nodes)
}

/// What was read, if it is anything.
fn found(reader: Reader<'_>, contacts: Vec<Contact>, nodes: Nodes) -> Result<Read, InputError> {
    if contacts.is_empty() {
        let error = reader.error(0..0, "nobody meets anybody in this file");
        return Err(error.help("is `network.contacts.format` right?"));
    }
    Ok((contacts, nodes.largest))
}
