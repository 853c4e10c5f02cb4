//! ns-2's format: commands of Tcl that say where nodes begin and where they go.

use std::collections::BTreeMap;
use std::ops::Range;

use sim_core::link_layer::{Leg, Place};
use sim_core::math;
use sim_core::mobility::Area;
use sim_core::time::{SimDuration, SimTime};

use super::fields::{LATEST_SECONDS, Reader, Way};
use crate::input::{InputError, Line, Word};

/// What is known of a node.
#[derive(Default)]
struct Node {
    /// Where it is first named.
    named: Range<usize>,
    /// Where it begins, as far as that has been told.
    x: Option<f64>,
    y: Option<f64>,
    /// Its way, once it has been told to go or to be anywhere.
    way: Option<Way>,
    /// The time of the last command.
    last: SimTime,
}

/// The legs of each node.
pub(super) fn legs(reader: Reader<'_>, area: Option<Area>) -> Result<Vec<Vec<Leg>>, InputError> {
    let mut nodes: BTreeMap<u32, Node> = BTreeMap::new();
    for line in reader.lines() {
        let words = words(&line);
        if !words.is_empty() {
            command(reader, &line, &words, area, &mut nodes)?;
        }
    }
    let mut legs = Vec::with_capacity(nodes.len());
    for (number, mut node) in nodes {
        if number as usize != legs.len() {
            let message = format!("there is a node {number}, but no node {}", legs.len());
            return Err(reader
                .error(node.named, message)
                .labelled("nodes are numbered from 0 without gaps"));
        }
        let (named, x, y) = (node.named.clone(), node.x, node.y);
        let way = node
            .way
            .take()
            .map_or_else(|| begin(reader, number, (x, y), named), Ok)?;
        legs.push(way.into_legs());
    }
    match legs.is_empty() {
        true => Err(reader.empty()),
        false => Ok(legs),
    }
}

/// The words of a command, without quotation marks and without what is said behind it.
fn words<'a>(line: &Line<'a>) -> Vec<Word<'a>> {
    let unquoted = |word: Word<'a>| {
        let left = word.text.trim_start_matches('"');
        let start = word.span.end - left.len();
        let text = left.trim_end_matches('"');
        Word {
            text,
            span: start..start + text.len(),
        }
    };
    let words = line.words(None).into_iter().map(unquoted);
    words
        .filter(|word| !word.text.is_empty())
        .take_while(|word| !word.text.starts_with(['#', ';']))
        .collect()
}

