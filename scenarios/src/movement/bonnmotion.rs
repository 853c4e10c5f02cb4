//! BonnMotion's own format: a line a node, `t x y t x y …`.

use sim_core::link_layer::{Leg, Place};
use sim_core::mobility::Area;

use super::fields::{Reader, Way};
use crate::input::{InputError, Line, Word};

/// The legs of each node, a line a node.
pub(super) fn legs(reader: Reader<'_>, area: Option<Area>) -> Result<Vec<Vec<Leg>>, InputError> {
    let nodes: Vec<_> = reader
        .lines()
        .map(|line| node(reader, &line, area))
        .collect::<Result<_, _>>()?;
    match nodes.is_empty() {
        true => Err(reader.empty()),
        false => Ok(nodes),
    }
}

fn node(reader: Reader<'_>, line: &Line<'_>, area: Option<Area>) -> Result<Vec<Leg>, InputError> {
    let words = line.words(None);
    let (waypoints, []) = words.as_chunks::<3>() else {
        let message = format!("expected three numbers a place, `t x y`, found {} in all", words.len());
        return Err(reader
            .error(line.span.clone(), message)
            .labelled("the line of a node")
            .help("places with heights, `t x y z`, are not read; the file may also be truncated"));
    };
    let mut way: Option<Way> = None;
    let mut last = None;
    for [t, x, y] in waypoints {
        let time = reader.time(t)?;
        let place = Place {
            x: reader.coordinate(x)?,
            y: reader.coordinate(y)?,
        };
        reader.within(area, place, x.span.start..y.span.end)?;
        match (&mut way, last) {
            (Some(way), Some((before, from))) => {
                let help = "the places of a node are told in the order of time: is each `t x y`?";
                reader.in_order(before, time, t.span.clone(), help)?;
                if before == time && from != place {
                    return Err(twice(reader, t));
                }
                way.go(place, time);
            }
            _ => {
                let mut begun = Way::from(place);
                begun.until(time);
                way = Some(begun);
            }
        }
        last = Some((time, place));
    }
    Ok(way.map(Way::into_legs).unwrap_or_default())
}

fn twice(reader: Reader<'_>, time: &Word<'_>) -> InputError {
    let message = format!("two places at the same time, {} s", time.text);
    reader.error(time.span.clone(), message).labelled("the second")
}