/// Follows one command.
fn command(
    reader: Reader<'_>,
    line: &Line<'_>,
    words: &[Word<'_>],
    area: Option<Area>,
    nodes: &mut BTreeMap<u32, Node>,
) -> Result<(), InputError> {
    let (time, order) = match words {
        [ns, at, time, order @ ..] if ns.text.starts_with("$ns") && at.text == "at" => (Some(time), order),
        _ => (None, words),
    };
    match order {
        [god, ..] if god.text.starts_with("$god") => Ok(()),
        [node, set, axis, value] if set.text == "set" => {
            let number = number(reader, node)?;
            let known = nodes.entry(number).or_insert_with(|| Node {
                named: node.span.clone(),
                ..Node::default()
            });
            set_coordinate(reader, known, (number, node), time, (axis, value), area)
        }
        [node, setdest, x, y, speed] if setdest.text == "setdest" && time.is_some() => {
            let number = number(reader, node)?;
            let Some(known) = nodes.get_mut(&number) else {
                let message = format!("node {number} is unknown: it has not been said where it begins");
                return Err(reader
                    .error(node.span.clone(), message)
                    .labelled("goes from where?")
                    .help(format!(
                        "`$node_({number}) set X_ …` and the same with Y_ stand before its first `setdest`"
                    )));
            };
            set_out(reader, known, (number, node), time, [x, y, speed], area)
        }
        _ => Err(reader
            .error(line.span.clone(), "this is no command of ns-2's movements")
            .labelled("expected `$node_(0) set X_ 1.5` or `$ns_ at 2.5 \"$node_(0) setdest 150.0 110.0 1.5\"`")),
    }
}

/// The number of a node: 12 in `$node_(12)`.
fn number(reader: Reader<'_>, word: &Word<'_>) -> Result<u32, InputError> {
    let inner = word
        .text
        .strip_prefix("$node_(")
        .or_else(|| word.text.strip_prefix("$node("));
    let number = inner
        .and_then(|inner| inner.strip_suffix(')'))
        .and_then(|inner| inner.parse().ok());
    number.ok_or_else(|| {
        let message = format!("expected a node such as $node_(0), found {:?}", word.text);
        reader.error(word.span.clone(), message).labelled("which node?")
    })
}

/// The way of a node that begins at time zero at the place that has been told.
fn begin(
    reader: Reader<'_>,
    number: u32,
    place: (Option<f64>, Option<f64>),
    span: Range<usize>,
) -> Result<Way, InputError> {
    let (Some(x), Some(y)) = place else {
        let axis = if place.0.is_none() { "X_" } else { "Y_" };
        let message = format!("it is not said where node {number} begins: its {axis} is missing");
        return Err(reader
            .error(span, message)
            .labelled(format!("needs `$node_({number}) set {axis} …` before it moves")));
    };
    Ok(Way::from(Place { x, y }))
}

/// The time of a command, which is not before that of the last command to the node; a command without one is for the start.
fn instant(
    reader: Reader<'_>,
    node: &mut Node,
    time: Option<&Word<'_>>,
    span: Range<usize>,
) -> Result<SimTime, InputError> {
    let (at, span) = match time {
        Some(word) => (reader.time(word)?, word.span.clone()),
        None => (SimTime::ZERO, span),
    };
    reader.in_order(node.last, at, span, "sort what each node is told by its times")?;
    node.last = at;
    Ok(at)
}

/// A node is put somewhere: at the beginning, or, one coordinate after the other, at a time.
fn set_coordinate(
    reader: Reader<'_>,
    node: &mut Node,
    (number, name): (u32, &Word<'_>),
    time: Option<&Word<'_>>,
    (axis, value): (&Word<'_>, &Word<'_>),
    area: Option<Area>,
) -> Result<(), InputError> {
    let coordinate = reader.coordinate(value)?;
    let at = instant(reader, node, time, name.span.clone())?;
    if axis.text == "Z_" {
        return Ok(());
    }
    if !matches!(axis.text, "X_" | "Y_") {
        return Err(reader
            .error(
                axis.span.clone(),
                format!("expected X_, Y_ or Z_, found {:?}", axis.text),
            )
            .labelled("which coordinate?"));
    }
    let replaced = |old: Option<f64>, of: &str| if axis.text == of { Some(coordinate) } else { old };
    if node.way.is_none() && at == SimTime::ZERO {
        (node.x, node.y) = (replaced(node.x, "X_"), replaced(node.y, "Y_"));
        let begun = node.x.zip(node.y).map(|(x, y)| Place { x, y });
        return begun.map_or(Ok(()), |place| reader.within(area, place, value.span.clone()));
    }
    let begun = (node.x, node.y);
    let way = match node.way.take() {
        Some(way) => node.way.insert(way),
        None => node.way.insert(begin(reader, number, begun, name.span.clone())?),
    };
    let Place { x, y } = way.until(at);
    let place = Place {
        x: replaced(Some(x), "X_").unwrap_or(x),
        y: replaced(Some(y), "Y_").unwrap_or(y),
    };
    reader.within(area, place, value.span.clone())?;
    way.jump(place);
    Ok(())
}

/// A node sets out for a place.
fn set_out(
    reader: Reader<'_>,
    node: &mut Node,
    (number, name): (u32, &Word<'_>),
    time: Option<&Word<'_>>,
    [x, y, speed]: [&Word<'_>; 3],
    area: Option<Area>,
) -> Result<(), InputError> {
    let at = instant(reader, node, time, name.span.clone())?;
    let to = Place {
        x: reader.coordinate(x)?,
        y: reader.coordinate(y)?,
    };
    reader.within(area, to, x.span.start..y.span.end)?;
    let metres_per_second = reader.number(speed, "a speed in metres a second")?;
    if metres_per_second < 0.0 {
        let message = format!("a speed of {metres_per_second} m/s: nobody goes slower than not at all");
        return Err(reader
            .error(speed.span.clone(), message)
            .labelled("must not be negative")
            .help("0 lets the node stay where it is"));
    }
    let begun = (node.x, node.y);
    let way = match node.way.take() {
        Some(way) => node.way.insert(way),
        None => node.way.insert(begin(reader, number, begun, name.span.clone())?),
    };
    let from = way.until(at);
    let seconds = math::hypot(to.x - from.x, to.y - from.y) / metres_per_second;
    if metres_per_second == 0.0 || from == to {
        return Ok(());
    }
    if seconds > LATEST_SECONDS {
        let message = format!("at {metres_per_second} m/s the node would be under way for more than 100 years");
        return Err(reader
            .error(speed.span.clone(), message)
            .labelled("too slow")
            .help("0 lets the node stay where it is"));
    }
    way.go(to, at + SimDuration::from_secs_f64(seconds));
    Ok(())
}
